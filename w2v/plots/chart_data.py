"""The charts of results: losses, analogy accuracy, topics, topic sweeps, long-lag experiment."""

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

_MOST_EPOCHS = 1 << 30  # of a training run


def losses(paths: Sequence[str]) -> Chart:
    """A chart of losses by epoch from logs of `w2v train --log-json`.

    The lines of validation losses are dashed.

    paths   log files; a log may hold several runs
    Raises  W2VError for a file that is not such a log, or in which no epoch has ended
    """
    series, rows = list[Series](), list[list[object]]([["run", "epoch", "loss", "valid_loss"]])
    for path in paths:
        runs = list(_runs(path))
        if not runs:
            raise W2VError(
                f"{name_of(path)}: no epoch of this log is complete, so there is no loss to draw"
            )
        for number, run in enumerate(runs, 1):
            name = path if len(runs) == 1 else f"{path} #{number}"
            epochs = [event["epoch"] for event in run]
            for key, dashed in (("loss", False), ("valid_loss", True)):
                values = [event.get(key) for event in run]
                if not dashed or any(value is not None for value in values):
                    label = f"{name}, validation" if dashed else name
                    series.append(Series(label, epochs, values, dashed))
            rows += [[name, event["epoch"], event.get("loss"), event.get("valid_loss")]
                     for event in run]  # fmt: skip
    return Chart([Lines("Mean loss", "epoch", "nats", series)], rows)


def _runs(path: str) -> Iterator[list[dict[str, Any]]]:
    """The epoch events of each run in a log.

    A new run begins where the number of the epoch is not greater than the one before. A run that
    was interrupted and resumed is therefore one run.
    """
    run: list[dict[str, Any]] = []
    for number, line in numbered_lines(path, "replace"):
        try:
            event = json.loads(line)
            if event["event"] == "epoch":
                event = _checked(event)
                if run and event["epoch"] <= run[-1]["epoch"]:
                    yield run
                    run = []
                run.append(event)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise W2VError(
                f"{name_of(path)}: line {number} is not an event of w2v train --log-json"
            ) from None
    if run:
        yield run


