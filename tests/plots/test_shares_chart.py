"""The chart of topics by a field: panels, gaps, what is left out, and the table."""

import json

import numpy as np
import pytest
from topic_models import planted_lda

from w2v.plots.chart import Bars
from w2v.plots.shares_chart import MAX_BARS, MAX_TOPICS, left_out, shares_chart
from w2v.topics.document_mixtures import DenseMixtures
from w2v.topics.topic_shares import shares_by_value


def shares_of(values, topics=3, period=None, empty=()):
    mixtures = np.random.default_rng(3).dirichlet(np.ones(topics), len(values))
    tokens = np.array([0 if value in empty else 10 for value in values])
    return shares_by_value("year", values, DenseMixtures(mixtures), tokens, period)


def titles_of(shares):
    return [f"{topic} name" for topic in range(shares.shares.shape[1])]


def test_a_curve_for_each_topic_the_largest_first():
    shares = shares_of(["1990", "1992", "1991", "1990", "1995"], empty=["1995"])
    chart = shares_chart(shares, titles_of(shares))
    totals = shares.tokens @ shares.shares
    titles = [f"{topic} name" for topic in np.argsort(-totals)]
    assert [panel.title for panel in chart.panels] == titles
    for panel in chart.panels:
        topic = int(panel.title.split()[0])
        [curve] = panel.series
        assert curve.x == [1990, 1991, 1992]  # 1995 has no tokens
        assert curve.y == pytest.approx(shares.shares[:3, topic])
        assert panel.ticks == [(1990, "1990"), (1991, "1991"), (1992, "1992")]
    assert chart.rows[0] == ["year", "documents", "tokens", "0 name", "1 name", "2 name"]
    assert chart.rows[1] == ["1990", 2, 20, *shares.shares[0].tolist()]
    assert [row[0] for row in chart.rows[1:]] == ["1990", "1991", "1992", "1995"]


def test_a_curve_has_a_gap_where_a_period_has_no_documents():
    shares = shares_of(["2020-01", "2020-02", "2020-04"], period="month")
    [panel, *_] = shares_chart(shares, titles_of(shares)).panels
    assert [value is None for value in panel.series[0].y] == [False, False, True, False]
    assert [text for _, text in panel.ticks] == ["2020-01", "2020-02", "2020-04"]


def test_values_without_an_order_are_bars():
    shares = shares_of(["north", "south", "east"])
    [panel, *_] = shares_chart(shares, titles_of(shares)).panels
    assert isinstance(panel, Bars)
    assert panel.series[0].x == ["east", "north", "south"]
    assert left_out(shares) == ""


def test_what_is_not_drawn_is_in_the_table_and_reported():
    shares = shares_of([f"v{number}" for number in range(MAX_BARS + 5)], topics=MAX_TOPICS + 2)
    chart = shares_chart(shares, titles_of(shares))
    assert len(chart.panels) == MAX_TOPICS
    assert {len(panel.series[0].x) for panel in chart.panels} == {MAX_BARS}
    assert len(chart.rows) == 1 + MAX_BARS + 5
    assert {len(row) for row in chart.rows} == {3 + MAX_TOPICS + 2}
    assert left_out(shares) == (
        "the 24 largest of 26 topics and the 30 values with the most tokens, of 35"
    )


def test_values_of_no_tokens_draw_empty_panels():
    shares = shares_of(["1990", "1991"], empty=["1990", "1991"])
    chart = shares_chart(shares, titles_of(shares))
    assert [panel.series[0].x for panel in chart.panels] == [[], [], []]
    chart.draw()


def test_topics_by_a_field_draws_the_shares_and_not_the_map(w2v, folder):
    _, documents = planted_lda("lda.safetensors")
    with open("corpus.jsonl", "w") as file:
        for number, name in enumerate(documents):
            row = {"id": name, "text": name, "year": 1990 + number % 3, "paper": "$a_1$<b>"}
            file.write(json.dumps(row) + "\n")
    (folder / "names.tsv").write_text("1\tSecond\n")
    call = ("topics", "lda.safetensors", "corpus.jsonl", "--names", "names.tsv", "--by")
    printed = w2v(*call, "year", "--tsv").out
    done = w2v(*call, "year", "--plot", "years.tsv")
    assert done.code == 0, done.err
    assert done.err.endswith("wrote years.tsv\n")
    heading, *rows = (folder / "years.tsv").read_text().splitlines(keepends=True)
    assert heading.startswith("year\tdocuments\ttokens\t0 t0w0 t0w1 t0w2\t1 Second\t2 ")
    assert "".join(rows) == printed
    assert w2v(*call, "year", "--period", "decade", "--plot", "years.png").code == 0
    assert w2v(*call, "paper", "--plot", "papers.svg").code == 0
    page = w2v(*call, "year", "-o", "page.html", "--plot", "beside.tsv")
    assert page.code == 0, page.err
    assert (folder / "beside.tsv").read_bytes() == (folder / "years.tsv").read_bytes()
