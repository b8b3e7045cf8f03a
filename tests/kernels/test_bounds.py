"""NUMBA_BOUNDSCHECK=1, which `make test-bounds` sets, finds planted mistakes."""

import os

import numpy as np
import pytest

from w2v.kernels import jit
from w2v.kernels.simd import load, splat, store
from w2v.kernels.tiles import copy_row

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_BOUNDSCHECK") != "1", reason="only with NUMBA_BOUNDSCHECK=1"
)


@jit
def reads_past_the_end(array):
    """A planted mistake."""
    return array[array.size]


@jit
def loads(array, row, register):
    """A mistake if `row` or `register` is outside of the array."""
    store(array, 0, 0, load(array, row, register))


@jit
def stores(array, row, register):
    """A mistake if `row` or `register` is outside of the array."""
    store(array, row, register, splat(1.0))


def test_a_planted_kernel_that_reads_past_the_end_raises():
    with pytest.raises(IndexError):
        reads_past_the_end(np.zeros(3))


@pytest.mark.parametrize("kernel", [loads, stores])
@pytest.mark.parametrize(("row", "register"), [(2, 0), (0, 2), (-1, 0), (0, 1)])
def test_registers_outside_a_matrix_raise(kernel, row, register):
    """Also if a register begins in its row and ends outside it."""
    with pytest.raises(IndexError):
        kernel(np.zeros((2, 31)), row, register)
    kernel(np.zeros((2, 31)), 1, 0)


def test_a_row_that_is_not_there_is_caught_in_a_kernel():
    with pytest.raises(IndexError):
        copy_row(np.zeros((2, 16)), 5, 1.0, np.zeros((2, 16)), 0, 1)
