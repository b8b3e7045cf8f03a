"""Alias tables: draws from the noise distribution in constant time.

An alias table (Walker 1977, built as in Vose 1991) draws from a distribution p over V words. One
random number gives both a slot v and a number u. The draw is word v with the probability q_v, and
otherwise another word, the alias of slot v:

    v uniform in 0 .. V-1, u uniform in [0, 1):  draw v if u < q_v, else alias_v
    p_w = (q_w + Σ over v with alias_v = w of (1 - q_v)) / V

word2vec.c has a table of 100 million word ids instead (400 MB), in which a word occurs in
proportion to its probability. An alias table is exact, and with 8 bytes a word it fits in the
cache.
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.random import next_random

_32, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@jit
def build_alias(weights, threshold, alias, pending):
    """Build the alias table of a distribution.

    weights    float64 (V,)  V times p; overwritten
    threshold  uint32 (V,)   overwritten by q in units of 2**-32
    alias      int32 (V,)    overwritten by the other word of each slot
    pending    int32 (V,)    scratch: slots of weight below 1 from the left, others from the right

    Source: Vose 1991, "A linear algorithm for generating random numbers with a given distribution":
    a slot with a weight below 1 is filled up from a slot with a weight above 1.
    """
    size = weights.size
    small, large = 0, size
    for v in range(size):
        threshold[v], alias[v] = 0xFFFFFFFF, v
        if weights[v] < 1.0:
            pending[small] = v
            small += 1
        else:
            large -= 1
            pending[large] = v
    while small > 0 and large < size:
        small -= 1
        poor, rich = pending[small], pending[large]
        threshold[poor] = np.uint32(weights[poor] * 4294967295.0)
        alias[poor] = rich
        weights[rich] -= 1.0 - weights[poor]
        if weights[rich] < 1.0:
            large += 1
            pending[small] = rich
            small += 1


@inlined
def draw_noise(table, state):
    """Draw a word from the noise distribution.

    table    uint64 (V,)  alias table: the threshold of a slot in the high 32 bits and its alias in
                          the low ones, so that a draw reads memory once
    state    uint64 (1,)  random state, changed in place
    Returns  int64, a word id
    """
    bits = next_random(state)
    slot = np.int64(((bits >> _32) * np.uint64(table.size)) >> _32)
    entry = table[slot]
    if (bits & _LOW) < (entry >> _32):
        return slot
    return np.int64(entry & _LOW)
