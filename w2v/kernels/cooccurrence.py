"""Cooccurrence counts in windows, and their positive pointwise mutual information (PPMI).

A context word at distance d from a word has the weight (L + 1 - d) / L, where L is the window. This
is the average count of windows that shrink at random. #(w, c) is the sum of the weights of c as a
context of w, #(w) the sum of #(w, c) over all c, and N the sum of #(w) over all w (Levy, Goldberg
and Dagan 2015, sections 2.1 and 3.2, with context distribution smoothing and a shift):

    PMI(w, c)  = ln(#(w, c) / N) - ln(#(w) / N) - ln P(c),    P(c) ∝ #(c)^0.75
    PPMI(w, c) = max(PMI(w, c) - shift, 0)

Here a text is an array of word ids, with a negative number before, between and after its documents.
"""

from __future__ import annotations

import math

from w2v.kernels import inlined, jit


@jit
def sum_weights(ids, window, sums):
    """Add up #(w) for each word.

    ids     int32 (N,)    a text
    window  int           L
    sums    float64 (V,)  changed in place: the weights of all contexts of each word are added
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
    ends       int64 (V,)  on entry the index where the list of each word begins; on return the
                           index where it ends
    positions  int (·,)    overwritten by the lists
    """
    for position in range(ids.size):
        word = ids[position]
        if word >= 0:
            positions[ends[word]] = position
            ends[word] += 1


@inlined
def count_contexts(ids, positions, first, last, window, counts, context_ids):
    """Add up #(w, c) for the occurrences of one word w.

    ids          int32 (N,)    a text
    positions    int (·,)      see `list_positions`
    first        int           index of the first position of w in `positions`
    last         int           index after the last position of w
    window       int           L
    counts       float64 (V,)  zeros on entry; on return #(w, c) for each c
    context_ids  int32 (V,)    overwritten by the context words found
    Returns      int64, the number of context words found
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
    """Compute rows of the sparse PPMI matrix (CSR), as long as the next row surely fits.

    ids          int32 (N,)      a text
    positions    int (·,)        see `list_positions`
    starts       int64 (V + 1,)  index in `positions` where the list of each word begins
    word         int             first word
    last         int             the word after the last one
    window       int             L
    row_logs     float64 (V,)    ln #(w)
    column_logs  float64 (V,)    ln P(c) + shift
    counts       float64 (V,)    scratch: zeros on entry and on return
    context_ids  int32 (V,)      scratch
    columns      int32 (E,)      overwritten by the column of each entry
    values       float32 (E,)    overwritten by the value of each entry
    sizes        int64 (V,)      overwritten for these words: number of entries in the row
    Returns      (int64, int64): the first word that has not been computed, because `columns` might
                 be too short, or `last`; and the number of entries
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
