"""Finds lines that are nearly equal to an earlier line, by MinHash, in bounded memory.

Sources: Broder 1997, "On the resemblance and containment of documents"; Leskovec, Rajaraman and
Ullman, "Mining of massive datasets", chapter 3.
"""

from __future__ import annotations

import math

import numpy as np

from w2v.kernels.minhash import enter_near, link_lines, sign_lines
from w2v.text.line_table import HashedLines
from w2v.text.removed_rows import RemovedRows

ENTRIES = 128  # of a signature: the standard deviation of an estimate is at most 1 / (2 √128) = 4 %
FIRST_LINES = 1 << 12  # lines of new tables
_SIGNED = 1 << 14  # lines signed at a time
_SEED = 1
_LARGEST = 0xFFFFFFFF  # each entry of the signature of a line without shingles
_FEWEST_ROWS = 4  # entries of a band from which bands find each pair
_RECALL = 0.99  # the least probability that bands with fewer rows find a pair at the threshold


def bands_for(needed: int, similarity: float) -> tuple[int, int]:
    """The number of bands, and the entries (rows) of a band.

    Of ENTRIES entries, at most d = ENTRIES - needed differ. So with d + 1 bands, one band agrees
    completely, and no pair is missed. For a low similarity, these bands would be so short that many
    unrelated lines agree in one. Then bands are as long as they can be if a pair at the threshold
    agrees in one of b bands of r rows with a probability 1 - (1 - sʳ)ᵇ of _RECALL or more.

    needed      number of entries that must agree
    similarity  the threshold s
    """
    bands = ENTRIES - needed + 1
    if ENTRIES // bands >= _FEWEST_ROWS:
        return bands, ENTRIES // bands
    choices = ((ENTRIES // rows, rows) for rows in range(ENTRIES, 0, -1))
    return next((b, r) for b, r in choices if 1 - (1 - similarity**r) ** b >= _RECALL)


class NearLines:
    """The signatures of lines, which grow up to a limit of memory.

    similarity  two lines are near if the estimate of their similarity is at least this
    shingle     number of words of a shingle; a line with fewer words is near no line
    max_bytes   limit of the memory of the tables, which have at least FIRST_LINES lines
    log         gets each near line with the line that it is near; None: they are not needed

    frozen      whether no more lines are entered. It is set when the tables cannot grow
    size        number of lines entered
    """

    def __init__(
        self, similarity: float, shingle: int, max_bytes: int, log: RemovedRows | None = None
    ):
        self._log, self._hashes = log, np.zeros((0 if log is None else FIRST_LINES, 2), np.uint64)
        self._shingle, self._max_bytes = shingle, max_bytes
        self._needed = math.ceil(round(similarity * ENTRIES, 6))
        self._bands, self._rows = bands_for(self._needed, similarity)
        draw = np.random.default_rng(_SEED)
        self._factors, self._addends = draw.integers(0, 1 << 64, (2, ENTRIES), np.uint64)
        self._signatures = np.zeros((FIRST_LINES, ENTRIES), np.uint32)
        self._nexts = np.zeros((FIRST_LINES, self._bands), np.int32)
        self._heads = np.zeros((self._bands, FIRST_LINES), np.int32)
        self.size, self.frozen = 0, False

    @property
    def bytes_per_line(self) -> int:
        """The memory for each line: its signature, and for each band a link and a slot."""
        return 4 * ENTRIES + 8 * self._bands

    @np.errstate(over="ignore")  # without compilation NumPy would warn of the hashes' overflow
    def signatures(self, lines: HashedLines, chosen: np.ndarray) -> np.ndarray:
        """The signatures of some lines, uint32 (C, ENTRIES).

        chosen  int64 (C,), the numbers of the lines
        """
        found = np.empty((chosen.size, ENTRIES), np.uint32)
        codes = np.empty(int(lines.lengths.max(initial=0)) // 2 + 2, np.uint64)
        sign_lines(
            lines.squeezed, lines.starts, lines.lengths, chosen, self._shingle, self._factors,
            self._addends, codes, found,
        )  # fmt: skip
        return found

    def enter(self, lines: HashedLines, chosen: np.ndarray, can_be_new: int) -> np.ndarray:
        """Find lines near an earlier line, and enter the other ones until the tables are full.

        chosen      int64 (C,), the numbers of the lines
        can_be_new  number of the first of these lines that may be entered
        Returns     uint8 (C,): 1 for a line that is near no earlier line, 2 for one that is. From
                    `can_be_new` on, or when the tables are full: 0 for a line that is near no line
                    of the tables
        """
        parts = [
            self._enter(self.signatures(lines, part), lines.hashes[part], can_be_new - begin)
            for begin in range(0, chosen.size, _SIGNED)
            for part in [chosen[begin : begin + _SIGNED]]
        ]
        return np.concatenate([np.empty(0, np.uint8), *parts])

    @np.errstate(over="ignore")
    def _enter(self, new: np.ndarray, hashes: np.ndarray, can_be_new: int) -> np.ndarray:
        """As `enter`, for lines with these signatures and hashes."""
        first = self.size
        partners = np.zeros(0 if self._log is None else new.shape[0], np.int32)
        verdicts = np.zeros(new.shape[0], np.uint8)
        done, last = 0, 0 if self.frozen else can_be_new
        while done < new.shape[0]:
            done, self.size = enter_near(
                new, done, last, self._signatures, self.size, self._signatures.shape[0],
                self._rows, self._needed, self._nexts, self._heads, verdicts, partners,
            )  # fmt: skip
            if done < new.shape[0] and not self._grow():
                self.frozen, last = True, done
        if self._log is not None:
            is_short = new.min(axis=1, initial=_LARGEST) == _LARGEST
            self._hashes[first : self.size] = hashes[(verdicts == 1) & ~is_short]
            near = np.flatnonzero(verdicts == 2)
            kept = partners[near]
            agreeing = np.count_nonzero(new[near] == self._signatures[kept], axis=1)
            self._log.add_near(hashes[near], self._hashes[kept], agreeing / ENTRIES)
        return verdicts

    def _grow(self) -> bool:
        """Double the tables, or grow up to the limit; returns whether there is more space."""
        old = self._signatures.shape[0]
        lines = min(2 * old, self._max_bytes // self.bytes_per_line)
        if lines <= old:
            return False
        # `resize` moves pages where it can, so that old and new arrays are not both in memory.
        self._signatures.resize((lines, ENTRIES), refcheck=False)
        self._nexts.resize((lines, self._bands), refcheck=False)
        if self._log is not None:
            self._hashes.resize((lines, 2), refcheck=False)
        del self._heads
        # With four times as many slots, 847,161 lines take 4/5 of the time, and 10/7 of the memory.
        slots = 1 << (lines.bit_length() - 1)
        self._heads = np.zeros((self._bands, slots), np.int32)
        link_lines(self._signatures, 0, self.size, self._rows, self._nexts, self._heads)
        return True
