"""Two synthetic tasks for `w2v lag`, whose answer depends on an input many steps before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

LANGUAGES = {
    "france": "french", "spain": "spanish", "italy": "italian", "poland": "polish",
    "japan": "japanese", "greece": "greek", "sweden": "swedish", "turkey": "turkish",
}  # fmt: skip
_BEGIN, _END = ["i", "grew", "up", "in"], ["and", "i", "speak"]
_SCENE = """
then there was a long road with old trees and small houses where people sold bread or talked about
rain while children played near some river under bright clouds every single summer day
"""
_FILLERS = _SCENE.split()
WORDS = list(dict.fromkeys([*_BEGIN, *LANGUAGES, *_FILLERS, *_END, *LANGUAGES.values()]))


def adding(rng: np.random.Generator, rows: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Make sequences of the adding problem: predict the sum of the two marked numbers.

    rows     B, number of sequences
    length   T, number of numbers in a sequence. One number is marked in each half
    Returns  float32 (T, B, 2), numbers uniform in 0 to 1, each with a mark of 0 or 1; and float32
             (B,), the sums
    Source   Hochreiter and Schmidhuber 1997, section 5.4; marks of 0 and 1 as in Le et al. 2015
    """
    x = np.zeros((length, rows, 2), np.float32)
    x[:, :, 0] = rng.random((length, rows))
    half, all_rows = length // 2, np.arange(rows)
    marked = rng.integers(0, half, rows), rng.integers(half, length, rows)
    for steps in marked:
        x[steps, all_rows, 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=0)


def sentences(rng: np.random.Generator, rows: int, fillers: int) -> tuple[np.ndarray, np.ndarray]:
    """Make sentences "i grew up in france ... and i speak": predict the next word, "french".

    rows     B, number of sentences
    fillers  number of random words between the country and "and i speak"
    Returns  int32 (T, B), the ids of the words, with T = `fillers` + 8; and int32 (B,), the ids of
             the answers. An id is an index of WORDS
    """
    word_ids = {word: word_id for word_id, word in enumerate(WORDS)}
    choices = rng.integers(0, len(LANGUAGES), rows)
    countries = np.array([word_ids[word] for word in LANGUAGES])
    answers = np.array([word_ids[word] for word in LANGUAGES.values()])
    between = np.array([word_ids[word] for word in _FILLERS])[
        rng.integers(0, len(_FILLERS), (fillers, rows))
    ]
    begin, end = (
        np.repeat(np.array([word_ids[word] for word in words])[:, None], rows, axis=1)
        for words in (_BEGIN, _END)
    )
    words = np.concatenate([begin, countries[choices][None], between, end])
    return words.astype(np.int32), answers[choices].astype(np.int32)


def lines(seed: int, count: int, fillers: int) -> Iterator[str]:
    """Yield sentences of the task as text, with the answer as the last word."""
    words, answers = sentences(np.random.default_rng(seed), count, fillers)
    for row in range(count):
        yield " ".join(WORDS[word_id] for word_id in [*words[:, row], answers[row]])
