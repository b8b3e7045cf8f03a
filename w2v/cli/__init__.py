"""The command line: each command parses its arguments, calls the library once and prints.

Each command has its own file. At the top, modules of this package import only click, `w2v.errors`
and a few light modules, so that `w2v --help` does not wait for NumPy, nor `w2v similar` for Numba.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from errno import EINVAL, EISDIR, EMFILE, ENOENT, ENOSPC
from importlib import import_module
from typing import NoReturn

import click

from w2v import __version__
from w2v.cli.command import HELP_OPTIONS, WithExamples, label
from w2v.cli.streams import discard_failing_output, standard_streams
from w2v.errors import W2VError

HEADINGS = {  # the sections of `w2v --help`
    "Train": ("train", "vocab", "phrases", "dedup"),
    "Ask about words": ("similar", "analogy", "similarity", "odd", "vector"),
    "Apply a model": ("infer", "topics", "predict", "explain", "generate"),
    "Evaluate": ("evaluate", "compare", "drift", "perplexity", "lag"),
    "Files and pictures": ("info", "convert", "combine", "align", "subwords", "summary", "plot"),
}
COMMANDS = tuple(name for names in HEADINGS.values() for name in names)  # one module each
WELCOME = """\
w2v trains word embeddings on your text and answers questions about its words.

To begin:
  w2v train corpus.txt   learn a vector for each word, write vectors.safetensors
  w2v similar car        list the words nearest to "car"
  w2v plot               draw the words as a page for the browser, map.html

