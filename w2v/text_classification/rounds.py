"""Row copies for the synchronous rounds of text classifiers, and their merge after each round."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from w2v.kernels.row_merge import (
    MEAN_FACTOR,
    add_changes,
    apply_changes,
    copy_rows,
    number_rows,
)
from w2v.kernels.simd import WIDTH, aligned
from w2v.text_classification.features import TextFeatures
from w2v.text_classification.worker import TextWorker
from w2v.training.chunks import Chunk, Plan

_PARTS = 16  # maximum number of parts in which vectors are merged; a thread merges a part
_LAYERS = ("layer_weights", "layer_biases", "layer_squares")


def copy_bytes(features: TextFeatures, plan: Plan, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Approximate bytes of the row copies of a round.

    features  the features of all texts
    plan      the chunks of the run
    shapes    the shape of each matrix, by name
    """
    rows, dim = shapes["input_vectors"]
    texts = features.sizes
    mean = int(texts.sum()) * plan.epochs * plan.length // max(plan.words, 1)
    copied = min(2 * mean + int(texts.max(initial=0)), rows)
    layers = sum(int(np.prod(shapes[name])) for name in _LAYERS)
    return 4 * plan.shards * (copied * (dim + 2) + rows + layers)


class TextCopies:
    """Row copies for the `plan.shards` chunks of a round, which are trained at the same time.

    Shard s has copies of the rows of the features of the s-th chunk, and of all layers.

    matrices     the matrices of the trainer, by name; `merge` changes them in place
    frozen       bool (V,), vectors of words that must not change; empty for none
    plan         the chunks of the run
    features     the features of all texts
    make_worker  function that makes the worker of a thread

    `parts` holds the number of parts of a merge, see `Shards`.
    """

    def __init__(
        self,
        matrices: Mapping[str, np.ndarray],
        frozen: np.ndarray,
        plan: Plan,
        features: TextFeatures,
        make_worker: Callable[[], TextWorker],
    ):
        self._matrices, self._make_worker, shards = matrices, make_worker, plan.shards
        size = len(matrices["input_vectors"])
        self._frozen = np.pad(frozen, (0, size - frozen.size)) if frozen.size else frozen
        self._local_ids = np.full((shards, size), -1, np.int32)
        self._merged_ids = np.full(size, -1, np.int32)  # scratch of the merge
        # For each shard: the rows of its vectors, ascending, and the number of the copy of each.
        self._rows = [np.empty(0, np.int32)] * shards
        self._order = [np.empty(0, np.int64)] * shards
        self._copies = [
            {name: aligned(matrices[name].shape) for name in _LAYERS} for _ in range(shards)
        ]
        self._cuts = np.linspace(0, size, min(_PARTS, size) + 1).astype(np.int64)
        self.parts: tuple[int, ...] = (len(self._cuts),)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """Make a function that copies the rows of a chunk to a shard and trains the chunk there.

        Returns  a function of a chunk and the number of a shard, see `Shards.worker`
        """
        worker = self._make_worker()

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            rows, bounds = worker.gather(chunk)
            local_ids, copies = self._local_ids[shard], self._copies[shard]
            originals = np.empty(min(rows.size, local_ids.size), np.int32)
            count = number_rows(rows, rows.size, local_ids, originals, 0)
            originals = originals[:count]
            local_ids[originals] = -1
            for name in _LAYERS:
                copies[name][:] = self._matrices[name]
            vectors = self._matrices["input_vectors"]
            copies["input_vectors"] = aligned((count, vectors.shape[1]))
            registers = vectors.shape[1] // WIDTH
            copy_rows(vectors, originals, count, copies["input_vectors"], registers)
            copies["input_squares"] = self._matrices["input_squares"][originals]
            frozen = self._frozen[originals] if self._frozen.size else self._frozen
            result = worker.train(chunk, rows, bounds, copies, frozen)
            self._order[shard] = np.argsort(originals)
            self._rows[shard] = originals[self._order[shard]]
            return result

        return train

    def merge(self, part: int, chunks: int) -> None:
        """Merge one part of the copies of the first `chunks` shards into the matrices.

        part    number of the part, from 0. Each of the first parts merges some of the vectors, and
                the last one the layers and the sums of squares
        chunks  number of chunks in the round
        """
        if part < len(self._cuts) - 1:
            self._merge_vectors(int(self._cuts[part]), int(self._cuts[part + 1]), chunks)
            return
        for name in _LAYERS:
            self._merge_layer(name, chunks)

    def _merge_layer(self, name: str, chunks: int) -> None:
        """Merge the copies of a matrix of the layers, as `kernels.row_merge` merges rows.

        Sums of squares are added up.
        """
        matrix = self._matrices[name]
        changes = np.stack([copies[name] - matrix for copies in self._copies[:chunks]])
        total = changes.sum(axis=0)
        if name != "layer_squares":
            rows, sums = changes.reshape(chunks, len(matrix), -1), total.reshape(len(matrix), -1)
            squares, lengths = np.square(rows).sum(axis=(0, 2)), np.square(sums).sum(axis=1)
            limits = MEAN_FACTOR * squares
            sums *= np.where(lengths > limits, limits / np.maximum(lengths, 1e-30), 1)[:, None]
        matrix += total

    def _merge_vectors(self, first: int, last: int, chunks: int) -> None:
        """Merge the vectors of the features from `first` to `last` - 1, and their squares."""
        matrix, squares = self._matrices["input_vectors"], self._matrices["input_squares"]
        spans = [slice(*np.searchsorted(rows, (first, last))) for rows in self._rows[:chunks]]
        rows_of = [rows[span] for rows, span in zip(self._rows, spans, strict=False)]
        most = sum(map(len, rows_of))
        union, size = np.empty(most, np.int32), 0
        sums, lengths = aligned((most, matrix.shape[1])), aligned((most,))
        registers, scratch = matrix.shape[1] // WIDTH, aligned((WIDTH,))
        added = np.zeros(most, np.float32)
        for shard, (rows, span) in enumerate(zip(rows_of, spans, strict=True)):
            copies, order = self._copies[shard], self._order[shard][span]
            targets = rows.copy()
            size = number_rows(targets, targets.size, self._merged_ids, union, size)
            vectors = copies["input_vectors"]
            add_changes(matrix, rows, vectors, order, targets, sums, lengths, registers, scratch)
            added[targets] += copies["input_squares"][order, 0] - squares[rows, 0]
        union = union[:size]
        self._merged_ids[union] = -1
        apply_changes(matrix, union, sums, lengths, registers, scratch)
        squares[union, 0] += added[:size]
