"""w2v similarity: the cosine similarity of two words."""

from __future__ import annotations

from typing import Any

import click

from w2v.cli.completion import words as words_begun
from w2v.cli.output import ResultPrinter, printable
from w2v.cli.queries import groups, need, split
from w2v.cli.vector_file import QueryCommand
from w2v.cli.word_lookup import Lookup, word_options


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v similarity car automobile",
        "w2v similarity car automobile car guitar --tsv",
    ),
)
@click.argument("words", nargs=-1, metavar="A B", shell_complete=words_begun)
@word_options
@click.pass_context
def similarity(
    ctx: click.Context,
    words: tuple[str, ...],
    stdin: bool,
    queries: tuple[str, ...],
    results: ResultPrinter,
    **told: Any,
) -> None:
    """Give the cosine similarity of two words.

    Name more pairs for more answers, or - to read pairs from stdin, two words on each line.
    """
    pairs = groups(words, 2, "A B")
    need(pairs, stdin, queries, "A B")
    lookup = Lookup(**told)
    from w2v.embeddings import query

    several = stdin or bool(queries) or len(pairs) > 1

    def answer(pair: tuple[str, ...]) -> None:
        a, b = lookup.known(pair, 2)
        score = query.similarity(lookup.table, a, b, lookup.ignore_case)
        names = f"  {printable(' '.join(pair))}" if several else ""
        results.print({"a": pair[0], "b": pair[1], "score": round(score, 6)}, f"{score:.4f}{names}")

    def parse(line: str) -> list[tuple[str, ...]]:
        return [tuple(split(line, 2, "A B"))]

    ctx.exit(lookup.answer_each((pairs, stdin, queries, parse), answer, list))
