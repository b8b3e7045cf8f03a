"""What is no vector file, or none that can be read safely, and what to do about it.

This file has `sniff` alone: it recognises these files to say what they are. None of them is read,
because a pickle can run code, and a fastText .bin holds vectors of parts of words.
"""

from __future__ import annotations

from w2v.embeddings.source import Layout, Source
from w2v.embeddings.text_rows import (
    all_are_rows,
    first_fields,
    is_number,
    rows_without_header,
    usual_length,
)
from w2v.errors import W2VError
from w2v.system.text_file import MARK

SUFFIXES = ()
_PICKLE = (
    "a Python pickle, which can run code when opened: export it, in gensim by save_word2vec_format"
)
_FASTTEXT = (
    "a fastText .bin model: use the .vec file beside it, or make one, in gensim by "
    "load_facebook_vectors and save_word2vec_format"
)
_BEGINNINGS = {
    b"\xba\x16\x4f\x2f": _FASTTEXT,
    b"\x80\x02": _PICKLE,
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"PK\x03\x04": "a zip archive, as .npz and PyTorch's files are: unpack it",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it with unzstd",
    b"\x89HDF": "an HDF5 file: export its vectors as text",
    b"SQLite format 3\0": "an SQLite database, as Magnitude's: export its vectors as text",
}
_PAGE = "a page of HTML, perhaps an error of the server that it was fetched from: get it anew"
_UTF16 = "text in UTF-16: iconv -f UTF-16 -t UTF-8 makes it readable"
_TEXTS = {  # what may also begin a text of rows, and is named where no format has taken the file
    b"ccopy_reg\n": _PICKLE,
    b"version https://git-lfs": "a pointer of Git LFS to the file that is wanted: git lfs pull",
    b"<!DOCTYPE": _PAGE,
    b"<!doctype": _PAGE,
    b"<html": _PAGE,
    b"{": "JSON: write its vectors as text, a row of a name and numbers for each",
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
}
_TAR = slice(257, 262)


def sniff(source: Source) -> Layout | None:
    """W2VError that names the file, where its first bytes are of another kind of file."""
    found = _meaning(source.head)
    if found and not all_are_rows(source):
        raise W2VError(f"{source.name} is {found}")
    if _is_floret(first_fields(source)[0]):
        raise W2VError(
            f"{source.name} is a floret file, which has vectors of parts of words, no words"
        )
    return None


def _meaning(head: bytes) -> str:
    """What a file is by its first bytes, with which the first name of a text may begin as well."""
    if head[_TAR] == b"ustar" and b"\0" in head[: _TAR.start]:
        return "a tar archive: unpack it with tar"
    return next((what for begin, what in _BEGINNINGS.items() if head.startswith(begin)), "")


def _is_floret(fields: list[bytes]) -> bool:
    """Whether this is a header: buckets, dim, shortest, longest, hashes, seed, two marks."""
    marks = fields[6:]
    return (
        all(map(bytes.isdigit, fields[:6])) and len(marks) == 2 and not any(map(is_number, marks))
    )


def refusal(source: Source) -> W2VError:
    """An error that says what a file looks like which no format has taken."""
    for begin, meaning in _TEXTS.items():
        if source.head.removeprefix(MARK).startswith(begin):
            return W2VError(f"{source.name} is {meaning}")
    first = source.head.partition(b"\n")[0]
    rows, lengths = rows_without_header(source)
    number, line = rows[lengths.index(usual_length(lengths))] if rows else (1, first)
    return W2VError(
        f"{source.name}: row {number}: expected a name and two numbers or more, with blanks "
        f"between, or first a word2vec header, 'ROWS DIM'; found {line[:20]!r}: this is no vector "
        "file"
    )
