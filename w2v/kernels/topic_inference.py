"""Topic inference (folding in): the shares θ of topics in new documents, given φ = p(word | topic).

Expectation maximisation for a document with tokens w_1 .. w_N (Hofmann 1999, with a prior α):

    p(k | w_i, θ) = θ_k φ_{k, w_i} / Σ_j θ_j φ_{j, w_i}
    θ_k           = (α_k + Σ_i p(k | w_i, θ)) / (Σ α + N)

starting from θ = α / Σ α. A document without words gets θ = 0. The prior in its place would look
like an inferred result, and would be similar to real documents.
"""

from __future__ import annotations

from w2v.kernels import jit
from w2v.kernels.simd import WIDTH, load, splat, store
from w2v.kernels.simd_counts import add, element, multiply, prefix_sums


@jit
def fold_in_topics(words, bounds, word_topic, alpha, first, last, steps, doc_topic, updated):
    """Compute the topic proportions of some documents.

    words       int32 (N,)      words of all documents, one after the other
    bounds      int64 (M + 1,)  index of the first word of each document, and N
    word_topic  float (V, K)    φ transposed, p(word | topic); 0 in columns without a topic
    alpha       float (1, K)    the prior α; 0 in columns without a topic
    first       int             first document
    last        int             document after the last one
    steps       int             number of steps of expectation maximisation
    doc_topic   float (M, K)    θ: rows `first` to `last` - 1 are overwritten
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
