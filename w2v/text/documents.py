"""Documents in files: a line each, a row of a table, a JSON object, or a file of a folder.

They come as one stream of blocks of tokens, as those of a `Corpus`, in which a line end ends a
document; their names and labels are noted on the way.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.system import packing
from w2v.system.pipes import name_of
from w2v.text.columns import LONGEST_ROW, Columns, records
from w2v.text.corpus import BLOCK, Corpus, files_of

# What of labels: not expected, but for tables of three columns; read if there; needed.
Labels = Literal["extra", "if there", "needed"]
FORMATS = ("lines", "tsv", "csv", "jsonl", "files")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARK = b"__label__"  # fastText's
_SENTENCE_END = re.compile(rb"(?<!\S)</s>(?!\S)")


class DocumentCorpus(Corpus):
    """One or several files of documents as one stream of tokens.

    paths   files or folders; `-` is stdin
    text    how the text becomes words
    how     where documents begin, and what names them
    labels  whether each has one, as the first column of a table or `__label__NAME` at the begin of
            a line; then names are of no use
    refused called with the error where a row is no document, and the row is left out; None: it is
            raised
    Raises  W2VError for what cannot be read, and while it is read for a name that comes twice

    After `blocks` has been consumed: `names` has a name for each row, and `rows`, `labels` a row
    and a label (or None) for each document; `blank_rows` is how many rows were empty and left out.
    """

    def __init__(
        self,
        paths: Sequence[str],
        text: TextSettings,
        how: DocumentSettings,
        labels: Labels = "extra",
        refused: Callable[[W2VError], None] | None = None,
    ):
        self._labels, self._refused, self._how = labels, refused, how
        self._new_columns()  # a wrong --columns should not be found only when a table comes
        self._inputs = [
            each
            for path, format in zip(paths, _formats(paths, how.format), strict=True)
            for each in _expanded(path, format)
        ]
        super().__init__(
            [path for path, *_ in self._inputs],
            text.tokenizer,
            text.encoding,
            text.lowercase,
            text.normalize,
        )
        self.source = ", ".join(map(name_of, paths))
        self.names: list[str] = []
        self.rows = array("i")
        self.labels: list[str | None] = []
        self.blank_rows = 0
        self._known: dict[str, int] = {}
        self._numbers_only = how.id_prefix != "file" and {f for _, f, _ in self._inputs} == {
            "lines"
        }

    def blocks(self) -> Iterator[bytes]:
        """Blocks of tokens as UTF-8, parted by ASCII whitespace; a line end ends a document.

        Raises W2VError where a file is damaged, holds no text, or a name comes twice
        """
        self._digest = hashlib.sha256()
        readers: dict[str, Callable[[str, str], Iterator[bytes]]] = {
            "lines": self._lines if self._labels == "extra" else self._labelled,
            "tsv": self._table,
            "csv": self._csv,
            "jsonl": self._objects,
            "files": self._file,
        }
        for path, format, name in self._inputs:
            for block in readers[format](path, name):
                tokens = self._tokens(block)
                if b"</s>" in tokens:  # it would end the document
                    tokens = _SENTENCE_END.sub(b"", tokens)
                yield tokens
        self.fingerprint = self._digest.hexdigest()

    def _lines(self, path: str, name: str) -> Iterator[bytes]:
        """Each line is a document, and its number the name."""
        ends_line, before = True, 0 if self._how.id_prefix == "file" else len(self.rows)
        for block in self._cut(path):
            self._digest.update(block)
            before = self._number(name, before, block.count(b"\n"))
            ends_line = block.endswith(b"\n")
            yield block
        if not ends_line:
            self._number(name, before, 1)
            yield b"\n"

    def _number(self, file: str, before: int, count: int) -> int:
        """Name documents by their numbers, `before` + 1 and so on."""
        for number in map(str, range(before + 1, before + 1 + count)):
            self._add(number, None, file, f"line {number}")
        return before + count

    def _labelled(self, path: str, name: str) -> Iterator[bytes]:
        """Each line is a document, and begins with its label."""

        def parse(number: int, row: bytes) -> bytes:
            mark, text = (*row.split(None, 1), b"", b"")[:2]  # at any blank, as in fastText
            label = mark.removeprefix(_MARK).decode() if mark.startswith(_MARK) else None
            if label is not None and text.startswith(_MARK):
                raise W2VError(f"{name_of(path)}: row {number} has several labels, not one")
            self._add(None, label, name, f"row {number}")
            return row if label is None else text

        yield from self._texts(self._rows(path), parse)

    def _table(self, path: str, name: str) -> Iterator[bytes]:
        """Each row is a document: a text, and perhaps an id and a label, separated by tabs."""
        columns = self._new_columns()

        def parse(number: int, line: bytes) -> bytes | None:
            where, row = f"{name_of(path)}: row {number}", line.decode()
            if not columns.names and columns.begin(row.split("\t"), where, "\t"):
                return None
            most = len(columns.names) - 1 if columns.text_is_last else -1
            fields = columns.fields(row.split("\t", most), where)
            return self._text_of(fields, name, f"row {number}")

        yield from self._texts(self._rows(path), parse)

    def _csv(self, path: str, name: str) -> Iterator[bytes]:
        """As `_table`, but separated by commas, and what has commas or line ends is in quotes."""
        columns = self._new_columns()

        def parse(where: str, separator: str, row: list[str]) -> bytes | None:
            if not row:
                self.blank_rows += 1
                return None
            if not columns.names and columns.begin(row, where, separator):
                return None
            return self._text_of(columns.fields(row, where), name, where.rpartition(": ")[2])

        lines = (line.decode() for line in self._lines_of(path))
        yield from self._texts(records(lines, path), parse)

    def _new_columns(self) -> Columns:
        pair = "id" if self._labels == "extra" else "label"
        return Columns(self._how.columns, self._how.header, pair)

    def _text_of(self, fields: dict[str, str], name: str, where: str) -> bytes:
        """The text of a row, whose id and label are noted."""
        self._add(fields.get("id"), fields.get("label"), name, where)
        return fields["text"].encode()

    def _objects(self, path: str, name: str) -> Iterator[bytes]:
        """Each line is a JSON object, of which some fields are the text, the name, the label."""
        how = self._how

        def parse(number: int, row: bytes) -> bytes:
            where = f"{name_of(path)}: row {number}"
            try:
                found = json.loads(row)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise W2VError(
                    f"{where}: expected a JSON object, found {row[:60].decode(errors='replace')!r}"
                )
            text = _field(found, how.text_field, where, needed=True)
            id_ = _name_field(found, how.id_field or "id", where, how.id_field is not None)
            label = _name_field(found, how.label_field, where)
            self._add(id_, label, name, f"row {number}")
            return self._encoded(str(text), where)

        yield from self._texts(self._rows(path), parse)

    def _encoded(self, text: str, where: str) -> bytes:
        """A text as UTF-8; halves of surrogate pairs, which JSON can hold, are no letters."""
        try:
            return text.encode()
        except UnicodeEncodeError:
            clean, bad = _SURROGATE.subn("\ufffd", text)
            self.first_bad = self.first_bad or where
            self.bad_bytes += bad
            return clean.encode()

    def _texts(
        self, rows: Iterable[tuple[Any, ...]], parse: Callable[..., bytes | None]
    ) -> Iterator[bytes]:
        """Rows of a file as lines of text, many in a block.

        parse  notes the document in a row, given as its arguments, and returns its text; None: the
               row is no document
        """

        def _documents() -> Iterator[bytes]:
            for row in rows:
                try:
                    text = parse(*row)
                except W2VError as error:
                    if self._refused is None:
                        raise
                    self._refused(error)
                else:
                    if text is not None:
                        yield text

        return _gathered(_documents())

    def _file(self, path: str, name: str) -> Iterator[bytes]:
        """The whole file is one document, and its path in the folder the name."""
        self._add(name, None, "", "")
        for block in self._cut(path):
            self._digest.update(block)
            yield block.replace(b"\n", b" ")
        yield b"\n"

    def _rows(self, path: str) -> Iterator[tuple[int, bytes]]:
        """The lines of a file with their numbers, from 1; blank ones are counted and left out."""
        for number, ended in enumerate(self._lines_of(path), 1):
            line = ended.rstrip(b"\r\n")
            if line or (self._labels == "if there" and ended.endswith(b"\n")):
                yield number, line
            elif ended.endswith(b"\n"):
                self.blank_rows += 1

    def _lines_of(self, path: str) -> Iterator[bytes]:
        """The lines of a file, with their ends."""
        number, rest = 0, b""
        for block in self._decoded(path):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self._digest.update(line.rstrip(b"\r") + b"\n")
                yield line + b"\n"
            number += len(lines)
            if len(rest) > LONGEST_ROW:
                raise W2VError(
                    f"{name_of(path)}: row {number + 1} has more than {LONGEST_ROW:,} bytes"
                )
        if rest:
            self._digest.update(rest.rstrip(b"\r") + b"\n")
            yield rest

    def _add(self, id_: str | None, label: str | None, file: str, where: str) -> None:
        """Note a document; without an id its number names it."""
        if label is None and self._labels == "needed":
            raise W2VError(
                f"{file}: {where} has no label: expected LABEL TAB TEXT in a .tsv file (or with "
                f"--format tsv), __label__LABEL TEXT, or the field {self._how.label_field!r}"
            )
        name = str(len(self.rows) + 1) if id_ is None or self._labels != "extra" else id_
        prefix = {"none": None, "file": file, "label": label}[self._how.id_prefix]
        if prefix:
            name = f"{prefix}:{name}"
        row = len(self.names)
        if not self._numbers_only:
            self._digest.update(f"{name}\n".encode("utf-8", "surrogateescape"))
            row = self._known.setdefault(name, row)
        if row == len(self.names):
            self.names.append(name)
        elif not self._how.merge_ids:
            raise W2VError(
                f"{file}: {where}: there is a document {name!r} already; --merge-ids makes them "
                f"one, --id-prefix file or label tells them apart, --columns says what is the id"
            )
        self.rows.append(row)
        self.labels.append(label)

    def row_numbers(self) -> np.ndarray:
        """`rows` as int32 (D,)."""
        return np.frombuffer(self.rows, np.int32)


def _formats(paths: Sequence[str], given: str | None) -> list[str]:
    """The format of each path, as given, or as the file looks."""
    if given is None:
        return [_looks_like(path) for path in paths]
    formats = given.split(",")
    for format in formats:
        if format not in FORMATS:
            raise W2VError(f"--format {format}: no such format; there are {', '.join(FORMATS)}")
    if len(formats) == 1:
        formats *= len(paths)
    if len(formats) != len(paths):
        raise W2VError(f"--format names {len(formats)} formats for {len(paths)} files")
    return formats


def _looks_like(path: str) -> str:
    if path != "-" and os.path.isdir(path):
        return "files"
    suffix = os.path.splitext(packing.plain_name(path))[1].lower()
    return {".tsv": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(
        suffix, "lines"
    )


def _expanded(path: str, format: str) -> list[tuple[str, str, str]]:
    """The files that a path stands for: (path, format, name), those of a folder in order."""
    if path == "-" or not os.path.isdir(path):
        return [(path, format, os.path.basename(packing.plain_name(name_of(path))))]
    if format != "files":
        raise W2VError(f"{path} is a directory; name its files: {path}/*, or --format files")
    return [(each, format, os.path.relpath(each, path)) for each in files_of(path)]


def _field(found: dict[str, Any], name: str, where: str, needed: bool) -> str | None:
    """A field of a JSON object as text; a whole number will do."""
    value = found.get(name)
    if value is None and not needed:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise W2VError(f"{where}: the field {name!r} is {'not there' if value is None else value}")
    return str(value)


def _name_field(found: dict[str, Any], name: str, where: str, needed: bool = False) -> str | None:
    """A field of a JSON object that names something; it must be text that can be written."""
    value = _field(found, name, where, needed)
    if value is not None and (bad := _SURROGATE.search(value)):
        raise W2VError(
            f"{where}: the field {name!r} has half of a surrogate pair, {ascii(bad[0])[1:-1]}, "
            "which is not a character"
        )
    return value


def _gathered(texts: Iterator[bytes]) -> Iterator[bytes]:
    """Texts as lines, many in a block."""
    lines, size = [], 0
    for text in texts:
        lines.append(text.replace(b"\n", b" "))
        size += len(text)
        if size > BLOCK:
            yield b"\n".join([*lines, b""])
            lines, size = [], 0
    if lines:
        yield b"\n".join([*lines, b""])
