"""The loss and the accuracy of a network on held-out text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from w2v.networks.batches import BatchSource
from w2v.networks.network import Network


class Evaluation(NamedTuple):
    """The loss on some targets.

    nats     the sum of -ln p
    targets  how many
    correct  how many had the highest p
    """

    nats: float
    targets: int
    correct: int


def evaluate(
    networks: Sequence[Network],
    source: BatchSource,
    rows: int,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Evaluate all batches, on as many threads as there are networks, in whatever order.

    rows         of a batch
    on_progress  called with how many parts of batches are done, of each network's list
    """
    shards = len(networks)
    states = networks[0].states(rows)
    parts, _ = source.schedule(None, shards)

    def work(shard: int) -> Evaluation:
        nats, count, correct = 0.0, 0, 0
        for done, part in enumerate(parts[shard::shards]):
            batch = source.batch(part, states)
            if batch is not None:
                h = networks[shard].features(batch)
                losses, hits = networks[shard].output.evaluate(h, batch.targets, batch.weights)
                counted = batch.weights > 0
                nats, count = nats + float(losses[counted].sum()), count + int(counted.sum())
                correct += hits
            if shard == 0:
                on_progress(done)
        return Evaluation(nats, count, correct)

    with ThreadPoolExecutor(shards) as pool:
        found = list(pool.map(work, range(shards)))
    return Evaluation(*(sum(each) for each in zip(*found, strict=True)))


def probabilities(networks: Sequence[Network], source: BatchSource, count: int) -> np.ndarray:
    """p of each output for each of some texts; (M, K)."""
    shards = len(networks)
    parts, _ = source.schedule(None, shards)
    dtype = networks[0].embedding.sums.dtype
    found = np.zeros((count, networks[0].architecture.outputs), dtype)

    def work(shard: int) -> None:
        for part in parts[shard::shards]:
            batch = source.batch(part, [])
            if batch is not None:
                scores = networks[shard].output.scores(networks[shard].features(batch))
                scores = np.exp(scores - scores.max(axis=1, keepdims=True))
                found[part] = scores / scores.sum(axis=1, keepdims=True)

    with ThreadPoolExecutor(shards) as pool:
        list(pool.map(work, range(shards)))
    return found
