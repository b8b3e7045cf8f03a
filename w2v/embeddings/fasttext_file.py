"""fastText's model files, .bin and .ftz: their settings, dictionary and matrices.

The layout, little-endian, is that of fastText's own reader (fasttext.cc, dictionary.cc,
densematrix.cc, quantmatrix.cc and productquantizer.cc of version 0.9.2):

    int32      magic 793712314
    int32      version, 11 or 12
    12 int32   dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn,
               lrUpdateRate
    float64    t
    3 int32    entries, words, labels; entries = words + labels
    int64      tokens
    int64      pairs of the pruned n-grams; -1 if the model is not pruned
    entries    a name, a zero byte, int64 count, int8 type (0 word, 1 label); words come first
    pairs      2 int32: the bucket of an n-gram, and its row among the n-grams
    uint8      whether the input matrix is quantized
    matrix     the input vectors: a row for each word, then a row for each n-gram
    uint8      whether the output matrix of a quantized model is quantized
    matrix     the output vectors: a row for each word or, in a classifier, for each label

A matrix is int64 rows, int64 columns and float32 numbers. A quantized matrix, by product
quantization (Jégou et al. 2011; Joulin et al. 2016b), is:

    uint8      whether the norms are quantized separately
    2 int64    rows, columns D
    int32      bytes of codes = rows · S
    codes      S uint8 a row, a code for each part of the row
    quantizer  4 int32: D, S, columns of a part, columns of the last part; then 256 centroids of
               each part, float32
    norms      if they are quantized: a uint8 a row, and a quantizer with D = S = 1

Arrays are views of the file. Every size is checked against the size of the file before an array is
made, so that a damaged or hostile file costs no memory.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2v.embeddings.byte_reader import ByteReader
from w2v.embeddings.row_matrices import DenseMatrix, Matrix, QuantizedMatrix
from w2v.embeddings.subwords import MOST_CHARACTERS
from w2v.errors import W2VError

MAGIC = struct.pack("<i", 793712314)
VERSIONS = (11, 12)
SETTINGS = struct.Struct("<12id")
DICTIONARY = struct.Struct("<3i2q")
_ENTRY = 10  # bytes of an entry beside its name: a zero byte, the count and the type
_AFTER_NAME = re.compile(rb"\0.{9}", re.DOTALL)
_BLOCK = 1 << 20  # bytes of the dictionary that are parsed at a time
_LONGEST_NAME = 1 << 20  # bytes
_CENTROIDS = 256
LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}


class FastTextSettings(NamedTuple):
    """The settings of a model, under fastText's names; see `LOSSES` and `MODELS`."""

    dim: int
    ws: int
    epoch: int
    min_count: int
    neg: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int
    lr_update_rate: int
    t: float


@dataclass(frozen=True)
class FastTextFile:
    """The contents of a model file.

    version       11 or 12
    settings      FastTextSettings
    words         bytes, the V words, each followed by a line end
    counts        int64 (V,), how often each word occurs in the training text
    labels        the L labels of a classifier, with fastText's prefix __label__
    label_counts  int64 (L,), how often each label occurs in the training text
    tokens        tokens of the training text
    pruned        int32 (P, 2), the buckets of the n-grams that were kept, and their rows among the
                  n-grams; None if all n-grams were kept
    inputs        Matrix (V + n-grams, D)
    outputs       Matrix (V or L, D)
    """

    version: int
    settings: FastTextSettings
    words: bytes
    counts: np.ndarray
    labels: list[bytes]
    label_counts: np.ndarray
    tokens: int
    pruned: np.ndarray | None
    inputs: Matrix
    outputs: Matrix


def parse(data: np.ndarray, name: str) -> FastTextFile:
    """Read a model.

    data    uint8 (N,), the bytes of the file, which may be mapped
    name    the file's name in messages
    Raises  W2VError if the file is damaged, or of a version that is not known
    """
    reader = ByteReader(data, name, "a fastText model")
    reader.skip(len(MAGIC), "the magic number")
    [version] = reader.unpack(struct.Struct("<i"), "the version")
    if version not in VERSIONS:
        raise W2VError(
            f"{name} is a fastText model of version {version}: versions 11 and 12 can be read"
        )
    settings = FastTextSettings(*reader.unpack(SETTINGS, "the settings"))
    if settings.model not in MODELS or settings.loss not in LOSSES:
        raise reader.fail(f"no model has the number {settings.model}, or no loss {settings.loss}")
    if version == 11 and MODELS[settings.model] == "supervised":
        settings = settings._replace(maxn=0)  # version 11 had no character n-grams of classifiers
    entries, words, labels, tokens, pairs = reader.unpack(DICTIONARY, "the dictionary")
    if min(words, labels) < 0 or entries != words + labels or pairs < -1:
        raise reader.fail(
            f"the dictionary has {entries:,} entries, {words:,} words, {labels:,} labels and "
            f"{pairs:,} pruned n-grams"
        )
    names, counts = _read_entries(reader, words, labels)
    pruned = None if pairs < 0 else reader.array("<i4", (pairs, 2), "pruned n-grams")
    quantized = reader.flag("whether the input matrix is quantized")
    inputs = _read_matrix(reader, quantized, settings.dim, "the input matrix")
    quantized = reader.flag("whether the output matrix is quantized") and quantized
    outputs = _read_matrix(reader, quantized, settings.dim, "the output matrix")
    if reader.left:
        raise reader.fail(f"{reader.left:,} bytes follow the output matrix")
    _check_rows(reader, settings, words, pruned, inputs)
    end = _end_of(names, words)
    return FastTextFile(
        version, settings, names[:end], counts[:words], names[end:].split(b"\n")[:-1],
        counts[words:], tokens, pruned, inputs, outputs,
    )  # fmt: skip


