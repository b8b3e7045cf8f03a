"""Which words come near which: counted word by word, and kept where they do so more than by chance.

A text here is word ids with a negative number before, between and after its documents. A word at
distance d counts (window + 1 - d) / window, what windows that shrink at random would count on
average.
"""

from __future__ import annotations

import math

from w2v.kernels import inlined, jit


@jit
def sum_weights(ids, window, sums):
    """How much each word counts as anybody's neighbour.

    ids     int32 (N,)    a text
    window  int
    sums    float64 (V,)  grows by the weights of all that is near each word
    """
    for position in range(ids.size):
        if ids[position] >= 0:
            for step in (-1, 1):
                for distance in range(1, window + 1):
                    if ids[position + step * distance] < 0:
                        break
                    sums[ids[position]] += (window + 1 - distance) / window


@jit
def list_positions(ids, ends, positions):
    """List where each word is.

    ids        int32 (N,)    a text
    ends       int64 (V,)    where the list of each word begins; then, where it ends
    positions  int32 (·,)    overwritten
    """
    for position in range(ids.size):
        word = ids[position]
        if word >= 0:
            positions[ends[word]] = position
            ends[word] += 1


@inlined
def count_near(ids, positions, first, last, window, counts, near):
    """Count what is near some positions.

    ids        int32 (N,)    a text
    positions  int32 (·,)
    first      int           the first of the positions
    last       int           and the one after the last
    window     int
    counts     float64 (V,)  zeros; grows by the weights
    near       int32 (V,)    overwritten: the words that have been counted
    Returns    int64, how many these are
    """
    found = 0
    for k in range(first, last):
        for step in (-1, 1):
            for distance in range(1, window + 1):
                word = ids[positions[k] + step * distance]
                if word < 0:
                    break
                if counts[word] == 0:
                    near[found] = word
                    found += 1
                counts[word] += (window + 1 - distance) / window
    return found


@jit
def fill_ppmi(
    ids, positions, starts, word, last, window, row_logs, column_logs, counts, near, columns,
    values, sizes,
):  # fmt: skip
    """The positive pointwise mutual information of some words with all others, rows of a matrix.

    ids          int32 (N,)      a text
    positions    int32 (·,)      see `list_positions`
    starts       int64 (V + 1,)  where the list of each word begins
    word         int             the first word
    last         int             and the one after the last
    window       int
    row_logs     float64 (V,)    ln of what each word counts in all
    column_logs  float64 (V,)    ln of its probability as a neighbour, and what else to take off
    counts       float64 (V,)    scratch: zeros, and again afterwards
    near         int32 (V,)      scratch
    columns      int32 (E,)      overwritten
    values       float32 (E,)    overwritten
    sizes        int64 (V,)      how many entries each row has
    Returns      (int64, int64): the first word for which there was no room, how many entries there
                 are
    """
    size = 0
    while word < last and size + counts.size <= columns.size:
        begin = size
        found = count_near(ids, positions, starts[word], starts[word + 1], window, counts, near)
        for k in range(found):
            other = near[k]
            information = math.log(counts[other]) - row_logs[word] - column_logs[other]
            counts[other] = 0.0
            if information > 0:
                columns[size], values[size] = other, information
                size += 1
        sizes[word] = size - begin
        word += 1
    return word, size
