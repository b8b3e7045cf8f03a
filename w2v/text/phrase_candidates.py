"""The pairs of words that may be phrases, and the connectors that may stand between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

MOST_INSIDE = 4  # maximum number of connectors between the two words of a phrase
_END = 0  # the type number of a sentence end


class ConnectorRuns:
    """Encodes a run of adjacent connectors as one number, in base `len(types) + 1`.

    A connector is a digit from 1; the empty run is 0.

    types  the type numbers of the connectors
    """

    def __init__(self, types: list[int]):
        self.types = types
        self._digits = np.zeros(max(types, default=-1) + 1, np.int64)
        self._digits[types] = np.arange(1, len(types) + 1)

    def is_connector(self, types: np.ndarray) -> np.ndarray:
        """Whether each type is a connector; bool, of the shape of `types`."""
        return self._digit(types) > 0

    def _digit(self, types: np.ndarray) -> np.ndarray:
        """The digit of each type, from 1; 0 for a type that is not a connector."""
        known = types < self._digits.size
        if not self.types:
            return np.zeros(types.size, np.int64)
        return np.where(known, self._digits[np.where(known, types, 0)], 0)

    def between(self, text: np.ndarray, firsts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """The runs, as numbers, of the connectors that follow the positions `firsts` in a text.

        lengths  the number of connectors after each position
        """
        runs = np.zeros(firsts.size, np.int64)
        for distance in range(int(lengths.max(initial=0)), 0, -1):
            inside = lengths >= distance
            runs[inside] *= len(self.types) + 1
            runs[inside] += self._digit(text[firsts[inside] + distance])
        return runs

    def types_of(self, run: int) -> list[int]:
        """The type numbers of the connectors in a run, which is given as a number."""
        types = []
        while run:
            run, digit = divmod(run, len(self.types) + 1)
            types.append(self.types[digit - 1])
        return types


class Candidates:
    """The pairs that may be phrases: two frequent words, with only connectors between them.

    The key of a pair is (run * width + first) * width + last, where `width` is the number of
    frequent types, `first` and `last` are the numbers of its two words among these types, and `run`
    is the number of the run of connectors between the words, by first occurrence in the text.

    frequent        bool (T,), whether each of the T types is frequent enough
    connector_runs  encodes the connectors between the words
    """

    def __init__(self, frequent: np.ndarray, connector_runs: ConnectorRuns):
        self._connector_runs = connector_runs
        frequent = frequent & ~connector_runs.is_connector(np.arange(frequent.size))
        frequent[_END] = False
        self._types = np.flatnonzero(frequent)
        self._width = max(self._types.size, 1)
        self._numbers = np.where(frequent, np.cumsum(frequent) - 1, -1)
        self._run_numbers = {0: 0}
        self._max_runs = (1 << 63) // self._width**2  # a key must fit 63 bits

    def find(self, text: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The positions (C,) of the words that are not connectors, and the keys (C - 1,) of pairs.

        Each two successive positions are a pair. Its key is -1 if it cannot be a phrase.
        """
        places = np.flatnonzero(~self._connector_runs.is_connector(text))
        numbers = self._numbers[text[places]]
        firsts, between = places[:-1], np.diff(places) - 1
        possible = (numbers[:-1] >= 0) & (numbers[1:] >= 0) & (between <= MOST_INSIDE)
        keys = np.full(max(places.size - 1, 0), -1, np.int64)
        runs = self._connector_runs.between(text, firsts[possible], between[possible])
        runs = self._number(runs)
        pair = numbers[:-1][possible] * self._width + numbers[1:][possible]
        keys[possible] = np.where(runs < 0, -1, runs * self._width**2 + pair)
        return places, keys

    def _number(self, runs: np.ndarray) -> np.ndarray:
        """Number runs by first occurrence; -1 for a number that is too large for a 63-bit key.

        Numbers are that large only in a huge text.
        """
        if not self._connector_runs.types:
            return runs  # Without connectors, all runs are 0.
        distinct, places = np.unique(runs, return_inverse=True)
        for run in distinct.tolist():
            if len(self._run_numbers) < self._max_runs:
                self._run_numbers.setdefault(run, len(self._run_numbers))
        numbers = np.array([self._run_numbers.get(run, -1) for run in distinct.tolist()], np.int64)
        return numbers[places] if runs.size else runs

    def keys_of(
        self, phrases: Iterable[bytes], joiner: bytes, names: Sequence[bytes]
    ) -> tuple[np.ndarray, list[bytes]]:
        """The keys of the pairs that are joined to given phrases, and the phrase of each key.

        A phrase of three words or more may be several pairs: a_b and c, or a and b_c.

        phrases  the phrases, as UTF-8
        joiner   the string between their words
        names    the name of each type; those of several types may be equal
        Returns  the keys, int64, sorted
        """
        types_of: dict[bytes, list[int]] = {}
        for number in self._types.tolist():
            types_of.setdefault(names[number], []).append(number)
        digit_of = {names[number]: at for at, number in enumerate(self._connector_runs.types, 1)}
        found: dict[int, bytes] = {}
        for phrase in phrases:
            for first, inside, last in _divisions(phrase.split(joiner), joiner, digit_of):
                run = 0
                for word in reversed(inside):
                    run = run * (len(digit_of) + 1) + digit_of[word]
                [number] = self._number(np.array([run])).tolist()
                for a in types_of.get(first, ()):
                    for b in types_of.get(last, ()):
                        if number >= 0:
                            pair = self._numbers[a] * self._width + self._numbers[b]
                            found[int(number * self._width**2 + pair)] = phrase
        keys = sorted(found)
        return np.array(keys, np.int64), [found[key] for key in keys]

    def parts(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The parts of each key: the type of its first word, its run, the type of its last word."""
        rest, last = np.divmod(keys, self._width)
        run, first = np.divmod(rest, self._width)
        runs = np.array(list(self._run_numbers), np.int64)
        if not keys.size:
            return keys, keys, keys
        return self._types[first], runs[run], self._types[last]


def _divisions(
    words: Sequence[bytes], joiner: bytes, connectors: Collection[bytes]
) -> Iterator[tuple[bytes, Sequence[bytes], bytes]]:
    """Each way to divide the words of a phrase: its first part, the connectors, its last part."""
    for begin in range(1, len(words)):
        for end in range(begin, min(begin + MOST_INSIDE + 1, len(words))):
            if end > begin and words[end - 1] not in connectors:
                break
            yield joiner.join(words[:begin]), words[begin:end], joiner.join(words[end:])
