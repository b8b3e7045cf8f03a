"""Small classifiers: a trained neural bag of words with fewer features and smaller numbers."""

from __future__ import annotations

import copy
import json
import math
import os
import shlex
from dataclasses import asdict, dataclass, replace
from typing import Any

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.kernels.cache import is_cold
from w2v.runs.saved_classifier import SavedTextClassifier
from w2v.runs.text_messages import (
    Console,
    note_of_blank_rows,
    say_compiling,
    say_documents,
    say_text_changes,
    show_reading,
)
from w2v.setting_fields import option_name
from w2v.settings import DocumentSettings
from w2v.system.pipes import name_of, open_seekable
from w2v.system.progress import plural
from w2v.system.resources import processors
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import open_corpus
from w2v.text.labels import Labels
from w2v.text_classification import retraining, small_file, small_vectors
from w2v.text_classification.features import TextFeatures
from w2v.text_classification.labels import read_weights
from w2v.text_classification.pruning import most_important, pruned, score_norms, squared_shares
from w2v.text_classification.saved import TrainedTextClassifier

_EPOCHS, _DROPOUT = 5, 0.5  # of --retrain
# The learning rate of --retrain, relative to that of the model. On held-out texts, 1 is better with
# 20 labels (20 newsgroups), and 0.3 with two (IMDB, SST-2), where retraining may overfit.
_RATE = 0.5


@dataclass(frozen=True)
class Shrinking:
    """How a classifier becomes smaller.

    dtype          the type of the vectors of features: f32, f16, i8 or i4; None: that of the file
    prune          number of features to keep; None: all
    retrain        a file of labelled texts to train further on; None: no training
    epochs         number of passes over these texts; None: the default
    lr             the initial learning rate; None: half of that of the model
    dropout        share (0 to 0.99) of the features of a text that are left out at random; None:
                   the default
    weights        a file of the weights of labels, as for training; None: none
    seed           random seed; None: that of the model
    deterministic  whether to train in synchronous rounds; a model that was trained so always is
    threads        number of worker threads; None: as many as available processors
    """

    dtype: str | None = None
    prune: int | None = None
    retrain: str | None = None
    epochs: int | None = None
    lr: float | None = None
    dropout: float | None = None
    weights: str | None = None
    seed: int | None = None
    deterministic: bool = False
    threads: int | None = None

    def training(self, settings: ClassifierSettings, labels: int) -> ClassifierSettings:
        """The settings of --retrain.

        settings  the settings of the model
        labels    the number of its labels
        Raises    W2VError if labels had weights in training, and now have none or others too
        """
        if settings.weights and not self.weights:
            raise W2VError(
                "the model was trained with --weights, and does not keep them: add --weights FILE"
            )
        if settings.balance and self.weights:
            raise W2VError("the model was trained with --balance: leave out --weights")
        return replace(
            settings,
            epochs=_EPOCHS if self.epochs is None else self.epochs,
            lr=_RATE * settings.rate_for(labels) if self.lr is None else self.lr,
            dropout=_DROPOUT if self.dropout is None else self.dropout,
            weights=self.weights,
            seed=settings.seed if self.seed is None else self.seed,
            deterministic=settings.deterministic or self.deterministic,
        )


def write(path: str, target: str, shrinking: Shrinking, console: Console) -> str:
    """Write a small classifier; returns what was done, in one line.

    path       the file of a neural bag of words
    target     the container to write
    shrinking  how it becomes smaller
    console    prints messages and progress
    Raises     W2VError if the file holds no classifier, or if the texts of --retrain have no
               features or other labels; DivergedError if training diverges
    """
    classifier = SavedTextClassifier(path)
    trained, total = classifier.trained, classifier.trained.features.count
    count = total if shrinking.prune is None else min(shrinking.prune, total)
    if shrinking.prune is not None and count == total:
        console.say(f"{name_of(path)} has {plural(total, 'feature')}: nothing to prune")
    facts: dict[str, Any] = {}
    if shrinking.retrain is not None:
        trained, facts = _retrained(classifier, count, shrinking, console)
    elif count < total:
        trained = pruned(trained, most_important(score_norms(trained.layers), count))
    tensors = small_file.packed(trained, shrinking.dtype or _dtype(classifier))
    container.write(target, tensors, _metadata(classifier, trained, tensors, facts))
    dim = small_file.dimensions(tensors)
    of = f" of {total:,}" if count < total else ""
    return (
        f"{count:,}{of} features of {plural(dim, 'number')}; "
        f"{_size(path):,} bytes before, {_size(target):,} after"
    )


