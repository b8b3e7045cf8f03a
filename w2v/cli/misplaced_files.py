"""Advice after an error, if a model or a vector file is in the place of another file."""

from __future__ import annotations

import os
import shlex

import click

from w2v.cli.vector_file import QueryCommand
from w2v.errors import W2VError


def advice(ctx: click.Context) -> str | None:
    """Return the message for a command whose files are in the wrong places; None: they are not.

    A command with the argument MODEL needs the model first. In a command with the option --vectors,
    no argument is a vector file. Only files are opened: standard input and pipes are read once.
    """
    arguments = [param for param in ctx.command.params if isinstance(param, click.Argument)]
    files = [path for param in arguments for path in _paths(ctx.params.get(str(param.name)))]
    options = [name for param in ctx.command.params for name in param.opts]
    if len(files) > 1 and "MODEL" in (arguments[0].metavar or str(arguments[0].name)).upper():
        first, *others = files
        if _is_file_or_nothing(first) and not holds_vectors(first):
            for other in filter(_is_model, others):
                rest = shlex.join([other, *(path for path in files if path != other)])
                return (
                    f"{first} is not a model, but {other} is: the model comes first, as in "
                    f"{ctx.command_path} {rest}"
                )
    elif "--vectors" in options and not ctx.params.get("vectors"):
        # A test set may look like vectors in text, words do not.
        is_vectors = holds_vectors if isinstance(ctx.command, QueryCommand) else _is_model
        for path in filter(is_vectors, files):
            return f"{path} is a file of vectors: name it with -v {shlex.quote(path)}"
    return None


def _paths(value: object) -> list[str]:
    """Return the paths of an argument."""
    return [value] if isinstance(value, str) else [*value] if isinstance(value, tuple) else []


def _is_file_or_nothing(path: str) -> bool:
    """Whether a path is that of a file, or no file has it."""
    return path != "-" and (os.path.isfile(path) or not os.path.exists(path))


def holds_vectors(path: str) -> bool:
    """Return whether a file has the format of a vector file or of a model."""
    from w2v.embeddings import formats

    try:
        return os.path.isfile(path) and bool(formats.sniff(path))
    except (W2VError, OSError):
        return False


def _is_model(path: str) -> bool:
    """Whether a file is a model of w2v or of fastText."""
    from w2v.embeddings import formats
    from w2v.embeddings.formats import fasttext_model

    try:
        return os.path.isfile(path) and formats.sniff(path) in (
            formats.CONTAINER, fasttext_model.KIND
        )  # fmt: skip
    except (W2VError, OSError):
        return False
