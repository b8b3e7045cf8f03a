"""The minibatches of an epoch, each in parts that are learnt side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from w2v.networks.network import Batch
from w2v.text.encoded_text import EncodedDocuments, Spans
from w2v.training.chunks import Chunk, Plan

_SORTED = 50  # batches whose texts are sorted by length


class BatchSource(Protocol):
    """The batches of an epoch."""

    size: int  # words
    rows: int  # of a batch, at most

    def schedule(self, rng: np.random.Generator | None, shards: int) -> tuple[list[Any], list[int]]:
        """The parts of all batches in order, `shards` for each, and how many words each part has.

        rng  shuffles; None: in the order that is quickest to read, as for evaluation
        """

    def batch(self, part: Any, states: list[np.ndarray]) -> Batch | None:
        """A part of a batch, or None where it is empty.

        states  those of all rows, with which it goes on, and which it changes
        """


class BatchPlan(Plan):
    """The chunks of a run over batches: a round is a batch."""

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
    """Texts with labels, those of about the same length together.

    text    documents
    labels  int32 (M,), the number of each one's label, or zeros where nothing is learnt
    rows    texts of a batch
    length  the last words of a text, which are read
    filled  whether short ones are filled up to that length
    dtype   of the network
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
        self.longest = max(int(self._lengths.max(initial=0)), self._shortest)  # words that are read

    def schedule(
        self, rng: np.random.Generator | None, shards: int
    ) -> tuple[list[np.ndarray], list[int]]:
        """Numbers of texts, in batches of about the same length, shuffled."""
        count = self._lengths.size
        order = np.arange(count) if rng is None else rng.permutation(count)
        group = max(count, 1) if rng is None else _SORTED * self._rows
        groups = [order[at : at + group] for at in range(0, count, group)]
        groups = [each[np.argsort(self._lengths[each], kind="stable")] for each in groups]
        order = np.concatenate([order[:0], *groups])
        batches = [order[at : at + self._rows] for at in range(0, count, self._rows)]
        if rng is not None:
            batches = [batches[at] for at in rng.permutation(len(batches))]
        parts = [batch[shard::shards] for batch in batches for shard in range(shards)]
        return parts, [int(self._lengths[part].sum()) for part in parts]

    def batch(self, part: np.ndarray, states: list[np.ndarray]) -> Batch | None:
        """Some texts; the state before each is zero."""
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
    """A text of which each word, the ends of sentences included, is predicted from those before.

    It is cut into as many stretches as a batch has rows, which are read side by side.

    ids     int32 (N,)
    end     the id of the end of a sentence, which also stands before the text
    rows    stretches
    steps   words of each in a batch
    before  how many words before the last one are looked at besides, where that is fixed
    dtype   of the network
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
        """First steps and rows: all rows of one step after the other, in the order of the text."""
        cuts = np.linspace(0, self.rows, shards + 1).astype(int)
        groups = [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True)]
        starts = range(0, self._stretch, self._steps)
        parts = [(start, rows) for start in starts for rows in groups]
        return parts, [int(self._has_word(*part).sum()) for part in parts]

    def _has_word(self, start: int, rows: slice) -> np.ndarray:
        """Which of the places have a word; the last stretch is shorter than others."""
        return self._places(start, rows) < self.size

    def _places(self, start: int, rows: slice) -> np.ndarray:
        """Where the words to predict are in the text, (T, B)."""
        steps = np.arange(start, min(start + self._steps, self._stretch))
        return steps[:, None] + np.arange(rows.start, rows.stop) * self._stretch

    def batch(self, part: tuple[int, slice], states: list[np.ndarray]) -> Batch | None:
        """Some steps of some rows."""
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
