"""w2v summary: the layers and parameters of a network."""

from __future__ import annotations

from typing import Any

import click

from w2v.cli.command import INPUT, Command, grouped
from w2v.cli.output import ResultPrinter, format_options

_COUNT = click.IntRange(1)


def _networks() -> dict[str, Any]:
    """Return the settings class of each model that is a network, by the model's name."""
    from w2v.models import models

    return {name: model.settings for name, model in models().items() if model.is_network}


def _complete_networks(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    return [name for name in _networks() if name.startswith(start)]


@click.command(
    cls=Command,
    examples=(
        "w2v summary language.safetensors",
        "w2v summary --model lstm --vocab 10000 --units 200 --outputs 20",
    ),
)
@click.argument("file", required=False, type=INPUT, metavar="[MODEL]")
@grouped(
    "Network",
    click.option(
        "--model", metavar="NAME", shell_complete=_complete_networks,
        help="The model, as in w2v train --model, if no file is given.",
    ),
    click.option(
        "--vocab", type=_COUNT, metavar="N", help="Size of the vocabulary, if no file is given."
    ),
    click.option(
        "--dim", type=_COUNT, default=100, show_default=True, metavar="N",
        help="Dimension of each word vector.",
    ),
    click.option(
        "--length", type=_COUNT, metavar="N",
        help="Number of words in a text.  [default: that of w2v train --task classify]",
    ),
    click.option(
        "--units", type=_COUNT, default=128, show_default=True, metavar="N",
        help="Units of each hidden layer.",
    ),
    click.option(
        "--layers", type=_COUNT, default=1, show_default=True, metavar="N",
        help="Number of hidden layers.",
    ),
    click.option(
        "--dense", type=_COUNT, multiple=True, metavar="N",
        help="Add a dense layer of N units after the hidden layers. May be repeated.",
    ),
    click.option(
        "--outputs", type=_COUNT, metavar="N",
        help="Add a softmax layer over N labels or words.  [default: no softmax layer]",
    ),
)  # fmt: skip
@format_options
def summary(
    file: str | None,
    model: str | None,
    vocab: int | None,
    dim: int,
    length: int | None,
    units: int,
    layers: int,
    dense: tuple[int, ...],
    outputs: int | None,
    results: ResultPrinter,
) -> None:
    """List the layers and parameters of a network.

    Prints for each layer its name, the shape of its output for one text, and its number of
    parameters. MODEL is a file of w2v train; without MODEL, --model and --vocab describe the
    network.
    """
    from w2v.networks.architecture import Architecture, recurrent_layer

    if file:
        from w2v.runs.saved_model import SavedNetwork

        if model or vocab:
            raise click.UsageError(
                "a file cannot be combined with --model or --vocab: leave one out"
            )
        rows = SavedNetwork(file).network.architecture.rows()
    elif model and vocab:
        if model not in (networks := _networks()):
            raise click.UsageError(f"--model {model}: expected one of {', '.join(networks)}")
        layer, length = recurrent_layer(networks[model]), length or networks[model]().input_length
        rows = Architecture(layer, vocab, dim, length, units, layers, dense, outputs or 0).rows()
    else:
        raise click.UsageError("no network: name a file, or give --model and --vocab")
    total = sum(row.parameters for row in rows)
    for row in rows:
        shape = [*map(str, row.output)]
        results.print(
            row._asdict(),
            f"{row.layer:24}  {' x '.join(shape):>12}  {row.parameters:>12,}",
            [[row.layer, ",".join(shape), row.parameters]],
        )
    if results.plain:
        click.echo(f"{'':24}  {'':>12}  {total:>12,}")