w2v --help lists all commands; w2v train --help explains one command."""

WINDOWS = os.name == "nt"
_SIGPIPE = 13  # the number of this signal, which Windows does not have
# Commands and methods of fastText, word2vec.c and gensim that have another name here.
_FOREIGN_COMMANDS = {
    "nn": "w2v similar WORD -v FILE", "distance": "w2v similar WORD -v FILE",
    "most_similar": "w2v similar WORD", "analogies": "w2v analogy A B C",
    "word-analogy": "w2v analogy A B C", "doesnt_match": "w2v odd WORD...",
    "compute-accuracy": "w2v evaluate analogies FILE", "word2phrase": "w2v phrases TEXT",
    "print-word-vectors": "w2v vector WORD", "print-ngrams": "w2v vector WORD --parts",
    "print-sentence-vectors": "w2v train TEXT --model sif --init FILE",
    "dump": "w2v info FILE", "skipgram": "w2v train skipgram -input FILE",
    "cbow": "w2v train cbow -input FILE", "supervised": "w2v train supervised -input FILE",
    "test": "w2v evaluate classify", "test-label": "w2v evaluate classify",
    "predict-prob": "w2v predict MODEL TEXT --tsv", "quantize": "w2v convert IN OUT --dtype i8",
}  # fmt: skip
_TIME_LIMITS = ("--walltime", "--time-limit", "--max-time", "--timeout")  # w2v has none of them
_MIN_SIMILARITY = 0.65  # difflib's ratio (0 to 1) from which a name is suggested


class HelpfulGroup(WithExamples, click.Group):
    """A group of commands that helps when the command is missing or misspelt.

    Without a command it prints its help on stderr and exits with 2. For an unknown command it
    suggests similar names. click itself prints the help on stderr only from version 8.2 on, and
    suggests names only from 8.3 on. Its suggestions do not complete a name: for `sim` it does not
    suggest `similar`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments as click does; without any, print the help and exit with 2."""
        if not args and not ctx.resilient_parsing:
            self.print_without_command(ctx)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def print_without_command(self, ctx: click.Context) -> None:
        """Print what a call without arguments prints: the help, on stderr."""
        click.echo(ctx.get_help(), err=True)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; UsageError with similar names if there is no such command."""
        name = args[0]
        if not (name.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, name)):
            hint = _did_you_mean(name, self.list_commands(ctx), ctx)
            if isinstance(self, LazyGroup) and name in _FOREIGN_COMMANDS:
                hint = f": in w2v it is {_FOREIGN_COMMANDS[name]}"
            raise click.UsageError(f"No such command {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        from w2v.cli.help import write_group

        write_group(self, {"Commands": self.list_commands(ctx)}, ctx, formatter)


class LazyGroup(HelpfulGroup):
    """The group of all commands. It imports the module of a command when the command is used."""

    def print_without_command(self, ctx: click.Context) -> None:
        """Print a short welcome on stdout: three commands to begin with."""
        click.echo(WELCOME)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command, or None if there is no command of this name."""
        if name not in COMMANDS:
            return None
        return getattr(import_module(f"w2v.cli.{name}"), name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under headings, then the options."""
        from w2v.cli.help import write_group

        write_group(self, HEADINGS, ctx, formatter)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": HELP_OPTIONS},
    examples=("w2v train corpus.txt", "w2v similar car"),
)
@click.version_option(__version__, prog_name="w2v", message="%(prog)s %(version)s")
def cli() -> None:
    """Train word embeddings and query them.

    w2v COMMAND --help explains a command and its options.
    """
    from w2v.system.pipes import forget

    click.get_current_context().call_on_close(forget)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    The exit status is 0 after success, 1 if training diverged or its cluster did not answer or was
    lost, 2 after any other error, 3 if a word or document was not found, and 128 + N after
    signal N.
    """
    from w2v.system.signals import Stopped, handlers_kept

    code = 0
    with standard_streams():
        try:
            with handlers_kept():
                code = _run(_arguments() if args is None else list(args))
        except Stopped as error:  # the signal came after the command had finished
            code = code or 128 + error.number
        discard_failing_output()
    sys.exit(code)


def _run(args: list[str]) -> int:
    """Run a command and return its exit status."""
    try:
        if "_W2V_COMPLETE" in os.environ:
            from w2v.cli.completion import answer_shell

            return answer_shell(cli)
        try:
            with cli.make_context("w2v", args) as ctx:
                cli.invoke(ctx)
            code = 0
        except click.exceptions.Exit as error:  # raised by --help, and by ctx.exit in a command
            code = error.exit_code
        sys.stdout.flush()
        return code
    except click.NoSuchOption as error:
        return _fail(_no_such_option(error), error.exit_code)
    except (W2VError, click.ClickException) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        # click calls a number that has a range a "range".
        message = message.replace("is not a valid integer range", "is not a valid integer")
        message = message.replace("is not a valid float range", "is not a valid number")
        return _fail(message, error.exit_code)
    except KeyboardInterrupt as error:
        from w2v.system.signals import name_of

        number = getattr(error, "number", signal.SIGINT)  # a `Stopped` has a number
        notes = getattr(error, "__notes__", ())  # what was lost
        return _fail(" ".join((name_of(number), *notes)), 128 + number)
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        fewer = ", or lower --threads" if any(arg.startswith("--threads") for arg in args) else ""
        return _fail(
            f"the system starts no more threads: end other programs, or raise its limit{fewer}", 2
        )
    except ImportError as error:
        if "failed to map segment" not in str(error):
            raise
        return _fail("a library cannot be loaded: free memory, or allow more with ulimit -v", 2)
    except MemoryError:
        return _fail(f"out of memory: try {_memory_advice(args[0], args[1:])}", 2)
    except OSError as error:
        if _is_closed_pipe(error) and not error.filename:  # stdout closed, as by `head`
            return 128 + _SIGPIPE
        is_folder = error.errno == EISDIR or (WINDOWS and os.path.isdir(error.filename or ""))
        if error.filename and is_folder:
            return _fail(f"{error.filename} is a folder: name a file in it", 2)
        # The path is empty where a variable of a shell is not set.
        place = "" if error.filename is None else f"{error.filename or 'an empty path'}: "
        if "://" in place and error.strerror == os.strerror(ENOENT):  # a local file was looked for
            advice = "is an address, from which only texts are read: download the file first"
            return _fail(f"{error.filename} {advice}", 2)
        if not place and error.errno == ENOSPC:  # a failed write to stdout has no file name
            place = "stdout: "
        if error.errno == EMFILE:
            return _fail(f"{place}too many open files: raise their limit with ulimit -n", 2)
        if not place and error.errno == ENOENT and not _has_current_folder():
            return _fail("the current folder was removed: change to another one, with cd", 2)
        return _fail(f"{place}{error.strerror or error}", 2)


def _arguments() -> list[str]:
    """The arguments of the command line.

    The shells of Windows leave globs to the programs. As with other shells, a pattern that matches
    no file stays as it is.
    """
    if not WINDOWS:
        return sys.argv[1:]
    from glob import glob

    arguments: list[str] = []
    for argument in sys.argv[1:]:
        has_glob = "*" in argument or "?" in argument
        arguments += (sorted(glob(argument)) if has_glob else []) or [argument]
    return arguments


def _has_current_folder() -> bool:
    """Whether the current folder still exists; without it, no relative path can be resolved."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _is_closed_pipe(error: OSError) -> bool:
    """Whether the reader of a pipe has ended; on Windows, such an error has another number."""
    return isinstance(error, BrokenPipeError) or (WINDOWS and error.errno == EINVAL)


