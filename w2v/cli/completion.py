"""Shell completion: file names, and words of the vector file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, shell_complete

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

VARIABLE = "_W2V_COMPLETE"  # environment variable by which the shell asks for completions
_MOST = 50  # most words that are offered


def answer_shell(cli: click.Group) -> int:
    """Print completions, or the script that sets up completion in a shell; return the status."""
    return shell_complete(cli, {}, "w2v", VARIABLE, os.environ[VARIABLE])


def complete_words(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a name of the vector file, the most frequent first.

    Only a .safetensors file is searched: it is memory-mapped and opens at once. Other formats would
    have to be read whole. A leading + or - is kept.
    """
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
