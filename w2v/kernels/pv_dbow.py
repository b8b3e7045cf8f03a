"""Paragraph vectors, distributed bag of words: a document predicts its words (PV-DBOW)."""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import train_vector
from w2v.kernels.tiles import add_row
from w2v.kernels.windows import prefetch_targets

TOGETHER = 4  # words. With 1 it takes 1.3 times as long (bench/tricks.py)


@jit
def train_documents(
    windows, count, documents, target_ids, document_vectors, output_vectors, registers, scratch,
    fixed,
):  # fmt: skip
    """Train the document of every word on the word and its noise words.

    windows           Windows           from `lay_windows`, each sentence a document
    count             int               how many words there are
    documents         int32 (S,)        the row of each document
    target_ids        int32 (N, K)      each word and its noise words; V where there is none
    document_vectors  float (M + 1, D)  changed in place
    output_vectors    float (V + 1, D)  changed in place; the last row is spare
    registers         int               D / 16
    scratch           Scratch
    fixed             bool              leave the output vectors as they are
    Returns           (float64, int64), the sum of the losses in nats and the number of words
    Source: Le & Mikolov 2014, section 2.3, by negative sampling; up to TOGETHER words of a document
    that follow each other make one step, with the learning rate at the first of them.
    """
    rates, sentences = windows.rates, windows.sentences
    steps, pull, loss_accumulator = scratch.steps, scratch.pull, scratch.loss_accumulator
    clear_loss(loss_accumulator)
    first = 0
    while first < count:
        last = min(first + TOGETHER, count) - 1
        while sentences[last] != sentences[first]:
            last -= 1
        for center in range(first, last + 1):
            prefetch_targets(center + TOGETHER, count, target_ids, output_vectors, registers)
        row = documents[sentences[first]]
        train_vector(
            document_vectors, row, output_vectors, target_ids, first, last, rates[first],
            steps, pull, loss_accumulator, registers, fixed,
        )  # fmt: skip
        add_row(pull, 0, 1.0, document_vectors, row, registers)
        first = last + 1
    return read_loss(loss_accumulator), count
