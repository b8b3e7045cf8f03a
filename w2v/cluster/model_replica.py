"""The model in a worker's process, kept at the round that tasks ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np

from w2v.cluster import row_changes
from w2v.cluster.round_state import RoundState
from w2v.cluster.row_changes import Node, RowChanges
from w2v.kernels.simd import aligned
from w2v.models import models
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.chunks import Chunk, Plan
from w2v.training.protocols import SgdTrainer


@dataclass(frozen=True)
class ModelSetup:
    """What a worker must know to train chunks of a run.

    run        a name of its own
    model, options
    counts     int64 (V,) of the vocabulary
    frozen     bool (V,) or (0,), see `Trainer.freeze`
    documents  how many have vectors
    longest, most_spans  as of a `Plan`, the most words and documents of a chunk
    """

    run: str
    model: str
    options: Any
    counts: np.ndarray
    frozen: np.ndarray
    documents: int
    longest: int
    most_spans: int
    shards = 1  # are trained at a time in a room


class ModelBase(NamedTuple):
    """The whole model after so many rounds, from which those after it go on.

    rounds    how many
    matrices  by name, float32 (V, dim) or (V, 1 + 2 R, dim), without what pads them
    """

    rounds: int
    matrices: dict[str, np.ndarray]


class Slice(NamedTuple):
    """A stretch of a part of the text; the array is a future's where the workers hold it."""

    ids: np.ndarray
    first: int
    last: int


class ChunkData(NamedTuple):
    """A chunk with its words, in slices that follow each other, and its sentences' bounds."""

    chunk: Chunk
    slices: Sequence[Slice]
    bounds: np.ndarray


class _Passage:
    """The text, as far as a trainer of one chunk looks at it."""

    def __init__(self, documents: int):
        self.names = range(documents)
        self._ids, self._bounds = np.empty(0, np.int32), np.zeros(1, np.int64)

    def open(self, chunk_data: ChunkData) -> None:
        """Be the text of one chunk from now on."""
        words = [ids[first:last] for ids, first, last in chunk_data.slices]
        self._ids = np.concatenate([*words, np.empty(0, np.int32)])
        self._bounds = chunk_data.bounds.copy()  # what comes from elsewhere cannot be written to

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The chunk's words, and where its sentences begin."""
        return self._ids, self._bounds

    def gather(self, spans: Any) -> tuple[np.ndarray, np.ndarray]:
        """The same of documents."""
        return self._ids, self._bounds

    def allocate(self, shape: tuple[int, int]) -> np.ndarray:
        """Zeros for the vectors of the documents."""
        return aligned(shape)

    def sizes(self) -> np.ndarray:
        """How many words each document has: some."""
        return np.ones(len(self.names), np.int64)


class Replica(RoundState):
    """The matrices of a run in this process, and room for the chunks that its threads train."""

    def __init__(self, setup: ModelSetup):
        super().__init__()
        self._setup = setup
        names = cast("list[str]", range(setup.counts.size))
        vocabulary = Vocabulary(names, setup.counts, setup.counts.size, 0)
        model, self._passage = models()[setup.model], _Passage(setup.documents)
        trainer = model.make_trainer(vocabulary, cast(Any, self._passage), setup.options)
        assert isinstance(trainer, SgdTrainer)
        self._trainer = trainer
        self._trainer.begin(setup.shards)
        if setup.frozen.size:
            self._trainer.freeze(setup.frozen)
        self._rooms = list[Any]()

    def _load(self, base: ModelBase) -> None:
        for name, matrix in base.matrices.items():
            self._trainer.vectors(name)[:] = matrix

    def _advance(self, later: Sequence[Node]) -> None:
        for node in later:
            row_changes.apply(self._trainer.matrices, node.changes)

    def train(self, chunks: Sequence[ChunkData], number: int, covers: int) -> Node:
        """Train some chunks of a round, one after the other: a node of the round's tree."""
        with self._turn:
            passage, shards, train = self._rooms.pop() if self._rooms else self._make_room()
        leaves = []
        for at, chunk_data in enumerate(chunks):
            passage.open(chunk_data)
            result = train(chunk_data.chunk, 0)
            found = {
                name: RowChanges(rows, self._unpadded(name, sums), squares)
                for name, (rows, sums, squares) in shards.changes(0).items()
            }
            leaves.append(Node(number * covers + at, 1, found, [result]))
        with self._turn:
            self._rooms.append((passage, shards, train))
        return row_changes.merge(leaves, covers)._replace(moved=0)

    def _make_room(self) -> tuple[Any, Any, Any]:
        """A passage, and room for a chunk of it: what trains it is made for that passage."""
        passage = _Passage(self._setup.documents)
        self._trainer.text = cast(EncodedText, passage)
        shards = self._trainer.shards(cast(Plan, self._setup))  # of which it needs the sizes
        return passage, shards, shards.worker()

    def _unpadded(self, name: str, sums: np.ndarray) -> np.ndarray:
        vectors = self._trainer.vectors(name)
        return np.ascontiguousarray(sums[:, : vectors.shape[1]]) if vectors.ndim == 2 else sums


def matrices(trainer: Any) -> Mapping[str, np.ndarray]:
    """Copies of what a trainer has learnt so far, as a `ModelBase` holds it."""
    return {name: np.array(trainer.vectors(name)) for name in trainer.matrices}
