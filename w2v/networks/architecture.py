"""The architecture of a network: its layers in order, with their sizes and parameter shapes."""

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

    layer       name of the layer with its sizes, such as LSTM(256)
    output      shape of the output of the layer for one text
    parameters  number of parameters
    """

    layer: str
    output: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Architecture:
    """The sizes of a network's layers, from the word ids to the scores.

    layer    class of the recurrent layers; None: a multilayer perceptron (mlp), which concatenates
             the vectors of `length` words and feeds the result to dense layers
    words    size of the vocabulary
    dim      dimension of a word vector
    length   number of words that the network reads. A classifier reads the last `length` words of a
             text. An mlp, also as a language model, always reads `length` words, and fills up
             shorter texts with padding: positions without a word
    units    number of units of each recurrent layer, or of each hidden layer of an mlp
    layers   number of recurrent layers, or of hidden layers of an mlp
    dense    number of units of each dense layer between these layers and the output layer
    outputs  number of labels or words to predict; 0: no output layer
    tied     whether the output weights are the word vectors
    steps    whether the network predicts after each word, and not only after the last word
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
        """Make the architecture for the settings of a model.

        words   size of the vocabulary
        labels  number of labels; unused by a language model, which predicts words
        Raises  W2VError if --tied is given, and the last hidden layer has more or fewer units than
                a word vector has dimensions
        """
        is_language = settings.task == "lm"
        architecture = cls(
            layer=recurrent_layer(settings), words=words, dim=settings.dim,
            length=settings.input_length, units=settings.units, layers=settings.layers,
            dense=settings.dense_units, outputs=words if is_language else labels,
            tied=settings.tied and is_language, steps=is_language,
        )  # fmt: skip
        features, dim = architecture.features, architecture.dim
        if architecture.tied and features != dim:
            # With --init, the dimension is that of the file.
            units = [*settings.dense_units[:-1], dim]
            other = f"--dense {','.join(map(str, units))}" if settings.dense else f"--units {dim}"
            raise W2VError(
                f"--tied needs word vectors as wide as the last hidden layer, which has "
                f"{features} units; --dim is {dim}: set --dim {features}, or {other}"
            )
        return architecture

    @property
    def earlier_words(self) -> int:
        """Number of input words of a prediction before the newest word.

        This is length - 1 for an mlp. It is 0 for a recurrent network, whose state represents the
        earlier words.
        """
        return 0 if self.layer else self.length - 1

    def recurrent_layers(self) -> list[tuple[str, int, type[Recurrent]]]:
        """The name, number of inputs and class of each recurrent layer."""
        if not self.layer:
            return []
        inputs, name = [self.dim, *[self.units] * (self.layers - 1)], self.layer.__name__.lower()
        return [(f"{name}{n + 1}", inputs[n], self.layer) for n in range(self.layers)]

    def dense_layers(self) -> list[tuple[str, int, int]]:
        """The name, number of inputs and number of units of each dense layer."""
        units = list(self.dense)
        inputs = self.units
        if not self.layer:  # the hidden layers of an mlp are dense layers too
            units, inputs = [self.units] * self.layers + units, self.length * self.dim
        sizes = [inputs, *units]
        return [(f"dense{n + 1}", sizes[n], sizes[n + 1]) for n in range(len(units))]

    @property
    def features(self) -> int:
        """Number of inputs of the output layer."""
        dense_layers = self.dense_layers()
        return dense_layers[-1][2] if dense_layers else self.units

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all parameters by name, in the order of the layers."""
        shapes: dict[str, tuple[int, ...]] = dict(Embedding.shapes(self.words, self.dim))
        for name, inputs, layer in self.recurrent_layers():
            layer_shapes = layer.shapes(inputs, self.units)
            shapes |= {f"{name}.{key}": shape for key, shape in layer_shapes.items()}
        for name, inputs, units in self.dense_layers():
            layer_shapes = Dense.shapes(inputs, units)
            shapes |= {f"{name}.{key}": shape for key, shape in layer_shapes.items()}
        if self.outputs:
            shapes |= SoftmaxOutput.shapes(self.features, self.outputs, self.tied)
        return shapes

    def rows(self) -> list[LayerSummary]:
        """The rows of the table of layers, with output shapes for one text."""
        steps = (self.length,) if self.steps else ()
        name = f"Embedding({self.words}, {self.dim})"
        rows = [LayerSummary(name, (self.length, self.dim), self.words * self.dim)]
        if not self.layer:
            rows.append(LayerSummary("Concatenation", (*steps, self.length * self.dim), 0))
        for number, (_, inputs, layer) in enumerate(self.recurrent_layers()):
            # The last layer of a classifier has one output, because its states are pooled.
            is_pooled = not self.steps and number == self.layers - 1
            output = (self.units,) if is_pooled else (self.length, self.units)
            shapes = layer.shapes(inputs, self.units)
            rows.append(_row(f"{layer.title}({self.units})", output, shapes))
        for _, inputs, units in self.dense_layers():
            rows.append(_row(f"Dense({units})", (*steps, units), Dense.shapes(inputs, units)))
        if self.outputs:
            tied = ", tied" if self.tied else ""
            shapes = SoftmaxOutput.shapes(self.features, self.outputs, self.tied)
            rows.append(_row(f"Softmax({self.outputs}{tied})", (*steps, self.outputs), shapes))
        return rows


def _row(layer: str, output: tuple[int, ...], shapes: dict[str, tuple[int, ...]]) -> LayerSummary:
    """Make a row of the table of layers from the shapes of the parameters of a layer."""
    return LayerSummary(layer, output, sum(map(math.prod, shapes.values())))


def recurrent_layer(settings: Any) -> type[Recurrent] | None:
    """Return the class of a network's recurrent layers; None for a perceptron.

    settings  settings of a network, or the class of the settings. The attribute `layer` is
              "module:class", or empty for a perceptron
    """
    if not settings.layer:
        return None
    module, name = settings.layer.split(":")
    return getattr(import_module(module), name)


def arrays_of(layer: Layer, name: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Select the arrays of one layer, by the names of the parameters in the layer, such as W_x.

    layer   the layer
    name    name of the layer in the network, such as lstm1
    arrays  arrays of the whole network by their full names, such as lstm1.W_x
    """
    return {key: arrays[f"{name}.{key}"] for key in layer.parameters}
