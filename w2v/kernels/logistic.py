"""What the score of a prediction says: the logistic function and its loss, many scores at once."""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import inlined
from w2v.kernels.simd import WIDTH, power_of_two

LOG2_E = 1.0 / math.log(2.0)
# 2**x = Σ (x ln 2)**n / n!: for |x| <= 1/2 the first term left out is below 1e-14.
C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11 = (
    math.log(2.0) ** n / math.factorial(n) for n in range(1, 12)
)
MASKED = -128.0  # a score that leaves neither a step nor a loss


@inlined
def exp_minus_abs(score, kind):
    """exp(-|score|), of which the compiler makes vectors, as it does not of `math.exp`.

    With that skip-gram takes 1.6 times as long, CBOW 1.2 (tests/bench/tricks.py).

    score    float  NaN gives NaN; beyond ±88 the result is 0, or as good as 0
    kind     dtype  of the score: float32 or float64
    Returns  float  from 0 to 1, as exact as the dtype, to 1e-13 at most
    """
    x = max(abs(score) * kind(-LOG2_E), kind(-127.0))
    whole = np.floor(x + kind(0.5))
    x -= whole
    y = x * x  # two short chains: with a long one skip-gram takes 1.04 times as long
    even = kind(C4) + y * (kind(C6) + y * (kind(C8) + y * kind(C10)))
    odd = kind(C5) + y * (kind(C7) + y * (kind(C9) + y * kind(C11)))
    even = kind(1.0) + y * (kind(C2) + y * even)
    odd = kind(C1) + y * (kind(C3) + y * odd)
    return (even + x * odd) * power_of_two(whole)


@inlined
def logistic_steps(scores, count, lr, loss_accumulator):
    """Turn the scores of predictions that are all false into steps of their scores.

    scores  float (·,)     the first `count`, and as many more as make it a multiple of WIDTH, are
                           overwritten by -lr σ(score)
    count   int
    lr      float          of the same dtype
    loss_accumulator  float64 (2,)  changed in place: the loss, the sum of -log σ(-score), grows by
                           what `read_loss` gets out of it; NaN where a score is
    """
    kind = scores.dtype.type
    one = kind(1.0)
    for filler in range(count, count + -count % WIDTH):
        scores[filler] = MASKED
    for begin in range(0, count, WIDTH):
        above, factor = kind(0.0), one
        for lane in range(WIDTH):
            at = np.uint64(begin + lane)  # signed, it could be negative, and make no vector
            small = exp_minus_abs(scores[at], kind)
            above += max(scores[at], kind(0.0))
            factor *= one + small
            scores[at] = -lr * (one if scores[at] > kind(0.0) else small) / (one + small)
        loss_accumulator[0] += above
        loss_accumulator[1] *= factor
        if loss_accumulator[1] > 1e300:
            loss_accumulator[0] += math.log(loss_accumulator[1])
            loss_accumulator[1] = 1.0


@inlined
def clear_loss(loss_accumulator):
    """Begin a new loss.

    loss_accumulator  float64 (2,)  overwritten
    """
    loss_accumulator[0], loss_accumulator[1] = 0.0, 1.0


@inlined
def read_loss(loss_accumulator):
    """The loss that a loss_accumulator has come to.

    loss_accumulator  float64 (2,)  a sum, and a product whose logarithm is part of it: a logarithm
                           for every 16 scores CBOW takes 1.16 times as long (bench/tricks.py)
    Returns  float64, nats
    """
    return loss_accumulator[0] + math.log(loss_accumulator[1])