def _end_of(names: bytes, count: int) -> int:
    """The position after the first `count` lines."""
    if not count:
        return 0
    ends = np.flatnonzero(np.frombuffer(names, np.uint8) == ord("\n"))
    return int(ends[count - 1]) + 1


def _read_entries(reader: ByteReader, words: int, labels: int) -> tuple[bytes, np.ndarray]:
    """Read the dictionary: all names, a line end after each, and their counts, int64.

    In a block each name ends at the first zero byte after the entry before it. A regular
    expression replaces that byte and the nine after it by a line end, which leaves the names. The
    place of the i-th line end then tells where the i-th count and type were. For two million words
    this takes a tenth of the time of a loop over the entries.
    """
    wanted = words + labels
    if wanted * _ENTRY > reader.left:
        raise reader.fail(f"the dictionary has {wanted:,} entries, found {reader.left:,} bytes")
    parts: list[bytes] = []
    counts = np.empty(wanted, np.int64)
    types = np.empty(wanted, np.int8)
    done = 0
    while done < wanted:
        block = reader.data[reader.at : reader.at + _BLOCK]
        named, found = _AFTER_NAME.subn(b"\n", block.data, wanted - done)
        if not found:
            size = min(_LONGEST_NAME, reader.left)
            raise reader.fail(
                f"entry {done + 1:,} of the dictionary does not end in {size:,} bytes"
            )
        ends = np.flatnonzero(np.frombuffer(named, np.uint8) == ord("\n"))[:found]
        after = ends + (_ENTRY - 1) * np.arange(found) + 1
        fields = block[after[:, None] + np.arange(_ENTRY - 1)]
        counts[done : done + found] = np.ascontiguousarray(fields[:, :8]).view("<i8")[:, 0]
        types[done : done + found] = fields[:, 8]
        parts.append(named[: ends[-1] + 1])
        reader.at += int(after[-1]) + _ENTRY - 1
        done += found
    names = b"".join(parts)
    if names.count(b"\n") != wanted:
        raise reader.fail("a name in the dictionary has a line end")
    expected = np.repeat(np.array([0, 1], np.int8), [words, labels])
    if (types != expected).any() or (counts < 0).any():
        at = int(np.argmax((types != expected) | (counts < 0)))
        raise reader.fail(
            f"entry {at + 1:,} of the dictionary has type {types[at]} and count {counts[at]:,}"
        )
    return names, counts


def _read_matrix(reader: ByteReader, quantized: bool, dim: int, what: str) -> Matrix:
    factors = reader.flag(f"whether {what} has norms") if quantized else False
    rows, columns = reader.unpack(struct.Struct("<2q"), what)
    if columns != dim or dim < 1 or rows < 0:
        raise reader.fail(f"{what} is {rows:,} x {columns:,}, and the vectors have {dim:,} numbers")
    if not quantized:
        return DenseMatrix(reader.array("<f4", (rows, columns), what))
    [size] = reader.unpack(struct.Struct("<i"), what)
    if rows == 0 or size % rows:
        raise reader.fail(f"{what} has {size:,} codes for {rows:,} rows")
    codes = reader.array("u1", (rows, size // rows), f"the codes of {what}")
    centroids = _read_quantizer(reader, dim, codes.shape[1], what)
    norms = None
    if factors:
        norm_codes = reader.array("u1", (rows,), f"the norms of {what}")
        [values] = _read_quantizer(reader, 1, 1, f"the norms of {what}")
        norms = values[norm_codes, 0]
    return QuantizedMatrix(codes, centroids, norms)


def _read_quantizer(reader: ByteReader, dim: int, parts: int, what: str) -> tuple[np.ndarray, ...]:
    """The centroids of each part, float32 (256, columns of the part)."""
    columns, number, width, last = reader.unpack(struct.Struct("<4i"), f"the quantizer of {what}")
    fits = 1 <= last <= width and (parts - 1) * width + last == dim
    if columns != dim or number != parts or not fits:
        raise reader.fail(
            f"the quantizer of {what} has {number} parts of {width} and {last} columns for "
            f"{columns:,} columns"
        )
    widths = [width] * (parts - 1) + [last]
    return tuple(
        np.array(reader.array("<f4", (_CENTROIDS, wide), f"the centroids of {what}"))
        for wide in widths
    )


def _check_rows(
    reader: ByteReader, settings: FastTextSettings, words: int, pruned: np.ndarray | None,
    inputs: Matrix,
) -> None:  # fmt: skip
    """Raise a W2VError if a word or an n-gram would have a row beyond the input matrix."""
    if settings.maxn > MOST_CHARACTERS:
        raise reader.fail(
            f"n-grams have up to {settings.maxn:,} characters; {MOST_CHARACTERS} can be read"
        )
    has_ngrams = settings.maxn > 0 or settings.word_ngrams > 1
    if has_ngrams and settings.bucket < 1:
        raise reader.fail(f"n-grams have {settings.bucket} buckets")
    if pruned is None:
        ngrams = settings.bucket if has_ngrams else 0
    else:
        ngrams = int(pruned[:, 1].max(initial=-1)) + 1
        if len(pruned) and int(pruned.min()) < 0:
            raise reader.fail("a pruned n-gram has a negative number")
        last = int(pruned[:, 0].max(initial=-1))
        if has_ngrams and last >= settings.bucket:
            raise reader.fail(f"a pruned n-gram has bucket {last:,} of {settings.bucket:,}")
    if words + ngrams > inputs.shape[0]:
        raise reader.fail(
            f"the input matrix has {inputs.shape[0]:,} rows for {words:,} words and {ngrams:,} "
            "n-grams"
        )
