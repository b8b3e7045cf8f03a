"""The commands about trained networks: predict, generate; and what perplexity shares with these."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.infer import RefusedRows, threads_option
from w2v.cli.options import SettingsCommand, limit_blas, split_settings
from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.cli.parameters import INPUT, Command, finite, or_stdin
from w2v.errors import W2VError
from w2v.runs.messages import say_bad_bytes, say_documents, show_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from w2v.networks.evaluate import Judgement
    from w2v.runs.saved_model import SavedNetwork
    from w2v.system.progress import ProgressLine
    from w2v.text.documents import Labels
    from w2v.text.encoded_text import EncodedDocuments


@click.command(cls=SettingsCommand, settings=("DocumentSettings",))
@click.argument("model", type=INPUT)
@click.argument("corpus", nargs=-1, type=INPUT, metavar="[CORPUS...]")
@threads_option
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@format_options
@click.pass_context
def predict(
    ctx: click.Context,
    model: str,
    corpus: tuple[str, ...],
    threads: int | None,
    quiet: bool,
    as_tsv: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """The label of each text, by a network that was trained to classify.

    CORPUS is texts, a line each, as in w2v train but for the labels: these may be there, and are
    not looked at; stdin if there is none. Printed: label and probability; with --json the
    probability of every label.
    """
    limit_blas(1)
    from w2v.runs.saved_model import SavedNetwork
    from w2v.system.progress import ProgressLine

    catch_signals()
    paths = or_stdin(corpus)
    trained = SavedNetwork(model, "classify")
    line = ProgressLine(sys.stderr, quiet)
    refused = RefusedRows()
    _, chances = classified(trained, paths, given, threads, line, "if there", refused)
    labels = trained.network.labels
    for row in chances:
        best = int(row.argmax())
        if as_json:
            every = {label: round(float(p), 6) for label, p in zip(labels, row, strict=True)}
            echo_json({"label": labels[best], "p": round(float(row[best]), 6), "labels": every})
        elif as_tsv:
            echo_tsv([labels[best], float(row[best])])
        else:
            click.echo(f"{row[best]:.4f}  {printable(labels[best])}")
    ctx.exit(refused.exit_code())


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


def judged(trained: SavedNetwork, paths: tuple[str, ...], line: ProgressLine) -> Judgement:
    """Read a text and find what it costs a language model."""
    from w2v.system.progress import plural

    corpus = trained.open(paths, None, "extra")
    text, unknown = trained.read(corpus, show_reading(line, corpus))
    say_bad_bytes(line, corpus)
    line.say(f"{plural(unknown, 'unknown token')} of {text.size:,}")
    return trained.network.judge(text, lambda share: line.show(f"reading {share:6.1%}"))


@click.command(cls=Command)
@click.argument("model", type=INPUT)
@click.option("--prompt", default="", help="What to go on from, words as in the training.")
@click.option(
    "--words", type=click.IntRange(0), default=100, show_default=True, metavar="N",
    help="How many to write.",
)  # fmt: skip
@click.option(
    "--temperature", type=click.FloatRange(0), callback=finite,
    default=1.0, show_default=True, metavar="X",
    help="0: always the likeliest word; 1: as the model has it; more: more evenly.",
)  # fmt: skip
@click.option(
    "--top-k", type=click.IntRange(0), default=0, show_default=True, metavar="N",
    help="Only the N likeliest words; 0: all.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, metavar="N")
def generate(
    model: str, prompt: str, words: int, temperature: float, top_k: int, seed: int
) -> None:
    """Write a text word by word, by a language model.

    The end of a sentence, <eos>, is a line end. The same seed writes the same text.
    """
    if temperature != temperature:  # which is in any range
        raise click.UsageError("--temperature nan: a number from 0 on")
    limit_blas(1)
    from w2v.runs.saved_model import SavedNetwork
    from w2v.text.vocabulary import END, UNKNOWN

    catch_signals()
    trained = SavedNetwork(model, "lm")
    rows = {name: row for row, name in enumerate(trained.names)}
    given = trained.words_of(prompt)
    instead = rows.get(UNKNOWN)
    strange = [word for word in given if word not in rows]
    if strange:
        click.echo(f"not in the vocabulary: {printable(' '.join(strange))}", err=True)
    ids = [row for word in given if (row := rows.get(word, instead)) is not None]
    begin = " ".join(printable(word) for word in given)
    click.echo(begin, nl=False)
    fresh = not begin
    for row in trained.network.generate(ids, words, temperature, top_k, seed):
        if trained.names[row] == END:
            click.echo("")
            fresh = True
            continue
        click.echo(("" if fresh else " ") + printable(trained.names[row]), nl=False)
        fresh = False
    if not fresh:
        click.echo("")


def echo_judgement(found: Judgement, as_tsv: bool, as_json: bool) -> None:
    """Print the perplexity of a text."""
    import math

    if not found.told:
        raise W2VError("no words in the text: nothing to score")
    nats = found.nats / found.told
    perplexity = math.exp(min(nats, 700))
    if as_json:
        echo_json({"perplexity": perplexity, "nats": nats, "scored": found.told})
    elif as_tsv:
        echo_tsv([perplexity, nats, found.told])
    else:
        click.echo(f"{perplexity:.2f}  {nats:.4f} nats a word, {found.told:,} words")
