"""Evaluation of a network on held-out text: its loss, accuracy and probabilities."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from w2v.networks.batches import BatchSource, LabelledBatches
from w2v.networks.network import Network

MOST_NATS = 709.0  # exp of 710 overflows


class Evaluation(NamedTuple):
    """The loss of a network on held-out targets (labels or words), and its correct predictions.

    nats     sum of the losses -ln p, in nats
    targets  number of targets
    correct  number of targets that have the highest probability of all outputs
    """

    nats: float
    targets: int
    correct: int


def perplexity(nats: float) -> float:
    """e to the mean loss of a word in nats; infinity where no float64 is as large."""
    return math.exp(nats) if nats < MOST_NATS else math.inf


def formatted_perplexity(nats: float, digits: int = 1) -> str:
    """Format the perplexity of a mean loss in nats; from a million on with three figures.

    digits  number of digits after the point below a million
    """
    value = perplexity(nats)
    return f"{value:.{digits}f}" if value < 1e6 else f"{value:.3g}"


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

    A stop signal ends the evaluation: each thread finishes the shard that it evaluates. The sum of
    the losses is not finite, without a warning, where numbers overflow.
    """
    shards, stop = len(networks), threading.Event()
    states = networks[0].states(rows)
    parts, _ = source.schedule(None, shards)

    def evaluate_shards(shard: int) -> Evaluation:
        """Evaluate one shard of each minibatch."""
        nats, count, correct = 0.0, 0, 0
        for index, part in enumerate(parts[shard::shards]):
            if stop.is_set():
                break
            batch = source.batch(part, states)
            if batch is not None:
                is_counted = batch.weights > 0
                with np.errstate(over="ignore", invalid="ignore"):
                    h = networks[shard].features(batch)
                    losses, hits = networks[shard].output.evaluate(h, batch.targets, batch.weights)
                    nats += float(losses[is_counted].sum())
                count, correct = count + int(is_counted.sum()), correct + hits
            if shard == 0:
                on_progress(index)
        return Evaluation(nats, count, correct)

    with ThreadPoolExecutor(shards) as pool:
        try:
            evaluations = list(pool.map(evaluate_shards, range(shards)))
        finally:
            stop.set()  # the pool waits for its threads
    return Evaluation(*(sum(column) for column in zip(*evaluations, strict=True)))


def probabilities(network: Network, source: LabelledBatches, texts: range) -> np.ndarray:
    """Compute the probability of each label for consecutive texts, (m, K): m texts, K labels.

    source  the texts
    texts   the numbers of the m texts

    Probabilities are NaN, without a warning, where numbers overflow.
    """
    p = np.zeros((len(texts), network.architecture.outputs), network.embedding.sums.dtype)
    for part in source.minibatches(texts):
        batch = source.batch(part, [])
        assert batch is not None
        with np.errstate(over="ignore", invalid="ignore"):
            scores = network.output.scores(network.features(batch))
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            p[part - texts.start] = scores / scores.sum(axis=1, keepdims=True)
    return p
