"""Counting and encoding, compared with a few lines of plain Python."""

import errno
import os
import random
import re
from collections import Counter

import hypothesis.strategies as st
import naive
import numpy as np
import pytest
from helpers import COMPILED, compiled_only
from hypothesis import given

from w2v.errors import W2VError
from w2v.settings import TextSettings
from w2v.system import spooled_array
from w2v.system.packed_ids import PackedArray
from w2v.text.corpus import Corpus
from w2v.text.encode import count, encode, open_corpus, read
from w2v.text.numbered_parts import NumberedPart
from w2v.text.numbered_text import NumberedText
from w2v.text.vocabulary import Vocabulary, choose, doubles, read_counts
from w2v.text.word_counter import WordCounter


def encoded(folder, text, lowercase=False, **options):
    path = folder / "text"
    path.write_text(text, encoding="utf-8", newline="")
    return encode(Corpus([str(path)], lowercase=lowercase), **options)


def sentences(names, text):
    """The sentences as lists of words."""
    return [
        [names[i] for i in text.part(a, b)[0]]
        for a, b in zip(text.starts, text.starts[1:], strict=False)
    ]


words = st.text(st.sampled_from("abcdAB"), min_size=1, max_size=2)
lines = st.lists(st.lists(words, max_size=6), min_size=1, max_size=8)


@given(lines, st.integers(1, 3), st.none() | st.integers(1, 4), st.booleans())
def test_words_and_sentences_are_those_of_plain_python(
    tmp_path_factory, lines, min_count, max_vocab, lowercase
):
    text = "\n".join(map(" ".join, lines))
    folded = [[w.lower() if lowercase else w for w in line] for line in lines]
    counts = Counter(w for line in folded for w in line)  # most_common: ties by first occurrence
    kept = [w for w, n in counts.most_common() if n >= min_count][:max_vocab]
    folder = tmp_path_factory.mktemp("text")
    options = {"min_count": min_count, "max_vocab": max_vocab, "lowercase": lowercase}
    if not kept:
        with pytest.raises(W2VError):
            encoded(folder, text, **options)
        return
    with pytest.MonkeyPatch.context() as patch:  # so that all of it goes through several parts
        patch.setattr("w2v.system.spooled_array.PART", 5)
        found, result = encoded(folder, text, **options)
    assert found.names == kept
    assert found.counts.tolist() == [counts[w] for w in kept]
    assert (found.types, found.tokens) == (len(counts), counts.total())
    wanted = [[w for w in line if w in kept] for line in folded]
    assert sentences(found.names, result) == [line for line in wanted if line]


def test_the_end_of_sentence_of_other_programs_ends_a_sentence_and_is_no_word(tmp_path):
    found, text = encoded(tmp_path, "a b </s> a c </s>\na\n")
    assert found.names == ["a", "b", "c"]
    assert sentences(found.names, text) == [["a", "b"], ["a", "c"], ["a"]]


def testnothing_left_says_what_would_work(tmp_path):
    with pytest.raises(W2VError, match="none of 2 different words occurs 9 times.*--min-count 3"):
        encoded(tmp_path, "a a a b b", min_count=9)
    with pytest.raises(W2VError, match="most frequent one occurs 1 time: try --min-count 1"):
        encoded(tmp_path, "a b", min_count=9)
    with pytest.raises(W2VError, match="no words in the text"):
        encoded(tmp_path, " \n\n", min_count=1)


@pytest.mark.parametrize(("text", "message"), [
    ("a b c d\n" * 9, "allows; none is left: raise --max-types"),
    ("a b a c d a b\n", "occurs 3 times, not 5: raise --max-types, or try --min-count 3"),
])  # fmt: skip
def test_nothing_left_after_pruning_names_max_types(w2v, folder, text, message):
    (folder / "text").write_text(text)
    least = 5 if "not 5" in message else 1
    args = ("text", "--max-types", 2, "--min-count", least)
    for command in (("vocab",), ("train", "--dim", 2)):
        outcome = w2v(*command, *args)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.splitlines()[-1].endswith(message)
    assert "--max-types" not in w2v("vocab", "text", "--min-count", 1, "--max-types", 99).err


