"""Hierarchical softmax: the step that trains vectors to predict the path to a word in a tree.

The V words are the leaves of a binary tree (Morin and Bengio 2005), which is a Huffman tree (see
`huffman_tree`). Each of its V - 1 inner nodes i has an output vector y_i. A vector x predicts that
the path to a word goes left at an inner node with the probability σ(y_i · x). The probability of a
word is the product over the nodes on its path, so that the probabilities of all words sum to 1:

    ln p(word | x) = Σ_i ln σ(±y_i · x)        + where the path goes left, - where it goes right

The loss -ln p and its step have the form of negative sampling (see `negative_sampling`). The nodes
where the path goes left are the targets with label 1, and the others those with label 0. All
context words of a window predict the same center word, so that they share its path. Unlike with
negative samples, nothing is drawn at random.

    X = the input vectors of a window (skip-gram), or h (CBOW, paragraph vectors)
    Y = output_vectors of the nodes on the path to the center word
    G = lr (label - σ(X Yᵀ)),   Y += Gᵀ X,   X += G Y_old

Differences from word2vec.c, and the reasons:

- word2vec.c takes a step for each pair of words. Here the pairs of a window take one step, as with
  negative samples: it is one matrix product.
- word2vec.c leaves out nodes whose score is beyond ±6. Here σ is exact, and so is the loss.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined
from w2v.kernels.logistic import logistic_steps
from w2v.kernels.negative_sampling import (
    compute_steps,
    score_targets,
    step_targets,
    update_vectors,
)
from w2v.kernels.tiles import COLUMNS, QUAD, clear_row, copy_row, update_targets
from w2v.kernels.windows import AHEAD, prefetch_targets


class Paths(NamedTuple):
    """The inner nodes on the path to each of V words.

    offsets  int64 (V + 1,)  word w has the path nodes[offsets[w]:offsets[w + 1]]
    nodes    int32 (P,)      rows of the output vectors. Each path is padded to a multiple of
                             COLUMNS by the number of the padding row, the last one
    lefts    int32 (V,)      the path to word w goes left at its first lefts[w] nodes, and right at
                             the others
    """

    offsets: np.ndarray
    nodes: np.ndarray
    lefts: np.ndarray


@inlined
def path_to(paths, word):
    """The targets of a word: the nodes on its path.

    paths    Paths
    word     int
    Returns  int32 (1, K), a view; K is a multiple of COLUMNS
    """
    return paths.nodes[paths.offsets[word] : paths.offsets[word + 1]].reshape((1, -1))


@inlined
def prefetch_path(paths, word_ids, center, count, output_vectors, registers):
    """Prefetch the output vectors on the path to the center word AHEAD windows later.

    paths           Paths
    word_ids        int32 (N,)    see `Windows`
    center          int           position of the current center word
    count           int           number of windows
    output_vectors  float (·, D)
    registers       int           D / 16
    """
    targets = path_to(paths, word_ids[min(center + AHEAD, count - 1)])
    prefetch_targets(0, 1, targets, output_vectors, registers)


@inlined
def train_path_batch(
    vectors, ids, count, output_vectors, target_ids, lefts, lr, steps, targets, loss_accumulator,
    registers, frozen,
):  # fmt: skip
    """Train several vectors to predict the path to a word, in one step.

    vectors           float (·, D)    rows `ids` are X, changed in place; the last row is padding
    ids               int32 (BATCH,)  the first `count` are used; the next is overwritten by the
                                      padding row if `count` is odd
    count             int             B
    output_vectors    float (·, D)    rows `target_ids[0]` are Y, changed in place; the last row is
                                      padding; word2vec.c: syn1
    target_ids        int32 (1, K)    the path, see `path_to`
    lefts             int             number of nodes, the first ones, where the path goes left
    lr                float           learning rate, of the dtype of the vectors; word2vec.c: alpha
    steps             float (·,)      scratch: S, then G
    targets           float (K, D)    scratch: Y_old
    loss_accumulator  float64 (2,)    L, computed before the step, is added
    registers         int             D / 16
    frozen            bool (V,)       rows of `vectors` that must not change; empty for none
    """
    pairs, tiles = (count + 1) // 2, target_ids.shape[1] // COLUMNS
    # Targets with label 1 have the opposite sign in Y_old, so that all steps are -lr σ(S).
    for k in range(target_ids.shape[1]):
        sign = 1.0 if k >= lefts else -1.0
        copy_row(output_vectors, target_ids[0, k], sign, targets, k, registers)
    padding_id = output_vectors.shape[0] - 1
    compute_steps(
        vectors, ids, count, target_ids, 0, padding_id, lr, steps, targets, loss_accumulator,
        registers,
    )  # fmt: skip
    change_signs_of_pairs(steps, pairs, tiles, lefts)
    for pair in range(pairs):
        a, b = ids[2 * pair], ids[2 * pair + 1]
        for tile in range(tiles):
            update_targets(
                steps, pair * tiles + tile, 1.0, vectors, a, b, output_vectors, target_ids, 0,
                COLUMNS * tile, registers,
            )  # fmt: skip
    change_signs_of_pairs(steps, pairs, tiles, lefts)
    update_vectors(vectors, ids, count, steps, targets, tiles, registers, frozen)


@inlined
def change_signs_of_pairs(steps, pairs, tiles, lefts):
    """Change the signs of the steps of the first targets, for pairs of vectors.

    steps  float (·,)  changed in place
    pairs  int         number of pairs of vectors
    tiles  int         K / COLUMNS
    lefts  int         number of targets
    """
    for k in range(lefts):
        for pair in range(pairs):
            at = 2 * QUAD * (pair * tiles + k // COLUMNS) + k % COLUMNS
            steps[at], steps[at + QUAD] = -steps[at], -steps[at + QUAD]


@inlined
def change_signs(steps, lefts):
    """Change the signs of the scores or steps of the first targets, for one vector.

    steps  float (·,)  changed in place
    lefts  int         number of targets
    """
    for k in range(lefts):
        at = QUAD * (k // COLUMNS) + k % COLUMNS
        steps[at] = -steps[at]


@inlined
def train_path(
    vectors, vector, output_vectors, target_ids, lefts, lr, steps, vector_step, loss_accumulator,
    registers, fixed,
):  # fmt: skip
    """Train one vector to predict the path to a word.

    The step of the vector itself is returned in `vector_step`; the caller applies it.

    vectors           float (·, D)  row `vector` is X; not changed
    vector            int           row number of the vector
    output_vectors    float (·, D)  as in `train_path_batch`
    target_ids        int32 (1, K)
    lefts             int
    lr                float
    steps             float (·,)    scratch: S, then G
    vector_step       float (1, D)  overwritten by G Y_old; word2vec.c: neu1e
    loss_accumulator  float64 (2,)  L, computed before the step, is added
    registers         int           D / 16
    fixed             bool          whether to leave the output vectors unchanged
    """
    score_targets(vectors, vector, output_vectors, target_ids, 0, steps, 0, registers)
    change_signs(steps, lefts)
    size = QUAD * (target_ids.shape[1] // COLUMNS)
    logistic_steps(steps, size, lr, loss_accumulator)
    change_signs(steps, lefts)
    clear_row(vector_step, 0, registers)
    step_targets(
        vectors, vector, output_vectors, target_ids, 0, steps, 0, vector_step, registers, fixed
    )
