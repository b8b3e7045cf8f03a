"""Names that people give to topics, in a file with a topic on each row: its number, TAB, name."""

from __future__ import annotations

from collections.abc import Sequence

from w2v.errors import W2VError
from w2v.system.pipes import name_of
from w2v.system.text_file import numbered_lines


def read_topic_names(path: str, topics: int) -> list[str]:
    """The name of each topic; a topic that is not in the file has the name "".

    path    the file of names; empty lines are ignored
    topics  the number of topics of the model
    Raises  W2VError with the row for anything but a number, a tab and a name, which may be empty,
            for a number that is no topic, and for a topic that occurs twice
    """
    names, seen = [""] * topics, set[int]()
    for row, line in numbered_lines(path):
        if not line:
            continue
        where = f"{name_of(path)}: row {row}"
        field, tab, rest = line.partition("\t")
        number, name = field.strip(), rest.strip()
        if not (tab and number.isascii() and number.isdigit()) or "\t" in name:
            raise W2VError(
                f"{where}: expected the number of a topic, a tab, and a name without tabs, found "
                f"{line[:60]!r}"
            )
        if len(number) > 9 or int(number) >= topics:
            raise W2VError(
                f"{where}: no topic {number[:20]}: the model has the topics 0 to {topics - 1}"
            )
        if int(number) in seen:
            raise W2VError(f"{where}: topic {number} has a name in an earlier row: remove one")
        seen.add(int(number))
        names[int(number)] = name
    return names


def names_of_topics(path: str | None, topics: int, stored: Sequence[str]) -> list[str]:
    """The name of each topic, "" for one without a name.

    path    the file of names, which come before the stored ones; None: no file
    topics  the number of topics of the model
    stored  the names that the model has from --seeds; empty for none
    Raises  W2VError for a wrong file, see `read_topic_names`
    """
    names = list(stored) or [""] * topics
    given = read_topic_names(path, topics) if path is not None else names
    return [new or old for new, old in zip(given, names, strict=True)]
