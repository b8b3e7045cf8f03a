"""The shares of topics in documents, of which only the topics of tokens are stored.

Arrays have M documents, K topics and E entries: the topics that each document has, one document
after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np


class SparseMixtures(NamedTuple):
    """The shares of topics in documents. Rows are taken by their numbers, as from an array (M, K).

    starts   int64 (M + 1,)   the first entry of each document, and E
    topics   int16 (E,)       the topic of each entry; a document has a topic once
    counts   unsigned (E,)    the number of samples of the document's tokens that had the topic
    lengths  int64 (M,)       the number of tokens of each document
    alpha    float32 (K,)     the prior of topics in a document

    All tokens of a document have the same number of samples, so that n_dk is the document's length
    times the topic's share of the counts. The share of topic k is (n_dk + α_k) / (n_d + Σ α).
    """

    starts: np.ndarray
    topics: np.ndarray
    counts: np.ndarray
    lengths: np.ndarray
    alpha: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(M, K)."""
        return self.lengths.size, self.alpha.size

    def rows(self, numbers: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The shares of some documents, float32 (R, K).

        A row sums to 1; the row of a document without tokens is zeros.
        """
        begins, ends = self.starts[:-1][numbers], self.starts[1:][numbers]
        lengths, sizes = self.lengths[numbers], ends - begins
        row_of = np.repeat(np.arange(sizes.size), sizes)
        places = np.arange(row_of.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        entries = begins[row_of] + places
        counts = self.counts[entries].astype(np.float64)
        samples = np.bincount(row_of, counts, minlength=sizes.size)
        shares = np.tile(self.alpha, (sizes.size, 1))
        scale = lengths / np.maximum(samples, 1)
        shares[row_of, self.topics[entries]] += (counts * scale[row_of]).astype(np.float32)
        shares /= (lengths + self.alpha.sum(dtype=np.float64))[:, None]
        shares[lengths == 0] = 0
        return shares


class DenseMixtures(NamedTuple):
    """The shares of topics in documents, with the methods of `SparseMixtures`.

    shares  float32 (M, K)
    """

    shares: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(M, K)."""
        return self.shares.shape[0], self.shares.shape[1]

    def rows(self, numbers: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The shares of some documents, float32 (R, K)."""
        return self.shares[numbers]


Mixtures: TypeAlias = DenseMixtures | SparseMixtures


def is_sparse(tensors: Mapping[str, np.ndarray]) -> bool:
    """Whether a file has sparse shares of topics."""
    return "documents.starts" in tensors


def sparse_tensors(mixtures: SparseMixtures) -> dict[str, np.ndarray]:
    """The arrays of a file that store shares, but the lengths and alpha, which it has anyway."""
    return {
        "documents.starts": mixtures.starts, "documents.topics": mixtures.topics,
        "documents.topic_counts": mixtures.counts,
    }  # fmt: skip


def read_sparse(tensors: Mapping[str, np.ndarray]) -> SparseMixtures:
    """The sparse shares of topics in a file.

    Raises  KeyError or ValueError if tensors are missing, or their shapes or values are wrong
    """
    names = "documents.starts", "documents.topics", "documents.topic_counts", "documents.counts"
    starts, topics, counts, lengths = (tensors[name] for name in names)
    alpha = tensors["alpha"]
    sizes = np.diff(starts)
    fit = (
        starts.dtype.kind == topics.dtype.kind == lengths.dtype.kind == "i"
        and counts.dtype.kind == "u"
        and starts.shape == (lengths.size + 1,)
        and topics.shape == counts.shape == (starts[-1],)
        and starts[0] == 0
        and (sizes >= 0).all()
        and ((lengths > 0) == (sizes > 0)).all()
    )
    if not fit or (topics.size and not 0 <= topics.min() <= topics.max() < alpha.size):
        raise ValueError("documents.starts, documents.topics or documents.topic_counts")
    if not (np.isfinite(alpha).all() and (alpha > 0).all() and (counts > 0).all()):
        raise ValueError("alpha or documents.topic_counts")
    return SparseMixtures(starts, topics, counts, lengths, alpha)
