"""Reading text: tokens, sentences, encodings, packed files, damage."""

import gzip
import importlib.util
import io
import pickle
import re
import sys
import zipfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from helpers import PACKERS, of_every_packer
from hypothesis import example, given

from w2v.errors import W2VError
from w2v.settings import TextSettings
from w2v.system import atomic_file, packing
from w2v.text import tokenizers
from w2v.text.corpus import Corpus
from w2v.text.tokenizers import TOKENIZERS, words_of


def read(path, *args, **kwargs):
    """All tokens of a text as str, line ends as </s>."""
    corpus = Corpus([str(path)], *args, **kwargs)
    tokens = [token for block in corpus.blocks() for token in split(block)]
    return tokens, corpus


def split(block):
    """The tokens of a block."""
    return [t.decode() for t in block.replace(b"\n", b" </s> ").split()]


def test_only_ascii_whitespace_parts_words_and_a_line_is_a_sentence(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("a\tb\r\nno\u00a0break x\u2028y\v\fz\n\n  \nlast".encode())
    assert read(path)[0] == [
        *("a", "b", "</s>", "no\u00a0break", "x\u2028y", "z", "</s>"),
        *("</s>", "</s>", "last", "</s>"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop—it's 5.5%!", ["Don't", "stop", "it's", "5", "5"]),
        ("'quoted' rock'n'roll don’t", ["quoted", "rock'n'roll", "don’t"]),
        ("snake_case naïve nai\u0308ve", ["snake_case", "naïve", "nai\u0308ve"]),
        ("हिन्दी தமிழ்", ["हिन्दी", "தமிழ்"]),  # vowel signs are marks, not letters
        ("我爱你 한국어 かな", ["我爱你", "한국어", "かな"]),
    ],
)
def test_words(text, words):
    assert split(TOKENIZERS["words"](text.encode())) == words


JOINED = {
    "zero-width joiner in Sinhala": ("ශ්\u200dරී ලංකා", ["ශ්\u200dරී", "ලංකා"]),
    "zero-width non-joiner in Persian": ("می\u200cخواهم، بروم", ["می\u200cخواهم", "بروم"]),
    "marks beyond the first plane": ("\U0001e900\U0001e944x", ["\U0001e900\U0001e944x"]),  # Adlam
    "variation selectors": ("a\ufe0fb x\U000e0100", ["a\ufe0fb", "x\U000e0100"]),
    "soft hyphens and marks of direction": (
        "soft\u00adware\u200f \u2067abc\u2069",
        ["software", "abc"],
    ),
    "a zero-width space": ("ไทย\u200bไทย", ["ไทย", "ไทย"]),
    "what has no letter": ("\ufe0f ❤\ufe0f \u200d 👩\u200d👧 \u0301 _ __ _' '_'_ a", ["a"]),
    "underscores": ("_a a_ _1_ __é _\u0301é", ["_a", "a_", "_1_", "__é", "_\u0301é"]),
}


@pytest.mark.parametrize("tokenizer", ["words", "chars"])
@pytest.mark.parametrize("case", JOINED)
def test_what_joins_letters_and_what_is_no_word(tokenizer, case):
    text, words = JOINED[case]
    assert split(TOKENIZERS[tokenizer](text.encode())) == words


def test_marks_and_variations_stay_with_han_and_kana():
    text = "葛\U000e0100城か\u3099"
    assert split(TOKENIZERS["chars"](text.encode())) == ["葛\U000e0100", "城", "か\u3099"]


def test_every_word_has_a_letter_or_digit_and_is_one_word_again():
    points = [chr(point) for point in range(0x21, 0x3000) if not chr(point).isspace()]
    text = " ".join(f"{point} a{point}b" for point in points)
    for name in ("words", "chars"):
        found = split(TOKENIZERS[name](text.encode()))
        assert all(any(map(str.isalnum, word)) for word in found)
        assert split(TOKENIZERS[name](" ".join(found).encode())) == found


@pytest.mark.parametrize(
    ("form", "tokens"),
    [
        ("none", ["cafe\u0301", "café", "ﬁn\u00a0ﬁn", "ＡＢ", "</s>"]),
        ("NFC", ["café", "café", "ﬁn\u00a0ﬁn", "ＡＢ", "</s>"]),
        ("NFKC", ["café", "café", "fin", "fin", "AB", "</s>"]),
    ],
)
def test_texts_can_be_normalized(tmp_path, form, tokens):
    path = tmp_path / "text"
    path.write_text("cafe\u0301 café ﬁn\u00a0ﬁn ＡＢ\n")
    assert read(path, normalize=form)[0] == tokens


def test_chars_takes_each_han_and_kana_character_alone_and_leaves_other_scripts_whole():
    block = TOKENIZERS["chars"]("我爱NLP 한국어のカ・ナ、2024年\n".encode())
    assert split(block) == [*("我", "爱", "NLP", "한국어", "の", "カ", "ナ", "2024", "年", "</s>")]


def test_jieba_cuts_han_alone_and_no_word_between_two_blocks(tmp_path, monkeypatch):
    pytest.importorskip("jieba")
    line = "中国科学院在北京，我爱NLP 한국어のカ・ナ naïve don't 3.14。"
    words = [
        "中国科学院",
        "在",
        "北京",
        "我",
        "爱",
        "NLP",
        "한국어",
        "の",
        "カ",
        "ナ",
        "naïve",
        "don't",
    ]
    assert split(TOKENIZERS["jieba"](line.encode())) == [*words, "3", "14"]
    path = tmp_path / "zh.txt"
    path.write_text(line * 40)
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 100)
    assert read(path, "jieba")[0] == [*([*words, "3", "14"] * 40), "</s>"]


