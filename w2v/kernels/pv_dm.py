"""Paragraph vectors, distributed memory (PV-DM): a document and a window predict the center word.

For a document d, a center word t and the C context words c_i of its window of radius R (Le &
Mikolov 2014, section 2.2, with negative sampling):

    sum       h = document_vectors[d] + Σ input_vectors[c_i]
    mean      h = (this sum) / (1 + C)
    concat    h = [document_vectors[d], input_vectors of the R words before t and the R after t]
              with zeros beyond the ends of the document; rows of output_vectors are as long as h

    Y = output_vectors[t, negatives]
    a step of negative sampling on h and Y, see `negative_sampling`: it updates Y and gives
    Δh = G Y_old
    document_vectors[d] += Δh,  input_vectors[c_i] += Δh      (concat: each gets its part of Δh)

With the mean, Δh is added to each vector without division by 1 + C, as in the CBOW of word2vec.c
(see `cbow`). Unlike in CBOW, a document of a single word is trained, because the document vector
predicts the word.
"""

from __future__ import annotations

from w2v.kernels import inlined, jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import train_vector
from w2v.kernels.tiles import add_row, clear_row, copy_row
from w2v.kernels.windows import prefetch_window


@inlined
def is_trained(frozen, fixed, word):
    """Whether the input vector of a word is trained.

    frozen   bool (V,)  words whose vectors must not change; empty for none
    fixed    bool       whether no word vector may change
    word     int
    Returns  bool
    """
    return not fixed and (frozen.size == 0 or not frozen[word])


@inlined
def sum_vectors(
    document_vectors, row, input_vectors, input_rows, first, last, center, mean, hidden, registers
):  # fmt: skip
    """Compute the sum or mean of the vectors of a document and of the context words of a window.

    document_vectors  float (M + 1, D)
    row               int               row of `document_vectors`
    input_vectors     float (V + 1, D)
    input_rows        int32 (N,)        rows of `input_vectors`, see `Windows`
    first             int               first position of the window
    last              int               last position of the window
    center            int               position of the center word, which is left out
    mean              bool              whether to take the mean instead of the sum
    hidden            float (1, D)      overwritten by h
    registers         int               D / 16
    """
    share = 1.0 / (1 + last - first) if mean else 1.0
    copy_row(document_vectors, row, share, hidden, 0, registers)
    for position in range(first, last + 1):
        if position != center:
            add_row(input_vectors, input_rows[position], share, hidden, 0, registers)


@inlined
def add_to_words(
    vector_step, input_vectors, input_rows, first, last, center, frozen, fixed, registers
):  # fmt: skip
    """Add the step of h to the context words of a window that are trained.

    vector_step    float (1, D)      Δh
    input_vectors  float (V + 1, D)  changed in place
    input_rows     int32 (N,)        rows of `input_vectors`, see `Windows`
    first          int               first position of the window
    last           int               last position of the window
    center         int               position of the center word, which is left out
    frozen         bool (V,)         see `is_trained`
    fixed          bool
    registers      int               D / 16
    """
    for position in range(first, last + 1):
        if position != center and is_trained(frozen, fixed, input_rows[position]):
            add_row(vector_step, 0, 1.0, input_vectors, input_rows[position], registers)


@inlined
def concatenate_vectors(
    document_vectors, row, input_vectors, input_rows, first, last, center, window, parts, registers
):  # fmt: skip
    """Concatenate the vectors of a document and of the words around the center word.

    document_vectors  float (M + 1, D)
    row               int               row of `document_vectors`
    input_vectors     float (V + 1, D)
    input_rows        int32 (N,)        rows of `input_vectors`, see `Windows`
    first             int               first position of the window
    last              int               last position of the window
    center            int               position of the center word, which is left out
    window            int               R
    parts             float (P, D)      overwritten by h, in P = 1 + 2 R parts
    registers         int               D / 16
    """
    copy_row(document_vectors, row, 1.0, parts, 0, registers)
    for place in range(1, parts.shape[0]):
        position = center - window + place - (place <= window)
        if first <= position <= last:
            copy_row(input_vectors, input_rows[position], 1.0, parts, place, registers)
        else:
            clear_row(parts, place, registers)


