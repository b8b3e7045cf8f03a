"""Negative sampling: telling a word from negatives, words of the noise distribution.

Vectors X (B, D) predict targets Y (K, D): the true word, with label 1, and K - 1 negatives, with
label 0. A step is (Mikolov et al. 2013b, eq. 4, as products of small matrices: Ji et al. 2016)

    S = X Yᵀ                                          the scores, (B, K)
    L = - Σ ln σ(S_true) - Σ ln σ(-S_negative)        the loss, in nats
    G = -lr ∂L/∂S = lr (label - σ(S))                 the steps of the scores
    Y += Gᵀ X
    X += G Y_old                                      with Y as it was before the step

Every column is computed alike: of the true word we take -y, whose score -s is to be low as those of
the negatives are, since ln σ(s) = ln σ(-(-s)). So G = -lr σ(S), and the true word's column of G
changes its sign where its own row of Y is updated.

Where this differs from word2vec.c, and why:

- There each pair of words takes a step by itself, here those of a window take one together, with
  the same negatives: one product instead of many, at equal quality (see `skipgram`).
- There σ is a table of 1,000 values that is cut off at ±6. Here it is exact and so is the loss,
  which word2vec.c does not compute (see `logistic`).
- A negative that is the true word is left out, as there. Its place is taken by the padding row, the
  last of each matrix: it is zero and its score is MASKED, which makes a step of 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.alias_table import draw_noise
from w2v.kernels.logistic import MASKED, logistic_steps
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
    update_targets,
    update_targets_and_step,
)

BATCH = 32  # vectors at most; even


class Scratch(NamedTuple):
    """Memory to work in, for one thread.

    ids               int32 (BATCH,)  the rows of a batch's vectors
    steps             float (·,)      S, the scores of a batch, then G, their steps
    targets           float (K, D)    Y_old, the batch's targets before its step
    hidden            float (1, D)    a vector that is no row of a matrix
    vector_step       float (1, D)    a vector's step, G Y_old
    loss_accumulator  float64 (2,)    see `logistic_steps`
    """

    ids: np.ndarray
    steps: np.ndarray
    targets: np.ndarray
    hidden: np.ndarray
    vector_step: np.ndarray
    loss_accumulator: np.ndarray


def make_scratch(targets: int, dim: int, dtype: type = np.float32) -> Scratch:
    """Scratch for batches of `targets` targets (a multiple of COLUMNS), rows of `dim` numbers."""
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
    """Write a word and its negatives to a row of `target_ids`.

    center_id   int           the true word; goes first
    negative    int           how many negatives to draw
    table       uint64 (·,)   see `draw_noise`
    padding_id  int           goes where a negative is the true word, which is left out
    state       uint64 (1,)   changed in place
    target_ids  int32 (N, K)  the first 1 + negative of row `row` are overwritten
    row         int
    """
    target_ids[row, 0] = center_id
    for k in range(1, 1 + negative):
        noise_id = draw_noise(table, state)
        target_ids[row, k] = noise_id if noise_id != center_id else padding_id


@jit
def draw_targets(center_ids, count, negative, table, padding_id, state, target_ids):
    """Write words and their negatives to the rows of `target_ids`, see `draw_target_row`.

    center_ids  int32 (N,)
    count       int           the first `count` are used
    negative    int
    table       uint64 (·,)
    padding_id  int
    state       uint64 (1,)   changed in place
    target_ids  int32 (N, K)  the first 1 + negative of each row are overwritten
    """
    for row in range(count):
        draw_target_row(center_ids[row], negative, table, padding_id, state, target_ids, row)


@jit
def draw_negatives(table, state, negatives):
    """Draw the negatives of a whole chunk, from which its windows draw theirs.

    table      uint64 (V,)  see `draw_noise`
    state      uint64 (1,)  changed in place
    negatives  int32 (P,)   overwritten
    """
    for i in range(negatives.size):
        negatives[i] = draw_noise(table, state)


@inlined
def mask_padding(scores, count, target_ids, row, padding_id):
    """Mask the scores of what only fills up a tile of a batch.

    scores      float (·,)    overwritten by MASKED where there is no vector or no target
    count       int           the batch's vectors: if that is odd, the last tiles lack one
    target_ids  int32 (N, K)  the batch's targets are those of row `row`
    row         int
    padding_id  int           stands there for no target
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
def train_batch(
    vectors, ids, count, output_vectors, target_ids, row, lr, steps, targets,
    loss_accumulator, registers, frozen,
):  # fmt: skip
    """Train some vectors on the same word and negatives, by one step.

    vectors           float (·, D)    rows `ids` are X, changed in place; the last row is padding
    ids               int32 (BATCH,)  the first `count` are used
    count             int             B
    output_vectors    float (·, D)    rows `target_ids[row]` are Y, changed in place; the last row
                                      is padding; word2vec.c: syn1neg
    target_ids        int32 (N, K)    K a multiple of COLUMNS: the true word, then negatives or the
                                      padding row
    row               int
    lr                float           learning rate, of the same dtype; word2vec.c: alpha
    steps             float (·,)      scratch: S, then G
    targets           float (K, D)    scratch: Y_old
    loss_accumulator  float64 (2,)    grows by L before the step
    registers         int             D / 16
    frozen            bool (V,)       rows of `vectors` that are not written; or empty, for none
    """
    pairs, tiles = (count + 1) // 2, target_ids.shape[1] // COLUMNS
    # 1. Y_old, with the opposite sign of the true word
    for k in range(target_ids.shape[1]):
        copy_row(output_vectors, target_ids[row, k], 1.0 if k else -1.0, targets, k, registers)
    if count % 2:
        ids[count] = vectors.shape[0] - 1
    # 2. S = X Yᵀ, then G = -lr σ(S)
    for pair in range(pairs):
        a, b = ids[2 * pair], ids[2 * pair + 1]
        for tile in range(tiles):
            at = pair * tiles + tile
            score_pair(vectors, a, b, targets, COLUMNS * tile, steps, at, MASKED, registers)
    mask_padding(steps, count, target_ids, row, output_vectors.shape[0] - 1)
    logistic_steps(steps, 2 * QUAD * pairs * tiles, lr, loss_accumulator)
    # 3. Y += Gᵀ X: all of it before X changes, for a word may occur twice in a batch
    for pair in range(pairs):
        a, b = ids[2 * pair], ids[2 * pair + 1]
        for tile in range(tiles):
            update_targets(
                steps, pair * tiles + tile, 1.0 if tile else -1.0, vectors, a, b,
                output_vectors, target_ids, row, COLUMNS * tile, registers,
            )  # fmt: skip
    # 4. X += G Y_old
    if frozen.size == 0:
        for pair in range(pairs):
            a, b = ids[2 * pair], ids[2 * pair + 1]
            for tile in range(tiles):
                update_pair(
                    steps, pair * tiles + tile, targets, COLUMNS * tile, vectors, a, b, registers
                )
    else:  # a frozen row is never written: to restore it later would race with other threads
        for pair in range(pairs):
            for tile in range(tiles):
                for k in range(2 * pair, min(2 * pair + 2, count)):
                    if not frozen[ids[k]]:
                        quad = 2 * (pair * tiles + tile) + k % 2
                        update_one(steps, quad, targets, COLUMNS * tile, vectors, ids[k], registers)


