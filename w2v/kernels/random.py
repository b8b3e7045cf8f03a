"""Random numbers from an explicit state.

xorshift64 (Marsaglia 2003, section 3, triple (13, 7, 17)):

    x ^= x << 13;  x ^= x >> 7;  x ^= x << 17
"""

from __future__ import annotations

import numpy as np

from w2v.kernels import jit

_13, _7, _17, _32 = np.uint64(13), np.uint64(7), np.uint64(17), np.uint64(32)


@jit
def next_random(state):
    """Draw 64 random bits.

    state    uint64 (1,)  random state, never zero; changed in place
    Returns  uint64
    """
    bits = state[0]
    bits ^= bits << _13
    bits ^= bits >> _7
    bits ^= bits << _17
    state[0] = bits
    return bits


@jit
def next_below(state, limit):
    """Draw an integer from 0 to `limit` - 1.

    state    uint64 (1,)  random state, changed in place
    limit    int          1 to 2**32
    Returns  int64; probabilities differ from 1 / `limit` by at most one part in 2**32 / `limit`
    """
    return np.int64(((next_random(state) >> _32) * np.uint64(limit)) >> _32)


def random_state(*key: int) -> np.ndarray:
    """The random state of a key, uint64 (1,), never zero; those of two keys are independent.

    Keys that differ only in zeros at the end have the same state.
    """
    return np.maximum(np.random.SeedSequence(key).generate_state(1, np.uint64), 1)
