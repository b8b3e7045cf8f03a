"""A neural network: layers from word ids to predictions, forward and backward.

Recurrent layers are trained by back-propagation through time (Werbos 1990). A language model keeps
the state from one minibatch to the next, but gradients stop at the start of the minibatch. This is
truncated back-propagation through time (Williams and Peng 1990).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from w2v.networks.architecture import Architecture, arrays_of
from w2v.networks.layers.concatenation import Concatenation
from w2v.networks.layers.dense import Dense
from w2v.networks.layers.dropout import Dropout
from w2v.networks.layers.embedding import Embedding
from w2v.networks.layers.layer import flat
from w2v.networks.layers.pooling import Pooling
from w2v.networks.layers.softmax_output import RowGradients, SampledSoftmaxOutput, SoftmaxOutput


class Batch(NamedTuple):
    """A minibatch, or a shard of a minibatch, of T time steps and B rows.

    words    int32 (T, B), word ids. For an mlp that predicts at each step (T + length - 1, B),
             because its predictions also read the words before the first step
    mask     of the shape of `words`: 1 for a word, 0 for padding; None: no padding
    targets  ids of labels or words: int32 (B,), or (T * B,) with a prediction at each step
    weights  the weight of each target in the loss, of the dtype of the network
    states   the arrays (B, U) of the initial states of all recurrent layers, in order. The last
             states overwrite them. None: the initial states are zeros
    """

    words: np.ndarray
    mask: np.ndarray | None
    targets: np.ndarray
    weights: np.ndarray
    states: list[np.ndarray] | None = None


class Network:
    """A network of layers. The networks of several threads may share their parameters.

    architecture  the layers and their sizes
    settings      settings of the model: pooling, activation, dropout
    parameters    arrays by name, with the shapes of `Architecture.shapes`, but b_o is (K, 1) with
                  the sampled softmax
    gradients     arrays of the same names, which `learn` overwrites. The tables with row gradients
                  (see `rows`) have none. None: the network is not trained
    counts        int64 (V,), word counts for the sampled softmax; None: use the full softmax
    samples       number of words that the sampled softmax draws for a minibatch; 0: use the full
                  softmax
    """

    def __init__(
        self,
        architecture: Architecture,
        settings: Any,
        parameters: Mapping[str, np.ndarray],
        gradients: Mapping[str, np.ndarray] | None = None,
        counts: np.ndarray | None = None,
        samples: int = 0,
    ):
        self.architecture = architecture
        a, dtype = architecture, parameters["input_vectors"].dtype
        tables = dict(parameters)
        # An untrained network has no gradients, but its layers need arrays of these names.
        slopes = dict(parameters if gradients is None else gradients)
        self.embedding = Embedding(a.words, a.dim, dtype)
        self.embedding.attach(tables, {})
        recurrent = a.recurrent_layers()
        self._recurrent = [
            layer.of(inputs, a.units, settings, dtype) for _, inputs, layer in recurrent
        ]
        self._concatenation = None if recurrent else Concatenation(a.length)
        self._pooling = None if a.steps else Pooling(settings.pool)
        f = "relu" if recurrent else settings.activation
        self._denses = [Dense(inputs, units, f, dtype) for _, inputs, units in a.dense_layers()]
        names = [name for name, *_ in recurrent] + [name for name, *_ in a.dense_layers()]
        for name, layer in zip(names, [*self._recurrent, *self._denses], strict=True):
            layer.attach(arrays_of(layer, name, tables), arrays_of(layer, name, slopes))
        self.output: SoftmaxOutput
        if samples and counts is not None:
            self.output = SampledSoftmaxOutput(a.features, counts, samples, a.tied, dtype)
        else:
            self.output = SoftmaxOutput(a.features, a.outputs, a.tied, dtype)
            self.output.attach(tables, slopes)
        self.output.share(tables)
        self._dropouts = [
            Dropout(settings.dropout) for _ in range(1 + len(self._recurrent) + len(self._denses))
        ]

    def initialise(self, rng: np.random.Generator) -> None:
        """Initialise all parameters at random."""
        for layer in (self.embedding, *self._recurrent, *self._denses, self.output):
            layer.initialise(rng)

    def features(self, batch: Batch, rng: np.random.Generator | None = None) -> np.ndarray:
        """Compute the input of the output layer, (B, U) or (T * B, U), and update `batch.states`.

        rng  random number generator of dropout; None: no dropout, as in evaluation
        """
        dropouts = iter(self._dropouts)
        x = next(dropouts).forward(self.embedding.forward(batch.words), rng)
        states = iter(batch.states or ())
        for layer in self._recurrent:
            initial = [next(states) for _ in layer.state_names] if batch.states else []
            x = next(dropouts).forward(layer.forward(x, batch.mask, initial or None), rng)
            if initial:
                for old, new in zip(initial, layer.state, strict=True):
                    old[...] = new
        if self._concatenation:
            x = self._concatenation.forward(x, batch.mask)
        if self._pooling is None:
            x = flat(x)
        elif self._concatenation:
            x = x[0]  # a classifier has only one position
        else:
            x = self._pooling.forward(x, batch.mask)
        for dense in self._denses:
            x = next(dropouts).forward(dense.forward(x), rng)
        return x

    def learn(self, batch: Batch, rng: np.random.Generator | None = None) -> tuple[float, int]:
        """Forward and backward: compute the gradients of the weighted sum of the losses.

        rng      random number generator of dropout and the sampled softmax; None: no dropout, and
                 the same samples in every call
        Returns  (sum of the unweighted losses in nats, number of targets), without the targets
                 whose weight is 0
        """
        h = self.features(batch, rng)
        d_h = self.output.learn(h, batch.targets, batch.weights, rng)
        self._backward(d_h, len(batch.words))
        is_counted = batch.weights > 0
        return float(self.output.losses[is_counted].sum()), int(is_counted.sum())

    def _backward(self, d: np.ndarray, steps: int) -> None:
        """Compute the gradients of all layers below the output layer.

        d      the gradient of the output of `features`
        steps  the number of time steps in the words of the minibatch
        """
        denses, recurrent = len(self._denses), len(self._recurrent)
        for number in reversed(range(denses)):
            d = self._denses[number].backward(self._dropouts[1 + recurrent + number].backward(d))
        if self._concatenation:
            positions = steps - self.architecture.length + 1
            d = self._concatenation.backward(d.reshape(positions, -1, d.shape[-1]))
        elif self._pooling is None:
            d = d.reshape(steps, -1, d.shape[-1])
        else:
            d = self._pooling.backward(d)
        for number in reversed(range(recurrent)):
            d = self._recurrent[number].backward(self._dropouts[1 + number].backward(d))
        self.embedding.backward(self._dropouts[0].backward(d))

    def rows(self) -> list[RowGradients]:
        """After `learn`, the row gradients of the embedding layer and the output layer.

        Only the rows of words that occur in the minibatch or were sampled have a gradient. With the
        full softmax and tied weights, every row has a gradient.
        """
        embedding_rows = RowGradients("input_vectors", self.embedding.rows, self.embedding.sums)
        return [embedding_rows, *self.output.rows()]

    def states(self, rows: int) -> list[np.ndarray]:
        """Make zero states for all recurrent layers: arrays (rows, U)."""
        dtype, units = self.embedding.sums.dtype, self.architecture.units
        count = sum(len(layer.state_names) for layer in self._recurrent)
        return [np.zeros((rows, units), dtype) for _ in range(count)]
