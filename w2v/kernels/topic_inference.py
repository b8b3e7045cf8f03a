"""Folding in: the topics θ of new documents, where the words φ of each topic are known.

Expectation maximisation for a document with tokens w_1 .. w_N (Hofmann 1999, with a prior α):

    p(k | w_i, θ) = θ_k φ_{k, w_i} / Σ_j θ_j φ_{j, w_i}
    θ_k           = (α_k + Σ_i p(k | w_i, θ)) / (Σ α + N)

from θ = α / Σ α on. A document without a word has θ = 0: the prior would look like knowledge, and
be near to real documents.
"""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.simd import WIDTH, load, splat, store
from w2v.kernels.simd_counts import add, element, multiply, prefix_sums


@jit
def fold_in_topics(words, bounds, word_topic, alpha, first, last, steps, doc_topic, updated):
    """Find the topics' shares in some documents.

    words       int32 (N,)      words of all documents, one after the other
    bounds      int64 (M + 1,)  where each document begins, and N
    word_topic  float (V, K)    φ transposed, p(word | topic); 0 where there is no topic
    alpha       float (1, K)    0 where there is no topic
    first       int             the first document
    last        int             the document after the last
    steps       int             of expectation maximisation
    doc_topic   float (M, K)    θ: rows from `first` to `last` - 1 are overwritten
    updated     float (1, K)    scratch
    """
    registers, alpha_sum, dtype = alpha.shape[1] // WIDTH, alpha.sum(), alpha.dtype.type
    for document in range(first, last):
        begin, end = bounds[document], bounds[document + 1]
        if begin == end:
            doc_topic[document, :] = dtype(0.0)
            continue
        doc_topic[document, :] = alpha[0, :] / alpha_sum
        for _ in range(steps):
            updated[0, :] = alpha[0, :]
            for token in range(begin, end):
                word = words[token]
                sums = splat(dtype(0.0))
                for register in range(registers):
                    phi = load(word_topic, word, register)
                    sums = add(sums, multiply(phi, load(doc_topic, document, register)))
                total = element(prefix_sums(sums), WIDTH - 1)
                share = splat(dtype(1 / total) if total > 0 else dtype(0.0))
                for register in range(registers):
                    phi = multiply(load(word_topic, word, register), share)
                    p = multiply(phi, load(doc_topic, document, register))
                    store(updated, 0, register, add(load(updated, 0, register), p))
            doc_topic[document, :] = updated[0, :] / updated.sum()
