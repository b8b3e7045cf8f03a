"""Recognizes, by its first bytes, a file that is not text, and advises how to get its text."""

from __future__ import annotations

import codecs
import re

HEAD = 1 << 16  # bytes at the beginning of a file that are examined
# A file is binary if its bytes reach both of these shares, and it has _MIN_BYTES bytes or more.
_CONTROL_SHARE = 0.01  # share of control characters
_ODD_SHARE = 0.1  # share of odd bytes: control characters, and bytes that are not UTF-8
_MIN_BYTES = 512
# Control characters that are rare in text. Backspaces (in old manual pages), escapes (colours of a
# terminal) and separators (from 0x1c on) occur in text, and are not included.
_CONTROLS = bytes([*range(8), *range(0x0E, 0x1B), 0x7F])
_VECTORS = "vectors, not text: w2v info FILE describes them, w2v similar -v FILE WORD searches them"
_IMAGE = "an image, not text"
_UNPACK = "; unpack it first: "
_PDF_LINE = re.compile(rb"%PDF-\d\.\d[ ]*[\r\n]")  # a first line with nothing else on it
_COLUMNS = (
    "a Parquet or Arrow file, which is read from a file or an address that ends in .parquet or "
    ".arrow, and not from a pipe, an archive or compressed data"
)
# The first bytes of files that are not text, with what they are and what to do.
_FOREIGN = {
    b"\x04\x22\x4d\x18": f"lz4 data{_UNPACK}lz4 -dc FILE | w2v COMMAND -",
    b"\xba\x16\x4f\x2f": "a fastText model, not text",
    b"\x93NUMPY": f"a NumPy array of {_VECTORS}",
    b"\x89PNG\r\n\x1a\n": _IMAGE,
    b"\xff\xd8\xff": _IMAGE,
    b"\x7fELF": "a program, not text",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file: export its texts",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a document of an Office program: save it as plain text",
    b"7z\xbc\xaf\x27\x1c": f"a 7z archive{_UNPACK}7z x FILE -so | w2v COMMAND -",
    b"\x80\x02": "a Python pickle: write its texts to a file, one a line",
    b"\x80\x03": "a Python pickle: write its texts to a file, one a line",
    b"\x80\x04\x95": "a Python pickle: write its texts to a file, one a line",
    b"\x80\x05\x95": "a Python pickle: write its texts to a file, one a line",
}
# The same for files that begin with letters. A text may begin with these letters too, so the first
# HEAD bytes must also have control characters.
_FOREIGN_IN_LETTERS = {
    b"PK\x03\x04": f"a zip archive{_UNPACK}unzip -p FILE | w2v COMMAND -; save a .docx or .odt as "
    "plain text",
    b"GIF87a": _IMAGE,
    b"GIF89a": _IMAGE,
    b"RIFF": "an image, a sound or a film, not text",
    b"OggS": "a sound or a film, not text",
    b"ID3": "a sound, not text",
    b"PAR1": _COLUMNS,
    b"ARROW1\0\0": _COLUMNS,
    b"SQLite format 3\0": "an SQLite database: export its texts, as .csv",
    b"Rar!\x1a\x07": f"a RAR archive{_UNPACK}unrar p -inul FILE | w2v COMMAND -",
}
_LFS = b"version https://git-lfs.github.com/spec/"
_WORD2VEC = re.compile(rb"\d{1,12} \d{1,6}\n")


def looks_like(head: bytes, named: bool = False) -> str:
    """The kind of a file that is not text, and what to do with it; "" for a file that may be text.

    head   up to HEAD bytes from the beginning of the file, decompressed
    named  whether the user has named an encoding other than UTF-8. If so, only known file formats
           are recognized. Otherwise binary data is also recognized, by control characters and bytes
           that are not UTF-8
    """
    for magic, meaning in _FOREIGN.items():
        if head.startswith(magic):
            return meaning
    if _PDF_LINE.match(head):
        return "a PDF document: convert it to text: pdftotext FILE - | w2v COMMAND -"
    if head.startswith(_LFS):
        return "a Git LFS pointer, not the file itself: git lfs pull downloads the file"
    if head[6:10] == b'\0\0{"':  # safetensors: the length of the header, then the header in JSON
        return _VECTORS
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if not controls:
        return ""
    for magic, meaning in _FOREIGN_IN_LETTERS.items():
        if head.startswith(magic):
            return meaning
    if head[257:262] == b"ustar":
        return f"a tar archive{_UNPACK}tar -xOf FILE | w2v COMMAND -"
    invalid = _invalid_bytes(head)
    # The control characters of valid UTF-8 without zero bytes do not count as odd, because Hive
    # separates fields by the control character \x01.
    odd = controls + invalid if invalid or 0 in head else 0
    is_binary = controls >= _CONTROL_SHARE * len(head) and odd >= _ODD_SHARE * len(head)
    if named or len(head) < _MIN_BYTES or not is_binary:
        return ""
    if _WORD2VEC.match(head):
        return f"word2vec's binary file of {_VECTORS}"
    return (
        _wide_text(head) or "binary data, not text; if it is text, convert it to UTF-8 with iconv"
    )


def _invalid_bytes(head: bytes) -> int:
    """The number of bytes that are not valid UTF-8."""
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    return sum("\udc80" <= letter <= "\udcff" for letter in text)


def _wide_text(head: bytes) -> str:
    """The kind of a text in UTF-16, in which every other byte is often zero; "" for other data."""
    # The shares of zeros among the bytes at even and at odd positions.
    even, odd = (head[begin::2].count(0) / max(len(head[begin::2]), 1) for begin in (0, 1))
    if max(even, odd) < 0.3 or min(even, odd) > 0.05:
        return ""
    name = "utf-16-be" if even > odd else "utf-16-le"
    return f"text in UTF-16 without a byte order mark: --encoding {name}"
