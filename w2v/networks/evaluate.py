"""Evaluation of a network on held-out text: its loss, accuracy and probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from w2v.networks.batches import BatchSource
from w2v.networks.network import Network


class Evaluation(NamedTuple):
    """The loss of a network on held-out targets (labels or words), and its correct predictions.

    nats     sum of the losses -ln p, in nats
    targets  number of targets
    correct  number of targets that have the highest probability of all outputs
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
    """Evaluate a network on all minibatches of a text.

    networks     copies of the network that share their parameters, one for each thread
    source       the held-out text
    rows         number of rows in a minibatch
    on_progress  called by the first thread after each of its shards, with the index of the shard
                 among the shards of this thread
    """
    shards = len(networks)
    states = networks[0].states(rows)
    parts, _ = source.schedule(None, shards)

    def evaluate_shards(shard: int) -> Evaluation:
        """Evaluate one shard of each minibatch."""
        nats, count, correct = 0.0, 0, 0
        for index, part in enumerate(parts[shard::shards]):
            batch = source.batch(part, states)
            if batch is not None:
                h = networks[shard].features(batch)
                losses, hits = networks[shard].output.evaluate(h, batch.targets, batch.weights)
                is_counted = batch.weights > 0
                nats, count = nats + float(losses[is_counted].sum()), count + int(is_counted.sum())
                correct += hits
            if shard == 0:
                on_progress(index)
        return Evaluation(nats, count, correct)

    with ThreadPoolExecutor(shards) as pool:
        evaluations = list(pool.map(evaluate_shards, range(shards)))
    return Evaluation(*(sum(column) for column in zip(*evaluations, strict=True)))


def probabilities(networks: Sequence[Network], source: BatchSource, count: int) -> np.ndarray:
    """Compute the probability of each label for each text, (M, K): M texts, K labels.

    networks  copies of the network that share their parameters, one for each thread
    source    the texts. Its shards are arrays of row numbers of texts
    count     M
    """
    shards = len(networks)
    parts, _ = source.schedule(None, shards)
    dtype = networks[0].embedding.sums.dtype
    p = np.zeros((count, networks[0].architecture.outputs), dtype)

    def compute_shards(shard: int) -> None:
        """Compute the probabilities of one shard of each minibatch."""
        for part in parts[shard::shards]:
            batch = source.batch(part, [])
            if batch is not None:
                scores = networks[shard].output.scores(networks[shard].features(batch))
                scores = np.exp(scores - scores.max(axis=1, keepdims=True))
                p[part] = scores / scores.sum(axis=1, keepdims=True)

    with ThreadPoolExecutor(shards) as pool:
        list(pool.map(compute_shards, range(shards)))
    return p
