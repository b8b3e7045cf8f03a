"""Latent Dirichlet allocation: documents mix topics, topics are distributions over words.

Source: Blei, Ng and Jordan 2003; sampled as Griffiths and Steyvers 2004 do, see `kernels.gibbs`. A
topic is kept for each token, and all else follows from these. The counts of the sweeps after
`burn_in` are averaged, in one chain, in which topics keep their numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from w2v.embeddings.table import Table
from w2v.factorization import term_matrix
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.simd import WIDTH, aligned
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary
from w2v.topics.coherence import TOP_WORDS, Coherence, measure_coherence
from w2v.topics.gibbs_rounds import GibbsRounds, TopicCounts
from w2v.topics.inference import TopicInference
from w2v.topics.topic_words import TopicWords, top_words
from w2v.training.chunks import GibbsPlan, Plan

_TOKENS = 1 << 20  # a chunk has at least so many, where the text does
_PER_WORD = 100  # and so many for each word, whose counts are copied for it


class LdaTrainer:
    """The topics of a text, by sampling.

    vocabulary  words and their counts
    text        documents
    settings    of the model
    Raises      W2VError where no term is left
    """

    kernels = ("documents", "gibbs")

    def __init__(self, vocabulary: Vocabulary, text: EncodedDocuments, settings: Any):
        self._vocabulary, self._text, self.settings = vocabulary, text, settings
        size = len(vocabulary.names)
        self.kept = term_matrix.choose(vocabulary, term_matrix.count_terms(text, size), settings)
        self.tokens = term_matrix.encode_terms(text, self.kept, size)
        self.matrices: dict[str, np.ndarray] = {}
        self._rounds: GibbsRounds | None = None

    def plan(self, threads: int) -> Plan:
        """The chunks of a run: as few rounds as make the copies of all counts worth while."""
        shards = self.settings.shards if self.settings.deterministic else threads
        longest = max(_TOKENS, _PER_WORD * self.kept.size)
        return GibbsPlan(self.tokens.starts, self.settings.epochs, shards, longest)

    def _shapes(self) -> dict[str, tuple[tuple[int, ...], type]]:
        topics = -(-self.settings.topics // WIDTH) * WIDTH
        return {
            "topics": ((self.tokens.words.size,), np.int16),
            "word_sums": ((self.kept.size, topics), np.float32),
            "document_sums": ((len(self._text.names), topics), np.int32),
            "alpha": ((1, topics), np.float32),
            "eta": ((1,), np.float64),
        }

    def matrix_bytes(self) -> int:
        """What the matrices take in memory."""
        return sum(
            math.prod(shape) * np.dtype(kind).itemsize for shape, kind in self._shapes().values()
        )

    def memory_bytes(self, threads: int) -> int:
        """Bytes that sampling on some threads and writing take, about, besides what is used."""
        shapes = self._shapes()
        counts = 4 * math.prod(shapes["word_sums"][0])
        results = 4 * math.prod(shapes["document_sums"][0]) + counts
        return self.matrix_bytes() + max((1 + 2 * threads) * counts, 2 * results)

    def begin(self, shards: int) -> None:
        """Give each token a topic at random; `shards` is how many chunks a round has."""
        set_ = self.settings
        shapes = self._shapes()
        rows, topics = shapes.pop("document_sums")[0]
        self.matrices = {name: aligned(*how) for name, how in shapes.items()}
        self.matrices["document_sums"] = self._text.allocate((rows, topics), np.int32)
        self.matrices["alpha_sums"] = np.zeros((shards, self.matrices["alpha"].size))
        rng = np.random.default_rng(set_.seed)
        self.matrices["topics"][:] = rng.integers(0, set_.topics, self.tokens.words.size, np.int16)
        self.matrices["alpha"][0, : set_.topics] = set_.alpha
        self.matrices["eta"][0] = set_.eta

    def vectors(self, name: str) -> np.ndarray:
        """One of the matrices."""
        return self.matrices[name]

    def lr_at(self, share: float) -> float:
        """Sampling has no learning rate."""
        return math.nan

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """Nothing but the loss."""
        return ""

    def shards(self, plan: Plan) -> GibbsRounds:
        """The rounds of a plan, and the counts that follow from the tokens' topics."""
        if self._rounds is None:
            self._rounds = GibbsRounds(*self._counted(plan))
        self._rounds.dismiss_workers()
        return self._rounds

    def counts(self, plan: Plan) -> TopicCounts:
        """The counts alone, for rounds that are sampled elsewhere."""
        return TopicCounts(*self._counted(plan))

    def _counted(self, plan: Plan) -> tuple[EncodedTerms, dict[str, np.ndarray], Any, int]:
        return self.tokens, self.matrices, self.settings, plan.words // plan.epochs

    def restored(self) -> None:
        """The tokens' topics have been changed: nothing else holds any more."""
        self._rounds = None

    def word_topics(self) -> np.ndarray:
        """How often each word has each topic, averaged; float32 (V, K)."""
        set_ = self.settings
        return self.matrices["word_sums"][:, : set_.topics] / set_.averaged

    def summary(self) -> str:
        """What was found, for people."""
        alpha, eta = self.matrices["alpha"].sum(), self.matrices["eta"][0]
        npmi = [topic.npmi for topic in self._coherence if topic.npmi is not None]
        mean = f"{np.mean(npmi):.3f}" if npmi else "unknown"
        return (
            f"{self.settings.topics:,} topics of {self.kept.size:,} terms in "
            f"{self.tokens.words.size:,} tokens; NPMI {mean}; "
            f"alpha sums to {alpha:.3g}, eta is {eta:.3g}"
        )

    @cached_property
    def _coherence(self) -> list[Coherence]:
        self._rounds = None  # all is sampled: free the memory of the counts
        return measure_coherence(self.tokens, top_words(self.word_topics(), TOP_WORDS))

    def facts(self) -> dict[str, Any]:
        """What was found, for the file."""
        return {
            "coherence": [topic._asdict() for topic in self._coherence],
            "terms": self.kept.size,
        }

    def _prior(self) -> np.ndarray:
        return self.matrices["alpha"][:, : self.settings.topics]

    def tables(self) -> dict[str, Table]:
        """Documents by the shares of their topics, words by p(topic | word).

        A document without a term has no shares: its row is zero.
        """
        names, eta = self._vocabulary.names, self.matrices["eta"][0]
        sums, averaged = self.matrices["document_sums"], self.settings.averaged
        documents = self._text.allocate((len(sums), self.settings.topics))
        sizes = np.diff(self.tokens.starts)
        for begin in range(0, len(sums), term_matrix.ROWS):
            block = sums[begin : begin + term_matrix.ROWS, : self.settings.topics] / averaged
            block += self._prior()
            block *= (
                sizes[begin : begin + term_matrix.ROWS, None] > 0
            )  # else the prior, which says nothing
            sums_of_rows = np.maximum(block.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
            documents[begin : begin + term_matrix.ROWS] = block / sums_of_rows
        words = self.word_topics() + np.float32(eta)
        words /= words.sum(axis=1, keepdims=True)
        counts = np.bincount(self.tokens.words, minlength=self.kept.size)
        return {
            "documents": Table.build(self._text.names, documents, sizes),
            "words": Table.build([names[row] for row in self.kept], words, counts),
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs to infer new documents, and to tell each token's topic."""
        found = {"alpha": self._prior()[0].copy(), "eta": self.matrices["eta"]}
        if self.settings.keep_state:
            found["state.words"], found["state.starts"] = self.tokens
            found["state.topics"] = self.matrices["topics"]
        return found


def topic_words(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """p(word | topic) from p(topic | word) and the words' counts; float32 (V, K).

    p(k | w) is (n_wk + eta) / (n_w + K eta), so that n_wk + eta need not be kept besides.
    """
    counts, alpha, eta = (tensors[name] for name in ("words.counts", "alpha", "eta"))
    matrix = tensors["words.matrix"]
    if matrix.shape != (counts.size, alpha.size) or not (alpha > 0).all():
        raise ValueError("alpha")
    words = matrix * (counts + alpha.size * eta[0])[:, None]
    sums = words.sum(axis=0)
    if not (np.isfinite(sums).all() and np.isfinite(alpha).all() and (sums > 0).all()):
        raise ValueError("words.matrix")
    if words.min() < 0:
        raise ValueError("words.matrix")
    return (words / sums).astype(np.float32)


def read_topics(tensors: Mapping[str, np.ndarray]) -> TopicWords:
    """The topics in a file."""
    weights, alpha = topic_words(tensors), tensors["alpha"]
    sizes = tensors["words.counts"] @ tensors["words.matrix"].astype(np.float64)
    return TopicWords(weights, sizes / sizes.sum(), alpha)


class LdaInference:
    """Topics of new documents; KeyError or ValueError where the arrays of a file do not fit."""

    def __init__(self, settings: Any, tensors: Mapping[str, np.ndarray]):
        if tensors["alpha"].size != settings.topics:
            raise ValueError("alpha")
        self._mixer = TopicInference(topic_words(tensors), tensors["alpha"])
        self._words = tensors["words.counts"].size

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The topics of all documents of a text, float32 (M, K): `TopicInference.mixtures`."""
        tokens = term_matrix.encode_terms(text, np.arange(self._words), self._words)
        return self._mixer.mixtures(tokens, threads, on_progress)
