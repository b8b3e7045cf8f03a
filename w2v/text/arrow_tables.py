"""Reads the columns of Parquet files and of Arrow IPC files (Feather), a few rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from w2v.errors import W2VError, listed
from w2v.system import arrow
from w2v.system.pipes import is_pipe, name_of
from w2v.system.remote_files import is_address, open_bytes, size_of

BATCH = 512  # rows that are read at a time; each may be a long document
SUFFIXES = {
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow"
}  # fmt: skip
_PARQUET = b"PAR1"
_ARROW = b"ARROW1\0\0"
_FEATHER_1 = b"FEA1"
_STREAM = b"\xff\xff\xff\xff"  # of IPC messages; then come the bytes of the schema
_BUFFER = 1 << 20  # bytes of a column that are read at a time


def is_table(path: str) -> bool:
    """Whether a file has columns: by its first bytes, or that of an address by its suffix."""
    if path == "-" or is_pipe(path):
        return False
    if is_address(path):
        return os.path.splitext(path.partition("?")[0])[1].lower() in SUFFIXES
    with open(path, "rb") as file:
        head = file.read(8)
    is_stream = head[:4] == _STREAM and 0 < int.from_bytes(head[4:], "little") < 1 << 24
    return head.startswith((_PARQUET, _ARROW, _FEATHER_1)) or is_stream


def open_table(path: str) -> ArrowTable:
    """Open a Parquet or Arrow file; W2VError for another file."""
    if not is_table(path):
        raise W2VError(
            f"{name_of(path)}: no Parquet or Arrow file: a pipe, or such a file that is "
            "compressed, is not read; give the path of the file itself"
        )
    return ArrowTable(path)


class ArrowTable:
    """The columns of a Parquet or Arrow IPC file.

    path    the file, or an address
    Raises  W2VError if pyarrow is not installed, or the file is damaged

    names   the names of the columns
    place   the name of the file in messages
    read    number of bytes that have been read so far, about
    """

    def __init__(self, path: str):
        self._arrow = arrow.module("pyarrow", path)
        self._path, self.place, self.read = path, name_of(path), 0
        with open_bytes(path) as file, arrow.explained(self.place, self._arrow):
            fields = [(field.name, field.type) for field in self._schema(arrow.SizedFile(file))]
        self._types = dict(fields)
        self.names = [*self._types]
        self._listed = [name for name, _ in fields]  # with those that several columns have
        self._text_names = [name for name, kind in self._types.items() if self._is_text(kind)]

    def text_column(self) -> str:
        """The column of the text: text, or else the only column of strings; W2VError without."""
        if "text" in self._text_names:
            return "text"
        if len(self._text_names) == 1:
            return self._text_names[0]
        types = listed(f"{name} ({kind})" for name, kind in self._types.items())
        raise W2VError(
            f"{self.place}: no column 'text' of strings or of lists of strings, and not one other "
            f"such column; the columns are {types or 'none'}: give the one with the text this name"
        )

    def check_columns(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Raise W2VError if a column is missing. `wanted` has names, and the options for them."""
        for name, option in wanted:
            if name not in self.names:
                raise W2VError(
                    f"{self.place}: no column {name!r}; the columns are {listed(self.names)}: "
                    f"choose one with {option}"
                )

    def _check_one(self, name: str) -> None:
        """Raise W2VError if several columns have this name."""
        if (count := self._listed.count(name)) > 1:
            raise W2VError(
                f"{self.place}: {count} columns have the name {name!r}: rename all but one"
            )

    def lines(self, columns: Sequence[str], one_line: bool = False) -> Iterator[tuple[bytes, int]]:
        """The texts of rows as lines of UTF-8, and the number of nulls, for some rows each.

        columns   the columns of the text, which are joined by blanks; the text is null if all are
        one_line  whether line ends in a text become blanks, so that each text is one line

        A list of strings is joined by blanks. Raises W2VError for a column of another type
        """
        compute = import_module("pyarrow.compute")
        for arrays in self._batches(columns):
            texts = self._joined(arrays, columns)
            present = texts.drop_null()
            if one_line:
                present = compute.replace_substring(present, "\n", " ")
            # The texts with a line end after each are one buffer, which ends at the last offset.
            empty, end = (self._arrow.scalar(text, present.type) for text in ("", "\n"))
            ended = compute.binary_join_element_wise(present, empty, end)
            _, offsets, data = ended.buffers()
            size = int(np.frombuffer(offsets, np.int64)[len(ended)]) if len(ended) else 0
            yield bytes(memoryview(data)[:size]) if size else b"", texts.null_count

    def rows(self, columns: Sequence[str], texts: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The values of columns, as a dictionary for each row; a text is a string or None.

        columns  their names
        texts    the names among them whose values are texts
        """
        for arrays in self._batches(columns):
            with arrow.explained(self.place, self._arrow):  # a string may not be UTF-8
                values = [
                    (
                        self._strings(array, name) if name in texts else self._plain(array, name)
                    ).to_pylist()
                    for array, name in zip(arrays, columns, strict=True)
                ]
            for row in zip(*values, strict=True):
                yield dict(zip(columns, row, strict=True))

    def _batches(self, columns: Sequence[str]) -> Iterator[list[Any]]:
        """The arrays of columns, for at most BATCH rows each."""
        for name in columns:
            self._check_one(name)
        size = size_of(self._path) or 0
        with open_bytes(self._path) as file:
            with arrow.explained(self.place, self._arrow):
                batches = self._opened(arrow.SizedFile(file), columns)
            while True:
                with arrow.explained(self.place, self._arrow):
                    found = next(batches, None)
                if found is None:
                    break
                batch, share = found
                for first in range(0, batch.num_rows, BATCH):
                    part = batch.slice(first, BATCH)
                    yield [part.column(part.schema.get_field_index(name)) for name in columns]
                self.read = int(size * share)
        self.read = size

    def _opened(self, file: arrow.SizedFile, columns: Sequence[str]) -> Iterator[tuple[Any, float]]:
        """Batches with some columns, each with the share of the rows that have been read."""
        head = _head(file)
        if head.startswith(_PARQUET):
            parquet = import_module("pyarrow.parquet")
            # Without a buffer, each column of a row group is read as a whole.
            table = parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
            total, done = table.metadata.num_rows, 0
            for batch in table.iter_batches(BATCH, columns=list(columns)):
                done += batch.num_rows
                yield batch, done / total
            return
        ipc = self._arrow.ipc
        schema = self._schema(file)
        options = ipc.IpcReadOptions(
            included_fields=[schema.get_field_index(name) for name in columns]
        )
        if head.startswith(_ARROW):
            reader = ipc.open_file(file, options=options)
            for number in range(reader.num_record_batches):
                yield _checked(reader.get_batch(number)), (number + 1) / reader.num_record_batches
            return
        size = size_of(self._path) or 1
        for batch in ipc.open_stream(file, options=options):
            yield _checked(batch), file.tell() / size

    def _schema(self, file: arrow.SizedFile) -> Any:
        """The names and types of the columns of an open file, which then is at its beginning."""
        head = _head(file)
        if head.startswith(_FEATHER_1):
            raise W2VError(
                f"{self.place}: a Feather file of version 1, which is not read: write it again as "
                "version 2"
            )
        if head.startswith(_PARQUET):
            schema = import_module("pyarrow.parquet").ParquetFile(file).schema_arrow
        elif head.startswith(_ARROW):
            schema = self._arrow.ipc.open_file(file).schema
        else:
            schema = self._arrow.ipc.open_stream(file).schema
        file.seek(0)
        return schema

    def _is_list(self, type_: Any) -> bool:
        """Whether values of a type are lists."""
        types = self._arrow.types
        return bool(
            types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_)
        )

    def _is_list_of_numbers(self, type_: Any) -> bool:
        """Whether values of a type are lists of numbers, such as vectors."""
        types = self._arrow.types
        return self._is_list(type_) and bool(
            types.is_integer(type_.value_type) or types.is_floating(type_.value_type)
        )

    def _is_text(self, type_: Any) -> bool:
        """Whether values of a type are strings, or lists of them."""
        types = self._arrow.types
        if types.is_dictionary(type_):
            type_ = type_.value_type
        if self._is_list(type_):
            type_ = type_.value_type
        return bool(
            types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_)
        )

    def _plain(self, array: Any, name: str) -> Any:
        """An array of numbers, strings or lists of them; of other types, such as dates, as text."""
        types = self._arrow.types
        if types.is_dictionary(array.type):
            array = array.dictionary_decode()
        kind = array.type
        if self._is_text(kind) or self._is_list_of_numbers(kind):
            return array
        if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
            return array
        if not types.is_nested(kind) and not types.is_binary(kind):
            with suppress(self._arrow.ArrowInvalid):  # as for bytes that are not UTF-8
                return array.cast(self._arrow.string())
        raise W2VError(
            f"{self.place}: the column {name!r} has the type {listed([kind])}, not strings or "
            "numbers, or lists of them: write it as text, or leave it out of the file"
        )

    def _joined(self, arrays: Sequence[Any], names: Sequence[str]) -> Any:
        """Columns as `_strings`, joined by blanks; a null is empty, unless all of the row are."""
        texts = [self._strings(array, name) for array, name in zip(arrays, names, strict=True)]
        if len(texts) == 1:
            return texts[0]
        compute = import_module("pyarrow.compute")
        blank = self._arrow.scalar(" ", texts[0].type)
        joined = compute.binary_join_element_wise(
            *[compute.fill_null(each, "") for each in texts], blank
        )
        is_valid = texts[0].is_valid()
        for each in texts[1:]:
            is_valid = compute.or_(is_valid, each.is_valid())
        return compute.if_else(is_valid, joined, None)

    def _strings(self, array: Any, name: str) -> Any:
        """A column of strings, or of whole numbers, as large_string; lists are joined by blanks.

        Nulls in lists are left out.
        """
        types, string = self._arrow.types, self._arrow.large_string()
        if types.is_dictionary(array.type):
            array = array.dictionary_decode()
        kind = array.type
        # A whole number becomes text, as in a JSON object.
        if not (self._is_text(kind) or types.is_integer(kind) or types.is_null(kind)):
            raise W2VError(
                f"{self.place}: the column {name!r} has the type {listed([kind])}, not strings; "
                f"the columns are {listed(self.names)}"
            )
        if types.is_nested(kind):
            array = array.cast(self._arrow.list_(self._arrow.string()))  # as binary_join needs it
            compute = import_module("pyarrow.compute")
            # A null in a list would make the whole text null.
            values = compute.fill_null(array.values, "")
            lists = self._arrow.ListArray.from_arrays(array.offsets, values)
            joined = compute.binary_join(lists, " ")
            array = compute.if_else(array.is_valid(), joined, None)
        return array.cast(string)


def _checked(batch: Any) -> Any:
    """A batch of an Arrow file, whose offsets and indices are inside of its data.

    pyarrow does not test them when it reads the file, and would read other memory, or crash.
    """
    batch.validate(full=True)
    return batch


def _head(file: arrow.SizedFile) -> bytes:
    head = file.read(8)
    file.seek(0)
    return head
