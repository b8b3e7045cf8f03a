"""Projection of vectors to points in the plane: PCA, t-SNE and UMAP.

Sources: principal components, Pearson 1901; t-SNE, van der Maaten and Hinton 2008, computed by
openTSNE; UMAP, McInnes, Healy and Melville 2018, computed by umap-learn.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from w2v.embeddings.norms import unit_vectors
from w2v.errors import W2VError
from w2v.plots import needs

NAMES = {"pca": "principal components", "tsne": "t-SNE", "umap": "UMAP"}
_MIN_POINTS = 4  # minimum number of points for t-SNE and UMAP
_STEPS = 250, 500  # iterations of t-SNE: with early exaggeration, and after it


def project(
    vectors: np.ndarray,
    method: str,
    seed: int,
    threads: int,
    on_share: Callable[[float], None] = lambda share: None,
) -> np.ndarray:
    """Project the unit vectors of vectors (N, D) to points in the plane, float64 (N, 2).

    method    pca: the two principal components, the directions of the largest variance. tsne and
              umap: neighbours by cosine stay near each other; large distances have little meaning
    seed      seed of the random numbers of tsne and umap
    threads   number of threads of tsne; umap uses one
    on_share  called with the share of the work that is done, 0 to 1
    Raises    W2VError if a package is not installed, or if there are too few vectors
    """
    units = unit_vectors(vectors)
    if method == "pca":
        return principal(units)
    if len(units) < _MIN_POINTS:
        raise W2VError(
            f"--method {method} needs {_MIN_POINTS} vectors or more, not {len(units)}: draw more "
            "with --top or -k, or use --method pca"
        )
    on_share(0)  # the search for neighbours, which comes first, reports no progress
    if method == "tsne":
        return _tsne(units, seed, threads, on_share)
    return _umap(units, seed, on_share)


def principal(vectors: np.ndarray) -> np.ndarray:
    """The two leading principal components of vectors (N, D), float64 (N, 2).

    The sign of a component is arbitrary. It is chosen so that the component's number farthest from
    0 is positive.
    """
    centred = vectors - vectors.mean(axis=0) if len(vectors) else vectors
    # eigh sorts by variance: the last two, the last first. The smaller of two matrices is taken:
    # topics are few vectors, which have as many numbers as there are words.
    if centred.shape[0] < centred.shape[1]:
        variances, directions = np.linalg.eigh(centred @ centred.T)
        points = directions[:, :-3:-1] * np.sqrt(np.maximum(variances[:-3:-1], 0))
    else:
        _, directions = np.linalg.eigh(centred.T @ centred)
        points = centred @ directions[:, :-3:-1]
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))  # N or D may be 1
    if len(points):
        farthest = points[np.abs(points).argmax(axis=0), [0, 1]]  # one number of each component
        points = points * np.where(farthest < 0, -1, 1)
    return points


def _tsne(
    units: np.ndarray, seed: int, threads: int, on_share: Callable[[float], None]
) -> np.ndarray:
    """Project unit vectors by t-SNE."""
    open_tsne = needs("openTSNE", "tsne")
    # openTSNE takes the first points from two principal components; zeros change no cosine.
    units = np.pad(units, ((0, 0), (0, max(0, 2 - units.shape[1]))))
    steps_done = [0]  # a list, so that `report` can change its number

    def report(*_: Any) -> None:
        steps_done[0] += 10  # called every 10 iterations
        on_share(steps_done[0] / sum(_STEPS))

    # t-SNE uses 3 x perplexity neighbours of each point.
    points = open_tsne.TSNE(
        perplexity=min(30, (len(units) - 1) / 3), metric="cosine", n_jobs=threads,
        early_exaggeration_iter=_STEPS[0], n_iter=_STEPS[1], random_state=seed,
        callbacks=report, callbacks_every_iters=10,
    ).fit(units)  # fmt: skip
    return np.asarray(points, np.float64)


class _ProgressFile:
    """A file to which UMAP writes its progress bar; it reports the percentages in the text."""

    def __init__(self, on_share: Callable[[float], None]):
        self._on_share = on_share

    def write(self, text: str) -> None:
        """Report the percentage in the text, if there is one."""
        percentage = re.search(r"(\d+)%", text)
        if percentage:
            self._on_share(int(percentage[1]) / 100)

    def flush(self) -> None:
        """Nothing is buffered; UMAP expects this method of a file."""


def _umap(units: np.ndarray, seed: int, on_share: Callable[[float], None]) -> np.ndarray:
    """Project unit vectors by UMAP, on one thread: only then does a seed determine the points."""
    bar = {"file": _ProgressFile(on_share), "disable": False, "bar_format": "{percentage:.0f}%"}
    umap = needs("umap", "umap")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # UMAP warns of few points and of one thread
        points = umap.UMAP(
            n_neighbors=min(15, len(units) - 1), metric="cosine", random_state=seed, n_jobs=1,
            init="random" if len(units) < 10 else "spectral", tqdm_kwds=bar,
        ).fit_transform(units)  # fmt: skip
    return np.asarray(points, np.float64)
