"""Synchronous rounds: copies of rows for each chunk, and the merge of these copies.

The chunks of a round are trained at the same time, each on copies of the rows that it needs. If
m chunks have changed their copies x_s of the same row x, by d_s = x_s - x, the merge moves x by a
share of the sum Σ d_s. There are two rules for this share.

**By contraction**, for the word vectors of skip-gram with negative sampling: see `contraction`.

**By agreement**, where the number of pairs of a row is not known:

    Δ = Σ d_s · min(1, 1.5 Σ ‖d_s‖² / ‖Σ d_s‖²)

Orthogonal changes, as in rare words, have ‖Σ d‖² = Σ ‖d‖², and Δ is their sum: the row moves as if
the chunks were trained one after the other. Identical changes, as in frequent words, have ‖Σ d‖² =
m Σ ‖d‖², and Δ is 1.5 times their mean. The row of a frequent word reaches its optimum within each
chunk. The sum of the changes would overshoot it by m - 1 times the distance; 1.5 times the mean
leaves at most half of the distance.

Changes are summed along a binary tree over the numbers of the chunks, without fast-math. A node of
the tree is the sum of its two children. Each subtree may be summed on another machine of a cluster,
and the result has the same bits.
"""

from __future__ import annotations

from w2v.kernels import exact, inlined, inlined_exact, jit
from w2v.kernels.contraction import contract_row
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store, store_sums
from w2v.kernels.tiles import add_row, copy_row

AHEAD = 4  # a row is prefetched this many rows before it is used
BLOCK = 256  # rows that are searched for copies at a time
MEAN_FACTOR = 1.5  # a row whose changes are identical moves by this factor times their mean


@jit
def number_rows(ids, count, local_ids, rows, size):
    """Number the rows of a chunk in order of appearance, which is their order in the copy.

    ids        int32 (N,)  row numbers of the matrix, replaced by row numbers of the copy
    count      int         the first `count` of `ids` are used
    local_ids  int32 (V,)  row number in the copy of each row of the matrix, or -1; changed in place
    rows       int32 (R,)  row number in the matrix of each row of the copy; new ones are appended
    size       int         number of rows in the copy before the call
    Returns    int64, number of rows in the copy after the call
    """
    for i in range(count):
        row = ids[i]
        if local_ids[row] < 0:
            local_ids[row] = size
            rows[size] = row
            size += 1
        ids[i] = local_ids[row]
    return size


@jit
def copy_rows(matrix, rows, count, copy, registers):
    """Copy rows of a matrix to the first rows of another.

    matrix     float (V, D)
    rows       int32 (R,)    row numbers of `matrix`
    count      int           the first `count` of `rows` are copied
    copy       float (·, D)  overwritten
    registers  int           D / 16
    """
    for i in range(count):
        ahead = rows[min(i + AHEAD, count - 1)]
        for register in range(registers):
            prefetch(matrix, ahead, register)
        copy_row(matrix, rows[i], 1.0, copy, i, registers)


@inlined
def find_copies(local_ids, sizes, capacity, first, last, copied, any_copy):
    """List the rows of a block that have copies, and the positions of these copies.

    local_ids  int32 (S, V)              of each of S chunks, see `number_rows`
    sizes      int64 (S,)                number of rows in the copy of each chunk; local ids from
                                         this number on are invalid
    capacity   int                       allocated rows for each chunk
    first      int                       first row of the block
    last       int                       row after the last one
    copied     int32 (BLOCK + 1, S + 3)  overwritten, one line for each row that has copies: the
                                         row, its number of copies, the row of each in `copies`
    any_copy   int32 (BLOCK,)            scratch: negative for a row without copies. Without this
                                         test the search takes 1.4 of the 4.3 ms of a merge
    Returns    int64, number of rows listed
    """
    for i in range(last - first):
        any_copy[i] = -1
    for shard in range(local_ids.shape[0]):
        block = local_ids[shard, first:last]
        for i in range(last - first):
            any_copy[i] &= block[i]
    found = 0
    for i in range(last - first):
        if any_copy[i] >= 0:
            count = 0
            for shard in range(local_ids.shape[0]):
                local_row = local_ids[shard, first + i]
                copied[found, 2 + count] = shard * capacity + local_row
                # Added without an `if`, which would be mispredicted.
                count += (local_row >= 0) & (local_row < sizes[shard])
            copied[found, 0], copied[found, 1] = first + i, count
            found += count > 0
    return found


