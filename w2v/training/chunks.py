"""Plans: the chunks of a run, in the order in which they are trained.

The state of a run consists of its matrices, the number of chunks done and the losses so far. A
checkpoint holds no learning rate and no state of random numbers, because both are derived for each
chunk from the chunk and the seed.

Within an epoch the chunks are shuffled. In the order of the text, neighbouring chunks share a
subject, and the vectors drift towards this subject for a while. On 100 MB of Wikipedia (CBOW, 3
seeds) vectors trained in the order of the text solved 34.2 % of the analogies, with shuffled chunks
of 100,000 words 34.7 %, and with shuffled chunks of 10,000 words 35.5 %.

Letters: S sentences and M documents in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2v.text.encoded_text import EncodedDocuments, EncodedText, Spans

# Words in a chunk. CBOW trains such a chunk in 6 ms, of which 0.01 ms are Python.
CHUNK = 10_000
# A short text has smaller chunks, so that there are chunks for all threads.
ROUNDS = 40  # minimum number of rounds in an epoch, unless the text is too short
SMALL_CHUNK = 1_000  # minimum number of words in a round, over all its chunks, of a short text


@dataclass(frozen=True)
class Chunk:
    """A part of the text, which one thread trains in one epoch.

    epoch  number of the epoch, from 0
    first  position of the first word of the chunk in the text
    last   position after the last word of the chunk
    begin  share (0 to 1) of the run that is done before the chunk
    end    share (0 to 1) of the run that is done after the chunk
    spans  the documents of the chunk as `Spans`, or as numbers in a `WholeDocumentPlan`; in a
           network, the shard of a minibatch, see `BatchSource.schedule`; None for a text of
           sentences and in Gibbs sampling

    A `DocumentPlan` shuffles the documents in each epoch. Positions are then those in the shuffled
    text.
    """

    epoch: int
    first: int
    last: int
    begin: float
    end: float
    spans: Any = field(default=None, compare=False)


class Plan:
    """The sequence of the chunks of a run: in each epoch all chunks of the text, shuffled anew.

    A chunk ends at the end of a sentence if the sentence ends near the intended end of the chunk.
    A sentence longer than about half a chunk may be cut. Only the chunk boundaries of one epoch are
    in memory, as arrays. A `Chunk` is made on access.

    text         the encoded text
    epochs       number of epochs
    seed         seed of the shuffling
    chunk_words  approximate number of words in a chunk; a short text has smaller chunks
    shards       number of chunks in a round; the last round of an epoch may have fewer

    Attributes:

    words       number of words of the run, in all epochs
    length      approximate number of words in a chunk
    longest     maximum number of words in a chunk
    most_spans  maximum number of documents in a chunk; 0 for a text of sentences
    mean_spans  approximate mean number of documents, or parts of documents, in a chunk; 0 for a
                text of sentences
    """

    most_spans = 0
    mean_spans = 0.0
    _sentences: EncodedText | None = None  # the text, if it is one of sentences

    def __init__(
        self, text: EncodedText, epochs: int, seed: int, chunk_words: int = CHUNK, shards: int = 1
    ):
        self.epochs, self.seed, self.shards = epochs, seed, shards
        self.words = epochs * text.size
        # A short text has about ROUNDS rounds in an epoch, but at least SMALL_CHUNK words in each.
        length = min(max(text.size // (ROUNDS * shards), SMALL_CHUNK // shards, 1), chunk_words)
        self._size, self.length = text.size, length
        self._sentences = None if isinstance(text, EncodedDocuments) else text
        self._epoch = -1  # the epoch of the arrays below; -1: not shuffled for any epoch
        self._cuts = _cuts(text.starts, length)
        self._firsts, self._lasts = self._cuts[:-1], self._cuts[1:]
        self._chunks = len(self._firsts)
        self._ends = self._lasts  # number of words of the epoch that are done after each chunk
        self.longest = int((self._lasts - self._firsts).max())

    def __len__(self) -> int:
        return self.epochs * self._chunks

    def __iter__(self) -> Iterator[Chunk]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> Chunk:
        epoch, index = divmod(number, self._chunks)
        if epoch != self._epoch:
            self._epoch = epoch
            self._begin_epoch(np.random.default_rng((self.seed, epoch)))
        first, last, end = (int(a[index]) for a in (self._firsts, self._lasts, self._ends))
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

    def _spans(self, first: int, last: int) -> Any:
        """The `spans` of the chunk between two positions: None for a text of sentences."""
        return None

    def read_ahead(self, number: int) -> None:
        """Ask the system to read a chunk of sentences from disk, if it is in the present epoch.

        Chunks are shuffled, so that the system cannot know which is the next. Where the text does
        not fit in memory, a chunk of 10,000 words took 0.4 to 0.5 ms more to read than one that was
        asked for while the chunk before it was trained (on a virtual disk). CBOW trains such a
        chunk in 6 ms.
        """
        epoch, index = divmod(number, self._chunks)
        if self._sentences and epoch == self._epoch:
            self._sentences.read_ahead(int(self._firsts[index]), int(self._lasts[index]))

    def nothing(self) -> Chunk:
        """An empty chunk, with which kernels are loaded."""
        return Chunk(0, 0, 0, 0, 0, self._spans(0, 0))

    def round_from(self, number: int) -> list[Chunk]:
        """The chunks of the round that begins with chunk `number`; [] after the last chunk."""
        rest_of_epoch = self._chunks - number % self._chunks
        end = min(number + min(self.shards, rest_of_epoch), len(self))
        return [self[i] for i in range(number, end)]

    def epoch_end(self, number: int) -> int:
        """The number of chunks from the start of the run to the end of the epoch of a chunk."""
        return min((number // self._chunks + 1) * self._chunks, len(self))


class DocumentPlan(Plan):
    """The chunks of a run on documents, which are shuffled anew in each epoch.

    Single documents are shuffled instead of whole chunks, because a corpus is often sorted by the
    label that a classifier is to predict (Mesnil et al. 2015). A document longer than about half a
    chunk may be cut.
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
        # In any order of the documents, a chunk ends at or before its target, and begins after the
        # target before the last one: see `_cuts`.
        between = -(-text.size // _count_chunks(text.size, self.length))
        self._text, self.longest = text, min(2 * between + 1, text.size)
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
        """The documents, or parts of documents, between two positions in the shuffled text."""
        begin = int(np.searchsorted(self._starts, first, "right")) - 1
        end = int(np.searchsorted(self._starts, last))
        documents = self._order[begin:end]
        # A position in the shuffled text plus `shift` is the position in the encoded text.
        shift = self._text.begins[documents] - self._starts[begin:end]
        return Spans(
            self._text.rows[documents],
            np.maximum(self._starts[begin:end], first) + shift,
            np.minimum(self._starts[begin + 1 : end + 1], last) + shift,
        )


class WholeDocumentPlan(Plan):
    """The chunks of a run on documents that must not be cut, shuffled anew in each epoch.

    The `spans` of a chunk are the numbers of its documents, int32 (K,), without empty ones. A
    document that is longer than a chunk leaves other chunks empty.
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
        self._sizes = text.ends - text.begins
        self._not_empty = np.flatnonzero(self._sizes).astype(np.int32)
        self._chunks = _count_chunks(text.size, self.length)
        self._begin_epoch(np.random.default_rng((seed, 0)))

    def _begin_epoch(self, rng: np.random.Generator) -> None:
        self._order = rng.permutation(self._not_empty)
        self._starts = np.concatenate([[0], np.cumsum(self._sizes[self._order])])
        targets = np.linspace(0, self._size, self._chunks + 1)
        cuts = self._starts[np.searchsorted(self._starts, targets)]
        self._firsts, self._lasts, self._ends = cuts[:-1], cuts[1:], cuts[1:]

    def _spans(self, first: int, last: int) -> Any:
        """The numbers of the documents between two positions in the shuffled text."""
        begin, end = np.searchsorted(self._starts, (first, last))
        return self._order[begin:end]


class GibbsPlan(Plan):
    """The chunks of Gibbs sampling: whole documents in the order of the text, in every epoch.

    starts   int64 (M + 1,)  the position where each document begins, and the end of the text
    epochs   number of epochs
    shards   number of chunks in a round
    longest  approximate maximum number of words in a chunk. An epoch is divided into as few rounds
             as this maximum allows
    """

    def __init__(self, starts: np.ndarray, epochs: int, shards: int, longest: int):
        size = int(starts[-1])
        self.epochs, self.seed, self.shards = epochs, 0, shards
        self.words, self._size, self._epoch = epochs * size, size, -1
        rounds = max(1, -(-size // (shards * longest)))
        # Each cut moves from an even division of the text to the next beginning of a document.
        targets = np.linspace(0, size, shards * rounds + 1)
        self._cuts = np.unique(starts[np.searchsorted(starts, targets)])
        self._chunks = self._cuts.size - 1
        self._begin_epoch(np.random.default_rng(0))
        self.longest = int((self._lasts - self._firsts).max())

    def _begin_epoch(self, rng: np.random.Generator) -> None:
        self._firsts, self._lasts = self._cuts[:-1], self._cuts[1:]
        self._ends = self._lasts


def make_plan(text: EncodedText, *arguments: int) -> Plan:
    """Make a `DocumentPlan` for a text of documents, otherwise a `Plan`.

    arguments  the other arguments of `Plan`
    """
    if isinstance(text, EncodedDocuments):
        return DocumentPlan(text, *arguments)
    return Plan(text, *arguments)


def _count_chunks(size: int, length: int) -> int:
    """The number of chunks of about `length` words in a text of `size` words."""
    return max(1, round(size / length))


def _cuts(starts: np.ndarray, length: int) -> np.ndarray:
    """The positions where chunks begin, and the end of the text; int64, ascending.

    starts  int64 (S + 1,), the position where each sentence begins, and the end of the text
    length  approximate number of words in a chunk

    The number of chunks depends only on `length` and the size of the text. A text of documents is
    therefore divided into the same number of chunks in every order of its documents.
    """
    size = int(starts[-1])
    cuts = [0]
    for target in np.linspace(0, size, _count_chunks(size, length) + 1)[1:-1].astype(np.int64):
        # Cut before the sentence at `target`, unless the chunk before it would become too short.
        start = int(starts[np.searchsorted(starts, target, "right") - 1])
        cuts.append(start if start > cuts[-1] + length // 2 else int(target))
    return np.unique(np.array([*cuts, size]))
