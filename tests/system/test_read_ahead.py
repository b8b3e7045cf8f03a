"""Reading ahead: the same blocks and errors in the same order, bounded memory, threads that end."""

import gzip
import threading

import pytest
from helpers import PACKERS

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.system import read_ahead
from w2v.system.read_ahead import Block, ReadAhead
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus
from w2v.text.rows import Rows

FILES = [f"file {n}" for n in range(20)]


def reading():
    return [thread for thread in threading.enumerate() if thread.name == "w2v-read"]


def end_of_threads():
    for thread in reading():
        thread.join(10)
    assert not reading()


class Store:
    """Files of blocks of 10 bytes, and what has been asked of them."""

    def __init__(self, sizes=None, errors=()):
        self.sizes, self.errors = sizes or [7] * len(FILES), errors
        self.given = dict.fromkeys(FILES, 0)
        self.is_closed = dict.fromkeys(FILES, False)

    def read(self, file):
        number = FILES.index(file)
        try:
            for n in range(self.sizes[number]):
                self.given[file] += 1
                yield Block(b"%5d%5d" % (number, n), n)
            if number in self.errors:
                raise W2VError(file)
        finally:
            self.is_closed[file] = True


@pytest.mark.parametrize("threads", [1, 2, 3, 30])
@pytest.mark.parametrize("most", [1, 25, 1 << 20])
def test_blocks_come_in_order(threads, most, monkeypatch):
    monkeypatch.setattr(read_ahead, "MOST_BYTES", most)
    store = Store([n % 5 for n in range(len(FILES))])
    ahead = ReadAhead(FILES, threads, store.read, lambda file: file != FILES[3])
    for file in FILES:
        assert [*ahead.blocks(file)] == [*Store(store.sizes).read(file)]
    ahead.close()
    end_of_threads()
    assert all(store.is_closed.values())


def test_memory_and_threads_are_bounded(monkeypatch):
    monkeypatch.setattr(read_ahead, "MOST_BYTES", 30)
    store = Store([100] * len(FILES))
    ahead = ReadAhead(FILES, 3, store.read, lambda file: True)
    blocks = ahead.blocks(FILES[0])
    assert len([next(blocks) for _ in range(50)]) == 50
    assert len(reading()) <= 3
    assert store.given[FILES[0]] <= 50 + 3 + 2
    assert all(store.given[file] <= 4 for file in FILES[1:3])
    assert not any(store.given[file] for file in FILES[3:])
    ahead.close()
    blocks.close()
    end_of_threads()
    assert all(store.is_closed[file] for file in FILES[:3])


def test_errors_come_after_the_blocks_before_them():
    store = Store(errors={0, 2})
    ahead = ReadAhead(FILES, 4, store.read, lambda file: True)
    for file in FILES[:3]:
        blocks = ahead.blocks(file)
        assert len([next(blocks) for _ in range(7)]) == 7
        if FILES.index(file) in store.errors:
            with pytest.raises(W2VError, match=file):
                next(blocks)
        assert next(blocks, None) is None
    ahead.close()
    end_of_threads()


def test_a_file_that_is_given_up_and_files_that_are_passed_over():
    store = Store([1000] * len(FILES))
    ahead = ReadAhead(FILES, 4, store.read, lambda file: True)
    blocks = ahead.blocks(FILES[0])
    next(blocks)
    blocks.close()
    assert next(iter(ahead.blocks(FILES[2]))) == Block(b"    2    0", 0)
    assert len([*ahead.blocks("file 1")]) == 1000  # which has been passed: it is read when used
    ahead.close()
    end_of_threads()


@pytest.fixture
def packed(folder):
    """Many files, plain and packed, one of them twice; returns their paths."""
    packers = [bytes, *PACKERS.values()]
    paths = []
    for n in range(12):
        path = f"{n}.txt"
        (folder / path).write_bytes(packers[n % len(packers)](f"line é {n}\n".encode() * 3000))
        paths.append(path)
    return [*paths, paths[1], paths[0]]


@pytest.mark.parametrize("block", [997, 1 << 20])
def test_a_corpus_is_the_same_on_any_number_of_threads(packed, monkeypatch, block):
    monkeypatch.setattr("w2v.text.corpus.BLOCK", block)
    monkeypatch.setattr(read_ahead, "MOST_BYTES", 2000)
    found = set()
    for threads in (1, 2, 5):
        corpus = Corpus(packed, threads=threads)
        shares, text = [], b""
        for part in corpus.blocks():
            text += part
            shares.append(corpus.bytes_read)
        assert shares == sorted(shares)
        assert shares[-1] == corpus.size
        found.add((text, corpus.fingerprint))
        settings = DocumentSettings(format="lines")
        documents = DocumentCorpus(packed, TextSettings(), settings, threads=threads)
        assert b"".join(documents.blocks()) == text
        rows = Rows(packed, settings, threads=threads)
        assert b"".join(batch.rows for batch in rows.batches()) == text
    assert len(found) == 1
    end_of_threads()


def test_the_first_damaged_file_is_the_one_that_is_told(folder, packed):
    data = (folder / "6.txt").read_bytes()
    (folder / "6.txt").write_bytes(data[: len(data) // 2])
    (folder / "7.txt").write_bytes(gzip.compress(b"x" * 1000)[:-3])
    messages = []
    for threads in (1, 2, 5):
        blocks = []
        with pytest.raises(W2VError) as error:
            blocks.extend(Corpus(packed, threads=threads).blocks())
        messages.append((str(error.value), b"".join(blocks)))
    assert messages[0] == messages[1] == messages[2]
    assert messages[0][0].startswith("6.txt: the compressed data is damaged or cut short")
    end_of_threads()


def test_a_reader_that_stops_ends_the_threads(packed):
    blocks = Corpus(packed, threads=4).blocks()
    next(blocks)
    del blocks
    end_of_threads()


def test_ctrl_c_ends_the_threads(w2v, folder, monkeypatch):
    for n in range(4):
        (folder / f"{n}.gz").write_bytes(gzip.compress(b"a b\n" * 3_000_000))
    whole = Corpus.tokens

    def interrupted(self, block):
        raise KeyboardInterrupt

    monkeypatch.setattr(Corpus, "tokens", interrupted)
    outcome = w2v("phrases", *[f"{n}.gz" for n in range(4)], "--threads", 2, "--quiet")
    assert outcome.code == 130
    monkeypatch.setattr(Corpus, "tokens", whole)
    end_of_threads()
