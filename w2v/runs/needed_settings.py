"""Settings that have an effect only with a value of another setting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from w2v.classifier_settings import ClassifierSettings
from w2v.errors import W2VError
from w2v.network_settings import NetworkSettings, RecurrentSettings
from w2v.setting_fields import option_name
from w2v.settings import ModelSettings


class _Need(NamedTuple):
    """What some settings need to have an effect.

    models   the class of the settings of the models that are meant
    names    the settings that have no effect otherwise
    needed   the setting that they need
    without  the values of it with which they have no effect
    option   the option to add
    """

    models: type[ModelSettings]
    names: tuple[str, ...]
    needed: str
    without: tuple[Any, ...]
    option: str


# What --loss hs of word vectors does not go with is in `Request.check`.
_NEEDS = (
    _Need(NetworkSettings, ("bptt", "tied", "samples"), "task", ("classify",), "--task lm"),
    _Need(NetworkSettings, ("cut",), "schedule", ("linear", "constant"), "--schedule cut"),
    _Need(RecurrentSettings, ("length", "pool"), "task", ("lm",), "--task classify"),
    _Need(
        ClassifierSettings, ("ngram_min_count", "max_ngrams"), "word_ngrams", ("1", "1-1"),
        "--word-ngrams 1-2",
    ),
)  # fmt: skip


def without_effect(options: ModelSettings, given: Mapping[str, Any]) -> dict[str, _Need]:
    """What those of the given settings need that have no effect, by name.

    A setting that has its default is not among them, because scripts pass defaults.

    options  the settings of a model
    given    the values of some of the settings, by name
    """
    return {
        name: need
        for need in _NEEDS
        if isinstance(options, need.models) and getattr(options, need.needed) in need.without
        for name in need.names
        if given.get(name) and given[name] != getattr(type(options), name)
    }


def check_needed(
    options: ModelSettings, given: Mapping[str, Any], searched: Collection[str] = ()
) -> None:
    """Raise W2VError if a given setting has no effect, because another one lacks a value.

    Settings that are not given are not looked at: saved models have all settings.

    options   the settings of a model
    given     the values of the settings that the user gives, by name
    searched  settings that a search may change
    """
    for name, need in without_effect(options, given).items():
        if need.needed not in searched:
            option = option_name(name)
            raise W2VError(
                f"{option} has no effect without {need.option}: add it, or leave out {option}"
            )
