"""The layers of a network, with the shapes of what they give and how many parameters they have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

from w2v.errors import W2VError
from w2v.networks.layers.dense import Dense
from w2v.networks.layers.embedding import Embedding
from w2v.networks.layers.layer import Layer, Recurrent
from w2v.networks.layers.softmax_output import SoftmaxOutput


class LayerSummary(NamedTuple):
    """A layer: its name, the shape of what it gives for one text, how many parameters it has."""

    layer: str
    output: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Architecture:
    """What a network is made of, from the words to the scores.

    layer    the class of its recurrent layers; None: a perceptron, the vectors of `length` words
             side by side, then dense layers
    words    how many have a vector
    dim      numbers in each
    length   words that are looked at: of an mlp no more and no less
    units    of each of the recurrent layers, or of the dense layers of an mlp
    layers   how many of these
    dense    units of the dense layers after them
    outputs  how many labels or words are predicted, each with a score; 0: no such layer
    tied     whether the words' vectors are also those that give the scores
    steps    whether there is a prediction after each word, not one after the last
    """

    layer: type[Recurrent] | None
    words: int
    dim: int
    length: int
    units: int
    layers: int = 1
    dense: tuple[int, ...] = ()
    outputs: int = 0
    tied: bool = False
    steps: bool = False

    @classmethod
    def of(cls, settings: Any, words: int, labels: int) -> Architecture:
        """What a model's settings ask for; W2VError where what is tied does not fit."""
        language = settings.task == "lm"
        made = cls(
            layer=recurrent_layer(settings), words=words, dim=settings.dim,
            length=settings.length, units=settings.units, layers=settings.layers,
            dense=settings.dense_units, outputs=words if language else labels,
            tied=settings.tied and language, steps=language,
        )  # fmt: skip
        if made.tied and made.features != made.dim:
            raise W2VError(
                f"--tied: the last layer gives {made.features} numbers, a word has {made.dim}: set "
                f"--dim {made.features}"
            )
        return made

    @property
    def before(self) -> int:
        """How many words before the last one the network reads besides, where that is fixed."""
        return 0 if self.layer else self.length - 1

    def recurrent(self) -> list[tuple[str, int, type[Recurrent]]]:
        """Each recurrent layer's name, inputs and class."""
        if not self.layer:
            return []
        inputs, name = [self.dim, *[self.units] * (self.layers - 1)], self.layer.__name__.lower()
        return [(f"{name}{n + 1}", inputs[n], self.layer) for n in range(self.layers)]

    def denses(self) -> list[tuple[str, int, int]]:
        """Each dense layer's name, inputs and units."""
        units = list(self.dense)
        inputs = self.units
        if not self.layer:
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
        for name, inputs, layer in self.recurrent():
            more = layer.shapes(inputs, self.units)
            found |= {f"{name}.{key}": shape for key, shape in more.items()}
        for name, inputs, units in self.denses():
            more = Dense.shapes(inputs, units)
            found |= {f"{name}.{key}": shape for key, shape in more.items()}
        if self.outputs:
            found |= SoftmaxOutput.shapes(self.features, self.outputs, self.tied)
        return found

    def rows(self) -> list[LayerSummary]:
        """The table of layers for one text."""
        steps = (self.length,) if self.steps else ()
        name = f"Embedding({self.words}, {self.dim})"
        rows = [LayerSummary(name, (self.length, self.dim), self.words * self.dim)]
        if not self.layer:
            rows.append(LayerSummary("Concatenation", (*steps, self.length * self.dim), 0))
        for number, (_, inputs, layer) in enumerate(self.recurrent()):
            inner = steps or (self.length,) * (number < self.layers - 1)
            shapes = layer.shapes(inputs, self.units)
            rows.append(_row(f"{layer.title}({self.units})", (*inner, self.units), shapes))
        for _, inputs, units in self.denses():
            rows.append(_row(f"Dense({units})", (*steps, units), Dense.shapes(inputs, units)))
        if self.outputs:
            tied = ", tied" * self.tied
            shapes = SoftmaxOutput.shapes(self.features, self.outputs, self.tied)
            rows.append(_row(f"Softmax({self.outputs}{tied})", (*steps, self.outputs), shapes))
        return rows


def _row(layer: str, output: tuple[int, ...], shapes: dict[str, tuple[int, ...]]) -> LayerSummary:
    return LayerSummary(layer, output, sum(map(math.prod, shapes.values())))


def recurrent_layer(settings: Any) -> type[Recurrent] | None:
    """The class that `layer` of a network's settings, "module:name", means; None for a perceptron.

    settings  of a network, or their class
    """
    if not settings.layer:
        return None
    module, name = settings.layer.split(":")
    return getattr(import_module(module), name)


def arrays_of(layer: Layer, name: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Those of a network's arrays that a layer has, by the layer's own names."""
    return {key: arrays[f"{name}.{key}"] for key in layer.parameters}
