"""Arguments of all commands: input files, stdin (read at most once), options (given once)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import click

from w2v.errors import W2VError

HELP_OPTIONS = ("-h", "--help")  # of every command
STANDARD_INPUTS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_STDIN_READERS = "w2v.stdin"  # key of the context's meta: the arguments that name standard input


class NamedPath(click.Path):
    """A path that is not empty.

    In scripts, an empty argument comes from a variable that is not set: `-v "$VECTORS"`. It must
    not count as an option that was left out.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as click does; BadParameter if the path is empty."""
        if value == "" and not (ctx and ctx.resilient_parsing):
            self.fail("the path is empty: name a file, or set the variable that has it", param, ctx)
        return super().convert(value, param, ctx)


class InputFile(NamedPath):
    """A file that a command reads; `-` is standard input.

    Parsing does not test whether the file exists: opening it does.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as click does; UsageError if standard input is named a second time."""
        path = super().convert(value, param, ctx)
        if path in STANDARD_INPUTS and param is not None and ctx is not None:
            claim_stdin(ctx, label(param))
        return path


INPUT = InputFile(readable=False)
OUTPUT = NamedPath(readable=False)
OUTPUT_FOLDER = NamedPath()


def grouped(heading: str, *options: Callable[[Callable], Callable]) -> Callable:
    """Return a decorator that adds options, which --help lists under a heading."""

    def add(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
            # `option` has appended an Option to this list.
            vars(command)["__click_params__"][-1].heading = heading
        return command

    return add


def finite(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Check that a number is finite: a callback of options.

    click's own check of a range lets NaN pass.

    Raises  BadParameter if the number is NaN or infinite
    """
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.", ctx, param)
    return value


def claim_stdin(ctx: click.Context, name: str) -> None:
    """Record that an argument reads standard input; UsageError if another argument already does.

    name  the argument's name in the message
    """
    readers = ctx.meta.setdefault(_STDIN_READERS, [])
    readers.append(name)
    if len(readers) > 1 and not ctx.resilient_parsing:
        raise click.UsageError(
            f"standard input is named twice, by {readers[0]} and {name}, but can be read only "
            "once: name a file for one of them"
        )


def claim_flag(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    """Claim standard input if a flag is set: a callback of flags that stand for `-`."""
    if value:
        claim_stdin(ctx, "-")
    return value


def or_stdin(corpus: tuple[str, ...]) -> tuple[str, ...]:
    """Return the text files of the command line, or `-` (standard input) if there are none."""
    if not corpus:
        claim_stdin(click.get_current_context(), "CORPUS (left out)")
    return corpus or ("-",)


def label(param: click.Parameter) -> str:
    """Return the name of an argument or option as the help writes it: CORPUS, --queries."""
    if isinstance(param, click.Option):
        return param.opts[0]
    return (param.metavar or str(param.name).upper()).strip("[].")


class WithExamples(click.Command):
    """A command whose help is printed by HELP_OPTIONS and ends with examples.

    examples  complete command lines; a test runs each of them
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **others: Any):
        super().__init__(*args, **others)
        self.examples = examples

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Return HELP_OPTIONS, also for a context without a parent.

        click keeps the option that it makes first, with the names that were in that context.
        """
        return list(HELP_OPTIONS)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, and whether descriptions are missing."""
        from w2v.cli.help import write_examples, write_missing

        write_examples(self.examples, formatter)
        write_missing(formatter)


class Command(WithExamples):
    """A command that refuses an option that is given twice.

    Two kinds of options may be repeated. Options declared as `multiple` take all values. Of several
    numbers, choices or flags the last one is used, so that a user can override the default of a
    script.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; UsageError if an option that takes one value is given twice."""
        if not ctx.resilient_parsing:
            # The parser returns each parameter as often as it is given.
            params = self.make_parser(ctx).parse_args([*args])[2]
            names = [param.name for param in params if is_given_once(param)]
            for param in params:
                if names.count(param.name) > 1:
                    raise click.UsageError(f"{label(param)} is given twice: leave one out")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; W2VError with advice if it failed and its files have other places."""
        try:
            return super().invoke(ctx)
        except (W2VError, click.UsageError, FileNotFoundError):
            from w2v.cli.misplaced_files import advice

            if message := advice(ctx):
                raise W2VError(message) from None
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        from w2v.cli.help import write_options

        write_options(self, ctx, formatter)


def is_given_once(param: click.Parameter) -> bool:
    """Whether this is an option with a single value that is neither a number nor a choice."""
    numbers = click.types.IntParamType, click.types.FloatParamType, click.Choice
    return (
        isinstance(param, click.Option)
        and not (param.multiple or param.is_flag or param.count)
        and not isinstance(param.type, numbers)
    )
