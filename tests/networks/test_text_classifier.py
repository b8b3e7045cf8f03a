"""Blocks of probabilities, the order of the best labels, and calls on threads in order."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest

import w2v
from w2v.errors import W2VError
from w2v.networks.text_classifier import (
    best_labels,
    texts_in_block,
)
from w2v.runs.saved_classifier import open_classifier
from w2v.system.ordered_map import ordered_map
from w2v.text.encode import texts_corpus


@pytest.mark.parametrize("ties", ["first", "last"])
@pytest.mark.parametrize("distinct", [1, 2, 5, 10**6])
@pytest.mark.parametrize("labels", [1, 2, 9, 60])
def test_the_best_labels_are_those_of_a_sorted_list(ties, distinct, labels):
    """Few distinct numbers give many ties, also at the border of the chosen labels."""
    rng = np.random.default_rng(labels + distinct)
    p = rng.integers(0, distinct, (40, labels)).astype(np.float32) / distinct
    for count in (1, 2, 3, 7, 12, labels, labels + 5):
        found = best_labels(p, count, ties).tolist()
        assert found == [
            sorted(
                range(labels),
                key=lambda label: (-row[label], label if ties == "first" else -label),
            )[:count]
            for row in p.tolist()
        ]


@pytest.mark.parametrize("shape", [(0, 3), (0, 500), (4, 0)])
def test_the_best_labels_of_nothing(shape):
    for count in (1, 2, 500):
        found = best_labels(np.zeros(shape, np.float32), count, "first")
        assert found.shape == (shape[0], min(count, shape[1]))


def test_blocks_shrink_with_many_labels():
    assert [texts_in_block(labels) for labels in (0, 2, 4096, 40_960, 10**9)] == [
        1024, 1024, 1024, 102, 1,
    ]  # fmt: skip
    assert texts_in_block(2, 256) == 256


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_order_and_do_not_pile_up(threads):
    ahead, most, lock = 0, 0, threading.Lock()

    def work(number):
        nonlocal ahead, most
        time.sleep(0.002 * (number % 3))
        with lock:
            ahead += 1
            most = max(most, ahead)
        return number**2

    found = []
    for result in ordered_map(work, iter(range(60)), threads):
        with lock:
            ahead -= 1
        found.append(result)
    assert found == [number**2 for number in range(60)]
    assert most <= 2 * threads


def test_an_error_comes_in_place_of_its_result_and_ends_the_calls():
    called = []

    def work(number):
        called.append(number)
        if number == 2:
            raise W2VError("two")
        return number

    results = ordered_map(work, range(1000), 1)
    assert not called
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(W2VError, match="two"):
        next(results)
    assert len(called) < 10
    stopped = ordered_map(work, [0, 1], 1)
    next(stopped)
    stopped.close()


@pytest.mark.parametrize(
    ("threads", "apart", "is_other"), [(1, False, False), (1, True, True), (2, False, True)]
)
def test_one_thread_is_the_callers_own_unless_it_is_to_be_another_one(threads, apart, is_other):
    def thread(number):
        return threading.get_ident()

    found = {*ordered_map(thread, range(5), threads, apart)}
    assert (threading.get_ident() not in found) == is_other
    assert len(found) <= threads


@pytest.mark.parametrize("threads", [1, 2])
def test_no_argument_is_kept_after_the_last_result(threads):
    """It may have a large file, and the garbage collector may come late."""
    kept = weakref.WeakSet()

    def made():
        for _ in range(5):
            argument = threading.Event()  # any object that can be referred to weakly
            kept.add(argument)
            yield argument
            del argument

    gc.disable()
    try:
        assert [*ordered_map(threading.Event.is_set, made(), threads)] == [False] * 5
        assert not kept
    finally:
        gc.enable()


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_of_the_arguments_comes_after_the_results_before_it(threads):
    def numbers():
        yield from range(5)
        raise W2VError("damaged")

    results = ordered_map(lambda number: -number, numbers(), threads)
    assert [next(results) for _ in range(5)] == [0, -1, -2, -3, -4]
    with pytest.raises(W2VError, match="damaged"):
        next(results)


@pytest.mark.parametrize("model", ["mlp", "lstm"])
def test_a_network_predicts_the_same_in_blocks_on_any_threads(tmp_path, monkeypatch, model):
    rng = np.random.default_rng(3)
    words, path = "abcdefgh", tmp_path / "net.safetensors"
    texts = [" ".join(rng.choice([*words], rng.integers(0, 12))) for _ in range(61)]
    marked = [f"__label__{'xyz'[n % 3]} {text} w" for n, text in enumerate(texts)]
    w2v.train(
        texts=marked, model=model, dim=4, units=5, epochs=1, min_count=1, length=10, threads=1
    ).save(path)
    classifier = open_classifier(str(path))
    assert classifier.is_exclusive

    def predict(threads):
        with texts_corpus(texts, classifier.text_settings) as corpus:
            return list(classifier.predict(corpus, threads).blocks)

    [whole] = predict(1)
    assert whole.shape == (61, 3)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole.sum(axis=1), 1, rtol=1e-6)
    monkeypatch.setattr("w2v.networks.saved.TEXTS", 7)
    for threads in (1, 3):
        blocks = predict(threads)
        assert list(map(len, blocks)) == [7] * 8 + [5]
        np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)
    alone = [w2v.load(path).predict(text) for text in texts[:9]]
    for (label, p), row in zip(alone, whole, strict=False):
        assert (label, p) == ("xyz"[row.argmax()], pytest.approx(float(row.max()), abs=1e-6))
    assert w2v.load(path).predict([]) == []


def test_a_network_that_overflows_is_an_error(tmp_path, monkeypatch):
    path = tmp_path / "net.safetensors"
    w2v.train(
        texts=["__label__a x y", "__label__b z y"] * 4, model="mlp", dim=4, units=3, epochs=1,
        min_count=1, threads=1,
    ).save(path)  # fmt: skip
    classifier = open_classifier(str(path))
    huge = {
        name: np.full_like(array, np.float32(3e38))
        for name, array in classifier.network._parameters.items()
    }
    monkeypatch.setattr(classifier.network, "_parameters", huge)
    with (
        texts_corpus(["x y"], classifier.text_settings) as corpus,
        pytest.raises(W2VError, match="net.safetensors has numbers that are too large"),
    ):
        list(classifier.predict(corpus, 1).blocks)
