"""Copies of rows that are trained apart in a round, and their merging.

The chunks of a round are trained at the same time, each on a copy x_s of the rows that it needs.
Where chunks s = 1 .. n have changed the same row x, by d_s = x_s - x, it moves by

    Δ = Σ d_s · min(1, 1.5 Σ ‖d_s‖² / ‖Σ d_s‖²)

Where the changes are orthogonal, as in rare words, ‖Σ d‖² = Σ ‖d‖² and Δ is their sum: the row
moves as if the chunks were trained one after the other. Where all are the same, as in frequent
words, ‖Σ d‖² = n Σ ‖d‖² and Δ is 1.5 times their mean. Such rows come to rest within each chunk:
their sum would throw them n - 1 times as far to the other side, with 1.5 times the mean they are
at most half as far away as before. Other rules that were tried: tests/bench/rounds.py.

Sums are taken along a binary tree over the numbers of the chunks: any aligned part of them may be
added up elsewhere (on a cluster), to the same bits. Merging is compiled without fast-math.
"""

from __future__ import annotations

from w2v.kernels import exact, inlined, inlined_exact, jit
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store, store_sums
from w2v.kernels.tiles import add_row, copy_row

AHEAD = 4  # rows that are prefetched ahead
BLOCK = 256  # rows that are searched for copies at a time
MEAN_FACTOR = 1.5  # times the mean of the changes: how far a row moves if these are all the same


@jit
def number_rows(ids, count, local_ids, rows, size):
    """Turn row numbers into those of a copy that has these rows only, in order of appearance.

    ids        int32 (N,)  changed in place
    count      int         the first `count` of them
    local_ids  int32 (V,)  the number of each row in the copy, or -1; changed in place
    rows       int32 (R,)  the row that each row of the copy is of; new ones are added
    size       int         how many rows the copy has
    Returns    int64, how many it has then
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
    """Copy some rows of a matrix to the first rows of another.

    matrix     float (V, D)
    rows       int32 (R,)
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
    """List the rows of a block that have copies, and where these are.

    local_ids  int32 (S, V)              see `number_rows`; for each of S chunks
    sizes      int64 (S,)                rows of each chunk's copy: it has only the local ids below
                                         this
    capacity   int                       rows of memory for each
    first      int                       the block's first row
    last       int                       and the one after its last
    copied     int32 (BLOCK + 1, S + 3)  overwritten: a row, how many copies it has, and the row of
                                         each in `copies`
    any_copy   int32 (BLOCK,)            scratch: negative where a row has none. Without it this
                                         takes 1.4 of the 4.3 ms of a merging
    Returns    int64, how many rows are listed
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
                # a branch would be mispredicted
                count += (local_row >= 0) & (local_row < sizes[shard])
            copied[found, 0], copied[found, 1] = first + i, count
            found += count > 0
    return found


@inlined_exact
def compute_change(matrix, row, copies, local_row, registers, sums):
    """Subtract a row from its copy: d = x_s - x.

    matrix     float (V, D)
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
def apply_change(matrix, row, changes, local_row, squares, registers, sums):
    """Move a row by Δ.

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
    """Subtract rows from their copies: d = x_s - x.

    matrix     float (V, D)
    rows       int32 (R,)    whose copies they are
    copies     float (·, D)  the first R are overwritten by d
    squares    float (R,)    overwritten: ‖d‖²
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    for i in range(rows.size):
        squares[i] = compute_change(matrix, rows[i], copies, i, registers, sums)


@exact
def apply_changes(matrix, rows, changes, squares, registers, sums):
    """Move rows by Δ.

    matrix     float (V, D)  changed in place
    rows       int32 (R,)
    changes    float (R, D)  Σ d of each
    squares    float (R,)    Σ ‖d‖² of each
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    for i in range(rows.size):
        apply_change(matrix, rows[i], changes, i, squares[i], registers, sums)


@inlined_exact
def merge_row(matrix, copies, capacity, copied, at, nodes, squares, sums, registers):
    """Merge the copies of one row into it.

    matrix     float (V, D)              changed in place
    copies     float (·, D)              scratch afterwards
    capacity   int                       rows of memory for each chunk
    copied     int32 (BLOCK + 1, S + 3)  see `find_copies`; changed in place
    at         int                       the row is that of copied[at]
    nodes      int32 (S,)                scratch: the node of the binary tree that each sum is of
    squares    float (S,)                scratch
    sums       float (4,)                scratch
    registers  int
    """
    row, count = copied[at, 0], copied[at, 1]
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
    apply_change(matrix, row, copies, copied[at, 2], squares[0], registers, sums)


@exact
def merge_rows(
    matrix, copies, local_ids, sizes, first, step, frozen, registers, copied, any_copy, nodes,
    squares, sums,
):  # fmt: skip
    """Merge copies of rows that were trained apart into their matrix.

    matrix     float (V, D)              rows with copies are changed in place
    copies     float (·, D)              the copies of S chunks one after the other; scratch
                                         afterwards
    local_ids  int32 (S, V)              see `number_rows`
    sizes      int64 (S,)                see `find_copies`
    first      int                       of the blocks of BLOCK rows the first to merge
    step       int                       and how many further on the next is
    frozen     bool (V,)                 rows that are not written; or empty, for none
    registers  int                       D / 16
    copied     int32 (BLOCK + 1, S + 3)  scratch
    any_copy   int32 (BLOCK,)            scratch
    nodes      int32 (S,)                scratch
    squares    float (S,)                scratch
    sums       float (4,)                scratch
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
                merge_row(matrix, copies, capacity, copied, at, nodes, squares, sums, registers)
