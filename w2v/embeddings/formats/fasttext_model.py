"""fastText's models, .bin and .ftz: words whose vectors are composed from n-grams, see `Subwords`.

The matrix of a .bin is mapped, so that a query reads only the rows that it needs. This module
only reads models; `fasttext_export` writes them. word2vec's binary format also has the suffix .bin.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.embeddings.fasttext_file import LOSSES, MAGIC, MODELS, FastTextFile, parse
from w2v.embeddings.mapped_files import map_file
from w2v.embeddings.repeated_names import first_rows, refused
from w2v.embeddings.row_matrices import QuantizedMatrix
from w2v.embeddings.source import Diagnostics, Layout, Source
from w2v.embeddings.subword_table import SubwordTable
from w2v.embeddings.subwords import Subwords, joined
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import all_are_rows
from w2v.errors import W2VError
from w2v.system.pipes import open_seekable

SUFFIXES = ()
KIND = "fastText model"


def sniff(source: Source) -> Layout | None:
    """Accept a file that begins with fastText's magic number.

    A text of vectors whose first name begins with the same bytes is not accepted.
    """
    if not source.head.startswith(MAGIC) or all_are_rows(source):
        return None
    if source.packed:
        raise W2VError(f"{source.name} is a fastText model, packed by {source.packed}: unpack it")
    return Layout(KIND)


def read_table(source: Source, layout: Layout, limit: int | None, findings: Diagnostics) -> Table:
    """The words of a model, or the first `limit` of them."""
    model = read_model(source)
    names, counts = model.words, model.counts
    if limit is not None and limit < len(counts):
        names = b"\n".join([*names.split(b"\n", limit)[:limit], b""])
        counts = counts[:limit]
    listed = names.split(b"\n")[:-1] if findings.repairs else []
    if (rows := first_rows(listed, findings)) is not None:
        return _of_rows(subwords_of(model), listed, counts, rows)
    with refused(findings):
        return SubwordTable.composing(names, subwords_of(model), counts)


def _of_rows(subwords: Subwords, names: list[bytes], counts: np.ndarray, rows: np.ndarray) -> Table:
    """The table of some rows int64 (K,) of a model, whose vectors are composed at once."""
    kept = [names[row] for row in rows.tolist()]
    vectors = subwords.compose_rows(*joined(names), rows, rows)
    table = Table.of(kept, vectors, counts[rows])
    return table.with_subwords(subwords.part(rows)) if subwords.has_ngrams else table


def is_classifier(path: str) -> bool:
    """Whether a model predicts labels of texts; W2VError if the file is damaged."""
    with Source.open(path) as source:
        return MODELS[read_model(source).settings.model] == "supervised"


def read_model(source: Source) -> FastTextFile:
    """Read a model, whose matrices are mapped."""
    with open_seekable(source.path) as file:
        data = np.frombuffer(map_file(file, source.name), np.uint8)
    return parse(data, source.name)


def subwords_of(model: FastTextFile) -> Subwords:
    """What composes the vectors of a model's words."""
    settings, kept, kept_rows = model.settings, None, None
    if model.pruned is not None:
        # As in fastText, the last of several pairs with the same bucket counts.
        pairs = model.pruned[::-1].astype(np.int64)
        kept, first = np.unique(pairs[:, 0], return_index=True)
        kept_rows = len(model.counts) + pairs[first, 1]
    maxn = max(settings.maxn, 0) if settings.minn <= settings.maxn else 0  # else it has no n-grams
    return Subwords(
        model.inputs, len(model.counts), settings.minn, maxn, settings.bucket, kept, kept_rows
    )


def describe(source: Source) -> dict[str, Any]:
    """The settings of a model, and what it holds besides the vectors of words."""
    model = read_model(source)
    settings = model.settings._asdict()
    facts: dict[str, Any] = {
        "version": model.version,
        "model": MODELS[settings.pop("model")],
        "loss": LOSSES[settings.pop("loss")],
        "settings": settings,
        "tokens": model.tokens,
        "quantized": isinstance(model.inputs, QuantizedMatrix),
    }
    if model.labels:
        facts["labels"] = len(model.labels)
    subwords = subwords_of(model)
    if subwords.has_ngrams:
        facts["subwords"] = {
            "minn": subwords.minn, "maxn": subwords.maxn, "buckets": subwords.buckets,
            "ngrams": subwords.ngram_count,
        }  # fmt: skip
    return facts
