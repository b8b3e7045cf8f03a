"""Options of the query commands: sources of queries, looking up words, restricting answers."""

from __future__ import annotations

from collections.abc import Callable

import click

from w2v.cli.parameters import INPUT, claim_flag, finite
from w2v.cli.vector_file import vectors_option


def stdin_options(command: Callable) -> Callable:
    """Add `-` and --queries to a command."""
    for option in (
        click.option("--stdin", is_flag=True, hidden=True, callback=claim_flag),
        click.option(
            "--queries",
            multiple=True,
            type=INPUT,
            metavar="FILE",
            help="Also the queries in this file, one a line; - is stdin; again for more.",
        ),
    ):
        command = option(command)
    return command


_LOOKING_UP = (
    click.option("--ignore-case", is_flag=True, help="Of words that are not there as written."),
    click.option(
        "--oov", type=click.Choice(["error", "skip"]), default="error", show_default=True,
        help="What a word does that is not there. skip: it is left out of its query, and counted.",
    ),
)  # fmt: skip
_ANSWERS = (
    click.option(
        "-k", "k", type=click.IntRange(1), metavar="N", default=10, show_default=True,
        help="How many answers.",
    ),
    vectors_option,
    click.option(
        "--method", type=click.Choice(["add", "mul"]), default="add", show_default=True,
        help="add: the cosine to the sum of unit vectors; mul: the product of cosines (3CosMul).",
    ),
    click.option(
        "--restrict", type=click.IntRange(1), metavar="N", help="Only the N most frequent answer."
    ),
    click.option(
        "--min-count", type=click.IntRange(0), metavar="N", help="Only what occurs N times or more."
    ),
    click.option(
        "--only", multiple=True, type=INPUT, metavar="FILE",
        help="Only the names in this file, one a line; again for more.",
    ),
    click.option(
        "--exclude", multiple=True, type=INPUT, metavar="FILE",
        help="None of the names in this file; again for more.",
    ),
    click.option(
        "--min-score", type=float, callback=finite, metavar="X",
        help="Only answers with this score.",
    ),  # fmt: skip
    *_LOOKING_UP,
    click.option("--include-query", is_flag=True, help="The words of a query may answer it."),
)  # fmt: skip


def lookup_options(command: Callable) -> Callable:
    """Add the options about words that are not there."""
    for option in reversed(_LOOKING_UP):
        command = option(command)
    return command


def answer_options(command: Callable) -> Callable:
    """Add the options about who may answer."""
    for option in reversed(_ANSWERS):
        command = option(command)
    return command
