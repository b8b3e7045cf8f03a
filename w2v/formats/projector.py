"""The two files of TensorFlow's Embedding Projector: x.tsv, numbers, and x.metadata.tsv, names."""

from __future__ import annotations

import os

from w2v import store
from w2v.formats.text import numbers
from w2v.lines import mark_before
from w2v.table import Table


def labels_of(path: str) -> str:
    """The file of names beside a file of numbers."""
    return os.path.splitext(path)[0] + ".metadata.tsv"


def write(path: str, table: Table) -> None:
    """Write both. Tabs and line ends in names become blanks: there they part fields.

    Where counts are known, the second has two columns, and then a heading.
    """
    with store.replacing(labels_of(path)) as names, store.replacing(path) as file:
        for row in range(len(table)):
            file.write(b"\t".join(numbers(table, row)) + b"\n")
        file.flush()
        if table.counts is not None:
            names.write(b"word\tcount\n")
        elif len(table):
            names.write(mark_before(table.name_bytes(0)))
        for row in range(len(table)):
            name = b" ".join(table.name_bytes(row).replace(b"\r", b" ").split(b"\t"))
            name = name.replace(b"\n", b" ")
            names.write(name if table.counts is None else b"%s\t%d" % (name, table.counts[row]))
            names.write(b"\n")
