"""The subwords of a container: the arrays `subwords.*` beside the table `words`.

subwords.vectors   float32 (V + R, D): a row for each word of the table, then the rows of n-grams
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
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.subwords import MOST_CHARACTERS, Subwords
from w2v.errors import W2VError
from w2v.system.pipes import name_of

TABLE = "words"  # the table that subwords belong to
VECTORS, BUCKETS, ROWS = "subwords.vectors", "subwords.buckets", "subwords.rows"
KEY = "subwords"
_MOST_BUCKETS = 1 << 32


def stored(subwords: Subwords) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata that store subwords; both empty if words have no n-grams."""
    if not subwords.has_ngrams:
        return {}, {}
    facts = settings(subwords.minn, subwords.maxn, subwords.buckets)
    return named(*subwords.stored()), {KEY: json.dumps(facts, sort_keys=True)}


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
    if buckets.dtype != np.uint32 or buckets.ndim != 1 or vectors.dtype != np.float32:
        raise _damaged(path, f"the types are {vectors.dtype} and {buckets.dtype}")
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
    return Subwords(DenseMatrix(vectors), words, minn, maxn, most, buckets, rows)


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
