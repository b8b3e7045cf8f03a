"""Members of tar archives, as Python's own reader lists them, and damage."""

import io
import tarfile
from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given

from w2v.errors import W2VError
from w2v.system.byte_stream import ByteStream
from w2v.text.corpus import Corpus
from w2v.text.tar_members import is_tar, members

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def packed(files, format=tarfile.PAX_FORMAT, others=()):
    """An archive with files, as bytes by path, and with other members."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=format) as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in others:
            archive.addfile(info)
    return made.getvalue()


def stream_of(data, step=100):
    return ByteStream(data[at : at + step] for at in range(0, len(data), step))


def read(data, step=100):
    left_out = Counter()
    found = {
        member.path: b"".join(member.data)
        for member in members(stream_of(data, step), "x", left_out)
    }
    return found, left_out


LONG = "folder/" * 30 + "é" * 60
FILES = {"a.txt": b"one\n" * 500, "b/empty": b"", LONG: b"x" * 512, "é": b"y" * 513}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("step", [1, 511, 1 << 20])
def test_members_are_those_that_python_reads(format, step):
    files = {path: data for path, data in FILES.items() if path != LONG or format != "ustar"}
    data = packed(files, FORMATS[format])
    assert is_tar(data)
    assert read(data, step) == (files, Counter())
    assert read(data.rstrip(b"\0") + bytes(-len(data.rstrip(b"\0")) % 512), step)[0] == files


def test_an_archive_of_before_posix_is_known(tmp_path):
    data = packed({"a": b"text"}, tarfile.USTAR_FORMAT)
    header = bytearray(data[:512])
    header[257:] = bytes(255)
    header[156] = 0
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    old = bytes(header) + data[512:]
    assert is_tar(old)
    assert read(old)[0] == {"a": b"text"}


def test_other_members_are_left_out_and_counted():
    kinds = {
        "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "c": tarfile.CHRTYPE, "p": tarfile.FIFOTYPE,
        "d": tarfile.DIRTYPE,
    }  # fmt: skip
    others = []
    for name, kind in kinds.items():
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "a"
        others.append(info)
    sparse = tarfile.TarInfo("s")
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": "s"}
    files = {"./a": b"a", ".hidden/b": b"b", "/c/../d": b"d"}
    found, left_out = read(packed(files, others=[*others, sparse]))
    assert found == {"a": b"a", "c/d": b"d"}
    assert left_out == {"link": 2, "device": 1, "pipe": 1, "sparse file": 1, "hidden file": 1}


def test_sparse_files_of_gnu_tar_are_passed_over():
    header = bytearray(packed({"s": b"z" * 600}, tarfile.GNU_FORMAT)[:512])
    header[156:157], header[482] = b"S", 1
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    further = [bytes(504) + b"\1" + bytes(7), bytes(512)]
    data = b"".join([bytes(header), *further, b"z" * 600, bytes(424)]) + packed({"a": b"a"})
    assert read(data) == ({"a": b"a"}, Counter({"sparse file": 1}))


def test_a_member_that_is_not_read_is_passed_over():
    names = [member.path for member in members(stream_of(packed(FILES)), "x", Counter())]
    assert names == [*FILES]


def test_an_archive_that_is_cut_is_an_error_with_its_byte():
    data = packed({"a": b"a" * 1000, "b": b"b"}, tarfile.USTAR_FORMAT)
    whole = 512 + 1024 + 512 + 512
    for end in range(1, whole):
        if end == 512 + 1024:  # between two members, where no end is needed
            continue
        with pytest.raises(W2VError, match=rf"^x: byte {end}: .* is cut short: download"):
            read(data[:end])


@pytest.mark.parametrize(("at", "byte"), [(5, 0), (512 + 1024 + 20, 1536)])
def test_a_damaged_header_is_an_error_with_its_byte(at, byte):
    data = bytearray(packed({"a": b"a" * 1000, "b": b"b"}, tarfile.USTAR_FORMAT))
    data[at] = 255
    assert is_tar(bytes(data))
    with pytest.raises(W2VError, match=rf"^x: byte {byte}: the tar archive is damaged \(bad chec"):
        read(bytes(data))


def test_what_follows_the_end_is_an_error():
    data = packed({"a": b"a"})
    with pytest.raises(W2VError, match="goes on after its end"):
        read(data + data)
    begin = len(data.rstrip(b"\0")) // 512 * 512 + 1024  # after the first block of zeros
    data = data[:begin] + bytes(1200) + b"a"
    with pytest.raises(W2VError, match=rf"^x: byte {begin + 1200}: .* goes on after its end"):
        read(data, 1)


@pytest.mark.parametrize(
    "records",
    [
        b"8 path=x\n", b"30 path=x\n", b"x", b"12 size=abc\n\n", b"11 size=abc\n", b"0 path=x\n",
        b"5 pa\n6 a=x\n", b"9 path=xy9 path=x\n",
    ],
)  # fmt: skip
def test_damaged_records_are_an_error(records):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("pax")
        info.type, info.size = tarfile.XHDTYPE, len(records)
        archive.addfile(info, io.BytesIO(records))
    with pytest.raises(W2VError, match="damaged header"):
        read(made.getvalue())


def header(path, kind, data=b"", size=None):
    """A header of a member, and its data in whole blocks; `size` is written instead of theirs."""
    info = tarfile.TarInfo(path)
    info.type, info.size = kind, len(data) if size is None else size
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)


def test_what_a_header_says_of_a_member_is_not_said_of_the_next():
    records = b"10 size=2\n" + b"22 GNU.sparse.major=1\n"
    pax = header("pax", tarfile.XHDTYPE, records)
    folder = header("d", tarfile.DIRTYPE, size=512)  # no data follow
    data = pax + header("s", tarfile.REGTYPE, b"xy") + folder + header("a", tarfile.REGTYPE, b"one")
    assert read(data + bytes(1024)) == ({"a": b"one"}, Counter({"sparse file": 1}))
    empty = header("pax", tarfile.XHDTYPE, b"10 size=0\n") + header("x", tarfile.REGTYPE, size=512)
    assert read(empty + header("a", tarfile.REGTYPE, b"one") + bytes(1024))[0]["a"] == b"one"
    named = header("long", tarfile.GNUTYPE_LONGNAME, b"b/c\0")
    named += header("pax", tarfile.XHDTYPE, b"10 size=3\n") + header("x", tarfile.REGTYPE, b"two")
    named += header("y", tarfile.REGTYPE, b"three")
    assert read(named + bytes(1024))[0] == {"b/c": b"two", "y": b"three"}


def test_long_headers_and_empty_archives_are_refused(monkeypatch):
    monkeypatch.setattr("w2v.text.tar_members._LARGEST_HEADER", 512)
    name, file = b"n" * 511 + b"\0", header("x", tarfile.REGTYPE, b"one")
    data = header("long", tarfile.GNUTYPE_LONGNAME, name) + file + bytes(1024)
    assert read(data)[0] == {"n" * 511: b"one"}
    data = header("long", tarfile.GNUTYPE_LONGNAME, name + b"\0") + file + bytes(1024)
    with pytest.raises(W2VError, match="^x: byte 0: .* has a header of 513 bytes"):
        read(data)
    with pytest.raises(W2VError, match="^x: byte 0: the tar archive is cut short"):
        read(b"")


def test_text_is_no_archive():
    for head in (b"", bytes(512), b"a" * 512, b" " * 600, b"a" * 257 + b"ustar" + b"b" * 300):
        assert not is_tar(head)


@given(
    st.dictionaries(st.text("ab/é.", min_size=1, max_size=8), st.binary(max_size=1100), max_size=4),
    st.sampled_from([*FORMATS.values()]),
    st.integers(1, 3000),
)
def test_any_files_come_back(files, format, step):
    data = packed(files, format)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        wanted = [
            ("/".join(p for p in info.name.split("/") if p not in ("", ".", "..")),
             archive.extractfile(info).read())
            for info in archive if info.isfile()
        ]  # fmt: skip
    found = [
        (member.path, b"".join(member.data))
        for member in members(stream_of(data, step), "x", Counter())
    ] if is_tar(data) else []  # fmt: skip
    hidden = [pair for pair in wanted if any(p.startswith(".") for p in pair[0].split("/"))]
    assert found == [pair for pair in wanted if pair not in hidden]


def test_the_address_of_a_file_in_an_archive_is_that_of_a_file(folder):
    pytest.importorskip("fsspec")
    (folder / "a.txt").write_text("one two\n")
    with tarfile.open("x.tar", "w") as archive:
        archive.add("a.txt")
    assert b"".join(Corpus([f"tar://a.txt::file://{folder}/x.tar"]).blocks()) == b"one two\n"
