"""Options that follow from settings, and what commands that read a text say while they do."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any, get_type_hints

import click

from w2v.cli.completion import FILE

if TYPE_CHECKING:
    from w2v.corpus import Corpus
    from w2v.text import Text
    from w2v.vocabulary import Vocabulary

# What word2vec.c, gensim and fastText call these.
_ALIASES = {
    "dim": ["--size", "--vector-size"],
    "window": ["--ws"],
    "negative": ["--neg"],
    "lr": ["--alpha"],
    "epochs": ["--iter"],
    "threads": ["--workers"],
}


class Option(click.Option):
    """An option whose help shows the first of its names only."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As click's, with the other names left out."""
        shown = copy.copy(self)
        shown.opts = self.opts[:1]
        return click.Option.get_help_record(shown, ctx)


def _option(field: Field, kind: Any) -> click.Option:
    """The option of a setting; it is None unless given."""
    from w2v.settings import option_name

    name = option_name(field.name)
    help = field.metadata["help"]
    if kind is bool:
        pair = f"{name}/--no-{name[2:]}" if field.default else name
        shown = f"  [default: {name[2:]}]" if field.default else ""
        return Option([pair], is_flag=True, default=None, help=help + shown)
    shown = f"  [default: {field.default}]" if field.default is not None else ""
    choices = field.metadata["choices"]
    number: Any = (
        int if kind in (int, int | None) else float if kind in (float, float | None) else FILE
    )
    return Option(
        [name, *_ALIASES.get(field.name, [])],
        default=None,
        type=click.Choice(choices) if choices else number,
        metavar=None if choices else {int: "N", float: "X", FILE: "TEXT"}[number],
        help=help + shown,
    )


def setting_options(settings: type) -> dict[str, click.Option]:
    """An option for each field of a settings class, by the field's name."""
    kinds = get_type_hints(settings)
    return {field.name: _option(field, kinds[field.name]) for field in fields(settings)}


def limit_blas(threads: int | None) -> None:
    """Give BLAS as many threads as we take, before NumPy is imported."""
    from w2v.machine import processors

    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", str(threads or processors()))


class SettingsCommand(click.Command):
    """Takes the options of settings classes too, which are named by `settings`."""

    def __init__(self, *args: Any, settings: tuple[str, ...], **others: Any):
        super().__init__(*args, **others)
        self._settings = settings

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Our own options and those of the settings."""
        from w2v import settings

        base = super().get_params(ctx)
        more = [
            option
            for name in self._settings
            for option in setting_options(getattr(settings, name)).values()
        ]
        return [*base[:-1], *more, base[-1]]  # --help is last


def dealt(given: dict[str, Any], *kinds: type) -> list[Any]:
    """An object of each settings class, with what was given of its fields."""
    return [
        kind(**{f.name: given[f.name] for f in fields(kind) if given.get(f.name) is not None})
        for kind in kinds
    ]


def show_reading(line: Any, corpus: Corpus) -> Callable[[int], None]:
    """A function that shows how far a text has been read, given the number of tokens so far."""
    from w2v.machine import readable

    def show(tokens: int) -> None:
        share = f" {corpus.bytes_read / corpus.size:.0%}" if corpus.size else ""
        counted = f"  {tokens:,} tokens" if tokens else ""  # workers tell when they are done
        line.show(f"reading{share}  {readable(corpus.bytes_read)}{counted}")

    return show


def say_bad_bytes(line: Any, corpus: Corpus) -> None:
    """Report what was wrong in a text's encoding, if anything was."""
    from w2v.progress import plural

    if corpus.bad_bytes:
        line.say(
            f"{plural(corpus.bad_bytes, 'wrong byte sequence')} replaced, not {corpus.encoding}; "
            f"the first in {corpus.first_bad}"
        )


def say_pruned(line: Any, vocabulary: Vocabulary) -> None:
    """Report what counting has forgotten so as not to outgrow memory, if anything."""
    if vocabulary.pruned_types:
        line.say(
            f"more different words than --max-types: {vocabulary.pruned_types:,} rare ones were "
            f"dropped while counting, with {vocabulary.pruned_tokens:,} tokens; any word may lack "
            f"up to {vocabulary.lost:,} of its occurrences"
        )


def say_documents(line: Any, corpus: Corpus, text: Text, length: int | None = None) -> None:
    """Report what is peculiar about documents, if the text is made of these.

    length  how many words of each are read, its last ones; None: all
    """
    from w2v.documents import DocumentCorpus
    from w2v.progress import plural
    from w2v.text import Documents

    if not (isinstance(corpus, DocumentCorpus) and isinstance(text, Documents)):
        return
    if corpus.blank_rows:
        line.say(f"{plural(corpus.blank_rows, 'blank row')} left out")
    merged, empty = len(corpus.rows) - len(corpus.names), int((text.sizes() == 0).sum())
    if merged:
        line.say(f"{plural(merged, 'document')} merged into others with the same id")
    if empty:
        line.say(f"{plural(empty, 'document')} without any word of the vocabulary")
    cut = 0 if length is None else int((text.sizes() > length).sum())
    if cut:
        line.say(
            f"{plural(cut, 'document')} longer than --length {length}: of these the last words "
            "are read"
        )


def say_compiling(line: Any) -> None:
    """Say why nothing seems to happen for some seconds."""
    line.say("compiling kernels for this machine, once: some seconds")
