"""Latent semantic analysis (LSA): a truncated SVD of the weighted document-term matrix.

Source: Deerwester et al. 1990, "Indexing by latent semantic analysis". With the truncated SVD UΣVᵀ
of X (documents × terms), document vectors are the rows of UΣ = XV, and word vectors the rows of VΣ.
A new document x gets the vector xV. Inference therefore gives a document of the training text the
same vector as training. σ are the singular values, the diagonal of Σ. Arrays have M documents, V
terms (the words of the vocabulary that the model keeps) and K topics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from w2v.embeddings.container import check_array
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.factorization import svd, term_matrix
from w2v.system.progress import plural
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary
from w2v.topics.topic_words import TopicWords


class LsaTrainer:
    """Computes the topics of a text, in `solve`.

    vocabulary  the words of the text and their counts
    text        the documents, encoded in this vocabulary
    settings    `models.lsa.Settings`
    Raises      W2VError if the settings leave no term, or give all terms the weight 0
    """

    kernels = ("sparse",)

    def __init__(self, vocabulary: Vocabulary, text: EncodedDocuments, settings: Any):
        self._vocabulary, self._text, self._settings = vocabulary, text, settings
        counts = term_matrix.count_terms(text, len(vocabulary.names))
        self._kept = term_matrix.choose(vocabulary, counts, settings)
        self._counts = term_matrix.keep_columns(counts, self._kept)
        self._weights = term_matrix.global_weights(self._counts, settings.weight)
        if not self._weights.any():
            raise W2VError(
                f"with --weight {settings.weight} every term has the weight 0, because each occurs "
                "as often in one document as in another: give documents that differ, or --weight "
                "tfidf"
            )
        self._svd: svd.Truncated
        self.matrices: dict[str, np.ndarray] = {}

    def matrix_bytes(self) -> int:
        """The size in bytes of the document and word vectors."""
        return 4 * (len(self._text.names) + self._kept.size) * self._settings.topics

    def memory_bytes(self, threads: int) -> int:
        """An estimate of the bytes that `solve` needs on top of the memory in use."""
        set_, entries = self._settings, len(self._counts.values)
        svd_bytes = svd.memory_bytes(
            self._kept.size, entries, set_.topics, set_.power_iters, set_.oversamples
        )
        return max(svd_bytes, self.matrix_bytes() * 2)

    def begin(self) -> None:
        """Do nothing: a closed form has no initial matrices."""

    def solve(
        self,
        threads: int,
        on_share: Callable[[float], None],
        products: Callable[[svd.Sparse, int], svd.Products] = svd.LocalProducts,
    ) -> None:
        """Compute the topics.

        on_share  called with the share (0 to 1) of the work that is done
        products  a function (matrix, threads) that returns an object which multiplies by the matrix
        """
        set_ = self._settings
        matrix = term_matrix.weigh(self._counts, self._weights, set_.weight)
        multiplication = products(matrix, threads)
        self._svd = svd.truncated(
            multiplication, set_.topics, set_.power_iters, set_.oversamples, set_.seed,
            lambda step, steps: on_share(step / steps), threads,
        )  # fmt: skip
        right, values = self._svd.right, self._svd.values
        self.matrices["document_vectors"] = multiplication.times(right)
        self.matrices["word_vectors"] = right * values.astype(np.float32)

    def summary(self) -> str:
        """A line about the result, for the report at the end."""
        values, share = self._svd.values, self._svd.share
        return (
            f"{plural(len(values), 'topic')} of {plural(len(self._kept), 'term')} "
            f"{'explains' if len(values) == 1 else 'explain'} {share:.2%} of the squared "
            f"norm; singular values {values[0]:.4g} to {values[-1]:.4g}"
            + svd.shortfall(
                len(values),
                "--topics",
                self._settings.topics,
                f"{plural(len(self._text.names), 'document')} of {plural(len(self._kept), 'term')}",
            )
        )

    def facts(self) -> dict[str, Any]:
        """Facts about the result, for the metadata of the file."""
        return {"explained": round(self._svd.share, 6), "terms": len(self._kept)}

    def tables(self) -> dict[str, Table]:
        """The tables of documents and of terms."""
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
        """The other arrays of the file, which inference needs."""
        return {"singular_values": self._svd.values, "weights": self._weights}


def read_topics(tensors: Mapping[str, np.ndarray]) -> TopicWords:
    """The topics in a file, from the tensors of the file.

    The weights of words may be negative. The size of a topic is its share of the sum of all σ².
    Raises  KeyError or ValueError if tensors are missing, or their shapes or values are wrong
    """
    values, right = np.square(tensors["singular_values"]), _right(tensors)
    if not (np.isfinite(right).all() and 0 < values.sum() < np.inf):
        raise ValueError("singular_values")
    return TopicWords(right, values / values.sum())


def _right(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """The right singular vectors V, from the word vectors VΣ; a column is zeros if its σ is 0."""
    matrix = tensors["words.matrix"]
    values = check_array(tensors, "singular_values", "f", matrix.shape[1:])
    return matrix / np.where(values > 0, values, np.inf).astype(np.float32)


class LsaInference:
    """Infers the vectors of new documents.

    settings  `models.lsa.Settings` of the model
    tensors   the tensors of the model's file
    Raises    KeyError or ValueError if tensors are missing, or their shapes or values are wrong
    """

    def __init__(self, settings: Any, tensors: Mapping[str, np.ndarray]):
        words, values = tensors["words.matrix"], tensors["singular_values"]
        self._settings = settings
        self._weights = check_array(tensors, "weights", "f", words.shape[:1])
        if words.shape != (self._weights.size, values.size) or self._weights.dtype != np.float32:
            raise ValueError("words.matrix")
        self._right = _right(tensors)

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The vectors of all documents of a text, float32 (M, K).

        A document without terms gets zeros.
        """
        counts = term_matrix.count_terms(text, self._weights.size)
        matrix = term_matrix.weigh(counts, self._weights, self._settings.weight)
        vectors = svd.product(matrix, self._right, threads)
        on_progress(len(vectors))
        return vectors
