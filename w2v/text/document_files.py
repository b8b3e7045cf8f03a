"""The files of documents: the format of each path, and the files of a folder or an archive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of
from w2v.system.progress import plural
from w2v.system.remote_files import is_address, is_folder, relative_to
from w2v.text import arrow_tables
from w2v.text.corpus import files_of
from w2v.text.sources import Source, is_tar_name

FORMATS = ("lines", "tsv", "csv", "jsonl", "files", "wet", "parquet", "arrow")
TABLES = ("parquet", "arrow")  # the formats whose files have columns, and are no stream of bytes
MEMBERS = "members"  # the format of an archive, each of whose members has its own
_BY_SUFFIX = {".tsv": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_OF_ROWS = _BY_SUFFIX | arrow_tables.SUFFIXES
_WET_SUFFIXES = {".wet": "wet", ".warc": "wet"}


class DocumentFile(NamedTuple):
    """A file of documents.

    path    its path
    format  one of FORMATS, or MEMBERS
    name    its name, by which documents are named
    folder  the path, with a / after it, that is put before the paths of its members; "" for a file
            that is not one of a folder
    """

    path: str
    format: str
    name: str
    folder: str

    def reading(self, source: Source, of_members: str = "files") -> tuple[str, str]:
        """The format and the name of a text in the file: the file itself, or a member of it.

        of_members  the format of members of an archive whose suffix names none
        """
        format = self.format
        if source.is_page:
            own = {"wet": "files", MEMBERS: of_members}
            return own.get(format, format), source.member
        if format == "wet":
            raise W2VError(
                f"{source.place}: no WET file: it begins with no record of WARC; --format lines "
                "reads any text as lines"
            )
        if not source.member:
            return format, self.name
        if format == MEMBERS:
            format = _BY_SUFFIX.get(_suffix(source.member), of_members)
        return format, self.folder + source.member


def formats_of(paths: Sequence[str], given: str | None) -> list[str]:
    """The format of each path, by the value of --format, or by the suffix of the path."""
    if given is None:
        return [_by_suffix(path) for path in paths]
    formats = given.split(",")
    for format in formats:
        if format not in FORMATS:
            raise W2VError(f"--format {format}: no such format; expected {', '.join(FORMATS)}")
    if len(formats) == 1:
        formats *= len(paths)
    if len(formats) != len(paths):
        raise W2VError(
            f"--format names {plural(len(formats), 'format')} for {plural(len(paths), 'file')}: "
            "give one, or one for each file"
        )
    return formats


def _by_suffix(path: str) -> str:
    """The format of a path: that of a folder is files, that of other paths follows the suffix."""
    if is_folder(path):
        return "files"
    if is_tar_name(path):
        return MEMBERS
    return (_OF_ROWS | _WET_SUFFIXES).get(_suffix(path), "lines")


def _suffix(path: str) -> str:
    return os.path.splitext(packing.plain_name(path))[1].lower()


def expanded(path: str, format: str) -> list[DocumentFile]:
    """A file of documents, or each file of a folder in order.

    The name of a file of rows is its base name, and that of a file that is one document is its
    path, as it is given: two such files with one base name are two documents. The name of a file of
    a folder is its path in the folder.
    """
    if is_folder(path):
        names = [(file, relative_to(path, file)) for file in files_of(path)]
        return [DocumentFile(file, format, name, f"{name}/") for file, name in names]
    name = packing.plain_name(name_of(path))
    if format != "files":
        name = os.path.basename(name)
    elif not is_address(path):
        name = os.path.normpath(name).replace(os.sep, "/")
    return [DocumentFile(path, format, name, "")]


def rows_in_folders(inputs: Sequence[DocumentFile]) -> list[str]:
    """The files of folders that are read as one document each, but look like files of rows."""
    return [
        file.path
        for file in inputs
        if file.format == "files" and file.folder and _suffix(file.path) in _OF_ROWS
    ]
