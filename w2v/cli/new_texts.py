"""Reading new texts for a saved model: encoding them, and reporting their problems on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from w2v.cli.options import GivenSettings
from w2v.cli.output import printable
from w2v.cli.remembered_settings import reading_again, reading_of
from w2v.errors import W2VError
from w2v.runs.text_messages import (
    say_changed_documents,
    say_documents,
    say_lines,
    say_text_changes,
    show_reading,
)

if TYPE_CHECKING:
    import numpy as np

    from w2v.factorization.term_matrix import EncodedTerms
    from w2v.networks.text_classifier import Prediction, TextClassifier
    from w2v.runs.saved_model import SavedDocumentModel, SavedModel, SavedTopicModel
    from w2v.system.progress import ProgressLine
    from w2v.text.document_list import DocumentList
    from w2v.text.documents import DocumentCorpus
    from w2v.text.encoded_text import EncodedDocuments
    from w2v.text.labels import Labels


_MAX_REPORTED = 10  # maximum number of invalid rows that are reported one by one


class RefusedRows:
    """Counts the invalid rows of a table of documents, and reports the first ones on stderr."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, error: W2VError) -> None:
        """Count an invalid row, which is left out; report it if it is one of the first."""
        self._count += 1
        if self._count <= _MAX_REPORTED:
            click.echo(f"w2v: {printable(str(error))}", err=True)

    def exit_code(self) -> int:
        """Return the exit status of the command, and report how many rows were left out."""
        from w2v.system.progress import plural

        if self._count:
            click.echo(f"w2v: {plural(self._count, 'row')} left out", err=True)
        return W2VError.exit_code if self._count else 0


@dataclass(frozen=True)
class NewTexts:
    """Texts to which a saved model is applied, and the settings for reading them.

    paths     the files; `-` is stdin
    settings  the settings that the command line gives, among them the DocumentSettings
    threads   number of worker threads; None: the number of processors that may be used
    line      the progress line
    refused   called with the error for an invalid row, which is then left out; None: the error is
              raised
    unbuffered  see `Corpus`
    again     whether they are the training text of the model, with the names of its documents
    """

    paths: Sequence[str]
    settings: GivenSettings
    threads: int | None
    line: ProgressLine
    refused: Callable[[W2VError], None] | None = None
    unbuffered: bool = False
    again: bool = False

    def documents_in(
        self, model: SavedDocumentModel | SavedTopicModel
    ) -> tuple[EncodedDocuments, int]:
        """Read documents and encode them for a model; also return the number of OOV tokens."""
        from w2v.embeddings.container import first_name

        corpus = self.corpus(model)
        text, unknown = model.read(corpus, show_reading(self.line, corpus))
        if corpus.settings.format is None:
            say_lines(self.line, corpus, first_name(model.tensors, "documents"))
        say_text_changes(self.line, corpus)
        say_documents(self.line, corpus, text)
        return text, unknown

    def tokens_in(self, model: SavedTopicModel) -> tuple[EncodedTerms, int]:
        """Read documents for a topic model; also return the number of OOV tokens."""
        import numpy as np

        from w2v.factorization.term_matrix import encode_terms

        text, unknown = self.documents_in(model)
        count = len(model.names)
        return encode_terms(text, np.arange(count), count), unknown

    def tokens_with_places(self, model: SavedTopicModel) -> EncodedTerms:
        """Read documents for a topic model; an unknown token keeps its place, as the number -1."""
        import numpy as np

        from w2v.topics.windowed_coherence import only_known, read_with_places

        corpus = self.corpus(model)
        tokens = read_with_places(corpus, model.names, show_reading(self.line, corpus))
        say_text_changes(self.line, corpus)
        empty = int((np.diff(only_known(tokens).starts) == 0).sum())
        say_changed_documents(self.line, corpus, empty, 0, None)
        return tokens

    def corpus(
        self,
        model: SavedModel | TextClassifier,
        labels: Labels = "extra",
        keeps_ids: bool = False,
    ) -> DocumentCorpus:
        """The documents, which are read as those of training, unless the command line says how.

        labels     whether they have labels, see `labels.Labels`
        keeps_ids  see `DocumentList`
        """
        from w2v.runs.saved_model import SavedModel
        from w2v.text.documents import DocumentCorpus

        stored = {}  # those of a classifier of fastText
        if isinstance(model, SavedModel):
            stored = model.document_settings(len(self.paths))
        if self.again:
            settings, remembered = reading_again(self.settings, stored)
        else:
            settings, remembered = reading_of(
                self.settings, stored, self.paths, self.line, labels == "extra"
            )
        corpus = DocumentCorpus(
            self.paths, model.text_settings, settings, labels, self.refused,
            threads=self.thread_count(), remembered=remembered, keeps_ids=keeps_ids,
        )  # fmt: skip
        corpus.unbuffered = self.unbuffered
        return corpus

    def thread_count(self) -> int:
        """Return the number of worker threads."""
        from w2v.system.resources import processors

        return self.threads or processors()


