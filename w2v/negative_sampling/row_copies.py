"""Row copies for the synchronous rounds of negative sampling, and their merge after each round.

A row copy is a copy of one row of a matrix. The chunks of a round are trained at the same time,
each on copies of the rows of its words, documents and negative samples. Letters: V words, M
documents, D numbers in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

import numpy as np

from w2v.kernels.contraction import Contraction, by_agreement
from w2v.kernels.hierarchical_softmax import Paths
from w2v.kernels.negative_sampling import draw_negatives
from w2v.kernels.row_merge import (
    BLOCK,
    compute_changes,
    copy_rows,
    merge_rows,
    number_rows,
)
from w2v.kernels.simd import WIDTH, aligned
from w2v.negative_sampling.subword_rows import WordRows
from w2v.negative_sampling.word_distributions import keep_probabilities, noise_probabilities
from w2v.negative_sampling.word_paths import expected_nodes, take_paths
from w2v.negative_sampling.worker import Worker
from w2v.settings import NegativeSamplingSettings
from w2v.training.chunks import Chunk, Plan

# Maximum number of parts in which word matrices are merged. A part is merged by one thread.
MERGE_PARTS = 16
REUSE = 24  # average number of times that a chunk uses each negative sample of its noise table


def memory_bytes(
    counts: np.ndarray, settings: NegativeSamplingSettings, plan: Plan,
    lengths: Mapping[str, int], word_rows: WordRows | None, paths: Paths | None = None,
) -> int:  # fmt: skip
    """Approximate bytes of the row copies of a round.

    counts     int64 (V,), the counts of the vocabulary
    settings   the settings of the model
    plan       the chunks of the run
    lengths    the row length of each matrix, by the name of the matrix
    word_rows  the rows from which each word is composed; None: words are not composed
    paths      the paths of hierarchical softmax; None: negative sampling

    A word that is expected n times in a chunk occurs in the chunk with probability 1 - exp(-n).
    """
    frequencies = counts / max(counts.sum(), 1)
    # Expected number of occurrences of each word in a chunk, after subsampling.
    kept = frequencies * keep_probabilities(counts, settings.sample) * plan.longest
    if paths:
        kept_outputs = expected_nodes(paths, kept)
    else:
        noise = noise_probabilities(counts, settings.noise_exponent)
        kept_outputs = kept + noise * kept.sum() * settings.negative / REUSE
    kept_rows = kept  # expected number of times that each row of the input vectors is needed
    if word_rows:
        weights = np.repeat(kept, np.diff(word_rows.offsets))
        kept_rows = np.bincount(word_rows.rows, weights)
    input_rows, output_rows = (-np.expm1(-expected).sum() for expected in (kept_rows, kept_outputs))
    rows = {
        "input_vectors": input_rows,
        "output_vectors": output_rows,
        "document_vectors": plan.mean_spans,
    }
    floats = sum(rows[name] * length for name, length in lengths.items())
    # One int32 for each word and, with subwords, for each row of the subword vectors.
    local_ids = counts.size + (kept_rows.size if word_rows else 0)
    local_ids += counts.size if paths else 0
    pairs = kept_rows.size + kept_outputs.size  # see `Contraction`
    return int(4 * (plan.shards * (floats + local_ids) + pairs))


class _Numbers(NamedTuple):
    """The numbers of the row copies of a matrix of N rows, in each of S shards.

    local_ids  int32 (S, N + 1)  the number of the copy of each row, or -1 for a row without a copy
    rows       int32 (S, 1 + R)  the row number of the original of each copy
    """

    local_ids: np.ndarray
    rows: np.ndarray

    @classmethod
    def allocate(cls, shards: int, rows: int, copies: int) -> Self:
        """Allocate the numbers of at most `copies` copies of a matrix of `rows` rows."""
        return cls(
            np.full((shards, rows + 1), -1, np.int32), np.empty((shards, 1 + copies), np.int32)
        )


class RowCopies:
    """Row copies for the `plan.shards` chunks of a round, which are trained at the same time.

    Shard s holds the row copies of the s-th chunk of the round. The words and negative samples of
    a chunk are numbered in order of appearance. Their rows are copied to small matrices in this
    order, and the kernels train the chunk on these small matrices.

    For each chunk a sample of the noise distribution is drawn. The windows of the chunk draw their
    negative samples from this sample. A chunk therefore needs few rows, which stay in the
    processor's cache.

    matrices     by name: float32 (V + 1, D); `document_vectors` float32 (M + 1, D); with subwords,
                 `input_vectors` have a row for each word and n-gram, and one of padding. `merge`
                 changes the matrices in place
    noise        uint64 (V,), the alias table of the noise distribution, see `draw_noise`; with
                 hierarchical softmax the paths to the words. The output vectors are then those of
                 inner nodes, and a chunk copies those on the paths to its words
    frozen       bool (V,), input vectors that must not change; empty for none
    negative     number of negative samples for each window
    plan         the chunks of the run
    word_rows    the rows from which each word is composed; None: words are not composed. With
                 subwords, the rows of the input vectors have numbers and copies of their own
    contractions function that returns the `Contraction` of each matrix after a share of the run,
                 see `WordTrainer.contractions`
    make_worker  function that makes the `Worker` of a thread. Its argument is the padding id: the
                 number of the last row of a shard's output vectors, which is padding

    `parts` holds the number of parts of a merge, see `Shards`.
    """

    def __init__(
        self,
        matrices: Mapping[str, np.ndarray],
        noise: np.ndarray | Paths,
        frozen: np.ndarray,
        negative: int,
        plan: Plan,
        word_rows: WordRows | None,
        contractions: Callable[[float], Mapping[str, Contraction]],
        make_worker: Callable[[int], Worker],
    ):
        self._matrices, self._noise, self._negative = matrices, noise, negative
        self._make_worker, self._word_rows = make_worker, word_rows
        self._find_contractions = contractions
        self._contractions: Mapping[str, Contraction] = {}  # those of the current round
        self._outputs, shards = len(matrices["output_vectors"]) - 1, plan.shards
        if isinstance(noise, Paths):
            words, most = noise.lefts.size, _most_rows(noise.offsets, plan.longest)
        else:
            words, most = noise.size, plan.longest + self._count_negatives(plan.longest)
        output_rows = min(self._outputs, most)
        rows = {"input_vectors": min(words, plan.longest), "output_vectors": output_rows}
        rows["document_vectors"] = plan.most_spans
        input_size = words
        if word_rows:
            input_size = len(matrices["input_vectors"]) - 1
            rows["input_vectors"] = min(input_size, _most_rows(word_rows.offsets, plan.longest))
        # Rows of n-grams are never frozen.
        self._frozen = np.pad(frozen, (0, input_size - words)) if frozen.size else frozen
        # Rows of each matrix of a shard: the last one is padding.
        self._capacity = {name: 1 + rows[name] for name in matrices}
        self._copies = {
            name: aligned((shards * size, matrices[name].shape[1]))
            for name, size in self._capacity.items()
        }
        # Number of rows that are copied to each shard.
        self._row_counts = {name: np.zeros(shards, np.int64) for name in rows}
        # The words of a chunk, and with negative sampling the negative samples after them.
        self._words = _Numbers.allocate(shards, words, max(output_rows, rows["input_vectors"]))
        self._numbers = dict.fromkeys(("input_vectors", "output_vectors"), self._words)
        if isinstance(noise, Paths):
            self._numbers["output_vectors"] = _Numbers.allocate(shards, self._outputs, output_rows)
        if word_rows:
            self._numbers["input_vectors"] = _Numbers.allocate(
                shards, input_size, rows["input_vectors"]
            )
        self._document_rows = [np.empty(0, np.int32)] * shards
        self._word_parts = min(MERGE_PARTS, -(-input_size // BLOCK))
        self.parts = (self._word_parts + ("document_vectors" in matrices),)

    def worker(self) -> Callable[[Chunk, int], tuple[float, int]]:
        """Make a function that copies the rows of a chunk to a shard and trains the chunk there.

        Returns  a function of a chunk and the number of a shard, see `Shards.worker`
        """
        worker = self._make_worker(self._capacity["output_vectors"] - 1)

        def train(chunk: Chunk, shard: int) -> tuple[float, int]:
            if shard == 0:  # all matrices are still those before the round
                self._contractions = self._find_contractions(chunk.begin)
            count, state = worker.build_windows(chunk)
            noise, frozen = self._copy_words(shard, worker, count, state)
            if "document_vectors" in self._matrices:
                self._copy_documents(shard, worker)
            copies = {name: self._shard_matrix(name, shard) for name in self._copies}
            return worker.step(count, state, noise, frozen, copies)

        return train

    def _shard_matrix(self, name: str, shard: int) -> np.ndarray:
        """The row copies of a matrix in a shard: a view, float32 (capacity, D)."""
        size = self._capacity[name]
        return self._copies[name][shard * size : (shard + 1) * size]

    def _copy_words(
        self, shard: int, worker: Worker, count: int, state: np.ndarray
    ) -> tuple[np.ndarray | Paths, np.ndarray]:
        """Copy the rows of a chunk's words and negative samples to a shard.

        worker   the first `count` word ids of its windows are replaced by the numbers of the words'
                 copies, and its `word_rows` by the numbers of the copies of their rows
        count    number of windows
        state    uint64 (1,), random state, changed in place
        Returns  the noise table of the chunk, see `draw_noise`, or the paths to its words; and
                 bool, which of the chunk's words are frozen, empty for none
        """
        local_ids, rows = (array[shard] for array in self._words)
        local_ids.fill(-1)
        words = number_rows(worker.windows.word_ids, count, local_ids, rows, 0)
        noise: np.ndarray | Paths
        if isinstance(self._noise, Paths):
            noise = self._number_paths(shard, self._noise, rows[:words])
        else:
            negatives = np.empty(self._count_negatives(count), np.int32)
            draw_negatives(self._noise, state, negatives)
            output_rows = number_rows(negatives, negatives.size, local_ids, rows, words)
            self._row_counts["output_vectors"][shard] = output_rows
            # As an alias table these numbers have thresholds of 0: each draw takes the alias.
            noise = negatives.astype(np.uint64)
        self._row_counts["input_vectors"][shard] = words
        if self._word_rows:
            worker.word_rows = self._number_subwords(shard, self._word_rows, rows[:words])
        for name in ("input_vectors", "output_vectors"):
            self._copy_rows(name, shard)
        frozen = self._frozen[rows[:words]] if self._frozen.size else self._frozen
        return noise, frozen

    def _number_paths(self, shard: int, paths: Paths, words: np.ndarray) -> Paths:
        """Number the inner nodes on the paths to the words of a chunk.

        words    int32 (K,), the words
        Returns  the numbers of the copies of these nodes
        """
        part = take_paths(paths, words)
        local_ids, rows = (array[shard] for array in self._numbers["output_vectors"])
        local_ids.fill(-1)
        is_padding = part.nodes == self._outputs
        nodes = part.nodes[~is_padding]
        size = number_rows(nodes, nodes.size, local_ids, rows, 0)
        part.nodes[~is_padding] = nodes
        part.nodes[is_padding] = self._capacity["output_vectors"] - 1
        self._row_counts["output_vectors"][shard] = size
        return part

    def _number_subwords(self, shard: int, word_rows: WordRows, words: np.ndarray) -> WordRows:
        """Number the rows from which the words of a chunk are composed.

        words    int32 (K,), the words
        Returns  the numbers of the copies of these rows
        """
        part = word_rows.take(words)
        local_ids, rows = (array[shard] for array in self._numbers["input_vectors"])
        local_ids.fill(-1)
        size = number_rows(part.rows, part.rows.size, local_ids, rows, 0)
        self._row_counts["input_vectors"][shard] = size
        return part

    def _copy_documents(self, shard: int, worker: Worker) -> None:
        """Copy a chunk's document vectors to a shard.

        `worker.document_rows` are replaced by the row numbers of the copies.
        """
        rows, local_ids = np.unique(worker.document_rows, return_inverse=True)
        worker.document_rows = local_ids.astype(np.int32)
        self._document_rows[shard] = rows
        self._row_counts["document_vectors"][shard] = rows.size
        self._copy_rows("document_vectors", shard)

    def _copied_rows(self, name: str, shard: int) -> np.ndarray:
        """The row numbers of a matrix whose rows are copied to a shard, int32 (R,)."""
        if name == "document_vectors":
            return self._document_rows[shard]
        return self._numbers[name].rows[shard, : self._row_counts[name][shard]]

    def _copy_rows(self, name: str, shard: int) -> None:
        if name in self._matrices:
            matrix, count = self._matrices[name], self._row_counts[name][shard]
            rows = self._copied_rows(name, shard)
            registers = matrix.shape[1] // WIDTH
            copy_rows(matrix, rows, count, self._shard_matrix(name, shard), registers)

    def _count_negatives(self, windows: int) -> int:
        return -(-windows * self._negative // REUSE)  # rounded up

    def changes(self, shard: int) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Compute how training has changed the row copies of a shard.

        The row copies are overwritten by their changes.

        Returns  by the name of the matrix: (row numbers, int32 (R,), ascending; the change of each
                 row, float32 (R, D); the squared length of each change, float32 (R,)). R is the
                 number of row copies, without those of frozen input vectors
        """
        changes = {}
        for name, matrix in self._matrices.items():
            rows = self._copied_rows(name, shard)
            copies, squares = self._shard_matrix(name, shard), np.empty(rows.size, np.float32)
            registers, sums = matrix.shape[1] // WIDTH, aligned((WIDTH,))
            compute_changes(matrix, rows, copies, squares, registers, sums)
            order = np.argsort(rows)
            if name == "input_vectors" and self._frozen.size:
                order = order[~self._frozen[rows[order]]]
            changes[name] = rows[order], copies[order], squares[order]
        return changes

    def merge(self, part: int, chunks: int) -> None:
        """Merge one part of the row copies of the first `chunks` shards into the matrices.

        part    number of the part, from 0. With n parts for the word matrices, part i merges the
                blocks i, i + n, i + 2 n, ... of their rows. A model of documents has one more part,
                the last one, which merges all document vectors
        chunks  number of chunks in the round
        """
        if part == self._word_parts:
            self._merge_documents(chunks)
            return
        for name in ("input_vectors", "output_vectors"):
            if name in self._matrices:
                local_ids = self._numbers[name].local_ids[:chunks]
                self._merge(name, self._matrices[name], local_ids, part, self._word_parts)

    def _merge_documents(self, chunks: int) -> None:
        """Merge the document vectors of the first `chunks` shards.

        They are merged in a small matrix that has only the documents of the round.
        """
        name, document_rows = "document_vectors", self._document_rows[:chunks]
        rows = np.unique(np.concatenate(document_rows))
        local_ids = np.full((chunks, rows.size + 1), -1, np.int32)
        for shard, shard_rows in enumerate(document_rows):
            local_ids[shard, np.searchsorted(rows, shard_rows)] = np.arange(shard_rows.size)
        matrix = self._matrices[name]
        vectors = aligned((rows.size + 1, matrix.shape[1]))
        vectors[:-1] = matrix[rows]
        self._merge(name, vectors, local_ids, 0, 1)
        matrix[rows] = vectors[:-1]

    def _merge(
        self, name: str, matrix: np.ndarray, local_ids: np.ndarray, part: int, parts: int
    ) -> None:
        """Merge one of `parts` parts of the row copies of a matrix, see `merge_rows`."""
        chunks = len(local_ids)
        copied, sums = np.empty((BLOCK + 1, chunks + 3), np.int32), aligned((WIDTH,))
        nodes, squares = np.empty(chunks, np.int32), np.empty(chunks, np.float32)
        frozen = self._frozen if name == "input_vectors" else np.empty(0, np.bool_)
        registers = matrix.shape[1] // WIDTH
        merge_rows(
            matrix, self._copies[name][: chunks * self._capacity[name]], local_ids,
            self._row_counts[name], part, parts, frozen, registers, copied,
            np.empty(BLOCK, np.int32), nodes, squares, sums,
            self._contractions.get(name) or by_agreement(registers),
        )  # fmt: skip


def _most_rows(offsets: np.ndarray, words: int) -> int:
    """The most rows that so many words have, of those between the offsets of each word."""
    return int(np.sort(np.diff(offsets))[::-1][:words].sum())
