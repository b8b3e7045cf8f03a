"""A map on paper, by matplotlib: PNG, SVG or PDF."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from w2v.plots import needs
from w2v.plots.lettering import place
from w2v.plots.map import Map

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("png", "svg", "pdf")
_SIZE = (10, 7.5)  # inches
_DPI = 144
_ASKED, _NEAR = 11, 7.5  # points of letters
_LARGE, _SMALL = 5, 3  # points that names keep from the middle of their dots
# Letters that matplotlib's own font lacks, where one of these is installed.
_FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "Arial Unicode MS",
)


class Picture:
    """A figure with panels in columns and rows, of relative widths and heights; without a display.

    All that writes into it is done within `letters()`.
    """

    def __init__(
        self,
        size: tuple[float, float] = _SIZE,
        widths: Sequence[float] = (1,),
        heights: Sequence[float] = (1,),
    ):
        needs("matplotlib", "plot")
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._missing: set[str] = set()
        with self.letters():
            self.figure: Figure = Figure(size, dpi=_DPI, layout="constrained")
            FigureCanvasAgg(self.figure)
            cells = self.figure.add_gridspec(
                len(heights), len(widths), width_ratios=widths, height_ratios=heights
            )
            self.axes: list[Axes] = [
                self.figure.add_subplot(cells[at]) for at in range(len(heights) * len(widths))
            ]
        for each in self.axes:
            each.spines[["top", "right"]].set_visible(False)

    @property
    def missing(self) -> int:
        """How many different letters that were to be written are in no font."""
        return len(self._missing)

    @contextmanager
    def letters(self) -> Iterator[None]:
        """Take the fonts that there are; a dollar sign is one."""
        import matplotlib
        from matplotlib import font_manager

        there = set(font_manager.get_font_names())
        fonts = [name for name in _FONTS if name in there]
        settings = {"font.family": fonts, "svg.hashsalt": "w2v", "text.parse_math": False}
        with matplotlib.rc_context(settings), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
        self._missing |= {str(each.message) for each in said if "Glyph" in str(each.message)}

    def write(self, file: IO[bytes], kind: str) -> None:
        """Write it; the same bytes for the same numbers."""
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
        metadata |= {"CreationDate": None} if kind == "pdf" else {}
        with self.letters():
            self.figure.savefig(file, format=kind, metadata=metadata)


def draw(drawn: Map, written: np.ndarray) -> tuple[Picture, int]:
    """The picture of a map, and how many names found no place in it.

    written  bool (N,), whose names are to be written
    """
    picture = Picture()
    [axes] = picture.axes
    with picture.letters():
        axes.set_title(f"{drawn.title}: {drawn.about}", fontsize=9)
        axes.set_axis_off()
        sizes = np.where(drawn.asked, 40, 12)
        colours = np.array(drawn.groups.colours)[drawn.groups.of]
        axes.scatter(*drawn.points.T, s=sizes, c=colours, linewidths=0, alpha=0.8)
        for a, b in drawn.points[drawn.arrows]:
            arrow = {"arrowstyle": "->", "color": "#444444", "shrinkA": 4, "shrinkB": 4}
            axes.annotate("", b, a, arrowprops=arrow)
        _legend(axes, drawn)
        return picture, _letter(picture.figure, axes, drawn, written)


def _legend(axes: Axes, drawn: Map) -> None:
    if not drawn.groups.names:
        return
    from matplotlib.lines import Line2D

    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name)
        for name, colour in zip(drawn.groups.names, drawn.groups.colours, strict=True)
    ]
    axes.legend(
        handles=dots, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=min(5, len(dots)),
        frameon=False, fontsize=8, handletextpad=0.1,
    )  # fmt: skip


def _letter(figure: Figure, axes: Axes, drawn: Map, written: np.ndarray) -> int:
    """Write the names that have a place, those asked for first; how many have none."""
    from matplotlib.font_manager import FontProperties

    figure.canvas.draw()  # which lays the axes out
    figure.set_layout_engine("none")
    order = np.argsort(~drawn.asked, kind="stable")
    order = order[written[order]]
    fonts = [
        FontProperties(size=_ASKED, weight="bold") if asked else FontProperties(size=_NEAR)
        for asked in drawn.asked[order]
    ]
    renderer = figure.canvas.get_renderer()
    sizes = np.array([
        renderer.get_text_width_height_descent(drawn.names[at], font, False)[:2]
        for at, font in zip(order, fonts, strict=True)
    ]).reshape(-1, 2) * 1.04  # fmt: skip
    pixels = axes.transData.transform(drawn.points[order])
    radii = np.where(drawn.asked[order], _LARGE, _SMALL) * figure.dpi / 72
    box = axes.get_window_extent()
    corners = place(pixels, sizes, (box.x0, box.y0, box.x1, box.y1), radii)
    back = axes.transData.inverted()
    for at, font, corner in zip(order, fonts, corners, strict=True):
        if np.isfinite(corner).all():
            axes.text(
                *back.transform(corner), drawn.names[at], fontproperties=font, va="bottom",
                ha="left", parse_math=False,
            )  # fmt: skip
    return int(np.isnan(corners[:, 0]).sum())
