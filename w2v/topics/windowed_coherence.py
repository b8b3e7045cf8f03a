"""Coherence of topics in sliding windows: C_V and C_NPMI.

Source: Röder, Both and Hinneburg 2015, "Exploring the space of topic coherence measures". Here p(a)
is the share of the windows that contain word a, and p(a, b) that of the windows that contain both.

    NPMI(a, b) = ln((p(a, b) + ε) / p(a) p(b)) / -ln(p(a, b) + ε)        ε = 1e-12

C_NPMI  the mean NPMI of all pairs of top words, in windows of 10 tokens
C_V     the mean cosine of a word's vector and the sum of the vectors of all top words. The vector
        of a word holds its NPMI with each top word, itself included, in windows of 110 tokens

These are the definitions of gensim's CoherenceModel. Its counts differ where a word occurs twice
in a window: gensim 4.4 takes the word to have left the window when its first occurrence has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms, encode_terms
from w2v.kernels.topic_windows import count_windows
from w2v.text.corpus import Corpus
from w2v.text.encode import read_as
from w2v.text.encoded_text import EncodedDocuments

C_V_WINDOW = 110  # tokens
C_NPMI_WINDOW = 10  # tokens
_EPSILON = 1e-12
_WORDS = 2048  # approximate number of words whose pairs are counted at a time, in 32 MiB


class WindowedCoherence(NamedTuple):
    """The coherence of a topic in sliding windows.

    c_v     from -1 to 1; mostly from 0.3 to 0.7
    c_npmi  from -1 (never in the same window) to 1 (always in the same window)

    Top words that the text lacks are left out. Both are None if fewer than two words are left.
    """

    c_v: float | None
    c_npmi: float | None


def read_with_places(
    corpus: Corpus, names: Sequence[str], on_block: Callable[[int], None] = lambda tokens: None
) -> EncodedTerms:
    """Read documents in which unknown tokens keep their places.

    names     the words, by their numbers
    on_block  called after each block with the number of tokens so far
    Returns   the tokens of the documents; an unknown token has the number -1
    """
    unknown: list[str] = []

    def add(words: list[str]) -> list[str]:
        """Give each unknown word a number of its own."""
        unknown.extend(words)
        return words

    text, _ = read_as(corpus, names, on_block, added=add)
    assert isinstance(text, EncodedDocuments)
    size = len(names) + len(unknown)
    tokens = encode_terms(text, np.arange(size), size)
    tokens.words[tokens.words >= len(names)] = -1
    return tokens


def only_known(tokens: EncodedTerms) -> EncodedTerms:
    """The tokens without the unknown ones, which have the number -1."""
    is_known = tokens.words >= 0
    before = np.concatenate([[0], np.cumsum(is_known)])
    return EncodedTerms(tokens.words[is_known], before[tokens.starts])


def measure_in_windows(
    tokens: EncodedTerms, topics: Sequence[np.ndarray]
) -> list[WindowedCoherence]:
    """The coherence of each topic in sliding windows.

    tokens  the tokens of the documents. Those with the number -1 take places in windows
    topics  for each topic, the numbers of its top words
    """
    found: list[WindowedCoherence] = []
    for group in _groups(topics):
        wide, narrow = (_npmi(tokens, group, size) for size in (C_V_WINDOW, C_NPMI_WINDOW))
        for vectors, scores in zip(wide, narrow, strict=True):
            found.append(WindowedCoherence(_c_v(vectors), _mean_of_pairs(scores)))
    return found


def _groups(topics: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Groups of topics that have about _WORDS words."""
    group: list[np.ndarray] = []
    words = 0
    for topic in topics:
        if group and words + topic.size > _WORDS:
            yield group
            group, words = [], 0
        group.append(topic)
        words += topic.size
    if group:
        yield group


def _npmi(tokens: EncodedTerms, topics: Sequence[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """For each topic the NPMI of its words that the text has, float64 (n, n), by windows.

    size  number of tokens of a window
    """
    words = np.unique(np.concatenate(topics))
    number_of = np.full(max(words.max(), tokens.words.max(initial=0)) + 2, -1, np.int32)
    number_of[words] = np.arange(words.size, dtype=np.int32)  # the last entry is that of -1
    counts = np.zeros((words.size, words.size), np.int64)
    last = np.empty(words.size, np.int64)
    windows = count_windows(number_of[tokens.words], tokens.starts, size, last, counts)
    single = counts.diagonal().copy()
    np.fill_diagonal(counts, 0)
    counts += counts.T
    np.fill_diagonal(counts, single)
    for topic in topics:
        numbers = number_of[topic]
        numbers = numbers[single[numbers] > 0]
        both = counts[np.ix_(numbers, numbers)] / windows
        alone = both.diagonal()
        scores = np.ones_like(both)  # the limit, for words that are together in all windows
        is_less = both < 1
        ratio = np.log((both + _EPSILON) / np.outer(alone, alone))
        scores[is_less] = ratio[is_less] / -np.log(both[is_less] + _EPSILON)
        yield scores


def _mean_of_pairs(scores: np.ndarray) -> float | None:
    """The mean of the scores of two different words; None if there is no pair."""
    count = len(scores)
    if count <= 1:
        return None
    return float((scores.sum() - scores.trace()) / (count * (count - 1)))


def _c_v(vectors: np.ndarray) -> float | None:
    """The mean cosine of each vector and the sum of all; None for fewer than two vectors."""
    if len(vectors) <= 1:
        return None
    total = vectors.sum(axis=0)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(total)
    return float((vectors @ total / np.maximum(lengths, np.finfo(float).tiny)).mean())
