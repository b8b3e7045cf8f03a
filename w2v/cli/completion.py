"""Shell completion: file names, and words of the vector file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, shell_complete

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

VARIABLE = "_W2V_COMPLETE"  # environment variable by which the shell asks for completions
_MAX_COMPLETIONS = 50  # maximum number of words that are offered


def answer_shell(cli: click.Group) -> int:
    """Print completions, or the script that sets up completion in a shell; return the status."""
    return shell_complete(cli, {}, "w2v", VARIABLE, os.environ[VARIABLE])


def complete_words(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the names in the vector file that complete a word, the most frequent first.

    Only a .safetensors file is searched: it is memory-mapped and opens at once. Files in other
    formats would have to be read whole, and the shell would wait for the writer of a pipe. The sign
    of a TERM, + or -, is kept.
    """
    from w2v.cli.vector_file import vectors_path
    from w2v.embeddings.formats import CONTAINER, load, sniff
    from w2v.errors import W2VError

    sign = incomplete[:1] if incomplete[:1] in ("+", "-") else ""
    try:
        given = ctx.params.get("vectors") or None
        path = vectors_path(given[0] if isinstance(given, tuple) else given)
        if not os.path.isfile(path) or sniff(path) != CONTAINER:
            return []
        table = load(path, ctx.params.get("table") or "words")
    except (W2VError, OSError):
        return []
    return [CompletionItem(sign + name) for name in _begin_with(table, incomplete[len(sign) :])]


def _begin_with(table: Table, incomplete: str) -> list[str]:
    """Return the most frequent names that begin with a text; names with blanks are left out."""
    beginning = incomplete.encode("utf-8", "surrogateescape")
    # The byte 0xff sorts after all bytes of UTF-8. The smallest row numbers are those of the most
    # frequent words.
    rows = table.order[table.place(beginning) : table.place(beginning + b"\xff")]
    names = (table.name(row) for row in sorted(rows.tolist())[:_MAX_COMPLETIONS])
    return [name for name in names if name.isprintable() and not any(map(str.isspace, name))]