def test_without_jieba_the_extra_is_named(monkeypatch):
    tokenizers._segmenter.cache_clear()
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(W2VError, match=r"needs the package jieba: pip install 'w2v\[zh\]'"):
        TOKENIZERS["jieba"](b"no Han")


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()])
@pytest.mark.parametrize("name", ["text", "text.gz"])
def test_packed_files_are_known_by_content_not_by_name(tmp_path, pack, name):
    path = tmp_path / name
    path.write_bytes(pack(b"a b\nc\n"))
    tokens, corpus = read(path)
    assert tokens == ["a", "b", "</s>", "c", "</s>"]
    assert corpus.bytes_read == corpus.size == path.stat().st_size


@pytest.mark.parametrize("kind", PACKERS)
def test_only_what_is_packed_is_taken_for_it(tmp_path, kind):
    for content in (b"", b"a b\n", b"x" * 5000):
        assert packing.kind_of(PACKERS[kind](content)[: packing.HEAD]) == kind
    for text in (
        b"BZh",
        b"BZh9",
        b"BZh 9 a",
        b"BZh91AY",
        b"BZhang Wei",
        b"BZh0\x31\x41\x59\x26\x53\x59",
    ):
        (tmp_path / "text").write_bytes(text + b" b\n")
        assert read(tmp_path / "text")[0] == [*text.decode().split(), "b", "</s>"]
    path = tmp_path / "utf16"  # whose first letter is 1f 8b
    path.write_text("\u8b1f b\n", encoding="utf-16-le")
    assert read(path, encoding="utf-16-le")[0] == ["\u8b1f", "b", "</s>"]


@given(
    st.sampled_from(["", "BZh", "BZh1", "BZh91AY", "PK", "7zXZ", "(\u00b5/\u00fd", "P*M"]),
    st.text(),
)
@example("BZh9", "")
def test_no_text_is_taken_for_a_packed_file(begin, rest):
    start = (begin + rest).encode()[: packing.HEAD]
    whole = start.startswith(b"BZh") and start.endswith(b"1AY&SY")  # all of bzip2's magic
    assert packing.kind_of(start) == "" or whole


@pytest.mark.parametrize(
    "suffix", ["", ".gz", ".GZ", ".bz2", ".Bz2", ".xz", *[".zst"] * ("zstd" in PACKERS)]
)
def test_what_is_written_is_packed_by_its_suffix(tmp_path, suffix):
    path = str(tmp_path / f"text{suffix}")
    for _ in range(2):
        with atomic_file.packed(path) as file:
            file.write(b"a b\n")
            file.write(b"c\n")
    raw = Path(path).read_bytes()
    kinds = {"": "", ".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
    assert packing.kind_of(raw[: packing.HEAD]) == kinds[suffix.lower()]
    assert read(path)[0] == ["a", "b", "</s>", "c", "</s>"]
    with pytest.raises(TypeError), atomic_file.packed(path) as file:
        file.writelines([b"other", None])
    assert Path(path).read_bytes() == raw
    assert len(list(tmp_path.iterdir())) == 1


def test_stdin_may_be_packed_too(monkeypatch):
    packed = io.BufferedReader(io.BytesIO(gzip.compress(b"a b\n")))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(packed))
    tokens, corpus = read("-")
    assert tokens == ["a", "b", "</s>"]
    assert corpus.size is None


