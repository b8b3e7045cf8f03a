"""The arrays of a small classifier, which `w2v convert` writes: all features in one matrix.

features.*             the vectors of the features, see `small_vectors`: the rows of V words, of G
                       character n-grams and of P word n-grams
vocabulary.names       the names of the words, UTF-8
vocabulary.lengths     uint8, uint16 or uint32 (V,), the bytes of each
subwords.buckets.*     the buckets of the character n-grams, see `bucket_codes`
word_ngrams.buckets.*  those of the word n-grams

All else is as in the file of `w2v train`. The file has no table of word vectors: its norms, order,
counts and offsets would take more bytes than the features.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.embeddings import container, subword_tensors
from w2v.text_classification import bucket_codes, small_vectors
from w2v.text_classification.collapse import collapsed
from w2v.text_classification.saved import TrainedTextClassifier, bucket_count
from w2v.text_classification.tensor_names import BUCKETS, NGRAMS, TEMPERATURE

VECTORS = small_vectors.VECTORS
_LENGTHS = (np.uint8, np.uint16, np.uint32)


def packed(trained: TrainedTextClassifier, dtype: str) -> dict[str, np.ndarray]:
    """The arrays of a small file, whose layers are collapsed.

    trained  the classifier
    dtype    the type of the features: f32, f16, i8 or i4
    """
    features, layers = trained.features, collapsed(trained.layers)
    tensors = {"output_vectors": layers.outputs, "b_o": layers.biases}
    for number, (weights, biases) in enumerate(layers.hidden, 1):
        tensors |= {f"dense{number}.W": weights, f"dense{number}.b": biases}
    tensors |= small_vectors.pack(layers.vectors, dtype)
    names = [name.encode("utf-8", "surrogateescape") for name in trained.names]
    tensors["vocabulary.names"] = np.frombuffer(b"".join(names), np.uint8)
    tensors["vocabulary.lengths"] = _shortest([len(name) for name in names])
    if trained.subwords is not None:
        tensors |= _coded(subword_tensors.BUCKETS, features.characters, trained.subwords.buckets)
    if features.ngrams.order > 1:
        tensors |= _coded(BUCKETS, features.ngrams.kept, features.ngrams.buckets)
    if trained.temperature != 1:
        tensors[TEMPERATURE] = np.array([trained.temperature], np.float32)
    return tensors | container.name_tensors("labels", trained.labels, trained.label_counts)


def _shortest(lengths: list[int]) -> np.ndarray:
    """Numbers in the smallest type that holds them."""
    found = np.array(lengths, np.int64)
    most = found.max(initial=0)
    return found.astype(next(each for each in _LENGTHS if most <= np.iinfo(each).max))


def _coded(name: str, buckets: np.ndarray, size: int) -> dict[str, np.ndarray]:
    low, high = bucket_codes.encode(buckets, size)
    return {f"{name}.low": low, f"{name}.high": high}


def _decoded(tensors: Mapping[str, np.ndarray], name: str, size: int) -> np.ndarray:
    return bucket_codes.decode(tensors[f"{name}.low"], tensors[f"{name}.high"], size)


def is_small(tensors: Mapping[str, np.ndarray]) -> bool:
    """Whether arrays are those of a small classifier."""
    return VECTORS in tensors


def dimensions(tensors: Mapping[str, np.ndarray]) -> int:
    """The number of dimensions of the features."""
    weights = tensors.get("dense1.W")
    return (tensors["output_vectors"].T if weights is None else weights).shape[0]


def unpacked(
    tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], words: int, dim: int
) -> dict[str, np.ndarray]:
    """The arrays as `w2v train` writes them, with the features in float32.

    tensors   the arrays of a small file
    metadata  its metadata
    words     V, the number of words
    dim       the number of dimensions
    Raises    KeyError, ValueError or TypeError if arrays are missing or damaged
    """
    vectors, found = small_vectors.unpack(tensors, dim), dict(tensors)
    first, count = words, words
    if subword_tensors.KEY in metadata:
        size = bucket_count(container.nested(metadata, subword_tensors.KEY))
        buckets = _decoded(tensors, subword_tensors.BUCKETS, size)
        first = count = words + len(buckets)
        found[subword_tensors.BUCKETS] = buckets
        found[subword_tensors.VECTORS] = vectors[:first]
    if f"{BUCKETS}.high" in tensors:
        size = bucket_count(container.nested(metadata, "found")["word_ngrams"])
        buckets = _decoded(tensors, BUCKETS, size)
        count = first + len(buckets)
        found[BUCKETS] = buckets
        found[NGRAMS] = vectors[first:]
    if len(vectors) != count:
        raise ValueError(VECTORS)
    found["words.matrix"] = vectors[:words]
    return found
