"""The relevance of words to topics, which orders the words of a topic for people to read.

Source: Sievert and Shirley 2014, "LDAvis: A method for visualizing and interpreting topics",
section 3.1. The relevance of word w to topic k is

    lambda log p(w | k) + (1 - lambda) log(p(w | k) / p(w)).

With lambda 1, words are ordered by their probability in the topic; with lambda 0 by how many times
more probable they are in the topic than in the whole text. As in LDAvis, p(w) is the sum of
p(w | k) p(k) over all topics. Arrays have V words and K topics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2v.topics.topic_words import TopicWords

_TINY = np.finfo(np.float32).tiny


class Relevance:
    """The relevance of each word to each topic.

    topics  the topics of a model of probabilities
    """

    def __init__(self, topics: TopicWords):
        self._weights = topics.weights
        marginal = topics.weights @ topics.sizes.astype(np.float32)
        self._log_marginal = np.log(np.maximum(marginal, _TINY))

    def logarithms(self, topic: int) -> tuple[np.ndarray, np.ndarray]:
        """log p(w | k) and log(p(w | k) / p(w)) of each word, float32 (V,) each.

        A probability of 0 is replaced by a very small one.
        """
        log_p = np.log(np.maximum(self._weights[:, topic], _TINY))
        return log_p, log_p - self._log_marginal

    def of(self, topic: int, lambda_: float) -> np.ndarray:
        """The relevance of each word to a topic, float32 (V,)."""
        return _relevance(*self.logarithms(topic), lambda_)

    def top_words(self, topic: int, lambdas: Sequence[float], count: int) -> np.ndarray:
        """The words that are among the `count` most relevant ones with any of the lambdas.

        Returns  their rows, int64, in ascending order
        """
        log_p, log_lift = self.logarithms(topic)
        count = min(count, log_p.size)
        rows = [
            np.argpartition(-_relevance(log_p, log_lift, each), count - 1)[:count]
            for each in lambdas
        ]
        return np.unique(np.concatenate(rows))


def _relevance(log_p: np.ndarray, log_lift: np.ndarray, lambda_: float) -> np.ndarray:
    """The weighted mean of the two logarithms, float32 (V,)."""
    return np.float32(lambda_) * log_p + np.float32(1 - lambda_) * log_lift
