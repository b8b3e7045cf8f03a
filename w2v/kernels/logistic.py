"""The logistic function σ(s) = 1 / (1 + exp(-s)) and its loss, for many scores in SIMD registers.

With e = exp(-|s|), which cannot overflow:

    σ(s)      = (1 if s > 0 else e) / (1 + e)
    -ln σ(-s) = max(s, 0) + ln(1 + e)          the loss of a prediction with label 0

    exp(-|s|) = 2ˣ = 2ⁿ Σ_{k = 0 .. 11} (r ln 2)ᵏ / k!    with x = -|s| / ln 2 = n + r, |r| <= 1/2

The sum of the logarithms is the logarithm of a product, so that one logarithm is enough for
hundreds of scores. word2vec.c takes σ from a table of 1,000 values, and 0 or 1 beyond ±6. Here
there is no table, because a table lookup is no SIMD instruction and gives no loss.
"""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import inlined
from w2v.kernels.simd import WIDTH, power_of_two

LOG2_E = 1.0 / math.log(2.0)
# The first omitted term of the series is below 1e-14.
C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11 = (
    math.log(2.0) ** n / math.factorial(n) for n in range(1, 12)
)
MASKED = -128.0  # a score so low that its step and loss are 0, or nearly 0


@inlined
def exp_minus_abs(score, dtype):
    """exp(-|score|) in operations that the compiler can turn into SIMD instructions.

    With `math.exp` the compiler cannot do that: skip-gram takes 1.6 times as long, and CBOW 1.2
    times (tests/bench/tricks.py).

    score    float  the score; NaN gives NaN, and beyond ±88 the result is 0, or nearly 0
    dtype    dtype  the dtype of the score: float32 or float64
    Returns  float  from 0 to 1, with the precision of the dtype, but not better than 1e-13
    """
    x = max(abs(score) * dtype(-LOG2_E), dtype(-127.0))
    whole = np.floor(x + dtype(0.5))
    x -= whole
    y = x * x  # even and odd powers are separate: one chain takes 1.04 times as long in skip-gram
    even = dtype(C4) + y * (dtype(C6) + y * (dtype(C8) + y * dtype(C10)))
    odd = dtype(C5) + y * (dtype(C7) + y * (dtype(C9) + y * dtype(C11)))
    even = dtype(1.0) + y * (dtype(C2) + y * even)
    odd = dtype(C1) + y * (dtype(C3) + y * odd)
    return (even + x * odd) * power_of_two(whole)


@inlined
def logistic_steps(scores, count, lr, loss_accumulator):
    """Replace the scores S of predictions with label 0 by their steps, G = -lr σ(S).

    scores            float (·,)    the first `count` are overwritten by -lr σ(score), and so are
                                    padding entries up to a multiple of WIDTH
    count             int           number of scores
    lr                float         learning rate, of the dtype of the scores
    loss_accumulator  float64 (2,)  changed in place: Σ -ln σ(-score) is added to the loss that
                                    `read_loss` returns, which is NaN if a score is NaN
    """
    dtype = scores.dtype.type
    one = dtype(1.0)
    for padding in range(count, count + -count % WIDTH):
        scores[padding] = MASKED
    for begin in range(0, count, WIDTH):
        above, factor = dtype(0.0), one
        for lane in range(WIDTH):
            at = np.uint64(begin + lane)  # an index that could be negative prevents SIMD
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
    """Set the accumulated loss to zero.

    loss_accumulator  float64 (2,)  overwritten
    """
    loss_accumulator[0], loss_accumulator[1] = 0.0, 1.0


@inlined
def read_loss(loss_accumulator):
    """The accumulated loss.

    loss_accumulator  float64 (2,)  a sum, and a product whose logarithm is still to be added. With
                                    one logarithm for every 16 scores CBOW takes 1.16 times as long
                                    (tests/bench/tricks.py)
    Returns           float64, nats
    """
    return loss_accumulator[0] + math.log(loss_accumulator[1])
