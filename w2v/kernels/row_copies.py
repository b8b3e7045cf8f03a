"""Rows of a matrix that go away, are trained elsewhere, and come back: copies and their merging."""

from __future__ import annotations

from w2v.kernels import exact, inlined, inlined_exact, jit
from w2v.kernels.simd import load, multiply_add, prefetch, splat, store, store_sums
from w2v.kernels.tiles import add_row, copy_row

AHEAD = 4  # rows asked for before they are needed
BLOCK = 256  # rows looked through at a time
BEYOND = 1.5  # times the mean: how far a row moves whose copies all did the same


@jit
def number_rows(ids, count, places, rows, known):
    """Turn row numbers into places in a copy that has these rows only, in order of appearance.

    ids      int32 (N,)  changed in place
    count    int         the first `count` of them
    places   int32 (V,)  the place of each row in the copy, or -1; changed in place
    rows     int32 (R,)  the row at each place; new ones are added
    known    int         how many places are taken
    Returns  int64, how many are taken then
    """
    for i in range(count):
        row = ids[i]
        if places[row] < 0:
            places[row] = known
            rows[known] = row
            known += 1
        ids[i] = places[row]
    return known


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
        coming = rows[min(i + AHEAD, count - 1)]
        for register in range(registers):
            prefetch(matrix, coming, register)
        copy_row(matrix, rows[i], 1.0, copy, i, registers)


@inlined
def find_copies(places, limits, size, first, last, held, marks):
    """List the rows of a stretch that have copies, and where these are.

    places   int32 (S, V)  see `number_rows`; for each of S copies
    limits   int64 (S,)    a copy has only the places below this
    size     int           rows of each copy
    first    int           the stretch's first row
    last     int           and the one after its last
    held     int32 (BLOCK + 1, S + 3)  overwritten: a row, how many copies it has, where they are
    marks    int32 (BLOCK,)  scratch: negative where a row has none. Without it, scanning takes
                             1.4 of the 4.3 ms of a merging
    Returns  int64, how many rows are listed
    """
    for i in range(last - first):
        marks[i] = -1
    for shard in range(places.shape[0]):
        stretch = places[shard, first:last]
        for i in range(last - first):
            marks[i] &= stretch[i]
    found = 0
    for i in range(last - first):
        if marks[i] >= 0:
            count = 0
            for shard in range(places.shape[0]):
                place = places[shard, first + i]
                held[found, 2 + count] = shard * size + place
                count += (place >= 0) & (place < limits[shard])  # a branch would be a guess
            held[found, 0], held[found, 1] = first + i, count
            found += count > 0
    return found


@inlined_exact
def take_change(matrix, row, copies, place, registers, sums):
    """Make a row that was trained apart the change that it has seen.

    matrix     float (V, D)
    row        int
    copies     float (·, D)  row `place` changed in place
    place      int
    registers  int           D / 16
    sums       float (4,)    scratch
    Returns    float, the squared length of the change
    """
    minus, zero = splat(matrix.dtype.type(-1.0)), splat(matrix.dtype.type(0.0))
    square = zero
    for register in range(registers):
        base = load(matrix, row, register)
        change = multiply_add(minus, base, load(copies, place, register))
        square = multiply_add(change, change, square)
        store(copies, place, register, change)
    store_sums(sums, 0, square, zero, zero, zero)
    return sums[0]


@inlined_exact
def apply_change(matrix, row, changes, place, squares, registers, sums):
    """Move a row by the sum of its changes, or by less where they agree, see `merge_rows`.

    matrix     float (V, D)  changed in place
    row        int
    changes    float (·, D)  row `place` is the sum
    place      int
    squares    float         the sum of the changes' squared lengths
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    zero = splat(matrix.dtype.type(0.0))
    whole = zero
    for register in range(registers):
        change = load(changes, place, register)
        whole = multiply_add(change, change, whole)
    store_sums(sums, 0, whole, zero, zero, zero)
    most = matrix.dtype.type(BEYOND) * squares
    weight = splat(most / sums[0] if sums[0] > most else matrix.dtype.type(1.0))
    for register in range(registers):
        base = load(matrix, row, register)
        store(matrix, row, register, multiply_add(weight, load(changes, place, register), base))


@exact
def take_changes(matrix, rows, copies, squares, registers, sums):
    """Make rows that were trained apart the changes that they have seen.

    matrix     float (V, D)
    rows       int32 (R,)    whose copies they are
    copies     float (·, D)  the first R changed in place
    squares    float (R,)    overwritten: squared lengths of the changes
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    for place in range(rows.size):
        squares[place] = take_change(matrix, rows[place], copies, place, registers, sums)


