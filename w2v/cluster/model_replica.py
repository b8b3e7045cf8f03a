"""The copy of the model in a worker process, and the training of chunks on it."""

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
from w2v.negative_sampling.chunk_copies import ChunkCopies
from w2v.negative_sampling.trainer import WordTrainer
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.chunks import Chunk, Plan


@dataclass(frozen=True)
class ModelSetup:
    """The facts that a worker needs to train chunks of a run.

    run         the identifier of the run
    model       name of the model
    options     settings of the model
    names       the V words of the vocabulary; training uses them only with subwords, without which
                they are range(V)
    counts      int64 (V,): the counts of the words
    frozen      bool (V,): the words whose vectors do not change; (0,) if there are none
    ngram_rows  int32 (G,): the row of each n-gram from which words are composed
    documents   number of documents that have vectors
    longest     maximum number of words in a chunk, as in a `Plan`
    most_spans  maximum number of documents in a chunk, as in a `Plan`
    """

    run: str
    model: str
    options: Any
    names: Sequence[str] | range
    counts: np.ndarray
    frozen: np.ndarray
    ngram_rows: np.ndarray
    documents: int
    longest: int
    most_spans: int
    shards = 1  # as in a `Plan`: each thread has its own buffers, for one chunk at a time


class ModelBase(NamedTuple):
    """The whole model after a number of rounds, to which the changes of later rounds are added.

    rounds    number of rounds that the model includes
    matrices  the matrices of the model by name, without padding: float32 (V, dim), or
              (V, 1 + 2 R, dim) for concatenated windows of R words to each side
    """

    rounds: int
    matrices: dict[str, np.ndarray]


class Slice(NamedTuple):
    """The words `ids[first:last]` of a text.

    In this process `ids` is a future if the workers hold the text. In a task it is an array.
    """

    ids: np.ndarray
    first: int
    last: int


class ChunkData(NamedTuple):
    """A chunk with its words.

    chunk   the chunk
    slices  consecutive slices of the text, which together are the words of the chunk
    bounds  int64: the start of each sentence or document within the chunk, and the end of the chunk
    """

    chunk: Chunk
    slices: Sequence[Slice]
    bounds: np.ndarray


class _ChunkText:
    """The words of one chunk, with the methods of an encoded text that a trainer calls."""

    def __init__(self, documents: int):
        self.names = range(documents)
        self._ids, self._bounds = np.empty(0, np.int32), np.zeros(1, np.int64)

    def open(self, chunk_data: ChunkData) -> None:
        """Set the chunk whose words `part` and `gather` return."""
        words = [ids[first:last] for ids, first, last in chunk_data.slices]
        self._ids = np.concatenate([*words, np.empty(0, np.int32)])
        self._bounds = chunk_data.bounds.copy()  # Dask delivers read-only arrays

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The word ids of the chunk and the bounds of its sentences; the arguments are ignored."""
        return self._ids, self._bounds

    def gather(self, spans: Any) -> tuple[np.ndarray, np.ndarray]:
        """The word ids of the chunk and the bounds of its documents; the argument is ignored."""
        return self._ids, self._bounds

    def allocate(self, shape: tuple[int, int]) -> np.ndarray:
        """Allocate the vectors of the documents, filled with zeros."""
        return aligned(shape)

    def sizes(self) -> np.ndarray:
        """Return size 1 for each document, so that the trainer treats no document as empty."""
        return np.ones(len(self.names), np.int64)


class Replica(RoundState):
    """The matrices in a worker process, and the buffers in which its threads train chunks."""

    def __init__(self, setup: ModelSetup):
        super().__init__()
        self._setup = setup
        names = cast("list[str]", setup.names)
        vocabulary = Vocabulary(names, setup.counts, setup.counts.size, 0)
        model, self._chunk_text = models()[setup.model], _ChunkText(setup.documents)
        trainer = model.make_trainer(vocabulary, cast(Any, self._chunk_text), setup.options)
        assert isinstance(trainer, WordTrainer)
        self._trainer = trainer
        trainer.share_rows(setup.ngram_rows)
        self._trainer.begin(setup.shards)
        if setup.frozen.size:
            self._trainer.freeze(setup.frozen)
        self._contractions = self._trainer.contractions(cast(Plan, setup))
        # Those of `_make_buffers` that no thread uses.
        self._free_buffers: list[tuple[_ChunkText, ChunkCopies]] = []

    def _load(self, base: ModelBase) -> None:
        for name, matrix in base.matrices.items():
            self._trainer.vectors(name)[:] = matrix

    def _advance(self, changes: Sequence[Node]) -> None:
        for node in changes:
            contractions = self._contractions(node.begin)
            row_changes.apply(self._trainer.matrices, node.changes, contractions)

    def train(self, chunks: Sequence[ChunkData], number: int, shard_count: int) -> Node:
        """Train chunks of a round one after the other; merge their changes into a node of the tree.

        chunks       consecutive chunks of the round, at most `shard_count`
        number       see `Node.number`
        shard_count  see `Node.shard_count`
        """
        with self._condition:
            buffers = self._free_buffers.pop() if self._free_buffers else self._make_buffers()
        chunk_text, copies = buffers
        leaves = []
        for index, chunk_data in enumerate(chunks):
            chunk_text.open(chunk_data)
            result = copies.train(chunk_data.chunk)
            changes = {
                name: RowChanges(
                    rows, self._without_padding(name, vectors), np.zeros(rows.size, np.float32),
                    np.ones(rows.size, np.int32),
                )
                for name, (rows, vectors) in copies.rows().items()
            }  # fmt: skip
            leaf = number * shard_count + index
            leaves.append(Node(leaf, 1, chunk_data.chunk.begin, changes, [result]))
        with self._condition:
            self._free_buffers.append(buffers)
        # The leaves are not sent.
        return self.merge(leaves, shard_count)._replace(merged_bytes=0)

    def merge(self, nodes: list[Node], shard_count: int) -> Node:
        """Merge neighbouring nodes of a round, see `row_changes.merge`."""
        return row_changes.merge(nodes, shard_count, self._trainer.matrices)

    def _make_buffers(self) -> tuple[_ChunkText, ChunkCopies]:
        """Make a `_ChunkText`, and the copies on which its chunk is trained."""
        chunk_text = _ChunkText(self._setup.documents)
        self._trainer.text = cast(EncodedText, chunk_text)
        # Only the sizes of the plan are used.
        return chunk_text, self._trainer.chunk_copies(cast(Plan, self._setup))

    def _without_padding(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Return rows of a matrix without the zeros that pad each vector for the kernels."""
        vectors = self._trainer.vectors(name)
        return np.ascontiguousarray(rows[:, : vectors.shape[1]]) if vectors.ndim == 2 else rows


def matrices(trainer: Any) -> Mapping[str, np.ndarray]:
    """Copy the matrices of a trainer, without padding, for a `ModelBase`."""
    return {name: np.array(trainer.vectors(name)) for name in trainer.matrices}
