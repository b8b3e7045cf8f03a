"""w2v vector: the vector of a word or of an expression."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from w2v.cli.command import grouped
from w2v.cli.completion import complete_words
from w2v.cli.output import ResultPrinter, printable
from w2v.cli.queries import require_queries
from w2v.cli.query_options import LookupOptions, QueryFiles
from w2v.cli.vector_file import QueryCommand
from w2v.cli.word_lookup import WordLookup, word_options

if TYPE_CHECKING:
    from w2v.embeddings.query import Query


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v vector car",
        "w2v vector paris -france +italy --json",
    ),
)
@click.argument("terms", nargs=-1, metavar="TERM...", shell_complete=complete_words)
@word_options
@grouped(
    "Query",
    click.option(
        "--verbatim",
        is_flag=True,
        help="Take each TERM, or each line of queries, as one name, with its blanks and signs.",
    ),
)
@click.pass_context
def vector(
    ctx: click.Context,
    terms: tuple[str, ...],
    verbatim: bool,
    lookup: LookupOptions,
    table: str,
    files: QueryFiles,
    results: ResultPrinter,
) -> None:
    """Print the vector of a word or an expression.

    TERMs are written as in w2v similar: king +woman -man. The vector of a single word is printed as
    the file stores it. The vector of an expression is the sum of the words' unit vectors. With a
    lone -, queries are read from stdin, one on each line.
    """
    require_queries(terms, files.paths, "TERM...")
    lookup_table = WordLookup(lookup, table)
    from w2v.embeddings.query import Query, numbers, parse_terms
    from w2v.embeddings.spelling import split_words

    def parse(line: str) -> list[Query]:
        return parse_terms([line] if verbatim else split_words(line), verbatim)

    def answer(query: Query) -> None:
        known_names = lookup_table.known_words(
            [name for _, name in query.terms], 1, len(query.terms) > 1
        )
        known_query = Query(tuple(term for term in query.terms if term[1] in known_names))
        values = numbers(lookup_table.table, known_query, lookup_table.ignore_case)
        fields = [str(query), *map(str, values)]
        # Through str, JSON gets the shortest decimals that give the float32 numbers.
        numbers_or_none = [float(str(x)) if math.isfinite(x) else None for x in values]
        record = {"query": fields[0], "vector": numbers_or_none}
        results.print(record, printable(" ".join(fields)), [fields])

    def names(query: Query) -> list[str]:
        """Return the words of a query, as typed."""
        return [name for _, name in query.terms]

    queries = parse_terms(terms, verbatim)
    ctx.exit(lookup_table.answer_each(queries, files, parse, answer, names, expressions=True))
