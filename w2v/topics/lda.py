"""Latent Dirichlet allocation (LDA): training by collapsed Gibbs sampling, and inference.

Documents are mixtures of topics, and topics are distributions over words (Blei, Ng and Jordan
2003). The sampler is that of Griffiths and Steyvers 2004, see `kernels.gibbs`. Its state is the
topic of each token; all counts are computed from this state. The result is the average of the
counts at the end of each epoch after burn-in. The counts can be averaged because all epochs belong
to one Markov chain, in which topics keep their numbers.

Terms are the words of the vocabulary that the model keeps. Arrays have M documents, V terms and K
topics. In formulas, n_w is the number of tokens of word w, and n_wk the number of those that have
topic k. s_wk are the pseudo-counts of seed words (`topics.seeds`), which are 0 for other words. In
an update, n_w and n_wk include the tokens of the model that is updated (`topics.earlier_topics`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from w2v.embeddings import container
from w2v.embeddings.table import Table
from w2v.errors import NothingToLearnError
from w2v.factorization import term_matrix
from w2v.factorization.term_matrix import EncodedTerms
from w2v.kernels.simd import WIDTH, aligned
from w2v.settings import TextSettings
from w2v.system.progress import plural
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.vocabulary import Vocabulary
from w2v.topics import topic_samples
from w2v.topics.coherence import TOP_WORDS, Coherence, measure_coherence
from w2v.topics.document_mixtures import sparse_tensors
from w2v.topics.earlier_topics import EarlierTopics
from w2v.topics.gibbs_rounds import GibbsRounds, TopicCounts, sum_type
from w2v.topics.inference import TopicInference
from w2v.topics.seeds import (
    NO_SEEDS,
    place_seeds,
    read_pseudo_counts,
    read_seeds,
    stored_topic_names,
)
from w2v.topics.sparse_counts import NO_COUNTS, SparseCounts
from w2v.topics.sparse_rounds import SparseRounds
from w2v.topics.topic_words import TopicWords, top_words
from w2v.training.chunks import GibbsPlan, Plan

_TOKENS = 1 << 20  # approximate limit of the number of tokens in a chunk
# The limit is raised to this many tokens for each term, because a chunk copies the counts of all
# terms: copying takes a small part of the time if the chunk is long.
_PER_TERM = 100
# With the sparse sampler, a round has at most so many tokens. It has more if that is less than one
# token for so many entries of the counts of words and topics, because a round reads all entries. An
# epoch has at most so many rounds, because more do not make the topics better.
_SPARSE_TOKENS, _ENTRIES, _ROUNDS = 1 << 18, 64, 32


class LdaTrainer:
    """Trains the topics of a text.

    vocabulary  the words of the text and their counts
    text        the documents, encoded in this vocabulary
    settings    `models.lda.Settings`
    earlier     the topics of the model that is updated, whose words are in the vocabulary; None:
                train a new model
    Raises      W2VError if the settings leave no term; NothingToLearnError in an update without a
                token of a term
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: EncodedDocuments,
        settings: Any,
        earlier: EarlierTopics | None = None,
    ):
        self._vocabulary, self._text, self.settings = vocabulary, text, settings
        self.kernels = ("gibbs", *(["sparse_gibbs"] if settings.is_sparse else []))
        size = len(vocabulary.names)
        earlier_ids = _ids_of(earlier.names if earlier else [], vocabulary)
        is_earlier = np.zeros(size, np.bool_)
        is_earlier[earlier_ids] = True
        self.kept = term_matrix.choose(
            vocabulary, term_matrix.count_terms(text, size), settings, is_earlier
        )
        self.tokens = term_matrix.encode_terms(text, self.kept, size)
        self.matrices: dict[str, np.ndarray] = {}
        self._rounds: GibbsRounds | SparseRounds | None = None
        self._seeds, self._earlier = NO_SEEDS, earlier
        if earlier:
            if not self.tokens.words.size:
                raise NothingToLearnError(
                    "none of its words is in the model, and --stopwords, --min-df, --max-df or "
                    "--drop-top leave out the others"
                )
            self._earlier = earlier.renumbered(np.searchsorted(self.kept, earlier_ids))
            self._seeds = self._earlier.seeds

    def place_seeds(self, text: TextSettings) -> list[str]:
        """Read the seed words (--seeds), before `begin`; returns messages about them.

        text    the settings of tokenizing the text, which apply to seed words too
        Raises  W2VError for wrong seeds, see `topics.seeds`; OSError if the file cannot be read
        """
        set_ = self.settings
        if set_.seeds is not None:
            seeds = read_seeds(set_.seeds, set_.topics)
            self._seeds = place_seeds(
                seeds, set_.topics, self._vocabulary.names, self.kept, self._word_counts(), text
            )
        return self._seeds.notes

    @property
    def _earlier_counts(self) -> SparseCounts:
        """The counts of words and topics of the model that is updated."""
        return self._earlier.counts if self._earlier else NO_COUNTS

    def _word_counts(self) -> np.ndarray:
        """n_w, the number of tokens of each term; int64 (V,)."""
        pairs, size = self._earlier_counts, self.kept.size
        earlier = np.bincount(pairs.words, pairs.counts, size).astype(np.int64)  # exact in float64
        return np.bincount(self.tokens.words, minlength=size) + earlier

    def plan(self, threads: int) -> Plan:
        """The chunks of a run."""
        shards = self.settings.shards if self.settings.deterministic else threads
        chunk_tokens = max(_TOKENS, _PER_TERM * self.kept.size)
        if self.settings.is_sparse:
            entries = self.kept.size * self.settings.topics
            fewest = self.tokens.words.size // _ROUNDS
            chunk_tokens = max(_SPARSE_TOKENS, entries // _ENTRIES, fewest) // shards + 1
        return GibbsPlan(self.tokens.starts, self.settings.epochs, shards, chunk_tokens)

    def _shapes(self) -> dict[str, tuple[tuple[int, ...], type]]:
        """The shape and dtype of each matrix but the small `alpha_sums`, see `TopicCounts`."""
        topics = -(-self.settings.topics // WIDTH) * WIDTH  # as kernels need
        tokens = self.tokens.words.size
        documents, samples, averaged = len(self._text.names), 0, self.settings.averaged
        if self.settings.document_table == "sparse":
            documents, samples = 0, topic_samples.sample_count(self.settings)
        return {
            "topics": ((tokens,), np.int16),
            "word_sums": ((self.kept.size, topics), np.float32),
            "document_sums": ((documents, topics), sum_type(self.tokens.starts, averaged)),
            "topic_samples": ((samples, tokens), np.int16),
            "alpha": ((1, topics), np.float32),
            "eta": ((1,), np.float64),
        }

    def matrix_bytes(self) -> int:
        """The size in bytes of the matrices, in memory or in a temporary file."""
        return sum(map(_bytes, self._shapes().values()))

    def memory_bytes(self, threads: int) -> int:
        """An estimate of the bytes that sampling and writing need on top of the memory in use.

        Arrays of documents that are in a temporary file are left out.
        """
        shapes = self._shapes()
        counts, documents = _bytes(shapes["word_sums"]), _bytes(shapes["document_sums"])
        samples, matrices = _bytes(shapes["topic_samples"]), self.matrix_bytes()
        if self._text.mapped:
            matrices, documents = matrices - documents - samples, 0
        sampling = (1 + 2 * threads) * counts  # the counts, and two copies for each thread
        if self.settings.is_sparse:
            pairs = self._earlier_counts.words.size
            sampling = counts + SparseRounds.memory_bytes(self.tokens.words.size, pairs)
        writing = 2 * (documents + counts)
        if samples:
            longest = int(np.diff(self.tokens.starts).max(initial=0))
            writing += topic_samples.tally_bytes(self.tokens.words.size, longest)
        return matrices + max(sampling, writing)

    def begin(self, shards: int) -> None:
        """Allocate the matrices, set the priors, and draw a random topic for each token.

        shards  the number of chunks in a round
        """
        set_ = self.settings
        of_documents = "document_sums", "topic_samples"
        self.matrices = {
            name: self._text.allocate(*shape) if name in of_documents else aligned(*shape)
            for name, shape in self._shapes().items()
        }
        self.matrices["alpha_sums"] = np.zeros((shards, self.matrices["alpha"].size))
        earlier = self._earlier
        self.matrices["alpha"][0, : set_.topics] = earlier.alpha if earlier else set_.alpha
        self.matrices["eta"][0] = earlier.eta if earlier else set_.eta
        self._draw_topics(self.matrices["topics"])

    def _draw_topics(self, topics: np.ndarray) -> None:
        """Draw the first topic of each token, int16 (N,), in place.

        All topics are as probable, but for seed words, and in an update.
        """
        words, rng = self.tokens.words, np.random.default_rng(self.settings.seed)
        if self._earlier:
            self._earlier.draw_topics(words, topics, rng)
            return
        topics[:] = rng.integers(0, self.settings.topics, words.size, np.int16)
        self._seeds.pseudo_counts.draw_topics(words, topics, rng)

    def vectors(self, name: str) -> np.ndarray:
        """The matrix of this name."""
        return self.matrices[name]

    def lr_at(self, share: float) -> float:
        """Not a number: Gibbs sampling has no learning rate."""
        return math.nan

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """An empty note: the loss needs no explanation."""
        return ""

    def shards(self, plan: Plan) -> GibbsRounds | SparseRounds:
        """The rounds of a plan; the counts are computed from the topics of the tokens."""
        if self._rounds is None:
            rounds = SparseRounds if self.settings.is_sparse else GibbsRounds
            self._rounds = rounds(*self._counts_arguments(plan))
        self._rounds.dismiss_workers()
        return self._rounds

    def counts(self, plan: Plan) -> TopicCounts:
        """The counts without rounds, for a run whose rounds are sampled on a cluster."""
        return TopicCounts(*self._counts_arguments(plan))

    def _counts_arguments(
        self, plan: Plan
    ) -> tuple[EncodedTerms, dict[str, np.ndarray], Any, int, SparseCounts, SparseCounts]:
        """The arguments of `TopicCounts`."""
        end, pseudo = plan.words // plan.epochs, self._seeds.pseudo_counts
        return self.tokens, self.matrices, self.settings, end, pseudo, self._earlier_counts

    def restored(self) -> None:
        """Discard the counts, after a checkpoint has replaced the topics of the tokens."""
        self._rounds = None

    def word_topics(self) -> np.ndarray:
        """The average number of tokens of each word that have each topic; float32 (V, K)."""
        set_ = self.settings
        return self.matrices["word_sums"][:, : set_.topics] / set_.averaged

    def summary(self) -> str:
        """A line about the result, for the report at the end."""
        alpha, eta = self.matrices["alpha"].sum(), self.matrices["eta"][0]
        earlier = int(self._earlier_counts.counts.sum(dtype=np.int64))
        older = f" and {earlier:,} of the model that was updated" if earlier else ""
        npmi = [topic.npmi for topic in self._coherence if topic.npmi is not None]
        mean = f"{np.mean(npmi):.3f}" if npmi else "unknown"
        return (
            f"{plural(self.settings.topics, 'topic')} of {plural(self.kept.size, 'term')} in "
            f"{plural(self.tokens.words.size, 'token')}{older}; NPMI {mean}; "
            f"alpha sums to {alpha:.3g}, eta is {eta:.3g}"
        )

    @cached_property
    def _coherence(self) -> list[Coherence]:
        """The coherence of each topic, computed once, when sampling has ended."""
        self._rounds = None  # frees the memory of the counts
        weights = self.word_topics()
        self._seeds.pseudo_counts.add_to(weights)
        return measure_coherence(self.tokens, top_words(weights, TOP_WORDS))

    def facts(self) -> dict[str, Any]:
        """Facts about the result, for the metadata of the file."""
        return {
            "coherence": [topic._asdict() for topic in self._coherence],
            "terms": self.kept.size,
        }

    def _prior(self) -> np.ndarray:
        """The prior of topics in documents, float32 (1, K); not a copy."""
        return self.matrices["alpha"][:, : self.settings.topics]

    def tables(self) -> dict[str, Table]:
        """The tables of words, whose rows hold p(topic | word), and of documents if it is dense."""
        names, eta = self._vocabulary.names, self.matrices["eta"][0]
        words = self.word_topics() + np.float32(eta)
        words /= words.sum(axis=1, keepdims=True)
        terms = Table.build([names[row] for row in self.kept], words, self._word_counts())
        if self.settings.document_table == "sparse":
            return {"words": terms}
        return {"documents": self._documents(), "words": terms}

    def _documents(self) -> Table:
        """The table of documents.

        The row of a document holds its shares of topics, which sum to 1; the row of a document
        without terms is zeros.
        """
        sums, averaged = self.matrices["document_sums"], self.settings.averaged
        documents = self._text.allocate((len(sums), self.settings.topics))
        sizes = np.diff(self.tokens.starts)
        for begin in range(0, len(sums), term_matrix.ROWS):
            block = sums[begin : begin + term_matrix.ROWS, : self.settings.topics] / averaged
            block += self._prior()
            # Without this, a document without terms would get the shares of the prior.
            block *= sizes[begin : begin + term_matrix.ROWS, None] > 0
            sums_of_rows = np.maximum(block.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
            documents[begin : begin + term_matrix.ROWS] = block / sums_of_rows
        return Table.build(self._text.names, documents, sizes)

    def tensors(self) -> dict[str, np.ndarray]:
        """The other arrays of the file: the priors, seeds and documents; with `keep_state` a state.

        Documents are among them if their table is sparse. The state has the terms of all tokens,
        the starts of the documents, and the topics.
        """
        tensors = {"alpha": self._prior()[0].copy(), "eta": self.matrices["eta"]}
        if self.settings.document_table == "sparse":
            samples = self.matrices["topic_samples"]
            mixtures = topic_samples.tally_samples(samples, self.tokens, tensors["alpha"])
            tensors |= container.name_tensors("documents", self._text.names, mixtures.lengths)
            tensors |= sparse_tensors(mixtures)
        if self._seeds.names:
            tensors |= self._seeds.tensors()
        if self.settings.keep_state:
            tensors["state.words"], tensors["state.starts"] = self.tokens
            tensors["state.topics"] = self.matrices["topics"]
        return tensors


def _bytes(array: tuple[tuple[int, ...], type]) -> int:
    """The size in bytes of an array, from its shape and dtype."""
    return math.prod(array[0]) * np.dtype(array[1]).itemsize


def _ids_of(names: list[str], vocabulary: Vocabulary) -> np.ndarray:
    """The word ids, int64, of some words of a vocabulary."""
    ids = {name: number for number, name in enumerate(vocabulary.names)} if names else {}
    return np.array([ids[name] for name in names], np.int64)


def topic_words(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """p(word | topic), float32 (V, K), from p(topic | word) and the word counts in a file.

    The file has p(k | w) = (n_wk + eta) / (n_w + K eta), from which n_wk + eta is computed, and the
    pseudo-counts s_wk of seed words. p(w | k) is n_wk + eta + s_wk divided by its sum over words.
    Raises  KeyError or ValueError if tensors are missing, or their shapes or values are wrong
    """
    counts, matrix = tensors["words.counts"], tensors["words.matrix"]
    alpha = container.check_array(tensors, "alpha", "f", matrix.shape[1:])
    eta = container.check_array(tensors, "eta", "f", (1,))
    if len(matrix) != counts.size or not (alpha > 0).all():
        raise ValueError("alpha, words.counts or words.matrix")
    words = matrix * (counts + alpha.size * eta[0])[:, None]
    read_pseudo_counts(tensors, matrix.shape).add_to(words)
    sums = words.sum(axis=0)
    is_finite = np.isfinite(sums).all() and np.isfinite(alpha).all()
    if not (is_finite and (sums > 0).all() and words.min() >= 0):
        raise ValueError("alpha, eta, words.counts or words.matrix")
    return (words / sums).astype(np.float32)


def read_topics(tensors: Mapping[str, np.ndarray]) -> TopicWords:
    """The topics in a file, from the tensors of the file."""
    weights, alpha = topic_words(tensors), tensors["alpha"]
    sizes = tensors["words.counts"] @ tensors["words.matrix"].astype(np.float64)
    return TopicWords(weights, sizes / sizes.sum(), alpha, stored_topic_names(tensors, alpha.size))


class LdaInference:
    """Infers the topics of new documents.

    settings  `models.lda.Settings` of the model
    tensors   the tensors of the model's file
    Raises    KeyError or ValueError if tensors are missing, or their shapes or values are wrong
    """

    def __init__(self, settings: Any, tensors: Mapping[str, np.ndarray]):
        if tensors["alpha"].size != settings.topics:
            raise ValueError("alpha, words.counts or words.matrix")
        self._mixer = TopicInference(topic_words(tensors), tensors["alpha"])
        self._words = tensors["words.counts"].size

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """The shares of topics in each document, float32 (M, K): see `TopicInference.mixtures`."""
        return self._mixer.mixtures(self._terms(text), threads, on_progress)

    def blocks(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> Iterator[np.ndarray]:
        """The shares of topics in the next documents, float32 (R, K): `TopicInference.blocks`."""
        return self._mixer.blocks(self._terms(text), threads, on_progress)

    def _terms(self, text: EncodedDocuments) -> EncodedTerms:
        """The terms of documents that are encoded in the vocabulary of the model."""
        return term_matrix.encode_terms(text, np.arange(self._words), self._words)
