"""Negative sampling: the step that trains vectors to predict a word against negative samples.

Vectors X (B, D) predict targets Y (K, D): the true word, with label 1, and K - 1 negatives (words
drawn from the noise distribution), with label 0. This is one step (Mikolov et al. 2013b, eq. 4), as
products of small matrices (Ji et al. 2016):

    S = X Yᵀ                                          the scores, (B, K)
    L = - Σ ln σ(S_true) - Σ ln σ(-S_negative)        the loss, in nats
    G = -lr ∂L/∂S = lr (label - σ(S))                 the steps of the scores
    Y += Gᵀ X
    X += G Y_old                                      where Y_old is Y before the step

All columns of G are computed in the same way, as -lr σ(S). For this purpose the vector y of the
true word is replaced by -y: its score is -s, and its loss -ln σ(s) = -ln σ(-(-s)) has the form of
the loss of a negative. The sign of its column of G is changed again when its row of Y is updated.

Differences from word2vec.c, and the reasons:

- word2vec.c takes a step for each pair of words. Here the pairs of a window share their negatives
  and take one step: one matrix product instead of many, at equal quality (see `skipgram`).
- word2vec.c takes σ from a table of 1,000 values, and 0 or 1 beyond ±6. Here σ is exact, and so is
  the loss, which word2vec.c does not compute (see `logistic`).
- A negative that is the true word is left out, as in word2vec.c. The padding row takes its place:
  the last row of each matrix, which is zero. Its score is set to MASKED, so that its step is 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.alias_table import draw_noise
from w2v.kernels.logistic import MASKED, logistic_steps
from w2v.kernels.random import next_random
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.tiles import (
    COLUMNS,
    QUAD,
    accumulate_step,
    clear_row,
    copy_row,
    score_one,
    score_pair,
    update_one,
    update_pair,
    update_pair_twice,
    update_targets,
    update_targets_and_step,
    update_targets_twice,
)

_SHIFT = np.uint64(11)  # leaves 53 bits, as many as a float64 holds
BATCH = 32  # maximum number of vectors in a step; an even number


class Scratch(NamedTuple):
    """Scratch memory of one thread.

    ids               int32 (BATCH,)  row numbers of the vectors X
    steps             float (·,)      the scores S, then the steps G
    targets           float (K, D)    Y_old, the targets before the step
    hidden            float (1, D)    h, a computed vector, such as the mean of a window
    vector_step       float (1, D)    the step of one vector, G Y_old
    loss_accumulator  float64 (2,)    see `logistic_steps`
    """

    ids: np.ndarray
    steps: np.ndarray
    targets: np.ndarray
    hidden: np.ndarray
    vector_step: np.ndarray
    loss_accumulator: np.ndarray


def make_scratch(targets: int, dim: int, dtype: type = np.float32) -> Scratch:
    """Allocate scratch memory for steps of `targets` targets, and rows of `dim` numbers.

    targets  a multiple of COLUMNS
    """
    return Scratch(
        ids=aligned((BATCH,), np.int32),
        steps=aligned((BATCH * targets // COLUMNS * QUAD + WIDTH,), dtype),
        targets=aligned((targets, dim), dtype),
        hidden=aligned((1, dim), dtype),
        vector_step=aligned((1, dim), dtype),
        loss_accumulator=aligned((2,), np.float64),
    )


@inlined
def draw_target_row(center_id, negative, table, padding_id, state, target_ids, row):
    """Write the true word and its negatives to a row of `target_ids`.

    center_id   int           the true word, the first entry of the row
    negative    int           number of negatives to draw
    table       uint64 (·,)   alias table of the noise distribution, see `draw_noise`
    padding_id  int           written in place of a negative that is the true word
    state       uint64 (1,)   random state, changed in place
    target_ids  int32 (N, K)  the first 1 + negative entries of row `row` are overwritten
    row         int
    """
    target_ids[row, 0] = center_id
    for k in range(1, 1 + negative):
        noise_id = draw_noise(table, state)
        target_ids[row, k] = noise_id if noise_id != center_id else padding_id


@jit
def draw_targets(center_ids, count, negative, table, padding_id, state, target_ids):
    """Write each center word and its negatives to `target_ids`, see `draw_target_row`.

    center_ids  int32 (N,)
    count       int           number of center words
    negative    int           number of negatives of each word
    table       uint64 (·,)   see `draw_noise`
    padding_id  int           see `draw_target_row`
    state       uint64 (1,)   random state, changed in place
    target_ids  int32 (N, K)  the first 1 + negative entries of the first `count` rows are
                              overwritten
    """
    for row in range(count):
        draw_target_row(center_ids[row], negative, table, padding_id, state, target_ids, row)


@jit
def draw_negatives(cumulative, state, negatives):
    """Draw negatives for a chunk, from which the negatives of its windows are then drawn.

    cumulative  float64 (V,)  the sums of the probabilities of words 0 to v
    state       uint64 (1,)   random state, changed in place
    negatives   int32 (P,)    overwritten, in ascending order

    Source: Madow and Madow 1944, "On the theory of systematic sampling, I". The sample has the
    words at P points at equal distances, of which the first is random. A word of probability q is
    drawn P q times, rounded up or down; independent draws would vary more.
    """
    offset = np.float64(next_random(state) >> _SHIFT) * 2.0**-53
    word, last = 0, cumulative.size - 1
    for i in range(negatives.size):
        point = (i + offset) / negatives.size * cumulative[last]
        high, step = word, 1
        while high < last and cumulative[high] <= point:  # strides that double, then a bisection
            word, high, step = high + 1, min(high + step, last), 2 * step
        while word < high:
            middle = (word + high) // 2
            if cumulative[middle] <= point:
                word = middle + 1
            else:
                high = middle
        negatives[i] = word


@inlined
def mask_padding(scores, count, target_ids, row, padding_id):
    """Mask the scores of padding targets, and of the padding vector of an odd number of vectors.

    scores      float (·,)    the scores of padding are overwritten by MASKED
    count       int           number of vectors; if it is odd, the last tiles have a padding vector
    target_ids  int32 (N, K)  row `row` holds the targets
    row         int
    padding_id  int           the id in `target_ids` that marks padding
    """
    tiles, pairs = target_ids.shape[1] // COLUMNS, (count + 1) // 2
    for tile in range(tiles):
        for column in range(COLUMNS):
            if target_ids[row, COLUMNS * tile + column] == padding_id:
                for pair in range(pairs):
                    at = 2 * QUAD * (pair * tiles + tile) + column
                    scores[at] = scores[at + QUAD] = MASKED
        if count % 2:
            at = 2 * QUAD * ((pairs - 1) * tiles + tile) + QUAD
            scores[at] = scores[at + 1] = scores[at + 2] = MASKED


@inlined
def compute_steps(
    vectors, ids, count, target_ids, row, padding_id, lr, steps, targets, loss_accumulator,
    registers,
):  # fmt: skip
    """Compute the scores of several vectors with the same targets, then their steps G.

    vectors           float (·, D)    rows `ids` are X; the last row is padding
    ids               int32 (BATCH,)  the first `count` are used; the next is overwritten by the
                                      padding row if `count` is odd
    count             int             B
    target_ids        int32 (N, K)    row `row` holds the rows of the targets
    row               int
    padding_id        int             the id in `target_ids` that marks padding
    lr                float           learning rate, of the dtype of the vectors
    steps             float (·,)      overwritten by S, then by G
    targets           float (K, D)    Y_old; targets with label 1 have the opposite sign
    loss_accumulator  float64 (2,)    L is added
    registers         int             D / 16
    """
    pairs, tiles = (count + 1) // 2, target_ids.shape[1] // COLUMNS
    if count % 2:
        ids[count] = vectors.shape[0] - 1
    for pair in range(pairs):
        a, b = ids[2 * pair], ids[2 * pair + 1]
        for tile in range(tiles):
            at = pair * tiles + tile
            score_pair(vectors, a, b, targets, COLUMNS * tile, steps, at, MASKED, registers)
    mask_padding(steps, count, target_ids, row, padding_id)
    logistic_steps(steps, 2 * QUAD * pairs * tiles, lr, loss_accumulator)


@inlined
def update_vectors(vectors, ids, count, steps, targets, tiles, registers, frozen):
    """Add the steps of several vectors, X += G Y_old.

    vectors    float (·, D)    rows `ids` are X, changed in place
    ids        int32 (BATCH,)  with the padding row after the first `count` if `count` is odd
    count      int             B
    steps      float (·,)      G
    targets    float (K, D)    Y_old
    tiles      int             K / COLUMNS
    registers  int             D / 16
    frozen     bool (V,)       rows of `vectors` that must not change; empty for none
    """
    pairs = (count + 1) // 2
    if frozen.size == 0:
        for pair in range(count // 2):
            a, b = ids[2 * pair], ids[2 * pair + 1]
            tile = 0
            while tile + 1 < tiles:
                update_pair_twice(
                    steps, pair * tiles + tile, targets, COLUMNS * tile, vectors, a, b, registers
                )
                tile += 2
            while tile < tiles:
                update_pair(
                    steps, pair * tiles + tile, targets, COLUMNS * tile, vectors, a, b, registers
                )
                tile += 1
        if count % 2:  # the padding row is not written: threads would wait for each other's writes
            for tile in range(tiles):
                quad = 2 * ((pairs - 1) * tiles + tile)
                update_one(steps, quad, targets, COLUMNS * tile, vectors, ids[count - 1], registers)
    else:  # never write a frozen row: writing and restoring it would race with other threads
        for pair in range(pairs):
            for tile in range(tiles):
                for k in range(2 * pair, min(2 * pair + 2, count)):
                    if not frozen[ids[k]]:
                        quad = 2 * (pair * tiles + tile) + k % 2
                        update_one(steps, quad, targets, COLUMNS * tile, vectors, ids[k], registers)


@inlined
def train_batch(
    vectors, ids, count, output_vectors, target_ids, row, lr, steps, targets,
    loss_accumulator, registers, frozen,
):  # fmt: skip
    """Train several vectors on the same word and negatives, in one step.

    vectors           float (·, D)    rows `ids` are X, changed in place; the last row is padding
    ids               int32 (BATCH,)  the first `count` are used; the next is overwritten by the
                                      padding row if `count` is odd
    count             int             B
    output_vectors    float (·, D)    rows `target_ids[row]` are Y, changed in place; the last row
                                      is padding; word2vec.c: syn1neg
    target_ids        int32 (N, K)    K a multiple of COLUMNS: the true word, the negatives, padding
    row               int             row of `target_ids`
    lr                float           learning rate, of the dtype of the vectors; word2vec.c: alpha
    steps             float (·,)      scratch: S, then G
    targets           float (K, D)    scratch: Y_old
    loss_accumulator  float64 (2,)    L, computed before the step, is added
    registers         int             D / 16
    frozen            bool (V,)       rows of `vectors` that must not change; empty for none
    """
    pairs, tiles = (count + 1) // 2, target_ids.shape[1] // COLUMNS
    # 1. Y_old, in which the true word has the opposite sign
    for k in range(target_ids.shape[1]):
        copy_row(output_vectors, target_ids[row, k], 1.0 if k else -1.0, targets, k, registers)
    # 2. S = X Yᵀ, then G = -lr σ(S)
    padding_id = output_vectors.shape[0] - 1
    compute_steps(
        vectors, ids, count, target_ids, row, padding_id, lr, steps, targets, loss_accumulator,
        registers,
    )  # fmt: skip
    # 3. Y += Gᵀ X, complete before X changes, because a word may occur twice in X
    for tile in range(tiles):
        sign, column = 1.0 if tile else -1.0, COLUMNS * tile
        pair = 0
        while pair + 1 < pairs:
            at = pair * tiles + tile
            update_targets_twice(
                steps, at, at + tiles, sign, vectors, ids, 2 * pair, output_vectors, target_ids,
                row, column, registers,
            )  # fmt: skip
            pair += 2
        while pair < pairs:
            update_targets(
                steps, pair * tiles + tile, sign, vectors, ids[2 * pair], ids[2 * pair + 1],
                output_vectors, target_ids, row, column, registers,
            )  # fmt: skip
            pair += 1
    # 4. X += G Y_old
    update_vectors(vectors, ids, count, steps, targets, tiles, registers, frozen)


@inlined
def score_targets(vectors, vector, output_vectors, target_ids, row, steps, start, registers):
    """Compute the scores of one vector with a row of targets; those of padding are MASKED.

    vectors         float (·, D)  row `vector` is X
    vector          int           row number of the vector
    output_vectors  float (·, D)  rows `target_ids[row]` are Y; the last row is padding
    target_ids      int32 (N, K)  K a multiple of COLUMNS; the first target of a row is no padding
    row             int           row of `target_ids`
    steps           float (·,)    the quads from number `start` on are overwritten
    start           int           number of the first quad
    registers       int           D / 16
    """
    padding_id = output_vectors.shape[0] - 1
    for tile in range(target_ids.shape[1] // COLUMNS):
        score_one(
            vectors, vector, output_vectors, target_ids, row, COLUMNS * tile, steps, start + tile,
            MASKED, registers,
        )  # fmt: skip
    for k in range(1, target_ids.shape[1]):
        if target_ids[row, k] == padding_id:
            steps[QUAD * start + QUAD * (k // COLUMNS) + k % COLUMNS] = MASKED


@inlined
def step_targets(
    vectors, vector, output_vectors, target_ids, row, steps, start, vector_step, registers, fixed
):  # fmt: skip
    """Take the step of a row of targets, Y += Gᵀ X, and add G Y_old to the step of the vector.

    vectors         float (·, D)  row `vector` is X; not changed
    vector          int           row number of the vector
    output_vectors  float (·, D)  rows `target_ids[row]` are Y, changed in place
    target_ids      int32 (N, K)
    row             int           row of `target_ids`
    steps           float (·,)    G: the quads from number `start` on
    start           int           number of the first quad
    vector_step     float (1, D)  changed in place
    registers       int           D / 16
    fixed           bool          whether to leave the output vectors unchanged
    """
    for tile in range(target_ids.shape[1] // COLUMNS):
        if fixed:
            accumulate_step(
                steps, start + tile, vector_step, output_vectors, target_ids, row, COLUMNS * tile,
                registers,
            )  # fmt: skip
        else:
            update_targets_and_step(
                steps, start + tile, vectors, vector, vector_step, output_vectors, target_ids, row,
                COLUMNS * tile, registers,
            )  # fmt: skip


@inlined
def train_vector(
    vectors, vector, output_vectors, target_ids, first, last, lr, steps, vector_step,
    loss_accumulator, registers, fixed,
):  # fmt: skip
    """Train one vector on one or several words, each with negatives, in one step.

    The step of the vector itself is returned in `vector_step`; the caller applies it.

    vectors           float (·, D)  row `vector` is X; not changed
    vector            int           row number of the vector
    output_vectors    float (·, D)  as in `train_batch`; a word that occurs twice in the targets is
                                    updated twice
    target_ids        int32 (N, K)  as in `train_batch`, a row for each word
    first             int           row of the first word in `target_ids`
    last              int           row of the last word, less than `first` + BATCH
    lr                float         learning rate, of the dtype of the vectors
    steps             float (·,)    scratch: S, then G
    vector_step       float (1, D)  overwritten by G Y_old; word2vec.c: neu1e
    loss_accumulator  float64 (2,)  L, computed before the step, is added
    registers         int           D / 16
    fixed             bool          whether to leave the output vectors unchanged
    """
    tiles = target_ids.shape[1] // COLUMNS
    # 1. S = X Yᵀ, in which true words have the opposite sign, then G = -lr σ(S)
    for row in range(first, last + 1):
        start = tiles * (row - first)
        score_targets(vectors, vector, output_vectors, target_ids, row, steps, start, registers)
        steps[QUAD * start] = -steps[QUAD * start]
    logistic_steps(steps, QUAD * tiles * (last + 1 - first), lr, loss_accumulator)
    # 2. Y += Gᵀ X and vector_step = G Y_old; each target is loaded once for both
    clear_row(vector_step, 0, registers)
    for row in range(first, last + 1):
        start = tiles * (row - first)
        steps[QUAD * start] = -steps[QUAD * start]
        step_targets(
            vectors, vector, output_vectors, target_ids, row, steps, start, vector_step, registers,
            fixed,
        )  # fmt: skip
