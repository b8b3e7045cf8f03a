"""The subwords of a container: the arrays `subwords.*` beside the table `words`.

subwords.vectors   float32 (V + R, D): a row for each word of the table, then the rows of n-grams
                   or int8, with the scale of each row in subwords.scales, float32 (V + R,)
subwords.buckets   uint32 (G,), ascending: the buckets of the n-grams
subwords.rows      int32 (G,): the row of each bucket. N-grams that occur in the same words share a
                   row; those of a single word have the word's row. Missing if R = G: then the
                   bucket with number i has row V + i
metadata           "subwords": {"minn": 3, "maxn": 6, "buckets": 4294967296}

The matrix of the table has the composed vectors, so that other programs need no n-grams.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from w2v.embeddings import container
from w2v.embeddings.int8_rows import are_scales, quantize
from w2v.embeddings.row_matrices import DenseMatrix, Int8Matrix, Matrix
from w2v.embeddings.subwords import MOST_CHARACTERS, Subwords
from w2v.errors import W2VError
from w2v.system.pipes import name_of

TABLE = "words"  # the table that subwords belong to
VECTORS, BUCKETS, ROWS = "subwords.vectors", "subwords.buckets", "subwords.rows"
SCALES = "subwords.scales"
KEY = "subwords"
_MOST_BUCKETS = 1 << 32
_BLOCK = 4096  # rows converted at a time


def stored(subwords: Subwords) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata that store subwords; both empty if words have no n-grams."""
    if not subwords.has_ngrams:
        return {}, {}
    facts = settings(subwords.minn, subwords.maxn, subwords.buckets)
    metadata = {KEY: json.dumps(facts, sort_keys=True)}
    vectors = subwords.vectors
    if isinstance(vectors, Int8Matrix) and subwords.own_rows is None:
        buckets, rows = subwords.ngram_rows()
        numbers = buckets.astype(np.uint32), rows.astype(np.int32)
        return named(vectors.integers, *numbers) | {SCALES: vectors.scales}, metadata
    return named(*subwords.stored()), metadata


def quantized(subwords: Subwords) -> Subwords:
    """The subwords with the rows that `Subwords.stored` returns in int8.

    Raises W2VError if a row is not finite
    """
    if isinstance(subwords.vectors, Int8Matrix) and subwords.own_rows is None:
        return subwords
    vectors, buckets, rows = subwords.stored()
    integers, scales = np.empty(vectors.shape, np.int8), np.empty(len(vectors), np.float32)
    for begin in range(0, len(vectors), _BLOCK):
        block = vectors[begin : begin + _BLOCK]
        for at in np.flatnonzero(~np.isfinite(block).all(axis=1))[:1].tolist():
            raise W2VError(
                f"row {begin + at + 1} of the subwords is not finite and does not fit int8: leave "
                "out --dtype i8"
            )
        integers[begin : begin + _BLOCK], scales[begin : begin + _BLOCK] = quantize(block)
    return _with(subwords, Int8Matrix(integers, scales), buckets, rows)


def unquantized(subwords: Subwords) -> Subwords:
    """The subwords with rows in float32, if they are in int8."""
    if not isinstance(subwords.vectors, Int8Matrix):
        return subwords
    vectors, buckets, rows = subwords.stored()
    return with_stored(subwords, vectors, buckets, rows)


def with_stored(
    subwords: Subwords, vectors: np.ndarray, buckets: np.ndarray, rows: np.ndarray
) -> Subwords:
    """The subwords with other rows.

    vectors  float32 (N + R, K), in the place of those that `Subwords.stored` returns
    buckets  uint32 (P,), as `Subwords.stored` returns them
    rows     int32 (P,), as `Subwords.stored` returns them
    """
    return _with(subwords, DenseMatrix(vectors), buckets, rows)


def _with(old: Subwords, matrix: Matrix, buckets: np.ndarray, rows: np.ndarray) -> Subwords:
    """As `with_stored`, with any matrix."""
    words = old.words if old.own_rows is None else len(old.own_rows)
    if old.kept is None:  # Every bucket has a row, in order.
        return Subwords(matrix, words, old.minn, old.maxn, old.buckets)
    return Subwords(matrix, words, old.minn, old.maxn, old.buckets, buckets, rows)


