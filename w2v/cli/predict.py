"""w2v predict: the labels of texts, predicted by a network or by a classifier of fastText."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, or_stdin
from w2v.cli.new_texts import NewTexts, RefusedRows, predict_labels, threads_option
from w2v.cli.options import GivenSettings, SettingsCommand, limit_blas, quiet_option
from w2v.cli.output import ResultPrinter, format_options, print_lines, printable

if TYPE_CHECKING:
    import numpy as np


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v predict labels.safetensors new.txt",
        "w2v predict labels.safetensors new.txt --json",
        "w2v predict classifier.bin new.txt",
    ),
)
@click.argument("model", type=INPUT)
@click.argument("corpus", nargs=-1, type=INPUT, metavar="[CORPUS...]")
@threads_option
@quiet_option
@format_options
@click.pass_context
def predict(
    ctx: click.Context,
    model: str,
    corpus: tuple[str, ...],
    threads: int | None,
    quiet: bool,
    results: ResultPrinter,
    settings: GivenSettings,
) -> None:
    """Predict the label of each text.

    MODEL is a network of w2v train --task classify, or a classifier of fastText (.bin or .ftz).
    CORPUS has one text on each line, with or without labels; without CORPUS, texts are read from
    stdin. Prints the most probable label of each text and its probability; --json adds the
    probabilities of all labels.
    """
    limit_blas(1)
    from w2v.networks.text_classifier import best_labels
    from w2v.runs.saved_model import open_classifier
    from w2v.system.progress import ProgressLine

    catch_signals()
    paths, refused = or_stdin(corpus), RefusedRows()
    classifier = open_classifier(model)
    texts = NewTexts(paths, settings, threads, ProgressLine(sys.stderr, quiet), refused)
    labels = classifier.labels
    predicted = predict_labels(classifier, texts, "if there")
    for block in predicted.blocks:
        answers = zip(block, best_labels(block, 1, predicted.ties)[:, 0].tolist(), strict=True)
        print_lines([line for row, best in answers for line in _lines(labels, row, best, results)])
    ctx.exit(refused.exit_code())


def _lines(labels: Sequence[str], row: np.ndarray, best: int, results: ResultPrinter) -> list[str]:
    """The lines of one text.

    labels  the K labels
    row     float (K,), their probabilities, which only --json prints all
    best    the index of the label that is predicted
    """
    label, p = labels[best], float(row[best])

    def record() -> dict[str, Any]:
        """The answer for --json."""
        by_label = dict(zip(labels, [round(each, 6) for each in row.tolist()], strict=True))
        return {"label": label, "p": round(p, 6), "labels": by_label}

    return results.lines(record, lambda: f"{p:.4f}  {printable(label)}", [[label, p]])
