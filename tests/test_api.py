"""The Python API, compared with the command line and with other libraries."""

import copy
import doctest
import gc
import importlib.util
import logging
import math
import os
import pickle
import re
import subprocess
import sys
import threading
import types
import typing
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import planted
import pytest
import readme
from helpers import COMPILED, Silent, compiled
from hypothesis import given

import w2v as library
from w2v import settings
from w2v.api import build_run
from w2v.embeddings.spelling import split_words
from w2v.models import models as registry
from w2v.system import python_arguments, resources

QUICK = {"dim": 8, "epochs": 1, "min_count": 1, "sample": 0.0, "threads": 1}


@pytest.fixture
def text(folder):
    (folder / "text.txt").write_text(planted.text(400 if COMPILED else 8))
    return folder / "text.txt"


def test_importing_it_loads_nothing_and_loading_vectors_no_numba(toy, folder):
    code = (
        "import sys, w2v; heavy = {'numpy', 'numba', 'scipy', 'click'}\n"
        "assert not heavy & set(sys.modules), 'import'\n"
        "w2v.load('vectors.safetensors').similar('king'), dir(w2v)\n"
        "assert not {'numba', 'scipy', 'click'} & set(sys.modules), 'load'\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def test_every_public_name_is_there_and_no_other():
    assert set(dir(library)) == set(library.__all__)
    assert all(getattr(library, name) is not None for name in library.__all__)
    with pytest.raises(AttributeError, match="no attribute 'similar'"):
        library.similar  # noqa: B018
    assert typing.get_type_hints(library.Vectors.similar)["return"] == list[library.Neighbour]


def test_train_writes_the_bytes_that_the_command_writes(w2v, text):
    options = [f"--{name.replace('_', '-')}={value}" for name, value in QUICK.items()]
    assert w2v("train", text, "-o", "command.safetensors", "--model=cbow", *options).code == 0
    made = library.train(text, output="made.safetensors", model="cbow", **QUICK)
    command = (text.parent / "command.safetensors").read_bytes()
    assert (text.parent / "made.safetensors").read_bytes() == command
    library.train([str(text)], model="cbow", **QUICK).save("saved.safetensors")
    assert (text.parent / "saved.safetensors").read_bytes() == command
    texts = text.read_text().splitlines()
    other = library.train(texts=[texts[0], *map(str.split, texts[1:])], model="cbow", **QUICK)
    assert other.words == made.words
    assert np.array_equal(other.matrix, made.matrix)


def test_without_an_output_the_file_goes_with_what_is_returned(text):
    made = library.train(text, **QUICK)
    path = made.info()["file"]
    assert made.info()["model"] == "skipgram"
    rest = made.table("words")
    assert rest is made
    del made, rest
    gc.collect()
    assert not os.path.exists(path)


def test_settings_by_other_programs_names(text):
    theirs = {"vector_size": 8, "workers": 1, "iter": 1, "min_count": 1, "sample": 0, "alpha": 0.05}
    made = library.train(text, **theirs)
    assert made.dim == 8
    assert made.info()["settings"]["lr"] == 0.05


class NoTruthValue:
    """A value such as pandas.NA."""

    __repr__ = "<NA>".format

    def __bool__(self):
        raise TypeError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dimm": 5}, "dimm: skipgram has no such setting; near: dim"),
        ({"topics": 5}, "--topics works only with --model lda"),
        ({"dim": 4, "vector_size": 6}, "dim and vector_size are one setting: give one of them"),
        ({"dim": 0}, "--dim 0 is out of range: 1 to 65,536"),
        ({"dim": "8"}, "--dim '8': expected a whole number"),
        ({"model": "klingon"}, "--model klingon: no such model; choose one of cbow"),
        ({"output": "x.pickle"}, "the suffix .pickle names no format"),
        ({"output": "-"}, "output '-': give the path of a file"),
        ({"texts": ["a b"]}, "expected either corpus, the paths of files, or texts"),
        ({"freeze": True}, "--freeze is for --init"),
        ({"scratch": 3.5}, "--scratch 3.5: expected a string"),
        ({"scratch": 3}, "--scratch 3: expected a string"),  # no file descriptor
        ({"seed": NoTruthValue()}, "seed: expected a single value, found <NA>"),
        (
            {"deterministic": False, "shards": 2},
            "--shards is for --deterministic: leave out --hogwild",
        ),
    ],
)
def test_mistakes_are_those_of_the_command(text, options, message):
    with pytest.raises(library.W2VError, match=message):
        library.train(text, **options)
    assert sorted(os.listdir()) == ["text.txt"]


