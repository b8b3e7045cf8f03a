"""fastText's model files, written as its C++ code writes them, and its n-grams in plain Python."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

SETTINGS = {
    "dim": 4, "ws": 5, "epoch": 5, "minCount": 1, "neg": 5, "wordNgrams": 1, "loss": 2, "model": 2,
    "bucket": 50, "minn": 3, "maxn": 6, "lrUpdateRate": 100,
}  # fmt: skip


def ngrams(word: str, minn: int, maxn: int) -> list[str]:
    """The n-grams of a word, by the definition: runs of characters of <word>, no mark alone."""
    if word == "</s>":
        return []
    marked = f"<{word}>"
    runs = [
        (begin, begin + size)
        for begin in range(len(marked))
        for size in range(minn, maxn + 1)
        if begin + size <= len(marked)
    ]
    return [marked[a:b] for a, b in runs if not (b - a == 1 and (a == 0 or b == len(marked)))]


def bucket_of(ngram: str, buckets: int) -> int:
    """FNV-1a with 32 bits over signed bytes, modulo the number of buckets."""
    code = 2166136261
    for byte in ngram.encode("utf-8", "surrogateescape"):
        signed = byte - 256 if byte > 127 else byte
        code = ((code ^ (signed % 2**32)) * 16777619) % 2**32
    return code % buckets


def vector(word: str, words: Sequence[str], inputs: np.ndarray, **settings: int) -> np.ndarray:
    """The mean of a word's own row, if it has one, and the rows of its n-grams."""
    values = SETTINGS | settings
    rows = [words.index(word)] if word in words else []
    rows += [
        len(words) + bucket_of(ngram, values["bucket"])
        for ngram in ngrams(word, values["minn"], values["maxn"])
    ]
    return inputs[rows].mean(axis=0)


def dictionary(
    words: Sequence[str], counts: Sequence[int], labels: Sequence[str],
    pruned: Sequence[tuple[int, int]] | None,
) -> bytes:  # fmt: skip
    """The dictionary of a model."""
    pairs = -1 if pruned is None else len(pruned)
    data = struct.pack(
        "<3i2q", len(words) + len(labels), len(words), len(labels), sum(counts), pairs
    )
    for number, name in enumerate([*words, *labels]):
        count = counts[number] if number < len(words) else 1
        data += name.encode("utf-8", "surrogateescape") + b"\0"
        data += struct.pack("<qb", count, number >= len(words))
    for pair in pruned or ():
        data += struct.pack("<2i", *pair)
    return data


def dense(matrix: np.ndarray) -> bytes:
    """A matrix."""
    return struct.pack("<2q", *matrix.shape) + matrix.astype("<f4").tobytes()


def quantized(
    codes: np.ndarray, centroids: Sequence[np.ndarray], norms: tuple | None = None
) -> bytes:
    """A quantized matrix; `norms` are the codes of the norms and their 256 values."""
    dim = sum(part.shape[1] for part in centroids)
    data = struct.pack("<?2qi", norms is not None, len(codes), dim, codes.size)
    data += codes.astype(np.uint8).tobytes() + quantizer(dim, centroids)
    if norms is not None:
        data += norms[0].astype(np.uint8).tobytes() + quantizer(1, [norms[1].reshape(256, 1)])
    return data


def quantizer(dim: int, centroids: Sequence[np.ndarray]) -> bytes:
    """A product quantizer."""
    widths = [part.shape[1] for part in centroids]
    data = struct.pack("<4i", dim, len(widths), widths[0], widths[-1])
    return data + b"".join(part.astype("<f4").tobytes() for part in centroids)


def model(
    words: Sequence[str],
    counts: Sequence[int],
    inputs: bytes,
    outputs: bytes,
    labels: Sequence[str] = (),
    pruned: Sequence[tuple[int, int]] | None = None,
    quantizes: tuple[bool, bool] = (False, False),
    version: int = 12,
    **settings: int,
) -> bytes:
    """A model file."""
    values = SETTINGS | settings
    head = struct.pack("<2i12id", 793712314, version, *values.values(), 1e-4)
    return b"".join(
        [
            head, dictionary(words, counts, labels, pruned), bytes([quantizes[0]]), inputs,
            bytes([quantizes[1]]), outputs,
        ]
    )  # fmt: skip
