"""The copy of the model in a worker process, which is brought to the round that a task needs."""

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
    """The facts that a worker needs to train chunks of a run.

    run         the identifier of the run
    model       name of the model
    options     settings of the model
    counts      int64 (V,): the counts of the vocabulary
    frozen      bool (V,) or (0,): see `GradientTrainer.freeze`
    documents   number of documents that have vectors
    longest     most words in a chunk, as in a `Plan`
    most_spans  most documents in a chunk, as in a `Plan`
    """

    run: str
    model: str
    options: Any
    counts: np.ndarray
    frozen: np.ndarray
    documents: int
    longest: int
    most_spans: int
    shards = 1  # a thread of a worker trains one chunk at a time


class ModelBase(NamedTuple):
    """The whole model after a number of rounds, to which the changes of later rounds are added.

    rounds    number of rounds
    matrices  by the name of the matrix, float32 (V, dim) or (V, 1 + 2 R, dim), without padding
    """

    rounds: int
    matrices: dict[str, np.ndarray]


class Slice(NamedTuple):
    """The words `ids[first:last]`; `ids` is a future of the array where workers hold the text."""

    ids: np.ndarray
    first: int
    last: int


class ChunkData(NamedTuple):
    """A chunk with its words, in consecutive slices, and the bounds of its sentences."""

    chunk: Chunk
    slices: Sequence[Slice]
    bounds: np.ndarray


class _ChunkText:
    """The words of one chunk, in the place of the encoded text that a trainer reads."""

    def __init__(self, documents: int):
        self.names = range(documents)
        self._ids, self._bounds = np.empty(0, np.int32), np.zeros(1, np.int64)

    def open(self, chunk_data: ChunkData) -> None:
        """Set the chunk whose words `part` and `gather` return."""
        words = [ids[first:last] for ids, first, last in chunk_data.slices]
        self._ids = np.concatenate([*words, np.empty(0, np.int32)])
        self._bounds = chunk_data.bounds.copy()  # arrays that Dask delivers are read-only

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The words of the chunk, and the starts of its sentences; the arguments are ignored."""
        return self._ids, self._bounds

    def gather(self, spans: Any) -> tuple[np.ndarray, np.ndarray]:
        """The words of the chunk, and the starts of its documents; the argument is ignored."""
        return self._ids, self._bounds

    def allocate(self, shape: tuple[int, int]) -> np.ndarray:
        """Allocate the vectors of the documents, with zeros."""
        return aligned(shape)

    def sizes(self) -> np.ndarray:
        """Return length 1 for each document, so that the trainer treats no document as empty."""
        return np.ones(len(self.names), np.int64)


class Replica(RoundState):
    """The matrices in a worker process, and the buffers in which its threads train chunks."""

    def __init__(self, setup: ModelSetup):
        super().__init__()
        self._setup = setup
        names = cast("list[str]", range(setup.counts.size))
        vocabulary = Vocabulary(names, setup.counts, setup.counts.size, 0)
        model, self._chunk_text = models()[setup.model], _ChunkText(setup.documents)
        trainer = model.make_trainer(vocabulary, cast(Any, self._chunk_text), setup.options)
        assert isinstance(trainer, SgdTrainer)
        self._trainer = trainer
        self._trainer.begin(setup.shards)
        if setup.frozen.size:
            self._trainer.freeze(setup.frozen)
        self._free = list[Any]()  # buffers that no thread uses

    def _load(self, base: ModelBase) -> None:
        for name, matrix in base.matrices.items():
            self._trainer.vectors(name)[:] = matrix

    def _advance(self, later: Sequence[Node]) -> None:
        for node in later:
            row_changes.apply(self._trainer.matrices, node.changes)

    def train(self, chunks: Sequence[ChunkData], number: int, covers: int) -> Node:
        """Train chunks of a round one after the other; merge their changes into a node of the tree.

        chunks  consecutive chunks of the round, at most `covers`
        number  the number of the node among the nodes that cover the same number of shards
        covers  number of shards that the node covers, a power of two
        """
        with self._turn:
            chunk_text, shards, train = self._free.pop() if self._free else self._make_buffers()
        leaves = []
        for at, chunk_data in enumerate(chunks):
            chunk_text.open(chunk_data)
            result = train(chunk_data.chunk, 0)
            changes = {
                name: RowChanges(rows, self._unpadded(name, sums), squares)
                for name, (rows, sums, squares) in shards.changes(0).items()
            }
            leaves.append(Node(number * covers + at, 1, changes, [result]))
        with self._turn:
            self._free.append((chunk_text, shards, train))
        return row_changes.merge(leaves, covers)._replace(moved=0)

    def _make_buffers(self) -> tuple[Any, Any, Any]:
        """Make a `_ChunkText`, the buffers of a chunk, and the function that trains it."""
        chunk_text = _ChunkText(self._setup.documents)
        self._trainer.text = cast(EncodedText, chunk_text)
        shards = self._trainer.shards(cast(Plan, self._setup))  # has the sizes of a plan
        return chunk_text, shards, shards.worker()

    def _unpadded(self, name: str, sums: np.ndarray) -> np.ndarray:
        vectors = self._trainer.vectors(name)
        return np.ascontiguousarray(sums[:, : vectors.shape[1]]) if vectors.ndim == 2 else sums


def matrices(trainer: Any) -> Mapping[str, np.ndarray]:
    """Copy the matrices of a trainer, without padding, for a `ModelBase`."""
    return {name: np.array(trainer.vectors(name)) for name in trainer.matrices}
