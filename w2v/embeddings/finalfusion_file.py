"""finalfusion's files, .fifu: chunks with the words, the n-grams and the vectors of a model.

The layout, little-endian, is that of finalfusion's own readers in Rust and Python (version 0):

    4 bytes    FiFu
    2 uint32   version, 0; number of chunks
    uint32     of each chunk, its kind
    chunks     uint32 kind, uint64 length in bytes of what follows, and its contents

The chunks are metadata, which may be missing; a vocabulary; a matrix; and norms, which may be
missing. There are files with norms that the list of the kinds does not have. A text is uint32 its
length in bytes, and UTF-8. Before numbers stands padding, 1 to 4 bytes, after which the position in
the file is a multiple of 4.

    5 metadata             text in TOML
    1 words                uint64 V; V texts
    3 words, own hash      uint64 V; 3 uint32 minn, maxn, exponent e: 2ᵉ buckets; V texts
    7 words, fastText's    uint64 V; 3 uint32 minn, maxn, buckets; V texts
      hash
    8 words, listed        uint64 V, number of n-grams; 2 uint32 minn, maxn; V texts; for each
      n-grams              n-gram its text, and uint64 its row among the n-grams
    9 floret's hash        2 uint32 minn, maxn; uint64 buckets; 2 uint32 hashes, seed; the texts of
                           the marks of the beginning and the end of a word
    2 matrix               uint64 rows, uint32 columns, uint32 type 10; padding; float32 numbers
    4 quantized matrix     5 uint32: whether there is a projection, whether there are norms, parts
                           S, columns D, centroids K of a part; uint64 rows; 2 uint32 types 1 and
                           10; padding; the projection P, float32 (D, D); centroids float32
                           (S, K, D / S); norms float32 (rows,); codes uint8 (rows, S). A row is its
                           norm times P times its centroids, one after the other
    6 norms                uint64 V, uint32 type 10; padding; float32 numbers

The matrix has a row for each word, then a row for each n-gram or bucket. The rows of words are
vectors as they are used, often of length 1: norms are their lengths before. The rows of n-grams are
used for unknown words only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2v.embeddings.byte_reader import ByteReader
from w2v.embeddings.row_matrices import DenseMatrix, Matrix, QuantizedMatrix
from w2v.embeddings.subwords import MOST_CHARACTERS
from w2v.errors import W2VError

MAGIC = b"FiFu"
SIMPLE, OWN_HASH, FASTTEXT, EXPLICIT, FLORET = 1, 3, 7, 8, 9  # vocabularies
_MATRIX, _QUANTIZED, _METADATA, _NORMS = 2, 4, 5, 6
_KINDS = {
    **dict.fromkeys((SIMPLE, OWN_HASH, FASTTEXT, EXPLICIT, FLORET), "vocabulary"),
    **dict.fromkeys((_MATRIX, _QUANTIZED), "matrix"),
}
_BYTES, _FLOAT32 = 1, 10  # types of numbers
_LENGTH, _NUMBER = struct.Struct("<I"), struct.Struct("<Q")
_CHUNK = struct.Struct("<IQ")
_MOST_CENTROIDS, _MOST_HASHES, _MOST_EXPONENT = 256, 4, 62
_ROWS = 4096  # rows that are projected at a time


class Ngrams(NamedTuple):
    """The n-grams of a vocabulary.

    minn     fewest characters of an n-gram
    maxn     most characters of an n-gram
    buckets  number of buckets; of listed n-grams, one more than the highest number in `rows`
    listed   the G n-grams that are listed
    rows     int64 (G,), the row of each listed n-gram among those of the n-grams
    hashes   with floret's hash, the rows of an n-gram
    seed     with floret's hash, its seed
    marks    with floret's hash, the marks of the beginning and the end of a word
    """

    minn: int
    maxn: int
    buckets: int
    listed: list[bytes] = []  # noqa: RUF012 - never changed
    rows: np.ndarray | None = None
    hashes: int = 1
    seed: int = 0
    marks: tuple[bytes, bytes] = (b"<", b">")


@dataclass(frozen=True)
class FinalfusionFile:
    """The contents of a file.

    kind      of the vocabulary
    words     the V words
    ngrams    the n-grams; None without n-grams
    matrix    Matrix (V + R, D)
    norms     float32 (V,), factors of the rows of words; None if all are 1
    metadata  text in TOML; empty if there is none
    """

    kind: int
    words: list[bytes]
    ngrams: Ngrams | None
    matrix: Matrix
    norms: np.ndarray | None
    metadata: str


def parse(data: np.ndarray, name: str) -> FinalfusionFile:
    """Read a file.

    data    uint8 (N,), the bytes of the file, which may be mapped
    name    the file's name in messages
    Raises  W2VError if the file is damaged, or of a version or with chunks that are not known
    """
    reader = ByteReader(data, name, "a finalfusion file")
    reader.skip(len(MAGIC), "the magic number")
    version, count = reader.unpack(struct.Struct("<2I"), "the version")
    if version:
        raise W2VError(f"{name} is a finalfusion file of version {version}: version 0 can be read")
    kinds = reader.array("<u4", (count,), "the kinds of the chunks").tolist()
    metadata = ""
    if kinds[:1] == [_METADATA]:
        length = _begin(reader, kinds.pop(0))
        metadata = reader.array("u1", (length,), "the metadata").tobytes().decode(errors="replace")
    if [*map(_KINDS.get, kinds[:2])] != ["vocabulary", "matrix"]:
        raise reader.fail(f"expected a vocabulary and a matrix, found chunks of kinds {kinds[:9]}")
    _begin(reader, kinds[0])
    words, ngrams = _read_vocabulary(reader, kinds[0])
    _begin(reader, kinds[1])
    matrix = _read_quantized(reader) if kinds[1] == _QUANTIZED else _read_matrix(reader)
    rows = len(words) + (ngrams.buckets if ngrams else 0)
    if matrix.shape[0] < rows:
        raise reader.fail(
            f"the matrix is {matrix.shape[0]:,} x {matrix.shape[1]:,} for {rows:,} words and "
            "n-grams"
        )
    norms = _read_norms(reader, len(words)) if reader.left or kinds[2:] else None
    if reader.left:
        raise reader.fail(f"{reader.left:,} bytes follow the last chunk")
    return FinalfusionFile(kinds[0], words, ngrams, matrix, norms, metadata)


def _begin(reader: ByteReader, kind: int) -> int:
    """Read the beginning of the next chunk, of this kind, and return its length."""
    found, length = reader.unpack(_CHUNK, "a chunk")
    if found != kind:
        raise reader.fail(f"expected a chunk of kind {kind}, found {found}")
    return int(length)


def _read_vocabulary(reader: ByteReader, kind: int) -> tuple[list[bytes], Ngrams | None]:
    """Read the contents of a vocabulary of a kind."""
    if kind == SIMPLE:
        [size] = reader.unpack(_NUMBER, "the vocabulary")
        return _read_texts(reader, size)[0], None
    if kind == FLORET:
        form = struct.Struct("<2IQ2I")
        minn, maxn, buckets, hashes, seed = reader.unpack(form, "the vocabulary")
        if not 1 <= hashes <= _MOST_HASHES:
            raise reader.fail(f"an n-gram has {hashes} rows")
        [begin, end], _ = _read_texts(reader, 2)
        ngrams = Ngrams(minn, maxn, buckets, hashes=hashes, seed=seed, marks=(begin, end))
        return [], _checked(reader, ngrams)
    if kind == EXPLICIT:
        form = struct.Struct("<2Q2I")
        size, count, minn, maxn = reader.unpack(form, "the vocabulary")
        words, _ = _read_texts(reader, size)
        listed, rows = _read_texts(reader, count, True)
        if rows.size and int(rows.max()) >= len(listed):
            raise reader.fail(f"an n-gram has row {rows.max():,}, and there are {len(listed):,}")
        buckets = int(rows.max()) + 1 if rows.size else 0
        ngrams = Ngrams(minn, maxn, buckets, listed, rows.astype(np.int64))
        return words, _checked(reader, ngrams)
    size, minn, maxn, buckets = reader.unpack(struct.Struct("<Q3I"), "the vocabulary")
    if kind == OWN_HASH:
        buckets = 1 << min(buckets, _MOST_EXPONENT)
    return _read_texts(reader, size)[0], _checked(reader, Ngrams(minn, maxn, buckets))


def _checked(reader: ByteReader, ngrams: Ngrams) -> Ngrams:
    """The n-grams; W2VError if their lengths or buckets cannot be."""
    if not 1 <= ngrams.minn <= ngrams.maxn <= MOST_CHARACTERS:
        raise reader.fail(f"n-grams have {ngrams.minn:,} to {ngrams.maxn:,} characters")
    if not ngrams.buckets and ngrams.rows is None:
        raise reader.fail("n-grams have no buckets")
    return ngrams


def _read_texts(
    reader: ByteReader, count: int, are_numbered: bool = False
) -> tuple[list[bytes], np.ndarray]:
    """Read texts, and the number after each, uint64 (count,), if they are numbered."""
    after = _NUMBER.size if are_numbered else 0
    if count * (_LENGTH.size + after) > reader.left:
        raise reader.fail(f"expected {count:,} texts, found {reader.left:,} bytes")
    texts, numbers = [], np.zeros(count if are_numbered else 0, np.uint64)
    buffer, at, end = reader.data.data, reader.at, reader.data.size
    for number in range(count):
        begin = at + _LENGTH.size
        size = _LENGTH.unpack_from(buffer, at)[0] if begin <= end else 0
        if begin + size + after > end:
            reader.at = min(at, end)
            raise reader.fail(f"text {number + 1:,} of {count:,} has {size:,} bytes")
        texts.append(bytes(buffer[begin : begin + size]))
        at = begin + size + after
        if are_numbered:
            numbers[number] = _NUMBER.unpack_from(buffer, at - after)[0]
    reader.at = at
    return texts, numbers


def _skip_padding(reader: ByteReader, type_: int) -> None:
    """Skip the padding before float32 numbers; W2VError for another type of numbers."""
    if type_ != _FLOAT32:
        raise reader.fail(f"numbers are of type {type_}, expected {_FLOAT32} for float32")
    reader.skip(4 - reader.at % 4, "padding")


def _read_matrix(reader: ByteReader) -> DenseMatrix:
    rows, columns, type_ = reader.unpack(struct.Struct("<Q2I"), "the matrix")
    if not columns:
        raise reader.fail(f"the matrix is {rows:,} x 0")
    _skip_padding(reader, type_)
    return DenseMatrix(reader.array("<f4", (rows, columns), "the matrix"))


def _read_norms(reader: ByteReader, words: int) -> np.ndarray:
    """Read the last chunk, the norms of the words."""
    _begin(reader, _NORMS)
    size, type_ = reader.unpack(struct.Struct("<QI"), "the norms")
    if size != words:
        raise reader.fail(f"{words:,} words have {size:,} norms")
    _skip_padding(reader, type_)
    return reader.array("<f4", (size,), "the norms")


def _read_quantized(reader: ByteReader) -> Matrix:
    """Read a quantized matrix; one with a projection becomes a matrix of numbers."""
    is_projected, has_norms, parts, columns, centroids, rows, codes_type, type_ = reader.unpack(
        struct.Struct("<5IQ2I"), "the quantized matrix"
    )
    if not parts or columns % parts or not 1 <= centroids <= _MOST_CENTROIDS:
        raise reader.fail(f"{columns:,} columns have {parts:,} parts of {centroids:,} centroids")
    if codes_type != _BYTES:
        raise reader.fail(f"codes are of type {codes_type}, expected {_BYTES} for bytes")
    _skip_padding(reader, type_)
    projection = reader.array("<f4", (columns, columns), "the projection") if is_projected else None
    shape = parts, centroids, columns // parts
    known = reader.array("<f4", shape, "the centroids")
    norms = reader.array("<f4", (rows,), "the norms of the matrix") if has_norms else None
    codes = reader.array("u1", (rows, parts), "the codes")
    if int(codes.max(initial=0)) >= centroids:
        raise reader.fail(f"a code is {codes.max()}, and a part has {centroids} centroids")
    padded = np.zeros((parts, _MOST_CENTROIDS, columns // parts), np.float32)
    padded[:, :centroids] = known
    if projection is None:
        return QuantizedMatrix(codes, tuple(padded), norms)
    plain, vectors = QuantizedMatrix(codes, tuple(padded), None), np.empty((rows, columns), "f4")
    for begin in range(0, rows, _ROWS):
        part = np.arange(begin, min(begin + _ROWS, rows))
        vectors[part] = plain.take(part) @ projection.T
        if norms is not None:
            vectors[part] *= norms[part, None]
    return DenseMatrix(vectors)
