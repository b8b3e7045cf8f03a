"""Minibatch updates: the gradients of the shards are summed, then the optimizer takes a step."""

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

PARTS = 8  # parts of a sum or of a step, which are distributed over the threads


class MinibatchUpdates:
    """Synchronous updates: each shard of a minibatch computes its gradients on its own network.

    The gradients are summed in the order of the shards, so that the result does not depend on the
    number of threads.

    networks   a network for each of the S shards; they share their parameters
    gradients  (S, R, BLOCK), the networks' gradients of the dense parameters
    tables     name and number of rows of each table with row gradients
    optimizer  has the tables, and the dense parameters as `weights`
    source     the minibatches
    states     recurrent states of all rows of a minibatch, changed in place; empty for a classifier
    correct    int64 (epochs, S), changed in place: number of targets with the highest score
    lr_at      function from the share of the run (0 to 1) to the learning rate
    clip       largest norm of the gradient of all parameters; 0: no clipping
    frozen     bool (V,), rows of `input_vectors` that are not trained; or (0,)
    seed       seed of dropout and of sampled words
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
        self._sums = {"weights": (whole, gradients[0])}  # name: (rows, their summed gradients)
        self._squares = np.zeros(PARTS + len(tables))  # squared norms of the summed gradients
        self._learnt = [False] * len(networks)
        self._lr = math.nan
        self.parts = (PARTS + len(tables), PARTS)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """A function that computes the gradients of a shard: (sum of losses, number of targets).

        Its arguments are the chunk, whose `spans` are the shard, and the number of the network.
        """

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
            with np.errstate(over="ignore", invalid="ignore"):  # workers.py checks losses
                loss_and_targets = network.learn(batch, rng)
            self._correct[chunk.epoch, shard] += network.output.correct
            return loss_and_targets

        return train

    def merge(self, part: int, chunks: int) -> None:
        """One part of the update: sum gradients, or take a part of the optimizer's step.

        part    0 to PARTS - 1: sum a part of the dense gradients; then one for each table: sum its
                row gradients; then PARTS parts of the step, which begin when all sums are done
        chunks  number of shards
        """
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
        """Sum a table's row gradients over the shards: (rows, sums), without frozen rows."""
        gradients = [
            gradient
            for network, learnt in zip(self._networks, self._learnt, strict=True) if learnt
            for gradient in network.rows() if gradient.table == table
        ]  # fmt: skip
        places, known = self._places[table], 0
        rows = np.empty(sum(gradient.rows.size for gradient in gradients), np.int32)
        local_ids = [gradient.rows.copy() for gradient in gradients]
        for ids in local_ids:
            known = number_rows(ids, ids.size, places, rows, known)
        rows = rows[:known]
        places[rows] = -1
        sums = np.zeros((known, gradients[0].sums.shape[1]), gradients[0].sums.dtype)
        for ids, gradient in zip(local_ids, gradients, strict=True):
            add_rows(ids, gradient.sums, sums)
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
