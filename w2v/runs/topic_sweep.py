"""A topic sweep: LDA with several numbers of topics and seeds, and the figures of each number.

The models are trained in deterministic rounds. The figures, except for the seconds, therefore do
not depend on the number of threads, and on how many models are trained at a time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from w2v.errors import W2VError
from w2v.kernels.cache import is_cold, machine_code
from w2v.models.lda import Settings
from w2v.runs import memory
from w2v.runs.executors import ChunkExecutor, Threads
from w2v.runs.messages import Messages
from w2v.runs.provenance import Provenance
from w2v.runs.request import Request
from w2v.runs.run import TrainingRun
from w2v.runs.saved_model import SavedTopicModel
from w2v.runs.sweep_figures import ModelFigures, SweepRow, measure, summarise
from w2v.runs.sweep_record import NAME, SweepRecord
from w2v.runs.sweep_texts import SweepTexts
from w2v.runs.sweep_training import ModelInTraining, side_by_side
from w2v.runs.text_messages import (
    Console,
    say_changed_documents,
    say_compiling,
    say_text_changes,
)
from w2v.system import locks, resources
from w2v.system.progress import duration, plural
from w2v.text.documents import DocumentCorpus
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.topics.lda import LdaTrainer

_KERNELS = "word_hash", "documents", "gibbs", "topic_inference", "topic_windows"
# Sampling a token takes as long as the work for this many topics, plus the topics. From the speeds
# in the manual, 43 million tokens/s with 20 topics and 7 million with 1,000.
_OVERHEAD = 170
_MARGIN = 1.1  # models are trained side by side if memory is left beyond their estimates


class TopicSweep:
    """A sweep over numbers of topics.

    request  the options and files of a run of LDA. Its output, number of topics and
             `deterministic` are replaced; its seed is the first one
    topics   the numbers of topics, each once
    seeds    number of models with each number of topics, at least 1. Their seeds are the seed of
             the request and the numbers after it
    folder   the folder that keeps the models and the record of their figures; None: a temporary one
    console  prints messages and progress
    valid    a file of held-out documents; None: a tenth of the documents of the request is held out
    Raises   W2VError if a setting is out of range, or a number of topics is given twice

    `rows` does all the work.
    """

    def __init__(
        self, request: Request, topics: Sequence[int], seeds: int, folder: str | None,
        console: Console, valid: str | None = None,
    ):  # fmt: skip
        for number in topics:
            if topics.count(number) > 1:
                raise W2VError(f"--sweep names {number} twice: leave one out")
        self._request, self._topics, self._console = request, topics, console
        first = vars(request.options)["seed"]
        self._seeds = range(first, first + seeds)
        self._folder = folder
        self._texts = SweepTexts(request, valid)
        self._threads = request.run.threads or resources.processors()
        self._done, self._finished, self._started = 0.0, 0, 0.0

    def rows(self) -> Generator[SweepRow, None, None]:
        """Train the models, and yield the figures of each number of topics when they are known.

        Meanwhile other models are trained on. `close` stops them.

        Raises  W2VError for a corpus that cannot be read or is too small, for a folder with another
                sweep, and as `TrainingRun`. After a stop signal, the folder keeps the finished
                models
        """
        with ExitStack() as stack:
            folder = stack.enter_context(self._opened())
            for number in self._topics:
                self._run(folder, number, self._seeds[0])  # checks the settings
            if self._folder:
                stack.enter_context(locks.locked(os.path.join(folder, NAME)))
            record = self._read(folder)
            models = [(number, seed) for number in self._topics for seed in self._seeds]
            known = {model: record.get(*model) if record else None for model in models}
            missing = [model for model in models if known[model] is None]
            self._finished = len(models) - len(missing)
            self._total = sum(_OVERHEAD + number for number, _ in missing)
            at_once = self._at_once(folder, missing)
            self._say_plan(missing, at_once)
            self._started = time.monotonic()
            trained = side_by_side(
                missing, self._threads, at_once, partial(self._trained, folder, record is None),
                partial(self._keep, record), self._show,
            )  # fmt: skip
            stack.enter_context(closing(trained))
            for number in self._topics:
                while not all(known[number, seed] for seed in self._seeds):
                    try:
                        figures = next(trained)
                    except KeyboardInterrupt:
                        self._say_stopped()
                        raise
                    known[figures.topics, figures.seed] = figures
                yield summarise([found for seed in self._seeds if (found := known[number, seed])])

    def _say_stopped(self) -> None:
        """Report that a signal has stopped the sweep."""
        count = len(self._topics) * len(self._seeds)
        kept = f"; the same command continues the sweep in {self._folder}" if self._folder else ""
        self._console.say(f"stopped after {self._finished} of {plural(count, 'model')}{kept}")

    @contextmanager
    def _opened(self) -> Iterator[str]:
        """A block with the folder of the models; new folders are removed if they stay empty."""
        if self._folder is None:
            with TemporaryDirectory(prefix="w2v-", ignore_cleanup_errors=True) as temporary:
                yield temporary
            return
        if os.path.exists(self._folder) and not os.path.isdir(self._folder):
            raise W2VError(f"{self._folder} is not a folder: name the folder for the models")
        path = Path(self._folder)
        new = [folder for folder in (path, *path.parents) if not folder.exists()]
        try:
            path.mkdir(parents=True, exist_ok=True)
            yield self._folder
        finally:
            for folder in new:
                with suppress(OSError):  # it has files, or was not made
                    folder.rmdir()

    def _run(
        self, folder: str, topics: int, seed: int, model: ModelInTraining | None = None
    ) -> TrainingRun:
        """A training run of one model; without `model`, it has all threads."""
        options = self._request.options
        assert isinstance(options, Settings)
        request = replace(
            self._request, output=_path(folder, topics, seed), temporary=self._folder is None,
            options=replace(options, topics=topics, seed=seed, deterministic=True), in_sweep=True,
        )  # fmt: skip
        engine = model.engine if model else Threads(self._threads, in_rounds=True)
        messages = Messages(model or self._console, request)
        return TrainingRun(request, ChunkExecutor(request, engine), messages, self._texts)

    def _read(self, folder: str) -> SweepRecord | None:
        """Read the documents, and the record of earlier models; None without a folder."""
        if is_cold(*_KERNELS):
            say_compiling(self._console)
        run = self._run(folder, self._topics[0], self._seeds[0])
        vocabulary, text = self._texts.read(
            run.executor.read, run.messages.reading(run.corpus), {}, False
        )
        run.messages.text(run.corpus, vocabulary, text, None, self._seed_notes(vocabulary, text))
        documents, held_out = text.starts.size - 1, self._texts.held_out_words.starts.size - 1
        if valid := self._texts.valid:
            assert isinstance(valid, DocumentCorpus)
            say_text_changes(self._console, valid)
            empty = int((np.diff(self._texts.held_out_words.starts) == 0).sum())
            say_changed_documents(self._console, valid, empty, 0, None)
            source = f"{plural(held_out, 'document')} of {valid.source}"
        else:
            source = f"{held_out:,} of {plural(documents + held_out, 'document')}"
        self._console.say(f"held out for the perplexity: {source}")
        for number in self._topics:
            if number > documents:
                raise W2VError(
                    f"--sweep {number}: more topics than the {plural(documents, 'document')} of "
                    "training: leave it out"
                )
        if self._folder is None:
            return None
        provenance = Provenance(run.request, run.executor.identity, run.corpus, self._texts.valid)
        left_out = {"--topics", "--seed", *machine_code()}
        identity = provenance.identity(None)
        return SweepRecord(
            folder, {name: value for name, value in identity.items() if name not in left_out}
        )

    def _seed_notes(self, vocabulary: Vocabulary, text: EncodedText) -> list[str]:
        """Messages about seed words; W2VError if they do not fit the smallest model."""
        options = self._request.trainer_options
        assert isinstance(options, Settings)
        assert isinstance(text, EncodedDocuments)
        if options.seeds is None:
            return []
        smallest = replace(options, topics=min(self._topics))
        return LdaTrainer(vocabulary, text, smallest).place_seeds(self._request.text)

    def _at_once(self, folder: str, missing: Sequence[tuple[int, int]]) -> int:
        """How many of these models can be trained at a time: as many as threads and memory allow.

        Each is taken to need as much memory as the largest one.
        """
        most = min(self._threads, len(missing))
        if most <= 1:
            return 1
        model = ModelInTraining(*max(missing), threading.Event())
        run = self._run(folder, model.topics, model.seed, model)
        run.read()
        trainer = run.executor.trainer
        assert isinstance(trainer, LdaTrainer)
        tokens = sum(array.nbytes for array in trainer.tokens)
        limit, free = self._request.run.max_memory, resources.available_memory()
        if limit:
            unused = resources.size(limit) - resources.used_memory()
            free = unused if free is None else min(free, unused)
        for count in range(most, 1, -1):
            model.engine.threads = self._threads // count
            needed = memory.needed(run.executor, run.vocabulary, run.text).additional + tokens
            if free is None or count * needed * _MARGIN <= free:
                return count
        return 1

    def _say_plan(self, missing: Sequence[tuple[int, int]], at_once: int) -> None:
        """Report how many models are to be trained, and how many at a time."""
        count = len(self._topics) * len(self._seeds)
        self._console.say(
            f"{plural(len(missing), 'model')} to train"
            + (f", {at_once} at a time" if at_once > 1 else "")
            + (f"; {self._finished} of {count} were finished before" if self._finished else "")
        )

    def _trained(self, folder: str, is_temporary: bool, model: ModelInTraining) -> ModelFigures:
        """Train and measure a model, on a thread of its own.

        is_temporary  whether the file of the model is removed
        """
        run = self._run(folder, model.topics, model.seed, model)
        begin = time.monotonic()
        is_whole = not (run.has_checkpoint() or os.path.exists(run.request.output))
        run.carry_out(resume=self._folder is not None)
        seconds = time.monotonic() - begin if is_whole else None
        saved = SavedTopicModel(run.request.output)
        figures = measure(
            saved, model.seed, self._texts, run.vocabulary, model.engine.threads, seconds
        )
        del saved
        if is_temporary:
            # Windows deletes no file that is still mapped. It is then deleted with its folder.
            with suppress(PermissionError):
                os.unlink(run.request.output)
        return figures

    def _keep(self, record: SweepRecord | None, figures: ModelFigures) -> None:
        """Keep the figures of a model."""
        if record:
            record.add(figures)
        self._done += _OVERHEAD + figures.topics
        self._finished += 1

    def _show(self, models: Sequence[ModelInTraining]) -> None:
        """Show the progress of the models that are being trained, as that of the sweep."""
        count = len(self._topics) * len(self._seeds)
        done = self._done + sum((_OVERHEAD + model.topics) * model.share for model in models)
        spent = time.monotonic() - self._started
        left = f"{duration(spent * (self._total / done - 1)) if done else '?'} left in all"
        if len(models) == 1:
            [model] = models
            name = f"{plural(model.topics, 'topic')}, seed {model.seed}: {model.share:6.1%}"
            self._console.show(f"model {self._finished + 1} of {count}, {name}  {left}")
        else:
            self._console.show(
                f"{self._finished} of {count} models finished, {len(models)} in training: "
                f"{done / self._total:6.1%}  {left}"
            )


def _path(folder: str, topics: int, seed: int) -> str:
    """The path of a model."""
    return os.path.join(folder, f"topics-{topics}-seed-{seed}.safetensors")
