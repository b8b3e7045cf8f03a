"""Synchronous rounds of negative sampling: each chunk trains copies of the rows that it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from w2v.kernels.negative_sampling import draw_negatives
from w2v.kernels.row_merge import BLOCK, compute_changes, copy_rows, merge_rows, number_rows
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling.word_distributions import keep_probabilities, noise_probabilities
from w2v.negative_sampling.worker import Worker
from w2v.settings import NegativeSamplingSettings
from w2v.training.chunks import Chunk, Plan

MERGE_PARTS = 16  # parts of a merge, which threads take one by one
REUSE = 24  # average number of times that a chunk uses each negative of its sample


def memory_bytes(
    counts: np.ndarray, settings: NegativeSamplingSettings, plan: Plan, lengths: Mapping[str, int]
) -> int:
    """Approximate bytes of the row copies of a round.

    counts    int64 (V,), the counts of the vocabulary
    settings  the settings of the model
    plan      the chunks of the run
    lengths   the row length of each matrix, by its name
    """
    share = counts / max(counts.sum(), 1)
    kept = share * keep_probabilities(counts, settings.sample) * plan.longest
    noise = noise_probabilities(counts, settings.noise_exponent)
    negatives = kept.sum() * settings.negative / REUSE
    inputs, outputs = (-np.expm1(-drawn).sum() for drawn in (kept, kept + noise * negatives))
    rows = {"input_vectors": inputs, "output_vectors": outputs, "document_vectors": plan.mean_spans}
    numbers = sum(rows[name] * length for name, length in lengths.items())
    return int(plan.shards * 4 * (numbers + counts.size))


class RowCopies:
    """Row copies for the `plan.shards` chunks of a round, which are trained at the same time.

    Shard s is the memory of the s-th chunk of the round.
    The words and negatives of a chunk are numbered in order of appearance. Their rows are copied to
    small matrices in this order, and the kernels train the chunk on these matrices. For each chunk
    a sample of the noise distribution is drawn, and its windows draw their negatives from this
    sample. A chunk therefore needs few rows, and these stay in the processor's cache.

    matrices     by name: float32 (V + 1, D); `document_vectors` float32 (M + 1, D)
    noise        uint64 (V,), the alias table of the noise distribution, see `draw_noise`
    frozen       bool (V,), input vectors that must not change; empty for none
    negative     negative samples for each window
    plan         the chunks of the run
    make_worker  makes the `Worker` of a thread from the padding id, the number of the last row of
                 the matrices that it trains
    """

    def __init__(
        self,
        matrices: Mapping[str, np.ndarray],
        noise: np.ndarray,
        frozen: np.ndarray,
        negative: int,
        plan: Plan,
        make_worker: Callable[[int], Worker],
    ):
        self._matrices, self._noise, self._negative = matrices, noise, negative
        self._frozen, self._make_worker = frozen, make_worker
        words, shards = noise.size, plan.shards
        most = min(words, plan.longest + self._count_negatives(plan.longest))
        rows = {"input_vectors": min(words, plan.longest), "output_vectors": most}
        rows["document_vectors"] = plan.most_spans
        self._capacity = {name: 1 + rows[name] for name in matrices}
        self._copies = {
            name: aligned((shards * size, matrices[name].shape[1]))
            for name, size in self._capacity.items()
        }
        self._used = {name: np.zeros(shards, np.int64) for name in rows}
        self._local_ids = np.full((shards, words + 1), -1, np.int32)
        self._rows = np.empty((shards, 1 + most), np.int32)
        self._documents = [np.empty(0, np.int32)] * shards
        self._word_parts = min(MERGE_PARTS, -(-words // BLOCK))
        self.parts = (self._word_parts + ("document_vectors" in matrices),)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that trains a chunk on the row copies of a shard."""
        worker = self._make_worker(self._capacity["output_vectors"] - 1)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            count, state = worker.build_windows(chunk)
            noise = self._copy_words(shard, worker.windows.word_ids, count, state)
            if "document_vectors" in self._matrices:
                self._copy_documents(shard, worker)
            copies = {name: self._copy(name, shard) for name in self._copies}
            rows = self._rows[shard, : self._used["input_vectors"][shard]]
            frozen = self._frozen[rows] if self._frozen.size else self._frozen
            return worker.step(count, state, noise, frozen, copies)

        return train

    def _copy(self, name: str, shard: int) -> np.ndarray:
        size = self._capacity[name]
        return self._copies[name][shard * size : (shard + 1) * size]

    def _copy_words(
        self, shard: int, word_ids: np.ndarray, count: int, state: np.ndarray
    ) -> np.ndarray:
        """Copy the rows of a chunk's words and negatives.

        word_ids  the first `count` are replaced by their row numbers in the copy
        Returns   the noise table of the chunk, see `draw_noise`
        """
        local_ids, rows = self._local_ids[shard], self._rows[shard]
        negatives = np.empty(self._count_negatives(count), np.int32)
        draw_negatives(self._noise, state, negatives)
        local_ids.fill(-1)
        inputs = number_rows(word_ids, count, local_ids, rows, 0)
        outputs = number_rows(negatives, negatives.size, local_ids, rows, inputs)
        for name, used in (("input_vectors", inputs), ("output_vectors", outputs)):
            self._used[name][shard] = used
            self._copy_rows(name, shard, rows)
        return negatives.astype(np.uint64)  # an alias table with q = 0: each draw takes the alias

    def _copy_documents(self, shard: int, worker: Worker) -> None:
        """Copy a chunk's document vectors; `worker.document_rows` become rows of the copy."""
        rows, local_ids = np.unique(worker.document_rows, return_inverse=True)
        worker.document_rows = local_ids.astype(np.int32)
        self._documents[shard] = rows
        self._used["document_vectors"][shard] = rows.size
        self._copy_rows("document_vectors", shard, rows)

    def _copy_rows(self, name: str, shard: int, rows: np.ndarray) -> None:
        if name in self._matrices:
            matrix, count = self._matrices[name], self._used[name][shard]
            registers = matrix.shape[1] // WIDTH
            copy_rows(matrix, rows, count, self._copy(name, shard), registers)

    def _count_negatives(self, windows: int) -> int:
        return -(-windows * self._negative // REUSE)

    def changes(self, shard: int) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The changes that training a chunk has made; its row copies are overwritten.

        Returns  by the name of the matrix: (row numbers, int32 (R,), ascending; the change of each
                 row, float32 (R, D); the squared length of each change, float32 (R,))
        """
        changes = {}
        for name, matrix in self._matrices.items():
            all_rows = self._documents if name == "document_vectors" else self._rows
            rows = all_rows[shard][: self._used[name][shard]]
            copies, squares = self._copy(name, shard), np.empty(rows.size, np.float32)
            registers, sums = matrix.shape[1] // WIDTH, aligned((WIDTH,))
            compute_changes(matrix, rows, copies, squares, registers, sums)
            order = np.argsort(rows)
            if name == "input_vectors" and self._frozen.size:
                order = order[~self._frozen[rows[order]]]
            changes[name] = rows[order], copies[order], squares[order]
        return changes

    def merge(self, part: int, chunks: int) -> None:
        """Merge one part of the row copies of the first `chunks` shards into the matrices.

        part  number of the part: every n-th block of the rows of the word matrices, n parts in all.
              Models of documents have one more part, the last: all document vectors
        """
        if part == self._word_parts:
            self._merge_documents(chunks)
            return
        for name in ("input_vectors", "output_vectors"):
            if name in self._matrices:
                self._merge(
                    name, self._matrices[name], self._local_ids[:chunks], part, self._word_parts
                )

    def _merge_documents(self, chunks: int) -> None:
        """Merge the document vectors of a round; most of them have one copy."""
        name, documents = "document_vectors", self._documents[:chunks]
        rows = np.unique(np.concatenate(documents))
        local_ids = np.full((chunks, rows.size + 1), -1, np.int32)
        for shard, copied in enumerate(documents):
            local_ids[shard, np.searchsorted(rows, copied)] = np.arange(copied.size)
        matrix = self._matrices[name]
        changed = aligned((rows.size + 1, matrix.shape[1]))
        changed[:-1] = matrix[rows]
        self._merge(name, changed, local_ids, 0, 1)
        matrix[rows] = changed[:-1]

    def _merge(
        self, name: str, matrix: np.ndarray, local_ids: np.ndarray, part: int, parts: int
    ) -> None:
        chunks = len(local_ids)
        copied, sums = np.empty((BLOCK + 1, chunks + 3), np.int32), aligned((WIDTH,))
        nodes, squares = np.empty(chunks, np.int32), np.empty(chunks, np.float32)
        frozen = self._frozen if name == "input_vectors" else np.empty(0, np.bool_)
        merge_rows(
            matrix, self._copies[name][: chunks * self._capacity[name]], local_ids,
            self._used[name], part, parts, frozen, matrix.shape[1] // WIDTH, copied,
            np.empty(BLOCK, np.int32), nodes, squares, sums,
        )  # fmt: skip