TEXTS = ["a b c d", "e f g h"] * 9
LABELLED = ["__label__x a b c d", "__label__y e f g h"] * 9
PLAIN = {"dim": 4, "epochs": 2, "min_count": 1, "threads": 1}


@pytest.fixture
def models(folder):
    """A trained model for each method that takes texts, by the name of the method."""
    documents = library.train(texts=TEXTS, model="pv-dbow", output="d.safetensors", **PLAIN)
    network = library.train(texts=LABELLED, model="mlp", output="n.safetensors", **PLAIN)
    return {
        "train": lambda texts: library.train(texts=texts, sample=0, **PLAIN),
        "infer": documents.infer,
        "predict": network.predict,
    }


def test_a_string_is_one_text_everywhere(models):
    assert models["train"]("a b a").words == models["train"](["a b a"]).words == ["a", "b"]
    assert np.array_equal(models["infer"]("a b"), models["infer"](["a b"])[0])
    assert models["predict"]("a b") == models["predict"](["a b"])[0]
    assert models["predict"]("a b") == models["predict"]([["a", "b"]])[0]
    vectors = models["train"]("ab a b ab")
    assert vectors.similar_each("ab") == [vectors.similar("ab")]
    assert len(library.Vectors("ab", np.ones((1, 2)))) == 1


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", None], "texts[1]: expected a string or a list of words, found None"),
        (["a", math.nan], "texts[1]: expected a string or a list of words, found nan"),
        ([5], "texts[0]: expected a string or a list of words, found 5"),
        ([b"a b"], "texts[0]: expected a string or a list of words, found b'a b'"),
        ([{"a": 1}], "texts[0]: expected a string or a list of words, found {'a': 1}"),
        ([["a"], ["b", None]], "texts[1][1]: expected a string, found None"),
        ([[b"a"]], "texts[0][0]: expected a string, found b'a'"),
        ([["a", "b c"]], "texts[0][1]: the word 'b c' has a blank"),
        ([["a", "b\n"]], "texts[0][1]: the word 'b\\n' has a blank"),
        (b"a b", "texts: expected a text, or several, found b'a b'"),
        (5, "texts: expected a text, or several, found 5"),
        ({"x": "a b"}, "texts: expected a text, or several, found {'x': 'a b'}"),
        (np.array("a b"), "texts: expected a text, or several, found array('a b', dtype='<U3')"),
        ([np.array("a")], "texts[0]: expected a string or a list of words, found array('a', dtyp"),
    ],
)
def test_what_is_no_text_is_named_with_its_place(models, texts, message):
    for name, ask in models.items():
        with pytest.raises(library.W2VError) as raised:
            ask(texts)
        assert str(raised.value).startswith(message), name


WORDS = st.text(max_size=3)
ODD = st.none() | st.integers() | st.floats() | st.binary(max_size=3)


@given(st.lists(WORDS | st.lists(WORDS | ODD, max_size=3) | ODD, max_size=4) | ODD | WORDS)
def test_whatever_is_given_as_texts_is_read_as_it_is_or_refused(value):
    try:
        lines = list(python_arguments.texts(value))
    except library.W2VError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert not isinstance(value, str)
        return
    given_lines = [value] if isinstance(value, str) else value
    for line, text in zip(lines, given_lines, strict=True):
        assert line == text if isinstance(text, str) else split_words(line) == [*filter(None, text)]


# A value of the type that a program would give, and what the command line would be given for it.
NATURAL = {
    "checkpoint_every": (5, "5"),
    "max_memory": (4e9, "4000000000"),
    "time": (300, "300"),
    "metric": ("f1:spam", "f1:spam"),
    "dense": ((8, np.int64(4)), "8,4"),
    "format": (["lines"], "lines"),
    "columns": (("id", "text"), "id,text"),
    "subwords": ("3-6", "3-6"),
    "stopwords": ({"b", "a"}, "a\nb\n"),
    "seeds": ({"x": ["a", "b"], "y z": {"c": 2}}, "x\ta:1.0 b:1.0\ny z\tc:2.0\n"),
    "cluster": (types.SimpleNamespace(scheduler_address="tcp://here:1"), "tcp://here:1"),
    "encoding": ("utf-8", "utf-8"),
    "blank": ("_", "_"),
    "text_field": ("body", "body"),
    "id_field": ("key", "key"),
    "label_field": ("class", "class"),
    "label_separator": ("; ", "; "),
    "word_ngrams": ("1-2", "1-2"),
    "hidden": ((64, np.int64(32)), "64,32"),
}
FILES = {"valid", "log_json", "init", "read_vocab", "save_vocab", "update", "weights", "scratch"}


