"""Tokens are numbered in the same way by any number of threads, and by one table of all types."""

import gc
import itertools
import os
import threading
from pathlib import Path

import naive
import numpy as np
import pytest
from helpers import COMPILED, compiled_only, open_files, the_rest_compiled

from w2v.errors import W2VError
from w2v.kernels.word_hash import hash_names, renumber
from w2v.settings import DocumentSettings, TextSettings
from w2v.system import packed_ids, signals
from w2v.text import corpus as corpus_module
from w2v.text import encode as encode_module
from w2v.text import numbered_parts as module
from w2v.text import numbered_text, word_counter
from w2v.text.encode import count, encode, open_corpus
from w2v.text.numbered_parts import numbered_parts
from w2v.text.numbered_text import NumberedText
from w2v.text.word_counter import WordCounter

linux_only = pytest.mark.skipif(
    not os.path.isdir("/proc/self/fd"), reason="open files are found in /proc"
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(corpus_module, "BLOCK", 500)
    monkeypatch.setattr(module, "BLOCK", 500)


@pytest.fixture
def text(tmp_path):
    rng = np.random.default_rng(1)
    words = np.array([f"w{number}" for number in range(3000)] + ["Größe", "</s>", "x" * 90])
    ranks = (len(words) * rng.random(30_000 if COMPILED else 6000) ** 3).astype(int)
    ends = np.where(rng.random(ranks.size) < 0.1, "\n", " ")
    path = tmp_path / "text"
    path.write_text("".join(map("".join, zip(words[ranks], ends, strict=True))), encoding="utf-8")
    return str(path)


def opened(path, threads, documents=False, **settings):
    format = DocumentSettings(format="lines") if documents else None
    return open_corpus([path], TextSettings(**settings), format, threads=threads)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("documents", [False, True])
def test_types_are_numbered_by_first_occurrence(text, threads, documents):
    corpus = opened(text, threads, documents, lowercase=True)
    alone, counter = WordCounter(), WordCounter()
    whole = opened(text, 1, documents, lowercase=True)
    expected = np.concatenate([alone.number(block).copy() for block in whole.blocks()])
    found, parts = NumberedText(threads), 0
    for part in numbered_parts(corpus, counter, kept=True):
        found.append(part)
        parts += 1
    assert parts > 10
    assert found.size == expected.size
    np.testing.assert_array_equal(found.renumbered().mapped(), expected)
    assert counter.names() == alone.names()
    np.testing.assert_array_equal(counter.counts, alone.counts)
    assert corpus.fingerprint == whole.fingerprint
    assert corpus.bytes_read == whole.bytes_read == corpus.size


@compiled_only
@pytest.mark.parametrize("threads", [2, 3])
def test_pruning_does_not_depend_on_the_threads(text, threads):
    one, other = (encode(opened(text, n), min_count=2, max_types=700) for n in (1, threads))
    assert one[0].pruned_types > 1000
    assert other[0].names == one[0].names
    assert (other[0].counts == one[0].counts).all()
    assert other[0].pruned_tokens == one[0].pruned_tokens
    np.testing.assert_array_equal(other[1].ids.mapped(), one[1].ids.mapped())
    np.testing.assert_array_equal(other[1].starts, one[1].starts)
    counted = count(opened(text, threads), min_count=2, max_types=700)
    assert counted.names == one[0].names


@pytest.fixture
def in_files(monkeypatch):
    """Numbers are packed from the first ones on, and a file has few of them."""
    for name in ("w2v.system.packed_ids", "w2v.text.numbered_text"):
        monkeypatch.setattr(f"{name}.BLOCK", 64)
    monkeypatch.setattr("w2v.text.numbered_text._AT_ONCE", 50)
    monkeypatch.setattr("w2v.text.numbered_text._LEAST_FILE", 300)
    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", 1000)
    monkeypatch.setattr("w2v.system.spooled_array.PART", 70)


@pytest.mark.parametrize("tokenizer", the_rest_compiled(["words", "chars", "jieba", "space"]))
def test_no_word_is_joined_to_that_of_the_next_block(tmp_path, tokenizer):
    """A block often ends with a blank, which is no token."""
    if tokenizer == "jieba":
        pytest.importorskip("jieba")
    (tmp_path / "text").write_text("alpha beta gamma </s> 好中文 don't " * 300, encoding="utf-8")
    alone, counter = WordCounter(), WordCounter()
    one_block = (tmp_path / "text").read_bytes()
    corpus = opened(str(tmp_path / "text"), 1, tokenizer=tokenizer)
    alone.number(corpus.tokens(one_block) + b"\n")
    assert len(list(opened(str(tmp_path / "text"), 1).blocks())) > 10
    assert sum(part.size for part in numbered_parts(corpus, counter, kept=True)) > 1500
    assert counter.names() == alone.names()
    np.testing.assert_array_equal(counter.counts, alone.counts)


VARIANTS = {
    "plain": {},
    "rare": {"min_count": 40},
    "pruned": {"max_types": 700, "min_count": 2},
    "known": {"max_types": 700, "known": {"w9": 3, "never": 2, "w2999": 0}},
    "unknown": {"unknown": True, "keep_empty": True, "min_count": 9},
    "empty lines": {"keep_empty": True},
    "few words": {"max_vocab": 12},
}


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("largest", [1, 8])
@pytest.mark.parametrize("variant", the_rest_compiled(VARIANTS))
def test_the_encoded_text_does_not_depend_on_the_threads(text, variant, largest, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST", largest)
    texts = [encode(opened(text, n), **VARIANTS[variant]) for n in (1, 2, 3, 8)]
    vocabulary, wanted = texts[0]
    if "max_types" in VARIANTS[variant]:
        assert vocabulary.pruned_types > 100
    else:
        rows = {name: row for row, name in enumerate(vocabulary.names)}
        every, other = "keep_empty" in VARIANTS[variant], rows.get("<unk>", -1)
        numbers = {"</s>": 0}
        tokens = Path(text).read_text().replace("\n", " </s> ").split()
        ids = [numbers.setdefault(token, len(numbers)) for token in [*tokens, "</s>"]]
        word_ids = [rows.get(name, other) for name in numbers]
        assert sentences_of(wanted) == naive.keep_words(ids, word_ids, every)
    for found, encoded in texts[1:]:
        assert found.names == vocabulary.names
        np.testing.assert_array_equal(found.counts, vocabulary.counts)
        np.testing.assert_array_equal(encoded.ids.mapped(), wanted.ids.mapped())
        np.testing.assert_array_equal(encoded.starts, wanted.starts)


def sentences_of(text):
    """The sentences of an encoded text, as lists of word ids."""
    ids, starts = text.ids.mapped().tolist(), text.starts.tolist()
    assert (starts[0], starts[-1]) == (0, len(ids))
    return [ids[begin:end] for begin, end in itertools.pairwise(starts)]


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "content",
    ["a", "\n\n\na b\n", "a b " * 5000, "\n" * 3000, "x\n" + "\n" * 2000 + "y " * 900, "</s> a"],
)
@pytest.mark.parametrize("every", [False, True])
def test_long_and_empty_lines_are_sentences(tmp_path, content, threads, every):
    path = tmp_path / "text"
    path.write_text(content)
    corpus = opened(str(path), threads)
    if not content.strip():
        with pytest.raises(W2VError, match="no words in the text"):
            encode(corpus, keep_empty=every)
        return
    vocabulary, text = encode(corpus, keep_empty=every)
    lines = content.replace("</s>", "\n").removesuffix("\n").split("\n")
    wanted = [[vocabulary.names.index(word) for word in line.split()] for line in lines]
    assert sentences_of(text) == [words for words in wanted if words or every]


@linux_only
@pytest.mark.usefixtures("in_files")
def test_a_stop_in_the_middle_leaves_no_file_and_no_thread(text):
    """Temporary files have no names: they are gone when they are closed."""
    calls = []

    def stop(tokens):
        """Stop as the handler of a signal does."""
        calls.append(tokens)
        if len(calls) == 8:
            assert temporary_files() > files
            raise KeyboardInterrupt

    gc.collect()
    threads, files = threading.active_count(), temporary_files()
    with pytest.raises(KeyboardInterrupt):
        encode(opened(text, 3), on_block=stop)
    gc.collect()
    assert threading.active_count() == threads
    assert temporary_files() == files


def temporary_files():
    """The number of temporary files that this process has open."""
    return sum(path.endswith(" (deleted)") for path in open_files())


@linux_only
@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("threads", [1, 3])
def test_the_files_of_the_types_are_closed_when_the_text_is_converted(text, threads):
    """Also if the garbage collector does not run: they may have a sixteenth of the text."""
    gc.collect()
    gc.disable()
    try:
        files = temporary_files()
        _, encoded = encode(opened(text, threads))
        assert temporary_files() - files == 2  # the words and the starts
        del encoded
        assert temporary_files() == files
    finally:
        gc.enable()


@compiled_only
@pytest.mark.usefixtures("in_files")
def test_kernels_are_loaded_while_signals_are_deferred(text, monkeypatch):
    """Python drops the exception of a signal that comes while one is loaded."""
    first = {}

    def note(module, name):
        kernel = getattr(module, name)

        def call(*given):
            first.setdefault(name, signals._innermost is not None)
            return kernel(*given)

        monkeypatch.setattr(module, name, call)

    for name in ("number_tokens", "fill_slots", "hash_names", "add_types", "join_names"):
        note(word_counter, name)
    for name in ("pack_blocks", "unpack_spans"):
        note(packed_ids, name)
    note(encode_module, "keep_words")
    for name in ("keep_words", "renumber"):
        note(numbered_text, name)
    encode(opened(text, 1))
    assert set(first.values()) == {True}, first
    assert len(first) == 9


def test_types_are_added_as_by_the_twin():
    """In any order, with hashes, and with tables that are too small at first."""
    rng, counter, numbers, counts = np.random.default_rng(3), WordCounter(), {}, []
    for _ in range(4):
        names = [b"</s>", *dict.fromkeys(b"n%d" % n for n in rng.integers(0, 9000, 4000))]
        own = WordCounter()
        own.number(b" ".join([*names[1:], *names[1:5]]))
        wanted = naive.add_types(names, own.counts.tolist(), numbers, counts)
        assert counter.merge(own.types()).tolist() == wanted
    assert counter.names_from(0) == list(numbers)
    assert counter.counts.tolist() == counts


def test_hashes_are_those_of_the_twin():
    names = [b"", b"a", "Größe".encode()]
    text = np.frombuffer(b"".join(names), np.uint8)
    offsets, codes = np.cumsum([0, *map(len, names)]), np.empty(3, np.uint64)
    with np.errstate(over="ignore"):
        hash_names(text, offsets, codes)
    assert codes.tolist() == [naive.hash_names(name) for name in names]


def test_an_error_comes_after_the_text_before_it(text, tmp_path):
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(b"\x1f\x8b\x08" + bytes(30))
    corpus = open_corpus([text, str(damaged)], TextSettings(), None, threads=3)
    sizes, reading = [], numbered_parts(corpus, WordCounter(), kept=False)
    with pytest.raises(W2VError, match="damaged or cut short"):
        sizes.extend(part.size for part in reading)
    assert len(sizes) > 10


def test_type_numbers_are_replaced_as_by_the_twin():
    rng = np.random.default_rng(2)
    ids, numbers = rng.integers(0, 9, 50).astype(np.int32), rng.permutation(9).astype(np.int32)
    expected = naive.renumber(ids.tolist(), numbers.tolist())
    renumber(ids, numbers)
    assert ids.tolist() == expected
