"""Held-out perplexity of topics, by document completion.

Source: Wallach et al. 2009, "Evaluation methods for topic models", section 5.1. The topics of a
held-out document are inferred from its first, third, fifth token and so on, by expectation
maximisation. The loss is computed on the second, fourth token and so on, with the inferred mixture
of topics. The measure works for any model of p(word | topic); it uses neither a bound nor random
numbers.

Arrays have V terms and K topics.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.topics.inference import TopicInference


class Completion(NamedTuple):
    """The loss on the scored halves of documents.

    nats       the mean of -ln p(word) over scored tokens; nan if no token is scored
    scored     the number of scored tokens
    documents  the number of documents with a scored token
    """

    nats: float
    scored: int
    documents: int

    @property
    def perplexity(self) -> float:
        """e to the mean nats: this many equally likely words would have the same loss."""
        return math.exp(self.nats)


def document_completion(
    tokens: EncodedTerms,
    topic_words: np.ndarray,
    alpha: np.ndarray,
    threads: int = 1,
    on_progress: Callable[[int], None] = lambda documents: None,
) -> Completion:
    """Score one half of the tokens of each document with the topics of the other half.

    tokens       the terms of the held-out documents
    topic_words  float (V, K)  p(word | topic)
    alpha        float (K,)    the Dirichlet prior of topics in a document
    threads      number of threads
    on_progress  called with the number of documents whose topics are inferred
    """
    lengths = np.diff(tokens.starts)
    position = np.arange(tokens.words.size) - np.repeat(tokens.starts[:-1], lengths)
    starts = np.concatenate([[0], np.cumsum((lengths + 1) // 2)])
    observed = EncodedTerms(tokens.words[position % 2 == 0], starts)
    blocks = TopicInference(topic_words, alpha).blocks(observed, threads, on_progress)
    ends = np.cumsum(lengths // 2)  # of the words of each document that are scored
    words, total, first, done = tokens.words[position % 2 == 1], 0.0, 0, 0
    for mixtures in blocks:
        sizes = lengths[done : done + len(mixtures)] // 2
        done += len(mixtures)
        rows, last = np.repeat(np.arange(sizes.size), sizes), int(ends[done - 1])
        for begin in range(first, last, 1 << 14):
            end = min(begin + (1 << 14), last)
            shares = mixtures[rows[begin - first : end - first]]
            p = np.einsum("tk,tk->t", shares, topic_words[words[begin:end]], dtype=np.float64)
            total -= float(np.log(p).sum())
        first = last
    scored = int(words.size)
    return Completion(total / scored if scored else math.nan, scored, int((lengths > 1).sum()))
