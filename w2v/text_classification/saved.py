"""A trained neural bag of words from a file, to predict the labels of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from queue import SimpleQueue
from typing import Any

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.embeddings import container
from w2v.embeddings.subwords import Subwords
from w2v.networks.text_classifier import Prediction, texts_in_block
from w2v.system.ordered_map import ordered_map
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus
from w2v.text_classification.features import Features, TextFeatures, WordNgrams
from w2v.text_classification.labels import LabelTree
from w2v.text_classification.scores import TrainedLayers
from w2v.text_classification.tensor_names import BUCKETS, NGRAMS, TEMPERATURE
from w2v.text_classification.text_stream import TextPart, TextStream, word_rows

_BYTES = 6  # of a text, for each of its features
_MOST_TEXTS = 10**15  # of a label, for `label_tree`


class TrainedTextClassifier:
    """A neural bag of words that `w2v train` has written.

    settings  the settings of the model
    tensors   the arrays of the model's file, by name
    names     the words of the vocabulary
    subwords  their character n-grams; None if there are none
    facts     the metadata `found` of the file
    Raises    KeyError, ValueError or TypeError if arrays are missing or do not fit the settings
    """

    def __init__(
        self,
        settings: ClassifierSettings,
        tensors: Mapping[str, np.ndarray],
        names: Sequence[str],
        subwords: Subwords | None,
        facts: Mapping[str, Any],
    ):
        self.names, self.settings, self.subwords = names, settings, subwords
        self.labels = container.read_names(tensors, "labels")
        dim, size = settings.dim, len(self.labels)
        ngrams, parts = _word_ngrams(settings, tensors, facts), []
        self.features = Features.saved(len(names), subwords, ngrams)
        self.spans_unknown = spans_unknown(settings, facts)
        parts.append(_matrix(tensors, "words.matrix", (len(names), dim)))
        if settings.has_subwords:
            if subwords is None:
                raise KeyError("subwords.vectors")
            if subwords.vectors.shape[0] != len(names) + len(self.features.characters):
                raise ValueError("subwords.vectors")
            parts[0] = subwords.vectors.take(np.arange(subwords.vectors.shape[0]))
        if settings.order > 1:
            parts.append(_matrix(tensors, NGRAMS, (len(ngrams.kept), dim)))
        vectors = parts[0] if len(parts) == 1 else np.concatenate(parts)
        hidden, outputs, biases, tree = read_layers(settings, tensors, size)
        self.label_counts = tensors["labels.counts"]
        self.layers = TrainedLayers(vectors, hidden, outputs, biases, settings.loss, tree)
        self.temperature = read_temperature(tensors)

    @property
    def is_exclusive(self) -> bool:
        """Whether exactly one label applies to a text."""
        return self.settings.is_exclusive

    @cached_property
    def _word_rows(self) -> dict[bytes, int]:
        """The rows of the words. They are kept, because a program may ask for one text a call."""
        return word_rows(self.names)

    def read(
        self, corpus: DocumentCorpus, on_block: Callable[[int], None] = lambda tokens: None
    ) -> TextFeatures:
        """Read all texts of a corpus; returns their features.

        on_block  called after each block with the number of tokens so far
        """
        return self._stream().whole(corpus, on_block)

    def predict(
        self,
        corpus: Corpus,
        threads: int,
        on_block: Callable[[int], None] = lambda tokens: None,
    ) -> Prediction:
        """Predict the labels of texts while they are read; see `TextClassifier`."""
        stream, layers = self._stream(), self.layers
        if corpus.unbuffered:  # several threads would read ahead
            threads = 1
        if corpus.size is not None:
            layers.prepare(corpus.size // _BYTES)
        parts = stream.parts(corpus, texts_in_block(len(self.labels)), on_block)
        scratch: SimpleQueue[np.ndarray] = SimpleQueue()  # arrays that no thread uses now
        for _ in range(threads):
            scratch.put(self.features.scratch())

        def compute(part: TextPart) -> np.ndarray:
            """Compute the probabilities of some texts."""
            latest = scratch.get()
            try:
                scores = layers.scores(*part.gather(latest))
                return layers.probabilities(scores, self.temperature)
            finally:
                scratch.put(latest)

        return Prediction(ordered_map(compute, parts, threads), stream.counts)

    def _stream(self) -> TextStream:
        return TextStream(self.features, self._word_rows, self.subwords, self.spans_unknown)


def spans_unknown(settings: ClassifierSettings, facts: Mapping[str, Any]) -> bool:
    """Whether words without a row have places in word n-grams, as in a pruned model.

    settings  the settings of the model
    facts     the metadata `found` of the file
    Raises    KeyError or ValueError if they are damaged
    """
    found = settings.order > 1 and facts["word_ngrams"].get("spans_unknown", False)
    if not isinstance(found, bool):
        raise ValueError("word_ngrams")
    return found


def mapped_matrix(
    tensors: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]
) -> np.ndarray:
    """An array of the file, whose numbers are not read.

    Raises KeyError or ValueError if it is missing, or its shape or its type is wrong
    """
    array = tensors[name]
    if array.shape != shape or array.dtype != np.float32:
        raise ValueError(name)
    return array


def _matrix(tensors: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array of the file; ValueError if its shape or its type is wrong, or it is not finite."""
    array = mapped_matrix(tensors, name, shape)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinity")
    return array


