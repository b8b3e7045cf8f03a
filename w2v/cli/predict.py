"""w2v predict: the labels of texts, predicted by a network that was trained to classify."""

from __future__ import annotations

import sys

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, or_stdin
from w2v.cli.new_texts import NewTexts, RefusedRows, label_probabilities, threads_option
from w2v.cli.options import GivenSettings, SettingsCommand, limit_blas, quiet_option
from w2v.cli.output import ResultPrinter, format_options, printable


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v predict labels.safetensors new.txt",
        "w2v predict labels.safetensors new.txt --json",
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

    MODEL is a network of w2v train --task classify. CORPUS has one text on each line, with or
    without a label; without CORPUS, texts are read from stdin. Prints the most probable label of
    each text and its probability; --json adds the probabilities of all labels.
    """
    limit_blas(1)
    from w2v.runs.saved_model import SavedNetwork
    from w2v.system.progress import ProgressLine

    catch_signals()
    paths, refused = or_stdin(corpus), RefusedRows()
    saved = SavedNetwork(model, "classify")
    texts = NewTexts(paths, settings, threads, ProgressLine(sys.stderr, quiet), refused)
    labels = saved.network.labels
    _, probabilities = label_probabilities(saved, texts, "if there")
    for row in probabilities:
        by_label = {label: round(float(p), 6) for label, p in zip(labels, row, strict=True)}
        label, p = labels[row.argmax()], float(row.max())
        record = {"label": label, "p": round(p, 6), "labels": by_label}
        results.print(record, f"{p:.4f}  {printable(label)}", [[label, p]])
    ctx.exit(refused.exit_code())
