"""The argument CORPUS of a command, and the option --files-from, which names more of its files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from w2v.cli.command import INPUT, OUTPUT, STANDARD_INPUTS, claim_stdin, grouped


def corpus_argument(required: bool) -> Callable[[Callable], Callable]:
    """Return a decorator that adds CORPUS and --files-from to a command.

    The command receives the files of both in its parameter `corpus`: first those that CORPUS
    names, then those of the list. An address with a glob stands for the files that match it.

    required  whether one of the two must be given
    """

    def add(command: Callable) -> Callable:
        @wraps(command)
        def with_corpus(
            *args: Any, corpus: tuple[str, ...], files_from: str | None, **others: Any
        ) -> Any:
            """Call the command with the files of CORPUS and of the list."""
            from w2v.system.remote_files import matches

            ctx = click.get_current_context()
            corpus = tuple(match for path in corpus for match in matches(path))
            if files_from is not None:
                corpus += _listed(ctx, files_from)
            if required and not corpus:
                [argument] = (param for param in ctx.command.params if param.name == "corpus")
                raise click.MissingParameter(ctx=ctx, param=argument)
            return command(*args, corpus=corpus, **others)

        metavar = "CORPUS..." if required else "[CORPUS...]"
        decorated: Callable = grouped(
            "Text",
            click.option(
                "--files-from", type=INPUT, metavar="FILE",
                help="Also read the files that FILE names, one on each line, after those of "
                "CORPUS, which may be left out. Globs such as news/*.txt, and paths with NUL "
                "between them, as from find -print0, are also understood.",
            ),
        )(with_corpus)  # fmt: skip
        return click.argument("corpus", nargs=-1, type=INPUT, metavar=metavar)(decorated)

    return add


def _listed(ctx: click.Context, path: str) -> tuple[str, ...]:
    """Return the files that a list names.

    Raises  UsageError if standard input is read twice, W2VError for a list that is wrong, or that
            an output of the command would overwrite
    """
    from w2v.system import output_files
    from w2v.text.file_lists import paths_in

    # Options of settings, too, have these types.
    outputs = {
        param.opts[0]: ctx.params[str(param.name)]
        for param in ctx.command.get_params(ctx)
        if param.type is OUTPUT and ctx.params.get(str(param.name)) is not None
    }
    output_files.check_apart(outputs, {"the file of --files-from": path})
    found = paths_in(path)
    for listed, where in found:
        if listed in STANDARD_INPUTS:
            claim_stdin(ctx, where)
    return tuple(listed for listed, _ in found)
