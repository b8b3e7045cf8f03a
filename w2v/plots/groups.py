"""Groups of points that get the same colour: clusters, nearest terms, topics or labels."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature

import numpy as np

from w2v.embeddings.norms import unit_vectors
from w2v.errors import W2VError

# The first nine: Tableau's without its grey, with yellow and pink darkened for a white background.
COLOURS = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2",
    "#b07aa1", "#d9ae1e", "#9c755f", "#e8829a", "#637939",
    "#1b9e9e", "#8c3b2f", "#6a51c7", "#a9c94f", "#c7318f", "#2f4b7c", "#7fb8e6", "#b36a00",
    "#00a86b", "#c9a0dc",
)  # fmt: skip
_GREY = "#a5a5a5"
MAX_GROUPS = len(COLOURS) + 1  # maximum number of groups; of more, the last collects the smallest
# The name of a cluster is made of 3 words: the most frequent ones of the 20 words nearest to the
# centre of the cluster, or of the nearest tenth if the cluster is large. When the nearest 20 were
# used for all, the name of a cluster of 1,250 words had rare words: "anc diplomacy fraud".
_NAME_WORDS, _MIN_CANDIDATES, _CANDIDATE_SHARE = 3, 20, 0.1
OTHER = "other"


@dataclass(frozen=True)
class Groups:
    """A group for each of N points.

    of        int64 (N,), index of each point's group
    names     names of the groups; empty: all points are in one group without a name
    has_rest  whether the last group is the rest, "other", which is grey
    """

    of: np.ndarray
    names: list[str]
    has_rest: bool = False

    @property
    def colours(self) -> list[str]:
        """The colour of each group as #rrggbb; one colour if groups have no names."""
        count = max(len(self.names), 1) - self.has_rest
        return [*(*COLOURS, _GREY)[:count], *[_GREY] * self.has_rest]


def one_group(count: int) -> Groups:
    """All points in one group without a name."""
    return Groups(np.zeros(count, np.int64), [])


def clusters(vectors: np.ndarray, names: Sequence[str], count: int, seed: int) -> Groups:
    """k-means clusters of the unit vectors of `vectors`, (N, D), the largest cluster first.

    If there would be fewer than two clusters, one group without a name is returned.

    names  names of the N vectors, the most frequent first; they give the clusters their names
    count  maximum number of clusters
    seed   seed of the initial centres

    Source: spherical k-means, Dhillon and Modha 2001; here SciPy's k-means on unit vectors, with
    k-means++ initialisation.
    """
    from scipy.cluster.vq import kmeans2

    units = unit_vectors(vectors)
    count = min(count, MAX_GROUPS, len(np.unique(units, axis=0)))
    if count < 2:
        return one_group(len(units))
    option = "rng" if "rng" in signature(kmeans2).parameters else "seed"  # before SciPy 1.15
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an empty cluster, which is left out below
        centres, of = kmeans2(units, count, minit="++", **{option: np.random.default_rng(seed)})
    cluster_names = []
    for cluster in range(count):
        members = np.flatnonzero(of == cluster)
        count_near = max(_MIN_CANDIDATES, int(_CANDIDATE_SHARE * len(members)))
        by_cosine = members[np.argsort(-(units[members] @ centres[cluster]), kind="stable")]
        # The smallest indices are those of the most frequent words.
        most_frequent = np.sort(by_cosine[:count_near])[:_NAME_WORDS]
        cluster_names.append(" ".join(names[index] for index in most_frequent.tolist()))
    return _largest_first(of, cluster_names)


def terms(vectors: np.ndarray, names: Sequence[str], marked: np.ndarray) -> Groups:
    """A group for each marked name. A point is in the group of the nearest marked name, by cosine.

    If fewer than two names are marked, one group without a name is returned.

    vectors  float (N, D)
    names    names of the N vectors
    marked   bool (N,), whether the user has named each name on the command line
    """
    rows = np.flatnonzero(marked)
    if len(rows) < 2:
        return one_group(len(vectors))
    units = unit_vectors(vectors)
    of = (units @ units[rows].T).argmax(axis=1)
    return _largest_first(of, [names[row] for row in rows.tolist()])


def topics(shares: np.ndarray) -> Groups:
    """Groups by the largest topic of each point; `shares` is float (N, number of topics)."""
    of = shares.argmax(axis=1) if len(shares) else np.zeros(0, np.int64)
    return _largest_first(of, [f"topic {topic}" for topic in range(shares.shape[1])])


def labels(names: Sequence[str], label_of: Mapping[str, str]) -> Groups:
    """Groups by label; names without a label are in the group "other".

    Raises W2VError if no name has a label.
    """
    point_labels = [label_of.get(name, OTHER) for name in names]
    if all(label == OTHER for label in point_labels):
        raise W2VError(
            "--labels: none of the names on the map has a label in these files: expected a name, a "
            "tab and a label on each line"
        )
    return by_value(point_labels)


def by_value(values: Sequence[str]) -> Groups:
    """Groups of equal values of N points; the value "other" comes last."""
    index_of = {value: index for index, value in enumerate(dict.fromkeys(values))}
    of = np.array([index_of[value] for value in values], np.int64)
    return _largest_first(of, [*index_of], index_of.get(OTHER))


def _largest_first(of: np.ndarray, names: Sequence[str], rest: int | None = None) -> Groups:
    """Sort groups by size, the rest last, and leave out empty ones.

    If there are more than `MAX_GROUPS`, the smallest ones become part of the rest, "other".

    rest  the group that is the rest; None: no group is
    """
    sizes = np.bincount(of, minlength=len(names))
    order = [group for group in np.argsort(-sizes, kind="stable").tolist() if sizes[group]]
    order.sort(key=lambda group: group == rest)
    new_index = np.zeros(len(names), np.int64)
    new_index[order] = np.arange(len(order))
    group_names, has_rest = [names[group] for group in order], rest in order
    if len(group_names) > MAX_GROUPS:
        group_names, has_rest = [*group_names[: MAX_GROUPS - 1], OTHER], True
        new_index = np.minimum(new_index, MAX_GROUPS - 1)
    return Groups(new_index[of], group_names, has_rest)