@of_every_packer
def test_a_packed_file_that_is_cut_short_is_named(tmp_path, pack):
    path = tmp_path / "text.gz"
    path.write_bytes(pack(bytes(range(256)) * 100)[:-20])
    with pytest.raises(W2VError, match=r"text\.gz: the compressed data is damaged"):
        read(path)


@pytest.mark.parametrize(
    ("start", "said"), [(b"PK\x03\x04", "zip archive"), (b"\x04\x22\x4d\x18", "lz4")]
)
def test_files_that_are_no_text_are_named(tmp_path, start, said):
    path = tmp_path / "corpus"
    path.write_bytes(start + bytes(100))
    with pytest.raises(W2VError, match=said):
        read(path)


def test_an_endless_word_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("w2v.text.corpus.LONGEST", 1000)
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 100)
    path = tmp_path / "zeros"
    path.write_bytes(b"a b " + b"x" * 900 + b" c")
    assert len(read(path)[0]) == 5
    path.write_bytes(b"x" * 2000)
    with pytest.raises(W2VError, match="without a blank"):
        read(path)


def test_a_text_without_blanks_is_cut_at_its_punctuation(tmp_path, monkeypatch):
    monkeypatch.setattr("w2v.text.corpus.LONGEST", 100)
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 50)
    path = tmp_path / "text"
    path.write_text("我爱自然语言，处理NLP很好。" * 30)
    characters = [*"我爱自然语言处理", "NLP", *"很好"] * 30 + ["</s>"]
    assert read(path, "chars")[0] == characters
    assert read(path, "words")[0] == ["我爱自然语言", "处理NLP很好"] * 30 + ["</s>"]
    with pytest.raises(W2VError, match="without a blank"):
        read(path, "space")


def test_wrong_bytes_are_replaced_counted_and_located(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes("gut \ufffd ".encode() + b"caf\xe9 na\xefve\n")
    tokens, corpus = read(path)
    assert tokens == ["gut", "\ufffd", "caf\ufffd", "na\ufffdve", "</s>"]
    assert corpus.bad_bytes == 2  # the U+FFFD of the text itself is not one
    assert corpus.first_bad.endswith("bad.txt, near byte 11")


@pytest.mark.parametrize("encoding", ["utf-16", "idna"])  # no mark; a codec that replaces nothing
def test_bytes_that_an_encoding_cannot_replace_are_an_error(tmp_path, encoding):
    path = tmp_path / "plain.txt"
    path.write_bytes(b"abc def\n")
    with pytest.raises(W2VError, match=rf"plain\.txt: cannot be read with --encoding {encoding}"):
        read(path, encoding=encoding)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252", "gb18030", "utf-8-sig"])
def test_other_encodings_give_the_same_words_and_the_same_fingerprint(tmp_path, encoding):
    plain, other = tmp_path / "plain", tmp_path / "other"
    text = "café x\nnaïve\n"
    plain.write_text(text, encoding="utf-8")
    other.write_bytes(text.encode(encoding))
    (tokens, corpus), (wanted, reference) = read(other, encoding=encoding), read(plain)
    assert tokens == wanted == ["café", "x", "</s>", "naïve", "</s>"]
    assert corpus.fingerprint == reference.fingerprint
    assert corpus.bad_bytes == 0


def test_a_byte_order_mark_is_no_letter(tmp_path):
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbfa b\n")
    assert read(path)[0] == ["a", "b", "</s>"]


@pytest.mark.parametrize("data", ["\ufeffa \ufffd\n".encode(), "a \ufffd\n".encode("utf-16")])
def test_utf_8_with_a_mark_is_read_as_utf_8(tmp_path, data):
    """U+FFFD in the text is no invalid byte, and another mark overrides the encoding."""
    path = tmp_path / "text"
    path.write_bytes(data)
    (tokens, corpus), (wanted, reference) = read(path, encoding="utf-8-sig"), read(path)
    assert tokens == wanted == ["a", "\ufffd", "</s>"]
    assert corpus.bad_bytes == reference.bad_bytes == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "gb18030", "utf-7"])
