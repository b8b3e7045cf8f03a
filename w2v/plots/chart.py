"""Charts: panels of lines, bars or circles, drawn with Matplotlib, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from w2v.plots.groups import COLOURS
from w2v.plots.picture import Letters, Picture, dark, letter, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTERS = 8  # font size in points
_HEIGHT = 4.2  # smallest height of a panel in inches
_BAR = 0.22  # inches for each bar
_ACROSS = 2  # panels in a row
_LONGEST = 44  # letters of a name; longer names are cut
_ONE = COLOURS[0]


@dataclass(frozen=True)
class Series:
    """A named series of values, which gets a colour of its own.

    name    shown in the legend
    x       positions on the x axis (Lines), or names of the bars (Bars)
    y       values; None where there is no value
    dashed  draw a dashed line in the colour of the preceding series
    """

    name: str
    x: Sequence[float | str]
    y: Sequence[float | None]
    dashed: bool = False


@dataclass(frozen=True)
class Lines:
    """A panel of line plots.

    title   shown above the panel
    across  label of the x axis
    up      label of the y axis
    series  a line each
    log     whether the y axis is logarithmic
    """

    title: str
    across: str
    up: str
    series: Sequence[Series]
    log: bool = False
    width = 5.2  # inches
    height = _HEIGHT

    @property
    def texts(self) -> list[str]:
        """All names in the panel, for the choice of fonts."""
        return [series.name for series in self.series]

    def draw(self, axes: Axes) -> None:
        """Draw the lines."""
        colour = None
        for series in self.series:
            values = [np.nan if value is None else value for value in series.y]
            style = {"linestyle": "--", "color": colour} if series.dashed else {}
            mark = "o" if len(values) < 30 else ""
            name = short(series.name, _LONGEST)
            [drawn] = axes.plot(series.x, values, label=name, marker=mark, ms=3, **style)
            colour = drawn.get_color()
        axes.set(xlabel=self.across, ylabel=self.up)
        axes.grid(alpha=0.25)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if self.log:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
        if len(self.series) > 1:
            axes.legend(frameon=False, fontsize=_LETTERS)


@dataclass(frozen=True)
class Bars:
    """A panel of horizontal bars, the first at the top; several series are grouped.

    title    shown above the panel
    across   label of the x axis
    series   values of the bars; all series have the same bars
    percent  whether values are shares, shown as 74.0%; otherwise they are multiples, shown as 7.4×
    """

    title: str
    across: str
    series: Sequence[Series]
    percent: bool = True
    width = 6.4

    @property
    def height(self) -> float:
        """Height of the panel in inches."""
        return max(_HEIGHT, 1.2 + _BAR * sum(len(series.x) for series in self.series))

    @property
    def texts(self) -> list[str]:
        """All names in the panel, for the choice of fonts."""
        return [str(text) for series in self.series for text in (series.name, *series.x)]

    def draw(self, axes: Axes) -> None:
        """Draw the bars."""
        names = list(self.series[0].x)
        thick = 0.8 / len(self.series)
        for number, series in enumerate(self.series):
            places = np.arange(len(names)) + thick * (number - (len(self.series) - 1) / 2)
            values = [0.0 if value is None else value for value in series.y]
            drawn = axes.barh(places, values, thick, label=short(series.name, _LONGEST))
            labels = ["–" if value is None else self._label(value) for value in series.y]
            axes.bar_label(drawn, labels, padding=3, fontsize=_LETTERS - 1)
        names = [short(str(name), _LONGEST) for name in names]
        axes.set_yticks(np.arange(len(names)), names, fontsize=_LETTERS)
        axes.set(xlabel=self.across, ylim=(len(names) - 0.4, -0.6))
        if self.percent:
            axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.margins(x=0.12)
        axes.tick_params(axis="y", length=0)
        if len(self.series) > 1:
            axes.legend(frameon=False, fontsize=_LETTERS)

    def _label(self, value: float) -> str:
        return f"{value:.1%}" if self.percent else f"{value:.1f}×"


@dataclass(frozen=True)
class Circles:
    """A panel of named circles.

    title   shown above the panel
    names   a name for each of the N circles
    points  (N, 2), centres
    sizes   (N,), not negative; the area of a circle grows linearly with its size
    """

    title: str
    names: Sequence[str]
    points: np.ndarray
    sizes: np.ndarray
    width = 6.0
    height = _HEIGHT

    @property
    def texts(self) -> list[str]:
        """All names in the panel, for the choice of fonts."""
        return list(self.names)

    @property
    def _areas(self) -> np.ndarray:
        """Areas of the circles in square points."""
        return 60 + 1500 * self.sizes / max(float(self.sizes.max(initial=0)), 1e-30)

    def draw(self, axes: Axes) -> None:
        """Draw the circles."""
        axes.scatter(*self.points.T, s=self._areas, color=_ONE, alpha=0.35, linewidths=0)
        axes.scatter(*self.points.T, s=6, color=_ONE, linewidths=0)
        axes.set_axis_off()
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.2)

    def finish(self, axes: Axes) -> None:
        """Write the names, which needs the final layout of the picture."""
        style = Letters(_LETTERS, dark(_ONE), line=_ONE)
        names = [short(name, _LONGEST) for name in self.names]
        count, radii = len(names), np.sqrt(self._areas / np.pi) * 0.7
        letter(axes, names, self.points, radii, [style] * count, np.full(count, True))


@dataclass(frozen=True)
class Chart:
    """A picture of one or more panels.

    panels  two in a row
    rows    the numbers behind them as a table, the first row is its heading
    """

    panels: Sequence[Lines | Bars | Circles]
    rows: list[list[object]] = field(default_factory=list)

    def draw(self) -> Picture:
        """Draw the picture."""
        rows = [self.panels[at : at + _ACROSS] for at in range(0, len(self.panels), _ACROSS)]
        widths = [panel.width for panel in rows[0]]
        heights = [max(panel.height for panel in row) for row in rows]
        texts = [text for panel in self.panels for text in (panel.title, *panel.texts)]
        picture = Picture((sum(widths), sum(heights)), widths, heights, texts)
        with picture.letters():
            for panel, axes in zip(self.panels, picture.axes, strict=False):
                axes.set_prop_cycle(color=COLOURS)
                axes.set_title(short(panel.title, 2 * _LONGEST), fontsize=10)
                panel.draw(axes)
            for panel, axes in zip(self.panels, picture.axes, strict=False):
                if isinstance(panel, Circles):
                    panel.finish(axes)
        return picture
