"""The update after each minibatch: sum the gradients of the shards, then take an optimizer step.

Dense gradients are the gradients of the dense parameters (see `parameters`), S matrices (R, BLOCK)
for S shards. Row gradients are the gradients of some rows of a table, such as the embedding.
"""

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

PARTS = 8  # number of parts of a sum or a step, which are distributed over the threads


class MinibatchUpdates:
    """Synchronous updates. The gradients of each shard are computed with a separate network.

    The gradients are summed in the order of the shards, so that the result does not depend on the
    number of threads.

    networks   a network for each of the S shards; the networks share their parameters
    gradients  (S, R, BLOCK), the dense gradients of each network
    tables     number of rows of each table with row gradients, by name
    optimizer  the optimizer of the tables and of the dense parameters, which it calls `weights`
    source     the minibatches
    states     recurrent states of all rows of a minibatch, changed in place; empty for a classifier
    correct    int64 (2, S), changed in place: the number of an epoch, and the number of targets
               with the highest score so far in this epoch, of each shard
    lr_at      function that returns the learning rate at a share of the run, 0 to 1
    clip       maximum norm of the gradient of all parameters; 0: no clipping
    frozen     bool (V,), the rows of `input_vectors` that are not trained; (0,) if there are none
    seed       seed of dropout and of the sampled softmax
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
        # Scratch of `number_rows`: -1 for each row of a table.
        self._local_ids = {name: np.full(size, -1, np.int32) for name, size in tables.items()}
        all_rows = np.arange(gradients.shape[1], dtype=np.int32)
        # The rows that have a gradient, and the summed gradients of these rows, by table. The sum
        # of the dense gradients overwrites the gradients of the first shard.
        self._sums = {"weights": (all_rows, gradients[0])}
        self._squares = np.zeros(PARTS + len(tables))  # squared norms of the summed gradients
        self._has_gradients = [False] * len(networks)  # False for an empty shard
        self._lr = math.nan
        self.parts = (PARTS + len(tables), PARTS)  # numbers of parts of the sums and of the step

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """Return the function that computes the gradients of a shard."""

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            """Compute the gradients of a shard, and count its correct predictions.

            chunk    the chunk of the shard, whose `spans` are the shard as `source` defines it
            shard    number of the shard and of its network
            Returns  (sum of losses, number of targets)
            """
            network = self._networks[shard]
            if chunk.spans is None:
                return 0.0, 0
            if shard == 0:
                self._lr = self._lr_at(chunk.begin)
                self._optimizer.memory["steps"] += 1
            batch = self._source.batch(chunk.spans, self._states)
            self._has_gradients[shard] = batch is not None
            if batch is None:
                self._gradients[shard] = 0
                return 0.0, 0
            rng = np.random.default_rng((self._seed, chunk.epoch, chunk.first, shard))
            with np.errstate(over="ignore", invalid="ignore"):  # training.workers checks the losses
                loss_and_targets = network.learn(batch, rng)
            if self._correct[0, shard] != chunk.epoch:
                self._correct[:, shard] = chunk.epoch, 0
            self._correct[1, shard] += network.output.correct
            return loss_and_targets

        return train

    def merge(self, part: int, chunks: int) -> None:
        """Do one part of the update: sum gradients, or take a part of the optimizer's step.

        part    number of the part. Each of the first PARTS parts sums a part of the dense
                gradients. Then one part for each table sums the row gradients of the table. When
                all sums are done, each of the last PARTS parts takes a part of the step
        chunks  number of shards
        """
        if part < PARTS:
            bounds = _bounds(self._gradients.shape[1], part)
            self._squares[part] = sum_gradients(self._gradients[:chunks], *bounds)
        elif part < self.parts[0]:
            name = list(self._local_ids)[part - PARTS]
            self._sums[name] = self._sum_row_gradients(name)
            self._squares[part] = np.square(self._sums[name][1], dtype=np.float64).sum()
        else:
            self._step(part - self.parts[0])

    def _sum_row_gradients(self, table: str) -> tuple[np.ndarray, np.ndarray]:
        """Sum the row gradients of a table over the shards, without frozen rows.

        Returns  (the rows that have a gradient, the sum of the gradients of each row)
        """
        gradients = [
            gradient
            for network, has_gradients in zip(self._networks, self._has_gradients, strict=True)
            if has_gradients
            for gradient in network.rows() if gradient.table == table
        ]  # fmt: skip
        table_ids, distinct = self._local_ids[table], 0
        rows = np.empty(sum(gradient.rows.size for gradient in gradients), np.int32)
        local_ids = [gradient.rows.copy() for gradient in gradients]
        for ids in local_ids:
            distinct = number_rows(ids, ids.size, table_ids, rows, distinct)
        rows = rows[:distinct]
        table_ids[rows] = -1
        sums = np.zeros((distinct, gradients[0].sums.shape[1]), gradients[0].sums.dtype)
        for ids, gradient in zip(local_ids, gradients, strict=True):
            add_rows(ids, gradient.sums, sums)
        if table == "input_vectors" and self._frozen.size:
            is_trained = ~self._frozen[rows]
            return rows[is_trained], sums[is_trained]
        return rows, sums

    def _step(self, part: int) -> None:
        """Take one of the PARTS parts of the optimizer's step, with the gradient clipped."""
        norm = math.sqrt(self._squares.sum())
        scale = self._clip / norm if 0 < self._clip < norm else 1.0
        for table, (rows, sums) in self._sums.items():
            bounds = _bounds(rows.size, part)
            self._optimizer.step(table, rows, sums, bounds, self._lr, scale)


def _bounds(size: int, part: int) -> tuple[int, int]:
    """The first row and the end of one of PARTS parts of `size` rows."""
    return size * part // PARTS, size * (part + 1) // PARTS
