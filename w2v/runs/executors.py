"""Executors, which train a model chunk by chunk or in closed form, on the threads of this machine.

The executors of a cluster are in `cluster.executor`; `api` chooses between the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from w2v.runs.request import Request
from w2v.settings import TextSettings
from w2v.system.progress import Progress
from w2v.system.resources import blas_threads, processors
from w2v.text.corpus import Corpus
from w2v.text.encode import read
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training import loop
from w2v.training.chunks import Chunk, Plan
from w2v.training.protocols import (
    ClosedFormTrainer,
    GradientTrainer,
    HasWorkers,
    IterativeTrainer,
    PreparesChunks,
    SgdTrainer,
    Trainer,
)
from w2v.training.state import TrainingState

OnProgress = Callable[[Progress | str], None]
# The signature of `encode.read`: (corpus, settings, on_block, known, unknown, fixed).
Read = Callable[
    [Corpus, TextSettings, Callable[[int], None], Mapping[str, int], bool, str | None],
    tuple[Vocabulary, EncodedText],
]


class Executor(Protocol):
    """The interface that a run trains a model through, the same for every kind of model.

    threads   number of training threads
    state     the progress of the run; set by `prepare`
    """

    threads: int
    state: TrainingState

    @property
    def read(self) -> Read:
        """The function that reads a text: see `encode.read`."""

    @property
    def identity(self) -> str:
        """The number of threads as a checkpoint records it; see `ChunkExecutor.identity`."""

    @property
    def trainer(self) -> Trainer:
        """The trainer of the model; set by `prepare`."""

    def use(self, request: Request) -> None:
        """Replace the request, before `prepare`, by one with other settings of the same model."""

    def prepare(self, vocabulary: Vocabulary, text: EncodedText) -> None:
        """Make the trainer and the plan of its chunks. No matrix is allocated yet."""

    def memory_bytes(self) -> int:
        """Estimate the bytes that training and writing need beyond the memory already in use."""

    def allocate(self) -> None:
        """Allocate the matrices and initialise them."""

    def warm_up(self) -> None:
        """Load the kernels. Kernels that were never used on this machine are compiled."""

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Restore the state from a checkpoint, after its matrices were copied into the trainer.

        saved  the state as JSON values, see `TrainingState.saved`
        """

    def estimate(self, on_progress: OnProgress, seconds: float) -> None:
        """Train for about `seconds` seconds to measure the speed, without changing the state."""

    def train(self, on_progress: OnProgress, seconds: float) -> None:
        """Train to the end of the epoch, or for about `seconds` seconds if that is earlier."""

    def fetch(self) -> bool:
        """Copy the results of the workers into the matrices of this process.

        Returns  False if a worker died and its results are lost. The state is then set back, so
                 that the lost chunks are trained again
        """

    @property
    def epochs(self) -> int:
        """Number of epochs of the run; 0 in closed form."""

    @property
    def epochs_done(self) -> int:
        """Number of complete epochs."""

    @property
    def words(self) -> int:
        """Number of words that are trained, over all epochs."""

    @property
    def chunk_words(self) -> int:
        """Approximate number of words in a chunk."""

    @property
    def is_done(self) -> bool:
        """Whether the training is complete."""


