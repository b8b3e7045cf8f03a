"""Writes topics in the file formats of MALLET 2.1 (McCallum 2002), which other programs read.

The file of topic keys has the columns topic, alpha and top words. The file of document topics has
the columns number and name, and a column with the share of each topic. The state is a gzip file
with a line for each token, with the columns document, source, position, type index, type and topic.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from w2v.embeddings.container import check_array
from w2v.errors import W2VError
from w2v.system import atomic_file
from w2v.topics.document_mixtures import Mixtures
from w2v.topics.topic_words import TopicWords, top_words

_BLOCK_ROWS = 1 << 10  # documents whose shares are written at a time
KEYS = 20  # number of top words that are written for a topic


def write_topic_keys(path: str, topics: TopicWords, names: Sequence[str]) -> None:
    """Write a line for each topic: its number, its alpha and its top words."""
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


def write_document_topics(path: str, names: Sequence[str], document_topics: Mixtures) -> None:
    """Write a line for each document: its number, its name and its shares of topics.

    names            the names of the M documents
    document_topics  the shares of topics in the documents
    """

    def lines() -> Iterator[str]:
        """The lines of the documents."""
        for begin in range(0, len(names), _BLOCK_ROWS):
            block = document_topics.rows(slice(begin, begin + _BLOCK_ROWS))
            for row, values in enumerate(block, begin):
                yield "\t".join([str(row), _one_field(names[row]), *map(str, values)]) + "\n"

    _write(path, lines())


def write_state(
    path: str,
    source: str,
    tensors: Mapping[str, np.ndarray],
    names: Sequence[str],
    documents: Sequence[str],
) -> None:
    """Write the topic of each token, compressed by gzip.

    path       the file that is written
    source     the name of the model's file in messages
    tensors    its tensors
    names      the names of the terms
    documents  the names of the documents
    Raises     W2VError if the model was trained without --keep-state, or if its state is damaged
    """
    check_state(source, tensors)
    try:
        words, starts, topics = _token_topics(tensors, len(names), len(documents))
    except (KeyError, ValueError) as error:
        raise W2VError(
            f"{source}: damaged: the arrays of the topics of tokens do not fit ({error}): train "
            "the model again"
        ) from None
    # The gzip header has no time and no name, so that the same model gives the same bytes.
    with atomic_file.replacing(path) as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        head = "#doc source pos typeindex type topic\n"
        head += f"#alpha : {' '.join(map(str, tensors['alpha']))}\n#beta : {tensors['eta'][0]}\n"
        packed.write(head.encode())
        for row, name in enumerate(documents):
            span = slice(*starts[row : row + 2])
            lines = (
                f"{row} {_one_field(name)} {position} {word} {names[word]} {topic}\n"
                for position, (word, topic) in enumerate(
                    zip(words[span], topics[span], strict=True)
                )
            )
            packed.write("".join(lines).encode("utf-8", "surrogateescape"))


def check_state(source: str, tensors: Mapping[str, np.ndarray]) -> None:
    """Raise W2VError if a model was trained without --keep-state, see `write_state`."""
    if "state.topics" not in tensors:
        raise W2VError(f"{source} has no topics of tokens: train it with --keep-state")


def _token_topics(
    tensors: Mapping[str, np.ndarray], terms: int, documents: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The word of each token, the first token of each document, and the topic of each token.

    terms      number of terms
    documents  number of documents
    Raises     KeyError or ValueError if arrays are missing or damaged
    """
    words = check_array(tensors, "state.words", "i", (None,))
    starts = check_array(tensors, "state.starts", "i", (documents + 1,))
    topics = check_array(tensors, "state.topics", "i", words.shape)
    if words.size and not 0 <= words.min() <= words.max() < terms:
        raise ValueError("state.words")
    if (starts[0], starts[-1]) != (0, words.size) or (np.diff(starts) < 0).any():
        raise ValueError("state.starts")
    return words, starts, topics


def _one_field(name: str) -> str:
    """A document name with _ for whitespace, where readers of MALLET files would split it."""
    return "_".join(name.split()) or "_"


def _write(path: str, lines: Iterable[str]) -> None:
    """Write lines to a file, which is compressed if its name ends in .gz, .bz2, .xz or .zst."""
    with atomic_file.packed(path) as file:
        for line in lines:
            file.write(line.encode("utf-8", "surrogateescape"))
