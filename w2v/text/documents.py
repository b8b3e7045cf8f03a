"""Reads documents from files: one for each line, table row, JSON object, or file of a folder.

A `DocumentCorpus` is a `RecordCorpus`: one stream of blocks of tokens, in which each line end ends
a document. The names and labels of the documents are collected while the blocks are read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.arrow_tables import open_table
from w2v.text.columns import EXTRA, Columns, DoubtfulRow
from w2v.text.document_files import DocumentFile, expanded, formats_of
from w2v.text.document_list import DocumentList
from w2v.text.header_names import field_names, names_ids
from w2v.text.json_fields import extra_field, id_field, label_field, text_field
from w2v.text.labels import Labels, labels_in, leading_labels, split_labels
from w2v.text.records import RecordCorpus
from w2v.text.sources import Source
from w2v.text.text_digest import TextDigest

FOLDER = "folder"  # the name of the field that files of folders have
MANY_TEXTS = 20  # number of labelled texts from which each should not have a label of its own
_SENTENCE_END = re.compile(rb"(?<!\S)</s>(?!\S)")


class DocumentCorpus(RecordCorpus):
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
    remembered  the names of settings that come from the training of a model: see `RecordCorpus`
    Raises    W2VError for wrong settings and, while `blocks` is consumed, for an invalid row or for
              a document name that occurs twice without --merge-ids

    When `blocks` has been consumed:

    names       the name of each row of the table of document vectors
    rows        the row of each document in that table: documents with one name share a row
    labels      the labels of each document, each once; empty: none
    extras      with `extra`, the value of each document in that column; None where it is blank
    blank_rows  number of empty rows of the files that were left out
    first_rows  the first rows that may be headers, of tables that workers of a cluster have read

    `fingerprint` is that of the text and the names, see `DocumentList.fingerprint`, and
    `text_fingerprint` that of the text alone.
    """

    settings: DocumentSettings
    _member_format = "files"

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
        remembered: Container[str] = (),
        keeps_ids: bool = False,
    ):
        self._keeps_ids = keeps_ids
        self._labels, self._refused, self._extra = labels, refused, extra
        self._keeps_blank = labels == "if there"
        if settings.label_separator == "":
            raise W2VError("--label-separator is empty: give the text between labels, such as ,")
        super().__init__(paths, text, settings, threads, inputs, False, remembered)
        formats = {file.format for file in self.inputs}
        if extra is not None and ("lines" in formats or ("files" in formats and extra != FOLDER)):
            raise W2VError(
                f"--by {extra}: documents of --format lines have no fields, and the files of a "
                f"folder only --by {FOLDER}: give a table with a header, or jsonl"
            )

    def begin(self) -> None:
        """Forget what has been read, before the text is read again."""
        super().begin()
        self.text_fingerprint = ""
        self.first_rows: list[DoubtfulRow] = []
        has_extras = self._extra is not None
        formats = {file.format for file in self.inputs}
        numbers_only = self.settings.id_prefix != "file" and formats == {"lines"}
        self.documents = DocumentList(
            self.settings, self._labels, has_extras, numbers_only, self._keeps_ids
        )
        self.names, self.rows = self.documents.names, self.documents.rows
        self.labels, self.extras = self.documents.labels, self.documents.extras

    def _find_inputs(self, paths: Sequence[str]) -> list[DocumentFile]:
        """The files of paths and of folders, with their formats and names."""
        formats = formats_of(paths, self.settings.format)
        return [
            file
            for path, format in zip(paths, formats, strict=True)
            for file in expanded(path, format)
        ]

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
            yield from self._gathered(self._separate_texts())
        self.text_fingerprint = self._digest.hexdigest()
        self.fingerprint = self.documents.fingerprint(self.text_fingerprint)

    def _sources(self, path: str) -> Iterator[Source]:
        """The texts in a file."""
        self.documents.begin_file()
        return super()._sources(path)

    def _lines(self, source: Source, name: str) -> Iterator[bytes]:
        """A file with a document on each line, named by its line number."""
        if self._labels != "extra":
            yield from self._labelled(source, name)
            return
        number = 0
        for block in super()._lines(source, name):
            self._digest.update(block)
            number = self.documents.add_lines(name, number, block.count(b"\n"))
            yield block

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
                if self._labels != "if there" and not line.strip():
                    self._leave_out_blank()
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

    def _columns(self) -> Columns:
        """The columns of a table, by the settings."""
        settings, has_ids = self.settings, self._labels == "extra"
        return Columns(
            settings.columns, settings.header, "id" if has_ids else "label", self._extra,
            settings.text_field, settings.id_field, settings.label_field,
            ["id_field"] * has_ids + ["label_field", "text_field"], remembered=self._remembered,
        )  # fmt: skip

    def _text_of(self, fields: dict[str, str], name: str, where: str) -> bytes:
        """Add the document of a table row; returns its text."""
        separator = self.settings.label_separator
        labels = split_labels(fields.get("label", ""), separator, f"{name}: {where}")
        self.documents.add(fields.get("id"), labels, name, where, fields.get(EXTRA, "").strip())
        return fields["text"].encode()

    def _object_text(self, value: dict[str, Any], name: str, number: int, where: str) -> bytes:
        """Add the document of an object; returns its text."""
        settings = self.settings
        text = text_field(value, self._text_field_in(value), where)
        id_name = self._field_in(value, "id_field", "id")
        id_ = id_field(value, id_name, where, self._needs_id)
        label_name = self._field_in(value, "label_field", "label")
        labels = label_field(value, label_name, where, settings.label_separator)
        extra = extra_field(value, self._extra, where) if self._extra is not None else ""
        self.documents.add(id_, labels, name, f"row {number}", extra)
        return self._encoded(text, where)

    @property
    def _needs_id(self) -> bool:
        """Whether a record without the field of the id is an error."""
        return self.settings.id_field is not None and "id_field" not in self._remembered

    def _field_in(self, known: Container[str], setting: str, default: str) -> str:
        """The field that a setting names; if a model remembers it, only if it is known."""
        name: str | None = getattr(self.settings, setting)
        if name is None or (setting in self._remembered and name not in known):
            return default
        return name

    def _columns_of(self, path: str, name: str) -> Iterator[bytes]:
        """A Parquet or Arrow file, with a document in each row; its columns are as JSON's fields.

        A row whose text is null counts as blank.
        """
        settings, table, bytes_before = self.settings, open_table(path), self.bytes_read
        self.documents.begin_file()
        texts = field_names(self._text_field_in(table.names), table.names)
        wanted = [(name, "--text-field") for name in texts]
        if settings.id_field is not None and self._needs_id:
            wanted.append((settings.id_field, "--id-field"))
        no_column = ("label", FOLDER)
        if settings.label_field not in no_column and "label_field" not in self._remembered:
            wanted.append((settings.label_field, "--label-field"))
        if self._extra is not None:
            wanted.append((self._extra, "--by"))
        table.check_columns(wanted)
        label = self._field_in(table.names, "label_field", "label")
        found = {*texts, self._field_in(table.names, "id_field", "id"), label, self._extra}
        columns = [column for column in table.names if column in found]

        def parse(number: int, row: dict[str, Any]) -> bytes | None:
            self.bytes_read = bytes_before + table.read
            is_null = all(row[name] is None for name in texts)
            if is_null and self._labels != "if there":
                self._leave_out_blank()
                return None
            row |= {name: row[name] or "" for name in texts}
            where = f"{table.place}: row {number}"
            encoded = self._object_text(row, name, number, where)
            labels = str(row.get(label)).encode(errors="replace")
            self._digest.update(b"%b\n%b\n" % (labels, encoded))
            return encoded

        yield from self._texts(enumerate(table.rows(columns, texts), 1), parse)
        self.bytes_read = bytes_before + table.read

    def _leave_out_blank(self) -> None:
        """Count a blank row, also in the numbers of the rows after it."""
        super()._leave_out_blank()
        self.documents.left_out += 1

    def _refuse(self, error: W2VError) -> None:
        """Leave out an invalid row, if `refused` was given."""
        if self._refused is None:
            raise error
        self._refused(error)
        self.documents.left_out += 1

    def _file(self, source: Source, name: str) -> Iterator[bytes]:
        """A file of a folder that is one document, named by its path in the folder."""
        ends_line, size = True, 0
        folder = name.rpartition("/")[0]
        labels = (folder,) if folder and self.settings.label_field == FOLDER else ()
        if self.documents.named_by_numbers and self.settings.label_field == FOLDER:
            self._digest.update(b"%b\n" % folder.encode("utf-8", "surrogateescape"))
        for block in self._cut(source):
            self._digest.update(block)
            ends_line, size = block.endswith(b"\n"), size + len(block)
            yield block.replace(b"\n", b" ")
        if not ends_line:
            self._digest.update(b"\n")
        self.documents.add_file(name, source.place, size, labels)
        yield b"\n"

    def possible_headers(self) -> Iterator[tuple[str, str]]:
        """First rows of tables that were read as documents, but may be headers.

        Such a row has usual names of an id and of a text, or a text of one word, and a label that
        no other document has. Each is a pair of its place, and of the option that reads it.
        """
        found = [*self.first_rows, *self.doubtful_rows()]
        alone: Counter[tuple[str, ...]] = Counter(self.labels) if found else Counter()
        has_repeated = len(self.labels) >= MANY_TEXTS and len(alone) <= len(self.labels) // 2
        for row in found:
            label, has_id = row.fields.get("label"), names_ids(row.fields.get("id", ""))
            is_alone = has_repeated and label is not None and alone[label,] == 1
            has_word = len(row.fields.get("text", "").split()) == 1
            if row.has_usual or (has_word and (has_id or is_alone)):
                yield row.where, row.advice

    def row_numbers(self) -> np.ndarray:
        """`rows` as int32 (D,)."""
        return self.documents.row_numbers()
