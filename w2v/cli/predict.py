"""w2v predict: the labels of texts, predicted by a classifier of w2v or of fastText."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, grouped, or_stdin
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.label_options import LabelChoice, label_options
from w2v.cli.new_texts import NewTexts, RefusedRows, predict_labels
from w2v.cli.options import (
    GivenSettings,
    SettingsCommand,
    folders_option,
    limit_blas,
    quiet_option,
    threads_option,
)
from w2v.cli.output import (
    ResultPrinter,
    format_options,
    json_line,
    print_lines,
    printable,
    tsv_row,
)
from w2v.cli.scratch_option import scratch_option
from w2v.errors import W2VError

if TYPE_CHECKING:
    import numpy as np


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v predict labels.safetensors new.txt",
        "w2v predict labels.safetensors new.txt --ids --tsv",
        "w2v predict classifier.bin new.txt -k 3 --threshold 0.1",
    ),
)
@click.argument("model", type=INPUT)
@corpus_argument(required=False)
@folders_option
@label_options
@grouped(
    "Labels",
    click.option(
        "--ids", "prints_ids", is_flag=True,
        help="Print the id of each text first: the field or column of the id, or the path in a "
        "folder, or else the number of the row. Use it to join the predictions with their texts, "
        "because rows that are left out have no line.",
    ),
)  # fmt: skip
@grouped(
    "Output and run",
    click.option(
        "--unbuffered", is_flag=True,
        help="Print the labels of each text as soon as it has been read, for a program that "
        "writes a text and waits for its labels. This is slower if there are many texts, and "
        "needs a classifier of --model nbow.",
    ),
)  # fmt: skip
@scratch_option
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
    prints_ids: bool,
    unbuffered: bool,
) -> None:
    """Predict the labels of each text.

    MODEL is a classifier of w2v train --model nbow, a network of w2v train --task classify, or a
    classifier of fastText (.bin or .ftz). CORPUS has one text on each line, with or without labels;
    without CORPUS, texts are read from stdin.

    Prints one line for each text: the probability and the name of the most probable label, and with
    -k those of the next ones, after tabs; or - if no label reaches the --threshold. --tsv prints
    label and probability in turn, and an empty line if there is no label. --json has the best
    label, its probability and the probabilities of all labels, with -k or --threshold those of the
    predicted labels; without any label, label and p are null. With --ids, --json has the id as
    document.
    """
    limit_blas(1)
    from w2v.networks.text_classifier import choose
    from w2v.runs.saved_classifier import SavedTextClassifier, open_classifier
    from w2v.system.progress import ProgressLine

    catch_signals()
    paths, refused = or_stdin(corpus), RefusedRows()
    classifier = open_classifier(model)
    line = ProgressLine(sys.stderr, quiet)
    if unbuffered and not isinstance(classifier, SavedTextClassifier):
        raise W2VError(
            f"{model}: --unbuffered needs a classifier of w2v train --model nbow: this one reads "
            "all texts before it predicts labels: leave the option out"
        )
    texts = NewTexts(paths, settings, threads, line, refused, unbuffered)
    labels = classifier.labels
    predicted, documents = predict_labels(classifier, texts, "if there", prints_ids)
    line_of = _line_maker(labels, results, choice)
    for block in predicted.blocks:
        chosen = choose(block, choice.count, choice.threshold, predicted.ties, predicted.added)
        if sys.stdout.isatty():
            line.hide()
        ids = documents.take_ids(len(block)) if prints_ids else [None] * len(block)
        print_lines([*map(line_of, ids, chosen.rows(), block)])
    ctx.exit(refused.exit_code())


# Makes the line of a text from its id, or None if no ids are printed; its predicted labels, by
# number, with their probabilities, the best first; and the probabilities of all labels.
LineOf = Callable[[str | None, list[tuple[int, float]], "np.ndarray"], str]


def _line_maker(labels: Sequence[str], results: ResultPrinter, choice: LabelChoice) -> LineOf:
    """Make the function that formats the line of a text."""
    names = [printable(label) for label in labels]

    def plain(id_: str | None, found: list[tuple[int, float]], _: np.ndarray) -> str:
        """The line for people."""
        begin = [] if id_ is None else [printable(id_)]
        shown = [f"{p:.4f}  {names[label]}" for label, p in found] or ["-"]
        return "\t".join([*begin, *shown])

    def tsv(id_: str | None, found: list[tuple[int, float]], _: np.ndarray) -> str:
        """Label and probability in turn, as --tsv prints them."""
        pairs = itertools.chain.from_iterable((labels[label], p) for label, p in found)
        return tsv_row(pairs if id_ is None else [id_, *pairs])

    def as_json(id_: str | None, found: list[tuple[int, float]], row: np.ndarray) -> str:
        """The record that --json prints: with the labels that are asked for, or with all."""
        label, p = found[0] if found else (None, None)
        reported = found if choice.is_given else enumerate(row.tolist())
        by_label = {labels[each]: round(value, 6) for each, value in reported}
        name = None if label is None else labels[label]
        begin = {} if id_ is None else {"document": id_}
        return json_line(
            {**begin, "label": name, "p": None if p is None else round(p, 6), "labels": by_label}
        )

    return as_json if results.as_json else tsv if results.as_tsv else plain