def named(vectors: np.ndarray, buckets: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays that `Subwords.stored` returns, by their names in a file."""
    in_order = np.arange(len(vectors) - len(rows), len(vectors))
    more = {} if np.array_equal(rows, in_order) else {ROWS: rows}
    return {VECTORS: vectors, BUCKETS: buckets} | more


def settings(minn: int, maxn: int, buckets: int) -> dict[str, int]:
    """The metadata of subwords: fewest and most characters of an n-gram, number of buckets."""
    return {"minn": max(minn, 1), "maxn": maxn, "buckets": buckets}


def read(
    path: str, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], words: int, dim: int
) -> Subwords | None:
    """The subwords of a container; None if it has none. W2VError if they are damaged.

    words  V, the number of words of its table
    dim    D, the length of their vectors
    """
    if KEY not in metadata and VECTORS not in tensors and BUCKETS not in tensors:
        return None
    vectors, buckets, rows = (tensors.get(name) for name in (VECTORS, BUCKETS, ROWS))
    if vectors is None or buckets is None:
        raise _damaged(path, f"{VECTORS} or {BUCKETS} is missing")
    matrix = _matrix(path, vectors, tensors.get(SCALES))
    if buckets.dtype != np.uint32 or buckets.ndim != 1:
        raise _damaged(path, f"the type of {BUCKETS} is {buckets.dtype}")
    if rows is None:
        wanted = words + len(buckets), dim
        if vectors.shape != wanted:
            raise _damaged(path, f"the shape of {VECTORS} is {vectors.shape}, expected {wanted}")
    elif not _are_rows(rows, buckets, vectors, words, dim):
        raise _damaged(path, f"{ROWS} does not fit {VECTORS} and {BUCKETS}")
    facts = container.nested(metadata, KEY)
    minn, maxn, most = (_whole(facts.get(name)) for name in ("minn", "maxn", "buckets"))
    if not (1 <= minn <= maxn <= MOST_CHARACTERS and 1 <= most <= _MOST_BUCKETS):
        raise _damaged(path, f"the settings are {metadata.get(KEY, 'missing')[:80]}")
    if len(buckets) and (int(buckets[-1]) >= most or not (buckets[1:] > buckets[:-1]).all()):
        raise _damaged(path, "the buckets do not ascend")
    return Subwords(matrix, words, minn, maxn, most, buckets, rows)


def _matrix(path: str, vectors: np.ndarray, scales: np.ndarray | None) -> Matrix:
    """The rows of subwords; W2VError unless they are float32, or int8 with scales."""
    if vectors.dtype == np.float32 and scales is None:
        return DenseMatrix(vectors)
    if vectors.dtype != np.int8 or scales is None:
        found = "without" if scales is None else "with"
        raise _damaged(path, f"the type of {VECTORS} is {vectors.dtype}, {found} {SCALES}")
    if scales.dtype != np.float32 or scales.shape != vectors.shape[:1]:
        raise _damaged(path, f"{SCALES} does not fit {VECTORS}")
    if not are_scales(scales).all():
        raise _damaged(path, f"{SCALES} has numbers below 0, too large or not finite")
    return Int8Matrix(vectors, scales)


def _are_rows(
    rows: np.ndarray, buckets: np.ndarray, vectors: np.ndarray, words: int, dim: int
) -> bool:
    """Whether `rows` has a row of `vectors` for each bucket, and `vectors` one for each word."""
    if rows.dtype != np.int32 or rows.shape != buckets.shape:
        return False
    if vectors.ndim != 2 or vectors.shape[1] != dim or len(vectors) < words:
        return False
    return not len(rows) or (int(rows.min()) >= 0 and int(rows.max()) < len(vectors))


def _whole(value: object) -> int:
    """A whole number of the settings; -1 for another value."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _damaged(path: str, what: str) -> W2VError:
    return W2VError(
        f"{name_of(path)}: the subwords are damaged: {what}; download or write the file again"
    )
