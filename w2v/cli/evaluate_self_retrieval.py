"""w2v evaluate self-retrieval: is a document's trained vector nearest to its inferred vector?"""

from __future__ import annotations

import sys

import click

from w2v.cli.command import INPUT, grouped
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.new_texts import NewTexts, infer_vectors
from w2v.cli.options import (
    GivenSettings,
    SettingsCommand,
    folders_option,
    limit_blas,
    threads_option,
)
from w2v.cli.output import ResultPrinter, format_options
from w2v.cli.vector_file import open_table
from w2v.errors import W2VError


@click.command(
    "self-retrieval",
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v evaluate self-retrieval documents.safetensors documents.tsv",
        "w2v evaluate self-retrieval documents.safetensors documents.tsv --limit 100",
    ),
)
@click.argument("model", type=INPUT)
@corpus_argument(required=True)
@folders_option
@grouped(
    "Evaluation",
    click.option(
        "--limit", type=click.IntRange(1), default=1000, show_default=True, metavar="N",
        help="Infer only N documents, spread evenly over the corpus.",
    ),
)  # fmt: skip
@threads_option
@format_options
def self_retrieval(
    model: str,
    corpus: tuple[str, ...],
    limit: int,
    threads: int | None,
    results: ResultPrinter,
    settings: GivenSettings,
) -> None:
    """Find training documents by their inferred vectors.

    CORPUS is the text that MODEL was trained on. Prints the share of documents whose trained
    vector is the nearest one to their inferred vector, and the share where it is among the ten
    nearest.
    """
    limit_blas(threads)
    import numpy as np

    from w2v.embeddings.norms import has_direction, row_norms
    from w2v.embeddings.search import Search
    from w2v.runs.saved_model import SavedDocumentModel
    from w2v.system.progress import ProgressLine

    saved = SavedDocumentModel(model)
    table = open_table(model, "documents")
    count = min(limit, len(table))
    sampled_rows = [number * len(table) // count for number in range(count)]
    names = [table.name(row) for row in sampled_rows]
    texts = NewTexts(corpus, settings, threads, ProgressLine(sys.stderr), again=True)
    text, vectors = infer_vectors(saved, texts, names)
    missing_names = [name for name, size in zip(names, text.sizes(), strict=True) if not size]
    if len(missing_names) == len(names):
        raise W2VError(
            f"none of the documents of {model}, such as {missing_names[0]!r}, is in the corpus and "
            "has a known word: give the text that the model was trained on"
        )
    # A zero vector, as of a document without a known word, is equally near to all documents.
    has_both = has_direction(row_norms(vectors)) & table.has_direction(np.array(sampled_rows))
    known = np.flatnonzero(has_both).tolist()
    if not known:
        raise W2VError(
            f"the trained or the inferred vector of each document of {model} is zero: if the model "
            "is pv-dm or pv-dbow, train it with --sample 0"
        )
    trained_rows = np.array([sampled_rows[number] for number in known])
    ranks = Search(table).count_nearer(vectors[known], trained_rows).tolist()
    nearest, among_ten = sum(rank == 0 for rank in ranks), sum(rank < 10 for rank in ranks)
    total, left_out = len(known), len(names) - len(known)
    report = (
        f"{nearest / total:6.1%}  {nearest} of {total} documents: the trained vector is the "
        "nearest\n"
        f"{among_ten / total:6.1%}  {among_ten} of {total} documents: it is among the ten nearest"
    )
    if left_out:
        report += f"\n{left_out} left out: without a known word, or not in the corpus"
    if left_out > len(missing_names):
        report += ", or with a vector that is zero"
    results.print(
        {"documents": total, "first": nearest, "among_ten": among_ten, "missing": left_out},
        report,
        [[nearest / total, among_ten / total, total, left_out]],
    )
