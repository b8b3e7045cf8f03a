"""Subwords of a file whose words have finished vectors, and whose n-grams are for other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2v.embeddings.subwords import Subwords


@dataclass(frozen=True, eq=False)
class FinishedWords(Subwords):
    """The rows that compose the vectors of words; fields as in `Subwords`.

    The first V rows of `vectors` are not read. The own row of a word, which composes its finished
    vector with the rows of its n-grams, is computed when it is needed: see `own_vectors`.

    names     bytes, the V words
    finished  float32 (V, D), their vectors
    """

    names: Sequence[bytes] = ()
    finished: np.ndarray | None = None

    @property
    def has_word_rows(self) -> bool:
        """False: `word_rows` computes them."""
        return False

    def word_rows(self, rows: np.ndarray) -> np.ndarray:
        """The own rows of words of the table, float32 (K, D); see `Subwords.word_rows`."""
        own = rows if self.own_rows is None else self.own_rows[rows]
        assert self.finished is not None
        return self.own_vectors([self.names[row] for row in own.tolist()], self.finished[own])
