"""Windows: the context of each word that subsampling keeps.

Each of these words is the center word of a window of b words on each side, where b is drawn from 1
to `window`, so that near words have more weight (Mikolov et al. 2013a, section 3.2). As in
word2vec.c, words are subsampled before windows are built, so that windows extend further in the
text. No window extends beyond its sentence.

The learning rate falls linearly from word to word of a chunk; word2vec.c lowers it every 10,000
words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.random import next_below
from w2v.kernels.simd import prefetch
from w2v.kernels.subsampling import subsample

# Rows are prefetched this many windows before they are used. Without prefetching skip-gram takes
# 1.4 times as long and CBOW 1.5 times (tests/bench/tricks.py).
AHEAD = 3


class Windows(NamedTuple):
    """The windows of a chunk, one around each word that subsampling keeps.

    word_ids    int32 (N,)  the center word of each window
    first       int32 (N,)  first position in `word_ids` of each window
    last        int32 (N,)  last position in `word_ids` of each window
    rates       float (N,)  learning rate of each window
    sentences   int32 (N,)  number in the chunk of the sentence or document of each window
    input_rows  int32 (N,)  the row of the input vectors of each word, at first `word_ids`
    """

    word_ids: np.ndarray
    first: np.ndarray
    last: np.ndarray
    rates: np.ndarray
    sentences: np.ndarray
    input_rows: np.ndarray


def allocate_windows(size: int, dtype: type = np.float32) -> Windows:
    """Allocate memory for the windows of a chunk of `size` words."""
    word_ids, first, last, sentences, input_rows = (np.empty(size, np.int32) for _ in range(5))
    return Windows(word_ids, first, last, np.empty(size, dtype), sentences, input_rows)


def cut_windows(windows: Windows, begin: int, end: int) -> Windows:
    """The windows from `begin` to before `end`, cut off at these bounds; their positions from 0.

    `first` and `last` are new arrays, and the other arrays are views.
    """
    part = Windows(*(array[begin:end] for array in windows))
    first, last = np.maximum(part.first, begin), np.minimum(part.last, end - 1)
    return part._replace(first=first - np.int32(begin), last=last - np.int32(begin))


@jit
def draw_radius(window, shrink, state):
    """Draw the radius of a window: its number of words to each side.

    window   int          maximum radius, at least 1
    shrink   bool         whether to draw the radius uniformly from 1 to `window`. If not, it is
                          `window`
    state    uint64 (1,)  random state, changed in place
    Returns  int64
    """
    if shrink:
        return 1 + next_below(state, window)
    return np.int64(window)


@jit
def build_windows(ids, bounds, keep, window, shrink, lr_first, lr_last, state, streams, windows):
    """Subsample the sentences of a chunk and build a window around each word that is kept.

    ids       int32 (N,)      word ids of the chunk
    bounds    int64 (S + 1,)  position where each sentence begins, and N
    keep      uint32 (V,)     see `subsample`
    window    int             maximum radius, in words on each side
    shrink    bool            whether to draw the radius of each window from 1 to `window`
    lr_first  float           learning rate at the first word of the chunk
    lr_last   float           learning rate after the last word; it falls linearly
    state     uint64 (1,)     random state, changed in place
    streams   uint64 (S,)     random state of each sentence, changed in place: sentences then do not
                              depend on each other. If empty, all sentences share `state`
    windows   Windows         for at least N words; overwritten
    Returns   int64, number of windows
    """
    word_ids, first, last, rates, sentences, input_rows = windows
    total = 0
    slope = (lr_last - lr_first) / max(ids.size, 1)
    for sentence in range(bounds.size - 1):
        begin, end = bounds[sentence], bounds[sentence + 1]
        if streams.size:
            state[0] = streams[sentence]
        count = subsample(ids, begin, end, keep, state, word_ids[total:])
        stride = (end - begin) / max(count, 1)  # words of the text for each word kept
        for offset in range(count):
            position = total + offset
            radius = draw_radius(window, shrink, state)
            first[position] = max(position - radius, total)
            last[position] = min(position + radius, total + count - 1)
            rates[position] = lr_first + slope * (begin + stride * offset)
            sentences[position] = sentence
            input_rows[position] = word_ids[position]
        if streams.size:
            streams[sentence] = state[0]
        total += count
    return total


@inlined
def prefetch_window(
    input_rows, last, center, count, target_ids, input_vectors, output_vectors, registers
):
    """Prefetch the rows of a window that will be trained AHEAD windows later.

    input_rows      int32 (N,)    see `Windows`
    last            int32 (N,)    see `Windows`
    center          int           position of the current center word
    count           int           number of windows
    target_ids      int32 (N, K)  targets of each window
    input_vectors   float (·, D)  the row of the word that will enter AHEAD windows later
    output_vectors  float (·, D)  the rows of the targets of that window
    registers       int           D / 16
    """
    prefetch_entering(input_rows, last, center, count, input_vectors, registers)
    prefetch_targets(center + AHEAD, count, target_ids, output_vectors, registers)


@inlined
def prefetch_entering(input_rows, last, center, count, input_vectors, registers):
    """Prefetch the row of the word that will enter the windows AHEAD windows later.

    input_rows     int32 (N,)    see `Windows`
    last           int32 (N,)    see `Windows`
    center         int           position of the current center word
    count          int           number of windows
    input_vectors  float (·, D)
    registers      int           D / 16
    """
    entering = input_rows[min(last[center] + AHEAD, count - 1)]
    for register in range(registers):
        prefetch(input_vectors, entering, register)


@inlined
def prefetch_targets(ahead, count, target_ids, output_vectors, registers):
    """Prefetch the rows of the targets of one window.

    ahead           int           number of the window; a number that is too large means the last
    count           int           number of windows
    target_ids      int32 (N, K)  targets of each window
    output_vectors  float (·, D)
    registers       int           D / 16
    """
    row = min(ahead, count - 1)
    for k in range(target_ids.shape[1]):
        target_id = target_ids[row, k]
        for register in range(registers):
            prefetch(output_vectors, target_id, register)
