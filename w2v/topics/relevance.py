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


class Relevance:
    """The two logarithms of which the relevance of each word to each topic is made.

    topics  the topics of a model of probabilities

    `log_p` is log p(w | k) and `log_lift` is log(p(w | k) / p(w)); float32 (K, V). Words of
    probability 0 have a very small number in place of minus infinity.
    """

    def __init__(self, topics: TopicWords):
        p = np.maximum(topics.weights.T, np.finfo(np.float32).tiny)
        self.log_p = np.log(p)
        self.log_lift = self.log_p - np.log(topics.sizes @ p).astype(np.float32)

    def of(self, topic: int, lambda_: float) -> np.ndarray:
        """The relevance of each word to a topic, float32 (V,)."""
        return np.float32(lambda_) * self.log_p[topic] + (
            np.float32(1 - lambda_) * self.log_lift[topic]
        )

    def top_words(self, topic: int, lambdas: Sequence[float], count: int) -> np.ndarray:
        """The words that are among the `count` most relevant ones with any of the lambdas.

        Returns  their rows, int64, in ascending order
        """
        count = min(count, self.log_p.shape[1])
        rows = [np.argpartition(-self.of(topic, each), count - 1)[:count] for each in lambdas]
        return np.unique(np.concatenate(rows))
