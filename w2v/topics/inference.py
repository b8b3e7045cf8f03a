"""Topic inference for new documents, by expectation maximisation (EM).

Arrays have M documents, V terms and K topics.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from w2v.factorization.term_matrix import ROWS, EncodedTerms
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.topic_inference import fold_in_topics

STEPS = 50  # number of steps of EM


class TopicInference:
    """Infers the shares of topics in documents.

    topic_words  float (V, K)  p(word | topic)
    alpha        float (K,)    the Dirichlet prior of topics in a document
    """

    def __init__(self, topic_words: np.ndarray, alpha: np.ndarray):
        self._words, self._topics = topic_words.shape
        columns = -(-self._topics // WIDTH) * WIDTH  # as kernels need; the extra columns are 0
        self._topic_words, self._alpha = aligned((self._words, columns)), aligned((1, columns))
        self._topic_words[:, : self._topics], self._alpha[0, : self._topics] = topic_words, alpha

    def mixtures(
        self,
        tokens: EncodedTerms,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The shares of topics in each document, float32 (M, K).

        The row of a document sums to 1; the row of a document without terms is zeros. It depends
        on the words of that document only. `on_progress` is called with the number of documents
        that are done.
        """
        count = tokens.starts.size - 1
        shares = aligned((count, self._alpha.shape[1]))

        def infer(first: int) -> int:
            last = min(first + ROWS, count)
            fold_in_topics(
                tokens.words, tokens.starts, self._topic_words, self._alpha, first, last, STEPS,
                shares, aligned(self._alpha.shape),
            )  # fmt: skip
            return last

        pool = ThreadPoolExecutor(threads)
        try:
            for done in pool.map(infer, range(0, count, ROWS)):
                on_progress(done)
        finally:
            pool.shutdown(cancel_futures=True)
        return shares[:, : self._topics]
