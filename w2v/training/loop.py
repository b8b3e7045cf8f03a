"""The training loop of all iterative models: worker threads, progress reports, stops."""

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
    seconds      time limit: chunks that are being trained at that time are finished, no others
                 are started
    state        the state to continue from; changed in place, even if an exception ends the run
    stop_before  number of the first chunk that is not trained; default: train all. A synchronous
                 round that begins before this chunk is trained to its end
    in_rounds    synchronous rounds, whose result does not depend on the number of threads, see
                 `RoundWorkers`
    Returns      the state at the end
    Raises       DivergedError if a loss is not finite; KeyboardInterrupt. The chunks that are being
                 trained are finished first, so that no thread still writes to the matrices
    """
    state = TrainingState.start(plan) if state is None else state
    before = len(plan) if stop_before is None else min(stop_before, len(plan))
    workers: Workers
    if in_rounds:
        workers = RoundWorkers(trainer, plan, state, before, min(threads, plan.shards))
        threads = 1  # RoundWorkers has its own pool of threads
    else:
        workers = HogwildWorkers(trainer, plan, state, before)
    began, passed = time.monotonic(), state.seconds

    def report() -> None:
        state.seconds = passed + time.monotonic() - began
        with workers.lock:
            progress = progress_of(trainer, plan, state)
        on_progress(progress)

    pool = [threading.Thread(target=workers.work, daemon=True) for _ in range(threads)]
    with DeferredSignals() as signals:
        try:
            for thread in pool:
                thread.start()
            while alive := next((thread for thread in pool if thread.is_alive()), None):
                alive.join(0.1)
                if signals.received or time.monotonic() - began > seconds:
                    workers.stop.set()
                report()
        finally:
            workers.stop.set()
            # The caller may write the matrices to a file: no thread may still change them then.
            with DeferredSignals():
                for thread in pool:
                    thread.join()
    if workers.failures:
        raise workers.failures[0]
    report()
    return state


def progress_of(
    trainer: IterativeTrainer, plan: Plan, state: TrainingState, note: str = ""
) -> Progress:
    """The progress report of a run; `note` is shown after the trainer's own note on the loss."""
    epoch, lr = state.latest.epoch, trainer.lr_at(state.latest.begin)
    losses = state.mean_losses()[: epoch + 1]
    trained = [loss for loss in losses[-2:] if not math.isnan(loss)]  # new epochs have no loss yet
    loss = trained[-1] if trained else math.nan
    pairs = int(state.losses[epoch][1])
    meaning = trainer.loss_note(epoch, pairs, loss) if pairs else ""
    return Progress(
        epoch + 1, plan.epochs, state.words, plan.words, state.seconds, lr, loss, state.resumed,
        ", ".join(filter(None, (meaning, note))),
    )  # fmt: skip
