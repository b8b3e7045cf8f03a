"""The chunks of a run, in order, and how far it is.

All the state of a run is in its matrices, how many chunks are done and the losses so far: a chunk's
learning rate and random numbers follow from the chunk itself (and the seed): neither is kept.

Within an epoch the chunks are shuffled. A text that is read in its order teaches what it is about
at the moment: on 100 MB of Wikipedia, CBOW, 3 seeds, the order of the text gave 34.2 % of the
analogies, shuffled chunks of 100,000 words 34.7 %, of 10,000 words 35.5 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2v.text.encoded_text import EncodedDocuments, EncodedText, Spans

CHUNK = 10_000  # words: CBOW takes 6 ms, of which 0.01 ms are Python
SMALL_CHUNK = 1_000  # words, of a text so short that threads would not share an epoch otherwise
ROUNDS = 40  # an epoch has as many at least, where the text allows it


@dataclass(frozen=True)
class Chunk:
    """The words from position `first` to `last` - 1 of the text, in epoch `epoch` (from 0).

    `begin` and `end` (0 to 1) are the shares of the run that come before it, and with it. Of
    documents, which have an order of their own in each epoch, the positions are in that order, and
    `spans` says what is there, as it does of batches.
    """

    epoch: int
    first: int
    last: int
    begin: float
    end: float
    spans: Any = field(default=None, compare=False)


class Plan:
    """The chunks of a run: each epoch has all of the text, in an order of its own.

    Chunks end where a sentence ends if there is one near; a sentence longer than a chunk is cut.
    Only one epoch is held at a time, as arrays: a chunk is made when it is asked for.

    text, epochs, seed
    chunk_words  how many words a chunk has, about; fewer in a short text
    shards       how many chunks make a round: the last one of an epoch may have fewer

    `words` is how many are trained in all epochs, `length` how many a chunk has, about, and
    `longest` at most; `most_spans` and `mean_spans` say that of documents.
    """

    most_spans = 0
    mean_spans = 0.0

    def __init__(
        self, text: EncodedText, epochs: int, seed: int, chunk_words: int = CHUNK, shards: int = 1
    ):
        self.epochs, self.seed, self.shards = epochs, seed, shards
        self.words = epochs * text.size
        length = min(max(text.size // (ROUNDS * shards), SMALL_CHUNK // shards, 1), chunk_words)
        self._size, self.length = text.size, length
        self._epoch = -1
        self._cuts = _cuts(text.starts, length)
        self._firsts, self._lasts = self._cuts[:-1], self._cuts[1:]
        self._chunks = len(self._firsts)
        self._ends = self._lasts
        self.longest = int((self._lasts - self._firsts).max())

    def __len__(self) -> int:
        return self.epochs * self._chunks

    def __iter__(self) -> Iterator[Chunk]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Chunk:
        epoch, place = divmod(number, self._chunks)
        if epoch != self._epoch:
            self._epoch = epoch
            self._begin_epoch(np.random.default_rng((self.seed, epoch)))
        first, last, end = (int(a[place]) for a in (self._firsts, self._lasts, self._ends))
        end += epoch * self._size
        begin = end - (last - first)
        return Chunk(
            epoch, first, last, begin / self.words, end / self.words, self._spans(first, last)
        )

    def _begin_epoch(self, rng: np.random.Generator) -> None:
        """Put the chunks in the order of an epoch."""
        order = rng.permutation(self._chunks)
        self._firsts, self._lasts = self._cuts[:-1][order], self._cuts[1:][order]
        self._ends = np.cumsum(self._lasts - self._firsts)

    def _spans(self, first: int, last: int) -> Spans | None:
        return None

    def nothing(self) -> Chunk:
        """A chunk without a word."""
        return Chunk(0, 0, 0, 0, 0, self._spans(0, 0))

    def round_from(self, number: int) -> list[Chunk]:
        """The chunks of the round that begins with chunk `number`; none after the last one."""
        rest = self._chunks - number % self._chunks
        end = min(number + min(self.shards, rest), len(self))
        return [self[i] for i in range(number, end)]

    def epoch_end(self, number: int) -> int:
        """How many chunks are done when the epoch of chunk `number` is."""
        return min((number // self._chunks + 1) * self._chunks, len(self))


class DocumentPlan(Plan):
    """The chunks of a run over documents, each of which finds a new place in every epoch.

    It need not stay beside what was beside it: in the order of a corpus documents often are sorted
    by what is to be found out about them (Mesnil et al. 2015). A document that is longer than a
    chunk is cut.
    """

    def __init__(
        self,
        text: EncodedDocuments,
        epochs: int,
        seed: int,
        chunk_words: int = CHUNK,
        shards: int = 1,
    ):
        super().__init__(text, epochs, seed, chunk_words, shards)
        self._text, self.longest = text, min(2 * self.length + 1, text.size)
        self._not_empty = np.flatnonzero(text.ends > text.begins).astype(np.int32)
        self._order, self._starts = self._not_empty, text.starts
        self.most_spans = min(self.longest, self._not_empty.size)
        self.mean_spans = self._not_empty.size / self._chunks + 1

    def _begin_epoch(self, rng: np.random.Generator) -> None:
        self._order = rng.permutation(self._not_empty)
        lengths = self._text.ends[self._order] - self._text.begins[self._order]
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        cuts = _cuts(self._starts, self.length)
        self._firsts, self._lasts, self._ends = cuts[:-1], cuts[1:], cuts[1:]

    def _spans(self, first: int, last: int) -> Spans:
        """What of the documents is between two positions of the epoch's order."""
        begin = int(np.searchsorted(self._starts, first, "right")) - 1
        end = int(np.searchsorted(self._starts, last))
        inside = self._order[begin:end]
        here = self._text.begins[inside] - self._starts[begin:end]  # from the order to the text
        return Spans(
            self._text.rows[inside],
            np.maximum(self._starts[begin:end], first) + here,
            np.minimum(self._starts[begin + 1 : end + 1], last) + here,
        )


