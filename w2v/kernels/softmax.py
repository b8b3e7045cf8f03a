"""Softmax and its cross-entropy; the gradient overwrites the scores.

For a row of scores s with target t and weight w:

    p_v  = exp(s_v - max s) / Σ_u exp(s_u - max s)
    loss = -ln p_t = ln Σ_u exp(s_u - max s) + max s - s_t        nats
    d_s  = w (p - onehot(t))                                       the gradient of w · loss
"""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import jit
from w2v.kernels.logistic import exp_minus_abs


@jit
def softmax_cross_entropy(scores, targets, weights, losses):
    """Replace scores by their gradients, and compute the loss of each row.

    scores   float (N, V)  s, overwritten by d_s
    targets  int32 (N,)    t, the target column of each row
    weights  float (N,)    w, the weight of each row in the loss
    losses   float64 (N,)  overwritten by -ln p_t in nats, without the weight
    Returns  int, the number of rows of positive weight in which the target has the highest score
    """
    dtype, correct = scores.dtype.type, 0
    for row in range(scores.shape[0]):
        line = scores[row]
        size, highest = np.uint64(line.size), line[0]
        for v in range(size):
            highest = max(highest, line[v])
        target = line[targets[row]]
        correct += (target == highest) and weights[row] > 0
        total = dtype(0.0)
        for v in range(size):
            line[v] = exp_minus_abs(line[v] - highest, dtype)
            total += line[v]
        share = weights[row] / total
        for v in range(size):
            line[v] *= share
        line[targets[row]] -= weights[row]
        losses[row] = math.log(total) + highest - target
    return correct
