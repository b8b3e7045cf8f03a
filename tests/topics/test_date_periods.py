"""Topics over time: the spellings of dates, their periods, and the shares that are printed."""

import datetime
import json
import re
from email.utils import format_datetime

import numpy as np
import pytest
from test_topic_page import page_data, write_corpus
from topic_models import planted_lda

from w2v.cli import topic_page
from w2v.topics.date_periods import PERIODS, period_name, period_number, read_date
from w2v.topics.document_mixtures import DenseMixtures
from w2v.topics.topic_shares import in_periods, shares_by_value


def in_each_period(text):
    """The names of the day, month, year and decade of a date; None where it does not say which."""
    date = read_date(text)
    if date is None:
        return None
    numbers = [period_number(date, period) for period in PERIODS]
    return [
        None if number is None else period_name(number, period)
        for number, period in zip(numbers, PERIODS, strict=True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2020-05-31", "2020-05-31T10:00:00Z", "2020-05-31t23:59:59.123456+14:00", "20200531",
        "2020-05-31 10:00:00.5 UTC", "20200531T100000Z", "2020/05/31", "2020/5/31", "2020.05.31",
        "Sun, 31 May 2020 10:00:00 +0200 (CEST)", "31 May 2020", "31 May 20 10:00 GMT",
        "31-MAY-2020 15:01:01.79", " 31-may-2020 ", "Sunday, 31-May-20 08:49:37 GMT",
        "Sun May 31 10:00:00 2020", "Sun May 31 10:00:00 CEST 2020", "May 31, 2020, 10:00",
        "Sun May 31 10:00:00 +0000 2020", "MAY 31 2020", "31\tMay  2020",
        "Sun May 31 10:00:00 AM UTC 2020", "Sun May 31 10:00:00 PM 2020",
    ],
)  # fmt: skip
def test_a_date_is_read_in_many_spellings(text):
    assert in_each_period(text) == ["2020-05-31", "2020-05", "2020", "2020s"]


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("2020-05", [None, "2020-05", "2020", "2020s"]),
        ("1987", [None, None, "1987", "1980s"]),
        ("1980s", [None, None, None, "1980s"]),
        (" 5-MAR-1987 09:07:54.17", ["1987-03-05", "1987-03", "1987", "1980s"]),
        ("Tue, 6 Apr 93 12:00:00 GMT", ["1993-04-06", "1993-04", "1993", "1990s"]),
        ("6 Apr 49", ["2049-04-06", "2049-04", "2049", "2040s"]),
        ("6 Apr 50", ["1950-04-06", "1950-04", "1950", "1950s"]),
        ("Sept. 3, 2001", ["2001-09-03", "2001-09", "2001", "2000s"]),
        ("0009-12-31", ["0009-12-31", "0009-12", "0009", "0000s"]),
        ("9999-12-31", ["9999-12-31", "9999-12", "9999", "9990s"]),
        ("2000-02-29", ["2000-02-29", "2000-02", "2000", "2000s"]),
    ],
)
def test_a_date_says_some_of_the_periods(text, periods):
    assert in_each_period(text) == periods


@pytest.mark.parametrize(
    "text",
    ["", " ", "n/a", "05/06/2020", "31.05.2020", "31052020", "12121999", "01-02-03", "2020-02-30",
     "1900-02-29", "2020-13", "20201301", "0000", "0000-01-01", "1590919200", "202005", "20205",
     "about 5 May 2020", "5 Foo 2020", "May 2020", "0 May 2020", "2020-05-31x", "2020-05/31",
     "-2020-05-31", "٢٠٢٠-٠٥-٣١", "2020-05-31 afternoon", "31 May 20200", "Sun", "2020-0531",
     "May 31, 20", "2020-05-31\x00", "Sun May 31 2020 x"],
)  # fmt: skip
def test_what_is_no_date_or_has_two_meanings_is_not_read(text):
    assert read_date(text) is None


def test_long_texts_and_odd_bytes_are_refused_at_once():
    for text in (
        "1" * 10**6,
        " " * 10**6,
        "31 May " + " " * 10**6 + "x",
        "\udcff",
        "9" * 99 + "\n",
    ):
        assert read_date(text) is None
    rng = np.random.default_rng(2)
    letters = np.array([*"0123456789-/.:T, sMay"])
    for row in letters[rng.integers(0, letters.size, (3000, 12))]:
        date = read_date("".join(row))
        assert date is None or date.first_day


def test_every_day_is_read_back_from_each_spelling():
    rng = np.random.default_rng(3)
    days = rng.integers(1, datetime.date.max.toordinal(), 300).tolist()
    for day in [datetime.date.fromordinal(number) for number in days]:
        moment = datetime.datetime(day.year, day.month, day.day, 23, 59, tzinfo=datetime.UTC)
        name = day.isoformat()
        for text in (name, name.replace("-", ""), format_datetime(moment), moment.isoformat()):
            assert (in_each_period(text) or [None])[0] == name, text


def test_the_numbers_of_periods_follow_each_other():
    assert topic_page.PERIODS == PERIODS  # of the option --period
    day = datetime.date(1999, 12, 30)
    for period, step in zip(PERIODS, (1, 31, 366, 3653), strict=True):
        one, next_ = (
            period_number(read_date((day + datetime.timedelta(days)).isoformat()), period)
            for days in (0, step)
        )
        assert next_ == one + 1
        assert period_number(read_date(period_name(one, period)), period) == one


