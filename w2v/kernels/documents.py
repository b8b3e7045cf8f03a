"""Documents of a chunk: their spans of the text, random states and targets.

A document is one span of the text, or several. The spans of a chunk need not be adjacent in the
text. In inference, the random numbers of a document come from a state that depends only on its
words, so that its vector does not depend on other documents. This state x is a hash of the word ids
w_i of the document:

    x = key;  for each i: x = xorshift(x XOR (w_i + 1));  then MIXING_STEPS times x = xorshift(x)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import Kernel, jit
from w2v.kernels.negative_sampling import draw_target_row
from w2v.kernels.random import next_random

# Without these steps, documents that differ only in the last word would get similar numbers.
MIXING_STEPS = 8


@jit
def gather_spans(text, begins, ends, ids, bounds):
    """Concatenate spans of a text.

    text    int32 (·,)      word ids
    begins  int64 (S,)      position where each span begins
    ends    int64 (S,)      position where each span ends
    ids     int32 (N,)      overwritten by the words of all spans
    bounds  int64 (S + 1,)  overwritten by the index in `ids` where each span begins, and N
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
    """Derive the random state of each span from a key and its words.

    ids      int32 (N,)      word ids
    bounds   int64 (S + 1,)  index where each span begins, and N
    key      uint64 (1,)     not changed
    state    uint64 (1,)     scratch
    streams  uint64 (S,)     overwritten by the random states, which are never zero
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
    """Write each center word and its negatives to `target_ids`, see `draw_target_row`.

    windows     Windows
    count       int           number of windows
    negative    int           number of negatives of each word
    table       uint64 (·,)   see `draw_noise`
    padding_id  int           see `draw_target_row`
    streams     uint64 (S,)   random state of each span; empty: all spans share `state`
    state       uint64 (1,)   random state, changed in place
    target_ids  int32 (N, K)  the first 1 + negative entries of the first `count` rows are
                              overwritten
    """
    span = -1
    for row in range(count):
        if streams.size and windows.sentences[row] != span:
            span = windows.sentences[row]
            state[0] = streams[span]
        draw_target_row(windows.word_ids[row], negative, table, padding_id, state, target_ids, row)


class DocumentKernels(NamedTuple):
    """The kernels of a document model.

    train_documents  (windows, count, documents, targets, matrices, frozen, registers, scratch,
                     fixed) -> (sum of losses in nats, number of predictions). `targets` are ids,
                     or with hierarchical softmax the paths to the words. With `fixed`, only the
                     document vectors are changed
    train_words      the kernel of a word model that is trained on the same windows, or None
    modules          the kernel modules of both
    """

    train_documents: Kernel
    train_words: Kernel | None
    modules: tuple[str, ...]
