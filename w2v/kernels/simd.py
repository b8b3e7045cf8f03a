"""SIMD registers of 16 numbers for Numba kernels; also prefetching and powers of two.

When the compiler vectorises a loop over rows by itself, it checks at each entry that the rows do
not overlap, and it sums in one register at a time. Kernels that load and store registers explicitly
avoid both. They work for vectors of any length, and are compiled once. A row is a whole number of
registers. On processors with registers of fewer than 16 numbers, LLVM splits them. A lane is the
position of one number in a register.

Each function has a body in plain NumPy, which runs when compilation is switched off. Tests compare
the compiled form with this body (`plain`). Pointers have types here, as in llvmlite up to the
version in pyproject.toml; `make newest-numba` tests newer versions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

WIDTH = 16  # numbers in a register, as many as float32 numbers in AVX-512
LINE = 128  # bytes: processors fetch cache lines of 64 bytes in pairs

_INT32 = ir.IntType(32)


def aligned(shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """An array of zeros that begins on a cache line and shares none with other data.

    A load of a register then never needs two lines. Otherwise skip-gram takes 1.6 times as long and
    CBOW 1.15 times (tests/bench/tricks.py). Threads also do not wait for each other's writes (false
    sharing): with two threads, two loss accumulators in one line cost about as much again.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(size + -size % LINE + LINE, np.uint8)
    begin = -memory.ctypes.data % LINE
    return memory[begin : begin + size].view(dtype).reshape(shape)


class Register(types.Type):
    """The Numba type of a SIMD register: WIDTH numbers of one type."""

    def __init__(self, dtype: types.Type):
        self.dtype = dtype
        super().__init__(name=f"Register({dtype})")


@register_model(Register)
class _RegisterModel(models.PrimitiveModel):
    def __init__(self, manager: Any, register: Register):
        number = manager.lookup(register.dtype).get_value_type()
        super().__init__(manager, register, ir.VectorType(number, WIDTH))


