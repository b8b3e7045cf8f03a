"""Reads the texts of records: table rows, JSON objects, rows with columns, and whole files.

A `RecordCorpus` is a `Corpus`: one stream of blocks of tokens, in which each line end ends the text
of a record. Line ends within a text are blanks. `documents` also reads their names and labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any

from w2v.errors import W2VError
from w2v.settings import FieldSettings, TextSettings
from w2v.system.pipes import is_pipe, name_of, names_of
from w2v.text.arrow_tables import is_table, open_table
from w2v.text.columns import Columns, DoubtfulRow, HeaderError, records, whole_lines
from w2v.text.corpus import Corpus
from w2v.text.document_files import TABLES, DocumentFile, expanded, formats_of
from w2v.text.header_names import field_names, names_ids
from w2v.text.json_fields import SURROGATE, json_object, text_field
from w2v.text.sources import Source
from w2v.text.text_digest import NoDigest, TextDigest

_LINE_END = re.compile(rb"\r+\n")
_BLANKS = b" \r\v\f"  # the characters of a blank row of a table, in which tabs separate columns
_WITHOUT_FIELDS = {"lines", "files", "wet"}  # the formats whose texts have no fields or columns


class RecordCorpus(Corpus):
    """The texts of the records of one or several files, as sentences.

    paths     files; `-` is stdin
    text      encoding, tokenizer and normalization of the text
    settings  format, columns and field of the texts. Without a format, files whose suffix names
              none are read line by line, also those in archives, and tables by their columns
    threads   the number of threads that read and count the text
    inputs    the files of `paths` with their formats and names; None: they are looked for
    needed    whether there must be a file that may have fields
    remembered  the names of settings that come from the training of a model. They are used in files
              that have such fields or columns; others are read as without them
    Raises    W2VError for wrong settings and, while `blocks` is consumed, for an invalid record

    blank_rows  number of empty rows of the files that were left out

    `fingerprint` is that of the texts, with a line for each: that of a file of these lines.
    """

    _keeps_blank = False  # whether an empty row is a record
    _member_format = "lines"  # of the texts of an archive whose names have no suffix of a format

    def __init__(
        self,
        paths: Sequence[str],
        text: TextSettings,
        settings: FieldSettings,
        threads: int = 1,
        inputs: Sequence[DocumentFile] | None = None,
        needed: bool = True,
        remembered: Container[str] = (),
    ):
        self.settings, self._remembered = settings, remembered
        self._columns()  # raises now for a wrong --columns, not when the first table is read
        self.inputs = inputs or self._find_inputs(paths)
        files = [file.path for file in self.inputs]
        super().__init__(files, text.tokenizer, text.encoding, text.case, text.normalize, threads)
        self.source = names_of(paths)
        if needed:
            self._check_fields()

    def _find_inputs(self, paths: Sequence[str]) -> list[DocumentFile]:
        """The files of paths, with their formats."""
        given = self.settings.format
        formats = formats_of(paths, given)
        if given is None:
            formats = [self._own_format(*each) for each in zip(paths, formats, strict=True)]
        if given is None and "files" in formats:
            path = paths[formats.index("files")]
            raise W2VError(
                f"{path} is a directory: read all its files with -r, or name them: "
                f"{path.rstrip('/')}/*"
            )
        return [
            file
            for path, format in zip(paths, formats, strict=True)
            for file in expanded(path, format)
        ]

    def _own_format(self, path: str, format: str) -> str:
        """The format of a file without --format, by its suffix or, of a table, by its content."""
        if path == "-" or is_pipe(path):
            raise W2VError(
                f"{name_of(path)}: the name does not tell the format: give it, such as "
                "--format jsonl"
            )
        if format == "wet":
            return "lines"
        return "parquet" if format == "lines" and is_table(path) else format

    def _check_fields(self) -> None:
        """Raise W2VError if fields or columns are wanted of texts that have none."""
        settings = self.settings
        wanted = settings.format is None or settings.columns is not None
        wanted = wanted or settings.text_field != FieldSettings.text_field
        if wanted and {file.format for file in self.inputs} <= _WITHOUT_FIELDS:
            raise W2VError(
                f"{self.source}: lines of text have no fields or columns: name the format of the "
                "records, such as --format jsonl, or leave out --text-field, --columns and --header"
            )

    def begin(self) -> None:
        """Forget what has been read, before the text is read again."""
        super().begin()
        self.blank_rows = 0
        self._tables: list[Columns] = []
        self._digest: TextDigest = NoDigest()

    def _separate_texts(self) -> Iterator[bytes]:
        """The texts of records, in blocks that may be small."""
        readers: dict[str, Callable[[Source, str], Iterator[bytes]]] = {
            "lines": self._lines,
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
                format, name = file.reading(source, self._member_format)
                yield from readers[format](source, name)

    def _lines(self, source: Source, name: str) -> Iterator[bytes]:
        """A file with a record on each line."""
        ends_line = True
        for block in self._cut(source):
            ends_line = block.endswith(b"\n")
            yield block
        if not ends_line:
            yield b"\n"

    def _table(self, source: Source, name: str) -> Iterator[bytes]:
        """A table with a record in each row; tabs separate the columns."""
        columns = self._columns_before(source)

        def parse(number: int, line: bytes) -> bytes | None:
            if not columns.names and not line.strip():
                return self._empty_row(name, f"row {number}")
            fields = columns.between_tabs(line.decode(), f"{source.place}: row {number}")
            return None if fields is None else self._text_of(fields, name, f"row {number}")

        def keeps_blank() -> bool:
            """Whether a blank row is a record, as in a table of texts alone."""
            return self._keeps_blank and [*columns.names] == ["text"]

        yield from self._texts(self._rows(source, keeps_blank, _BLANKS), parse)

    def _csv(self, source: Source, name: str) -> Iterator[bytes]:
        """A table in CSV, with a record in each row; a quoted field may contain line ends."""
        columns = self._new_columns()

        def parse(where: str, separator: str, row: list[str]) -> bytes | None:
            if not row:
                self._leave_out_blank()
                return None
            place = where.rpartition(": ")[2]
            if not columns.names and not any(map(str.strip, row)):
                return self._empty_row(name, place)
            if not columns.names and columns.begin(row, where, separator):
                return None
            return self._text_of(columns.fields(row, where), name, place)

        lines = (line.decode() for line in self._lines_of(source))
        yield from self._texts(records(lines, source.place), parse)

    def _empty_row(self, name: str, where: str) -> bytes | None:
        """A row of empty fields before the first row of a table, which names no columns."""
        if self._keeps_blank:
            return self._text_of({"text": ""}, name, where)
        self._leave_out_blank()
        return None

    def _columns_before(self, source: Source) -> Columns:
        """The columns of a table whose rows are read next, here from its first row on."""
        return self._new_columns()

    def _new_columns(self) -> Columns:
        """The columns of the next table."""
        if self._tables and self._tables[-1].doubtful is None and not self._tables[-1].assumed:
            self._tables.pop()
        self._tables.append(self._columns())
        return self._tables[-1]

    def _columns(self) -> Columns:
        """The columns of a table, by the settings."""
        settings = self.settings
        return Columns(
            settings.columns,
            settings.header,
            "id",
            None,
            settings.text_field,
            needs_pair=False,
            remembered=self._remembered,
        )

    def _text_of(self, fields: dict[str, str], name: str, where: str) -> bytes:
        """The text of a table row."""
        return fields["text"].encode()

    def _objects(self, source: Source, name: str) -> Iterator[bytes]:
        """A file with a JSON object on each line."""

        def parse(number: int, row: bytes) -> bytes:
            where = f"{source.place}: row {number}"
            return self._object_text(json_object(row, where), name, number, where)

        yield from self._texts(self._rows(source), parse)

    def _object_text(self, value: dict[str, Any], name: str, number: int, where: str) -> bytes:
        """The text of an object."""
        return self._encoded(text_field(value, self._text_field_in(value), where), where)

    def _text_field_in(self, known: Container[str]) -> str:
        """The value of --text-field; that of a model only where its fields are, or no `text`.

        A record that lacks one of several fields of the model is no record of another kind.
        """
        name, default = self.settings.text_field, FieldSettings.text_field
        if "text_field" not in self._remembered:
            return name
        has_fields = any(each in known for each in field_names(name, known))
        return name if has_fields or default not in known else default

    def _columns_of(self, path: str, name: str) -> Iterator[bytes]:
        """A Parquet or Arrow file, with a text in each row, in the column of the text field."""
        table = open_table(path)
        columns = field_names(self._text_field_in(table.names), table.names)
        table.check_columns([(column, "--text-field") for column in columns])
        lines = self._column(table, columns, one_line=True)
        yield from self._decoded(Source(table.place, "", lines, "utf-8"))

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
        """The texts of the records of a file, as blocks of lines.

        rows   the arguments of `parse` for each row
        parse  returns the text of a row, or None for a header or blank row. For an error that it
               raises, see `_refuse`
        """

        def _records() -> Iterator[bytes]:
            for row in rows:
                try:
                    text = parse(*row)
                except HeaderError:  # not of this row alone
                    raise
                except W2VError as error:
                    self._refuse(error)
                else:
                    if text is not None:
                        yield text

        return self._as_blocks(_records())

    def _refuse(self, error: W2VError) -> None:
        """Raise the error of an invalid row."""
        raise error

    def _file(self, source: Source, name: str) -> Iterator[bytes]:
        """A whole file that is one record."""
        for block in self._cut(source):
            yield block.replace(b"\n", b" ")
        yield b"\n"

    def _rows(
        self,
        source: Source,
        keeps_blank: Callable[[], bool] | None = None,
        blanks: bytes | None = None,
    ) -> Iterator[tuple[int, bytes]]:
        """The lines of a file with their numbers, from 1.

        Blank lines are left out and counted, unless they are records.

        keeps_blank  called at each blank line: whether it is a record; None: it never is
        blanks       the characters of blank lines; None: all ASCII whitespace
        """
        for number, line_with_end in enumerate(self._lines_of(source), 1):
            line = line_with_end.rstrip(b"\r\n")
            has_end = line_with_end.endswith(b"\n")
            if line.strip(blanks) or (keeps_blank is not None and has_end and keeps_blank()):
                yield number, line
            elif has_end:
                self._leave_out_blank()

    def _leave_out_blank(self) -> None:
        """Count a blank row."""
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
        for block in whole_lines(self._decoded(source), source.place):
            ended = block if block.endswith(b"\n") else block + b"\n"
            self._digest.update(_LINE_END.sub(b"\n", ended) if b"\r" in ended else ended)
            yield block

    def assumed_headers(self) -> list[str]:
        """The places of rows left out only because the training text of a model has headers."""
        return [columns.where for columns in self._tables if columns.assumed]

    def doubtful_rows(self) -> list[DoubtfulRow]:
        """The first rows of tables that were read as records, although they are short names."""
        return [columns.doubtful for columns in self._tables if columns.doubtful is not None]

    def possible_headers(self) -> Iterator[tuple[str, str]]:
        """First rows of tables that were read as records, but may be headers.

        Such a row has usual names of an id and of a text, or that of an id and a text of one word.
        Each is a pair of its place, and of the option that reads it.
        """
        for row in self.doubtful_rows():
            has_word = len(row.fields.get("text", "").split()) == 1
            if row.has_usual or (has_word and names_ids(row.fields.get("id", ""))):
                yield row.where, row.advice
