"""finalfusion's .fifu: words, and n-grams for unknown words; `finalfusion_file` has the layout.

The vector of a word is its row times its norm, as finalfusion's own tools write it to other
formats. The vector of an unknown word is the mean of the rows of its n-grams; finalfusion scales
it to length 1. N-grams that are listed are found by their hash of 32 bits, as those of w2v's own
models. `finalfusion_hash` explains those of finalfusion's own hash. This format is only read.
"""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np

from w2v.embeddings.bucket_rows import MOST, NUMBERED
from w2v.embeddings.finalfusion_file import (
    EXPLICIT,
    FASTTEXT,
    FLORET,
    MAGIC,
    OWN_HASH,
    SIMPLE,
    FinalfusionFile,
    Ngrams,
    parse,
)
from w2v.embeddings.finalfusion_hash import HashedWords
from w2v.embeddings.finished_words import FinishedWords
from w2v.embeddings.floret_subwords import FloretSubwords
from w2v.embeddings.lazy_table import LazyTable
from w2v.embeddings.mapped_files import map_file
from w2v.embeddings.repeated_names import first_rows, refused
from w2v.embeddings.row_matrices import DenseMatrix, QuantizedMatrix
from w2v.embeddings.source import Diagnostics, Layout, Source, named_in_errors
from w2v.embeddings.subwords import Subwords, hash_of
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.pipes import open_seekable

SUFFIXES = ()
KIND = "finalfusion"
_KINDS = {
    SIMPLE: "words", OWN_HASH: "finalfusion's hash", FASTTEXT: "fastText's hash",
    EXPLICIT: "listed n-grams", FLORET: "floret's hash",
}  # fmt: skip


def sniff(source: Source) -> Layout | None:
    """Accept a file that begins with finalfusion's mark and a version, whose high bytes are 0."""
    if not source.head.startswith(MAGIC) or source.head[5:8] != bytes(3):
        return None
    if source.packed:
        raise W2VError(f"{source.name} is a finalfusion file, packed by {source.packed}: unpack it")
    return Layout(KIND)


def read_table(source: Source, layout: Layout, limit: int | None, findings: Diagnostics) -> Table:
    """The words of a file, or the first `limit` of them, with the n-grams for unknown words."""
    file = _read(source)
    subwords: Subwords | None = None
    if file.kind == FLORET:
        return Table.build([], np.zeros((0, file.matrix.shape[1]), np.float32)).with_subwords(
            _floret(file)
        )
    if line_end := next((name for name in file.words if b"\n" in name), None):
        raise W2VError(
            f"{source.name}: the word {line_end.decode(errors='replace')!r} has a line end, which "
            "no word can have: write the file without it"
        )
    finished = _finished(file)
    if file.ngrams is not None:
        with named_in_errors(source.name):
            subwords = _subwords(file, file.ngrams, finished)
    names = list(file.words[:limit])
    kept = first_rows(names, findings)
    rows: slice | np.ndarray = slice(len(names))
    if kept is not None:
        names, rows = [names[row] for row in kept.tolist()], kept
    with refused(findings):
        table = LazyTable.over(b"\n".join([*names, b""]), finished[rows])
    if subwords is None or len(table) == len(file.words):
        return table.with_subwords(subwords)
    return table.with_subwords(subwords.part(np.arange(len(file.words))[rows]))


def _read(source: Source) -> FinalfusionFile:
    """Read a file, whose matrix is mapped."""
    with open_seekable(source.path) as file:
        data = np.frombuffer(map_file(file, source.name), np.uint8)
    return parse(data, source.name)


def _finished(file: FinalfusionFile) -> np.ndarray:
    """The vectors of the words, float32 (V, D); a view of the file without norms and codes."""
    count = len(file.words)
    if isinstance(file.matrix, DenseMatrix):
        vectors = file.matrix.numbers[:count]
    else:
        vectors = file.matrix.take(np.arange(count))
    return vectors if file.norms is None else vectors * file.norms[:, None]


def _subwords(file: FinalfusionFile, ngrams: Ngrams, finished: np.ndarray) -> Subwords | None:
    """What composes the vectors of unknown words; None if no n-gram has a row."""
    words = len(file.words)
    if file.kind == OWN_HASH:
        none = np.empty(0, np.int64)
        return HashedWords(
            file.matrix, words, ngrams.minn, ngrams.maxn, NUMBERED, none, none, None, file.words,
            finished, ngrams.buckets.bit_length() - 1,
        )  # fmt: skip
    if ngrams.rows is None:
        if ngrams.buckets > MOST:
            raise W2VError(f"n-grams have {ngrams.buckets:,} buckets; {MOST:,} can be read")
        buckets, kept = ngrams.buckets, np.arange(ngrams.buckets, dtype=np.uint32)
        rows = words + np.arange(ngrams.buckets)
    else:
        hashes = np.array([hash_of(ngram) for ngram in ngrams.listed], np.uint32)
        kept, first = np.unique(hashes, return_index=True)
        buckets, rows = NUMBERED, words + ngrams.rows[first]
    if not len(kept):
        return None
    return FinishedWords(
        file.matrix, words, ngrams.minn, ngrams.maxn, buckets, kept, rows, None, file.words,
        finished,
    )  # fmt: skip


def _floret(file: FinalfusionFile) -> FloretSubwords:
    """What composes the vectors of all words of a file with floret's hash, which lists none."""
    ngrams = file.ngrams
    assert ngrams is not None
    begin, end = ngrams.marks
    return FloretSubwords(
        file.matrix, 0, ngrams.minn, ngrams.maxn, ngrams.buckets, hashes=ngrams.hashes,
        seed=ngrams.seed, begin=begin, end=end,
    )  # fmt: skip


def describe(source: Source) -> dict[str, Any]:
    """The kind of the vocabulary, the n-grams, and the metadata of a file."""
    file = _read(source)
    facts: dict[str, Any] = {
        "vocabulary": _KINDS[file.kind],
        "quantized": isinstance(file.matrix, QuantizedMatrix),
        "norms": file.norms is not None,
    }
    if file.ngrams:
        ngrams = file.ngrams
        facts["subwords"] = {
            "minn": ngrams.minn, "maxn": ngrams.maxn, "buckets": ngrams.buckets,
            "ngrams": len(ngrams.listed) or ngrams.buckets,
        }  # fmt: skip
    if file.metadata:
        try:
            facts["metadata"] = tomllib.loads(file.metadata)
        except tomllib.TOMLDecodeError:
            facts["metadata"] = file.metadata
    return facts
