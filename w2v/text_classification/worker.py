"""Training the texts of a chunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.kernels.label_losses import Labels
from w2v.kernels.layer_rows import Layers
from w2v.kernels.nbow import Scratch, train_texts
from w2v.kernels.random import random_state
from w2v.kernels.simd import aligned
from w2v.text_classification.features import TextFeatures
from w2v.text_classification.labels import LabelNumbers
from w2v.training.chunks import Chunk

Matrices = Mapping[str, np.ndarray]


def layers_of(matrices: Matrices) -> Layers:
    """The layers among the matrices of a trainer, by name."""
    return Layers(matrices["layer_weights"], matrices["layer_biases"], matrices["layer_squares"])


class TextWorker:
    """Gathers the features of the texts of a chunk, and trains them.

    features  the features of all texts
    labels    the labels of all texts
    loss      what the loss needs, see `labels.with_loss`; its labels are not used
    settings  the settings of the model
    lr_at     function that returns the learning rate at a share of the run, 0 to 1
    firsts    int64 (L + 2,), the first row of each layer, see `kernels.nbow`
    widths    int64 (L + 1,), the number of inputs of each layer
    """

    def __init__(
        self,
        features: TextFeatures,
        labels: LabelNumbers,
        loss: Labels,
        settings: ClassifierSettings,
        lr_at: Callable[[float], float],
        firsts: np.ndarray,
        widths: np.ndarray,
    ):
        self._features, self._labels, self._loss, self._settings = features, labels, loss, settings
        self._lr_at, self._firsts, self._widths = lr_at, firsts, widths
        self._dropout = np.uint64(round(settings.dropout * (1 << 32)))
        self._latest = features.features.scratch()
        self._copies: tuple[Layers, Layers] | None = None
        self._scratch: Scratch | None = None

    def gather(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        """The features of the texts of a chunk, see `TextFeatures.gather`."""
        return self._features.gather(chunk.spans, self._latest)

    def train(
        self,
        chunk: Chunk,
        rows: np.ndarray,
        bounds: np.ndarray,
        matrices: Matrices,
        frozen: np.ndarray,
    ) -> tuple[float, int]:
        """Train the texts of a chunk.

        rows      int32 (N,), their features: rows of `input_vectors`
        bounds    int64 (S + 1,), the bounds of each text
        matrices  the trained matrices, by name; changed in place
        frozen    bool (F,), the first rows, which do not change where it is True
        Returns   the sum of the losses in nats, and the number of texts
        """
        layers = layers_of(matrices)
        if self._copies is None:
            self._copies = _like(layers), _like(layers)
        ids, label_bounds = self._labels.of_texts(chunk.spans)
        labels = self._loss._replace(ids=ids, bounds=label_bounds)
        lr_at, texts = self._lr_at, max(len(chunk.spans), 1)
        lr = lr_at(chunk.begin)
        return train_texts(
            rows, bounds, labels, layers, *self._copies, self._firsts, self._widths,
            matrices["input_vectors"], matrices["input_squares"], frozen, self._dropout, lr,
            (lr - lr_at(chunk.end)) / texts, self._settings.optimizer == "adagrad",
            self._scratch_for(chunk, int(np.diff(bounds).max(initial=0)), layers),
        )  # fmt: skip

    def _scratch_for(self, chunk: Chunk, longest: int, layers: Layers) -> Scratch:
        """The scratch memory, with the random state of a chunk whose longest text is given."""
        state = random_state(self._settings.seed, chunk.epoch, chunk.first)
        if self._scratch is None:
            shape = len(self._widths), layers.weights.shape[1]
            labels = int(self._firsts[-1] - self._firsts[-2])
            self._scratch = Scratch(
                np.empty(0, np.int32), aligned(shape), aligned(shape), aligned((labels,)), state
            )
        if self._scratch.kept.size < longest:
            self._scratch = self._scratch._replace(kept=np.empty(longest, np.int32))
        return self._scratch._replace(state=state)


def _like(layers: Layers) -> Layers:
    return Layers(*(aligned(array.shape) for array in layers))
