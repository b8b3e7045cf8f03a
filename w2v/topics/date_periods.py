"""Dates in many spellings, and the periods that they fall into: days, months, years and decades.

A date is read as it is written: its time of day and its time zone are not used. Only spellings that
have one meaning are read, so that 05/06/2020 is no date.

Sources: ISO 8601 and RFC 5322, the dates of mail headers. Section 4.3 of the latter has the years
of two digits in old mails.
"""

from __future__ import annotations

import datetime
import re
from typing import NamedTuple

PERIODS = ("day", "month", "year", "decade")
EXAMPLES = "2020-05-31, 20200531, 31 May 2020 or May 31, 2020, with or without a time"

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december"
)  # fmt: skip
_NUMBER_OF = {
    name: number
    for number, month in enumerate(_MONTHS, 1)
    for name in (month, month[:3], *(["sept"] if month == "september" else []))
}
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)"
_TIME = r"(?:(?:t|,?\s)\s*\d.*)"
_SPELLINGS = (
    r"(?P<year>\d{3}0)(?P<decade>s)",
    r"(?P<year>\d{4})(?:-(?P<month>\d\d))?",
    rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?){_TIME}?",
    # DDMMYYYY and MMDDYYYY are not read as these 8 digits: the month would be 19 or 20.
    rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d){_TIME}?",
    # Mail headers, Reuters (26-FEB-1987 15:01:01.79), RFC 850 (Sunday, 06-Nov-94 08:49:37 GMT)
    rf"{_WEEKDAY}?(?P<day>\d\d?)(?:-|\s+)(?P<name>[a-z]+)\.?(?:-|\s+)(?P<year>\d{{4}}|\d\d){_TIME}?",
    rf"{_WEEKDAY}?(?P<name>[a-z]+)\.?\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}}){_TIME}?",
    # The program `date`, and asctime of C: Sun May 31 10:00:00 AM UTC 2020
    rf"{_WEEKDAY}(?P<name>[a-z]+)\s+(?P<day>\d\d?)\s+\d\d?:\d\d:\d\d(?:\s+[ap]m)?(?:\s+\S+)?\s+"
    r"(?P<year>\d{4})",
)
_FLAGS = re.ASCII | re.DOTALL | re.IGNORECASE
_LONGEST = 100  # characters of a date; a longer text is not compared with the spellings


class Date(NamedTuple):
    """A date, which may lack the day, or the month and the day.

    is_decade  whether the date is a decade, of which `year` is the first one
    """

    year: int
    month: int | None = None
    day: int | None = None
    is_decade: bool = False

    @property
    def first_day(self) -> datetime.date:
        """The first day of the year, the month, or the day itself; ValueError for no date."""
        year = max(self.year, 1) if self.is_decade else self.year  # there is no year 0
        return datetime.date(
            year, 1 if self.month is None else self.month, 1 if self.day is None else self.day
        )


def read_date(text: str) -> Date | None:
    """Read a date; None if the text is no date, or has more than one meaning."""
    text = text.strip()
    for spelling in _SPELLINGS if len(text) <= _LONGEST else ():
        if found := re.fullmatch(spelling, text, _FLAGS):
            date = _date(found.groupdict())
            try:
                return date if date.first_day else None
            except ValueError:  # no such day
                return None
    return None


def _date(parts: dict[str, str | None]) -> Date:
    """The date of the parts that a spelling has; the month of an unknown name is 0."""
    numbers = {part: int(text) for part, text in parts.items() if text and text.isdigit()}
    year, month = numbers["year"], numbers.get("month")
    if len(parts["year"] or "") == 2:
        year += 2000 if year < 50 else 1900
    if name := parts.get("name"):
        month = _NUMBER_OF.get(name.lower(), 0)
    return Date(year, month, numbers.get("day"), bool(parts.get("decade")))


def period_number(date: Date, period: str) -> int | None:
    """The number of the period that a date falls into; None if the date does not say which.

    The numbers of a period and of the next one differ by 1.

    period  one of PERIODS
    """
    if period == "decade":
        return date.year // 10
    if period == "year":
        return None if date.is_decade else date.year
    if date.month is None:
        return None
    if period == "month":
        return date.year * 12 + date.month - 1
    return None if date.day is None else date.first_day.toordinal()


def period_name(number: int, period: str) -> str:
    """The name of a period, which `read_date` reads: 2020-05-31, 2020-05, 2020 or 2020s.

    number  see `period_number`
    period  one of PERIODS
    """
    if period == "decade":
        return f"{number:03}0s"
    if period == "year":
        return f"{number:04}"
    if period == "month":
        return f"{number // 12:04}-{number % 12 + 1:02}"
    return datetime.date.fromordinal(number).isoformat()
