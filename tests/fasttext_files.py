"""fastText's model files, written as its C++ code writes them, and its arithmetic in Python."""

from __future__ import annotations

import math
import re
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
        for size in range(max(minn, 1), maxn + 1)
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


def features(
    line: str, words: Sequence[str], pruned: dict[int, int] | None = None, **settings: int
) -> list[int]:
    """The rows of the features of a line of text in a classifier: words, n-grams, word n-grams.

    pruned  the row of each n-gram that was kept; None if all were
    """
    values = SETTINGS | settings
    rows, hashes = [], []

    def add_bucket(bucket: int) -> None:
        """Add the row of a bucket, if it has one."""
        if pruned is None or bucket in pruned:
            rows.append(len(words) + (bucket if pruned is None else pruned[bucket]))

    for token in [*re.split("[ \t\v\f\r\0]+", line), "</s>"]:
        if not token or token.startswith("__label__"):
            continue
        rows += [words.index(token)] if token in words else []
        for ngram in ngrams(token, values["minn"], values["maxn"]):
            add_bucket(bucket_of(ngram, values["bucket"]))
        code = bucket_of(token, 2**32)
        hashes.append(code - 2**32 if code >= 2**31 else code)
    for begin in range(len(hashes)):
        code = hashes[begin]
        for following in hashes[begin + 1 : begin + values["wordNgrams"]]:
            code = (code * 116049371 + following) % 2**64
            add_bucket(code % values["bucket"])
    return rows


def probabilities(
    hidden: np.ndarray, outputs: np.ndarray, loss: int, counts: Sequence[int]
) -> list:
    """The probability of each label, from the mean of the features and the label counts."""
    scores = (outputs @ hidden).tolist()
    if loss == 3:  # softmax
        total = sum(math.exp(score) for score in scores)
        return [math.exp(score) / total + 1e-5 for score in scores]
    if loss == 1:
        return tree_probabilities(scores, counts)
    steps = [math.floor((min(max(score, -8), 8) + 8) * 32) / 32 - 8 for score in scores]
    sigmoids = [1 / (1 + math.exp(-step)) for step in steps]
    sigmoids = [
        0 if score < -8 else 1 if score > 8 else sigmoid
        for score, sigmoid in zip(scores, sigmoids, strict=True)
    ]
    return [sigmoid + 1e-5 for sigmoid in sigmoids]


def tree_probabilities(scores: Sequence[float], counts: Sequence[int]) -> list[float]:
    """The probabilities of labels by the inner nodes of their Huffman tree, labels by count.

    The two nodes with the lowest counts are joined: of equal counts the older inner node comes
    first, then the last label. The first of the two is the left child.
    """
    leaves = [(count, {label: 1.0}) for label, count in enumerate(counts)]
    inner: list[tuple] = []

    def take() -> tuple:
        """Remove the node with the lowest count."""
        if leaves and (not inner or leaves[-1][0] < inner[0][0]):
            return leaves.pop()
        return inner.pop(0)

    for score in scores[: len(counts) - 1]:
        left, right = take(), take()
        is_right = 1 / (1 + math.exp(-score))
        shares = {label: p * (1 - is_right + 1e-5) for label, p in left[1].items()}
        shares |= {label: p * (is_right + 1e-5) for label, p in right[1].items()}
        inner.append((left[0] + right[0], shares))
    [(_, shares)] = inner or leaves
    return [shares[label] for label in range(len(counts))]


def dictionary(
    words: Sequence[str], counts: Sequence[int], labels: Sequence[str],
    pruned: Sequence[tuple[int, int]] | None,
) -> bytes:  # fmt: skip
    """The dictionary of a model; labels without a count in `counts` have the count 1."""
    pairs = -1 if pruned is None else len(pruned)
    data = struct.pack(
        "<3i2q", len(words) + len(labels), len(words), len(labels), sum(counts), pairs
    )
    for number, name in enumerate([*words, *labels]):
        count = counts[number] if number < len(counts) else 1
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