def every_setting():
    """Each field of each model's settings, with its type."""
    found = {}
    for model in registry().values():
        for kind in (settings.RunSettings, *model.settings_classes):
            hints = typing.get_type_hints(kind)
            found |= {field.name: (field, hints[field.name]) for field in fields(kind)}
    return found


@pytest.mark.parametrize("name", every_setting())
def test_every_setting_takes_the_type_that_is_natural_in_python(name):
    field, kind = every_setting()[name]
    if field.metadata["choices"]:
        pairs = [(field.metadata["choices"][-1],) * 2]
    elif kind is bool:
        pairs = [(np.True_, True), (False, False)]
    elif kind in (int, int | None):
        pairs = [(np.int32(3), 3), (3.0, 3), (np.float64(3), 3), (2.5, 2.5)]
    elif kind in (float, float | None):
        pairs = [(1, 1.0), (np.float64(0.5), 0.5), (np.int8(1), 1.0)]
    elif name in FILES:
        pairs = [(Path("a", "b"), "a/b"), (b"a", "a"), ("a", "a")]
    elif name in NATURAL and isinstance(NATURAL[name][0], tuple):
        pairs = [
            NATURAL[name],
            (types.SimpleNamespace(tolist=lambda: NATURAL[name][0]), NATURAL[name][1]),
        ]
    else:
        assert name in NATURAL, "what would a program give? say it there, or in FILES"
        pairs = [NATURAL[name]]
    for value, expected in pairs:
        found = python_arguments.setting(name, kind, value)
        assert (found, type(found)) == (expected, type(expected))


def test_python_values_write_the_bytes_of_the_commands_values(w2v, text):
    common = ["--min-count=1", "--threads=1", "--dim=8", "--epochs=1"]
    options = ["--checkpoint-every=5", "--max-memory=4GB", "--sample=0", "--max-vocab=1000000"]
    assert w2v("train", text, "-o", "command.safetensors", *common, *options).code == 0
    library.train(
        text, output=Path("made.safetensors"), min_count=np.int64(1), threads=1, dim=8.0, epochs=1,
        checkpoint_every=5, max_memory=4e9, sample=0, max_vocab=1e6,
    )  # fmt: skip
    assert Path("made.safetensors").read_bytes() == Path("command.safetensors").read_bytes()
    network = library.train(texts=LABELLED, model="mlp", dense=(6, 4), **PLAIN)
    assert network.info()["settings"]["dense"] == "6,4"


def test_a_program_gives_texts_words_and_vectors_where_a_command_names_files(folder):
    first = library.train(texts=TEXTS, sample=0, output="first.safetensors", **PLAIN)
    own = library.Vectors(first.words, first.matrix)
    for vectors in (first, own):
        again = library.train(texts=TEXTS, sample=0, init=vectors, freeze=True, **PLAIN)
        assert np.array_equal(again[first.words], first.matrix)
    made = library.train(texts=["a b c", "b c d"] * 9, model="lsa", topics=2, min_count=1)
    documents = made.table("documents")
    assert len(documents) == 18
    learned = library.train(
        texts=["1 2 3"] * 9, sample=0, init=documents, freeze=True, **{**PLAIN, "dim": 2}
    )
    assert np.array_equal(learned[["1", "2", "3"]], documents[["1", "2", "3"]])
    grown = library.train(texts=["new a b"] * 9, update=first, min_count=1, threads=1)
    assert set(grown.words) == {*first.words, "new"}
    valid = library.train(texts=TEXTS, sample=0, valid=["a b", ["c", "d"]], **PLAIN)
    assert len(valid.info()["valid"]["losses"]) == 2
    with pytest.raises(library.W2VError, match=r"valid\[1\]: expected a string or a list"):
        library.train(texts=TEXTS, valid=["a b", None], **PLAIN)
    Path("text").write_text("a b\n" * 9)
    with pytest.raises(
        library.W2VError, match="valid: texts cannot be used with encoding='latin-1'"
    ):
        library.train("text", valid=["a b"], encoding="latin-1", **PLAIN)
    with pytest.raises(
        library.W2VError, match="^texts cannot be used with encoding='latin-1', .* leave out encod"
    ):
        library.train(texts=["a b"], valid="text", encoding="latin-1", **PLAIN)
    assert library.train("text", valid=["a b"], encoding="UTF_8", sample=0, **PLAIN).words == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"texts": []}, "texts: no words in the text"),
        ({"texts": ["rare"], "min_count": 2}, "texts: none of 1 different words occurs 2 times"),
        ({"texts": ["a b"], "model": "mlp"}, "texts: row 1 has no label"),
        ({"texts": TEXTS, "valid": ["x y"]}, "valid: none of its 2 words is in the vocabulary"),
    ],
)
def test_texts_of_a_program_are_named_without_the_folder_that_they_are_written_to(options, message):
    with pytest.raises(library.W2VError) as raised:
        library.train(**{**PLAIN, **options})
    assert str(raised.value).startswith(message)


