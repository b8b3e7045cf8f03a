"""The chunks of a run, in the order in which they are trained.

The state of a run consists of its matrices, the number of chunks done and the losses so far. The
learning rate and the random numbers of a chunk are derived from the chunk and the seed, so that a
checkpoint does not hold them.

Within an epoch the chunks are shuffled. In the order of the text, neighbouring chunks share a
subject, and the vectors follow this subject for a while. On 100 MB of Wikipedia (CBOW, 3 seeds) the
order of the text solved 34.2 % of the analogies, shuffled chunks of 100,000 words 34.7 %, shuffled
chunks of 10,000 words 35.5 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2v.text.encoded_text import EncodedDocuments, EncodedText, Spans

CHUNK = 10_000  # words in a chunk: CBOW trains it in 6 ms, of which 0.01 ms are Python
# A short text has smaller chunks, so that all threads have chunks.
SMALL_CHUNK = 1_000  # fewest words in all chunks of a round of a short text
ROUNDS = 40  # fewest rounds in an epoch, unless the text is too short


@dataclass(frozen=True)
class Chunk:
    """A part of the text, which one thread trains in one epoch.

    epoch  number of the epoch, from 0
    first  position of its first word in the text
    last   position after its last word
    begin  share (0 to 1) of the run that comes before the chunk
    end    share of the run that is done after the chunk
    spans  the documents of the chunk as `Spans`, or its minibatches; None for a text of sentences

    Documents have another order in each epoch; positions then count words in this order.
    """

    epoch: int
    first: int
    last: int
    begin: float
    end: float
    spans: Any = field(default=None, compare=False)


class Plan:
    """The chunks of a run, a sequence; each epoch has all chunks of the text, shuffled anew.

    A chunk ends at the end of a sentence if one is near. A sentence longer than a chunk is cut.
    Only the chunk boundaries of one epoch are in memory, as arrays; a `Chunk` is made on access.

    text         the encoded text
    epochs       number of epochs
    seed         seed of the shuffling
    chunk_words  approximate words in a chunk; a short text has smaller chunks
    shards       chunks in a round; the last round of an epoch may have fewer

    Attributes:

    words       number of words of the run, in all epochs
    length      approximate words in a chunk
    longest     most words in a chunk
    most_spans  most documents in a chunk, 0 for a text of sentences
    mean_spans  mean number of documents in a chunk, 0 for a text of sentences
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
        """Shuffle the chunks for an epoch."""
        order = rng.permutation(self._chunks)
        self._firsts, self._lasts = self._cuts[:-1][order], self._cuts[1:][order]
        self._ends = np.cumsum(self._lasts - self._firsts)

    def _spans(self, first: int, last: int) -> Spans | None:
        return None

    def nothing(self) -> Chunk:
        """An empty chunk."""
        return Chunk(0, 0, 0, 0, 0, self._spans(0, 0))

    def round_from(self, number: int) -> list[Chunk]:
        """The chunks of the round that begins with chunk `number`; [] after the last chunk."""
        rest = self._chunks - number % self._chunks
        end = min(number + min(self.shards, rest), len(self))
        return [self[i] for i in range(number, end)]

    def epoch_end(self, number: int) -> int:
        """The number of chunks of the run up to the end of the epoch that has chunk `number`."""
        return min((number // self._chunks + 1) * self._chunks, len(self))


class DocumentPlan(Plan):
    """The chunks of a run over documents; the documents are shuffled anew in each epoch.

    Single documents are shuffled instead of whole chunks, because a corpus is often sorted by the
    label that a classifier is to predict (Mesnil et al. 2015). A document longer than a chunk is
    cut.
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
        """The documents, or parts of them, between two positions in the order of the epoch."""
        begin = int(np.searchsorted(self._starts, first, "right")) - 1
        end = int(np.searchsorted(self._starts, last))
        inside = self._order[begin:end]
        shift = self._text.begins[inside] - self._starts[begin:end]  # from the order to the text
        return Spans(
            self._text.rows[inside],
            np.maximum(self._starts[begin:end], first) + shift,
            np.minimum(self._starts[begin + 1 : end + 1], last) + shift,
        )


class GibbsPlan(Plan):
    """The chunks of Gibbs sampling: whole documents in the order of the text, in every epoch.

    starts   int64 (M + 1,)  the position where each document begins, and the end of the text
    epochs   number of epochs
    shards   chunks in a round
    longest  approximate limit of the words in a chunk; an epoch has as few rounds as it allows
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


def make_plan(text: EncodedText, *arguments: int) -> Plan:
    """The plan of a text: a `DocumentPlan` of documents, otherwise a `Plan`."""
    if isinstance(text, EncodedDocuments):
        return DocumentPlan(text, *arguments)
    return Plan(text, *arguments)


def _cuts(starts: np.ndarray, length: int) -> np.ndarray:
    """The positions where chunks begin, and the end of the text; int64, ascending.

    starts  int64 (S + 1,), the position where each sentence begins, and the end of the text
    length  approximate words in a chunk

    The number of chunks depends only on `length` and the size of the text. Documents therefore have
    the same number of chunks in every order.
    """
    size = int(starts[-1])
    cuts = [0]
    for target in np.linspace(0, size, max(1, round(size / length)) + 1)[1:-1].astype(np.int64):
        start = int(starts[np.searchsorted(starts, target, "right") - 1])
        cuts.append(start if start > cuts[-1] + length // 2 else int(target))
    return np.unique(np.array([*cuts, size]))
