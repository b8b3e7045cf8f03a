"""The topics of a model as an interactive HTML page: a map, words, documents and names to give.

After LDAvis (Sievert and Shirley 2014), a topic is a circle. Its area is the topic's share of the
tokens, and topics with similar words are near each other. Arrays have M documents, V words and K
topics.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2v.plots.html_page import assemble, content_key, packed
from w2v.topics.coherence import Coherence
from w2v.topics.document_mixtures import Mixtures
from w2v.topics.relevance import Relevance
from w2v.topics.topic_distances import classical_scaling, topic_distances
from w2v.topics.topic_documents import top_documents
from w2v.topics.topic_shares import SharesByValue
from w2v.topics.topic_words import TopicWords

WORDS = 30  # number of words that the page lists for a topic
DOCUMENTS = 15  # number of documents that the page lists for a topic
STEPS = 20  # the slider of lambda has this many steps from 0 to 1
MAX_SEARCHED = 50_000  # number of the most frequent words that can be searched
_TOPICS_OF_WORD, _SMALLEST_SHARE = 8, 0.01  # topics of a word: at most 8, from 1 % of its tokens
_STYLES = ("base.css", "topics.css")
_PROGRAMS = ("elements.js", "lettering.js", "plane.js", "topic_parts.js", "topics.js", "curves.js",
             "topic_panel.js", "topic_names.js", "topics_start.js", "search.js",
             "topics_keys.js")  # fmt: skip


@dataclass(frozen=True, eq=False)
class TopicPage:
    """What the page of a model shows.

    path             the file of the model, for the title
    topics           the topics, whose weights are p(word | topic)
    words            the names of the V words
    counts           int (V,), the number of tokens of each word
    word_topics      float (V, K), p(topic | word)
    coherence        the coherence of each topic; empty: unknown
    documents        the names of the M documents
    document_topics  the shares of topics in the documents
    tokens           int (M,), the number of tokens of each document
    names            the name of each topic; "" where it has none
    beginnings       the beginning of the text of documents, by their names
    shares           the topics by the values of a field, for curves; None: no field
    """

    path: str
    topics: TopicWords
    words: Sequence[str]
    counts: np.ndarray
    word_topics: np.ndarray
    coherence: Sequence[Coherence]
    documents: Sequence[str]
    document_topics: Mixtures
    tokens: np.ndarray
    names: Sequence[str]
    beginnings: Mapping[str, str] = field(default_factory=dict)
    shares: SharesByValue | None = None

    def html(self) -> str:
        """The page as one file that loads nothing else."""
        data = self.data()
        # The names that a reader gives are kept in the browser for this page only.
        data["key"] = content_key(data)
        return assemble("topics.html", _STYLES, _PROGRAMS, data, data["title"])

    def data(self) -> dict[str, Any]:
        """The data that topics.js reads.

        Words are numbered by descending frequency, and documents as they are listed.
        """
        relevance = Relevance(self.topics)
        lambdas = np.linspace(0, 1, STEPS + 1)
        listed = [
            relevance.top_words(topic, lambdas.tolist(), WORDS)
            for topic in range(self.topics.sizes.size)
        ]
        order = np.argsort(-self.counts, kind="stable")
        is_sent = np.zeros(order.size, np.bool_)
        is_sent[order[:MAX_SEARCHED]] = is_sent[np.concatenate(listed)] = True
        sent = order[is_sent[order]]
        number_of = np.full(order.size, -1)
        number_of[sent] = np.arange(sent.size)
        shown, trained = int(self.tokens.sum()), int(self.counts.sum())
        points, variance = classical_scaling(topic_distances(self.topics.weights))
        return {
            "title": f"Topics of {os.path.basename(self.path)}",
            "steps": STEPS,
            "listed": WORDS,
            "allDocuments": len(self.documents),
            # The page may have documents that the model was not trained on.
            "allTokens": max(shown, trained),
            # Of the model that was updated: the page has none of the documents of these tokens.
            "earlierTokens": max(trained - shown, 0),
            "allWords": int(order.size),
            "variance": round(variance, 4),
            "names": [*self.names],
            "sizes": self.topics.sizes.round(6).tolist(),
            "order": self.topics.order().tolist(),
            "x": points[:, 0].round(5).tolist(),
            "y": points[:, 1].round(5).tolist(),
            "npmi": [topic.npmi for topic in self.coherence],
            "words": [self.words[row] for row in sent.tolist()],
            "counts": self.counts[sent].tolist(),
            "topics": [
                self._topic(topic, rows, relevance, number_of) for topic, rows in enumerate(listed)
            ],
            "topicsOfWords": _packed_topics(self.word_topics[sent]),
            **self._documents(),
            "by": None if self.shares is None else _curves(self.shares),
        }

    def _topic(
        self, topic: int, rows: np.ndarray, relevance: Relevance, number_of: np.ndarray
    ) -> dict[str, list[Any]]:
        """The listed words of a topic: their numbers, their two logarithms, their tokens."""
        tokens = self.counts[rows] * self.word_topics[rows, topic]
        log_p, log_lift = relevance.logarithms(topic)
        return {
            "words": number_of[rows].tolist(),
            "logP": [round(value, 4) for value in log_p[rows].tolist()],
            "logLift": [round(value, 4) for value in log_lift[rows].tolist()],
            "tokens": tokens.round().astype(np.int64).tolist(),
        }

    def _documents(self) -> dict[str, Any]:
        """The documents that have most of each topic, each document once."""
        tops = top_documents(self.document_topics, DOCUMENTS)
        number_of: dict[int, int] = {}
        for top in tops:
            for row in top.rows.tolist():
                number_of.setdefault(row, len(number_of))
        ids = [self.documents[row] for row in number_of]
        return {
            "ids": ids,
            "beginnings": [self.beginnings.get(id_, "") for id_ in ids],
            "lengths": self.tokens[[*number_of]].tolist(),
            "documents": [[number_of[row] for row in top.rows.tolist()] for top in tops],
            "documentShares": [[round(share, 4) for share in top.shares.tolist()] for top in tops],
        }


def _packed_topics(word_topics: np.ndarray) -> dict[str, str]:
    """The largest topics of each word, as little-endian numbers in base64.

    word_topics  float (W, K)

    `counts` has the number of topics of each word, uint8. `topics` has the topics of each word, the
    largest first, uint8 for up to 256 topics and else uint16. `shares` has p(topic | word) of each
    as a share of 65,535, uint16.
    """
    most = min(_TOPICS_OF_WORD, word_topics.shape[1])
    columns = np.argpartition(-word_topics, most - 1, axis=1)[:, :most]
    shares = np.take_along_axis(word_topics, columns, axis=1)
    order = np.argsort(-shares, axis=1, kind="stable")
    columns, shares = (np.take_along_axis(each, order, axis=1) for each in (columns, shares))
    is_sent = shares >= _SMALLEST_SHARE
    arrays = {
        "counts": is_sent.sum(axis=1).astype("u1"),
        "topics": columns[is_sent].astype("u1" if word_topics.shape[1] <= 256 else "<u2"),
        "shares": np.minimum(shares[is_sent] * 65535 + 0.5, 65535).astype("<u2"),
    }
    return {name: packed(array) for name, array in arrays.items()}


def _curves(shares: SharesByValue) -> dict[str, Any]:
    """The topics' shares by value, for curves or bars; without values of no tokens.

    A curve has a gap where `numbers`, those of periods, do not follow each other.
    """
    has_tokens = shares.tokens > 0
    kept = np.flatnonzero(has_tokens).tolist()
    numbers = np.round(shares.shares[has_tokens] * 65535).astype("<u2")
    return {
        "name": shares.name,
        "values": [shares.values[row] for row in kept],
        "at": None if shares.positions is None else shares.positions[has_tokens].tolist(),
        "numbers": None if shares.numbers is None else shares.numbers[has_tokens].tolist(),
        "documents": shares.documents[has_tokens].tolist(),
        "tokens": shares.tokens[has_tokens].tolist(),
        "shares": packed(numbers),
    }
