"""What a run is asked for: texts, an output, a model, settings, checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from w2v import settings
from w2v.embeddings import formats
from w2v.errors import W2VError
from w2v.models import Model
from w2v.runs import checkpoint
from w2v.runs.initial_vectors import InitialVectors
from w2v.settings import DocumentSettings, ModelSettings, RunSettings, TextSettings
from w2v.system import locks, output_files


@dataclass(frozen=True)
class Request:
    """What `w2v train` is asked for.

    paths      texts; `-` is stdin
    output     the file to write; its suffix picks the format
    model      which model, with `options`, its settings
    text       how the text becomes words
    run        how the run is carried out
    documents  where documents begin, for a model that reads these
    initial    the vectors that it starts from, if these are not random
    temporary  whether the output is gone soon, so that a checkpoint would be of no use
    """

    paths: Sequence[str]
    output: str
    model: Model
    options: ModelSettings
    text: TextSettings
    run: RunSettings
    documents: DocumentSettings | None = None
    initial: InitialVectors | None = None
    temporary: bool = False

    @property
    def checkpoint_path(self) -> str | None:
        """Where checkpoints go; None where there is nothing to go on from."""
        if self.temporary or not self.model.is_resumable:
            return None
        return checkpoint.path_for(self.output)

    @property
    def lock_path(self) -> str | None:
        """What the run that writes the output holds; None where that is no file."""
        return locks.path_for(self.output) if checkpoint.path_for(self.output) else None

    @property
    def keeps_best(self) -> bool:
        """Whether the matrices with the lowest loss on the held-out text are kept and written."""
        if self.model.is_network:
            return self.run.valid is not None
        return self.run.patience is not None

    @property
    def is_deterministic(self) -> bool:
        """Whether the result does not depend on the number of threads."""
        return bool(getattr(self.options, "deterministic", False))

    @property
    def is_update(self) -> bool:
        """Whether a model goes on with more text."""
        return self.initial is not None and self.initial.update

    def check(self) -> None:
        """W2VError where a setting is out of range or contradicts another, or files collide."""
        for each in filter(None, (self.options, self.text, self.run, self.documents)):
            settings.check(each)
        self.options.check_together(self.run)
        name, run = self.model.name, self.run
        if run.map_documents and not self.documents:
            raise W2VError("--map-documents is for models of documents")
        if run.valid and not self.model.has_loss:
            raise W2VError("--valid is for models that are trained by gradients")
        if run.patience and not run.valid:
            raise W2VError("--patience needs --valid, a text to judge by")
        if self.initial and not self.options.has_words:
            hint = " without --word-vectors" if hasattr(self.options, "word_vectors") else ""
            raise W2VError(f"{self.initial.option}: --model {name} has no words' vectors{hint}")
        if self.model.needs_vectors and not self.initial:
            raise W2VError(f"--model {name} needs word vectors: --init FILE")
        if self.initial:
            self.initial.check(name, self.dim)
        self._check_files()

    @property
    def dim(self) -> int:
        """Numbers of each vector; of topics so many at most."""
        return int(vars(self.options).get("dim") or vars(self.options).get("topics", 0))

    def _check_files(self) -> None:
        """W2VError where what is written is also read, or two outputs are one file."""
        stopwords = getattr(self.options, "stopwords", "none")
        named = stopwords not in ("none", "english") and "\n" not in stopwords
        initial = formats.read_with(self.initial.path) if self.initial else None
        output_files.check(
            {
                "-o": self.output,
                "its list of names": formats.written_beside(self.output),
                "the checkpoint": checkpoint.path_for(self.output),
                "the lock": self.lock_path,
                "--save-vocab": self.run.save_vocab,
            },
            {
                "one of the texts": self.paths,
                "the text that is held out": self.run.valid,
                "the vocabulary that is read": self.run.read_vocab,
                "what is started from": initial,
                "the list of stop words": stopwords if named else None,
            },
            {"--log-json": self.run.log_json},
        )
