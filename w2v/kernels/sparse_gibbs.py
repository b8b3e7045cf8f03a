"""Collapsed Gibbs sampling whose time for a token does not grow with the number of topics.

The weight of a topic k for a token of word w in document d, see `gibbs`, has three parts:

    weight_k = (n_dk + α_k) n_wk / (n_k + V η)  +  n_dk η / (n_k + V η)  +  α_k η / (n_k + V η)

The first part is zero but for the topics of the word, the second one but for those of the document.
The third part depends neither on the word nor on the document. For each token, the first part is
computed for the topics of the word; the sum of the second part is kept up to date; the sums of the
third part are computed once a round. A part is drawn by its sum, then a topic of this part.

For this purpose n_wk and n_k are those at the start of the round, in which each token is sampled
once. n_dk is always up to date. The counts at the start include the token itself, with its old
topic s. The weight of s is thus too large by a known factor:

    weight_s : exact weight_s = (n_ws + η) / (n_s + V η) : (n_ws - 1 + η) / (n_s - 1 + V η)

If s is drawn, it is therefore rejected with the probability 1 minus the inverse of this factor, and
a topic is drawn again. The result has the exact probabilities.

Sources: Yao, Mimno and McCallum 2009, "Efficient methods for topic model inference on streaming
document collections", for the parts; Chen et al. 2016, "WarpLDA: a cache efficient O(1) algorithm
for latent Dirichlet allocation", for counts that change between passes only, not within them. There
the counts of the document do not change within a pass either, and proposals are accepted by the
rule of Metropolis and Hastings.
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

    word_topics  int32 (V, K)    n_wk; here K is rounded up to a multiple of 16
    reciprocals  float (K,)      1 / (n_k + V η)
    offsets      int64 (V + 1,)  position in `topics` and `ratios` where the topics of a word begin
    sizes        int32 (V,)      number of topics of each word
    topics       int16 (E,)      the topics of each word, ascending
    ratios       float (E,)      n_wk / (n_k + V η) of these topics
    smoothing    float (K,)      running sums of α_k / (n_k + V η)
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
    sums        float (K,)    running sums of the first part of the weights
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
def tabulate_words(first, last, tables):
    """Write the topics of some words and their ratios to the tables.

    first   int         first word
    last    int         word after the last one
    tables  WordTables  `sizes`, `topics` and `ratios` are changed in place
    """
    word_topics, reciprocals, offsets, sizes, topics, ratios, _ = tables
    for word in range(first, last):
        at = offsets[word]
        for block in range(0, word_topics.shape[1], WIDTH):
            bits = np.int32(0)  # most blocks are zeros, which this finds in SIMD registers
            for lane in range(WIDTH):
                bits |= word_topics[word, block + lane]
            for topic in range(block, block + WIDTH if bits else block):
                count = word_topics[word, topic]
                if count > 0:
                    topics[at], ratios[at] = topic, count * reciprocals[topic]
                    at += 1
        sizes[word] = at - offsets[word]


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
        if first <= word < last and before[token] != after[token]:
            word_topics[word, before[token]] -= 1
            word_topics[word, after[token]] += 1


@inlined
def add_topic(listed, counts, places, mixture, alpha, size, topic):
    """Add a token to the topics of the document, see `DocumentTopics`.

    listed   int16 (K,)  changed in place, as the next three
    counts   int32 (K,)
    places   int32 (K,)
    mixture  float (K,)
    alpha    float (K,)  the prior α
    size     int         number of topics of the document
    topic    int
    Returns  int, the new number of topics
    """
    place, is_new = places[topic], places[topic] < 0
    place = size if is_new else place
    counts[place] = (0 if is_new else counts[place]) + 1
    listed[place], places[topic] = topic, place
    mixture[topic] = alpha[topic] + counts[place]
    return size + is_new


@inlined
def remove_topic(listed, counts, places, mixture, alpha, size, topic):
    """Remove a token from the topics of the document, see `DocumentTopics`.

    listed   int16 (K,)  changed in place, as the next three
    counts   int32 (K,)
    places   int32 (K,)
    mixture  float (K,)
    alpha    float (K,)  the prior α
    size     int         number of topics of the document
    topic    int         a topic of the document
    Returns  int, the new number of topics
    """
    # Without an `if`, which would keep the compiler from removing the counts of references.
    place, last = places[topic], size - 1
    count, is_gone = counts[place] - 1, counts[place] == 1
    moved, moved_count = listed[last], counts[last]  # takes the place of a topic that is gone
    listed[place] = moved if is_gone else topic
    counts[place] = moved_count if is_gone else count
    places[listed[place]] = place
    places[topic] = -1 if is_gone else place
    mixture[topic] = alpha[topic] + count  # a float that is counted down would lose a small α
    return size - is_gone


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
    size         int         number of topics of the document; 0: the result has no meaning
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
def prefetch_token(word, topic, word_topics, offsets, sizes, topics, ratios):
    """Prefetch what a token needs, see `WordTables`.

    word         int            its word
    topic        int            its topic
    word_topics  int32 (V, K)
    offsets      int64 (V + 1,)
    sizes        int32 (V,)
    topics       int16 (E,)
    ratios       float (E,)
    """
    begin, end = offsets[word], offsets[word] + sizes[word]
    prefetch_to_read(word_topics, word, topic // WIDTH)
    for at in range(begin, end, 32):
        prefetch_item(topics, at)
    for at in range(begin, end, 16):
        prefetch_item(ratios, at)


@inlined
def random_below(limit, state):
    """Draw a number from 0 to below a limit, in 2**24 steps.

    limit    float
    state    uint64 (1,)  random state, changed in place
    Returns  float, of the dtype of the limit
    """
    return type(limit)(next_random(state) >> _40) * type(limit)(RANDOM_UNIT) * limit


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
    of_all = first_above(smoothing, smoothing.size, threshold - document_sum)
    return of_document if threshold < document_sum and length > 0 else of_all


@inlined
def begin_document(
    topics, begin, end, listed, counts, places, mixture, alpha, alpha_sums, reciprocals
):
    """List the topics of a document, see `DocumentTopics`.

    topics       int16 (N,)    topic of each token
    begin        int           first token of the document
    end          int           token after the last one
    listed       int16 (K,)    changed in place, as the next three
    counts       int32 (K,)
    places       int32 (K,)
    mixture      float (K,)
    alpha        float (K,)    the prior α
    alpha_sums   float64 (K,)  changed in place
    reciprocals  float (K,)    1 / (n_k + V η)
    Returns      (int64, float64), the number of topics, and the sum of n_dk / (n_k + V η)
    """
    length, ratio_sum = np.int64(0), 0.0
    for token in range(begin, end):
        topic = topics[token]
        alpha_sums[topic] += 1.0 / mixture[topic]
        length = add_topic(listed, counts, places, mixture, alpha, length, topic)
        ratio_sum += reciprocals[topic]
    return length, ratio_sum


@inlined
def end_document(document, length, listed, counts, places, mixture, alpha, document_sums):
    """Add the counts of a document to their sums, and clear the scratch memory.

    document       int
    length         int           number of topics of the document
    listed         int16 (K,)    see `DocumentTopics`
    counts         int32 (K,)
    places         int32 (K,)    changed in place, as the next one
    mixture        float (K,)
    alpha          float (K,)    the prior α
    document_sums  int32 (M, K)  changed in place. (0, K): nothing is added
    """
    for i in range(length):
        topic = listed[i]
        if document_sums.size:
            document_sums[document, topic] += counts[i]
        places[topic], mixture[topic] = -1, alpha[topic]


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
    # Taken out of the tuples once: each access counts a reference, which takes half of the time.
    word_topics, reciprocals, offsets, sizes, of_words, ratios, smoothing = tables
    listed, counts, places, mixture, sums, alpha_sums = scratch
    eta, one, alpha_sum = alpha.dtype.type(eta), alpha.dtype.type(1.0), alpha.sum()
    mixture[: alpha.size], smoothing_sum = alpha, smoothing[smoothing.size - 1]
    log_likelihood, product = 0.0, 1.0
    for document in range(first, last):
        begin, end = starts[document], starts[document + 1]
        length, ratio_sum = begin_document(
            topics, begin, end, listed, counts, places, mixture, alpha, alpha_sums, reciprocals
        )
        for token in range(begin, end):
            ahead = min(token + AHEAD, words.size - 1)
            prefetch_token(
                words[ahead], topics[ahead], word_topics, offsets, sizes, of_words, ratios
            )
            word, old, new = words[token], np.int64(topics[token]), np.int64(-1)
            length = remove_topic(listed, counts, places, mixture, alpha, length, old)
            ratio_sum -= reciprocals[old]
            at, size = offsets[word], sizes[word]
            word_sum = weigh_word(of_words, ratios, at, at + size, mixture, sums)
            document_sum = alpha.dtype.type(ratio_sum)
            total = word_sum + eta * (document_sum + smoothing_sum)
            count, share = word_topics[word, old] + eta, reciprocals[old]
            exact = (count - one) / count / (one - share)  # exact weight_s : weight_s
            while new < 0 or (new == old and random_below(one, state) >= exact):
                threshold = random_below(total, state)
                if threshold < word_sum:
                    new = np.int64(of_words[at + first_above(sums, size, threshold)])
                else:
                    new = draw_rest(
                        listed, counts, length, reciprocals, document_sum, smoothing, state
                    )
            total -= mixture[old] * count * share * (one - exact)
            product *= total / (end - begin - 1 + alpha_sum)
            topics[token], ratio_sum = new, ratio_sum + reciprocals[new]
            length = add_topic(listed, counts, places, mixture, alpha, length, new)
            if product < 1e-200:
                log_likelihood, product = log_likelihood + np.log(product), 1.0
        end_document(document, length, listed, counts, places, mixture, alpha, document_sums)
    return log_likelihood + np.log(product)
