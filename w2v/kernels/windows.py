"""What a model sees of a sentence: the words that subsampling keeps, and a window around each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.random import next_below, next_random
from w2v.kernels.simd import prefetch

AHEAD = 3  # windows. Without it skip-gram takes 1.4 times as long, CBOW 1.5 (bench/tricks.py)
_32 = np.uint64(32)


class Windows(NamedTuple):
    """The windows of a chunk, one around each word that subsampling keeps.

    kept       int32 (N,)  word ids
    first      int32 (N,)  the first position in `kept` of each one's window
    last       int32 (N,)  and its last; windows end where their sentence ends
    rates      float (N,)  the learning rate at each
    sentences  int32 (N,)  the number of each one's sentence, or document, in the chunk
    """

    kept: np.ndarray
    first: np.ndarray
    last: np.ndarray
    rates: np.ndarray
    sentences: np.ndarray


def make_windows(size: int, dtype: type = np.float32) -> Windows:
    """Room for the windows of a chunk of `size` words."""
    kept, first, last, sentences = (np.empty(size, np.int32) for _ in range(4))
    return Windows(kept, first, last, np.empty(size, dtype), sentences)


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
        kept[count] = word_id
        count += (next_random(state) >> _32) <= keep[word_id]  # a branch would be a guess
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
def lay_windows(ids, bounds, keep, window, shrink, lr_first, lr_last, state, streams, windows):
    """Subsample the sentences of a chunk and lay a window around each word that stays.

    ids       int32 (N,)      the chunk's word ids
    bounds    int64 (S + 1,)  where its sentences begin, and N
    keep      uint32 (V,)     see `subsample`
    window    int             widest reach to each side, in words
    shrink    bool            draw each window's reach from 1 to `window`
    lr_first  float           learning rate at the chunk's first word
    lr_last   float           and after its last: it falls linearly
    state     uint64 (1,)     random state, changed in place
    streams   uint64 (S,)     a random state for each sentence, changed in place, where sentences
                              must not depend on each other; or empty: all share `state`
    windows   Windows         of at least N words; overwritten
    Returns   int64, how many words stay
    """
    kept, first, last, rates, sentences = windows
    total = 0
    slope = (lr_last - lr_first) / max(ids.size, 1)
    for sentence in range(bounds.size - 1):
        begin, end = bounds[sentence], bounds[sentence + 1]
        if streams.size:
            state[0] = streams[sentence]
        count = subsample(ids, begin, end, keep, state, kept[total:])
        stretch = (end - begin) / max(count, 1)
        for offset in range(count):
            position = total + offset
            reach = draw_reach(window, shrink, state)
            first[position] = max(position - reach, total)
            last[position] = min(position + reach, total + count - 1)
            rates[position] = lr_first + slope * (begin + stretch * offset)
            sentences[position] = sentence
        if streams.size:
            streams[sentence] = state[0]
        total += count
    return total


@inlined
def prefetch_window(
    kept, last, center, count, target_ids, input_vectors, output_vectors, registers
):
    """Ask the memory for the rows that the window AHEAD of `center` will need.

    kept            int32 (N,)    see `Windows`
    last            int32 (N,)    see `Windows`
    center          int
    count           int           how many windows there are
    target_ids      int32 (N, K)  each one's targets
    input_vectors   float (·, D)  of which the word that enters a window last is wanted
    output_vectors  float (·, D)  of which the targets are
    registers       int           D / 16
    """
    entering = kept[min(last[center] + AHEAD, count - 1)]
    for register in range(registers):
        prefetch(input_vectors, entering, register)
    prefetch_targets(center + AHEAD, count, target_ids, output_vectors, registers)


@inlined
def prefetch_targets(ahead, count, target_ids, output_vectors, registers):
    """Ask the memory for the rows of the targets that `ahead` will need.

    ahead           int
    count           int           how many there are
    target_ids      int32 (N, K)  each one's targets
    output_vectors  float (·, D)
    registers       int           D / 16
    """
    row = min(ahead, count - 1)
    for k in range(target_ids.shape[1]):
        target_id = target_ids[row, k]
        for register in range(registers):
            prefetch(output_vectors, target_id, register)