@compiled
def test_a_program_gives_its_stop_words(folder):
    options = {"model": "lda", "topics": 2, "epochs": 2, "min_count": 1, "threads": 1}
    topics = library.train(texts=TEXTS, stopwords={"a", "e"}, **options).topics(8)
    assert {word for topic in topics for word, _ in topic.words} == set("bcdfgh")
    Path("stop").write_text("e\na\n")
    assert library.train(texts=TEXTS, stopwords=Path("stop"), **options).topics(8) == topics


@pytest.mark.parametrize("bad", [None, 3, 1.5, b"king", {"king": 1}, ["king"], np.array("king")])
def test_what_is_no_word_is_said(toy, bad):
    vectors = library.load("vectors.safetensors")
    for ask in (
        lambda: vectors[["king", bad]],
        lambda: vectors[bad if isinstance(bad, np.ndarray) else [bad]],
        lambda: vectors.similar([bad]),
        lambda: vectors.similar([10**400] * 3),
        lambda: vectors.similar("king", plus=["man", bad]),
        lambda: vectors.similar_each(["king", bad]),
        lambda: vectors.similarity("king", bad),
        lambda: vectors.analogy("king", bad, "man"),
        lambda: vectors.odd("king", "man", bad),
        lambda: library.Vectors(["a", bad], np.ones((2, 2))),
    ):
        with pytest.raises(library.W2VError, match="expected a (string|word|vector of 3)"):
            ask()


@pytest.mark.parametrize("bad", [-1, 0, 2.5, "3", math.nan, True, [3]])
def test_what_is_no_number_is_said(toy, bad):
    vectors = library.load("vectors.safetensors")
    for ask in (
        lambda: vectors.similar("king", k=bad),
        lambda: vectors.similar("king", restrict=bad),
        lambda: vectors.similar_each(["king"], k=bad),
        lambda: vectors.infer("a", threads=bad),
        lambda: vectors.infer("a", epochs=bad),
        lambda: vectors.predict("a", threads=bad),
    ):
        with pytest.raises(library.W2VError, match="expected a whole number, 1 or more"):
            ask()
    with pytest.raises(library.W2VError, match="limit: expected a whole number, 0 or more"):
        library.load("vectors.safetensors", limit=bad or -1)


def test_matrices_counts_and_scores_that_are_no_numbers_are_said(toy):
    for matrix in ([["x"]], [[1j]], [[None]]):
        with pytest.raises(library.W2VError, match="matrix: expected numbers"):
            library.Vectors(["a"], np.array(matrix))
    for matrix, said in ((5.0, "1 words do not fit a matrix of shape"), ([[1], [1, 2]], "numbers")):
        with pytest.raises(library.W2VError, match=said):
            library.Vectors(["a"], matrix)
    no_counts = [math.inf], [1e300], [-1], [[1, 2]], [[1], [1, 2]], np.array([1 << 63], np.uint64)
    for counts in (["x"], [1.5], [math.nan], [None], *no_counts):
        with pytest.raises(library.W2VError, match="counts: expected whole numbers"):
            library.Vectors(["a"], [[1]], counts)
    masked = np.ma.masked_array([[1.0]], mask=[[True]])
    for ask in (
        lambda: library.Vectors(["a"], masked),
        lambda: library.Vectors(["a"], [[1]], masked[0]),
        lambda: library.Vectors(["a"], [[1]]).similar(masked[0]),
    ):
        with pytest.raises(library.W2VError, match="some numbers are masked: fill them in"):
            ask()
    unmasked = np.ma.masked_array([[2.0]], mask=[[False]])
    assert library.Vectors(["a"], unmasked).matrix.tolist() == [[2]]
    for score in ("x", math.nan, [1]):
        with pytest.raises(library.W2VError, match="min_score: expected a number"):
            library.load("vectors.safetensors").similar("king", min_score=score)


