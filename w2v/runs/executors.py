"""How a run is carried out: chunk by chunk or in closed form, by the threads of this machine.

The same for a cluster is in `cluster.executor`; `api` chooses between the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from w2v.runs.request import Request
from w2v.settings import TextSettings
from w2v.system.progress import Progress
from w2v.system.resources import processors
from w2v.text.corpus import Corpus
from w2v.text.encode import read
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training import loop
from w2v.training.chunks import Chunk, Plan
from w2v.training.protocols import (
    ClosedFormTrainer,
    GradientTrainer,
    IterativeTrainer,
    SgdTrainer,
    Trainer,
)
from w2v.training.state import TrainingState

OnProgress = Callable[[Progress | str], None]
# As `encode.read`: (corpus, settings, on_block, known, unknown, fixed)
Read = Callable[
    [Corpus, TextSettings, Callable[[int], None], Mapping[str, int], bool, str | None],
    tuple[Vocabulary, EncodedText],
]


class Executor(Protocol):
    """What the steps of a run ask for; the same for every kind of model.

    threads   how many train
    read      reads a text: see `encode.read`
    trainer   after `prepare`
    state     after `prepare`: how far the run is
    """

    threads: int
    state: TrainingState

    @property
    def read(self) -> Read:
        """What reads a text."""

    @property
    def identity(self) -> str:
        """What of the number of threads the result follows from."""

    @property
    def trainer(self) -> Trainer:
        """What the model brings."""

    def prepare(self, vocabulary: Vocabulary, text: EncodedText) -> None:
        """Make the trainer, and the plan of its chunks; no matrix is allocated yet."""

    def memory_bytes(self) -> int:
        """Bytes that training and writing take besides what is used, about."""

    def allocate(self) -> None:
        """Allocate the matrices, with their initial values."""

    def warm_up(self) -> None:
        """Load the kernels, which compiles those that were never used on this machine."""

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from the state in a checkpoint, whose matrices are in the trainer's."""

    def estimate(self, on_progress: OnProgress, seconds: float) -> None:
        """Train for some seconds, to see how long all would take."""

    def train(self, on_progress: OnProgress, seconds: float) -> None:
        """Train to the end of the epoch, or for about so many seconds."""

    def fetch(self) -> bool:
        """Bring what workers hold into the matrices; False where some is lost, to be done again."""

    @property
    def epochs(self) -> int:
        """How many there are in all; none in closed form."""

    @property
    def epochs_done(self) -> int:
        """How many epochs are trained to their end."""

    @property
    def words(self) -> int:
        """How many are trained in all epochs."""

    @property
    def chunk_words(self) -> int:
        """How many words a chunk has, about."""

    @property
    def is_done(self) -> bool:
        """Whether all is trained."""


class Engine(Protocol):
    """Where chunks are trained: by the threads of this process, or by the workers of a cluster."""

    threads: int  # of all workers

    @property
    def read(self) -> Read:
        """What reads a text."""

    @property
    def threads_here(self) -> int:
        """How many of them are of this process, and take its memory."""

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
        """Train until chunk `before`, or for about so many seconds: see `loop.run`."""

    def fetch(self) -> bool:
        """Bring what workers hold into the matrices; False where some is lost, to be done again."""


