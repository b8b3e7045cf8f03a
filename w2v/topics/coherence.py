"""Coherence of topics: how often their top words occur together in documents.

Source: NPMI, Bouma 2009 and Lau, Newman and Baldwin 2014, with whole documents as windows; u_mass,
Mimno et al. 2011, "Optimizing semantic coherence in topic models", but the mean of the pairs, not
their sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms

TOP_WORDS = 10  # of a topic, whose pairs are compared


class Coherence(NamedTuple):
    """The coherence of a topic; None where no pair of its words has a score.

    npmi     the mean of ln(p(a, b) / p(a) p(b)) / -ln p(a, b) over pairs, from -1, never together,
             to 1, never apart
    u_mass   the mean of ln((D(a, b) + 1) / D(a)), a the word of more weight
    skipped  pairs left out, as one of their words is in no document
    """

    npmi: float | None
    u_mass: float | None
    skipped: int


def measure_coherence(tokens: EncodedTerms, topics: Sequence[np.ndarray]) -> list[Coherence]:
    """The coherence of topics in documents.

    tokens  of the documents
    topics  the top words of each topic, in the order of their weight
    """
    from scipy.sparse import csr_array

    documents = tokens.starts.size - 1
    wanted = np.unique(np.concatenate(topics))
    places = np.full(max(wanted.max(), tokens.words.max(initial=0)) + 1, -1, np.int32)
    places[wanted] = np.arange(wanted.size, dtype=np.int32)
    columns = places[tokens.words]
    inside = columns >= 0
    starts = np.concatenate([[0], np.cumsum(inside)])[tokens.starts]
    ones = np.ones(int(starts[-1]), np.int32)
    found = csr_array((ones, columns[inside], starts), shape=(documents, wanted.size))
    found.sum_duplicates()
    found.data[:] = 1
    held = found.tocsc()
    return [_coherence(held[:, places[words]], documents) for words in topics]


def _coherence(held: np.ndarray, documents: int) -> Coherence:
    together = (held.T @ held).toarray()
    single = np.diagonal(together)
    npmi, u_mass, skipped = [], [], 0
    for first, second in combinations(range(len(single)), 2):
        if not single[first] or not single[second]:
            skipped += 1
            continue
        both = int(together[first, second])
        npmi.append(_npmi(both, int(single[first]), int(single[second]), documents))
        u_mass.append(math.log((both + 1) / single[first]))
    if not npmi:
        return Coherence(None, None, skipped)
    return Coherence(math.fsum(npmi) / len(npmi), math.fsum(u_mass) / len(u_mass), skipped)


def _npmi(both: int, first: int, second: int, documents: int) -> float:
    if both in (0, documents):
        return 1.0 if both else -1.0  # the limits
    return math.log(both * documents / (first * second)) / -math.log(both / documents)
