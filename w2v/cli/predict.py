"""w2v predict: the label of each text, by a network that classifies."""

from __future__ import annotations

import sys
from typing import Any

import click

from w2v.cli import catch_signals
from w2v.cli.new_texts import RefusedRows, classified, threads_option
from w2v.cli.options import SettingsCommand, limit_blas, quiet_option
from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.cli.parameters import INPUT, or_stdin


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v predict labels.safetensors new.txt",
        "w2v predict labels.safetensors new.txt --json",
    ),
)
@click.argument("model", type=INPUT)
@click.argument("corpus", nargs=-1, type=INPUT, metavar="[CORPUS...]")
@threads_option
@quiet_option
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
    """Predict the label of each text.

    MODEL is a network of w2v train --task classify. CORPUS is a text on each line, with or without
    labels; without it texts are read from stdin. Prints the label and its probability; with --json
    the probability of every label.
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
