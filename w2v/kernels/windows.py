"""Windows: the context of each word that subsampling keeps.

Each of these words is the centre of a window of b words to each side, b drawn from 1 to `window`
(Mikolov et al. 2013a, section 3.2: near words count for more). As in word2vec.c, words are dropped
before windows are built, so that windows reach further, and windows end where their sentence ends.

The learning rate falls linearly over a chunk, at each word; word2vec.c lowers it every 10,000
words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.random import next_below
from w2v.kernels.simd import prefetch
from w2v.kernels.subsampling import subsample

# Rows are prefetched so many windows ahead: without it skip-gram takes 1.4 times as long, CBOW 1.5
# (tests/bench/tricks.py).
AHEAD = 3


class Windows(NamedTuple):
    """The windows of a chunk, one around each word that subsampling keeps.

    word_ids   int32 (N,)  the words that stay: each is the centre of a window
    first      int32 (N,)  the first position in `word_ids` of each one's window
    last       int32 (N,)  and its last; windows end where their sentence ends
    rates      float (N,)  the learning rate at each
    sentences  int32 (N,)  the number of each one's sentence, or document, in the chunk
    """

    word_ids: np.ndarray
    first: np.ndarray
    last: np.ndarray
    rates: np.ndarray
    sentences: np.ndarray


def allocate_windows(size: int, dtype: type = np.float32) -> Windows:
    """Memory for the windows of a chunk of `size` words."""
    word_ids, first, last, sentences = (np.empty(size, np.int32) for _ in range(4))
    return Windows(word_ids, first, last, np.empty(size, dtype), sentences)


@jit
def draw_radius(window, shrink, state):
    """Draw how many words a window has to each side: 1 to `window`, or `window` itself.

    window   int          at least 1
    shrink   bool         draw uniformly, so that near words count for more
    state    uint64 (1,)  changed in place
    Returns  int64
    """
    if shrink:
        return 1 + next_below(state, window)
    return np.int64(window)


@jit
def build_windows(ids, bounds, keep, window, shrink, lr_first, lr_last, state, streams, windows):
    """Subsample the sentences of a chunk and build a window around each word that stays.

    ids       int32 (N,)      the chunk's word ids
    bounds    int64 (S + 1,)  where its sentences begin, and N
    keep      uint32 (V,)     see `subsample`
    window    int             the largest radius, in words to each side
    shrink    bool            draw each window's radius from 1 to `window`
    lr_first  float           learning rate at the chunk's first word
    lr_last   float           and after its last: it falls linearly
    state     uint64 (1,)     random state, changed in place
    streams   uint64 (S,)     a random state for each sentence, changed in place, where sentences
                              must not depend on each other; or empty: all share `state`
    windows   Windows         of at least N words; overwritten
    Returns   int64, how many words stay
    """
    word_ids, first, last, rates, sentences = windows
    total = 0
    slope = (lr_last - lr_first) / max(ids.size, 1)
    for sentence in range(bounds.size - 1):
        begin, end = bounds[sentence], bounds[sentence + 1]
        if streams.size:
            state[0] = streams[sentence]
        count = subsample(ids, begin, end, keep, state, word_ids[total:])
        stride = (end - begin) / max(count, 1)  # of the text for each word that stays
        for offset in range(count):
            position = total + offset
            radius = draw_radius(window, shrink, state)
            first[position] = max(position - radius, total)
            last[position] = min(position + radius, total + count - 1)
            rates[position] = lr_first + slope * (begin + stride * offset)
            sentences[position] = sentence
        if streams.size:
            streams[sentence] = state[0]
        total += count
    return total


@inlined
def prefetch_window(
    word_ids, last, center, count, target_ids, input_vectors, output_vectors, registers
):
    """Prefetch the rows that the window AHEAD of `center` will need.

    word_ids        int32 (N,)    see `Windows`
    last            int32 (N,)    see `Windows`
    center          int
    count           int           how many windows there are
    target_ids      int32 (N, K)  each one's targets
    input_vectors   float (·, D)  of which the row of the word that enters last is needed
    output_vectors  float (·, D)  of which the rows of the targets are
    registers       int           D / 16
    """
    entering = word_ids[min(last[center] + AHEAD, count - 1)]
    for register in range(registers):
        prefetch(input_vectors, entering, register)
    prefetch_targets(center + AHEAD, count, target_ids, output_vectors, registers)


@inlined
def prefetch_targets(ahead, count, target_ids, output_vectors, registers):
    """Prefetch the rows of the targets of one window.

    ahead           int           the window
    count           int           how many there are: beyond, the last one's are prefetched
    target_ids      int32 (N, K)  each one's targets
    output_vectors  float (·, D)
    registers       int           D / 16
    """
    row = min(ahead, count - 1)
    for k in range(target_ids.shape[1]):
        target_id = target_ids[row, k]
        for register in range(registers):
            prefetch(output_vectors, target_id, register)
