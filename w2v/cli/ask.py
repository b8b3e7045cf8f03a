"""The commands that ask a vector file: similar, analogy, similarity, odd, vector."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.cli.vectors import QueryCommand, file_options, open_table, vectors_option, vectors_path
from w2v.errors import NotFoundError

if TYPE_CHECKING:
    from w2v.query import Neighbour, Query
    from w2v.table import Table


_k_option = click.option(
    "-k",
    "k",
    type=click.IntRange(1),
    metavar="N",
    default=10,
    show_default=True,
    help="How many answers.",
)
_stdin_option = click.option("--stdin", is_flag=True, hidden=True)


@click.command(cls=QueryCommand)
@click.argument("terms", nargs=-1, metavar="TERM...")
@_k_option
@vectors_option
@click.option(
    "--table", metavar="NAME",
    help="Which table to search.  [default: words; with --text documents]",
)  # fmt: skip
@click.option(
    "--from", "source", metavar="NAME", help="The table that the terms are in.  [default: --table]"
)
@click.option("--text", help="Ask for what is nearest to this text, whose vector is inferred.")
@click.option("--verbatim", is_flag=True, help="Every term, or line of stdin, is one name.")
@format_options
@_stdin_option
@click.pass_context
def similar(
    ctx: click.Context,
    terms: tuple[str, ...],
    k: int,
    vectors: str | None,
    table: str | None,
    source: str | None,
    text: str | None,
    verbatim: bool,
    as_tsv: bool,
    as_json: bool,
    stdin: bool,
) -> None:
    """The nearest words by cosine similarity, or the nearest documents.

    A bare TERM begins a query, +WORD and -WORD extend it: king +woman -man. The words + and - stand
    for themselves; - alone reads queries from stdin, a line each, after -- it is a word. Nearest
    words of a document: --from documents --table words ID.
    """
    from w2v.query import parse_terms
    from w2v.query import similar as nearest

    table = table or ("words" if text is None else "documents")
    queries = parse_terms(terms, verbatim)
    opened = open_table(vectors, table)
    asked_in = open_table(vectors, source) if source not in (None, table) else opened
    if text is not None:
        if queries or stdin:
            raise click.UsageError("--text or TERMs: a call asks one of them")
        _similar_to_text(opened, vectors_path(vectors), text, k, as_tsv, as_json, table)
        return
    if not queries and not stdin:
        raise click.UsageError("name a word: w2v similar WORD")
    several = stdin or len(queries) > 1

    def answer(query: Query) -> None:
        found = nearest(opened, query, k, asked_in)
        _echo_neighbours(str(query), found, as_tsv, as_json, several, table)

    missing = _for_each(queries, answer)
    if stdin:
        lines = (line.rstrip("\r\n") for line in sys.stdin)
        read = ([line] if verbatim else line.split() for line in lines if line.strip())
        missing += _for_each((q for terms in read for q in parse_terms(terms, verbatim)), answer)
    ctx.exit(NotFoundError.exit_code if missing else 0)


def _similar_to_text(
    table: Table, path: str, text: str, k: int, as_tsv: bool, as_json: bool, name: str
) -> None:
    """What is nearest to a text that is no document of the model."""
    from w2v.query import neighbours
    from w2v.trained import Trained

    found = neighbours(table, Trained(path).vector(text), [], k)
    _echo_neighbours(text, found, as_tsv, as_json, heading=False, table=name)


def _for_each(queries: Iterable[Query], answer: Callable[[Query], None]) -> int:
    """Answer every query; say which words are missing; returns how many queries failed."""
    missing = 0
    for query in queries:
        try:
            answer(query)
        except NotFoundError as error:
            missing += 1
            click.echo(f"w2v: {printable(str(error))}", err=True)
        sys.stdout.flush()
    return missing


def _echo_neighbours(
    query: str,
    answers: list[Neighbour],
    as_tsv: bool,
    as_json: bool,
    heading: bool,
    table: str,
) -> None:
    if as_json:
        what = table.removesuffix("s")
        results = [{what: a.name, "score": round(a.score, 6), "count": a.count} for a in answers]
        echo_json({"query": query, "results": results})
        return
    if heading and not as_tsv:
        click.echo(f"{printable(query)}:")
    for rank, answer in enumerate(answers, 1):
        if as_tsv:
            echo_tsv([query, rank, answer.name, answer.score, answer.count])
        else:
            click.echo(f"{answer.score:7.4f}  {printable(answer.name)}")


@click.command(cls=QueryCommand)
@click.argument("a")
@click.argument("b")
@click.argument("c")
@_k_option
@file_options
@format_options
def analogy(
    a: str, b: str, c: str,
    k: int, vectors: str | None, table: str, as_tsv: bool, as_json: bool,
) -> None:  # fmt: skip
    """A is to B as C is to what?

    The words nearest to B - A + C: man king woman.
    """
    from w2v import query

    question = query.analogy(a, b, c)
    answers = query.similar(open_table(vectors, table), question, k)
    _echo_neighbours(str(question), answers, as_tsv, as_json, heading=False, table=table)


@click.command(cls=QueryCommand)
@click.argument("a")
@click.argument("b")
@file_options
@format_options
def similarity(
    a: str, b: str, vectors: str | None, table: str, as_tsv: bool, as_json: bool
) -> None:
    """The cosine similarity of two words."""
    from w2v import query

    score = query.similarity(open_table(vectors, table), a, b)
    if as_json:
        echo_json({"a": a, "b": b, "score": round(score, 6)})
    elif as_tsv:
        echo_tsv([a, b, score])
    else:
        click.echo(f"{score:.4f}")


@click.command(cls=QueryCommand)
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@file_options
@format_options
def odd(
    words: tuple[str, ...], vectors: str | None, table: str, as_tsv: bool, as_json: bool
) -> None:
    """The word that fits the others least.

    breakfast lunch dinner car: car. With --tsv or --json every word with its cosine to the mean of
    all, the odd one first.
    """
    from w2v import query

    ranked = query.odd(open_table(vectors, table), words)
    if as_json:
        scores = [{"word": word, "score": round(score, 6)} for word, score in ranked]
        echo_json({"odd": ranked[0][0], "scores": scores})
    elif as_tsv:
        for row in ranked:
            echo_tsv(row)
    else:
        click.echo(printable(ranked[0][0]))


@click.command(cls=QueryCommand)
@click.argument("terms", nargs=-1, required=True, metavar="TERM...")
@file_options
@click.option("--verbatim", is_flag=True, help="Every term is one name.")
@format_options
def vector(
    terms: tuple[str, ...],
    vectors: str | None,
    table: str,
    verbatim: bool,
    as_tsv: bool,
    as_json: bool,
) -> None:
    """The numbers of a word's or an expression's vector.

    The terms are those of similar: king +woman -man. A word's vector is printed as it is in the
    file; an expression adds unit vectors.
    """
    from w2v.query import combine, find, parse_terms

    opened = open_table(vectors, table)
    for query in parse_terms(terms, verbatim):
        if len(query.terms) == 1 and query.terms[0][0] == "+":
            values = opened.matrix[find(opened, query.terms[0][1])]
        else:
            values = combine(opened, query)[0]
        if as_json:
            numbers = [float(str(x)) if math.isfinite(x) else None for x in values]
            echo_json({"query": str(query), "vector": numbers})
        else:
            blank = "\t" if as_tsv else " "
            click.echo(blank.join([printable(str(query)), *map(str, values)]))
