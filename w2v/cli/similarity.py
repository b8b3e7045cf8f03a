"""w2v similarity: the cosine similarity of two words."""

from __future__ import annotations

from typing import Any

import click

from w2v.cli.completion import complete_words
from w2v.cli.output import ResultPrinter, printable
from w2v.cli.queries import line_words, require_queries, word_groups
from w2v.cli.query_options import LookupOptions, QueryFiles
from w2v.cli.vector_file import QueryCommand
from w2v.cli.word_lookup import WordLookup, word_options


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v similarity car automobile",
        "w2v similarity car automobile car guitar --tsv",
    ),
)
@click.argument("words", nargs=-1, metavar="A B", shell_complete=complete_words)
@word_options
@click.pass_context
def similarity(
    ctx: click.Context,
    words: tuple[str, ...],
    lookup: LookupOptions,
    table: str,
    files: QueryFiles,
    results: ResultPrinter,
) -> None:
    """Print the cosine similarity of two words.

    More pairs may follow. With a lone -, pairs are read from stdin, two words on each line.
    """
    pairs = word_groups(words, 2, "A B")
    require_queries(pairs, files.paths, "A B")
    vectors = WordLookup(lookup, table)
    from w2v.embeddings import query

    with_names = bool(files.paths) or len(pairs) > 1

    def answer(pair: tuple[str, ...]) -> None:
        a, b = vectors.known_words(pair, 2)
        score = query.similarity(vectors.table, a, b, vectors.ignore_case)
        names = f"  {printable(' '.join(pair))}" if with_names else ""
        record = {"a": pair[0], "b": pair[1], "score": round(score, 6)}
        rows = [tuple(record.values())]
        results.print({**record, **vectors.known_field(pair)}, f"{score:.4f}{names}", rows)

    def parse(line: str) -> list[tuple[str, ...]]:
        return [tuple(line_words(line, 2, "A B"))]

    def unknown(pair: tuple[str, ...]) -> dict[str, Any]:
        """Return the JSON object of a pair without a cosine."""
        return {"a": pair[0], "b": pair[1], "score": None}

    def invalid(line: str) -> dict[str, Any]:
        """Return the JSON object of a line that is no pair."""
        return {"query": line, "a": None, "b": None, "score": None}

    ctx.exit(vectors.answer_each(pairs, files, parse, answer, list, results, unknown, invalid))
