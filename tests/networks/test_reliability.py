"""The expected calibration error."""

import numpy as np
import pytest

from w2v.networks.reliability import Reliability


def error(probabilities, is_right, parts=1):
    bins = Reliability()
    for p, right in zip(
        np.array_split(probabilities, parts), np.array_split(is_right, parts), strict=True
    ):
        bins.add(p, right)
    return bins.error()


def test_bins_compare_shares_with_probabilities():
    p, right = np.array([0.95, 0.95, 0.55, 0.05]), np.array([True, False, True, False])
    expected = (abs(1 - 1.9) + abs(1 - 0.55) + abs(0 - 0.05)) / 4
    assert error(p, right) == error(p, right, 3) == pytest.approx(expected)
    assert error(np.empty(0), np.empty(0, np.bool_)) == 0


def test_probabilities_that_are_right_have_no_error():
    rng = np.random.default_rng(1)
    p = rng.random(200_000)
    assert error(p, rng.random(p.size) < p) < 0.01
    assert error(p, rng.random(p.size) < p**2) > 0.1


def test_a_bin_has_its_end_and_odd_numbers_count_as_the_nearest():
    p = np.array([1 / 15, 2 / 15, 0.0, 1.0, np.nan, 2.0, -1.0], np.float32)
    assert error(p, np.zeros(7, np.bool_)) == pytest.approx((1 / 15 + 2 / 15 + 1 + 1) / 7)
