"""The rounds of negative sampling: chunks that are trained on copies of the rows that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from w2v.kernels.negative_sampling import draw_pool
from w2v.kernels.row_copies import BLOCK, copy_rows, merge_rows, number_rows, take_changes
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling.sampling import keep_probabilities, noise_probabilities
from w2v.negative_sampling.worker import Worker
from w2v.settings import NegativeSamplingSettings
from w2v.training.chunks import Chunk, Plan

PARTS = 16  # of a round's merging
DRAWS = 24  # how often a chunk draws each word of its pool, on average


def memory_bytes(counts: np.ndarray, settings: NegativeSamplingSettings, plan: Plan) -> int:
    """Bytes that the rounds of a plan take, about; `counts` are the vocabulary's."""
    share = counts / max(counts.sum(), 1)
    kept = share * keep_probabilities(counts, settings.sample) * plan.longest
    noise = noise_probabilities(counts, settings.noise_exponent)
    pool = kept.sum() * settings.negative / DRAWS
    inputs, outputs = (-np.expm1(-drawn).sum() for drawn in (kept, kept + noise * pool))
    rows = inputs * settings.has_words + outputs * settings.parts + plan.mean_pieces
    return int(plan.shards * 4 * (settings.padded_dim * rows + counts.size))


class RowCopies:
    """Room for `plan.shards` chunks that are trained at the same time.

    A chunk's words and a pool of noise words are numbered as they come, and their rows copied to
    small matrices with these numbers; there the chunk is trained by the same kernels. The noise
    words of a chunk are drawn from its pool, which is drawn from all words anew: so a chunk needs
    few rows that others need as well, and they stay in the processor's cache.

    matrices     by name, float32 (V + 1, D), and (M + 1, D) where there are documents
    noise        uint64 (V,), see `draw_noise`
    frozen       bool (V,), see `train_windows`
    negative     noise words for each window
    plan
    make_worker  what gives a thread its `Worker`, for matrices with a certain last row
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
        most = min(words, plan.longest + self._pool_size(plan.longest))
        rows = {"input_vectors": min(words, plan.longest), "output_vectors": most}
        rows["document_vectors"] = plan.most_pieces
        self._sizes = {name: 1 + rows[name] for name in matrices}
        self._copies = {
            name: aligned((shards * size, matrices[name].shape[1]))
            for name, size in self._sizes.items()
        }
        self._limits = {name: np.zeros(shards, np.int64) for name in rows}
        self._places = np.full((shards, words + 1), -1, np.int32)
        self._rows = np.empty((shards, 1 + most), np.int32)
        self._documents = [np.empty(0, np.int32)] * shards
        self._word_parts = min(PARTS, -(-words // BLOCK))
        self.parts = (self._word_parts + ("document_vectors" in matrices),)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that trains a chunk on the copies of a shard."""
        worker = self._make_worker(self._sizes["output_vectors"] - 1)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            count, state = worker.lay(chunk)
            table = self._borrow(shard, worker.windows.kept, count, state)
            if "document_vectors" in self._matrices:
                self._borrow_documents(shard, worker)
            copies = {name: self._copy(name, shard) for name in self._copies}
            known = self._rows[shard, : self._limits["input_vectors"][shard]]
            frozen = self._frozen[known] if self._frozen.size else self._frozen
            return worker.step(count, state, table, frozen, copies)

        return train

    def _copy(self, name: str, shard: int) -> np.ndarray:
        size = self._sizes[name]
        return self._copies[name][shard * size : (shard + 1) * size]

    def _borrow(self, shard: int, kept: np.ndarray, count: int, state: np.ndarray) -> np.ndarray:
        """Copy the rows that a chunk needs; its words and the returned pool get their numbers."""
        places, rows = self._places[shard], self._rows[shard]
        pool = np.empty(self._pool_size(count), np.int32)
        draw_pool(self._noise, state, pool)
        places.fill(-1)
        known = number_rows(kept, count, places, rows, 0)
        more = number_rows(pool, pool.size, places, rows, known)
        for name, limit in (("input_vectors", known), ("output_vectors", more)):
            self._limits[name][shard] = limit
            self._borrow_rows(name, shard, rows)
        return pool.astype(np.uint64)  # as an alias table: every slot is its alias

    def _borrow_documents(self, shard: int, worker: Worker) -> None:
        """Copy a chunk's document vectors; the documents get the numbers of the copies."""
        rows, places = np.unique(worker.documents, return_inverse=True)
        worker.documents = places.astype(np.int32)
        self._documents[shard] = rows
        self._limits["document_vectors"][shard] = rows.size
        self._borrow_rows("document_vectors", shard, rows)

    def _borrow_rows(self, name: str, shard: int, rows: np.ndarray) -> None:
        if name in self._matrices:
            matrix, count = self._matrices[name], self._limits[name][shard]
            registers = matrix.shape[1] // WIDTH
            copy_rows(matrix, rows, count, self._copy(name, shard), registers)

    def _pool_size(self, windows: int) -> int:
        return -(-windows * self._negative // DRAWS)

    def changes(self, shard: int) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """What a chunk that has been trained has changed, by the name of the matrix.

        Returns  (rows, int32 (R,), rising; their changes, float32 (R, D); their squared lengths)
        """
        found = {}
        for name, matrix in self._matrices.items():
            held = self._documents if name == "document_vectors" else self._rows
            rows = held[shard][: self._limits[name][shard]]
            copies, squares = self._copy(name, shard), np.empty(rows.size, np.float32)
            registers, sums = matrix.shape[1] // WIDTH, aligned((WIDTH,))
            take_changes(matrix, rows, copies, squares, registers, sums)
            order = np.argsort(rows)
            if name == "input_vectors" and self._frozen.size:
                order = order[~self._frozen[rows[order]]]
            found[name] = rows[order], copies[order], squares[order]
        return found

    def merge(self, part: int, chunks: int) -> None:
        """Bring what the first copies have learnt into every `parts`-th stretch of rows.

        The last part is all document vectors, where there are any.
        """
        if part == self._word_parts:
            self._merge_documents(chunks)
            return
        for name in ("input_vectors", "output_vectors"):
            if name in self._matrices:
                self._merge(
                    name, self._matrices[name], self._places[:chunks], part, self._word_parts
                )

    def _merge_documents(self, chunks: int) -> None:
        """Merge the vectors of a round's documents: most of them have but one copy."""
        name, documents = "document_vectors", self._documents[:chunks]
        rows = np.unique(np.concatenate(documents))
        places = np.full((chunks, rows.size + 1), -1, np.int32)
        for shard, held in enumerate(documents):
            places[shard, np.searchsorted(rows, held)] = np.arange(held.size)
        matrix = self._matrices[name]
        changed = aligned((rows.size + 1, matrix.shape[1]))
        changed[:-1] = matrix[rows]
        self._merge(name, changed, places, 0, 1)
        matrix[rows] = changed[:-1]

    def _merge(self, name: str, matrix: np.ndarray, places: np.ndarray, part: int, of: int) -> None:
        chunks = len(places)
        held, sums = np.empty((BLOCK + 1, chunks + 3), np.int32), aligned((WIDTH,))
        nodes, squares = np.empty(chunks, np.int32), np.empty(chunks, np.float32)
        frozen = self._frozen if name == "input_vectors" else np.empty(0, np.bool_)
        merge_rows(
            matrix, self._copies[name][: chunks * self._sizes[name]], places, self._limits[name],
            part, of, frozen, matrix.shape[1] // WIDTH, held, np.empty(BLOCK, np.int32), nodes,
            squares, sums,
        )  # fmt: skip
