"""What kernels need of documents: their words one after the other, and random numbers of their own.

A chunk's documents are pieces of a text that need not stand side by side in it.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import jit
from w2v.kernels.negative_sampling import draw_row
from w2v.kernels.random import next_random

STIRS = 8  # so that documents which differ in their last word have nothing in common


@jit
def gather_pieces(text, begins, ends, ids, bounds):
    """Copy pieces of a text one after the other.

    text    int32 (·,)      word ids
    begins  int64 (S,)      where each piece begins in it
    ends    int64 (S,)      and where it ends
    ids     int32 (N,)      overwritten: the words of all pieces
    bounds  int64 (S + 1,)  overwritten: where each begins in `ids`, and N
    """
    total = 0
    for piece in range(begins.size):
        bounds[piece] = total
        for position in range(begins[piece], ends[piece]):
            ids[total] = text[position]
            total += 1
    bounds[begins.size] = total


@jit
def seed_pieces(ids, bounds, key, state, streams):
    """Give each piece a random state that follows from its words alone.

    ids      int32 (N,)
    bounds   int64 (S + 1,)  where each piece begins
    key      uint64 (1,)     what else it follows from; not changed
    state    uint64 (1,)     scratch
    streams  uint64 (S,)     overwritten; never zero
    """
    for piece in range(streams.size):
        state[0] = key[0]
        for position in range(bounds[piece], bounds[piece + 1]):
            state[0] ^= np.uint64(ids[position] + 1)
            next_random(state)
        for _ in range(STIRS):
            next_random(state)
        streams[piece] = max(state[0], np.uint64(1))


@jit
def draw_piece_targets(windows, count, negative, table, spare, streams, state, target_ids):
    """Put words and their noise words into the rows of `target_ids`, see `draw_row`.

    windows     Windows
    count       int            how many there are
    negative    int
    table       uint64 (·,)    see `draw_noise`
    spare       int
    streams     uint64 (S,)    the random state of each piece; or empty: all share `state`
    state       uint64 (1,)    changed in place
    target_ids  int32 (N, K)   the first 1 + negative of each row are overwritten
    """
    piece = -1
    for row in range(count):
        if streams.size and windows.sentences[row] != piece:
            piece = windows.sentences[row]
            state[0] = streams[piece]
        draw_row(windows.kept[row], negative, table, spare, state, target_ids, row)
