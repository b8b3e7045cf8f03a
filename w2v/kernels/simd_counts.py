"""Lanes of counts and of probabilities: what it takes to draw a topic.

As in `lanes`, whose rules hold here too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from w2v.kernels.simd import WIDTH, Lanes, compiled_as, load, pointer, shuffle, spread


def _as_kind(_: Any, lanes: Any, number: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sitofp(args[0], ir.VectorType(args[1].type, WIDTH))

    return Lanes(number)(lanes, number), emit


@compiled_as(_as_kind)
def as_kind(lanes, number):
    """Lanes of integers as numbers of the type of `number`."""
    return lanes.astype(np.dtype(type(number)))


def _add_to(_: Any, array: Any, row: Any, column: Any, amount: Any) -> Any:
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
            "==", spread(builder, lane), ir.Constant(numbers, list(range(WIDTH)))
        )
        empty = ir.Constant(numbers, [0] * WIDTH)
        old = builder.load(place)
        new = builder.add(old, builder.select(here, spread(builder, amount), empty))
        done = builder.store(new, place)
        old.align = done.align = array.dtype.bitwidth // 8
        return new

    return Lanes(array.dtype)(array, row, column, amount), emit


@compiled_as(_add_to)
def add_to(array, row, column, amount):
    """array[row, column] += amount, of int32, by way of the whole register that it is in: returned.

    A load of a register must wait until a number in it that was just written has reached the
    cache, but not for a whole register.
    """
    array[row, column] += amount
    return load(array, row, column // WIDTH)


def _reciprocal(_: Any, lanes: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fdiv(ir.Constant(args[0].type, [1.0] * WIDTH), args[0])

    return lanes(lanes), emit


@compiled_as(_reciprocal)
def reciprocal(lanes):
    """1 by each of some lanes."""
    return 1 / lanes


def _running_sums(_: Any, lanes: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        sums, zeros = args[0], ir.Constant(args[0].type, [0.0] * WIDTH)
        for step in (1, 2, 4, 8):
            order = [i if i < step else WIDTH + i - step for i in range(WIDTH)]
            sums = builder.fadd(sums, shuffle(builder, zeros, sums, order))
        return sums

    return lanes(lanes), emit


@compiled_as(_running_sums)
def running_sums(lanes):
    """Each lane plus all before it."""
    return np.cumsum(lanes)


def _number_at(_: Any, lanes: Any, lane: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.extract_element(args[0], args[1])

    return lanes.dtype(lanes, lane), emit


@compiled_as(_number_at)
def number_at(lanes, lane):
    """The number in one lane."""
    return lanes[lane]


def _count_up_to(_: Any, lanes: Any, number: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        small = builder.fcmp_ordered("<=", args[0], spread(builder, args[1]))
        count = builder.ctpop(builder.bitcast(small, ir.IntType(WIDTH)))
        return builder.zext(count, ir.IntType(64))

    return types.int64(lanes, number), emit


@compiled_as(_count_up_to)
def count_up_to(lanes, number):
    """How many lanes are not above a number."""
    return np.count_nonzero(lanes <= number)


def _multiply(_: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(*args)

    return a(a, b), emit


@compiled_as(_multiply)
def multiply(a, b):
    """Lanes a * b."""
    return a * b


def _add(_: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*args)

    return a(a, b), emit


@compiled_as(_add)
def add(a, b):
    """Lanes a + b."""
    return a + b
