"""The documents that a topic has most of."""

from __future__ import annotations

import numpy as np

_BLOCK_ROWS = 1 << 14  # documents whose shares are transposed at a time


def top_documents(document_topics: np.ndarray, count: int) -> list[np.ndarray]:
    """The rows of the documents that have the largest share of each topic, the largest first.

    document_topics  float (M, K)
    count            the largest number of rows for a topic. Documents without the topic are left
                     out; documents with equal shares are in the order of their rows
    """
    tops = [np.zeros(0, np.int64)] * document_topics.shape[1]
    for begin in range(0, len(document_topics), _BLOCK_ROWS):
        block = np.ascontiguousarray(document_topics[begin : begin + _BLOCK_ROWS].T)
        for topic, shares in enumerate(block):
            rows = np.flatnonzero(shares > 0)
            if rows.size > count:
                smallest = np.partition(shares[rows], rows.size - count)[rows.size - count]
                rows = rows[shares[rows] >= smallest]
            rows = np.concatenate([tops[topic], rows + begin])
            order = np.argsort(-document_topics[rows, topic], kind="stable")
            tops[topic] = rows[order[:count]]
    return tops
