"""The logistic function σ(s) = 1 / (1 + exp(-s)) and its loss, of many scores at once.

With e = exp(-|s|), which cannot overflow:

    σ(s)      = (1 if s > 0 else e) / (1 + e)
    -ln σ(-s) = max(s, 0) + ln(1 + e)          the loss of a prediction that is false

    exp(-|s|) = 2ˣ = 2ⁿ Σ_{k = 0 .. 11} (r ln 2)ᵏ / k!    with x = -|s| / ln 2 = n + r, |r| <= 1/2

The sum of the logarithms is the logarithm of a product: one is taken for hundreds of scores.
word2vec.c looks σ up in a table of 1,000 values and takes 0 or 1 for it beyond ±6; a table lookup
is no SIMD instruction, and makes no loss.
"""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import inlined
from w2v.kernels.simd import WIDTH, power_of_two

LOG2_E = 1.0 / math.log(2.0)
# The first term of the series that is left out is below 1e-14.
C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11 = (
    math.log(2.0) ** n / math.factorial(n) for n in range(1, 12)
)
MASKED = -128.0  # a score whose step and loss are 0, or as good as 0


@inlined
def exp_minus_abs(score, dtype):
    """exp(-|score|), of which the compiler makes SIMD instructions, as it does not of `math.exp`.

    With `math.exp` skip-gram takes 1.6 times as long, CBOW 1.2 (tests/bench/tricks.py).

    score    float  NaN gives NaN; beyond ±88 the result is 0, or as good as 0
    dtype    dtype  of the score: float32 or float64
    Returns  float  from 0 to 1, as exact as the dtype, to 1e-13 at most
    """
    x = max(abs(score) * dtype(-LOG2_E), dtype(-127.0))
    whole = np.floor(x + dtype(0.5))
    x -= whole
    y = x * x  # two short chains: with a long one skip-gram takes 1.04 times as long
    even = dtype(C4) + y * (dtype(C6) + y * (dtype(C8) + y * dtype(C10)))
    odd = dtype(C5) + y * (dtype(C7) + y * (dtype(C9) + y * dtype(C11)))
    even = dtype(1.0) + y * (dtype(C2) + y * even)
    odd = dtype(C1) + y * (dtype(C3) + y * odd)
    return (even + x * odd) * power_of_two(whole)


@inlined
def logistic_steps(scores, count, lr, loss_accumulator):
    """Turn the scores S of predictions that are all false into their steps, G = -lr σ(S).

    scores            float (·,)    the first `count`, and as many more as make it a multiple of
                                    WIDTH, are overwritten by -lr σ(score)
    count             int
    lr                float         of the same dtype
    loss_accumulator  float64 (2,)  changed in place: the loss that `read_loss` reads from it grows
                                    by Σ -ln σ(-score); NaN where a score is
    """
    dtype = scores.dtype.type
    one = dtype(1.0)
    for padding in range(count, count + -count % WIDTH):
        scores[padding] = MASKED
    for begin in range(0, count, WIDTH):
        above, factor = dtype(0.0), one
        for lane in range(WIDTH):
            at = np.uint64(begin + lane)  # signed, it could be negative, which prevents SIMD
            small = exp_minus_abs(scores[at], dtype)
            above += max(scores[at], dtype(0.0))
            factor *= one + small
            scores[at] = -lr * (one if scores[at] > dtype(0.0) else small) / (one + small)
        loss_accumulator[0] += above
        loss_accumulator[1] *= factor
        if loss_accumulator[1] > 1e300:
            loss_accumulator[0] += math.log(loss_accumulator[1])
            loss_accumulator[1] = 1.0


@inlined
def clear_loss(loss_accumulator):
    """Set a loss to zero.

    loss_accumulator  float64 (2,)  overwritten
    """
    loss_accumulator[0], loss_accumulator[1] = 0.0, 1.0


@inlined
def read_loss(loss_accumulator):
    """The loss that has been accumulated.

    loss_accumulator  float64 (2,)  a sum, and a product whose logarithm belongs to it: with a
                                    logarithm for every 16 scores CBOW takes 1.16 times as long
                                    (tests/bench/tricks.py)
    Returns           float64, nats
    """
    return loss_accumulator[0] + math.log(loss_accumulator[1])
