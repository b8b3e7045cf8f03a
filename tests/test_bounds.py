"""That NUMBA_BOUNDSCHECK=1, which `make test-bounds` sets, checks: planted mistakes raise."""

import os

import numpy as np
import pytest

from w2v.kernels import jit
from w2v.kernels.skipgram import train_pair

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_BOUNDSCHECK") != "1", reason="only with NUMBA_BOUNDSCHECK=1"
)


@jit
def reads_past_the_end(array):
    """A planted mistake."""
    return array[array.size]


def test_a_planted_kernel_that_reads_past_the_end_raises():
    with pytest.raises(IndexError):
        reads_past_the_end(np.zeros(3))


def test_a_wrong_word_id_raises():
    vectors = np.zeros((2, 3), np.float32)
    targets = np.array([0, 2], np.int32)
    with pytest.raises(IndexError):
        train_pair(vectors, vectors, 1, targets, 2, np.float32(0.1), np.empty(3, np.float32))
