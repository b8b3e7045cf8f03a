"""Words as they are typed: what parts them, and names that are spelt nearly like one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from unicodedata import normalize

import numpy as np

from w2v.embeddings.table import Table

BLANKS = " \t\n\r\v\f"  # of ASCII: a no-break space is a letter, as in texts
_JOINERS = ("_", "-", "")  # of phrases: w2v phrases puts _ by default
FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
_LONGEST_PHRASE = 4  # words
_SHORTLIST = 200  # names whose edit distance is worked out
_LONGEST = 100  # letters: to compare two words of 10,000 would take 40 s


def split_words(line: str) -> list[str]:
    """What stands between blanks of ASCII."""
    words = line.encode("utf-8", "surrogateescape").split()
    return [word.decode("utf-8", "surrogateescape") for word in words]


def joined_form(table: Table, words: Sequence[str]) -> str | None:
    """The name that several words make together, where it is there: prime_minister."""
    forms = [joiner.join(words) for joiner in _JOINERS] if len(words) > 1 else []
    return next((form for form in forms if table.find(form) is not None), None)


def joined_to_others(table: Table, name: str, names: Sequence[str]) -> str | None:
    """The name that a word makes with those beside it in `names`, the longest; None without one."""
    at = list(names).index(name)
    for size in range(_LONGEST_PHRASE, 1, -1):
        for begin in range(max(at - size + 1, 0), min(at, len(names) - size) + 1):
            if form := joined_form(table, names[begin : begin + size]):
                return form
    return None


def near_spellings(table: Table, name: str, most: int = 3) -> list[str]:
    """At most `most` names, the nearest first, the more frequent first among equals.

    Names are compared without regard to case. A shortlist shares most bytes and pairs of bytes with
    `name` (one pass over the bytes of all names: 0.05 s for 400,000); it is ordered by the number
    of edits. Names that need more edits than a third of the letters (at least one) are not near;
    to a name of more than 100 letters none is. Names that differ only in Unicode normalization,
    and look alike, come before all others.
    """
    forms = dict.fromkeys(normalize(form, name) for form in FORMS)
    same = [form for form in forms if form != name and table.find(form) is not None]
    wanted = normalize("NFC", name).casefold()
    if len(wanted) > _LONGEST:
        return same[:most]
    shortlist = _shortlist(table, wanted.encode("utf-8", "surrogateescape"))
    ranked = []
    for row in shortlist.tolist():
        found = table.name(row)
        ranked.append((edits(wanted, normalize("NFC", found).casefold()), row, found))
    allowed = max(1, len(wanted) // 3)
    near = [found for distance, _, found in sorted(ranked) if distance <= allowed]
    return list(dict.fromkeys([*same, *near]))[:most]


def unicode_form(name: str, other: str) -> str:
    """The Unicode normalization form of a name that is another one; nothing where none is."""
    return next((form for form in FORMS if name != other == normalize(form, name)), "")


def edits(a: str, b: str) -> int:
    """How many letters must be put in, left out, replaced or swapped with the next (Damerau 1964).

    The restricted distance (optimal string alignment), by dynamic programming over rows.
    """
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def _shortlist(table: Table, wanted: bytes) -> np.ndarray:
    """Rows by how many bytes and pairs of bytes they share with `wanted`, best first."""
    lengths = np.diff(table.offsets)
    near = np.flatnonzero(np.abs(lengths - len(wanted)) <= max(2, len(wanted) // 3))
    near = near[lengths[near] > 0]
    if not near.size or not wanted:
        return near[:0]
    fold = np.arange(256, dtype=np.uint8)
    fold[65:91] += 32  # ASCII upper case to lower case
    text = fold[table.text]
    single, pair = np.zeros(256, np.int32), np.zeros(1 << 16, np.int32)
    single[np.frombuffer(wanted, np.uint8)] = 1
    codes = np.frombuffer(wanted, np.uint8).astype(np.uint16)
    pair[(codes[:-1] << 8) | codes[1:]] = 2
    hits = single[text]
    hits[1:] += pair[(text[:-1].astype(np.uint16) << 8) | text[1:]]
    sums = np.concatenate([[0], np.cumsum(hits)])
    shared = sums[table.offsets[near + 1]] - sums[table.offsets[near]]
    scores = shared / (3.0 * (lengths[near] + len(wanted)))
    return near[np.argsort(-scores, kind="stable")[:_SHORTLIST]]
