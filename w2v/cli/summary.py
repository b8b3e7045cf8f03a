"""w2v summary: the layers of a network."""

from __future__ import annotations

import click

from w2v.cli.output import echo_json, echo_tsv, format_options

_COUNT = click.IntRange(1)


@click.command()
@click.option(
    "--model", required=True, type=click.Choice(["mlp", "rnn", "lstm"]),
    help="mlp: the words' vectors side by side, then dense layers; rnn, lstm: recurrent layers.",
)  # fmt: skip
@click.option("--vocab", required=True, type=_COUNT, metavar="N", help="Words with a vector.")
@click.option("--dim", type=_COUNT, default=100, show_default=True, help="Numbers in each.")
@click.option("--length", type=_COUNT, default=1, show_default=True, help="Words of a text.")
@click.option("--units", type=_COUNT, default=100, show_default=True, help="Of each layer.")
@click.option("--layers", type=_COUNT, default=1, show_default=True, help="How many of these.")
@click.option("--dense", type=_COUNT, multiple=True, help="Units of a dense layer after; again.")
@format_options
def summary(
    model: str,
    vocab: int,
    dim: int,
    length: int,
    units: int,
    layers: int,
    dense: tuple[int, ...],
    as_tsv: bool,
    as_json: bool,
) -> None:
    """The layers of a network: what each gives for a text, and how many parameters it has."""
    from w2v.networks.architecture import Architecture

    rows = Architecture(model, vocab, dim, length, units, layers, dense).rows()
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
