"""Executors of runs on a cluster: engines that train by SGD or sample LDA, and a solver of LSA."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol, cast

from w2v.cluster import text_reader
from w2v.cluster.chunk_data import LocalText, RemoteText
from w2v.cluster.connection import Cluster
from w2v.cluster.lda_rounds import ClusterGibbs
from w2v.cluster.model_replica import ModelSetup
from w2v.cluster.rounds import MAX_RESTARTS, ClusterRounds
from w2v.cluster.svd_products import ClusterProducts
from w2v.cluster.text_reader import NotOnWorkersError
from w2v.factorization.svd import Products, Sparse
from w2v.runs.executors import (
    ChunkExecutor,
    ClosedFormExecutor,
    Executor,
    OnProgress,
    Read,
    Threads,
)
from w2v.runs.request import Request
from w2v.settings import TextSettings
from w2v.system.progress import plural
from w2v.system.resources import processors
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import read
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.records import RecordCorpus
from w2v.text.vocabulary import Vocabulary
from w2v.topics.lda import LdaTrainer
from w2v.training.chunks import Plan
from w2v.training.protocols import ClosedFormTrainer, IterativeTrainer, SgdTrainer
from w2v.training.state import TrainingState


class ClusterEngine:
    """Trains word and document vectors; the result is that of --deterministic on one machine.

    Workers read the text. The words of sentences stay with them. Those of documents are fetched and
    sent with each chunk, because every epoch puts other documents into a chunk.

    cluster  the connection to the scheduler and its workers
    request  the model and the settings of the run
    """

    def __init__(self, cluster: Cluster, request: Request):
        self._cluster, self._request = cluster, request
        self.threads = self.threads_here = cluster.threads()
        self.read = _reader(cluster)
        self._rounds: ClusterRounds | None = None

    def use(self, request: Request) -> None:
        """Replace the request, before the first round."""
        self._request = request

    def warm_up(self, trainer: IterativeTrainer, plan: Plan) -> None:
        """Compile the kernels into the cache, which the workers of this machine also use."""
        Threads(1, in_rounds=True).warm_up(trainer, plan)

    def run(
        self,
        trainer: IterativeTrainer,
        plan: Plan,
        on_progress: OnProgress,
        seconds: float,
        state: TrainingState,
        stop_before: int,
    ) -> None:
        """Train until chunk `stop_before`, or for about `seconds` seconds."""
        if self._rounds is None:
            assert isinstance(trainer, SgdTrainer)
            self._rounds = self._make_rounds(trainer, plan)
        self._rounds.run(on_progress, seconds, state, stop_before)

    def _make_rounds(self, trainer: SgdTrainer, plan: Plan) -> ClusterRounds:
        """Make the rounds of a run, with the facts that workers need for it."""
        request, text = self._request, trainer.text
        options, vocabulary = request.options, trainer.vocabulary
        names = vocabulary.names if request.composes_words else range(len(vocabulary.names))
        setup = ModelSetup(
            self._cluster.run, request.model.name, options, names, vocabulary.counts,
            trainer.frozen, trainer.ngram_rows,
            len(text.names) if isinstance(text, EncodedDocuments) else 0,
            plan.longest, plan.most_spans,
        )  # fmt: skip
        source = text if isinstance(text, RemoteText) else LocalText(text)
        return ClusterRounds(self._cluster, trainer, plan, setup, source)

    def fetch(self) -> bool:
        """Do nothing: each round updates the matrices of this process."""
        return True


class ClusterGibbsEngine:
    """Trains LDA; the result is that of --deterministic on one machine.

    Workers read the documents. This process fetches their words, and sends those of each group of
    documents to the worker that samples them.
    """

    threads_here = 1

    def __init__(self, cluster: Cluster):
        self._cluster, self.threads = cluster, cluster.threads()
        self.read = _reader(cluster)
        self._rounds: ClusterGibbs | None = None

    def use(self, request: Request) -> None:
        """Do nothing: the trainer has the settings."""

    def warm_up(self, trainer: IterativeTrainer, plan: Plan) -> None:
        """Compile the kernels into the cache. No thread of this process samples."""
        Threads(1, in_rounds=True).warm_up(trainer, plan)
        trainer.restored()

    def run(
        self,
        trainer: IterativeTrainer,
        plan: Plan,
        on_progress: OnProgress,
        seconds: float,
        state: TrainingState,
        stop_before: int,
    ) -> None:
        """Sample until chunk `stop_before`, or for about `seconds` seconds."""
        if self._rounds is None:
            assert isinstance(trainer, LdaTrainer)
            self._rounds = ClusterGibbs(self._cluster, trainer, plan, trainer.settings)
        self._rounds.run(on_progress, seconds, state, stop_before)

    def fetch(self) -> bool:
        """Fetch the topics from the workers.

        Return False if a worker died with some of the topics. The run then goes back to the state
        at the last fetch of the topics.
        """
        return self._rounds is None or self._rounds.fetch_topics()


class _ProductTrainer(Protocol):
    """The trainer of a closed-form model that is computed by products with a sparse matrix: LSA."""

    def solve(
        self,
        threads: int,
        on_share: Callable[[float], None],
        products: Callable[[Sparse, int], Products],
    ) -> None:
        """Compute the matrices, as `ClosedFormTrainer.solve` does.

        products  a function of a matrix and a number of threads, which makes the object that
                  multiplies the matrix
        """


def cluster_executor(request: Request, cluster: Cluster) -> Executor:
    """Make the executor that carries out a request on a cluster."""
    if request.model.method == "closed form":
        threads = request.run.threads or processors()
        # The matrix of sentences, that of PPMI, is computed in this process from all their words.
        reader = _reader(cluster) if request.documents else None
        return ClosedFormExecutor(request, threads, _solver(cluster), reader)
    if request.model.method == "gibbs":
        return ChunkExecutor(request, ClusterGibbsEngine(cluster))
    return ChunkExecutor(request, ClusterEngine(cluster, request))


def _reader(cluster: Cluster) -> Read:
    """Make the function that reads a text on the workers."""

    def read_by_workers(
        corpus: Corpus,
        settings: TextSettings,
        on_block: Callable[[int], None],
        known: Mapping[str, int],
        unknown: bool,
        fixed: str | None,
    ) -> tuple[Vocabulary, EncodedText]:
        """Read a text on the workers: see `text_reader.read`. `unknown` is ignored.

        Documents that workers cannot read are read by this process, which reports what is wrong.
        Sentences that are the texts of records are always read by this process.
        """
        if isinstance(corpus, RecordCorpus) and not isinstance(corpus, DocumentCorpus):
            return read(corpus, settings, on_block, known, unknown, fixed)

        def on_share(share: float) -> None:
            """Pass the progress on as a number of bytes."""
            corpus.bytes_read = int(share * (corpus.size or 0))
            on_block(0)

        for _ in range(MAX_RESTARTS + 1):
            # The scheduler may end while the workers read.
            with suppress(*cluster.data_loss_errors):
                try:
                    return text_reader.read(cluster, corpus, settings, on_share, known, fixed)
                except NotOnWorkersError:
                    break
        else:
            raise cluster.workers_lost(MAX_RESTARTS + 1)
        corpus.begin()
        return read(corpus, settings, on_block, known, unknown, fixed)

    return read_by_workers


def _solver(cluster: Cluster) -> Callable[[ClosedFormTrainer, int, OnProgress], None]:
    """Make the solver of a closed-form model. The cluster computes only the matrix products."""

    def solve(trainer: ClosedFormTrainer, threads: int, on_progress: OnProgress) -> None:
        """Compute the matrices of a trainer."""
        workers = plural(cluster.workers(), "worker")
        cast(_ProductTrainer, trainer).solve(
            threads,
            lambda share: on_progress(f"computing {share:6.1%}, {workers}"),
            lambda matrix, threads: ClusterProducts(cluster, matrix, threads),
        )

    return solve
