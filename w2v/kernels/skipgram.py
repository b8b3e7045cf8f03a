"""Skip-gram: each word of a window predicts the word at its centre (Mikolov et al. 2013a, b)."""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import BATCH, draw_row, draw_targets, train_batch, train_vector
from w2v.kernels.tiles import add_row
from w2v.kernels.windows import prefetch_window


@inlined
def gather_context(kept, first, last, center, ids):
    """Copy the words of a window, without the one at its centre.

    kept     int32 (N,)  word ids
    first    int         the first position to copy
    last     int         and the last
    center   int         the position to leave out
    ids      int32 (K,)  overwritten
    Returns  int64, how many there are
    """
    count = 0
    for position in range(first, min(center, last + 1)):
        ids[count] = kept[position]
        count += 1
    for position in range(max(center + 1, first), last + 1):
        ids[count] = kept[position]
        count += 1
    return count


@jit
def train_windows(
    windows, count, negative, table, state, target_ids,
    input_vectors, output_vectors, frozen, registers, scratch,
):  # fmt: skip
    """Train every window: all its words on its centre and the same noise words, in one step.

    windows         Windows           from `lay_windows`
    count           int               how many of them there are
    negative        int               noise words for each window
    table           uint64 (·,)       see `draw_noise`
    state           uint64 (1,)       random state, changed in place
    target_ids      int32 (N, K)      scratch: K a multiple of COLUMNS, V beyond the words drawn
    input_vectors   float (V + 1, D)  changed in place; the last row is spare
    output_vectors  float (V + 1, D)  changed in place; the last row is spare
    frozen          bool (V,)         input vectors that must not change; or empty, for none
    registers       int               D / 16
    scratch         Scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of pairs
    Source: Mikolov et al. 2013b, eq. 4, with the noise words of a window shared by its pairs, as in
    Ji et al. 2016. As in word2vec.c the context word's input vector predicts the centre word; over
    a corpus these are the same pairs as the paper's. A window of more than BATCH words takes
    several steps.
    """
    kept, firsts, lasts, rates, _ = windows
    ids, steps, targets, _, _, loss_accumulator = scratch
    spare = output_vectors.shape[0] - 1
    draw_targets(kept, count, negative, table, spare, state, target_ids)
    clear_loss(loss_accumulator)
    pairs = 0
    for center in range(count):
        prefetch_window(
            kept, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        for first in range(firsts[center], lasts[center] + 1, BATCH):
            last = min(first + BATCH - 1, lasts[center])
            words = gather_context(kept, first, last, center, ids)
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
    """Train every pair of a word and its window's centre by itself, with noise words of its own.

    windows         Windows           from `lay_windows`
    count           int               how many of them there are
    negative        int               noise words for each pair
    table           uint64 (·,)       see `draw_noise`
    state           uint64 (1,)       random state, changed in place
    target_ids      int32 (N, K)      scratch: K a multiple of COLUMNS, V beyond the words drawn
    input_vectors   float (V + 1, D)  changed in place; the last row is spare
    output_vectors  float (V + 1, D)  changed in place; the last row is spare
    frozen          bool (V,)         input vectors that must not change; or empty, for none
    registers       int               D / 16
    scratch         Scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of pairs
    Source: Mikolov et al. 2013b, eq. 4: what word2vec.c does. Kept to prove that sharing noise
    words costs no quality.
    """
    kept, firsts, lasts, rates, _ = windows
    _, steps, _, _, pull, loss_accumulator = scratch
    spare = output_vectors.shape[0] - 1
    clear_loss(loss_accumulator)
    pairs = 0
    for center in range(count):
        for position in range(firsts[center], lasts[center] + 1):
            if position != center:
                draw_row(kept[center], negative, table, spare, state, target_ids, 0)
                train_vector(
                    input_vectors, kept[position], output_vectors, target_ids, 0, 0, rates[center],
                    steps, pull, loss_accumulator, registers, False,
                )  # fmt: skip
                if frozen.size == 0 or not frozen[kept[position]]:
                    add_row(pull, 0, 1.0, input_vectors, kept[position], registers)
                pairs += 1
    return read_loss(loss_accumulator), pairs
