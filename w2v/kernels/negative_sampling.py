"""Negative sampling: telling a word from noise words, given some vectors (Mikolov et al. 2013b)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import MASKED, logistic_steps
from w2v.kernels.random import draw_noise
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.tiles import (
    COLUMNS,
    FOUR,
    clear_row,
    copy_row,
    move_both,
    move_targets,
    move_vector,
    move_vectors,
    multiply_one,
    multiply_pair,
    pull_vector,
)

BATCH = 32  # vectors at most; even


class Scratch(NamedTuple):
    """Memory to work in, for one thread.

    ids      int32 (BATCH,)  the rows of a batch's vectors
    steps    float (·,)      scores of a batch, then their steps
    targets  float (K, D)    the batch's targets as they were before it
    hidden   float (1, D)    a vector that is no row of a matrix
    pull     float (1, D)    a vector's step
    loss_accumulator    float64 (2,)    the loss: see `logistic_steps`
    """

    ids: np.ndarray
    steps: np.ndarray
    targets: np.ndarray
    hidden: np.ndarray
    pull: np.ndarray
    loss_accumulator: np.ndarray


def make_scratch(targets: int, dim: int, dtype: type = np.float32) -> Scratch:
    """Scratch for batches of `targets` targets (a multiple of COLUMNS), rows of `dim` numbers."""
    return Scratch(
        ids=aligned((BATCH,), np.int32),
        steps=aligned((BATCH * targets // COLUMNS * FOUR + WIDTH,), dtype),
        targets=aligned((targets, dim), dtype),
        hidden=aligned((1, dim), dtype),
        pull=aligned((1, dim), dtype),
        loss_accumulator=aligned((2,), np.float64),
    )


@inlined
def draw_row(center_id, negative, table, spare, state, target_ids, row):
    """Put a word and its noise words into a row of `target_ids`.

    center_id   int            the word to tell from noise; goes first
    negative    int            noise words to draw
    table       uint64 (·,)    see `draw_noise`
    spare       int            stands where there is no word: a noise word equal to the centre word
                               is left out, as in word2vec.c
    state       uint64 (1,)    changed in place
    target_ids  int32 (N, K)   the first 1 + negative of row `row` are overwritten
    row         int
    """
    target_ids[row, 0] = center_id
    for k in range(1, 1 + negative):
        noise_id = draw_noise(table, state)
        target_ids[row, k] = noise_id if noise_id != center_id else spare


@jit
def draw_targets(center_ids, count, negative, table, spare, state, target_ids):
    """Put words and their noise words into the rows of `target_ids`, see `draw_row`.

    center_ids  int32 (N,)
    count       int            the first `count` are used
    negative    int
    table       uint64 (·,)
    spare       int
    state       uint64 (1,)    changed in place
    target_ids  int32 (N, K)   the first 1 + negative of each row are overwritten
    """
    for row in range(count):
        draw_row(center_ids[row], negative, table, spare, state, target_ids, row)


@jit
def draw_pool(table, state, pool):
    """Draw words that serve as noise for a while.

    table  uint64 (V,)  see `draw_noise`
    state  uint64 (1,)  changed in place
    pool   int32 (P,)   overwritten
    """
    for i in range(pool.size):
        pool[i] = draw_noise(table, state)


@inlined
def leave_out(scores, count, target_ids, row, spare):
    """Give a score that changes nothing to whatever only fills up a tile of a batch.

    scores      float (·,)    overwritten where there is no vector or no target
    count       int           the batch's vectors: if that is odd, the last tiles lack one
    target_ids  int32 (N, K)  the batch's targets are those of row `row`
    row         int
    spare       int           what stands there for no target
    """
    tiles, pairs = target_ids.shape[1] // COLUMNS, (count + 1) // 2
    for tile in range(tiles):
        for column in range(COLUMNS):
            if target_ids[row, COLUMNS * tile + column] == spare:
                for pair in range(pairs):
                    at = 2 * FOUR * (pair * tiles + tile) + column
                    scores[at] = scores[at + FOUR] = MASKED
        if count % 2:
            at = 2 * FOUR * ((pairs - 1) * tiles + tile) + FOUR
            scores[at] = scores[at + 1] = scores[at + 2] = MASKED


@inlined
def train_batch(
    vectors, ids, count, output_vectors, target_ids, row, lr, steps, targets,
    loss_accumulator, registers, frozen,
):  # fmt: skip
    """Train some vectors on the same word and noise words, by one gradient step.

    vectors         float (·, D)   rows `ids` predict the targets and are changed in place; the
                                   last row is spare: zero, no vector
    ids             int32 (BATCH,)
    count           int            the first `count` of them are used
    output_vectors  float (·, D)   rows `target_ids[row]` changed in place; word2vec.c: syn1neg.
                                   The last row is spare
    target_ids      int32 (N, K)   K a multiple of COLUMNS: the true word, then noise words or the
                                   spare row
    row             int
    lr              float          learning rate, of the same dtype; word2vec.c: alpha
    steps           float (·,)     scratch
    targets         float (K, D)   scratch
    loss_accumulator  float64 (2,)   grows by the loss before the step in nats: -log σ(v·o) of the
                                   true word and -log σ(-v·o) of each noise word, of every vector
    registers       int
    frozen          bool (V,)      rows of `vectors` that are not written; or empty, for none
    Source: Mikolov et al. 2013b, eq. 4, as a small matrix product (Ji et al. 2016). Differs from
    word2vec.c: all scores are those before the step, and its σ is a table of 1000 steps that is
    cut off at ±6; ours is exact, and so is the loss.
    """
    pairs, tiles = (count + 1) // 2, target_ids.shape[1] // COLUMNS
    for k in range(target_ids.shape[1]):  # with -o, the true word too is a prediction to deny
        copy_row(output_vectors, target_ids[row, k], 1.0 if k else -1.0, targets, k, registers)
    if count % 2:
        ids[count] = vectors.shape[0] - 1
    for pair in range(pairs):
        a, b = ids[2 * pair], ids[2 * pair + 1]
        for tile in range(tiles):
            at = pair * tiles + tile
            multiply_pair(vectors, a, b, targets, COLUMNS * tile, steps, at, MASKED, registers)
    leave_out(steps, count, target_ids, row, output_vectors.shape[0] - 1)
    logistic_steps(steps, 2 * FOUR * pairs * tiles, lr, loss_accumulator)
    for pair in range(pairs):  # all targets before any vector: a word may occur twice in a batch
        a, b = ids[2 * pair], ids[2 * pair + 1]
        for tile in range(tiles):
            move_targets(
                steps, pair * tiles + tile, 1.0 if tile else -1.0, vectors, a, b,
                output_vectors, target_ids, row, COLUMNS * tile, registers,
            )  # fmt: skip
    if frozen.size == 0:
        for pair in range(pairs):
            a, b = ids[2 * pair], ids[2 * pair + 1]
            for tile in range(tiles):
                move_vectors(
                    steps, pair * tiles + tile, targets, COLUMNS * tile, vectors, a, b, registers
                )
    else:  # a frozen row is never written: to restore it later would race with other threads
        for pair in range(pairs):
            for tile in range(tiles):
                for k in range(2 * pair, min(2 * pair + 2, count)):
                    if not frozen[ids[k]]:
                        four = 2 * (pair * tiles + tile) + k % 2
                        move_vector(
                            steps, four, targets, COLUMNS * tile, vectors, ids[k], registers
                        )


@inlined
def train_vector(
    vectors, vector, output_vectors, target_ids, first, last, lr, steps, pull,
    loss_accumulator, registers, fixed,
):  # fmt: skip
    """Train one vector on words, each with noise words; its own step is left to the caller.

    vectors         float (·, D)   row `vector` predicts the targets; not changed
    vector          int
    output_vectors  float (·, D)   as in `train_batch`; a word twice among the targets moves twice
    target_ids      int32 (N, K)   as in `train_batch`: a row for each word
    first           int            the first word's row
    last            int            the last one's, BATCH further at most: all are one step
    lr              float          of the same dtype
    steps           float (·,)     scratch
    pull            float (1, D)   overwritten: lr times the negative gradient by the vector;
                                   word2vec.c: neu1e
    loss_accumulator  float64 (2,)   grows by the loss before the step, as in `train_batch`
    registers       int
    fixed           bool           leave the output vectors as they are
    Source: Mikolov et al. 2013b, eq. 4.
    """
    tiles, spare = target_ids.shape[1] // COLUMNS, output_vectors.shape[0] - 1
    for row in range(first, last + 1):
        start = FOUR * tiles * (row - first)
        for tile in range(tiles):
            multiply_one(
                vectors, vector, output_vectors, target_ids, row, COLUMNS * tile,
                steps, start // FOUR + tile, MASKED, registers,
            )  # fmt: skip
        for k in range(1, target_ids.shape[1]):
            if target_ids[row, k] == spare:
                steps[start + FOUR * (k // COLUMNS) + k % COLUMNS] = MASKED
        steps[start] = -steps[start]  # the true word as a prediction to deny, see `train_batch`
    logistic_steps(steps, FOUR * tiles * (last + 1 - first), lr, loss_accumulator)
    clear_row(pull, 0, registers)
    for row in range(first, last + 1):
        start = tiles * (row - first)
        steps[FOUR * start] = -steps[FOUR * start]
        for tile in range(tiles):
            if fixed:
                pull_vector(
                    steps, start + tile, pull, output_vectors, target_ids, row, COLUMNS * tile,
                    registers,
                )  # fmt: skip
            else:
                move_both(
                    steps, start + tile, vectors, vector, pull, output_vectors, target_ids, row,
                    COLUMNS * tile, registers,
                )  # fmt: skip
