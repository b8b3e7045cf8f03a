"""Steps down a gradient, row by row: plain, Adagrad, Adam."""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import jit


@jit
def add_rows(numbers, changes, sums):
    """Add rows to rows.

    numbers  int32 (N,)    the row of `sums` that each row of `changes` goes to
    changes  float (N, D)
    sums     float (·, D)  changed in place
    """
    for i in range(numbers.size):
        line, change = sums[numbers[i]], changes[i]
        for at in range(np.uint64(line.size)):
            line[at] += change[at]


@jit
def add_up(gradients, first, last):
    """Add up some rows of several gradients into those of the first.

    gradients  float (S, R, D)  changed in place
    first      int
    last       int
    Returns    float64, the sum of the squares of the sums
    """
    total = 0.0
    for row in range(first, last):
        whole = gradients[0, row]
        for shard in range(1, gradients.shape[0]):
            part = gradients[shard, row]
            for at in range(np.uint64(whole.size)):
                whole[at] += part[at]
        squares = gradients.dtype.type(0.0)
        for at in range(np.uint64(whole.size)):
            squares += whole[at] * whole[at]
        total += squares
    return total


@jit
def descend(weights, rows, gradient, first, last, lr, scale):
    """Plain stochastic gradient descent: w -= lr g.

    weights   float (R, D)  changed in place
    rows      int32 (N,)    the row of `weights` that each row of `gradient` is of
    gradient  float (N, D)
    first     int           the first row of `gradient`
    last      int           and the one after its last
    lr        float
    scale     float         what gradients are multiplied by
    """
    step = weights.dtype.type(lr * scale)
    for i in range(first, last):
        line, slope = weights[rows[i]], gradient[i]
        for at in range(np.uint64(line.size)):
            line[at] -= step * slope[at]


@jit
def descend_adagrad(weights, rows, gradient, first, last, lr, scale, squares):
    """Steps that get shorter the more a number has been moved.

    weights   float (R, D)  changed in place
    rows      int32 (N,)    the row of `weights` that each row of `gradient` is of
    gradient  float (N, D)
    first     int           the first row of `gradient`
    last      int           and the one after its last
    lr        float
    scale     float         what gradients are multiplied by
    squares   float (R, D)  sums of squared gradients, changed in place
    Source: Duchi, Hazan and Singer 2011
    """
    kind = weights.dtype.type
    step, factor, least = kind(lr), kind(scale), kind(1e-10)
    for i in range(first, last):
        line, slope, held = weights[rows[i]], gradient[i], squares[rows[i]]
        for at in range(np.uint64(line.size)):
            held[at] += factor * slope[at] * (factor * slope[at])
        for at in range(np.uint64(line.size)):
            line[at] -= step * factor * slope[at] / (np.sqrt(held[at]) + least)


@jit
def descend_adam(weights, rows, gradient, first, last, lr, scale, means, squares, count):
    """Steps by the running mean of gradients, over the root of that of their squares.

    weights   float (R, D)  changed in place
    rows      int32 (N,)    the row of `weights` that each row of `gradient` is of
    gradient  float (N, D)
    first     int           the first row of `gradient`
    last      int           and the one after its last
    lr        float
    scale     float         what gradients are multiplied by
    means     float (R, D)  changed in place
    squares   float (R, D)  changed in place
    count     int           how many steps there have been, this one included
    Source: Kingma and Ba 2015, algorithm 1, with 0.9, 0.999 and 1e-8. Rows without a gradient, of
            words that have not come, stay as they are, and so do their means.
    """
    kind = weights.dtype.type
    keep, more, keep_squares, more_squares = kind(0.9), kind(0.1), kind(0.999), kind(0.001)
    correction = math.sqrt(1.0 - 0.999**count)
    step, least = kind(lr * correction / (1.0 - 0.9**count)), kind(1e-8 * correction)
    factor = kind(scale)
    for i in range(first, last):
        line, slope = weights[rows[i]], gradient[i]
        mean, square = means[rows[i]], squares[rows[i]]
        for at in range(np.uint64(line.size)):
            mean[at] = keep * mean[at] + more * (factor * slope[at])
        for at in range(np.uint64(line.size)):
            change = factor * slope[at]
            square[at] = keep_squares * square[at] + more_squares * change * change
        for at in range(np.uint64(line.size)):
            line[at] -= step * mean[at] / (np.sqrt(square[at]) + least)
