"""The layers of a network, with the shapes of what they give and how many parameters they have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from w2v.networks.layers.dense import Dense
from w2v.networks.layers.embedding import Embedding
from w2v.networks.layers.gru import Gru
from w2v.networks.layers.layer import Layer
from w2v.networks.layers.lstm import Lstm
from w2v.networks.layers.rnn import Rnn
from w2v.networks.layers.softmax_output import Output

Recurrent = Rnn | Lstm | Gru
RECURRENT: dict[str, tuple[str, type[Recurrent]]] = {
    "rnn": ("SimpleRNN", Rnn),
    "lstm": ("LSTM", Lstm),
    "gru": ("GRU", Gru),
}
NETWORKS = ("mlp", *RECURRENT)


class Row(NamedTuple):
    """A layer: its name, the shape of what it gives for one text, how many parameters it has."""

    layer: str
    output: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Architecture:
    """What a network is made of, from the words to the scores.

    network  mlp: the words' vectors side by side, then dense layers; rnn, lstm, gru: recurrent ones
    words    how many have a vector
    dim      numbers in each
    length   words that are looked at: of an mlp no more and no less
    units    of each of the recurrent layers, or of the dense layers of an mlp
    layers   how many of these
    dense    units of the dense layers after them
    outputs  how many labels or words there are to tell, each with a score; 0: no such layer
    tied     whether the words' vectors are also those that give the scores
    steps    whether there is a prediction after each word, not one after the last
    """

    network: str
    words: int
    dim: int
    length: int
    units: int
    layers: int = 1
    dense: tuple[int, ...] = ()
    outputs: int = 0
    tied: bool = False
    steps: bool = False

    def recurrent(self) -> list[tuple[str, int]]:
        """Each recurrent layer's name and inputs."""
        if self.network == "mlp":
            return []
        inputs = [self.dim, *[self.units] * (self.layers - 1)]
        return [(f"{self.network}{n + 1}", inputs[n]) for n in range(self.layers)]

    def denses(self) -> list[tuple[str, int, int]]:
        """Each dense layer's name, inputs and units."""
        units = list(self.dense)
        inputs = self.units
        if self.network == "mlp":
            units, inputs = [self.units] * self.layers + units, self.length * self.dim
        sizes = [inputs, *units]
        return [(f"dense{n + 1}", sizes[n], sizes[n + 1]) for n in range(len(units))]

    @property
    def features(self) -> int:
        """How many numbers the last layer gets."""
        denses = self.denses()
        return denses[-1][2] if denses else self.units

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """All parameters by name, those of the embedding first."""
        found: dict[str, tuple[int, ...]] = dict(Embedding.shapes(self.words, self.dim))
        for name, inputs in self.recurrent():
            more = RECURRENT[self.network][1].shapes(inputs, self.units)
            found |= {f"{name}.{key}": shape for key, shape in more.items()}
        for name, inputs, units in self.denses():
            more = Dense.shapes(inputs, units)
            found |= {f"{name}.{key}": shape for key, shape in more.items()}
        if self.outputs:
            found |= Output.shapes(self.features, self.outputs, self.tied)
        return found

    def rows(self) -> list[Row]:
        """The table of layers for one text."""
        steps = (self.length,) if self.steps else ()
        name = f"Embedding({self.words}, {self.dim})"
        rows = [Row(name, (self.length, self.dim), self.words * self.dim)]
        if self.network == "mlp":
            rows.append(Row("Concatenation", (*steps, self.length * self.dim), 0))
        for number, (_, inputs) in enumerate(self.recurrent()):
            name, kind = RECURRENT[self.network]
            inner = steps or (self.length,) * (number < self.layers - 1)
            rows.append(
                _row(f"{name}({self.units})", (*inner, self.units), kind.shapes(inputs, self.units))
            )
        for _, inputs, units in self.denses():
            rows.append(_row(f"Dense({units})", (*steps, units), Dense.shapes(inputs, units)))
        if self.outputs:
            tied = ", tied" * self.tied
            shapes = Output.shapes(self.features, self.outputs, self.tied)
            rows.append(_row(f"Softmax({self.outputs}{tied})", (*steps, self.outputs), shapes))
        return rows


def _row(layer: str, output: tuple[int, ...], shapes: dict[str, tuple[int, ...]]) -> Row:
    return Row(layer, output, sum(map(math.prod, shapes.values())))


def own(layer: Layer, name: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Those of the arrays that are a layer's, by its own names."""
    return {key: arrays[f"{name}.{key}"] for key in layer.parameters}
