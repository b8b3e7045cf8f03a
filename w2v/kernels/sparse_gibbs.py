"""Collapsed Gibbs sampling whose time for a token does not grow with the number of topics.

The weight of a topic k for a token of word w in document d, see `gibbs`, has two parts:

    weight_k = n_dk (n_wk + η) / (n_k + V η)  +  α_k (n_wk + η) / (n_k + V η)

The first part is zero but for the topics of the document, which are few; their weights are computed
for each token. The second part does not depend on the document. Its sums over topics are computed
once a round, for all words: those of α_k n_wk / (n_k + V η) over the topics of the word, and those
of α_k η / (n_k + V η), which serve all words. A topic is drawn from a part by a bisection of sums.

For this purpose n_wk and n_k are those at the start of the round, in which each token is sampled
once. n_dk is always up to date. The counts at the start include the token itself, with its old
topic s. Its weight is thus too large by a known factor:

    weight_s : exact weight_s = (n_ws + η) / (n_s + V η) : (n_ws - 1 + η) / (n_s - 1 + V η)

If s is drawn, it is therefore rejected with the probability 1 minus the inverse of this factor, and
a topic is drawn again. The result has the exact probabilities.

Sources: Yao, Mimno and McCallum 2009, "Efficient methods for topic model inference on streaming
document collections", for the parts; Chen et al. 2016, "WarpLDA: a cache efficient O(1) algorithm
for latent Dirichlet allocation", for counts that change between passes only, not within them. They
differ in that the counts of the document change here with each token.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined, jit
from w2v.kernels.gibbs import RANDOM_UNIT
from w2v.kernels.random import next_random
from w2v.kernels.simd import WIDTH, prefetch_item, prefetch_to_read

AHEAD = 4  # what a token needs is prefetched this many tokens before it is sampled
_40 = np.uint64(40)


class WordTables(NamedTuple):
    """What the sampler needs of the counts at the start of a round.

    word_topics  int32 (V, K)    n_wk
    reciprocals  float (K,)      1 / (n_k + V η)
    offsets      int64 (V + 1,)  position in `topics` and `sums` where the topics of a word begin
    sizes        int32 (V,)      number of topics of each word
    topics       int16 (E,)      the topics of each word, ascending
    ratios       float (E,)      n_wk / (n_k + V η) of these topics
    smoothing    float (K,)      running sums of α_k η / (n_k + V η)
    """

    word_topics: np.ndarray
    reciprocals: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray
    topics: np.ndarray
    ratios: np.ndarray
    smoothing: np.ndarray


class DocumentTopics(NamedTuple):
    """The topics of the current document, in scratch memory of one thread.

    topics      int16 (K,)    the topics of the document in any order
    counts      int32 (K,)    n_dk of each of them
    places      int32 (K,)    the index in `topics` of each topic, or -1
    mixture     float (K,)    n_dk + α_k of all topics
    sums        float (K,)    running sums of the weights
    alpha_sums  float64 (K,)  Σ 1 / (j + alpha_k) over all documents and 0 <= j < n_dk
    """

    topics: np.ndarray
    counts: np.ndarray
    places: np.ndarray
    mixture: np.ndarray
    sums: np.ndarray
    alpha_sums: np.ndarray


def make_document_topics(size: int, dtype: type = np.float32) -> DocumentTopics:
    """Allocate memory for the documents of a model of `size` topics."""
    return DocumentTopics(
        np.zeros(size, np.int16), np.zeros(size, np.int32), np.full(size, -1, np.int32),
        np.zeros(size, dtype), np.zeros(size, dtype), np.zeros(size),
    )  # fmt: skip


@jit
def tabulate_words(first, last, alpha, tables):
    """Write the topics of some words and the sums of their weights to the tables.

    first   int         first word
    last    int         word after the last one
    alpha   float (K,)  the prior α
    tables  WordTables  `sizes`, `topics` and `sums` are changed in place
    """
    for word in range(first, last):
        begin = at = tables.offsets[word]
        for topic in range(alpha.size):
            count = tables.word_topics[word, topic]
            if count > 0:
                tables.topics[at], tables.ratios[at] = topic, count * tables.reciprocals[topic]
                at += 1
        tables.sizes[word] = at - begin


@jit
def move_counts(words, before, after, begin, end, first, last, word_topics):
    """Count the new topics of tokens in place of the old ones, for some words.

    words        int32 (N,)    word of each token
    before       int16 (N,)    topic of each token before a round
    after        int16 (N,)    topic of each token after it
    begin        int           first token
    end          int           token after the last one
    first        int           first word
    last         int           word after the last one; tokens of other words are left out
    word_topics  int32 (V, K)  n_wk, changed in place
    """
    for token in range(begin, end):
        word = words[token]
        if first <= word < last:
            word_topics[word, before[token]] -= 1
            word_topics[word, after[token]] += 1


@inlined
def add_topic(listed, counts, places, mixture, size, topic):
    """Add a token to the topics of the document, see `DocumentTopics`.

    listed   int16 (K,)  changed in place, as the next three
    counts   int32 (K,)
    places   int32 (K,)
    mixture  float (K,)
    size     int         number of topics of the document
    topic    int
    Returns  int, the new number of topics
    """
    place, is_new = places[topic], places[topic] < 0
    place = size if is_new else place
    counts[place] = (0 if is_new else counts[place]) + 1
    listed[place], places[topic] = topic, place
    mixture[topic] += mixture.dtype.type(1.0)
    return size + is_new


@inlined
def remove_topic(listed, counts, places, mixture, size, topic):
    """Remove a token from the topics of the document, see `DocumentTopics`.

    listed   int16 (K,)  changed in place, as the next three
    counts   int32 (K,)
    places   int32 (K,)
    mixture  float (K,)
    size     int         number of topics of the document
    topic    int         a topic of the document
    Returns  int, the new number of topics
    """
    place = places[topic]
    counts[place] -= 1
    mixture[topic] -= mixture.dtype.type(1.0)
    if counts[place] == 0:  # the last topic of the list takes its place
        size -= 1
        listed[place], counts[place] = listed[size], counts[size]
        places[listed[size]] = place
        places[topic] = -1
    return size


@inlined
def first_above(sums, size, threshold):
    """The first position whose running sum exceeds a threshold, or the last position.

    sums       float (·,)  ascending
    size       int         number of sums, at least 1
    threshold  float
    Returns    int64
    """
    low, high = np.int64(0), np.int64(size - 1)
    while low < high:
        middle = (low + high) // 2
        is_above = sums[middle] > threshold
        low, high = (low if is_above else middle + 1), (middle if is_above else high)
    return low


@inlined
def draw_listed(listed, counts, size, reciprocals, threshold):
    """Draw one of the topics of the document by n_dk / (n_k + V η).

    listed       int16 (K,)  see `DocumentTopics`
    counts       int32 (K,)
    size         int         number of topics of the document, at least 1
    reciprocals  float (K,)  1 / (n_k + V η)
    threshold    float       random number below the sum
    Returns      int64, the topic
    """
    i = np.int64(0)
    threshold -= counts[i] * reciprocals[listed[i]]
    while threshold >= 0 and i < size - 1:
        i += 1
        threshold -= counts[i] * reciprocals[listed[i]]
    return np.int64(listed[i])


@inlined
def weigh_word(topics, ratios, begin, end, mixture, sums):
    """Compute the running sums of (n_dk + α_k) n_wk / (n_k + V η) over the topics of a word.

    topics   int16 (E,)  see `WordTables`
    ratios   float (E,)
    begin    int         position where the topics of the word begin
    end      int         position after them
    mixture  float (K,)  n_dk + α_k
    sums     float (K,)  overwritten
    Returns  float, the sum
    """
    total = sums.dtype.type(0.0)
    for i in range(end - begin):
        total += mixture[topics[begin + i]] * ratios[begin + i]
        sums[i] = total
    return total


@inlined
def prefetch_word(topics, ratios, begin, end):
    """Prefetch the topics of a word.

    topics  int16 (E,)  see `WordTables`
    ratios  float (E,)
    begin   int         position where the topics of the word begin
    end     int         position after them
    """
    for at in range(begin, end, 32):
        prefetch_item(topics, at)
    for at in range(begin, end, 16):
        prefetch_item(ratios, at)


@jit
def sample_sparse_topics(
    words, starts, first, last, tables, scratch, alpha, eta, state, topics, document_sums
):
    """Resample the topics of the tokens of some documents, one token after the other.

    words          int32 (N,)      word of each token
    starts         int64 (M + 1,)  first token of each document, and N
    first          int             first document
    last           int             document after the last one
    tables         WordTables      the counts at the start of the round; not changed
    scratch        DocumentTopics  `places` are -1 before and after; `alpha_sums` are increased
    alpha          float (K,)      the prior α
    eta            float           η
    state          uint64 (1,)     random state, changed in place
    topics         int16 (N,)      topic of each token, changed in place
    document_sums  int32 (M, K)    changed in place: n_dk is added to it after the document has been
                                   sampled. (0, K): nothing is added
    Returns        float64, the sum of ln p(token | all others) in nats; each is computed before the
                   token is resampled, from the counts at the start of the round
    """
    # Arrays are taken out of the tuples once: each access would count references, which threads
    # that share an array do at each other's cost.
    word_topics, reciprocals, offsets, sizes, listed_topics, ratios, smoothing = tables
    listed, counts, places, mixture, sums, alpha_sums = scratch
    dtype = alpha.dtype.type
    eta, one, unit = dtype(eta), dtype(1.0), dtype(RANDOM_UNIT)
    alpha_sum, smoothing_sum = alpha.sum(), smoothing[smoothing.size - 1]
    mixture[: alpha.size] = alpha
    log_likelihood, product = 0.0, 1.0
    for document in range(first, last):
        begin, end, size, ratio_sum = starts[document], starts[document + 1], np.int64(0), 0.0
        for token in range(begin, end):
            alpha_sums[topics[token]] += 1.0 / mixture[topics[token]]
            size = add_topic(listed, counts, places, mixture, size, topics[token])
            ratio_sum += reciprocals[topics[token]]
        for token in range(begin, end):
            ahead = min(token + AHEAD, words.size - 1)
            at = offsets[words[ahead]]
            prefetch_word(listed_topics, ratios, at, at + sizes[words[ahead]])
            prefetch_to_read(word_topics, words[ahead], topics[ahead] // WIDTH)
            word, old = words[token], np.int64(topics[token])
            size = remove_topic(listed, counts, places, mixture, size, old)
            ratio_sum -= reciprocals[old]
            # The sums of the parts, and how much of them is exact if the old topic is drawn.
            at = offsets[word]
            word_sum = weigh_word(listed_topics, ratios, at, at + sizes[word], mixture, sums)
            document_sum = dtype(eta * ratio_sum)
            total = word_sum + document_sum + smoothing_sum
            count, share = word_topics[word, old] + eta, reciprocals[old]
            exact = (count - one) / count / (one - share)
            new = np.int64(-1)
            while new < 0:
                threshold = dtype(next_random(state) >> _40) * unit * total
                if threshold < word_sum:
                    new = np.int64(listed_topics[at + first_above(sums, sizes[word], threshold)])
                elif threshold < word_sum + document_sum:
                    threshold = (threshold - word_sum) / eta
                    new = draw_listed(listed, counts, size, reciprocals, threshold)
                else:
                    threshold -= word_sum + document_sum
                    new = first_above(smoothing, smoothing.size, threshold)
                if new == old and dtype(next_random(state) >> _40) * unit >= exact:
                    new = np.int64(-1)
            product *= (total - mixture[old] * count * share * (one - exact)) / (
                end - begin - 1 + alpha_sum
            )
            topics[token] = new
            size = add_topic(listed, counts, places, mixture, size, new)
            ratio_sum += reciprocals[new]
            if product < 1e-200:
                log_likelihood += np.log(product)
                product = 1.0
        for i in range(size):
            if document_sums.size:
                document_sums[document, listed[i]] += counts[i]
            places[listed[i]] = -1
            mixture[listed[i]] = alpha[listed[i]]
    return log_likelihood + np.log(product)
