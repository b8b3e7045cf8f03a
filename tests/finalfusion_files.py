"""Builds finalfusion's files, .fifu, byte by byte, as its sources in Rust write them."""

import struct

import numpy as np


def texts(names):
    """Texts, each after its length."""
    return b"".join(struct.pack("<I", len(name.encode())) + name.encode() for name in names)


def chunk(kind, contents):
    """A chunk of a kind."""
    return struct.pack("<IQ", kind, len(contents)) + contents


def padded(at, before, numbers):
    """Numbers after padding to a multiple of 4, which is 4 bytes if there already is one."""
    begin = at + 12 + len(before)
    return before + bytes(4 - begin % 4) + numbers.tobytes()


def dense(at, matrix):
    """A matrix at a position of the file."""
    return chunk(2, padded(at, struct.pack("<Q2I", *matrix.shape, 10), matrix.astype("<f4")))


def norms(at, lengths):
    """Norms at a position of the file."""
    return chunk(6, padded(at, struct.pack("<QI", len(lengths), 10), lengths.astype("<f4")))


def simple(names):
    """A vocabulary of words alone."""
    return chunk(1, struct.pack("<Q", len(names)) + texts(names))


def listed(names, ngrams, numbers):
    """A vocabulary with n-grams, and the row of each."""
    pairs = zip(ngrams, numbers, strict=True)
    rows = b"".join(texts([ngram]) + struct.pack("<Q", number) for ngram, number in pairs)
    sizes = struct.pack("<2Q2I", len(names), len(ngrams), 3, 4)
    return chunk(8, sizes + texts(names) + rows)


def hashed(names, buckets, kind=7):
    """A vocabulary with n-grams in buckets, of fastText's hash or another."""
    return chunk(kind, struct.pack("<Q3I", len(names), 3, 4, buckets) + texts(names))


def file(*makers, names=None):
    """A file of chunks, each bytes or a function of its position in the file.

    names  the kinds in the header; None: those of the chunks
    """
    head = 12 + 4 * (len(makers) if names is None else len(names))
    body = b""
    kinds = []
    for maker in makers:
        made = maker if isinstance(maker, bytes) else maker(head + len(body))
        kinds.append(struct.unpack_from("<I", made)[0])
        body += made
    kinds = kinds if names is None else names
    return b"FiFu" + struct.pack(f"<2I{len(kinds)}I", 0, len(kinds), *kinds) + body


def matrix(values):
    """The maker of a chunk with a matrix."""
    return lambda at: dense(at, values)


def small(kind):
    """A file of three words: simple, listed, hashed, own or quantized."""
    rng, words = np.random.default_rng(1), ["the", "king", "\u00e9"]
    values = rng.normal(size=(7, 4)).astype(np.float32)
    vocabularies = {
        "listed": lambda: listed(words, ["<th", "kin", "ing"], [0, 2, 2]),
        "hashed": lambda: hashed(words, 4),
        "own": lambda: hashed(words, 2, kind=3),
    }
    vocabulary = vocabularies.get(kind, lambda: simple(words))()
    if kind == "quantized":
        return file(vocabulary, lambda at: quantized(at, values[:5, :2], values[:2, :2], 1))
    metadata = chunk(5, b'a = "b"\n')
    return file(metadata, vocabulary, matrix(values), lambda at: norms(at, values[:3, 0]))


def quantized(at, centroids, projection, codes):
    """A quantized matrix of three words with one part, a projection and norms."""
    sizes = struct.pack("<5IQ2I", 1, 1, 1, 2, len(centroids), 3, 1, 10)
    parts = [projection.ravel(), centroids.ravel(), np.ones(3, np.float32)]
    return chunk(4, padded(at, sizes, np.concatenate(parts)) + bytes([codes] * 3))
