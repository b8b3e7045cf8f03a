"""PPMI: word vectors from a truncated SVD of the matrix of words and their contexts.

The matrix (words × words) holds the positive pointwise mutual information (PPMI) of each word and
each context word. Skip-gram with negative sampling factorises such a matrix implicitly. Sources:
Levy & Goldberg 2014, "Neural word embedding as implicit matrix factorization"; Levy, Goldberg &
Dagan 2015, "Improving distributional similarity with lessons learned from word embeddings", which
defines the hyperparameters.

Arrays have V words, N tokens and D documents.
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
from w2v.system.progress import plural
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary

_WORDS = 1 << 10  # rows of the matrix (words) that a thread computes at a time
_ENTRIES = 1 << 22  # capacity of the buffers of a thread, in entries of the matrix
_MOST_SHORT = 1 << 31  # ids, with -1 between documents, whose positions are numbers of 32 bits


class PpmiTrainer:
    """Computes the word vectors of a text, in `solve`.

    vocabulary  the words of the text and their counts
    text        the encoded text; windows end where a document ends
    settings    `models.ppmi.Settings`
    """

    kernels = ("cooccurrence", "sparse")

    def __init__(self, vocabulary: Vocabulary, text: EncodedDocuments, settings: Any):
        self._vocabulary, self._text, self._settings = vocabulary, text, settings
        self._svd: svd.Truncated
        self._entries = 0
        self.matrices: dict[str, np.ndarray] = {}

    def matrix_bytes(self) -> int:
        """The size of the word vectors in bytes."""
        return 4 * len(self._vocabulary.names) * self._settings.dim

    def memory_bytes(self, threads: int) -> int:
        """An estimate of the bytes that `solve` needs on top of the memory in use.

        A text has about 2 · window pairs of a word and a context word for each token. The matrix
        has fewer entries, because pairs are repeated: an eighth as many in a text of 100 MB.
        """
        set_, words = self._settings, len(self._vocabulary.names)
        entries = min(self._text.size * 2 * set_.window, words * words) // 8
        svd_bytes = svd.memory_bytes(words, entries, set_.dim, set_.power_iters, set_.oversamples)
        position_bytes = np.dtype(_position_type(self._text.size)).itemsize
        return (4 + position_bytes) * self._text.size + 8 * entries + svd_bytes

    def begin(self) -> None:
        """Do nothing: a closed form has no initial matrices."""

    def solve(
        self,
        threads: int,
        on_share: Callable[[float], None],
        products: Callable[[svd.Sparse, int], svd.Products] = svd.LocalProducts,
    ) -> None:
        """Compute the matrix and the word vectors.

        on_share  called with the share (0 to 1) of the work that is done
        products  a function (matrix, threads) that returns an object which multiplies by the matrix
        Raises    NothingToLearnError if the matrix has no entry above 0
        """
        set_ = self._settings
        matrix = information(
            _separated(self._text), len(self._vocabulary.names), set_.window,
            set_.context_exponent, set_.shift, threads, lambda share: on_share(share / 2),
        )  # fmt: skip
        self._entries = matrix.values.size
        if not self._entries:
            raise NothingToLearnError(
                "no two words occur near each other more often than by chance: train on lines of "
                "several words, lower --min-count for more words, or lower --shift"
            )
        multiplication = products(matrix, threads)
        self._svd = svd.truncated(
            multiplication, set_.dim, set_.power_iters, set_.oversamples, set_.seed,
            lambda step, steps: on_share((1 + step / steps) / 2), threads,
        )  # fmt: skip
        values = self._svd.values
        # Word vectors are UΣᵖ, where p is value_power: UΣ is scaled by σ to the power of p - 1.
        scale = np.where(values > 0, np.maximum(values, 1e-30) ** (set_.value_power - 1), 0)
        scaled_left = multiplication.times(self._svd.right)  # UΣ
        self.matrices["word_vectors"] = scaled_left * scale.astype(np.float32)

    def summary(self) -> str:
        """A line about the result, for the report at the end."""
        found = len(self._svd.values)
        return (
            f"{plural(found, 'dimension')} {'explains' if found == 1 else 'explain'} "
            f"{self._svd.share:.2%} of the squared norm of the PPMI matrix, which has "
            f"{self._entries:,} entries above 0"
            + svd.shortfall(
                found,
                "--dim",
                self._settings.dim,
                plural(len(self._vocabulary.names), "word"),
            )
        )

    def facts(self) -> dict[str, Any]:
        """Facts about the result, for the metadata of the file."""
        return {"explained": round(self._svd.share, 6), "pairs": self._entries}

    def tables(self) -> dict[str, Table]:
        """The table of words."""
        names, counts = self._vocabulary.names, self._vocabulary.counts
        return {"words": Table.build(names, self.matrices["word_vectors"], counts)}

    def tensors(self) -> dict[str, np.ndarray]:
        """The other arrays of the file: the singular values, float64 (dim,)."""
        return {"singular_values": self._svd.values}


def _separated(text: EncodedDocuments) -> np.ndarray:
    """The word ids of a text, with -1 before, between and after its documents.

    Returns  int32 (N + D + 1,), the form that `kernels.cooccurrence` needs
    """
    count = text.rows.size
    ids = np.full(text.size + count + 1, -1, np.int32)
    is_word = np.ones(ids.size, np.bool_)
    is_word[np.concatenate([[0], text.ends + 1 + np.arange(count)])] = False
    ids[is_word] = text.ids.mapped()
    return ids


def _position_type(size: int) -> type[np.signedinteger]:
    """The type of a position among `size` ids."""
    return np.int32 if size <= _MOST_SHORT else np.int64


def information(
    ids: np.ndarray,
    words: int,
    window: int,
    exponent: float,
    shift: float,
    threads: int,
    on_share: Callable[[float], None],
) -> svd.Sparse:
    """The PPMI matrix (words × words): max(0, ln(p(w, c) / p(w) p(c)) - shift).

    ids       int32 (N + D + 1,)  word ids, with -1 before, between and after the documents
    words     V, the number of words in the vocabulary
    window    number of context words on each side; near ones weigh more
    exponent  p(c) is in proportion to the summed weights of c to this power
    shift     number that is subtracted from each entry
    threads   number of threads
    on_share  called with the share (0 to 1) of the rows that are computed
    """
    sums = np.zeros(words)
    sum_weights(ids, window, sums)
    smoothed = sums**exponent
    row_logs = np.log(np.maximum(sums, 1e-300))
    column_logs = np.log(np.maximum(smoothed, 1e-300) / max(smoothed.sum(), 1e-300)) + shift
    counts = np.bincount(ids[ids >= 0], minlength=words)
    starts = np.concatenate([[0], np.cumsum(counts)])
    positions = np.empty(starts[-1], _position_type(ids.size))
    list_positions(ids, starts[:-1].copy(), positions)
    sizes = np.zeros(words, np.int64)

    def fill(first: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Compute _WORDS rows from `first`; returns their columns and values, in pieces.

        A piece is as many rows as fit the buffers. The lengths of the rows are put in `sizes`.
        """
        scratch = np.zeros(words), np.empty(words, np.int32)
        capacity = max(_ENTRIES, words)
        columns, values = np.empty(capacity, np.int32), np.empty(capacity, np.float32)
        word, last, pieces = first, min(first + _WORDS, words), []
        while word < last:
            word, size = fill_ppmi(
                ids, positions, starts, word, last, window, row_logs, column_logs, *scratch,
                columns, values, sizes,
            )  # fmt: skip
            pieces.append((columns[:size].copy(), values[:size].copy()))
        return pieces

    all_pieces: list[tuple[np.ndarray, np.ndarray]] = []
    with ThreadPoolExecutor(threads) as pool:
        for number, pieces in enumerate(pool.map(fill, range(0, words, _WORDS))):
            all_pieces += pieces
            on_share(min((number + 1) * _WORDS / words, 1))
    columns, values = (np.concatenate(arrays) for arrays in zip(*all_pieces, strict=True))
    return svd.Sparse(np.concatenate([[0], np.cumsum(sizes)]), columns, values, words)
