"""How well a network tells what it has not learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from w2v.networks.batches import BatchSource
from w2v.networks.network import Network


class Judgement(NamedTuple):
    """What telling the targets has cost.

    nats   the sum of -ln p
    told   of how many
    right  how many had the highest p
    """

    nats: float
    told: int
    right: int


def judge(
    networks: Sequence[Network],
    lessons: BatchSource,
    rows: int,
    on_progress: Callable[[int], None] = lambda parts: None,
) -> Judgement:
    """Judge all lessons, on as many threads as there are networks, in whatever order.

    rows         of a batch
    on_progress  called with how many parts are done, of each network's list
    """
    shards = len(networks)
    states = networks[0].states(rows)
    parts, _ = lessons.laid_out(None, shards)

    def work(shard: int) -> Judgement:
        nats, count, right = 0.0, 0, 0
        for done, part in enumerate(parts[shard::shards]):
            batch = lessons.batch(part, states)
            if batch is not None:
                h = networks[shard].features(batch)
                losses, hits = networks[shard].output.judge(h, batch.targets, batch.weights)
                counted = batch.weights > 0
                nats, count = nats + float(losses[counted].sum()), count + int(counted.sum())
                right += hits
            if shard == 0:
                on_progress(done)
        return Judgement(nats, count, right)

    with ThreadPoolExecutor(shards) as pool:
        found = list(pool.map(work, range(shards)))
    return Judgement(*(sum(each) for each in zip(*found, strict=True)))


def probabilities(networks: Sequence[Network], lessons: BatchSource, count: int) -> np.ndarray:
    """p of each output for each of some texts; (M, K)."""
    shards = len(networks)
    parts, _ = lessons.laid_out(None, shards)
    dtype = networks[0].embedding.sums.dtype
    found = np.zeros((count, networks[0].architecture.outputs), dtype)

    def work(shard: int) -> None:
        for part in parts[shard::shards]:
            batch = lessons.batch(part, [])
            if batch is not None:
                scores = networks[shard].output.scores(networks[shard].features(batch))
                scores = np.exp(scores - scores.max(axis=1, keepdims=True))
                found[part] = scores / scores.sum(axis=1, keepdims=True)

    with ThreadPoolExecutor(shards) as pool:
        list(pool.map(work, range(shards)))
    return found
