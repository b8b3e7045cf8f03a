"""A `Job` whose model is a network, learnt batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from w2v.errors import W2VError
from w2v.runs.gibbs import Rounds
from w2v.text.corpus import Corpus
from w2v.text.encode import open_corpus, read, read_as
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import END, Vocabulary


class Course(Rounds):
    """Of texts with labels, or of a text whose next words are to be told.

    With a held-out text the best epoch is what remains.
    """

    _unfinished = ""

    def __init__(self, *args: Any, **others: Any):
        super().__init__(*args, **others)
        if self.options.schedule == "cut" and not self.valid:
            raise W2VError("--schedule cut needs --valid, a text to judge by")

    def _open(self, paths: Sequence[str]) -> Corpus:
        return open_corpus(paths, self.text_settings, self.documents, "needed")

    def _read(
        self, on_block: Callable[[int], None], known: Mapping[str, int]
    ) -> tuple[Vocabulary, EncodedText]:
        """All that is left out of the vocabulary is one word of it."""
        told = (self.text_settings, on_block, known, True, self.how.read_vocab)
        vocabulary, text = read(self.corpus, *told)
        if self.options.task == "lm":
            vocabulary = vocabulary.adding(END, text.starts.size - 1)
        return vocabulary, text

    def _read_as(self, corpus: Corpus) -> tuple[EncodedText, int]:
        return read_as(corpus, self.vocabulary.names, unknown=True, needed=True)

    def read_valid(self) -> int:
        """As of any `Job`; its labels must be those of the training."""
        unknown = super().read_valid()
        if self.validation:
            try:
                self.trainer.batches_of(self.validation.text)
            except W2VError as error:
                raise W2VError(f"{self.how.valid}: {error}") from None
        return unknown

    @property
    def _keeps_best(self) -> bool:
        return self.valid is not None

    def save_best(self) -> bool:
        """Write the best epoch so far of a run that was stopped; False where there is none.

        The checkpoint stays, and the file says that the run has not come to its end.
        """
        if not (self.checkpoint_path and self.validation and self.validation.losses):
            return False
        held = {name: matrix.copy() for name, matrix in self.trainer.matrices.items()}
        self.validation.restore_best(self.trainer)
        self._unfinished = f"epoch {self.validation.best + 1} of {self.plan.epochs}"
        self.save()
        for name, matrix in held.items():
            self.trainer.matrices[name][:] = matrix
        self._unfinished = ""
        return True

    def forget_checkpoint(self) -> None:
        """As of any `Job`, unless there is still something to go on from."""
        if not self._unfinished:
            super().forget_checkpoint()

    def _metadata(self) -> dict[str, str]:
        told = {"unfinished": self._unfinished} if self._unfinished else {}
        return super()._metadata() | told

    def _more_memory(self) -> int:
        more = super()._more_memory()
        if self._keeps_best:
            more += self.matrix_bytes() * 3 + self.trainer.validation_bytes(self.threads)
        return more
