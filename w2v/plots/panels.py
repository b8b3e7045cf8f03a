"""Charts: panels of lines, bars or circles beside each other, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from w2v.plots.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTERS = 8  # points
_HEIGHT = 4.2  # inches
_BAR = 0.22  # inches at least for each
_ACROSS = 2  # panels


@dataclass(frozen=True)
class Series:
    """What gets one colour: a name, and numbers (or names of bars) and values, None where there
    is no value; dashed for what stands beside another series of the same colour.
    """

    name: str
    x: Sequence[float | str]
    y: Sequence[float | None]
    dashed: bool = False


@dataclass(frozen=True)
class Lines:
    """Series over a number."""

    title: str
    across: str
    up: str
    series: Sequence[Series]
    log: bool = False  # upwards
    width = 5.2

    @property
    def height(self) -> float:
        """Inches."""
        return _HEIGHT

    def draw(self, axes: Axes) -> None:
        """Draw them; dashed ones in the colour of the one before."""
        colour = None
        for each in self.series:
            values = [np.nan if value is None else value for value in each.y]
            style = {"linestyle": "--", "color": colour} if each.dashed else {}
            mark = "o" if len(values) < 30 else ""
            [drawn] = axes.plot(each.x, values, label=each.name, marker=mark, ms=3, **style)
            colour = drawn.get_color()
        axes.set(xlabel=self.across, ylabel=self.up)
        if self.log:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
        if len(self.series) > 1:
            axes.legend(frameon=False, fontsize=_LETTERS)


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, the first at the top; of several series side by side."""

    title: str
    across: str
    series: Sequence[Series]
    width = 6.4

    @property
    def height(self) -> float:
        """Inches."""
        return max(_HEIGHT, 1.2 + _BAR * sum(len(each.x) for each in self.series))

    def draw(self, axes: Axes) -> None:
        """Draw them."""
        names = list(self.series[0].x)
        thick = 0.8 / len(self.series)
        for number, each in enumerate(self.series):
            places = np.arange(len(names)) + thick * (number - (len(self.series) - 1) / 2)
            values = [0.0 if value is None else value for value in each.y]
            axes.barh(places, values, thick, label=each.name)
        axes.set_yticks(np.arange(len(names)), names, fontsize=_LETTERS)
        axes.set(xlabel=self.across, ylim=(len(names) - 0.4, -0.6))
        if len(self.series) > 1:
            axes.legend(frameon=False, fontsize=_LETTERS)


@dataclass(frozen=True)
class Circles:
    """Names in circles, points (N, 2), whose areas tell of sizes (N,)."""

    title: str
    names: Sequence[str]
    points: np.ndarray
    sizes: np.ndarray
    width = 5.2

    @property
    def height(self) -> float:
        """Inches."""
        return _HEIGHT

    def draw(self, axes: Axes) -> None:
        """Draw them."""
        areas = 60 + 2400 * self.sizes / max(float(self.sizes.max(initial=0)), 1e-30)
        axes.scatter(*self.points.T, s=areas, alpha=0.35, linewidths=0)
        for name, (x, y) in zip(self.names, self.points.tolist(), strict=True):
            axes.text(x, y, name, ha="center", va="center", fontsize=_LETTERS)
        axes.set_axis_off()
        axes.margins(0.12)


@dataclass(frozen=True)
class Chart:
    """Panels, and the numbers behind them as rows with a heading."""

    panels: Sequence[Lines | Bars | Circles]
    rows: list[list[object]] = field(default_factory=list)

    def draw(self) -> Picture:
        """The picture."""
        rows = [self.panels[at : at + _ACROSS] for at in range(0, len(self.panels), _ACROSS)]
        widths = [panel.width for panel in rows[0]]
        heights = [max(panel.height for panel in row) for row in rows]
        picture = Picture((sum(widths), sum(heights)), widths, heights)
        with picture.letters():
            for panel, axes in zip(self.panels, picture.axes, strict=False):
                axes.set_title(panel.title, fontsize=10)
                panel.draw(axes)
        return picture
