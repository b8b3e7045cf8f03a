"""The changes of matrix rows by chunks, and their sums along a tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from w2v.kernels.row_merge import apply_changes
from w2v.kernels.simd import WIDTH, aligned


class RowChanges(NamedTuple):
    """The changes of matrix rows by one or several chunks.

    rows     int32 (R,)       the changed rows, in ascending order
    sums     float32 (R, D)   for each row the sum of its changes
    squares  float32 (R,)     for each row the sum of the squared norms of its changes
    """

    rows: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return sum(array.nbytes for array in self)


class Node(NamedTuple):
    """A node of the merge tree: the changes of consecutive shards of a round.

    number   number of the node among the nodes that cover the same number of shards; its first
             shard is number * covers
    covers   number of shards that it covers, a power of two
    changes  the changes of each matrix, by its name
    results  (sum of losses, pairs) of each shard
    moved    bytes of all nodes that were merged into this node
    """

    number: int
    covers: int
    changes: dict[str, RowChanges]
    results: list[tuple[float, int]]
    moved: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes that are sent."""
        return sum(changes.nbytes for changes in self.changes.values())


def merge(nodes: list[Node], covers: int) -> Node:
    """Merge neighbouring nodes of one level into a node that covers `covers` shards.

    The last merge of a level may have fewer nodes. The changes of a row are added in pairs, in the
    order of `kernels.row_merge.merge_rows`, so that the sums have the same bytes.
    """
    moved = sum(node.moved + node.nbytes for node in nodes)
    while nodes[0].covers < covers:
        nodes = [_pair(nodes[k : k + 2]) for k in range(0, len(nodes), 2)]
    (node,) = nodes
    return node._replace(moved=moved)


def _pair(nodes: list[Node]) -> Node:
    number, covers, changes, results, _ = nodes[0]
    if len(nodes) > 1:
        other = nodes[1]
        changes = {name: _added(changes[name], other.changes[name]) for name in changes}
        results = results + other.results
    return Node(number // 2, 2 * covers, changes, results)


def _added(a: RowChanges, b: RowChanges) -> RowChanges:
    rows = np.union1d(a.rows, b.rows)
    sums = np.empty((rows.size, a.sums.shape[1]), np.float32)
    squares = np.empty(rows.size, np.float32)
    at_a, at_b = np.searchsorted(rows, a.rows), np.searchsorted(rows, b.rows)
    sums[at_b], squares[at_b] = b.sums, b.squares
    both = np.zeros(rows.size, np.bool_)
    both[at_b] = True
    both = both[at_a]
    alone = at_a[~both]
    sums[alone], squares[alone] = a.sums[~both], a.squares[~both]
    shared = at_a[both]
    sums[shared] += a.sums[both]
    squares[shared] += a.squares[both]
    return RowChanges(rows, sums, squares)


def apply(matrices: Mapping[str, np.ndarray], changes: Mapping[str, RowChanges]) -> None:
    """Apply the changes of a whole round to the matrices, float32 (V + 1, D), in place."""
    for name, (rows, sums, squares) in changes.items():
        matrix = matrices[name]
        rows, squares = rows.copy(), squares.copy()  # arrays that Dask delivers are read-only
        padded = aligned((rows.size, matrix.shape[1]))
        padded[:, : sums.shape[1]] = sums
        scratch = aligned((WIDTH,))
        apply_changes(matrix, rows, padded, squares, matrix.shape[1] // WIDTH, scratch)
