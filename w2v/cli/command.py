"""What commands share in taking arguments: files that are read, stdin once, options once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import click

_STANDARD_INPUTS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_CLAIMED = "w2v.stdin"  # of a context's meta: by what standard input is named


class InputFile(click.Path):
    """A file that a command reads; it need not be there. `-` is standard input."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click's; UsageError where standard input is named a second time."""
        found = super().convert(value, param, ctx)
        if found in _STANDARD_INPUTS and param is not None and ctx is not None:
            claim_stdin(ctx, _label(param))
        return found


INPUT = InputFile(readable=False)
OUTPUT = click.Path(readable=False)


def grouped(heading: str, *options: Callable[[Callable], Callable]) -> Callable:
    """A decorator that adds options, which --help lists under a heading."""

    def add(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
            vars(command)["__click_params__"][-1].heading = heading
        return command

    return add


def finite(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """A callback for a number that is neither NaN, which click finds in every range, nor infinite.

    Raises  BadParameter where it is
    """
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.", ctx, param)
    return value


def claim_stdin(ctx: click.Context, by: str) -> None:
    """Note that an argument reads standard input; UsageError where another one does."""
    others = ctx.meta.setdefault(_CLAIMED, [])
    others.append(by)
    if len(others) > 1 and not ctx.resilient_parsing:
        raise click.UsageError(
            f"standard input is named twice, by {others[0]} and {by}: it can be read only once"
        )


def claim_flag(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    """A callback for a flag that stands for `-`."""
    if value:
        claim_stdin(ctx, "-")
    return value


def or_stdin(corpus: tuple[str, ...]) -> tuple[str, ...]:
    """The texts that are named, or standard input."""
    if not corpus:
        claim_stdin(click.get_current_context(), "CORPUS, which is left out")
    return corpus or ("-",)


def _label(param: click.Parameter) -> str:
    """What an argument is called in the help: --queries, CORPUS."""
    if isinstance(param, click.Option):
        return param.opts[0]
    return (param.metavar or str(param.name).upper()).strip("[].")


class WithExamples(click.Command):
    """A command whose help ends with command lines.

    examples  those, which a test runs
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **others: Any):
        super().__init__(*args, **others)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples."""
        from w2v.cli.help import write_examples

        write_examples(self.examples, formatter)


class Command(WithExamples):
    """A command whose options are given once, unless all that are given count.

    Of numbers, choices and flags the last counts, so that a script's default can be overruled.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; UsageError where an option's first value would be dropped."""
        if not ctx.resilient_parsing:
            given = self.make_parser(ctx).parse_args([*args])[2]
            names = [param.name for param in given if is_given_once(param)]
            for param in given:
                if names.count(param.name) > 1:
                    raise click.UsageError(f"{_label(param)} is given twice: leave one out")
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options under headings."""
        from w2v.cli.help import write_options

        write_options(self, ctx, formatter)


def is_given_once(param: click.Parameter) -> bool:
    """Whether it is an option that takes one value, neither a number nor a choice."""
    numbers = click.types.IntParamType, click.types.FloatParamType, click.Choice
    return (
        isinstance(param, click.Option)
        and not (param.multiple or param.is_flag or param.count)
        and not isinstance(param.type, numbers)
    )
