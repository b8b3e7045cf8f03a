"""Charts: panels of lines, bars or circles, drawn with Matplotlib, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from w2v.plots.groups import COLOURS
from w2v.plots.picture import NameStyle, Picture, dark, short, write_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FONT_SIZE = 8  # points
_MIN_HEIGHT = 4.2  # minimum height of a panel in inches
_BAR_HEIGHT = 0.22  # inches
_COLUMNS = 2  # panels in a row
_MAX_LETTERS = 44  # maximum length of a name; longer names are cut
_CIRCLE_COLOUR = COLOURS[0]


@dataclass(frozen=True)
class Series:
    """A named series of values, which is drawn in one colour.

    name    the name in the legend
    x       positions on the x axis (Lines), or names of the bars (Bars)
    y       values; None where there is no value
    dashed  draw a dashed line in the colour of the preceding series
    """

    name: str
    x: Sequence[float | str]
    y: Sequence[float | None]
    dashed: bool = False


def _write_legend(axes: Axes, drawn: Sequence[Any]) -> None:
    """Write the names of series, if there are several. Names that begin with _ are written too.

    drawn  the lines or the bars of each series, with its name as the label
    """
    if len(drawn) > 1:
        axes.legend(handles=drawn, frameon=False, fontsize=_FONT_SIZE)


@dataclass(frozen=True)
class Lines:
    """A panel of line plots.

    title    text above the panel
    x_label  label of the x axis
    y_label  label of the y axis
    series   the lines
    log      whether the y axis is logarithmic
    log_x    whether the x axis is logarithmic
    height   height of the panel in inches
    ticks    positions on the x axis and the texts that are written there; empty: numbers
    share    whether the y axis has shares from 0 on, written as percentages
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    log: bool = False
    log_x: bool = False
    height: float = _MIN_HEIGHT
    ticks: Sequence[tuple[float, str]] = ()
    share: bool = False
    width = 5.2  # inches

    @property
    def texts(self) -> list[str]:
        """All names in the panel, for the choice of fonts."""
        names = [series.name for series in self.series]
        return [self.x_label, *names, *(text for _, text in self.ticks)]

    def draw(self, axes: Axes) -> None:
        """Draw the lines."""
        colour, drawn = None, []
        for series in self.series:
            values = [np.nan if value is None else value for value in series.y]
            style = {"linestyle": "--", "color": colour} if series.dashed else {}
            marker = "o" if len(values) < 30 else ""
            name = short(series.name, _MAX_LETTERS)
            [line] = axes.plot(series.x, values, label=name, marker=marker, ms=3, **style)
            colour = line.get_color()
            drawn.append(line)
        axes.set(xlabel=short(self.x_label, _MAX_LETTERS), ylabel=self.y_label)
        axes.grid(alpha=0.25)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if self.log:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
        if self.log_x:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:,.12g}")
            axes.xaxis.set_minor_formatter("")
        if self.ticks:
            places, texts = zip(*self.ticks, strict=True)
            axes.set_xticks(places, [short(text, _MAX_LETTERS) for text in texts])
        if self.share:
            values = [value for series in self.series for value in series.y if value is not None]
            axes.set_ylim(0, 1.08 * max(values, default=0.0) or 1)  # space for the highest dot
            axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
        _write_legend(axes, drawn)


