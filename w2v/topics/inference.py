"""Topic inference for new documents, by expectation maximisation (EM).

Arrays have M documents, V terms and K topics.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np

from w2v.factorization.term_matrix import ROWS, EncodedTerms
from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.topic_inference import fold_in_topics

STEPS = 50  # number of steps of EM


class TopicInference:
    """Infers the shares of topics in documents.

    topic_words  float (V, K)  p(word | topic)
    alpha        float (K,)    the Dirichlet prior of topics in a document

    `topics` is K.
    """

    def __init__(self, topic_words: np.ndarray, alpha: np.ndarray):
        self._words, self.topics = topic_words.shape
        columns = -(-self.topics // WIDTH) * WIDTH  # as kernels need; the extra columns are 0
        self._topic_words, self._alpha = aligned((self._words, columns)), aligned((1, columns))
        self._topic_words[:, : self.topics], self._alpha[0, : self.topics] = topic_words, alpha

    def mixtures(
        self,
        tokens: EncodedTerms,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The shares of topics in each document, float32 (M, K), see `blocks`."""
        shares, done = np.empty((tokens.starts.size - 1, self.topics), np.float32), 0
        for block in self.blocks(tokens, threads, on_progress):
            shares[done : done + len(block)] = block
            done += len(block)
        return shares

    def blocks(
        self,
        tokens: EncodedTerms,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> Iterator[np.ndarray]:
        """The shares of topics in the next documents, float32 (R, K), until all are inferred.

        The row of a document sums to 1; the row of a document without terms is zeros. It depends
        on the words of that document only. `on_progress` is called with the number of documents
        that are done.
        """
        count = tokens.starts.size - 1

        def infer(first: int) -> np.ndarray:
            last = min(first + ROWS, count)
            shares = aligned((last - first, self._alpha.shape[1]))
            starts = tokens.starts[first : last + 1]
            fold_in_topics(
                tokens.words[starts[0] : starts[-1]], starts - starts[0], self._topic_words,
                self._alpha, 0, last - first, STEPS, shares, aligned(self._alpha.shape),
            )  # fmt: skip
            return shares[:, : self.topics]

        pool, done = ThreadPoolExecutor(threads), 0
        pending: deque[Future[np.ndarray]] = deque()
        firsts = iter(range(0, count, ROWS))
        try:
            while done < count:
                # One block more than threads, so that none waits while a block is used.
                for first in islice(firsts, threads + 1 - len(pending)):
                    pending.append(pool.submit(infer, first))
                block = pending.popleft().result()
                done += len(block)
                on_progress(done)
                yield block
        finally:
            pool.shutdown(cancel_futures=True)
