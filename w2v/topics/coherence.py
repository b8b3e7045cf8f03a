"""Coherence of topics: how often their top words occur together in documents.

Sources: Bouma 2009 and Lau, Newman and Baldwin 2014 for NPMI; Mimno et al. 2011, "Optimizing
semantic coherence in topic models", for u_mass. Here NPMI counts words that are in the same
document, not in the same window, and u_mass is the mean over pairs of words, not their sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms

_BLOCK_TOKENS = 1 << 24  # tokens whose documents are counted at a time, about
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
    column_of = np.full(max(words.max(), tokens.words.max(initial=0)) + 1, -1, np.int32)
    column_of[words] = np.arange(words.size, dtype=np.int32)
    pairs = [np.zeros((top_words.size, top_words.size), np.int64) for top_words in topics]
    targets = np.arange(0, tokens.words.size + _BLOCK_TOKENS, _BLOCK_TOKENS)
    cuts = np.unique(np.minimum(np.searchsorted(tokens.starts, targets), documents))
    for first, last in zip(cuts, cuts[1:], strict=False):
        starts = tokens.starts[first : last + 1]
        columns = column_of[tokens.words[starts[0] : starts[-1]]]
        contains = _contained(columns, starts - starts[0], words.size)
        for sums, top_words in zip(pairs, topics, strict=True):
            # A matrix of the documents that contain a top word of the topic, which are few.
            found = contains[:, column_of[top_words]]
            rows, places = np.unique(found.indices, return_inverse=True)
            has = np.zeros((rows.size, top_words.size), np.float32)
            has[places, np.repeat(np.arange(top_words.size), np.diff(found.indptr))] = 1
            sums += (has.T @ has).astype(np.int64)  # exact: less than 2**24 documents
    return [_coherence(sums, documents) for sums in pairs]


def _contained(columns: np.ndarray, starts: np.ndarray, width: int) -> Any:
    """The sparse matrix, int32 (R, W), that is 1 where a document contains a top word, else 0.

    columns  int32 (N,)      the number of the top word of each token, 0 to W - 1; -1: none
    starts   int64 (R + 1,)  the first token of each document, and N
    width    W
    """
    from scipy.sparse import csr_array

    is_top_word = columns >= 0
    bounds = np.concatenate([[0], np.cumsum(is_top_word)])[starts]
    ones = np.ones(int(bounds[-1]), np.int32)
    occurrences = csr_array((ones, columns[is_top_word], bounds), shape=(starts.size - 1, width))
    occurrences.sum_duplicates()
    occurrences.data[:] = 1  # A document that contains a word several times counts once.
    return occurrences.tocsc()


def _coherence(pair_documents: np.ndarray, documents: int) -> Coherence:
    """The coherence of a topic.

    pair_documents  int (W, W): the number of documents that contain both of two top words
    documents       M, the number of documents
    """
    word_documents = np.diagonal(pair_documents)
    npmi, u_mass, skipped = [], [], 0
    for first, second in combinations(range(len(word_documents)), 2):
        if not word_documents[first] or not word_documents[second]:
            skipped += 1
            continue
        both = int(pair_documents[first, second])
        counts = int(word_documents[first]), int(word_documents[second])
        npmi.append(_npmi(both, *counts, documents))
        u_mass.append(math.log((both + 1) / word_documents[first]))
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
