"""Reads the lines of texts, or the rows of tables of documents, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from w2v.errors import W2VError
from w2v.settings import DocumentSettings
from w2v.text.columns import Columns, whole_lines
from w2v.text.corpus import Corpus
from w2v.text.document_files import MEMBERS, TABLES, formats_of
from w2v.text.json_fields import json_object, text_field
from w2v.text.sources import Source

FORMATS = ("lines", "tsv", "jsonl")  # those in which each row is one line


class Batch(NamedTuple):
    """Some rows of a text.

    rows    the rows as they are in the file, as UTF-8; each ends with a line end
    tokens  the tokens of the text of each row, separated by blanks; each row ends with a line end
    number  the number of rows
    """

    rows: bytes
    tokens: bytes
    number: int


class Rows(Corpus):
    """One or several texts as batches of rows: lines, rows of a table, or JSON objects.

    paths      files, plain or compressed; `-` is stdin
    settings   format, columns and text field of the rows
    tokenizer, encoding, lowercase, normalize, threads  see `Corpus`
    Raises     W2VError for files of different formats, and as `Corpus` does

    headers    number of header rows of tables that have been read so far
    """

    def __init__(
        self,
        paths: Sequence[str],
        settings: DocumentSettings,
        tokenizer: str = "space",
        encoding: str = "utf-8",
        lowercase: bool = False,
        normalize: str = "none",
        threads: int = 1,
    ):
        super().__init__(paths, tokenizer, encoding, lowercase, normalize, threads)
        self._settings = settings
        found = formats_of(paths, settings.format)
        formats = {"lines" if format in (MEMBERS, "wet") else format for format in found}
        if wrong := sorted(formats.difference(FORMATS)):
            advice = "--format lines reads any text as lines"
            if wrong[0] in TABLES:  # whose files are no text
                advice = "write the table as JSON lines first, such as by pandas.DataFrame.to_json"
            raise W2VError(
                f"{self.source}: the format {wrong[0]} is not read here, only "
                f"{', '.join(FORMATS)}: {advice}"
            )
        if len(formats) > 1:
            raise W2VError(
                f"{self.source}: files of the formats {' and '.join(sorted(formats))} cannot be "
                "joined: give the files of one format"
            )
        self._format = formats.pop()
        self._columns()  # raises now for a wrong --columns
        self.headers = 0
        self._header, self._header_place = b"", ""

    def batches(self) -> Iterator[Batch]:
        """The rows of all files; a missing line end of a file is added.

        A header of a table is a row without tokens. Only that of the first file is returned.
        Raises W2VError for a file that is damaged or not text, an invalid row, or a header that
        differs from that of the first file
        """
        with self.reading_ahead():
            for path in self.paths:
                for source in self._sources(path):
                    if self._format == "lines":
                        for block in self._whole_lines(source):
                            yield Batch(block, self.tokens(block), block.count(b"\n"))
                    else:
                        yield from self._parsed(source)

    def _parsed(self, source: Source) -> Iterator[Batch]:
        """The rows of a table or of JSON objects."""
        parse = self._table_parser() if self._format == "tsv" else self._object_text
        number = 0
        for block in self._whole_lines(source):
            rows, texts = [], []
            for row in block.split(b"\n")[:-1]:
                number += 1
                plain = row.rstrip(b"\r")
                text = parse(plain, f"{source.place}: row {number}") if plain.strip() else ""
                if text is None and not self._is_first_header(plain, source.place):
                    continue
                rows.append(row)
                texts.append((text or "").replace("\n", " ").encode(errors="replace"))
            if rows:
                tokens = self.tokens(b"\n".join([*texts, b""]))
                yield Batch(b"\n".join([*rows, b""]), tokens, len(rows))

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
        return Columns(settings.columns, settings.header, "id", text=settings.text_field)

    def _table_parser(self) -> Callable[[bytes, str], str | None]:
        """A function that returns the text of a row of a table, or None for its header."""
        columns = self._columns()

        def parse(row: bytes, where: str) -> str | None:
            fields = columns.between_tabs(row.decode(), where)
            return None if fields is None else fields["text"]

        return parse

    def _object_text(self, row: bytes, where: str) -> str | None:
        """The text of a JSON object."""
        value = json_object(row, where)
        return text_field(value, self._settings.text_field, where)

    def _whole_lines(self, source: Source) -> Iterator[bytes]:
        """The text of a file in blocks that end with a line end."""
        for block in whole_lines(self._decoded(source), source.place):
            yield block if block.endswith(b"\n") else block + b"\n"
