"""The training loop of all iterative models: starts worker threads, reports progress, stops."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from w2v.system.progress import Progress
from w2v.system.signals import DeferredSignals
from w2v.training.chunks import Plan
from w2v.training.protocols import IterativeTrainer
from w2v.training.state import TrainingState
from w2v.training.workers import HogwildWorkers, RoundWorkers, Workers


def run(
    trainer: IterativeTrainer,
    plan: Plan,
    threads: int,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    seconds: float = math.inf,
    state: TrainingState | None = None,
    stop_before: int | None = None,
    in_rounds: bool = False,
) -> TrainingState:
    """Train the chunks of a plan on worker threads.

    trainer      a `SgdTrainer`; with `in_rounds` any `IterativeTrainer`
    plan         the chunks of the run
    threads      number of worker threads
    on_progress  called in the calling thread about ten times a second, and at the end
    seconds      time limit. When it is reached, chunks that are being trained are finished, and no
                 other chunks are started
    state        the state to continue from, changed in place, even if an exception ends the run;
                 None: start with the first chunk
    stop_before  number of the first chunk that is not trained; None: train all chunks. A
                 synchronous round that contains this chunk and earlier chunks is trained whole
    in_rounds    whether to train in synchronous rounds, whose result does not depend on the number
                 of threads, see `RoundWorkers`. Otherwise the threads are lock-free
    Returns      the state at the end
    Raises       DivergedError if a loss is not finite; KeyboardInterrupt after a stop signal. The
                 chunks that are being trained are finished first, so that no thread still changes
                 the matrices
    """
    state = TrainingState.start(plan) if state is None else state
    chunks = len(plan) if stop_before is None else min(stop_before, len(plan))
    workers: Workers
    if in_rounds:
        workers = RoundWorkers(trainer, plan, state, chunks, min(threads, plan.shards))
        threads = 1  # one thread distributes the work over the pool of threads of RoundWorkers
    else:
        workers = HogwildWorkers(trainer, plan, state, chunks, threads)
    start_time, earlier_seconds = time.monotonic(), state.seconds

    def report() -> None:
        state.seconds = earlier_seconds + time.monotonic() - start_time
        with workers.lock:
            progress = progress_of(trainer, plan, state)
        on_progress(progress)

    worker_threads = [threading.Thread(target=workers.work, daemon=True) for _ in range(threads)]
    with DeferredSignals() as signals:
        try:
            for thread in worker_threads:
                thread.start()
            while alive := next((thread for thread in worker_threads if thread.is_alive()), None):
                alive.join(0.1)
                if signals.received or time.monotonic() - start_time > seconds:
                    workers.stop.set()
                report()
        finally:
            workers.stop.set()
            # The caller may write the matrices to a file: no thread may still change them then.
            with DeferredSignals():
                for thread in worker_threads:
                    if thread.ident is not None:  # the system may have refused to start it
                        thread.join()
    if workers.failures:
        raise workers.failures[0]
    report()
    return state


def progress_of(
    trainer: IterativeTrainer, plan: Plan, state: TrainingState, note: str = ""
) -> Progress:
    """The progress report of a run.

    note  text that is shown after the trainer's note on the loss
    """
    epoch, lr = state.latest.epoch, trainer.lr_at(state.latest.begin)
    pairs = state.pairs(epoch)
    # At the start of an epoch the loss of the epoch before is shown.
    loss = state.mean_loss(epoch if pairs else epoch - 1)
    loss_note = trainer.loss_note(epoch, pairs, loss) if pairs else ""
    return Progress(
        epoch + 1, plan.epochs, state.words, plan.words, state.seconds, lr, loss, state.resumed,
        ", ".join(filter(None, (loss_note, note))),
    )  # fmt: skip