@pytest.mark.parametrize("bad", [None, 3, {"a": 1}])
def test_what_is_no_path_is_said(toy, bad):
    for ask in (
        lambda: library.load(bad),
        lambda: library.load("vectors.safetensors").save(bad),
        lambda: library.train([bad]),
        lambda: library.train(bad),
        lambda: library.train("text", output=bad or 0),
    ):
        with pytest.raises(library.W2VError, match="expected the path of a file"):
            ask()


def test_a_stopped_run_goes_on(text):
    from w2v.models import models

    options = {**QUICK, "epochs": 2}
    model, console = models()["skipgram"], Silent()
    training = build_run([str(text)], "out.safetensors", model, options, console, ExitStack())
    training.read()
    training.start()
    training.executor.state.chunks_done = 0
    training.checkpoint()
    with pytest.raises(library.W2VError, match="of a run that was stopped: add --resume"):
        library.train(text, output="out.safetensors", **{**QUICK, "epochs": 2})
    library.train(text, output="out.safetensors", resume=True, **{**QUICK, "epochs": 2})
    assert sorted(os.listdir()) == ["out.safetensors", "text.txt"]


def test_blas_has_the_threads_that_the_command_gives_it(text, monkeypatch, caplog):
    counts = [get() for get, _ in resources._openblas()]
    if not counts:
        pytest.skip("the BLAS is not one that a wheel has brought")
    with resources.blas_threads(1), resources.blas_threads(3) as known:
        assert known
        assert {get() for get, _ in resources._openblas()} == {3}
    assert [get() for get, _ in resources._openblas()] == counts
    first, second = resources.blas_threads(1), resources.blas_threads(3)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # as in two threads: the first one ends first
    assert {get() for get, _ in resources._openblas()} == {3}
    second.__exit__(None, None, None)
    assert [get() for get, _ in resources._openblas()] == counts
    monkeypatch.setattr("w2v.system.resources._openblas", lambda: iter([]))
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    library.train(text, **QUICK)
    assert "BLAS may use more threads than w2v train gives it" in caplog.text


def test_what_the_command_says_goes_to_the_log_and_what_is_lost_as_a_warning(folder, caplog):
    (folder / "text.txt").write_bytes(b"a b a b \xff\n" * 9)
    seen = []
    with caplog.at_level(logging.INFO, "w2v"):
        library.train("text.txt", on_progress=seen.append, **QUICK)
    levels = {record.levelname: record.getMessage() for record in reversed(caplog.records)}
    assert "9 invalid utf-8 byte sequences replaced" in levels["WARNING"]
    assert any("vocabulary: 3 of 3 words" in record.getMessage() for record in caplog.records)
    assert seen
    assert all(isinstance(state, str | library.Progress) for state in seen)


def test_the_log_names_texts_and_vectors_without_the_temporary_folder(folder, caplog):
    texts = ["a b", "b a"] * 9
    library.train(texts=texts, dim=4, sample=0, output="old.safetensors")
    with caplog.at_level(logging.INFO, "w2v"):
        library.train(texts=[], update="old.safetensors", output="new.safetensors")
        said = "nothing to learn; new.safetensors is an unchanged copy of old.safetensors"
        assert f"texts: no words in the text: {said}" in caplog.messages
        library.train(texts=texts, dim=4, sample=0)
        assert "wrote vectors.safetensors" in caplog.messages
    assert "w2v-" not in caplog.text


def test_vectors_are_a_dictionary_with_answers(toy):
    vectors = library.load("vectors.safetensors")
    assert len(vectors) == 10
    assert "king" in vectors
    assert "kin" not in vectors
    assert 3 not in vectors
    assert list(vectors) == vectors.words == toy.names
    assert repr(vectors) == "<10 words x 3 of vectors.safetensors>"
    assert vectors.tables == ["words"]
    assert vectors["king"].tolist() == [2, 1, 0]
    assert vectors[["man", "king"]].tolist() == [[0, 1, 0], [2, 1, 0]]
    vectors["king"][:] = 0  # a copy
    assert vectors["king"].any()
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[0] = 0
    assert vectors.counts is not None
    assert vectors.counts.tolist() == list(range(20, 10, -1))


