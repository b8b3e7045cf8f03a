"""Classifiers of texts read from files: neural bags of words, networks, and those of fastText."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings import subword_tensors
from w2v.embeddings.formats import fasttext_model
from w2v.embeddings.mapped_files import check_whole
from w2v.models import models
from w2v.networks.text_classifier import Prediction, TextClassifier
from w2v.runs.model_file import kind_of_model, read_model
from w2v.runs.saved_model import SavedModel, SavedNetwork
from w2v.text.corpus import Corpus


class SavedTextClassifier(SavedModel):
    """A neural bag of words, which predicts labels; implements `TextClassifier`.

    path    a container
    Raises  W2VError where the file holds no such model, or is damaged
    """

    length = None

    def __init__(self, path: str):
        super().__init__(path, lambda model: model.is_labelled, "labels")
        from w2v.text_classification import small_file
        from w2v.text_classification.saved import TrainedTextClassifier

        assert isinstance(self.options, ClassifierSettings)
        size = len(self.names), self.options.dim
        if small_file.is_small(self.tensors):
            with self._damage_as_error():
                self.tensors = small_file.unpacked(self.tensors, self.metadata, *size)
        subwords = subword_tensors.read(path, self.tensors, self.metadata, *size)
        with self._damage_as_error():
            self.trained = TrainedTextClassifier(
                self.options, self.tensors, self.names, subwords, self._facts
            )

    @property
    def is_exclusive(self) -> bool:
        """Whether exactly one label applies to a text; see `TextClassifier`."""
        return self.trained.is_exclusive

    @property
    def labels(self) -> Sequence[str]:
        """The labels that the classifier was trained on."""
        return self.trained.labels

    def predict(
        self,
        corpus: Corpus,
        threads: int,
        on_block: Callable[[int], None] = lambda tokens: None,
    ) -> Prediction:
        """Read texts and predict their labels; see `TextClassifier`."""
        check_whole(self.tensors.values())
        predicted = self.trained.predict(corpus, threads, on_block)
        return predicted._replace(blocks=self.finite(predicted.blocks))


def open_classifier(path: str) -> TextClassifier:
    """Open a classifier of texts: a network of `w2v train --task classify`, or one of fastText.

    Raises  W2VError where the file holds no classifier, or is damaged
    """
    if kind_of_model(path) != fasttext_model.KIND:
        model = models().get(read_model(path)[1].get("model", ""))
        if model and model.is_labelled:
            return SavedTextClassifier(path)
        return SavedNetwork(path, "classify")
    from w2v.networks.fasttext_classifier import FastTextClassifier

    return FastTextClassifier.read(path)