@inlined_exact
def compute_change(matrix, row, copies, local_row, registers, sums):
    """Compute the change of a row in one copy: d = x_s - x.

    matrix     float (V, D)  row `row` is x
    row        int
    copies     float (·, D)  row `local_row` is x_s, overwritten by d
    local_row  int
    registers  int           D / 16
    sums       float (4,)    scratch
    Returns    float, ‖d‖²
    """
    minus, zero = splat(matrix.dtype.type(-1.0)), splat(matrix.dtype.type(0.0))
    square = zero
    for register in range(registers):
        base = load(matrix, row, register)
        change = multiply_add(minus, base, load(copies, local_row, register))
        square = multiply_add(change, change, square)
        store(copies, local_row, register, change)
    store_sums(sums, 0, square, zero, zero, zero)
    return sums[0]


@inlined_exact
def add_change(matrix, row, copies, local_row, registers):
    """Move a row by its change in one copy, with the bits of a sum of a single change.

    matrix     float (V, D)  row `row` is x, changed in place
    row        int
    copies     float (·, D)  row `local_row` is x_s; not changed
    local_row  int
    registers  int           D / 16
    """
    minus, one = splat(matrix.dtype.type(-1.0)), splat(matrix.dtype.type(1.0))
    for register in range(registers):
        base = load(matrix, row, register)
        change = multiply_add(minus, base, load(copies, local_row, register))
        store(matrix, row, register, multiply_add(one, change, base))


@inlined_exact
def apply_change(matrix, row, changes, local_row, squares, registers, sums):
    """Move a row by Δ, by agreement.

    matrix     float (V, D)  changed in place
    row        int
    changes    float (·, D)  row `local_row` is Σ d
    local_row  int
    squares    float         Σ ‖d‖²
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    zero = splat(matrix.dtype.type(0.0))
    square = zero
    for register in range(registers):
        change = load(changes, local_row, register)
        square = multiply_add(change, change, square)
    store_sums(sums, 0, square, zero, zero, zero)
    limit = matrix.dtype.type(MEAN_FACTOR) * squares
    weight = splat(limit / sums[0] if sums[0] > limit else matrix.dtype.type(1.0))
    for register in range(registers):
        base = load(matrix, row, register)
        store(matrix, row, register, multiply_add(weight, load(changes, local_row, register), base))


@exact
def compute_changes(matrix, rows, copies, squares, registers, sums):
    """Compute the changes of the rows of a copy: d = x_s - x.

    matrix     float (V, D)
    rows       int32 (R,)    row number in `matrix` of each row of the copy
    copies     float (·, D)  the first R rows are overwritten by d
    squares    float (R,)    overwritten by ‖d‖²
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    for i in range(rows.size):
        squares[i] = compute_change(matrix, rows[i], copies, i, registers, sums)


@exact
def add_changes(matrix, rows, copies, numbers, targets, sums, squares, registers, scratch):
    """Add the changes of some rows of a copy, d = x_s - x, to sums over copies.

    matrix     float (V, D)
    rows       int32 (R,)    row numbers in `matrix`
    copies     float (·, D)  the rows `numbers` are overwritten by d
    numbers    int64 (R,)    row number in `copies` of each row
    targets    int32 (R,)    row number in `sums` of each row
    sums       float (U, D)  changed in place: Σ d
    squares    float (U,)    changed in place: Σ ‖d‖²
    registers  int           D / 16
    scratch    float (4,)
    """
    for i in range(rows.size):
        square = compute_change(matrix, rows[i], copies, numbers[i], registers, scratch)
        squares[targets[i]] += square
        add_row(copies, numbers[i], 1.0, sums, targets[i], registers)


