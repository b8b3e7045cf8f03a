"""What Python programs call, against the command line and against other libraries."""

import gc
import importlib.util
import logging
import os
import re
import subprocess
import sys
import typing
from contextlib import ExitStack

import numpy as np
import planted
import pytest
import readme
from conftest import COMPILED, compiled

import w2v as library
from w2v import machine
from w2v.recipe import make_job

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


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"dimm": 5}, "dimm: no such setting of skipgram; near: dim"),
        ({"topics": 5}, "--topics is for --model lda"),
        ({"dim": 0}, "--dim 0 is out of range: 1 to 65536"),
        ({"dim": "8"}, "--dim '8' is none of its values"),
        ({"model": "glove"}, "--model glove: no such model; there are cbow"),
        ({"output": "x.pickle"}, "the suffix .pickle names no format"),
        ({"output": "-"}, "name a file, or leave it out"),
        ({"texts": ["a b"]}, "a corpus or on texts: one of them"),
        ({"freeze": True}, "--freeze is for --init"),
        ({"shards": 2}, "--shards is for --deterministic"),
    ],
)
def test_mistakes_are_those_of_the_command(text, told, message):
    with pytest.raises(library.W2VError, match=message):
        library.train(text, **told)
    assert sorted(os.listdir()) == ["text.txt"]


def test_a_stopped_run_goes_on(text):
    from w2v.models import models

    told = {**QUICK, "epochs": 2}
    job = make_job([str(text)], "out.safetensors", models()["skipgram"], told, ExitStack())
    job.read(lambda tokens: None, lambda: None)
    job.start(lambda: None)
    job.state.chunks_done = 0
    job.checkpoint()
    with pytest.raises(library.W2VError, match="of a run that was stopped: --resume"):
        library.train(text, output="out.safetensors", **{**QUICK, "epochs": 2})
    library.train(text, output="out.safetensors", resume=True, **{**QUICK, "epochs": 2})
    assert sorted(os.listdir()) == ["out.safetensors", "text.txt"]


def test_blas_has_the_threads_that_the_command_gives_it(text, monkeypatch, caplog):
    counts = [get() for get, _ in machine._openblas()]
    if not counts:
        pytest.skip("the BLAS is not one that a wheel has brought")
    with machine.blas_threads(1), machine.blas_threads(3) as known:
        assert known
        assert {get() for get, _ in machine._openblas()} == {3}
    assert [get() for get, _ in machine._openblas()] == counts
    monkeypatch.setattr(machine, "_openblas", lambda: iter([]))
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    library.train(text, **QUICK)
    assert "BLAS may take more threads than w2v train gives it" in caplog.text


def test_what_the_command_says_goes_to_the_log_and_what_is_lost_as_a_warning(folder, caplog):
    (folder / "text.txt").write_bytes(b"a b a b \xff\n" * 9)
    seen = []
    with caplog.at_level(logging.INFO, "w2v"):
        library.train("text.txt", on_progress=seen.append, **QUICK)
    levels = {record.levelname: record.getMessage() for record in reversed(caplog.records)}
    assert "9 wrong byte sequences replaced" in levels["WARNING"]
    assert any("vocabulary: 3 of 3 words" in record.getMessage() for record in caplog.records)
    assert seen
    assert all(isinstance(state, str | library.Progress) for state in seen)


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
        (lambda v: v.similar("king", k=0), "0: ask for 1 or more"),
        (lambda v: v.similar("king", method="max"), "method 'max': add or mul"),
        (lambda v: v.similar(np.zeros(4)), "a vector has 3 finite numbers here"),
        (lambda v: v.similar(np.full(3, np.nan)), "a vector has 3 finite numbers here"),
        (lambda v: v.similar(np.ones(3), plus="king"), "plus and minus are for words"),
        (lambda v: v.table("topics"), "no table 'topics'"),
        (lambda v: v.infer("a text"), "no such model: new documents need one of"),
        (lambda v: v.topics(), "no such model"),
        (lambda v: v.predict(["a text"]), "no such model: labels and next words need one of"),
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
    assert len(library.load("own.txt", limit=1)) == 1
    with pytest.raises(library.W2VError, match="have the same name, 'a'"):
        library.Vectors(["a", "a"], np.ones((2, 2)))
    for matrix in (np.ones(2), np.ones((3, 2))):
        with pytest.raises(library.W2VError, match="2 words do not fit a matrix of shape"):
            library.Vectors(["a", "b"], matrix)
    with pytest.raises(library.W2VError, match="of no model: w2v.load a file"):
        own.info()
    with pytest.raises(library.W2VError, match="of no file"):
        own.table("documents")


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
    told = w2v("infer", "docs.safetensors", "new.txt", "--quiet", "--tsv").out.splitlines()
    inferred = made.infer([lines[0], "", "not there"])
    assert [[float(x) for x in row.split("\t")[1:]] for row in told] == [
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
