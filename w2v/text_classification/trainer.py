"""The trainer of neural bags of words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings import subword_tensors
from w2v.embeddings.container import name_tensors
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.kernels.simd import aligned
from w2v.system.progress import plural
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.labels import check_words_of_labels
from w2v.text.vocabulary import Vocabulary
from w2v.text_classification.calibration import Calibration
from w2v.text_classification.feature_rates import count_bytes, feature_rates
from w2v.text_classification.features import Features
from w2v.text_classification.held_out import ACCURACY, F1_OF, MACRO_F1, HeldOutTexts
from w2v.text_classification.labels import (
    LabelNumbers,
    LabelTree,
    importance,
    sampling_shifts,
    with_loss,
)
from w2v.text_classification.rounds import TextCopies, copy_bytes
from w2v.text_classification.scores import TrainedLayers
from w2v.text_classification.tensor_names import BUCKETS, NGRAMS, TEMPERATURE
from w2v.text_classification.training_start import TrainingStart
from w2v.text_classification.worker import TextWorker
from w2v.training.chunks import CHUNK, Chunk, Plan, WholeDocumentPlan

_ROWS = 1 << 12  # rows that are initialised at a time


class TextTrainer:
    """The trainer of a neural bag of words.

    vocabulary  V words and their counts
    text        the encoded texts with their labels
    settings    the settings of the model
    start       a trained classifier, which `begin` starts from; None: begin with random vectors
    Raises      NothingToLearnError if there are fewer than two labels; W2VError if labels are among
                the words, or if there are weights of other labels

    `matrices` holds `input_vectors` float32 (R + 1, D), the vectors of the R features, padded with
    zeros for the kernels; `input_squares` float32 (R + 1, 2); and the layers, see
    `kernels.layer_rows`: `layer_weights` float32 (H + K, W), `layer_biases` float32 (H + K,) and
    `layer_squares` float32 (H + K, 2), for H hidden units and K labels.

    The vectors of features are initialised uniformly in ±1 / dim as in fastText, those of hidden
    units by He et al. 2015, and those of labels with zeros.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: EncodedDocuments,
        settings: ClassifierSettings,
        start: TrainingStart | None = None,
    ):
        self.vocabulary, self.text, self.settings, self._start = vocabulary, text, settings, start
        if start:
            self.labels = LabelNumbers.numbered(text, start.labels)
            self._text_features = start.features
            self.label_counts = start.label_counts
        else:
            check_words_of_labels(vocabulary.names)
            self.labels = LabelNumbers.found_in(text)
            self.label_counts = self.labels.counts
            features = Features.found_in(vocabulary.names, text, settings)
            self._text_features = features.of_texts(text)
        self.features = self._text_features.features
        self._importance = importance(self.labels, settings)
        self._shifts = sampling_shifts(self.labels, self._importance, self.label_counts, settings)
        units = settings.hidden_units
        self.widths = np.array([settings.dim, *units], np.int64)
        sizes = [0, *units, len(self.labels.names)]
        self.firsts = np.cumsum(sizes, dtype=np.int64)
        self.kernels = (
            "nbow", "label_ratios", "text_features", "word_ngrams",
            *(["row_merge"] * settings.deterministic), *(["ngrams"] * settings.has_subwords),
        )  # fmt: skip
        self.frozen = np.zeros(0, np.bool_)
        self.matrices: dict[str, np.ndarray] = {}
        self._plan: Plan
        self._held_out: HeldOutTexts | None = None
        self._note = ""

    @property
    def ngrams(self) -> int:
        """The number of character n-grams, or of their buckets, that have vectors."""
        return len(self.features.characters)

    @property
    def word_ngrams(self) -> int:
        """The number of buckets of word n-grams that have vectors."""
        return len(self.features.ngrams.kept)

    def plan(self, threads: int) -> Plan:
        """The chunks of a run, for lock-free threads or for the rounds of --deterministic."""
        settings = self.settings
        chunk_words, shards = CHUNK, 1
        if settings.deterministic:
            chunk_words, shards = settings.round_words, settings.shards
        self._plan = WholeDocumentPlan(
            self.text, settings.epochs, settings.seed, chunk_words, shards
        )
        return self._plan

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each matrix."""
        rows, units = self.features.count + 1, int(self.firsts[-1])
        width = -(-int(self.widths.max()) // 16) * 16
        return {
            "input_vectors": (rows, self.settings.padded_dim),
            "input_squares": (rows, 2),
            "layer_weights": (units, width),
            "layer_biases": (units,),
            "layer_squares": (units, 2),
        }

    def matrix_bytes(self) -> int:
        """Bytes of the matrices."""
        return 4 * sum(int(np.prod(shape)) for shape in self._shapes().values())

    def memory_bytes(self, threads: int) -> int:
        """Bytes that training needs, with those of the features and of the held-out scores.

        threads  number of threads, each of which copies the layers
        """
        shapes, settings = self._shapes(), self.settings
        words = 4 * len(self.vocabulary.names) * settings.dim * settings.has_subwords
        layers = 8 * threads * int(np.prod(shapes["layer_weights"]))
        if settings.feature_rates == "ratio":  # the counts are gone before the layers are copied
            layers = max(layers, count_bytes(self.features.count, len(self.labels.names)))
        needed = self.matrix_bytes() + words + layers + self._text_features.bytes
        if self._held_out:
            needed += self._held_out.bytes
        if settings.deterministic:
            needed += copy_bytes(self._text_features, self._plan, shapes)
        return needed

    def best_bytes(self, threads: int) -> int:
        """Bytes of the copy of the matrices with the lowest validation loss.

        threads  not used
        """
        return self.matrix_bytes()

    def begin(self, shards: int) -> None:
        """Allocate and initialise the matrices.

        shards  number of chunks in a round; not used
        """
        self.matrices = {name: aligned(shape) for name, shape in self._shapes().items()}
        rng, vectors = np.random.default_rng(self.settings.seed), self.vectors("input_vectors")
        limit = 1 / self.settings.dim
        for first in range(0, len(vectors), _ROWS):
            block = vectors[first : first + _ROWS]
            block[:] = rng.uniform(-limit, limit, block.shape)
        self._text_features.keep_gathered()
        factors = self.matrices["input_squares"][:-1, 1]
        factors[:] = 1
        if self.settings.feature_rates == "ratio":
            factors[:] = feature_rates(self._text_features, self.labels)
        for level, width in enumerate(self.widths[:-1]):
            rows = slice(self.firsts[level], self.firsts[level + 1])
            weights = self.matrices["layer_weights"][rows, :width]
            weights[:] = rng.normal(0, np.sqrt(2 / width), weights.shape)
        if self._start:
            self._set(self._start.layers)

    def _set(self, layers: TrainedLayers) -> None:
        """Set the parameters to those of other layers of the same shapes."""
        own = self.trained()
        own.vectors[:], own.outputs[:] = layers.vectors, layers.outputs
        self._output_biases()[:] = layers.biases - self._shifts
        for (weights, biases), (given_weights, given_biases) in zip(
            own.hidden, layers.hidden, strict=True
        ):
            weights[:], biases[:] = given_weights, given_biases

    def restored(self) -> None:
        """Do nothing: nothing that is derived from the matrices is kept."""

    def vectors(self, name: str) -> np.ndarray:
        """A matrix; `input_vectors` without padding, as a view, float32 (R, dim)."""
        matrix = self.matrices[name]
        return matrix[:-1, : self.settings.dim] if name == "input_vectors" else matrix

    def lr_at(self, share: float) -> float:
        """The learning rate after a share (0 to 1) of the run."""
        return self.settings.rate_for(len(self.labels.names)) * (1 - share)

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """No note: the loss is shown alone."""
        return ""

    def _make_worker(self) -> TextWorker:
        labels = self.labels
        loss = with_loss(
            labels.ids, labels.bounds, self._importance, self.label_counts, self.settings
        )
        return TextWorker(
            self._text_features, labels, loss, self.settings, self.lr_at, self.firsts, self.widths
        )

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """Make a function that trains a chunk; see `HasWorkers`."""
        worker = self._make_worker()

        def train(chunk: Chunk) -> tuple[float, int]:
            rows, bounds = worker.gather(chunk)
            return worker.train(chunk, rows, bounds, self.matrices, self.frozen)

        return train

    def shards(self, plan: Plan) -> TextCopies:
        """The row copies of the rounds of a plan."""
        return TextCopies(self.matrices, self.frozen, plan, self._text_features, self._make_worker)

    def freeze(self, rows: np.ndarray) -> None:
        """Exclude the vectors of the words that are marked in `rows`, bool (V,), from training."""
        self.frozen = rows

    def set_ngrams(self, subwords: Subwords) -> None:
        """Set the vectors of the character n-grams that the vocabulary has too.

        Nothing is set if the n-grams have other lengths or other buckets.
        """
        if self.settings.has_ngrams_of(subwords):
            rows = subwords.rows_of(self.features.characters.astype(np.int64))
            numbers = self.features.words + np.flatnonzero(rows >= 0)
            self.vectors("input_vectors")[numbers] = subwords.vectors.take(rows[rows >= 0])

    def set_words(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Set the vectors of words, float32 (K, dim), which are marked in `rows`, bool (V,)."""
        self.vectors("input_vectors")[: rows.size][rows] = vectors

    # Validation.

    def check_held_out(self, text: EncodedText) -> None:
        """Raise W2VError if a held-out text has a label that no training text has."""
        assert isinstance(text, EncodedDocuments)
        labels = LabelNumbers.numbered(text, self.labels.names)
        features = self.features.of_texts(text)
        self._held_out = HeldOutTexts(features, labels, self.settings.is_exclusive)

    def loss(self, text: EncodedText) -> float:
        """The mean loss of the held-out texts with the best temperature, in nats; NaN for none.

        Later epochs make the scores larger. Without a temperature, the loss would choose an epoch
        whose scores are not yet too large rather than the one that separates the labels best.
        """
        found = self._calibrate()
        name = "accuracy" if self.settings.is_exclusive else "precision"
        self._note = "" if math.isnan(found.accuracy) else f"{name} {found.accuracy:.2%}"
        return found.loss

    def score_name(self, metric: str) -> str:
        """The name of `held_out_score`, for messages."""
        if metric == ACCURACY:
            return ACCURACY if self.settings.is_exclusive else "micro F1"
        return "macro F1" if metric == MACRO_F1 else f"F1 of {metric.removeprefix(F1_OF)!r}"

    def check_metric(self, metric: str) -> None:
        """Raise W2VError if there is no score of this name."""
        assert self._held_out
        self._held_out.check_metric(metric)

    def held_out_score(self, metric: str) -> float:
        """The score of the held-out texts, see `HeldOutTexts.score`."""
        assert self._held_out
        return self._held_out.score(self.trained(), metric)

    def on_validation(self, losses: list[float]) -> None:
        """Do nothing: the learning rate does not depend on the validation loss."""

    def validation_note(self) -> str:
        """The share of the held-out texts whose most probable label is right."""
        return self._note

    # The result.

    def trained(self) -> TrainedLayers:
        """The parameters, as views, but for the biases of the labels."""
        weights, biases = self.matrices["layer_weights"], self.matrices["layer_biases"]
        parts = [
            (weights[first:last, :width], biases[first:last])
            for first, last, width in zip(
                self.firsts[:-1], self.firsts[1:], self.widths, strict=True
            )
        ]
        hidden = [(rows.T, bias) for rows, bias in parts[:-1]]
        tree = LabelTree.of(self.label_counts) if self.settings.loss == "hs" else None
        vectors, outputs = self.vectors("input_vectors"), parts[-1][0]
        shifted = self._output_biases() + self._shifts
        return TrainedLayers(vectors, hidden, outputs, shifted, self.settings.loss, tree)

    def _output_biases(self) -> np.ndarray:
        """The biases of the labels as they are trained, without `sampling_shifts`: a view."""
        return self.matrices["layer_biases"][self.firsts[-2] :]

    def tables(self) -> dict[str, Table]:
        """The table of word vectors; with subwords, each is the mean of the word's rows."""
        names, counts, vectors = self.vocabulary.names, self.vocabulary.counts, self._words()
        return {"words": replace(Table.build(names, vectors, counts), subwords=self._subwords())}

    def _words(self) -> np.ndarray:
        vectors, features = self.vectors("input_vectors"), self.features
        if not self.settings.has_subwords:
            return vectors[: features.words]
        means = np.empty((features.words, self.settings.dim), np.float32)
        DenseMatrix(np.ascontiguousarray(vectors[: features.first_ngram])).means(
            features.type_rows.astype(np.int64), features.type_starts, means
        )
        return means

    def _subwords(self) -> Subwords | None:
        """The rows of words and character n-grams; None without character n-grams."""
        if not self.settings.has_subwords:
            return None
        return Subwords(
            DenseMatrix(self.vectors("input_vectors")[: self.features.first_ngram]),
            self.features.words, *self.settings.ngram_lengths, self.settings.bucket_count,
            self.features.characters,
        )  # fmt: skip

    def tensors(self) -> dict[str, np.ndarray]:
        """The other arrays of the model file: n-grams, layers and labels."""
        layers, features = self.trained(), self.features
        tensors = {"output_vectors": layers.outputs, "b_o": layers.biases}
        for number, (weights, biases) in enumerate(layers.hidden, 1):
            tensors |= {f"dense{number}.W": weights, f"dense{number}.b": biases}
        vectors = self.vectors("input_vectors")
        if self.settings.has_subwords:
            rows = np.arange(features.words, features.first_ngram, dtype=np.int32)
            tensors |= subword_tensors.named(
                vectors[: features.first_ngram], features.characters, rows
            )
        if self.settings.order > 1:
            tensors |= {NGRAMS: vectors[features.first_ngram :], BUCKETS: features.ngrams.kept}
        if self._held_out:
            tensors[TEMPERATURE] = np.array([self._calibrate().temperature], np.float32)
        return tensors | name_tensors("labels", self.labels.names, self.label_counts)

    def _calibrate(self) -> Calibration:
        """The calibration of the parameters as they are now, which may be those of any epoch."""
        assert self._held_out
        return self._held_out.calibrated(self.trained())

    def facts(self) -> dict[str, Any]:
        """The metadata of the result: the buckets of word n-grams."""
        return {"word_ngrams": {"buckets": self.features.ngrams.buckets}}

    def summary(self) -> str:
        """The number of features, and the calibration if there is a held-out text, in one line."""
        features = self.features
        parts = [plural(features.words, "word")]
        if self.settings.has_subwords:
            parts.append(plural(self.ngrams, "character n-gram"))
        if self.settings.order > 1:
            parts.append(plural(self.word_ngrams, "word n-gram"))
        summary = f"features: {', '.join(parts)}; {plural(len(self.labels.names), 'label')}"
        if not self._held_out:
            return summary
        temperature = self._calibrate().temperature
        before, after = self._held_out.errors(self.trained(), temperature)
        return (
            f"{summary}; calibration: temperature {temperature:.2f}; expected calibration error "
            f"{before:.3f} before, {after:.3f} after"
        )
