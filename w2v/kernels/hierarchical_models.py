"""The kernels of models of words and documents that are trained by hierarchical softmax.

They are those of `skipgram`, `cbow`, `pv_dbow` and `pv_dm`, with the inner nodes on the path to the
center word in place of the center word and its negative samples. `hierarchical_softmax` has the
equations of a step.

In PV-DBOW each word of a document takes a step of its own, because words have different paths.
"""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.cbow import add_to_context, mean_context
from w2v.kernels.hierarchical_softmax import path_to, prefetch_path, train_path, train_path_batch
from w2v.kernels.logistic import clear_loss, read_loss
from w2v.kernels.negative_sampling import BATCH
from w2v.kernels.pv_dm import add_parts_to_words, add_to_words, concatenate_vectors, sum_vectors
from w2v.kernels.skipgram import gather_context
from w2v.kernels.tiles import add_row
from w2v.kernels.windows import prefetch_entering


@jit
def train_skipgram(
    windows, count, paths, input_vectors, output_vectors, frozen, registers, scratch
):  # fmt: skip
    """Train all windows, each in one step: the context words predict the center word.

    A window of more than BATCH context words takes several steps.

    windows         Windows
    count           int               number of windows
    paths           Paths
    input_vectors   float (V + 1, D)  changed in place; the last row is padding
    output_vectors  float (V, D)      of the inner nodes; changed in place; the last row is padding
    frozen          bool (V,)         input vectors that must not change; empty for none
    registers       int               D / 16
    scratch         Scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of pairs
    """
    word_ids, firsts, lasts, rates, _, input_rows = windows
    ids, steps, targets, _, _, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    pairs = 0
    for center in range(count):
        prefetch_entering(input_rows, lasts, center, count, input_vectors, registers)
        prefetch_path(paths, word_ids, center, count, output_vectors, registers)
        target_ids, lefts = path_to(paths, word_ids[center]), paths.lefts[word_ids[center]]
        for first in range(firsts[center], lasts[center] + 1, BATCH):
            last = min(first + BATCH - 1, lasts[center])
            words = gather_context(input_rows, first, last, center, ids)
            train_path_batch(
                input_vectors, ids, words, output_vectors, target_ids, lefts, rates[center],
                steps, targets, loss_accumulator, registers, frozen,
            )  # fmt: skip
            pairs += words
    return read_loss(loss_accumulator), pairs


@jit
def train_skipgram_pairs(
    windows, count, paths, input_vectors, output_vectors, frozen, registers, scratch
):  # fmt: skip
    """Train each pair of a context word and a center word in its own step, as word2vec.c does.

    windows         Windows
    count           int               number of windows
    paths           Paths
    input_vectors   float (V + 1, D)  changed in place; the last row is padding
    output_vectors  float (V, D)      of the inner nodes; changed in place; the last row is padding
    frozen          bool (V,)         input vectors that must not change; empty for none
    registers       int               D / 16
    scratch         Scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of pairs
    """
    word_ids, firsts, lasts, rates, _, input_rows = windows
    _, steps, _, _, vector_step, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    pairs = 0
    for center in range(count):
        prefetch_entering(input_rows, lasts, center, count, input_vectors, registers)
        prefetch_path(paths, word_ids, center, count, output_vectors, registers)
        target_ids, lefts = path_to(paths, word_ids[center]), paths.lefts[word_ids[center]]
        for position in range(firsts[center], lasts[center] + 1):
            if position != center:
                row = input_rows[position]
                train_path(
                    input_vectors, row, output_vectors, target_ids, lefts, rates[center], steps,
                    vector_step, loss_accumulator, registers, False,
                )  # fmt: skip
                if frozen.size == 0 or not frozen[row]:
                    add_row(vector_step, 0, 1.0, input_vectors, row, registers)
                pairs += 1
    return read_loss(loss_accumulator), pairs


@jit
def train_cbow(
    windows, count, paths, input_vectors, output_vectors, frozen, registers, scratch, divide
):  # fmt: skip
    """Train all windows: the mean of the context words predicts the center word.

    windows         Windows
    count           int               number of windows
    paths           Paths
    input_vectors   float (V + 1, D)  changed in place; the last row is padding
    output_vectors  float (V, D)      of the inner nodes; changed in place; the last row is padding
    frozen          bool (V,)         input vectors that must not change; empty for none
    registers       int               D / 16
    scratch         Scratch
    divide          bool              whether to add Δh / C to each context word instead of Δh
    Returns         (float64, int64), the sum of the losses in nats and the number of windows
                    trained
    """
    word_ids, firsts, lasts, rates, _, input_rows = windows
    _, steps, _, hidden, vector_step, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    trained = 0
    for center in range(count):
        prefetch_entering(input_rows, lasts, center, count, input_vectors, registers)
        prefetch_path(paths, word_ids, center, count, output_vectors, registers)
        first, last = firsts[center], lasts[center]
        if first < last:
            mean_context(input_vectors, input_rows, first, last, center, hidden, registers)
            train_path(
                hidden, 0, output_vectors, path_to(paths, word_ids[center]),
                paths.lefts[word_ids[center]], rates[center], steps, vector_step,
                loss_accumulator, registers, False,
            )  # fmt: skip
            weight = 1.0 / (last - first) if divide else 1.0
            add_to_context(
                vector_step, weight, input_vectors, input_rows, first, last, center, frozen,
                registers,
            )  # fmt: skip
            trained += 1
    return read_loss(loss_accumulator), trained


