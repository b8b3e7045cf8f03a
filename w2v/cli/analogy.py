"""w2v analogy: the words nearest to B - A + C."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from w2v.cli.completion import complete_words
from w2v.cli.meant_terms import check_files
from w2v.cli.neighbours import (
    SINGLE_THREAD_WORDS,
    NeighbourPrinter,
    print_answers,
    query_answerer,
    unanswered_queries,
    unanswered_record,
)
from w2v.cli.options import limit_blas
from w2v.cli.output import ResultPrinter, format_options
from w2v.cli.queries import batches, line_words, require_queries, word_groups
from w2v.cli.query_options import (
    AnswerOptions,
    LookupOptions,
    QueryFiles,
    answer_options,
    lookup_options,
    query_file_options,
)
from w2v.cli.vector_file import QueryCommand, table_option

if TYPE_CHECKING:
    from w2v.embeddings.query import Query


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v analogy france paris italy",
        "w2v analogy france paris italy -k 1 --json",
    ),
)
@click.argument("words", nargs=-1, metavar="A B C", shell_complete=complete_words)
@lookup_options
@answer_options
@table_option
@query_file_options
@format_options
@click.pass_context
def analogy(
    ctx: click.Context,
    words: tuple[str, ...],
    lookup: LookupOptions,
    answer: AnswerOptions,
    table: str,
    files: QueryFiles,
    results: ResultPrinter,
) -> None:
    """Answer an analogy: A is to B as C is to what?

    Prints the words nearest to B - A + C. Three more words are a second analogy. With a lone -,
    analogies are read from stdin, three words on each line.
    """
    limit_blas(1 if len(words) <= SINGLE_THREAD_WORDS and not files.paths else None)
    from w2v.embeddings import query

    def parse(line: str) -> list[Query]:
        return [query.analogy(*line_words(line, 3, "A B C"))]

    queries = [query.analogy(*group) for group in word_groups(words, 3, "A B C")]
    require_queries(queries, files.paths, "A B C")
    searched = lookup.open_table(table)
    check_files(words, searched, [lookup.vectors], lookup.ignore_case)
    answerer = query_answerer(searched, searched, lookup, answer)
    printer = NeighbourPrinter(results, table, heading=bool(files.paths) or len(queries) > 1)
    unanswered = unanswered_queries(answerer, lookup.vectors)
    refused = unanswered.refusing(results, unanswered_record)
    all_queries = batches(queries, files.paths, parse, refused)
    typed_order = (1, 0, 2)  # the user types A B C; the terms of the query are +B -A +C
    ctx.exit(print_answers(answerer, all_queries, unanswered, printer, typed_order))
