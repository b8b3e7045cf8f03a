"""One thread of negative sampling: what it does with a chunk, and the memory that it does it in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from w2v.kernels.lanes import WIDTH
from w2v.kernels.negative_sampling import make_scratch
from w2v.kernels.tiles import COLUMNS
from w2v.kernels.windows import lay_windows, make_windows
from w2v.plan import Chunk
from w2v.sampling import random_state
from w2v.settings import NegativeSamplingSettings
from w2v.vocabulary import Text


class Worker:
    """Lays the windows of a chunk, then trains them.

    text, settings, keep, train_windows
    spare    the last row of the matrices that it trains
    windows  after `lay`: those of the chunk
    """

    def __init__(
        self,
        text: Text,
        settings: NegativeSamplingSettings,
        keep: np.ndarray,
        train_windows: Callable[..., tuple[float, int]],
        spare: int,
    ):
        self._text, self._settings, self._keep, self._spare = text, settings, keep, spare
        self._train_windows = train_windows
        self._targets = -(-(1 + settings.negative) // COLUMNS) * COLUMNS
        self._scratch = make_scratch(self._targets, settings.padded_dim)
        self.windows = make_windows(0)
        self._target_ids = np.empty((0, self._targets), np.int32)

    def lay(self, chunk: Chunk) -> tuple[int, np.ndarray]:
        """Lay the windows of a chunk: how many, and the state of its random numbers."""
        set_ = self._settings
        ids, bounds = self._text.part(chunk.first, chunk.last)
        if len(self._target_ids) < ids.size:
            self.windows = make_windows(ids.size)
            self._target_ids = np.full((ids.size, self._targets), self._spare, np.int32)
        state = random_state(set_.seed, chunk.epoch, chunk.first)
        count = lay_windows(
            ids, bounds, self._keep, set_.window, set_.shrink,
            set_.lr_at(chunk.begin), set_.lr_at(chunk.end), state, self.windows,
        )  # fmt: skip
        return count, state

    def step(
        self,
        count: int,
        state: np.ndarray,
        noise: np.ndarray,
        frozen: np.ndarray,
        input_vectors: np.ndarray,
        output_vectors: np.ndarray,
    ) -> tuple[float, int]:
        """Train the windows that are laid: the sum of the losses in nats, and how many pairs."""
        return self._train_windows(
            self.windows, count, self._settings.negative, noise, state, self._target_ids,
            input_vectors, output_vectors, frozen, self._settings.padded_dim // WIDTH,
            self._scratch,
        )  # fmt: skip
