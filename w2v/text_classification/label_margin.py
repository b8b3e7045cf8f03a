"""The margin of a label, ln(p / (1 - p)), and its gradient with respect to all scores.

With the scores s, divided by the temperature, and σ the logistic function:

    softmax       s_k - ln Σ_j exp(s_j) over the other labels j. The gradient is 1 for the label and
                  -q_j for the others, q = softmax of the other labels' scores
    ova and ns    s_k, since p = σ(s_k)
    hierarchical  ln p - ln(1 - p) with ln p = Σ ln σ(x_i), x_i = ±s_i over the inner nodes on the
                  path to the label. The gradient is ±(1 - σ(x_i)) / (1 - p)

All are computed from logarithms, so that nothing overflows or cancels where p is near 0 or 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.text_classification.labels import LabelTree

_NEAR_ONE = 1e-200  # of -ln p, below which ln(1 - p) is computed from the logarithms of 1 - σ(x_i)


class Margin(NamedTuple):
    """The margin of a label.

    value   ln(p / (1 - p))
    slopes  float64 (K,), its derivative with respect to each score
    """

    value: float
    slopes: np.ndarray


def log_logistic(x: np.ndarray) -> np.ndarray:
    """ln σ(x), float64, of any shape."""
    found: np.ndarray = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
    return found


def label_margin(scores: np.ndarray, label: int, loss: str, tree: LabelTree | None) -> Margin:
    """The margin of a label.

    scores  float64 (K,), divided by the temperature; with the loss hs, of the inner nodes
    label   the number of the label
    loss    the value of --loss
    tree    the tree of labels with the loss hs; else None
    """
    slopes = np.zeros(len(scores))
    if tree is not None:
        return _tree_margin(scores, slopes, *tree.path(label))
    slopes[label] = 1
    if loss != "softmax":
        return Margin(float(scores[label]), slopes)
    others = np.arange(len(scores)) != label
    highest = scores[others].max()
    weights = np.exp(scores[others] - highest)
    slopes[others] = -weights / weights.sum()
    return Margin(float(scores[label] - highest - np.log(weights.sum())), slopes)


def _tree_margin(
    scores: np.ndarray, slopes: np.ndarray, nodes: np.ndarray, turns: np.ndarray
) -> Margin:
    """The margin of a label from the inner nodes on its path, int64 (P,), and their turns, bool."""
    signs = np.where(turns, 1.0, -1.0)
    right = log_logistic(signs * scores[nodes])
    wrong = log_logistic(-signs * scores[nodes])  # ln(1 - σ(x))
    log_p = float(right.sum())
    if -log_p > _NEAR_ONE:
        log_rest = float(np.log(-np.expm1(log_p)))
    else:
        log_rest = float(wrong.max() + np.log(np.exp(wrong - wrong.max()).sum()))
    slopes[nodes] = signs * np.exp(wrong - log_rest)
    return Margin(log_p - log_rest, slopes)


def best_label(scores: np.ndarray, tree: LabelTree | None) -> int:
    """The number of the most probable label; of equal ones the first.

    scores, tree  as in `label_margin`
    """
    if tree is None:
        return int(scores.argmax())
    size = len(tree.leaves)
    logs = np.zeros(2 * size - 1)
    right, wrong = log_logistic(scores), log_logistic(-scores)
    for node in range(size - 2, -1, -1):  # parents come before their children
        logs[tree.left[node]] = logs[size + node] + wrong[node]
        logs[tree.right[node]] = logs[size + node] + right[node]
    by_label = np.empty(size)
    by_label[tree.leaves] = logs[:size]
    return int(by_label.argmax())
