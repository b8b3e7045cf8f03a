"""Topics in the layouts of MALLET, for what reads its files (McCallum 2002, version 2.1).

Topic keys: topic, alpha, words, in columns. Document topics: number, name, shares, in columns.
State: a gzip file of lines with document, source, position, type index, type, topic.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from w2v.errors import W2VError
from w2v.system import atomic_file
from w2v.topics.topic_words import TopicWords, top_words

KEYS = 20  # words of a topic


def write_topic_keys(path: str, topics: TopicWords, names: Sequence[str]) -> None:
    """Write a line for each topic: number, alpha, its top words."""
    alpha = np.zeros(topics.sizes.size) if topics.alpha is None else topics.alpha
    _write(
        path,
        (
            f"{topic}\t{prior:.5g}\t{' '.join(names[row] for row in rows)}\n"
            for topic, (prior, rows) in enumerate(
                zip(alpha, top_words(topics.weights, KEYS), strict=True)
            )
        ),
    )


def write_document_topics(path: str, names: Sequence[str], shares: np.ndarray) -> None:
    """Write a line for each document: number, name, the share of each topic; (M, K)."""
    _write(
        path,
        (
            "\t".join([str(row), _plain(name), *map(str, each)]) + "\n"
            for row, (name, each) in enumerate(zip(names, shares, strict=True))
        ),
    )


def write_state(
    path: str, tensors: Mapping[str, np.ndarray], names: Sequence[str], documents: Sequence[str]
) -> None:
    """Write each token's topic, gzip-packed; W2VError where the model was trained without them."""
    if "state.topics" not in tensors:
        raise W2VError("no token's topic is in the model: train it with --keep-state")
    words, starts, topics = (tensors[f"state.{part}"] for part in ("words", "starts", "topics"))
    inside = words.size == 0 or 0 <= words.min() <= words.max() < len(names)
    if not inside or (words.size, len(documents) + 1) != (topics.size, starts.size):
        raise W2VError("the state in the model is damaged: its arrays do not fit")
    # No time of writing and no name: the same model gives the same bytes.
    with atomic_file.replacing(path) as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        head = "#doc source pos typeindex type topic\n"
        head += f"#alpha : {' '.join(map(str, tensors['alpha']))}\n#beta : {tensors['eta'][0]}\n"
        packed.write(head.encode())
        for row, name in enumerate(documents):
            here = slice(*starts[row : row + 2])
            lines = (
                f"{row} {_plain(name)} {place} {word} {names[word]} {topic}\n"
                for place, (word, topic) in enumerate(zip(words[here], topics[here], strict=True))
            )
            packed.write("".join(lines).encode("utf-8", "surrogateescape"))


def _plain(name: str) -> str:
    """A document's name as one field: MALLET's readers split at whitespace."""
    return "_".join(name.split()) or "_"


def _write(path: str, lines: Iterable[str]) -> None:
    with atomic_file.packed(path) as file:
        for line in lines:
            file.write(line.encode("utf-8", "surrogateescape"))
