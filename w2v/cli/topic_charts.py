"""w2v topics --plot: the chart of the topics, or with --by of their shares by a field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli.charts import write_chart

if TYPE_CHECKING:
    from w2v.topics.topic_shares import SharesByValue
    from w2v.topics.topic_words import TopicWords

_WORDS = 5  # words of each topic in a chart of the topics
_TITLE_WORDS = 3  # words in the title of a topic that has no name


def draw(
    path: str,
    shares: SharesByValue | None,
    listing: TopicWords,
    names: Sequence[str],
    topic_names: Sequence[str],
) -> None:
    """Draw the chart of --plot: the shares of topics by a field, or the topics if it is None.

    names        the words of the model
    topic_names  a name for each topic, "" if it has none
    """
    if shares is None:
        _draw_topics(listing, names, topic_names, path)
    else:
        _draw_shares(shares, listing, names, topic_names, path)


def _draw_topics(
    listing: TopicWords, names: Sequence[str], topic_names: Sequence[str], path: str
) -> None:
    """Draw the sizes of the topics, and a map of them."""
    from w2v.plots import chart_data

    order = [int(topic) for topic in listing.order()]
    words = _first_words(listing, names, _WORDS)
    given = [topic_names[topic] for topic in order]
    chart = chart_data.topics(
        order, listing.sizes, listing.weights, [words[topic] for topic in order], given
    )
    write_chart(chart, path, _say)


def _draw_shares(
    shares: SharesByValue,
    listing: TopicWords,
    names: Sequence[str],
    topic_names: Sequence[str],
    path: str,
) -> None:
    """Draw the share of each topic by the values of a field."""
    from w2v.cli.charts import chart_kind
    from w2v.plots.shares_chart import left_out, shares_chart

    words = _first_words(listing, names, _TITLE_WORDS)
    titles = [
        f"{topic} {name or text}"
        for topic, (name, text) in enumerate(zip(topic_names, words, strict=True))
    ]
    write_chart(shares_chart(shares, titles), path, _say)
    if chart_kind(path) != "tsv" and (drawn := left_out(shares)):
        _say(f"the chart has {drawn}; --plot FILE.tsv writes all")


def _first_words(listing: TopicWords, names: Sequence[str], count: int) -> list[str]:
    """The first words of each topic, separated by blanks, in the order of the topics' numbers."""
    from w2v.topics.topic_words import top_words

    return [" ".join(names[row] for row in rows) for rows in top_words(listing.weights, count)]


def _say(message: str) -> None:
    click.echo(message, err=True)
