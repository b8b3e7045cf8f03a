"""Values that only a Python program can give: sets, halves of surrogate pairs, arrays that change.

They are the kinds of reports piskvorky/gensim#2532 and #662, openai/tiktoken#82.
"""

import os
import pickle
import subprocess
import sys
import typing
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import ArrayLike

import w2v as library

HALF = "\ud800"  # half of a surrogate pair, which is no character and has no UTF-8
TEXTS = ["a b c d"] * 9


def _vectors():
    matrix = np.array([[1, 0, 0], [1, 1, 0], [0.9, 0.1, 0], [0, 0, 1]], np.float32)
    return library.Vectors(list("abcd"), matrix), matrix


def _trained(texts=TEXTS, **settings):
    return library.train(texts=texts, **{"min_count": 1, "threads": 1, "dim": 4, **settings})


def test_an_array_that_changes_later_does_not_change_answers():
    vectors, matrix = _vectors()
    before = vectors.similar("a", k=3)
    matrix[3] *= 1e6
    matrix[2] = -1
    assert vectors.similar("a", k=3) == before
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[0] *= 10
    matrix.flags.writeable = False
    assert np.shares_memory(library.Vectors(list("abcd"), matrix).matrix, matrix)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: library.Vectors({"a", "b"}, np.eye(2)), "words"),
        (lambda: _vectors()[0][frozenset("ab")], "a word"),
        (lambda: _vectors()[0].similar_each({"a", "b"}), "words"),
        (lambda: library.train(texts={"a b c", "b c d"}), "texts"),
        (lambda: library.train(texts=[["a", "b"], {"a", "b"}]), r"texts\[1\]"),
        (lambda: library.train({"one.txt", "two.txt"}), "corpus"),
    ],
)
def test_a_set_is_refused_where_the_order_matters(call, what):
    with pytest.raises(library.W2VError, match=f"^{what}: a set has no order: give a list"):
        call()


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: _trained(model=None), "model: expected a string, found None"),
        (lambda: _trained(model=["cbow"]), "model: expected a string, found"),
        (lambda: _trained(window=np.array([2, 3])), "--window .*: expected a whole number"),
        (lambda: _trained(init=np.eye(4)), "init: expected the path of a file, found array"),
        (lambda: _trained(update=[1]), "update: expected the path of a file, found"),
        (lambda: _trained(update=_vectors()[0]), "update: these vectors are not a whole model"),
        (lambda: _trained(on_progress=5), "on_progress: expected a function, .* found 5"),
        (lambda: _trained(lr=10**400), "--lr inf is out of range"),
        (lambda: _trained(lr=-(10**400)), "--lr -inf is out of range"),
        (
            lambda: library.train(texts=TEXTS, model="lda", seeds={"x": {"a": 10**400}}),
            r"seeds\['x'\]\['a'\]: expected a weight",
        ),
        (lambda: library.combine(5), "runs: expected w2v.Vectors, found int"),
        (lambda: library.combine(np.array(5)), "runs: expected w2v.Vectors, found ndarray"),
        (lambda: library.drift(_vectors()[0], None), "after: expected w2v.Vectors, found NoneType"),
        (lambda: library.align(*[_vectors()[0]] * 2, 5), "dictionary: expected pairs of words"),
        (
            lambda: _vectors()[0].similar(np.ones(3), plus=np.array(["a", "b"])),
            "plus and minus are for words",
        ),
        (lambda: _vectors()[0].similar("a", method=np.array(["add", "mul"])), "method: expected"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(call, what):
    with pytest.raises(library.W2VError, match=f"^{what}"):
        call()


def test_a_threshold_too_large_for_a_float_is_refused():
    labelled = _trained(model="nbow", texts=["__label__x a", "__label__y b"])
    with pytest.raises(library.W2VError, match="threshold: expected a number from 0 to 1"):
        labelled.predict("a", threshold=10**400)


def test_vectors_that_only_the_call_holds_can_be_updated():
    """The function must keep them: their temporary file is removed together with them."""
    trained = library.train(texts=["a b e"] * 9, update=_trained(sample=0), min_count=1, threads=1)
    assert set(trained.words) == set("abcde")


def test_arrays_are_lists():
    vectors = _vectors()[0]
    assert vectors.similar("a", plus=np.array(["b", "c"])) == vectors.similar("a", plus=["b", "c"])
    trained = _trained(model="mlp", dense=np.array([6, 4]), texts=["__label__x a", "__label__y b"])
    assert trained.info()["settings"]["dense"] == "6,4"


def test_a_set_is_taken_where_the_order_does_not_matter():
    vectors = _vectors()[0]
    assert vectors.similar("a", plus={"b", "c"}) == vectors.similar("a", plus=["b", "c"])
    assert len(library.Vectors(dict.fromkeys("ab").keys(), np.eye(2))) == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda vectors: vectors[HALF],
        lambda vectors: vectors[["a", HALF]],
        lambda vectors: vectors.similar(HALF),
        lambda vectors: vectors.similar("a", minus=HALF),
        lambda vectors: vectors.similar_each([HALF]),
        lambda vectors: vectors.similarity("a", HALF + " b"),
        lambda vectors: vectors.odd("a", "b", HALF),
    ],
)
def test_half_of_a_surrogate_pair_is_an_unknown_word(call):
    with pytest.raises(library.NotFoundError, match=r"^no vector for '\\ud800"):
        call(_vectors()[0])
    assert HALF not in _vectors()[0]


