"""The shares of topics in documents: as a matrix, sparse, or inferred when they are needed.

Arrays have M documents and K topics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from w2v.embeddings.container import check_array
from w2v.factorization.term_matrix import EncodedTerms
from w2v.topics.inference import TopicInference


class Mixtures(Protocol):
    """The shares of topics in documents. Rows are taken by their numbers, as from an array (M, K).

    A row sums to 1; the row of a document without tokens is zeros.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """(M, K)."""

    def rows(self, numbers: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The shares of some documents, float32 (R, K)."""


class SparseMixtures(NamedTuple):
    """The shares of topics in documents, of which only the topics of tokens are stored.

    They have E entries: the topics that each document has, one document after the other.

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
        """The shares of some documents, float32 (R, K)."""
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
    """The shares of topics in documents, as a matrix.

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


class InferredMixtures(NamedTuple):
    """The shares of topics in new documents, which are inferred each time that they are taken.

    tokens     the terms of the documents
    inference  infers the shares of the model's topics
    threads    number of threads
    """

    tokens: EncodedTerms
    inference: TopicInference
    threads: int

    @property
    def shape(self) -> tuple[int, int]:
        """(M, K)."""
        return self.tokens.starts.size - 1, self.inference.topics

    def rows(self, numbers: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The shares of some documents, float32 (R, K)."""
        begins, ends = self.tokens.starts[:-1][numbers], self.tokens.starts[1:][numbers]
        starts = np.concatenate([[0], np.cumsum(ends - begins)])
        places = np.arange(starts[-1]) + np.repeat(begins - starts[:-1], ends - begins)
        terms = EncodedTerms(self.tokens.words[places], starts)
        return self.inference.mixtures(terms, self.threads)


class JoinedMixtures(NamedTuple):
    """The shares of topics in documents, and in others after them.

    first   the shares in the first documents
    second  the shares in the others
    """

    first: Mixtures
    second: Mixtures

    @property
    def shape(self) -> tuple[int, int]:
        """(M, K)."""
        return self.first.shape[0] + self.second.shape[0], self.first.shape[1]

    def rows(self, numbers: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """The shares of some documents, float32 (R, K)."""
        documents, topics = self.shape
        chosen = np.arange(documents)[numbers]
        shares, is_first = np.empty((chosen.size, topics), np.float32), chosen < self.first.shape[0]
        if is_first.any():
            shares[is_first] = self.first.rows(chosen[is_first])
        if not is_first.all():
            shares[~is_first] = self.second.rows(chosen[~is_first] - self.first.shape[0])
        return shares


class DocumentTopics(NamedTuple):
    """Documents with their topics.

    names     the names of the M documents
    mixtures  their shares of topics; for LSA their vectors
    tokens    int64 (M,), the number of tokens of each document
    """

    names: list[str]
    mixtures: Mixtures
    tokens: np.ndarray

    def joined(self, others: DocumentTopics) -> DocumentTopics:
        """These documents, and others after them."""
        return DocumentTopics(
            [*self.names, *others.names],
            JoinedMixtures(self.mixtures, others.mixtures),
            np.concatenate([self.tokens, others.tokens]),
        )


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
    arrays = zip(names, "iiui", strict=True)
    starts, topics, counts, lengths = (
        check_array(tensors, name, kind, (None,)) for name, kind in arrays
    )
    alpha = check_array(tensors, "alpha", "f", (None,))
    sizes = np.diff(starts)
    fit = (
        starts.size == lengths.size + 1
        and topics.size == counts.size == starts[-1]
        and starts[0] == 0
        and (sizes >= 0).all()
        and ((lengths > 0) == (sizes > 0)).all()
    )
    if not fit or (topics.size and not 0 <= topics.min() <= topics.max() < alpha.size):
        raise ValueError("documents.starts, documents.topics or documents.topic_counts")
    if not (np.isfinite(alpha).all() and (alpha > 0).all() and (counts > 0).all()):
        raise ValueError("alpha or documents.topic_counts")
    return SparseMixtures(starts, topics, counts, lengths, alpha)
