"""What points have in common, and get the same colour for: a cluster, a topic, a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature

import numpy as np

from w2v.embeddings.norms import unit_vectors
from w2v.errors import W2VError

COLOURS = (  # the first ten Tableau's, yellow and pink darker: they were pale on white
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2",
    "#b07aa1", "#d9ae1e", "#9c755f", "#e8829a", "#637939",
    "#1b9e9e", "#8c3b2f", "#6a51c7", "#a9c94f", "#c7318f", "#2f4b7c", "#7fb8e6", "#b36a00",
    "#00a86b", "#c9a0dc",
)  # fmt: skip
_GREY = "#a5a5a5"
MOST = len(COLOURS) + 1  # of which the last is for the smallest groups together
# Words that name a cluster, the first (most frequent) of those nearest to its centre: of how many,
# and of what share of it. Of 1,250 words the nearest 20 are "anc diplomacy fraud".
_NAMED_BY, _MIDDLE, _SHARE = 3, 20, 0.1
OTHER = "other"


@dataclass(frozen=True)
class Groups:
    """A group for each of N points.

    of     int64 (N,), which group
    names  of the groups; none: all points are alike
    """

    of: np.ndarray
    names: list[str]

    @property
    def colours(self) -> list[str]:
        """Of each group, at least one, as #rrggbb."""
        pairs = zip(self.names or [""], (*COLOURS, _GREY), strict=False)
        return [_GREY if name == OTHER else colour for name, colour in pairs]


def one_group(count: int) -> Groups:
    """All points in one group without a name."""
    return Groups(np.zeros(count, np.int64), [])


def clusters(vectors: np.ndarray, names: Sequence[str], count: int, seed: int) -> Groups:
    """Clusters of vectors (N, D) by direction, the largest first; named by words near the centre.

    Source: spherical k-means, Dhillon and Modha 2001, by SciPy, begun as in k-means++.
    """
    from scipy.cluster.vq import kmeans2

    units = unit_vectors(vectors)
    count = min(count, MOST, len(np.unique(units, axis=0)))
    if count < 2:
        return one_group(len(units))
    named = "rng" if "rng" in signature(kmeans2).parameters else "seed"  # before SciPy 1.15
    centres, of = kmeans2(units, count, minit="++", **{named: np.random.default_rng(seed)})
    found = []
    for each in range(count):
        members = np.flatnonzero(of == each)
        middle = max(_MIDDLE, int(_SHARE * len(members)))
        near = members[np.argsort(-(units[members] @ centres[each]), kind="stable")][:middle]
        found.append(" ".join(names[at] for at in np.sort(near)[:_NAMED_BY].tolist()))
    return _largest_first(of, found)


def terms(vectors: np.ndarray, names: Sequence[str], marked: np.ndarray) -> Groups:
    """The name, of those that are marked, bool (N,), that each is nearest to."""
    which = np.flatnonzero(marked)
    if len(which) < 2:
        return one_group(len(vectors))
    units = unit_vectors(vectors)
    of = (units @ units[which].T).argmax(axis=1)
    return _largest_first(of, [names[at] for at in which.tolist()])


def topics(shares: np.ndarray) -> Groups:
    """The topic that each has most of; shares (N, topics)."""
    of = shares.argmax(axis=1) if len(shares) else np.zeros(0, np.int64)
    return _largest_first(of, [f"topic {topic}" for topic in range(shares.shape[1])])


def labels(names: Sequence[str], label_of: Mapping[str, str]) -> Groups:
    """The label of each name; W2VError where none has one."""
    found = [label_of.get(name, OTHER) for name in names]
    if all(label == OTHER for label in found):
        raise W2VError("--labels: none of the names that are drawn has a label")
    known = list(dict.fromkeys(found))
    return _largest_first(np.array([known.index(label) for label in found]), known)


def _largest_first(of: np.ndarray, names: Sequence[str]) -> Groups:
    """Groups in the order of their sizes; at most `MOST`, the smallest of them in one."""
    sizes = np.bincount(of, minlength=len(names))
    order = [each for each in np.argsort(-sizes, kind="stable").tolist() if sizes[each]]
    order.sort(key=lambda each: names[each] == OTHER)
    place = np.zeros(len(names), np.int64)
    place[order] = np.arange(len(order))
    kept = [names[each] for each in order]
    if len(kept) > MOST:
        kept = [*kept[: MOST - 1], OTHER]
        place = np.minimum(place, MOST - 1)
    return Groups(place[of], kept)