def test_half_of_a_surrogate_pair_has_no_ngrams_of_its_own(tmp_path):
    vectors = library.train(
        texts=TEXTS, dim=4, epochs=1, sample=0, threads=1, subwords="1-2", min_count=1
    )
    assert vectors["a" + HALF].shape == (4,)
    assert vectors.similar("a" + HALF, k=1)


def test_half_of_a_surrogate_pair_in_a_text_is_replaced_and_said(caplog):
    vectors = library.train(
        texts=[f"a {HALF} b"] * 9, dim=2, epochs=1, sample=0, threads=1, min_count=1
    )
    assert sorted(vectors.words) == ["a", "b", "\ufffd\ufffd\ufffd"]
    assert "27 invalid utf-8 byte sequences replaced; the first in texts" in caplog.text


@pytest.mark.parametrize("bad", [HALF, "a\0b"])
def test_what_is_no_path_is_said(bad):
    message = "expected a string without NUL and halves of surrogate pairs, found"
    for call in (
        lambda: library.load(bad),
        lambda: library.train(bad),
        lambda: library.train(texts=TEXTS, output=bad + ".bin"),
        lambda: library.train(texts=TEXTS, save_vocab=bad),
        lambda: library.train(texts=TEXTS, tokenizer=bad),
    ):
        with pytest.raises(library.W2VError, match=message):
            call()


def test_names_and_counts_that_no_file_has_are_refused():
    with pytest.raises(library.W2VError, match=r"words\[1\]: '\\ud800' has half of a surrogate"):
        library.Vectors(["a", HALF], np.eye(2))
    with pytest.raises(library.W2VError, match="counts: expected whole numbers, 0 or more"):
        library.Vectors(["a", "b"], np.eye(2), counts=[-1, 2])
    assert library.Vectors(["a", "\udc80"], np.eye(2))["\udc80"].any()  # a byte that is not UTF-8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on Windows")
