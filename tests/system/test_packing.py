"""Compression: frames and hostile data of zstd, the missing package, and the lists of suffixes."""

import bz2
import gzip
import io
import lzma
import re
import struct
import sys
import tracemalloc
from pathlib import Path

import hypothesis.strategies as st
import pytest
from helpers import PACKERS, ZSTD
from hypothesis import given

import w2v
from w2v.errors import W2VError
from w2v.system import atomic_file, packing, text_file
from w2v.text.corpus import Corpus

needs_zstd = pytest.mark.skipif(ZSTD is None, reason="backports.zstd is not installed")
ROOM = Path(w2v.__file__).parent
TEXT = b"".join(b"king %d queen\n" % number for number in range(5000))


def read(path):
    return b"".join(Corpus([str(path)]).blocks())


def skippable(content=b"any bytes", number=0):
    return struct.pack("<II", 0x184D2A50 + number, len(content)) + content


def frame(content, **options):
    """A frame made in pieces, so that it does not tell the size of its content."""
    names = {getattr(ZSTD.CompressionParameter, name): value for name, value in options.items()}
    packer = ZSTD.ZstdCompressor(options=names)
    half = len(content) // 2
    return packer.compress(content[:half]) + packer.compress(content[half:]) + packer.flush()


@needs_zstd
def test_frames_of_zstd_follow_each_other_and_skippable_ones_are_left_out(tmp_path):
    path = tmp_path / "text"
    a, b = frame(b"a b\n"), ZSTD.compress(b"c\n")
    for number in range(16):
        skip = skippable(number=number)
        for parts in ((a, b), (skip, a, b), (a, skip, b), (a, b, skip), (skip, skip, a, b, skip)):
            path.write_bytes(b"".join(parts))
            assert read(path) == b"a b\nc\n"
    path.write_bytes(skippable(b""))
    assert read(path) == b""


