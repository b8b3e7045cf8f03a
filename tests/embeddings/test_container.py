"""The container: compared with safetensors' reader and writer, damaged, and interrupted."""

import errno
import json
import os
import stat
import subprocess
import sys

import fasttext_files
import finalfusion_files
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

import w2v
from w2v.embeddings import container, formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import atomic_file

TENSORS = {
    "small": np.arange(5, dtype=np.uint8),
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
    "long": np.arange(3, dtype=np.int64),
    "empty": np.zeros((0, 4), np.float32),
}


def tables():
    names = ["b", "", "a b", "é", "日本", "\udcff\udcfe", "</s>", "a"]
    matrix = np.random.default_rng(0).standard_normal((len(names), 3)).astype(np.float32)
    return Table.build(names, matrix, np.arange(len(names)))


def test_the_official_reader_reads_what_we_write(tmp_path):
    safetensors = pytest.importorskip("safetensors")
    path = str(tmp_path / "x.safetensors")
    container.write(path, TENSORS, {"model": "skipgram"})
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata()["model"] == "skipgram"
        for name, array in TENSORS.items():
            np.testing.assert_array_equal(file.get_tensor(name), array)
            assert file.get_tensor(name).dtype == array.dtype


def test_we_read_what_the_official_writer_writes(tmp_path):
    safetensors_numpy = pytest.importorskip("safetensors.numpy")
    path = str(tmp_path / "x.safetensors")
    safetensors_numpy.save_file(TENSORS, path, {"note": "hello"})
    tensors, metadata = container.read(path)
    assert metadata == {"note": "hello"}
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], array)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda name: name != "__metadata__"),
        arrays.arrays(
            st.sampled_from([np.float32, np.int64, np.int32, np.uint8, np.float64, np.uint16]),
            arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
        max_size=4,
    )
)
def test_a_round_trip_is_exact(tmp_path_factory, tensors):
    path = str(tmp_path_factory.mktemp("store") / "x.safetensors")
    container.write(path, tensors, {})
    read, metadata = container.read(path)
    assert read.keys() == tensors.keys()
    for name, array in tensors.items():
        assert read[name].tobytes() == array.tobytes()
        assert (read[name].dtype, read[name].shape) == (array.dtype, array.shape)
    assert container.damaged(read, metadata) == []


def test_the_data_begins_at_a_multiple_of_64_and_has_no_gaps(tmp_path):
    path = tmp_path / "x.safetensors"
    container.write(str(path), TENSORS, {})
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    assert (8 + length) % 64 == 0
    entries = [entry for name, entry in header.items() if name != "__metadata__"]
    spans = sorted(entry["data_offsets"] for entry in entries)
    for entry in entries:  # each number is at a multiple of its size
        size = np.dtype(container._DTYPES[entry["dtype"]]).itemsize
        assert entry["data_offsets"][0] % size == 0
    assert [b for b, _ in spans] == [0, *(e for _, e in spans[:-1])]
    assert spans[-1][1] == len(raw) - 8 - length


def test_equal_content_gives_equal_bytes(tmp_path):
    for name, tensors in (("a", TENSORS), ("b", dict(reversed(TENSORS.items())))):
        container.write(str(tmp_path / name), tensors, {"x": "y"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_table_comes_back_as_it_was_and_every_name_is_found(tmp_path):
    path = str(tmp_path / "x.safetensors")
    table = tables()
    container.write(path, container.table_tensors("words", table), {})
    tensors, _ = container.read(path)
    read = container.read_table(path, tensors, "words")
    assert read.names == table.names == [table.name(row) for row in range(len(table))]
    for row, name in enumerate(table.names):
        assert read.find(name) == row
    assert read.find("absent") is None
    np.testing.assert_array_equal(read.counts, table.counts)
    np.testing.assert_allclose(read.norms, np.linalg.norm(table.matrix, axis=1), rtol=1e-6)
    with pytest.raises(W2VError, match="no table 'topics'; tables in it: words"):
        container.read_table(path, tensors, "topics")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("order", 8),
        ("order", -1),
        ("offsets", -1),
        ("offsets", 10**12),
        ("matrix", None),
        ("names", None),
    ],
)
def test_a_table_that_points_outside_of_itself_is_refused(tmp_path, part, value):
    path = str(tmp_path / "x.safetensors")
    tensors = container.table_tensors("words", tables())
    wrong = tensors[f"words.{part}"].copy()
    if part == "names":
        wrong = np.append(wrong, wrong[:1])  # a byte that belongs to no name
    elif value is None:
        wrong = wrong[:-1]
    else:
        wrong[3] = value
    container.write(path, {**tensors, f"words.{part}": wrong}, {})
    with pytest.raises(W2VError, match="x.safetensors: the (names|arrays) of table 'words'"):
        container.read_table(path, container.read(path)[0], "words")


