"""Damaged files and odd arguments: one line that says what is wrong, never a traceback.

Files of our own making, and then mutants of them, meet each reader of vectors and of texts; see
`fuzzing`. Models are in test_fuzz_models.py, and lists of words in test_fuzz_lists.py.
"""

import gzip
import io
import json
import os
import tarfile
import tracemalloc

import fasttext_files as files
import finalfusion_files
import hypothesis.strategies as st
import numpy as np
import pytest
from fuzzing import NAMES, PATH, make_table, meet_mutants, opened_documents, write_bytes
from helpers import PACKERS
from hypothesis import HealthCheck, example, given, settings

from w2v.embeddings import container, formats, query, transform
from w2v.embeddings.formats import parquet, word2vec_binary, word2vec_text
from w2v.embeddings.query import Query
from w2v.embeddings.source import Diagnostics
from w2v.embeddings.table import Table
from w2v.embeddings.word_parts import word_parts
from w2v.errors import W2VError
from w2v.evaluation import analogies, similarity
from w2v.runs import checkpoint
from w2v.text.corpus import Corpus
from w2v.text.vocabulary import read_counts


def write_container(path):
    tensors = container.table_tensors("words", make_table())
    tensors["output_vectors"] = np.ones((len(NAMES), 5), np.float32)
    metadata = {"model": "skipgram", "settings": json.dumps({"dim": 5}), "losses": "[1.5, null]"}
    container.write(path, tensors, {**container.file_metadata(), **metadata})


CHECKPOINT_MATRICES = {"input_vectors": np.ones((9, 5), np.float32)}


def write_checkpoint(path):
    state = {"chunks_done": 3, "losses": [[1.0, 2]]}
    checkpoint.write(path, CHECKPOINT_MATRICES, {"--dim": 5}, state)


def without_blanks():
    table = make_table()
    names = [name.replace(" ", "_") for name in table.names]
    return Table.build(names, np.array(table.matrix))


def fasttext_model(path):
    """A model of words whose vectors are composed from n-grams."""
    rng, words = np.random.default_rng(1), [name for name in NAMES if name != "\udcff"]
    inputs, outputs = (files.dense(rng.normal(size=(len(words) + n, 4))) for n in (20, 0))
    data = files.model(words, [*range(len(words), 0, -1)], inputs, outputs, bucket=20)
    write_bytes(data)(path)


def quantized_model(path):
    """A quantized classifier whose n-grams are pruned."""
    rng = np.random.default_rng(1)
    pruned = [(bucket, row) for row, bucket in enumerate(range(19, 0, -2))]
    codes = rng.integers(0, 256, (2 + len(pruned), 2))
    parts = [rng.normal(size=(256, width)).astype(np.float32) for width in (2, 1)]
    norms = (rng.integers(0, 256, len(codes)), rng.normal(size=256).astype(np.float32))
    inputs, outputs = files.quantized(codes, parts, norms), files.dense(np.ones((2, 3)))
    data = files.model(
        ["the", "king"], [3, 2], inputs, outputs, ["__label__x", "__label__y"], pruned,
        (True, False), dim=3, bucket=20, model=3, loss=3,
    )  # fmt: skip
    write_bytes(data)(path)


def container_with_subwords(path):
    fasttext_model("model.bin")
    formats.save("model.safetensors", formats.load("model.bin"))
    os.rename("model.safetensors", path)


def container_of_int8(path):
    fasttext_model("model.bin")
    formats.save("model.safetensors", transform.with_dtype(formats.load("model.bin"), "i8"))
    os.rename("model.safetensors", path)


def write_array(path, opened=open):
    """Write an array, and the file with its names."""
    with opened(path, "wb") as file:
        np.save(file, np.ones((3, 4), np.float32))
    with open(f"{PATH}.words", "w") as file:
        file.write("the\nking\n\u00e9\n")


def write_parquet(path):
    pytest.importorskip("pyarrow", reason="no pyarrow: pip install 'w2v[arrow]'")
    parquet.write(path, make_table().take(np.arange(3)))


