"""Charts: panels of lines, bars or circles beside each other, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from w2v.plots.groups import COLOURS
from w2v.plots.picture import Letters, Picture, dark, letter, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTERS = 8  # points
_HEIGHT = 4.2  # inches
_BAR = 0.22  # inches at least for each
_ACROSS = 2  # panels
_LONGEST = 44  # letters of a name that are written
_ONE = COLOURS[0]


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

    @property
    def texts(self) -> list[str]:
        """Names that are written."""
        return [each.name for each in self.series]

    def draw(self, axes: Axes) -> None:
        """Draw them; dashed ones in the colour of the one before."""
        colour = None
        for each in self.series:
            values = [np.nan if value is None else value for value in each.y]
            style = {"linestyle": "--", "color": colour} if each.dashed else {}
            mark = "o" if len(values) < 30 else ""
            name = short(each.name, _LONGEST)
            [drawn] = axes.plot(each.x, values, label=name, marker=mark, ms=3, **style)
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
    """Horizontal bars, the first at the top; of several series side by side."""

    title: str
    across: str
    series: Sequence[Series]
    percent: bool = True  # values are shares; otherwise they are multiples, such as 7.4×
    width = 6.4

    @property
    def height(self) -> float:
        """Inches."""
        return max(_HEIGHT, 1.2 + _BAR * sum(len(each.x) for each in self.series))

    @property
    def texts(self) -> list[str]:
        """Names that are written."""
        return [str(text) for each in self.series for text in (each.name, *each.x)]

    def draw(self, axes: Axes) -> None:
        """Draw them."""
        names = list(self.series[0].x)
        thick = 0.8 / len(self.series)
        for number, each in enumerate(self.series):
            places = np.arange(len(names)) + thick * (number - (len(self.series) - 1) / 2)
            values = [0.0 if value is None else value for value in each.y]
            drawn = axes.barh(places, values, thick, label=short(each.name, _LONGEST))
            labels = ["none" if value is None else self._label(value) for value in each.y]
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
    """Names beside circles, points (N, 2), whose areas tell of sizes (N,)."""

    title: str
    names: Sequence[str]
    points: np.ndarray
    sizes: np.ndarray
    width = 6.0

    @property
    def height(self) -> float:
        """Inches."""
        return _HEIGHT

    @property
    def texts(self) -> list[str]:
        """Names that are written."""
        return list(self.names)

    @property
    def _areas(self) -> np.ndarray:
        """Square points."""
        return 60 + 1500 * self.sizes / max(float(self.sizes.max(initial=0)), 1e-30)

    def draw(self, axes: Axes) -> None:
        """Draw them."""
        axes.scatter(*self.points.T, s=self._areas, color=_ONE, alpha=0.35, linewidths=0)
        axes.scatter(*self.points.T, s=6, color=_ONE, linewidths=0)
        axes.set_axis_off()
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.2)

    def finish(self, axes: Axes) -> None:
        """Write the names, when all else is laid out."""
        how = Letters(_LETTERS, dark(_ONE), line=_ONE)
        names = [short(name, _LONGEST) for name in self.names]
        count, radii = len(names), np.sqrt(self._areas / np.pi) * 0.7
        letter(axes, names, self.points, radii, [how] * count, np.full(count, True))


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
