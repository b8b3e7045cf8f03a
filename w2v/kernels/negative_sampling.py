"""Negative sampling: telling a word from noise words, given one vector (Mikolov et al. 2013b)."""

from __future__ import annotations

import math

from w2v.kernels import jit
from w2v.kernels.noise import draw_noise


@jit
def draw_targets(center_id, negative, threshold, alias, state, target_ids):
    """Put a word and its noise words into `target_ids`.

    center_id   int                    the word to tell from noise; goes first
    negative    int                    noise words to draw
    threshold   uint32 (V,)            from `build_alias`
    alias       int32 (V,)             from `build_alias`
    state       uint64 (1,)            changed in place
    target_ids  int32 (1 + negative,)  overwritten
    Returns     int64, how many there are: a noise word equal to `center_id` is left out, as in
                word2vec.c
    """
    target_ids[0] = center_id
    count = 1
    for _ in range(negative):
        noise_id = draw_noise(threshold, alias, state)
        if noise_id != center_id:
            target_ids[count] = noise_id
            count += 1
    return count


@jit
def train_targets(vectors, row, output_vectors, target_ids, count, lr, pull):
    """Move the targets' output vectors by one gradient step, and collect the step of the vector.

    vectors         float (·, D)  row `row` predicts the targets; not changed
    row             int
    output_vectors  float (V, D)  rows `target_ids` changed in place; word2vec.c: syn1neg
    target_ids      int32 (K,)    the first `count` are used: the true word, then noise words
    count           int           at least 1
    lr              float         learning rate, of the same dtype; word2vec.c: alpha
    pull            float (D,)    overwritten: lr times the negative gradient by the vector, which
                                  the caller adds; word2vec.c: neu1e
    Returns         float64, the loss before the step in nats: -log σ(v·o) of the true word and
                    -log σ(-v·o) of each noise word
    Source: Mikolov et al. 2013b, eq. 4. Differs from word2vec.c: its σ is a table of 1000 steps
    that is cut off at ±6; ours is exact, and so is the loss.
    """
    dim = vectors.shape[1]
    for d in range(dim):
        pull[d] = 0.0
    loss, product = 0.0, 1.0
    for k in range(count):
        target_id = target_ids[k]
        dot = pull.dtype.type(0.0)
        for d in range(dim):
            dot += vectors[row, d] * output_vectors[target_id, d]
        small = math.exp(-abs(dot))  # never overflows
        # -log σ(±dot) = max(∓dot, 0) + log(1 + small): one logarithm for all, of the product
        product *= 1.0 + small
        if product > 1e200:
            loss += math.log(product)
            product = 1.0
        sigmoid = 1.0 / (1.0 + small) if dot > 0.0 else small / (1.0 + small)
        if k == 0:
            loss += max(-dot, 0.0)
            step = pull.dtype.type(lr * (1.0 - sigmoid))
        else:
            loss += max(dot, 0.0)
            step = pull.dtype.type(-lr * sigmoid)
        for d in range(dim):
            pull[d] += step * output_vectors[target_id, d]  # before the target moves
        for d in range(dim):
            output_vectors[target_id, d] += step * vectors[row, d]
    return loss + math.log(product)
