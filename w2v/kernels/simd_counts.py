"""SIMD operations on counts and probabilities, for drawing topics.

Each function has a plain body and a compiled form, as in `simd`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from w2v.kernels.simd import WIDTH, Register, broadcast, compiled_as, load, pointer, shuffle


def _to_float(_: Any, counts: Any, number: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sitofp(args[0], ir.VectorType(args[1].type, WIDTH))

    return Register(number)(counts, number), emit


@compiled_as(_to_float)
def to_float(counts, number):
    """Convert a register of integers to the type of `number`."""
    return counts.astype(np.dtype(type(number)))


def _add_and_load(_: Any, array: Any, row: Any, column: Any, amount: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        args = list(args)
        column, amount = (
            context.cast(builder, args[at], signature.args[at], array.dtype) for at in (2, 3)
        )
        args[2] = builder.udiv(args[2], ir.Constant(args[2].type, WIDTH))
        place = pointer(context, builder, signature, args)
        lane = builder.urem(column, ir.Constant(column.type, WIDTH))
        numbers = ir.VectorType(column.type, WIDTH)
        here = builder.icmp_unsigned(
            "==", broadcast(builder, lane), ir.Constant(numbers, list(range(WIDTH)))
        )
        empty = ir.Constant(numbers, [0] * WIDTH)
        old = builder.load(place)
        new = builder.add(old, builder.select(here, broadcast(builder, amount), empty))
        done = builder.store(new, place)
        old.align = done.align = array.dtype.bitwidth // 8
        return new

    return Register(array.dtype)(array, row, column, amount), emit


@compiled_as(_add_and_load)
def add_and_load(array, row, column, amount):
    """Do array[row, column] += amount, for int32, and return the register with this number.

    The whole register is loaded and stored. After a store of one number, the next load of its
    register would have to wait until the number has reached the cache.
    """
    array[row, column] += amount
    return load(array, row, column // WIDTH)


def _reciprocal(_: Any, a: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fdiv(ir.Constant(args[0].type, [1.0] * WIDTH), args[0])

    return a(a), emit


@compiled_as(_reciprocal)
def reciprocal(a):
    """1 / a in each lane."""
    return 1 / a


def _prefix_sums(_: Any, a: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        sums, zeros = args[0], ir.Constant(args[0].type, [0.0] * WIDTH)
        for step in (1, 2, 4, 8):
            order = [i if i < step else WIDTH + i - step for i in range(WIDTH)]
            sums = builder.fadd(sums, shuffle(builder, zeros, sums, order))
        return sums

    return a(a), emit


@compiled_as(_prefix_sums)
def prefix_sums(a):
    """Prefix sums: each lane becomes the sum of itself and all lanes before it."""
    return np.cumsum(a)


def _element(_: Any, a: Any, lane: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.extract_element(args[0], args[1])

    return a.dtype(a, lane), emit


@compiled_as(_element)
def element(a, lane):
    """The number in one lane."""
    return a[lane]


def _count_at_most(_: Any, a: Any, number: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        small = builder.fcmp_ordered("<=", args[0], broadcast(builder, args[1]))
        count = builder.ctpop(builder.bitcast(small, ir.IntType(WIDTH)))
        return builder.zext(count, ir.IntType(64))

    return types.int64(a, number), emit


@compiled_as(_count_at_most)
def count_at_most(a, number):
    """The number of lanes whose value is at most `number`."""
    return np.count_nonzero(a <= number)


def _multiply(_: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(*args)

    return a(a, b), emit


@compiled_as(_multiply)
def multiply(a, b):
    """a * b in each lane."""
    return a * b


def _add(_: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*args)

    return a(a, b), emit


@compiled_as(_add)
def add(a, b):
    """a + b in each lane."""
    return a + b
