"""Rows for the synchronous rounds of negative sampling: their copies, and the merge of these.

The chunks of a round are trained at the same time. A row that only one chunk trains stays in the
matrix. Of a row that several chunks train, each has a copy, and the copies are merged after the
round. Letters: V words, M documents, D numbers in a row, S chunks in a round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from w2v.kernels.contraction import Contraction, by_agreement
from w2v.kernels.hierarchical_softmax import Paths
from w2v.kernels.row_merge import copy_shared_rows, merge_rows, place_rows
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.windows import Windows
from w2v.negative_sampling.prepared_chunk import (
    MakeWorker,
    PreparedChunk,
    Preparer,
    WordTargets,
    count_negatives,
)
from w2v.negative_sampling.subword_rows import WordRows
from w2v.negative_sampling.word_distributions import keep_probabilities, noise_probabilities
from w2v.negative_sampling.word_paths import expected_nodes
from w2v.settings import NegativeSamplingSettings
from w2v.training.chunks import Chunk, Plan

MERGE_PARTS = 8  # parts of a merge; a part is merged by one thread


def memory_bytes(
    counts: np.ndarray, settings: NegativeSamplingSettings, plan: Plan,
    shapes: Mapping[str, tuple[int, int]], threads: int, word_rows: WordRows | None,
    paths: Paths | None,
) -> int:  # fmt: skip
    """Approximate bytes that a round needs beside the matrices.

    counts     int64 (V,), the counts of the vocabulary
    settings   the settings of the model
    plan       the chunks of the run
    shapes     the rows of each matrix and their length, by the name of the matrix
    threads    number of threads
    word_rows  the rows from which each word is composed; None: words are not composed
    paths      the paths of hierarchical softmax; None: negative sampling

    A row that is expected n times in a chunk is needed by the chunk with probability
    p = 1 - exp(-n). It has a copy if one of the S - 1 other chunks needs it too. Nearly all
    documents are in one chunk.
    """
    frequencies = counts / max(counts.sum(), 1)
    # Expected number of occurrences of each word in a chunk, after subsampling.
    kept = frequencies * keep_probabilities(counts, settings.sample) * plan.longest
    if paths:
        kept_outputs = expected_nodes(paths, kept)
    else:
        noise = noise_probabilities(counts, settings.noise_exponent)
        kept_outputs = kept + noise * count_negatives(int(kept.sum()), settings.negative)
    kept_rows = kept  # expected number of times that each row of the input vectors is needed
    if word_rows:
        weights = np.repeat(kept, np.diff(word_rows.offsets))
        kept_rows = np.bincount(word_rows.rows, weights)
    needed, floats = 0.0, 0.0  # rows that a chunk needs, and numbers in copies of rows
    for name, expected in (("input_vectors", kept_rows), ("output_vectors", kept_outputs)):
        if name in shapes:
            probability = -np.expm1(-expected)
            shared = probability * -np.expm1((plan.shards - 1) * np.log1p(-probability + 1e-12))
            needed += probability.sum()
            floats += shared.sum() * shapes[name][1]
    # For each row that a chunk needs, see `_Placement`: in two rounds, its number, place and copy,
    # and half of them as shared rows with offsets.
    lists = 2 * 4 * (needed + plan.mean_spans)
    windows = 2 * len(Windows._fields) * plan.longest
    # For each row, see `place_rows`, `Contraction` and, in each thread, `Preparer`.
    rows = (2 + threads) * sum(count for count, _ in shapes.values())
    return int(4 * (plan.shards * (floats + lists + windows) + rows))


class _Placement:
    """The rows that the chunks of a round need of one matrix, and their places.

    memory    float32 (V + 1 + S C + 1, D): the matrix and its padding row, the copies of each of S
              chunks, and a row of padding for the kernels
    rows      V
    shards    S
    capacity  C, the most rows that a chunk needs

    `rows` holds the rows of each chunk, int32 (S, C).
    """

    def __init__(self, memory: np.ndarray, rows: int, shards: int, capacity: int):
        self._memory, self._first_copy, self._capacity = memory, rows + 1, capacity
        self._registers = memory.shape[1] // WIDTH
        self.rows, self._places = np.empty((2, shards, capacity), np.int32)
        self._shared = np.empty(shards * capacity // 2 + 1, np.int32)
        self._offsets = np.empty(self._shared.size + 1, np.int32)
        self._copies = np.empty(shards * capacity, np.int32)
        self._bounds = [0] * (MERGE_PARTS + 1)
        self._scratch = [
            (
                np.empty(shards, np.int32), np.empty(shards, np.int32),
                np.empty(shards, np.float32), aligned((WIDTH,)),
            )
            for _ in range(MERGE_PARTS)
        ]  # fmt: skip

    def find(self, sizes: np.ndarray, frozen: np.ndarray, uses: np.ndarray) -> None:
        """Find a place for each row of the chunks.

        sizes   int64 (S,), the number of rows of each chunk
        frozen  bool (V,), rows that must not change; empty for none
        uses    int32 (V,), scratch: zeros before and after the call
        """
        found = place_rows(
            self.rows, sizes, frozen, self._first_copy, self._capacity, uses,
            self._places, self._shared, self._offsets, self._copies,
        )  # fmt: skip
        offsets = self._offsets[: found + 1]
        even = np.linspace(0, offsets[-1], MERGE_PARTS + 1)
        self._bounds = np.searchsorted(offsets, even).tolist()

    def copy(self, shard: int, size: int) -> np.ndarray:
        """Copy the rows of a chunk that other chunks train too.

        size     number of rows of the chunk
        Returns  int32 (size,), the place of each row
        """
        rows, places = self.rows[shard], self._places[shard]
        copy_shared_rows(self._memory, rows, size, places, self._registers)
        return places[:size]

    def merge(self, part: int, contraction: Contraction) -> None:
        """Merge one of MERGE_PARTS parts of the rows that have copies."""
        places, nodes, squares, sums = self._scratch[part]
        merge_rows(
            self._memory, self._shared, self._offsets, self._copies, self._bounds[part],
            self._bounds[part + 1], self._first_copy, self._capacity, self._registers, places,
            nodes, squares, sums, contraction,
        )  # fmt: skip


class _Round:
    """The chunks of a round that are prepared, and the placement of each matrix."""

    def __init__(self, placements: Mapping[str, _Placement], shards: int):
        self.placements = placements
        self.chunks = [
            PreparedChunk({name: placement.rows[shard] for name, placement in placements.items()})
            for shard in range(shards)
        ]
        self.contractions: dict[str, Contraction] = {}


class RowCopies:
    """The rows of the `plan.shards` chunks of a round, which are trained at the same time.

    memory        the memory of each matrix, by its name, see `_Placement`
    rows          the number of rows of each matrix, by its name
    targets       what words are composed of and predicted from
    frozen        bool (V,), input vectors that must not change; empty for none
    plan          the chunks of the run
    contractions  function that returns the `Contraction` of each matrix after a share of the run,
                  see `WordTrainer.contractions`
    make_worker   function that makes the `Worker` of a thread. Its argument is the padding id: the
                  number of the last row of the memory of the output vectors, which is padding

    `parts` holds the number of parts of a merge, see `Shards`.
    """

    def __init__(
        self,
        memory: Mapping[str, np.ndarray],
        rows: Mapping[str, int],
        targets: WordTargets,
        frozen: np.ndarray,
        plan: Plan,
        contractions: Callable[[float], Mapping[str, Contraction]],
        make_worker: MakeWorker,
    ):
        self._memory, self._rows, self._targets = memory, rows, targets
        self._make_worker, self._find_contractions = make_worker, contractions
        self._padding_id = len(memory["output_vectors"]) - 1
        inputs = rows.get("input_vectors", 0)
        most = targets.most_rows(plan, inputs)
        self._uses = {name: np.zeros(size + 1, np.int32) for name, size in rows.items()}
        self._frozen = dict.fromkeys(rows, frozen[:0])
        self._frozen_words = frozen
        if frozen.size:  # rows of n-grams are never frozen
            self._frozen["input_vectors"] = np.pad(frozen, (0, inputs - frozen.size))
            if not targets.word_rows:
                self._frozen_words = np.pad(frozen, (0, len(memory["input_vectors"]) - frozen.size))
        self._current, self._next = (
            _Round(
                {
                    name: _Placement(matrix, rows[name], plan.shards, most[name])
                    for name, matrix in memory.items()
                },
                plan.shards,
            )
            for _ in range(2)
        )  # fmt: skip
        self.parts = (MERGE_PARTS,)

    def preparer(self) -> Callable[[Chunk, int], None]:
        """Make a function that prepares a chunk of the next round, see `PreparesChunks`."""
        preparer = Preparer(self._targets, self._make_worker(self._padding_id), self._rows)
        return lambda chunk, shard: preparer.prepare(chunk, self._next.chunks[shard])

    def arrange(self, chunks: int) -> None:
        """Find places for the rows of the next round, see `PreparesChunks`."""
        for name, placement in self._next.placements.items():
            sizes = np.array([chunk.sizes[name] for chunk in self._next.chunks[:chunks]])
            placement.find(sizes, self._frozen[name], self._uses[name])

    def begin_round(self, share: float) -> None:
        """Begin the round that is prepared, see `PreparesChunks`."""
        self._current, self._next = self._next, self._current
        found = self._find_contractions(share)
        self._current.contractions = {
            name: found.get(name) or by_agreement(matrix.shape[1] // WIDTH)
            for name, matrix in self._memory.items()
        }

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """Make a function that trains a prepared chunk.

        Returns  a function of a chunk and the number of a shard, see `Shards.worker`
        """
        worker = self._make_worker(self._padding_id)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            prepared, frozen = self._current.chunks[shard], self._frozen_words
            places = {
                name: placement.copy(shard, prepared.sizes[name])
                for name, placement in self._current.placements.items()
            }
            if frozen.size and self._targets.word_rows:
                frozen = frozen[prepared.words]
            return prepared.train(worker, places, frozen, self._memory, self._padding_id)

        return train

    def merge(self, part: int, chunks: int) -> None:
        """Merge one part of the copies into the matrices.

        part    number of the part, from 0
        chunks  number of chunks in the round; not used
        """
        for name, placement in self._current.placements.items():
            placement.merge(part, self._current.contractions[name])