@jit
def train_bags(
    windows, count, documents, paths, document_vectors, output_vectors, registers, scratch, fixed
):  # fmt: skip
    """Train document vectors (PV-DBOW): each predicts the words of its document.

    windows           Windows           the sentences are documents, or parts of documents
    count             int               number of windows
    documents         int32 (S,)        row of `document_vectors` for each sentence
    paths             Paths
    document_vectors  float (M + 1, D)  changed in place
    output_vectors    float (V, D)      of the inner nodes; changed in place; the last row is
                                        padding
    registers         int               D / 16
    scratch           Scratch
    fixed             bool              whether to leave the output vectors unchanged
    Returns           (float64, int64), the sum of the losses in nats and the number of words
    """
    word_ids, rates, sentences = windows.word_ids, windows.rates, windows.sentences
    _, steps, _, _, vector_step, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_path(paths, word_ids, center, count, output_vectors, registers)
        row = documents[sentences[center]]
        train_path(
            document_vectors, row, output_vectors, path_to(paths, word_ids[center]),
            paths.lefts[word_ids[center]], rates[center], steps, vector_step, loss_accumulator,
            registers, fixed,
        )  # fmt: skip
        add_row(vector_step, 0, 1.0, document_vectors, row, registers)
    return read_loss(loss_accumulator), count


@jit
def train_memory_sums(
    windows, count, documents, paths, document_vectors, input_vectors, output_vectors, frozen,
    registers, scratch, fixed, mean,
):  # fmt: skip
    """Train all windows of PV-DM: the sum or mean of document and context predicts the center word.

    windows           Windows           the sentences are documents, or parts of documents
    count             int               number of windows
    documents         int32 (S,)        row of `document_vectors` for each sentence
    paths             Paths
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V, D)      of the inner nodes; changed in place; the last row is
                                        padding
    frozen            bool (V,)         input vectors that must not change; empty for none
    registers         int               D / 16
    scratch           Scratch
    fixed             bool              whether to change only the document vectors
    mean              bool              whether to take the mean instead of the sum
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    word_ids, firsts, lasts, rates, sentences, input_rows = windows
    _, steps, _, hidden, vector_step, loss_accumulator = scratch
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_entering(input_rows, lasts, center, count, input_vectors, registers)
        prefetch_path(paths, word_ids, center, count, output_vectors, registers)
        first, last, row = firsts[center], lasts[center], documents[sentences[center]]
        sum_vectors(
            document_vectors, row, input_vectors, input_rows, first, last, center, mean, hidden,
            registers,
        )  # fmt: skip
        train_path(
            hidden, 0, output_vectors, path_to(paths, word_ids[center]),
            paths.lefts[word_ids[center]], rates[center], steps, vector_step, loss_accumulator,
            registers, fixed,
        )  # fmt: skip
        add_row(vector_step, 0, 1.0, document_vectors, row, registers)
        add_to_words(
            vector_step, input_vectors, input_rows, first, last, center, frozen, fixed, registers
        )
    return read_loss(loss_accumulator), count


@jit
def train_memory_concatenations(
    windows, count, documents, paths, document_vectors, input_vectors, output_vectors, frozen,
    registers, scratch, fixed, window,
):  # fmt: skip
    """Train all windows of PV-DM: document and context, concatenated, predict the center word.

    windows           Windows           the sentences are documents, or parts of documents
    count             int               number of windows
    documents         int32 (S,)        row of `document_vectors` for each sentence
    paths             Paths
    document_vectors  float (M + 1, D)  changed in place
    input_vectors     float (V + 1, D)  changed in place
    output_vectors    float (V, W)      of the inner nodes; changed in place; the last row is
                                        padding. W = (1 + 2 R) D
    frozen            bool (V,)         input vectors that must not change; empty for none
    registers         int               D / 16
    scratch           Scratch           for rows of W numbers
    fixed             bool              whether to change only the document vectors
    window            int               R; places beyond the ends of the document are zero
    Returns           (float64, int64), the sum of the losses in nats and the number of windows
    """
    word_ids, firsts, lasts, rates, sentences, input_rows = windows
    _, steps, _, hidden, vector_step, loss_accumulator = scratch
    places, length = 1 + 2 * window, document_vectors.shape[1]
    parts, vector_steps = hidden.reshape((places, length)), vector_step.reshape((places, length))
    clear_loss(loss_accumulator)
    for center in range(count):
        prefetch_entering(input_rows, lasts, center, count, input_vectors, registers)
        prefetch_path(paths, word_ids, center, count, output_vectors, registers * places)
        first, last, row = firsts[center], lasts[center], documents[sentences[center]]
        concatenate_vectors(
            document_vectors, row, input_vectors, input_rows, first, last, center, window, parts,
            registers,
        )  # fmt: skip
        train_path(
            hidden, 0, output_vectors, path_to(paths, word_ids[center]),
            paths.lefts[word_ids[center]], rates[center], steps, vector_step, loss_accumulator,
            registers * places, fixed,
        )  # fmt: skip
        add_row(vector_steps, 0, 1.0, document_vectors, row, registers)
        add_parts_to_words(
            vector_steps, input_vectors, input_rows, first, last, center, window, frozen, fixed,
            registers,
        )  # fmt: skip
    return read_loss(loss_accumulator), count
