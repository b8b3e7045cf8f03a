"""Tables of documents: which column is the text, the id, the label; headings; records of CSV."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence

from w2v.errors import W2VError
from w2v.system.pipes import name_of

LONGEST_ROW = 1 << 28  # bytes: a row of a table or a JSON object is held in memory
_KNOWN = {"id", "label", "text", "-"}


class Columns:
    """What the columns of a table of documents are.

    given    as given by --columns: names separated by commas; None: by the heading, or by how many
            columns there are
    header  yes, no or auto: a first row that names a column `text`, and all others or one of them
            `id` or `label`, is a heading
    pair    what comes before the text in a table of two columns: id or label
    """

    def __init__(self, given: str | None, header: str, pair: str):
        self._given = None if given is None else _checked(given)
        self._header, self._pair = header, pair
        self.names: list[str] = []

    def begin(self, first: Sequence[str], where: str, separator: str) -> bool:
        """Take the first row of a file: whether it is a heading. `names` are then the columns."""
        self._separator = separator
        names = [field.strip().casefold() for field in first]
        has_text = names.count("text") == 1
        named = has_text and (len(names) == 1 or not {"id", "label"}.isdisjoint(names))
        is_heading = self._header == "yes" or (self._header == "auto" and named)
        if self._given is not None:
            self.names = self._given
        elif is_heading and has_text:
            self.names = [name if name in _KNOWN else "-" for name in names]
        elif is_heading:
            raise W2VError(
                f"{where}: no column, or several, are called text, but {', '.join(names)[:100]!r}: "
                "--columns says which is which"
            )
        else:
            usual = ["label", "id", "text"] if len(first) > 2 else [self._pair, "text"]
            self.names = ["text"] if len(first) == 1 and separator != "\t" else usual
        return is_heading

    @property
    def text_is_last(self) -> bool:
        """Whether the text may hold what separates columns, where there are no quotes."""
        return self.names[-1] == "text"

    def fields(self, row: Sequence[str], where: str) -> dict[str, str]:
        """A row by the names of its columns; W2VError where it has not as many fields as these."""
        if len(row) != len(self.names):
            shown = self._separator.join(row)[:60]
            expected = (" TAB " if self._separator == "\t" else self._separator).join(self.names)
            raise W2VError(f"{where}: expected {expected}, found {shown!r}; see --columns")
        return dict(zip(self.names, row, strict=True))


def _checked(given: str) -> list[str]:
    columns = given.split(",")
    some = [name for name in columns if name != "-"]
    if set(columns) - _KNOWN or len(set(some)) < len(some) or "text" not in columns:
        raise W2VError(
            f"--columns {given}: columns are text and, each at most once, id, label; or -"
        )
    return columns


def separator_of(line: str) -> str:
    """What separates the fields of a CSV file whose first line this is: a comma if it has one."""
    return next((each for each in ",;\t" if each in line), ",")


def records(lines: Iterator[str], path: str) -> Iterator[tuple[str, str, list[str]]]:
    """The records of a CSV file: where each is, what separates its fields, and these.

    lines   with their ends: a field in quotes may go on in the next line
    Raises  W2VError where quotes are not as they should be
    """
    first = next(lines, "")
    separator = separator_of(first)
    reader = csv.reader(itertools.chain([first], lines), delimiter=separator, strict=True)
    before = csv.field_size_limit(LONGEST_ROW)
    try:
        for number in itertools.count(1):
            line = reader.line_num + 1
            where = f"{name_of(path)}: row {number}" + (f" (line {line})" * (line != number))
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise W2VError(
                    f"{where}: {error}: are its quotes closed, and doubled inside?"
                ) from None
            yield where, separator, fields
    finally:
        csv.field_size_limit(before)
