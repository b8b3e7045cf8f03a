"""Names without differences of case, also by the rules of Turkish and Azerbaijani."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def folded_rows(names: Iterable[tuple[int, str]]) -> dict[str, int]:
    """The first row of each case-folded name, from pairs of rows and names."""
    rows: dict[str, int] = {}
    for row, name in names:
        rows.setdefault(name.casefold(), row)
    return rows


def dotless_rows(folded: Mapping[str, int]) -> dict[str, int]:
    """The rows of the case-folded names that have ı or a dotted i, by their `without_dots`."""
    rows: dict[str, int] = {}
    for name, row in folded.items():
        if (plain := without_dots(name)) != name:
            rows.setdefault(plain, row)
    return rows


def row_without_case(
    folded: Mapping[str, int], dotless: Mapping[str, int], name: str
) -> int | None:
    """The first row whose name differs only in case; None if there is none.

    In Turkish and Azerbaijani, İ is the capital of i, and I that of ı. A name that has no match by
    the rules of Unicode for all languages is therefore compared without this difference.

    folded   see `folded_rows`
    dotless  see `dotless_rows`
    """
    row = folded.get(name.casefold())
    if row is None:
        plain = without_dots(name.casefold())
        row = folded.get(plain, dotless.get(plain))
    return row


def without_dots(folded: str) -> str:
    """A case-folded name with i in place of ı, and of i with a combining dot above, as of İ."""
    return folded if folded.isascii() else folded.replace("i\u0307", "i").replace("ı", "i")
