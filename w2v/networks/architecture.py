"""The layers of a network, with the shapes of what they give and how many parameters they have."""

from __future__ import annotations

import math
from typing import NamedTuple

from w2v.networks.dense import Dense
from w2v.networks.embedding import Embedding
from w2v.networks.lstm import Lstm
from w2v.networks.rnn import Rnn

RECURRENT: dict[str, tuple[str, type[Rnn] | type[Lstm]]] = {
    "rnn": ("SimpleRNN", Rnn),
    "lstm": ("LSTM", Lstm),
}
NETWORKS = ("mlp", *RECURRENT)


class Row(NamedTuple):
    """A layer: its name, the shape of what it gives for one text, how many parameters it has."""

    layer: str
    output: tuple[int, ...]
    parameters: int


def describe(
    network: str, words: int, dim: int, length: int, units: int, layers: int, dense: list[int]
) -> list[Row]:
    """The layers of a network over texts of a length, from the words to the last outputs.

    network  mlp: the words' vectors side by side, then dense layers; rnn, lstm: recurrent ones
    units    of each of the recurrent layers, or of the dense layers of an mlp
    layers   how many of these
    dense    units of the dense layers after them
    """
    rows = [_row(f"Embedding({words}, {dim})", (length, dim), Embedding.shapes(words, dim))]
    inputs = dim
    if network == "mlp":
        inputs = length * dim
        rows.append(Row("Concatenation", (inputs,), 0))
        dense = [units] * layers + dense
    else:
        name, kind = RECURRENT[network]
        for number in range(layers):
            output = (units,) if number == layers - 1 else (length, units)
            rows.append(_row(f"{name}({units})", output, kind.shapes(inputs, units)))
            inputs = units
    for outputs in dense:
        rows.append(_row(f"Dense({outputs})", (outputs,), Dense.shapes(inputs, outputs)))
        inputs = outputs
    return rows


def _row(layer: str, output: tuple[int, ...], shapes: dict[str, tuple[int, ...]]) -> Row:
    return Row(layer, output, sum(map(math.prod, shapes.values())))
