"""Continuous bag of words: the mean of a window predicts the word at its centre (Mikolov 2013a)."""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.negative_sampling import draw_targets, train_targets


@jit
def train_window(
    input_vectors, output_vectors, word_ids, first, last, center, target_ids, count, lr, scratch
):
    """Train the mean of a window's words on the centre word and its noise words.

    input_vectors   float (V, D)  rows of the window's words changed in place; word2vec.c: syn0
    output_vectors  float (V, D)  rows `target_ids` changed in place; word2vec.c: syn1neg
    word_ids        int32 (N,)    a sentence
    first           int           the window's first position in it
    last            int           and its last; there is at least one besides `center`
    center          int           the position of the centre word
    target_ids      int32 (K,)    the first `count` are used: the centre word, then noise words
    count           int           at least 1
    lr              float         learning rate, of the same dtype
    scratch         float (2, D)  scratch: the mean (word2vec.c: neu1), and its step (neu1e)
    Returns         float64, the loss before the step, in nats
    Source: Mikolov et al. 2013a, section 3.1. As in word2vec.c each of the C words gets the whole
    step of the mean, which is C times its gradient (İrsoy et al. 2020 divide; they need a higher
    learning rate).
    """
    hidden, pull = scratch[0], scratch[1]
    dim = pull.size
    share = pull.dtype.type(1.0 / (last - first))
    for d in range(dim):
        hidden[d] = 0.0
    for position in range(first, last + 1):
        if position != center:
            word_id = word_ids[position]
            for d in range(dim):
                hidden[d] += input_vectors[word_id, d]
    for d in range(dim):
        hidden[d] *= share
    loss = train_targets(scratch, 0, output_vectors, target_ids, count, lr, pull)
    for position in range(first, last + 1):
        if position != center:
            word_id = word_ids[position]
            for d in range(dim):
                input_vectors[word_id, d] += pull[d]
    return loss


@jit
def train_windows(
    kept, first, last, rates, count, threshold, alias, negative, state,
    input_vectors, output_vectors, target_ids, scratch,
):  # fmt: skip
    """Train every window on its centre, each with fresh noise words.

    kept            int32 (N,)    word ids, from `lay_windows`
    first           int32 (N,)    from `lay_windows`
    last            int32 (N,)    from `lay_windows`
    rates           float (N,)    learning rates, from `lay_windows`
    count           int           how many of these are used
    threshold       uint32 (V,)   from `build_alias`
    alias           int32 (V,)    from `build_alias`
    negative        int           noise words for each window
    state           uint64 (1,)   random state, changed in place
    input_vectors   float (V, D)  changed in place
    output_vectors  float (V, D)  changed in place
    target_ids      int32 (1 + negative,)  scratch
    scratch         float (2, D)  scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of windows
    A word alone in its sentence has no window and is left out.
    """
    loss, windows = 0.0, 0
    for center in range(count):
        if first[center] < last[center]:
            targets = draw_targets(kept[center], negative, threshold, alias, state, target_ids)
            loss += train_window(
                input_vectors, output_vectors, kept, first[center], last[center], center,
                target_ids, targets, rates[center], scratch,
            )  # fmt: skip
            windows += 1
    return loss, windows