@exact
def apply_changes(matrix, rows, changes, squares, registers, sums):
    """Move rows by the sums of their changes, as `merge_rows` does.

    matrix     float (V, D)  changed in place
    rows       int32 (R,)
    changes    float (R, D)  the sums
    squares    float (R,)    sums of the squared lengths
    registers  int           D / 16
    sums       float (4,)    scratch
    """
    for place in range(rows.size):
        apply_change(matrix, rows[place], changes, place, squares[place], registers, sums)


@inlined_exact
def merge_row(matrix, copies, size, held, at, nodes, squares, sums, registers):
    """Merge the copies of one row into it, see `merge_rows`.

    matrix     float (V, D)  changed in place
    copies     float (·, D)  scratch afterwards
    size       int           rows of each copy
    held       int32 (BLOCK + 1, S + 3)  the row is that of held[at], whose places are changed
    at         int
    nodes      int32 (S,)    scratch: the node of the tree whose sum is at each place
    squares    float (S,)    scratch
    sums       float (4,)    scratch
    registers  int
    """
    row, count = held[at, 0], held[at, 1]
    for k in range(count):
        place = held[at, 2 + k]
        nodes[k] = place // size
        squares[k] = take_change(matrix, row, copies, place, registers, sums)
    while count > 1:
        k = found = 0
        while k < count:
            place, square, node = held[at, 2 + k], squares[k], nodes[k] >> 1
            if k + 1 < count and nodes[k + 1] >> 1 == node:
                k += 1
                add_row(copies, held[at, 2 + k], 1.0, copies, place, registers)
                square += squares[k]
            held[at, 2 + found], squares[found], nodes[found] = place, square, node
            found += 1
            k += 1
        count = found
    apply_change(matrix, row, copies, held[at, 2], squares[0], registers, sums)


@exact
def merge_rows(
    matrix, copies, places, limits, first, step, frozen, registers, held, marks, nodes, squares,
    sums,
):  # fmt: skip
    """Bring copies of rows that were trained apart back into their matrix.

    matrix     float (V, D)   rows with copies are changed in place
    copies     float (·, D)   S copies one after the other; scratch afterwards
    places     int32 (S, V)   see `number_rows`
    limits     int64 (S,)     a copy has only the places below this
    first      int            of the stretches of BLOCK rows the first to merge
    step       int            and how many further on the next is
    frozen     bool (V,)      rows that are not written; or empty, for none
    registers  int            D / 16
    held       int32 (BLOCK + 1, S + 3)  scratch
    marks      int32 (BLOCK,)  scratch
    nodes      int32 (S,)     scratch
    squares    float (S,)     scratch
    sums       float (4,)     scratch
    A row moves by the sum of its copies' changes d times 3/2 Σ|d|² / |Σd|², if that is less than 1.
    It is 1 where the changes have nothing to do with each other, as in rare words, which then move
    as if trained one after the other; it makes the sum 3/2 of the mean where all copies did the
    same, as with frequent words. These come to rest in each copy: by the sum they would be thrown
    far beyond, and diverge; so they are half as far away as before at the most. What else was
    tried: tests/bench/rounds.py. Sums are taken along a binary tree over the numbers of
    the copies: so any aligned part of them may be added up elsewhere, to the same bits.
    """
    size = copies.shape[0] // places.shape[0]
    for begin in range(first * BLOCK, matrix.shape[0] - 1, step * BLOCK):
        end = min(begin + BLOCK, matrix.shape[0] - 1)
        found = find_copies(places, limits, size, begin, end, held, marks)
        for at in range(found):
            coming = min(at + AHEAD, found - 1)
            for register in range(registers):
                prefetch(matrix, held[coming, 0], register)
            for k in range(held[coming, 1]):
                for register in range(registers):
                    prefetch(copies, held[coming, 2 + k], register)
            if frozen.size == 0 or not frozen[held[at, 0]]:
                merge_row(matrix, copies, size, held, at, nodes, squares, sums, registers)
