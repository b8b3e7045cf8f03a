"""What is drawn as curves and bars: losses of runs, topics, answers by section, the long lag."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from w2v.errors import W2VError
from w2v.plots.chart import Bars, Chart, Circles, Lines, Series
from w2v.plots.projection import principal
from w2v.system.pipes import name_of
from w2v.system.text_file import numbered_lines


def losses(paths: Sequence[str]) -> Chart:
    """The losses of runs over their epochs, of held-out texts dashed, from logs of w2v train.

    Raises W2VError for a file that is no such log, or has no epoch that ended.
    """
    series, rows = list[Series](), list[list[object]]([["run", "epoch", "loss", "valid_loss"]])
    for path in paths:
        runs = list(_runs(path))
        if not runs:
            raise W2VError(f"{path}: no epoch has ended in this log")
        for number, run in enumerate(runs, 1):
            name = path if len(runs) == 1 else f"{path} #{number}"
            epochs = [each["epoch"] for each in run]
            for key, dashed in (("loss", False), ("valid_loss", True)):
                values = [each.get(key) for each in run]
                if not dashed or any(value is not None for value in values):
                    series.append(Series(name + ", held out" * dashed, epochs, values, dashed))
            rows += [[name, each["epoch"], each.get("loss"), each.get("valid_loss")]
                     for each in run]  # fmt: skip
    return Chart([Lines("loss", "epoch", "nats", series)], rows)


def _runs(path: str) -> Iterator[list[dict[str, Any]]]:
    """The ends of epochs of each run; one that was resumed goes on."""
    run: list[dict[str, Any]] = []
    for number, line in numbered_lines(path, "replace"):
        try:
            event = json.loads(line)
            if event["event"] == "epoch":
                event["epoch"] = int(event["epoch"])
                if run and event["epoch"] <= run[-1]["epoch"]:
                    yield run
                    run = []
                run.append(event)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise W2VError(
                f"{name_of(path)}: line {number}: no line of a log of w2v train --log-json"
            ) from None
    if run:
        yield run


def sections(path: str, results: Mapping[str, Sequence[tuple[str, float | None]]]) -> Chart:
    """The share of right answers by section, of one or several vector files.

    results  of each file the sections and their shares; the same sections for all
    """
    series = [
        Series(file, [name for name, _ in found], [share for _, share in found])
        for file, found in results.items()
    ]
    rows: list[list[object]] = [["file", "section", "accuracy"]]
    rows += [[each.name, *pair] for each in series for pair in zip(each.x, each.y, strict=True)]
    return Chart([Bars(path, "share of right answers", series)], rows)


def topics(
    numbers: Sequence[int], sizes: np.ndarray, weights: np.ndarray, words: Sequence[str]
) -> Chart:
    """Topics as bars, and as circles: near are those that have the same words.

    numbers  of the topics, the largest first
    sizes    float (K,), the share of each topic
    weights  float (V, K), of each word in each topic
    words    of each topic, its first ones
    The distance is that of the roots of p(word | topic) (Hellinger), in two principal components.
    """
    order = np.array(numbers, np.int64)
    shares = np.abs(weights[:, order]).astype(np.float64)
    shares /= np.maximum(shares.sum(axis=0), 1e-30)
    points = principal(np.sqrt(shares).T)
    names = [f"{topic}: {text}" for topic, text in zip(numbers, words, strict=True)]
    own = sizes[order]
    rows: list[list[object]] = [["topic", "size", "x", "y", "words"]]
    for topic, size, (x, y), text in zip(
        numbers, own.tolist(), points.tolist(), words, strict=True
    ):
        rows.append([topic, size, x, y, text])
    bars = Bars("topics", "share", [Series("", names, own.tolist())])
    circles = Circles("near are those with the same words", _beside(numbers, words), points, own)
    return Chart([bars, circles], rows)


def _beside(numbers: Sequence[int], words: Sequence[str]) -> list[str]:
    """Numbers of topics, each with its first two words that few other topics have among theirs."""
    often = Counter(word for text in words for word in text.split())
    names = []
    for number, text in zip(numbers, words, strict=True):
        own = sorted(text.split(), key=lambda word: often[word] > 2)
        names.append(f"{number}: {' '.join(own[:2])}")
    return names


def lag(found: Sequence[Mapping[str, Any]]) -> Chart:
    """Of each task how far networks came at each length, and how far back their gradients reach.

    found  what `w2v lag --json` prints
    """
    panels: list[Lines] = []
    rows: list[list[object]] = [["task", "network", "length", "score", "back", "gradient"]]
    for task in dict.fromkeys(each["task"] for each in found):
        own = [each for each in found if each["task"] == task]
        networks = dict.fromkeys(each["network"] for each in own)
        reached, gradients = list[Series](), list[Series]()
        for network in networks:
            cells = [each for each in own if each["network"] == network]
            reached.append(
                Series(network, [c["length"] for c in cells], [c["score"] for c in cells])
            )
            longest = max(cells, key=lambda cell: cell["length"])
            back = [float(share) * longest["length"] for share in longest["gradients"]]
            gradients.append(Series(network, back, list(longest["gradients"].values())))
            rows += [
                [task, network, cell["length"], cell["score"], float(share), value]
                for cell in cells
                for share, value in cell["gradients"].items()
            ]
        what = "accuracy" if task == "words" else "mean squared error"
        panels.append(Lines(f"{task}: how well", "length", what, reached))
        longest_of_all = max(each["length"] for each in own)
        panels.append(
            Lines(
                f"{task}, length {longest_of_all}: how far back gradients reach", "steps back",
                "share of the last state's", gradients, log=True,
            )
        )  # fmt: skip
    return Chart(panels, rows)
