"""The spans of text that a chunk's documents are: gathered, seeded, and given their targets.

A document is a span of the text, or several; those of a chunk need not stand side by side in it.
When documents are inferred, the random numbers of each follow from its words alone, so that it does
not matter what else is inferred with it. Its stream's state x is a hash of its word ids w_i:

    x = key;  for each i: x = xorshift(x XOR (w_i + 1));  then MIXING_STEPS times x = xorshift(x)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import Kernel, jit
from w2v.kernels.negative_sampling import draw_target_row
from w2v.kernels.random import next_random

MIXING_STEPS = 8  # else documents that differ in their last word have similar numbers


@jit
def gather_spans(text, begins, ends, ids, bounds):
    """Copy spans of a text one after the other.

    text    int32 (·,)      word ids
    begins  int64 (S,)      where each span begins in it
    ends    int64 (S,)      and where it ends
    ids     int32 (N,)      overwritten: the words of all spans
    bounds  int64 (S + 1,)  overwritten: where each begins in `ids`, and N
    """
    total = 0
    for span in range(begins.size):
        bounds[span] = total
        for position in range(begins[span], ends[span]):
            ids[total] = text[position]
            total += 1
    bounds[begins.size] = total


@jit
def seed_spans(ids, bounds, key, state, streams):
    """Give each span a random state that follows from its words alone.

    ids      int32 (N,)
    bounds   int64 (S + 1,)  where each span begins
    key      uint64 (1,)     what else it follows from; not changed
    state    uint64 (1,)     scratch
    streams  uint64 (S,)     overwritten; never zero
    """
    for span in range(streams.size):
        state[0] = key[0]
        for position in range(bounds[span], bounds[span + 1]):
            state[0] ^= np.uint64(ids[position] + 1)
            next_random(state)
        for _ in range(MIXING_STEPS):
            next_random(state)
        streams[span] = max(state[0], np.uint64(1))


@jit
def draw_document_targets(windows, count, negative, table, padding_id, streams, state, target_ids):
    """Write words and their negatives to the rows of `target_ids`, see `draw_target_row`.

    windows     Windows
    count       int           how many there are
    negative    int
    table       uint64 (·,)   see `draw_noise`
    padding_id  int
    streams     uint64 (S,)   the random state of each span; or empty: all share `state`
    state       uint64 (1,)   changed in place
    target_ids  int32 (N, K)  the first 1 + negative of each row are overwritten
    """
    span = -1
    for row in range(count):
        if streams.size and windows.sentences[row] != span:
            span = windows.sentences[row]
            state[0] = streams[span]
        draw_target_row(windows.word_ids[row], negative, table, padding_id, state, target_ids, row)


class DocumentKernels(NamedTuple):
    """The kernels of a model of documents.

    train_documents  (windows, count, documents, target_ids, matrices, frozen, registers, scratch,
                     fixed) -> (sum of losses, predictions); `fixed`: change nothing but the
                     document vectors
    train_words      the kernel of a word model that is trained on the same windows, or None
    modules          the modules of both
    """

    train_documents: Kernel
    train_words: Kernel | None
    modules: tuple[str, ...]
