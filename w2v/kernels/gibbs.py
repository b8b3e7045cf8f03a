"""Collapsed Gibbs sampling of topics: each token's topic anew, given those of all the others.

Source: Griffiths and Steyvers 2004, "Finding scientific topics", equation 5. A token of word w in
document d gets topic k with probability in proportion to
(n_dk + alpha_k) (n_wk + eta) / (n_k + V eta), in which the token itself is not counted.

All K weights are computed, 16 at a time: lane l of a register stands for the topics l, 16 + l,
32 + l and so on, whose weights are summed lane by lane; a topic is drawn by finding the lane in one
register of 16 sums and then the place in this lane. On film reviews that takes 45 ns a token for
50 topics, 65 for 200 and 210 for 1,000 on one thread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.random import next_random
from w2v.kernels.simd import WIDTH, aligned, load, prefetch, splat, store
from w2v.kernels.simd_counts import (
    add,
    add_to,
    as_kind,
    count_up_to,
    multiply,
    number_at,
    reciprocal,
    running_sums,
)

AHEAD = 3  # tokens
FINE = 2.0**-24  # of random shares: less than 1 by no less than rounding may add
_40, _LOW = np.uint64(40), np.uint64((1 << 24) - 1)


class Sampler(NamedTuple):
    """What a thread samples with; K is the number of topics, rounded up to a multiple of WIDTH.

    word_topics  int32 (V, K)           n_wk
    totals       int32 (1, K)           n_k
    document     int32 (1, K)           n_dk of the document at hand
    shares       float (1, K)           1 / (n_k + V eta)
    running      float (K / WIDTH, WIDTH)  the weights' sums, lane by lane
    alpha        float (1, K)           0 where there is no topic
    alpha_sums   float64 (1, K)         grows by 1 / (j + alpha_k) for each n_dk > j >= 0
    """

    word_topics: np.ndarray
    totals: np.ndarray
    document: np.ndarray
    shares: np.ndarray
    running: np.ndarray
    alpha: np.ndarray
    alpha_sums: np.ndarray


def make_sampler(word_topics: np.ndarray, alpha: np.ndarray) -> Sampler:
    """A sampler with counts and priors as given, int32 (V, K) and float (1, K), not copied."""
    size = alpha.shape[1]
    return Sampler(
        word_topics, aligned((1, size), np.int32), aligned((1, size), np.int32),
        aligned((1, size), alpha.dtype), aligned((size // WIDTH, WIDTH), alpha.dtype),
        alpha, np.zeros((1, size)),
    )  # fmt: skip


@jit
def count_topics(words, topics, word_topics):
    """Add up which topic comes with which word.

    words        int32 (N,)
    topics       int16 (N,)
    word_topics  int32 (V, K)  grows
    """
    for token in range(words.size):
        word_topics[words[token], topics[token]] += 1


@inlined
def move(sampler, word, topic, amount, more):
    """Count a token of a word and a topic in, or out.

    sampler  Sampler
    word     int
    topic    int
    amount   int    1 or -1
    more     float  V eta
    """
    add_to(sampler.document, 0, topic, amount)
    add_to(sampler.word_topics, word, topic, amount)
    totals = as_kind(add_to(sampler.totals, 0, topic, amount), more)
    store(sampler.shares, 0, topic // WIDTH, reciprocal(add(totals, splat(more))))


@inlined
def enter(sampler, topics, begin, end):
    """Begin with a document: count its topics.

    sampler  Sampler     its `document` is overwritten, its `alpha_sums` grow
    topics   int16 (N,)
    begin    int         the document's first token
    end      int         the token after its last
    """
    document, alpha = sampler.document, sampler.alpha
    document[0, :] = 0
    for token in range(begin, end):
        topic = topics[token]
        count = document[0, topic]
        sampler.alpha_sums[0, topic] += 1.0 / (count + alpha[0, topic])
        document[0, topic] = count + 1


@inlined
def weigh(sampler, word, eta):
    """What each topic weighs for a token of a word.

    sampler  Sampler  its `running` is overwritten
    word     int
    eta      float
    Returns  the last row of `running`
    """
    zero = sampler.alpha.dtype.type(0.0)
    sums = splat(zero)
    for register in range(sampler.running.shape[0]):
        prior = load(sampler.alpha, 0, register)
        of_word = add(as_kind(load(sampler.word_topics, word, register), zero), splat(eta))
        of_topic = multiply(of_word, load(sampler.shares, 0, register))
        of_document = add(as_kind(load(sampler.document, 0, register), zero), prior)
        sums = add(sums, multiply(of_topic, of_document))
        store(sampler.running, register, 0, sums)
    return sums


@inlined
def draw(running, lanes, most, state):
    """Draw a topic: a lane, and one of the topics in it.

    running  float (R, WIDTH)  sums of weights, lane by lane
    lanes    WIDTH floats      the running sums of its last row
    most     int               the last lane with topics; rounding may find one after it
    state    uint64 (1,)       changed in place
    Returns  int
    """
    kind, last, bits = running.dtype.type, running.shape[0] - 1, next_random(state)
    share = kind(bits >> _40) * kind(FINE)
    lane = min(count_up_to(lanes, share * number_at(lanes, WIDTH - 1)), most)
    at = kind(bits & _LOW) * kind(FINE) * running[last, lane]
    register = np.int64(0)
    for row in range(last):
        register += np.int64(running[row, lane] <= at)
    return WIDTH * register + lane


@jit
def sample_topics(words, starts, first, last, sampler, eta, state, topics, document_sums):
    """Draw the topics of some documents' tokens anew, one after the other.

    words          int32 (N,)
    starts         int64 (M + 1,)   the token that each document begins with
    first          int              the first document
    last           int              the document after the last
    sampler        Sampler          its counts are kept
    eta            float
    state          uint64 (1,)      changed in place
    topics         int16 (N,)       changed in place
    document_sums  int32 (M, K)     grows by n_dk at the end; or empty
    Returns        float64          the sum of ln p(token | all others, before it is drawn)
    """
    kind = sampler.alpha.dtype.type
    eta = kind(eta)
    prior, more = sampler.alpha.sum(), kind(eta * sampler.word_topics.shape[0])
    most = -1
    for topic in range(sampler.alpha.shape[1]):
        sampler.shares[0, topic] = 1 / (sampler.totals[0, topic] + more)
        most += topic < WIDTH and sampler.alpha[0, topic] > 0
    found, product = 0.0, 1.0
    for document in range(first, last):
        begin, end = starts[document], starts[document + 1]
        enter(sampler, topics, begin, end)
        for token in range(begin, end):
            word, coming = words[token], words[min(token + AHEAD, words.size - 1)]
            for register in range(sampler.running.shape[0]):
                prefetch(sampler.word_topics, coming, register)
            move(sampler, word, topics[token], -1, more)
            lanes = running_sums(weigh(sampler, word, eta))
            topics[token] = draw(sampler.running, lanes, most, state)
            move(sampler, word, topics[token], 1, more)
            product *= number_at(lanes, WIDTH - 1) / (end - begin - 1 + prior)
            if product < 1e-200:
                found += np.log(product)
                product = 1.0
        for topic in range(document_sums.shape[1] if document_sums.size else 0):
            document_sums[document, topic] += sampler.document[0, topic]
    return found + np.log(product)
