"""fastText's models, .bin and .ftz: words whose vectors are composed from n-grams, see `Subwords`.

The matrix of a .bin is mapped, so that a query reads only the rows that it needs. This format is
only read; word2vec's binary format also has the suffix .bin.
"""

from __future__ import annotations

import numpy as np

from w2v.embeddings.fasttext_file import MAGIC, FastTextFile, parse
from w2v.embeddings.source import Layout, Source
from w2v.embeddings.subword_table import SubwordTable
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.text_rows import all_are_rows
from w2v.system.pipes import open_seekable

SUFFIXES = ()
KIND = "fastText model"


def sniff(source: Source) -> Layout | None:
    """Accept a file with fastText's magic number, unless it is a text whose first name it is."""
    return Layout(KIND) if source.head.startswith(MAGIC) and not all_are_rows(source) else None


def read_table(source: Source, layout: Layout, limit: int | None) -> SubwordTable:
    """The words of a model, or the first `limit` of them."""
    model = read_model(source)
    names, counts = model.words, model.counts
    if limit is not None and limit < len(counts):
        names = b"\n".join([*names.split(b"\n", limit)[:limit], b""])
        counts = counts[:limit]
    return SubwordTable.composing(names, _subwords(model), counts)


def read_model(source: Source) -> FastTextFile:
    """Read a model; its matrices are mapped if the file is not compressed."""
    if source.packed:
        data = np.frombuffer(b"".join(source.blocks()), np.uint8)
    else:
        with open_seekable(source.path) as file:
            data = np.memmap(file, np.uint8, "r")
    return parse(data, source.name)


def _subwords(model: FastTextFile) -> Subwords:
    """What composes the vectors of a model's words."""
    settings, kept = model.settings, model.pruned
    if kept is not None:
        kept = kept[np.argsort(kept[:, 0], kind="stable")].astype(np.int64)
    return Subwords(
        model.inputs, len(model.counts), settings.minn, max(settings.maxn, 0), settings.bucket, kept
    )
