"""Continuous bag of words: the mean of a window predicts the word at its centre (Mikolov 2013a)."""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import draw_targets, train_vector
from w2v.kernels.tiles import add_row, clear_row
from w2v.kernels.windows import prefetch_window


@inlined
def take_mean(vectors, kept, first, last, center, hidden, registers):
    """The mean of a window's words.

    vectors    float (·, D)
    kept       int32 (N,)    word ids: rows of `vectors`
    first      int           the window's first position
    last       int           and its last; there is at least one besides `center`
    center     int           the position to leave out
    hidden     float (1, D)  overwritten by the mean; word2vec.c: neu1
    registers  int
    """
    clear_row(hidden, 0, registers)
    share = 1.0 / (last - first)
    for position in range(first, center):
        add_row(vectors, kept[position], share, hidden, 0, registers)
    for position in range(center + 1, last + 1):
        add_row(vectors, kept[position], share, hidden, 0, registers)


@jit
def train_windows(
    windows, count, negative, table, state, target_ids,
    input_vectors, output_vectors, frozen, registers, scratch, divide,
):  # fmt: skip
    """Train the mean of every window's words on its centre and noise words.

    windows         Windows           from `lay_windows`
    count           int               how many of them there are
    negative        int               noise words for each window
    table           uint64 (·,)       see `draw_noise`
    state           uint64 (1,)       random state, changed in place
    target_ids      int32 (N, K)      scratch: K a multiple of COLUMNS, V beyond the words drawn
    input_vectors   float (V + 1, D)  changed in place
    output_vectors  float (V + 1, D)  changed in place; the last row is spare
    frozen          bool (V,)         input vectors that must not change; or empty, for none
    registers       int               D / 16
    scratch         Scratch
    divide          bool              each of a window's C words gets a C-th of the mean's step,
                                      which is its gradient (İrsoy et al. 2020); else all of it, as
                                      in word2vec.c
    Returns         (float64, int64), the sum of the losses in nats and the number of windows
    Source: Mikolov et al. 2013a, section 3.1. A word alone in its sentence has no window and is
    left out.
    """
    kept, firsts, lasts, rates, _ = windows
    _, steps, _, hidden, pull, loss_accumulator = scratch
    spare = output_vectors.shape[0] - 1
    draw_targets(kept, count, negative, table, spare, state, target_ids)
    clear_loss(loss_accumulator)
    trained = 0
    for center in range(count):
        prefetch_window(
            kept, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        first, last = firsts[center], lasts[center]
        if first < last:
            take_mean(input_vectors, kept, first, last, center, hidden, registers)
            train_vector(
                hidden, 0, output_vectors, target_ids, center, center, rates[center],
                steps, pull, loss_accumulator, registers, False,
            )  # fmt: skip
            weight = 1.0 / (last - first) if divide else 1.0
            for position in range(first, last + 1):
                if position != center and (frozen.size == 0 or not frozen[kept[position]]):
                    add_row(pull, 0, weight, input_vectors, kept[position], registers)
            trained += 1
    return read_loss(loss_accumulator), trained
