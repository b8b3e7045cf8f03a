"""Tables made of tables: some of the rows, unit vectors, without what all vectors share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from w2v.embeddings.table import Table
from w2v.errors import W2VError


def select(table: Table, names: set[str]) -> tuple[Table, int]:
    """The rows with some of the names, in the table's order; and how many names have none."""
    rows = [row for row, name in enumerate(table.names) if name in names]
    return table.take(np.array(rows, np.int64)), len(names) - len(rows)


def normalized(table: Table) -> Table:
    """Every vector divided by its length; those without a direction stay as they are."""
    matrix = table.units(slice(None))
    bad = ~np.isfinite(table.norms)  # what is not finite stays as it is: it would become zero
    matrix[bad] = table.matrix[bad]
    return table.with_matrix(matrix)


def centered(table: Table, components: int) -> Table:
    """Without the mean of all vectors, and without the directions in which they differ most.

    components  how many of these; Mu and Viswanath take the length of vectors divided by 100
    Vectors that are zero or not finite are no part of the mean, and stay as they are.
    Source: Mu and Viswanath 2018, "All-but-the-top", algorithm 1.
    """
    if components > table.dim:
        raise W2VError(f"--center {components}: vectors have only {table.dim} numbers")
    directed = table.has_direction()
    if not directed.any():
        return table
    matrix = table.vectors(directed.nonzero()[0]).astype(np.float64)
    matrix -= matrix.mean(axis=0)
    _, directions = np.linalg.eigh(matrix.T @ matrix)
    top = directions[:, ::-1][:, :components]
    matrix -= (matrix @ top) @ top.T
    found = _float32(table).copy()
    found[directed] = matrix
    return table.with_matrix(found)


def to_float16(table: Table) -> Table:
    """In float16; W2VError where a number is too large for these."""
    with np.errstate(over="ignore"):
        matrix = table.matrix.astype(np.float16)
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1) & np.isfinite(table.norms))
    if bad.size:
        raise W2VError(
            f"row {bad[0] + 1}, {table.name(int(bad[0]))!r}: a number above 65,504 does not fit "
            "float16: leave out --dtype f16, or add --normalize"
        )
    return table.with_matrix(matrix)


def add_output_vectors(table: Table, path: str, tensors: Mapping[str, np.ndarray]) -> Table:
    """Each word's input vector plus its output vector (Levy, Goldberg and Dagan 2015)."""
    output = tensors.get("output_vectors")
    if output is None or output.shape != table.matrix.shape:
        raise W2VError(f"{path}: --combine sum: the file has no output vectors of its words")
    return table.with_matrix(_float32(table) + output)


def _float32(table: Table) -> np.ndarray:
    return table.matrix.astype(np.float32, copy=False)
