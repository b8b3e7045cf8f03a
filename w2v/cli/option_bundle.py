"""Options that a command takes as one object: the decorator that declares them builds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any


def option_bundle(
    name: str, bundle: type, *options: Callable[[Callable], Callable]
) -> Callable[[Callable], Callable]:
    """A decorator that adds options to a command, which takes their values as one object.

    name     of the command's parameter that takes the object
    bundle   a dataclass; its fields have the names of the options' parameters
    options  decorators that add the options, in the order of --help
    """
    names = [field.name for field in fields(bundle)]

    def add(command: Callable) -> Callable:
        @wraps(command)
        def with_bundle(*args: Any, **values: Any) -> Any:
            """The command, called with an object in place of the values."""
            values[name] = bundle(**{each: values.pop(each) for each in names})
            return command(*args, **values)

        decorated: Callable = with_bundle
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return add
