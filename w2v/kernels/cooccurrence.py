"""Cooccurrence counts in windows, and their positive pointwise mutual information (PPMI).

A word at distance d from another counts (L + 1 - d) / L as its context, with L the window: what
windows that shrink at random would count on average. With #(w, c) these counts, #(w) their sum over
all contexts and N the sum of all (Levy, Goldberg and Dagan 2015, sections 2.1 and 3.2, with
smoothed contexts and a shift):

    PMI(w, c)  = ln #(w, c) / N - ln #(w) / N - ln P(c),    P(c) ∝ #(c)^0.75
    PPMI(w, c) = max(PMI(w, c) - shift, 0)

A text here is word ids with a negative number before, between and after its documents.
"""

from __future__ import annotations

import math

from w2v.kernels import inlined, jit


@jit
def sum_weights(ids, window, sums):
    """Add up #(w) for each word.

    ids     int32 (N,)    a text
    window  int           L
    sums    float64 (V,)  grows by the weights of all contexts of each word
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
    """List the positions of each word.

    ids        int32 (N,)  a text
    ends       int64 (V,)  where the list of each word begins; then, where it ends
    positions  int32 (·,)  overwritten
    """
    for position in range(ids.size):
        word = ids[position]
        if word >= 0:
            positions[ends[word]] = position
            ends[word] += 1


@inlined
def count_contexts(ids, positions, first, last, window, counts, context_ids):
    """Count the context words of some positions.

    ids          int32 (N,)    a text
    positions    int32 (·,)
    first        int           the first of the positions
    last         int           and the one after the last
    window       int           L
    counts       float64 (V,)  zeros; grows by the weights
    context_ids  int32 (V,)    overwritten: the words that have been counted
    Returns      int64, how many these are
    """
    found = 0
    for k in range(first, last):
        for step in (-1, 1):
            for distance in range(1, window + 1):
                word = ids[positions[k] + step * distance]
                if word < 0:
                    break
                if counts[word] == 0:
                    context_ids[found] = word
                    found += 1
                counts[word] += (window + 1 - distance) / window
    return found


@jit
def fill_ppmi(
    ids, positions, starts, word, last, window, row_logs, column_logs, counts, context_ids,
    columns, values, sizes,
):  # fmt: skip
    """The PPMI of some words with all others, as rows of a sparse matrix.

    ids          int32 (N,)      a text
    positions    int32 (·,)      see `list_positions`
    starts       int64 (V + 1,)  where the list of each word begins
    word         int             the first word
    last         int             and the one after the last
    window       int             L
    row_logs     float64 (V,)    ln #(w)
    column_logs  float64 (V,)    ln P(c) + shift
    counts       float64 (V,)    scratch: zeros, and again afterwards
    context_ids  int32 (V,)      scratch
    columns      int32 (E,)      overwritten
    values       float32 (E,)    overwritten
    sizes        int64 (V,)      how many entries each row has
    Returns      (int64, int64): the first word for which there was no memory, how many entries
                 there are
    """
    size = 0
    while word < last and size + counts.size <= columns.size:
        begin = size
        found = count_contexts(
            ids, positions, starts[word], starts[word + 1], window, counts, context_ids
        )
        for k in range(found):
            context = context_ids[k]
            ppmi = math.log(counts[context]) - row_logs[word] - column_logs[context]
            counts[context] = 0.0
            if ppmi > 0:
                columns[size], values[size] = context, ppmi
                size += 1
        sizes[word] = size - begin
        word += 1
    return word, size