@needs_zstd
@pytest.mark.parametrize("make", [ZSTD and ZSTD.compress, frame])
def test_a_zstd_file_cut_anywhere_is_refused(tmp_path, make):
    path, whole = tmp_path / "text.zst", make(TEXT)
    for length in [*range(4, 40), len(whole) // 2, *range(len(whole) - 9, len(whole))]:
        path.write_bytes(whole[:length])
        with pytest.raises(
            W2VError, match=r"text\.zst: the compressed data is .* cut short \(.*\)"
        ):
            read(path)
        with pytest.raises(
            W2VError, match=r"text\.zst: the compressed data is .* cut short \(.*\)"
        ):
            text_file.read_bytes(str(path))


@needs_zstd
def test_a_wrong_byte_in_a_file_that_was_written_is_noticed(tmp_path):
    path = tmp_path / "text.zst"
    with atomic_file.packed(str(path)) as file:
        file.write(TEXT)
    whole = path.read_bytes()
    for place in [*range(6, len(whole), max(len(whole) // 60, 1)), len(whole) - 1]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(W2VError, match="damaged or cut short"):  # by its checksum, if not else
            read(path)
    path.write_bytes(whole + b"more")
    with pytest.raises(W2VError, match="damaged or cut short"):
        read(path)


@needs_zstd
def test_a_window_that_needs_much_memory_is_refused_and_the_largest_usual_one_is_not(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(frame(TEXT, window_log=27))
    assert read(path) == TEXT
    for log in (28, 31):
        path.write_bytes(frame(TEXT, window_log=log))
        with pytest.raises(W2VError, match=r"text: .* window of more than 128 MiB: .* --long=31$"):
            read(path)
    path.write_bytes(ZSTD.compress(bytes(1 << 26)))  # 64 MiB in some kilobytes
    tracemalloc.start()
    with path.open("rb") as file:
        stream = packing.unpacked(file, "zstd", "text")
        while block := packing.read(stream, 1 << 20):
            assert not block.strip(b"\0")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 23


@needs_zstd
def test_a_dictionary_is_asked_for(tmp_path):
    trained = ZSTD.train_dict([b"king %d queen %d\n" % (n, n * n) for n in range(2000)], 4000)
    (tmp_path / "text").write_bytes(ZSTD.compress(TEXT, zstd_dict=trained))
    with pytest.raises(W2VError, match=r"text: .* dictionary: .* zstd -d -D DICTIONARY$"):
        read(tmp_path / "text")


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", *[".zst"] * bool(ZSTD)])
def test_how_the_content_is_written_does_not_change_the_bytes(tmp_path, suffix):
    contents = set()
    for step in (1 << 20, 1000, 17):
        path = tmp_path / f"{step}{suffix}"
        with atomic_file.packed(str(path)) as file:
            for begin in range(0, len(TEXT), step):
                file.write(TEXT[begin : begin + step])
        contents.add(path.read_bytes())
        assert read(path) == TEXT
    assert len(contents) == 1
    with atomic_file.packed(str(path)):
        pass
    assert packing.kind_of(path.read_bytes()[: packing.HEAD])
    assert read(path) == b""


@pytest.fixture
def without_zstd(monkeypatch):
    packing._zstd.cache_clear()
    for name in packing._ZSTD_MODULES:
        monkeypatch.setitem(sys.modules, name, None)
    yield
    packing._zstd.cache_clear()


@pytest.mark.usefixtures("without_zstd")
def test_without_the_package_the_extra_is_named_before_any_work(w2v, folder):
    (folder / "x.zst").write_bytes(b"\x28\xb5\x2f\xfd\x04\x00")
    (folder / "text").write_text("a b c\n" * 50)
    (folder / "x.txt").write_text("1 2\na 1 2\n")
    said = ": compression by zstd needs the package backports.zstd: pip install 'w2v[zst]'\n"
    for args, name in (
        (("vocab", "x.zst"), "x.zst"),
        (("similar", "a", "-v", "x.zst"), "x.zst"),
        (("similar", "a", "-v", "x.txt", "--only", "x.zst"), "x.zst"),
        (("vocab", "text", "-o", "new.zst"), "new.zst"),
        (("train", "text", "-o", "new.txt.zst"), "new.txt.zst"),
        (("convert", "x.txt", "new.txt.zst"), "new.txt.zst"),
    ):
        outcome = w2v(*args)
        assert (outcome.code, outcome.err) == (2, f"w2v: {name}{said}")
    assert {path.name for path in folder.iterdir()} == {"x.zst", "text", "x.txt"}
    (folder / "text").write_bytes(PACKERS["gzip"](b"a b\n")[:-5])
    assert "damaged or cut short" in w2v("vocab", "text").err


def test_each_list_of_compressions_is_whole():
    """In messages, help and manual. The pages that are left out are generated from these files."""
    paths = [path for kind in ("py", "md") for path in sorted(ROOM.rglob(f"*.{kind}"))]
    lists = 0
    for path in paths:
        text = re.sub(r"[\s`\"]+", " ", path.read_text())
        for names in (packing._KINDS, packing.SUFFIXES):
            known = "|".join(map(re.escape, names))
            for found in re.finditer(rf"(?:(?:{known})(?: ?, ?| or | and ))+(?:{known})\b", text):
                listed = set(re.findall(known, found[0]))
                assert path.name in ("commands.md", "source.md") or listed == {*names}, (
                    path, found[0],
                )  # fmt: skip
                lists += 1
    assert lists > 15


@given(
    st.lists(st.binary(max_size=300).map(lambda data: data * 20), min_size=1, max_size=4),
    st.integers(1, 500),
    st.integers(0, 3),
)
def test_blocks_of_gzip_members_are_those_that_gzip_reads(members, size, zeros):
    data = b"".join(gzip.compress(member) + bytes(zeros) for member in members)
    blocks = [*packing.blocks(io.BytesIO(data), "gzip", size, "x")]
    assert b"".join(blocks) == b"".join(members) == gzip.decompress(data)
    assert max(map(len, blocks), default=0) <= size
    for end in (len(data) - zeros - 1, 11, len(data) // 2):
        cut = data[: max(end, 11)]
        try:
            wanted = gzip.decompress(cut)
        except (EOFError, gzip.BadGzipFile):
            with pytest.raises(W2VError, match="^x: the compressed data is damaged or cut short"):
                [*packing.blocks(io.BytesIO(cut), "gzip", size, "x")]
        else:
            assert b"".join(packing.blocks(io.BytesIO(cut), "gzip", size, "x")) == wanted


@pytest.mark.parametrize("packer", [gzip, bz2, lzma])
def test_data_after_the_end_of_the_compressed_data_is_not_lost(tmp_path, packer):
    path, whole = tmp_path / "text", packer.compress(TEXT)
    vectors = tmp_path / "x.txt"
    for end, error in (
        (b"", False), (bytes(8), False), (whole, False), (bytes(4) + whole, False),
        (b"king of a plain text\n", True), (whole[: len(whole) // 2], True),
    ):  # fmt: skip
        path.write_bytes(whole + end)
        if error:
            with pytest.raises(W2VError, match=".*/text: the compressed data is damaged or cut"):
                read(path)
        else:
            assert read(path) == TEXT * (1 + (whole in end))
        vectors.write_bytes(packer.compress(b"1 2\nking 1 2\n") + end)
        if error:
            with pytest.raises(W2VError, match=".*/x.txt: .*the compressed data is damaged or cut"):
                w2v.load(str(vectors))


@pytest.mark.parametrize("packer", [bz2, lzma])
@given(
    st.lists(st.binary(max_size=300).map(lambda data: data * 20), min_size=1, max_size=4),
    st.integers(1, 500),
    st.integers(0, 200_000),
)
def test_streams_of_bzip2_and_xz_are_those_that_python_reads(packer, members, size, zeros):
    streams = [packer.compress(member) for member in members]
    data = bytes(zeros).join([*streams, b""])
    kind = "bzip2" if packer is bz2 else "xz"
    blocks = [*packing.blocks(io.BytesIO(data), kind, size, "x")]
    assert b"".join(blocks) == b"".join(members)
    assert max(map(len, blocks), default=0) <= size
