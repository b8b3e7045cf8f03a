"""The shares of topics over the values of a field of the documents, such as years.

Arrays have M documents, N values and K topics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2v.topics.date_periods import period_name, period_number, read_date
from w2v.topics.document_mixtures import Mixtures

_BLOCK_ROWS = 1 << 14  # documents whose shares are added at a time


@dataclass(frozen=True, eq=False)
class SharesByValue:
    """The shares of topics for each value of a field.

    name       the name of the field
    values     the N values
    documents  int64 (N,), the number of documents of each value
    tokens     int64 (N,), the number of tokens of these documents
    shares     float64 (N, K), the topics' shares of the tokens; a row sums to 1, or is zeros if the
               value has no tokens
    positions  float64 (N,), where each value is on an axis: numbers as they are, dates as days, a
               month or year as its first day. The values are then in this order. None: the values
               are neither numbers nor dates, and in the order of their letters
    numbers    int64 (N,), the number of each period: see `period_number`. None: the values are no
               periods
    """

    name: str
    values: list[str]
    documents: np.ndarray
    tokens: np.ndarray
    shares: np.ndarray
    positions: np.ndarray | None
    numbers: np.ndarray | None = None


def in_periods(values: Sequence[str | None], period: str) -> list[str | None]:
    """The period of the date of each document; None for a value that does not say which.

    values  the value of each document; None: the document has no value
    period  one of `date_periods.PERIODS`
    """
    name_of: dict[str | None, str | None] = {None: None}
    for value in values:
        if value is None or value in name_of:
            continue
        date = read_date(value)
        number = None if date is None else period_number(date, period)
        name_of[value] = None if number is None else period_name(number, period)
    return [name_of[value] for value in values]


def shares_by_value(
    name: str, values: Sequence[str | None], document_topics: Mixtures, tokens: np.ndarray,
    period: str | None = None,
) -> SharesByValue:  # fmt: skip
    """Compute the shares of topics for each value of a field, weighted by tokens.

    name             the name of the field
    values           the value of each document; None: the document is left out
    document_topics  the shares of topics in the M documents
    tokens           int (M,), the number of tokens of each document
    period           the kind of periods that the values are, see `in_periods`; None: other values
    """
    ordered, positions = _in_order([*{value for value in values if value is not None}])
    number_of: dict[str | None, int] = {value: number for number, value in enumerate(ordered)}
    numbers = np.array([number_of.get(value, -1) for value in values], np.int64)
    shares = np.zeros((len(ordered), document_topics.shape[1]))
    rows = np.flatnonzero(numbers >= 0)
    for begin in range(0, rows.size, _BLOCK_ROWS):
        block = rows[begin : begin + _BLOCK_ROWS]
        order = np.argsort(numbers[block], kind="stable")
        block = block[order]
        weighted = document_topics.rows(block) * tokens[block, None].astype(np.float64)
        found, firsts = np.unique(numbers[block], return_index=True)
        shares[found] += np.add.reduceat(weighted, firsts)
    sums = shares.sum(axis=1, keepdims=True)
    shares /= np.where(sums > 0, sums, 1)
    documents = np.bincount(numbers[rows], minlength=len(ordered))
    counts = np.zeros(len(ordered), np.int64)
    np.add.at(counts, numbers[rows], tokens[rows])
    periods = None
    if period is not None:
        dates = [date for value in ordered if (date := read_date(value)) is not None]
        periods = np.array([period_number(date, period) for date in dates], np.int64)
    return SharesByValue(name, ordered, documents, counts, shares, positions, periods)


def _in_order(values: list[str]) -> tuple[list[str], np.ndarray | None]:
    """The values in their order, and their positions on an axis, see `SharesByValue`."""
    for position_of in (_number, _day):
        positions = [position_of(value) for value in values]
        known = [position for position in positions if position is not None]
        if len(known) == len(values):
            order = sorted(range(len(values)), key=lambda row: (known[row], values[row]))
            return [values[row] for row in order], np.array([known[row] for row in order])
    return sorted(values), None


def _number(value: str) -> float | None:
    """The number that a text is; None: it is no finite number, or is written as 2020_12."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and value.isascii() and "_" not in value else None


def _day(value: str) -> float | None:
    """The day, as a number, of a date or of the first day of a month or year; None: no date."""
    date = read_date(value)
    return None if date is None else float(date.first_day.toordinal())
