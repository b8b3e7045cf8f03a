"""The topics of documents, where the words of topics are known."""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.simd import WIDTH, load, splat, store
from w2v.kernels.simd_counts import add, multiply, number_at, running_sums


@jit
def mix_topics(words, bounds, topic_words, alpha, first, last, steps, mixtures, fresh):
    """Find the topics' shares in some documents by expectation maximisation.

    words        int32 (N,)      words of all documents, one after the other
    bounds       int64 (M + 1,)  where each document begins, and N
    topic_words  float (V, K)    p(word | topic), 0 where there is no topic
    alpha        float (1, K)    0 where there is no topic
    first        int             the first document
    last         int             the document after the last
    steps        int
    mixtures     float (M, K)    rows from `first` to `last` - 1 are overwritten: with zeros where
                                 a document has no word
    fresh        float (1, K)    scratch
    Source: each step puts theta_k in proportion to alpha_k + sum over tokens of p(k | token, theta)
    """
    registers, prior, kind = alpha.shape[1] // WIDTH, alpha.sum(), alpha.dtype.type
    for document in range(first, last):
        begin, end = bounds[document], bounds[document + 1]
        if begin == end:  # the prior would look like knowledge, and be near to real documents
            mixtures[document, :] = kind(0.0)
            continue
        mixtures[document, :] = alpha[0, :] / prior
        for _ in range(steps):
            fresh[0, :] = alpha[0, :]
            for token in range(begin, end):
                word = words[token]
                sums = splat(kind(0.0))
                for register in range(registers):
                    of_word = load(topic_words, word, register)
                    sums = add(sums, multiply(of_word, load(mixtures, document, register)))
                total = number_at(running_sums(sums), WIDTH - 1)
                share = splat(kind(1 / total) if total > 0 else kind(0.0))
                for register in range(registers):
                    of_word = multiply(load(topic_words, word, register), share)
                    more = multiply(of_word, load(mixtures, document, register))
                    store(fresh, 0, register, add(load(fresh, 0, register), more))
            mixtures[document, :] = fresh[0, :] / fresh.sum()
