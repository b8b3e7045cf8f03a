"""Parquet: a column of names, one of counts if they are known, and one of vectors.

name    string
count   int64
vector  a list of D numbers, float32 or float16

It needs pyarrow (the extra `arrow`). Rows are written and read in groups, so that only one group is
in memory beside the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.embeddings.repeated_names import first_rows, refused
from w2v.embeddings.row_blocks import row_blocks
from w2v.embeddings.source import Diagnostics, Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import all_are_rows
from w2v.embeddings.utf8_names import refuse_other_bytes
from w2v.errors import W2VError, listed
from w2v.system import arrow, atomic_file
from w2v.system.pipes import open_seekable

SUFFIXES = (".parquet",)
PACKED = False
KIND = "Parquet"
_MAGIC = b"PAR1"
_NUMBERS = 1 << 22  # numbers in a group of rows
_BATCH = 1 << 14  # rows read at a time
_LARGEST_COUNT = (1 << 63) - 1
# Names of the columns of other programs, the first first.
_NAME_COLUMNS = ("name", "word", "token", "label", "term", "id")
_VECTOR_COLUMNS = ("vector", "embedding", "vectors", "embeddings", "emb")
_COUNT_COLUMNS = ("count", "counts", "frequency")


def sniff(source: Source) -> Layout | None:
    """Accept a file with the first bytes of Parquet, unless it is a text of vectors."""
    if not source.head.startswith(_MAGIC) or all_are_rows(source):
        return None
    if source.packed:
        raise W2VError(f"{source.name} is a Parquet file, packed by {source.packed}: unpack it")
    return Layout(KIND)


def check(path: str, table: Table) -> None:
    """Raise a W2VError without pyarrow, and for a name that is not UTF-8."""
    arrow.module("pyarrow.parquet", path)
    refuse_other_bytes(table)


def write(path: str, table: Table) -> None:
    """Write the columns, in groups of rows."""
    check(path, table)
    pyarrow, parquet = arrow.module("pyarrow", path), arrow.module("pyarrow.parquet", path)
    number = pyarrow.from_numpy_dtype(table.stored(slice(0)).dtype)
    fields = [("name", pyarrow.string()), ("vector", pyarrow.list_(number, table.dim))]
    if table.counts is not None:
        fields.insert(1, ("count", pyarrow.int64()))
    schema = pyarrow.schema([pyarrow.field(*field, nullable=False) for field in fields])
    # A dictionary of names or numbers, which all differ, would only cost time.
    with (
        atomic_file.replacing(path) as file,
        parquet.ParquetWriter(file, schema, use_dictionary=False) as writer,
    ):
        for rows in row_blocks(len(table), table.dim, _NUMBERS):
            numbers = pyarrow.array(table.stored(rows).ravel(), number)
            columns = [
                pyarrow.array([table.name(row) for row in range(rows.start, rows.stop)], "string"),
                pyarrow.FixedSizeListArray.from_arrays(numbers, table.dim),
            ]
            if table.counts is not None:
                columns.insert(1, pyarrow.array(table.counts[rows], "int64"))
            writer.write_table(
                pyarrow.Table.from_arrays(columns, schema=schema), rows.stop - rows.start
            )


def read_table(source: Source, layout: Layout, limit: int | None, findings: Diagnostics) -> Table:
    """The table of a file, with its counts if it has them.

    Raises W2VError if a column is missing, a value is null, or vectors differ in length
    """
    pyarrow, parquet = (
        arrow.module("pyarrow", source.path),
        arrow.module("pyarrow.parquet", source.path),
    )
    names: list[bytes] = []
    blocks: list[np.ndarray] = []
    counts: list[np.ndarray] = []
    with open_seekable(source.path) as file, arrow.explained(source.name, pyarrow):
        opened = parquet.ParquetFile(arrow.SizedFile(file))
        columns = _columns(opened.schema_arrow, pyarrow, source.name)
        wanted = [column for column in columns if column]
        for column in wanted:
            if (count := opened.schema_arrow.names.count(column)) > 1:
                raise W2VError(
                    f"{source.name}: {count} columns have the name {column!r}: rename all but one"
                )
        for batch in opened.iter_batches(_BATCH, columns=wanted):
            batch = batch.slice(0, None if limit is None else limit - len(names))
            arrays = [batch.column(batch.schema.get_field_index(column)) for column in wanted]
            if pyarrow.types.is_dictionary(arrays[0].type):
                arrays[0] = arrays[0].dictionary_decode()
            for column, array in zip(wanted, arrays, strict=True):
                if array.null_count:
                    row = len(names) + array.is_null().to_pylist().index(True) + 1
                    raise W2VError(
                        f"{source.name}: row {row}: {listed([column])} is null: leave it out"
                    )
            if len(batch):
                blocks.append(_vectors(arrays[1], blocks, source.name, len(names)))
            names += [name.encode() for name in arrays[0].to_pylist()]
            counts += [_counts(array, columns[2], names, source.name) for array in arrays[2:]]
            if limit is not None and len(names) >= limit:
                break
    if not blocks:
        width = getattr(opened.schema_arrow.field(columns[1]).type, "list_size", 1)
        blocks = [np.empty((0, width), np.float32)]
    matrix, counted = np.concatenate(blocks), np.concatenate(counts) if counts else None
    if (rows := first_rows(names, findings)) is not None:
        names, matrix = [names[row] for row in rows.tolist()], matrix[rows]
        counted = None if counted is None else counted[rows]
    with refused(findings):
        return Table.of(names, matrix, counted)


def _columns(schema: Any, pyarrow: Any, where: str) -> tuple[str, str, str]:
    """The columns of names, of vectors, and of counts ("": none); W2VError for a missing one."""
    types = pyarrow.types
    floats = [
        field.name
        for field in schema
        if (types.is_fixed_size_list(field.type) or types.is_list(field.type)
            or types.is_large_list(field.type))
        and types.is_floating(field.type.value_type)
    ]  # fmt: skip
    texts = [field for field in schema if _is_text(field.type, types)]
    strings = [field.name for field in texts]
    plain = [field.name for field in texts if not types.is_dictionary(field.type)]
    whole = [field.name for field in schema if types.is_integer(field.type)]
    vector = _chosen(floats, _VECTOR_COLUMNS)
    # Categories named label are usually labels of the words.
    name = next((column for column in _NAME_COLUMNS if column in plain), "")
    name = name or next((column for column in _NAME_COLUMNS[:3] if column in strings), "")
    name = name or _chosen(plain, ()) or _chosen(strings, _NAME_COLUMNS)
    count = next((column for column in _COUNT_COLUMNS if column in whole), "")
    if not vector or not name:
        what = "of lists of floats" if name else "of strings"
        known = _VECTOR_COLUMNS if name else _NAME_COLUMNS
        held = listed(f"{field.name} ({field.type})" for field in schema) or "none"
        advice = f"give the column the name {known[0]}"
        if named := next((column for column in known if column in schema.names), ""):
            values = "lists of float32 numbers" if name else "strings"
            advice = f"write the column {named} as {values}"
        raise W2VError(
            f"{where}: no column {known[0]!r} {what}, and not one other such column; the columns "
            f"are {held}: {advice}"
        )
    return name, vector, count


def _is_text(kind: Any, types: Any) -> bool:
    """Whether values of a type are strings; `types` is pyarrow's module."""
    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _chosen(columns: list[str], names: tuple[str, ...]) -> str:
    """The column with the first of some names, or else the only column; "" without one."""
    only = columns[0] if len(columns) == 1 else ""
    return next((name for name in names if name in columns), only)


