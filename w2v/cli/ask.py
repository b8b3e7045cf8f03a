"""The commands that ask a vector file: similar, analogy, similarity, odd, vector."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.asking import (
    Missing,
    answer_each,
    answer_options,
    batches,
    echo_neighbours,
    rows_asked,
    stdin_options,
)
from w2v.cli.completion import words as words_begun
from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.cli.vectors import QueryCommand, file_options, open_table, vectors_path
from w2v.errors import NotFoundError, W2VError

if TYPE_CHECKING:
    from w2v.query import Asking, Query
    from w2v.table import Table


@click.command(cls=QueryCommand)
@click.argument("terms", nargs=-1, metavar="TERM...", shell_complete=words_begun)
@answer_options
@click.option(
    "--table", metavar="NAME",
    help="Which table to search.  [default: words; with --text documents]",
)  # fmt: skip
@click.option(
    "--from", "source", metavar="NAME", help="The table that the terms are in.  [default: --table]"
)
@click.option("--text", help="Ask for what is nearest to this text, whose vector is inferred.")
@click.option("--verbatim", is_flag=True, help="Every term, or line, is one name.")
@stdin_options
@format_options
@click.pass_context
def similar(
    ctx: click.Context,
    terms: tuple[str, ...],
    vectors: str | None,
    table: str | None,
    source: str | None,
    text: str | None,
    verbatim: bool,
    stdin: bool,
    queries: str | None,
    **told: Any,
) -> None:
    """The nearest words by cosine similarity, or the nearest documents.

    A bare TERM begins a query, +WORD and -WORD extend it: king +woman -man. The words + and - stand
    for themselves; - alone reads queries from stdin, a line each, after -- it is a word. Nearest
    words of a document: --from documents --table words ID.
    """
    from w2v.query import parse_terms

    table = table or ("words" if text is None else "documents")
    asked = parse_terms(terms, verbatim)
    opened = open_table(vectors, table)
    asked_in = open_table(vectors, source) if source not in (None, table) else opened
    if text is not None:
        if asked or stdin or queries:
            raise click.UsageError("--text or TERMs: a call asks one of them")
        _similar_to_text(opened, vectors_path(vectors), text, table, told)
        return
    if not (asked or stdin or queries):
        raise click.UsageError("name a word: w2v similar WORD")

    def parse(line: str) -> list[Query]:
        return parse_terms([line] if verbatim else line.split(), verbatim)

    several = stdin or queries is not None or len(asked) > 1
    asking = _asking(opened, asked_in, told)
    ctx.exit(_answer(asking, batches(asked, stdin, queries, parse), table, several, told))


def _asking(table: Table, source: Table, told: dict[str, Any]) -> Asking:
    """How queries are answered, by the options of `answer_options`."""
    from w2v.nearest import Search
    from w2v.query import Asking

    rows = rows_asked(table, *(told[name] for name in ("restrict", "min_count", "only", "exclude")))
    return Asking(
        Search(table, told["k"], rows, told["min_score"]), source, told["method"],
        told["include_query"], told["ignore_case"], told["oov"] == "skip",
    )  # fmt: skip


def _answer(
    asking: Asking, batches: Iterable[list[Query]], table: str, heading: bool, told: dict[str, Any]
) -> int:
    """Print the answers to all queries; the exit code."""
    missing = Missing(asking.left_out if asking.skips else None)
    for asked in batches:
        for query, found in zip(asked, asking.answer(asked), strict=True):
            if isinstance(found, NotFoundError):
                missing.tell(found)
            else:
                echo_neighbours(str(query), found, told["as_tsv"], told["as_json"], heading, table)
        sys.stdout.flush()
    return missing.exit_code()


def _similar_to_text(table: Table, path: str, text: str, name: str, told: dict[str, Any]) -> None:
    """What is nearest to a text that is no document of the model."""
    from w2v.query import neighbours
    from w2v.trained import Trained

    found = neighbours(Trained(path).vector(text), _asking(table, table, told).search)
    echo_neighbours(text, found, told["as_tsv"], told["as_json"], heading=False, table=name)


@click.command(cls=QueryCommand)
@click.argument("words", nargs=-1, metavar="A B C", shell_complete=words_begun)
@answer_options
@click.option("--table", default="words", show_default=True, help="Which table to search.")
@stdin_options
@format_options
@click.pass_context
def analogy(
    ctx: click.Context,
    words: tuple[str, ...],
    vectors: str | None,
    table: str,
    stdin: bool,
    queries: str | None,
    **told: Any,
) -> None:
    """A is to B as C is to what?

    The words nearest to B - A + C: man king woman. More questions: three words more, or - for
    stdin, three words a line.
    """
    from w2v import query

    def parse(line: str) -> list[Query]:
        return [query.analogy(*_split(line.split(), 3, "A B C"))]

    asked = [query.analogy(*each) for each in _groups(words, 3, "A B C")]
    _need(asked, stdin, queries, "A B C")
    opened = open_table(vectors, table)
    several = stdin or queries is not None or len(asked) > 1
    asking = _asking(opened, opened, told)
    ctx.exit(_answer(asking, batches(asked, stdin, queries, parse), table, several, told))


def _groups(words: tuple[str, ...], size: int, what: str) -> list[tuple[str, ...]]:
    """Words in groups; UsageError where some are left over."""
    if len(words) % size:
        raise click.UsageError(f"{len(words)} words: expected {what}, or several of these")
    return [words[at : at + size] for at in range(0, len(words), size)]


def _split(words: list[str], size: int, what: str) -> list[str]:
    if len(words) != size:
        raise W2VError(f"expected {what}, found {len(words)} words")
    return words


def _need(asked: list, stdin: bool, queries: str | None, what: str) -> None:
    if not (asked or stdin or queries):
        raise click.UsageError(f"missing: {what}")


@click.command(cls=QueryCommand)
@click.argument("words", nargs=-1, metavar="A B", shell_complete=words_begun)
@file_options
@stdin_options
@format_options
@click.pass_context
def similarity(
    ctx: click.Context,
    words: tuple[str, ...],
    vectors: str | None,
    table: str,
    stdin: bool,
    queries: str | None,
    as_tsv: bool,
    as_json: bool,
) -> None:
    """The cosine similarity of two words, or of several pairs.

    With - pairs from stdin, two words a line.
    """
    from w2v import query

    pairs = _groups(words, 2, "A B")
    _need(pairs, stdin, queries, "A B")
    opened = open_table(vectors, table)
    several = stdin or queries is not None or len(pairs) > 1

    def answer(pair: tuple[str, ...]) -> None:
        score = query.similarity(opened, *pair)
        if as_json:
            echo_json({"a": pair[0], "b": pair[1], "score": round(score, 6)})
        elif as_tsv:
            echo_tsv([*pair, score])
        else:
            click.echo(f"{score:.4f}" + f"  {printable(' '.join(pair))}" * several)

    def parse(line: str) -> list[tuple[str, ...]]:
        return [tuple(_split(line.split(), 2, "A B"))]

    ctx.exit(answer_each(batches(pairs, stdin, queries, parse), answer))


@click.command(cls=QueryCommand)
@click.argument("words", nargs=-1, metavar="WORD...", shell_complete=words_begun)
@file_options
@stdin_options
@format_options
@click.pass_context
def odd(
    ctx: click.Context,
    words: tuple[str, ...],
    vectors: str | None,
    table: str,
    stdin: bool,
    queries: str | None,
    as_tsv: bool,
    as_json: bool,
) -> None:
    """The word that fits the others least.

    breakfast lunch dinner car: car. With --tsv or --json every word with its cosine to the mean of
    all, the odd one first. With - more from stdin, some words a line.
    """
    from w2v import query

    asked = [words] if words else []
    _need(asked, stdin, queries, "WORD...")
    opened = open_table(vectors, table)

    def answer(given: tuple[str, ...]) -> None:
        ranked = query.odd(opened, given)
        if as_json:
            scores = [{"word": word, "score": round(score, 6)} for word, score in ranked]
            echo_json({"odd": ranked[0][0], "scores": scores})
        elif as_tsv:
            for row in ranked:
                echo_tsv(row)
        else:
            click.echo(printable(ranked[0][0]))

    parsed = batches(asked, stdin, queries, lambda line: [tuple(line.split())])
    ctx.exit(answer_each(parsed, answer))


@click.command(cls=QueryCommand)
@click.argument("terms", nargs=-1, metavar="TERM...", shell_complete=words_begun)
@file_options
@click.option("--verbatim", is_flag=True, help="Every term, or line, is one name.")
@stdin_options
@format_options
@click.pass_context
def vector(
    ctx: click.Context,
    terms: tuple[str, ...],
    vectors: str | None,
    table: str,
    verbatim: bool,
    stdin: bool,
    queries: str | None,
    as_tsv: bool,
    as_json: bool,
) -> None:
    """The numbers of a word's or an expression's vector.

    The terms are those of similar: king +woman -man. A word's vector is printed as it is in the
    file; an expression adds unit vectors.
    """
    from w2v.query import numbers, parse_terms

    def parse(line: str) -> list[Query]:
        return parse_terms([line] if verbatim else line.split(), verbatim)

    asked = parse_terms(terms, verbatim)
    _need(asked, stdin, queries, "TERM...")
    opened = open_table(vectors, table)

    def answer(query: Query) -> None:
        values = numbers(opened, query)
        if as_json:
            finite = [float(str(x)) if math.isfinite(x) else None for x in values]
            echo_json({"query": str(query), "vector": finite})
        else:
            blank = "\t" if as_tsv else " "
            click.echo(blank.join([printable(str(query)), *map(str, values)]))

    ctx.exit(answer_each(batches(asked, stdin, queries, parse), answer))
