"""What chunks have changed: rows of matrices, and how these changes add up along a tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from w2v.kernels.row_merge import apply_changes
from w2v.kernels.simd import WIDTH, aligned


class RowChanges(NamedTuple):
    """How some rows of a matrix have changed in one chunk, or in several.

    rows     int32 (R,)       rising
    sums     float32 (R, D)   the sum of the changes of each
    squares  float32 (R,)     the sum of their squared lengths
    """

    rows: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    @property
    def nbytes(self) -> int:
        """What it takes to move them."""
        return sum(array.nbytes for array in self)


class Node(NamedTuple):
    """What some shards of a round have learnt: a node of the tree that they are merged along.

    number   of the node among those that cover as many shards: the shards from number * covers on
    covers   how many shards: a power of two
    changes  by the name of the matrix
    results  (sum of losses, pairs) of each shard
    moved    bytes of the nodes that it was made of
    """

    number: int
    covers: int
    changes: dict[str, RowChanges]
    results: list[tuple[float, int]]
    moved: int = 0

    @property
    def nbytes(self) -> int:
        """What it takes to move it."""
        return sum(each.nbytes for each in self.changes.values())


def merge(nodes: list[Node], covers: int) -> Node:
    """Neighbours of a level to one node that covers so many shards; the last may be missing.

    A row's changes are added up in pairs, in the order of `kernels.row_merge.merge_rows`.
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
    """Bring the changes of a whole round into the matrices, float32 (V + 1, D), in place."""
    for name, (rows, sums, squares) in changes.items():
        matrix = matrices[name]
        rows, squares = rows.copy(), squares.copy()  # what has come from elsewhere is read-only
        padded = aligned((rows.size, matrix.shape[1]))
        padded[:, : sums.shape[1]] = sums
        scratch = aligned((WIDTH,))
        apply_changes(matrix, rows, padded, squares, matrix.shape[1] // WIDTH, scratch)