def _counts(array: Any, column: str, names: list[bytes], where: str) -> np.ndarray:
    """The counts of the last K of the names, int64 (K,); W2VError for one that is no count."""
    numbers: np.ndarray = array.to_numpy()
    for at in np.flatnonzero((numbers < 0) | (numbers > _LARGEST_COUNT))[:1].tolist():
        row = len(names) - len(numbers) + at
        raise W2VError(
            f"{where}: row {row + 1}: the count of {names[row].decode()!r} in the column "
            f"{listed([column])} is {numbers[at]:,}, expected 0 to {_LARGEST_COUNT:,}: leave the "
            "column out"
        )
    return numbers.astype(np.int64)


def _vectors(array: Any, before: list[np.ndarray], where: str, read: int) -> np.ndarray:
    """The vectors of K > 0 rows of a column, float16 or float32 (K, D).

    before  the vectors of the rows before, which set D
    read    the number of these rows
    """
    lengths = arrow.module("pyarrow.compute", where).list_value_length(array).to_numpy()
    dim = before[0].shape[1] if before else int(lengths[0])
    for at in np.flatnonzero((lengths != dim) | (lengths == 0))[:1].tolist():
        raise W2VError(
            f"{where}: row {read + at + 1}: expected a vector of {max(dim, 1):,} numbers, found "
            f"{lengths[at]:,}"
        )
    values = array.flatten()
    if values.null_count:
        row = read + values.is_null().to_pylist().index(True) // dim + 1
        raise W2VError(f"{where}: row {row}: a number of the vector is null")
    numbers: np.ndarray = values.to_numpy()
    if numbers.dtype.itemsize > 4:
        with np.errstate(over="ignore"):  # Numbers too large for float32 become infinity.
            numbers = numbers.astype(np.float32)
    return numbers.reshape(len(array), dim)
