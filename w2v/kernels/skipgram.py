"""Skip-gram: each context word of a window predicts the center word (Mikolov et al. 2013a, b).

For a center word t, the context words c_1 .. c_B of its window and negatives n_1 .. n_K:

    X = input_vectors[c_1 .. c_B]
    Y = output_vectors[t, n_1 .. n_K]
    a step of negative sampling on X and Y, see `negative_sampling`

As in word2vec.c, the input vector of the context word predicts the center word. Over a corpus these
are the same pairs as in the paper. Unlike in word2vec.c, the pairs of a window share negatives (Ji
et al. 2016) and are trained in one step. This step is a matrix product: it is several times as
fast, at equal quality. For comparison, `train_pairs` draws negatives for each pair, as word2vec.c
does (`--exact`).
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import (
    BATCH,
    draw_target_row,
    draw_targets,
    train_batch,
    train_vector,
)
from w2v.kernels.tiles import add_row
from w2v.kernels.windows import prefetch_window


@inlined
def gather_context(input_rows, first, last, center, ids):
    """Copy the context words of a window, or of a part of it.

    input_rows  int32 (N,)  see `Windows`
    first       int         first position to copy
    last        int         last position to copy
    center      int         position of the center word, which is left out
    ids         int32 (K,)  overwritten by the rows of the context words
    Returns     int64, number of context words
    """
    count = 0
    for position in range(first, min(center, last + 1)):
        ids[count] = input_rows[position]
        count += 1
    for position in range(max(center + 1, first), last + 1):
        ids[count] = input_rows[position]
        count += 1
    return count


@jit
def train_windows(
    windows, count, negative, table, state, target_ids,
    input_vectors, output_vectors, frozen, registers, scratch,
):  # fmt: skip
    """Train all windows, each in one step: the context words predict the center word.

    All context words share the negatives of the window. A window of more than BATCH context words
    takes several steps.

    windows         Windows
    count           int               number of windows
    negative        int               number of negatives of each window
    table           uint64 (·,)       alias table of the noise distribution, see `draw_noise`
    state           uint64 (1,)       random state, changed in place
    target_ids      int32 (N, K)      scratch: K a multiple of COLUMNS; columns from 1 +
                                      `negative` on hold V, the padding row
    input_vectors   float (V + 1, D)  changed in place; the last row is padding
    output_vectors  float (V + 1, D)  changed in place; the last row is padding
    frozen          bool (V,)         input vectors that must not change; empty for none
    registers       int               D / 16
    scratch         Scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of pairs
    """
    word_ids, firsts, lasts, rates, _, input_rows = windows
    ids, steps, targets, _, _, loss_accumulator = scratch
    padding_id = output_vectors.shape[0] - 1
    draw_targets(word_ids, count, negative, table, padding_id, state, target_ids)
    clear_loss(loss_accumulator)
    pairs = 0
    for center in range(count):
        prefetch_window(
            input_rows, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        for first in range(firsts[center], lasts[center] + 1, BATCH):
            last = min(first + BATCH - 1, lasts[center])
            words = gather_context(input_rows, first, last, center, ids)
            train_batch(
                input_vectors, ids, words, output_vectors, target_ids, center, rates[center],
                steps, targets, loss_accumulator, registers, frozen,
            )  # fmt: skip
            pairs += words
    return read_loss(loss_accumulator), pairs


@jit
def train_pairs(
    windows, count, negative, table, state, target_ids,
    input_vectors, output_vectors, frozen, registers, scratch,
):  # fmt: skip
    """Train each pair of a context word and a center word in its own step, with its own negatives.

    windows         Windows
    count           int               number of windows
    negative        int               number of negatives of each pair
    table           uint64 (·,)       alias table of the noise distribution, see `draw_noise`
    state           uint64 (1,)       random state, changed in place
    target_ids      int32 (N, K)      scratch: K a multiple of COLUMNS; columns from 1 +
                                      `negative` on hold V, the padding row
    input_vectors   float (V + 1, D)  changed in place; the last row is padding
    output_vectors  float (V + 1, D)  changed in place; the last row is padding
    frozen          bool (V,)         input vectors that must not change; empty for none
    registers       int               D / 16
    scratch         Scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of pairs
    """
    word_ids, firsts, lasts, rates, _, input_rows = windows
    _, steps, _, _, vector_step, loss_accumulator = scratch
    padding_id = output_vectors.shape[0] - 1
    clear_loss(loss_accumulator)
    pairs = 0
    for center in range(count):
        for position in range(firsts[center], lasts[center] + 1):
            if position != center:
                draw_target_row(word_ids[center], negative, table, padding_id, state, target_ids, 0)
                train_vector(
                    input_vectors, input_rows[position], output_vectors, target_ids, 0, 0,
                    rates[center], steps, vector_step, loss_accumulator, registers, False,
                )  # fmt: skip
                if frozen.size == 0 or not frozen[input_rows[position]]:
                    add_row(vector_step, 0, 1.0, input_vectors, input_rows[position], registers)
                pairs += 1
    return read_loss(loss_accumulator), pairs
