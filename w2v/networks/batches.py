"""The minibatches of an epoch, each of them split into shards that are trained in parallel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from w2v.networks.network import Batch
from w2v.text.encoded_text import EncodedDocuments, Spans
from w2v.training.chunks import Chunk, Plan

_SORTED_BATCHES = 50  # number of minibatches whose texts are sorted by length together


class BatchSource(Protocol):
    """A text that is read in minibatches.

    size  number of words in an epoch
    rows  maximum number of rows in a minibatch
    """

    size: int
    rows: int

    def schedule(self, rng: np.random.Generator | None, shards: int) -> tuple[list[Any], list[int]]:
        """Split an epoch into minibatches, and each minibatch into shards.

        rng      random number generator that shuffles the minibatches; None: use the order that is
                 fastest, for evaluation
        shards   number of shards in a minibatch; some may be empty
        Returns  (the shards of all minibatches in order, the number of words in each shard)
        """

    def batch(self, part: Any, states: list[np.ndarray]) -> Batch | None:
        """Make the arrays of a shard; None if the shard is empty.

        part    a shard from `schedule`
        states  recurrent states of all rows of the minibatch. The network continues from them, and
                overwrites them
        """


class BatchPlan(Plan):
    """The chunks of a run over minibatches: a round is a minibatch, and a chunk is a shard.

    source  the minibatches
    epochs  number of epochs
    seed    seed of the order of the minibatches
    shards  number of shards in a minibatch
    """

    def __init__(self, source: BatchSource, epochs: int, seed: int, shards: int):
        self.epochs, self.seed, self.shards, self._source = epochs, seed, shards, source
        self.words, self._size, self._epoch = epochs * source.size, source.size, -1
        self._begin_epoch(np.random.default_rng((seed, 0)))
        self._chunks = len(self._parts)
        self.longest = int((self._lasts - self._firsts).max())

    def _begin_epoch(self, rng: np.random.Generator) -> None:
        self._parts, sizes = self._source.schedule(rng, self.shards)
        self._lasts = self._ends = np.cumsum(sizes)
        self._firsts = self._ends - sizes

    def __getitem__(self, number: int) -> Chunk:
        chunk = super().__getitem__(number)
        return replace(chunk, spans=self._parts[number % self._chunks])

    def nothing(self) -> Chunk:
        """Make a chunk without words."""
        return Chunk(0, 0, 0, 0, 0)


class LabelledBatches:
    """Minibatches of labelled texts of similar length.

    text    the M documents
    labels  int32 (M,), the label id of each document; zeros for prediction
    rows    maximum number of texts in a minibatch
    length  number of words at the end of a text that are read
    filled  whether to pad shorter texts to `length` positions, as an mlp needs. Otherwise texts are
            padded to the longest text of the shard
    dtype   dtype of the network
    """

    def __init__(
        self,
        text: EncodedDocuments,
        labels: np.ndarray,
        rows: int,
        length: int,
        filled: bool,
        dtype: type = np.float32,
    ):
        self._text, self._labels, self._rows = text, labels, rows
        self._begins = np.maximum(text.begins, text.ends - length)
        self._lengths = text.ends - self._begins
        self._min_steps = length if filled else 1
        self._dtype = dtype
        self.size = int(self._lengths.sum())
        self.rows = min(rows, max(self._lengths.size, 1))
        self.longest = max(int(self._lengths.max(initial=0)), self._min_steps)

    def schedule(
        self, rng: np.random.Generator | None, shards: int
    ) -> tuple[list[np.ndarray], list[int]]:
        """Split the texts into minibatches of similar length. A shard is an array of text numbers.

        With `rng` the texts are shuffled, and then sorted by length in groups of 50 minibatches.
        Then the minibatches are shuffled. Without `rng` all texts are sorted by length.
        """
        count = self._lengths.size
        order = np.arange(count) if rng is None else rng.permutation(count)
        size = max(count, 1) if rng is None else _SORTED_BATCHES * self._rows
        groups = [order[first : first + size] for first in range(0, count, size)]
        groups = [texts[np.argsort(self._lengths[texts], kind="stable")] for texts in groups]
        order = np.concatenate([order[:0], *groups])  # order[:0]: there may be no group
        batches = [order[first : first + self._rows] for first in range(0, count, self._rows)]
        if rng is not None:
            batches = [batches[number] for number in rng.permutation(len(batches))]
        parts = [batch[shard::shards] for batch in batches for shard in range(shards)]
        return parts, [int(self._lengths[part].sum()) for part in parts]

    def minibatches(self, texts: range) -> list[np.ndarray]:
        """Split consecutive texts into minibatches of similar length, arrays of text numbers."""
        numbers = np.arange(texts.start, texts.stop)
        numbers = numbers[np.argsort(self._lengths[numbers], kind="stable")]
        return [numbers[first : first + self._rows] for first in range(0, len(texts), self._rows)]

    def batch(self, part: np.ndarray, states: list[np.ndarray]) -> Batch | None:
        """Make the arrays of some texts. Each text starts from a zero state.

        The weight of each target is 1 / (the parameter `rows`), also if there are fewer texts.
        """
        if not part.size:
            return None
        lengths = self._lengths[part]
        steps = max(int(lengths.max(initial=0)), self._min_steps)
        ids, _ = self._text.gather(Spans(part, self._begins[part], self._text.ends[part]))
        has_word = np.arange(steps) < lengths[:, None]
        words = np.zeros(has_word.shape, np.int32)
        words[has_word] = ids
        weights: np.ndarray = np.full(part.size, 1 / self._rows, self._dtype)
        mask: np.ndarray = np.ascontiguousarray(has_word.T, dtype=self._dtype)
        return Batch(np.ascontiguousarray(words.T), mask, self._labels[part], weights)


class StreamBatches:
    """Minibatches for a language model, which predicts each token from the preceding ones.

    The text is cut into B stretches of equal length. At the end of the text, stretches may be
    shorter or empty. Row b of every minibatch continues stretch b.
    The ends of sentences are tokens too.

    ids            int32 (N,), the ids of the tokens
    end            id of the end of a sentence, which is also the input before the first token
    rows           B, number of stretches; fewer for a text of fewer tokens
    steps          T, number of tokens of each stretch in a minibatch
    earlier_words  see `Architecture.earlier_words`
    dtype          dtype of the network
    """

    def __init__(
        self,
        ids: np.ndarray,
        end: int,
        rows: int,
        steps: int,
        earlier_words: int = 0,
        dtype: type = np.float32,
    ):
        self.size, self._steps, self._dtype = ids.size, steps, dtype
        self._earlier_words = earlier_words
        self.rows = min(rows, max(ids.size, 1))
        self._stretch = -(-ids.size // self.rows)
        fill = np.full(self.rows * self._stretch - ids.size, end, np.int32)
        self._ids = np.concatenate([np.full(1 + earlier_words, end, np.int32), ids, fill])

    def schedule(
        self, rng: np.random.Generator | None, shards: int
    ) -> tuple[list[tuple[int, slice]], list[int]]:
        """Split the text in its order, without shuffling. A shard is (its first step, its rows)."""
        cuts = np.linspace(0, self.rows, shards + 1).astype(int)
        groups = [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
        starts = range(0, self._stretch, self._steps)
        parts = [(start, rows) for start in starts for rows in groups]
        return parts, [int(self._has_word(*part).sum()) for part in parts]

    def _has_word(self, start: int, rows: slice) -> np.ndarray:
        """Which positions have a token, bool, with the shape of `_positions`."""
        return self._positions(start, rows) < self.size

    def _positions(self, start: int, rows: slice) -> np.ndarray:
        """The positions in the text of the tokens to predict, (at most T, number of `rows`)."""
        steps = np.arange(start, min(start + self._steps, self._stretch))
        return steps[:, None] + np.arange(rows.start, rows.stop) * self._stretch

    def batch(self, part: tuple[int, slice], states: list[np.ndarray]) -> Batch | None:
        """Make the arrays of T steps of some rows; set the states to zero at the start of the text.

        The weight of each target is 1 / B. Positions after the end of the text have weight 0.
        """
        start, rows = part
        if rows.start == rows.stop:
            return None
        row_states = [state[rows] for state in states]
        if start == 0:
            for state in row_states:
                state[:] = 0
        positions = self._positions(start, rows)
        first = np.arange(rows.start, rows.stop) * self._stretch + start
        steps = np.arange(len(positions) + self._earlier_words)
        words = self._ids[steps[:, None] + first]
        targets = self._ids[positions + 1 + self._earlier_words]
        weights: np.ndarray = np.where(positions < self.size, 1 / self.rows, 0).astype(self._dtype)
        return Batch(words, None, targets.reshape(-1), weights.reshape(-1), row_states)
