"""The arrays of a small classifier, which `w2v convert` writes: all features in one matrix.

features.vectors        float32, float16 or int8 (R, D): the rows of V words, of G character
                        n-grams and of P word n-grams
features.scales         float32 (R,), of int8: the scale of each row; see `int8_rows`
features.column_scales  float32 (D,), of int8 with few dimensions: the scale of each column, because
                        a scale for each row would take more bytes than its numbers
vocabulary.names        the names of the words, with their offsets as uint32
subwords.buckets        uint32 (G,), see `subword_tensors`
word_ngrams.buckets     uint32 (P,)

All else is as in the file of `w2v train`. The file has no table of word vectors: its norms, order,
counts and offsets would take more bytes than the features.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.embeddings import container, subword_tensors
from w2v.embeddings.int8_rows import are_scales, dequantize, quantize
from w2v.text_classification.collapse import collapsed
from w2v.text_classification.saved import TrainedTextClassifier
from w2v.text_classification.scores import TrainedLayers
from w2v.text_classification.trainer import BUCKETS, NGRAMS, TEMPERATURE

VECTORS, SCALES, COLUMN_SCALES = "features.vectors", "features.scales", "features.column_scales"
_FEW = 8  # dimensions; with fewer, int8 has a scale for each column
_LARGEST_HALF = float(np.finfo(np.float16).max)


def packed(trained: TrainedTextClassifier, dtype: str) -> dict[str, np.ndarray]:
    """The arrays of a small file, whose layers are collapsed.

    trained  the classifier
    dtype    the type of the features: f32, f16 or i8
    """
    features, layers = trained.features, collapsed(trained.layers)
    tensors = {"output_vectors": layers.outputs, "b_o": layers.biases}
    for number, (weights, biases) in enumerate(layers.hidden, 1):
        tensors |= {f"dense{number}.W": weights, f"dense{number}.b": biases}
    tensors |= _stored(layers, dtype)
    names = container.name_tensors("vocabulary", trained.names, np.zeros(len(trained.names)))
    tensors["vocabulary.names"] = names["vocabulary.names"]
    tensors["vocabulary.offsets"] = names["vocabulary.offsets"].astype(np.uint32)
    if trained.subwords is not None:
        tensors[subword_tensors.BUCKETS] = features.characters
    if features.ngrams.order > 1:
        tensors[BUCKETS] = features.ngrams.kept
    if trained.temperature != 1:
        tensors[TEMPERATURE] = np.array([trained.temperature], np.float32)
    return tensors | container.name_tensors("labels", trained.labels, trained.label_counts)


def _stored(layers: TrainedLayers, dtype: str) -> dict[str, np.ndarray]:
    """The vectors of the features in a type; float16 clips numbers that it cannot hold."""
    vectors = layers.vectors
    if dtype == "f32":
        return {VECTORS: vectors}
    if dtype == "f16":
        return {VECTORS: np.clip(vectors, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)}
    if vectors.shape[1] < _FEW:
        integers, scales = quantize(np.ascontiguousarray(vectors.T))
        return {VECTORS: np.ascontiguousarray(integers.T), COLUMN_SCALES: scales}
    integers, scales = quantize(vectors)
    return {VECTORS: integers, SCALES: scales}


def is_small(tensors: Mapping[str, np.ndarray]) -> bool:
    """Whether arrays are those of a small classifier."""
    return VECTORS in tensors


def unpacked(tensors: Mapping[str, np.ndarray], words: int) -> dict[str, np.ndarray]:
    """The arrays as `w2v train` writes them, with the features in float32.

    tensors  the arrays of a small file
    words    V, the number of words
    Raises   KeyError or ValueError if arrays are missing or damaged
    """
    vectors = _floats(tensors)
    characters = len(tensors.get(subword_tensors.BUCKETS, ()))
    ngrams = len(tensors.get(BUCKETS, ()))
    if len(vectors) != words + characters + ngrams:
        raise ValueError(VECTORS)
    first = words + characters
    found = {**tensors, "words.matrix": vectors[:words], NGRAMS: vectors[first:]}
    if subword_tensors.BUCKETS in tensors:
        found[subword_tensors.VECTORS] = vectors[:first]
    return found


def _floats(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """The vectors of the features as float32 (R, D)."""
    vectors = tensors[VECTORS]
    if vectors.ndim != 2 or vectors.dtype not in (np.float32, np.float16, np.int8):  # noqa: PLR2004
        raise ValueError(VECTORS)
    if vectors.dtype != np.int8:
        return vectors.astype(np.float32)
    is_by_row = SCALES in tensors
    name = SCALES if is_by_row else COLUMN_SCALES
    scales = tensors[name]
    if scales.dtype != np.float32 or scales.shape != (vectors.shape[0 if is_by_row else 1],):
        raise ValueError(name)
    if not are_scales(scales).all():
        raise ValueError(name)
    if is_by_row:
        return dequantize(vectors, scales)
    return np.ascontiguousarray(dequantize(vectors.T, scales).T)