def test_a_matrix_of_whole_numbers_is_refused(tmp_path):
    """They are no vectors, unless they have scales."""
    path = str(tmp_path / "x.safetensors")
    tensors = container.table_tensors("words", tables())
    whole = tensors["words.matrix"].astype(np.int32)
    container.write(path, {**tensors, "words.matrix": whole}, {})
    with pytest.raises(W2VError, match="a matrix of int32 without scales; expected floats"):
        container.read_table(path, container.read(path)[0], "words")


def test_counts_that_are_no_whole_numbers_are_refused(tmp_path):
    """One that is infinite ended in a traceback where a model was updated."""
    path = str(tmp_path / "x.safetensors")
    tensors = container.table_tensors("words", tables())
    counts = np.full(len(tensors["words.counts"]), np.inf, np.float16)
    container.write(path, {**tensors, "words.counts": counts}, {})
    with pytest.raises(W2VError, match="the counts of table 'words' are no whole numbers"):
        container.read_table(path, container.read(path)[0], "words")


def test_a_name_that_occurs_twice_is_refused():
    with pytest.raises(W2VError, match="rows 1 and 3 have the same name, 'a'"):
        Table.build(["a", "b", "a"], np.zeros((3, 2), np.float32))


def test_a_damaged_name_is_said_with_the_file(tmp_path):
    path = str(tmp_path / "x.safetensors")
    tensors = container.table_tensors("words", Table.build(["a", "b"], np.ones((2, 2), np.float32)))
    tensors["words.names"] = np.frombuffer(b"aa", np.uint8)
    container.write(path, tensors, {})
    with pytest.raises(W2VError, match=r"x\.safetensors: rows 1 and 2 have the same name, 'a'"):
        formats.load(path, limit=2)


