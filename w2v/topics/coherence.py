"""Coherence of topics: how often their top words occur together in documents.

Sources: Bouma 2009 and Lau, Newman and Baldwin 2014 for NPMI; Mimno et al. 2011, "Optimizing
semantic coherence in topic models", for u_mass. Here NPMI counts words that are in the same
document, not in the same window, and u_mass is the mean over pairs of words, not their sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement
from typing import NamedTuple

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.document_sets import count_shared, mark_documents

_BLOCK_BYTES = 1 << 26  # the size of the sets of documents that are in memory at a time, at most
TOP_WORDS = 10  # number of top words of a topic that form the pairs


class Coherence(NamedTuple):
    """The coherence of a topic, over pairs of its top words.

    p(a, b) is the share, and D(a, b) the number, of documents that contain both a and b.

    npmi     the mean of ln(p(a, b) / p(a) p(b)) / -ln p(a, b), from -1 (never in the same document)
             to 1 (always in the same document)
    u_mass   the mean of ln((D(a, b) + 1) / D(a)), where a is the word of larger weight
    skipped  the number of pairs without a score, because one of the words is in no document

    `npmi` and `u_mass` are None if no pair has a score.
    """

    npmi: float | None
    u_mass: float | None
    skipped: int


def measure_coherence(tokens: EncodedTerms, topics: Sequence[np.ndarray]) -> list[Coherence]:
    """The coherence of each topic, measured on documents.

    tokens  the terms of the documents
    topics  for each topic, the numbers of its top words, by descending weight
    """
    documents = tokens.starts.size - 1
    words = np.unique(np.concatenate(topics))
    row_of = np.full(max(words.max(), tokens.words.max(initial=0)) + 1, -1, np.int32)
    row_of[words] = np.arange(words.size, dtype=np.int32)
    # Topics that have not settled share their most frequent words: each pair is counted once.
    keys = [_pair_keys(row_of[top_words], words.size) for top_words in topics]
    pairs, places = np.unique(np.concatenate(keys), return_inverse=True)
    rows = np.stack(np.divmod(pairs, words.size), axis=1).astype(np.int32)
    counts = np.zeros(pairs.size, np.int64)
    numbers = max(min(_BLOCK_BYTES // (8 * words.size), documents // 64 + 1), 1)
    sets = np.empty((words.size, numbers), np.uint64)
    for first in range(0, documents, 64 * numbers):
        sets[:] = 0
        mark_documents(sets, row_of, tokens.words, tokens.starts[first : first + 64 * numbers + 1])
        count_shared(sets, rows, counts)
    cuts = np.cumsum([pairs_of_topic.size for pairs_of_topic in keys])[:-1]
    return [_coherence(of_topic, documents) for of_topic in np.split(counts[places], cuts)]


def _pair_keys(rows: np.ndarray, width: int) -> np.ndarray:
    """A number for each pair of top words: (1, 1), (1, 2) to (1, n), (2, 2), (2, 3) to (n, n).

    rows   int32 (n,): the rows of the words, each below width
    width  W. The number is W times the smaller row, plus the greater row
    """
    first, second = (rows[places].astype(np.int64) for places in np.triu_indices(rows.size))
    return np.minimum(first, second) * width + np.maximum(first, second)


def _coherence(pair_documents: np.ndarray, documents: int) -> Coherence:
    """The coherence of a topic.

    pair_documents  int: the number of documents that contain both words of each pair, a word and
                    itself too, in the order of _pair_keys
    documents       M, the number of documents
    """
    words = math.isqrt(2 * pair_documents.size)
    shared = dict(
        zip(combinations_with_replacement(range(words), 2), pair_documents.tolist(), strict=True)
    )
    npmi, u_mass, skipped = [], [], 0
    for first, second in combinations(range(words), 2):
        if not shared[first, first] or not shared[second, second]:
            skipped += 1
            continue
        both = shared[first, second]
        npmi.append(_npmi(both, shared[first, first], shared[second, second], documents))
        u_mass.append(math.log((both + 1) / shared[first, first]))
    if not npmi:
        return Coherence(None, None, skipped)
    return Coherence(math.fsum(npmi) / len(npmi), math.fsum(u_mass) / len(u_mass), skipped)


def _npmi(both: int, first: int, second: int, documents: int) -> float:
    """The NPMI of two words.

    both           the number of documents that contain both words
    first, second  the number of documents that contain the first, and the second word
    documents      the number of all documents
    """
    if both in (0, documents):
        return 1.0 if both else -1.0  # the limits of the formula
    return math.log(both * documents / (first * second)) / -math.log(both / documents)
