"""The command line: parse, one library call, print. One file for each command.

Modules of this package import click and `w2v.errors` at the top and nothing heavier: `w2v --help`
must not wait for NumPy, nor `w2v similar` for Numba.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from errno import ENOSPC
from importlib import import_module
from typing import NoReturn

import click

from w2v import __version__
from w2v.cli.command import WithExamples
from w2v.cli.streams import standard_streams
from w2v.errors import W2VError

HEADINGS = {  # of w2v --help
    "Train": ("train", "vocab", "phrases"),
    "Ask about words": ("similar", "analogy", "similarity", "odd", "vector"),
    "Apply a model": ("infer", "topics", "predict", "generate"),
    "Evaluate": ("evaluate", "compare", "perplexity", "lag"),
    "Files and pictures": ("info", "convert", "summary", "plot"),
}
COMMANDS = tuple(name for names in HEADINGS.values() for name in names)  # each a file


_NEAR = 0.65  # of difflib's likeness, 0 to 1, of names that are suggested


class HelpfulGroup(WithExamples, click.Group):
    """Without a command: its help on stderr, and a mistake; an unknown one: the near ones.

    click does the first from 8.2 on only, and the second from 8.3 on, not for what a name begins
    with.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's, if there is something to parse."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named; UsageError with the near ones where there is none."""
        name = args[0]
        if not (name.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, name)):
            hint = _did_you_mean(name, self.list_commands(ctx), ctx)
            raise click.UsageError(f"No such command {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the options."""
        from w2v.cli.help import write_group

        write_group(self, {"Commands": self.list_commands(ctx)}, ctx, formatter)


class LazyGroup(HelpfulGroup):
    """Imports the module of a command when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, or None where there is no such."""
        if name not in COMMANDS:
            return None
        return getattr(import_module(f"w2v.cli.{name}"), name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands under headings, then the options."""
        from w2v.cli.help import write_group

        write_group(self, HEADINGS, ctx, formatter)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    examples=("w2v train corpus.txt", "w2v similar car"),
)
@click.version_option(__version__, prog_name="w2v", message="%(prog)s %(version)s")
def cli() -> None:
    """Train word embeddings and ask them questions.

    w2v COMMAND --help explains a command and its options.
    """
    from w2v.system.pipes import forget

    click.get_current_context().call_on_close(forget)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 a mistake, 3 not found, 128 + N signal N."""
    from w2v.system.signals import Stopped, handlers_kept

    code = 0
    with standard_streams():
        try:
            with handlers_kept():
                code = _run(list(sys.argv[1:] if args is None else args))
        except Stopped as error:  # after the command's end: it has done and said everything
            code = code or 128 + error.number
    sys.exit(code)


def _run(args: list[str]) -> int:
    """Run a command; the exit code."""
    try:
        if "_W2V_COMPLETE" in os.environ:
            from w2v.cli.completion import answer_shell

            return answer_shell(cli)
        with cli.make_context("w2v", args) as ctx:
            cli.invoke(ctx)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as error:  # --help, or a status that a command has chosen
        return error.exit_code
    except click.NoSuchOption as error:
        return _fail(_no_such_option(error), error.exit_code)
    except (W2VError, click.ClickException) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        return _fail(message, error.exit_code)
    except KeyboardInterrupt as error:
        from w2v.system.signals import name_of

        number = getattr(error, "number", signal.SIGINT)
        return _fail(name_of(number), 128 + number)
    except MemoryError:
        return _fail("out of memory; try a higher --min-count or a smaller --dim", 2)
    except OSError as error:
        if isinstance(error, BrokenPipeError) and not error.filename:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 128 + signal.SIGPIPE
        where = f"{error.filename}: " if error.filename else "stdout: " * (error.errno == ENOSPC)
        return _fail(f"{where}{error.strerror or error}", 2)


def catch_signals() -> None:
    """From now on a stop signal raises an exception: for commands that must tidy up."""
    from w2v.system.signals import catch

    catch()


def _no_such_option(error: click.NoSuchOption) -> str:
    """That an option is not known, with the near ones of the command."""
    hint = "."
    if error.ctx is not None:
        params = error.ctx.command.get_params(error.ctx)
        known = [name for each in params for name in (*each.opts, *each.secondary_opts)]
        hint = _did_you_mean(error.option_name, known, error.ctx)
    return f"No such option {error.option_name!r}{hint}"


def _did_you_mean(wrong: str, known: Sequence[str], ctx: click.Context) -> str:
    """The end of a message: the names that begin like a wrong one, or are spelt nearly like it."""
    from difflib import get_close_matches

    bare = wrong.lstrip("-")
    names = {name.lstrip("-"): name for name in known if len(name.lstrip("-")) > 1}
    begun = [name for name in names if len(bare) > 1 and name.startswith(bare)]
    near = list(dict.fromkeys([*begun, *get_close_matches(bare, names, 3, _NEAR)]))[:3]
    if not near:
        return f". {ctx.command_path} --help lists them."
    *others, last = [repr(names[name]) for name in near]
    return f". Did you mean {', '.join(others)}{' or ' * bool(others)}{last}?"


def _fail(message: str, code: int) -> int:
    """Say in one line what is wrong."""
    from w2v.cli.output import printable

    line = printable(" ".join(message.split("\n")))
    click.echo(f"w2v: {line}", err=True)
    return code