def test_a_file_is_found_after_a_change_of_the_current_folder(toy, folder, monkeypatch):
    """Another file of the same name in the new folder is not opened."""
    vectors = library.load("vectors.safetensors")
    (folder / "new").mkdir()
    monkeypatch.chdir("new")
    library.Vectors(["other"], np.ones((1, 5))).save("vectors.safetensors")
    assert vectors.info()["tables"]["words"]["rows"] == 10
    vectors.save("copy.safetensors")
    assert (folder / "new/copy.safetensors").read_bytes() == (
        folder / "vectors.safetensors"
    ).read_bytes()
    assert repr(vectors) == f"<10 words x 3 of {folder / 'vectors.safetensors'}>"
    # As before, a pickle has the path as it was given.
    assert pickle.loads(pickle.dumps(vectors)).info()["tables"]["words"]["rows"] == 1
    monkeypatch.chdir(folder)
    assert repr(vectors) == "<10 words x 3 of vectors.safetensors>"


def test_questions(toy):
    vectors = library.load("vectors.safetensors")
    assert [near.name for near in vectors.similar("king", k=2)] == ["queen", "man"]
    assert vectors.similar("king", plus="woman", minus="man", k=1)[0].name == "queen"
    assert vectors.similar("king", plus=["woman"], minus=["man"], k=1, method="mul")
    assert vectors.analogy("man", "king", "woman", k=1)[0].name == "queen"
    assert vectors.similar(vectors["king"], k=1)[0].name == "king"
    assert vectors.similar("king", k=1, include_query=True)[0].score == 1
    assert len(vectors.similar("banana", k=9, restrict=2)) == 2
    assert vectors.similar("king", min_score=2) == []
    assert vectors.similar("-", k=1)[0].name == "+"
    each = vectors.similar_each(["king", "-"], k=2)
    assert each == [vectors.similar("king", 2), vectors.similar("-", 2)]
    both = vectors.similar_each(np.array([[2, 1, 0], [0, 1, 0]]), k=1)
    assert [[near.name for near in answers] for answers in both] == [["king"], ["man"]]
    assert vectors.similar_each(np.zeros((0, 3))) == []
    assert vectors.similarity("king", "queen") == pytest.approx(0.6)
    assert vectors.odd("king", "queen", "banana") == "banana"


def test_a_word_that_is_not_there_is_a_key_error_with_spellings(toy):
    vectors = library.load("vectors.safetensors")
    for ask in (vectors.__getitem__, vectors.similar, lambda word: vectors.similar_each([word])):
        with pytest.raises(KeyError) as raised:
            ask("kinf")
        assert isinstance(raised.value, library.NotFoundError)
        assert str(raised.value) == "no vector for 'kinf' among 10; near: king"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda v: v.similar("king", k=0), "k: expected a whole number, 1 or more, found 0"),
        (lambda v: v.similar("king", method="max"), "method: expected 'add' or 'mul', found 'max'"),
        (lambda v: v.similar(np.zeros(4)), "expected a vector of 3 finite numbers, found shape"),
        (lambda v: v.similar(np.full(3, np.nan)), "a vector of 3 finite numbers, found NaN or inf"),
        (lambda v: v.similar_each(np.ones((2, 4))), "expected a vector of 3 finite numbers, found"),
        (
            lambda v: v.similar_each(np.full((1, 3), np.inf)),
            "expected a vector of 3 finite numbers",
        ),
        (lambda v: v.similar(np.ones(3), plus="king"), "plus and minus are for words"),
        (lambda v: v.table("topics"), "no table 'topics'"),
        (lambda v: v.infer("a text"), "holds no known model: new documents need one of"),
        (lambda v: v.topics(), "holds no known model"),
        (
            lambda v: v.predict(["a text"]),
            "holds no known model: labels need one of gru, lstm, mlp, nbow, rnn",
        ),
        (lambda v: v.save("x.doc"), "the suffix .doc names no format"),
    ],
)
def test_mistakes_in_questions(toy, ask, message):
    with pytest.raises(library.W2VError, match=message):
        ask(library.load("vectors.safetensors"))


def test_vectors_of_ones_own(folder):
    own = library.Vectors(["a", "b"], [[1, 2], [2, 1]], [5, 3])
    assert own.matrix.dtype == np.float32
    assert library.Vectors(["a"], np.ones((1, 2), np.float16)).matrix.dtype == np.float16
    for name in ("own.txt", "own.bin", "own.npy", "own.safetensors"):
        own.save(name)
        again = library.load(name)
        assert again.words == own.words
        assert np.array_equal(again.matrix, own.matrix)
    assert again.counts.tolist() == [5, 3]
    for suffix in ("txt", "safetensors"):
        part = library.load(f"own.{suffix}", limit=1)
        part.save("part.safetensors")
        assert len(part) == len(library.load("part.safetensors")) == 1
        assert len(library.load(part._in_file(f"{suffix}.safetensors"))) == 1  # as for `init`
    library.load("own.safetensors", limit=2).save("part.safetensors")  # these are all
    assert Path("part.safetensors").read_bytes() == Path("own.safetensors").read_bytes()
    with pytest.raises(library.W2VError, match="have the same name, 'a'"):
        library.Vectors(["a", "a"], np.ones((2, 2)))
    for matrix in (np.ones(2), np.ones((3, 2)), np.ones((2, 0))):
        with pytest.raises(library.W2VError, match="2 words do not fit a matrix of shape"):
            library.Vectors(["a", "b"], matrix)
    with pytest.raises(library.W2VError, match="do not come from a model: w2v.load a file"):
        own.info()
    with pytest.raises(library.W2VError, match="were not loaded from a file"):
        own.table("documents")