@inlined
def train_vector(
    vectors, vector, output_vectors, target_ids, first, last, lr, steps, vector_step,
    loss_accumulator, registers, fixed,
):  # fmt: skip
    """Train one vector on words, each with negatives; its own step is left to the caller.

    vectors           float (·, D)  row `vector` is X; not changed
    vector            int
    output_vectors    float (·, D)  as in `train_batch`; a word twice among the targets moves twice
    target_ids        int32 (N, K)  as in `train_batch`: a row for each word
    first             int           the first word's row
    last              int           the last one's, BATCH further at most: all are one step
    lr                float         of the same dtype
    steps             float (·,)    scratch: S, then G
    vector_step       float (1, D)  overwritten by G Y_old; word2vec.c: neu1e
    loss_accumulator  float64 (2,)  grows by L before the step
    registers         int           D / 16
    fixed             bool          leave the output vectors as they are
    """
    tiles, padding_id = target_ids.shape[1] // COLUMNS, output_vectors.shape[0] - 1
    # 1. S = X Yᵀ, with the opposite sign of the true words, then G = -lr σ(S)
    for row in range(first, last + 1):
        start = QUAD * tiles * (row - first)
        for tile in range(tiles):
            score_one(
                vectors, vector, output_vectors, target_ids, row, COLUMNS * tile,
                steps, start // QUAD + tile, MASKED, registers,
            )  # fmt: skip
        for k in range(1, target_ids.shape[1]):
            if target_ids[row, k] == padding_id:
                steps[start + QUAD * (k // COLUMNS) + k % COLUMNS] = MASKED
        steps[start] = -steps[start]
    logistic_steps(steps, QUAD * tiles * (last + 1 - first), lr, loss_accumulator)
    # 2. Y += Gᵀ X and vector_step = G Y_old, each target loaded once for both
    clear_row(vector_step, 0, registers)
    for row in range(first, last + 1):
        start = tiles * (row - first)
        steps[QUAD * start] = -steps[QUAD * start]
        for tile in range(tiles):
            if fixed:
                accumulate_step(
                    steps, start + tile, vector_step, output_vectors, target_ids, row,
                    COLUMNS * tile, registers,
                )  # fmt: skip
            else:
                update_targets_and_step(
                    steps, start + tile, vectors, vector, vector_step, output_vectors, target_ids,
                    row, COLUMNS * tile, registers,
                )  # fmt: skip