def test_every_shortened_file_is_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    container.write(str(path), TENSORS, {})
    whole = path.read_bytes()
    for size in (0, 5, 8, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(W2VError, match=r"x\.safetensors: .*(cut short|damaged)"):
            container.read(str(path))
    path.write_bytes(whole + b"x")
    with pytest.raises(W2VError, match="1 bytes too many"):
        container.read(str(path))


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [10**12, 10**12], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
        {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [0, "4"]},
        {"dtype": "F32", "shape": [1], "data_offsets": [0.0, 4]},
        {"shape": [1]},
        [],
        7,
    ],
)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(tmp_path, entry):
    path = tmp_path / "x.safetensors"
    header = json.dumps({"x": entry}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(W2VError, match="x.safetensors: "):
        container.read(str(path))


def test_a_flipped_bit_fails_its_checksum(tmp_path):
    path = tmp_path / "x.safetensors"
    container.write(str(path), TENSORS, {})
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert container.damaged(*container.read(str(path))) == ["small"]


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")

    def interrupted():
        with atomic_file.replacing(str(path)) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert path.read_text() == "old"


def test_whether_a_file_can_be_written_is_known_before(tmp_path):
    atomic_file.check_writable(str(tmp_path / "x"))
    atomic_file.check_writable(os.devnull)
    atomic_file.check_writable("-")
    assert not list(tmp_path.iterdir())
    (tmp_path / "y.part").write_text("of another run")
    atomic_file.check_writable(str(tmp_path / "y"))
    assert (tmp_path / "y.part").read_text() == "of another run"
    with pytest.raises(W2VError, match="is a directory"):
        atomic_file.check_writable(str(tmp_path))
    with pytest.raises(W2VError, match="there is no folder .*absent: create it first"):
        atomic_file.check_writable(str(tmp_path / "absent" / "x"))
    if os.path.isdir("/proc/self"):
        with pytest.raises(OSError, match="No such file"):
            atomic_file.check_writable("/proc/self/x")


def test_parts_of_killed_processes_are_removed_and_those_of_living_ones_are_not(tmp_path):
    path = tmp_path / "x"
    others = {"x.part", "x.notes.part", "y.0123abcd.part", "x.0123abcd.part.txt"}
    (tmp_path / "link.txt").write_text("of a user")
    (tmp_path / "x.00000000.part").symlink_to("link.txt")
    for name in [*others, "x.0123abcd.part"]:
        (tmp_path / name).write_text("left")
    with atomic_file.replacing(str(path)) as first:
        first.write(b"first")
        with atomic_file.replacing(str(path)) as second:
            second.write(b"second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    left = {each.name for each in tmp_path.iterdir()}
    assert left == others | {"x", "link.txt", "x.00000000.part"}


def test_a_mode_that_cannot_be_set_leaves_no_part_file(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise OSError(errno.EIO, "Input/output error", path)

    path = tmp_path / "x"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "chmod", refuse)
    with pytest.raises(OSError, match="Input/output"), atomic_file.replacing(str(path)):
        pytest.fail("the file cannot be written")
    assert [each.name for each in tmp_path.iterdir()] == ["x"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o666])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(mode)
    with atomic_file.replacing(str(path)) as file:
        assert stat.S_IMODE(os.stat(file.name).st_mode) == mode
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_stays_a_link_and_a_pipe_is_written_to(tmp_path):
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    with atomic_file.replacing(str(link)) as file:
        file.write(b"x")
    assert link.is_symlink()
    assert target.read_bytes() == b"x"
    with atomic_file.replacing(os.devnull) as file:
        file.write(b"x")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


SHORTENED = """
import os, w2v
path, name = os.sys.argv[1:]
vectors = w2v.load(path)
assert vectors.similar(name)
os.truncate(path, 0)
asks = vectors.similar, vectors.__getitem__, lambda name: vectors.similarity(name, name)
for ask in (*asks, lambda name: vectors.save(path + ".txt")):
    try:
        print(ask(name))
    except w2v.W2VError as error:
        print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a mapped file as it is")
@pytest.mark.parametrize("name", ["x.safetensors", "x.npy", "x.bin", "x.fifu"])
def test_a_mapped_file_that_becomes_shorter_is_an_error(tmp_path, name):
    """In a process of its own, which reading the file would end with SIGBUS."""
    path, word = tmp_path / name, "a"
    if name == "x.bin":
        matrix = fasttext_files.dense(np.ones((2002, 4), np.float32))
        path.write_bytes(fasttext_files.model(["a", "b"], [2, 1], matrix, matrix, bucket=2000))
    elif name == "x.fifu":  # Its words are in memory, because they have norms.
        path.write_bytes(finalfusion_files.small("hashed"))
        word = "kings"
    else:
        w2v.Vectors(["a", "b"], np.ones((2, 3), np.float32)).save(path)
    code = [sys.executable, "-c", SHORTENED, str(path), word]
    done = subprocess.run(code, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert len(said) == 4
    assert all("cut short while it was open, from" in line for line in said)
    assert all(line.startswith(str(path)) for line in said)


SHORTENED_CLASSIFIER = """
import os, w2v
classifier = w2v.Classifier(os.sys.argv[1])
asks = classifier.predict, classifier.explain
assert all(ask("a b") for ask in asks)
os.truncate(os.sys.argv[1], 0)
for ask in asks:
    try:
        print(ask("a b"))
    except w2v.W2VError as error:
        print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a mapped file as it is")
@pytest.mark.parametrize("name", ["x.safetensors", "x.bin"])
def test_a_classifier_whose_file_becomes_shorter_is_an_error(tmp_path, name):
    """In a process of its own, which reading the file would end with SIGBUS."""
    path = tmp_path / name
    if name == "x.bin":
        matrices = [fasttext_files.dense(np.ones((rows, 4), np.float32)) for rows in (2000, 2)]
        words, labels = [f"w{row}" for row in range(1998)], ["__label__x", "__label__y"]
        settings = {"model": 3, "loss": 3, "maxn": 0, "bucket": 0}
        model = fasttext_files.model(["a", "b", *words], [1] * 2000, *matrices, labels, **settings)
        path.write_bytes(model)
    else:
        texts = [f"__label__{label} {text}" for label, text in ("xa", "yb")] * 9
        w2v.train(texts=texts, model="nbow", dim=4, min_count=1, threads=1, output=path)
    code = [sys.executable, "-c", SHORTENED_CLASSIFIER, str(path)]
    done = subprocess.run(code, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert [line.partition(" cut short while")[0] for line in said] == 2 * [f"{path}:"]


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3"])
def test_numbers_that_numpy_does_not_have_are_no_damage(tmp_path, kind):
    """As safetensors.torch writes them."""
    header = json.dumps({"a": {"dtype": kind, "shape": [4], "data_offsets": [0, 8]}}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(W2VError, match=f"x.safetensors: the numbers of 'a' are {kind}, which"):
        container.read(str(path))
