"""Two tasks whose answer depends on what was read long before, made at random, without end."""

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
    """Numbers of which two are marked, one in each half: their sum is asked for.

    Returns  (T, B, 2), each a number uniform in 0 to 1 and its mark, and (B,), the sums
    Source: Hochreiter and Schmidhuber 1997, section 5.4; with marks of 0 and 1 as in Le et al. 2015
    """
    x = np.zeros((length, rows, 2), np.float32)
    x[:, :, 0] = rng.random((length, rows))
    half, every = length // 2, np.arange(rows)
    places = rng.integers(0, half, rows), rng.integers(half, length, rows)
    for place in places:
        x[place, every, 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=0)


def sentences(rng: np.random.Generator, rows: int, fillers: int) -> tuple[np.ndarray, np.ndarray]:
    """I grew up in FRANCE, fillers, and I speak: numbers of words, and of the one that follows.

    Returns  int32 (T, B), where T is `fillers` and those before and after, and int32 (B,)
    """
    number = {word: at for at, word in enumerate(WORDS)}
    land = rng.integers(0, len(LANGUAGES), rows)
    countries = np.array([number[word] for word in LANGUAGES])
    answers = np.array([number[word] for word in LANGUAGES.values()])
    between = np.array([number[word] for word in _FILLERS])[
        rng.integers(0, len(_FILLERS), (fillers, rows))
    ]
    begin, end = (
        np.repeat(np.array([number[word] for word in words])[:, None], rows, axis=1)
        for words in (_BEGIN, _END)
    )
    words = np.concatenate([begin, countries[land][None], between, end])
    return words.astype(np.int32), answers[land].astype(np.int32)


def lines(seed: int, count: int, fillers: int) -> Iterator[str]:
    """Such sentences as text, with their last word."""
    words, answers = sentences(np.random.default_rng(seed), count, fillers)
    for row in range(count):
        yield " ".join(WORDS[at] for at in [*words[:, row], answers[row]])
