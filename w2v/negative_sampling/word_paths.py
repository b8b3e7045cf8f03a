"""The paths of hierarchical softmax, from the counts of V words; see `kernels.huffman_tree`."""

from __future__ import annotations

import numpy as np

from w2v.errors import NothingToLearnError
from w2v.kernels.hierarchical_softmax import Paths
from w2v.kernels.huffman_tree import build_tree, fill_paths, path_lengths
from w2v.kernels.tiles import COLUMNS
from w2v.text.vocabulary import Vocabulary


def word_paths(counts: np.ndarray) -> Paths:
    """The paths to words in their Huffman tree.

    counts  int64 (V,), at least one; a word with the count 0 counts as 1

    The same counts give the same tree. Words of equal counts are ordered as in `counts`.
    """
    counts = np.maximum(counts, 1).astype(np.int64)
    words = np.argsort(-counts, kind="stable")
    size = 2 * counts.size - 1
    parents, lengths = np.empty((2, size), np.int32)
    is_left = np.empty(size, np.bool_)
    build_tree(counts[words], np.empty(size, np.int64), parents, is_left)
    path_lengths(parents, lengths)
    padded = np.empty(counts.size, np.int64)
    padded[words] = -(-lengths[: counts.size] // COLUMNS) * COLUMNS
    offsets = np.concatenate([[0], np.cumsum(padded)])
    nodes, lefts = np.empty(offsets[-1], np.int32), np.empty(counts.size, np.int32)
    fill_paths(parents, is_left, lengths, words, counts.size - 1, offsets, nodes, lefts)
    return Paths(offsets, nodes, lefts)


def take_paths(paths: Paths, words: np.ndarray) -> Paths:
    """The paths to some words, int (K,), as new arrays."""
    begins = paths.offsets[words]
    lengths = paths.offsets[words + 1] - begins
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)
    return Paths(offsets, paths.nodes[places], paths.lefts[words])


def find_paths(vocabulary: Vocabulary) -> Paths:
    """The paths to the words of a vocabulary.

    Raises  NothingToLearnError for a tree of a single word, which has no inner node
    """
    if len(vocabulary.names) < 2:  # noqa: PLR2004
        advice = "a lower --min-count, or a higher --max-vocab"
        raise NothingToLearnError(
            "the vocabulary has only one word, which --loss hs cannot predict: try "
            + (advice if vocabulary.types > 1 else "a longer text")
        )
    return word_paths(vocabulary.counts)


def longest_path(paths: Paths) -> int:
    """The number of nodes of the longest path, with its padding."""
    return int(np.diff(paths.offsets).max())


def expected_nodes(paths: Paths, expected: np.ndarray) -> np.ndarray:
    """How often each inner node is on the path to a word of a text, float64 (V - 1,).

    expected  float64 (V,), how often each word is in the text
    """
    weights = np.repeat(expected, np.diff(paths.offsets))
    return np.bincount(paths.nodes, weights, expected.size)[: expected.size - 1]
