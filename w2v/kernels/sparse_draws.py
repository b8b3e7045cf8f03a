"""Draws of a topic from the parts of its weights, see `sparse_gibbs`."""

from __future__ import annotations

import numpy as np

from w2v.kernels import inlined
from w2v.kernels.document_topics import draw_listed
from w2v.kernels.gibbs import RANDOM_UNIT
from w2v.kernels.random import next_random

_40 = np.uint64(40)


@inlined
def first_above(sums, begin, end, threshold):
    """The first position whose running sum exceeds a threshold, or the last position.

    sums       float (·,)  ascending from `begin` to before `end`
    begin      int         first position
    end        int         position after the last one; `begin`: the result is `begin`
    threshold  float
    Returns    int64
    """
    low, high = np.int64(begin), np.int64(end - 1)
    while low < high:
        middle = (low + high) // 2
        is_above = sums[middle] > threshold
        low, high = (low if is_above else middle + 1), (middle if is_above else high)
    return low


@inlined
def random_below(limit, state):
    """Draw a number from 0 to below a limit, in 2**24 steps.

    limit    float
    state    uint64 (1,)  random state, changed in place
    Returns  float, of the dtype of the limit
    """
    return type(limit)(next_random(state) >> _40) * type(limit)(RANDOM_UNIT) * limit


@inlined
def draw_first(
    threshold, word_sum, at, size, length, by_document, listed, of_words, priors, sums
):  # fmt: skip
    """Draw a topic from the first part of the weights, see `weigh_token`.

    threshold    float       random number below the sum with what the prior adds
    word_sum     float       the sum without it
    at           int         position where the topics of the word begin
    size         int         number of topics of the word
    length       int         number of topics of the document
    by_document  bool        whether the sums are of the topics of the document
    listed       int16 (K,)  see `DocumentTopics`
    of_words     int16 (E,)  see `WordTables`
    priors       float (E,)
    sums         float (K,)  the running sums
    Returns      int64, the topic
    """
    by_prior = threshold >= word_sum
    drawn = first_above(sums, 0, length if by_document else size, threshold)
    of_prior = first_above(priors, at, at + (size if by_prior else 1), threshold - word_sum)
    of_word = of_words[of_prior if by_prior else at + drawn]
    return np.int64(listed[drawn] if by_document and not by_prior else of_word)


@inlined
def draw_rest(listed, counts, length, reciprocals, document_sum, smoothing, state):
    """Draw a topic from the second or the third part of the weights.

    listed        int16 (K,)   see `DocumentTopics`
    counts        int32 (K,)
    length        int          number of topics of the document
    reciprocals   float (K,)   1 / (n_k + V η)
    document_sum  float        the sum of n_dk / (n_k + V η)
    smoothing     float (K,)   running sums of α_k / (n_k + V η)
    state         uint64 (1,)  random state, changed in place
    Returns       int64, the topic
    """
    threshold = random_below(document_sum + smoothing[smoothing.size - 1], state)
    of_document = draw_listed(listed, counts, length, reciprocals, threshold)
    of_all = first_above(smoothing, 0, smoothing.size, threshold - document_sum)
    return of_document if threshold < document_sum and length > 0 else of_all