def test_shares_of_periods_are_means_weighted_by_tokens():
    mixtures = np.random.default_rng(4).dirichlet([1, 1, 1], 6)
    tokens = np.array([5, 1, 7, 2, 3, 4])
    dates = ["31 May 2020", "2020-06-01", None, "2020-05-01", "soon", "20210601"]
    months = in_periods(dates, "month")
    assert months == ["2020-05", "2020-06", None, "2020-05", None, "2021-06"]
    found = shares_by_value("date", months, DenseMixtures(mixtures), tokens, "month")
    assert found.values == ["2020-05", "2020-06", "2021-06"]  # no rows for months without documents
    assert np.diff(found.numbers).tolist() == [1, 12]
    assert np.diff(found.positions).tolist() == [31, 365]
    assert (found.documents.tolist(), found.tokens.tolist()) == ([2, 1, 1], [7, 1, 4])
    np.testing.assert_allclose(found.shares[0], (5 * mixtures[0] + 2 * mixtures[3]) / 7)
    decades = shares_by_value(
        "date", in_periods(dates, "decade"), DenseMixtures(mixtures), tokens, "decade"
    )
    assert (decades.values, decades.documents.tolist()) == (["2020s"], [4])


def date_of(number):
    """A date in another spelling for each document: of January, of March, or none."""
    return ["Fri, 1 Jan 2021 10:00:00 GMT", "2021-03-31", "3-MAR-2021 1:01:01.79", "?"][number % 4]


def test_periods_are_printed_and_drawn(w2v, folder):
    _, documents = planted_lda("lda.safetensors")
    write_corpus("x.jsonl", documents, date=date_of)
    call = ("topics", "lda.safetensors", "x.jsonl", "--by", "date", "--period")
    done = w2v(*call, "month", "--tsv")
    assert done.code == 0, done.err
    rows = [row.split("\t") for row in done.out.splitlines()]
    assert [row[:2] for row in rows] == [["2021-01", "6"], ["2021-03", "12"]]
    assert [sum(map(float, row[3:])) for row in rows] == pytest.approx([1, 1], abs=1e-5)
    assert (
        "6 documents left out of the shares, whose date is no date with a month: the first is '?', "
        f"of document {documents[3]}\n" in done.err
    )
    year = json.loads(w2v(*call, "year", "--json").out)
    assert (year["value"], year["documents"]) == ("2021", 18)
    plain = w2v(*call, "day").out.splitlines()
    assert plain[0].startswith("date        documents")
    assert [row.split()[0] for row in plain[1:]] == ["2021-01-01", "2021-03-03", "2021-03-31"]
    assert w2v(*call, "month", "-o", "page.html").code == 0
    by = page_data(folder / "page.html")[0]["by"]
    assert (by["values"], np.diff(by["numbers"]).tolist()) == (["2021-01", "2021-03"], [2])


@pytest.mark.parametrize(
    ("period", "by", "said"),
    [
        ("month", "year", "--period month: no document of x.jsonl has a date with a month in the "
         "field 'year'; the first is '1987'. Dates are read as 2020-05-31, 20200531, 31 May 2020"),
        ("day", "word", "has a date with a day in the field 'word'; the first is 'b\\x1bad'"),
        ("month", None, "--period groups the dates of a field: name the field by --by"),
        ("week", "date", "'week' is not one of 'day', 'month', 'year', 'decade'"),
    ],
)  # fmt: skip
def test_mistakes_with_periods_are_one_line(w2v, folder, period, by, said):
    _, documents = planted_lda("lda.safetensors")
    write_corpus("x.jsonl", documents, year=lambda number: 1987, word=lambda number: "b\x1bad")
    args = ("--by", by) if by else ("-o", "page.html")
    done = w2v("topics", "lda.safetensors", "x.jsonl", *args, "--period", period)
    assert (done.code, done.out) == (2, "")
    assert said in done.err.splitlines()[-1]
    assert not (folder / "page.html").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--by", "date"), "--by date has 24 values, and these are too many to read: add --period "
         "month, year or decade, or --tsv or --json to print all of them"),
        (("--by", "date", "--period", "day"), "--by date has 24 days, and these are too many to "
         "read: give a longer --period, such as month, or --tsv"),
        (("--by", "date", "--period", "day", "-o", "p.html"), "--by date has 24 days, and a page "
         "draws at most 5: give a longer --period, such as month\n"),
        (("--by", "date", "--period", "decade"), "--by date has 24 decades, and these are too many "
         "to read: give another field, or --tsv"),
        (("--by", "word"), "--by word has 24 values, and these are too many to read: give a field "
         "with fewer values, such as a year, or --tsv"),
    ],
)  # fmt: skip
def test_too_many_values_to_read_are_refused(w2v, folder, monkeypatch, args, said):
    _, documents = planted_lda("lda.safetensors")
    write_corpus("x.jsonl", documents, word=lambda number: f"w{number}",
                 date=lambda number: f"{1600 + 10 * number}-05-31")  # fmt: skip
    monkeypatch.setattr("w2v.cli.topic_corpus._MAX_VALUES", 5)
    call = ("topics", "lda.safetensors", "x.jsonl", *args)
    done = w2v(*call)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (folder / "p.html").exists()
    if "-o" not in args:
        for machine in ("--tsv", "--json"):
            assert w2v(*call, machine).out.count("\n") == 24


def test_dates_without_a_period_are_in_their_order():
    values = ["Sun, 2 Feb 2020", "2020-01-31", "1-FEB-2020 10:00:00"]
    found = shares_by_value("date", values, DenseMixtures(np.ones((3, 1))), np.ones(3, int))
    assert [re.search(r"\d+", value)[0] for value in found.values] == ["2020", "1", "2"]
    assert np.diff(found.positions).tolist() == [1, 1]
    assert found.numbers is None