class GibbsPlan(Plan):
    """The chunks of a run over documents that stay whole and where they are, in every epoch alike.

    starts   int64 (M + 1,)  where each document begins, and the end
    epochs
    shards   how many chunks make a round
    longest  how many words a chunk has at most, about: an epoch has as few rounds as that allows
    """

    def __init__(self, starts: np.ndarray, epochs: int, shards: int, longest: int):
        size = int(starts[-1])
        self.epochs, self.seed, self.shards = epochs, 0, shards
        self.words, self._size, self._epoch = epochs * size, size, -1
        targets = np.linspace(0, size, shards * max(1, -(-size // (shards * longest))) + 1)
        self._cuts = np.unique(starts[np.searchsorted(starts, targets)])
        self._chunks = self._cuts.size - 1
        self._begin_epoch(np.random.default_rng(0))
        self.longest = int((self._lasts - self._firsts).max())

    def _begin_epoch(self, rng: np.random.Generator) -> None:
        self._firsts, self._lasts = self._cuts[:-1], self._cuts[1:]
        self._ends = self._lasts


def make_plan(text: EncodedText, *how: int) -> Plan:
    """The plan of a text, of documents or not."""
    return DocumentPlan(text, *how) if isinstance(text, EncodedDocuments) else Plan(text, *how)


def _cuts(starts: np.ndarray, length: int) -> np.ndarray:
    """Where chunks begin, and the end of the text; int64, rising: for texts of a size, as many."""
    size = int(starts[-1])
    cuts = [0]
    for target in np.linspace(0, size, max(1, round(size / length)) + 1)[1:-1].astype(np.int64):
        start = int(starts[np.searchsorted(starts, target, "right") - 1])
        cuts.append(start if start > cuts[-1] + length // 2 else int(target))
    return np.unique(np.array([*cuts, size]))
