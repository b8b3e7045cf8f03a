"""w2v vector: the vector of a word or of an expression."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.command import grouped
from w2v.cli.completion import complete_words
from w2v.cli.meant_terms import check_signs
from w2v.cli.output import ResultPrinter, printable
from w2v.cli.queries import require_queries
from w2v.cli.query_options import LookupOptions, QueryFiles
from w2v.cli.vector_file import QueryCommand
from w2v.cli.word_lookup import WordLookup, word_options
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.embeddings.query import Query


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v vector car",
        "w2v vector paris -france +italy --json",
        "w2v vector unlikely --parts -v model.bin",
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
@grouped(
    "Answer",
    click.option(
        "--parts", is_flag=True,
        help="Print the parts of each word's vector in a model with subwords: its own row and its "
        "n-grams, each with its weight in the mean, its norm, and its cosine to the vector.",
    ),
)  # fmt: skip
@click.pass_context
def vector(
    ctx: click.Context,
    terms: tuple[str, ...],
    verbatim: bool,
    parts: bool,
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
    if parts and lookup.oov != "compose":
        raise click.UsageError("--parts works only with --oov compose: leave out --oov")
    require_queries(terms, files.paths, "TERM...")
    lookup_table = WordLookup(lookup, table)
    from w2v.embeddings.query import Query, numbers, parse_terms
    from w2v.embeddings.spelling import split_words

    def parse(line: str) -> list[Query]:
        return checked(parse_terms([line] if verbatim else split_words(line), verbatim))

    def checked(queries: list[Query]) -> list[Query]:
        """Return queries; W2VError for one of several words with --parts."""
        for query in queries:
            if parts and query.signs != ("+",):
                raise W2VError(f"--parts needs single words, found {str(query)!r}")
        return queries

    def names(query: Query) -> list[str]:
        """Return the words of a query, as typed."""
        return [name for _, name in query.terms]

    def answer(query: Query) -> None:
        known_names = lookup_table.known_words(
            [name for _, name in query.terms], 1, len(query.terms) > 1
        )
        known_query = Query(tuple(term for term in query.terms if term[1] in known_names))
        values = numbers(lookup_table.table, known_query, lookup_table.ignore_case)
        fields = [str(query), *map(str, values)]
        # Through str, JSON gets the shortest decimals that give the float32 numbers.
        numbers_or_none = [float(str(x)) if math.isfinite(x) else None for x in values]
        known = lookup_table.known_field(names(known_query))
        record = {"query": fields[0], **known, "vector": numbers_or_none}
        results.print(record, printable(" ".join(fields)), [fields])

    def answer_parts(query: Query) -> None:
        """Print the parts of the vector of a query, which is one word."""
        print_parts(lookup_table, str(query), results, bool(files.paths) or len(queries) > 1)

    queries = parse_terms(terms, verbatim)
    check_signs(queries, lookup_table.table, lookup_table.ignore_case)
    if parts:
        lookup_table.require_subwords("--parts")
        checked(queries)
        answer = answer_parts

    def unknown(query: Query | str) -> dict[str, Any]:
        """Return the JSON object of a query without a vector."""
        return {"query": str(query), "parts" if parts else "vector": None}

    ctx.exit(
        lookup_table.answer_each(
            queries, files, parse, answer, names, results, unknown, unknown, expressions=True
        )
    )


def print_parts(vectors: WordLookup, word: str, results: ResultPrinter, heading: bool) -> None:
    """Print the parts of a word's vector, a line for each.

    heading  whether plain output names the word on a line before them
    """
    from w2v.embeddings.word_parts import word_parts

    assert vectors.table.subwords is not None
    found = word_parts(vectors.table, vectors.table.subwords, word, vectors.ignore_case)
    rows = [(word, *part) for part in found]
    lines = [
        f"{part.weight:.4f}  {part.norm:9.4f}  "
        f"{'      -' if part.cosine is None else f'{part.cosine:7.4f}'}  {printable(part.name)}"
        + (" (the word's own row)" if part.kind == "word" else "")
        for part in found
    ]
    if heading:
        lines = [f"{printable(word)}:", *lines]
    record = {"query": word, **vectors.known_field([word])}
    parts = [
        {
            "kind": part.kind, "part": part.name, "weight": round(part.weight, 6),
            "norm": _finite(part.norm), "cosine": _finite(part.cosine),
        }
        for part in found
    ]  # fmt: skip
    results.print({**record, "parts": parts}, "\n".join(lines), rows)


def _finite(number: float | None) -> float | None:
    """A number for JSON, which has no NaN and no infinity."""
    return round(number, 6) if number is not None and math.isfinite(number) else None
