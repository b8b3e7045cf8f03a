"""Collapsed Gibbs sampling whose time for a token does not grow with the number of topics.

The weight of a topic k for a token of word w in document d, see `gibbs`, has three parts:

    weight_k = (n_dk + α_k) n_wk / (n_k + V η)  +  n_dk η / (n_k + V η)  +  α_k η / (n_k + V η)

The first part is zero but for the topics of the word, the second one but for those of the document.
The third part depends neither on the word nor on the document. The sum of the second part is kept
up to date, and the sums of the third part are computed once a round. The first part of a token is
computed in one of two ways, whichever takes less time:

1. for the topics of the word;
2. as n_dk n_wk / (n_k + V η) for the topics of the document, plus α_k n_wk / (n_k + V η), whose
   running sums over the topics of a word are computed once a round.

A part is drawn by its sum, then a topic of this part. So a token takes a time for the topics of its
word or of its document, whichever has fewer.

For this purpose n_wk and n_k are those at the start of the round, in which each token is sampled
once. n_dk is always up to date. The counts at the start include the token itself, with its old
topic s. The weight of s is thus too large:

    weight_s       = (n_ds + α_s) (n_ws + η) / (n_s + V η)
    exact weight_s = (n_ds + α_s) (n_ws - 1 + η) / (n_s - 1 + V η)

In way 1 the first part of s is therefore multiplied by a factor that makes the sum of its parts
exact:

    (n_ws - 1 + η / (n_s + V η)) / (1 - 1 / (n_s + V η)) / n_ws

In way 2 the running sums cannot be changed. If s is drawn there, it is rejected with the
probability 1 - exact weight_s / weight_s, and a topic is drawn again. This probability is almost 1
for a word that occurs once if η is small. After some rejections way 1 is therefore taken, whose
topic is never rejected. The result has the exact probabilities: a rejection says nothing about the
next draw.

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
from w2v.kernels.document_topics import (
    add_topic,
    begin_document,
    end_document,
    remove_topic,
    weigh_listed,
)
from w2v.kernels.simd import WIDTH, prefetch_item, prefetch_to_read
from w2v.kernels.sparse_draws import draw_first, draw_rest, random_below

# A token is sampled by the topics of its document if its word has more than so many times as many.
# The counts that are read then are not next to each other in memory, and are slower to read. A
# million documents of 20 words with 1,000 topics take 33 to 41 s for 4 epochs, and 53 s by the
# topics of words only; reviews of 75 words take as long either way (Intel Ice Lake, 2 threads).
TIMES = 8
REJECTIONS = 8  # after so many in way 2, the topic of a token is drawn in way 1
AHEAD = 4  # what a token needs is prefetched this many tokens before it is sampled


class WordTables(NamedTuple):
    """What the sampler needs of the counts at the start of a round.

    word_topics  int32 (V, K)    n_wk; here K is rounded up to a multiple of 16
    reciprocals  float (K,)      1 / (n_k + V η)
    offsets      int64 (V + 1,)  position in `topics` and `ratios` where the topics of a word begin
    sizes        int32 (V,)      number of topics of each word
    topics       int16 (E,)      the topics of each word, ascending
    ratios       float (E,)      n_wk / (n_k + V η) of these topics
    priors       float (E,)      running sums of α_k n_wk / (n_k + V η) over the topics of each word
    smoothing    float (K,)      running sums of α_k / (n_k + V η)
    """

    word_topics: np.ndarray
    reciprocals: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray
    topics: np.ndarray
    ratios: np.ndarray
    priors: np.ndarray
    smoothing: np.ndarray


@jit
def tabulate_words(first, last, alpha, tables):
    """Write the topics of some words and their ratios to the tables.

    first   int         first word
    last    int         word after the last one
    alpha   float (K,)  the prior α
    tables  WordTables  `sizes`, `topics`, `ratios` and `priors` are changed in place
    """
    word_topics, reciprocals, offsets, sizes, topics, ratios, priors, _ = tables
    for word in range(first, last):
        at, prior = offsets[word], priors.dtype.type(0.0)
        for block in range(0, word_topics.shape[1], WIDTH):
            bits = np.int32(0)  # most blocks are zeros, which this finds in SIMD registers
            for lane in range(WIDTH):
                bits |= word_topics[word, block + lane]
            for topic in range(block, block + WIDTH if bits else block):
                count = word_topics[word, topic]
                if count > 0:
                    topics[at], ratios[at] = topic, count * reciprocals[topic]
                    prior += alpha[topic] * ratios[at]
                    priors[at] = prior
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
def prefetch_token(
    words, topics, token, listed, length, word_topics, offsets, sizes, of_words, ratios, priors
):  # fmt: skip
    """Prefetch what a token needs, see `WordTables`.

    words        int32 (N,)     word of each token
    topics       int16 (N,)     topic of each token
    token        int
    listed       int16 (K,)     the topics of the document
    length       int            number of topics of the document
    word_topics  int32 (V, K)
    offsets      int64 (V + 1,)
    sizes        int32 (V,)
    of_words     int16 (E,)
    ratios       float (E,)
    priors       float (E,)
    """
    word, topic = words[token], topics[token]
    by_document = sizes[word] > TIMES * length
    begin, end = offsets[word], offsets[word] + (0 if by_document else sizes[word])
    prefetch_to_read(word_topics, word, topic // WIDTH)
    prefetch_item(priors, begin + sizes[word] - 1 if by_document else 0)
    for i in range(length if by_document else 0):
        prefetch_to_read(word_topics, word, listed[i] // WIDTH)
    for at in range(begin, end, 32):
        prefetch_item(of_words, at)
    for at in range(begin, end, 16):
        prefetch_item(ratios, at)


@inlined
def weigh_token(
    word, at, size, length, by_document, listed, counts, word_topics, reciprocals, of_words,
    ratios, priors, mixture, sums,
):  # fmt: skip
    """Compute the first part of the weights, by the topics of the word or of the document.

    word         int            its word
    at           int            position where the topics of the word begin
    size         int            number of topics of the word
    length       int            number of topics of the document
    by_document  bool           whether to go by the topics of the document
    listed       int16 (K,)     see `DocumentTopics`
    counts       int32 (K,)
    word_topics  int32 (V, K)   see `WordTables`
    reciprocals  float (K,)
    of_words     int16 (E,)
    ratios       float (E,)
    priors       float (E,)
    mixture      float (K,)     n_dk + α_k
    sums         float (K,)     overwritten with the running sums
    Returns      (float, float), the sum, and the sum with what the prior adds by the document
    """
    # Loops of no steps in place of an `if`, which would make Numba count references.
    own, shared = (0 if by_document else size), (length if by_document else 0)
    total = weigh_word(of_words, ratios, at, at + own, mixture, sums)
    total += weigh_listed(listed, counts, shared, word, word_topics, reciprocals, sums)
    # Otherwise an item that stays in the cache is read, and counts nothing.
    prior = priors[at + size - 1 if by_document else 0]
    return total, total + prior * sums.dtype.type(by_document)


@inlined
def draw_topic(
    drawn, word_sum, with_prior, at, size, length, by_document, listed, counts, of_words, ratios,
    priors, mixture, sums, reciprocals, document_sum, smoothing, eta, state,
):  # fmt: skip
    """Draw a topic from all parts of the weights.

    drawn         int          number of draws for this token, with this one
    word_sum      float        see `weigh_token`, as the next one
    with_prior    float
    at            int          position where the topics of the word begin
    size          int          number of topics of the word
    length        int          number of topics of the document
    by_document   bool         see `draw_first`
    listed        int16 (K,)   see `DocumentTopics`
    counts        int32 (K,)
    of_words      int16 (E,)   see `WordTables`
    ratios        float (E,)
    priors        float (E,)
    mixture       float (K,)   see `without_token`
    sums          float (K,)   the running sums of the first part. The draw after the last rejection
                               overwrites them with those for the topics of the word
    reciprocals   float (K,)   1 / (n_k + V η)
    document_sum  float        the sum of n_dk / (n_k + V η)
    smoothing     float (K,)   running sums of α_k / (n_k + V η)
    eta           float        η
    state         uint64 (1,)  random state, changed in place
    Returns       (int64, float), the topic, and the sum of the weights
    """
    is_last = drawn > REJECTIONS
    own = weigh_word(of_words, ratios, at, at + (size if is_last else 0), mixture, sums)
    word_sum, with_prior = (own if is_last else word_sum), (own if is_last else with_prior)
    total = with_prior + eta * (document_sum + smoothing[smoothing.size - 1])
    threshold = random_below(total, state)
    if threshold < with_prior:
        topic = draw_first(
            threshold, word_sum, at, size, length, by_document, listed, of_words, priors, sums
        )
    else:
        topic = draw_rest(listed, counts, length, reciprocals, document_sum, smoothing, state)
    return topic, total


@inlined
def without_token(count, share, mixture, eta):
    """The exact weight of the old topic of a token, whose counts include the token itself.

    count    int    n_ws
    share    float  1 / (n_s + V η)
    mixture  float  n_ds + α_s
    eta      float  η
    Returns  (float, float, float), the exact weight as a share of the weight; the difference
             of the two weights; the mixture with which the sum of the parts is exact
    """
    one, with_token = type(eta)(1.0), type(eta)(count)
    others = with_token - one
    exact = (others + eta) / (with_token + eta) / (one - share)
    excess = mixture * (with_token + eta) * share * (one - exact)
    return exact, excess, mixture * (others + eta * share) / (one - share) / with_token


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
    document_sums  int (M, K)      changed in place: n_dk is added to it after the document has been
                                   sampled. (0, K): nothing is added
    Returns        float64, the sum of ln p(token | all others) in nats; each is computed before the
                   token is resampled, from the counts at the start of the round
    """
    # Taken out of the tuples once: each access counts a reference, which takes half of the time.
    word_topics, reciprocals, offsets, sizes, of_words, ratios, priors, smoothing = tables
    listed, counts, places, mixture, sums, alpha_sums = scratch
    eta, one, alpha_sum = alpha.dtype.type(eta), alpha.dtype.type(1.0), alpha.sum()
    mixture[: alpha.size], log_likelihood, product = alpha, 0.0, 1.0
    for document in range(first, last):
        begin, end = starts[document], starts[document + 1]
        length, ratio_sum = begin_document(
            topics, begin, end, listed, counts, places, mixture, alpha, alpha_sums, reciprocals
        )
        for token in range(begin, end):
            prefetch_token(
                words, topics, min(token + AHEAD, words.size - 1), listed, length, word_topics,
                offsets, sizes, of_words, ratios, priors,
            )  # fmt: skip
            word, old = words[token], np.int64(topics[token])
            length = remove_topic(listed, counts, places, mixture, alpha, length, old)
            ratio_sum -= reciprocals[old]
            at, size, by_document = offsets[word], sizes[word], sizes[word] > TIMES * length
            kept, share = mixture[old], reciprocals[old]
            exact, excess, mixture[old] = without_token(word_topics[word, old], share, kept, eta)
            word_sum, with_prior = weigh_token(
                word, at, size, length, by_document, listed, counts, word_topics, reciprocals,
                of_words, ratios, priors, mixture, sums,
            )  # fmt: skip
            document_sum, new, drawn = alpha.dtype.type(ratio_sum), np.int64(-1), 0
            while new < 0 or (by_document and new == old and random_below(one, state) >= exact):
                by_document, drawn = by_document and drawn < REJECTIONS, drawn + 1
                new, total = draw_topic(
                    drawn, word_sum, with_prior, at, size, length, by_document, listed, counts,
                    of_words, ratios, priors, mixture, sums, reciprocals, document_sum, smoothing,
                    eta, state,
                )  # fmt: skip
            mixture[old] = kept
            product *= (total - excess * by_document) / (end - begin - 1 + alpha_sum)
            topics[token], ratio_sum = new, ratio_sum + reciprocals[new]
            length = add_topic(listed, counts, places, mixture, alpha, length, new)
            if product < 1e-200:
                log_likelihood, product = log_likelihood + np.log(product), 1.0
        end_document(document, length, listed, counts, places, mixture, alpha, document_sums)
    return log_likelihood + np.log(product)
