"""w2v infer: the vectors of new documents."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.options import SettingsCommand, limit_blas, split_settings
from w2v.cli.output import echo_json, format_options, printable
from w2v.cli.parameters import INPUT, OUTPUT, or_stdin
from w2v.errors import W2VError
from w2v.runs.messages import say_bad_bytes, say_documents, show_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from w2v.runs.saved_model import SavedDocumentModel
    from w2v.system.progress import ProgressLine
    from w2v.text.encoded_text import EncodedDocuments

threads_option = click.option(
    "--threads", type=click.IntRange(1), metavar="N",
    help="How many documents at once.  [default: the processors that may be used]",
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


@click.command(cls=SettingsCommand, settings=("DocumentSettings",))
@click.argument("model", type=INPUT)
@click.argument("corpus", nargs=-1, type=INPUT, metavar="[CORPUS...]")
@click.option(
    "-o", "--output", default="-", show_default=True, type=OUTPUT, metavar="FILE",
    help="Where to write, as in w2v train; - is text on stdout.",
)  # fmt: skip
@click.option(
    "--epochs", type=click.IntRange(1), metavar="N",
    help="Passes over each document.  [default: as many as in training]",
)  # fmt: skip
@threads_option
@click.option(
    "--blank",
    metavar="TEXT",
    help="Put this for each blank in a name, for formats whose names end at a blank.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@format_options
@click.pass_context
def infer(
    ctx: click.Context,
    model: str,
    corpus: tuple[str, ...],
    output: str,
    epochs: int | None,
    threads: int | None,
    blank: str | None,
    quiet: bool,
    as_tsv: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """The vectors of new documents, by a model of documents.

    CORPUS is as in w2v train, stdin if there is none. A vector depends on the model and on the
    document alone: it is the same at every call, whatever else is inferred with it.
    """
    limit_blas(threads)
    from w2v.embeddings import container, formats
    from w2v.embeddings.table import Table
    from w2v.runs.saved_model import SavedDocumentModel
    from w2v.system import output_files
    from w2v.system.progress import ProgressLine

    if (as_tsv or as_json) and output != "-":
        raise W2VError("--tsv and --json are for stdout; -o takes a format by its suffix")
    catch_signals()
    write, paths = formats.writer(output), or_stdin(corpus)
    output_files.check(
        {"-o": output, "its list of names": formats.written_beside(output)},
        {"the model": model, "one of the texts": paths},
    )
    line = ProgressLine(sys.stderr, quiet)
    trained = SavedDocumentModel(model, epochs)
    dim, refused = trained.documents()[1].shape[1], RefusedRows()

    def refuse(names: Sequence[str]) -> None:
        if not (as_tsv or as_json):
            formats.check_names(output, names, dim, blank)

    text, vectors = infer_all(trained, paths, given, threads, line, None, refuse, refused)
    if as_tsv or as_json:
        for name, vector in zip(text.names, vectors, strict=True):
            _echo(name, vector, as_json)
        ctx.exit(refused.exit_code())
    table = Table.build(text.names, vectors, text.sizes())
    if write:
        write(output, table if blank is None else table.without_blanks(blank))
    else:
        container.write(
            output, container.table_tensors("documents", table), formats.file_metadata()
        )
    ctx.exit(refused.exit_code())


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


def _echo(name: str, vector: np.ndarray, as_json: bool) -> None:
    if as_json:
        echo_json({"document": name, "vector": [float(str(x)) for x in vector]})
    else:
        click.echo("\t".join([printable(name), *map(str, vector)]))
