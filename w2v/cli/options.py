"""Options that follow from settings."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import Field, fields
from typing import Any, get_type_hints

import click

from w2v.cli.parameters import INPUT, OUTPUT, Command

recursive_option = click.option(
    "-r", "--recursive", is_flag=True,
    help="A folder stands for all files in it and below, each a text.",
)  # fmt: skip


def texts(corpus: Sequence[str], recursive: bool) -> list[str]:
    """The files that CORPUS stands for."""
    from w2v.text.corpus import files_of

    return [each for path in corpus for each in (files_of(path) if recursive else [path])]


class Option(click.Option):
    """An option whose help shows the first of its names only."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As click's, with the other names left out."""
        shown = copy.copy(self)
        shown.opts = self.opts[:1]
        return click.Option.get_help_record(shown, ctx)


def _option(field: Field, kind: Any) -> click.Option:
    """The option of a setting; it is None unless given."""
    from w2v.settings import ALIASES, option_name

    name = option_name(field.name)
    help = field.metadata["help"]
    if kind is bool:
        pair = f"{name}/--no-{name[2:]}" if field.default else name
        shown = f"  [default: {name[2:]}]" if field.default else ""
        return Option([pair], is_flag=True, default=None, help=help + shown)
    shown = f"  [default: {field.default}]" if field.default is not None else ""
    choices = field.metadata["choices"]
    number = int if kind in (int, int | None) else float if kind in (float, float | None) else None
    text = {"input": INPUT, "output": OUTPUT}.get(field.metadata["file"], click.STRING)
    return Option(
        [name, *ALIASES.get(field.name, [])],
        default=None,
        type=click.Choice(choices) if choices else number or text,
        metavar=None if choices else {int: "N", float: "X", None: "TEXT"}[number],
        help=help + shown,
    )


def setting_options(settings: type) -> dict[str, click.Option]:
    """An option for each field of a settings class, by the field's name."""
    kinds = get_type_hints(settings)
    return {field.name: _option(field, kinds[field.name]) for field in fields(settings)}


def limit_blas(threads: int | None) -> None:
    """Give BLAS as many threads as we take, before NumPy is imported."""
    from w2v.system.resources import processors

    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", str(threads or processors()))


class SettingsCommand(Command):
    """Takes the options of settings classes too, which are named by `settings`."""

    def __init__(self, *args: Any, settings: tuple[str, ...], **others: Any):
        super().__init__(*args, **others)
        self._settings = settings

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Our own options and those of the settings."""
        from w2v import settings

        base = super().get_params(ctx)
        more = [
            option
            for name in self._settings
            for option in setting_options(getattr(settings, name)).values()
        ]
        return [*base[:-1], *more, base[-1]]  # --help is last


def split_settings(given: dict[str, Any], *kinds: type) -> list[Any]:
    """An object of each settings class, with what was given of its fields."""
    from w2v.settings import split_settings

    return split_settings(given, *kinds)