def _checked(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of an epoch, whose losses are numbers or None.

    Raises  KeyError, TypeError, ValueError or OverflowError for an event that is none
    """
    epoch = event["epoch"]
    if not isinstance(epoch, int) or not 0 <= epoch <= _MOST_EPOCHS:
        raise ValueError("epoch")
    losses = {name: event.get(name) for name in ("loss", "valid_loss")}
    for name, value in losses.items():
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise TypeError(name)
    return {"epoch": epoch} | {
        name: None if value is None else float(value) for name, value in losses.items()
    }


def sections(path: str, results: Mapping[str, Sequence[tuple[str, float | None]]]) -> Chart:
    """A bar chart of analogy accuracy by section, for one or more vector files.

    path     the file of questions, which is the title of the chart
    results  the pairs (section, accuracy) of each vector file; all files have the same sections
    """
    series = [
        Series(file, [name for name, _ in accuracies], [accuracy for _, accuracy in accuracies])
        for file, accuracies in results.items()
    ]
    rows: list[list[object]] = [["file", "section", "accuracy"]]
    rows += [[bars.name, *pair] for bars in series for pair in zip(bars.x, bars.y, strict=True)]
    return Chart([Bars(path, "accuracy", series)], rows)


def topics(
    numbers: Sequence[int],
    sizes: np.ndarray,
    weights: np.ndarray,
    words: Sequence[str],
    given: Sequence[str] = (),
) -> Chart:
    """A chart of two panels: the sizes of topics as bars, and a map of the topics.

    Similar topics are near each other on the map.

    numbers  numbers of the K topics, the largest topic first
    sizes    float (K,), share of each topic
    weights  float (V, K), weight of each of V words in each topic; signs are ignored
    words    the first words of each topic in `numbers`, separated by blanks
    given    a name for each topic in `numbers`, which is written in place of the words; "" for a
             topic without a name; empty: no topic has one

    The map shows the first two principal components of the vectors √p(word | topic). The Euclidean
    distance of two such vectors is √2 times the Hellinger distance of the topics.
    """
    order = np.array(numbers, np.int64)
    shares = np.abs(weights[:, order]).astype(np.float64)
    shares /= np.maximum(shares.sum(axis=0), 1e-30)
    points = principal(np.sqrt(shares).T)
    given = given or [""] * len(numbers)
    texts = [name or text for name, text in zip(given, words, strict=True)]
    names = [f"{topic}: {text}" for topic, text in zip(numbers, texts, strict=True)]
    sorted_sizes = sizes[order]
    rows: list[list[object]] = [["topic", "size", "x", "y", "words", *["name"] * any(given)]]
    for topic, size, (x, y), text, name in zip(
        numbers, sorted_sizes.tolist(), points.tolist(), words, given, strict=True
    ):
        rows.append([topic, size, x, y, text, *[name] * any(given)])
    bars = Bars("Topic sizes", "share", [Series("", names, sorted_sizes.tolist())])
    circles = Circles(
        "Topics near each other share words", _short_names(numbers, words, given), points,
        sorted_sizes,
    )  # fmt: skip
    return Chart([bars, circles], rows)


def _short_names(numbers: Sequence[int], words: Sequence[str], given: Sequence[str]) -> list[str]:
    """The number of each topic and its name, or two of its words if `given` has no name.

    Words that are in one or two topics are taken before words that are in more topics.
    """
    topics_with = Counter(word for text in words for word in text.split())
    names = []
    for number, text, name in zip(numbers, words, given, strict=True):
        preferred = sorted(text.split(), key=lambda word: topics_with[word] > 2)
        names.append(f"{number}: {name or ' '.join(preferred[:2])}")
    return names


def lag(results: Sequence[Mapping[str, Any]]) -> Chart:
    """A chart of `w2v lag`: for each task the scores by length, and the gradients by distance.

    results  the records that `w2v lag --json` prints
    """
    panels: list[Lines] = []
    rows: list[list[object]] = [["task", "network", "length", "score", "back", "gradient"]]
    for task in dict.fromkeys(result["task"] for result in results):
        task_results = [result for result in results if result["task"] == task]
        networks = dict.fromkeys(result["network"] for result in task_results)
        scores, gradients = list[Series](), list[Series]()
        for network in networks:
            cells = [result for result in task_results if result["network"] == network]
            sequence_lengths = [cell["length"] for cell in cells]
            scores.append(Series(network, sequence_lengths, [cell["score"] for cell in cells]))
            longest = max(cells, key=lambda cell: cell["length"])
            steps_back = [float(share) * longest["length"] for share in longest["gradients"]]
            gradients.append(Series(network, steps_back, list(longest["gradients"].values())))
            rows += [
                [task, network, cell["length"], cell["score"], float(share), value]
                for cell in cells
                for share, value in cell["gradients"].items()
            ]
        measure = "accuracy" if task == "words" else "mean squared error"
        panels.append(Lines(f"{task}: {measure} by length", "length", measure, scores))
        longest_of_all = max(result["length"] for result in task_results)
        panels.append(
            Lines(
                f"{task}, length {longest_of_all}: gradients before training", "steps back",
                "norm / norm at the last step", gradients, log=True,
            )
        )  # fmt: skip
    return Chart(panels, rows)


_SWEEP_PANELS = {  # the title of the panel of each figure of a sweep
    "perplexity": "Held-out perplexity", "npmi": "Coherence NPMI", "c_v": "Coherence C_V",
    "u_mass": "Coherence u_mass", "diversity": "Diversity of topics",
    "stability": "Stability over seeds",
}  # fmt: skip


def sweep(results: Sequence[Mapping[str, Any]]) -> Chart:
    """A chart of `w2v topics --sweep`: each figure by the number of topics.

    results  the records that `w2v topics --sweep --json` prints

    A figure that no record has is left out.
    """
    ordered = sorted(results, key=lambda result: result["topics"])
    numbers = [result["topics"] for result in ordered]
    panels = []
    for name, title in _SWEEP_PANELS.items():
        values = [result[name] for result in ordered]
        if any(value is not None for value in values):
            panels.append(Lines(title, "number of topics", name, [Series(name, numbers, values)]))
    columns = ["topics", *_SWEEP_PANELS, "seconds"]
    return Chart(panels, [[*columns], *([result[name] for name in columns] for result in ordered)])
