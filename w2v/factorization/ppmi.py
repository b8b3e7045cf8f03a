"""PPMI: word vectors from the singular vectors of the matrix of words and words near them.

The matrix of words × words holds their positive pointwise mutual information, of which skip-gram
with negative sampling is an implicit factorisation. Sources: Levy & Goldberg 2014, "Neural word
embedding as implicit matrix factorization"; Levy, Goldberg & Dagan 2015, "Improving distributional
similarity with lessons learned from word embeddings", whose hyperparameters these are.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from w2v.embeddings.table import Table
from w2v.errors import NothingToLearnError
from w2v.factorization import svd
from w2v.kernels.cooccurrence import fill_ppmi, list_positions, sum_weights
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary

_WORDS = 1 << 10  # rows of the matrix that a thread makes at a time
_ENTRIES = 1 << 22  # of the matrix that a thread has memory for


class PpmiTrainer:
    """The words of a text, once `solve` has been called.

    vocabulary  V words and their counts
    text        documents, which windows do not reach beyond
    settings    of the model
    """

    kernels = ("cooccurrence", "sparse")

    def __init__(self, vocabulary: Vocabulary, text: EncodedDocuments, settings: Any):
        self._vocabulary, self._text, self._settings = vocabulary, text, settings
        self._found: svd.Truncated
        self._entries = 0
        self.matrices: dict[str, np.ndarray] = {}

    def matrix_bytes(self) -> int:
        """What the resulting matrices take in memory."""
        return 4 * len(self._vocabulary.names) * self._settings.dim

    def memory_bytes(self, threads: int) -> int:
        """Bytes that it will need besides what is used already, about.

        Of the pairs in a text of 100 MB an eighth are different ones that stay.
        """
        set_, words = self._settings, len(self._vocabulary.names)
        entries = min(self._text.size * 2 * set_.window, words * words) // 8
        basis = svd.memory_bytes(words, entries, set_.dim, set_.power_iters, set_.oversamples)
        return 8 * self._text.size + 8 * entries + basis

    def begin(self) -> None:
        """There is nothing to start from."""

    def solve(
        self,
        threads: int,
        on_share: Callable[[float], None],
        products: Callable[[svd.Sparse, int], svd.Products] = svd.LocalProducts,
    ) -> None:
        """Count what is near what, and find the vectors; `on_share` gets how much is done.

        products  of (matrix, threads): where these are computed
        """
        set_ = self._settings
        matrix = information(
            _separated(self._text), len(self._vocabulary.names), set_.window,
            set_.context_exponent, set_.shift, threads, lambda share: on_share(share / 2),
        )  # fmt: skip
        self._entries = matrix.values.size
        if not self._entries:
            raise NothingToLearnError(
                "no two words come near each other more often than by chance: lines need several "
                "words, the vocabulary too, and --shift must not be too high"
            )
        found = products(matrix, threads)
        self._found = svd.truncated(
            found, set_.dim, set_.power_iters, set_.oversamples, set_.seed,
            lambda step, steps: on_share((1 + step / steps) / 2),
        )  # fmt: skip
        values = self._found.values
        scale = np.where(values > 0, np.maximum(values, 1e-30) ** (set_.value_power - 1), 0)
        left = found.times(self._found.right)  # UΣ
        self.matrices["word_vectors"] = left * scale.astype(np.float32)

    def summary(self) -> str:
        """What was found, for people."""
        return (
            f"{len(self._found.values):,} dimensions hold {self._found.share:.2%} of the squared "
            f"norm of {self._entries:,} pairs of words that come together more than by chance"
            + svd.shortfall(
                len(self._found.values),
                "--dim",
                self._settings.dim,
                f"{len(self._vocabulary.names):,} words",
            )
        )

    def facts(self) -> dict[str, Any]:
        """What was found, for the file."""
        return {"explained": round(self._found.share, 6), "pairs": self._entries}

    def tables(self) -> dict[str, Table]:
        """Words alone."""
        names, counts = self._vocabulary.names, self._vocabulary.counts
        return {"words": Table.build(names, self.matrices["word_vectors"], counts)}

    def tensors(self) -> dict[str, np.ndarray]:
        """What else there is to know."""
        return {"singular_values": self._found.values}


def _separated(text: EncodedDocuments) -> np.ndarray:
    """The text as kernels want it: -1 around its documents; int32 (N + D + 1,)."""
    count = text.rows.size
    ids = np.full(text.size + count + 1, -1, np.int32)
    places = np.ones(ids.size, np.bool_)
    places[np.concatenate([[0], text.ends + 1 + np.arange(count)])] = False
    ids[places] = text.ids.mapped()
    return ids


def information(
    ids: np.ndarray,
    words: int,
    window: int,
    exponent: float,
    shift: float,
    threads: int,
    on_share: Callable[[float], None],
) -> svd.Sparse:
    """The matrix max(0, ln(p(w, c) / p(w) p(c)) - shift), p(c) by counts to the power of exponent.

    ids  int32, see `kernels.cooccurrence`
    """
    sums = np.zeros(words)
    sum_weights(ids, window, sums)
    noise = sums**exponent
    row_logs = np.log(np.maximum(sums, 1e-300))
    column_logs = np.log(np.maximum(noise, 1e-300) / max(noise.sum(), 1e-300)) + shift
    counts = np.bincount(ids[ids >= 0], minlength=words)
    starts = np.concatenate([[0], np.cumsum(counts)])
    positions = np.empty(starts[-1], np.int32)
    list_positions(ids, starts[:-1].copy(), positions)
    sizes = np.zeros(words, np.int64)

    def fill(first: int) -> list[tuple[np.ndarray, np.ndarray]]:
        scratch = np.zeros(words), np.empty(words, np.int32)
        capacity = max(_ENTRIES, words)
        columns, values = np.empty(capacity, np.int32), np.empty(capacity, np.float32)
        word, last, found = first, min(first + _WORDS, words), []
        while word < last:
            word, size = fill_ppmi(
                ids, positions, starts, word, last, window, row_logs, column_logs, *scratch,
                columns, values, sizes,
            )  # fmt: skip
            found.append((columns[:size].copy(), values[:size].copy()))
        return found

    made: list[tuple[np.ndarray, np.ndarray]] = []
    with ThreadPoolExecutor(threads) as pool:
        for number, each in enumerate(pool.map(fill, range(0, words, _WORDS))):
            made += each
            on_share(min((number + 1) * _WORDS / words, 1))
    columns, values = (np.concatenate(arrays) for arrays in zip(*made, strict=True))
    return svd.Sparse(np.concatenate([[0], np.cumsum(sizes)]), columns, values, words)
