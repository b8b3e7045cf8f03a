"""w2v evaluate classify: accuracy of labels predicted from vectors, or by a classifier."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli.classification_tables import print_report
from w2v.cli.command import INPUT, finite, grouped
from w2v.cli.label_options import LabelChoice, label_options
from w2v.cli.new_texts import NewTexts, predict_labels
from w2v.cli.option_bundle import given_options
from w2v.cli.options import GivenSettings, SettingsCommand, limit_blas
from w2v.cli.output import ResultPrinter, format_options, printable
from w2v.cli.remembered_settings import reading_of
from w2v.cli.vector_file import open_table, vectors_option, vectors_path
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.evaluation.classification_report import ClassificationReport
    from w2v.text.documents import DocumentCorpus


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings", "TextSettings"),
    examples=(
        "w2v evaluate classify documents.tsv test.tsv --by words",
        "w2v evaluate classify test.tsv -v labels.safetensors --by model",
        "w2v evaluate classify test.tsv -v classifier.bin --by model -k 2 --json",
    ),
)
@click.argument("train", type=INPUT)
@click.argument("test", required=False, type=INPUT)
@vectors_option
@grouped(
    "Vectors",
    click.option(
        "--by",
        type=click.Choice(["documents", "words", "model"]),
        default="documents",
        show_default=True,
        help="Features of the regression: the vector of the document in the file (documents), or "
        "the mean of the vectors of its words (words). With model, evaluate the classifier "
        "in the file (nbow, a network, or of fastText) instead of a regression.",
    ),
)
@grouped(
    "Evaluation",
    click.option(
        "--penalty", type=click.FloatRange(0), callback=finite,
        default=1.0, show_default=True, metavar="X",
        help="L2 penalty of the regression: 1 / C of scikit-learn and LIBLINEAR.",
    ),
)  # fmt: skip
@label_options
@click.option(
    "--threads", type=click.IntRange(1), metavar="N",
    help="Threads of BLAS; with --by model, worker threads.  [default: the processors that may be "
    "used]",
)  # fmt: skip
@format_options
def classify(
    train: str,
    test: str | None,
    vectors: str | None,
    by: str,
    penalty: float,
    threads: int | None,
    choice: LabelChoice,
    results: ResultPrinter,
    settings: GivenSettings,
) -> None:
    """Predict labels by logistic regression, or by a trained classifier.

    TRAIN and TEST are files of documents with labels; see --columns and --label-field. The
    regression is fitted to TRAIN, with features scaled to equal variance, and evaluated on TEST.
    With --by model, give only the test file, whose documents may have several labels.

    Prints the accuracy; precision and recall of the predicted labels, those of fasttext test; micro
    and macro F1; the expected calibration error and the log loss of the probabilities; precision,
    recall and F1 of each label; which labels are confused; and how many documents have a label
    with a probability of at least 0.5 to 0.99, and are right. --tsv has the word total, label,
    confusion or sure in the first column. --json has all numbers in one object.
    """
    limit_blas(1 if by == "model" else threads)
    if by == "model":
        if test:
            raise click.UsageError("--by model needs no TRAIN: give only the test file")
        if "penalty" in given_options():
            raise click.UsageError("--penalty is for a regression: leave it out with --by model")
        report = _classifier_report(vectors_path(vectors), train, settings, threads, choice)
        print_report(report, choice, results)
        return
    if not test:
        raise click.UsageError("TEST is missing: give two files of documents with labels")
    from w2v.embeddings.container import nested
    from w2v.embeddings.formats import contents
    from w2v.evaluation.classification_report import ClassificationCounts
    from w2v.evaluation.classifier import Features, fit
    from w2v.runs.text_messages import say_changed_documents, say_text_changes
    from w2v.settings import TextSettings
    from w2v.system.progress import ProgressLine

    path = vectors_path(vectors)
    _refuse_other_tables(path, by)
    stored = nested(contents(path)[1], "settings")
    line, by_names = ProgressLine(sys.stderr), by == "documents"

    def say(corpus: DocumentCorpus, empty: int) -> None:
        """Report what was left out of a file, or replaced."""
        say_text_changes(line, corpus)
        say_changed_documents(line, corpus, empty, 0, None)

    documents = reading_of(settings, stored, [train, test], line, by_names)
    features = Features(
        open_table(vectors, by), by, documents.settings, settings.of(TextSettings), path,
        documents.remembered, say,
    )  # fmt: skip
    regression = fit(*features.of(train), penalty)
    x, labels = features.of(test)
    counts = ClassificationCounts(
        regression.labels, True, count=choice.count, threshold=choice.threshold
    )
    true = [(label,) for label in labels]
    counts.add(regression.probabilities(x), true)
    _say_unknown(regression.labels, true, "TRAIN does not have")
    print_report(counts.report(), choice, results)


def _refuse_other_tables(path: str, by: str) -> None:
    """Raise W2VError if the file has a table of words or documents, but not the one of --by."""
    from w2v.embeddings.container import nested, table_names
    from w2v.embeddings.formats import contents

    tensors, metadata = contents(path)
    tables = set(table_names(tensors))
    if nested(metadata, "settings").get("word_vectors") is False:  # they were not trained
        tables.discard("words")
    other = "words" if by == "documents" else "documents"
    if by not in tables and other in tables:
        raise W2VError(f"{path} has vectors of {other} but not of {by}: use --by {other}")


def _classifier_report(
    model: str, path: str, settings: GivenSettings, threads: int | None, choice: LabelChoice
) -> ClassificationReport:
    """Evaluate the predictions of a classifier on a file of documents with labels."""
    from w2v.evaluation.classification_report import ClassificationCounts
    from w2v.runs.saved_classifier import open_classifier
    from w2v.system.progress import ProgressLine

    classifier, line = open_classifier(model), ProgressLine(sys.stderr)
    texts = NewTexts((path,), settings, threads, line)
    predicted, documents = predict_labels(classifier, texts, "several")
    true = documents.labels
    labels = classifier.labels
    counts = ClassificationCounts(
        labels, classifier.is_exclusive, predicted.ties, choice.count, choice.threshold,
        predicted.added,
    )  # fmt: skip
    for block in predicted.blocks:
        counts.add(block, true[counts.texts : counts.texts + len(block)])
    if not true:
        raise W2VError(f"{path}: no documents in the file")
    _say_unknown(labels, true, "the model was not trained on")
    return counts.report()


def _say_unknown(labels: Sequence[str], true: Sequence[tuple[str, ...]], why: str) -> None:
    """Report on stderr the texts with labels that cannot be predicted.

    labels  the labels that can be predicted
    true    the true labels of each text
    why     what is true of other labels, for the message
    """
    from w2v.system.progress import plural

    known = set(labels)
    unknown = [names for names in true if not known.issuperset(names)]
    if unknown:
        example = next(name for name in unknown[0] if name not in known)
        texts = plural(len(unknown), "text")
        message = f"{texts} with a label that {why}, such as {example!r}: counted as wrong"
        click.echo(printable(message), err=True)
