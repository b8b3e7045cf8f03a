"""Our own file, a safetensors container of one or several tables; see `embeddings/container.py`.

It has no `read` and no `write` of one table without a name, as other formats do: `formats.load` and
`formats.save` say which table they mean.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from w2v.embeddings import container
from w2v.embeddings.source import Layout, Source
from w2v.embeddings.table import NORMALIZERS, Table
from w2v.errors import W2VError
from w2v.system.pipes import name_of

SUFFIXES = (".safetensors",)
PACKED = False
KIND = "safetensors container"


def sniff(source: Source) -> Layout | None:
    """Eight bytes with the length of a header, below 2^56, and then the header, which is JSON."""
    if source.head[7:9] != b"\0{":
        return None
    if source.packed:
        raise W2VError(f"{source.name} is our container, packed by {source.packed}: unpack it")
    return Layout(KIND)


def read_table(path: str, name: str, limit: int | None) -> Table:
    """A table of a file, or its first `limit` rows; W2VError where there is none of this name."""
    tensors, metadata = container.read(path)
    settings = container.nested(metadata, "settings")
    if name == "words" and settings.get("word_vectors") is False:
        raise W2VError(
            f"{name_of(path)} has no word vectors: train it with --word-vectors, or ask for its "
            "documents where the command takes --table documents"
        )
    table = container.read_table(path, tensors, name)
    if limit is not None:
        table = table.take(np.arange(min(limit, len(table))))
    form = settings.get("normalize")
    return replace(table, normalize=form) if name == "words" and form in NORMALIZERS else table


def write_table(path: str, table: Table, name: str) -> None:
    """Write a file of one table."""
    container.write(path, container.table_tensors(name, table), container.file_metadata())