@dataclass(frozen=True)
class Bars:
    """A panel of horizontal bars, the first at the top. Bars of the same name are neighbours.

    title    text above the panel
    x_label  label of the x axis
    series   values of the bars; the names of the bars are the same in all series
    percent  whether values are shares, printed as 74.0%; otherwise they are multiples, printed as
             7.4×
    """

    title: str
    x_label: str
    series: Sequence[Series]
    percent: bool = True
    width = 6.4

    @property
    def height(self) -> float:
        """Height of the panel in inches."""
        return max(_MIN_HEIGHT, 1.2 + _BAR_HEIGHT * sum(len(series.x) for series in self.series))

    @property
    def texts(self) -> list[str]:
        """All names in the panel, for the choice of fonts."""
        return [str(text) for series in self.series for text in (series.name, *series.x)]

    def draw(self, axes: Axes) -> None:
        """Draw the bars."""
        names = list(self.series[0].x)
        thickness = 0.8 / len(self.series)  # the bars of a name fill 0.8 of the space for it
        drawn = []
        for number, series in enumerate(self.series):
            heights = np.arange(len(names)) + thickness * (number - (len(self.series) - 1) / 2)
            values = [0.0 if value is None else value for value in series.y]
            bars = axes.barh(heights, values, thickness, label=short(series.name, _MAX_LETTERS))
            labels = ["–" if value is None else self._label(value) for value in series.y]
            drawn.append(bars)
            axes.bar_label(bars, labels, padding=3, fontsize=_FONT_SIZE - 1)
        names = [short(str(name), _MAX_LETTERS) for name in names]
        axes.set_yticks(np.arange(len(names)), names, fontsize=_FONT_SIZE)
        axes.set(xlabel=self.x_label, ylim=(len(names) - 0.4, -0.6))  # the first name at the top
        if self.percent:
            axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        axes.tick_params(axis="y", length=0)
        _write_legend(axes, drawn)

    def _label(self, value: float) -> str:
        return f"{value:.1%}" if self.percent else f"{value:.1f}×"


@dataclass(frozen=True)
class Circles:
    """A panel of named circles.

    title   text above the panel
    names   a name for each of the N circles
    points  float (N, 2), centres of the circles
    sizes   float (N,), not negative; the area of a circle grows linearly with its size
    """

    title: str
    names: Sequence[str]
    points: np.ndarray
    sizes: np.ndarray
    width = 6.0
    height = _MIN_HEIGHT

    @property
    def texts(self) -> list[str]:
        """All names in the panel, for the choice of fonts."""
        return list(self.names)

    @property
    def _areas(self) -> np.ndarray:
        """Areas of the circles in square points: 60 for size 0, 1560 for the largest size."""
        return 60 + 1500 * self.sizes / max(float(self.sizes.max(initial=0)), 1e-30)

    def draw(self, axes: Axes) -> None:
        """Draw the circles."""
        axes.scatter(*self.points.T, s=self._areas, color=_CIRCLE_COLOUR, alpha=0.35, linewidths=0)
        axes.scatter(*self.points.T, s=6, color=_CIRCLE_COLOUR, linewidths=0)
        axes.set_axis_off()
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.2)

    def finish(self, axes: Axes) -> None:
        """Write the names. Call it when all panels are drawn, since it needs the final layout."""
        style = NameStyle(_FONT_SIZE, dark(_CIRCLE_COLOUR), line=_CIRCLE_COLOUR)
        names = [short(name, _MAX_LETTERS) for name in self.names]
        count = len(names)
        distances = np.sqrt(self._areas / np.pi) * 0.7  # a name begins within the rim
        write_names(axes, names, self.points, distances, [style] * count, np.full(count, True))


@dataclass(frozen=True)
class Chart:
    """A picture of one or more panels.

    panels  the panels, which are placed two in a row
    rows    the numbers in the panels as a table, whose first row is the heading
    """

    panels: Sequence[Lines | Bars | Circles]
    rows: list[list[object]] = field(default_factory=list)

    def draw(self) -> Picture:
        """Draw the picture."""
        starts = range(0, len(self.panels), _COLUMNS)
        rows = [self.panels[start : start + _COLUMNS] for start in starts]
        widths = [panel.width for panel in rows[0]]
        heights = [max(panel.height for panel in row) for row in rows]
        texts = [text for panel in self.panels for text in (panel.title, *panel.texts)]
        picture = Picture((sum(widths), sum(heights)), widths, heights, texts)
        with picture.text_settings():
            for panel, axes in zip(self.panels, picture.axes, strict=False):
                axes.set_prop_cycle(color=COLOURS)
                axes.set_title(short(panel.title, 2 * _MAX_LETTERS), fontsize=10)
                panel.draw(axes)
            for panel, axes in zip(self.panels, picture.axes, strict=False):
                if isinstance(panel, Circles):
                    panel.finish(axes)
            for axes in picture.axes[len(self.panels) :]:  # the last row may have a free cell
                axes.set_axis_off()
        return picture
