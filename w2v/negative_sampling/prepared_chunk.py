"""Chunks whose windows are built and whose rows are known, before they are trained.

Nothing in a prepared chunk depends on the vectors. The chunks of a round can therefore be prepared
while those of the round before are trained. Letters: V words, M documents, D numbers in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from w2v.kernels.hierarchical_softmax import Paths
from w2v.kernels.negative_sampling import draw_negatives
from w2v.kernels.row_merge import number_rows, take_places
from w2v.kernels.windows import Windows, allocate_windows
from w2v.negative_sampling.subword_rows import WordRows
from w2v.negative_sampling.word_paths import take_paths
from w2v.negative_sampling.worker import Worker
from w2v.training.chunks import Chunk, Plan

MakeWorker = Callable[[int], Worker]  # makes the worker of a thread, for a padding id
REUSE = 24  # average number of times that a chunk uses each negative sample of its noise table


def count_negatives(windows: int, negative: int) -> int:
    """The number of negative samples in the noise table of a chunk.

    windows   number of windows
    negative  number of negative samples for each window
    """
    return -(-windows * negative // REUSE)  # rounded up


class WordTargets(NamedTuple):
    """What the words of a model are composed of, and what they are predicted from.

    words       V
    outputs     the number of output vectors
    cumulative  float64 (V,), the sums of the probabilities of the noise distribution
    paths       the paths of hierarchical softmax; None: negative sampling
    negative    number of negative samples for each window
    word_rows   the rows from which each word is composed; None: words are not composed
    """

    words: int
    outputs: int
    cumulative: np.ndarray
    paths: Paths | None
    negative: int
    word_rows: WordRows | None

    def most_rows(self, plan: Plan, inputs: int) -> dict[str, int]:
        """The most rows of each matrix that a chunk of a plan needs.

        inputs  the number of input vectors
        """
        words = min(self.words, plan.longest)
        if self.paths:
            output_rows = _most_rows(self.paths.offsets, plan.longest)
        else:
            output_rows = plan.longest + count_negatives(plan.longest, self.negative)
        if self.word_rows:
            words = _most_rows(self.word_rows.offsets, plan.longest)
        return {
            "input_vectors": min(inputs, words),
            "output_vectors": min(self.outputs, output_rows),
            "document_vectors": plan.most_spans,
        }


class PreparedChunk:
    """A chunk whose windows are built, and the rows of each matrix that it needs.

    rows  by the name of the matrix: int32 (R,), memory for the numbers of the most rows

    `sizes` holds the number of rows of each matrix, and `words` the distinct words, int32 (K,).
    """

    def __init__(self, rows: Mapping[str, np.ndarray]):
        self.rows, self.sizes = rows, dict.fromkeys(rows, 0)
        self.words = np.empty(0, np.int32)
        self._windows: Windows = allocate_windows(0)
        self._count, self._state = 0, np.empty(1, np.uint64)
        self._negatives, self._documents = np.empty(0, np.int32), np.empty(0, np.int32)
        self._paths: Paths | None = None
        self._word_rows: WordRows | None = None

    def rows_of(self, name: str) -> np.ndarray:
        """The rows of a matrix that the chunk needs, int32 (R,)."""
        return self.rows[name][: self.sizes[name]]

    def prepare(
        self, chunk: Chunk, worker: Worker, targets: WordTargets, numbers: Mapping[str, np.ndarray]
    ) -> None:
        """Build the windows of a chunk, draw its negative samples, and number its rows.

        chunk    the chunk
        worker   builds the windows
        targets  what words are composed of and predicted from
        numbers  by the name of the matrix: int32 (N,), scratch; -1 before and after the call
        """
        worker.windows = self._windows
        self._count, self._state = worker.build_windows(chunk)
        self._windows = worker.windows
        local_ids, rows = numbers["output_vectors"], self.rows["output_vectors"]
        if targets.paths:
            local_ids, rows = numbers["words"], np.empty(self._count, np.int32)
        words = number_rows(self._windows.word_ids, self._count, local_ids, rows, 0)
        self.words = rows[:words]
        size = words
        if targets.paths:
            self._paths = self._number_paths(targets, targets.paths, numbers["output_vectors"])
        else:
            self._negatives = np.empty(count_negatives(self._count, targets.negative), np.int32)
            draw_negatives(targets.cumulative, self._state, self._negatives)
            size = number_rows(self._negatives, self._negatives.size, local_ids, rows, words)
            self.sizes["output_vectors"] = size
        local_ids[rows[:size]] = -1
        if targets.word_rows:
            self._word_rows = targets.word_rows.take(self.words)
            self._number("input_vectors", self._word_rows.rows, numbers)
        elif "input_vectors" in self.rows:
            self.rows["input_vectors"][:words] = self.words
            self.sizes["input_vectors"] = words
        if "document_vectors" in self.rows:
            self._documents = worker.document_rows.copy()
            self._number("document_vectors", self._documents, numbers)

    def _number(self, name: str, ids: np.ndarray, numbers: Mapping[str, np.ndarray]) -> None:
        """Number some rows of a matrix, int32 (N,), in place."""
        local_ids, rows = numbers[name], self.rows[name]
        self.sizes[name] = size = number_rows(ids, ids.size, local_ids, rows, 0)
        local_ids[rows[:size]] = -1

    def _number_paths(self, targets: WordTargets, paths: Paths, local_ids: np.ndarray) -> Paths:
        """Number the inner nodes on the paths to the words."""
        part = take_paths(paths, self.words)
        inner = part.nodes != targets.outputs
        nodes = part.nodes[inner]
        rows = self.rows["output_vectors"]
        self.sizes["output_vectors"] = size = number_rows(nodes, nodes.size, local_ids, rows, 0)
        local_ids[rows[:size]] = -1
        part.nodes[inner], part.nodes[~inner] = nodes, -1
        return part

    def train(
        self,
        worker: Worker,
        places: Mapping[str, np.ndarray],
        frozen: np.ndarray,
        matrices: Mapping[str, np.ndarray],
        padding_id: int,
    ) -> tuple[float, int]:
        """Train the chunk on rows that are at given places.

        worker      the worker of the thread
        places      by the name of the matrix: int32 (R,), the place of each row
        frozen      bool, which input vectors must not change, see `Worker.step`
        matrices    by name: float32 (·, D), changed in place; the last row of each is padding
        padding_id  number of the last row of the output vectors
        Returns     the sum of the losses in nats, and the number of pairs
        """
        windows, count = self._windows, self._count
        noise: np.ndarray | Paths
        word_ids = windows.word_ids
        if self._word_rows:
            rows = places["input_vectors"][self._word_rows.rows]
            worker.word_rows = self._word_rows._replace(rows=rows)
            windows.input_rows[:count] = word_ids[:count]
        elif "input_vectors" in places:
            take_places(word_ids, count, places["input_vectors"], windows.input_rows)
        outputs = places["output_vectors"]
        if self._paths:
            nodes = self._paths.nodes
            noise = self._paths._replace(nodes=np.where(nodes < 0, padding_id, outputs[nodes]))
        else:
            take_places(word_ids, count, outputs, word_ids)
            # As an alias table these places have thresholds of 0: each draw takes the alias.
            noise = np.empty(self._negatives.size, np.uint64)
            take_places(self._negatives, noise.size, outputs, noise)
        if "document_vectors" in places:
            worker.document_rows = places["document_vectors"][self._documents]
        worker.windows = windows
        return worker.step(count, self._state, noise, frozen, matrices)


class Preparer:
    """Prepares chunks; each thread needs one of its own, because it has scratch memory.

    targets  what words are composed of and predicted from
    worker   builds the windows
    rows     the number of rows of each matrix, by its name
    """

    def __init__(self, targets: WordTargets, worker: Worker, rows: Mapping[str, int]):
        self._targets, self._worker = targets, worker
        self._numbers = {name: np.full(size + 1, -1, np.int32) for name, size in rows.items()}
        if targets.paths:
            self._numbers["words"] = np.full(targets.words, -1, np.int32)

    def prepare(self, chunk: Chunk, prepared: PreparedChunk) -> None:
        """Prepare a chunk; `prepared` is overwritten."""
        prepared.prepare(chunk, self._worker, self._targets, self._numbers)


def _most_rows(offsets: np.ndarray, words: int) -> int:
    """The most rows that so many words have, of those between the offsets of each word."""
    return int(np.sort(np.diff(offsets))[::-1][:words].sum())
