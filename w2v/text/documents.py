"""Reads documents from files: one for each line, table row, JSON object, or file of a folder.

A `DocumentCorpus` is a `Corpus`: one stream of blocks of tokens, in which each line end ends a
document. The names and labels of the documents are collected while the blocks are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.system.pipes import name_of
from w2v.text.arrow_tables import ArrowTable, is_table
from w2v.text.columns import EXTRA, LONGEST_ROW, Columns, records
from w2v.text.corpus import Corpus, as_blocks, gathered
from w2v.text.document_files import TABLES, DocumentFile, expanded, formats_of
from w2v.text.document_list import DocumentList
from w2v.text.json_fields import (
    SURROGATE,
    extra_field,
    id_field,
    json_object,
    label_field,
    text_field,
)
from w2v.text.labels import Labels, labels_in, leading_labels, split_labels
from w2v.text.sources import Source
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
    inputs    the files of `paths` with their formats and names; None: they are looked for
    Raises    W2VError for wrong settings and, while `blocks` is consumed, for an invalid row or for
              a document name that occurs twice without --merge-ids

    When `blocks` has been consumed:

    names       the name of each row of the table of document vectors
    rows        the row of each document in that table: documents with one name share a row
    labels      the labels of each document, each once; empty: none
    extras      with `extra`, the value of each document in that column; None where it is blank
    blank_rows  number of empty rows of the files that were left out

    `fingerprint` is that of the text and the names, see `DocumentList.fingerprint`, and
    `text_fingerprint` that of the text alone.
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
        inputs: Sequence[DocumentFile] | None = None,
    ):
        self._labels, self._refused, self.settings = labels, refused, settings
        self._extra = extra
        if settings.label_separator == "":
            raise W2VError("--label-separator is empty: give the text between labels, such as ,")
        self._new_columns()  # raises now for a wrong --columns, not when the first table is read
        self.inputs = inputs or [
            file
            for path, format in zip(paths, formats_of(paths, settings.format), strict=True)
            for file in expanded(path, format)
        ]
        formats = {file.format for file in self.inputs}
        self._numbers_only = settings.id_prefix != "file" and formats == {"lines"}
        files = [file.path for file in self.inputs]
        super().__init__(
            files, text.tokenizer, text.encoding, text.lowercase, text.normalize, threads
        )
        self.source = ", ".join(map(name_of, paths))
        if extra is not None and ("lines" in formats or ("files" in formats and extra != FOLDER)):
            raise W2VError(
                f"--by {extra}: documents of --format lines have no fields, and the files of a "
                f"folder only --by {FOLDER}: give a table with a header, or jsonl"
            )

    def begin(self) -> None:
        """Forget what has been read, before the text is read again."""
        super().begin()
        self.blank_rows, self.text_fingerprint = 0, ""
        has_extras = self._extra is not None
        self.documents = DocumentList(self.settings, self._labels, has_extras, self._numbers_only)
        self.names, self.rows = self.documents.names, self.documents.rows
        self.labels, self.extras = self.documents.labels, self.documents.extras

    def tokens(self, block: bytes) -> bytes:
        """The tokens of a block, separated by ASCII whitespace; a line end ends a document."""
        tokens = super().tokens(block)
        # The token `</s>` would end the document.
        return _SENTENCE_END.sub(b"", tokens) if b"</s>" in tokens else tokens

    def texts(self, pool: Executor | None = None) -> Iterator[bytes]:
        """Blocks of text as UTF-8, before it is tokenized; a line end ends a document.

        The documents that end in a block are known when it is returned, see `names`.

        pool    the threads that compute the fingerprint; None: this one
        Raises  W2VError for a file that is damaged or not text. Without `refused`, also for an
                invalid row, or a name that occurs twice
        """
        self._digest = TextDigest(pool)
        with self.reading_ahead():
            yield from gathered(self._separate_texts())
        self.text_fingerprint = self._digest.hexdigest()
        self.fingerprint = self.documents.fingerprint(self.text_fingerprint)

    def _separate_texts(self) -> Iterator[bytes]:
        """The texts of documents, in blocks that may be small."""
        readers: dict[str, Callable[[Source, str], Iterator[bytes]]] = {
            "lines": self._lines if self._labels == "extra" else self._labelled,
            "tsv": self._table,
            "csv": self._csv,
            "jsonl": self._objects,
            "files": self._file,
        }
        for file in self.inputs:
            if file.format in TABLES:
                yield from self._columns_of(file.path, file.name)
                continue
            for source in self._sources(file.path):
                format, name = file.reading(source)
                yield from readers[format](source, name)

    def _lines(self, source: Source, name: str) -> Iterator[bytes]:
        """A file with a document on each line, named by its line number."""
        ends_line, number = True, 0
        for block in self._cut(source):
            self._digest.update(block)
            number = self.documents.add_lines(name, number, block.count(b"\n"))
            ends_line = block.endswith(b"\n")
            yield block
        if not ends_line:
            self._digest.update(b"\n")
            self.documents.add_lines(name, number, 1)
            yield b"\n"

    def _labelled(self, source: Source, name: str) -> Iterator[bytes]:
        """A file with a document on each line, which may begin with labels as `__label__NAME`.

        Many lines are read at a time, because a file may have a hundred million short ones.
        """
        number = 0
        known: dict[bytes, tuple[str, ...]] = {}  # the labels of each beginning of a line
        for lines in self._blocks_of_lines(source):
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
                        self.documents.check(found, f"{name}: row {number}")
                        known[begin] = found
                    if not self.documents.named_by_numbers:
                        self.documents.add(None, found, name, f"row {number}")
                except W2VError as error:
                    self._refuse(error)
                    continue
                texts.append(line[len(begin) :])
                labels.append(found)
            if self.documents.named_by_numbers:
                self.documents.add_numbered(labels)
            if texts:
                yield b"\n".join([*texts, b""])

    def _blocks_of_lines(self, source: Source) -> Iterator[list[bytes]]:
        """The lines of a file without their line ends, many at a time."""
        for block in self._whole_lines(source):
            *lines, rest = block.split(b"\n")
            if b"\r" in block:
                lines, rest = [line.rstrip(b"\r") for line in lines], rest.rstrip(b"\r")
            yield [*lines, rest] if rest else lines

    def _table(self, source: Source, name: str) -> Iterator[bytes]:
        """A table with a document in each row; tabs separate the columns text, id and label."""
        columns = self._columns_before(source)

        def parse(number: int, line: bytes) -> bytes | None:
            where, row = f"{source.place}: row {number}", line.decode()
            if not columns.names and columns.begin(row.split("\t"), where, "\t"):
                return None
            tabs = len(columns.names) - 1 if columns.text_is_last else -1  # -1: all tabs separate
            fields = columns.fields(row.split("\t", tabs), where)
            return self._text_of(fields, name, f"row {number}")

        yield from self._texts(self._rows(source), parse)

    def _csv(self, source: Source, name: str) -> Iterator[bytes]:
        """A table in CSV, with a document in each row; a quoted field may contain line ends."""
        columns = self._new_columns()

        def parse(where: str, separator: str, row: list[str]) -> bytes | None:
            if not row:
                self.blank_rows += 1
                return None
            if not columns.names and columns.begin(row, where, separator):
                return None
            return self._text_of(columns.fields(row, where), name, where.rpartition(": ")[2])

        lines = (line.decode() for line in self._lines_of(source))
        yield from self._texts(records(lines, source.place), parse)

    def _columns_before(self, source: Source) -> Columns:
        """The columns of a table whose rows are read next, here from its first row on."""
        return self._new_columns()

    def _new_columns(self) -> Columns:
        """The columns of the next table, by the settings."""
        pair = "id" if self._labels == "extra" else "label"
        return Columns(self.settings.columns, self.settings.header, pair, self._extra)

    def _text_of(self, fields: dict[str, str], name: str, where: str) -> bytes:
        """Add the document of a table row; returns its text."""
        separator = self.settings.label_separator
        labels = split_labels(fields.get("label", ""), separator, f"{name}: {where}")
        self.documents.add(fields.get("id"), labels, name, where, fields.get(EXTRA, "").strip())
        return fields["text"].encode()

    def _objects(self, source: Source, name: str) -> Iterator[bytes]:
        """A file with a JSON object on each line, which has fields for the text, id and labels."""

        def parse(number: int, row: bytes) -> bytes:
            where = f"{source.place}: row {number}"
            return self._object_text(json_object(row, where), name, number, where)

        yield from self._texts(self._rows(source), parse)

    def _object_text(self, value: dict[str, Any], name: str, number: int, where: str) -> bytes:
        """Add the document of an object; returns its text."""
        settings = self.settings
        text = text_field(value, settings.text_field, where, needed=True)
        id_ = id_field(value, settings.id_field or "id", where, settings.id_field is not None)
        labels = label_field(value, settings.label_field, where, settings.label_separator)
        extra = extra_field(value, self._extra, where) if self._extra is not None else ""
        self.documents.add(id_, labels, name, f"row {number}", extra)
        return self._encoded(str(text), where)

    def _columns_of(self, path: str, name: str) -> Iterator[bytes]:
        """A Parquet or Arrow file, with a document in each row; its columns are as JSON's fields.

        A row whose text is null counts as blank.
        """
        if not is_table(path):
            raise W2VError(
                f"{name_of(path)}: no Parquet or Arrow file: a pipe, or such a file that is "
                "compressed, is not read; give the path of the file itself"
            )
        settings, table, bytes_before = self.settings, ArrowTable(path), self.bytes_read
        wanted = [(settings.text_field, "--text-field")]
        if settings.id_field is not None:
            wanted.append((settings.id_field, "--id-field"))
        if self._extra is not None:
            wanted.append((self._extra, "--by"))
        table.check_columns(wanted)
        found = {settings.text_field, settings.id_field or "id", settings.label_field, self._extra}
        columns = [column for column in table.names if column in found]

        def parse(number: int, row: dict[str, Any]) -> bytes | None:
            self.bytes_read = bytes_before + table.read
            text = row[settings.text_field]
            if text is None and self._labels != "if there":
                self.blank_rows += 1
                return None
            row[settings.text_field] = text or ""
            where = f"{table.place}: row {number}"
            encoded = self._object_text(row, name, number, where)
            labels = str(row.get(settings.label_field)).encode(errors="replace")
            self._digest.update(b"%b\n%b\n" % (labels, encoded))
            return encoded

        yield from self._texts(enumerate(table.rows(columns, settings.text_field), 1), parse)
        self.bytes_read = bytes_before + table.read

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

    def _file(self, source: Source, name: str) -> Iterator[bytes]:
        """A file of a folder that is one document, named by its path in the folder."""
        ends_line, size = True, 0
        for block in self._cut(source):
            self._digest.update(block)
            ends_line, size = block.endswith(b"\n"), size + len(block)
            yield block.replace(b"\n", b" ")
        if not ends_line:
            self._digest.update(b"\n")
        self.documents.add_file(name, source.place, size)
        yield b"\n"

    def _rows(self, source: Source) -> Iterator[tuple[int, bytes]]:
        """The lines of a file with their numbers, from 1.

        Empty lines are left out and counted, unless `labels` is "if there": then they are empty
        documents.
        """
        for number, line_with_end in enumerate(self._lines_of(source), 1):
            line = line_with_end.rstrip(b"\r\n")
            if line or (self._labels == "if there" and line_with_end.endswith(b"\n")):
                yield number, line
            elif line_with_end.endswith(b"\n"):
                self.blank_rows += 1

    def _lines_of(self, source: Source) -> Iterator[bytes]:
        """The lines of a file, with their line ends."""
        for block in self._whole_lines(source):
            *lines, rest = block.split(b"\n")
            for line in lines:
                yield line + b"\n"
            if rest:
                yield rest

    def _whole_lines(self, source: Source) -> Iterator[bytes]:
        """The text of a file in blocks that end with a line end, or with the file."""
        number, rest = 0, b""
        for text in self._decoded(source):
            block = rest + text
            end = block.rfind(b"\n") + 1
            block, rest = block[:end], block[end:]
            if block:
                self._digest.update(_LINE_END.sub(b"\n", block) if b"\r" in block else block)
                number += block.count(b"\n")
                yield block
            if len(rest) > LONGEST_ROW:
                raise W2VError(
                    f"{source.place}: row {number + 1} has more than {LONGEST_ROW:,} bytes: "
                    "split it, or check that it is text"
                )
        if rest:
            self._digest.update(rest.rstrip(b"\r") + b"\n")
            yield rest

    def row_numbers(self) -> np.ndarray:
        """`rows` as int32 (D,)."""
        return self.documents.row_numbers()
