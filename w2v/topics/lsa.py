"""Latent semantic analysis: documents and words by the leading singular vectors of their matrix.

Source: Deerwester et al. 1990, "Indexing by latent semantic analysis". X (documents × words) is
UΣVᵀ, truncated; a document is its row of UΣ = XV, a word its row of VΣ, and a new document x is xV,
which for a document of the training is its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from w2v.embeddings.table import Table
from w2v.factorization import svd, term_matrix
from w2v.system.progress import plural
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary
from w2v.topics.topic_words import TopicWords


class LsaTrainer:
    """The topics of a text, once `solve` has been called.

    vocabulary  words and their counts
    text        documents
    settings    of the model
    """

    kernels = ("documents", "sparse")

    def __init__(self, vocabulary: Vocabulary, text: EncodedDocuments, settings: Any):
        self._vocabulary, self._text, self._settings = vocabulary, text, settings
        counts = term_matrix.count_terms(text, len(vocabulary.names))
        self._kept = term_matrix.choose(vocabulary, counts, settings)
        self._counts = term_matrix.keep_columns(counts, self._kept)
        self._weights = term_matrix.global_weights(self._counts, settings.weight)
        self._found: svd.Truncated
        self.matrices: dict[str, np.ndarray] = {}

    def matrix_bytes(self) -> int:
        """What the resulting matrices take in memory."""
        return 4 * (len(self._text.names) + self._kept.size) * self._settings.topics

    def memory_bytes(self, threads: int) -> int:
        """Bytes that it will need besides what is used already, about."""
        set_, entries = self._settings, len(self._counts.values)
        most = svd.memory_bytes(
            self._kept.size, entries, set_.topics, set_.power_iters, set_.oversamples
        )
        return max(most, self.matrix_bytes() * 2)

    def begin(self) -> None:
        """There is nothing to start from."""

    def solve(
        self,
        threads: int,
        on_share: Callable[[float], None],
        products: Callable[[svd.Sparse, int], svd.Products] = svd.LocalProducts,
    ) -> None:
        """Find the topics; `on_share` gets how much of the work is done.

        products  of (matrix, threads): where these are computed
        """
        set_ = self._settings
        found = products(term_matrix.weigh(self._counts, self._weights, set_.weight), threads)
        self._found = svd.truncated(
            found, set_.topics, set_.power_iters, set_.oversamples, set_.seed,
            lambda step, steps: on_share(step / steps),
        )  # fmt: skip
        right, values = self._found.right, self._found.values
        self.matrices["document_vectors"] = found.times(right)
        self.matrices["word_vectors"] = right * values.astype(np.float32)

    def summary(self) -> str:
        """What was found, for people."""
        values, share = self._found.values, self._found.share
        return (
            f"{plural(len(values), 'topic')} of {plural(len(self._kept), 'term')} "
            f"{'holds' if len(values) == 1 else 'hold'} {share:.2%} of the squared "
            f"norm; singular values {values[0]:.4g} to {values[-1]:.4g}"
            + svd.shortfall(
                len(values),
                "--topics",
                self._settings.topics,
                f"{plural(len(self._text.names), 'document')} of {plural(len(self._kept), 'term')}",
            )
        )

    def facts(self) -> dict[str, Any]:
        """What was found, for the file."""
        return {"explained": round(self._found.share, 6), "terms": len(self._kept)}

    def tables(self) -> dict[str, Table]:
        """Documents and terms."""
        names, counts = self._vocabulary.names, self._vocabulary.counts
        return {
            "documents": Table.build(
                self._text.names, self.matrices["document_vectors"], self._text.sizes()
            ),
            "words": Table.build(
                [names[i] for i in self._kept], self.matrices["word_vectors"], counts[self._kept]
            ),
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs to infer new documents."""
        return {"singular_values": self._found.values, "weights": self._weights}


def read_topics(tensors: Mapping[str, np.ndarray]) -> TopicWords:
    """The topics in a file: what a word weighs may be less than 0, and sizes are squared values."""
    values, right = np.square(tensors["singular_values"]), _right(tensors)
    if not (np.isfinite(right).all() and 0 < values.sum() < np.inf):
        raise ValueError("singular_values")
    return TopicWords(right, values / values.sum())


def _right(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """The right singular vectors, from the words' vectors."""
    values = tensors["singular_values"]
    return tensors["words.matrix"] / np.where(values > 0, values, np.inf).astype(np.float32)


class LsaInference:
    """Vectors of new documents; KeyError or ValueError where the arrays of a file do not fit."""

    def __init__(self, settings: Any, tensors: Mapping[str, np.ndarray]):
        words, values = tensors["words.matrix"], tensors["singular_values"]
        self._settings, self._weights = settings, tensors["weights"]
        if words.shape != (self._weights.size, values.size) or self._weights.dtype != np.float32:
            raise ValueError("words.matrix")
        self._right = _right(tensors)

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The vectors of all documents of a text, float32 (M, K); of those without terms, zeros."""
        counts = term_matrix.count_terms(text, self._weights.size)
        matrix = term_matrix.weigh(counts, self._weights, self._settings.weight)
        found = svd.product(matrix, self._right, threads)
        on_progress(len(found))
        return found
