"""The documents that a topic has most of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.topics.document_mixtures import Mixtures

_BLOCK_ROWS = 1 << 14  # documents whose shares are transposed at a time


class TopDocuments(NamedTuple):
    """The documents that have the largest shares of a topic, the largest first.

    rows    int64 (R,)    the rows of the documents
    shares  float32 (R,)  their shares of the topic
    """

    rows: np.ndarray
    shares: np.ndarray


def top_documents(document_topics: Mixtures, count: int) -> list[TopDocuments]:
    """The documents that have the largest share of each topic.

    document_topics  the shares of topics in the documents
    count            the largest number of documents for a topic. Documents without the topic are
                     left out; documents with equal shares are in the order of their rows
    """
    documents, topics = document_topics.shape
    tops = [TopDocuments(np.zeros(0, np.int64), np.zeros(0, np.float32))] * topics
    for begin in range(0, documents, _BLOCK_ROWS):
        block = document_topics.rows(slice(begin, begin + _BLOCK_ROWS))
        for topic, shares in enumerate(np.ascontiguousarray(block.T)):
            top = tops[topic]
            lowest = top.shares[-1] if top.rows.size == count else 0
            rows = np.flatnonzero(shares > lowest)
            if rows.size > count:
                smallest = np.partition(shares[rows], rows.size - count)[rows.size - count]
                rows = rows[shares[rows] >= smallest]
            if rows.size:
                joined = np.concatenate([top.shares, shares[rows]])
                order = np.argsort(-joined, kind="stable")[:count]
                rows = np.concatenate([top.rows, rows + begin])
                tops[topic] = TopDocuments(rows[order], joined[order])
    return tops
