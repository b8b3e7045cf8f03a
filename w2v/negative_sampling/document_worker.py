"""One thread of paragraph vectors: a `Worker` whose sentences are documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from w2v.kernels.documents import draw_piece_targets, seed_pieces
from w2v.kernels.simd import WIDTH
from w2v.negative_sampling.sampling import random_state
from w2v.negative_sampling.worker import Worker
from w2v.settings import ParagraphSettings
from w2v.text.encoded_text import Documents, Pieces
from w2v.training.chunks import Chunk

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
        text: Documents,
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

    def lay_apart(self, pieces: Pieces, epoch: int, lr: float) -> tuple[int, np.ndarray]:
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
