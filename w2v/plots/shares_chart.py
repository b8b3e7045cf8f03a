"""The chart of topics by a field: a panel for each topic, with its share of each value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2v.plots.chart import Bars, Chart, Lines, Series
from w2v.topics.topic_shares import SharesByValue

MAX_TOPICS = 24  # topics that are drawn
MAX_BARS = 30  # bars of a panel
_HEIGHT = 2.2  # inches of a panel with a curve
_TICKS = 6  # values that are written below a curve


def shares_chart(shares: SharesByValue, titles: Sequence[str]) -> Chart:
    """A chart of the shares of topics by a field: curves over numbers and dates, else bars.

    shares  the shares of the K topics for each value
    titles  a title for each topic

    Draws the MAX_TOPICS topics with the largest shares of all tokens, the largest first, and as
    bars the MAX_BARS values with the most tokens. The table of the chart has all topics and values.
    A curve has a gap at a period without documents. Values without tokens are not drawn.
    """
    order = (-(shares.tokens @ shares.shares)).argsort(kind="stable")[:MAX_TOPICS].tolist()
    draw = _bars if shares.positions is None else _curve
    rows: list[list[object]] = [[shares.name, "documents", "tokens", *titles]]
    rows += [
        [value, documents, tokens, *row]
        for value, documents, tokens, row in zip(
            shares.values, shares.documents.tolist(), shares.tokens.tolist(),
            shares.shares.tolist(), strict=True,
        )
    ]  # fmt: skip
    return Chart([draw(shares, topic, titles[topic]) for topic in order], rows)


def left_out(shares: SharesByValue) -> str:
    """What the chart does not draw, as a text for people; "" if it draws all topics and values."""
    parts = []
    if (topics := shares.shares.shape[1]) > MAX_TOPICS:
        parts.append(f"the {MAX_TOPICS} largest of {topics:,} topics")
    if shares.positions is None and (values := len(shares.values)) > MAX_BARS:
        parts.append(f"the {MAX_BARS} values with the most tokens, of {values:,}")
    return " and ".join(parts)


def _curve(shares: SharesByValue, topic: int, title: str) -> Lines:
    """The panel of a topic over numbers or dates."""
    positions = shares.positions
    assert positions is not None
    x, y = list[float](), list[float | None]()
    kept = np.flatnonzero(shares.tokens > 0).tolist()
    for before, row in zip([None, *kept], kept, strict=False):
        if (
            before is not None and shares.numbers is not None
            and shares.numbers[row] - shares.numbers[before] > 1
        ):  # fmt: skip
            x.append(float(positions[row]))
            y.append(None)  # a gap
        x.append(float(positions[row]))
        y.append(float(shares.shares[row, topic]))
    places = {int(place) for place in np.linspace(0, len(kept) - 1, _TICKS).round()}
    chosen = [kept[place] for place in sorted(places) if kept]
    ticks = [(float(positions[row]), shares.values[row]) for row in chosen]
    name = shares.name
    return Lines(title, name, "share", [Series("", x, y)], height=_HEIGHT, ticks=ticks, share=True)


def _bars(shares: SharesByValue, topic: int, title: str) -> Bars:
    """The panel of a topic over values that have no order."""
    largest = (-shares.tokens).argsort(kind="stable")[:MAX_BARS]
    rows = [row for row in sorted(largest.tolist()) if shares.tokens[row] > 0]
    values = [float(shares.shares[row, topic]) for row in rows]
    return Bars(title, "share", [Series("", [shares.values[row] for row in rows], values)])
