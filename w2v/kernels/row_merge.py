"""Synchronous rounds: places for the rows of each chunk, and the merge of copies of rows.

The chunks of a round are trained at the same time. A row that only one of them needs is trained
where it is. A row that several chunks need has a copy for each of them. If m chunks have changed
their copies x_s of the same row x, by d_s = x_s - x, the merge moves x by a share of the sum Σ d_s.
There are two rules for this share.

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

from w2v.kernels import exact, inlined_exact, jit
from w2v.kernels.contraction import contract_row
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store, store_sums
from w2v.kernels.tiles import add_row, copy_row

AHEAD = 4  # a row is prefetched this many rows before it is used
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


@jit
def copy_shared_rows(matrix, rows, count, places, registers):
    """Copy the rows of a chunk that other chunks train too to their places.

    matrix     float (·, D)  the rows `places` that are not in `rows` are overwritten
    rows       int32 (R,)
    count      int           the first `count` of `rows` are used
    places     int32 (R,)    see `place_rows`; a row whose place is its own number is not copied
    registers  int           D / 16
    """
    for i in range(count):
        ahead = min(i + AHEAD, count - 1)
        if places[ahead] != rows[ahead]:
            for register in range(registers):
                prefetch(matrix, rows[ahead], register)
        if places[i] != rows[i]:
            copy_row(matrix, rows[i], 1.0, matrix, places[i], registers)


@jit
def place_rows(rows, sizes, frozen, first_copy, capacity, uses, places, shared, offsets, copies):
    """Find a place for each row that the chunks of a round train.

    A row that only one chunk trains stays in the matrix. Of a row that several chunks train, each
    has a copy.

    rows        int32 (S, R)    the rows of each of S chunks, without duplicates
    sizes       int64 (S,)      the number of rows of each chunk
    frozen      bool (V,)       rows that do not change, which need no copies; empty for none
    first_copy  int             the place of the first copy of the first chunk
    capacity    int             the number of places for the copies of a chunk
    uses        int32 (V,)      scratch: zeros before and after the call
    places      int32 (S, R)    overwritten: the place of each row, in each chunk
    shared      int32 (U,)      overwritten: the rows that have copies
    offsets     int32 (U + 1,)  overwritten: the first of the copies of each of these rows
    copies      int32 (·,)      overwritten: the places of the copies of each row, by chunk
    Returns     int64, number of rows that have copies
    """
    for shard in range(sizes.size):
        for i in range(sizes[shard]):
            uses[rows[shard, i]] += 1
    found = used = 0
    for shard in range(sizes.size):
        copied = 0
        for i in range(sizes[shard]):
            row = rows[shard, i]
            if uses[row] == 1 or (frozen.size > 0 and frozen[row]):
                places[shard, i] = row
                continue
            if uses[row] > 0:  # the first copy: the next one will be at -1 - uses[row]
                shared[found], offsets[found] = row, used
                used, uses[row] = used + uses[row], -1 - used
                found += 1
            places[shard, i] = copies[-1 - uses[row]] = first_copy + shard * capacity + copied
            uses[row] -= 1
            copied += 1
    offsets[found] = used
    for shard in range(sizes.size):
        for i in range(sizes[shard]):
            uses[rows[shard, i]] = 0
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


@jit
def take_places(ids, count, places, taken):
    """Look up the place of each of some rows.

    ids     int32 (N,)    numbers of rows, from 0 to R - 1
    count   int           the first `count` of `ids` are used
    places  int32 (R,)
    taken   int (N,)      overwritten: places[ids]; may be `ids`
    """
    for i in range(count):
        taken[i] = places[ids[i]]


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
    matrix, row, copies, first, count, first_copy, capacity, places, nodes, squares, sums,
    registers, contraction,
):  # fmt: skip
    """Merge the copies of one row into the matrix.

    matrix       float (·, D)  row `row` is changed in place, and the copies of it are overwritten
    row          int
    copies       int32 (·,)    the places of the copies, from `first` on
    first        int
    count        int           number of copies, at least 2
    first_copy   int           see `place_rows`
    capacity     int           see `place_rows`
    places       int32 (S,)    scratch: the place of each sum
    nodes        int32 (S,)    scratch: the node of the binary tree of each sum
    squares      float (S,)    scratch
    sums         float (4,)    scratch
    registers    int           D / 16
    contraction  Contraction
    """
    changed = count
    for k in range(count):
        place = copies[first + k]
        places[k], nodes[k] = place, (place - first_copy) // capacity
        squares[k] = compute_change(matrix, row, matrix, place, registers, sums)
    while count > 1:
        k = found = 0
        while k < count:
            place, square, node = places[k], squares[k], nodes[k] >> 1
            if k + 1 < count and nodes[k + 1] >> 1 == node:
                k += 1
                add_row(matrix, places[k], 1.0, matrix, place, registers)
                square += squares[k]
            places[found], squares[found], nodes[found] = place, square, node
            found += 1
            k += 1
        count = found
    if contraction.pairs.size:
        contract_row(matrix, row, matrix, places[0], changed, contraction, registers, sums)
    else:
        apply_change(matrix, row, matrix, places[0], squares[0], registers, sums)


@exact
def merge_rows(
    matrix, shared, offsets, copies, first, last, first_copy, capacity, registers, places, nodes,
    squares, sums, contraction,
):  # fmt: skip
    """Merge the copies of some rows of a round into their matrix.

    matrix       float (·, D)    the rows that have copies are changed in place, and their copies
                                 overwritten
    shared       int32 (U,)      see `place_rows`
    offsets      int32 (U + 1,)  see `place_rows`
    copies       int32 (·,)      see `place_rows`
    first        int             the first of the rows to merge, in `shared`
    last         int             after the last one
    first_copy   int             see `place_rows`
    capacity     int             see `place_rows`
    registers    int             D / 16
    places       int32 (S,)      scratch
    nodes        int32 (S,)      scratch
    squares      float (S,)      scratch
    sums         float (4,)      scratch
    contraction  Contraction
    """
    for at in range(first, last):
        ahead = min(at + AHEAD, last - 1)
        for register in range(registers):
            prefetch(matrix, shared[ahead], register)
        for k in range(offsets[ahead], offsets[ahead + 1]):
            for register in range(registers):
                prefetch(matrix, copies[k], register)
        merge_row(
            matrix, shared[at], copies, offsets[at], offsets[at + 1] - offsets[at], first_copy,
            capacity, places, nodes, squares, sums, registers, contraction,
        )  # fmt: skip
