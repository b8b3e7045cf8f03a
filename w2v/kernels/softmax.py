"""Softmax and its cross-entropy; the gradient overwrites the scores.

For a row of scores with bias b, s = scores + b, target t and weight w:

    p_v  = exp(s_v - max s) / Σ_u exp(s_u - max s)
    loss = -ln p_t = ln Σ_u exp(s_u - max s) + max s - s_t        nats
    d_s  = w (p - onehot(t))                                       the gradient of w · loss
    d_b  = Σ over rows d_s

The bias is added and its gradient summed while a row is in the cache. As steps of their own both
read all scores from memory.
"""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import jit
from w2v.kernels.logistic import exp_minus_abs


@jit
def softmax_cross_entropy(scores, bias, targets, weights, losses, bias_gradient):
    """Replace scores by their gradients, and compute the loss of each row.

    scores         float (N, V)  overwritten by d_s
    bias           float (V,)    b
    targets        int32 (N,)    t, the target column of each row
    weights        float (N,)    w, the weight of each row in the loss
    losses         float64 (N,)  overwritten by -ln p_t in nats, without the weight
    bias_gradient  float (V,)    overwritten by d_b
    Returns        int, the number of rows of positive weight in which the target has the highest
                   score
    """
    dtype, correct = scores.dtype.type, 0
    bias_gradient[:] = dtype(0.0)
    for row in range(scores.shape[0]):
        line = scores[row]
        size, highest = np.uint64(line.size), line[0] + bias[0]
        for v in range(size):
            line[v] += bias[v]
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
            bias_gradient[v] += line[v]
        line[targets[row]] -= weights[row]
        bias_gradient[targets[row]] -= weights[row]
        losses[row] = math.log(total) + highest - target
    return correct
