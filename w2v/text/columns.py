"""Reads tables of documents: the text, id and label columns, the header row, and CSV records."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from w2v.errors import W2VError, listed
from w2v.setting_fields import option_name
from w2v.text.header_names import are_names, has_usual_names, options_for, plain, text_columns

LONGEST_ROW = 1 << 28  # maximum bytes of a table row or a JSON object, which must fit in memory
EXTRA = "extra"  # the key of the extra column in the fields of a row
# A field in quotes. A quote inside a field without quotes, such as that of 12", opens none.
_QUOTED = re.compile(r'(?<![^,;\t|])"(?:[^"]++|"")*+(?:"|$)')
_COLUMN_NAMES = {"id", "label", "text", "-"}


class HeaderError(W2VError):
    """The first row of a table does not have the names that are needed, so that no row is valid."""


class DoubtfulRow(NamedTuple):
    """A first row that was read as a document, but may be a header.

    where      its place
    fields     its fields by column name
    has_usual  whether it has usual names of an id and of a text
    options    the options that would name its columns; "": they are named by --columns
    """

    where: str
    fields: dict[str, str]
    has_usual: bool
    options: str

    @property
    def advice(self) -> str:
        """The options that read it as a header, for messages."""
        return f"{self.options} names its columns" if self.options else "--header yes leaves it out"


class Columns:
    """The names of the columns of a table of documents: text, id, label, or - (ignored).

    given   the value of --columns: names separated by commas. With None, the names are taken from
            the header row, or else from the number of columns
    header  whether the first row is a header: yes, no, or auto. With auto it is a header if a field
            is the name of the text and another is that of the id or of the label, or if it is the
            only field. With `given` it is one too if the field of the id is `id`, or that
            of the label `label`, and all fields are short names
    pair    the name of the first of two columns, id or label, for a table without column names; the
            second column is the text
    extra   the name of a further column to read, which may be one of the above; None: no column
    text    the name of the text in the header, or several names separated by commas: their fields
            are joined by blanks. With another name than `text`, the table must have a header with
            it, unless `given` names the columns
    id_field, label_field  the names of the id and the label in the header, which must have names
            that are given, unless `given` names the columns. None: `id` or `label`, if it has them
    options  the settings with which columns can be named, for advice
    remembered  the names of settings that come from a model. They are used if the first row has so
            many columns, or these names, or may be a header; else the table is read without them
    needs_pair  whether a header has an id or label; else a row with the name of the text is one. A
            table with given names needs none
    Raises  W2VError for a wrong value of --columns

    doubtful  the first row, if it was read as a document although all its fields are short names,
              as in a header; None: no such row
    where     the place of the first row
    assumed   whether the first row is a header only because that of a model's training text was
    """

    def __init__(
        self,
        given: str | None,
        header: str,
        pair: str,
        extra: str | None = None,
        text: str = "text",
        id_field: str | None = None,
        label_field: str | None = None,
        options: Sequence[str] = ("text_field",),
        needs_pair: bool = True,
        remembered: Container[str] = (),
    ):
        self._given = None if given is None else _checked(given)
        self._header, self._pair, self._extra, self._options = header, pair, extra, options
        named = {"text_field": text, "id_field": id_field, "label_field": label_field}
        defaults = {"text_field": "text", "id_field": "id", "label_field": "label"}
        # The names that are given, by the names of their settings, with the default names.
        self._own = {
            setting: plain(name)
            for setting, name in named.items()
            if name is not None and (setting == "id_field" or plain(name) != defaults[setting])
        }
        self._wanted = {setting: self._own.get(setting, defaults[setting]) for setting in defaults}
        self._defaults, self._needs_pair, self._remembered = defaults, needs_pair, remembered
        self._extra_column = 0
        self._places: dict[str, list[int]] = {}  # the numbers of the columns with each meaning
        self.names: list[str] = []
        self.doubtful: DoubtfulRow | None = None
        self.where, self.assumed = "", False

    def begin(self, first: Sequence[str], where: str, separator: str) -> bool:
        """Set `names` from the first row of a file; returns whether that row is a header.

        first      the fields of the row
        where      the file and the number of the row, for messages
        separator  the field separator
        Raises     HeaderError for a header that lacks the column of the text or one that is named,
                   or has two columns of a name that is read
        """
        self._separator, self.where = separator, where
        names = [plain(field) for field in first]
        self._forget(names)
        texts = text_columns(self._wanted["text_field"], names)
        has_pair = len(names) == 1 or not {
            self._wanted["id_field"], self._wanted["label_field"]
        }.isdisjoint(names)  # fmt: skip
        has_names = bool(texts) and (has_pair or bool(self._own) or not self._needs_pair)
        has_short_names = are_names(names)
        has_names = has_names or (has_short_names and self._has_own_names(names))
        is_header = self._header == "yes" or (self._header == "auto" and has_names)
        if self._given is not None:
            self.names = self._given
        elif is_header and texts:
            self.names = self._meanings(names, texts, where)
        elif self._header == "no" and self._own:
            setting, name = next(iter(self._own.items()))
            raise HeaderError(
                f"{where}: {option_name(setting)} {name} is in the header, which --header no says "
                "is missing: name the columns with --columns, such as -,text"
            )
        elif is_header or self._own:
            self._refuse_header(first, where)
        else:
            default = ["label", "id", "text"] if len(first) > 2 else [self._pair, "text"]
            self.names = ["text"] if len(first) == 1 and separator != "\t" else default
            # Text in the last column of a TSV file may have tabs, so that a header is sure only by
            # its names.
            is_other = has_short_names if separator != "\t" else has_usual_names(names)
            if len(first) > len(self.names) and is_other and self._header == "auto":
                self._refuse_header(first, where)
        self._find_places(texts if is_header and self._given is None else [], names)
        if self._extra is not None:
            self._find_extra(names if is_header else self.names, is_header, where)
        is_row = not is_header and len(first) >= len(self.names)  # else `fields` refuses it
        if self._header == "auto" and is_row and has_short_names and len(names) > 1:
            options = "" if self._given else options_for(first, self._options)
            fields = {name: first[places[0]] for name, places in self._places.items()}
            self.doubtful = DoubtfulRow(where, fields, has_usual_names(names), options)
        return is_header

    def _forget(self, names: Sequence[str]) -> None:
        """Ignore the settings of a model that do not fit the first row.

        names  the fields of the row
        """
        for setting in [setting for setting in self._own if setting in self._remembered]:
            own = self._own[setting]
            if not (text_columns(own, names) if setting == "text_field" else own in names):
                del self._own[setting]
                self._wanted[setting] = self._defaults[setting]
        if "columns" in self._remembered and self._given is not None:
            has_more = self._given[-1] == "text" and len(names) > len(self._given)
            if len(names) != len(self._given) and not (has_more and self._separator == "\t"):
                self._given = None
            elif "text" in names and not {"id", "label"}.isdisjoint(names):
                self._given = None  # the table names its columns
        if "header" in self._remembered:
            is_header = self._header == "yes" and self._given is not None and are_names(names)
            self._header, self.assumed = ("yes", True) if is_header else ("auto", False)

    def _meanings(self, names: Sequence[str], texts: Sequence[int], where: str) -> list[str]:
        """The meaning of each column of a header; HeaderError if one that is named is missing.

        texts  the numbers of the columns of the text
        """
        for setting in ("id_field", "label_field"):
            name = self._own.get(setting, names[0])
            if name not in names:
                raise HeaderError(
                    f"{where}: no column {name!r}; the columns are {listed(names)[:200]}: "
                    f"choose one with {option_name(setting)}"
                )
        meanings = {self._wanted["id_field"]: "id", self._wanted["label_field"]: "label"}
        for name in [*meanings, *(names[column] for column in texts)]:
            if (count := names.count(name)) > 1:
                raise HeaderError(
                    f"{where}: the header names {count} columns {name}: choose one with --columns, "
                    "with - for the others"
                )
        return [
            "text" if column in texts else meanings.get(name, "-")
            for column, name in enumerate(names)
        ]

    def _find_places(self, texts: Sequence[int], names: Sequence[str]) -> None:
        """Set the numbers of the columns with each meaning.

        texts  the numbers of the columns of the text in a header; empty: by `self.names`
        names  the fields of the header
        """
        self._places = {name: [self.names.index(name)] for name in self.names if name != "-"}
        if texts:
            self._places["text"] = [*texts]
            for meaning in ("id", "label"):  # which may be a column of the text too
                name = self._wanted[f"{meaning}_field"]
                if name in names:
                    self._places[meaning] = [names.index(name)]

    def _refuse_header(self, first: Sequence[str], where: str) -> None:
        """Raise HeaderError for a first row without the name of the text, with what names it."""
        own = self._own.get("text_field")
        wanted = own or "text"
        found = self._separator.join(first)[:100]
        options = "" if own else options_for(first, self._options)
        advice = f"give {options}" if options else "correct it, or give --text-field"
        raise HeaderError(
            f"{where}: the header must name one column {wanted}, found {found!r}: {advice}, "
            "or name all columns with --columns"
        )

    def _has_own_names(self, names: Sequence[str]) -> bool:
        """Whether the first row has `id` or `label` in the column of --columns with this name."""
        pairs = zip(self._given or [], names, strict=False)
        return any(given == name and given in ("id", "label") for given, name in pairs)

    def _find_extra(self, names: Sequence[str], is_header: bool, where: str) -> None:
        """Set the position of the extra column; W2VError if no column has its name."""
        wanted = str(self._extra).strip().casefold()
        if wanted not in names:
            advice = "" if is_header else ": give --header yes if the first row has the names"
            raise HeaderError(
                f"{where}: no column {self._extra!r}; the columns are {listed(names)[:200]}{advice}"
            )
        if len(names) != len(self.names):
            raise HeaderError(
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
        fields = {
            name: " ".join([row[place] for place in places])
            for name, places in self._places.items()
        }
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
    """The separator of a CSV file by its first row: comma, else semicolon, else tab, else |.

    Those in a quoted field do not count, also where the field ends on a later line.
    """
    bare = _QUOTED.sub("", line)
    return next((separator for separator in ",;\t|" if separator in bare), ",")


def records(lines: Iterator[str], place: str) -> Iterator[tuple[str, str, list[str]]]:
    """The records of a CSV file: for each its place, for messages; the separator; the fields.

    lines   lines with their line ends, because a quoted field may continue on the next line
    place   the name of the file in messages
    Raises  W2VError for wrong quotes or a field longer than LONGEST_ROW
    """
    blank = 0  # number of blank rows before the first row, which have no separator
    while (first := next(lines, "")) and not first.strip():
        blank += 1
        yield f"{place}: row {blank}", ",", [first] if first.strip("\r\n") else []
    if not first:  # for an empty line, csv.reader would return a row
        return
    separator = separator_of(first)
    reader = csv.reader(itertools.chain([first], lines), delimiter=separator, strict=True)
    for number in itertools.count(blank + 1):
        line = blank + reader.line_num + 1
        where = f"{place}: row {number}"
        if line != number:  # after a quoted field of several lines
            where += f" (line {line})"
        # The limit is that of all readers of the program. It is raised only while a record is read,
        # because other files may be read between two records.
        old_limit = csv.field_size_limit(LONGEST_ROW)
        try:
            fields = next(reader, None)
        except csv.Error as error:
            what = f"{error}: check that quotes are closed, and doubled inside fields"
            if str(error).startswith("new-line"):  # the message of csv advises a mode of Python
                what = "a carriage return (CR) without a line feed (LF): end lines by LF or CR LF"
            raise W2VError(f"{where}: {what}") from None
        finally:
            csv.field_size_limit(old_limit)
        if fields is None:
            return
        yield where, separator, fields
