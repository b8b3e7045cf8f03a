"""One `w2v train`, from the text to the file, step by step."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from w2v import settings
from w2v.embeddings import container, formats
from w2v.errors import DivergedError, W2VError
from w2v.kernels.cache import is_cold
from w2v.models import Model
from w2v.runs import checkpoint, memory
from w2v.runs.initial_vectors import InitialVectors
from w2v.runs.learnable import check_neighbours, check_words
from w2v.runs.provenance import Provenance, is_result
from w2v.runs.validation import Validation
from w2v.settings import DocumentSettings, RunSettings, TextSettings
from w2v.system import locks, output_files, resources
from w2v.system.progress import Progress
from w2v.system.signals import Deferred
from w2v.text.corpus import Corpus
from w2v.text.encode import open_corpus, read, read_as
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.chunks import CHUNK, Plan, make_plan
from w2v.training.loop import run
from w2v.training.state import TrainingState
from w2v.training.trainer import check_finite


class Job:
    """A run of `w2v train`: call `read`, `start`, perhaps `resume`, `train`, `save` in this order.

    paths    texts; `-` is stdin
    output   the file to write; its suffix picks the format
    model    which model, with `options`, its settings
    text     how the text becomes words
    how      how the run is carried out
    documents  where documents begin, for a model that learns these
    origin   what it starts from, if that is not random
    Raises   W2VError where a setting is out of range or the output cannot be written

    `checkpoint_path` is where checkpoints go, `lock_path` what the run that writes the output
    holds; None where the output is no file.
    """

    def __init__(
        self,
        paths: Sequence[str],
        output: str,
        model: Model,
        options: Any,
        text: TextSettings,
        how: RunSettings,
        documents: DocumentSettings | None = None,
        origin: InitialVectors | None = None,
    ):
        for told in filter(None, (options, text, how, documents)):
            settings.check(told)
        if how.map_documents and not documents:
            raise W2VError("--map-documents is for models of documents")
        if how.patience and not how.valid:
            raise W2VError("--patience needs --valid, a text to judge by")
        if origin and not options.has_words:
            hint = " without --word-vectors" if hasattr(options, "word_vectors") else ""
            raise W2VError(f"{origin.option}: --model {model.name} has no words' vectors{hint}")
        if origin:
            origin.check(model.name, options.dim)
        self.origin, self.documents, self.placed = origin, documents, 0
        self.model, self.options, self.text_settings = model, options, text
        self.output, self.how = output, how
        self.threads = how.threads or resources.processors()
        self._every = checkpoint.interval(how.checkpoint_every)
        self._limit = resources.size(how.max_memory) if how.max_memory else None
        self.checkpoint_path = checkpoint.path_for(output)
        self.lock_path = locks.path_for(output) if self.checkpoint_path else None
        self._write = formats.writer(output)
        output_files.check(
            {
                "-o": output,
                "its list of names": formats.written_beside(output),
                "the checkpoint": self.checkpoint_path,
                "the lock": self.lock_path,
                "--save-vocab": how.save_vocab,
            },
            {"one of the texts": paths, **self._sources()},
            {"--log-json": how.log_json},
        )
        self.corpus = self._open(paths)
        self.valid = self._open([how.valid]) if how.valid else None
        self.validation: Validation | None = None
        self._manifest = Provenance(
            model.name, options, text, documents, how, self._threads_told(), self.corpus,
            self.valid, origin,
        )  # fmt: skip
        self.vocabulary: Vocabulary
        self.text: EncodedText
        self.trainer: Any
        self.plan: Plan
        self.state: TrainingState

    def _open(self, paths: Sequence[str]) -> Corpus:
        return open_corpus(paths, self.text_settings, self.documents)

    def _threads_told(self) -> str:
        """What of the number of threads the result follows from."""
        return "1" if self.threads == 1 else "several"

    def _sources(self) -> dict[str, Any]:
        """What else is read and must not be written over."""
        stopwords = getattr(self.options, "stopwords", "none")
        named = stopwords not in ("none", "english") and "\n" not in stopwords
        return {
            "the text that is held out": self.how.valid,
            "the vocabulary that is read": self.how.read_vocab,
            "what is started from": formats.read_with(self.origin.path) if self.origin else None,
            "the list of stop words": stopwords if named else None,
        }

    def read(self, on_block: Callable[[int], None], on_compile: Callable[[], None]) -> None:
        """Read the text: sets `vocabulary`, `text`, `plan`; may raise NothingToLearnError.

        on_block    called with the number of tokens so far
        on_compile  called before kernels are compiled, which takes some seconds
        """
        known = self.origin.counts if self.origin else {}
        if is_cold("word_hash"):
            on_compile()
        self.vocabulary, self.text = self._read(on_block, known)
        check_words(self.text, self.vocabulary, self.text_settings, self.corpus.source)
        if isinstance(self.text, EncodedDocuments):
            self.text.mapped = self.how.map_documents
        names: Sequence[str] = self.vocabulary.names
        if isinstance(self.text, EncodedDocuments) and self.model.table == "documents":
            names = self.text.names
        formats.check_names(self.output, names, self._dim, self.how.blank)
        self._lay_out()

    @property
    def _dim(self) -> int:
        """Numbers of each vector; of topics so many at most."""
        return getattr(self.options, "dim", None) or self.options.topics

    def _read(
        self, on_block: Callable[[int], None], known: Mapping[str, int]
    ) -> tuple[Vocabulary, EncodedText]:
        return read(self.corpus, self.text_settings, on_block, known, False, self.how.read_vocab)

    def _lay_out(self) -> None:
        """Make the plan, and the state of its beginning."""
        told, words = self.options, (self.text, self.vocabulary)
        rounds = (told.round_words, told.shards) if told.deterministic else (CHUNK, 1)
        self.plan = make_plan(self.text, told.epochs, told.seed, *rounds)
        check_neighbours(*words, self.plan, told, self.corpus.source)
        self.state = TrainingState.start(self.plan)

    def read_valid(self) -> int:
        """Read the held-out text, if there is one: how many of its tokens are not known."""
        if not self.valid:
            return 0
        text, unknown = self._read_as(self.valid)
        self.validation = Validation(text, self.how.patience, self._keeps_best)
        return unknown

    def _read_as(self, corpus: Corpus) -> tuple[EncodedText, int]:
        return read_as(corpus, self.vocabulary.names, needed=True)

    @property
    def _keeps_best(self) -> bool:
        """Whether the best matrices so far are kept besides the newest."""
        return self.how.patience is not None

    def memory(self) -> int:
        """Bytes that the run will need at most, what it has used already included."""
        return max(resources.peak_memory(), resources.used_memory() + self._more_memory())

    def matrix_bytes(self) -> int:
        """How many of them the matrices take."""
        return memory.matrix_bytes(self.vocabulary.counts, self.text, self.options)

    def _more_memory(self) -> int:
        return memory.to_come(
            self.vocabulary.counts, self.text, self.options, self.plan, self._keeps_best
        )

    def _check_memory(self) -> None:
        memory.check(self._more_memory(), resources.available_memory(), "more memory, {} are free")
        memory.check(self.memory(), self._limit, "of memory, {} is --max-memory")

    def start(self, on_compile: Callable[[], None]) -> None:
        """Make the matrices and load the kernels: sets `trainer`.

        on_compile  called before kernels are compiled, which takes some seconds
        Raises      W2VError where memory does not suffice
        """
        self._check_memory()
        with Deferred():
            self.trainer = self.model.trainer(self.vocabulary, self.text, self.options)
            if self.origin:
                names, freeze = self.vocabulary.names, self.how.freeze
                self.placed = self.origin.place(self.trainer, names, freeze)
            if is_cold(*self.trainer.kernels):
                on_compile()
            nothing = self.plan.nothing()
            if self.options.deterministic:
                shards = self.trainer.shards(self.plan)
                shards.worker()(nothing, 0)
                shards.merge(0, 1)
            else:
                self.trainer.worker()(nothing)

    def is_done(self) -> bool:
        """Whether the output is already what this run would write, as far as its metadata tell."""
        return not self._write and is_result(self.output, self._metadata())

    def has_checkpoint(self) -> bool:
        """Whether a run that was stopped has left something to go on from."""
        return self.checkpoint_path is not None and os.path.exists(self.checkpoint_path)

    def resume(self, force: bool = False) -> bool:
        """Go on where the last checkpoint was written; False where there is none.

        Raises W2VError where it is damaged or, unless forced, of another run
        """
        if not self.checkpoint_path or not self.has_checkpoint():
            return False
        tensors, saved = checkpoint.read(self.checkpoint_path, self._manifest.identity(), force)
        checkpoint.restore(self.checkpoint_path, tensors, self._vectors())
        try:
            self.state = TrainingState.restored(self.plan, saved)
            if self.validation:
                self.validation.resume(list(map(float, saved.get("valid", []))), tensors)
                self.trainer.on_validation(self.validation.losses)
        except (KeyError, ValueError, TypeError):
            raise W2VError(f"{self.checkpoint_path}: the header at byte 8 is damaged") from None
        return True

    def _vectors(self) -> dict[str, Any]:
        return {name: self.trainer.vectors(name) for name in self.trainer.matrices}

    def estimate(self, on_progress: Callable[[Progress], None], seconds: float) -> None:
        """Train for some seconds on the side."""
        self._run(on_progress, seconds, TrainingState.start(self.plan), len(self.plan))

    def _run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        run(
            self.trainer, self.plan, self.threads, on_progress, seconds, state, before,
            in_rounds=self.options.deterministic,
        )  # fmt: skip

    def train(
        self,
        on_progress: Callable[[Progress], None],
        on_epoch: Callable[[], None] = lambda: None,
    ) -> TrainingState:
        """Train to the end, or until patience is, with checkpoints; `on_epoch` after each epoch.

        DivergedError where the loss is not finite
        """
        due = time.monotonic() + self._every
        judged = len(self.validation.losses) if self.validation else self.epochs_done
        while True:
            ended = self.epochs_done > judged  # also after a stop between training and judging
            if ended:
                judged += 1
                if self.validation:
                    with Deferred():
                        self.validation.judge(self.trainer)
                on_epoch()
            over = self.validation is not None and self.validation.is_over
            if over or self.state.chunks_done == len(self.plan):
                break
            if time.monotonic() >= due or (ended and self.how.checkpoint_every == "epoch"):
                self.checkpoint()
                due = time.monotonic() + self._every
            seconds = max(due - time.monotonic(), 0)
            end = self.plan.epoch_end(self.state.chunks_done)
            try:
                self._run(on_progress, seconds, self.state, end)
            except DivergedError as error:
                path = self.checkpoint_path
                more = f": with --resume --force too, from {path}, which is from before"
                raise DivergedError(f"{error}{more * self.has_checkpoint()}") from None
        if self.validation:
            self.validation.restore_best(self.trainer)
        return self.state

    @property
    def epochs_done(self) -> int:
        """How many epochs are trained to their end."""
        return self.state.chunks_done * self.plan.epochs // len(self.plan)

    def checkpoint(self) -> bool:
        """Write what `resume` goes on from; False where there is no place for it."""
        if not self.checkpoint_path:
            return False
        check_finite(self.trainer)
        matrices, state = self._vectors(), self.state.saved()
        if self.validation:
            matrices |= self.validation.saved()
            state["valid"] = self.validation.losses
        checkpoint.write(self.checkpoint_path, matrices, self._manifest.identity(), state)
        return True

    def save(self) -> None:
        """Write the file, whole or not at all; then the checkpoint is of no more use."""
        check_finite(self.trainer)
        tables = self.trainer.tables()
        if self._write:
            table = tables.get(self.model.table) or tables["words"]
            blank = self.how.blank
            self._write(self.output, table if blank is None else table.without_blanks(blank))
        else:
            tensors = self.trainer.tensors()
            for name, table in tables.items():
                tensors |= container.table_tensors(name, table)
            container.write(self.output, tensors, self._metadata())
        self.forget_checkpoint()

    def forget_checkpoint(self) -> None:
        """Remove the checkpoint of a run that is done."""
        checkpoint.remove(self.checkpoint_path)

    def _metadata(self) -> dict[str, str]:
        return self._manifest.metadata(self.vocabulary, self.text, self.state, self.validation)
