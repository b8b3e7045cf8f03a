"""What a run says while it goes on: lines on stderr, and JSON in a file if that is asked for."""

from __future__ import annotations

import json
import math
import os
from contextlib import nullcontext, suppress
from dataclasses import asdict
from typing import Any

from w2v.errors import ConnectionLostError, DivergedError, NothingToLearnError, W2VError
from w2v.runs.learnable import is_full
from w2v.runs.messages import (
    Console,
    say_attached,
    say_bad_bytes,
    say_compiling,
    say_documents,
    say_pruned,
    show_reading,
)
from w2v.runs.minibatch import Course
from w2v.runs.run import Job
from w2v.system import locks, packing
from w2v.system.progress import Progress, duration, plural
from w2v.system.resources import readable
from w2v.system.signals import Deferred
from w2v.text.vocabulary import write_counts

LOG_INTERVAL = 1.0  # seconds between the log's reports of progress


class Report:
    """Takes a job through its steps and tells what each has found."""

    def __init__(self, job: Job, line: Console):
        self._job, self._line = job, line
        self.say = line.say
        self._log = job.how.log_json
        self._logged = -math.inf
        self._last: Progress | None = None
        self._saved = False

    def log(self, event: str, **facts: Any) -> None:
        """Write an object to the log: `event` and its facts; what is not finite is null."""
        if self._log:
            finite = {
                name: None if isinstance(fact, float) and not math.isfinite(fact) else fact
                for name, fact in facts.items()
            }
            line = json.dumps({"event": event, **finite}) + "\n"
            try:
                with open(self._log, "ab") as file, packing.packer(file, self._log) as packed:
                    packed.write(line.encode())
            except OSError as error:  # a run must not end because its log cannot go on
                self._line.warn(f"{self._log}: {error.strerror}: the log ends here")
                self._log = None

    def carry_out(self, resume: bool = False, force: bool = False, dry_run: bool = False) -> None:
        """All of a run: with `resume` from where it was stopped; with `dry_run` an estimate alone.

        W2VError where another run is writing the output, or one that was stopped has left a
        checkpoint, and nothing says to go on. An update with nothing to learn writes the model as
        it was: a daily job goes on with it.
        """
        locked = self._job.lock_path and not dry_run
        with locks.locked(self._job.output) if locked else nullcontext():
            self._carry_out_alone(resume, force, dry_run)

    def _carry_out_alone(self, resume: bool, force: bool, dry_run: bool) -> None:
        job = self._job
        if not (resume or dry_run) and job.has_checkpoint():
            raise W2VError(
                f"{job.checkpoint_path} is there, of a run that was stopped: --resume, or remove it"
            )
        try:
            self._carry_out(resume, force, dry_run)
        except NothingToLearnError as error:
            if not (job.origin and job.origin.update) or dry_run:
                raise
            job.origin.copy_to(job.output)
            job.forget_checkpoint()
            if job.how.save_vocab:
                write_counts(job.how.save_vocab, job.origin.vocabulary())
            self.log("end", output=job.output)
            self._line.warn(
                f"{error}: nothing to learn; {job.output} is {job.origin.name} as it was"
            )

    def _carry_out(self, resume: bool, force: bool, dry_run: bool) -> None:
        job = self._job
        self.read()
        if resume and job.is_done():
            job.forget_checkpoint()
            with suppress(OSError):  # of another user
                os.utime(job.output)  # make repeats what is older than its sources
            self.say(f"{job.output} is the result of this very run: nothing to do")
            return
        self.start()
        if dry_run:
            self.estimate()
            return
        if resume:
            self.resume(force)
        self.train()

    def read(self) -> None:
        """Read the texts."""
        job, line = self._job, self._line
        job.read(show_reading(line, job.corpus), lambda: say_compiling(line))
        say_bad_bytes(line, job.corpus)
        vocabulary, text = job.vocabulary, job.text
        say_pruned(line, vocabulary)
        words = min(len(vocabulary.names), vocabulary.types)  # <unk> and <eos> may be added
        self.say(
            f"vocabulary: {words:,} of {vocabulary.types:,} words; "
            f"{text.size:,} of {vocabulary.tokens:,} tokens kept, "
            f"in {plural(text.starts.size - 1, 'document' if job.documents else 'sentence')}"
        )
        if not (job.origin and job.origin.update):
            say_attached(line, vocabulary, job.text_settings)
        if job.origin and job.origin.update and is_full(vocabulary, job.text_settings):
            self.say(
                f"--max-vocab {job.text_settings.max_vocab} allows no more new words than these: "
                "a higher one does"
            )
        say_documents(line, job.corpus, text, getattr(job.options, "length", None))
        self._say_stop_words()
        if job.how.save_vocab:
            write_counts(job.how.save_vocab, vocabulary)
        unknown = job.read_valid()
        if job.valid and job.validation:
            say_bad_bytes(line, job.valid)
            self.say(
                f"held out: {job.validation.text.size:,} tokens of {job.how.valid}, "
                f"{unknown:,} left out as unknown"
            )

    def _say_stop_words(self) -> None:
        """Say how many words of a list of stop words are in the vocabulary."""
        told = getattr(self._job.options, "stopwords", "none")
        if told != "none":
            from w2v.factorization import stopwords

            found = stopwords.find(told, self._job.vocabulary.names)
            self.say(f"stop words: {found.found:,} of {found.listed:,} are in the vocabulary")

    def start(self) -> None:
        """Say what memory it takes, and load the kernels."""
        job = self._job
        matrices = job.matrix_bytes()
        needed = job.memory()
        self.say(f"memory: {readable(needed)}, of it {readable(matrices)} for the matrices")
        job.start(lambda: say_compiling(self._line))
        if job.origin:
            self.say(
                f"{job.placed:,} of {len(job.vocabulary.names):,} words start from "
                f"{job.origin.name}{', frozen' * job.how.freeze}"
            )
            if job.origin.left_out:
                self._line.warn(f"{job.origin.name}: {job.origin.left_out}: left out")
        self.log(
            "start", output=job.output, model=job.model.name, settings=asdict(job.options),
            words=len(job.vocabulary.names), tokens=job.text.size, memory=needed,
            threads=job.threads,
        )  # fmt: skip

    def estimate(self) -> None:
        """Train for two seconds on the side to learn how long all would take."""
        seen: list[Progress] = []
        self._job.estimate(seen.append, seconds=2.0)
        if not seen:
            self.say("it is computed at once; nothing was written")
            return
        last = seen[-1]
        self.say(
            f"time: about {duration(last.seconds * last.total / max(last.words, 1))} for "
            f"{plural(last.epochs, 'epoch')} at {last.words / last.seconds:,.0f} words/s on "
            f"{plural(self._job.threads, 'thread')}; nothing was written"
        )

    def resume(self, force: bool) -> None:
        """Go on where a run was stopped, if one was."""
        job = self._job
        if job.resume(force):
            share = job.state.words / job.plan.words
            self.say(f"resumed from {job.checkpoint_path} at {share:.1%}")
            self.log("resume", words=job.state.words)
        else:
            self.say("nothing to resume: starting anew")

    def train(self) -> None:
        """Train and write the file.

        A stop during training leaves a checkpoint. Once all is trained, a stop waits until the file
        is written; where that fails, or Ctrl-C is pressed once more, a checkpoint is left as well.
        """
        job = self._job
        try:
            job.train(self._progress, self._epoch)
            with Deferred():
                self._sum_up()
                job.save()
                self._saved = True
                self.log("end", output=job.output)
                self.say(f"wrote {job.output}")
        except (DivergedError, NothingToLearnError):
            raise
        except (KeyboardInterrupt, W2VError, OSError) as error:
            if job.state.chunks_done or isinstance(error, KeyboardInterrupt | ConnectionLostError):
                with Deferred():
                    self._keep_what_is_trained()
            raise

    def _keep_what_is_trained(self) -> None:
        """Leave a checkpoint of a run that ends before its file is written, and say so."""
        job = self._job
        if self._saved:
            self.say(f"stopped when {job.output} was written: nothing is left to do")
            return
        try:
            kept = job.state.chunks_done > 0 and job.checkpoint()
        except OSError as error:
            kept = False
            self.say(f"{job.checkpoint_path}: {error.strerror or error}: no checkpoint was written")
        written = f"{job.output} was not written"
        if isinstance(job, Course) and job.save_best():
            assert job.validation
            written = f"{job.output} has epoch {job.validation.best + 1}, the best so far"
        self.say(f"stopped at: {self._last or 'the start'}; {written}")
        self.log("stop", words=job.state.words)
        if kept:
            self.say(f"to go on: the same command with --resume ({job.checkpoint_path})")
        elif job.has_checkpoint():
            self.say(
                f"to go on from earlier: the same command with --resume ({job.checkpoint_path})"
            )

    def _progress(self, progress: Progress | str) -> None:
        self._line.show(progress)
        if isinstance(progress, str):  # of a model that is computed at once
            return
        self._last = progress
        if progress.seconds - self._logged >= LOG_INTERVAL:
            self._logged = progress.seconds
            self.log("progress", rate=progress.rate, **asdict(progress))

    def _epoch(self) -> None:
        job = self._job
        epoch, loss = job.epochs_done, job.state.mean_losses()[job.epochs_done - 1]
        held_out = job.validation.losses[-1] if job.validation else None
        self.log("epoch", epoch=epoch, loss=loss, valid_loss=held_out)
        if held_out is not None:
            more = job.trainer.validation_note()
            self.say(
                f"epoch {epoch}/{job.plan.epochs}: loss {loss:.4f}, held out {held_out:.4f}"
                + f", {more}" * bool(more)
            )

    def _sum_up(self) -> None:
        job = self._job
        if job.model.way != "at once":
            self._sum_up_epochs()
        if job.model.way in ("at once", "sweeps"):
            self.say(job.trainer.summary())

    def _sum_up_epochs(self) -> None:
        job, last = self._job, self._last
        losses = job.state.mean_losses()[: job.epochs_done]
        if job.model.way == "gradients" and losses and all(map(math.isnan, losses)):
            job.forget_checkpoint()
            raise NothingToLearnError(
                f"{job.corpus.source}: subsampling left not one pair of words: try --sample 0"
            )
        measure, sign = ("log-likelihood", -1) if job.model.way == "sweeps" else ("loss", 1)
        shown = ["-" if math.isnan(loss) else f"{sign * loss:.4f}" for loss in losses]
        if last:  # else a run was resumed that had only its file to write
            self.say(
                f"trained {plural(len(losses), 'epoch')} in {duration(last.seconds)}: "
                f"{last.rate:,.0f} words/s on {plural(job.threads, 'thread')}; "
                f"{measure} {shown[0]} in the first, {shown[-1]} in the last"
            )
        if job.validation and job.validation.keeps:
            best = job.validation.best
            self.say(f"kept epoch {best + 1}, held out {job.validation.losses[best]:.4f}")
        if nothing := sum(map(math.isnan, losses)):
            self.say(
                f"subsampling left nothing to learn in {plural(nothing, 'epoch')}: try --sample 0"
            )
        elif losses[-1] > job.options.untrained_loss:
            self.say(
                f"the loss is higher than that of vectors that know nothing, "
                f"{job.options.untrained_loss:.4f}: they may be worthless; try a lower --lr"
            )
