"""The rows of dense layers, one for each unit: its score, and a step of gradient descent.

A unit has the weights x, a row, and the bias b. With the input h (D numbers) and the gradient e of
its score:

    s = x h + b
    d_x = e h,  d_b = e,  d_h += e x

Without `adaptive`, x -= lr d_x and b -= lr d_b. With it, x and b each have a learning rate of their
own (AdaGrad: Duchi et al. 2011). For x, the mean of the squares of its gradients is added up, one
number a row:

    G += 1/D Σ d²;  x -= lr d / sqrt(G + ε)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined

EPSILON = 1e-10


class Layers(NamedTuple):
    """The rows of all layers, one after the other.

    weights  float (R, W)  padded to the width of the widest layer
    biases   float (R,)
    squares  float (R, 2)  G of each row and of its bias
    """

    weights: np.ndarray
    biases: np.ndarray
    squares: np.ndarray


@inlined
def adapted_rate(squares, row, column, square, lr, adaptive):
    """Add the square of a gradient to G, and compute the learning rate of a row or a bias.

    squares   float (R, C)  changed in place
    row       int
    column    int
    square    float         the mean of the squares of the gradients
    lr        float
    adaptive  bool          whether to use AdaGrad; else the result is `lr`
    Returns   float
    """
    if not adaptive:
        return lr
    dtype = squares.dtype.type
    squares[row, column] += square
    return dtype(lr / math.sqrt(squares[row, column] + EPSILON))


@inlined
def score_row(layers, row, hidden, level, width):
    """Compute the score of a unit.

    layers   Layers
    row      int
    hidden   float (·, W)  row `level` is h
    level    int
    width    int           D, the number of inputs
    Returns  float
    """
    total = layers.biases[row]
    for d in range(width):
        total += layers.weights[row, d] * hidden[level, d]
    return total


@inlined
def mean_square(values, level, width):
    """The mean of the squares of the first numbers of a row.

    values   float (·, W)
    level    int           the row
    width    int           D
    Returns  float
    """
    total = values.dtype.type(0.0)
    for d in range(width):
        total += values[level, d] * values[level, d]
    return total / values.dtype.type(width)


@inlined
def step_row(layers, row, error, hidden, slopes, level, width, square, lr, adaptive):
    """Take a step for a unit, and add the gradient of its input.

    layers    Layers        changed in place
    row       int
    error     float         e, the gradient of the score
    hidden    float (·, W)  row `level` is h
    slopes    float (·, W)  d_h is added to row `level`
    level     int
    width     int           D
    square    float         the mean of the squares of h
    lr        float
    adaptive  bool          see `adapted_rate`
    """
    rate = adapted_rate(layers.squares, row, 0, error * error * square, lr, adaptive)
    step = -rate * error
    for d in range(width):
        weight = layers.weights[row, d]
        slopes[level, d] += error * weight
        layers.weights[row, d] = weight + step * hidden[level, d]
    rate = adapted_rate(layers.squares, row, 1, error * error, lr, adaptive)
    layers.biases[row] -= rate * error