@pytest.mark.parametrize("fixed", [None, "counts"])
def test_the_count_of_the_unknown_word_is_that_of_the_text_and_of_rare_words(tmp_path, fixed):
    """Some texts, such as WikiText, have the word `<unk>` already."""
    (tmp_path / "text").write_text("a a a b b b <unk> <unk> c d e f")
    (tmp_path / "counts").write_text("a 3\nb 3\n<unk> 2\n")
    corpus = open_corpus([str(tmp_path / "text")], TextSettings(), None)
    settings, listed = TextSettings(min_count=2), fixed and str(tmp_path / fixed)
    vocabulary, text = read(corpus, settings, lambda tokens: None, unknown=True, fixed=listed)
    assert dict(zip(vocabulary.names, vocabulary.counts, strict=True)) == {
        "a": 3,
        "b": 3,
        "<unk>": 6,
    }
    assert np.bincount(text.ids.mapped()).tolist() == vocabulary.counts.tolist()
    vocabulary, _ = read(corpus, settings, lambda tokens: None, fixed=str(tmp_path / "counts"))
    assert dict(zip(vocabulary.names, vocabulary.counts, strict=True)) == {
        "a": 3,
        "b": 3,
        "<unk>": 2,
    }


def test_a_part_of_a_text_has_its_words_and_its_sentences(tmp_path):
    _, text = encoded(tmp_path, "a b c\na\n\nb b\n")
    assert text.size == 6
    assert text.starts.tolist() == [0, 3, 4, 6]
    for first, last, ids, bounds in [
        (0, 6, [1, 0, 2, 1, 0, 0], [0, 3, 4, 6]),
        (1, 5, [0, 2, 1, 0], [0, 2, 3, 4]),
        (3, 4, [1], [0, 1]),
        (2, 2, [], [0, 0]),
    ]:
        found = text.part(first, last)
        assert (found[0].tolist(), found[1].tolist()) == (ids, bounds)
        assert found[0].dtype == np.int32


def test_counting_finds_the_vocabulary_of_encoding(tmp_path):
    whole = encoded(tmp_path, "b a c A a\n", min_count=1, lowercase=True)[0]
    counted = count(Corpus([str(tmp_path / "text")], lowercase=True), 1)
    assert (counted.names, counted.tokens, counted.types) == (["a", "b", "c"], 5, 3)
    assert counted.names == whole.names
    assert counted.counts.tolist() == whole.counts.tolist() == [3, 1, 1]


@given(st.lists(st.binary(max_size=12), max_size=30), st.booleans())
def test_types_are_numbered_and_counted_as_by_a_dictionary(pieces, by_lines):
    """Any bytes but blanks make a token, and it may be cut into any number of blocks."""
    text = b"\n".join(pieces) + b" "
    numbers = naive.fill_slots([b"</s>"])
    wanted = naive.number_tokens(text, numbers)
    counter, found = WordCounter(), []
    for block in text.split(b"\n") if by_lines else [text]:
        found += counter.number(block).tolist()
        found += counter.number(b"\n").tolist() if by_lines else []
    assert found[: len(wanted)] == wanted  # by lines, one line end more
    assert counter.names_from(0) == list(numbers)
    counts = [found.count(i) for i in range(len(numbers))]
    assert counter.counts.tolist() == counts


