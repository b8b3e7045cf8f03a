"""w2v odd: the odd one out of several words."""

from __future__ import annotations

from typing import Any

import click

from w2v.cli.completion import complete_words
from w2v.cli.output import ResultPrinter, printable
from w2v.cli.queries import require_queries
from w2v.cli.query_options import LookupOptions, QueryFiles
from w2v.cli.vector_file import QueryCommand
from w2v.cli.word_lookup import WordLookup, word_options
from w2v.errors import W2VError


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v odd car automobile engine rain",
        "w2v odd guitar melody piano storm --json",
    ),
)
@click.argument("words", nargs=-1, metavar="WORD...", shell_complete=complete_words)
@word_options
@click.pass_context
def odd(
    ctx: click.Context,
    words: tuple[str, ...],
    lookup: LookupOptions,
    table: str,
    files: QueryFiles,
    results: ResultPrinter,
) -> None:
    """Find the odd one out: the word least similar to the others.

    The odd one out has the lowest cosine to the mean of all words' unit vectors. --tsv and --json
    print every word with its cosine, the odd one out first. With a lone -, lists of words are read
    from stdin, three words or more on each line.
    """
    queries = [words] if words else []
    require_queries(queries, files.paths, "WORD...")
    vectors = WordLookup(lookup, table)
    from w2v.embeddings import query
    from w2v.embeddings.spelling import split_words
    from w2v.system.progress import plural

    def answer(listed_words: tuple[str, ...]) -> None:
        words_with_vectors = vectors.known_words(listed_words, query.FEWEST)
        ranked = query.odd(vectors.table, words_with_vectors, vectors.ignore_case)
        scores = [{"word": word, "score": round(score, 6)} for word, score in ranked]
        odd_one = ranked[0][0]
        known = vectors.known_field(words_with_vectors)
        results.print({"odd": odd_one, **known, "scores": scores}, printable(odd_one), ranked)

    def parse(line: str) -> list[tuple[str, ...]]:
        listed_words = tuple(split_words(line))
        if len(listed_words) < query.FEWEST:
            raise W2VError(
                f"expected three words or more, found {plural(len(listed_words), 'word')}"
            )
        return [listed_words]

    def unknown(listed_words: tuple[str, ...]) -> dict[str, Any]:
        """Return the JSON object of words without an answer."""
        scores = [{"word": word, "score": None} for word in listed_words]
        return {"odd": None, "scores": scores}

    def invalid(line: str) -> dict[str, Any]:
        """Return the JSON object of a line with too few words."""
        return {"query": line, "odd": None, "scores": []}

    ctx.exit(vectors.answer_each(queries, files, parse, answer, list, results, unknown, invalid))
