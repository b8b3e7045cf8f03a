"""The changes of matrix rows by chunks, and the sums of these changes along the merge tree.

A leaf of the merge tree is the changes of one shard, that is of one chunk of a round. Each other
node is the sum of the changes of its children. The root is the changes of the whole round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from w2v.kernels.contraction import Contraction, contract_rows
from w2v.kernels.row_merge import apply_changes, compute_changes
from w2v.kernels.simd import WIDTH, aligned


class RowChanges(NamedTuple):
    """The changes of matrix rows by one or several chunks: R changed rows of D numbers.

    rows     int32 (R,)      the numbers of the changed rows, in ascending order
    vectors  float32 (R, D)  a row that one chunk has changed, as it is after the change; the sum of
                             the changes of a row that several chunks have changed
    squares  float32 (R,)    for these sums: the sum of the squared norms of the changes
    counts   int32 (R,)      the number of chunks that changed each row
    """

    rows: np.ndarray
    vectors: np.ndarray
    squares: np.ndarray
    counts: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return sum(array.nbytes for array in self)


class Node(NamedTuple):
    """A node of the merge tree: the changes of consecutive shards of a round.

    number        number of the node in its level of the tree. Its first shard is
                  number * shard_count
    shard_count   maximum number of shards in a node of this level, a power of two. The last node of
                  a level may have fewer shards
    begin         share (0 to 1) of the run that is done before the first of the chunks
    changes       the changes of each matrix, by the name of the matrix
    results       for each shard, the sum of its losses and the number of its pairs; a pair is one
                  prediction that the loss counts
    merged_bytes  bytes of all nodes that were merged into this node
    """

    number: int
    shard_count: int
    begin: float
    changes: dict[str, RowChanges]
    results: list[tuple[float, int]]
    merged_bytes: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return sum(changes.nbytes for changes in self.changes.values())


def merge(nodes: list[Node], shard_count: int, matrices: Mapping[str, np.ndarray]) -> Node:
    """Merge neighbouring nodes of one level into a node of `shard_count` shards.

    The last merge of a level may have fewer nodes. Two nodes are added at a time, in the order of
    `kernels.row_merge.merge_rows`, so that the sums have the same bytes.

    matrices  by name: float32 (V + 1, D), the matrices before the round
    """
    merged_bytes = sum(node.merged_bytes + node.nbytes for node in nodes)
    while nodes[0].shard_count < shard_count:
        nodes = [_merge_two(nodes[k : k + 2], matrices) for k in range(0, len(nodes), 2)]
    (node,) = nodes
    return node._replace(merged_bytes=merged_bytes)


def _merge_two(nodes: list[Node], matrices: Mapping[str, np.ndarray]) -> Node:
    """Merge two neighbouring nodes into their parent; the last parent may have only one child."""
    number, shard_count, begin, changes, results, _ = nodes[0]
    if len(nodes) > 1:
        other = nodes[1]
        changes = {
            name: _add(changes[name], other.changes[name], matrices[name]) for name in changes
        }
        results = results + other.results
    return Node(number // 2, 2 * shard_count, begin, changes, results)


def _add(a: RowChanges, b: RowChanges, matrix: np.ndarray) -> RowChanges:
    """Add the changes of two nodes; rows that only one of them changed are copied."""
    rows = np.union1d(a.rows, b.rows)
    vectors = np.empty((rows.size, a.vectors.shape[1]), np.float32)
    squares, counts = np.empty(rows.size, np.float32), np.zeros(rows.size, np.int32)
    at_a, at_b = np.searchsorted(rows, a.rows), np.searchsorted(rows, b.rows)
    for changes, at in ((a, at_a), (b, at_b)):
        vectors[at], squares[at] = changes.vectors, changes.squares
        counts[at] += changes.counts
    in_a, in_b = np.zeros((2, rows.size), np.bool_)
    in_a[at_a] = in_b[at_b] = True
    shared = in_a & in_b
    of_a, of_b = _sums(a, shared[at_a], matrix), _sums(b, shared[at_b], matrix)
    vectors[shared], squares[shared] = of_a[0] + of_b[0], of_a[1] + of_b[1]
    return RowChanges(rows, vectors, squares, counts)


def _sums(
    changes: RowChanges, chosen: np.ndarray, matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The sums of the changes of some rows, and of their squared norms.

    chosen  bool (R,), which rows
    """
    rows, vectors, squares, counts = (array[chosen] for array in changes)
    alone = counts == 1
    after, registers = _padded(vectors[alone], matrix), matrix.shape[1] // WIDTH
    norms = np.empty(len(after), np.float32)
    compute_changes(matrix, rows[alone], after, norms, registers, aligned((WIDTH,)))
    vectors[alone], squares[alone] = after[:, : vectors.shape[1]], norms
    return vectors, squares


def _padded(vectors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Vectors with zeros up to the row length of a matrix."""
    padded = aligned((len(vectors), matrix.shape[1]))
    padded[:, : vectors.shape[1]] = vectors
    return padded


def apply(
    matrices: Mapping[str, np.ndarray],
    changes: Mapping[str, RowChanges],
    contractions: Mapping[str, Contraction],
) -> None:
    """Apply the changes of a whole round to the matrices, float32 (V + 1, D), in place.

    contractions  those of the round, see `WordTrainer.contractions`
    """
    for name, changed in changes.items():
        matrix, scratch = matrices[name], aligned((WIDTH,))
        alone = changed.counts == 1
        matrix[changed.rows[alone], : changed.vectors.shape[1]] = changed.vectors[alone]
        rows, vectors, squares, counts = (array[~alone] for array in changed)
        padded, registers = _padded(vectors, matrix), matrix.shape[1] // WIDTH
        if name in contractions:
            contraction = contractions[name]
            contract_rows(matrix, rows, padded, counts, contraction, registers, scratch)
        else:
            apply_changes(matrix, rows, padded, squares, registers, scratch)
