"""Row copies for the synchronous rounds of negative sampling, and their merge after each round.

A row copy is a copy of one row of a matrix. The chunks of a round are trained at the same time,
each on copies of the rows of its words, documents and negative samples. Letters: V words, M
documents, D numbers in a row.
"""

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

# Maximum number of parts in which word matrices are merged. A part is merged by one thread.
MERGE_PARTS = 16
REUSE = 24  # average number of times that a chunk uses each negative sample of its noise table


def memory_bytes(
    counts: np.ndarray, settings: NegativeSamplingSettings, plan: Plan, lengths: Mapping[str, int]
) -> int:
    """Approximate bytes of the row copies of a round.

    counts    int64 (V,), the counts of the vocabulary
    settings  the settings of the model
    plan      the chunks of the run
    lengths   the row length of each matrix, by the name of the matrix

    A word that is expected n times in a chunk occurs in the chunk with probability 1 - exp(-n).
    """
    frequencies = counts / max(counts.sum(), 1)
    # Expected number of occurrences of each word in a chunk, after subsampling.
    kept = frequencies * keep_probabilities(counts, settings.sample) * plan.longest
    noise = noise_probabilities(counts, settings.noise_exponent)
    negatives = kept.sum() * settings.negative / REUSE
    input_rows, output_rows = (
        -np.expm1(-expected).sum() for expected in (kept, kept + noise * negatives)
    )
    rows = {
        "input_vectors": input_rows,
        "output_vectors": output_rows,
        "document_vectors": plan.mean_spans,
    }
    floats = sum(rows[name] * length for name, length in lengths.items())
    local_ids = counts.size  # one int32 for each word
    return int(plan.shards * 4 * (floats + local_ids))