def compiled_as(native: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Compile calls of a function to the code that `native` emits; keep the function as `plain`."""

    def replace(function: Callable[..., Any]) -> Any:
        if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            return function
        compiled = intrinsic(native)
        compiled.plain = function  # type: ignore[attr-defined]
        return compiled

    return replace


def pointer(context: Any, builder: Any, signature: Any, args: Any, unit: int = WIDTH) -> Any:
    """Emit the address of `unit` numbers of an array, the first argument of the call.

    The next arguments are the indices; the last index counts units.
    """
    array_type = signature.args[0]
    array = context.make_array(array_type)(context, builder, args[0])
    indices = [
        context.cast(builder, value, given, types.intp)
        for value, given in zip(args[1 : 1 + array_type.ndim], signature.args[1:], strict=False)
    ]
    begin = builder.mul(indices.pop(), context.get_constant(types.intp, unit))
    for offset in {0, unit - 1} if numba.config.BOUNDSCHECK else ():  # type: ignore[attr-defined]
        end = builder.add(begin, context.get_constant(types.intp, offset))
        at = [*indices, end]
        cgutils.get_item_pointer(context, builder, array_type, array, at, boundscheck=True)
    start = cgutils.get_item_pointer(context, builder, array_type, array, [*indices, begin])
    vector = ir.VectorType(context.get_value_type(array_type.dtype), unit)
    return builder.bitcast(start, vector.as_pointer())


def shuffle(builder: Any, first: Any, second: Any, order: list[int]) -> Any:
    """Emit a shuffle: lanes of two registers in a given order.

    order  numbers of lanes: from 0 the lanes of `first`, from WIDTH the lanes of `second`
    """
    return builder.shuffle_vector(
        first, second, ir.Constant(ir.VectorType(_INT32, len(order)), order)
    )


def broadcast(builder: Any, number: Any) -> Any:
    """Emit a register with one number in all lanes."""
    empty = ir.Constant(ir.VectorType(number.type, WIDTH), ir.Undefined)
    first = builder.insert_element(empty, number, ir.Constant(_INT32, 0))
    return shuffle(builder, first, empty, [0] * WIDTH)


def _add_pairs(builder: Any, first: Any, second: Any) -> Any:
    """Emit sums of pairs of lanes: in every four lanes two sums of `first`, two of `second`."""
    even = [i for g in range(0, WIDTH, 4) for i in (g, g + 2, g + WIDTH, g + WIDTH + 2)]
    odd = [i + 1 for i in even]
    left, right = (shuffle(builder, first, second, order) for order in (even, odd))
    return builder.fadd(left, right)


def _load(_: Any, array: Any, row: Any, register: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(pointer(context, builder, signature, args))
        value.align = array.dtype.bitwidth // 8
        return value

    return Register(array.dtype)(array, row, register), emit


@compiled_as(_load)
def load(array, row, register):
    """Load a register from a row: WIDTH numbers from column WIDTH * register."""
    return array[row, WIDTH * register : WIDTH * (register + 1)].copy()


def _store(_: Any, array: Any, row: Any, register: Any, value: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        done = builder.store(args[3], pointer(context, builder, signature, args))
        done.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, row, register, value), emit


@compiled_as(_store)
def store(array, row, register, value):
    """Store a register to a row: WIDTH numbers from column WIDTH * register."""
    array[row, WIDTH * register : WIDTH * (register + 1)] = value


def _splat(_: Any, number: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return broadcast(builder, args[0])

    return Register(number)(number), emit


@compiled_as(_splat)
def splat(number):
    """A register with one number in all lanes."""
    return np.full(WIDTH, number)


def _multiply_add(_: Any, a: Any, b: Any, c: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        type_ = ir.FunctionType(args[0].type, [args[0].type] * 3)
        name = f"llvm.fmuladd.v{WIDTH}f{a.dtype.bitwidth}"
        return builder.call(cgutils.get_or_insert_function(builder.module, type_, name), args)

    return a(a, b, c), emit


@compiled_as(_multiply_add)
def multiply_add(a, b, c):
    """a * b + c in each lane, rounded once if the processor can do that."""
    return a * b + c


def _store_sums(_: Any, array: Any, quad: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b, c, d = args[2:]
        sums = _add_pairs(builder, _add_pairs(builder, a, b), _add_pairs(builder, c, d))
        for size in (WIDTH // 2, WIDTH // 4):
            low, high = list(range(size)), list(range(size, 2 * size))
            left, right = (shuffle(builder, sums, sums, order) for order in (low, high))
            sums = builder.fadd(left, right)
        done = builder.store(sums, pointer(context, builder, signature, args, unit=4))
        done.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, quad, a, b, c, d), emit


@compiled_as(_store_sums)
def store_sums(array, quad, a, b, c, d):
    """Store the sums of four registers to array[4 * quad] and the three entries after it.

    The four sums are computed together, in 9 + 4 instructions instead of 4 times 8.
    """
    array[4 * quad : 4 * quad + 4] = [a.sum(), b.sum(), c.sum(), d.sum()]


def _prefetch(arguments: tuple[Any, ...], to_write: int, unit: int = WIDTH) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = pointer(context, builder, signature, args, unit)
        byte = ir.IntType(8).as_pointer()
        type_ = ir.FunctionType(ir.VoidType(), [byte, _INT32, _INT32, _INT32])
        function = cgutils.get_or_insert_function(builder.module, type_, "llvm.prefetch.p0i8")
        keep_near, data = 3, 1
        flags = [ir.Constant(_INT32, flag) for flag in (to_write, keep_near, data)]
        builder.call(function, [builder.bitcast(place, byte), *flags])
        return context.get_dummy_value()

    return types.void(*arguments), emit


def _prefetch_to_write(_: Any, array: Any, row: Any, register: Any) -> Any:
    return _prefetch((array, row, register), 1)


@compiled_as(_prefetch_to_write)
def prefetch(array, row, register):
    """Load a register of a row into the cache before it is changed; no data is changed."""


def _prefetch_to_read(_: Any, array: Any, row: Any, register: Any) -> Any:
    return _prefetch((array, row, register), 0)


@compiled_as(_prefetch_to_read)
def prefetch_to_read(array, row, register):
    """Load a register of a row into the cache before it is read.

    The row may belong to a mapped file that cannot be written.
    """


def _prefetch_item(_: Any, array: Any, at: Any) -> Any:
    return _prefetch((array, at), 0, unit=1)


@compiled_as(_prefetch_item)
def prefetch_item(array, at):
    """Load an item of a one-dimensional array into the cache before it is read."""


def _power_of_two(_: Any, exponent: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size, mantissa = {32: (32, 23), 64: (64, 52)}[exponent.bitwidth]
        integer = ir.IntType(size)
        bias = ir.Constant(integer, (1 << (size - mantissa - 2)) - 1)
        biased = builder.add(builder.fptosi(args[0], integer), bias)
        bits = builder.shl(biased, ir.Constant(integer, mantissa))
        return builder.bitcast(bits, args[0].type)

    return exponent(exponent), emit


@compiled_as(_power_of_two)
def power_of_two(exponent):
    """2 ** exponent, for a float that is a whole number from -126 to 127; -127 may give 0."""
    return np.exp2(exponent) * (exponent > -127)
