"""Distances between topics, and positions on a plane that approximate them.

The distance is the square root of the Jensen-Shannon divergence of the topics' distributions over
words. It is a metric (Endres and Schindelin 2003), and a space of many dimensions has points with
exactly these distances (Fuglede and Topsøe 2004). Classical multidimensional scaling (Torgerson
1952) therefore finds such points, and keeps the two dimensions in which they differ most.

Arrays have V words and K topics.
"""

from __future__ import annotations

import numpy as np

_MAX_LOGARITHMS = 10**9  # about 2 s on one core
_MIN_WORDS = 1000
_BLOCK_WORDS, _BLOCK_TOPICS = 1 << 12, 16  # a block of numbers fits in the L2 cache
_HALF = np.float32(0.5)


def topic_distances(weights: np.ndarray) -> np.ndarray:
    """The root of the Jensen-Shannon divergence, in nats, of each pair of topics; float64 (K, K).

    weights  float (V, K)  p(word | topic)

    For more than about 200 topics of 50,000 words, which would take long, the words that are
    improbable in every topic are counted as one word. Distances can only become smaller by that.
    """
    topics = weights.shape[1]
    p = _most_probable(weights, max(_MIN_WORDS, 2 * _MAX_LOGARITHMS // max(topics * topics, 1)))
    # With H the entropy, the divergence of p and q is H((p + q) / 2) - (H(p) + H(q)) / 2.
    entropies, mixed = np.zeros(topics), np.zeros((topics, topics))
    for begin in range(0, p.shape[1], _BLOCK_WORDS):
        block = np.ascontiguousarray(p[:, begin : begin + _BLOCK_WORDS])
        entropies += _entropies(block)
        for first in range(topics):
            for second in range(first + 1, topics, _BLOCK_TOPICS):
                others = slice(second, second + _BLOCK_TOPICS)
                mixed[first, others] += _entropies((block[others] + block[first]) * _HALF)
    divergences = np.triu(mixed - (entropies[:, None] + entropies) / 2, 1)
    return np.sqrt(np.maximum(divergences + divergences.T, 0))


def _most_probable(weights: np.ndarray, count: int) -> np.ndarray:
    """The distributions of the topics, float32 (K, W), over `count` words and the sum of others.

    No number is 0.
    """
    tiny = np.finfo(np.float32).tiny  # has a logarithm, which 0 has not
    if count >= len(weights):
        return np.maximum(weights.T, tiny).astype(np.float32)
    order = np.argsort(-weights.max(axis=1), kind="stable")
    others = weights[order[count:]].sum(axis=0)
    return np.maximum(np.vstack([weights[order[:count]], others]).T, tiny).astype(np.float32)


def _entropies(p: np.ndarray) -> np.ndarray:
    """The sum of -p ln p of each row of p, float32 without zeros; float64 (K,)."""
    logarithms = np.log(p)
    logarithms *= p
    sums: np.ndarray = -logarithms.sum(axis=1).astype(np.float64)
    return sums


def classical_scaling(distances: np.ndarray) -> tuple[np.ndarray, float]:
    """Points on a plane whose distances approximate the given ones: float64 (K, 2).

    distances  float (K, K), symmetric with zeros on the diagonal
    Returns    the points, and the share (0 to 1) of the points' variance in all dimensions that the
               two dimensions of the plane have
    """
    count = len(distances)
    centring = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(-0.5 * centring @ np.square(distances) @ centring)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    points = np.zeros((count, 2))
    plane = vectors[:, :2] * np.sqrt(values[:2])
    # The sign of an eigenvector is arbitrary: its largest entry is made positive.
    signs = np.sign(plane[np.abs(plane).argmax(axis=0), np.arange(plane.shape[1])])
    points[:, : plane.shape[1]] = plane * np.where(signs < 0, -1, 1)
    total = float(values.sum())
    return points, float(values[:2].sum()) / total if total else 1.0
