"""Recognises, by their first bytes, files that cannot be read as vectors, with an error for each.

The error has the kind of the file and advice. This module is a format with only the function
`sniff`, which raises the error. Pickles are not read because they can run code.
"""

from __future__ import annotations

from w2v.embeddings.source import Layout, Source
from w2v.embeddings.text_rows import (
    all_are_rows,
    first_fields,
    has_no_line_end,
    is_number,
    rows_without_header,
    usual_length,
)
from w2v.errors import NotVectorsError, W2VError
from w2v.system.text_file import MARK

SUFFIXES = ()
_PICKLE = (
    "a Python pickle, which can run code when it is opened: export the vectors, in gensim with "
    "save_word2vec_format, or save_facebook_model for a FastText model"
)
_BEGINNINGS = {
    b"\x80\x02": _PICKLE,
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"PK\x03\x04": "a zip archive, such as an .npz or PyTorch file: unpack it, or export its "
    "vectors as text",
    b"\x89HDF": "an HDF5 file: export its vectors as text",
    b"SQLite format 3\0": "an SQLite database, such as Magnitude's: export its vectors as text",
}
_PAGE = "an HTML page, perhaps an error page of the server: download the file again"
_UTF16 = "text in UTF-16: convert it with iconv -f UTF-16 -t UTF-8"
# A text of vectors may begin with these bytes too, so only files that no format has accepted are
# compared with them.
_TEXTS = {
    b"ccopy_reg\n": _PICKLE,
    b"version https://git-lfs": "a Git LFS pointer, not the file itself: run git lfs pull",
    b"<!DOCTYPE": _PAGE,
    b"<!doctype": _PAGE,
    b"<html": _PAGE,
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
}
_TAR = slice(257, 262)  # the place of the mark of a tar archive


def sniff(source: Source) -> Layout | None:
    """Raise a W2VError for a file of one of these kinds; returns None for other files."""
    meaning = _meaning(source.head)
    if meaning and (_is_tar(source.head) or not all_are_rows(source)):
        raise W2VError(f"{source.name} is {meaning}")
    if _is_floret(first_fields(source)[0]):
        raise W2VError(
            f"{source.name} begins like a floret text, but a number in its first line is wrong, or "
            "the file is cut short: download or write it again"
        )
    return None


def _meaning(head: bytes) -> str:
    """The kind of a file by its first bytes, or ""; a text of vectors may begin with them too."""
    if head[_TAR] == b"ustar" and b"\0" in head[: _TAR.start]:
        return "a tar archive: unpack it with tar -xf, and name a file of it"
    return next((what for begin, what in _BEGINNINGS.items() if head.startswith(begin)), "")


def _is_tar(head: bytes) -> bool:
    """Whether a file has the mark and the checksum of a tar archive.

    An archive of a text of vectors has the same number of numbers in each line.
    """
    return head[_TAR] == b"ustar" and head[148:156].strip(b" \0").isdigit()


def _is_floret(fields: list[bytes]) -> bool:
    """Whether the fields are the header of a floret file.

    The fields are buckets, D, min n, max n, hashes, seed, and the two marks of word boundaries.
    """
    marks = fields[6:]
    return (
        all(map(bytes.isdigit, fields[:6])) and len(marks) == 2 and not any(map(is_number, marks))
    )


def refusal(source: Source) -> W2VError:
    """The error for a file that no format has accepted, with the kind of the file if known."""
    for begin, meaning in _TEXTS.items():
        if source.head.removeprefix(MARK).startswith(begin):
            return W2VError(f"{source.name} is {meaning}")
    if source.head.removeprefix(MARK).startswith(b"{"):
        return NotVectorsError(
            f"{source.name} is JSON: write its vectors as text, a name and its numbers on each line"
        )
    if has_no_line_end(source):
        return NotVectorsError(
            f"{source.name} is not a vector file: row 1: no line end in {len(source.head):,} "
            "bytes, and no header 'ROWS DIM'"
        )
    first = source.head.partition(b"\n")[0]
    rows, lengths = rows_without_header(source)
    number, line = rows[lengths.index(usual_length(lengths))] if rows else (1, first)
    return NotVectorsError(
        f"{source.name} is not a vector file: row {number}: expected a name and two or more "
        f"numbers, separated by blanks, or a word2vec header, 'ROWS DIM'; found {line[:20]!r}"
    )