def test_the_examples_in_the_docstrings_are_true():
    from w2v import vectors

    outcome = doctest.testmod(vectors)
    assert (outcome.failed, outcome.attempted) == (0, 3)


def test_what_is_odd_in_a_file_is_a_warning(folder, caplog):
    (folder / "odd.txt").write_bytes(b"2 1\nk\xff 1\nb 2\n")
    assert len(library.load("odd.txt")) == 2
    assert "1 name not in UTF-8, the first in row 1" in caplog.text


def test_documents_topics_and_labels(w2v, text):
    lines = text.read_text().splitlines()
    small = {**QUICK, "dim": 4}
    made = library.train(text, model="pv-dbow", output="docs.safetensors", **small)
    assert made.tables == ["documents"] or "documents" in made.tables
    assert made.words[:2] == ["1", "2"]  # it has no words' vectors
    assert len(library.load("docs.safetensors")) == len(lines)
    (text.parent / "new.txt").write_text(f"{lines[0]}\n\nnot there\n")
    outcome = w2v("infer", "docs.safetensors", "new.txt", "--quiet", "--tsv").out.splitlines()
    inferred = made.infer([lines[0], "", "not there"])
    assert [[float(x) for x in row.split("\t")[1:]] for row in outcome] == [
        [pytest.approx(float(x), rel=1e-6) for x in row] for row in inferred
    ]
    assert np.array_equal(made.infer(lines[0]), inferred[0])
    assert not inferred[1:].any()
    with pytest.raises(library.W2VError, match="none of the words of 'not there'"):
        made.infer("not there")


@compiled
def test_topics_and_labels(text):
    lines = text.read_text().splitlines()
    model = library.train(text, model="lda", topics=3, epochs=10, alpha=0.2, threads=1)
    assert model.info()["settings"]["alpha"] == 0.2
    topics = model.topics(5)
    assert sum(topic.share for topic in topics) == pytest.approx(1)
    assert [len(topic.words) for topic in topics] == [5, 5, 5]
    assert topics[0].share >= topics[-1].share
    assert model.infer(lines[:2]).sum(axis=1) == pytest.approx([1, 1])
    assert model.table("documents").dim == 3
    marked = [f"__label__{'x' if 'guitar' in line else 'y'} {line}" for line in lines]
    network = library.train(texts=marked, model="mlp", dim=8, epochs=3, min_count=1, threads=1)
    assert network.predict(["guitar melody song"])[0][0] in ("x", "y")
    assert 0 <= network.predict([""])[0][1] <= 1
    assert network.predict([]) == []


def test_gensim_takes_the_vectors_and_gives_its_own(toy):
    models = pytest.importorskip("gensim.models")
    vectors = library.load("vectors.safetensors")
    keyed = models.KeyedVectors(vectors.dim)
    keyed.add_vectors(vectors.words, vectors.matrix)
    near = keyed.most_similar("king", topn=3)
    ours = vectors.similar("king", k=3)
    assert [name for name, _ in near] == [answer.name for answer in ours]
    back = library.Vectors(keyed.index_to_key, keyed.vectors)
    assert back["king"].tolist() == vectors["king"].tolist()


def test_scikit_learn_takes_the_vectors(toy):
    cluster = pytest.importorskip("sklearn.cluster")
    vectors = library.load("vectors.safetensors")
    labels = cluster.KMeans(2, n_init=1, random_state=0).fit_predict(vectors.matrix)
    assert len(dict(zip(vectors.words, labels, strict=True))) == 10


