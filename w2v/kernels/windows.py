"""What a model sees of a sentence: the words that subsampling keeps, and a window around each."""

from __future__ import annotations

import numpy as np

from w2v.kernels import jit
from w2v.kernels.random import next_below, next_random

_32 = np.uint64(32)


@jit
def subsample(ids, begin, end, keep, state, kept):
    """Copy a sentence, leaving frequent words out at random.

    ids        int32 (N,)   word ids
    begin      int          the sentence's first position in it
    end        int          and the position after its last
    keep       uint32 (V,)  a word stays if 32 random bits are at most this
    state      uint64 (1,)  changed in place
    kept       int32 (≥ end - begin,)  overwritten: the ids that stay
    Returns    int64, how many stay
    As in word2vec.c, words go before windows are laid, so that windows reach further.
    """
    count = 0
    for position in range(begin, end):
        word_id = ids[position]
        if (next_random(state) >> _32) <= keep[word_id]:
            kept[count] = word_id
            count += 1
    return count


@jit
def draw_reach(window, shrink, state):
    """Draw how many words a window reaches to each side: 1 to `window`, or `window` itself.

    window     int          at least 1
    shrink     bool         draw uniformly, so that near words count for more
    state      uint64 (1,)  changed in place
    Returns    int64
    """
    if shrink:
        return 1 + next_below(state, window)
    return np.int64(window)


@jit
def lay_windows(
    ids, bounds, keep, window, shrink, lr_first, lr_last, state, kept, first, last, rates
):
    """Subsample the sentences of a chunk and lay a window around each word that stays.

    ids       int32 (N,)      the chunk's word ids
    bounds    int64 (S + 1,)  where its sentences begin, and N
    keep      uint32 (V,)     see `subsample`
    window    int             widest reach to each side, in words
    shrink    bool            draw each window's reach from 1 to `window`
    lr_first  float           learning rate at the chunk's first word
    lr_last   float           and after its last: it falls linearly
    state     uint64 (1,)     random state, changed in place
    kept      int32 (N,)      overwritten: the ids that stay
    first     int32 (N,)      overwritten: the first position in `kept` of each one's window
    last      int32 (N,)      overwritten: and its last; windows end where their sentence ends
    rates     float (N,)      overwritten: the learning rate at each
    Returns   int64, how many words stay
    """
    total = 0
    slope = (lr_last - lr_first) / max(ids.size, 1)
    for sentence in range(bounds.size - 1):
        begin, end = bounds[sentence], bounds[sentence + 1]
        count = subsample(ids, begin, end, keep, state, kept[total:])
        stretch = (end - begin) / max(count, 1)
        for offset in range(count):
            position = total + offset
            reach = draw_reach(window, shrink, state)
            first[position] = max(position - reach, total)
            last[position] = min(position + reach, total + count - 1)
            rates[position] = lr_first + slope * (begin + stretch * offset)
        total += count
    return total
