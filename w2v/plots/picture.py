"""A map on paper, by matplotlib: PNG, SVG or PDF."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from w2v.plots import needs
from w2v.plots.fonts import families
from w2v.plots.label_placement import place
from w2v.plots.map import Map

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

KINDS = ("png", "svg", "pdf")
_SIZE = (10, 7.5)  # inches
_DPI = 144
_ASKED, _NEAR = 11, 7.5  # points of letters
_LARGE, _SMALL = 5, 3  # points that names keep from the middle of their dots
_EDGE = 12  # points around the map
_INK = "#1c1d21"
_FEW = 150  # names, of which each may stand farther off, at the end of a line
_LONGEST, _LONGEST_GROUP = 40, 32  # letters of a name that are written


class Picture:
    """A figure with panels in columns and rows, of relative widths and heights; without a display.

    All that writes into it is done within `letters()`; `texts` is what is written there, for which
    fonts are sought.
    """

    def __init__(
        self,
        size: tuple[float, float] = _SIZE,
        widths: Sequence[float] = (1,),
        heights: Sequence[float] = (1,),
        texts: Iterable[str] = (),
    ):
        needs("matplotlib", "plot")
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._missing: set[str] = set()
        self._families = families(texts)
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

        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # of weights they lack
        settings = {"font.family": self._families, "svg.hashsalt": "w2v", "text.parse_math": False}
        with matplotlib.rc_context(settings), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
        self._missing |= {str(each.message) for each in warned if "Glyph" in str(each.message)}

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
    names = [short(name, _LONGEST) for name in drawn.names]
    groups = [short(name, _LONGEST_GROUP) for name in drawn.groups.names]
    picture = Picture(texts=[*names, *groups, drawn.title])
    figure, [axes] = picture.figure, picture.axes
    with picture.letters():
        figure.set_layout_engine("none")
        figure.suptitle(f"{short(drawn.title, 60)}: {drawn.about}", fontsize=9, y=0.985)
        axes.set_axis_off()
        axes.set_aspect("equal", adjustable="datalim")
        colours = np.array(drawn.groups.colours)[drawn.groups.of]
        sizes = np.where(drawn.marked, 40, 12)
        axes.scatter(*drawn.points.T, s=sizes, c=colours, linewidths=0, alpha=0.8)
        for a, b in drawn.points[drawn.arrows]:
            arrow = {"arrowstyle": "->", "color": "#777777", "shrinkA": 5, "shrinkB": 5}
            axes.annotate("", b, a, arrowprops=arrow)
        bottom = _legend(figure, groups, drawn.groups.colours) + _EDGE
        width, height = np.array(figure.get_size_inches()) * 72
        axes.set_position((
            _EDGE / width, bottom / height, 1 - 2 * _EDGE / width, 1 - (bottom + 2 * _EDGE) / height
        ))  # fmt: skip
        return picture, _letter(axes, drawn, names, written)


def short(name: str, longest: int) -> str:
    """A name of at most so many letters; an ellipsis stands for the rest.

    Bytes of a path that are not UTF-8 become escapes, since Matplotlib cannot draw them.
    """
    name = name.encode("utf-8", "backslashreplace").decode()
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _legend(figure: Figure, names: Sequence[str], colours: Sequence[str]) -> float:
    """What colours mean, in as few rows as have room, all of a length; its height in points."""
    if not names:
        return 0
    from matplotlib.lines import Line2D

    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name)
        for name, colour in zip(names, colours, strict=True)
    ]

    def rows(across: int) -> Legend:
        return figure.legend(
            handles=dots, loc="lower center", ncols=across, frameon=False, fontsize=8,
            handletextpad=0.1, columnspacing=1.5, borderaxespad=0.3,
        )  # fmt: skip

    across = len(dots)
    while True:
        drawn = rows(across)
        box = drawn.get_window_extent(figure.canvas.get_renderer())
        if box.width < figure.bbox.width * 0.96 or across == 1:
            return float(box.height) * 72 / figure.dpi
        drawn.remove()
        down = -(-len(dots) // across) + 1
        across = min(across - 1, -(-len(dots) // down))


def _letter(axes: Axes, drawn: Map, names: Sequence[str], written: np.ndarray) -> int:
    """Write the names that have a place, those marked for first; how many have none."""
    order = np.argsort(~drawn.marked, kind="stable")
    order = order[written[order]]
    marked = drawn.marked[order]
    colours = [drawn.groups.colours[group] for group in drawn.groups.of[order]]
    return letter(
        axes,
        [names[at] for at in order.tolist()],
        drawn.points[order],
        np.where(marked, _LARGE, _SMALL),
        [Letters(_ASKED, dark(each), bold=True) if large else Letters(_NEAR, _INK, line=each)
         for large, each in zip(marked.tolist(), colours, strict=True)],
        marked | (len(order) <= _FEW),
    )  # fmt: skip


@dataclass(frozen=True)
class Letters:
    """How a name is written: points, a colour, that of a line to what it names."""

    size: float
    colour: str
    line: str = _INK
    bold: bool = False


def letter(
    axes: Axes,
    names: Sequence[str],
    points: np.ndarray,
    radii: np.ndarray,
    letters: Sequence[Letters],
    far: np.ndarray,
) -> int:
    """Write names beside points (N, 2), where they have a place; how many have none.

    radii  float (N,), how far from the middle of its dot a name keeps away, in points
    far    bool (N,), which may stand farther off, at the end of a line
    """
    from matplotlib.font_manager import FontProperties

    canvas = axes.figure.canvas
    canvas.draw()  # which lays the axes out
    axes.figure.set_layout_engine("none")
    fonts = [
        FontProperties(size=each.size, weight="bold" if each.bold else "normal") for each in letters
    ]
    sizes = np.array([
        canvas.get_renderer().get_text_width_height_descent(name, font, False)[:2]
        for name, font in zip(names, fonts, strict=True)
    ]).reshape(-1, 2) * 1.04  # fmt: skip
    pixels, radii = axes.transData.transform(points), radii * axes.figure.dpi / 72
    box = axes.get_window_extent()
    corners = place(pixels, sizes, (box.x0, box.y0, box.x1, box.y1), radii, far)
    back = axes.transData.inverted()
    for at in np.flatnonzero(np.isfinite(corners[:, 0])).tolist():
        end = np.clip(pixels[at], corners[at], corners[at] + sizes[at])
        if np.linalg.norm(end - pixels[at]) > 1.5 * radii[at]:
            axes.plot(
                *back.transform([pixels[at], end]).T, color=letters[at].line, linewidth=0.6,
                zorder=0.5, scalex=False, scaley=False,
            )  # fmt: skip
        axes.text(
            *back.transform(corners[at]), names[at], fontproperties=fonts[at], va="bottom",
            ha="left", parse_math=False, color=letters[at].colour,
        )  # fmt: skip
    return int(np.isnan(corners[:, 0]).sum())


def dark(colour: str) -> str:
    """A colour of dots, #rrggbb, as one of letters."""
    return "#" + "".join(f"{int(colour[at : at + 2], 16) * 5 // 8:02x}" for at in (1, 3, 5))
