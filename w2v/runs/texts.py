"""The texts of a run, that of training and the held-out one, each of which is read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from w2v.runs.executors import Read
from w2v.runs.request import Request
from w2v.settings import FieldSettings
from w2v.system.resources import processors
from w2v.text.corpus import Corpus
from w2v.text.encode import open_corpus, read_as
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary


class Texts:
    """The texts of a run. Runs that differ only in settings of training can share them.

    request  the options and files of the run

    `corpus` is the training text, and `held_out` that of --valid or None.
    """

    def __init__(self, request: Request):
        self._settings, self._vocabulary_file = request.text, request.run.read_vocab
        self._records, self._labels = request.documents or request.fields, request.labels
        self._threads = request.run.threads or processors()
        self.corpus = self._open(request.paths, not request.is_update)
        valid = request.run.valid
        # A held-out text may be plain lines, although the training text is in fields.
        self.held_out = self._open_held_out(valid, needed=False) if valid else None
        self._training: tuple[Vocabulary, EncodedText] | None = None
        self._validation: tuple[EncodedText, int] | None = None

    def _open(
        self, paths: Sequence[str], needed: bool = True, records: FieldSettings | None = None
    ) -> Corpus:
        return open_corpus(
            paths, self._settings, records or self._records, self._labels, None, self._threads,
            needed,
        )  # fmt: skip

    def _open_held_out(self, path: str, needed: bool = True) -> Corpus:
        """Open a held-out text, whose format is that of the training text if this has only one."""
        records = self._records
        if records and "," in (records.format or ""):
            records = replace(records, format=None)
        return self._open([path], needed, records)

    def read(
        self, read: Read, on_block: Callable[[int], None], known: Mapping[str, int], unknown: bool
    ) -> tuple[Vocabulary, EncodedText]:
        """Read the training text, unless it has been read; returns its vocabulary and the text.

        read                      the function that reads it
        on_block, known, unknown  as in `encode.encode`
        """
        if self._training is None:
            self._training = read(
                self.corpus, self._settings, on_block, known, unknown, self._vocabulary_file
            )
        return self._training

    def read_held_out(self, names: Sequence[str], unknown: bool) -> tuple[EncodedText, int]:
        """Read the held-out text, unless it has been read; returns it and its number of OOV tokens.

        names    the words of the vocabulary, the same in each call
        unknown  whether out-of-vocabulary tokens are a word, see `encode.read_as`
        """
        if self._validation is None:
            assert self.held_out
            self._validation = read_as(self.held_out, names, unknown=unknown, needed=True)
        return self._validation
