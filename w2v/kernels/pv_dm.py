"""Paragraph vectors, distributed memory: a document and a window's words predict the word between.

Source of all: Le & Mikolov 2014, section 2.2, by negative sampling. Unlike in CBOW a word alone in
its document is trained too: the document predicts it.
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import train_vector
from w2v.kernels.tiles import add_row, clear_row, copy_row
from w2v.kernels.windows import prefetch_window


@inlined
def may_move(frozen, fixed, word):
    """Whether a word's input vector may change.

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

    windows           Windows           from `lay_windows`, each sentence a document
    count             int               how many of them there are
    documents         int32 (S,)        the row of each document
    target_ids        int32 (N, K)      each centre and its noise words; V where there is none
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V + 1, D)  changed in place; the last row is spare
    frozen            bool (V,)         input vectors that must not change; or empty, for none
    registers         int               D / 16
    scratch           Scratch
    fixed             bool              change nothing but the document vectors
    mean              bool              take the mean; each of its parts gets its whole step, as in
                                        word2vec.c's CBOW
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    kept, firsts, lasts, rates, sentences = windows
    hidden, pull, steps, loss_accumulator = (
        scratch.hidden,
        scratch.pull,
        scratch.steps,
        scratch.loss_accumulator,
    )
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_window(
            kept, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        first, last, row = firsts[center], lasts[center], documents[sentences[center]]
        share = 1.0 / (1 + last - first) if mean else 1.0
        copy_row(document_vectors, row, share, hidden, 0, registers)
        for position in range(first, last + 1):
            if position != center:
                add_row(input_vectors, kept[position], share, hidden, 0, registers)
        train_vector(
            hidden, 0, output_vectors, target_ids, center, center, rates[center],
            steps, pull, loss_accumulator, registers, fixed,
        )  # fmt: skip
        add_row(pull, 0, 1.0, document_vectors, row, registers)
        for position in range(first, last + 1):
            if position != center and may_move(frozen, fixed, kept[position]):
                add_row(pull, 0, 1.0, input_vectors, kept[position], registers)
    return read_loss(loss_accumulator), count


@jit
def train_rows(
    windows, count, documents, target_ids, document_vectors, input_vectors, output_vectors,
    frozen, registers, scratch, fixed, window,
):  # fmt: skip
    """Train a document and every window's words, side by side, on the word at the centre.

    windows           Windows           from `lay_windows`, each sentence a document
    count             int               how many of them there are
    documents         int32 (S,)        the row of each document
    target_ids        int32 (N, K)      each centre and its noise words; V where there is none
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V + 1, W)  changed in place; the last row is spare. W = (1 + 2 R) D:
                                        the document, the words before, the words after
    frozen            bool (V,)         input vectors that must not change; or empty, for none
    registers         int               D / 16
    scratch           Scratch           for rows of W numbers
    fixed             bool              change nothing but the document vectors
    window            int               R; places beyond the document's ends are zero
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    kept, firsts, lasts, rates, sentences = windows
    steps, loss_accumulator, places = scratch.steps, scratch.loss_accumulator, 1 + 2 * window
    hidden, pull = scratch.hidden, scratch.pull
    parts = hidden.reshape((places, document_vectors.shape[1]))
    pulls = pull.reshape((places, document_vectors.shape[1]))
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_window(
            kept, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        row = documents[sentences[center]]
        copy_row(document_vectors, row, 1.0, parts, 0, registers)
        for place in range(1, places):
            position = center - window + place - (place <= window)
            if firsts[center] <= position <= lasts[center]:
                copy_row(input_vectors, kept[position], 1.0, parts, place, registers)
            else:
                clear_row(parts, place, registers)
        train_vector(
            hidden, 0, output_vectors, target_ids, center, center, rates[center],
            steps, pull, loss_accumulator, registers * places, fixed,
        )  # fmt: skip
        add_row(pulls, 0, 1.0, document_vectors, row, registers)
        for place in range(1, places):
            position = center - window + place - (place <= window)
            inside = firsts[center] <= position <= lasts[center]
            if inside and may_move(frozen, fixed, kept[position]):
                add_row(pulls, place, 1.0, input_vectors, kept[position], registers)
    return read_loss(loss_accumulator), count