@pytest.mark.parametrize("block", [1, 2, 3, 1 << 20])
def test_a_replacement_character_of_the_text_is_no_invalid_byte(
    tmp_path, monkeypatch, encoding, block
):
    monkeypatch.setattr("w2v.text.corpus.BLOCK", block)
    text, path = "a \ufffdé \ufffd\n", tmp_path / "text"
    path.write_bytes(text.encode(encoding))
    tokens, corpus = read(path, encoding=encoding)
    assert (tokens, corpus.bad_bytes) == (["a", "\ufffdé", "\ufffd", "</s>"], 0)
    if encoding in ("utf-8", "gb18030"):
        path.write_bytes(text.encode(encoding) + b"\xff\xff " + text.encode(encoding))
        assert read(path, encoding=encoding)[1].bad_bytes == 2


@pytest.mark.parametrize("encoding", ["klingon", "rot13"])
def test_an_unknown_encoding_is_named(encoding):
    with pytest.raises(W2VError, match=f"--encoding {encoding}"):
        Corpus(["-"], encoding=encoding)


def test_files_follow_each_other_as_one_text(tmp_path):
    a, b, both = (tmp_path / name for name in ("a", "b", "both"))
    a.write_bytes(b"one two")  # no line end
    b.write_bytes(b"three\n")
    both.write_bytes(b"one two\nthree\n")
    corpus = Corpus([str(a), str(b)])
    parts = [token for block in corpus.blocks() for token in split(block)]
    assert parts == ["one", "two", "</s>", "three", "</s>"]
    assert corpus.fingerprint == read(both)[1].fingerprint


def test_a_directory_and_a_second_stdin_are_refused(tmp_path):
    with pytest.raises(W2VError, match="is a directory"):
        Corpus([str(tmp_path)])
    with pytest.raises(W2VError, match="twice"):
        Corpus(["-", "-"])


PIECES = [*"aé’'我カ。<_ \n\u00a0\u00ad\u200d\u0338", "e\u0301", "か\u3099", "</s>"]
letters = st.lists(st.sampled_from(PIECES), max_size=40).map(lambda p: "".join(p).encode())


AT_HAND = [name for name in TOKENIZERS if name != "jieba" or importlib.util.find_spec("jieba")]


@given(
    st.binary(max_size=300) | letters,
    st.integers(1, 20),
    st.sampled_from(AT_HAND),
    st.sampled_from(["none", "NFC", "NFKC"]),
)
@example(b"a\xc3\xa9 b\nc", 2, "space", "none")
def test_how_the_text_is_cut_into_blocks_changes_nothing(
    tmp_path_factory, data, block, tokenizer, form
):
    path = tmp_path_factory.mktemp("blocks") / "text"
    path.write_bytes(b"t " + data)  # the start must not look like another kind of file
    whole, one = read(path, tokenizer, normalize=form)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2v.text.corpus.BLOCK", block)
        parts, other = read(path, tokenizer, normalize=form)
    assert parts == whole
    assert (other.fingerprint, other.bad_bytes) == (one.fingerprint, one.bad_bytes)