def _retrained(
    classifier: SavedTextClassifier, count: int, shrinking: Shrinking, console: Console
) -> tuple[TrainedTextClassifier, dict[str, Any]]:
    """Prune a classifier to `count` features, and train it further.

    Returns  the classifier, and the metadata of the training
    """
    if is_cold(*retraining.KERNELS):
        say_compiling(console)
    trained, total = classifier.trained, classifier.trained.features.count
    settings = shrinking.training(trained.settings, len(trained.labels))
    reader = copy.copy(trained)
    if count < total:
        reader.spans_unknown = settings.order > 1
    features, digest = _read(classifier, reader, str(shrinking.retrain), console)
    if count < total:
        values = score_norms(trained.layers) * squared_shares(features) ** 0.5
        rows = most_important(values, count)
        trained = pruned(trained, rows)
        features = features.features.keeping(rows).of_texts(features.text)
    facts: dict[str, Any] = {"sha256": digest, "texts": len(features.sizes)}
    if settings.epochs:
        threads = shrinking.threads or processors()
        trained, losses = retraining.retrained(trained, features, settings, threads, console.show)
        facts["losses"] = [loss if math.isfinite(loss) else None for loss in losses]
        for name in ("lr", "dropout", "seed", "deterministic"):
            facts[name] = getattr(settings, name)
        if settings.weights:
            facts["weights"] = read_weights(settings.weights)
        console.say(
            f"retrained on {plural(len(features.sizes), 'text')}, "
            f"{plural(settings.epochs, 'epoch')}: loss {losses[0]:.4f} at first, "
            f"{losses[-1]:.4f} at last"
        )
    return trained, facts | {"epochs": settings.epochs}


def _read(
    classifier: SavedTextClassifier, reader: TrainedTextClassifier, path: str, console: Console
) -> tuple[TextFeatures, str]:
    """Read the labelled texts of a file as the training texts were read.

    Returns  their features, and the SHA-256 of the texts
    """
    labels: Labels = "needed" if reader.is_exclusive else "several"
    documents = DocumentSettings(**classifier.document_settings(files=1))
    try:
        corpus = open_corpus([path], classifier.text_settings, documents, labels)
        assert isinstance(corpus, DocumentCorpus)
        features = reader.read(corpus, show_reading(console, corpus))
    except W2VError as error:
        raise W2VError(f"{error}{_said_of_options(str(error), documents)}") from None
    say_text_changes(console, corpus)
    say_documents(console, corpus, features.text)
    blank = note_of_blank_rows(corpus)
    own = set(reader.labels)
    for row, names in enumerate(features.text.labels, 1):
        for name in names:
            if name not in own:
                raise W2VError(
                    f"{name_of(path)}: text {row:,}{blank} has the label {name!r}, which "
                    f"{classifier.name} does not have: correct it, or remove the text"
                )
    if not features.sizes.sum():
        raise W2VError(
            f"{name_of(path)}: no text has a feature of {classifier.name}: give texts like those "
            "that it was trained on"
        )
    return features, corpus.fingerprint


def _said_of_options(error: str, documents: DocumentSettings) -> str:
    """What to add to an error that advises options of reading, which w2v convert does not have.

    documents  the settings of reading
    """
    if " --" not in error:
        return ""
    default = asdict(DocumentSettings())
    given = [
        option_name(name) if value is True else f"{option_name(name)} {shlex.quote(value)}"
        for name, value in asdict(documents).items()
        if value != default[name]
    ]
    options = f", with {' '.join(given)}" if given else ""
    return f" (--retrain reads texts as those of training were read{options}: give such a file)"


def _dtype(classifier: SavedTextClassifier) -> str:
    """The type of the features in the file of a classifier."""
    found = classifier.tensors.get(small_file.VECTORS)
    return "f32" if found is None else small_vectors.DTYPES[found.dtype.name]


def _metadata(
    classifier: SavedTextClassifier,
    trained: TrainedTextClassifier,
    tensors: dict[str, Any],
    facts: dict[str, Any],
) -> dict[str, str]:
    """The metadata of the small file.

    facts  those of --retrain
    """
    settings = container.nested(classifier.metadata, "settings")
    settings["dim"] = small_file.dimensions(tensors)
    found = container.nested(classifier.metadata, "found")
    if trained.spans_unknown:
        found["word_ngrams"] = {**found["word_ngrams"], "spans_unknown": True}
    nested = {"settings": settings, "found": found}
    if trained.features.count < classifier.trained.features.count:
        nested["pruned"] = {"features": trained.features.count}
    if facts:
        nested["retrained"] = facts
    changed = {name: json.dumps(value, sort_keys=True) for name, value in nested.items()}
    return {**classifier.metadata, **changed}


def _size(path: str) -> int:
    """The size of a file in bytes."""
    with open_seekable(path) as file:
        return os.fstat(file.fileno()).st_size