def write_archive(path):
    """Write a tar archive of two small texts."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ("a.txt", "b.txt"):
            info = tarfile.TarInfo(name)
            info.size = len(TEXT)
            archive.addfile(info, io.BytesIO(TEXT))


def write_pages(path):
    """Write a WET file of two pages."""
    head = b"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://a.org/%d\r\n"
    head += b"Content-Length: %d\r\n\r\n"
    pages = (head % (number, 30) + b"the king and the queen of it.\n" for number in range(2))
    write_bytes(b"\r\n\r\n".join([*pages, b""]))(path)


def write_floret(path):
    rows = b"".join(b"%d 0.5 -1 %d 0.25 \n" % (row, row) for row in range(6))
    write_bytes(b"6 4 2 3 2 2166136261 < >\n" + rows)(path)


GLOVE = b"""the 0.5 -1e-3 2 3
king 1 2 3 4
\xc3\xa9 1 1 1 1
at name@domain.com 1 2 3 4
<unk> 0 0 0 1
"""
TEXT = "the king\tand the queen of 日本 \u00e9\n</s> a \x00 b\n".encode() * 20
MAKERS = {
    "container": write_container,
    "checkpoint": write_checkpoint,
    "word2vec.txt": lambda path: word2vec_text.write(path, without_blanks()),
    "word2vec.bin": lambda path: word2vec_binary.write(path, without_blanks()),
    "glove": write_bytes(GLOVE),
    "word2vec.txt.gz": write_bytes(gzip.compress(b"5 4\n" + GLOVE, mtime=0)),
    "fastText model": fasttext_model,
    "quantized fastText model": quantized_model,
    "container with subwords": container_with_subwords,
    "container of int8": container_of_int8,
    "array": write_array,
    "array.gz": lambda path: write_array(path, gzip.open),
    "parquet": write_parquet,
    "counts": write_bytes(b"</s> 0\nthe 90\nking 40\n\xc3\xa9 7\n"),
    "pairs": write_bytes(b"the king 7.5\nking the 1\na b 3\n\xc3\xa9 the 2.25\n"),
    "questions": write_bytes(b": capitals\nthe king a b\nking the b a\n: gram1\na b the king\n"),
    "text": write_bytes(TEXT),
    **{f"text.{kind}": write_bytes(pack(TEXT)) for kind, pack in PACKERS.items()},
    "documents.tsv": write_bytes(b"".join(b"pos\tid %d\tthe king\n" % n for n in range(20))),
    "documents.jsonl": write_bytes(
        b"".join(b'{"text": "the \\u00e9", "id": %d, "label": "x"}\n' % n for n in range(20))
    ),
    "documents.csv": write_bytes(b"".join(b'pos,%d,"the, king"\n' % n for n in range(20))),
    "archive": write_archive,
    "pages": write_pages,
    "floret": write_floret,
    **{
        f"finalfusion {kind}": write_bytes(finalfusion_files.small(kind))
        for kind in ("simple", "listed", "hashed", "own", "quantized")
    },
}


def use_vectors(path):
    """Use vectors that have been loaded, with every query."""
    table = formats.load(path)
    formats.describe(path, Diagnostics(path))
    for name in ("the", "king", "no such word"):
        row = table.find(name)
        assert row is None or table.name(row) == name
    if len(table) and np.isfinite(table.matrix).all():
        query.similar(table, Query((("+", table.name(0)),)), 3)
    assert len(table.names) == len(table)


def use_subwords(path):
    """Compose vectors of words, and show their parts."""
    use_vectors(path)
    table = formats.load(path)
    for name in ("", "</s>", "kings", "\udcff\udcfe", "x" * 20_000):
        vector = table.compose(name)
        assert vector is None or vector.shape == (table.dim,)
        if table.subwords and (table.find(name) is not None or vector is not None):
            word_parts(table, table.subwords, name)
    if np.isfinite(table.norms).all():
        formats.save("copy.safetensors", table)
        assert len(formats.load("copy.safetensors")) == len(table)


def use_floret(path):
    """Compose vectors of words from a file that lists none."""
    table = formats.load(path)
    for name in ("", "the", "\udcff\udcfe"):
        vector = table.compose(name)
        assert vector is None or vector.shape == (table.dim,)


def use_container(path):
    use_vectors(path)
    tensors, metadata = container.read(path)
    container.damaged(tensors, metadata)


READERS = {
    "container": use_container,
    "checkpoint": lambda path: checkpoint.read(path, {"--dim": 5}, CHECKPOINT_MATRICES, True),
    "word2vec.txt": use_vectors,
    "word2vec.bin": use_vectors,
    "glove": use_vectors,
    "fastText model": use_subwords,
    "quantized fastText model": use_subwords,
    "container with subwords": use_subwords,
    "container of int8": use_subwords,
    "word2vec.txt.gz": use_vectors,
    "array": use_vectors,
    "array.gz": use_vectors,
    "parquet": use_vectors,
    "counts": lambda path: read_counts(path, 5, None),
    "pairs": lambda path: similarity.similarity(make_table(), path),
    "questions": lambda path: analogies.analogies(make_table(), path, 100),
    **dict.fromkeys(
        ["text", *(f"text.{kind}" for kind in PACKERS)],
        lambda path: [*Corpus([path], "words").blocks()],
    ),
    "documents.tsv": lambda path: [*opened_documents(path, "tsv").blocks()],
    "documents.jsonl": lambda path: [*opened_documents(path, "jsonl").blocks()],
    "documents.csv": lambda path: [*opened_documents(path, "csv").blocks()],
    "archive": lambda path: [*Corpus([path]).blocks()],
    "pages": lambda path: [*Corpus([path]).blocks()],
    "floret": use_floret,
    **{
        f"finalfusion {kind}": use_subwords
        for kind in ("simple", "listed", "hashed", "own", "quantized")
    },
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, for what is infinite
@pytest.mark.parametrize("kind", MAKERS)
def test_a_damaged_file_is_read_or_refused_in_one_line(folder, kind):
    meet_mutants(kind, MAKERS[kind], READERS[kind], least=0.99 if kind == "text" else 0)


@pytest.mark.parametrize("header", [b"1000000000000 5\n", b"5 1000000000000\n", b"9 9" + b"9" * 40])
def test_a_header_that_promises_too_much_is_refused_before_there_is_room_for_it(folder, header):
    (folder / "file").write_bytes(header + b"\nthe 1 2 3 4 5\n")
    tracemalloc.start()
    with pytest.raises(W2VError, match=r"declares"):
        formats.load("file")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_text_that_unpacks_to_a_thousand_times_its_size_is_read_in_pieces(folder):
    (folder / "bomb.gz").write_bytes(gzip.compress(b"la " * (50 << 20)))
    tracemalloc.start()
    assert sum(map(len, Corpus(["bomb.gz"]).blocks())) > 100 << 20
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()


words = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(
    [
        "king",
        "+king",
        "-king",
        "-",
        "+",
        "--",
        "--k",
        "-k",
        "--json",
        "--tsv",
        "é",
        "\x1b[31mred\x07",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(["\x1f"], "info")
@given(
    st.lists(words, max_size=4), st.sampled_from(["similar", "analogy", "odd", "vector", "info"])
)
def test_odd_arguments_are_answered_or_refused(w2v, folder, args, command):
    if not (folder / "vectors.safetensors").exists():
        write_container("vectors.safetensors")
    args = [arg.replace("\x00", "") for arg in args]  # no shell can pass one
    outcome = w2v(command, *args, stdin=b"king\n\xff\xfe\n")
    assert outcome.code in (0, 2, 3), outcome
    assert "Traceback" not in outcome.err
    if outcome.code == 2:
        assert len(outcome.err.splitlines()) >= 1
    for printed in (outcome.out, outcome.err):
        assert not set(printed) & {chr(n) for n in range(32)} - {"\n", "\t"}, printed


def test_names_cannot_steer_a_terminal(w2v, folder):
    write_container("vectors.safetensors")
    calls = [
        ("similar", "the", "-k", "9"), ("similar", "the", "-k", "9", "--tsv"),
        ("similar", "the", "-k", "9", "--json"), ("vector", "\x1b[31mred\x07"),
        ("similar", "\x1b[31mrod\x07"), ("odd", "\x1b[31mred\x07", "the", "king"),
        ("similarity", "\u202eabc", "\x1b]0;x"), ("info", "vectors.safetensors"),
        ("info", "\x1b[31mx"), ("train", "\x1b[31mx"), ("convert", "\x1b[31mx", "y.txt"),
    ]  # fmt: skip
    for call in calls:
        outcome = w2v(*call)
        for printed in (outcome.out, outcome.err):
            assert not set(printed) & {*map(chr, range(32)), "\x7f", "\u202e"} - {"\n", "\t"}, call
    assert "red" in w2v(*calls[0]).out


def test_what_lies_in_the_place_of_the_part_file_is_not_followed(folder):
    """In a shared folder another user could place a link there, to a file of ours."""
    (folder / "victim").write_text("precious")
    os.symlink("victim", folder / "x.safetensors.part")
    write_container("x.safetensors")
    assert (folder / "victim").read_text() == "precious"
    assert not (folder / "x.safetensors").is_symlink()
    formats.load("x.safetensors")
