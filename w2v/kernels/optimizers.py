"""Optimizer steps, row by row: plain gradient descent, Adagrad, Adam.

With g = `scale` times the gradient and learning rate lr, elementwise:

    SGD       w -= lr g
    Adagrad   v += g²;  w -= lr g / (√v + 1e-10)             Duchi, Hazan & Singer 2011
    Adam      m = 0.9 m + 0.1 g;  v = 0.999 v + 0.001 g²     Kingma & Ba 2015, algorithm 1
              w -= lr m̂ / (√v̂ + 1e-8),  m̂ = m / (1 - 0.9ᵗ),  v̂ = v / (1 - 0.999ᵗ)

m̂ and v̂ are m and v, corrected for their start at 0; t is the number of the step. Adam is computed
in the faster order of section 2 of the paper: the factor lr √(1 - 0.999ᵗ) / (1 - 0.9ᵗ) is
computed once, and multiplied by m / (√v + 1e-8 √(1 - 0.999ᵗ)). In an embedding, only the rows that
have a gradient are updated. m and v of the other rows do not decay, as in PyTorch's SparseAdam.
"""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels import jit


@jit
def add_rows(rows, changes, sums):
    """Add each row of a matrix to a row of another matrix: sums[rows[i]] += changes[i].

    rows     int32 (N,)    row of `sums` for each row of `changes`
    changes  float (N, D)
    sums     float (·, D)  changed in place
    """
    for i in range(rows.size):
        line, change = sums[rows[i]], changes[i]
        for at in range(np.uint64(line.size)):
            line[at] += change[at]


@jit
def sum_gradients(gradients, first, last):
    """Sum rows of the gradients of S shards; the sums overwrite the rows of the first shard.

    gradients  float (S, R, D)  rows of `gradients[0]` are changed in place
    first      int              first row
    last       int              row after the last one
    Returns    float64, the squared length of the sums of these rows, for clipping
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
def sgd_step(weights, rows, gradient, first, last, lr, scale):
    """A step of plain stochastic gradient descent.

    weights   float (R, D)  changed in place
    rows      int32 (N,)    row of `weights` for each row of `gradient`
    gradient  float (N, D)
    first     int           first row of `gradient`
    last      int           row after the last one
    lr        float         learning rate
    scale     float         factor of the gradient
    """
    step = weights.dtype.type(lr * scale)
    for i in range(first, last):
        w, g = weights[rows[i]], gradient[i]
        for at in range(np.uint64(w.size)):
            w[at] -= step * g[at]


@jit
def adagrad_step(weights, rows, gradient, first, last, lr, scale, squares):
    """A step of Adagrad: a weight with large past gradients gets a small step.

    weights   float (R, D)  changed in place
    rows      int32 (N,)    row of `weights` for each row of `gradient`
    gradient  float (N, D)
    first     int           first row of `gradient`
    last      int           row after the last one
    lr        float         learning rate
    scale     float         factor of the gradient
    squares   float (R, D)  v, changed in place
    """
    dtype = weights.dtype.type
    step, factor, epsilon = dtype(lr), dtype(scale), dtype(1e-10)
    for i in range(first, last):
        w, g, v = weights[rows[i]], gradient[i], squares[rows[i]]
        for at in range(np.uint64(w.size)):
            v[at] += factor * g[at] * (factor * g[at])
        for at in range(np.uint64(w.size)):
            w[at] -= step * factor * g[at] / (np.sqrt(v[at]) + epsilon)


@jit
def adam_step(weights, rows, gradient, first, last, lr, scale, means, squares, count):
    """A step of Adam: the running mean of gradients, divided by √(running mean of squares).

    weights   float (R, D)  changed in place
    rows      int32 (N,)    row of `weights` for each row of `gradient`
    gradient  float (N, D)
    first     int           first row of `gradient`
    last      int           row after the last one
    lr        float         learning rate
    scale     float         factor of the gradient
    means     float (R, D)  m, changed in place
    squares   float (R, D)  v, changed in place
    count     int           t, the number of this step, from 1
    """
    dtype = weights.dtype.type
    beta1, rest1, beta2, rest2 = dtype(0.9), dtype(0.1), dtype(0.999), dtype(0.001)
    correction = math.sqrt(1.0 - 0.999**count)
    step, epsilon = dtype(lr * correction / (1.0 - 0.9**count)), dtype(1e-8 * correction)
    factor = dtype(scale)
    for i in range(first, last):
        w, g = weights[rows[i]], gradient[i]
        m, v = means[rows[i]], squares[rows[i]]
        for at in range(np.uint64(w.size)):
            m[at] = beta1 * m[at] + rest1 * (factor * g[at])
        for at in range(np.uint64(w.size)):
            change = factor * g[at]
            v[at] = beta2 * v[at] + rest2 * change * change
        for at in range(np.uint64(w.size)):
            w[at] -= step * m[at] / (np.sqrt(v[at]) + epsilon)
