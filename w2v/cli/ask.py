"""The commands that ask a vector file: similar, analogy, similarity, odd, vector."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.errors import NotFoundError, W2VError

if TYPE_CHECKING:
    from w2v.query import Neighbour, Query
    from w2v.table import Table


DEFAULT_VECTORS = "vectors.safetensors"


class QueryCommand(click.Command):
    """A command whose arguments are words, also words that begin with a dash.

    Only exactly -k, -v, -h and - are short options; any other argument with one dash is a term, an
    unknown --x is a mistake, and after -- all arguments are terms. (By itself click would read
    -kitchen as -k itchen.)
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Part options from terms before click parses them."""
        known = {name: param for param in self.params for name in param.opts}
        options: list[str] = []
        terms: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                terms.extend(rest)
            elif arg == "-" and "--stdin" in known:
                options.append("--stdin")
            elif arg.startswith("--") or arg in known or arg == "-h":
                options.append(arg)
                param = known.get(arg)
                if isinstance(param, click.Option) and not param.is_flag:
                    value = next(rest, None)
                    if value is None:
                        raise click.UsageError(f"{arg} needs a value")
                    options.append(value)
            else:
                terms.append(arg)
        return super().parse_args(ctx, [*options, "--", *terms])


vectors_option = click.option(
    "-v",
    "--vectors",
    metavar="FILE",
    help="Vector file.  [default: $W2V_VECTORS, else vectors.safetensors]",
)
_table_option = click.option(
    "--table", default="words", show_default=True, help="Which table to search."
)


def _file_options(command: Callable) -> Callable:
    return vectors_option(_table_option(command))


def open_table(vectors: str | None, table: str = "words") -> Table:
    """The table of the file that is named by -v, or $W2V_VECTORS, or is in this folder."""
    from w2v.formats import load

    path = vectors or os.environ.get("W2V_VECTORS")
    if path is None and not os.path.exists(DEFAULT_VECTORS):
        raise W2VError(
            f"there is no {DEFAULT_VECTORS} in this folder: name a file by -v FILE or "
            f"$W2V_VECTORS, or make one: w2v train CORPUS"
        )
    return load(path or DEFAULT_VECTORS, table)


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
@_file_options
@click.option("--verbatim", is_flag=True, help="Every term, or line of stdin, is one name.")
@format_options
@_stdin_option
@click.pass_context
def similar(
    ctx: click.Context,
    terms: tuple[str, ...],
    k: int,
    vectors: str | None,
    table: str,
    verbatim: bool,
    as_tsv: bool,
    as_json: bool,
    stdin: bool,
) -> None:
    """The nearest words by cosine similarity.

    A bare TERM begins a query, +WORD and -WORD extend it: king +woman -man. The words + and - stand
    for themselves; - alone reads queries from stdin, a line each, after -- it is a word.
    """
    from w2v.query import parse_terms
    from w2v.query import similar as nearest

    queries = parse_terms(terms, verbatim)
    opened = open_table(vectors, table)
    if not queries and not stdin:
        raise click.UsageError("name a word: w2v similar WORD")
    several = stdin or len(queries) > 1

    def answer(query: Query) -> None:
        _echo_neighbours(query, nearest(opened, query, k), as_tsv, as_json, heading=several)

    missing = _for_each(queries, answer)
    if stdin:
        lines = (line.rstrip("\r\n") for line in sys.stdin)
        read = ([line] if verbatim else line.split() for line in lines if line.strip())
        missing += _for_each((q for terms in read for q in parse_terms(terms, verbatim)), answer)
    ctx.exit(NotFoundError.exit_code if missing else 0)


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
    query: Query, answers: list[Neighbour], as_tsv: bool, as_json: bool, heading: bool
) -> None:
    if as_json:
        results = [{"word": a.name, "score": round(a.score, 6), "count": a.count} for a in answers]
        echo_json({"query": str(query), "results": results})
        return
    if heading and not as_tsv:
        click.echo(f"{printable(str(query))}:")
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
@_file_options
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
    _echo_neighbours(question, answers, as_tsv, as_json, heading=False)


@click.command(cls=QueryCommand)
@click.argument("a")
@click.argument("b")
@_file_options
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
@_file_options
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
@_file_options
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
