"""w2v odd: the word that fits the others least."""

from __future__ import annotations

from typing import Any

import click

from w2v.cli.completion import words as words_begun
from w2v.cli.output import ResultPrinter, printable
from w2v.cli.queries import need
from w2v.cli.vector_file import QueryCommand
from w2v.cli.word_lookup import Lookup, word_options
from w2v.errors import W2VError


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v odd car automobile engine rain",
        "w2v odd guitar melody piano storm --json",
    ),
)
@click.argument("words", nargs=-1, metavar="WORD...", shell_complete=words_begun)
@word_options
@click.pass_context
def odd(
    ctx: click.Context,
    words: tuple[str, ...],
    stdin: bool,
    queries: tuple[str, ...],
    results: ResultPrinter,
    **told: Any,
) -> None:
    """Find the word that fits the others least.

    It is the one with the lowest cosine to the mean of all. With --tsv or --json every word is
    printed with that cosine, the odd one first. - reads questions from stdin, one on each line.
    """
    asked = [words] if words else []
    need(asked, stdin, queries, "WORD...")
    lookup = Lookup(**told)
    from w2v.embeddings import query
    from w2v.embeddings.spelling import split_words
    from w2v.system.progress import plural

    def answer(given: tuple[str, ...]) -> None:
        known = lookup.known(given, query.FEWEST)
        ranked = query.odd(lookup.table, known, lookup.ignore_case)
        scores = [{"word": word, "score": round(score, 6)} for word, score in ranked]
        odd_one = ranked[0][0]
        results.print({"odd": odd_one, "scores": scores}, printable(odd_one), ranked)

    def parse(line: str) -> list[tuple[str, ...]]:
        given = tuple(split_words(line))
        if len(given) < query.FEWEST:
            raise W2VError(f"expected three words or more, found {plural(len(given), 'word')}")
        return [given]

    ctx.exit(lookup.answer_each((asked, stdin, queries, parse), answer, list))