@exact
def apply_changes(matrix, rows, changes, squares, registers, sums):
    """Move rows by Δ, by agreement.

    matrix     float (V, D)  changed in place
    rows       int32 (R,)    the rows that are moved
    changes    float (R, D)  Σ d of each row
    squares    float (R,)    Σ ‖d‖² of each row
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    for i in range(rows.size):
        apply_change(matrix, rows[i], changes, i, squares[i], registers, sums)


@inlined_exact
def merge_row(
    matrix, copies, capacity, copied, at, nodes, squares, sums, registers, contraction
):  # fmt: skip
    """Merge the copies of one row into the matrix.

    matrix       float (V, D)              changed in place
    copies       float (·, D)              the copies of the row are overwritten
    capacity     int                       allocated rows for each chunk
    copied       int32 (BLOCK + 1, S + 3)  see `find_copies`; changed in place
    at           int                       the line of `copied` that lists the row
    nodes        int32 (S,)                scratch: the node of the binary tree of each sum
    squares      float (S,)                scratch
    sums         float (4,)                scratch
    registers    int                       D / 16
    contraction  Contraction
    """
    row, count = copied[at, 0], copied[at, 1]
    changed = count
    if count == 1:  # both rules move the row by its only change
        add_change(matrix, row, copies, copied[at, 2], registers)
        return
    for k in range(count):
        local_row = copied[at, 2 + k]
        nodes[k] = local_row // capacity
        squares[k] = compute_change(matrix, row, copies, local_row, registers, sums)
    while count > 1:
        k = found = 0
        while k < count:
            local_row, square, node = copied[at, 2 + k], squares[k], nodes[k] >> 1
            if k + 1 < count and nodes[k + 1] >> 1 == node:
                k += 1
                add_row(copies, copied[at, 2 + k], 1.0, copies, local_row, registers)
                square += squares[k]
            copied[at, 2 + found], squares[found], nodes[found] = local_row, square, node
            found += 1
            k += 1
        count = found
    if contraction.pairs.size:
        contract_row(matrix, row, copies, copied[at, 2], changed, contraction, registers, sums)
    else:
        apply_change(matrix, row, copies, copied[at, 2], squares[0], registers, sums)


@exact
def merge_rows(
    matrix, copies, local_ids, sizes, first, step, frozen, registers, copied, any_copy, nodes,
    squares, sums, contraction,
):  # fmt: skip
    """Merge the copies of a round into their matrix: every `step`-th block of BLOCK rows.

    matrix       float (V, D)              rows with copies are changed in place
    copies       float (·, D)              the copies of S chunks, one after the other; overwritten
    local_ids    int32 (S, V)              see `number_rows`
    sizes        int64 (S,)                see `find_copies`
    first        int                       the first block to merge
    step         int                       the number of blocks to the next block to merge
    frozen       bool (V,)                 rows that must not change; empty for none
    registers    int                       D / 16
    copied       int32 (BLOCK + 1, S + 3)  scratch
    any_copy     int32 (BLOCK,)            scratch
    nodes        int32 (S,)                scratch
    squares      float (S,)                scratch
    sums         float (4,)                scratch
    contraction  Contraction
    """
    capacity = copies.shape[0] // local_ids.shape[0]
    for begin in range(first * BLOCK, matrix.shape[0] - 1, step * BLOCK):
        end = min(begin + BLOCK, matrix.shape[0] - 1)
        found = find_copies(local_ids, sizes, capacity, begin, end, copied, any_copy)
        for at in range(found):
            ahead = min(at + AHEAD, found - 1)
            for register in range(registers):
                prefetch(matrix, copied[ahead, 0], register)
            for k in range(copied[ahead, 1]):
                for register in range(registers):
                    prefetch(copies, copied[ahead, 2 + k], register)
            if frozen.size == 0 or not frozen[copied[at, 0]]:
                merge_row(
                    matrix, copies, capacity, copied, at, nodes, squares, sums, registers,
                    contraction,
                )  # fmt: skip
