"""How fast training moves word vectors: pairs, mean vectors and curvatures, against plain NumPy."""

import naive
import numpy as np
import pytest

from w2v.kernels.simd import WIDTH, aligned
from w2v.kernels.weighted_mean import weighted_mean
from w2v.models import models
from w2v.negative_sampling.contractions import CURVATURE, DIRECTIONS, Contractions
from w2v.negative_sampling.subword_rows import WordRows
from w2v.negative_sampling.word_distributions import keep_probabilities, noise_probabilities

COUNTS = np.array([5, 900, 40, 3, 300, 40], np.int64)


def matrices(rows):
    rng = np.random.default_rng(3)
    found = {name: aligned((rows + 1, 2 * WIDTH)) for name in ("input_vectors", "output_vectors")}
    for matrix in found.values():
        matrix[:rows] = rng.standard_normal((rows, 2 * WIDTH)) + 0.5
    return found


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_weighted_mean(dtype, tolerance):
    rng = np.random.default_rng(1)
    matrix, mean = aligned((9, 2 * WIDTH), dtype), aligned((1, 2 * WIDTH), dtype)
    matrix[:] = rng.standard_normal(matrix.shape)
    mean[:] = 7
    rows, weights = np.array([4, 0, 4, 8], np.int32), np.array([0.1, 0.2, 0.3, 0.4], dtype)
    square = weighted_mean(matrix, rows, weights, mean, 2, aligned((WIDTH,), dtype))
    wanted = naive.weighted_mean(matrix.astype(np.float64), rows, weights.astype(np.float64))
    np.testing.assert_allclose(mean[0], wanted[0], rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(square, wanted[1], rtol=tolerance)


@pytest.mark.parametrize("composed", [False, True])
def test_pairs_and_rates(composed):
    settings = models()["skipgram"].settings(dim=2 * WIDTH, window=3, negative=4, sample=1e-2)
    word_rows = None
    if composed:  # two words share row 6
        rows = np.array([0, 6, 1, 2, 6, 3, 4, 5], np.int32)
        word_rows = WordRows.of_means(np.array([0, 2, 3, 5, 6, 7, 8]), rows)
    given, length = matrices(7 if composed else 6), 1000
    assert settings.pairs_of_word == (4 * 5, 4)  # windows of 4 words on average
    found = Contractions(
        COUNTS, settings, settings.pairs_of_word, length, word_rows
    ).at(given, 0.025)  # fmt: skip
    share = COUNTS / COUNTS.sum()
    kept = share * keep_probabilities(COUNTS, 1e-2) * length
    noise = noise_probabilities(COUNTS, 0.75)
    outputs = 4 * (kept + kept.sum() * 4 * noise)
    inputs = 20 * np.append(kept, kept[0] + kept[2]) if composed else 20 * kept
    np.testing.assert_allclose(found["input_vectors"].pairs, inputs, rtol=1e-5)
    np.testing.assert_allclose(found["output_vectors"].pairs, outputs, rtol=1e-5)
    words = given["input_vectors"].astype(np.float64)[:6]
    if composed:
        words[[0, 2]] = (words[[0, 2]] + given["input_vectors"][6]) / 2
    others = {"input_vectors": given["output_vectors"][:6], "output_vectors": words}
    for name, vectors in others.items():
        mean = noise @ vectors
        square = noise @ np.sum(vectors.astype(np.float64) ** 2, axis=1)
        rates = 0.025 * CURVATURE * np.array([(square - mean @ mean) / DIRECTIONS, mean @ mean])
        np.testing.assert_allclose(found[name].rates, rates, rtol=1e-4)
        direction = found[name].direction[0]
        np.testing.assert_allclose(direction, mean / np.linalg.norm(mean), rtol=1e-4)


def test_vectors_of_zero_have_no_direction():
    settings = models()["skipgram"].settings(dim=2 * WIDTH)
    given = matrices(6)
    given["output_vectors"][:] = 0
    found = Contractions(COUNTS, settings, settings.pairs_of_word, 1000, None).at(given, 0.1)
    assert not found["input_vectors"].direction.any()
    assert not found["input_vectors"].rates.any()


def test_vectors_that_have_diverged_give_no_warning():
    settings = models()["skipgram"].settings(dim=2 * WIDTH)
    given = matrices(6)
    for number in (np.inf, 1e30, np.nan):
        given["output_vectors"][2] = number
        Contractions(COUNTS, settings, settings.pairs_of_word, 1000, None).at(given, 0.1)


def test_models_whose_rows_are_merged_by_agreement():
    assert models()["skipgram"].settings(loss="hs").pairs_of_word is None
    for name in ("cbow", "pv-dbow", "pv-dm"):
        assert models()[name].settings().pairs_of_word is None
