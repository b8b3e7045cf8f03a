"""Skip-gram: each word of a window predicts the word at its centre (Mikolov et al. 2013a, b)."""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.negative_sampling import draw_targets, train_targets


@jit
def train_pair(input_vectors, output_vectors, context_id, target_ids, count, lr, pull):
    """Train one context word on a centre word and its noise words.

    input_vectors   float (V, D)  row `context_id` changed in place; word2vec.c: syn0
    output_vectors  float (V, D)  rows `target_ids` changed in place; word2vec.c: syn1neg
    context_id      int           a row, not a position in the sentence
    target_ids      int32 (K,)    the first `count` are used: the centre word, then noise words
    count           int           at least 1
    lr              float         learning rate, of the same dtype
    pull            float (D,)    scratch
    Returns         float64, the loss before the step, in nats
    """
    loss = train_targets(input_vectors, context_id, output_vectors, target_ids, count, lr, pull)
    for d in range(pull.size):
        input_vectors[context_id, d] += pull[d]
    return loss


@jit
def train_windows(
    kept, first, last, rates, count, threshold, alias, negative, state,
    input_vectors, output_vectors, target_ids, scratch,
):  # fmt: skip
    """Train every pair of a word and its window's centre, each with fresh noise words.

    kept            int32 (N,)    word ids, from `lay_windows`
    first           int32 (N,)    from `lay_windows`
    last            int32 (N,)    from `lay_windows`
    rates           float (N,)    learning rates, from `lay_windows`
    count           int           how many of these are used
    threshold       uint32 (V,)   from `build_alias`
    alias           int32 (V,)    from `build_alias`
    negative        int           noise words for each pair
    state           uint64 (1,)   random state, changed in place
    input_vectors   float (V, D)  changed in place
    output_vectors  float (V, D)  changed in place
    target_ids      int32 (1 + negative,)  scratch
    scratch         float (2, D)  scratch
    Returns         (float64, int64), the sum of the losses in nats and the number of pairs
    Source: Mikolov et al. 2013b, eq. 4. As in word2vec.c the context word's input vector predicts
    the centre word; over a corpus these are the same pairs as the paper's.
    """
    loss, pairs = 0.0, 0
    pull = scratch[0]
    for center in range(count):
        for position in range(first[center], last[center] + 1):
            if position != center:
                targets = draw_targets(kept[center], negative, threshold, alias, state, target_ids)
                loss += train_pair(
                    input_vectors, output_vectors, kept[position],
                    target_ids, targets, rates[center], pull,
                )  # fmt: skip
                pairs += 1
    return loss, pairs
