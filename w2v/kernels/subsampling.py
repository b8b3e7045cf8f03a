"""Subsampling: frequent words are dropped at random.

An occurrence of a word that is the share f of all words is kept with the probability

    √(t / f) + t / f

where t is the option `--sample` (Mikolov et al. 2013b, section 2.3, in the form of word2vec.c).
`negative_sampling.word_distributions` computes it for each word.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import jit
from w2v.kernels.random import next_random

_32 = np.uint64(32)


@jit
def subsample(ids, begin, end, keep, state, word_ids):
    """Copy a sentence without the words that subsampling drops.

    ids       int32 (N,)              word ids
    begin     int                     the sentence's first position in it
    end       int                     and the position after its last
    keep      uint32 (V,)             a word stays if 32 random bits are at most this
    state     uint64 (1,)             changed in place
    word_ids  int32 (≥ end - begin,)  overwritten: the ids that stay
    Returns   int64, how many stay
    """
    count = 0
    for position in range(begin, end):
        word_id = ids[position]
        word_ids[count] = word_id
        count += (next_random(state) >> _32) <= keep[word_id]  # a branch would be mispredicted
    return count
