"""Writes topics as the JSON that the page of LDAvis and pyLDAvis shows.

The keys are those of `PreparedData.to_dict` of pyLDAvis 3.4. Topics are numbered from 1 by
descending size; `topic.order` has the number of each in the model, plus 1. Positions are those of
the page of topics, see `topic_distances`. Arrays have V words and K topics.

Sources: Sievert and Shirley 2014, see `relevance`; Chuang, Manning and Heer 2012, "Termite",
section 4.1, for the saliency of words, by which those of the first list are chosen:

    saliency(w) = p(w) Σ_k p(k | w) ln(p(k | w) / p(k))
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from w2v.system import atomic_file
from w2v.topics.relevance import Relevance
from w2v.topics.topic_distances import classical_scaling, topic_distances
from w2v.topics.topic_words import TopicWords

TERMS = 30  # number of words that LDAvis shows at a time
STEP = 0.01  # of the slider of lambda
_LAMBDAS = np.arange(101) * STEP
_TINY = np.finfo(np.float64).tiny


def write_ldavis(path: str, topics: TopicWords, names: Sequence[str], tokens: int) -> None:
    """Write the data of a page of LDAvis, compressed if the name ends in .gz, .bz2, .xz or .zst.

    topics  the topics of a model of probabilities
    names   the V words
    tokens  the number of tokens of the training documents
    """
    data = ldavis_data(topics, names, tokens)
    with atomic_file.packed(path) as file:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        file.write(text.encode("utf-8", "replace"))


def ldavis_data(topics: TopicWords, names: Sequence[str], tokens: int) -> dict[str, Any]:
    """The data of a page of LDAvis, see `write_ldavis`."""
    order = topics.order()
    sizes, weights = topics.sizes[order], topics.weights[:, order].astype(np.float64)
    ordered = TopicWords(weights, sizes)
    counts = weights * (sizes * tokens)  # of each word in each topic
    points, _ = classical_scaling(topic_distances(ordered.weights))
    terms = _terms(ordered, counts)
    used = np.unique(np.concatenate([rows for _, rows, *_ in terms]))
    columns: dict[str, list[Any]] = {
        "Term": [], "Freq": [], "Total": [], "Category": [], "logprob": [], "loglift": []
    }  # fmt: skip
    for category, rows, freq, log_p, log_lift in terms:
        values = (
            [names[row] for row in rows], freq.tolist(), counts[rows].sum(axis=1).tolist(),
            [category] * rows.size, log_p.tolist(), log_lift.tolist(),
        )  # fmt: skip
        for column, more in zip(columns.values(), values, strict=True):
            column += more
    return {
        "mdsDat": {
            "x": points[:, 0].tolist(), "y": points[:, 1].tolist(),
            "topics": list(range(1, sizes.size + 1)), "cluster": [1] * sizes.size,
            "Freq": (100 * sizes).tolist(),
        },
        "tinfo": columns,
        "token.table": _token_table(counts, used, names),
        "R": min(TERMS, len(names)),
        "lambda.step": STEP,
        "plot.opts": {"xlab": "PC1", "ylab": "PC2"},
        "topic.order": (order + 1).tolist(),
    }  # fmt: skip


_Terms = tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _terms(topics: TopicWords, counts: np.ndarray) -> list[_Terms]:
    """The words of the list without a topic, then those of each topic.

    counts   float (V, K), the tokens of each word in each topic
    Returns  for each list its name, the rows of the words, their tokens, ln p(w | k), and
             ln(p(w | k) / p(w)); without a topic ranks take the place of the logarithms
    """
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals[:, None], _TINY)
    ratios = np.maximum(shares, _TINY) / np.maximum(topics.sizes, _TINY)
    saliency = totals / totals.sum() * (shares * np.log(ratios)).sum(axis=1)
    rows = np.argsort(-saliency, kind="stable")[:TERMS]
    ranks = np.arange(rows.size, 0, -1)
    found: list[_Terms] = [("Default", rows, totals[rows], ranks, ranks)]
    relevance = Relevance(topics)
    for topic in range(topics.sizes.size):
        rows = relevance.top_words(topic, _LAMBDAS.tolist(), TERMS)
        log_p, log_lift = (np.round(values[rows], 4) for values in relevance.logarithms(topic))
        found.append((f"Topic{topic + 1}", rows, counts[rows, topic], log_p, log_lift))
    return found


def _token_table(
    counts: np.ndarray, rows: np.ndarray, names: Sequence[str]
) -> dict[str, list[Any]]:
    """The share of each topic in the tokens of each word, where it has half a token or more.

    counts  float (V, K), the tokens of each word in each topic
    rows    the words
    names   the V words
    """
    by_name = sorted(rows.tolist(), key=lambda row: names[row])
    part = counts[by_name]
    place, topic = np.nonzero(part >= 0.5)
    shares = np.rint(part[place, topic]) / part.sum(axis=1)[place]
    return {
        "Topic": (topic + 1).tolist(),
        "Freq": shares.tolist(),
        "Term": [names[by_name[at]] for at in place.tolist()],
    }
