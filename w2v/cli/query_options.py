"""Options of the query commands: sources of queries, looking up words, restricting answers."""

from __future__ import annotations

from collections.abc import Callable

import click

from w2v.cli.parameters import INPUT, claim_flag, finite, grouped
from w2v.cli.vector_file import vectors_option

_LOOKUP = grouped(
    "Query",
    click.option(
        "--ignore-case", is_flag=True, help="Match case-insensitively when there is no exact match."
    ),
    click.option(
        "--oov", type=click.Choice(["error", "skip"]), default="error", show_default=True,
        help="Unknown words: fail (error), or leave them out and count them (skip).",
    ),
)  # fmt: skip
_QUERIES = grouped(
    "Query",
    click.option(
        "--queries", multiple=True, type=INPUT, metavar="FILE",
        help="Also read queries from this file, one on each line; - is stdin. May be repeated.",
    ),
)  # fmt: skip
_ANSWERS = grouped(
    "Answer",
    click.option(
        "-k", "k", type=click.IntRange(1), metavar="N", default=10, show_default=True,
        help="Print the N nearest.",
    ),
    click.option(
        "--method", type=click.Choice(["add", "mul"]), default="add", show_default=True,
        help="Score by the cosine to the sum of unit vectors (add), or by the product of cosines "
        "(mul, 3CosMul).",
    ),
    click.option(
        "--restrict", type=click.IntRange(1), metavar="N",
        help="Search only the N most frequent words. Rare words have noisy vectors.",
    ),
    click.option(
        "--min-count", type=click.IntRange(0), metavar="N",
        help="Search only words that occur N times or more.",
    ),
    click.option(
        "--only", multiple=True, type=INPUT, metavar="FILE",
        help="Search only the names in this file, one on each line. May be repeated.",
    ),
    click.option(
        "--exclude", multiple=True, type=INPUT, metavar="FILE",
        help="Leave out the names in this file, one on each line. May be repeated.",
    ),
    click.option(
        "--min-score", type=float, callback=finite, metavar="X",
        help="Print only answers that score X or more.",
    ),
    click.option(
        "--include-query", is_flag=True, help="Let the words of a query be answers to it."
    ),
)  # fmt: skip


def stdin_options(command: Callable) -> Callable:
    """Add `-` and --queries to a command."""
    dash = click.option("--stdin", is_flag=True, hidden=True, callback=claim_flag)
    return _QUERIES(dash(command))


def lookup_options(command: Callable) -> Callable:
    """Add the options about unknown words to a command."""
    return _LOOKUP(command)


def answer_options(command: Callable) -> Callable:
    """Add the options about what is searched and printed to a command."""
    return vectors_option(_LOOKUP(_ANSWERS(command)))
