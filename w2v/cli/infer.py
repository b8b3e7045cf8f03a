"""w2v infer: inference of vectors, or topics, for new documents."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, OUTPUT, grouped, or_stdin
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.document_topics import open_shares, print_topics, top_options
from w2v.cli.new_texts import NewTexts, RefusedRows, infer_blocks, infer_vectors
from w2v.cli.options import (
    GivenSettings,
    SettingsCommand,
    folders_option,
    limit_blas,
    quiet_option,
    threads_option,
)
from w2v.cli.output import ResultPrinter, format_options
from w2v.cli.scratch_option import scratch_option
from w2v.cli.vector_file import blank_option
from w2v.errors import W2VError

if TYPE_CHECKING:
    import numpy as np

    from w2v.embeddings.table import Table
    from w2v.runs.saved_model import SavedModel


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v infer documents.safetensors new.txt",
        "w2v infer topics.safetensors new.txt --top 3",
        "w2v infer documents.safetensors new.txt -o new.safetensors",
    ),
)
@click.argument("model", type=INPUT)
@corpus_argument(required=False)
@folders_option
@click.option(
    "-o", "--output", default="-", show_default=True, type=OUTPUT, metavar="FILE",
    help="Output file. The suffix sets the format, as in w2v convert. With -, write text to "
    "stdout.",
)  # fmt: skip
@grouped(
    "Model",
    click.option(
        "--epochs",
        type=click.IntRange(1),
        metavar="N",
        help="Passes over each document during inference.  [default: as in training]",
    ),
    click.option(
        "--oov",
        type=click.Choice(["compose", "error", "skip"]),
        default="compose",
        show_default=True,
        help="What to do with unknown words: compose their vectors from n-grams if the model is of "
        "sif and has subwords, else leave them out (compose); fail (error); or leave them out "
        "(skip).",
    ),  # fmt: skip
)
@top_options
@scratch_option
@threads_option
@blank_option
@quiet_option
@format_options
@click.pass_context
def infer(
    ctx: click.Context,
    model: str,
    corpus: tuple[str, ...],
    output: str,
    epochs: int | None,
    oov: str,
    top: int | None,
    names: str | None,
    threads: int | None,
    blank: str | None,
    quiet: bool,
    results: ResultPrinter,
    settings: GivenSettings,
) -> None:
    """Infer the vectors, or topics, of new documents.

    CORPUS names files of documents, as in w2v train; without CORPUS, documents are read from stdin.
    A vector depends only on the model and the document. It does not depend on the other documents
    in the call. --top prints the largest topics of each document instead.
    """
    limit_blas(threads)
    from w2v.embeddings import formats
    from w2v.embeddings.table import Table
    from w2v.runs.saved_model import SavedDocumentModel
    from w2v.system import output_files
    from w2v.system.progress import ProgressLine

    paths = or_stdin(corpus)
    output_files.check(
        {"-o": output, "the list of names": formats.written_beside(output)},
        {"the model": model, "one of the texts": paths, "the file of --names": names},
    )
    if names is not None and not top:
        raise click.UsageError("--names is for --top, which prints topics")
    if output != "-" and (top or not results.plain):
        raise W2VError("--top, --tsv and --json work only on stdout: replace -o FILE by > FILE")
    catch_signals()
    formats.writer(output)  # an error for a format that cannot be written
    refused = RefusedRows()
    topics: list[str] = []
    if top:
        saved, topics = open_shares(model, names, epochs, oov)
    else:
        saved = SavedDocumentModel(model, epochs, oov)
    texts = NewTexts(paths, settings, threads, ProgressLine(sys.stderr, quiet), refused)

    def check_documents(documents: Sequence[str]) -> None:
        """Raise W2VError if the output format cannot store one of the names."""
        formats.check_names(output, documents, saved.dim, blank)

    if results.plain and not top:
        text, vectors = infer_vectors(saved, texts, on_names=check_documents)
        table = Table.build(text.names, vectors, text.sizes())
        table = table if blank is None else table.without_blanks(blank)
        _write(table, output, _label_prefix(saved, settings, len(paths)))
    else:
        text, blocks = infer_blocks(saved, texts)
        done = 0
        for block in blocks:
            if sys.stdout.isatty():
                texts.line.hide()
            names_of_block = text.names[done : done + len(block)]
            if top:
                print_topics(results, names_of_block, block, topics, top)
            else:
                _print_vectors(results, names_of_block, block)
            done += len(block)
    ctx.exit(refused.exit_code())


def _print_vectors(results: ResultPrinter, names: Sequence[str], vectors: np.ndarray) -> None:
    """Print the vectors of documents, with --tsv or --json."""
    for name, vector in zip(names, vectors, strict=True):
        numbers = [*map(str, vector)]  # the shortest decimals that give the float32 numbers
        record = {"document": name, "vector": [*map(float, numbers)]}
        results.print(record, "", [[name, *numbers]])


def _label_prefix(saved: SavedModel, given: GivenSettings, files: int) -> bool:
    """Whether the names of documents have their labels as a prefix.

    given  the settings of the command line
    files  number of files of documents
    """
    from w2v.settings import DocumentSettings

    if given.has("id_prefix"):
        return given.of(DocumentSettings).id_prefix == "label"
    return saved.document_settings(files).get("id_prefix") == "label"


def _write(table: Table, output: str, label_prefix: bool) -> None:
    """Write the vectors of documents in the format of the suffix of the output.

    label_prefix  whether names have their labels as a prefix. A container says so to commands that
                  look up documents by name
    """
    from w2v.embeddings import container, formats

    write = formats.writer(output)
    if write:
        write(output, table)
    else:
        metadata = container.file_metadata()
        if label_prefix:
            metadata["settings"] = json.dumps({"id_prefix": "label"})
        container.write(output, container.table_tensors("documents", table), metadata)
