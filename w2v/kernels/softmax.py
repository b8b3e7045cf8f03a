"""Softmax and what it costs, in the place of the scores."""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import jit
from w2v.kernels.logistic import exp_minus_abs


@jit
def learn_softmax(scores, targets, weights, losses):
    """Turn scores into their slopes: weight times (p - 1 where the target is), p = softmax(scores).

    scores   float (N, V)   overwritten
    targets  int32 (N,)     the column that was there
    weights  float (N,)     what each row counts
    losses   float64 (N,)   overwritten: -ln p(target) in nats
    Returns  int, in how many rows with a weight the target has the highest score
    """
    kind, right = scores.dtype.type, 0
    for row in range(scores.shape[0]):
        line = scores[row]
        size, highest = np.uint64(line.size), line[0]
        for at in range(size):
            highest = max(highest, line[at])
        target = line[targets[row]]
        right += (target == highest) and weights[row] > 0
        total = kind(0.0)
        for at in range(size):
            line[at] = exp_minus_abs(line[at] - highest, kind)
            total += line[at]
        share = weights[row] / total
        for at in range(size):
            line[at] *= share
        line[targets[row]] -= weights[row]
        losses[row] = math.log(total) + highest - target
    return right
