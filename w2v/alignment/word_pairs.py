"""Pairs of words by which one table is rotated to another: common words, or a dictionary.

A dictionary has two words on each line: a word of the table that is rotated, and its translation in
the other table. The files of MUSE (Conneau et al. 2018), such as en-es.txt, have this form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from w2v.alignment.common_words import CommonWords
from w2v.embeddings.spelling import BLANKS, split_words
from w2v.embeddings.table import Table
from w2v.system.progress import plural
from w2v.system.text_file import numbered_lines

_NAMED = 5  # maximum number of lines whose numbers are in a message
_SHARE = 5  # one of this number of words is held out
_HELD_OUT = 1500  # maximum number of words that are held out


@dataclass(frozen=True)
class Dictionary:
    """The pairs of a dictionary file.

    pairs      pairs of a word and its translation, in the order of the lines
    bad_lines  the numbers, from 1, of the lines that are not two words; they are left out
    """

    pairs: list[tuple[str, str]]
    bad_lines: list[int]

    @classmethod
    def read(cls, path: str) -> Dictionary:
        """Read a dictionary; `-` is stdin.

        The words of a line are separated by a TAB, and may then contain blanks, or else by blanks.
        Blank lines are ignored.
        """
        pairs, bad_lines = [], []
        for number, line in numbered_lines(path, "surrogateescape"):
            is_table = "\t" in line.strip(BLANKS)
            fields = [f.strip(BLANKS) for f in line.split("\t")] if is_table else split_words(line)
            if len(fields) == 2 and all(fields):  # noqa: PLR2004
                pairs.append((fields[0], fields[1]))
            elif fields and any(fields):
                bad_lines.append(number)
        return cls(pairs, bad_lines)

    def complaint(self) -> str:
        """A message about the lines that are left out; "" if there are none."""
        if not self.bad_lines:
            return ""
        numbers = ", ".join(f"{number:,}" for number in self.bad_lines[:_NAMED])
        more = ", ..." if len(self.bad_lines) > _NAMED else ""
        are = "line is" if len(self.bad_lines) == 1 else "lines are"
        lines = "line" if len(self.bad_lines) == 1 else "lines"
        return (
            f"{len(self.bad_lines):,} {are} not a word and its translation, so left out: "
            f"{lines} {numbers}{more}"
        )


@dataclass(frozen=True)
class WordPairs:
    """Pairs of a row of a table, the source, and a row of another one, the target.

    rows      int64 (2, N): the rows of the source, and those of the target; all have a direction
    what      what the pairs are, for messages: common word, or dictionary pair
    left_out  messages about pairs that are left out, such as "3 repeated"
    """

    rows: np.ndarray
    what: str
    left_out: list[str]

    @classmethod
    def common(cls, source: Table, target: Table) -> WordPairs:
        """Each word that both tables have, with itself, in the order of the target."""
        words = CommonWords.of([target, source])
        rows = words.with_directions([target, source]).rows[::-1]
        undirected = len(words) - rows.shape[1]
        return cls(rows, "common word", _counted({"without a direction": undirected}))

    @classmethod
    def translated(
        cls, source: Table, target: Table, pairs: Iterable[tuple[str, str]]
    ) -> WordPairs:
        """The pairs of a dictionary whose words are in the tables, each pair once.

        pairs  pairs of a word of the source and a word of the target
        """
        reasons = {
            "repeated": 0, "with an unknown first word": 0, "with an unknown second word": 0,
            "without a direction": 0,
        }  # fmt: skip
        rows: dict[tuple[int, int], None] = {}
        seen: set[tuple[str, str]] = set()
        for pair in pairs:
            found = source.find(pair[0]), target.find(pair[1])
            if pair in seen or found in rows:
                reasons["repeated"] += 1
            elif found[0] is None:
                reasons["with an unknown first word"] += 1
            elif found[1] is None:
                reasons["with an unknown second word"] += 1
            else:
                rows[found[0], found[1]] = None
            seen.add(pair)
        array = np.array([*rows], np.int64).reshape(-1, 2).T
        directed = source.has_direction(array[0]) & target.has_direction(array[1])
        reasons["without a direction"] = int(np.count_nonzero(~directed))
        return cls(array[:, directed], "dictionary pair", _counted(reasons))

    def __len__(self) -> int:
        return self.rows.shape[1]

    def __str__(self) -> str:
        left_out = f"; left out: {', '.join(self.left_out)}" if self.left_out else ""
        return plural(len(self), self.what) + left_out

    def held_out(self) -> np.ndarray:
        """Which pairs are held out to measure the fit, bool (N,).

        All pairs of one of five words of the source are, at most of 1,500 words, at equal distances
        in the order of the pairs. A word with several translations is held out with all of them.
        """
        words, first = np.unique(self.rows[0], return_index=True)
        words = words[np.argsort(first, kind="stable")]
        count = min(len(words) // _SHARE, _HELD_OUT)
        chosen = words[np.arange(count) * len(words) // max(count, 1)]
        held: np.ndarray = np.isin(self.rows[0], chosen)
        return held


def _counted(reasons: dict[str, int]) -> list[str]:
    """The reasons that have a count, each with it."""
    return [f"{count:,} {reason}" for reason, count in reasons.items() if count]
