"""The search of settings within a time (--time): trials one after another, the best is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from w2v.embeddings import formats
from w2v.errors import DivergedError, W2VError
from w2v.kernels.cache import is_cold
from w2v.runs.executors import Executor, local_executor
from w2v.runs.messages import Messages
from w2v.runs.request import Request
from w2v.runs.run import TrainingRun
from w2v.runs.search_messages import SearchMessages
from w2v.runs.setting_proposals import Proposals, Settings
from w2v.runs.text_messages import Console
from w2v.runs.texts import Texts
from w2v.runs.trial import Trial, choice_of, work
from w2v.settings import TextSettings
from w2v.system import locks
from w2v.system.pipes import is_pipe
from w2v.system.progress import duration
from w2v.system.signals import DeferredSignals
from w2v.text.vocabulary import write_counts
from w2v.training.protocols import IterativeTrainer

PATIENCE = 2  # epochs without a lower validation loss after which a trial ends
_KERNELS = "word_hash", "nbow"  # the first that reading and training use
_TEXTS = 2  # vocabularies whose texts are held in memory
_TOO_LONG = 50  # proposals in a row that would not end in time, after which the search ends


class SettingsSearch:
    """A search of the settings of a text classifier. `carry_out` does all steps.

    request   the options and files of the run, with `search`
    executor  estimates the time of training for --dry-run
    console   prints the messages
    clock     a function that returns the time in seconds
    hides     as in `SearchMessages`
    Raises    W2VError where a setting is out of range
    """

    def __init__(
        self, request: Request, executor: Executor, console: Console,
        clock: Callable[[], float] = time.monotonic, hides: Callable[[str], bool] | None = None,
    ):  # fmt: skip
        request.check()
        self.request, self.executor, self._console, self._clock = request, executor, console, clock
        patience = request.run.patience or PATIENCE
        self._messages = SearchMessages(console, request, self.fixed, patience, hides)
        run = replace(request.run, patience=patience, log_json=None, save_vocab=None)
        self._trial_request = replace(request, run=run, temporary=True)  # without checkpoints
        self._texts: dict[TextSettings, Texts] = {}
        self._trials = self._words = 0  # number of trials, and of words that they have trained
        self._current: Trial | None = None
        self.best: Trial | None = None
        self._is_written = False
        self._fault = ""  # why the training of the latest trial that failed did so
        self._rate = 0.0  # seconds for a unit of work, of the fastest trial
        self._started = self._reading = 0.0  # the start, and the seconds of reading the text

    @property
    def fixed(self) -> set[str]:
        """The settings that are not searched: those that the user gives, and what follows."""
        request = self.request
        fixed = {*request.given}
        if request.initial:
            fixed |= {"dim", "subwords", *request.initial.settings}
        if formats.writer(request.output):  # the other formats hold only the vectors of words
            fixed.add("subwords")
        if any(is_pipe(path) for path in (*request.paths, request.run.valid or "")):
            fixed.add("min_count")  # a pipe can be read only once
        return fixed

    def carry_out(
        self, resume: bool = False, force: bool | None = None, dry_run: bool = False
    ) -> None:
        """Carry out the whole search.

        resume   not possible: raises W2VError
        force    not used
        dry_run  whether only to read the text, estimate memory and time, and say what is searched
        Raises   W2VError where the time is too short for one epoch, and as `TrainingRun`
        """
        request, checkpoint = self.request, self.request.checkpoint_path
        if resume:
            raise W2VError(
                "--resume does not work with --time, because a search has no checkpoint: leave out "
                "--resume to search anew"
            )
        if dry_run:
            run = TrainingRun(request, self.executor, Messages(self._console, request))
            run.carry_out(dry_run=True)
            self._messages.plan()
            return
        with locks.locked(request.output) if request.lock_path else nullcontext():
            if checkpoint and os.path.exists(checkpoint):
                raise W2VError(
                    f"{checkpoint} is the checkpoint of a run that was stopped: continue that run "
                    "with --resume and without --time, or remove the file"
                )
            self._started = self._clock()
            try:
                reason = self._search()
                with DeferredSignals():
                    self._finish(reason)
            except KeyboardInterrupt:
                if not self._is_written:
                    with DeferredSignals():
                        self._stop()
                raise

    # The trials.

    @property
    def _left(self) -> float:
        """The seconds that are left."""
        return self._started + self.request.search.seconds - self._clock()

    @property
    def _elapsed(self) -> float:
        return self._clock() - self._started

    def _search(self) -> str:
        """Train one trial after another until the time is over; returns why that ended earlier."""
        defaults, compiles = choice_of(self.request), is_cold(*_KERNELS)
        first = self._prepare(defaults, Messages(self._console, self._trial_request))
        first.scorer.check_metric(self.request.search.metric)
        self._reading = self._elapsed
        if compiles:  # only once on a machine, and it can take longer than the time
            self._started = self._clock()
        self._train(first)
        trainer = first.run.executor.trainer
        assert isinstance(trainer, IterativeTrainer)
        rate, seed = trainer.lr_at(0.0), int(vars(self.request.options)["seed"])
        del first, trainer  # its memory is freed when a better trial is found
        proposals, too_long = Proposals(defaults, self.fixed, rate, seed), 0
        quiet = Messages(_OnlyProgress(self._console), self._trial_request)
        while self._left > 0 and too_long < _TOO_LONG:
            if self.best and self.best.score == 1:
                return "no setting can be better"
            settings = proposals.propose(self.best.settings if self.best else defaults)
            if settings is None:
                return "there are no more settings to try"
            if self._least_seconds(self._request_of(settings)) > self._left:
                too_long += 1
                continue
            too_long = 0
            try:
                self._train(self._prepare(settings, quiet))
            # Such as too little memory for the n-grams, or a full disk: the best model is kept.
            except (W2VError, MemoryError, OSError) as error:
                self._current = None
                reason = (isinstance(error, OSError) and error.strerror) or str(error)
                self._messages.left_out(settings, reason or "out of memory")
        return ""

    def _request_of(self, settings: Settings) -> Request:
        """The request of a trial."""
        base, text = self._trial_request, {"min_count": settings["min_count"]}
        others = {name: value for name, value in settings.items() if name not in text}
        return replace(
            base, options=replace(base.options, **others), text=replace(base.text, **text)
        )

    def _least_seconds(self, request: Request) -> float:
        """The least seconds that a trial takes, by the fastest of the earlier trials."""
        reading = 0.0 if request.text in self._texts else self._reading / 2
        return reading + self._rate * work(request)

    def _prepare(self, settings: Settings, messages: Messages) -> Trial:
        """Make a trial with its matrices. Trials of the same vocabulary share their texts."""
        request = self._request_of(settings)
        texts = self._texts.pop(request.text, None) or Texts(request)
        self._texts[request.text] = texts
        while len(self._texts) > _TEXTS:
            del self._texts[next(iter(self._texts))]
        run = TrainingRun(request, local_executor(request), messages, texts)
        run.read()
        run.start()
        self._trials += 1
        return Trial(self._trials, settings, run)

    def _train(self, trial: Trial) -> None:
        """Train a trial until it is complete or the time is over, and report its result."""
        run, validation, begun = trial.run, trial.validation, self._elapsed
        executor, self._current = run.executor, trial
        try:
            while not (executor.is_done or validation.is_over) and self._left > 0:
                executor.train(run.messages.progress, max(self._left, 0))
                if executor.epochs_done > len(validation.losses):
                    with DeferredSignals():
                        validation.evaluate()
            trial.is_done = executor.is_done or validation.is_over
        except DivergedError as error:
            trial.fault = self._fault = str(error)
        if trial.work:
            rate = (self._elapsed - begun) / trial.work
            self._rate = min(self._rate or rate, rate)
        with DeferredSignals():
            self._judge(trial)

    def _judge(self, trial: Trial) -> None:
        """Score the best epoch of a trial, keep the trial if it is the best, and report it."""
        if not trial.fault:
            trial.judge()
        is_best = trial.is_better(self.best)
        if is_best:
            self.best = trial
        self._words += trial.run.executor.state.words
        self._current = None
        self._messages.trial(trial, self._elapsed, is_best)

    # The end.

    def _finish(self, reason: str) -> None:
        """Write the best model, and report the search; W2VError where there is none.

        reason  why the search ended before the time was over; empty: it did not
        """
        if self.best is None and self._fault:
            raise DivergedError(self._fault)
        if self.best is None:
            raise W2VError(
                f"no epoch ended within --time {self.request.search.time}, "
                f"{duration(self._reading)} of which went to reading the text: give more time"
            )
        self._save(self.best)
        self._messages.end(self.best, self._trials, self._elapsed, reason)

    def _save(self, best: Trial) -> None:
        best.run.save(best.unfinished)
        self._is_written = True
        if path := self.request.run.save_vocab:
            write_counts(path, best.run.vocabulary)

    def _stop(self) -> None:
        """Write the best model so far after a stop signal, and report it."""
        if self._current:
            self._judge(self._current)
        if self.best:
            self._save(self.best)
        self._messages.stopped(self.best, self._words)


class _OnlyProgress:
    """A console that shows the progress, and prints no messages.

    console  shows the progress
    """

    def __init__(self, console: Console):
        self._console = console

    def say(self, message: str) -> None:
        """Print nothing."""

    def warn(self, message: str) -> None:
        """Print nothing: the first trial has printed the warnings about the text."""

    def show(self, state: object) -> None:
        """Show the progress."""
        self._console.show(state)
