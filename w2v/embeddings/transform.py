"""Transformations of tables: some rows, listed words, unit vectors, affine maps, types, sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from w2v.embeddings import subword_tensors
from w2v.embeddings.affine_maps import centering, principal, whitening
from w2v.embeddings.int8_table import quantized
from w2v.embeddings.norms import has_direction, row_norms
from w2v.embeddings.table import Table
from w2v.errors import W2VError


def select(table: Table, names: set[str]) -> tuple[Table, int]:
    """The table of the rows with these names, in their order; and the number of OOV names."""
    found = [row for name in names if (row := table.find(name)) is not None]
    return table.take(np.unique(np.array(found, np.int64))), len(names) - len(found)


def first(table: Table, limit: int | None) -> Table:
    """The table of the first `limit` rows; None: all."""
    return table if limit is None else table.take(np.arange(min(limit, len(table))))


def listed(table: Table, names: Sequence[str]) -> tuple[Table, int, list[str]]:
    """The vectors of names in their order, composed for names that are out-of-vocabulary.

    names    different names
    Returns  the table; the number of names that are composed, whose count is 0; and the names
             without a vector, which are left out
    """
    rows = np.array([-1 if (row := table.find(name)) is None else row for name in names], np.int64)
    known = rows >= 0
    unknown = np.flatnonzero(~known)
    matrix = np.zeros((len(names), table.dim), np.float32)
    matrix[known] = table.stored(rows[known])
    if table.subwords is not None and unknown.size:
        encoded = [table.encoded(names[at]) for at in unknown.tolist()]
        matrix[unknown] = table.subwords.compose_unknown(encoded)
    kept = known.copy()
    kept[unknown] = has_direction(row_norms(matrix[unknown]))
    counts = None
    if table.counts is not None:
        counts = np.where(known, table.counts[rows], 0)[kept] if len(table) else None
    found = [name for name, is_kept in zip(names, kept.tolist(), strict=True) if is_kept]
    missing = [name for name, is_kept in zip(names, kept.tolist(), strict=True) if not is_kept]
    composed = int(np.count_nonzero(kept & ~known))
    made = Table.build(found, matrix[kept], counts).with_normalization(table.normalize)
    return made, composed, missing


def normalized(table: Table) -> Table:
    """The table with unit vectors; vectors that are zero or not finite stay unchanged."""
    matrix = table.units(slice(None))
    bad = ~np.isfinite(table.norms)  # `units` makes these vectors zero.
    matrix[bad] = table.stored(bad.nonzero()[0])
    return table.with_matrix(matrix)


def centered(table: Table, components: int) -> Table:
    """Subtract the mean, and remove `components` principal components; see `centering`."""
    return centering(table, components).of_table(table)


def reduced(table: Table, dim: int) -> Table:
    """The table with the first `dim` principal components of its vectors; see `principal`."""
    return principal(table, dim).of_table(table)


def whitened(table: Table, dim: int | None) -> Table:
    """The table with vectors whitened by counts, of which `dim` are kept; see `whitening`."""
    return whitening(table, dim).of_table(table)


def with_dtype(table: Table, dtype: str) -> Table:
    """The table with its vectors in another type, and its subwords.

    dtype   f32, f16 or i8. The subwords of i8 are in int8, those of other types in float32
    Raises  W2VError if a vector does not fit the type
    """
    subwords = table.subwords
    if dtype == "i8":
        made = quantized(table)
        return made.with_subwords(subwords and subword_tensors.quantized(subwords))
    if dtype == "f16":
        made = to_float16(table)
    else:
        made = table if table.dtype == np.float32 else table.with_matrix(_float32(table))
    return made.with_subwords(subwords and subword_tensors.unquantized(subwords))


def to_float16(table: Table) -> Table:
    """The table with vectors in float16; W2VError if a number is too large for float16."""
    if table.dtype == np.float16:
        return table
    with np.errstate(over="ignore"):
        matrix = table.matrix.astype(np.float16)
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1) & np.isfinite(table.norms))
    if bad.size:
        raise W2VError(
            f"row {bad[0] + 1}, {table.name(int(bad[0]))!r}: a number above 65,504 does not fit "
            "float16: leave out --dtype f16, or add --normalize"
        )
    return table.with_matrix(matrix).with_subwords(table.subwords)


def lost_directions(before: Table, after: Table) -> str:
    """A message about vectors that have become zero in another type; empty if there are none."""
    lost = has_direction(before.norms) & (after.norms == 0)
    if not lost.any():
        return ""
    return f"{after.counted(lost, f'zero in {after.dtype}')}: too small for it; add --normalize"


def add_output_vectors(table: Table, path: str, tensors: Mapping[str, np.ndarray]) -> Table:
    """Add the output vector of each word to its input vector (Levy, Goldberg and Dagan 2015).

    table    the words and their input vectors (V, D)
    path     the path of the model file, for messages
    tensors  the arrays of the file, among them output_vectors (V, D)
    Raises   W2VError if the file has no output vectors for these words
    """
    output = tensors.get("output_vectors")
    if output is None or output.shape != (len(table), table.dim):
        raise W2VError(
            f"{path}: --combine sum needs the output vectors of words that a .safetensors file of "
            "skip-gram or CBOW with --loss ns has: leave out --combine"
        )
    return table.with_matrix(_float32(table) + output)


def _float32(table: Table) -> np.ndarray:
    """The vectors of a table in float32; not a copy if they are float32."""
    return table.matrix.astype(np.float32, copy=False)
