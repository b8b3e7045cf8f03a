"""The minibatches of an epoch, each split into shards that are trained in parallel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from w2v.networks.network import Batch
from w2v.text.encoded_text import EncodedDocuments, Spans
from w2v.training.chunks import Chunk, Plan

_SORTED = 50  # number of minibatches whose texts are sorted by length together


class BatchSource(Protocol):
    """A text as minibatches.

    size  words in an epoch
    rows  most rows in a minibatch
    """

    size: int
    rows: int

    def schedule(self, rng: np.random.Generator | None, shards: int) -> tuple[list[Any], list[int]]:
        """Split an epoch into minibatches, and each of these into shards.

        rng      shuffles the minibatches; None: the order that is fastest, for evaluation
        shards   shards in a minibatch; some may be empty
        Returns  (the shards of all minibatches in order, words in each shard)
        """

    def batch(self, part: Any, states: list[np.ndarray]) -> Batch | None:
        """Make the arrays of a shard; None if it is empty.

        part    a shard from `schedule`
        states  recurrent states of all rows of the minibatch, which the network will continue from
                and overwrite
        """


class BatchPlan(Plan):
    """The chunks of a run over minibatches: a round is a minibatch, a chunk is a shard of it."""

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
        """A chunk without a word."""
        return Chunk(0, 0, 0, 0, 0)


class LabelledBatches:
    """Minibatches of labelled texts of similar length.

    text    the documents
    labels  int32 (M,), label id of each document; zeros for prediction
    rows    texts in a minibatch
    length  only the last `length` words of a text are read
    filled  whether shorter texts are padded to `length`, as an mlp needs
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
        self._shortest = length if filled else 1
        self._dtype = dtype
        self.size = int(self._lengths.sum())
        self.rows = min(rows, max(self._lengths.size, 1))
        self.longest = max(int(self._lengths.max(initial=0)), self._shortest)

    def schedule(
        self, rng: np.random.Generator | None, shards: int
    ) -> tuple[list[np.ndarray], list[int]]:
        """Row numbers of texts, in minibatches of texts of similar length.

        With `rng` the texts are shuffled, and sorted by length in groups of 50 minibatches; then
        the minibatches are shuffled. Without `rng` all texts are sorted by length.
        """
        count = self._lengths.size
        order = np.arange(count) if rng is None else rng.permutation(count)
        group = max(count, 1) if rng is None else _SORTED * self._rows
        groups = [order[at : at + group] for at in range(0, count, group)]
        groups = [texts[np.argsort(self._lengths[texts], kind="stable")] for texts in groups]
        order = np.concatenate([order[:0], *groups])
        batches = [order[at : at + self._rows] for at in range(0, count, self._rows)]
        if rng is not None:
            batches = [batches[at] for at in rng.permutation(len(batches))]
        parts = [batch[shard::shards] for batch in batches for shard in range(shards)]
        return parts, [int(self._lengths[part].sum()) for part in parts]

    def batch(self, part: np.ndarray, states: list[np.ndarray]) -> Batch | None:
        """The word ids of some texts, padded to the longest; each text starts from a zero state.

        Each target weighs 1 / `rows`, also in a last minibatch with fewer texts.
        """
        if not part.size:
            return None
        lengths = self._lengths[part]
        steps = max(int(lengths.max(initial=0)), self._shortest)
        ids, _ = self._text.gather(Spans(part, self._begins[part], self._text.ends[part]))
        has_word = np.arange(steps) < lengths[:, None]
        words = np.zeros(has_word.shape, np.int32)
        words[has_word] = ids
        weights: np.ndarray = np.full(part.size, 1 / self._rows, self._dtype)
        mask: np.ndarray = np.ascontiguousarray(has_word.T, dtype=self._dtype)
        return Batch(np.ascontiguousarray(words.T), mask, self._labels[part], weights)


class StreamBatches:
    """Minibatches for a language model, which predicts each token from the preceding ones.

    The text is cut into B stretches of equal length. Row b of every minibatch continues stretch b.
    The ends of sentences are tokens too.

    ids     int32 (N,)
    end     id of the end of a sentence, which is also the input before the first token
    rows    B, stretches
    steps   T, tokens of each stretch in a minibatch
    before  further preceding tokens that a prediction reads: length - 1 for an mlp, else 0
    dtype   dtype of the network
    """

    def __init__(
        self,
        ids: np.ndarray,
        end: int,
        rows: int,
        steps: int,
        before: int = 0,
        dtype: type = np.float32,
    ):
        self.size, self._steps, self._before, self._dtype = ids.size, steps, before, dtype
        self.rows = min(rows, max(ids.size, 1))
        self._stretch = -(-ids.size // self.rows)
        fill = np.full(self.rows * self._stretch - ids.size, end, np.int32)
        self._ids = np.concatenate([np.full(1 + before, end, np.int32), ids, fill])

    def schedule(
        self, rng: np.random.Generator | None, shards: int
    ) -> tuple[list[tuple[int, slice]], list[int]]:
        """First steps and rows of the shards, in the order of the text: nothing is shuffled."""
        cuts = np.linspace(0, self.rows, shards + 1).astype(int)
        groups = [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
        starts = range(0, self._stretch, self._steps)
        parts = [(start, rows) for start in starts for rows in groups]
        return parts, [int(self._has_word(*part).sum()) for part in parts]

    def _has_word(self, start: int, rows: slice) -> np.ndarray:
        """Which positions have a token, bool (T, B): the last stretch may be shorter."""
        return self._places(start, rows) < self.size

    def _places(self, start: int, rows: slice) -> np.ndarray:
        """Positions in the text of the tokens to predict, (T, B)."""
        steps = np.arange(start, min(start + self._steps, self._stretch))
        return steps[:, None] + np.arange(rows.start, rows.stop) * self._stretch

    def batch(self, part: tuple[int, slice], states: list[np.ndarray]) -> Batch | None:
        """T steps of some rows; states are reset to zero at the start of the text.

        Each target weighs 1 / `rows`; positions after the end of the text weigh 0.
        """
        start, rows = part
        if rows.start == rows.stop:
            return None
        own_states = [state[rows] for state in states]
        if start == 0:
            for state in own_states:
                state[:] = 0
        places = self._places(start, rows)
        first = np.arange(rows.start, rows.stop) * self._stretch + start
        steps = np.arange(len(places) + self._before)
        words = self._ids[steps[:, None] + first]
        targets = self._ids[places + 1 + self._before]
        weights: np.ndarray = np.where(places < self.size, 1 / self.rows, 0).astype(self._dtype)
        return Batch(words, None, targets.reshape(-1), weights.reshape(-1), own_states)
