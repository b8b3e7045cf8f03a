"""Groups of options whose values a command receives as one object (a dataclass)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource


def given_options() -> dict[str, str]:
    """The options that the command line of the running command gives, by their parameters."""
    context = click.get_current_context()
    return {
        str(param.name): param.opts[0]
        for param in context.command.params
        if isinstance(param, click.Option)
        and context.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
    }


def option_bundle(
    name: str, bundle: type, *options: Callable[[Callable], Callable]
) -> Callable[[Callable], Callable]:
    """Return a decorator that adds options to a command and passes their values as one object.

    name     the command's parameter that receives the object
    bundle   the class of the object: a dataclass with a field for each option, of the same name
    options  decorators that add one or more options, in the order of --help
    """
    names = [field.name for field in fields(bundle)]

    def add(command: Callable) -> Callable:
        @wraps(command)
        def with_bundle(*args: Any, **values: Any) -> Any:
            """Call the command with the object in place of the separate values."""
            values[name] = bundle(**{field: values.pop(field) for field in names})
            return command(*args, **values)

        decorated: Callable = with_bundle
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return add
