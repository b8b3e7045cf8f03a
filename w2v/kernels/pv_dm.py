"""Paragraph vectors, distributed memory (PV-DM): a document and a window predict the word between.

For a document d, a centre t and the C context words c_i of its window (Le & Mikolov 2014, section
2.2, by negative sampling):

    sum       h = document_vectors[d] + Σ input_vectors[c_i]
    mean      h = (the same) / (1 + C)
    concat    h = [document_vectors[d], input_vectors of the R words before, of the R after]
              with zeros beyond the document's ends; output_vectors are as long as h

    Y = output_vectors[t, negatives]
    a step of negative sampling on h and Y, see `negative_sampling`: it updates Y and gives
    Δh = G Y_old
    document_vectors[d] += Δh,  input_vectors[c_i] += Δh      (of concat, each its part of Δh)

Of the mean each vector gets all of Δh, not its share, as in word2vec.c's CBOW (see `cbow`). Unlike
in CBOW a word alone in its document is trained too: the document predicts it.
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import train_vector
from w2v.kernels.tiles import add_row, clear_row, copy_row
from w2v.kernels.windows import prefetch_window


@inlined
def is_trained(frozen, fixed, word):
    """Whether a word's input vector is trained.

    frozen   bool (V,)  which must not; or empty, for none
    fixed    bool       none may
    word     int
    Returns  bool
    """
    return not fixed and (frozen.size == 0 or not frozen[word])


@jit
def train_sums(
    windows, count, documents, target_ids, document_vectors, input_vectors, output_vectors,
    frozen, registers, scratch, fixed, mean,
):  # fmt: skip
    """Train the sum or the mean of a document and every window's words on the word at its centre.

    windows           Windows           each sentence a document, or a part of one
    count             int               how many windows there are
    documents         int32 (S,)        the row of each document
    target_ids        int32 (N, K)      each centre and its negatives; V where there is none
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V + 1, D)  changed in place; the last row is padding
    frozen            bool (V,)         input vectors that must not change; or empty, for none
    registers         int               D / 16
    scratch           Scratch
    fixed             bool              change nothing but the document vectors
    mean              bool              take the mean
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    word_ids, firsts, lasts, rates, sentences = windows
    _, steps, _, hidden, vector_step, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_window(
            word_ids, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        first, last, row = firsts[center], lasts[center], documents[sentences[center]]
        share = 1.0 / (1 + last - first) if mean else 1.0
        copy_row(document_vectors, row, share, hidden, 0, registers)
        for position in range(first, last + 1):
            if position != center:
                add_row(input_vectors, word_ids[position], share, hidden, 0, registers)
        train_vector(
            hidden, 0, output_vectors, target_ids, center, center, rates[center],
            steps, vector_step, loss_accumulator, registers, fixed,
        )  # fmt: skip
        add_row(vector_step, 0, 1.0, document_vectors, row, registers)
        for position in range(first, last + 1):
            if position != center and is_trained(frozen, fixed, word_ids[position]):
                add_row(vector_step, 0, 1.0, input_vectors, word_ids[position], registers)
    return read_loss(loss_accumulator), count


@jit
def train_concatenations(
    windows, count, documents, target_ids, document_vectors, input_vectors, output_vectors,
    frozen, registers, scratch, fixed, window,
):  # fmt: skip
    """Train the concatenation of a document and every window's words on the word at the centre.

    windows           Windows           each sentence a document, or a part of one
    count             int               how many windows there are
    documents         int32 (S,)        the row of each document
    target_ids        int32 (N, K)      each centre and its negatives; V where there is none
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V + 1, W)  changed in place; the last row is padding. W = (1 + 2 R) D:
                                        the document, the words before, the words after
    frozen            bool (V,)         input vectors that must not change; or empty, for none
    registers         int               D / 16
    scratch           Scratch           for rows of W numbers
    fixed             bool              change nothing but the document vectors
    window            int               R; places beyond the document's ends are zero
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    word_ids, firsts, lasts, rates, sentences = windows
    steps, loss_accumulator, places = scratch.steps, scratch.loss_accumulator, 1 + 2 * window
    hidden, vector_step = scratch.hidden, scratch.vector_step
    parts = hidden.reshape((places, document_vectors.shape[1]))
    vector_steps = vector_step.reshape((places, document_vectors.shape[1]))
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_window(
            word_ids, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        row = documents[sentences[center]]
        copy_row(document_vectors, row, 1.0, parts, 0, registers)
        for place in range(1, places):
            position = center - window + place - (place <= window)
            if firsts[center] <= position <= lasts[center]:
                copy_row(input_vectors, word_ids[position], 1.0, parts, place, registers)
            else:
                clear_row(parts, place, registers)
        train_vector(
            hidden, 0, output_vectors, target_ids, center, center, rates[center],
            steps, vector_step, loss_accumulator, registers * places, fixed,
        )  # fmt: skip
        add_row(vector_steps, 0, 1.0, document_vectors, row, registers)
        for place in range(1, places):
            position = center - window + place - (place <= window)
            inside = firsts[center] <= position <= lasts[center]
            if inside and is_trained(frozen, fixed, word_ids[position]):
                add_row(vector_steps, place, 1.0, input_vectors, word_ids[position], registers)
    return read_loss(loss_accumulator), count
