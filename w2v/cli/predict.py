"""w2v predict: the labels of texts, predicted by a network or by a classifier of fastText."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable
from typing import Any

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, or_stdin
from w2v.cli.label_options import LabelChoice, label_options
from w2v.cli.new_texts import NewTexts, RefusedRows, predict_labels, threads_option
from w2v.cli.options import GivenSettings, SettingsCommand, limit_blas, quiet_option
from w2v.cli.output import ResultPrinter, format_options, print_lines, printable


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v predict labels.safetensors new.txt",
        "w2v predict labels.safetensors new.txt --json",
        "w2v predict classifier.bin new.txt -k 3 --threshold 0.1",
    ),
)
@click.argument("model", type=INPUT)
@click.argument("corpus", nargs=-1, type=INPUT, metavar="[CORPUS...]")
@label_options
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
    choice: LabelChoice,
    settings: GivenSettings,
) -> None:
    """Predict the labels of each text.

    MODEL is a network of w2v train --task classify, or a classifier of fastText (.bin or .ftz).
    CORPUS has one text on each line, with or without labels; without CORPUS, texts are read from
    stdin.

    Prints one line for each text: the probability and the name of the most probable label, and with
    -k those of the next ones, after tabs; or - if no label reaches the --threshold. --tsv prints
    label and probability in turn, and an empty line if there is no label. --json has the best
    label, its probability and the probabilities of all labels, with -k or --threshold those of the
    predicted labels; without any label, label and p are null.
    """
    limit_blas(1)
    from w2v.networks.text_classifier import choose
    from w2v.runs.saved_classifier import open_classifier
    from w2v.system.progress import ProgressLine

    catch_signals()
    paths, refused = or_stdin(corpus), RefusedRows()
    classifier = open_classifier(model)
    texts = NewTexts(paths, settings, threads, ProgressLine(sys.stderr, quiet), refused)
    labels = classifier.labels
    predicted, _ = predict_labels(classifier, texts, "if there")
    for block in predicted.blocks:
        chosen = choose(block, choice.count, choice.threshold, predicted.ties, predicted.added)
        all_labels = block if results.as_json and not choice.is_given else [None] * len(block)
        lines = []
        for found, row in zip(chosen.rows(), all_labels, strict=True):
            pairs = [(labels[label], p) for label, p in found]
            every = pairs if row is None else zip(labels, row.tolist(), strict=True)
            lines += _lines(pairs, every, results)
        print_lines(lines)
    ctx.exit(refused.exit_code())


def _lines(
    pairs: list[tuple[str, float]], reported: Iterable[tuple[str, float]], results: ResultPrinter
) -> list[str]:
    """The line of one text.

    pairs     the labels that are predicted and their probabilities, the best first
    reported  the labels that --json prints, with their probabilities
    """

    def record() -> dict[str, Any]:
        """The answer for --json."""
        label, p = pairs[0] if pairs else (None, None)
        by_label = {name: round(each, 6) for name, each in reported}
        return {"label": label, "p": None if p is None else round(p, 6), "labels": by_label}

    def line() -> str:
        """The line for people."""
        return "\t".join(f"{p:.4f}  {printable(label)}" for label, p in pairs) or "-"

    return results.lines(record, line, lambda: [itertools.chain.from_iterable(pairs)])
