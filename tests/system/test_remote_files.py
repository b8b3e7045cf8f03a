"""Addresses: globs, folders, errors, and reading piece by piece, with fsspec's own file systems."""

import functools
import http.server
import importlib
import sys
import threading

import pytest

from w2v.errors import W2VError
from w2v.system import remote_files
from w2v.text.corpus import Corpus, files_of

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def bucket():
    """Files in fsspec's memory, under a folder that no other test uses."""
    system = fsspec.filesystem("memory")
    files = {
        "/b/1.txt": b"one\n", "/b/2.txt": b"two\n", "/b/x.csv": b"text\nx\n",
        "/b/in/3.txt": b"three\n", "/b/in/.hidden": b"h", "/b/in/deep/4.txt": b"four\n",
        "/b/.in/5.txt": b"five\n", "/b/.in/.6": b"six\n",
        "/b/[a].txt": b"odd\n",
    }  # fmt: skip
    for name, data in files.items():
        system.pipe(name, data)
    yield "memory://b"
    system.rm("/b", recursive=True)


def below(bucket, *names):
    return [f"{bucket}/{name}" for name in names]


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("?.txt", ["1.txt", "2.txt"]),
        ("[12].txt", ["1.txt", "2.txt"]),
        ("*/*.txt", ["in/3.txt"]),
        ("**/*.txt", ["1.txt", "2.txt", "[a].txt", "in/3.txt", "in/deep/4.txt"]),
        ("in/**", ["in/3.txt", "in/deep/4.txt"]),
        ("in/*", ["in/3.txt", "in/deep"]),
        # As in a shell, what a dot hides is found by its dot only.
        ("in/.*", ["in/.hidden"]),
        ("**/.hid*", ["in/.hidden"]),
        (".in/*", [".in/5.txt"]),
        (".i?/*", [".in/5.txt"]),
        ("*/5.txt", []),
        ("*", ["1.txt", "2.txt", "[a].txt", "in", "x.csv"]),
        ("1.txt", ["1.txt"]),
        ("[a].txt", ["[a].txt"]),  # a file of this name
    ],
)
def test_a_glob_matches_sorted_addresses(bucket, glob, names):
    if names:
        assert remote_files.matches(f"{bucket}/{glob}") == below(bucket, *names)
    else:
        with pytest.raises(W2VError, match="no file matches"):
            remote_files.matches(f"{bucket}/{glob}")


def test_a_glob_finds_the_files_that_minus_r_does(folder):
    for name in (".top/f/1.txt", ".top/f/.hid/2.txt", ".top/f/in/3.txt", ".top/f/in/.4.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text\n")
    for address in (f"file://{folder}/.top/f", "memory://.top/f"):
        if address.startswith("memory"):
            fsspec.filesystem("memory").put(f"{folder}/.top", "/.top", recursive=True)
        found = remote_files.files_below(address)
        assert [file.removeprefix(f"{address}/") for file in found] == ["1.txt", "in/3.txt"]
        assert remote_files.matches(f"{address}/**") == found
        assert remote_files.matches(f"simplecache::{address}/*") == [
            f"simplecache::{address}/{name}" for name in ("1.txt", "in")
        ]
    fsspec.filesystem("memory").rm("/.top", recursive=True)


def test_a_glob_without_matches_is_an_error_and_a_local_path_no_glob(bucket, tmp_path):
    with pytest.raises(W2VError, match=r"memory://b/\*\.gz: no file matches: check"):
        remote_files.matches(f"{bucket}/*.gz")
    assert remote_files.matches("*.txt") == ["*.txt"]
    assert remote_files.matches("-") == ["-"]


def test_a_second_scheme_is_part_of_the_path_of_an_address():
    """As in a web archive."""
    folder = "https://archive.org/web/https://example.com/"
    assert remote_files._address(f"{folder}*.txt", f"{folder}a.txt") == f"{folder}a.txt"
    assert remote_files.relative_to(folder, f"{folder}b/a.txt") == "b/a.txt"


@pytest.mark.parametrize("before", ["file://", "simplecache::file://", "local://"])
def test_the_form_of_an_address_stays(tmp_path, before):
    for name in "ba":
        (tmp_path / f"{name}.txt").write_text(f"{name}\n")
    found = remote_files.matches(f"{before}{tmp_path}/*.txt")
    assert found == [f"{before}{tmp_path}/{name}.txt" for name in "ab"]
    assert b"".join(Corpus(found).blocks()) == b"a\nb\n"