@given(
    st.lists(st.integers(0, 4), max_size=40),
    st.lists(st.sampled_from([-1, 0, 1, 2]), min_size=5, max_size=5),
    st.booleans(),
    st.integers(1, 50),
)
def test_words_are_kept_and_sentences_noted(numbers, word_ids, every, size):
    """In parts of any size, whose types have the numbers that they have in the text."""
    numbers += [0] * every  # documents end with a line end each
    word_ids[0] = -1
    text, types = NumberedText(1), np.arange(5, dtype=np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.text.numbered_text._AT_ONCE", 7)
        for begin in range(0, len(numbers), size):
            part = np.array(numbers[begin : begin + size], np.int32)
            counts = np.bincount(part, minlength=5).astype(np.int32)
            packed = PackedArray.of(part), PackedArray.of(counts)
            text.append(NumberedPart(*packed, types, part.size))
        encoded = text.encoded(np.array(word_ids, np.int32), every)
    assert sentences([0, 1, 2], encoded) == naive.keep_words(numbers, word_ids, every)


def test_a_word_counter_grows(monkeypatch):
    """Many types, and one longer than all others together."""
    tokens = [b"%d" % n for n in range(9000)] + [b"x" * 100_000] + [b"%d" % n for n in range(9000)]
    counter = WordCounter()
    numbers = counter.number(b" ".join(tokens)).tolist()
    assert numbers == [*range(1, 9002), *range(1, 9001)]
    assert len(counter) == 9002
    assert counter.names_of(np.array(numbers)) == tokens
    assert counter.words(np.array(numbers)) == [token.decode() for token in tokens]
    joined = naive.join_names(counter.names_from(0), numbers)
    assert joined.decode().split() == counter.words(np.array(numbers))
    assert counter.words(np.empty(0, np.int64)) == counter.names_of(np.empty(0, np.int64)) == []
    assert counter.counts.tolist() == [0, *[2] * 9000, 1]


@pytest.mark.parametrize("limit", [10, 1 << 24])
def test_a_large_spool_is_in_a_file_that_has_no_name(monkeypatch, tmp_path, limit):
    monkeypatch.setattr("w2v.system.spooled_array.IN_MEMORY", limit)
    monkeypatch.setattr("w2v.system.spooled_array.PART", 7)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    grown = spooled_array.SpooledArray(np.int32)
    for begin in range(0, 1000, 10):
        grown.append(np.arange(begin, begin + 10))
    assert grown.size == 1000
    assert grown.read(995, 2000).tolist() == list(range(995, 1000))
    assert grown.read(3, 5).tolist() == [3, 4]
    grown.rewrite(lambda values: -values)
    assert grown.size == 1000
    assert grown.read(995, 1000).tolist() == list(range(-995, -1000, -1))
    assert grown.mapped().tolist() == list(range(0, -1000, -1))
    assert isinstance(grown.mapped(), np.memmap) == (limit == 10)
    assert not list(tmp_path.iterdir())


def test_a_spool_without_values_is_an_empty_array():
    empty = spooled_array.SpooledArray(np.int64)
    assert empty.mapped().tolist() == empty.read(0, 5).tolist() == []


@given(st.integers(0, 1 << 30), st.integers(8, 80))
def test_what_counting_forgets_is_said_and_no_more_than_that(tmp_path_factory, seed, most):
    """With capacity for few types and blocks of one word, counts are too low by `lost` at most."""
    rng = random.Random(seed)
    numbers = rng.choices(range(61), k=rng.randint(1, 200 if COMPILED else 60))
    named = [f"w{min(n, 60 - n)}x{n}" for n in numbers]
    lines = [named[i : i + 5] for i in range(0, len(named), 5)]
    path = tmp_path_factory.mktemp("text") / "text"
    path.write_text("".join(" ".join(line) + "\n" for line in lines))
    true = Counter(named)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.text.corpus.BLOCK", 1)
        patch.setattr("w2v.system.spooled_array.PART", 7)
        try:
            found, text = encode(Corpus([str(path)]), max_types=most)
        except W2VError:
            return
        counted = count(Corpus([str(path)]), max_types=most)
    assert (counted.names, counted.counts.tolist()) == (found.names, found.counts.tolist())
    for name, times in zip(found.names, found.counts.tolist(), strict=True):
        assert true[name] - found.lost <= times <= true[name]
    assert {name for name, times in true.items() if times > found.lost} <= set(found.names)
    assert found.tokens == len(named)
    assert found.tokens - text.size == found.pruned_tokens
    assert (found.lost > 0) == (found.pruned_types > 0)
    kept = [found.names[i] for i in text.part(0, text.size)[0]]
    rest = iter(named)
    assert all(name in rest for name in kept)  # in their order
    if len(true) < most * 9 // 10:
        assert found.pruned_types == 0


def test_room_does_not_grow_with_types_that_are_forgotten():
    counter = WordCounter(1000, {"known": 1})
    for block in range(200):
        counter.number(b" ".join(b"%d" % n for n in range(100 * block, 100 * block + 100)))
        if counter.is_full:
            numbers = counter.prune()
            assert numbers.max() + 1 == len(counter)
    assert counter.names_from(1)[0] == b"known"
    assert counter.pruned_types > 19_000
    assert counter.counts.base.size <= 2048
    assert counter.number(b"known 19999 new")[0] == 1


def test_forgotten_words_are_reported(w2v, folder):
    (folder / "text").write_text("\n".join(f"a b w{n}" for n in range(3000)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.text.corpus.BLOCK", 100)
        outcome = w2v("vocab", "text", "--max-types", "100")
    assert "were dropped while counting" in outcome.err
    assert outcome.out.splitlines()[1:] == ["a 3000", "b 3000"]


def test_case_is_folded_by_the_letters_of_each_token(tmp_path):
    words = ["ΌΣΟΣ", "ΣΑΣ", "Σ", "A\u0301Σ", "İs", "STRASSE", "ẞ", "ΑΣ'", "ΑΣ.Β"]
    vocabulary, _ = encoded(tmp_path, " ".join(words) + "\nΣ", lowercase=True)
    assert set(vocabulary.names) == {word.lower() for word in words}


@pytest.mark.parametrize("tokenizer", ["space", "words", "chars"])
def test_turkish_and_azerbaijani_have_their_own_small_letters_of_two_capitals(tmp_path, tokenizer):
    path = tmp_path / "text"
    path.write_text("İLAÇLARINI KAPIYI I\u0307zmi\u0307r Ilık\nQAYIQ\n")
    corpus = Corpus([str(path)], tokenizer, lowercase="turkish")
    found = set(count(corpus, 1).names)
    assert found - {"</s>"} == {"ilaçlarını", "kapıyı", "izmi\u0307r", "ılık", "qayıq"}


def test_every_command_that_reads_a_text_knows_the_letters_of_turkish(w2v, folder):
    (folder / "text").write_text("IŞIK ışık İYİ\n" * 30)
    (folder / "rows.tsv").write_text("a\tIŞIK ışık\nb\tİYİ iyi\n" * 30)
    options = ("--tokenizer", "words", "--lowercase-turkish", "--min-count", 1)
    counts = w2v("vocab", "text", *options).out
    assert counts.splitlines()[1:] == ["ışık 60", "iyi 30"]
    joined = w2v("phrases", "text", *options, "--threshold", 0).out
    assert set(joined.split()) <= {"ışık", "iyi", "ışık_iyi", "ışık_ışık", "iyi_ışık"}
    (folder / "twice").write_text("IŞIK\nışık\nışik\n")
    assert w2v("dedup", "twice", "--lowercase-turkish", "--quiet").out == "IŞIK\nışik\n"
    w2v("train", "rows.tsv", "--model", "nbow", *options, "--epochs", 20, "-o", "n.safetensors")
    for args in (("predict", "n.safetensors", "-"), ("explain", "n.safetensors", "-")):
        outcome = w2v(*args, stdin="IŞIK\nİYİ\n".encode())
        assert outcome.code == 0
        assert "without" not in outcome.err
    assert w2v("info", "n.safetensors").out.count("lowercase_turkish: true") == 1


def no_call(*args):
    raise AttributeError("posix_fallocate")


def not_here(*args):
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


@pytest.mark.parametrize("fallocate", [no_call, not_here, None])
def test_a_mapped_matrix_has_its_bytes_on_every_system(monkeypatch, fallocate):
    if fallocate:
        monkeypatch.setattr(os, "posix_fallocate", fallocate, raising=False)
    shape = (3, (1 << 20) // 8)  # a megabyte and a half
    sizes = []
    mapped = np.memmap
    monkeypatch.setattr(
        np, "memmap", lambda file, *rest, **more: (
            sizes.append(os.fstat(file.fileno()).st_blocks), mapped(file, *rest, **more)
        )[1],
    )  # fmt: skip
    matrix = spooled_array.mapped_zeros(shape)
    assert matrix.shape == shape
    assert not matrix.any()
    assert sizes[0] * 512 >= matrix.nbytes  # not sparse: a full disk is found here and not later


def test_an_empty_matrix_needs_no_file(monkeypatch):
    monkeypatch.delattr(np, "memmap")
    assert spooled_array.mapped_zeros((0, 3)).shape == (0, 3)


def test_a_full_disk_under_a_mapped_matrix_is_named(monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match="No space left on device: set TMPDIR to a folder"):
        spooled_array.mapped_zeros((2, 3))


PROSE = """The president, who had come late, spoke first. Nobody heard the president.
"I was late," said the President; he was. Was he late, or was she? She was (late). Nobody spoke.
"""
CODE = """def total(self, rows): return sum(rows[0], rows[1])
if total(self) == None: raise Error("total, rows")
"""
KINDS = {
    "prose": (PROSE, "--tokenizer words --lowercase merges"),
    "prose without capitals": (PROSE.lower(), "--tokenizer words merges"),
    "tokenised": (re.sub(r"([^\w\s])", r" \1 ", PROSE), ""),
    "tokenised without signs": (re.sub(r"[^\w\s]", "", PROSE), ""),
    "Chinese": ("总统来晚了，总统先说话。 没有人听到总统。\n晚了， 晚了。\n", ""),
    "code": (CODE, ""),
}


def test_a_turkish_text_in_small_letters_of_other_languages_is_reported(w2v, folder):
    (folder / "text").write_text("İSTANBUL büyük bir şehir\n" * 100)
    (folder / "english").write_text("the city of İzmir\n" + "the end of it\n" * 1000)
    said = "--lowercase-turkish is right for Turkish"
    for name, options, is_said in (
        ("text", ("--lowercase",), True),
        ("text", ("--lowercase-turkish",), False),
        ("text", (), False),
        ("english", ("--lowercase",), False),
    ):
        outcome = w2v("vocab", name, "--min-count", 1, *options)
        assert (said in outcome.err) == is_said, (name, options)
        assert "'i\u0307stanbul'" in outcome.err or not is_said


@pytest.mark.parametrize("command", ["vocab", "phrases", "train"])
def test_json_whose_lines_are_read_as_words_is_reported(w2v, folder, command):
    line = '{"id": "%d", "text": "the king and the queen"}\n'
    more = ("--dim", 4, "--epochs", 1) if command == "train" else ()
    for name in ("x.jsonl", "x.txt"):
        (folder / name).write_text("".join(line % number for number in range(20)))
        outcome = w2v(command, name, *more, "-o", "out.txt")
        assert outcome.code == 0, outcome.err
        said = "x.jsonl: its lines are read as they are"
        assert (said in outcome.err) == (name == "x.jsonl")
    if command == "train":  # a model of documents reads the field
        outcome = w2v(command, "x.jsonl", "--model", "pv-dbow", *more, "-o", "x.safetensors")
        assert (outcome.code, "as they are" in outcome.err) == (0, False)


@pytest.mark.parametrize("command", ["vocab", pytest.param("train", marks=compiled_only)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_newcomer_is_told_of_punctuation_and_capitals_that_are_part_of_words(
    w2v, folder, kind, command
):
    text, said = KINDS[kind]
    (folder / "text").write_text(text * 50)
    more = ("--sample", 0, "--epochs", 1, "-o", "x.safetensors") if command == "train" else ()
    outcome = w2v(command, "text", *more)
    assert outcome.code == 0, outcome.err
    assert ("--tokenizer" in outcome.err) == bool(said)
    assert said in outcome.err
    if kind == "prose":
        assert (
            "punctuation makes 'was.' and 'was' different words, capitals 'The' and 'the': "
            "--tokenizer words --lowercase merges such words\n"
        ) in outcome.err
        mended = w2v(command, "text", *more, "--tokenizer", "words", "--lowercase")
        assert "punctuation" not in mended.err


def test_counts_are_read_up_to_eighteen_digits(folder):
    (folder / "counts").write_text(f"a-b\t{'9' * 18}\n</s> 5\nc 0\nd 3\n")
    found = read_counts("counts", 0, None)
    assert (found.names, found.counts.tolist()) == (["a-b", "d"], [10**18 - 1, 3])
    assert (found.types, found.sentence_ends) == (3, 5)
    (folder / "counts").write_text(f"a {'9' * 19}\n")
    with pytest.raises(W2VError, match="^counts: line 1: expected a word, a blank and a count"):
        read_counts("counts", 0, None)


def test_counts_whose_sum_is_too_large_are_one_line(w2v, folder):
    (folder / "text").write_text("a b a b\n")
    (folder / "counts").write_text("".join(f"{name} {9 * 10**17}\n" for name in "abcdef"))
    outcome = w2v("train", "text", "--read-vocab", "counts")
    assert outcome.code == 2
    assert outcome.err == (
        "w2v: counts: the sum of its counts is 5.4e+18, and at most 4.6e+18 can be computed with: "
        "divide all counts by the same number\n"
    )
    (folder / "counts").write_text("".join(f"{name} {9 * 10**17}\n" for name in "abcde"))
    call = ("train", "text", "--read-vocab", "counts", "--loss", "hs", "--sample", 0)
    assert w2v(*call, "--epochs", 1).code == 0


def test_types_that_were_pruned_count_as_types(folder):
    (folder / "text").write_text("a a a b c a d\n")
    counter = WordCounter()
    counter.number((folder / "text").read_bytes())
    counter.prune()
    vocabulary, _ = choose(Corpus(["text"]), counter, 1, None, {})
    assert (vocabulary.names, vocabulary.types, vocabulary.tokens) == (["a"], 4, 7)
    assert (vocabulary.pruned_types, vocabulary.pruned_tokens) == (3, 3)


def test_words_that_were_known_count_among_the_most(folder):
    (folder / "text").write_text("new new new other other known rare\n")
    known = {"known": 9, "gone": 4}
    counter = WordCounter(known=known)
    counter.number((folder / "text").read_bytes())
    vocabulary, ids = choose(Corpus(["text"]), counter, 1, 3, known)
    assert vocabulary.names == ["known", "gone", "new"]
    assert vocabulary.counts.tolist() == [10, 4, 3]
    assert (vocabulary.tokens, vocabulary.types) == (7, 5)
    assert sorted(ids.tolist()) == [-1, -1, -1, 0, 1, 2]


def test_doubles_are_a_share_of_the_examined_words(monkeypatch):
    monkeypatch.setattr("w2v.text.vocabulary._EXAMINED", 3)
    words = Vocabulary(["the", "The", "a", "A"], np.array([5, 3, 2, 1]), 4, 11)
    assert doubles(words, str.lower) == (0.3, ("The", "the"))
