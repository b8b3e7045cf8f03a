"""The parts of a word's vector in a model with subwords: its own row and its n-grams' rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.embeddings.lookup import find, row_of
from w2v.embeddings.norms import row_norms, unit_vectors
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table


class Part(NamedTuple):
    """A row that a word's vector is the mean of.

    kind    word for the word's own row, n-gram for others
    name    the word, or the n-gram with the marks < and > of the beginning and the end of a word
    weight  the share of the row in the mean, 1 / number of parts
    norm    the Euclidean norm of the row
    cosine  the cosine of the row to the word's vector; None if one of them has no direction
    """

    kind: str
    name: str
    weight: float
    norm: float
    cosine: float | None


def word_parts(
    table: Table, subwords: Subwords, name: str, ignore_case: bool = False
) -> list[Part]:
    """The parts of the vector of a word; NotFoundError if it has none.

    subwords  the subwords of the table
    """
    row = row_of(table, name, ignore_case)
    word = table.encoded(name) if row is None else table.name_bytes(row)
    found = [("n-gram", ngram, at) for ngram, at in subwords.ngrams(word)]
    rows = subwords.vectors.take(np.array([at for _, _, at in found], np.int64))
    if row is not None:
        found = [("word", word, row), *found]
        rows = np.concatenate([subwords.word_rows(np.array([row])), rows])
    if not found:
        find(table, name, ignore_case)  # raises the error for a word without a vector
    norms, units, mean = row_norms(rows), unit_vectors(rows), unit_vectors(rows.mean(axis=0))
    cosines = np.clip(units @ mean, -1, 1)
    directed = [bool(unit.any()) for unit in units]
    return [
        Part(
            kind, part.decode("utf-8", "surrogateescape"), 1 / len(found), float(norms[at]),
            float(cosines[at]) if directed[at] and mean.any() else None,
        )
        for at, (kind, part, _) in enumerate(found)
    ]  # fmt: skip