@dataclass
class Threads:
    """The threads of this process: lock-free (Hogwild), or in synchronous rounds."""

    threads: int
    in_rounds: bool

    @property
    def read(self) -> Read:
        """What reads a text: this process."""
        return read

    @property
    def threads_here(self) -> int:
        """All of them."""
        return self.threads

    def warm_up(self, trainer: IterativeTrainer, plan: Plan) -> None:
        """Train a chunk without a word, and merge it."""
        nothing = plan.nothing()
        if self.in_rounds:
            shards = trainer.shards(plan)
            shards.worker()(nothing, 0)
            if isinstance(trainer, SgdTrainer):
                shards.merge(0, 1)
        else:
            assert isinstance(trainer, SgdTrainer)
            trainer.worker()(nothing)

    def run(
        self,
        trainer: IterativeTrainer,
        plan: Plan,
        on_progress: OnProgress,
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        """Train until chunk `before`, or for about so many seconds."""
        loop.run(trainer, plan, self.threads, on_progress, seconds, state, before, self.in_rounds)

    def fetch(self) -> bool:
        """All that has been trained is here."""
        return True


class ChunkExecutor:
    """Trains the chunks of a plan: all models but those in closed form."""

    trainer: IterativeTrainer
    plan: Plan
    state: TrainingState

    def __init__(self, request: Request, engine: Engine):
        self._request, self._engine = request, engine
        self.threads = engine.threads
        self.read = engine.read

    @property
    def identity(self) -> str:
        """Of lock-free threads only whether there is one, of rounds how many share a round."""
        if self._request.model.method == "sgd":
            return "1" if self.threads == 1 else "several"
        return str(self.threads)

    def prepare(self, vocabulary: Vocabulary, text: EncodedText) -> None:
        """Make the trainer, and the plan of its chunks."""
        trainer = self._request.model.make_trainer(vocabulary, text, self._request.options)
        assert isinstance(trainer, IterativeTrainer)
        self.trainer = trainer
        self.plan = trainer.plan(self.threads)
        self.state = TrainingState.start(self.plan)

    def memory_bytes(self) -> int:
        """Bytes that training and writing take besides what is used, about."""
        here = self._engine.threads_here
        trainer, best = self.trainer, 0
        if self._request.keeps_best and isinstance(trainer, GradientTrainer):
            best = trainer.best_bytes(here)
        return trainer.memory_bytes(here) + best

    def allocate(self) -> None:
        """Allocate the matrices, with their initial values."""
        self.trainer.begin(self.plan.shards)

    def warm_up(self) -> None:
        """Load the kernels."""
        self._engine.warm_up(self.trainer, self.plan)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from the state in a checkpoint."""
        self.state = TrainingState.restored(self.plan, saved)
        self.trainer.restored()

    def estimate(self, on_progress: OnProgress, seconds: float) -> None:
        """Train from the start for some seconds."""
        start = TrainingState.start(self.plan)
        self._engine.run(self.trainer, self.plan, on_progress, seconds, start, len(self.plan))

    def train(self, on_progress: OnProgress, seconds: float) -> None:
        """Train to the end of the epoch, or for about so many seconds."""
        before = self.plan.epoch_end(self.state.chunks_done)
        self._engine.run(self.trainer, self.plan, on_progress, seconds, self.state, before)

    def fetch(self) -> bool:
        """Bring what workers hold into the matrices; False where some is lost, to be done again."""
        return self._engine.fetch()

    @property
    def epochs(self) -> int:
        """How many there are in all."""
        return self.plan.epochs

    @property
    def words(self) -> int:
        """How many are trained in all epochs."""
        return self.plan.words

    @property
    def chunk_words(self) -> int:
        """How many words a chunk has, about."""
        return self.plan.length

    @property
    def epochs_done(self) -> int:
        """How many epochs are trained to their end."""
        return self.state.chunks_done * self.plan.epochs // len(self.plan)

    @property
    def is_done(self) -> bool:
        """Whether all chunks are trained."""
        return self.state.chunks_done == len(self.plan)


class ClosedFormExecutor:
    """Computes a model in one go: there are no chunks, no epochs and no checkpoints.

    solve  (trainer, threads, on_share): how; None: by the threads of this process
    """

    trainer: ClosedFormTrainer
    epochs = epochs_done = words = chunk_words = 0

    def __init__(self, request: Request, threads: int, solve: Solve | None = None):
        self._request, self.threads = request, threads
        self._solve = solve or _solve_here
        self.identity = "several"
        self.read: Read = read
        self.is_done = False
        self.state = TrainingState(Chunk(0, 0, 0, 0, 0), [])

    def prepare(self, vocabulary: Vocabulary, text: EncodedText) -> None:
        """Make the trainer."""
        trainer = self._request.model.make_trainer(vocabulary, text, self._request.options)
        assert isinstance(trainer, ClosedFormTrainer)
        self.trainer = trainer

    def memory_bytes(self) -> int:
        """Bytes that computing and writing take besides what is used, about."""
        return self.trainer.memory_bytes(self.threads)

    def allocate(self) -> None:
        """Allocate what initial vectors are copied into."""
        self.trainer.begin()

    def warm_up(self) -> None:
        """What compiles kernels is the computation itself."""

    def restore(self, saved: Mapping[str, Any]) -> None:
        """There are no checkpoints."""

    def estimate(self, on_progress: OnProgress, seconds: float) -> None:
        """A part of the computation tells nothing of the whole."""

    def train(self, on_progress: OnProgress, seconds: float = math.inf) -> None:
        """Compute the result."""
        self._solve(self.trainer, self.threads, on_progress)
        self.is_done = True

    def fetch(self) -> bool:
        """All is here."""
        return True


Solve = Callable[[ClosedFormTrainer, int, OnProgress], None]


def _solve_here(trainer: ClosedFormTrainer, threads: int, on_progress: OnProgress) -> None:
    trainer.solve(threads, lambda share: on_progress(f"computing {share:6.1%}"))


def local_executor(request: Request) -> Executor:
    """How the run of a request is carried out by the threads of this process."""
    threads, method = request.run.threads or processors(), request.model.method
    if method == "closed form":
        return ClosedFormExecutor(request, threads)
    in_rounds = request.is_deterministic or method != "sgd"
    return ChunkExecutor(request, Threads(threads, in_rounds))
