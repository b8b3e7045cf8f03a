"""w2v similar --quote: the beginnings of the texts of the documents that are found."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.command import INPUT, grouped
from w2v.cli.options import GivenSettings
from w2v.cli.queries import infers_vectors
from w2v.cli.remembered_settings import reading_again
from w2v.cli.vector_file import vectors_path

if TYPE_CHECKING:
    from w2v.text.documents import DocumentCorpus

quote_option = grouped(
    "Answer",
    click.option(
        "--quote", "quoted", multiple=True, type=INPUT, metavar="FILE",
        help="For documents: also print the beginning of the text of each one, which is read from "
        "this file or folder, the training text. May be repeated.",
    ),
)  # fmt: skip


class _Everything:
    """A container that contains every name."""

    def __contains__(self, name: object) -> bool:
        """Whether it contains a name."""
        return True


class Quotes:
    """The beginnings of the texts of documents, which are read when they are needed first.

    paths    the files of the documents
    vectors  the vector file that is searched, as given by -v or --in. If it is a model, the
             documents are read with the settings of its training
    """

    def __init__(self, paths: Sequence[str], vectors: str | None):
        self._paths, self._vectors = paths, vectors
        self._texts: dict[str, str] | None = None
        self._missing: set[str] = set()

    def of(self, names: Collection[str], is_last: bool) -> list[str | None]:
        """Return the beginning of the text of each document; None for one that is not found.

        is_last  whether these are the only names, so that no other beginnings are kept
        """
        if self._texts is None:
            self._texts = self._read({*names} if is_last else _Everything())
        self._missing.update(name for name in names if name not in self._texts)
        return [self._texts.get(name) for name in names]

    def _read(self, wanted: Any) -> dict[str, str]:
        from w2v.runs.text_messages import say_text_changes, show_reading
        from w2v.system.progress import ProgressLine
        from w2v.text.beginnings import beginnings

        line, corpus = ProgressLine(sys.stderr), self._corpus()
        show = show_reading(line, corpus)
        texts = beginnings(corpus, wanted, lambda documents: show(0))
        line.hide()
        say_text_changes(line, corpus)
        return texts

    def _corpus(self) -> DocumentCorpus:
        """The documents, read as in the training of the vectors."""
        from w2v.runs.saved_model import SavedModel
        from w2v.settings import DocumentSettings, TextSettings
        from w2v.text.documents import DocumentCorpus

        if not infers_vectors(self._vectors):
            return DocumentCorpus(self._paths, TextSettings(), DocumentSettings())
        path = vectors_path(self._vectors)
        model = SavedModel(path, lambda model: model.has_documents, "texts")
        stored = model.document_settings(len(self._paths))
        settings, remembered = reading_again(GivenSettings({}), stored)
        return DocumentCorpus(self._paths, model.text_settings, settings, remembered=remembered)

    def finish(self) -> None:
        """Say on stderr how many documents were not found in the texts."""
        from w2v.system.progress import plural

        if count := len(self._missing):
            click.echo(
                f"--quote: no text with the id of {plural(count, 'document')} of the answers: name "
                "the training text as it was named for w2v train",
                err=True,
            )


def open_quotes(paths: Sequence[str], table: str, vectors: str | None) -> Quotes | None:
    """Return the quotes of documents; None if no files are given.

    table    the name of the table that is searched
    vectors  as in `Quotes`
    Raises   UsageError if no documents are searched
    """
    if not paths:
        return None
    if table != "documents":
        raise click.UsageError("--quote prints texts of documents: add --table documents")
    return Quotes(paths, vectors)