def _memory_advice(command: str, args: Sequence[str]) -> str:
    """What to try when a command has run out of memory.

    args  the arguments of the command
    """
    if command == "train":
        has_ngrams = any(arg.startswith(("--subwords", "-minn", "-maxn")) for arg in args)
        fewer = "a smaller number of --buckets, " if has_ngrams else ""
        return f"{fewer}a higher --min-count, or a smaller --dim (--topics for lda and lsa)"
    if command in ("infer", "predict", "explain", "perplexity", "phrases"):
        return "a smaller part of the texts at a time"
    others = {
        "vocab": "--max-types 1000000",
        "dedup": "a smaller --max-memory, which takes more passes",
        "convert": "--limit N, to keep only the first N vectors",
        "subwords": "--buckets 100000",
    }
    machine = "a machine with more memory"
    mapped = "a .safetensors file, which w2v convert writes and which is mapped"
    reads_models = command in ("generate", "topics", "lag", "summary", "info")
    return others.get(command, machine if reads_models else mapped)


def catch_signals() -> None:
    """Let a stop signal raise an exception from now on, so that a command can clean up."""
    from w2v.system.signals import catch

    catch()


def _no_such_option(error: click.NoSuchOption) -> str:
    """Return the message for an unknown option, with similar options of the command."""
    hint = "."
    if error.option_name in _TIME_LIMITS:
        hint = (
            ": w2v train has no time limit. It saves a checkpoint when it gets SIGTERM or SIGUSR1, "
            "as from the program timeout or a batch system, and --resume continues"
        )
    elif error.ctx is not None:
        names = []
        for param in error.ctx.command.get_params(error.ctx):
            if isinstance(param, click.Option):
                names += [*param.opts, *param.secondary_opts]
            elif error.option_name == f"--{param.name}":
                return f"No such option {error.option_name!r}: give {label(param)} without it"
        hint = _did_you_mean(error.option_name, names, error.ctx)
    return f"No such option {error.option_name!r}{hint}"


def _did_you_mean(unknown: str, names: Sequence[str], ctx: click.Context) -> str:
    """Return the end of an error message, which suggests up to three of the names.

    A name is suggested if it begins with the unknown name, or if both are spelt nearly the same.
    If there is no such name, the message refers to --help.
    """
    from difflib import get_close_matches

    stem = unknown.lstrip("-")
    by_stem = {name.lstrip("-"): name for name in names if len(name.lstrip("-")) > 1}
    completions = [name for name in by_stem if len(stem) > 1 and name.startswith(stem)]
    matches = get_close_matches(stem, by_stem, 3, _MIN_SIMILARITY)
    similar = list(dict.fromkeys([*completions, *matches]))[:3]
    if not similar:
        kind = "options" if unknown.startswith("-") else "commands"
        return f". {ctx.command_path} --help lists all {kind}."
    *others, last = [repr(by_stem[name]) for name in similar]
    choices = f"{', '.join(others)} or {last}" if others else last
    return f". Did you mean {choices}?"


def _fail(message: str, code: int) -> int:
    """Print an error message on stderr, in one line, and return the exit status."""
    from w2v.cli.output import printable

    line = printable(" ".join(message.split("\n")))
    click.echo(f"w2v: {line}", err=True)
    return code
