"""Proposals of settings for a text classifier: which choice of settings to try next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

Settings = Mapping[str, Any]

# The values that a setting may take, in order. Each list has the default of the setting.
VALUES: dict[str, tuple[Any, ...]] = {
    "epochs": (3, 5, 8, 12, 20, 30, 50),
    "dim": (16, 32, 64, 128),
    "word_ngrams": ("1", "1-2", "1-3", "1-4"),
    "ngram_min_count": (1, 2, 3, 5),
    "min_count": (1, 2, 5, 10),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
    "feature_rates": ("ratio", "equal"),
    "subwords": ("none", "2-4", "3-6"),
}
SEARCHED = ("lr", *VALUES)
_RATE_STEPS = 6  # learning rates above and below the default, each √2 times the one before
# The first proposals change the best choice so far by these values; a learning rate by a number of
# steps. Word n-grams matter most, more epochs need dropout, and character n-grams are last because
# training with them takes several times as long.
_FIRST: tuple[Settings, ...] = (
    {"word_ngrams": "1-2"},
    {"epochs": 12, "dropout": 0.3},
    {"lr": 2},
    {"lr": -2},
    {"min_count": 2},
    {"word_ngrams": "1-3"},
    {"subwords": "2-4"},
)
_NUMBERS = (0.5, 0.35, 0.15)  # the probabilities that 1, 2 or 3 settings are changed
_NEIGHBOUR = 0.7  # the probability that a changed setting takes a neighbouring value
_DRAWS = 500  # random changes that are drawn before the search gives up to find a new choice


class Proposals:
    """Proposes choices of settings: first a fixed list of changes, then random ones.

    defaults  the choice that was tried first: the default of each setting in SEARCHED
    fixed     the settings that are not changed
    rate      the default learning rate as a number; `lr` is None where it has the default
    seed      seed of the random numbers

    Each proposal changes the best choice so far, so that good changes add up. No choice is proposed
    twice. The same seed and the same best choices give the same proposals.
    """

    def __init__(self, defaults: Settings, fixed: Collection[str], rate: float, seed: int):
        powers = range(-_RATE_STEPS, _RATE_STEPS + 1)
        rates = (float(f"{rate * 2 ** (power / 2):.2g}") if power else None for power in powers)
        self.values = {"lr": tuple(rates), **VALUES}
        self.searched = tuple(name for name in SEARCHED if name not in fixed)
        self._rng = np.random.default_rng(seed)
        self._first = list(_FIRST)
        self._tried = {_key(defaults)}

    def propose(self, best: Settings) -> dict[str, Any] | None:
        """The next choice of settings; None if no new one was found.

        best  the best choice so far
        """
        while self._first:
            changes = self._first.pop(0)
            choice = {**best}
            for name in changes.keys() & {*self.searched}:
                steps = name == "lr"
                choice[name] = self._moved(best, name, changes[name]) if steps else changes[name]
            if self._is_new(choice):
                return choice
        for _ in range(_DRAWS if self.searched else 0):
            choice = self._changed(best)
            if self._is_new(choice):
                return choice
        return None

    def _is_new(self, choice: Settings) -> bool:
        """Whether a choice was not proposed yet; it counts as proposed from now on."""
        key = _key(choice)
        is_new = key not in self._tried
        self._tried.add(key)
        return is_new

    def _moved(self, choice: Settings, name: str, steps: int) -> Any:
        """The value of a setting so many steps away, or the nearest one to it."""
        values = self.values[name]
        return values[min(max(values.index(choice[name]) + steps, 0), len(values) - 1)]

    def _changed(self, best: Settings) -> dict[str, Any]:
        """A choice in which one to three settings have random other values."""
        rng, choice = self._rng, dict(best)
        number = min(1 + int(rng.choice(len(_NUMBERS), p=_NUMBERS)), len(self.searched))
        for at in rng.choice(len(self.searched), number, replace=False):
            name = self.searched[at]
            if rng.random() < _NEIGHBOUR:
                choice[name] = self._moved(best, name, 1 if rng.random() < 0.5 else -1)  # noqa: PLR2004
            else:
                values = self.values[name]
                choice[name] = values[rng.integers(len(values))]
        return choice


def _key(choice: Settings) -> tuple[Any, ...]:
    """What distinguishes a choice: a minimum count of word n-grams does nothing without them."""
    values = dict(choice)
    if values["word_ngrams"] == "1":
        del values["ngram_min_count"]
    return tuple(values.get(name) for name in SEARCHED)
