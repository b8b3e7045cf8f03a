"""Continuous bag of words (CBOW): the mean of the context words predicts the center word.

For a center word t and the C context words c_i of its window (Mikolov et al. 2013a, section 3.1):

    h = 1/C Σ input_vectors[c_i]
    Y = output_vectors[t, negatives]
    a step of negative sampling on h and Y, see `negative_sampling`: it updates Y and gives
    Δh = G Y_old
    input_vectors[c_i] += Δh          as in word2vec.c; the gradient would be Δh / C (see `divide`)

İrsoy et al. 2020 call the missing 1/C an error of word2vec.c. The setting `cbow_update` chooses
between the two. The default is word2vec.c's step, because the usual learning rates are chosen for
it. A center word without context words, the only word of its sentence, is not trained.
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import draw_targets, train_vector
from w2v.kernels.tiles import add_row, clear_row
from w2v.kernels.windows import prefetch_window


@inlined
def mean_context(vectors, input_rows, first, last, center, hidden, registers):
    """Compute the mean of the context words of a window.

    vectors     float (·, D)
    input_rows  int32 (N,)    rows of `vectors`, see `Windows`
    first       int           first position of the window
    last        int           last position of the window; it has at least one context word
    center      int           position of the center word, which is left out
    hidden      float (1, D)  overwritten by h; word2vec.c: neu1
    registers   int           D / 16
    """
    clear_row(hidden, 0, registers)
    share = 1.0 / (last - first)
    for position in range(first, center):
        add_row(vectors, input_rows[position], share, hidden, 0, registers)
    for position in range(center + 1, last + 1):
        add_row(vectors, input_rows[position], share, hidden, 0, registers)


@inlined
def add_to_context(
    vector_step, weight, vectors, input_rows, first, last, center, frozen, registers
):  # fmt: skip
    """Add the step of h, times a weight, to the context words of a window.

    vector_step  float (1, D)  Δh
    weight       float
    vectors      float (·, D)  changed in place
    input_rows   int32 (N,)    rows of `vectors`, see `Windows`
    first        int           first position of the window
    last         int           last position of the window
    center       int           position of the center word, which is left out
    frozen       bool (V,)     rows of `vectors` that must not change; empty for none
    registers    int           D / 16
    """
    for position in range(first, last + 1):
        if position != center and (frozen.size == 0 or not frozen[input_rows[position]]):
            add_row(vector_step, 0, weight, vectors, input_rows[position], registers)


@jit
def train_windows(
    windows, count, negative, table, state, target_ids,
    input_vectors, output_vectors, frozen, registers, scratch, divide,
):  # fmt: skip
    """Train all windows: the mean of the context words predicts the center word.

    windows         Windows
    count           int               number of windows
    negative        int               number of negatives of each window
    table           uint64 (·,)       alias table of the noise distribution, see `draw_noise`
    state           uint64 (1,)       random state, changed in place
    target_ids      int32 (N, K)      scratch: K a multiple of COLUMNS; columns from 1 +
                                      `negative` on hold V, the padding row
    input_vectors   float (V + 1, D)  changed in place
    output_vectors  float (V + 1, D)  changed in place; the last row is padding
    frozen          bool (V,)         input vectors that must not change; empty for none
    registers       int               D / 16
    scratch         Scratch
    divide          bool              whether to add Δh / C to each context word instead of Δh
    Returns         (float64, int64), the sum of the losses in nats and the number of windows
                    trained
    """
    word_ids, firsts, lasts, rates, _, input_rows = windows
    _, steps, _, hidden, vector_step, loss_accumulator = scratch
    padding_id = output_vectors.shape[0] - 1
    draw_targets(word_ids, count, negative, table, padding_id, state, target_ids)
    clear_loss(loss_accumulator)
    trained = 0
    for center in range(count):
        prefetch_window(
            input_rows, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        first, last = firsts[center], lasts[center]
        if first < last:
            mean_context(input_vectors, input_rows, first, last, center, hidden, registers)
            train_vector(
                hidden, 0, output_vectors, target_ids, center, center, rates[center],
                steps, vector_step, loss_accumulator, registers, False,
            )  # fmt: skip
            weight = 1.0 / (last - first) if divide else 1.0
            add_to_context(
                vector_step, weight, input_vectors, input_rows, first, last, center, frozen,
                registers,
            )  # fmt: skip
            trained += 1
    return read_loss(loss_accumulator), trained