def read_layers(
    settings: ClassifierSettings, tensors: Mapping[str, np.ndarray], size: int
) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray, np.ndarray, LabelTree | None]:
    """The hidden layers, output vectors, biases and tree of a file; see `TrainedLayers`.

    settings  the settings of the model
    tensors   the arrays of the model's file, by name
    size      K, the number of labels
    Raises    KeyError or ValueError if they do not fit the settings
    """
    counts = tensors["labels.counts"]
    fits = counts.shape == (size,) and counts.dtype == np.int64
    if not fits or (counts < 0).any() or (counts >= _MOST_TEXTS).any():
        raise ValueError("labels.counts")
    inputs, hidden = settings.dim, []
    for number, units in enumerate(settings.hidden_units, 1):
        weights = _matrix(tensors, f"dense{number}.W", (inputs, units))
        hidden.append((weights, _matrix(tensors, f"dense{number}.b", (units,))))
        inputs = units
    outputs = _matrix(tensors, "output_vectors", (size, inputs))
    tree = LabelTree.of(counts) if settings.loss == "hs" else None
    return hidden, outputs, _matrix(tensors, "b_o", (size,)), tree


def read_temperature(tensors: Mapping[str, np.ndarray]) -> float:
    """The divisor of the scores, 1 if the file has none; ValueError if it is damaged."""
    if TEMPERATURE not in tensors:
        return 1.0
    temperature = float(_matrix(tensors, TEMPERATURE, (1,))[0])
    if temperature <= 0:
        raise ValueError(TEMPERATURE)
    return temperature


def _word_ngrams(
    settings: ClassifierSettings, tensors: Mapping[str, np.ndarray], facts: Mapping[str, Any]
) -> WordNgrams:
    """The word n-grams of a file; ValueError if they do not fit the settings."""
    kept, buckets = kept_buckets(settings, tensors, facts)
    return WordNgrams.of(settings.order, buckets, kept)


def kept_buckets(
    settings: ClassifierSettings, tensors: Mapping[str, np.ndarray], facts: Mapping[str, Any]
) -> tuple[np.ndarray, int]:
    """The buckets of word n-grams that have a row, uint32 (P,), and the number of all buckets.

    settings  the settings of the model
    tensors   the arrays of the model's file, by name
    facts     the metadata `found` of the file
    Raises    KeyError or ValueError if they do not fit the settings
    """
    if settings.order == 1:
        return np.empty(0, np.uint32), 1
    kept, buckets = tensors[BUCKETS], bucket_count(facts["word_ngrams"])
    if kept.dtype != np.uint32 or kept.ndim != 1 or not (kept[1:] > kept[:-1]).all():
        raise ValueError(BUCKETS)
    if len(kept) and int(kept[-1]) >= buckets:
        raise ValueError(BUCKETS)
    return kept, buckets


def bucket_count(facts: Mapping[str, Any]) -> int:
    """The number of buckets in the metadata of n-grams; ValueError if it is damaged."""
    buckets = facts["buckets"]
    is_whole = isinstance(buckets, int) and not isinstance(buckets, bool)
    if not is_whole or not 1 <= buckets <= 1 << 32:
        raise ValueError("buckets")
    found: int = buckets
    return found