class Engine(Protocol):
    """Trains chunks on the threads of this process, or on the workers of a cluster."""

    threads: int  # number of training threads, in all workers together

    @property
    def read(self) -> Read:
        """The function that reads a text: see `encode.read`."""

    @property
    def threads_here(self) -> int:
        """Number of training threads that need memory of this process."""

    def use(self, request: Request) -> None:
        """Replace the request, see `Executor.use`."""

    def warm_up(self, trainer: IterativeTrainer, plan: Plan) -> None:
        """Load the kernels."""

    def run(
        self,
        trainer: IterativeTrainer,
        plan: Plan,
        on_progress: OnProgress,
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        """Train, and update the state: see `loop.run`.

        seconds  about how long to train
        before   number of the first chunk that is not trained
        """

    def fetch(self) -> bool:
        """Copy the results of the workers into the matrices, see `Executor.fetch`."""


@dataclass
class Threads:
    """Trains chunks on the threads of this process.

    threads    number of training threads
    in_rounds  whether the threads train in synchronous rounds; otherwise they are lock-free
               (Hogwild)
    """

    threads: int
    in_rounds: bool

    @property
    def read(self) -> Read:
        """The function that reads a text in this process."""
        return read

    @property
    def threads_here(self) -> int:
        """Number of training threads that need memory of this process: all of them."""
        return self.threads

    def use(self, request: Request) -> None:
        """Do nothing: the trainer has the settings."""

    def warm_up(self, trainer: IterativeTrainer, plan: Plan) -> None:
        """Load the kernels by training an empty chunk, and in rounds also by merging it."""
        empty_chunk = plan.nothing()
        if self.in_rounds:
            shards = trainer.shards(plan)
            if isinstance(shards, PreparesChunks):
                shards.preparer()(empty_chunk, 0)
                shards.arrange(1)
                shards.begin_round(0.0)
            shards.worker()(empty_chunk, 0)
            if isinstance(trainer, HasWorkers):
                shards.merge(0, 1)
        else:
            assert isinstance(trainer, HasWorkers)
            trainer.worker()(empty_chunk)

    def run(
        self,
        trainer: IterativeTrainer,
        plan: Plan,
        on_progress: OnProgress,
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        """Train until chunk `before`, or for about `seconds` seconds, see `Engine.run`."""
        loop.run(trainer, plan, self.threads, on_progress, seconds, state, before, self.in_rounds)

    def fetch(self) -> bool:
        """Do nothing: the threads change the matrices of this process."""
        return True


class ChunkExecutor:
    """Trains the chunks of a plan: the executor of all models but those in closed form.

    request  the options and files of the run
    engine   trains the chunks, on the threads of this process or on a cluster
    """

    trainer: IterativeTrainer
    plan: Plan
    state: TrainingState

    def __init__(self, request: Request, engine: Engine):
        self._request, self._engine = request, engine
        self.threads = engine.threads
        self.read = engine.read

    @property
    def identity(self) -> str:
        """The number of threads, as far as the result depends on it.

        For lock-free threads it is "1" or "several": the result of one thread is the same in each
        run, that of several threads is not. For other methods it is the exact number, because
        without --deterministic a minibatch or a round has one part for each thread.
        """
        if self._request.model.method == "sgd":
            return "1" if self.threads == 1 else "several"
        return str(self.threads)

    def use(self, request: Request) -> None:
        """Replace the request, before `prepare`, by one with other settings of the same model."""
        self._request = request
        self._engine.use(request)

    def prepare(self, vocabulary: Vocabulary, text: EncodedText) -> None:
        """Make the trainer and the plan of its chunks."""
        request, initial = self._request, self._request.initial
        earlier = initial.topics if initial else None
        trainer = request.model.make_trainer(vocabulary, text, request.trainer_options, earlier)
        assert isinstance(trainer, IterativeTrainer)
        if isinstance(trainer, SgdTrainer):
            trainer.share_rows(trainer.find_shared_rows(initial.subwords if initial else None))
        self.trainer = trainer
        self.plan = trainer.plan(self.threads)
        self.state = TrainingState.start(self.plan)

    def memory_bytes(self) -> int:
        """Estimate the bytes that training and writing need beyond the memory already in use."""
        threads = self._engine.threads_here
        trainer, best_bytes = self.trainer, 0
        if self._request.keeps_best and isinstance(trainer, GradientTrainer):
            best_bytes = trainer.best_bytes(threads)
        return trainer.memory_bytes(threads) + best_bytes

    def allocate(self) -> None:
        """Allocate the matrices and initialise them."""
        self.trainer.begin(self.plan.shards)

    def warm_up(self) -> None:
        """Load the kernels."""
        self._engine.warm_up(self.trainer, self.plan)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Restore the state from a checkpoint."""
        self.state = TrainingState.restored(self.plan, saved)
        self.trainer.restored()

    def estimate(self, on_progress: OnProgress, seconds: float) -> None:
        """Train from the first chunk for about `seconds` seconds, without changing the state."""
        start = TrainingState.start(self.plan)
        self._engine.run(self.trainer, self.plan, on_progress, seconds, start, len(self.plan))

    def train(self, on_progress: OnProgress, seconds: float) -> None:
        """Train to the end of the epoch, or for about `seconds` seconds if that is earlier."""
        before = self.plan.epoch_end(self.state.chunks_done)
        self._engine.run(self.trainer, self.plan, on_progress, seconds, self.state, before)

    def fetch(self) -> bool:
        """Copy the results of the workers into the matrices, see `Executor.fetch`."""
        return self._engine.fetch()

    @property
    def epochs(self) -> int:
        """Number of epochs of the run."""
        return self.plan.epochs

    @property
    def words(self) -> int:
        """Number of words that are trained, over all epochs."""
        return self.plan.words

    @property
    def chunk_words(self) -> int:
        """Approximate number of words in a chunk."""
        return self.plan.length

    @property
    def epochs_done(self) -> int:
        """Number of complete epochs."""
        return self.state.chunks_done * self.plan.epochs // len(self.plan)

    @property
    def is_done(self) -> bool:
        """Whether all chunks are trained."""
        return self.state.chunks_done == len(self.plan)


class ClosedFormExecutor:
    """Computes a model in closed form: there are no chunks, no epochs and no checkpoints.

    request  the options and files of the run
    threads  number of threads
    solve    the function (trainer, threads, on_progress) that computes the model; None: compute it
             on the threads of this process
    reader   the function that reads a text; None: read it in this process
    """

    trainer: ClosedFormTrainer
    epochs = epochs_done = words = chunk_words = 0

    def __init__(
        self, request: Request, threads: int, solve: Solve | None = None, reader: Read | None = None
    ):
        self._request, self.threads = request, threads
        self._solve = solve or _solve_here
        self.identity = "several"  # not used, because only checkpoints record it
        self.read: Read = reader or read
        self.is_done = False
        self.state = TrainingState(Chunk(0, 0, 0, 0, 0), [])

    def use(self, request: Request) -> None:
        """Replace the request, before `prepare`, by one with other settings of the same model."""
        self._request = request

    def prepare(self, vocabulary: Vocabulary, text: EncodedText) -> None:
        """Make the trainer."""
        trainer = self._request.model.make_trainer(vocabulary, text, self._request.trainer_options)
        assert isinstance(trainer, ClosedFormTrainer)
        self.trainer = trainer

    def memory_bytes(self) -> int:
        """Estimate the bytes that computing and writing need beyond the memory already in use."""
        return self.trainer.memory_bytes(self.threads)

    def allocate(self) -> None:
        """Allocate the matrices that initial vectors are copied into."""
        self.trainer.begin()

    def warm_up(self) -> None:
        """Do nothing: the computation compiles its kernels itself."""

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Do nothing: there are no checkpoints."""

    def estimate(self, on_progress: OnProgress, seconds: float) -> None:
        """Do nothing: the speed of a part does not predict the time of the whole computation."""

    def train(self, on_progress: OnProgress, seconds: float = math.inf) -> None:
        """Compute the matrices. BLAS has one thread, because its threads change the last digits."""
        with blas_threads(1):
            self._solve(self.trainer, self.threads, on_progress)
        self.is_done = True

    def fetch(self) -> bool:
        """Do nothing: the matrices are in this process."""
        return True


Solve = Callable[[ClosedFormTrainer, int, OnProgress], None]


def _solve_here(trainer: ClosedFormTrainer, threads: int, on_progress: OnProgress) -> None:
    trainer.solve(threads, lambda share: on_progress(f"computing {share:6.1%}"))


def local_executor(request: Request) -> Executor:
    """Make the executor that trains the model of a request on the threads of this process."""
    threads, method = request.run.threads or processors(), request.model.method
    if method == "closed form":
        return ClosedFormExecutor(request, threads)
    in_rounds = request.is_deterministic or method != "sgd"
    return ChunkExecutor(request, Threads(threads, in_rounds))
