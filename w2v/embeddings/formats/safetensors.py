"""The safetensors container, w2v's own format, which holds several tables; see `container.py`.

In place of `read` and `write`, this module has `read_table` and `write_table`, which take the name
of a table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from w2v.embeddings import container, subword_tensors
from w2v.embeddings.source import Layout, Source, named_in_errors
from w2v.embeddings.table import NORMALIZERS, Table
from w2v.errors import W2VError
from w2v.system.pipes import name_of

SUFFIXES = (".safetensors",)
PACKED = False
SUBWORDS = True
KIND = "safetensors container"
TEXT_SETTINGS = {"tokenizer", "lowercase", "lowercase_turkish", "encoding", "normalize"}


def sniff(source: Source) -> Layout | None:
    """Accept a file that begins with a header length below 2^56 and the `{` of a JSON object."""
    if source.head[7:9] != b"\0{":
        return None
    if source.packed:
        raise W2VError(
            f"{source.name} is a safetensors container, packed by {source.packed}: unpack it"
        )
    return Layout(KIND)


def read_table(path: str, name: str, limit: int | None) -> Table:
    """The table `name` of a file, or its first `limit` rows; W2VError without such a table."""
    tensors, metadata = container.read(path)
    settings = container.nested(metadata, "settings")
    if name == "words" and settings.get("word_vectors") is False:
        raise W2VError(
            f"{name_of(path)} has no word vectors: train the model with --word-vectors, or use "
            "its document vectors if the command has --table: --table documents"
        )
    if name == "words" and "features.vectors" in tensors:
        raise W2VError(
            f"{name_of(path)} is a small classifier, which has no word vectors: use it with w2v "
            "predict, in Python with w2v.Classifier, and here the model that it was made from"
        )
    table = container.read_table(path, tensors, name)
    if name == subword_tensors.TABLE:
        subwords = subword_tensors.read(path, tensors, metadata, len(table), table.dim)
        table = table.with_subwords(subwords)
    if limit is not None:
        with named_in_errors(name_of(path)):  # a name may occur twice
            table = table.take(np.arange(min(limit, len(table))))
    form = settings.get("normalize")
    if name == "words" and isinstance(form, str) and form in NORMALIZERS:
        return table.with_normalization(form)
    return table


def write_table(path: str, table: Table, name: str, model: Mapping[str, str] | None = None) -> None:
    """Write a container with one table, and with its subwords if it has any.

    name   the name of the table
    model  the metadata of the file that the table comes from, see `text_settings`; None: no file
    """
    tensors, metadata = container.table_tensors(name, table), container.file_metadata()
    if name == subword_tensors.TABLE:
        metadata |= text_settings(table, model or {})
    if table.subwords and name == subword_tensors.TABLE:
        more, settings = subword_tensors.stored(table.subwords)
        tensors, metadata = {**tensors, **more}, {**metadata, **settings}
    container.write(path, tensors, metadata)


def text_settings(table: Table, model: Mapping[str, str]) -> dict[str, str]:
    """The metadata that say how the text of a model became words, such as its normalization.

    Queries to the file are normalized as its text was, and `model2vec` splits texts as it was.

    table  the words of the model
    model  the metadata of the model's file; empty: only the normalization of the table is known
    """
    given = container.nested(model, "settings")
    kept = {name: given[name] for name in TEXT_SETTINGS if name in given}
    if table.normalize != "none":
        kept["normalize"] = table.normalize
    return {"settings": json.dumps(kept, sort_keys=True)} if kept else {}
