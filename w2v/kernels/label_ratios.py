"""How much the frequency of a feature differs between labels, from counts of texts.

C_k texts with the feature have the label k, and all texts with label k have N_k features. T and N
are the sums of C_k and N_k over the labels: a text with several labels counts once for each. With R
features and add-one smoothing, the log-count ratio of the feature and label k is (Wang and Manning
2012, section 2.1; naive Bayes)

    r_k = ln (C_k + 1) / (N_k + R) - ln (T - C_k + 1) / (N - N_k + R)

and the result is the mean of |r_k| over the labels, each weighted by its share of the labels of all
texts. With two labels it is |r|.
"""

from __future__ import annotations

import math

from w2v.kernels import jit


@jit
def count_labels(rows, bounds, labels, label_bounds, first, counts):
    """Count the texts of each label that have each feature, for some of the features.

    rows          int32 (N,)      the features of S texts, without repetition
    bounds        int64 (S + 1,)  text s has the features rows[bounds[s]:bounds[s + 1]]
    labels        int32 (M,)      the labels of all texts
    label_bounds  int64 (S + 1,)  text s has the labels labels[label_bounds[s]:label_bounds[s + 1]]
    first         int             the first feature that is counted
    counts        int32 (F, K)    changed in place; row i counts feature first + i
    """
    for s in range(bounds.size - 1):
        for at in range(label_bounds[s], label_bounds[s + 1]):
            label = labels[at]
            for i in range(bounds[s], bounds[s + 1]):
                row = rows[i] - first
                if 0 <= row < counts.shape[0]:
                    counts[row, label] += 1


@jit
def label_ratios(counts, bases, shares, ratios):
    """Compute the mean |r_k| of some features.

    counts  int32 (F, K)  C_k of each feature
    bases   float64 (K,)  ln (N_k + R) / (N - N_k + R)
    shares  float64 (K,)  the share of each label among the labels of all texts
    ratios  float32 (F,)  overwritten
    """
    for row in range(counts.shape[0]):
        total, mean = 0, 0.0
        for k in range(bases.size):
            total += counts[row, k]
        without = math.log(total + 1.0)
        for k in range(bases.size):
            count = counts[row, k]
            if count == 0:
                mean += shares[k] * abs(without + bases[k])
            else:
                ratio = math.log((count + 1.0) / (total - count + 1.0)) - bases[k]
                mean += shares[k] * abs(ratio)
        ratios[row] = mean
