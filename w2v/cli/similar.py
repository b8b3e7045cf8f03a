"""w2v similar: the nearest words or documents by cosine similarity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.completion import words as words_begun
from w2v.cli.neighbours import (
    FEW_WORDS,
    NeighbourPrinter,
    print_answers,
    query_answerer,
    unanswered_queries,
)
from w2v.cli.options import limit_blas
from w2v.cli.output import ResultPrinter, format_options, print_lines
from w2v.cli.parameters import INPUT, grouped
from w2v.cli.queries import batches
from w2v.cli.query_options import answer_options, stdin_options
from w2v.cli.vector_file import QueryCommand, open_table, vectors_path
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.embeddings.query import Query
    from w2v.embeddings.table import Table


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v similar car",
        "w2v similar paris -france +italy -k 3",
        'w2v similar --text "rain and wind" -v documents.safetensors',
    ),
)
@click.argument("terms", nargs=-1, metavar="TERM...", shell_complete=words_begun)
@answer_options
@grouped(
    "Vectors",
    click.option(
        "--table", metavar="NAME",
        help="The table to search: words, documents or topics.  [default: words; with --text "
        "documents]",
    ),
    click.option(
        "--from", "source", metavar="NAME",
        help="The table that the TERMs are in, where it is another.  [default: --table]",
    ),
)  # fmt: skip
@grouped(
    "Query",
    click.option(
        "--text", "texts", multiple=True, metavar="TEXT",
        help="Find what is nearest to this text, whose vector is inferred. May be repeated.",
    ),
    click.option(
        "--vector", "given", multiple=True, type=INPUT, metavar="FILE",
        help="Find what is nearest to the vectors in this file: .npy, or numbers on a line, with a "
        "name before them or not; - is stdin. May be repeated.",
    ),
)  # fmt: skip
@grouped(
    "Query",
    click.option(
        "--verbatim", is_flag=True, help="Take every TERM, or line, as one name, blanks included."
    ),
)
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
    results: ResultPrinter,
    **told: Any,
) -> None:
    """Find the words or documents nearest to a query.

    A bare TERM starts a query, +WORD and -WORD extend it: king +woman -man. A lone + is a word; a
    lone - reads queries from stdin, one on each line, but after -- it is a word. Words nearest to a
    document: --from documents --table words ID.
    """
    limit_blas(1 if len(terms) <= FEW_WORDS and not (stdin or queries or texts or given) else None)
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
        printer = NeighbourPrinter(results, table, heading=len(texts) > 1)
        ctx.exit(_similar_to_texts(opened, vectors_path(vectors), texts, printer, told))
    if given:
        printer = NeighbourPrinter(results, table, heading=True)
        ctx.exit(_similar_to_vectors(opened, given, printer, told))

    def parse(line: str) -> list[Query]:
        return parse_terms([line] if verbatim else split_words(line), verbatim)

    several = stdin or bool(queries) or len(asked) > 1
    printer = NeighbourPrinter(results, table, heading=several)
    asking = query_answerer(opened, asked_in, told)
    missing = unanswered_queries(asking, vectors, adds=True)
    every = batches(asked, stdin, queries, parse, missing.refuse)
    ctx.exit(print_answers(asking, every, missing, printer))


def _similar_to_texts(
    table: Table, path: str, texts: Sequence[str], printer: NeighbourPrinter, told: dict[str, Any]
) -> int:
    """Print what is nearest to texts that are no documents of the model; the exit code."""
    from w2v.embeddings.query import neighbours
    from w2v.runs.saved_model import SavedDocumentModel

    asking, trained = query_answerer(table, table, told), SavedDocumentModel(path)
    missing = unanswered_queries(asking, path, adds=False)
    for text in texts:
        try:
            found = neighbours(trained.vector(text), asking.search)
        except W2VError as error:
            missing.refuse(error)
        else:
            print_lines(printer.lines(text, found))
    return missing.exit_code()


def _similar_to_vectors(
    table: Table, paths: Sequence[str], printer: NeighbourPrinter, told: dict[str, Any]
) -> int:
    """Print what is nearest to the vectors in files; the exit code."""
    import numpy as np

    from w2v.cli.raw_vectors import read_vectors
    from w2v.embeddings.query import neighbours_each

    asking = query_answerer(table, table, told)
    missing = unanswered_queries(asking, None, adds=False)
    for batch in (b for path in paths for b in read_vectors(path, table.dim, missing.refuse)):
        if batch:
            found = neighbours_each(np.stack([vector for _, vector in batch]), asking.search)
            for (own, _), answers in zip(batch, found, strict=True):
                print_lines(printer.lines(own, answers))
    return missing.exit_code()
