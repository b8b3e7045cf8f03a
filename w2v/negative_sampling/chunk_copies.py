"""Copies of all rows that a chunk needs, so that the matrices stay as they are.

A cluster trains chunks on such copies, because no worker knows which rows other workers train.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.kernels.row_merge import copy_rows
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling.prepared_chunk import MakeWorker, PreparedChunk, Preparer, WordTargets
from w2v.training.chunks import Chunk, Plan


class ChunkCopies:
    """The rows of one chunk at a time, and the copies that it is trained on.

    matrices     by name: float32 (V + 1, D); the last row is padding
    targets      what words are composed of and predicted from
    frozen       bool (V,), input vectors that must not change; empty for none
    plan         the sizes of chunks
    make_worker  see `RowCopies`
    """

    def __init__(
        self,
        matrices: Mapping[str, np.ndarray],
        targets: WordTargets,
        frozen: np.ndarray,
        plan: Plan,
        make_worker: MakeWorker,
    ):
        rows = {name: len(matrix) - 1 for name, matrix in matrices.items()}
        most = targets.most_rows(plan, rows.get("input_vectors", 0))
        self._matrices, self._targets, self._frozen = matrices, targets, frozen
        # The last row is padding.
        self._copies = {
            name: aligned((most[name] + 1, matrix.shape[1])) for name, matrix in matrices.items()
        }
        self._padding_id = len(self._copies["output_vectors"]) - 1
        self._worker = make_worker(self._padding_id)
        self._preparer = Preparer(targets, make_worker(self._padding_id), rows)
        self._prepared = PreparedChunk({name: np.empty(most[name], np.int32) for name in matrices})

    def train(self, chunk: Chunk) -> tuple[float, int]:
        """Train a chunk on copies; return the sum of the losses in nats, and the number of pairs.

        The result depends only on the matrices, the chunk and the settings.
        """
        prepared = self._prepared
        self._preparer.prepare(chunk, prepared)
        for name, matrix in self._matrices.items():
            size, registers = prepared.sizes[name], matrix.shape[1] // WIDTH
            copy_rows(matrix, prepared.rows[name], size, self._copies[name], registers)
        places = {name: np.arange(prepared.sizes[name], dtype=np.int32) for name in self._matrices}
        frozen = self._frozen[prepared.words] if self._frozen.size else self._frozen
        return prepared.train(self._worker, places, frozen, self._copies, self._padding_id)

    def rows(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The rows that the latest chunk has trained.

        Returns  by the name of the matrix: (row numbers, int32 (R,), ascending; the vectors after
                 training, float32 (R, D)), without frozen input vectors
        """
        trained = {}
        for name, copies in self._copies.items():
            rows = self._prepared.rows_of(name)
            order = np.argsort(rows)
            if name == "input_vectors" and self._frozen.size:
                is_frozen = np.zeros(len(self._matrices[name]), np.bool_)
                is_frozen[: self._frozen.size] = self._frozen  # rows of n-grams are never frozen
                order = order[~is_frozen[rows[order]]]
            trained[name] = rows[order], copies[order]
        return trained
