"""Held-out perplexity: how well the first half of a document predicts the second.

Source: document completion, Wallach et al. 2009, "Evaluation methods for topic models", section
5.1. Of each document's words the first, third, fifth and so on are read, its topics inferred from
these by expectation maximisation, and the second, fourth and so on are scored by the mixture. So it
is one number for any model of p(word | topic), with no bound in it and nothing drawn at random.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.topics.inference import TopicInference


class Completion(NamedTuple):
    """The loss on the halves of documents that are scored.

    nats       the mean of -ln p(word)
    scored     how many words
    documents  how many had any to score
    """

    nats: float
    scored: int
    documents: int

    @property
    def perplexity(self) -> float:
        """As many words, equally likely, would be as hard to predict."""
        return math.exp(self.nats)


def document_completion(
    tokens: EncodedTerms,
    topic_words: np.ndarray,
    alpha: np.ndarray,
    threads: int = 1,
    on_progress: Callable[[int], None] = lambda documents: None,
) -> Completion:
    """Score the second halves of documents by the topics of their first halves.

    topic_words  float (V, K)  p(word | topic)
    alpha        float (K,)    the prior
    """
    lengths = np.diff(tokens.starts)
    place = np.arange(tokens.words.size) - np.repeat(tokens.starts[:-1], lengths)
    starts = np.concatenate([[0], np.cumsum((lengths + 1) // 2)])
    read = EncodedTerms(tokens.words[place % 2 == 0], starts)
    mixtures = TopicInference(topic_words, alpha).mixtures(read, threads, on_progress)
    rows = np.repeat(np.arange(lengths.size), lengths // 2)
    words = tokens.words[place % 2 == 1]
    total = 0.0
    for begin in range(0, words.size, 1 << 14):
        span = slice(begin, begin + (1 << 14))
        p = np.einsum("tk,tk->t", mixtures[rows[span]], topic_words[words[span]], dtype=np.float64)
        total -= float(np.log(p).sum())
    scored = int(words.size)
    return Completion(total / scored if scored else math.nan, scored, int((lengths > 1).sum()))
