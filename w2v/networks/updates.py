"""One step for each minibatch: the gradients of its parts, their sum, the optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from w2v.kernels.optimizers import add_rows, sum_gradients
from w2v.kernels.row_merge import number_rows
from w2v.networks.batches import BatchSource
from w2v.networks.network import Network
from w2v.networks.optimizer import Optimizer
from w2v.training.chunks import Chunk

PARTS = 8  # of a step


class MinibatchUpdates:
    """Batches in parts, each on a network with gradients of its own, which are added up in order.

    networks   one for each part of a batch
    gradients  (S, R, BLOCK), those of the networks
    tables     the names of what changes by rows, and how many rows each has
    optimizer  of `weights` and the tables
    source     of the batches
    states     of all rows of a batch
    correct    int64 (epochs, S), changed in place: how many targets had the highest score
    lr_at      the learning rate at a share of the run
    clip       longest gradient, or 0
    frozen     bool (V,), rows of `input_vectors` that stay; or (0,)
    seed       of dropout and samples
    """

    def __init__(
        self,
        networks: Sequence[Network],
        gradients: np.ndarray,
        tables: dict[str, int],
        optimizer: Optimizer,
        source: BatchSource,
        states: list[np.ndarray],
        correct: np.ndarray,
        lr_at: Callable[[float], float],
        clip: float,
        frozen: np.ndarray,
        seed: int,
    ):
        self._networks, self._gradients, self._optimizer = networks, gradients, optimizer
        self._source, self._states, self._correct = source, states, correct
        self._lr_at, self._clip, self._frozen, self._seed = lr_at, clip, frozen, seed
        self._places = {name: np.full(size, -1, np.int32) for name, size in tables.items()}
        whole = np.arange(gradients.shape[1], dtype=np.int32)
        self._sums = {"weights": (whole, gradients[0])}  # the gradient of all, as rows of tables
        self._squares = np.zeros(PARTS + len(tables))  # sums of squares, by part
        self._learnt = [False] * len(networks)
        self._lr = math.nan
        self.parts = (PARTS + len(tables), PARTS)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that learns a part of a batch on the network with a number."""

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            network = self._networks[shard]
            if chunk.spans is None:
                return 0.0, 0
            if shard == 0:
                self._lr = self._lr_at(chunk.begin)
                self._optimizer.memory["steps"] += 1
            batch = self._source.batch(chunk.spans, self._states)
            self._learnt[shard] = batch is not None
            if batch is None:
                self._gradients[shard] = 0
                return 0.0, 0
            rng = np.random.default_rng((self._seed, chunk.epoch, chunk.first, shard))
            with np.errstate(over="ignore", invalid="ignore"):  # the loss tells
                found = network.learn(batch, rng)
            self._correct[chunk.epoch, shard] += network.output.correct
            return found

        return train

    def merge(self, part: int, chunks: int) -> None:
        """Add up a stretch or a table of the gradients; then take a part of the step."""
        if part < PARTS:
            stretch = _stretch(self._gradients.shape[1], part)
            self._squares[part] = sum_gradients(self._gradients[:chunks], *stretch)
        elif part < self.parts[0]:
            name = list(self._places)[part - PARTS]
            self._sums[name] = self._add_up_rows(name)
            self._squares[part] = np.square(self._sums[name][1], dtype=np.float64).sum()
        else:
            self._step(part - self.parts[0])

    def _add_up_rows(self, table: str) -> tuple[np.ndarray, np.ndarray]:
        """The rows of a table that any part of the batch has a gradient of, and their sums."""
        found = [
            gradient
            for network, learnt in zip(self._networks, self._learnt, strict=True) if learnt
            for gradient in network.rows() if gradient.table == table
        ]  # fmt: skip
        places, known = self._places[table], 0
        rows = np.empty(sum(each.rows.size for each in found), np.int32)
        numbers = [each.rows.copy() for each in found]
        for each in numbers:
            known = number_rows(each, each.size, places, rows, known)
        rows = rows[:known]
        places[rows] = -1
        sums = np.zeros((known, found[0].sums.shape[1]), found[0].sums.dtype)
        for each, gradient in zip(numbers, found, strict=True):
            add_rows(each, gradient.sums, sums)
        if table == "input_vectors" and self._frozen.size:
            free = ~self._frozen[rows]
            return rows[free], sums[free]
        return rows, sums

    def _step(self, part: int) -> None:
        norm = math.sqrt(self._squares.sum())
        scale = self._clip / norm if 0 < self._clip < norm else 1.0
        for table, (rows, sums) in self._sums.items():
            stretch = _stretch(rows.size, part)
            self._optimizer.step(table, rows, sums, stretch, self._lr, scale)


def _stretch(size: int, part: int) -> tuple[int, int]:
    return size * part // PARTS, size * (part + 1) // PARTS