def infer_vectors(
    model: SavedDocumentModel,
    texts: NewTexts,
    names: list[str] | None = None,
    on_names: Callable[[Sequence[str]], None] = lambda names: None,
) -> tuple[EncodedDocuments, np.ndarray]:
    """Read documents and infer their vectors, float32 (M, D), with progress.

    names     the names of the documents to infer; None: all documents
    on_names  called with the names of all documents before inference starts
    """
    text = _read_documents(model, texts, on_names)
    if names is not None:
        text = text.with_names(names)
    with _shown(texts.line, len(text.names)) as show:
        return text, model.vectors(text, texts.thread_count(), show)


def infer_blocks(
    model: SavedDocumentModel, texts: NewTexts
) -> tuple[EncodedDocuments, Iterator[np.ndarray]]:
    """Read documents, and infer the vectors of the next ones, float32 (R, D), with progress."""
    text = _read_documents(model, texts)

    def blocks() -> Iterator[np.ndarray]:
        """The blocks, with progress."""
        with _shown(texts.line, len(text.names)) as show:
            yield from model.blocks(text, texts.thread_count(), show)

    return text, blocks()


def _read_documents(
    model: SavedDocumentModel,
    texts: NewTexts,
    on_names: Callable[[Sequence[str]], None] = lambda names: None,
) -> EncodedDocuments:
    """Read documents for inference, and report what was read."""
    from w2v.system.progress import plural

    text, unknown = texts.documents_in(model)
    composed = plural(len(model.composed), "unknown word")
    composed = f"; {composed} composed from n-grams" if model.composed else ""
    left_out = plural(unknown, "unknown token")
    texts.line.say(f"{plural(len(text.names), 'document')}{composed}; {left_out} left out")
    on_names(text.names)
    return text


@contextmanager
def _shown(line: ProgressLine, count: int) -> Iterator[Callable[[int], None]]:
    """A context whose value shows the number of inferred documents; at the end, their speed.

    count  the number of documents to infer
    """
    from time import monotonic

    from w2v.system.progress import duration

    start = monotonic()

    def show(done: int) -> None:
        speed = done / max(monotonic() - start, 1e-9)
        left = duration((count - done) / speed) if speed else "?"
        line.show(f"inferring {done / max(count, 1):6.1%}  {speed:,.0f} documents/s  {left} left")

    yield show
    seconds = max(monotonic() - start, 1e-9)
    line.say(f"inferred in {duration(seconds)}: {count / seconds:,.0f} documents/s")


def predict_labels(
    model: TextClassifier, texts: NewTexts, labels: Labels, keeps_ids: bool = False
) -> tuple[Prediction, DocumentList]:
    """Read texts and predict their labels. Messages follow when all blocks have been taken.

    labels     whether the texts have labels, see `labels.Labels`
    keeps_ids  whether the texts have ids, see `DocumentList`
    Returns    the predictions, and the texts that have been read so far
    """
    from w2v.system.progress import plural

    line, corpus = texts.line, texts.corpus(model, labels, keeps_ids)
    predicted = model.predict(corpus, texts.thread_count(), show_reading(line, corpus))

    def blocks() -> Iterator[np.ndarray]:
        """The blocks, and then the messages."""
        yield from predicted.blocks
        counts = predicted.counts
        say_text_changes(line, corpus)
        say_changed_documents(line, corpus, counts.empty, counts.cut, model.length)
        line.say(f"{plural(counts.texts, 'text')}; {plural(counts.unknown, 'unknown token')}")

    return predicted._replace(blocks=blocks()), corpus.documents
