"""Files of an object store, which a real server, moto's, offers at s3:// addresses."""

import gzip
import os

import pytest

from w2v.errors import W2VError
from w2v.system import remote_files
from w2v.text.corpus import Corpus

pytest.importorskip("s3fs", reason="no s3fs: pip install 'w2v[cloud]'")
pytest.importorskip("moto.server", reason="no moto: pip install '.[test]'")

TEXT = b"".join(b"line %d of a text\n" % n for n in range(400_000))
# moto and botocore warn of what will change in later versions of Python and of their own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def server():
    """An empty object store, and the variables of the environment that name it."""
    import fsspec
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        system = fsspec.filesystem("s3")
        system.mkdir("texts")
        for name, data in {
            "a.txt": b"one\n", "b.txt.gz": gzip.compress(b"two\n"), "in/c.txt": b"three\n",
            "large.txt": TEXT,
        }.items():  # fmt: skip
            system.pipe(f"texts/{name}", data)
        yield settings
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def store(server, monkeypatch):
    """The environment of a user of the store."""
    import s3fs

    for name, value in server.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    return server


def test_globs_and_folders_are_read(w2v, store):
    outcome = w2v("phrases", "s3://texts/?.txt*", "s3://texts/in/c.txt", "--quiet")
    assert (outcome.code, outcome.out) == (0, "one\ntwo\nthree\n"), outcome.err
    assert w2v("phrases", "-r", "s3://texts/in", "--quiet").out == "three\n"
    outcome = w2v("phrases", "simplecache::s3://texts/a.*", "--quiet")
    assert outcome.out == "one\n", outcome.err


def test_reading_streams_and_knows_its_progress(store, monkeypatch):
    asked = []
    whole = remote_files._Remote.readinto
    monkeypatch.setattr(
        remote_files._Remote,
        "readinto",
        lambda self, buffer: asked.append(len(buffer)) or whole(self, buffer),
    )
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 1 << 18)
    corpus = Corpus(["s3://texts/large.txt"])
    assert corpus.size == len(TEXT)
    shares, found = [], []
    for block in corpus.blocks():
        found.append(block)
        shares.append(corpus.bytes_read / corpus.size)
    assert b"".join(found) == TEXT
    assert max(asked) <= 1 << 20 < len(TEXT)
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://texts/nowhere.txt", "no such file: check each part"),
        ("s3://nobucket/a.txt", "no such file: check each part"),
        ("s3://texts/*.zst", "no file matches: check the bucket"),
        ("s3://nobucket/*.txt", "no file matches: check the bucket"),
        ("s3://texts/in", "is a directory: read all its files with -r, or name them: s3://texts/i"),
    ],
)
def test_what_is_missing_is_told_in_one_line(w2v, store, address, said):
    outcome = w2v("vocab", address)
    assert outcome.code == 2
    assert outcome.err.startswith(f"w2v: {address}"), outcome.err
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_without_credentials_what_to_set_is_told(w2v, store, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    outcome = w2v("vocab", "s3://texts/a.txt")
    assert outcome.code == 2
    assert outcome.err.startswith("w2v: s3://texts/a.txt: no credentials: for s3, set AWS_ACC")
    assert outcome.err.count("\n") == 1


def test_a_server_that_does_not_answer_is_told(store, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(W2VError, match="s3://texts/a.txt: cannot be read"):
        Corpus(["s3://texts/a.txt"])
