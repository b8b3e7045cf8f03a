"""One thread of negative sampling: what it does with a chunk, and the memory that it does it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from w2v.kernels.documents import draw_piece_targets, seed_pieces
from w2v.kernels.negative_sampling import make_scratch
from w2v.kernels.random import random_state
from w2v.kernels.simd import WIDTH
from w2v.kernels.tiles import COLUMNS
from w2v.kernels.windows import lay_windows, make_windows
from w2v.settings import NegativeSamplingSettings, ParagraphSettings
from w2v.text.encoded_text import EncodedDocuments, EncodedText, Spans
from w2v.training.chunks import Chunk

_TOGETHER = np.empty(0, np.uint64)  # no streams: all sentences of a chunk share random numbers


class Worker:
    """Lays the windows of a chunk, then trains them.

    text, settings, keep, train_windows
    spare    the last row of the matrices that it trains
    parts    how many vectors, side by side, predict a word

    After `lay` there are the `windows` of the chunk, and where its sentences are documents, the
    row of each, `documents`.
    """

    def __init__(
        self,
        text: EncodedText,
        settings: NegativeSamplingSettings,
        keep: np.ndarray,
        train_windows: Callable[..., tuple[float, int]],
        spare: int,
        parts: int = 1,
    ):
        self._text, self._settings, self._keep, self._spare = text, settings, keep, spare
        self._train_windows = train_windows
        self._targets = -(-(1 + settings.negative) // COLUMNS) * COLUMNS
        self._scratch = make_scratch(self._targets, settings.padded_dim * parts)
        self.windows, self.documents = make_windows(0), np.empty(0, np.int32)
        self._target_ids = np.empty((0, self._targets), np.int32)

    def lay(self, chunk: Chunk) -> tuple[int, np.ndarray]:
        """Lay the windows of a chunk: how many, and the state of its random numbers."""
        lr_at = self._settings.lr_at
        state = random_state(self._settings.seed, chunk.epoch, chunk.first)
        ids, bounds = self._read(chunk)
        count = self._lay(ids, bounds, lr_at(chunk.begin), lr_at(chunk.end), state, _TOGETHER)
        return count, state

    def _read(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        return self._text.part(chunk.first, chunk.last)

    def _lay(
        self,
        ids: np.ndarray,
        bounds: np.ndarray,
        lr_first: float,
        lr_last: float,
        state: np.ndarray,
        streams: np.ndarray,
    ) -> int:
        if len(self._target_ids) < ids.size:
            self.windows = make_windows(ids.size)
            self._target_ids = np.full((ids.size, self._targets), self._spare, np.int32)
        window, shrink = self._settings.window, self._settings.shrink
        return lay_windows(
            ids, bounds, self._keep, window, shrink, lr_first, lr_last, state, streams,
            self.windows,
        )  # fmt: skip

    def step(
        self,
        count: int,
        state: np.ndarray,
        noise: np.ndarray,
        frozen: np.ndarray,
        matrices: Mapping[str, np.ndarray],
    ) -> tuple[float, int]:
        """Train the windows that are laid: the sum of the losses in nats, and how many pairs."""
        return self._train_windows(
            self.windows, count, self._settings.negative, noise, state, self._target_ids,
            matrices["input_vectors"], matrices["output_vectors"], frozen,
            self._settings.padded_dim // WIDTH, self._scratch,
        )  # fmt: skip


Kernel = Callable[..., tuple[float, int]]


@dataclass(frozen=True)
class Method:
    """How a model learns documents.

    train    (windows, count, documents, target_ids, matrices, frozen, registers, scratch, fixed)
             -> (sum of losses, predictions); `fixed`: change nothing but the document vectors
    beside   the kernel of a word model that is trained on the same windows, if there is one
    kernels  the modules of both
    """

    train: Kernel
    beside: Kernel | None
    kernels: tuple[str, ...]


class DocumentWorker(Worker):
    """Lays the windows of a chunk of documents, then trains them.

    text, settings, keep, method
    spare    the last row of the words' matrices
    """

    def __init__(
        self,
        text: EncodedDocuments,
        settings: ParagraphSettings,
        keep: np.ndarray,
        method: Method,
        spare: int,
    ):
        beside = method.beside or method.train
        super().__init__(text, settings, keep, beside, spare, settings.parts)
        self._documents_text, self._method = text, method
        self._streams = np.empty(0, np.uint64)

    def _read(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        assert chunk.pieces is not None
        self._streams = np.empty(0, np.uint64)
        self.documents = chunk.pieces.rows.copy()
        return self._documents_text.gather(chunk.pieces)

    def lay_apart(self, pieces: Spans, epoch: int, lr: float) -> tuple[int, np.ndarray]:
        """Lay the windows of documents so that nothing of one depends on the others."""
        self.documents = pieces.rows
        ids, bounds = self._documents_text.gather(pieces)
        key, state = random_state(self._settings.seed, epoch), np.empty(1, np.uint64)
        self._streams = np.empty(pieces.rows.size, np.uint64)
        seed_pieces(ids, bounds, key, state, self._streams)
        return self._lay(ids, bounds, lr, lr, state, self._streams), state

    def step(
        self,
        count: int,
        state: np.ndarray,
        noise: np.ndarray,
        frozen: np.ndarray,
        matrices: Mapping[str, np.ndarray],
        fixed: bool = False,
    ) -> tuple[float, int]:
        """Train what is laid: the sum of the losses in nats, and how many predictions.

        fixed  change nothing but the document vectors
        """
        loss, pairs = 0.0, 0
        if self._method.beside and not fixed:
            loss, pairs = super().step(count, state, noise, frozen, matrices)  # draws targets too
        else:
            draw_piece_targets(
                self.windows, count, self._settings.negative, noise, self._spare, self._streams,
                state, self._target_ids,
            )  # fmt: skip
        more = self._method.train(
            self.windows, count, self.documents, self._target_ids, matrices, frozen,
            self._settings.padded_dim // WIDTH, self._scratch, fixed,
        )  # fmt: skip
        return loss + more[0], pairs + more[1]