@compiled
def test_the_readmes_programs_run(folder):
    (folder / "planted.txt").write_text(planted.text())
    section = (readme.MANUAL / "python.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names: dict = {}
    ran = 0
    for block in blocks:
        others = re.findall(r"^from (gensim|sklearn)", block, re.MULTILINE)
        if all(map(importlib.util.find_spec, others)):
            exec(block, names)
            ran += 1
    assert ran >= 2
    vectors = names["vectors"]
    assert vectors.similar("car", k=1)[0].name == "automobile"
    assert vectors.analogy("paris", "france", "rome", k=1)[0].name == "italy"
    assert len(names["documents"].topics(3)) == 2


@pytest.mark.parametrize("model", ["pv-dbow", "lsa", "nbow", "skipgram"])
def test_a_pickle_of_trained_vectors_outlives_their_temporary_file(model):
    texts = ["__label__good a b c d a b c d", "__label__bad e f g h e f g h"] * 6
    settings = {"topics": 2} if model == "lsa" else {"dim": 4, "epochs": 1}
    trained = library.train(texts=texts, model=model, min_count=1, threads=1, **settings)
    ask = trained.predict if model == "nbow" else trained.infer
    expected = None if model == "skipgram" else ask(["a b", "e f"], threads=1)
    name, words, pickled = trained._name, trained.words, pickle.dumps(trained)
    del ask, trained
    gc.collect()
    loaded = pickle.loads(pickled)
    assert (loaded._name, loaded.words) == (name, words)
    if expected is not None:
        again = (loaded.predict if model == "nbow" else loaded.infer)(["a b", "e f"], threads=1)
        assert np.array_equal(np.array(again), np.array(expected))
    assert Path(loaded._path).exists()


def test_a_classifier_that_has_explained_a_text_can_be_copied_and_pickled(folder):
    texts = ["__label__good fine plot", "__label__bad dull film"] * 9
    library.train(texts=texts, model="nbow", min_count=1, threads=1, output="labels.safetensors")
    classifier = library.Classifier("labels.safetensors")
    explained, predicted = classifier.explain("fine"), classifier.predict("fine")
    for copied in (pickle.loads(pickle.dumps(classifier)), copy.deepcopy(classifier)):
        assert (copied.explain("fine"), copied.predict("fine")) == (explained, predicted)


def test_a_pickle_of_vectors_with_a_limit_has_as_many_rows(toy, folder):
    os.mkfifo("pipe")
    content = Path("vectors.safetensors").read_bytes()
    threading.Thread(target=lambda: Path("pipe").write_bytes(content)).start()
    part = library.load("pipe", limit=2)
    loaded = pickle.loads(pickle.dumps(part))
    assert len(loaded) == 2
    assert loaded.words == part.words
    assert np.array_equal(loaded.matrix, part.matrix)


@pytest.mark.parametrize("output", ["x.npy", "x.tsv", "x.txt", "x.safetensors"])
def test_a_pickle_of_vectors_in_a_file_of_ones_own_leaves_the_file_where_it_is(folder, output):
    trained = library.train(texts=TEXTS, sample=0, output=output, **PLAIN)
    loaded = pickle.loads(pickle.dumps(trained))
    assert (loaded.words, loaded._path) == (trained.words, output)
    assert np.array_equal(loaded.matrix, trained.matrix)


def test_rotated_vectors_can_be_pickled(folder):
    trained = library.train(texts=TEXTS, sample=0, **PLAIN)
    for made in (library.align(trained, trained), library.combine([trained, trained])):
        loaded = pickle.loads(pickle.dumps(made))
        assert loaded.words == made.words
        assert np.array_equal(loaded.matrix, made.matrix)


def test_copies_of_vectors_are_the_vectors(toy):
    vectors = library.load("vectors.safetensors")
    assert copy.copy(vectors) is vectors
    assert copy.deepcopy([vectors])[0] is vectors
    read = pickle.loads(pickle.dumps(vectors))
    assert read.words == vectors.words
    assert np.array_equal(read.matrix, vectors.matrix)


def test_many_lookups_build_a_dictionary_that_finds_the_same(toy, folder):
    names = [f"w{number}" for number in range(300)] + ["é", "", "a b"]
    made = library.Vectors(names, np.arange(len(names) * 2).reshape(-1, 2) + 1.0)
    made.save("many.npy")
    for vectors in (made, library.load("many.npy")):
        for _ in range(2):
            rows = [vectors._table.find(name) for name in names]
            assert rows == list(range(len(names)))
            strangers = ("w300", "W1", "\ud800", "e\u0301", "w1\n")
            assert not any(name in vectors for name in strangers)
        assert "_rows" in vars(vectors._table)
    few = library.Vectors(names, np.ones((len(names), 2)))
    assert "w1" in few
    assert "_rows" not in vars(few._table)
