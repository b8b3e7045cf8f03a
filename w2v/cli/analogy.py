"""w2v analogy: A is to B as C is to what?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from w2v.cli.completion import words as words_begun
from w2v.cli.neighbours import (
    FEW_WORDS,
    NeighbourPrinter,
    print_answers,
    query_answerer,
    unanswered_queries,
)
from w2v.cli.options import limit_blas
from w2v.cli.output import ResultPrinter, format_options
from w2v.cli.queries import batches, groups, need, split
from w2v.cli.query_options import answer_options, stdin_options
from w2v.cli.vector_file import QueryCommand, open_table, table_option

if TYPE_CHECKING:
    from w2v.embeddings.query import Query


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v analogy france paris italy",
        "w2v analogy france paris italy -k 1 --json",
    ),
)
@click.argument("words", nargs=-1, metavar="A B C", shell_complete=words_begun)
@answer_options
@table_option
@stdin_options
@format_options
@click.pass_context
def analogy(
    ctx: click.Context,
    words: tuple[str, ...],
    vectors: str | None,
    table: str,
    stdin: bool,
    queries: tuple[str, ...],
    results: ResultPrinter,
    **told: Any,
) -> None:
    """Answer: A is to B as C is to what?

    Prints the words nearest to B - A + C. Name three more words for a second question, or - to read
    questions from stdin, three words on each line.
    """
    limit_blas(1 if len(words) <= FEW_WORDS and not (stdin or queries) else None)
    from w2v.embeddings import query

    def parse(line: str) -> list[Query]:
        return [query.analogy(*split(line, 3, "A B C"))]

    asked = [query.analogy(*each) for each in groups(words, 3, "A B C")]
    need(asked, stdin, queries, "A B C")
    opened = open_table(vectors, table)
    several = stdin or bool(queries) or len(asked) > 1
    asking = query_answerer(opened, opened, told)
    printer = NeighbourPrinter(results, table, heading=several)
    missing = unanswered_queries(asking, vectors, adds=False)
    every = batches(asked, stdin, queries, parse, missing.refuse)
    ctx.exit(print_answers(asking, every, missing, printer, order=(1, 0, 2)))
