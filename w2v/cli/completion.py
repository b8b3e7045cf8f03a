"""What shells complete: file names, and words of the default vectors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, shell_complete

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

VARIABLE = "_W2V_COMPLETE"  # in which the shell says what it is
_MOST = 50  # words


def answer_shell(cli: click.Group) -> int:
    """Print completions, or the script that makes a shell ask for these; the exit code."""
    return shell_complete(cli, {}, "w2v", VARIABLE, os.environ[VARIABLE])


def complete_words(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names that begin so, the most frequent first; only of a mapped file, which opens at once."""
    from w2v.cli.vector_file import vectors_path
    from w2v.embeddings.formats import CONTAINER, load, sniff
    from w2v.errors import W2VError

    sign = incomplete[:1] if incomplete[:1] in ("+", "-") else ""
    try:
        path = vectors_path(ctx.params.get("vectors"))
        if sniff(path) != CONTAINER:
            return []
        table = load(path, ctx.params.get("table") or "words")
    except (W2VError, OSError):
        return []
    return [CompletionItem(sign + name) for name in _begin_with(table, incomplete[len(sign) :])]


def _begin_with(table: Table, incomplete: str) -> list[str]:
    first = incomplete.encode("utf-8", "surrogateescape")
    rows = table.order[table.place(first) : table.place(first + b"\xff")]
    names = (table.name(row) for row in sorted(rows.tolist())[:_MOST])
    return [name for name in names if name.isprintable() and not any(map(str.isspace, name))]
