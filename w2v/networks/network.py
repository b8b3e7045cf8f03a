"""A neural network: layers from word ids to predictions, forward and backward.

Recurrent layers are trained by back-propagation through time (Werbos 1990). A language model keeps
the state from one minibatch to the next, but gradients stop at the start of the minibatch:
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
    """A minibatch, or a shard of one, of T steps and B rows.

    words    int32 (T, B), word ids; for an mlp that predicts at each step (T + length - 1, B), with
             the words before the first step
    mask     (T, B), 1 for a word and 0 for padding; None: no padding
    targets  int32 (B,), or (T * B,) with a prediction at each step: ids of labels or words
    weights  weight of each target in the loss, of the network's dtype
    states   the initial states, arrays (B, U) for each recurrent layer in turn, overwritten by the
             last states; None: zeros
    """

    words: np.ndarray
    mask: np.ndarray | None
    targets: np.ndarray
    weights: np.ndarray
    states: list[np.ndarray] | None = None


class Network:
    """A network of layers. Several networks may share their parameters, one for each thread.

    architecture  the layers and their sizes
    settings      settings of the model: pooling, activation, dropout
    parameters    arrays by name, as in `Architecture.shapes`; for `SampledSoftmaxOutput` b_o is
                  (K, 1)
    gradients     arrays to be overwritten, by the same names, without the tables that have row
                  gradients (see `rows`); None: for a network that is never trained
    counts        word counts for the sampled softmax; None: the full softmax
    samples       words drawn for a minibatch by the sampled softmax; 0: the full softmax
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
        tables, slopes = dict(parameters), dict(parameters if gradients is None else gradients)
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
            Dropout(settings.dropout) for _ in range(2 + len(self._recurrent) + len(self._denses))
        ]

    def initialise(self, rng: np.random.Generator) -> None:
        """Fill all parameters at random."""
        for layer in (self.embedding, *self._recurrent, *self._denses, self.output):
            layer.initialise(rng)

    def features(self, batch: Batch, rng: np.random.Generator | None = None) -> np.ndarray:
        """Forward up to the input of the output layer, (B, U) or (T * B, U).

        rng  random numbers of dropout; None: no dropout, as in evaluation
        """
        drop = iter(self._dropouts)
        x = next(drop).forward(self.embedding.forward(batch.words), rng)
        states = iter(batch.states or ())
        for layer in self._recurrent:
            held = [next(states) for _ in layer.state_names] if batch.states else []
            x = next(drop).forward(layer.forward(x, batch.mask, held or None), rng)
            for old, new in zip(held, layer.state, strict=bool(held)):
                old[...] = new
        if self._concatenation:
            x = self._concatenation.forward(x, batch.mask)
        if self._pooling is None:
            x = flat(x)
        elif self._concatenation:
            x = x[0]
        else:
            x = self._pooling.forward(x, batch.mask)
        for dense in self._denses:
            x = next(drop).forward(dense.forward(x), rng)
        return x

    def learn(self, batch: Batch, rng: np.random.Generator | None = None) -> tuple[float, int]:
        """Forward and backward: compute the gradients of the weighted sum of the losses.

        rng      random numbers of dropout and sampled softmax; None: no dropout, and fixed samples
        Returns  (sum of the unweighted losses in nats, number of targets), without the targets that
                 weigh 0
        """
        h = self.features(batch, rng)
        d = self.output.learn(h, batch.targets, batch.weights, rng)
        self._backward(d, len(batch.words))
        counted = batch.weights > 0
        return float(self.output.losses[counted].sum()), int(counted.sum())

    def _backward(self, d: np.ndarray, steps: int) -> None:
        denses, recurrent = len(self._denses), len(self._recurrent)
        for at in reversed(range(denses)):
            d = self._denses[at].backward(self._dropouts[1 + recurrent + at].backward(d))
        if self._concatenation:
            made = steps - self.architecture.length + 1
            d = self._concatenation.backward(d.reshape(made, -1, d.shape[-1]))
        elif self._pooling is None:
            d = d.reshape(steps, -1, d.shape[-1])
        else:
            d = self._pooling.backward(d)
        for at in reversed(range(recurrent)):
            d = self._recurrent[at].backward(self._dropouts[1 + at].backward(d))
        self.embedding.backward(self._dropouts[0].backward(d))

    def rows(self) -> list[RowGradients]:
        """After `learn`: the row gradients of the embedding and of the output layer.

        These are the rows of words that occur in the minibatch or were sampled. A full softmax with
        tied weights has a gradient for every row.
        """
        embedded = RowGradients("input_vectors", self.embedding.rows, self.embedding.sums)
        return [embedded, *self.output.rows()]

    def states(self, rows: int) -> list[np.ndarray]:
        """Zero states for all recurrent layers, each array (rows, U)."""
        dtype, units = self.embedding.sums.dtype, self.architecture.units
        count = sum(len(layer.state_names) for layer in self._recurrent)
        return [np.zeros((rows, units), dtype) for _ in range(count)]