def test_members_of_a_zip_file_match(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        for name in ("a.txt", "b.txt", "c.csv"):
            made.writestr(name, f"{name}\n")
    found = remote_files.matches(f"zip://*.txt::file://{tmp_path}/x.zip")
    assert found == [f"zip://{name}.txt::file://{tmp_path}/x.zip" for name in "ab"]
    assert b"".join(Corpus(found).blocks()) == b"a.txt\nb.txt\n"


def test_a_folder_is_read_with_r_only(bucket):
    wanted = below(bucket, "1.txt", "2.txt", "[a].txt", "in/3.txt", "in/deep/4.txt", "x.csv")
    for folder in (bucket, bucket + "/"):
        assert files_of(folder) == wanted
        with pytest.raises(W2VError, match=r"^memory://b/? is a directory: .*memory://b/\*$"):
            Corpus([folder])
    assert files_of(wanted[0]) == wanted[:1]
    assert remote_files.relative_to(bucket, wanted[3]) == "in/3.txt"
    fsspec.filesystem("memory").mkdir("/b/empty")
    with pytest.raises(W2VError, match="no files in this folder"):
        files_of(f"{bucket}/empty")


@pytest.mark.parametrize(
    ("address", "missing", "said"),
    [
        ("s3://b/x", "s3fs", "s3://b/x: needs the package s3fs: pip install 'w2v[cloud]'"),
        ("gs://b/x", "gcsfs", "gs://b/x: needs the package gcsfs: pip install gcsfs"),
        ("s3://b/x", "fsspec", "s3://b/x: addresses need the package fsspec: pip install 'w2v[cl"),
        ("nowhere://x", "", "nowhere://x: nowhere:// is no kind of address that fsspec knows: che"),
    ],
)
def test_what_is_missing_is_named(monkeypatch, address, missing, said):
    for name in ("s3", "gs"):  # a class that was imported once stays in the registry
        monkeypatch.delitem(importlib.import_module("fsspec.registry")._registry, name, False)
    if missing:
        monkeypatch.setitem(sys.modules, missing, None)
    for function in (remote_files.open_bytes, remote_files.status_of, remote_files.files_below):
        with pytest.raises(W2VError) as error:
            function(address)
        assert str(error.value).startswith(said)
        assert "\n" not in str(error.value)


def test_a_missing_file_is_told(bucket):
    for function in (remote_files.open_bytes, remote_files.status_of):
        with pytest.raises(FileNotFoundError) as error:
            function(f"{bucket}/nowhere")
        assert error.value.filename == f"{bucket}/nowhere"
        assert error.value.strerror.startswith("no such file: check each part")


def test_errors_while_reading_name_the_file(bucket, monkeypatch):
    class Failing:
        def read(self, size):
            raise RuntimeError("the\nline broke")

        def close(self):
            pass

    file = remote_files._Remote(Failing(), "s3://b/x")
    with pytest.raises(W2VError, match=r"s3://b/x: cannot be read \(RuntimeError: the line bro"):
        file.readinto(bytearray(10))


def test_the_list_and_the_command_line_take_globs(w2v, folder, bucket):
    (folder / "local").write_text("local\n")
    (folder / "local.2").write_text("other\n")
    outcome = w2v("phrases", "local", f"{bucket}/?.txt", "--quiet")
    assert (outcome.code, outcome.out) == (0, "local\none\ntwo\n"), outcome.err
    (folder / "list").write_text(f"{bucket}/?.txt\nlocal*\n{bucket}/in/3.txt\n")
    outcome = w2v("phrases", "--files-from", "list", "--quiet")
    assert outcome.out == "one\ntwo\nlocal\nother\nthree\n", outcome.err
    outcome = w2v("phrases", "-r", f"{bucket}/in", "--quiet")
    assert outcome.out == "three\nfour\n"
    for rows, said in (
        (f"local\n{bucket}/*.gz\n", f"list: row 2: {bucket}/*.gz: no file matches: check"),
        ("news*.txt\n", "list: row 1: no file matches news*.txt\n"),
    ):
        (folder / "list").write_text(rows)
        outcome = w2v("phrases", "--files-from", "list")
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert said in outcome.err
    outcome = w2v("vocab", f"{bucket}/*.gz")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    outcome = w2v("vocab", f"{bucket}/*")
    assert outcome.err.startswith(f"w2v: {bucket}/in is a directory"), outcome.err


def test_a_local_glob_that_is_a_file_is_that_file(w2v, folder):
    (folder / "a*").write_text("star\n")
    (folder / "ab").write_text("other\n")
    (folder / "in").mkdir()
    (folder / "in" / "a").write_text("inner\n")
    for row, wanted in (("a*", "star\n"), ("a?", "star\nother\n"), ("**/a", "inner\n"),
                        ("i**/**", "inner\n")):  # fmt: skip
        (folder / "list").write_text(row)
        assert w2v("phrases", "--files-from", "list", "--quiet").out == wanted, row


def test_documents_of_a_folder_at_an_address_are_named_by_their_paths(w2v, folder, bucket):
    args = ("--model", "lsa", "--topics", 1, "--min-count", 1, "--quiet", "-o", "x.safetensors")
    outcome = w2v("train", f"{bucket}/in", "--format", "files", *args)
    assert outcome.code == 0, outcome.err
    outcome = w2v("convert", "x.safetensors", "x.txt", "--table", "documents")
    names = [line.split()[0] for line in (folder / "x.txt").read_text().splitlines()[1:]]
    assert names == ["3.txt", "deep/4.txt"]


class _Handler(http.server.SimpleHTTPRequestHandler):
    """A server of files that does not know ranges, as many are not known."""

    def log_message(self, *args):
        pass


def test_a_web_server_streams_and_a_question_mark_is_no_glob(tmp_path):
    pytest.importorskip("aiohttp")
    (tmp_path / "a.txt").write_text("one two\n" * 1000)
    handler = functools.partial(_Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/a.txt?version=2"
            assert remote_files.matches(address) == [address]
            corpus = Corpus([address])
            assert b"".join(corpus.blocks()) == b"one two\n" * 1000
            assert corpus.bytes_read == corpus.size == 8000
            with pytest.raises(FileNotFoundError):
                Corpus([address.replace("a.txt", "b.txt")])
        finally:
            server.shutdown()


def test_the_local_files_of_an_address_are_known():
    for address, files in (
        ("x", ["x"]),
        ("file:///a/b", ["/a/b"]),
        ("local://a", ["a"]),
        ("simplecache::file:///a", ["/a"]),
        ("zip://b::/a.zip", ["/a.zip"]),
        ("zip://b::file:///a.zip", ["/a.zip"]),
        ("s3://bucket/a", []),
    ):
        assert remote_files.local_paths(address) == files
