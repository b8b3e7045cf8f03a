"""Reads tables of documents: the text, id and label columns, the header row, and CSV records."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence

from w2v.errors import W2VError

LONGEST_ROW = 1 << 28  # maximum bytes of a table row or a JSON object, which must fit in memory
EXTRA = "extra"  # the key of the extra column in the fields of a row
_COLUMN_NAMES = {"id", "label", "text", "-"}


class Columns:
    """The names of the columns of a table of documents: text, id, label, or - (ignored).

    given   the value of --columns: names separated by commas. With None, the names are taken from
            the header row, or else from the number of columns
    header  whether the first row is a header: yes, no, or auto. With auto it is a header if a
            field is the name of the text and another is `id` or `label`, or if it is the only field
    pair    the name of the first of two columns, id or label, for a table without column names; the
            second column is the text
    extra   the name of a further column to read, which may be one of the above; None: no column
    text    the name of the text in the header. With another name than `text`, the table must have a
            header with it, unless `given` names the columns
    needs_pair  whether a header has an id or label; else a row with the name of the text is one. A
            name other than `text` needs none
    Raises  W2VError for a wrong value of --columns
    """

    def __init__(
        self,
        given: str | None,
        header: str,
        pair: str,
        extra: str | None = None,
        text: str = "text",
        needs_pair: bool = True,
    ):
        self._given = None if given is None else _checked(given)
        self._header, self._pair, self._extra = header, pair, extra
        self._text = text.strip().casefold()
        self._needs_pair = needs_pair and self._text == "text"
        self._extra_column = 0
        self.names: list[str] = []

    def begin(self, first: Sequence[str], where: str, separator: str) -> bool:
        """Set `names` from the first row of a file; returns whether that row is a header.

        first      the fields of the row
        where      the file and the number of the row, for messages
        separator  the field separator
        Raises     W2VError for a header without a column of the text, or with two columns of one
                   name that is read
        """
        self._separator = separator
        names = [field.strip().casefold() for field in first]
        has_text = self._text in names
        has_pair = len(names) == 1 or not {"id", "label"}.isdisjoint(names)
        has_names = has_text and (has_pair or not self._needs_pair)
        is_header = self._header == "yes" or (self._header == "auto" and has_names)
        if self._given is not None:
            self.names = self._given
        elif is_header and has_text:
            self.names = [self._meaning(name) for name in names]
            self._check_names(names, where)
        elif self._header == "no" and self._text != "text":
            raise W2VError(
                f"{where}: --text-field {self._text} is in the header, which --header no says is "
                "missing: name the columns with --columns, such as -,text"
            )
        elif is_header or self._text != "text":
            raise W2VError(
                f"{where}: the header must name one column {self._text}, found "
                f"{', '.join(names)[:100]!r}: correct it, or name that of the text with "
                "--text-field, or all columns with --columns"
            )
        else:
            default = ["label", "id", "text"] if len(first) > 2 else [self._pair, "text"]
            self.names = ["text"] if len(first) == 1 and separator != "\t" else default
        if self._extra is not None:
            self._find_extra(names if is_header else self.names, is_header, where)
        return is_header

    def _check_names(self, names: Sequence[str], where: str) -> None:
        """Raise W2VError if two columns of a header have one meaning."""
        for name, meaning in zip(names, self.names, strict=True):
            if meaning != "-" and (count := self.names.count(meaning)) > 1:
                raise W2VError(
                    f"{where}: the header names {count} columns {name}: choose one with --columns, "
                    "with - for the others"
                )

    def _meaning(self, name: str) -> str:
        """The name of a column by its name in the header."""
        if name == self._text:
            return "text"
        return name if name in ("id", "label") else "-"

    def _find_extra(self, names: Sequence[str], is_header: bool, where: str) -> None:
        """Set the position of the extra column; W2VError if no column has its name."""
        wanted = str(self._extra).strip().casefold()
        if wanted not in names:
            advice = "" if is_header else ": give --header yes if the first row has the names"
            raise W2VError(
                f"{where}: no column {self._extra!r}; the columns are "
                f"{', '.join(names)[:200]}{advice}"
            )
        if len(names) != len(self.names):
            raise W2VError(
                f"{where}: the header has {len(names)} columns, but --columns names "
                f"{len(self.names)}"
            )
        self._extra_column = names.index(wanted)

    def between_tabs(self, row: str, where: str) -> dict[str, str] | None:
        """The fields of a row whose columns tabs separate, without quotes; None for the header.

        Text in the last column may contain tabs. Raises as `begin` and `fields`
        """
        if not self.names and self.begin(row.split("\t"), where, "\t"):
            return None
        tabs = len(self.names) - 1 if self.names[-1] == "text" else -1  # -1: all tabs separate
        return self.fields(row.split("\t", tabs), where)

    def fields(self, row: Sequence[str], where: str) -> dict[str, str]:
        """The fields of a row by column name; W2VError if the number of fields is wrong.

        The field of the extra column is also there by the key `EXTRA`.
        """
        if len(row) != len(self.names):
            found = self._separator.join(row)[:60]
            expected = (" TAB " if self._separator == "\t" else self._separator).join(self.names)
            raise W2VError(f"{where}: expected {expected}, found {found!r}; see --columns")
        fields = dict(zip(self.names, row, strict=True))
        return fields if self._extra is None else fields | {EXTRA: row[self._extra_column]}


def _checked(given: str) -> list[str]:
    """The column names in a value of --columns; W2VError for wrong names."""
    columns = given.split(",")
    names = [name for name in columns if name != "-"]
    if set(columns) - _COLUMN_NAMES or len(set(names)) < len(names) or "text" not in columns:
        raise W2VError(
            f"--columns {given}: expected text once, id and label at most once, - for any other "
            "column, such as id,-,text"
        )
    return columns


def whole_lines(blocks: Iterator[bytes], place: str) -> Iterator[bytes]:
    """A text in blocks that end with a line end, or with the text.

    blocks  the text, in any blocks
    place   the name of the file in messages
    Raises  W2VError for a row of more than LONGEST_ROW bytes
    """
    rows, size = 0, 0
    pieces: list[bytes] = []  # of a row whose end is not read yet
    for text in blocks:
        end = text.rfind(b"\n") + 1
        if end:
            block = b"".join([*pieces, text[:end]])
            rows += block.count(b"\n")
            yield block
            pieces, size = [], 0
        pieces.append(text[end:])
        size += len(text) - end
        if size > LONGEST_ROW:
            raise W2VError(
                f"{place}: row {rows + 1} has more than {LONGEST_ROW:,} bytes: split it, or check "
                "that it is text"
            )
    if size:
        yield b"".join(pieces)


def separator_of(line: str) -> str:
    """The separator of a CSV file by its first line: comma, else semicolon, else tab."""
    return next((separator for separator in ",;\t" if separator in line), ",")


def records(lines: Iterator[str], place: str) -> Iterator[tuple[str, str, list[str]]]:
    """The records of a CSV file: for each its place, for messages; the separator; the fields.

    lines   lines with their line ends, because a quoted field may continue on the next line
    place   the name of the file in messages
    Raises  W2VError for wrong quotes or a field longer than LONGEST_ROW
    """
    first = next(lines, "")
    separator = separator_of(first)
    reader = csv.reader(itertools.chain([first], lines), delimiter=separator, strict=True)
    for number in itertools.count(1):
        line = reader.line_num + 1
        where = f"{place}: row {number}"
        if line != number:  # after a quoted field of several lines
            where += f" (line {line})"
        # The limit is that of all readers of the program. It is raised only while a record is read,
        # because other files may be read between two records.
        old_limit = csv.field_size_limit(LONGEST_ROW)
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise W2VError(
                f"{where}: {error}: check that quotes are closed, and doubled inside fields"
            ) from None
        finally:
            csv.field_size_limit(old_limit)
        if fields is None:
            return
        yield where, separator, fields