def test_a_forked_process_leaves_temporary_files_to_the_one_that_made_them(tmp_path):
    """Workers of web servers end by sys.exit, so that their copies of objects end too."""
    program = """
import gc, os, sys
import w2v
from w2v.kernels import cache
vectors = w2v.train(texts=["a b c d"] * 9, dim=2, epochs=1, sample=0, threads=1, min_count=1)
kept = cache.directory()
for end in ("exit", "delete"):
    child = os.fork()
    if not child:
        if end == "delete":
            del vectors
            gc.collect()
        sys.exit(0)
    os.waitpid(child, 0)
    assert vectors.tables == ["words"] and os.path.isdir(kept)
path = vectors._path
del vectors
gc.collect()
print(os.path.exists(path), kept)
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": "/dev/null/none", "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    removed, kept = done.stdout.split()
    assert removed == "False"
    assert "w2v-kernels-" in kept
    assert not os.path.exists(kept)


def test_vectors_whose_file_is_another_one_by_now_are_not_taken_from_it(folder):
    _vectors()[0].save("one.safetensors")
    loaded, text = library.load("one.safetensors"), library.load("one.safetensors")
    library.Vectors(list("abcd"), -np.eye(4)).save("one.safetensors")
    asks = [
        lambda: loaded.save("two.safetensors"),
        lambda: loaded.save("two.bin"),
        lambda: library.train(texts=TEXTS, min_count=1, init=loaded),
        lambda: library.train(texts=TEXTS, min_count=1, update=loaded),
        lambda: loaded.infer("a b"),
        lambda: loaded.predict("a b"),
        lambda: loaded.info(),
        lambda: loaded.tables,
        lambda: loaded.table("documents"),
    ]
    for ask in asks:
        with pytest.raises(library.W2VError, match="one.safetensors has changed since it was load"):
            ask()
    text.save("two.txt")  # which needs no more than they hold
    library.Vectors(loaded.words, loaded.matrix).save("two.safetensors")  # what the message advises
    for name in ("two.txt", "two.safetensors"):
        assert np.array_equal(library.load(name).matrix, _vectors()[0].matrix)


def test_vectors_can_be_saved_over_their_own_file_and_again(folder):
    _vectors()[0].save("one.safetensors")
    loaded = library.load("one.safetensors")
    for name in ("one.safetensors", "two.safetensors", "one.safetensors"):
        loaded.save(name)
    os.utime("one.safetensors", (1, 1))  # as a copy on another computer
    with pytest.raises(library.W2VError, match="has changed"):
        loaded.save("two.safetensors")
    pickle.loads(pickle.dumps(loaded)).save("two.safetensors")
    assert library.load("two.safetensors").words == list("abcd")


def test_a_classifier_explains_no_prediction_of_another_file(folder):
    texts = ["__label__x a b", "__label__y c d"] * 9
    given = {"model": "nbow", "min_count": 1, "threads": 1, "dim": 4}
    library.train(texts=texts, output="one.safetensors", **given)
    classifier = library.Classifier("one.safetensors")
    before = pickle.dumps(classifier)
    found = library.Classifier("one.safetensors")
    answer = found.explain("a b")
    assert pickle.loads(pickle.dumps(found)).explain("a b") == answer
    assert len(pickle.dumps(found)) == len(before)
    library.train(texts=texts, output="one.safetensors", seed=2, **given)
    with pytest.raises(library.W2VError, match="one.safetensors has changed since it was loaded"):
        classifier.explain("a b")


def test_a_list_of_words_that_is_sorted_leaves_the_vectors_as_they_are():
    names = [f"w{number}" for number in range(200)]
    vectors = library.Vectors(names, np.eye(200, 3) + 1, range(200))
    for arranged in (list.reverse, list.clear):
        arranged(vectors.words)
        assert vectors.words is vectors.words
        for row, name in enumerate(names):  # so often that a dictionary is made
            np.testing.assert_array_equal(vectors[name], vectors.matrix[row])
        assert [*vectors] == names
        assert pickle.loads(pickle.dumps(vectors)).words == names
    with pytest.raises(ValueError, match="read-only"):
        vectors.counts[0] = 3


def test_a_view_of_an_array_that_changes_later_does_not_change_answers():
    matrix = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    for view in (matrix.view(), np.broadcast_to(matrix, (3, 2)), matrix[:]):
        view.flags.writeable = False
        vectors = library.Vectors(list("abc"), view)
        before = vectors.similar("a")
        matrix += 1
        assert vectors.similar("a") == before
    mapped = np.frombuffer(matrix.tobytes(), np.float32).reshape(3, 2)
    assert np.shares_memory(library.Vectors(list("abc"), mapped).matrix, mapped)


@pytest.mark.parametrize("suffix", ["npy", "txt", "vec.gz", "tsv", "glove", "bin", "safetensors"])
def test_vectors_that_are_saved_over_their_own_file_are_those_of_the_file(folder, suffix):
    _vectors()[0].save(f"x.{suffix}")
    loaded = library.load(f"x.{suffix}")
    loaded.save(f"x.{suffix}")
    assert loaded.info()["tables"]["words"]["rows"] == 4
    loaded.save("other.txt")
    os.utime(f"x.{suffix}", (1, 1))
    with pytest.raises(library.W2VError, match="has changed"):
        loaded.info()


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.array([1 + 2j, 1]), "expected a word or a vector of 2 numbers"),
        (np.array([1e300, 1]), "found NaN or infinity"),
        (np.array([10**400, 1]), "or a number too large for float32"),
        (np.array([np.nan, 1]), "found NaN or infinity"),
        (np.ones(3), "found shape"),
        (np.zeros(2), "is zero"),
    ],
)
def test_arrays_that_are_no_vectors_of_a_query(vector, message):
    vectors = library.Vectors(["a", "b"], np.eye(2))
    with pytest.raises(library.W2VError, match=message):
        vectors.similar(vector)
    message = "expected a string" if vector.dtype.kind in "cO" else message
    with pytest.raises(library.W2VError, match=message):
        vectors.similar_each(vector[None])


def test_the_annotations_of_vectors_are_as_wide_as_their_documentation():
    """A type checker refused the example of the documentation, whose matrix is a list of lists."""
    hints = typing.get_type_hints(library.Vectors.__init__)
    assert hints["words"] == Iterable[str]
    assert hints["matrix"] == ArrayLike
    assert hints["counts"] == ArrayLike | None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on Windows")
def test_a_process_forked_while_another_thread_works_can_work_too():
    """The other thread is not in the new process, where its lock was never released."""
    program = """
import os, signal, tempfile, threading
from w2v.system import resources, scratch
numbers, entered, go_on = [7], threading.Event(), threading.Event()
found = [(lambda: numbers[-1], numbers.append)]
def slow():
    entered.set()
    go_on.wait()
    return found
def work():
    with scratch.used(tempfile.gettempdir()), resources.blas_threads(1):
        entered.set()
        go_on.wait()
def fork():
    thread = threading.Thread(target=work)
    thread.start()
    entered.wait()
    child = os.fork()
    if not child:
        signal.alarm(20)  # ends the process if it waits for ever
        resources._openblas = lambda: found
        with resources.blas_threads(3):
            assert numbers[-1] == 3
        assert numbers[-1] == 7, numbers
        assert not scratch._blocks
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    go_on.set()
    thread.join()
    assert not ended, ended
resources._openblas = slow
fork()  # while the thread holds the lock
entered.clear()
go_on.clear()
resources._openblas = lambda: found
fork()  # while it is in the block
assert numbers[-1] == 7
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
