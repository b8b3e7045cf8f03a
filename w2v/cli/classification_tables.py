"""Printing how well labels are predicted: a summary, a row for each label, and the confusions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from w2v.cli.label_options import ALL, LabelChoice
from w2v.cli.output import ResultPrinter, printable

if TYPE_CHECKING:
    from w2v.evaluation.classification_report import ClassificationReport

_MATRIX = 12  # labels of a confusion matrix that fits on a screen
_MATRIX_JSON = 100  # labels of the confusion matrix in JSON, which has their square of numbers
_ROWS = 50  # labels that are listed for people
_CONFUSIONS = 20  # confusions that are listed for people, instead of a large matrix


def print_report(report: ClassificationReport, choice: LabelChoice, results: ResultPrinter) -> None:
    """Print a report in the format that the options select; only plain text leaves out rows."""
    results.print(
        lambda: _record(report, choice),
        lambda: "\n".join(_text(report, choice)),
        lambda: _rows(report, choice),
    )


def _scores(report: ClassificationReport, choice: LabelChoice) -> dict[str, Any]:
    """The numbers about all labels, by name."""
    return {
        "accuracy": report.accuracy,
        "documents": report.texts,
        "k": "all" if choice.count == ALL else choice.count,
        "threshold": choice.threshold,
        "precision": report.precision,
        "recall": report.recall,
        "micro_f1": report.micro_f1,
        "macro_f1": report.macro_f1,
        "calibration_error": report.calibration_error,
        "log_loss": report.log_loss,
    }


def _label_rows(report: ClassificationReport) -> list[tuple[str, float, float, float, int, int]]:
    """For each label its name, precision, recall, F1, number of texts and of predictions."""
    return list(
        zip(
            report.labels, report.label_precision().tolist(), report.label_recall().tolist(),
            report.label_f1().tolist(), report.true.tolist(), report.predicted.tolist(),
            strict=True,
        )
    )  # fmt: skip


def _record(report: ClassificationReport, choice: LabelChoice) -> dict[str, Any]:
    """The JSON object."""
    record = {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in _scores(report, choice).items()
    }
    rows, confusions = _label_rows(report), report.confusions
    record["f1"] = {label: round(f1, 6) for label, _, _, f1, _, _ in rows}
    record["labels"] = {
        label: {
            "precision": round(precision, 6), "recall": round(recall, 6), "f1": round(f1, 6),
            "documents": true, "predicted": predicted,
        }
        for label, precision, recall, f1, true, predicted in rows
    }  # fmt: skip
    if report.sure is not None:
        record["sure"] = [each._asdict() for each in report.sure]
    if confusions is not None:
        if len(rows) <= _MATRIX_JSON:
            labels, counts = report.matrix()
            record["confusion"] = dict(zip(labels, counts.tolist(), strict=True))
        record["confusions"] = confusions
    return record


def _rows(report: ClassificationReport, choice: LabelChoice) -> Iterator[Sequence[Any]]:
    """The rows of TSV; the first field says what a row is."""
    for name, value in _scores(report, choice).items():
        yield "total", name, value
    for row in _label_rows(report):
        yield "label", *row
    for confusion in report.confusions or ():
        yield "confusion", *confusion
    for sure in report.sure or ():
        yield "sure", *sure


def _text(report: ClassificationReport, choice: LabelChoice) -> Iterator[str]:
    """The lines for people."""
    from w2v.system.progress import plural

    at = "all" if choice.count == ALL else choice.count
    threshold = f" with p >= {choice.threshold:g}" if choice.threshold else ""
    labels = f"the {at} most probable labels" if at not in (1, "all") else "the most probable label"
    labels = "all labels" if at == "all" else labels
    hits, predicted, true = (int(a.sum()) for a in (report.hits, report.predicted, report.true))
    if report.accuracy is not None:
        yield f"{report.accuracy:7.2%}  accuracy: {report.right:,} of {report.texts:,} documents"
    yield (
        f"{report.precision:7.2%}  precision@{at}: {hits:,} of {predicted:,} predicted labels are "
        f"true ({labels}{threshold})"
    )
    yield f"{report.recall:7.2%}  recall@{at}: {hits:,} of {true:,} true labels are predicted"
    yield f"{report.micro_f1:7.4f}  micro F1, of all predictions"
    yield f"{report.macro_f1:7.4f}  macro F1, the mean over {plural(len(report.labels), 'label')}"
    yield f"{report.calibration_error:7.4f}  expected calibration error"
    if report.log_loss is not None:
        yield f"{report.log_loss:7.4f}  log loss in nats"
    rows = _label_rows(report)
    if len(rows) > _ROWS:
        rows = sorted(rows, key=lambda row: -row[4])[:_ROWS]
        of_all = f"{_ROWS} most frequent of {len(report.labels):,}"
        yield f"\nThe {of_all} labels; --tsv and --json have all:"
    yield ""
    yield from _aligned(
        [
            ["label", "precision", "recall", "F1", "documents", "predicted"],
            *(
                [printable(label), f"{p:.4f}", f"{r:.4f}", f"{f1:.4f}", f"{true:,}", f"{found:,}"]
                for label, p, r, f1, true, found in rows
            ),
        ]
    )
    yield from _confusion_lines(report)
    yield from _sure_lines(report)


def _confusion_lines(report: ClassificationReport) -> Iterator[str]:
    """The confusion matrix, or the largest confusions if there are many labels."""
    if report.confusions is None or not report.confusions:
        return
    yield ""
    if len(report.labels) <= _MATRIX:
        yield "Documents by true label (row) and predicted label (column):"
        labels, matrix = report.matrix()
        names = [printable(label) for label in labels]
        counts = [[f"{count:,}" for count in row] for row in matrix.tolist()]
        rows = [[name, *row] for name, row in zip(names, counts, strict=True)]
        yield from _aligned([["", *names], *rows])
        return
    largest = report.confusions[:_CONFUSIONS]
    if len(largest) < len(report.confusions):
        number = f"{len(largest)} largest of {len(report.confusions):,}"
        yield f"The {number} confusions; --tsv and --json have all:"
    else:
        yield "Confusions:"
    for true, predicted, texts in largest:
        yield f"{texts:9,} documents of {printable(true)} predicted as {printable(predicted)}"


def _sure_lines(report: ClassificationReport) -> Iterator[str]:
    """How many texts are left, and right, if those without a sure label go to a person."""
    if report.sure is None:
        return
    yield "\nDocuments whose most probable label has at least this probability:"
    rows = [["probability", "documents", "of all", "right"]]
    for threshold, texts, right in report.sure:
        share = f"{right / texts:.2%}" if texts else "-"
        rows.append([f"{threshold:g}", f"{texts:,}", f"{texts / report.texts:.2%}", share])
    yield from _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table: the first column is aligned on the left, the others on the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        others = (fill + cell for fill, cell in zip(cells[1:], row[1:], strict=True))
        yield "  ".join([row[0] + cells[0], *others]).rstrip()


def _width(text: str) -> int:
    """The number of columns that a text takes in a terminal: two for each Han or kana character."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
