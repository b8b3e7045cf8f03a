"""Writing fastText's model files, .bin of version 12; `fasttext_file` describes the layout.

The settings, counts of labels and output vectors of a model, which a table does not hold, are in
`ModelFacts`. Matrices are written in blocks, so that millions of buckets take no memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

import numpy as np

from w2v.embeddings.bucket_rows import MOST, BucketRows, usual_buckets
from w2v.embeddings.fasttext_file import (
    DICTIONARY,
    LOSSES,
    MAGIC,
    MODELS,
    SETTINGS,
    FastTextFile,
    FastTextSettings,
)
from w2v.embeddings.row_blocks import row_blocks
from w2v.embeddings.row_matrices import Matrix
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table

VERSION = 12
_COUNT_AND_TYPE = struct.Struct("<qb")
_SHAPE = struct.Struct("<2q")
_NAMES = 1 << 20  # names of the dictionary whose counts are converted at a time
_WORDS = 512  # words whose own rows are computed at a time
_HS, _NS, _CBOW, _SKIPGRAM = 1, 2, 1, 2  # keys of LOSSES and MODELS
_WS, _EPOCHS, _NEGATIVE, _RATE, _SAMPLE = 5, 5, 5, 100, 1e-4  # fastText's defaults


@dataclass(frozen=True)
class ModelFacts:
    """What a model file holds besides the words and their input vectors.

    settings      the settings of the training; those about n-grams are not used
    words         bytes, the words of the rows of `outputs`, each followed by a line end
    tokens        tokens of the training text
    labels        the labels of a classifier
    label_counts  int64 (L,), how often each label occurs in the training text
    outputs       Matrix, a row for each word or, in a classifier, for each label; None if unknown
    word_ngrams   the rows of a classifier that has n-grams of words and none of characters, so that
                  its table has no subwords; None for other models
    """

    settings: FastTextSettings
    words: bytes = b""
    tokens: int | None = None
    labels: list[bytes] = field(default_factory=list)
    label_counts: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    outputs: Matrix | None = None
    word_ngrams: Subwords | None = None

    @classmethod
    def of(cls, model: FastTextFile, subwords: Subwords) -> ModelFacts:
        """The facts of a fastText model, whose n-grams are in `subwords`."""
        return cls(
            model.settings, model.words, model.tokens, model.labels, model.label_counts,
            model.outputs, None if subwords.has_ngrams else subwords,
        )  # fmt: skip

    @classmethod
    def usual(cls, table: Table) -> ModelFacts:
        """fastText's default settings, for vectors whose training is not known."""
        return cls(trained_settings(table, {}, "skipgram"))

    @property
    def is_classifier(self) -> bool:
        """Whether the model predicts labels."""
        return MODELS[self.settings.model] == "supervised"


def trained_settings(table: Table, settings: Mapping[str, object], model: str) -> FastTextSettings:
    """The settings of a training by w2v, under fastText's names.

    settings  the settings by name; fastText's default stands for a missing one
    model     the name of the model
    """
    least = int(table.counts.min()) if table.counts is not None and len(table) else 1
    sample = settings.get("sample")
    return FastTextSettings(
        dim=table.dim,
        ws=_number(settings, "window", _WS),
        epoch=_number(settings, "epochs", _EPOCHS),
        min_count=min(_number(settings, "min_count", least), least),
        neg=_number(settings, "negative", _NEGATIVE),
        word_ngrams=1,
        loss=_HS if settings.get("loss") == "hs" else _NS,
        model=_CBOW if model in ("cbow", "pv-dm") else _SKIPGRAM,
        bucket=0,
        minn=0,
        maxn=0,
        lr_update_rate=_RATE,
        t=float(sample) if isinstance(sample, int | float) else _SAMPLE,
    )


def _number(settings: Mapping[str, object], name: str, usual: int) -> int:
    """A setting that is a whole number, at most that of int32; `usual` if it is missing."""
    value = settings.get(name)
    return min(value if isinstance(value, int) else usual, MOST)


def write_model(
    file: IO[bytes], table: Table, facts: ModelFacts, buckets: int | None = None
) -> None:
    """Write a model; a table without subwords becomes a model without n-grams.

    table    the words, their vectors and counts; counts that are not known are written as 1
    facts    what else the file holds
    buckets  number of buckets of the n-grams; None: that of the table's subwords, or fastText's
             default if theirs are too many
    Raises   W2VError if the n-grams cannot be distributed to this number of buckets
    """
    subwords = table.subwords or facts.word_ngrams
    settings = facts.settings._replace(dim=table.dim, bucket=0, minn=0, maxn=0)
    if subwords is not None:
        count = buckets or usual_buckets(subwords)
        settings = settings._replace(bucket=count, minn=subwords.minn, maxn=subwords.maxn)
    if not settings.bucket:
        settings = settings._replace(word_ngrams=1)  # there is no row for longer ones
    file.write(MAGIC + struct.pack("<i", VERSION) + SETTINGS.pack(*settings))
    _write_dictionary(file, table, facts)
    file.write(b"\0")  # the input matrix is not quantized
    for block in _input_blocks(table, subwords, settings.bucket, facts.is_classifier):
        file.write(block)
    file.write(b"\0")
    for block in _output_blocks(table, facts):
        file.write(block)


