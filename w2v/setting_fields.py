"""Fields of settings classes: their option, default, help text and range, and their check."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import field, fields
from functools import cache, partial
from typing import Any, get_args, get_type_hints

from w2v.errors import W2VError

_MOST_UNITS = 1 << 16  # of a layer
_MOST_DIGITS = 18  # of a number, so that it fits 64 bits


def setting(
    default: Any, help: str, low: float | None = None, high: float | None = None,
    choices: tuple[str, ...] = (), file: str = "", group: str = "Model", metavar: str = "",
    shown: str = "", off: str = "", may_be_empty: bool = False,
) -> Any:  # fmt: skip
    """A dataclass field whose metadata describe its command line option.

    help     the help text
    low      the smallest value allowed; None: the setting is not a number
    high     the largest value allowed; None: no limit
    choices  the values allowed, for a string; empty: any string
    file     "input" or "output" for the path of a file; empty: the setting is not a path
    group    the heading under which --help lists the option
    metavar  the placeholder of the value in --help; empty: N, X, FILE or TEXT, by type
    shown    the default as --help shows it, where it depends on other settings
    off      the option that sets a flag to False; empty: --no-NAME if the default is True
    may_be_empty  whether an empty string is a value
    """
    metadata = {"help": help, "low": low, "high": high, "choices": choices, "file": file}
    metadata |= {"group": group, "metavar": metavar, "shown": shown, "off": off}
    metadata["may_be_empty"] = may_be_empty
    return field(default=default, metadata=metadata)


text_setting = partial(setting, group="Text")
document_setting = partial(setting, group="Documents")
training_setting = partial(setting, group="Training")
run_setting = partial(setting, group="Output and run")


def option_name(name: str) -> str:
    """The option that sets a field: `--min-count` for `min_count`."""
    return "--" + name.replace("_", "-")


def instead_of(name: str, names: Collection[str]) -> str:
    """The end of the message that a model does not have a setting: the one that it has instead.

    name   the setting
    names  the settings of the model
    """
    is_topics = name == "dim" and "topics" in names
    return "; its number of dimensions is --topics" if is_topics else ""


def whole_number(text: str) -> int:
    """The whole number that a part of a setting is, in ASCII digits; 0 for any other text.

    The result is also 0 for a number of more than 18 digits.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def layer_units(name: str, given: str, example: str) -> tuple[int, ...]:
    """The numbers of units of layers, which a setting lists.

    name     the name of the setting
    given    its value, such as 256,64; "": no layers
    example  a value for the message
    Raises   W2VError if the value is malformed
    """
    units = tuple(map(whole_number, given.split(","))) if given else ()
    if not all(0 < number <= _MOST_UNITS for number in units):
        raise W2VError(
            f"{option_name(name)} {given}: expected numbers of units (1 to {_MOST_UNITS:,}) "
            f"separated by commas, as {example}"
        )
    return units


@cache
def setting_types(settings: type) -> Mapping[str, Any]:
    """The type of each field of a settings class, by name.

    They are kept: Python evaluates the annotations anew each time, which takes 0.1 ms a class.
    """
    return get_type_hints(settings)


def check(settings: Any) -> None:
    """Raise W2VError if a setting has the wrong type, is out of its range or is not finite.

    An empty string is no value of a setting whose default is None, unless `may_be_empty`: it is
    usually a variable of a script that is not set, and must not count as an option that was left
    out.
    """
    types = setting_types(settings.__class__)
    for field_ in fields(settings):
        value, option = getattr(settings, field_.name), option_name(field_.name)
        low, high, choices = map(field_.metadata.get, ("low", "high", "choices"))
        type_ = types[field_.name]
        may_be_empty = field_.metadata.get("may_be_empty") or type(None) not in get_args(type_)
        if value == "" and not may_be_empty:
            raise W2VError(f"{option} is empty: give a value, or leave the option out")
        type_ = type_ | int if float in (type_, *get_args(type_)) else type_
        is_number = isinstance(value, int | float) and low is not None
        limit = sys.float_info.max if high is None else high  # refuses infinity
        if is_number and not low <= value <= limit:
            begin = _limit(low)
            span = f"{begin} or more" if high is None else f"{begin} to {_limit(high)}"
            raise W2VError(f"{option} {value} is out of range: {span}")
        # Python's bool is an int, but true and false are no numbers here.
        is_wrong = not isinstance(value, type_) or isinstance(value, bool) != (type_ is bool)
        if is_wrong or (choices and value is not None and value not in choices):
            allowed = (type_, *get_args(type_))  # a union allows each of its members
            expected = next(
                (name for kind, name in _TYPE_NAMES.items() if kind in allowed), "another value"
            )
            if choices:
                expected = " or ".join(choices)
            raise W2VError(f"{option} {value!r}: expected {expected}")


_TYPE_NAMES = {float: "a number", bool: "true or false", int: "a whole number", str: "a string"}


def _limit(value: Any) -> str:
    """A limit of a range, for messages; whole numbers with all digits, such as 1,048,576."""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def split_settings(values: Mapping[str, Any], *classes: type) -> list[Any]:
    """Make an object of each settings class, from the values of settings by name.

    A setting that is missing or None has its default.
    """
    return [
        class_(**{f.name: values[f.name] for f in fields(class_) if values.get(f.name) is not None})
        for class_ in classes
    ]
