"""The layers of a network: their order, output shapes and numbers of parameters."""

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
    """A row of the table of layers.

    layer       name, with its sizes
    output      shape of the output for one text
    parameters  number of parameters
    """

    layer: str
    output: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Architecture:
    """The sizes of a network's layers, from the word ids to the scores.

    layer    class of the recurrent layers; None: a multilayer perceptron (mlp), which concatenates
             the vectors of `length` words and feeds them to dense layers
    words    size of the vocabulary
    dim      dimensions of a word vector
    length   a classifier reads the last `length` words of a text; an mlp always reads this number
             of words, with padding if there are fewer, also as a language model
    units    units of each recurrent layer, or of each hidden layer of an mlp
    layers   number of recurrent layers, or of hidden layers of an mlp
    dense    units of the dense layers that follow
    outputs  number of labels or words to predict; 0: no output layer
    tied     whether the output weights are the word vectors
    steps    whether there is a prediction after each word, instead of one after the last word
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
        """The architecture for a model's settings.

        words   size of the vocabulary
        labels  number of labels; unused by a language model, which predicts words
        Raises  W2VError where --tied is given and the last layer is not as wide as a word vector
        """
        language = settings.task == "lm"
        made = cls(
            layer=recurrent_layer(settings), words=words, dim=settings.dim,
            length=settings.length, units=settings.units, layers=settings.layers,
            dense=settings.dense_units, outputs=words if language else labels,
            tied=settings.tied and language, steps=language,
        )  # fmt: skip
        if made.tied and made.features != made.dim:
            raise W2VError(
                f"--tied needs word vectors as wide as the last hidden layer, which has "
                f"{made.features} units; --dim is {made.dim}: set --dim {made.features}"
            )
        return made

    @property
    def before(self) -> int:
        """Words that a prediction reads before the newest one: length - 1 for an mlp, else 0.

        A recurrent network has the earlier words in its state.
        """
        return 0 if self.layer else self.length - 1

    def recurrent(self) -> list[tuple[str, int, type[Recurrent]]]:
        """Name, number of inputs and class of each recurrent layer."""
        if not self.layer:
            return []
        inputs, name = [self.dim, *[self.units] * (self.layers - 1)], self.layer.__name__.lower()
        return [(f"{name}{n + 1}", inputs[n], self.layer) for n in range(self.layers)]

    def denses(self) -> list[tuple[str, int, int]]:
        """Name, number of inputs and number of units of each dense layer."""
        units = list(self.dense)
        inputs = self.units
        if not self.layer:
            units, inputs = [self.units] * self.layers + units, self.length * self.dim
        sizes = [inputs, *units]
        return [(f"dense{n + 1}", sizes[n], sizes[n + 1]) for n in range(len(units))]

    @property
    def features(self) -> int:
        """Number of inputs of the output layer."""
        denses = self.denses()
        return denses[-1][2] if denses else self.units

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all parameters by name, the embedding's first."""
        shapes: dict[str, tuple[int, ...]] = dict(Embedding.shapes(self.words, self.dim))
        for name, inputs, layer in self.recurrent():
            own = layer.shapes(inputs, self.units)
            shapes |= {f"{name}.{key}": shape for key, shape in own.items()}
        for name, inputs, units in self.denses():
            own = Dense.shapes(inputs, units)
            shapes |= {f"{name}.{key}": shape for key, shape in own.items()}
        if self.outputs:
            shapes |= SoftmaxOutput.shapes(self.features, self.outputs, self.tied)
        return shapes

    def rows(self) -> list[LayerSummary]:
        """The table of layers, with output shapes for one text."""
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
    """The class of a network's recurrent layers; None for a perceptron.

    settings  settings of a network, or their class; their `layer` is "module:name"
    """
    if not settings.layer:
        return None
    module, name = settings.layer.split(":")
    return getattr(import_module(module), name)


def arrays_of(layer: Layer, name: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """The arrays of one layer, by the layer's own names.

    layer   its own names of its parameters are used, such as W_x
    name    name of the layer in the network, such as lstm1
    arrays  arrays of the whole network by their full names, such as lstm1.W_x
    """
    return {key: arrays[f"{name}.{key}"] for key in layer.parameters}
