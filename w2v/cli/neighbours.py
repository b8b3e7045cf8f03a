"""The commands that ask who is near: similar, analogy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.completion import words as words_begun
from w2v.cli.options import limit_blas
from w2v.cli.output import format_options
from w2v.cli.parameters import INPUT
from w2v.cli.query_options import (
    Missing,
    answer_options,
    batches,
    echo_lines,
    groups,
    need,
    neighbour_lines,
    rows_asked,
    split,
    stdin_options,
)
from w2v.cli.vector_file import QueryCommand, open_table, vectors_path
from w2v.errors import NotFoundError, W2VError

if TYPE_CHECKING:
    from w2v.embeddings.query import Query, QueryAnswerer
    from w2v.embeddings.table import Table

_FEW = 32  # words, for which more threads of BLAS are no faster, and four times the work


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
@click.option(
    "--text", "texts", multiple=True,
    help="Ask for what is nearest to this text, whose vector is inferred; again for more.",
)  # fmt: skip
@click.option(
    "--vector", "given", multiple=True, type=INPUT, metavar="FILE",
    help="Ask for what is nearest to the vectors in this file: numbers on a line, perhaps after a "
    "name, or .npy; - is stdin; again for more.",
)  # fmt: skip
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
    texts: tuple[str, ...],
    given: tuple[str, ...],
    verbatim: bool,
    stdin: bool,
    queries: tuple[str, ...],
    **told: Any,
) -> None:
    """The nearest words by cosine similarity, or the nearest documents.

    A bare TERM begins a query, +WORD and -WORD extend it: king +woman -man. The words + and - stand
    for themselves; - alone reads queries from stdin, a line each, after -- it is a word. Nearest
    words of a document: --from documents --table words ID. A vector of your own: --vector FILE.
    """
    limit_blas(1 if len(terms) <= _FEW and not (stdin or queries or texts or given) else None)
    from w2v.embeddings.query import parse_terms
    from w2v.embeddings.spelling import split_words

    table = table or ("documents" if texts else "words")
    asked = parse_terms(terms, verbatim)
    ways = [bool(texts), bool(given), bool(asked or stdin or queries)]
    if not any(ways):
        raise click.UsageError("name a word: w2v similar WORD")
    if sum(ways) > 1:
        raise click.UsageError("--text, --vector or TERMs: a call asks one of them")
    if source is not None and not ways[-1]:
        raise click.UsageError("--from is for TERMs")
    opened = open_table(vectors, table)
    asked_in = open_table(vectors, source) if source not in (None, table) else opened
    if texts:
        ctx.exit(_similar_to_texts(opened, vectors_path(vectors), texts, table, told))
    if given:
        ctx.exit(_similar_to_vectors(opened, given, table, told))

    def parse(line: str) -> list[Query]:
        return parse_terms([line] if verbatim else split_words(line), verbatim)

    several = stdin or bool(queries) or len(asked) > 1
    asking = _asking(opened, asked_in, told)
    missing = _missing(asking, vectors, adds=True)
    every = batches(asked, stdin, queries, parse, missing.refuse)
    ctx.exit(_answer(asking, every, missing, table, several, told))


def _asking(table: Table, source: Table, told: dict[str, Any]) -> QueryAnswerer:
    """How queries are answered, by the options of `answer_options`."""
    from w2v.embeddings.query import QueryAnswerer
    from w2v.embeddings.search import Search

    rows = rows_asked(table, *(told[name] for name in ("restrict", "min_count", "only", "exclude")))
    return QueryAnswerer(
        Search(table, told["k"], rows, told["min_score"]), source, told["method"],
        told["include_query"], told["ignore_case"], told["oov"] == "skip",
    )  # fmt: skip


def _missing(asking: QueryAnswerer, vectors: str | None, adds: bool) -> Missing:
    return Missing(asking.source, vectors, asking.left_out if asking.skips else None, adds)


def _answer(
    asking: QueryAnswerer,
    batches: Iterable[list[Query]],
    missing: Missing,
    table: str,
    heading: bool,
    told: dict[str, Any],
    order: Sequence[int] | None = None,
) -> int:
    """Print the answers to all queries; the exit code.

    order  in which a query's terms were typed, where that is not theirs
    """
    lines: list[str] = []
    how = told["as_tsv"], told["as_json"], heading, table
    for asked in batches:
        for query, found in zip(asked, asking.answer(asked), strict=True):
            if isinstance(found, NotFoundError):
                echo_lines(lines)
                missing.tell(found, _names(asked, order))
            else:
                lines += neighbour_lines(str(query), found, *how)
        echo_lines(lines)
    return missing.exit_code()


def _names(asked: Iterable[Query], order: Sequence[int] | None) -> list[str]:
    """The words of queries as they were typed."""
    return [each.terms[at][1] for each in asked for at in order or range(len(each.terms))]


def _similar_to_texts(
    table: Table, path: str, texts: Sequence[str], name: str, told: dict[str, Any]
) -> int:
    """Print what is nearest to texts that are no documents of the model; the exit code."""
    from w2v.embeddings.query import neighbours
    from w2v.runs.saved_model import SavedDocumentModel

    asking, trained = _asking(table, table, told), SavedDocumentModel(path)
    missing = _missing(asking, path, adds=False)
    how = told["as_tsv"], told["as_json"], len(texts) > 1, name
    for text in texts:
        try:
            found = neighbours(trained.vector(text), asking.search)
        except W2VError as error:
            missing.refuse(error)
        else:
            echo_lines(neighbour_lines(text, found, *how))
    return missing.exit_code()


def _similar_to_vectors(table: Table, paths: Sequence[str], name: str, told: dict[str, Any]) -> int:
    """Print what is nearest to the vectors in files; the exit code."""
    import numpy as np

    from w2v.cli.raw_vectors import read_vectors
    from w2v.embeddings.query import neighbours_each

    asking = _asking(table, table, told)
    missing = _missing(asking, None, adds=False)
    how = told["as_tsv"], told["as_json"], True, name
    for batch in (b for path in paths for b in read_vectors(path, table.dim, missing.refuse)):
        if batch:
            found = neighbours_each(np.stack([vector for _, vector in batch]), asking.search)
            for (own, _), answers in zip(batch, found, strict=True):
                echo_lines(neighbour_lines(own, answers, *how))
    return missing.exit_code()


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
    queries: tuple[str, ...],
    **told: Any,
) -> None:
    """A is to B as C is to what?

    The words nearest to B - A + C: man king woman. More questions: three words more, or - for
    stdin, three words a line.
    """
    limit_blas(1 if len(words) <= _FEW and not (stdin or queries) else None)
    from w2v.embeddings import query

    def parse(line: str) -> list[Query]:
        return [query.analogy(*split(line, 3, "A B C"))]

    asked = [query.analogy(*each) for each in groups(words, 3, "A B C")]
    need(asked, stdin, queries, "A B C")
    opened = open_table(vectors, table)
    several = stdin or bool(queries) or len(asked) > 1
    asking = _asking(opened, opened, told)
    missing = _missing(asking, vectors, adds=False)
    every = batches(asked, stdin, queries, parse, missing.refuse)
    ctx.exit(_answer(asking, every, missing, table, several, told, order=(1, 0, 2)))