@inlined
def add_parts_to_words(
    vector_steps, input_vectors, input_rows, first, last, center, window, frozen, fixed, registers
):  # fmt: skip
    """Add the parts of the step of h to the words around the center word that are trained.

    vector_steps   float (P, D)      Δh in P = 1 + 2 R parts
    input_vectors  float (V + 1, D)  changed in place
    input_rows     int32 (N,)        rows of `input_vectors`, see `Windows`
    first          int               first position of the window
    last           int               last position of the window
    center         int               position of the center word, which is left out
    window         int               R
    frozen         bool (V,)         see `is_trained`
    fixed          bool
    registers      int               D / 16
    """
    for place in range(1, vector_steps.shape[0]):
        position = center - window + place - (place <= window)
        inside = first <= position <= last
        if inside and is_trained(frozen, fixed, input_rows[position]):
            add_row(vector_steps, place, 1.0, input_vectors, input_rows[position], registers)


@jit
def train_sums(
    windows, count, documents, target_ids, document_vectors, input_vectors, output_vectors,
    frozen, registers, scratch, fixed, mean,
):  # fmt: skip
    """Train all windows: the sum or mean of document and context words predicts the center word.

    windows           Windows           the sentences are documents, or parts of documents
    count             int               number of windows
    documents         int32 (S,)        row of `document_vectors` for each sentence
    target_ids        int32 (N, K)      each center word and its negatives; V marks padding
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V + 1, D)  changed in place; the last row is padding
    frozen            bool (V,)         input vectors that must not change; empty for none
    registers         int               D / 16
    scratch           Scratch
    fixed             bool              whether to change only the document vectors
    mean              bool              whether to take the mean instead of the sum
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    _, firsts, lasts, rates, sentences, input_rows = windows
    _, steps, _, hidden, vector_step, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_window(
            input_rows, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        first, last, row = firsts[center], lasts[center], documents[sentences[center]]
        sum_vectors(
            document_vectors, row, input_vectors, input_rows, first, last, center, mean, hidden,
            registers,
        )  # fmt: skip
        train_vector(
            hidden, 0, output_vectors, target_ids, center, center, rates[center],
            steps, vector_step, loss_accumulator, registers, fixed,
        )  # fmt: skip
        add_row(vector_step, 0, 1.0, document_vectors, row, registers)
        add_to_words(
            vector_step, input_vectors, input_rows, first, last, center, frozen, fixed, registers
        )
    return read_loss(loss_accumulator), count


@jit
def train_concatenations(
    windows, count, documents, target_ids, document_vectors, input_vectors, output_vectors,
    frozen, registers, scratch, fixed, window,
):  # fmt: skip
    """Train all windows: document and context words, concatenated, predict the center word.

    windows           Windows           the sentences are documents, or parts of documents
    count             int               number of windows
    documents         int32 (S,)        row of `document_vectors` for each sentence
    target_ids        int32 (N, K)      each center word and its negatives; V marks padding
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V + 1, W)  changed in place; the last row is padding. W = (1 + 2 R) D:
                                        the document, the words before, the words after
    frozen            bool (V,)         input vectors that must not change; empty for none
    registers         int               D / 16
    scratch           Scratch           for rows of W numbers
    fixed             bool              whether to change only the document vectors
    window            int               R; places beyond the ends of the document are zero
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    _, firsts, lasts, rates, sentences, input_rows = windows
    steps, loss_accumulator, places = scratch.steps, scratch.loss_accumulator, 1 + 2 * window
    hidden, vector_step = scratch.hidden, scratch.vector_step
    parts = hidden.reshape((places, document_vectors.shape[1]))
    vector_steps = vector_step.reshape((places, document_vectors.shape[1]))
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_window(
            input_rows, lasts, center, count, target_ids, input_vectors, output_vectors, registers
        )
        row = documents[sentences[center]]
        first, last = firsts[center], lasts[center]
        concatenate_vectors(
            document_vectors, row, input_vectors, input_rows, first, last, center, window, parts,
            registers,
        )  # fmt: skip
        train_vector(
            hidden, 0, output_vectors, target_ids, center, center, rates[center],
            steps, vector_step, loss_accumulator, registers * places, fixed,
        )  # fmt: skip
        add_row(vector_steps, 0, 1.0, document_vectors, row, registers)
        add_parts_to_words(
            vector_steps, input_vectors, input_rows, first, last, center, window, frozen, fixed,
            registers,
        )  # fmt: skip
    return read_loss(loss_accumulator), count
