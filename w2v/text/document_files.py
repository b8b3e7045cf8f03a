"""The files of documents: the format of each path, and the files of a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of
from w2v.text.corpus import files_of

FORMATS = ("lines", "tsv", "csv", "jsonl", "files")


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
            f"--format names {len(formats)} formats for {len(paths)} files: give one, or one for "
            "each file"
        )
    return formats


def _by_suffix(path: str) -> str:
    """The format of a path: files for a folder; tsv, csv or jsonl by the suffix; else lines."""
    if path != "-" and os.path.isdir(path):
        return "files"
    suffix = os.path.splitext(packing.plain_name(path))[1].lower()
    return {".tsv": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(
        suffix, "lines"
    )


def expanded(path: str, format: str) -> list[tuple[str, str, str]]:
    """The (path, format, name) of a file, or of each file of a folder in order."""
    if path == "-" or not os.path.isdir(path):
        return [(path, format, os.path.basename(packing.plain_name(name_of(path))))]
    if format != "files":
        raise W2VError(
            f"{path} is a directory: name its files, {path}/*, or give --format files for one "
            "document a file"
        )
    return [(file, format, os.path.relpath(file, path)) for file in files_of(path)]
