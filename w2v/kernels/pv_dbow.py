"""Paragraph vectors, distributed bag of words (PV-DBOW): a document vector predicts its words.

For a document d and its word t (Le & Mikolov 2014, section 2.3, with negative sampling):

    Y = output_vectors[t, negatives]
    a step of negative sampling on document_vectors[d] and Y, see `negative_sampling`

Up to WORDS_PER_STEP consecutive words of a document are trained in one step, on the targets of all
these words, with the learning rate of the first word. The paper takes a step for each word.
"""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import train_vector
from w2v.kernels.tiles import add_row
from w2v.kernels.windows import prefetch_targets

WORDS_PER_STEP = 4  # with 1, training takes 1.3 times as long (tests/bench/tricks.py)


@jit
def train_documents(
    windows, count, documents, target_ids, document_vectors, output_vectors, registers, scratch,
    fixed,
):  # fmt: skip
    """Train document vectors: each predicts the words of its document.

    windows           Windows           the sentences are documents, or parts of documents
    count             int               number of words
    documents         int32 (S,)        row of `document_vectors` for each sentence
    target_ids        int32 (N, K)      each word and its negatives; V marks padding
    document_vectors  float (M + 1, D)  changed in place
    output_vectors    float (V + 1, D)  changed in place; the last row is padding
    registers         int               D / 16
    scratch           Scratch
    fixed             bool              whether to leave the output vectors unchanged
    Returns           (float64, int64), the sum of the losses in nats and the number of words
    """
    rates, sentences = windows.rates, windows.sentences
    _, steps, _, _, vector_step, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    first = 0
    while first < count:
        last = min(first + WORDS_PER_STEP, count) - 1
        while sentences[last] != sentences[first]:
            last -= 1
        for center in range(first, last + 1):
            prefetch_targets(center + WORDS_PER_STEP, count, target_ids, output_vectors, registers)
        row = documents[sentences[first]]
        train_vector(
            document_vectors, row, output_vectors, target_ids, first, last, rates[first],
            steps, vector_step, loss_accumulator, registers, fixed,
        )  # fmt: skip
        add_row(vector_step, 0, 1.0, document_vectors, row, registers)
        first = last + 1
    return read_loss(loss_accumulator), count
