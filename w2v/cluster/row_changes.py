"""The changes of matrix rows by chunks, and the sums of these changes along the merge tree.

A leaf of the merge tree is the changes of one shard, that is of one chunk of a round. Each other
node is the sum of the changes of its children. The root is the changes of the whole round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from w2v.kernels.contraction import Contraction, contract_rows
from w2v.kernels.row_merge import apply_changes
from w2v.kernels.simd import WIDTH, aligned


class RowChanges(NamedTuple):
    """The changes of matrix rows by one or several chunks: R changed rows of D numbers.

    rows     int32 (R,)      the numbers of the changed rows, in ascending order
    sums     float32 (R, D)  the sum of the changes of each row
    squares  float32 (R,)    the sum of the squared norms of the changes of each row
    counts   int32 (R,)      the number of chunks that changed each row
    """

    rows: np.ndarray
    sums: np.ndarray
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


def merge(nodes: list[Node], shard_count: int) -> Node:
    """Merge neighbouring nodes of one level into a node of `shard_count` shards.

    The last merge of a level may have fewer nodes. Two nodes are added at a time, in the order of
    `kernels.row_merge.merge_rows`, so that the sums have the same bytes.
    """
    merged_bytes = sum(node.merged_bytes + node.nbytes for node in nodes)
    while nodes[0].shard_count < shard_count:
        nodes = [_merge_two(nodes[k : k + 2]) for k in range(0, len(nodes), 2)]
    (node,) = nodes
    return node._replace(merged_bytes=merged_bytes)


def _merge_two(nodes: list[Node]) -> Node:
    """Merge two neighbouring nodes into their parent; the last parent may have only one child."""
    number, shard_count, begin, changes, results, _ = nodes[0]
    if len(nodes) > 1:
        other = nodes[1]
        changes = {name: _add(changes[name], other.changes[name]) for name in changes}
        results = results + other.results
    return Node(number // 2, 2 * shard_count, begin, changes, results)


def _add(a: RowChanges, b: RowChanges) -> RowChanges:
    """Add the changes of two nodes; rows that only one of them changed are copied."""
    rows = np.union1d(a.rows, b.rows)
    sums = np.empty((rows.size, a.sums.shape[1]), np.float32)
    squares, counts = np.empty(rows.size, np.float32), np.empty(rows.size, np.int32)
    at_a, at_b = np.searchsorted(rows, a.rows), np.searchsorted(rows, b.rows)
    in_b = np.zeros(rows.size, np.bool_)
    in_b[at_b] = True
    in_both = in_b[at_a]  # for each row of a, whether b changed it too
    only_a, shared = at_a[~in_both], at_a[in_both]
    for array, of_a, of_b in zip((sums, squares, counts), a[1:], b[1:], strict=True):
        array[at_b], array[only_a] = of_b, of_a[~in_both]
        array[shared] += of_a[in_both]
    return RowChanges(rows, sums, squares, counts)


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
        # Dask delivers read-only arrays.
        rows, squares, counts = changed.rows.copy(), changed.squares.copy(), changed.counts.copy()
        padded, registers = aligned((rows.size, matrix.shape[1])), matrix.shape[1] // WIDTH
        padded[:, : changed.sums.shape[1]] = changed.sums
        if name in contractions:
            contraction = contractions[name]
            contract_rows(matrix, rows, padded, counts, contraction, registers, scratch)
        else:
            apply_changes(matrix, rows, padded, squares, registers, scratch)
