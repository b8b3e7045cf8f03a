"""w2v similar: the nearest words or documents by cosine similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, grouped
from w2v.cli.completion import complete_words
from w2v.cli.meant_terms import check_files, check_signs
from w2v.cli.neighbours import (
    SINGLE_THREAD_WORDS,
    NeighbourPrinter,
    parts,
    print_answers,
    query_answerer,
    unanswered_queries,
    unanswered_record,
)
from w2v.cli.options import limit_blas
from w2v.cli.output import ResultPrinter, format_options, print_lines
from w2v.cli.queries import batches
from w2v.cli.query_options import (
    AnswerOptions,
    LookupOptions,
    QueryFiles,
    RunLookupOptions,
    answer_options,
    query_file_options,
    run_lookup_options,
)
from w2v.cli.query_texts import claim_text, vector_of_text
from w2v.cli.quotes import open_quotes, quote_option
from w2v.cli.unknown_words import UnansweredQueries
from w2v.cli.vector_file import QueryCommand, open_table, vectors_path
from w2v.errors import NotFoundError

if TYPE_CHECKING:
    from w2v.embeddings.query import Query, QueryAnswerer

_MANY_COSINES = 1 << 31  # number of cosines for CSLS from which a message says that it takes long


@click.command(
    cls=QueryCommand,
    examples=(
        "w2v similar car",
        "w2v similar paris -france +italy -k 3",
        'w2v similar --text "rain and wind" -v documents.safetensors',
    ),
)
@click.argument("terms", nargs=-1, metavar="TERM...", shell_complete=complete_words)
@run_lookup_options
@answer_options
@grouped(
    "Vectors",
    click.option(
        "--table", metavar="NAME",
        help="The table to search: words or documents.  [default: words; with --text "
        "documents]",
    ),
    click.option(
        "--from", "source", metavar="NAME",
        help="The table in which the TERMs are looked up, if it is not the one to search.  "
        "[default: --table]",
    ),
    click.option(
        "--in", "other", type=INPUT, metavar="FILE",
        help="Search the words of this file for the TERMs of the file of -v, which w2v align has "
        "rotated to the space of this file.",
    ),
)  # fmt: skip
@grouped(
    "Query",
    click.option(
        "--text", "texts", multiple=True, metavar="TEXT", callback=claim_text,
        help="Search for this text, or with - for all of stdin as one text: a model of documents "
        "infers its vector. May be repeated.",
    ),
    click.option(
        "--vector", "vector_files", multiple=True, type=INPUT, metavar="FILE",
        help="Search for the vectors in this file: a .npy array, or a text with the numbers of one "
        "vector on each line, optionally after a name; - is stdin. May be repeated.",
    ),
)  # fmt: skip
@grouped(
    "Answer",
    click.option(
        "--csls", is_flag=True,
        help="With --in, score by CSLS instead of cosines: it lowers words that are near to very "
        "many others. --restrict N then also takes N words of the file of -v.",
    ),
    click.option(
        "--mutual", is_flag=True,
        help="Print only answers that have the query among their own N nearest of -k N, as for a "
        "list of synonyms.",
    ),
)  # fmt: skip
@grouped(
    "Query",
    click.option(
        "--verbatim",
        is_flag=True,
        help="Take each TERM, or each line of queries, as one name, with its blanks and signs.",
    ),
)
@query_file_options
@quote_option
@format_options
@click.pass_context
def similar(
    ctx: click.Context,
    terms: tuple[str, ...],
    runs: RunLookupOptions,
    answer: AnswerOptions,
    table: str | None,
    source: str | None,
    other: str | None,
    csls: bool,
    mutual: bool,
    texts: tuple[str, ...],
    vector_files: tuple[str, ...],
    verbatim: bool,
    files: QueryFiles,
    quoted: tuple[str, ...],
    results: ResultPrinter,
) -> None:
    """Find the words or documents nearest to a query.

    A TERM without a sign starts a query; +WORD and -WORD add a word and subtract one, as in king
    +woman -man. With a lone -, queries are read from stdin, one on each line. A lone + is a word;
    after --, a lone - is a word too. To find the words nearest to a document, use --from documents
    --table words ID.

    With several -v FILE, the cosines are computed in each file, and the output has their means and
    standard deviations, and in how many files the word is among the nearest. A ? marks words for
    which this is so in half of the files or fewer.
    """
    many = bool(files.paths or texts or vector_files or csls or mutual)
    is_small = len(terms) <= SINGLE_THREAD_WORDS and not many
    limit_blas(1 if is_small else None)
    from w2v.embeddings.query import parse_terms, query_words
    from w2v.embeddings.spelling import split_words

    table = table or ("documents" if texts else "words")
    queries = parse_terms(terms, verbatim)
    by_terms = bool(queries or files.paths)
    kinds = sum([by_terms, bool(texts), bool(vector_files)])
    _check(kinds, by_terms, len(runs.vectors), source, other, csls, mutual, answer.method)

    def parse(line: str) -> list[Query]:
        return parse_terms([line] if verbatim else split_words(line), verbatim)

    heading = bool(files.paths) or len(queries) > 1
    if len(runs.vectors) > 1:
        if quoted:
            raise click.UsageError("--quote works only with one -v FILE")
        from w2v.cli.run_neighbours import RunAnswerer

        several = RunAnswerer(runs.each, answer, table, results, heading)
        several.check(queries)
        ctx.exit(several.print_answers(batches(queries, files.paths, parse, several.refused)))
    [lookup] = runs.each
    quotes = open_quotes(quoted, table, other or lookup.vectors)
    if other is None:
        searched = lookup.open_table(table)
        named = searched if source in (None, table) else lookup.open_table(source)
    else:
        searched = open_table(other, table, counts_zeros=False)
        named = lookup.open_table(source or table)
    check_signs(queries, named, lookup.ignore_case)
    check_files(query_words(queries), named, runs.vectors, lookup.ignore_case)
    answerer = query_answerer(searched, named, lookup, answer)
    if csls or mutual:
        answerer = _by_csls(answerer, answer.restrict) if csls else _mutual(answerer)
    if texts:
        printer = NeighbourPrinter(results, table, len(texts) > 1, quotes)
        ctx.exit(_similar_to_texts(lookup, texts, answerer, printer))
    if vector_files:
        printer = NeighbourPrinter(results, table, True, quotes)
        ctx.exit(_similar_to_vectors(vector_files, answerer, printer))
    printer = NeighbourPrinter(results, table, heading, quotes)
    unanswered = unanswered_queries(answerer, lookup.vectors, expressions=True)
    read = batches(queries, files.paths, parse, unanswered.refusing(results, unanswered_record))
    ctx.exit(print_answers(answerer, read, unanswered, printer))


def _check(
    kinds: int,
    by_terms: bool,
    files: int,
    source: str | None,
    other: str | None,
    csls: bool,
    mutual: bool,
    method: str,
) -> None:
    """Raise UsageError for options that do not go together.

    kinds     number of kinds of queries that are given: TERMs, --text, --vector
    by_terms  whether TERMs are given
    files     number of -v FILE that are given
    """
    if not kinds:
        raise click.UsageError("no query: name a word, as in w2v similar WORD")
    if kinds > 1:
        raise click.UsageError("--text, --vector and TERMs cannot be combined: use one of them")
    if (source or other) is not None and not by_terms:
        raise click.UsageError(f"{'--from' if source else '--in'} works only with TERMs")
    if csls and (other is None or method == "mul"):
        raise click.UsageError("--csls works only with --in FILE and --method add")
    if mutual and (files > 1 or other or source or method == "mul"):
        raise click.UsageError(
            "--mutual works only with one -v FILE and --method add, without --from and --in"
        )
    if files > 1 and (source or other or not by_terms or method == "mul"):
        raise click.UsageError(
            "several -v FILE work only with TERMs and --method add, without --from and --in"
        )


def _by_csls(answerer: QueryAnswerer, restrict: int | None) -> QueryAnswerer:
    """Return the object that answers queries by CSLS.

    restrict  number of words of the queries' file that are used, the first ones; None: all
    """
    import numpy as np

    from w2v.alignment.csls import CslsSearch

    answerer.check_dimensions()
    source = answerer.source
    rows = None if restrict is None else np.arange(min(restrict, len(source)))
    search = answerer.search
    words = len(search.table if search.rows is None else search.rows)
    others = len(source if rows is None else rows)
    if words * others > _MANY_COSINES:
        click.echo(
            f"CSLS compares {words:,} with {others:,} words, which takes minutes; --restrict N "
            "takes only the N most frequent of both",
            err=True,
        )
    return replace(answerer, search=CslsSearch.between(search, source, rows))


def _mutual(answerer: QueryAnswerer) -> QueryAnswerer:
    """Return the object that answers queries with mutual neighbours."""
    from w2v.embeddings.mutual import MutualSearch

    search = answerer.search
    mutual = MutualSearch(search.table, search.k, search.rows, search.min_score)
    return replace(answerer, search=mutual)


def _similar_to_texts(
    lookup: LookupOptions, texts: Sequence[str], answerer: QueryAnswerer, printer: NeighbourPrinter
) -> int:
    """Print the nearest neighbours of new texts and return the exit status of the command.

    Unknown words of a text are left out, except with --oov error, as by w2v infer.
    """
    from w2v.embeddings.query import neighbours
    from w2v.runs.saved_model import SavedDocumentModel

    path = vectors_path(lookup.vectors)
    model = SavedDocumentModel(path, oov=lookup.oov)
    unanswered = UnansweredQueries(answerer.source, path)
    for text in texts:
        try:
            answers = neighbours(vector_of_text(model, text), answerer.search)
        except NotFoundError as error:
            unanswered.report(error, ())
            print_lines(unanswered.lines(printer.results, unanswered_record(text), error))
        else:
            print_lines(printer.lines(text, answers))
    printer.finish()
    return unanswered.exit_code()


def _similar_to_vectors(
    paths: Sequence[str], answerer: QueryAnswerer, printer: NeighbourPrinter
) -> int:
    """Print the nearest neighbours of the vectors in files and return the exit status."""
    import numpy as np

    from w2v.cli.raw_vectors import read_vectors
    from w2v.embeddings.query import neighbours_each

    unanswered = unanswered_queries(answerer, None)
    refused = unanswered.refusing(printer.results, unanswered_record)
    dim = answerer.source.dim
    for path in paths:
        for batch in read_vectors(path, dim, refused):
            for part in parts(batch, answerer.search):
                vectors = np.stack([vector for _, vector in part])
                answers_each = neighbours_each(vectors, answerer.search)
                for (name, _), answers in zip(part, answers_each, strict=True):
                    print_lines(printer.lines(name, answers))
    printer.finish()
    return unanswered.exit_code()
