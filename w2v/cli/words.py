"""The commands that ask about words that are given: similarity, odd, vector."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from w2v.cli.completion import words as words_begun
from w2v.cli.options import limit_blas
from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.cli.query_options import (
    Missing,
    batches,
    groups,
    lookup_options,
    need,
    split,
    stdin_options,
)
from w2v.cli.vector_file import QueryCommand, file_options, open_table
from w2v.errors import NotFoundError, W2VError

if TYPE_CHECKING:
    from w2v.embeddings.query import Query

T = TypeVar("T")


def word_options(command: Callable) -> Callable:
    """Add the options that all of these commands have."""
    for options in (format_options, stdin_options, lookup_options, file_options):
        command = options(command)
    return command


class Lookup:
    """Opens a table, and looks up the words of queries in it.

    vectors, table    the options of `file_options`
    ignore_case, oov  those of `lookup_options`
    """

    def __init__(self, vectors: str | None, table: str, ignore_case: bool, oov: str):
        limit_blas(1)
        self.table, self.ignore_case = open_table(vectors, table), ignore_case
        self.left_out: set[str] | None = set() if oov == "skip" else None
        self._vectors = vectors

    def known(self, words: Sequence[str], least: int, by_cosine: bool = True) -> list[str]:
        """A query's words, or with --oov skip those that have a vector.

        least      how many of them a query needs: NotFoundError where there are fewer
        by_cosine  whether their vectors need a direction, as cosines do
        """
        from w2v.embeddings.query import directed_row, row_of

        if self.left_out is None:
            return list(words)
        row = directed_row if by_cosine else row_of
        kept = [word for word in words if row(self.table, word, self.ignore_case) is not None]
        self.left_out.update(set(words) - set(kept))
        if len(kept) < least:
            raise NotFoundError(f"too few words of {' '.join(words)!r} are there")
        return kept

    def answer_each(
        self,
        queries: tuple[Sequence[T], bool, Sequence[str], Callable[[str], Iterable[T]]],
        answer: Callable[[T], None],
        names: Callable[[T], Iterable[str]],
        adds: bool = False,
    ) -> int:
        """Answer queries one by one; the exit code.

        queries  the first arguments of `batches`
        names    the words of a query
        adds     whether a query may be an expression
        """
        missing = Missing(self.table, self._vectors, self.left_out, adds)
        for batch in batches(*queries, missing.refuse):
            for query in batch:
                try:
                    answer(query)
                except NotFoundError as error:
                    missing.tell(error, [name for each in batch for name in names(each)])
            sys.stdout.flush()
        return missing.exit_code()


@click.command(cls=QueryCommand)
@click.argument("words", nargs=-1, metavar="A B", shell_complete=words_begun)
@word_options
@click.pass_context
def similarity(
    ctx: click.Context,
    words: tuple[str, ...],
    stdin: bool,
    queries: tuple[str, ...],
    as_tsv: bool,
    as_json: bool,
    **told: Any,
) -> None:
    """The cosine similarity of two words, or of several pairs.

    With - pairs from stdin, two words a line.
    """
    pairs = groups(words, 2, "A B")
    need(pairs, stdin, queries, "A B")
    lookup = Lookup(**told)
    from w2v.embeddings import query

    several = stdin or bool(queries) or len(pairs) > 1

    def answer(pair: tuple[str, ...]) -> None:
        a, b = lookup.known(pair, 2)
        score = query.similarity(lookup.table, a, b, lookup.ignore_case)
        if as_json:
            echo_json({"a": pair[0], "b": pair[1], "score": round(score, 6)})
        elif as_tsv:
            echo_tsv([*pair, score])
        else:
            click.echo(f"{score:.4f}" + f"  {printable(' '.join(pair))}" * several)

    def parse(line: str) -> list[tuple[str, ...]]:
        return [tuple(split(line, 2, "A B"))]

    ctx.exit(lookup.answer_each((pairs, stdin, queries, parse), answer, list))


@click.command(cls=QueryCommand)
@click.argument("words", nargs=-1, metavar="WORD...", shell_complete=words_begun)
@word_options
@click.pass_context
def odd(
    ctx: click.Context,
    words: tuple[str, ...],
    stdin: bool,
    queries: tuple[str, ...],
    as_tsv: bool,
    as_json: bool,
    **told: Any,
) -> None:
    """The word that fits the others least.

    breakfast lunch dinner car: car. With --tsv or --json every word with its cosine to the mean of
    all, the odd one first. With - more from stdin, some words a line.
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
        if as_json:
            scores = [{"word": word, "score": round(score, 6)} for word, score in ranked]
            echo_json({"odd": ranked[0][0], "scores": scores})
        elif as_tsv:
            for row in ranked:
                echo_tsv(row)
        else:
            click.echo(printable(ranked[0][0]))

    def parse(line: str) -> list[tuple[str, ...]]:
        given = tuple(split_words(line))
        if len(given) < query.FEWEST:
            raise W2VError(f"expected three words or more, found {plural(len(given), 'word')}")
        return [given]

    ctx.exit(lookup.answer_each((asked, stdin, queries, parse), answer, list))


@click.command(cls=QueryCommand)
@click.argument("terms", nargs=-1, metavar="TERM...", shell_complete=words_begun)
@word_options
@click.option("--verbatim", is_flag=True, help="Every term, or line, is one name.")
@click.pass_context
def vector(
    ctx: click.Context,
    terms: tuple[str, ...],
    verbatim: bool,
    stdin: bool,
    queries: tuple[str, ...],
    as_tsv: bool,
    as_json: bool,
    **told: Any,
) -> None:
    """The numbers of a word's or an expression's vector.

    The terms are those of similar: king +woman -man. A word's vector is printed as it is in the
    file; an expression adds unit vectors.
    """
    need([*terms], stdin, queries, "TERM...")
    lookup = Lookup(**told)
    from w2v.embeddings.query import Query, numbers, parse_terms
    from w2v.embeddings.spelling import split_words

    def parse(line: str) -> list[Query]:
        return parse_terms([line] if verbatim else split_words(line), verbatim)

    def answer(query: Query) -> None:
        kept = lookup.known([name for _, name in query.terms], 1, len(query.terms) > 1)
        known = Query(tuple(term for term in query.terms if term[1] in kept))
        values = numbers(lookup.table, known, lookup.ignore_case)
        if as_json:
            finite = [float(str(x)) if math.isfinite(x) else None for x in values]
            echo_json({"query": str(query), "vector": finite})
        else:
            blank = "\t" if as_tsv else " "
            click.echo(blank.join([printable(str(query)), *map(str, values)]))

    asked = parse_terms(terms, verbatim)

    def names(query: Query) -> list[str]:
        """Its words, as they were typed."""
        return [name for _, name in query.terms]

    every = asked, stdin, queries, parse
    ctx.exit(lookup.answer_each(every, answer, names, adds=True))
