"""A neural bag of words (NBOW): the mean of the vectors of a text's features predicts its labels.

The features of a text are its words and their n-grams, see `text_features`. For a text with n
features, which are the rows r_1 … r_n of `vectors` (Iyyer et al. 2015, section 2; Joulin et al.
2017):

    h_0 = 1/n Σ vectors[r_i]
    h_l = max(0, W_l h_(l-1) + b_l)        the hidden layers l = 1 … L, of which there may be none
    s   = O h_L + b                        the scores of the labels; `label_losses` has the losses

A step of stochastic gradient descent on one text changes the rows of O and W_l as `layer_rows`
says, and then each of the text's features, where d = d_h_0 / n:

    G += 1/D Σ d²;  vectors[r_i] -= f_i lr d / sqrt(G + ε)        with AdaGrad; else -= f_i lr d

The factor f_i makes features learn faster whose frequency differs between labels. It is their
log-count ratio, see `label_ratios`, divided by the mean over all features. NB-SVM (Wang and Manning
2012) multiplies the features by this ratio.

fastText (model.cc) has one learning rate for all rows. With AdaGrad the vectors of rare features
move as fast as those of frequent ones, although d is small in a long text. tests/bench/
classifiers.py compares both.

All texts use the rows of the layers. Threads that change them at the same time wait for each
other's cache lines. Each thread therefore trains a copy of these rows for SEGMENT texts, and then
adds its change. The hierarchical softmax and negative sampling change few rows for a text, so that
these are changed directly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.label_losses import NEGATIVE, label_step
from w2v.kernels.layer_rows import adapted_rate, mean_square, score_row, step_row
from w2v.kernels.random import next_random
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store

SEGMENT = 32  # texts after which a thread adds its changes of the layers
_AHEAD = 6  # a feature's vector is prefetched this many features before it is used
_32 = np.uint64(32)


class Scratch(NamedTuple):
    """Memory of a thread.

    kept    int32 (N,)        the features of a text that are not dropped
    hidden  float (L + 1, W)  h_0 … h_L
    slopes  float (L + 1, W)  their gradients
    scores  float (K,)
    state   uint64 (1,)       random state
    """

    kept: np.ndarray
    hidden: np.ndarray
    slopes: np.ndarray
    scores: np.ndarray
    state: np.ndarray


@inlined
def keep_features(rows, first, last, dropout, kept, state):
    """Choose the features of a text that are not dropped.

    rows     int32 (N,)   the features of the text are rows[first:last]
    first    int
    last     int
    dropout  uint64       a feature is dropped if a random number of 32 bits is below; 0: none is
    kept     int32 (N,)   overwritten by the features that are kept
    state    uint64 (1,)  random state, changed in place
    Returns  int64, how many are kept
    """
    count = 0
    for at in range(first, last):
        if dropout == 0 or (next_random(state) >> _32) >= dropout:
            kept[count] = rows[at]
            count += 1
    return count


@inlined
def mean_vector(vectors, rows, first, last, means, at):
    """Compute the mean of rows.

    vectors  float (M, D)
    rows     int32 (N,)    rows of `vectors`; those from `first` to `last` - 1 are used
    first    int
    last     int           greater than `first`
    means    float (·, D)  row `at` is overwritten
    at       int
    """
    registers = vectors.shape[1] // 16
    zero, one = splat(vectors.dtype.type(0.0)), splat(vectors.dtype.type(1.0))
    share = splat(vectors.dtype.type(1.0 / (last - first)))
    for register in range(registers):
        store(means, at, register, zero)
    for i in range(first, last):
        ahead, row = rows[min(i + _AHEAD, last - 1)], rows[i]
        for register in range(registers):
            prefetch(vectors, ahead, register)
            total = multiply_add(one, load(vectors, row, register), load(means, at, register))
            store(means, at, register, total)
    for register in range(registers):
        store(means, at, register, multiply_add(share, load(means, at, register), zero))


@inlined
def step_features(vectors, squares, frozen, kept, count, slopes, dim, lr, adaptive):
    """Take a step for each feature of a text.

    vectors   float (M, D)  changed in place
    squares   float (M, 2)  G of each row, changed in place, and its factor
    frozen    bool (F,)     the first rows, which do not change where it is True
    kept      int32 (N,)    the first `count` are the features
    count     int
    slopes    float (·, D)  row 0 is the gradient of the mean; overwritten by that of a feature
    dim       int           number of dimensions without padding
    lr        float
    adaptive  bool          see `layer_rows.adapted_rate`
    """
    dtype, registers = vectors.dtype.type, vectors.shape[1] // 16
    share = dtype(1.0 / count)
    for d in range(dim):
        slopes[0, d] *= share
    square = mean_square(slopes, 0, dim)
    for i in range(count):
        row = kept[i]
        if row < frozen.size and frozen[row]:
            continue
        rate = splat(-squares[row, 1] * adapted_rate(squares, row, 0, square, lr, adaptive))
        for register in range(registers):
            moved = multiply_add(rate, load(slopes, 0, register), load(vectors, row, register))
            store(vectors, row, register, moved)


@inlined
def copy_layers(layers, copies, before):
    """Copy all rows of the layers to two places.

    layers  Layers
    copies  Layers  overwritten
    before  Layers  overwritten
    """
    for row in range(layers.biases.size):
        for d in range(layers.weights.shape[1]):
            copies.weights[row, d] = before.weights[row, d] = layers.weights[row, d]
        copies.biases[row] = before.biases[row] = layers.biases[row]
        for d in range(2):
            copies.squares[row, d] = before.squares[row, d] = layers.squares[row, d]


@inlined
def add_changes(layers, copies, before):
    """Add the changes of the copies to the layers.

    layers  Layers  changed in place
    copies  Layers  after training
    before  Layers  before training
    """
    for row in range(layers.biases.size):
        for d in range(layers.weights.shape[1]):
            layers.weights[row, d] += copies.weights[row, d] - before.weights[row, d]
        layers.biases[row] += copies.biases[row] - before.biases[row]
        for d in range(2):
            layers.squares[row, d] += copies.squares[row, d] - before.squares[row, d]


@inlined
def forward(layers, firsts, widths, hidden):
    """Compute the hidden layers from h_0.

    layers  Layers
    firsts  int64 (L + 2,)    the first row of each layer; the last entry is the end
    widths  int64 (L + 1,)    the number of inputs of each layer
    hidden  float (L + 1, W)  row 0 is h_0; the others are overwritten
    """
    zero = hidden.dtype.type(0.0)
    for level in range(widths.size - 1):
        for unit in range(widths[level + 1]):
            score = score_row(layers, firsts[level] + unit, hidden, level, widths[level])
            hidden[level + 1, unit] = max(score, zero)


@inlined
def backward(layers, firsts, widths, hidden, slopes, lr, adaptive):
    """Take a step for the hidden layers, from the last to the first.

    layers    Layers            changed in place
    firsts    int64 (L + 2,)    see `forward`
    widths    int64 (L + 1,)
    hidden    float (L + 1, W)  h_0 … h_L
    slopes    float (L + 1, W)  the last row is the gradient of h_L; those of the others are added
    lr        float
    adaptive  bool              see `layer_rows.adapted_rate`
    """
    zero = hidden.dtype.type(0.0)
    for level in range(widths.size - 2, -1, -1):
        width = widths[level]
        square = mean_square(hidden, level, width)
        for unit in range(widths[level + 1]):
            if hidden[level + 1, unit] > zero:
                step_row(
                    layers, firsts[level] + unit, slopes[level + 1, unit], hidden, slopes, level,
                    width, square, lr, adaptive,
                )  # fmt: skip


@inlined
def train_text(
    rows, bounds, text, labels, layers, firsts, widths, vectors, squares, frozen, dropout, lr,
    adaptive, scratch,
):  # fmt: skip
    """Train one text: see `train_texts`.

    rows      int32 (N,)
    bounds    int64 (S + 1,)
    text      int             number of the text
    labels    Labels
    layers    Layers
    firsts    int64 (L + 2,)
    widths    int64 (L + 1,)
    vectors   float (M, D)
    squares   float (M, 2)
    frozen    bool (F,)
    dropout   uint64
    lr        float
    adaptive  bool
    scratch   Scratch
    Returns   float64, the loss in nats; -1 if no feature is left
    """
    kept, hidden, slopes, scores, state = scratch
    count = keep_features(rows, bounds[text], bounds[text + 1], dropout, kept, state)
    if count == 0:
        return -1.0
    last = widths.size - 1
    mean_vector(vectors, kept, 0, count, hidden, 0)
    forward(layers, firsts, widths, hidden)
    for level in range(widths.size):
        for d in range(slopes.shape[1]):
            slopes[level, d] = 0.0
    loss = label_step(
        labels, text, layers, firsts[last], hidden, slopes, last, widths[last], lr, adaptive,
        scores, state,
    )  # fmt: skip
    backward(layers, firsts, widths, hidden, slopes, lr, adaptive)
    step_features(vectors, squares, frozen, kept, count, slopes, widths[0], lr, adaptive)
    return loss


@jit
def train_texts(
    rows, bounds, labels, layers, copies, before, firsts, widths, vectors, squares, frozen,
    dropout, lr, lr_step, adaptive, scratch,
):  # fmt: skip
    """Train a neural bag of words on texts, one after the other.

    rows      int32 (N,)      the features of S texts: rows of `vectors`
    bounds    int64 (S + 1,)  text s has the features rows[bounds[s]:bounds[s + 1]]
    labels    Labels          their labels, and the loss
    layers    Layers          changed in place
    copies    Layers          scratch of the same shapes, for the losses that copy the layers
    before    Layers          scratch of the same shapes
    firsts    int64 (L + 2,)  the first row of each layer; the last entry is the end of the outputs
    widths    int64 (L + 1,)  the number of inputs of each layer; the first is the dimension
    vectors   float (M, D)    changed in place; D is the dimension rounded up to a multiple of 16
    squares   float (M, 2)    G of each row, changed in place, and its factor f
    frozen    bool (F,)       the first rows, which do not change where it is True
    dropout   uint64          a feature is dropped if a random number of 32 bits is below; 0: none
    lr        float           learning rate of the first text
    lr_step   float           what the learning rate falls by from text to text
    adaptive  bool            whether to use AdaGrad
    scratch   Scratch
    Returns   (float64, int64): the sum of the losses in nats, the number of texts with a feature
    """
    total, count, is_copied = 0.0, 0, labels.loss < NEGATIVE
    trained = copies if is_copied else layers
    for begin in range(0, bounds.size - 1, SEGMENT):
        if is_copied:
            copy_layers(layers, copies, before)
        for text in range(begin, min(begin + SEGMENT, bounds.size - 1)):
            rate = vectors.dtype.type(max(lr - text * lr_step, 0.0))
            loss = train_text(
                rows, bounds, text, labels, trained, firsts, widths, vectors, squares, frozen,
                dropout, rate, adaptive, scratch,
            )  # fmt: skip
            if loss != -1.0:
                total += loss
                count += 1
        if is_copied:
            add_changes(layers, copies, before)
    return total, count


@jit
def mean_features(vectors, rows, bounds, means):
    """Compute the mean vector of the features of each text.

    vectors  float (M, D)
    rows     int32 (N,)      rows of `vectors`
    bounds   int64 (S + 1,)  text s has the features rows[bounds[s]:bounds[s + 1]]
    means    float (S, D)    overwritten; zeros for a text without features
    """
    for text in range(bounds.size - 1):
        first, last = bounds[text], bounds[text + 1]
        for d in range(means.shape[1]):
            means[text, d] = 0.0
        for at in range(first, last):
            row = rows[at]
            for d in range(means.shape[1]):
                means[text, d] += vectors[row, d]
        share = means.dtype.type(1.0 / max(last - first, 1))
        for d in range(means.shape[1]):
            means[text, d] *= share
