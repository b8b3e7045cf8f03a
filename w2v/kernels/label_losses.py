"""The losses of the labels of a text, and a step for the rows of the output layer.

With the scores s of the K labels, the labels T of the text, the weight w of a label and σ the
logistic function, the losses in nats and the gradients e of the scores are

    softmax          -w_t ln p_t,  p = softmax(s), T = {t}              e = w_t (p - onehot(t))
    one versus all   Σ_t -w_t ln σ(s_t) + Σ_other -ln σ(-s)             e = w_t (σ(s_t) - 1), σ(s)
    negative         as one versus all, but for each label t of the text only `negative` labels are
                     drawn, in proportion to the square roots of their counts. Those that the text
                     has are left out, and the others too have the weight w_t. The scores are then
                     too low, see `text_classification.labels.sampling_shifts`
    hierarchical     -w_t Σ ln σ(±s_i) over the inner nodes i on the path to t in a Huffman tree,
                     + where the path goes right (Morin and Bengio 2005)    e = w_t (σ(s_i) - right)

The last two compute few of the scores and are for thousands of labels. In the hierarchical softmax
the K - 1 inner nodes have the rows of the output layer. fastText (loss.cc) has the same four.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined
from w2v.kernels.alias_table import draw_noise
from w2v.kernels.layer_rows import mean_square, score_row, step_row
from w2v.kernels.logistic import exp_minus_abs

SOFTMAX, ONE_VERSUS_ALL, NEGATIVE, HIERARCHICAL = range(4)


class Labels(NamedTuple):
    """The labels of S texts, and the loss.

    ids         int32 (M,)      label numbers
    bounds      int64 (S + 1,)  text s has the labels ids[bounds[s]:bounds[s + 1]]
    importance  float (K,)      w, the weight of each label
    loss        int             SOFTMAX, ONE_VERSUS_ALL, NEGATIVE or HIERARCHICAL
    negative    int             number of negative samples for each label of a text
    noise       uint64 (K,)     their alias table, see `draw_noise`
    paths       int32 (P,)      the inner nodes on the paths to all labels
    turns       bool (P,)       whether the path goes right at each of these nodes
    path_bounds int64 (K + 1,)  label k has the path paths[path_bounds[k]:path_bounds[k + 1]]
    """

    ids: np.ndarray
    bounds: np.ndarray
    importance: np.ndarray
    loss: int
    negative: int
    noise: np.ndarray
    paths: np.ndarray
    turns: np.ndarray
    path_bounds: np.ndarray


@inlined
def logistic_error(score, is_right):
    """The gradient of the loss -ln σ(±s), and the loss.

    score     float  s
    is_right  bool   whether the sign is +
    Returns   (float64, float64): σ(s) - is_right, and nats
    """
    s = np.float64(score)
    small = exp_minus_abs(s, np.float64)
    right = (1.0 if s > 0 else small) / (1.0 + small)
    loss = math.log(1.0 + small) + max(-s if is_right else s, 0.0)
    return right - (1.0 if is_right else 0.0), loss


@inlined
def has_label(labels, text, label):
    """Whether a text has a label.

    labels   Labels
    text     int
    label    int
    Returns  bool
    """
    for at in range(labels.bounds[text], labels.bounds[text + 1]):
        if labels.ids[at] == label:
            return True
    return False


@inlined
def softmax_step(labels, text, layers, first, hidden, slopes, level, width, lr, adaptive, scores):
    """Take a step on one text with the softmax loss.

    labels    Labels
    text      int
    layers    Layers        changed in place
    first     int           the first row of the output layer
    hidden    float (·, W)  row `level` is the input of the output layer
    slopes    float (·, W)  its gradient is added to row `level`
    level     int
    width     int           number of inputs of the output layer
    lr        float
    adaptive  bool          see `adapted_rate`
    scores    float (K,)    scratch
    Returns   float64, the loss in nats without the weight
    """
    target, dtype = labels.ids[labels.bounds[text]], scores.dtype.type
    highest = dtype(-np.inf)
    for k in range(scores.size):
        scores[k] = score_row(layers, first + k, hidden, level, width)
        highest = max(highest, scores[k])
    wanted, total = scores[target], dtype(0.0)
    for k in range(scores.size):
        scores[k] = exp_minus_abs(scores[k] - highest, dtype)
        total += scores[k]
    weight, square = labels.importance[target], mean_square(hidden, level, width)
    share = weight / total
    for k in range(scores.size):
        error = share * scores[k] - (weight if k == target else dtype(0.0))
        step_row(layers, first + k, error, hidden, slopes, level, width, square, lr, adaptive)
    return math.log(total) + np.float64(highest - wanted)


@inlined
def logistic_step(
    layers, row, is_right, weight, hidden, slopes, level, width, square, lr, adaptive
):  # fmt: skip
    """Take a step on one logistic prediction.

    layers    Layers        changed in place
    row       int           the row of the label or inner node
    is_right  bool          see `logistic_error`
    weight    float         the weight of the prediction
    hidden    float (·, W)  see `softmax_step`
    slopes    float (·, W)
    level     int
    width     int
    square    float         the mean of the squares of the input
    lr        float
    adaptive  bool
    Returns   float64, the loss in nats without the weight
    """
    error, loss = logistic_error(score_row(layers, row, hidden, level, width), is_right)
    slope = weight * layers.weights.dtype.type(error)
    step_row(layers, row, slope, hidden, slopes, level, width, square, lr, adaptive)
    return loss


@inlined
def one_versus_all_step(
    labels, text, layers, first, hidden, slopes, level, width, lr, adaptive, scores
):  # fmt: skip
    """Take a step on one text with the one-versus-all loss.

    labels    Labels        as for `softmax_step`, with any number of labels of the text
    text      int
    layers    Layers
    first     int
    hidden    float (·, W)
    slopes    float (·, W)
    level     int
    width     int
    lr        float
    adaptive  bool
    scores    float (K,)    only its size is used
    Returns   float64, the sum of the losses in nats
    """
    square, loss, one = mean_square(hidden, level, width), 0.0, scores.dtype.type(1.0)
    for k in range(scores.size):
        is_right = has_label(labels, text, k)
        weight = labels.importance[k] if is_right else one
        loss += logistic_step(
            layers, first + k, is_right, weight, hidden, slopes, level, width, square, lr, adaptive
        )
    return loss


@inlined
def negative_step(labels, text, layers, first, hidden, slopes, level, width, lr, adaptive, state):
    """Take a step on one text with negative sampling of labels.

    labels    Labels        as for `softmax_step`, with any number of labels of the text
    text      int
    layers    Layers
    first     int
    hidden    float (·, W)
    slopes    float (·, W)
    level     int
    width     int
    lr        float
    adaptive  bool
    state     uint64 (1,)   random state, changed in place
    Returns   float64, the sum of the losses in nats
    """
    square, loss = mean_square(hidden, level, width), 0.0
    for at in range(labels.bounds[text], labels.bounds[text + 1]):
        label = labels.ids[at]
        weight = labels.importance[label]
        loss += logistic_step(
            layers, first + label, True, weight, hidden, slopes, level, width, square, lr, adaptive
        )
        for _ in range(labels.negative):
            other = draw_noise(labels.noise, state)
            if not has_label(labels, text, other):
                loss += logistic_step(
                    layers, first + other, False, weight, hidden, slopes, level, width, square, lr,
                    adaptive,
                )  # fmt: skip
    return loss


@inlined
def hierarchical_step(labels, text, layers, first, hidden, slopes, level, width, lr, adaptive):
    """Take a step on one text with the hierarchical softmax.

    labels    Labels        as for `softmax_step`
    text      int
    layers    Layers
    first     int
    hidden    float (·, W)
    slopes    float (·, W)
    level     int
    width     int
    lr        float
    adaptive  bool
    Returns   float64, the loss in nats without the weight
    """
    target, square, loss = labels.ids[labels.bounds[text]], mean_square(hidden, level, width), 0.0
    weight = labels.importance[target]
    for at in range(labels.path_bounds[target], labels.path_bounds[target + 1]):
        loss += logistic_step(
            layers, first + labels.paths[at], labels.turns[at], weight, hidden, slopes, level,
            width, square, lr, adaptive,
        )  # fmt: skip
    return loss


@inlined
def label_step(
    labels, text, layers, first, hidden, slopes, level, width, lr, adaptive, scores, state
):  # fmt: skip
    """Take a step on one text: see `softmax_step`.

    labels    Labels
    text      int
    layers    Layers
    first     int
    hidden    float (·, W)
    slopes    float (·, W)
    level     int
    width     int
    lr        float
    adaptive  bool
    scores    float (K,)    scratch
    state     uint64 (1,)   random state, changed in place
    Returns   float64, the loss in nats
    """
    if labels.loss == SOFTMAX:
        return softmax_step(
            labels, text, layers, first, hidden, slopes, level, width, lr, adaptive, scores
        )
    if labels.loss == ONE_VERSUS_ALL:
        return one_versus_all_step(
            labels, text, layers, first, hidden, slopes, level, width, lr, adaptive, scores
        )
    if labels.loss == NEGATIVE:
        return negative_step(
            labels, text, layers, first, hidden, slopes, level, width, lr, adaptive, state
        )
    return hierarchical_step(
        labels, text, layers, first, hidden, slopes, level, width, lr, adaptive
    )
