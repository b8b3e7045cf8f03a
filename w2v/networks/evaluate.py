"""Evaluation of a network on held-out text: loss, accuracy, probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from w2v.networks.batches import BatchSource
from w2v.networks.network import Network


class Evaluation(NamedTuple):
    """Loss and hits on held-out targets (labels or words).

    nats     sum of the losses -ln p, in nats
    targets  number of targets
    correct  number of targets with the highest probability of all outputs
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
    """Evaluate a network on all minibatches, each of its copies on a thread of its own.

    networks     copies of one network that share their parameters
    source       the held-out text
    rows         rows in a minibatch
    on_progress  called after each shard of the first thread with the shard's place in the thread's
                 list, from 0
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
        evaluations = list(pool.map(work, range(shards)))
    return Evaluation(*(sum(column) for column in zip(*evaluations, strict=True)))


def probabilities(networks: Sequence[Network], source: BatchSource, count: int) -> np.ndarray:
    """The probability of each label for each text, (M, K).

    networks  copies of one network that share their parameters: one thread for each
    source    the texts; shards are arrays of their row numbers
    count     M, the number of texts
    """
    shards = len(networks)
    parts, _ = source.schedule(None, shards)
    dtype = networks[0].embedding.sums.dtype
    p = np.zeros((count, networks[0].architecture.outputs), dtype)

    def work(shard: int) -> None:
        for part in parts[shard::shards]:
            batch = source.batch(part, [])
            if batch is not None:
                scores = networks[shard].output.scores(networks[shard].features(batch))
                scores = np.exp(scores - scores.max(axis=1, keepdims=True))
                p[part] = scores / scores.sum(axis=1, keepdims=True)

    with ThreadPoolExecutor(shards) as pool:
        list(pool.map(work, range(shards)))
    return p
