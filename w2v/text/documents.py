"""Reads documents from files: one for each line, table row, JSON object, or file of a folder.

A `DocumentCorpus` is a `Corpus`: one stream of blocks of tokens, in which each line end ends a
document. The names and labels of the documents are collected while the blocks are read.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.system.pipes import name_of
from w2v.text.columns import EXTRA, LONGEST_ROW, Columns, records
from w2v.text.corpus import Corpus, as_blocks
from w2v.text.document_files import expanded, formats_of
from w2v.text.document_numbers import DocumentNumbers
from w2v.text.json_fields import (
    SURROGATE,
    extra_field,
    id_field,
    json_object,
    label_field,
    text_field,
)
from w2v.text.labels import Labels, check_labels, labels_in, leading_labels, split_labels
from w2v.text.text_digest import TextDigest

FOLDER = "folder"  # the name of the field that files of folders have
_LINE_END = re.compile(rb"\r+\n")
_SENTENCE_END = re.compile(rb"(?<!\S)</s>(?!\S)")


class DocumentCorpus(Corpus):
    """One or several files of documents as one stream of tokens.

    paths     files or folders; `-` is stdin
    text      encoding, tokenizer and normalization of the text
    settings  format, columns and names of the documents
    labels    whether documents have labels, see `Labels`. Labels are in the column `label` of a
              table, in a field of a JSON object, or are `__label__NAME` at the beginning of a line
    refused   called with the error of an invalid row, which is then left out. With None, the error
              is raised
    extra     the name of a column or a JSON field that is read too, or FOLDER for files of folders:
              the folder of each file in the folder of `paths`; None: no column
    threads   the number of threads that read and count the text
    Raises    W2VError for wrong settings and, while `blocks` is consumed, for an invalid row or for
              a document name that occurs twice without --merge-ids

    When `blocks` has been consumed:

    names       the name of each row of the table of document vectors
    rows        the row of each document in that table: documents with one name share a row
    labels      the labels of each document, each once; empty: none
    extras      with `extra`, the value of each document in that column; None where it is blank
    blank_rows  number of empty rows of the files that were left out
    """

    def __init__(
        self,
        paths: Sequence[str],
        text: TextSettings,
        settings: DocumentSettings,
        labels: Labels = "extra",
        refused: Callable[[W2VError], None] | None = None,
        extra: str | None = None,
        threads: int = 1,
    ):
        self._labels, self._refused, self._settings = labels, refused, settings
        self._extra, self.extras = extra, list[str | None]()
        if settings.label_separator == "":
            raise W2VError("--label-separator is empty: give the text between labels, such as ,")
        self._new_columns()  # raises now for a wrong --columns, not when the first table is read
        self._inputs = [
            file
            for path, format in zip(paths, formats_of(paths, settings.format), strict=True)
            for file in expanded(path, format)
        ]
        super().__init__(
            [path for path, *_ in self._inputs],
            text.tokenizer,
            text.encoding,
            text.lowercase,
            text.normalize,
            threads,
        )
        self.source = ", ".join(map(name_of, paths))
        self.rows = array("i")
        # Where documents have no ids, a hundred million of them need no names in memory.
        self._are_numbers = labels != "extra" and settings.id_prefix == "none"
        self._names: list[str] = []
        self.names: Sequence[str] = DocumentNumbers(self.rows) if self._are_numbers else self._names
        self.labels: list[tuple[str, ...]] = []
        self.blank_rows = 0
        self._known: dict[str, int] = {}
        self._label_sets: dict[tuple[str, ...], tuple[str, ...]] = {}  # one object for equal labels
        formats = {format for _, format, _ in self._inputs}
        if extra is not None and ("lines" in formats or ("files" in formats and extra != FOLDER)):
            raise W2VError(
                f"--by {extra}: documents of --format lines have no fields, and the files of a "
                f"folder only --by {FOLDER}: give a table with a header, or jsonl"
            )
        self._numbers_only = settings.id_prefix != "file" and formats == {"lines"}

    def tokens(self, block: bytes) -> bytes:
        """The tokens of a block, separated by ASCII whitespace; a line end ends a document."""
        tokens = super().tokens(block)
        # The token `</s>` would end the document.
        return _SENTENCE_END.sub(b"", tokens) if b"</s>" in tokens else tokens

    def texts(self, pool: Executor | None = None) -> Iterator[bytes]:
        """Blocks of text as UTF-8, before it is tokenized; a line end ends a document.

        The documents of a block are known when it is returned, see `names`.
        pool    the threads that compute the fingerprint; None: this one
        Raises  W2VError for a file that is damaged or not text. Without `refused`, also for an
                invalid row, or a name that occurs twice
        """
        self._digest = TextDigest(pool)
        readers: dict[str, Callable[[str, str], Iterator[bytes]]] = {
            "lines": self._lines if self._labels == "extra" else self._labelled,
            "tsv": self._table,
            "csv": self._csv,
            "jsonl": self._objects,
            "files": self._file,
        }
        for path, format, name in self._inputs:
            yield from readers[format](path, name)
        self.fingerprint = self._digest.hexdigest()

    def _lines(self, path: str, name: str) -> Iterator[bytes]:
        """A file with a document on each line, named by its line number.

        The numbers continue from file to file, but with --id-prefix file each file begins with 1.
        """
        ends_line, last_number = True, 0 if self._settings.id_prefix == "file" else len(self.rows)
        for block in self._cut(path):
            self._digest.update(block)
            last_number = self._number(name, last_number, block.count(b"\n"))
            ends_line = block.endswith(b"\n")
            yield block
        if not ends_line:
            self._number(name, last_number, 1)
            yield b"\n"

    def _number(self, file: str, last: int, count: int) -> int:
        """Add `count` documents, named by the numbers after `last`; returns the last of these."""
        for number in map(str, range(last + 1, last + 1 + count)):
            self._add(number, (), file, f"line {number}")
        return last + count

    def _labelled(self, path: str, name: str) -> Iterator[bytes]:
        """A file with a document on each line, which may begin with labels as `__label__NAME`.

        Many lines are read at a time, because a file may have a hundred million short ones.
        """
        number = 0
        known: dict[bytes, tuple[str, ...]] = {}  # the labels of each beginning of a line
        for lines in self._blocks_of_lines(path):
            texts, labels = [], []
            for line in lines:
                number += 1
                if not line and self._labels != "if there":
                    self.blank_rows += 1
                    continue
                begin = leading_labels(line)
                try:
                    found = known.get(begin)
                    if found is None:
                        found = labels_in(begin)
                        self._check(found, f"{name}: row {number}")
                        known[begin] = found
                    if not self._are_numbers:
                        self._add(None, found, name, f"row {number}")
                except W2VError as error:
                    self._refuse(error)
                    continue
                texts.append(line[len(begin) :])
                labels.append(found)
            if self._are_numbers:
                self._add_numbered(labels)
            if texts:
                yield b"\n".join([*texts, b""])

    def _blocks_of_lines(self, path: str) -> Iterator[list[bytes]]:
        """The lines of a file without their line ends, many at a time."""
        for block in self._whole_lines(path):
            *lines, rest = block.split(b"\n")
            if b"\r" in block:
                lines, rest = [line.rstrip(b"\r") for line in lines], rest.rstrip(b"\r")
            yield [*lines, rest] if rest else lines

    def _table(self, path: str, name: str) -> Iterator[bytes]:
        """A table with a document in each row; tabs separate the columns text, id and label."""
        columns = self._new_columns()

        def parse(number: int, line: bytes) -> bytes | None:
            where, row = f"{name_of(path)}: row {number}", line.decode()
            if not columns.names and columns.begin(row.split("\t"), where, "\t"):
                return None
            tabs = len(columns.names) - 1 if columns.text_is_last else -1  # -1: all tabs separate
            fields = columns.fields(row.split("\t", tabs), where)
            return self._text_of(fields, name, f"row {number}")

        yield from self._texts(self._rows(path), parse)

    def _csv(self, path: str, name: str) -> Iterator[bytes]:
        """A table in CSV, with a document in each row; a quoted field may contain line ends."""
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
        """The columns of the next table, by the settings."""
        pair = "id" if self._labels == "extra" else "label"
        return Columns(self._settings.columns, self._settings.header, pair, self._extra)

    def _text_of(self, fields: dict[str, str], name: str, where: str) -> bytes:
        """Add the document of a table row; returns its text."""
        separator = self._settings.label_separator
        labels = split_labels(fields.get("label", ""), separator, f"{name}: {where}")
        self._add(fields.get("id"), labels, name, where, fields.get(EXTRA, "").strip())
        return fields["text"].encode()

    def _objects(self, path: str, name: str) -> Iterator[bytes]:
        """A file with a JSON object on each line, which has fields for the text, id and labels."""
        settings = self._settings

        def parse(number: int, row: bytes) -> bytes:
            where = f"{name_of(path)}: row {number}"
            value = json_object(row, where)
            text = text_field(value, settings.text_field, where, needed=True)
            id_ = id_field(value, settings.id_field or "id", where, settings.id_field is not None)
            labels = label_field(value, settings.label_field, where, settings.label_separator)
            extra = extra_field(value, self._extra, where) if self._extra is not None else ""
            self._add(id_, labels, name, f"row {number}", extra)
            return self._encoded(str(text), where)

        yield from self._texts(self._rows(path), parse)

    def _encoded(self, text: str, where: str) -> bytes:
        """A text as UTF-8. Lone surrogates, which JSON allows, are replaced and counted."""
        try:
            return text.encode()
        except UnicodeEncodeError:
            clean, bad = SURROGATE.subn("\ufffd", text)
            self.first_bad = self.first_bad or where
            self.bad_bytes += bad
            return clean.encode()

    def _texts(
        self, rows: Iterable[tuple[Any, ...]], parse: Callable[..., bytes | None]
    ) -> Iterator[bytes]:
        """The texts of the documents of a file, as blocks of lines.

        rows   the arguments of `parse` for each row
        parse  adds the document of a row and returns its text, or None for a header or blank row.
               A row for which it raises a W2VError is left out, if `refused` was given
        """

        def _documents() -> Iterator[bytes]:
            for row in rows:
                try:
                    text = parse(*row)
                except W2VError as error:
                    self._refuse(error)
                else:
                    if text is not None:
                        yield text

        return as_blocks(_documents())

    def _refuse(self, error: W2VError) -> None:
        """Leave out an invalid row, if `refused` was given."""
        if self._refused is None:
            raise error
        self._refused(error)

    def _file(self, path: str, name: str) -> Iterator[bytes]:
        """A file of a folder that is one document, named by its path in the folder."""
        self._add(name, (), "", name_of(path), name.rpartition("/")[0])
        for block in self._cut(path):
            self._digest.update(block)
            yield block.replace(b"\n", b" ")
        yield b"\n"

    def _rows(self, path: str) -> Iterator[tuple[int, bytes]]:
        """The lines of a file with their numbers, from 1.

        Empty lines are left out and counted, unless `labels` is "if there": then they are empty
        documents.
        """
        for number, line_with_end in enumerate(self._lines_of(path), 1):
            line = line_with_end.rstrip(b"\r\n")
            if line or (self._labels == "if there" and line_with_end.endswith(b"\n")):
                yield number, line
            elif line_with_end.endswith(b"\n"):
                self.blank_rows += 1

    def _lines_of(self, path: str) -> Iterator[bytes]:
        """The lines of a file, with their line ends."""
        for block in self._whole_lines(path):
            *lines, rest = block.split(b"\n")
            for line in lines:
                yield line + b"\n"
            if rest:
                yield rest

    def _whole_lines(self, path: str) -> Iterator[bytes]:
        """The text of a file in blocks that end with a line end, or with the file."""
        number, rest = 0, b""
        for text in self._decoded(path):
            block = rest + text
            end = block.rfind(b"\n") + 1
            block, rest = block[:end], block[end:]
            if block:
                self._digest.update(_LINE_END.sub(b"\n", block) if b"\r" in block else block)
                number += block.count(b"\n")
                yield block
            if len(rest) > LONGEST_ROW:
                raise W2VError(
                    f"{name_of(path)}: row {number + 1} has more than {LONGEST_ROW:,} bytes: "
                    "split it, or check that it is text"
                )
        if rest:
            self._digest.update(rest.rstrip(b"\r") + b"\n")
            yield rest

    def _check(self, labels: tuple[str, ...], place: str) -> None:
        """Raise W2VError if a document has too few or too many labels."""
        check_labels(labels, self._labels, place, self._settings.label_field)

    def _add_numbered(self, labels: Sequence[tuple[str, ...]]) -> None:
        """Add documents that are named by their numbers, with the labels of each."""
        first = len(self.rows)
        self.rows.extend(range(first, first + len(labels)))
        self.labels += [self._label_sets.setdefault(each, each) for each in labels]

    def _add(
        self, id_: str | None, labels: tuple[str, ...], file: str, where: str, extra: str = ""
    ) -> None:
        """Add a document; without an id, its name is its number.

        extra  its value in the column `extra`; "": none
        file   the name of the file, for `--id-prefix file` and messages; "" with --format files
        where  the place of the document in the file, for messages; with --format files its path
        """
        place = f"{file}: {where}" if file else where
        self._check(labels, place)
        if self._are_numbers:
            self._add_numbered([labels])
            return
        name = str(len(self.rows) + 1) if id_ is None or self._labels != "extra" else id_
        prefix = {"none": None, "file": file, "label": ",".join(labels)}[self._settings.id_prefix]
        if prefix:
            name = f"{prefix}:{name}"
        row = len(self._names)
        if not self._numbers_only:
            self._digest.update(f"{name}\n".encode("utf-8", "surrogateescape"))
            row = self._known.setdefault(name, row)
        if row == len(self._names):
            self._names.append(name)
        elif not self._settings.merge_ids:
            advice = (
                "to keep both, give the folder that contains both files, so that names are paths"
            )
            if file:
                advice = "--id-prefix file or label makes names differ; "
                advice += "--columns or --id-field chooses the id"
            raise W2VError(
                f"{place}: an earlier document has the same name {name!r}: --merge-ids joins both; "
                f"{advice}"
            )
        self.rows.append(row)
        if self._extra is not None:
            self.extras.append(sys.intern(extra) or None)
        self.labels.append(self._label_sets.setdefault(labels, labels))

    def row_numbers(self) -> np.ndarray:
        """`rows` as int32 (D,)."""
        return np.frombuffer(self.rows, np.int32)