def _write_dictionary(file: IO[bytes], table: Table, facts: ModelFacts) -> None:
    """Write the words and labels with their counts."""
    counts = np.ones(len(table), np.int64) if table.counts is None else table.counts
    tokens = int(counts.sum()) if facts.tokens is None else facts.tokens
    size, labels = len(table), len(facts.labels)
    file.write(DICTIONARY.pack(size + labels, size, labels, tokens, -1))
    for begin in range(0, size, _NAMES):
        end = min(begin + _NAMES, size)
        file.writelines(
            table.name_bytes(row) + b"\0" + _COUNT_AND_TYPE.pack(count, 0)
            for row, count in enumerate(counts[begin:end].tolist(), begin)
        )
    for label, count in zip(facts.labels, facts.label_counts.tolist(), strict=True):
        file.write(label + b"\0" + _COUNT_AND_TYPE.pack(count, 1))


def _input_blocks(
    table: Table, subwords: Subwords | None, buckets: int, is_classifier: bool
) -> Iterator[bytes]:
    """The input matrix: the rows of the words, then the rows of the buckets.

    A model with a row for each of its buckets is written as it is. Otherwise the own rows of the
    words are chosen so that their vectors stay as they are. A classifier keeps its own rows,
    because it adds up the rows of all words of a line.
    """
    size, dim = len(table), table.dim
    if subwords is None:
        yield _SHAPE.pack(size, dim)
        yield from _own_blocks(table, None)
        return
    if subwords.kept is None and buckets == subwords.buckets:
        first, end = subwords.words, subwords.vectors.shape[0]
        yield _SHAPE.pack(size + end - first, dim)
        yield from _own_blocks(table, subwords)
        for part in row_blocks(end - first, dim):
            yield _bytes(subwords.vectors.take(np.arange(part.start, part.stop) + first))
        return
    rows = BucketRows.of(subwords, buckets)
    yield _SHAPE.pack(size + buckets, dim)
    if is_classifier:
        yield from _own_blocks(table, subwords)
    else:
        for begin in range(0, size, _WORDS):
            some = np.arange(begin, min(begin + _WORDS, size))
            yield _bytes(rows.own_rows(table, subwords, some, all_count=True))
    for part in row_blocks(buckets, dim):
        yield _bytes(rows.block(part.start, part.stop))


def _own_blocks(table: Table, subwords: Subwords | None) -> Iterator[bytes]:
    """The own rows of the words; without n-grams of characters they are the vectors."""
    if subwords is None or subwords.maxn < 1:
        return (_bytes(table.vectors(part)) for part in row_blocks(len(table), table.dim))
    own = np.arange(len(table)) if subwords.own_rows is None else subwords.own_rows
    return _row_blocks(subwords.vectors, own)


def _output_blocks(table: Table, facts: ModelFacts) -> Iterator[bytes]:
    """The output matrix; zeros for a row that is not known."""
    outputs, size = facts.outputs, len(table)
    if outputs is not None and (facts.is_classifier or _same_words(table, facts.words)):
        yield _SHAPE.pack(*outputs.shape)
        yield from _row_blocks(outputs, np.arange(outputs.shape[0]))
        return
    yield _SHAPE.pack(size, table.dim)
    places = np.full(size, -1)
    if outputs is not None and LOSSES[facts.settings.loss] != "hs":  # rows of hs are tree nodes
        rows: dict[bytes, int] = {}
        for row, word in enumerate(facts.words.split(b"\n")[:-1]):
            rows.setdefault(word, row)  # as a table keeps the first of equal names
        places[:] = [rows.get(table.name_bytes(row), -1) for row in range(size)]
    for part in row_blocks(size, table.dim):
        block = np.zeros((part.stop - part.start, table.dim), np.float32)
        known = places[part] >= 0
        if outputs is not None and known.any():
            block[known] = outputs.take(places[part][known])
        yield _bytes(block)


def _same_words(table: Table, words: bytes) -> bool:
    """Whether the names of a table are these words, in this order."""
    text = np.frombuffer(words, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    if len(ends) != len(table) or len(text) - len(ends) != len(table.text):
        return False
    offsets = ends - np.arange(len(ends))
    same = np.array_equal(offsets, table.offsets[1:])
    return same and np.array_equal(text[text != ord("\n")], table.text)


def _row_blocks(matrix: Matrix, rows: np.ndarray) -> Iterator[bytes]:
    """The bytes of rows of a matrix."""
    for part in row_blocks(len(rows), matrix.shape[1]):
        yield _bytes(matrix.take(rows[part]))


def _bytes(block: np.ndarray) -> bytes:
    """The bytes of numbers in a file."""
    return block.astype("<f4").tobytes()
