"""Vectors of many numbers as points in the plane.

Sources: principal components, Pearson 1901; t-SNE, van der Maaten and Hinton 2008, by openTSNE;
UMAP, McInnes, Healy and Melville 2018, by umap-learn.
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
_FEWEST = 4  # points that t-SNE and UMAP can part
_STEPS = 250, 500  # of t-SNE: exaggerated, and then as they are


def project(
    vectors: np.ndarray,
    method: str,
    seed: int,
    threads: int,
    on_share: Callable[[float], None] = lambda share: None,
) -> np.ndarray:
    """Points in the plane, float64 (N, 2), for vectors (N, D), which are taken by direction alone.

    method    pca: the two directions in which they differ most; tsne and umap keep near what is
              near by cosine, and say little of what is far
    on_share  called with the share that is done, 0 to 1
    Raises W2VError where a package that is needed is not installed, or there are too few vectors.
    """
    units = unit_vectors(vectors)
    if method == "pca":
        return principal(units)
    if len(units) < _FEWEST:
        raise W2VError(f"--method {method} needs {_FEWEST} vectors or more, not {len(units)}")
    on_share(0)  # who is near to whom takes a while, and is not counted
    if method == "tsne":
        return _tsne(units, seed, threads, on_share)
    return _umap(units, seed, on_share)


def principal(vectors: np.ndarray) -> np.ndarray:
    """The two leading principal components of vectors (N, D), float64 (N, 2).

    Of each the number that is farthest from 0 is positive: directions have no sign of their own.
    """
    centred = vectors - vectors.mean(axis=0) if len(vectors) else vectors
    _, directions = np.linalg.eigh(centred.T @ centred)
    points = centred @ directions[:, :-3:-1]
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    if len(points):
        farthest = points[np.abs(points).argmax(axis=0), [0, 1]]
        points = points * np.where(farthest < 0, -1, 1)
    return points


def _tsne(
    units: np.ndarray, seed: int, threads: int, on_share: Callable[[float], None]
) -> np.ndarray:
    open_tsne = needs("openTSNE", "tsne")
    done = [0]

    def report(*_: Any) -> None:
        done[0] += 10
        on_share(done[0] / sum(_STEPS))

    found = open_tsne.TSNE(
        perplexity=min(30, (len(units) - 1) / 3), metric="cosine", n_jobs=threads,
        early_exaggeration_iter=_STEPS[0], n_iter=_STEPS[1], random_state=seed,
        callbacks=report, callbacks_every_iters=10,
    ).fit(units)  # fmt: skip
    return np.asarray(found, np.float64)


class _Bar:
    """The file that UMAP's progress bar writes to: percentages."""

    def __init__(self, on_share: Callable[[float], None]):
        self._on_share = on_share

    def write(self, text: str) -> None:
        """Pass on the percentage, if there is one."""
        found = re.search(r"(\d+)%", text)
        if found:
            self._on_share(int(found[1]) / 100)

    def flush(self) -> None:
        """As files have it."""


def _umap(units: np.ndarray, seed: int, on_share: Callable[[float], None]) -> np.ndarray:
    """On one thread, which is what gives the same points for the same seed."""
    bar = {"file": _Bar(on_share), "disable": False, "bar_format": "{percentage:.0f}%"}
    umap = needs("umap", "umap")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few points, of one thread
        found = umap.UMAP(
            n_neighbors=min(15, len(units) - 1), metric="cosine", random_state=seed, n_jobs=1,
            init="random" if len(units) < 10 else "spectral", tqdm_kwds=bar,
        ).fit_transform(units)  # fmt: skip
    return np.asarray(found, np.float64)
