"""Scores of labels, and their probabilities by hierarchical softmax, as fastText computes them.

The K labels are the leaves 0 … K - 1 of a binary tree. Its K - 1 inner nodes are numbered from K
on, children before their parents, so that the root is 2K - 2. With s_i the score of inner node
K + i and σ the logistic function, the children of a node with probability p have

    left:   p (1 - σ(s_i) + ε)          right:  p (σ(s_i) + ε)

The root has probability 1. fastText adds ε = 0.00001 to each factor, because it adds up their
logarithms. In w2v's own classifiers ε is 0.
"""

from __future__ import annotations

import math

from w2v.kernels import exact, jit

EPSILON = 1e-5


@exact
def label_scores(hidden, outputs, scores):
    """Compute the products of vectors with the output vectors of labels.

    A product is summed from its first number to its last, as fastText sums it, and not in the order
    of BLAS: the last bit of a score may decide between two numbers of fastText's table of σ.

    hidden   float32 (M, D)
    outputs  float32 (D, K)  the output vectors, transposed
    scores   float32 (M, K)  overwritten
    """
    for m in range(hidden.shape[0]):
        for k in range(outputs.shape[1]):
            scores[m, k] = 0.0
        for d in range(hidden.shape[1]):
            factor = hidden[m, d]
            for k in range(outputs.shape[1]):
                scores[m, k] += factor * outputs[d, k]


@jit
def tree_probabilities(scores, left, right, epsilon, nodes, probabilities):
    """Compute the probabilities of the leaves for each row of scores.

    scores         float32 (M, K - 1)  the scores of the inner nodes
    left           int64 (K - 1,)      the left child of each inner node
    right          int64 (K - 1,)      the right child of each inner node
    epsilon        float               ε
    nodes          float64 (2K - 1,)   scratch
    probabilities  float32 (M, K)      overwritten
    """
    leaves = probabilities.shape[1]
    for m in range(scores.shape[0]):
        nodes[2 * leaves - 2] = 1.0
        for i in range(leaves - 2, -1, -1):
            share = math.exp(-abs(scores[m, i]))  # at most 1, so that no score overflows
            is_right = (1.0 if scores[m, i] > 0 else share) / (1.0 + share)
            p = nodes[leaves + i]
            nodes[left[i]] = p * (1.0 - is_right + epsilon)
            nodes[right[i]] = p * (is_right + epsilon)
        for leaf in range(leaves):
            probabilities[m, leaf] = nodes[leaf]
