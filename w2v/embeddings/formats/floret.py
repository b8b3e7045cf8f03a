"""floret's text: "rows D minn maxn hashes seed < >", then for each row its number and D numbers.

The file has no words: the vector of any word is composed from the rows, see `FloretSubwords`. The
table is therefore empty, and answers for any word. This format is only read.
"""

from __future__ import annotations

import re

import numpy as np

from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.source import Diagnostics, Layout, Source
from w2v.embeddings.subwords import MOST_CHARACTERS
from w2v.embeddings.table import Table
from w2v.errors import W2VError

SUFFIXES = ()
KIND = "floret text"
_NUMBER = rb"(\d{1,18}) "
_HEADER = re.compile(4 * _NUMBER + rb"([1-4]) " + _NUMBER + rb"([^ \n]+) ([^ \r\n]+)\r?\n")


def sniff(source: Source) -> Layout | None:
    """Accept a file whose first line has six numbers and two marks of words."""
    header = _HEADER.match(source.head)
    if header is None:
        return None
    rows, dim = int(header[1]), int(header[2])
    if not rows or not dim or not source.could_hold(rows, dim, 2 * dim + 1):
        return None
    return Layout(KIND, rows, dim, header.end())


def read_table(source: Source, layout: Layout, limit: int | None, findings: Diagnostics) -> Table:
    """A table without words, whose subwords compose the vector of any word."""
    # These modules are imported only for a file that `sniff` has accepted.
    from w2v.embeddings.floret_subwords import FloretSubwords
    from w2v.embeddings.formats import word2vec_text

    header = _HEADER.match(source.head)
    assert header is not None
    minn, maxn, hashes, seed = (int(header[field]) for field in range(3, 7))
    if not 0 <= minn <= maxn <= MOST_CHARACTERS or seed >= 1 << 32:
        raise W2VError(
            f"{source.name}: the header of the floret text has n-grams of {minn} to {maxn} "
            f"characters, and the seed {seed}: the file is damaged, download or write it again"
        )
    source.skip(layout.header)
    findings = Diagnostics(source.path, advice="download or write the file again")
    names, matrix = word2vec_text.read(source, layout, None, findings)
    if names != [b"%d" % row for row in range(len(names))]:
        raise W2VError(
            f"{source.name}: the rows of a floret text are numbered from 0, and these are not: the "
            "file is damaged, download or write it again"
        )
    subwords = FloretSubwords(
        DenseMatrix(matrix), 0, minn, maxn, len(names),
        hashes=hashes, seed=seed, begin=header[7], end=header[8],
    )  # fmt: skip
    empty = Table.build([], np.zeros((0, layout.dim), np.float32))
    return empty.with_subwords(subwords)
