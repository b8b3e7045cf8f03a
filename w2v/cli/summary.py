"""w2v summary: the layers of a network."""

from __future__ import annotations

import click

from w2v.cli.output import echo_json, echo_tsv, format_options
from w2v.cli.parameters import INPUT, Command

_COUNT = click.IntRange(1)


@click.command(cls=Command)
@click.argument("file", required=False, type=INPUT, metavar="[MODEL]")
@click.option(
    "--model", type=click.Choice(["mlp", "rnn", "lstm", "gru"]),
    help="mlp: the words' vectors side by side, then dense layers; the others: recurrent layers.",
)  # fmt: skip
@click.option("--vocab", type=_COUNT, metavar="N", help="Words with a vector.")
@click.option("--dim", type=_COUNT, default=100, show_default=True, help="Numbers in each.")
@click.option("--length", type=_COUNT, default=1, show_default=True, help="Words of a text.")
@click.option("--units", type=_COUNT, default=100, show_default=True, help="Of each layer.")
@click.option("--layers", type=_COUNT, default=1, show_default=True, help="How many of these.")
@click.option("--dense", type=_COUNT, multiple=True, help="Units of a dense layer after; again.")
@click.option("--outputs", type=_COUNT, help="Labels or words to tell, by a softmax.")
@format_options
def summary(
    file: str | None,
    model: str | None,
    vocab: int | None,
    dim: int,
    length: int,
    units: int,
    layers: int,
    dense: tuple[int, ...],
    outputs: int | None,
    as_tsv: bool,
    as_json: bool,
) -> None:
    """The layers of a network: what each gives for a text, and how many parameters it has.

    Of MODEL, a file of w2v train, or of what the options say.
    """
    from w2v.networks.architecture import Architecture

    if file:
        from w2v.runs.saved_model import SavedNetwork

        if model or vocab:
            raise click.UsageError("a file, or --model and --vocab: not both")
        rows = SavedNetwork(file).network.architecture.rows()
    elif model and vocab:
        rows = Architecture(model, vocab, dim, length, units, layers, dense, outputs or 0).rows()
    else:
        raise click.UsageError("name a file, or --model and --vocab")
    total = sum(row.parameters for row in rows)
    for row in rows:
        if as_json:
            echo_json(row._asdict())
        elif as_tsv:
            echo_tsv([row.layer, ",".join(map(str, row.output)), row.parameters])
        else:
            click.echo(f"{row.layer:24}  {_shape(row.output):>12}  {row.parameters:>12,}")
    if not (as_json or as_tsv):
        click.echo(f"{'':24}  {'':>12}  {total:>12,}")


def _shape(output: tuple[int, ...]) -> str:
    return " x ".join(map(str, output))
