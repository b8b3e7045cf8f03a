"""Reads the lines of texts, the rows of tables of documents, or whole files, many at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from w2v.errors import W2VError
from w2v.settings import DocumentSettings, Lowercase
from w2v.system.pipes import names_of
from w2v.text.arrow_tables import open_table
from w2v.text.columns import Columns, records, whole_lines
from w2v.text.corpus import Corpus
from w2v.text.document_files import MEMBERS, TABLES, expanded, formats_of
from w2v.text.header_names import field_names
from w2v.text.json_fields import id_field, json_object, text_field
from w2v.text.sources import Source

_BATCH = 1 << 20  # bytes of the texts of a batch of files, or of rows of CSV
_INNER_END = b"\xff"  # of a line in a row, as long as a row must be a line; never a byte of UTF-8


_NONE: dict[str, str] = {}  # the fields of a row without text


class Batch(NamedTuple):
    """Some rows of a text.

    rows    the rows as they are in the file, as UTF-8, or the paths of files; each ends with a line
            end, see `Rows.written`
    tokens  the tokens of the text of each row, separated by blanks; each row ends with a line end
    number  the number of rows
    """

    rows: bytes
    tokens: bytes
    number: int


class Rows(Corpus):
    """One or several texts as batches of rows: lines, rows of a table, or JSON objects.

    paths      files, plain or compressed, or folders; `-` is stdin
    settings   format, columns and fields of the rows
    with_names  whether to collect the names of rows
    tokenizer, encoding, lowercase, normalize, threads  see `Corpus`
    Raises     W2VError for files of different formats, and as `Corpus` does

    headers    number of header rows of tables that have been read so far
    names      the names of the rows so far: the id, else the number of the document, or the path of
               a file; "" for a header or an empty row. Lines have no names
    """

    def __init__(
        self,
        paths: Sequence[str],
        settings: DocumentSettings,
        tokenizer: str = "space",
        encoding: str = "utf-8",
        lowercase: Lowercase = False,
        normalize: str = "none",
        threads: int = 1,
        with_names: bool = False,
    ):
        found = formats_of(paths, settings.format)
        files = [file for pair in zip(paths, found, strict=True) for file in expanded(*pair)]
        inputs = [file.path for file in files]
        super().__init__(inputs, tokenizer, encoding, lowercase, normalize, threads)
        self.source = names_of(paths)
        self._settings = settings
        formats = {"lines" if format in (MEMBERS, "wet") else format for format in found}
        if len(formats) > 1:
            raise W2VError(
                f"{self.source}: files of the formats {' and '.join(sorted(formats))} cannot be "
                "joined: give the files of one format"
            )
        self._format = formats.pop()
        self._columns()  # raises now for a wrong --columns
        self.headers, self._documents, self._with_names = 0, 0, with_names
        self.names: list[str] = []
        self._header, self._header_place = b"", ""

    def batches(self) -> Iterator[Batch]:
        """The rows of all files; a missing line end of a file is added.

        A header of a table is a row without tokens. Only that of the first file is returned.
        Raises W2VError for a file that is damaged or not text, an invalid row, or a header that
        differs from that of the first file
        """
        with self.reading_ahead():
            if self._format == "files":
                yield from self._files()
                return
            for path in self.paths:
                if self._format in TABLES:
                    yield from self._table(path)
                    continue
                for source in self._sources(path):
                    if self._format == "lines":
                        for block in self._whole_lines(source):
                            yield Batch(block, self.tokens(block), block.count(b"\n"))
                    elif self._format == "csv":
                        yield from self._csv(source)
                    else:
                        yield from self._parsed(source)

    def _parsed(self, source: Source) -> Iterator[Batch]:
        """The rows of a table or of JSON objects."""
        is_table = self._format == "tsv"
        parse = self._table_parser() if is_table else self._object_fields
        blanks = b" \r\v\f" if is_table else None  # a row of empty fields is a document
        number = 0
        for block in self._whole_lines(source):
            rows, texts = [], []
            for row in block.split(b"\n")[:-1]:
                number += 1
                plain = row.rstrip(b"\r")
                found = (
                    parse(plain, f"{source.place}: row {number}") if plain.strip(blanks) else _NONE
                )
                if found is None and not self._is_first_header(plain, source.place):
                    continue
                rows.append(row)
                texts.append(self._text_of(found or _NONE))
            if rows:
                yield self._batch(rows, texts)

    def _csv(self, source: Source) -> Iterator[Batch]:
        """The rows of a table in CSV, which may have several lines."""
        columns = self._columns()
        taken: list[str] = []  # the lines of the present row

        def _lines() -> Iterator[str]:
            for block in self._whole_lines(source):
                for line in block.split(b"\n")[:-1]:
                    taken.append(line.decode() + "\n")
                    yield taken[-1]

        rows, texts, size = [], [], 0
        for where, separator, row in records(_lines(), source.place):
            raw = "".join(taken).encode()[:-1]
            taken.clear()
            row = row if columns.names or any(map(str.strip, row)) else []
            is_first = not columns.names and bool(row)
            if is_first and columns.begin(row, where, separator):
                if not self._is_first_header(raw.rstrip(b"\r"), source.place):
                    continue
                found = _NONE
            else:
                found = columns.fields(row, where) if row else _NONE
            rows.append(raw.replace(b"\n", _INNER_END))
            texts.append(self._text_of(found))
            size += len(raw)
            if size > _BATCH:
                yield self._batch(rows, texts)
                rows, texts, size = [], [], 0
        if rows:
            yield self._batch(rows, texts)

    def _table(self, path: str) -> Iterator[Batch]:
        """The rows of a Parquet or Arrow file, as JSON objects; a null text is empty."""
        table, settings, bytes_before = open_table(path), self._settings, self.bytes_read
        fields = field_names(settings.text_field, table.names)
        wanted = [(name, "--text-field") for name in fields]
        if settings.id_field is not None:
            wanted.append((settings.id_field, "--id-field"))
        table.check_columns(wanted)
        rows, texts, size = [], [], 0
        for number, row in enumerate(table.rows(table.names, fields), 1):
            rows.append(_as_json(row))
            found = _NONE  # a row whose text is null is no document
            if any(row[name] is not None for name in fields):
                own = row | {name: row[name] or "" for name in fields}
                found = self._fields_of(own, f"{table.place}: row {number}")
            texts.append(self._text_of(found))
            size += len(rows[-1])
            if size > _BATCH:
                self.bytes_read = bytes_before + table.read
                yield self._batch(rows, texts)
                rows, texts, size = [], [], 0
        self.bytes_read = bytes_before + table.read
        if rows:
            yield self._batch(rows, texts)

    def _files(self) -> Iterator[Batch]:
        """The paths of files, with their texts."""
        rows, texts, size = [], [], 0
        for path in self.paths:
            for source in self._sources(path):
                text = b"".join(self._decoded(source))
                if "\n" in source.place:
                    raise W2VError(f"{source.place!r}: a name with a line end: rename the file")
                rows.append(source.place.encode("utf-8", "surrogateescape"))
                texts.append(text.replace(b"\n", b" "))
                if self._with_names:
                    self.names.append(source.place)
                size += len(text)
                if size > _BATCH:
                    yield self._batch(rows, texts)
                    rows, texts, size = [], [], 0
        if rows:
            yield self._batch(rows, texts)

    def _batch(self, rows: list[bytes], texts: list[bytes]) -> Batch:
        """A batch of some rows with their texts."""
        tokens = self.tokens(b"\n".join([*texts, b""]))
        return Batch(b"\n".join([*rows, b""]), tokens, len(rows))

    def _text_of(self, found: dict[str, str]) -> bytes:
        """The text of a row by its fields, as one line; its name is collected."""
        self._documents += bool(found)
        if self._with_names:
            self.names.append(found.get("id", str(self._documents)) if found else "")
        return found.get("text", "").replace("\n", " ").encode(errors="replace")

    @property
    def noun(self) -> str:
        """What a row is called in messages."""
        return "file" if self._format == "files" else "line"

    def written(self, block: bytes) -> bytes:
        """Rows of batches as they are written."""
        return block.replace(_INNER_END, b"\n") if self._format == "csv" else block

    def name(self, row: int) -> str:
        """The name of a row that has been read, by its number from 0."""
        return self.names[row] if self.names else str(row + 1)

    def _is_first_header(self, row: bytes, place: str) -> bool:
        """Whether a header is the first one; W2VError if it differs from the first one."""
        if not self.headers:
            self._header, self._header_place = row, place
            self.headers = 1
            return True
        if row != self._header:
            raise W2VError(
                f"{place}: the header differs from that of {self._header_place}, so "
                "that the rows cannot be joined: give these files one by one"
            )
        return False

    def _columns(self) -> Columns:
        """The columns of the next table."""
        settings = self._settings
        return Columns(
            settings.columns, settings.header, "id", None, settings.text_field, settings.id_field,
            options=["id_field", "text_field"],
        )  # fmt: skip

    def _table_parser(self) -> Callable[[bytes, str], dict[str, str] | None]:
        """A function that returns the fields of a row of a table, or None for its header."""
        columns = self._columns()

        def parse(row: bytes, where: str) -> dict[str, str] | None:
            if row.strip():
                return columns.between_tabs(row.decode(), where)
            try:
                return columns.between_tabs(row.decode(), where) if columns.names else _NONE
            except W2VError:  # too few empty fields: a blank row
                return _NONE

        return parse

    def _object_fields(self, row: bytes, where: str) -> dict[str, str]:
        """The text and the id of a JSON object on a line."""
        return self._fields_of(json_object(row, where), where)

    def _fields_of(self, value: dict[str, Any], where: str) -> dict[str, str]:
        """The text and the id of a JSON object, or of a row."""
        settings = self._settings
        fields = {"text": text_field(value, settings.text_field, where)}
        if self._with_names:
            needed = settings.id_field is not None
            id_ = id_field(value, settings.id_field or "id", where, needed)
            fields |= {} if id_ is None else {"id": id_}
        return fields

    def _whole_lines(self, source: Source) -> Iterator[bytes]:
        """The text of a file in blocks that end with a line end."""
        for block in whole_lines(self._decoded(source), source.place):
            yield block if block.endswith(b"\n") else block + b"\n"


def _as_json(row: dict[str, Any]) -> bytes:
    """A row as a JSON object on a line; NaN and infinity, which JSON does not have, are null."""
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return json.dumps({name: _finite(row[name]) for name in row}, ensure_ascii=False).encode()


def _finite(value: Any) -> Any:
    """A number, or None if it is not finite; the same for the numbers of a list."""
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
