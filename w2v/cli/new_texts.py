"""New texts for a saved model: read in its words, with what was odd in them said on stderr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.options import split_settings
from w2v.cli.output import printable
from w2v.errors import W2VError
from w2v.runs.messages import say_bad_bytes, say_documents, show_reading

if TYPE_CHECKING:
    import numpy as np

    from w2v.factorization.term_matrix import Tokens
    from w2v.runs.saved_model import SavedDocumentModel, SavedNetwork, SavedTopicModel
    from w2v.system.progress import ProgressLine
    from w2v.text.documents import Labels
    from w2v.text.encoded_text import EncodedDocuments


threads_option = click.option(
    "--threads", type=click.IntRange(1), metavar="N",
    help="Worker threads.  [default: the processors that may be used]",
)  # fmt: skip


_SAID = 10  # rows that are no documents


class RefusedRows:
    """Says on stderr which rows of a table are no documents, the first of them, and counts all."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, error: W2VError) -> None:
        """A row is left out."""
        self._count += 1
        if self._count <= _SAID:
            click.echo(f"w2v: {printable(str(error))}", err=True)

    def exit_code(self) -> int:
        """What the command ends with; says how many rows were left out, if any were."""
        from w2v.system.progress import plural

        if self._count:
            click.echo(f"w2v: {plural(self._count, 'row')} left out", err=True)
        return W2VError.exit_code if self._count else 0


def infer_all(
    trained: SavedDocumentModel,
    paths: tuple[str, ...],
    given: dict[str, Any],
    threads: int | None,
    line: ProgressLine,
    names: list[str] | None = None,
    on_names: Callable[[Sequence[str]], None] = lambda names: None,
    refused: Callable[[W2VError], None] | None = None,
) -> tuple[EncodedDocuments, np.ndarray]:
    """Read documents and infer their vectors, with progress.

    names     those that are wanted; None: all
    on_names  called with the names of all before anything is inferred
    refused   called where a row is no document, which is left out; None: that is an error
    """
    from time import monotonic

    from w2v import settings
    from w2v.system import resources
    from w2v.system.progress import duration, plural
    from w2v.text.encode import open_corpus

    [how] = split_settings(given, settings.DocumentSettings)
    settings.check(how)
    corpus = open_corpus(paths, trained.text_settings, how, refused=refused)
    text, unknown = trained.read(corpus, show_reading(line, corpus))
    say_bad_bytes(line, corpus)
    say_documents(line, corpus, text)
    line.say(f"{plural(len(text.names), 'document')}; {plural(unknown, 'unknown token')} left out")
    on_names(text.names)
    if names is not None:
        text = text.some(names)
    began, count = monotonic(), len(text.names)

    def show(done: int) -> None:
        rate = done / max(monotonic() - began, 1e-9)
        left = duration((count - done) / rate) if rate else "?"
        line.show(f"inferring {done / max(count, 1):6.1%}  {rate:,.0f} documents/s  {left} left")

    vectors = trained.vectors(text, threads or resources.processors(), show)
    seconds = max(monotonic() - began, 1e-9)
    line.say(f"inferred in {duration(seconds)}: {count / seconds:,.0f} documents/s")
    return text, vectors


def classified(
    trained: SavedNetwork,
    paths: tuple[str, ...],
    given: dict[str, Any],
    threads: int | None,
    line: ProgressLine,
    labels: Labels,
    refused: Callable[[W2VError], None] | None = None,
) -> tuple[EncodedDocuments, np.ndarray]:
    """Read texts and find p of each label for each, float32 (M, K); `refused` as in `infer_all`."""
    from w2v import settings
    from w2v.system import resources
    from w2v.system.progress import plural
    from w2v.text.encoded_text import EncodedDocuments

    [how] = split_settings(given, settings.DocumentSettings)
    settings.check(how)
    corpus = trained.open(paths, how, labels, refused)
    text, unknown = trained.read(corpus, show_reading(line, corpus))
    assert isinstance(text, EncodedDocuments)
    say_bad_bytes(line, corpus)
    say_documents(line, corpus, text, trained.network.architecture.length)
    line.say(f"{plural(text.begins.size, 'text')}; {plural(unknown, 'unknown token')}")
    return text, trained.network.probabilities(text, threads or resources.processors())


def read_model_tokens(
    trained: SavedTopicModel, paths: tuple[str, ...], given: dict[str, Any], line: ProgressLine
) -> tuple[Tokens, int]:
    """Documents in the words of a model, and how many tokens it does not know."""
    import numpy as np

    from w2v import settings
    from w2v.factorization.term_matrix import read_tokens
    from w2v.text.encode import open_corpus

    [how] = split_settings(given, settings.DocumentSettings)
    settings.check(how)
    corpus = open_corpus(paths, trained.text_settings, how)
    text, unknown = trained.read(corpus, show_reading(line, corpus))
    say_bad_bytes(line, corpus)
    say_documents(line, corpus, text)
    count = len(trained.names)
    return read_tokens(text, np.arange(count), count), unknown
