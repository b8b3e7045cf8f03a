"""Matches the words that a user types with the names of a table: phrases and similar spellings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from unicodedata import normalize

import numpy as np

from w2v.embeddings.letter_case import without_dots
from w2v.embeddings.table import Table, name_as_bytes

BLANKS = " \t\n\r\v\f"  # ASCII whitespace; a no-break space is part of a word, as in corpora
_JOINERS = ("_", "-", "")  # characters that join the words of a phrase; w2v phrases writes _
# The Unicode normalization forms.
FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
_PHRASE_WORDS = 4  # maximum number of words that are joined to a phrase
_SHORTLIST_NAMES = 200  # maximum number of names whose edit distance is computed
# Letters of the longest word that is compared: two words of 10,000 letters would take 40 s.
_WORD_LETTERS = 100
_SUFFIX = re.compile(rb"(\.\w+)+")  # of a file, maybe a packed one


def split_words(line: str) -> list[str]:
    """Split a line at ASCII whitespace."""
    words = name_as_bytes(line).split()
    return [word.decode("utf-8", "surrogateescape") for word in words]


def joined_form(table: Table, words: Sequence[str]) -> str | None:
    """The name in the table that joins these words, such as prime_minister, or None.

    The words may be joined by `_`, by `-` or by nothing.
    """
    phrases = [joiner.join(words) for joiner in _JOINERS] if len(words) > 1 else []
    return next((phrase for phrase in phrases if table.find(phrase) is not None), None)


def joined_to_others(table: Table, name: str, names: Sequence[str]) -> str | None:
    """The longest phrase in the table that joins `name` to its neighbours in `names`, or None."""
    position = list(names).index(name)
    for size in range(_PHRASE_WORDS, 1, -1):
        for begin in range(max(position - size + 1, 0), min(position, len(names) - size) + 1):
            if phrase := joined_form(table, names[begin : begin + size]):
                return phrase
    return None


def expression(table: Table, name: str) -> str:
    """The expression that a name without blanks at its signs may mean, such as king +woman -man.

    The result is "" if a part is not in the table. A minus sign alone, as in well-known, counts
    only beside a blank.
    """
    first, *others = re.split(r"\s*([+-])\s*", name.strip(BLANKS))
    parts = [first, *others[1::2]]
    has_sign = "+" in name or re.search(r"\s-|-\s", name)
    if not has_sign or len(parts) < 2 or not all(parts):
        return ""
    if any(table.find(part) is None for part in parts):
        return ""
    return " ".join([first, *map("".join, zip(others[::2], parts[1:], strict=True))])


def near_spellings(table: Table, name: str, limit: int = 3) -> list[str]:
    """Up to `limit` names of the table with a spelling similar to `name`, the most similar first.

    Names that differ from `name` only in Unicode normalization, and so look the same, come first,
    then those that end with it, see `names_ending`. The other names follow by edit distance,
    ignoring case. Names with the same distance are in the order of the rows, so the most frequent
    one comes first. The distance may be up to a third of the number of letters of `name`; a
    distance of 1 is always allowed. A `name` of more than 100 letters is not compared by edit
    distance.

    For speed, the edit distance is computed only for a shortlist of names. One pass over the bytes
    of all names (0.05 s for 400,000 names) finds those that have the largest number of bytes and
    pairs of adjacent bytes in common with `name`.
    """
    variants = dict.fromkeys(normalize(form, name) for form in FORMS)
    lookalikes = [text for text in variants if text != name and table.find(text) is not None]
    lookalikes += names_ending(table, name, limit)
    wanted = without_dots(normalize("NFC", name).casefold())
    if len(wanted) > _WORD_LETTERS:
        return lookalikes[:limit]
    shortlist = _shortlist(table, name_as_bytes(wanted))
    ranked = []
    for row in shortlist.tolist():
        other = table.name(row)
        ranked.append((edits(wanted, without_dots(normalize("NFC", other).casefold())), row, other))
    allowed_distance = max(1, len(wanted) // 3)
    similar = [other for distance, _, other in sorted(ranked) if distance <= allowed_distance]
    return list(dict.fromkeys([*lookalikes, *similar]))[:limit]


def names_ending(table: Table, name: str, limit: int) -> list[str]:
    """The first names that end with `name` after / or :, as the path of a file or FILE:ID do.

    The name may have a suffix: 17 is the end of mail/17.eml.
    """
    found: list[str] = []
    if not (last := name_as_bytes(name)):
        return found
    for match in re.finditer(b"[/:]" + re.escape(last), table.text.data):
        row = int(np.searchsorted(table.offsets, match.start(), side="right")) - 1
        rest = bytes(table.text[match.end() : table.offsets[row + 1]])
        if match.end() == table.offsets[row + 1] or _SUFFIX.fullmatch(rest):
            found.append(table.name(row))
            if len(found) == limit:
                break
    return found


def unicode_form(name: str, other: str) -> str:
    """The Unicode normalization form that turns `name` into `other`, such as NFD, or ""."""
    return next((form for form in FORMS if name != other == normalize(form, name)), "")


def edits(a: str, b: str) -> int:
    """The edit distance of two strings (Damerau 1964).

    The edits are insertions, deletions, replacements and swaps of adjacent characters. This is the
    restricted distance (optimal string alignment), which edits no part of a string twice. Row i of
    the dynamic program holds the distances between the first i characters of `a` and each
    beginning of `b`.
    """
    row_two_above: list[int] = []
    row_above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(row_above[j] + 1, row[j - 1] + 1, row_above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, row_two_above[j - 2] + 1)
            row.append(cost)
        row_two_above, row_above = row_above, row
    return row_above[-1]


def _shortlist(table: Table, wanted: bytes) -> np.ndarray:
    """The rows of the names that are most similar to `wanted` by their bytes, the best first.

    A byte of a name scores 1 point if it is in `wanted`. It scores 2 more points if it and the byte
    before it are adjacent in `wanted` too. Names of very different length are left out.
    """
    lengths = np.diff(table.offsets)
    rows = np.flatnonzero(np.abs(lengths - len(wanted)) <= max(2, len(wanted) // 3))
    rows = rows[lengths[rows] > 0]
    if not rows.size or not wanted:
        return rows[:0]
    fold = np.arange(256, dtype=np.uint8)
    fold[65:91] += 32  # ASCII upper case to lower case
    text = fold[table.text]
    byte_points, pair_points = np.zeros(256, np.int32), np.zeros(1 << 16, np.int32)
    byte_points[np.frombuffer(wanted, np.uint8)] = 1
    codes = np.frombuffer(wanted, np.uint8).astype(np.uint16)
    pair_points[(codes[:-1] << 8) | codes[1:]] = 2
    points = byte_points[text]
    points[1:] += pair_points[(text[:-1].astype(np.uint16) << 8) | text[1:]]
    sums = np.concatenate([[0], np.cumsum(points)])
    name_points = sums[table.offsets[rows + 1]] - sums[table.offsets[rows]]
    scores = name_points / (3.0 * (lengths[rows] + len(wanted)))  # a byte has at most 3 points
    return rows[np.argsort(-scores, kind="stable")[:_SHORTLIST_NAMES]]
