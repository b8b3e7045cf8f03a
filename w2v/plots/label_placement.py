"""Placement of names beside their points, so that no name covers another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Places of a name around its point: right, left, above, below, then the four diagonals. Each is the
# offset of the name's lower left corner: (widths, heights) of the name, then (x, y) in gaps.
_SIDES = (
    (0.0, -0.5, 1, 0), (-1.0, -0.5, -1, 0), (-0.5, 0.0, 0, 1), (-0.5, -1.0, 0, -1),
    (0.0, 0.0, 0.7, 0.7), (-1.0, 0.0, -0.7, 0.7), (0.0, -1.0, 0.7, -0.7), (-1.0, -1.0, -0.7, -0.7),
)  # fmt: skip

_GAPS = (1, 3, 6, 10)  # distances of a name from its point that are tried, in radii of the dot


def place(
    points: np.ndarray,
    sizes: np.ndarray,
    bounds: Sequence[float],
    radii: np.ndarray,
    far: np.ndarray | None = None,
) -> np.ndarray:
    """Lower left corners of names, float64 (N, 2); NaN for names that find no place.

    Names are placed one by one. A name never covers another name or leaves the bounds; of its free
    places it takes the one that covers the fewest dots.

    points  float64 (N, 2), sorted by the importance of their names
    sizes   float64 (N, 2), width and height of each name
    bounds  x0, y0, x1, y1 of the area for names
    radii   float64 (N,), distance between a dot's centre and its name
    far     bool (N,), names that may be farther from their points if there is no place beside them
    """
    dots = np.concatenate([points - radii[:, None] / 2, points + radii[:, None] / 2], axis=1)
    names = _Boxes(len(points))
    corners = np.full((len(points), 2), np.nan)
    for at, (point, size) in enumerate(zip(points, sizes, strict=True)):
        for gap in radii[at] * np.array(_GAPS if far is not None and far[at] else _GAPS[:1]):
            free = [
                low
                for low in _corners(point, size, gap)
                if (low >= bounds[:2]).all()
                and (low + size <= bounds[2:]).all()
                and names.clear(low, size)
            ]
            if free:
                covered = [np.count_nonzero(_meet(dots, low, size)) for low in free]
                corners[at] = free[int(np.argmin(covered))]
                names.add(corners[at], size)
                break
    return corners


def _corners(point: np.ndarray, size: np.ndarray, gap: float) -> list[np.ndarray]:
    return [
        point + size * (across, up) + gap * np.array((right, above))
        for across, up, right, above in _SIDES
    ]


class _Boxes:
    """Boxes x0, y0, x1, y1 of names that are placed, at most `most`."""

    def __init__(self, most: int):
        self._boxes, self._count = np.empty((most, 4)), 0

    def clear(self, low: np.ndarray, size: np.ndarray) -> bool:
        """Whether a box overlaps none of them."""
        return not _meet(self._boxes[: self._count], low, size).any()

    def add(self, low: np.ndarray, size: np.ndarray) -> None:
        """Add a box."""
        self._boxes[self._count] = (*low, *(low + size))
        self._count += 1


def _meet(boxes: np.ndarray, low: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Which of the boxes, (B, 4), a box overlaps; bool (B,)."""
    return (boxes[:, :2] < low + size).all(axis=1) & (boxes[:, 2:] > low).all(axis=1)