class RowCopies:
    """Row copies for the `plan.shards` chunks of a round, which are trained at the same time.

    Shard s holds the row copies of the s-th chunk of the round. The words and negative samples of
    a chunk are numbered in order of appearance. Their rows are copied to small matrices in this
    order, and the kernels train the chunk on these small matrices.

    For each chunk a sample of the noise distribution is drawn. The windows of the chunk draw their
    negative samples from this sample. A chunk therefore needs few rows, which stay in the
    processor's cache.

    matrices     by name: float32 (V + 1, D); `document_vectors` float32 (M + 1, D). `merge` changes
                 them in place
    noise        uint64 (V,), the alias table of the noise distribution, see `draw_noise`
    frozen       bool (V,), input vectors that must not change; empty for none
    negative     number of negative samples for each window
    plan         the chunks of the run
    make_worker  function that makes the `Worker` of a thread. Its argument is the padding id: the
                 number of the last row of a shard's output vectors, which is padding

    `parts` holds the number of parts of a merge, see `Shards`.
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
        output_rows = min(words, plan.longest + self._count_negatives(plan.longest))
        rows = {"input_vectors": min(words, plan.longest), "output_vectors": output_rows}
        rows["document_vectors"] = plan.most_spans
        # Rows of each matrix of a shard: the last one is padding.
        self._capacity = {name: 1 + rows[name] for name in matrices}
        self._copies = {
            name: aligned((shards * size, matrices[name].shape[1]))
            for name, size in self._capacity.items()
        }
        # Number of rows that are copied to each shard.
        self._row_counts = {name: np.zeros(shards, np.int64) for name in rows}
        # For each shard and word: the row number of the word's copy, or -1 for a word without copy.
        self._local_ids = np.full((shards, words + 1), -1, np.int32)
        # For each shard and row copy: the row number of the original in the trainer's matrix.
        self._word_rows = np.empty((shards, 1 + output_rows), np.int32)
        self._document_rows = [np.empty(0, np.int32)] * shards
        self._word_parts = min(MERGE_PARTS, -(-words // BLOCK))
        self.parts = (self._word_parts + ("document_vectors" in matrices),)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """Make a function that copies the rows of a chunk to a shard and trains the chunk there.

        Returns  a function of a chunk and the number of a shard, see `Shards.worker`
        """
        worker = self._make_worker(self._capacity["output_vectors"] - 1)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            count, state = worker.build_windows(chunk)
            noise = self._copy_words(shard, worker.windows.word_ids, count, state)
            if "document_vectors" in self._matrices:
                self._copy_documents(shard, worker)
            copies = {name: self._shard_matrix(name, shard) for name in self._copies}
            rows = self._word_rows[shard, : self._row_counts["input_vectors"][shard]]
            frozen = self._frozen[rows] if self._frozen.size else self._frozen
            return worker.step(count, state, noise, frozen, copies)

        return train

    def _shard_matrix(self, name: str, shard: int) -> np.ndarray:
        """The row copies of a matrix in a shard: a view, float32 (capacity, D)."""
        size = self._capacity[name]
        return self._copies[name][shard * size : (shard + 1) * size]

    def _copy_words(
        self, shard: int, word_ids: np.ndarray, count: int, state: np.ndarray
    ) -> np.ndarray:
        """Copy the rows of a chunk's words and negative samples to a shard.

        word_ids  int32, the word ids of the windows. The first `count` are replaced by the row
                  numbers of their copies
        count     number of windows
        state     uint64 (1,), random state, changed in place
        Returns   the noise table of the chunk, see `draw_noise`
        """
        local_ids, rows = self._local_ids[shard], self._word_rows[shard]
        negatives = np.empty(self._count_negatives(count), np.int32)
        draw_negatives(self._noise, state, negatives)
        local_ids.fill(-1)
        input_rows = number_rows(word_ids, count, local_ids, rows, 0)
        output_rows = number_rows(negatives, negatives.size, local_ids, rows, input_rows)
        for name, row_count in (("input_vectors", input_rows), ("output_vectors", output_rows)):
            self._row_counts[name][shard] = row_count
            self._copy_rows(name, shard, rows)
        # As an alias table these numbers have thresholds of 0, so that each draw takes the alias.
        return negatives.astype(np.uint64)

    def _copy_documents(self, shard: int, worker: Worker) -> None:
        """Copy a chunk's document vectors to a shard.

        `worker.document_rows` are replaced by the row numbers of the copies.
        """
        rows, local_ids = np.unique(worker.document_rows, return_inverse=True)
        worker.document_rows = local_ids.astype(np.int32)
        self._document_rows[shard] = rows
        self._row_counts["document_vectors"][shard] = rows.size
        self._copy_rows("document_vectors", shard, rows)

    def _copy_rows(self, name: str, shard: int, rows: np.ndarray) -> None:
        if name in self._matrices:
            matrix, count = self._matrices[name], self._row_counts[name][shard]
            registers = matrix.shape[1] // WIDTH
            copy_rows(matrix, rows, count, self._shard_matrix(name, shard), registers)

    def _count_negatives(self, windows: int) -> int:
        return -(-windows * self._negative // REUSE)  # rounded up

    def changes(self, shard: int) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Compute how training has changed the row copies of a shard.

        The row copies are overwritten by their changes.

        Returns  by the name of the matrix: (row numbers, int32 (R,), ascending; the change of each
                 row, float32 (R, D); the squared length of each change, float32 (R,)). R is the
                 number of row copies, without those of frozen input vectors
        """
        changes = {}
        for name, matrix in self._matrices.items():
            is_document = name == "document_vectors"
            shard_rows = self._document_rows[shard] if is_document else self._word_rows[shard]
            rows = shard_rows[: self._row_counts[name][shard]]
            copies, squares = self._shard_matrix(name, shard), np.empty(rows.size, np.float32)
            registers, sums = matrix.shape[1] // WIDTH, aligned((WIDTH,))
            compute_changes(matrix, rows, copies, squares, registers, sums)
            order = np.argsort(rows)
            if name == "input_vectors" and self._frozen.size:
                order = order[~self._frozen[rows[order]]]
            changes[name] = rows[order], copies[order], squares[order]
        return changes

    def merge(self, part: int, chunks: int) -> None:
        """Merge one part of the row copies of the first `chunks` shards into the matrices.

        part    number of the part, from 0. With n parts for the word matrices, part i merges the
                blocks i, i + n, i + 2 n, ... of their rows. A model of documents has one more part,
                the last one, which merges all document vectors
        chunks  number of chunks in the round
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
        """Merge the document vectors of the first `chunks` shards.

        They are merged in a small matrix that has only the documents of the round.
        """
        name, document_rows = "document_vectors", self._document_rows[:chunks]
        rows = np.unique(np.concatenate(document_rows))
        local_ids = np.full((chunks, rows.size + 1), -1, np.int32)
        for shard, shard_rows in enumerate(document_rows):
            local_ids[shard, np.searchsorted(rows, shard_rows)] = np.arange(shard_rows.size)
        matrix = self._matrices[name]
        vectors = aligned((rows.size + 1, matrix.shape[1]))
        vectors[:-1] = matrix[rows]
        self._merge(name, vectors, local_ids, 0, 1)
        matrix[rows] = vectors[:-1]

    def _merge(
        self, name: str, matrix: np.ndarray, local_ids: np.ndarray, part: int, parts: int
    ) -> None:
        """Merge one of `parts` parts of the row copies of a matrix, see `merge_rows`."""
        chunks = len(local_ids)
        copied, sums = np.empty((BLOCK + 1, chunks + 3), np.int32), aligned((WIDTH,))
        nodes, squares = np.empty(chunks, np.int32), np.empty(chunks, np.float32)
        frozen = self._frozen if name == "input_vectors" else np.empty(0, np.bool_)
        merge_rows(
            matrix, self._copies[name][: chunks * self._capacity[name]], local_ids,
            self._row_counts[name], part, parts, frozen, matrix.shape[1] // WIDTH, copied,
            np.empty(BLOCK, np.int32), nodes, squares, sums,
        )  # fmt: skip
