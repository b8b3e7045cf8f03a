"""Reads lists of phrases, which w2v phrases --list has written or a person has made."""

from __future__ import annotations

import math

from w2v.errors import W2VError
from w2v.system.pipes import name_of
from w2v.system.text_file import numbered_lines

_FIELDS = 4  # of a line of --list: phrase, count, score, pass
_MOST_PASSES = 100


def read_phrase_list(path: str) -> list[dict[bytes, float]]:
    """The phrases of each pass, with their scores.

    A line has the fields of --list, or only a phrase, which is joined in the first pass.

    Raises  W2VError for a line of another form
    """
    passes: list[dict[bytes, float]] = []
    for number, line in numbered_lines(path, "surrogateescape"):
        fields = line.rstrip("\r").split("\t")
        phrase = fields[0].encode("utf-8", "surrogateescape").strip()
        if not (phrase or fields[1:]):
            continue
        try:
            score, in_pass = (float(fields[2]), int(fields[3])) if len(fields) > 1 else (0.0, 1)
        except (ValueError, IndexError):
            score, in_pass = 0.0, 0
        # As bytes, because a no-break space is a part of a word.
        is_phrase = phrase.split() == [phrase] and len(fields) in (1, _FIELDS)
        if not is_phrase or not math.isfinite(score) or not 1 <= in_pass <= _MOST_PASSES:
            raise W2VError(
                f"{name_of(path)}: line {number}: expected a phrase, or with tabs a phrase, its "
                "count, its score and its pass, as w2v phrases --list writes them"
            )
        passes += [{} for _ in range(in_pass - len(passes))]
        passes[in_pass - 1][phrase] = score
    return passes
