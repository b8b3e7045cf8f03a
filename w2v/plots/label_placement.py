"""Names beside points, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Where a name may stand, from its point: right, left, above, below, and between these. Its lower
# left corner, in widths and heights of the name and in gaps.
_SIDES = (
    (0.0, -0.5, 1, 0), (-1.0, -0.5, -1, 0), (-0.5, 0.0, 0, 1), (-0.5, -1.0, 0, -1),
    (0.0, 0.0, 0.7, 0.7), (-1.0, 0.0, -0.7, 0.7), (0.0, -1.0, 0.7, -0.7), (-1.0, -1.0, -0.7, -0.7),
)  # fmt: skip

_GAPS = (1, 3, 6, 10)  # between a name and its point, in the radius of its dot


def place(
    points: np.ndarray,
    sizes: np.ndarray,
    room: Sequence[float],
    radii: np.ndarray,
    far: np.ndarray | None = None,
) -> np.ndarray:
    """Where names go, float64 (N, 2): their lower left corners; NaN for those without a place.

    points  float64 (N, 2), those with the more important names first
    sizes   float64 (N, 2), width and height of each name
    room    x0, y0, x1, y1, out of which no name may reach
    radii   float64 (N,), of the dots, from which names keep away; others' dots are covered where
            there is no other place
    far     bool (N,), which may stand farther from their points, where there is no room beside
    """
    dots = np.concatenate([points - radii[:, None] / 2, points + radii[:, None] / 2], axis=1)
    names = _Boxes(len(points))
    corners = np.full((len(points), 2), np.nan)
    for at, (point, size) in enumerate(zip(points, sizes, strict=True)):
        for gap in radii[at] * np.array(_GAPS if far is not None and far[at] else _GAPS[:1]):
            free = [
                low
                for low in _offers(point, size, gap)
                if (low >= room[:2]).all()
                and (low + size <= room[2:]).all()
                and names.clear(low, size)
            ]
            if free:
                covered = [np.count_nonzero(_meet(dots, low, size)) for low in free]
                corners[at] = free[int(np.argmin(covered))]
                names.add(corners[at], size)
                break
    return corners


def _offers(point: np.ndarray, size: np.ndarray, gap: float) -> list[np.ndarray]:
    return [
        point + size * (across, up) + gap * np.array((right, above))
        for across, up, right, above in _SIDES
    ]


class _Boxes:
    """Boxes x0, y0, x1, y1 that are taken; at most so many."""

    def __init__(self, most: int):
        self._boxes, self._count = np.empty((most, 4)), 0

    def clear(self, low: np.ndarray, size: np.ndarray) -> bool:
        """Whether a box meets none of them."""
        return not _meet(self._boxes[: self._count], low, size).any()

    def add(self, low: np.ndarray, size: np.ndarray) -> None:
        """Take a box."""
        self._boxes[self._count] = (*low, *(low + size))
        self._count += 1


def _meet(boxes: np.ndarray, low: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Which boxes (B, 4) a box meets, bool (B,)."""
    return (boxes[:, :2] < low + size).all(axis=1) & (boxes[:, 2:] > low).all(axis=1)