def test_an_address_is_opened_by_fsspec_and_a_file_may_be_called_like_one(tmp_path, monkeypatch):
    pytest.importorskip("fsspec")
    plain, packed = tmp_path / "text", tmp_path / "text.gz"
    plain.write_bytes(b"one two\nthree\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    wanted, reference = read(plain)
    for path in (plain, packed):
        tokens, corpus = read(f"file://{path}")
        assert (tokens, corpus.fingerprint) == (wanted, reference.fingerprint)
        assert corpus.bytes_read == corpus.size == path.stat().st_size
    monkeypatch.chdir(tmp_path)
    plain.rename("a::b")
    assert read("a::b")[0] == wanted
    with pytest.raises(W2VError, match="nowhere://x"):
        Corpus(["nowhere://x"])
    with pytest.raises(FileNotFoundError):
        Corpus(["file:///nowhere/x"])


def packed_zip():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("text", "a b c\n" * 100)
    return file.getvalue()


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


PROSE = "The quick brown fox jumps over the lazy dog.\n" * 30
ROWS = np.random.default_rng(1).normal(0, 0.1, (200, 50)).astype(np.float32)
NO_TEXTS = {
    "PDF of letters": (b"%PDF-1.4\n1 0 obj <<>> endobj\n", "pdftotext FILE -"),
    "PDF": (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj <<>> stream\n\x00\x01", "pdftotext FILE -"),
    "npy": (saved(ROWS), "a NumPy array"),
    "zip": (packed_zip(), "unzip -p FILE"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "an image"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "an image"),
    "gif": (b"GIF89a\x01\x00\x01\x00\x80", "an image"),
    "pickle": (pickle.dumps(["a text"] * 9), "a Python pickle"),
    "word2vec's binary": (
        b"200 50\n" + b"".join(b"word%d %b\n" % (n, row.tobytes()) for n, row in enumerate(ROWS)),
        "word2vec's binary file of vectors",
    ),
    "float64": (ROWS.astype(float).tobytes(), "binary data"),
    "zeros": (bytes(5000), "binary data"),
    "utf-16-le": (PROSE.encode("utf-16-le"), "--encoding utf-16-le"),
    "utf-16-be": (PROSE.encode("utf-16-be"), "--encoding utf-16-be"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
}  # fmt: skip
ODD_TEXTS = {
    "a stray NUL": (PROSE + "a\0b").encode(),
    "a control character in each line": PROSE.replace("fox", "f\x01x").encode(),
    "latin-1": (PROSE + "café über ñ\n" * 200).encode("latin-1"),
    "greek": ("Όλοι οι άνθρωποι γεννιούνται ελεύθεροι\n" * 50).encode("iso8859-7"),
    "gb18030": ("人人生而自由，在尊严和权利上一律平等。" * 50).encode("gb18030"),
    "colours": PROSE.replace("fox", "\x1b[31mfox\x1b[0m").encode(),
    "bold of a manual page": "".join(f"{letter}\b{letter}" for letter in PROSE).encode(),
    "short": b"\0\1\2 a",
    "PDF in words": b"%PDF-1.4 begins a document of Adobe's\n" * 30,
    "GIF in words": b"GIF89a is a format\n",
    "fields of Hive": b"id\x01no\x01yes\n" * 99,
    "word2vec text": b"2 3\nking 1 2 3\nqueen 1 2 4\n",
}


@pytest.mark.parametrize("kind", NO_TEXTS)
def test_what_is_plainly_no_text_is_refused_and_called_what_it_is(tmp_path, kind):
    data, said = NO_TEXTS[kind]
    (tmp_path / "corpus").write_bytes(data)
    with pytest.raises(W2VError, match=r"corpus is .*" + re.escape(said)):
        read(tmp_path / "corpus")
    if said.startswith("--encoding"):
        tokens, corpus = read(tmp_path / "corpus", encoding=kind)
        assert (" ".join(tokens[:3]), corpus.bad_bytes) == ("The quick brown", 0)


@pytest.mark.parametrize("kind", ODD_TEXTS)
def test_odd_texts_are_not_refused(tmp_path, kind):
    (tmp_path / "corpus").write_bytes(ODD_TEXTS[kind])
    assert read(tmp_path / "corpus")[0]


def test_our_own_file_is_no_text(w2v, toy):
    for call in (
        ("train", "vectors.safetensors", "-o", "x.txt"),
        ("train", "vectors.safetensors", "--model", "pv-dbow", "-o", "x.safetensors"),
        ("vocab", "vectors.safetensors"),
        ("phrases", "vectors.safetensors"),
    ):
        outcome = w2v(*call)
        assert (outcome.code, outcome.out) == (2, "")
        assert "vectors.safetensors is vectors, not text: w2v info" in outcome.err


def test_an_encoding_that_is_named_is_believed(tmp_path):
    path = tmp_path / "text"
    path.write_bytes((PROSE + "\x01\x02\x80" * 500).encode("cp037"))
    assert read(path, encoding="cp037")[0][:2] == ["The", "quick"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_mark_names_the_encoding(tmp_path, encoding):
    path = tmp_path / "text"
    path.write_bytes("größe 我\n".encode(encoding))
    tokens, corpus = read(path)
    assert (tokens, corpus.bad_bytes) == (["größe", "我", "</s>"], 0)


def test_a_no_break_space_is_a_letter_of_the_words_of_a_query_too():
    assert words_of("10\u00a0000 euros\u2003each", TextSettings()) == [
        "10\u00a0000",
        "euros\u2003each",
    ]
    assert words_of("a\ud800 b", TextSettings()) == ["a\ufffd\ufffd\ufffd", "b"]


def test_messages_name_the_first_of_many_files(w2v, folder):
    names = [f"t{number}" for number in range(20)]
    for name in names:
        (folder / name).write_text("\n")
    assert w2v("vocab", *names[:4]).err == "w2v: t0, t1, t2, t3: no words in the text\n"
    assert w2v("vocab", *names).err == "w2v: t0, t1, t2 and 17 other files: no words in the text\n"
