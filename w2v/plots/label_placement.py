"""Placement of names beside their points, so that no name covers another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Places of a name around its point: right, left, above, below, then the four diagonals. A place is
# the offset of the name's lower left corner from the point. The first two numbers are multiples of
# the width and the height of the name, the last two are multiples of the gap beside the point.
_SIDES = (
    (0.0, -0.5, 1, 0), (-1.0, -0.5, -1, 0), (-0.5, 0.0, 0, 1), (-0.5, -1.0, 0, -1),
    (0.0, 0.0, 0.7, 0.7), (-1.0, 0.0, -0.7, 0.7), (0.0, -1.0, 0.7, -0.7), (-1.0, -1.0, -0.7, -0.7),
)  # fmt: skip

_GAPS = (1, 3, 6, 10)  # distances of a name from its point, one tried after another, in `radii`


def place(
    points: np.ndarray,
    sizes: np.ndarray,
    bounds: Sequence[float],
    radii: np.ndarray,
    may_be_far: np.ndarray | None = None,
) -> np.ndarray:
    """Lower left corners of names, float64 (N, 2); NaN for names without a free place.

    Names are placed one by one. A place is free if the name is within the bounds and covers no
    other name. Of the free places, the one that covers the fewest dots is used.

    points      float64 (N, 2), the most important name first
    sizes       float64 (N, 2), width and height of each name
    bounds      x0, y0, x1, y1 of the area for names
    radii       float64 (N,), distance between a dot's centre and its name
    may_be_far  bool (N,), whether a name may be farther from its point if there is no free place
                beside the point; None: no name may
    """
    dots = np.concatenate([points - radii[:, None] / 2, points + radii[:, None] / 2], axis=1)
    names = _Boxes(len(points))
    corners = np.full((len(points), 2), np.nan)
    for number, (point, size) in enumerate(zip(points, sizes, strict=True)):
        gaps = _GAPS if may_be_far is not None and may_be_far[number] else _GAPS[:1]
        for gap in radii[number] * np.array(gaps):
            free = [
                corner
                for corner in _corners(point, size, gap)
                if (corner >= bounds[:2]).all()
                and (corner + size <= bounds[2:]).all()
                and names.is_free(corner, size)
            ]
            if free:
                covered = [np.count_nonzero(_overlaps(dots, corner, size)) for corner in free]
                corners[number] = free[int(np.argmin(covered))]
                names.add(corners[number], size)
                break
    return corners


def _corners(point: np.ndarray, size: np.ndarray, gap: float) -> list[np.ndarray]:
    """The lower left corners of a name at all places around its point, at a distance of `gap`."""
    return [
        point + size * (widths, heights) + gap * np.array((x_gaps, y_gaps))
        for widths, heights, x_gaps, y_gaps in _SIDES
    ]


class _Boxes:
    """The boxes x0, y0, x1, y1 of the names that have a place.

    capacity  maximum number of boxes
    """

    def __init__(self, capacity: int):
        self._boxes, self._count = np.empty((capacity, 4)), 0

    def is_free(self, corner: np.ndarray, size: np.ndarray) -> bool:
        """Whether the box at a lower left corner overlaps none of these boxes."""
        return not _overlaps(self._boxes[: self._count], corner, size).any()

    def add(self, corner: np.ndarray, size: np.ndarray) -> None:
        """Add the box at a lower left corner."""
        self._boxes[self._count] = (*corner, *(corner + size))
        self._count += 1


def _overlaps(boxes: np.ndarray, corner: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether each of the boxes, (B, 4), overlaps the box at a lower left corner; bool (B,)."""
    return (boxes[:, :2] < corner + size).all(axis=1) & (boxes[:, 2:] > corner).all(axis=1)
