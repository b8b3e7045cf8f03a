"""A run of `w2v train`: reading, training and saving, with checkpoints and validation."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

import numpy as np

from w2v.embeddings import formats
from w2v.errors import ConnectionLostError, DivergedError, NothingToLearnError, W2VError
from w2v.kernels.cache import is_cold
from w2v.runs import checkpoint, memory, result_file
from w2v.runs.executors import Executor
from w2v.runs.messages import Messages
from w2v.runs.nothing_to_learn import check_epochs, check_neighbours, check_words
from w2v.runs.provenance import Provenance, is_result
from w2v.runs.request import Request
from w2v.runs.text_messages import note_of_blank_rows
from w2v.runs.texts import Texts
from w2v.runs.time_estimate import forecasts, measured
from w2v.runs.validation import Validation
from w2v.settings import NegativeSamplingSettings
from w2v.system import locks, resources
from w2v.system.signals import DeferredSignals
from w2v.text.corpus import Corpus
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import END, Vocabulary, write_counts
from w2v.training.protocols import (
    GradientTrainer,
    HasVectors,
    Summarised,
    TakesSeeds,
    check_finite,
)


class TrainingRun:
    """A run of `w2v train`. `carry_out` does all steps; they can also be called one by one.

    request   the options and files of the run
    executor  trains the model, on the threads of this machine or on a cluster
    messages  reports the steps
    texts     the texts, which another run may have read; None: the run opens them
    Raises    W2VError where a setting is out of range or the output cannot be written
    """

    vocabulary: Vocabulary
    text: EncodedText

    def __init__(
        self, request: Request, executor: Executor, messages: Messages, texts: Texts | None = None
    ):
        request.check()
        self.request, self.executor, self.messages = request, executor, messages
        self.checkpoint_path = request.checkpoint_path
        self._checkpoint_interval = checkpoint.interval(request.run.checkpoint_every)
        max_memory = request.run.max_memory
        self._max_memory = resources.size(max_memory) if max_memory else None
        self._write = formats.writer(request.output)
        self._texts = texts or Texts(request)
        self.corpus, self.held_out = self._texts.corpus, self._texts.held_out
        self.validation: Validation | None = None
        self._provenance = Provenance(request, executor.identity, self.corpus, self.held_out)
        self._is_saved, self._forced_path = False, self.checkpoint_path

    def carry_out(
        self, resume: bool = False, force: bool | None = None, dry_run: bool = False
    ) -> None:
        """Carry out the whole run.

        resume   whether to continue from the checkpoint of a stopped run, if there is one
        force    with `resume`: whether to continue even where the checkpoint is of another run.
                 None: no, and errors do not advise --force, which the caller does not have
        dry_run  whether only to read the text and estimate memory and time, and write nothing
                 but the file of --save-vocab
        Raises   W2VError where another run is writing the output, or where the checkpoint of a
                 stopped run exists and `resume` is not given

        An update with nothing to learn copies the model, so that a daily job does not fail.
        """
        request, self.messages.is_logged = self.request, not dry_run
        self._forced_path = None if force is None else self.checkpoint_path
        with locks.locked(request.output) if request.lock_path and not dry_run else nullcontext():
            if not (resume or dry_run) and self.has_checkpoint():
                what = f"{self.checkpoint_path} is the checkpoint of a run that was stopped"
                raise W2VError(f"{what}: add --resume to continue it, or remove the file")
            try:
                self._carry_out(resume, force, dry_run)
            except NothingToLearnError as error:
                if not request.is_update or dry_run:
                    raise
                self._copy_model(error)
            except KeyboardInterrupt as error:
                self.messages.interrupted(error, self.has_checkpoint())
                raise

    def _carry_out(self, resume: bool, force: bool | None, dry_run: bool) -> None:
        """Carry out the steps; write a checkpoint where a signal or an error stops the training."""
        self.read()
        if resume and self.is_done():
            self.forget_checkpoint()
            with suppress(OSError):  # the file may belong to another user
                os.utime(self.request.output)  # a new file time; otherwise `make` would train again
            self.messages.already_done()
            return
        self.start()
        if dry_run:
            self.estimate()
            return
        if resume:
            self.resume(force)
        try:
            self.train()
            with DeferredSignals():  # a stop signal now waits until the file is written
                self._check_learnt()
                self._summarise()
                self.save()
                self._is_saved = True
                self.messages.saved()
        except DivergedError:
            raise
        except NothingToLearnError:
            self.forget_checkpoint()
            raise
        except (KeyboardInterrupt, W2VError, OSError) as error:
            stopped = isinstance(error, KeyboardInterrupt | ConnectionLostError)
            if stopped or self.executor.state.chunks_done:
                with DeferredSignals():
                    self._keep_trained(was_asked=isinstance(error, KeyboardInterrupt))
            raise

    # Reading.

    def read(self) -> None:
        """Read the texts, and set `vocabulary`, `text` and `validation`.

        Raises  NothingToLearnError where the text has nothing to learn from
        """
        request, initial, source = self.request, self.request.initial, self.corpus.source
        known = initial.counts if initial else {}
        if is_cold("word_hash"):
            self.messages.compiling()
        unknown_is_word = request.model.is_network  # a network has a row for <unk>
        self.vocabulary, self.text = self._texts.read(
            self.executor.read, self.messages.reading(self.corpus), known, unknown_is_word
        )
        if request.model.is_network and not request.documents:
            self.vocabulary = self.vocabulary.adding(END, self.text.starts.size - 1)
        check_words(self.text, self.vocabulary, request.text, source)
        if request.preset.preset:
            request = self._use_preset(request.preset.preset)
        names: Sequence[str] = self.vocabulary.names
        if isinstance(self.text, EncodedDocuments):
            self.text.mapped = request.run.map_documents
            if request.model.has_documents:
                names = self.text.names
        formats.check_names(request.output, names, request.dim, request.run.blank)
        memory.check_numbering(self.vocabulary.names, request.options, self._max_memory)
        try:
            self.executor.prepare(self.vocabulary, self.text)
        except NothingToLearnError as error:
            raise NothingToLearnError(f"{source}: {error}") from None
        if isinstance(request.options, NegativeSamplingSettings):
            check_neighbours(
                self.text, self.vocabulary, self.executor.chunk_words, request.options, source
            )
        trainer = self.executor.trainer
        notes = trainer.place_seeds(request.text) if isinstance(trainer, TakesSeeds) else []
        self.messages.text(self.corpus, self.vocabulary, self.text, trainer, notes)
        if request.run.save_vocab:
            write_counts(request.run.save_vocab, self.vocabulary)
        if self.held_out:
            self._read_held_out(self.held_out)

    def _use_preset(self, preset: str) -> Request:
        """Set what a preset sets for the size of the text; returns the request with it."""
        words = self.vocabulary.tokens
        values = self.request.preset_values(preset, words)
        self.request = request = self.request.with_values(values)
        self.executor.use(request)
        self._provenance = replace(self._provenance, request=request)
        self.messages.preset(request, words, values)
        return request

    def _read_held_out(self, corpus: Corpus) -> None:
        """Read the held-out text, and set `validation`."""
        request, trainer = self.request, self.executor.trainer
        assert isinstance(trainer, GradientTrainer)
        text, unknown = self._texts.read_held_out(self.vocabulary.names, request.model.is_network)
        try:
            trainer.check_held_out(text)
        except W2VError as error:
            raise W2VError(f"{corpus.source}: {error}{note_of_blank_rows(corpus)}") from None
        self.validation = Validation(trainer, text, request.run.patience, request.keeps_best)
        self.messages.held_out(corpus, text, unknown)

    # The start.

    def start(self) -> None:
        """Allocate the matrices and load the kernels; W2VError where memory is too small."""
        request, executor, trainer = self.request, self.executor, self.executor.trainer
        self._needed = needed = memory.needed(executor, self.vocabulary, self.text)
        self.messages.memory(needed.total, trainer.matrix_bytes())
        memory.check(needed, self._max_memory, request, executor)
        with DeferredSignals():
            executor.allocate()
            initialised = 0
            if request.initial:
                assert isinstance(trainer, HasVectors)
                rows = request.initial.start(trainer, self.vocabulary, request.run, request.options)
                initialised = int(rows.sum())
                if request.model.needs_vectors and not initialised:
                    raise W2VError(request.initial.nothing_shared())
            if is_cold(*trainer.kernels):
                self.messages.compiling()
            executor.warm_up()
        self.messages.start(self.vocabulary, self.text, initialised, needed.total, executor.threads)

    def estimate(self) -> None:
        """Train for two seconds and report how long the whole run would take; write nothing."""
        progress = measured(self.executor, 2.0)
        self.messages.estimate(progress, self.executor.threads)
        words, memory = self.vocabulary.tokens, self._needed.total
        self.messages.forecasts(forecasts(self.request, self.executor, words, memory, progress))

    def is_done(self) -> bool:
        """Whether the output exists and, by its metadata, is the result of this run."""
        return not self._write and is_result(self.request.output, self._metadata())

    # Checkpoints.

    def has_checkpoint(self) -> bool:
        """Whether a stopped run has left a checkpoint."""
        return self.checkpoint_path is not None and os.path.exists(self.checkpoint_path)

    def resume(self, force: bool | None = False) -> bool:
        """Restore the state of the last checkpoint; return False where there is no checkpoint.

        force   as in `carry_out`: another run's checkpoint is accepted if its matrices fit
        Raises  W2VError where the checkpoint is damaged, or of another run without `force`
        """
        path = self.checkpoint_path
        if not path or not self.has_checkpoint():
            self.messages.nothing_to_resume(self._provenance.replaced())
            return False
        matrices, cluster = self._matrices(), bool(self.request.run.cluster)
        identity = self._provenance.identity(self.vocabulary.names)
        tensors, saved = checkpoint.read(path, identity, matrices, force, cluster)
        for name, matrix in matrices.items():
            matrix[:] = tensors[name]
        try:
            self.executor.restore(saved)
            if self.validation:
                losses, unkept = map(float, saved.get("valid", [])), int(saved.get("unkept", 0))
                self.validation.resume([*losses], tensors, self.executor.epochs_done, unkept)
        except (KeyError, ValueError, TypeError):
            raise checkpoint.damaged(path, "the state at byte 8 is not valid") from None
        self.messages.resumed(path, self.executor.state, self.executor.words)
        return True

    def checkpoint(self) -> bool:
        """Write a checkpoint for `resume`; return False for a run without checkpoints."""
        if not self.checkpoint_path:
            return False
        self.executor.fetch()
        check_finite(self.executor.trainer)
        matrices, state = self._matrices(), self.executor.state.saved()
        if self.validation:
            matrices |= self.validation.saved()
            state |= {"valid": self.validation.losses, "unkept": self.validation.unkept}
        identity = self._provenance.identity(self.vocabulary.names)
        checkpoint.write(self.checkpoint_path, matrices, identity, state)
        return True

    def _matrices(self) -> dict[str, np.ndarray]:
        trainer = self.executor.trainer
        assert isinstance(trainer, HasVectors)
        return {name: trainer.vectors(name) for name in trainer.matrices}

    def forget_checkpoint(self) -> None:
        """Remove the checkpoint, where there is one."""
        checkpoint.remove(self.checkpoint_path)

    # Training.

    def train(self) -> None:
        """Train to the end, or until early stopping, with checkpoints and validation in between.

        Raises  DivergedError where the loss, or a vector at a checkpoint, is not finite
        """
        executor, validation, interval = self.executor, self.validation, self._checkpoint_interval
        next_checkpoint = time.monotonic() + interval
        epochs_reported = len(validation.losses) if validation else executor.epochs_done
        while True:
            # Also true where a run was stopped between an epoch and its validation, and resumed.
            epoch_ended = executor.epochs_done > epochs_reported
            if epoch_ended:
                epochs_reported += 1
                if validation:
                    with DeferredSignals(), checkpoint.advised(self._forced_path):
                        validation.evaluate()
                self._report_epoch()
            if executor.is_done or (validation and validation.is_over):
                if executor.fetch():
                    break
                continue  # a worker of a cluster died: its chunks are trained again
            after_each_epoch = self.request.run.checkpoint_every == "epoch"
            if time.monotonic() >= next_checkpoint or (epoch_ended and after_each_epoch):
                self.checkpoint()
                next_checkpoint = time.monotonic() + interval
            with checkpoint.advised(self._forced_path):
                executor.train(self.messages.progress, max(next_checkpoint - time.monotonic(), 0))
        if validation:
            validation.restore_best()

    def _report_epoch(self) -> None:
        executor, validation = self.executor, self.validation
        held_out, note = (validation.losses[-1], validation.note()) if validation else (None, "")
        loss = executor.state.mean_loss(executor.epochs_done - 1)
        self.messages.epoch(executor.epochs_done, executor.epochs, loss, held_out, note)

    def _summarise(self) -> None:
        trainer = self.executor.trainer
        result = trainer.summary() if isinstance(trainer, Summarised) else ""
        self.messages.summary(self.losses, self.validation, result, self.executor.threads)

    def _check_learnt(self) -> None:
        """Raise NothingToLearnError where chance left nothing to train in any epoch."""
        if self.request.model.method == "sgd":
            check_epochs(self.losses, self.request.options, self.corpus.source)

    @property
    def losses(self) -> list[float]:
        """The mean loss of each complete epoch."""
        return self.executor.state.mean_losses()[: self.executor.epochs_done]

    # The end.

    def save(self, unfinished: str = "") -> None:
        """Write the output file, completely or not at all, and remove the checkpoint.

        unfinished  the progress of a stopped run, such as "epoch 2 of 5", for the metadata. The
                    checkpoint then stays. Empty: the run is complete
        """
        trainer = self.executor.trainer
        check_finite(trainer)
        result_file.write(self.request, trainer, self._write, self._metadata(unfinished))
        if not unfinished:
            self.forget_checkpoint()

    def _metadata(self, unfinished: str = "") -> dict[str, str]:
        state, trainer = self.executor.state, self.executor.trainer
        return self._provenance.metadata(
            self.vocabulary, self.text, state, self.validation, trainer, unfinished
        )

    def _keep_trained(self, was_asked: bool) -> None:
        """Write and report a checkpoint, where a signal (`was_asked`) or an error ends the run."""
        if self._is_saved:
            self.messages.stopped_after_saving()
            return
        path, state = self.checkpoint_path, self.executor.state
        words, is_written = state.words, False
        try:
            is_written = state.chunks_done > 0 and self.checkpoint()
        except OSError as error:
            self.messages.no_checkpoint(path, error)
        kept, lost = path if self.has_checkpoint() else None, words - state.words
        self.messages.stopped(state.words, lost, self._save_best(), kept, is_written)
        if not (kept or was_asked):
            self.messages.nothing_kept()

    def _save_best(self) -> int | None:
        """Write the best epoch so far of a network that was stopped, and return the epoch's number.

        The checkpoint stays, and the metadata mark the run as unfinished. For other models, without
        checkpoints, and before the first validation, nothing is written and None is returned.
        """
        validation = self.validation
        if not (
            self.request.model.is_network and self.checkpoint_path
            and validation and validation.has_best
        ):  # fmt: skip
            return None
        with validation.best_restored() as epoch:
            self.save(f"epoch {epoch} of {self.executor.epochs}")
        return epoch

    def _copy_model(self, reason: NothingToLearnError) -> None:
        """Write an unchanged copy of the model that was to be updated, and report the reason."""
        request, initial = self.request, self.request.initial
        assert initial
        changed = result_file.copy(request, initial)
        self.forget_checkpoint()
        self.messages.nothing_learnt(reason, initial.name, changed)
