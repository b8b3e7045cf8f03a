"""Running a model over a text: threads, progress, stops. The only place with a training loop."""

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
    """Train chunks of a plan on `threads` threads; returns the state at the end.

    trainer      a `SgdTrainer`, or with `in_rounds` any
    on_progress  called in this thread several times a second, and at the end
    seconds      stop after the chunks that are under way at that time
    state        where to go on; changed in place, also where an exception ends the run
    stop_before  the chunk to stop before, or after the round that it is in; else all are trained
    in_rounds    the same result for any number of threads, see `RoundWorkers`
    Raises       DivergedError where a loss is not finite; KeyboardInterrupt as it comes. The chunks
                 under way are finished first, so that no thread still writes to the matrices.
    """
    state = TrainingState.start(plan) if state is None else state
    before = len(plan) if stop_before is None else min(stop_before, len(plan))
    workers: Workers
    if in_rounds:
        workers = RoundWorkers(trainer, plan, state, before, min(threads, plan.shards))
        threads = 1  # which has others work for it
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
            with (
                DeferredSignals()
            ):  # what follows may write the matrices: no thread may still change them
                for thread in pool:
                    thread.join()
    if workers.failures:
        raise workers.failures[0]
    report()
    return state


def progress_of(
    trainer: IterativeTrainer, plan: Plan, state: TrainingState, note: str = ""
) -> Progress:
    """What a run shows of its state, and `note` what else there is to show."""
    epoch, lr = state.latest.epoch, trainer.lr_at(state.latest.begin)
    losses = state.mean_losses()[: epoch + 1]
    trained = [loss for loss in losses[-2:] if not math.isnan(loss)]  # an epoch may just begin
    loss = trained[-1] if trained else math.nan
    pairs = int(state.losses[epoch][1])
    meaning = trainer.loss_note(epoch, pairs, loss) if pairs else ""
    return Progress(
        epoch + 1, plan.epochs, state.words, plan.words, state.seconds, lr, loss, state.resumed,
        ", ".join(filter(None, (meaning, note))),
    )  # fmt: skip
