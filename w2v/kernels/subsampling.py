"""Subsampling: occurrences of frequent words are left out at random.

An occurrence of a word of frequency f (its share of all tokens) is kept with the probability

    min(1, √(t / f) + t / f)

where t is the option `--sample` (Mikolov et al. 2013b, section 2.3, in the form of word2vec.c).
`negative_sampling.word_distributions` computes these keep probabilities.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import jit
from w2v.kernels.random import next_random

_32 = np.uint64(32)


@jit
def subsample(ids, begin, end, keep, state, word_ids):
    """Copy the words of a sentence that subsampling keeps.

    ids       int32 (N,)              word ids
    begin     int                     position of the first word of the sentence
    end       int                     position after the last word of the sentence
    keep      uint32 (V,)             an occurrence is kept if 32 random bits are at most this
    state     uint64 (1,)             random state, changed in place
    word_ids  int32 (≥ end - begin,)  overwritten by the words that are kept
    Returns   int64, number of words that are kept
    """
    count = 0
    for position in range(begin, end):
        word_id = ids[position]
        word_ids[count] = word_id
        count += (next_random(state) >> _32) <= keep[word_id]  # an `if` would be mispredicted
    return count
