"""Models of a topic sweep that are trained side by side, each on a thread of this process.

The threads share the documents and the compiled kernels, and the kernels release Python's lock.
Signals, lock files and the progress line are those of one process, as for a single model. Child
processes were not faster: 4 models of 20 topics on 20 Newsgroups, 2 at a time on 2 cores, took 26.5
s in processes and 26.2 s on threads. 3 models took 28.1 s and 19.8 s, because the threads of a
finished model go to the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from w2v.runs.executors import Threads
from w2v.runs.sweep_figures import ModelFigures
from w2v.system.progress import Progress
from w2v.system.signals import DeferredSignals

_POLL = 0.1  # seconds between updates of the progress


class _Stopped(KeyboardInterrupt):
    """Raised in the training of a model, so that it leaves a checkpoint."""


class ModelInTraining:
    """A model that is being trained; the console of its run, which prints no messages.

    topics   number of topics
    seed     seed of the random numbers
    stop     set if the training is to stop

    `engine` has the number of threads, which may be changed: it is read before each epoch.
    `share` is the share of the training that is done.
    """

    def __init__(self, topics: int, seed: int, stop: threading.Event):
        self.topics, self.seed, self._stop = topics, seed, stop
        self.engine, self.share = Threads(1, in_rounds=True), 0.0

    def say(self, message: str) -> None:
        """Print nothing: the sweep has its own messages."""

    def warn(self, message: str) -> None:
        """Print nothing: the sweep has printed the warnings about the text."""

    def show(self, state: object) -> None:
        """Note the progress, about ten times a second; KeyboardInterrupt to stop the training."""
        if isinstance(state, Progress):
            self.share = state.words / state.total
        if self._stop.is_set():
            raise _Stopped


def side_by_side(
    models: Sequence[tuple[int, int]], threads: int, at_once: int,
    train: Callable[[ModelInTraining], ModelFigures],
    keep: Callable[[ModelFigures], None],
    show: Callable[[Sequence[ModelInTraining]], None],
) -> Generator[ModelFigures, None, None]:  # fmt: skip
    """Train models, several at a time, and yield their figures as they are finished.

    models   number of topics and seed of each model, in the order in which they are begun
    threads  number of threads that the models share
    at_once  number of models that are trained at a time
    train    trains a model, on a thread of its own
    keep     keeps the figures of a finished model; called in this thread
    show     shows the progress of the models that are being trained; called in this thread
    Raises   the first exception of a training, or KeyboardInterrupt after a stop signal. The other
             trainings are stopped before, and models that are finished then are kept too
    """
    waiting, running = [*models], dict[Future[ModelFigures], ModelInTraining]()
    stop = threading.Event()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            while waiting or running:
                begun = [
                    ModelInTraining(*model, stop) for model in waiting[: at_once - len(running)]
                ]
                del waiting[: len(begun)]
                _share(threads, [*running.values(), *begun])
                running |= {pool.submit(train, model): model for model in begun}
                done = wait(running, _POLL, FIRST_COMPLETED).done
                show([*running.values()])
                for future in done:
                    del running[future]
                    figures = future.result()
                    keep(figures)
                    yield figures
        finally:
            stop.set()
            with DeferredSignals():
                for future in running:
                    if future.exception() is None:
                        keep(future.result())


def _share(threads: int, models: Sequence[ModelInTraining]) -> None:
    """Share the threads among models, as equally as possible and at least one for each."""
    for number, model in enumerate(models):
        more = number < threads % len(models)
        model.engine.threads = max(threads // len(models) + more, 1)
