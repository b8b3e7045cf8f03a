"""Pictures drawn with Matplotlib, as PNG, SVG or PDF: figures in general, and maps."""

from __future__ import annotations

import logging
import re
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
_MARKED_SIZE, _OTHER_SIZE = 11, 7.5  # font sizes of marked and other names, in points
# Distance of marked and other names from the centres of their dots, in points.
_MARKED_DISTANCE, _OTHER_DISTANCE = 5, 3
_MARGIN = 12  # around the map, in points
_INK = "#1c1d21"
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
# On a map with this number of names or fewer, each name may be farther from its dot; a line then
# joins the name to the dot.
_FEW_NAMES = 150
# Maximum length of the name of a point and of a group; longer names are cut.
_MAX_LETTERS, _MAX_GROUP_LETTERS = 40, 32


class Picture:
    """A Matplotlib figure with a grid of panels; it needs no display.

    Draw into the figure within `text_settings()` only.

    size     width and height in inches
    widths   relative width of each column of panels
    heights  relative height of each row of panels
    texts    all texts that will be written, for the choice of fonts
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
        with self.text_settings():
            self.figure: Figure = Figure(size, dpi=_DPI, layout="constrained")
            FigureCanvasAgg(self.figure)
            cells = self.figure.add_gridspec(
                len(heights), len(widths), width_ratios=widths, height_ratios=heights
            )
            self.axes: list[Axes] = [
                self.figure.add_subplot(cells[cell]) for cell in range(len(heights) * len(widths))
            ]
        for axes in self.axes:
            axes.spines[["top", "right"]].set_visible(False)

    @property
    def missing(self) -> int:
        """Number of different letters in the texts that no font has."""
        return len(self._missing)

    @contextmanager
    def text_settings(self) -> Iterator[None]:
        """A block in which texts use the chosen fonts, and $ is a letter, not mathematics.

        The block also collects the letters that no font has, for `missing`.
        """
        import matplotlib

        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # no missing weights
        settings = {"font.family": self._families, "svg.hashsalt": "w2v", "text.parse_math": False}
        with matplotlib.rc_context(settings), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
        messages = {str(warning.message) for warning in warned}
        self._missing |= {message for message in messages if "Glyph" in message}

    def write(self, file: IO[bytes], kind: str) -> None:
        """Write the picture; `kind` is one of KINDS. The same drawing gives the same bytes."""
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
        metadata |= {"CreationDate": None} if kind == "pdf" else {}
        with self.text_settings():
            self.figure.savefig(file, format=kind, metadata=metadata)


def draw(map_: Map, written: np.ndarray) -> tuple[Picture, int]:
    """Draw a map; returns the picture and the number of names without a free place.

    written  bool (N,), whether to write each name
    """
    names = [short(name, _MAX_LETTERS) for name in map_.names]
    groups = [short(name, _MAX_GROUP_LETTERS) for name in map_.groups.names]
    picture = Picture(texts=[*names, *groups, map_.title])
    figure, [axes] = picture.figure, picture.axes
    with picture.text_settings():
        figure.set_layout_engine("none")
        figure.suptitle(f"{short(map_.title, 60)}: {map_.about}", fontsize=9, y=0.985)
        axes.set_axis_off()
        axes.set_aspect("equal", adjustable="datalim")
        colours = np.array(map_.groups.colours)[map_.groups.of]
        sizes = np.where(map_.marked, 40, 12)
        axes.scatter(*map_.points.T, s=sizes, c=colours, linewidths=0, alpha=0.8)
        for a, b in map_.points[map_.arrows]:
            arrow = {"arrowstyle": "->", "color": "#777777", "shrinkA": 5, "shrinkB": 5}
            axes.annotate("", b, a, arrowprops=arrow)
        bottom = _legend(figure, groups, map_.groups.colours) + _MARGIN
        width, height = np.array(figure.get_size_inches()) * 72
        axes.set_position((
            _MARGIN / width, bottom / height,
            1 - 2 * _MARGIN / width, 1 - (bottom + 2 * _MARGIN) / height,
        ))  # fmt: skip
        return picture, _write_map_names(axes, map_, names, written)


def short(name: str, longest: int) -> str:
    """Cut a name to at most `longest` letters, the last one an ellipsis.

    Control characters and bytes of a path that are not UTF-8 are escaped, because Matplotlib would
    draw boxes, begin a new line, or fail.
    """
    name = name.encode("utf-8", "backslashreplace").decode()
    name = _CONTROLS.sub(lambda match: ascii(match.group())[1:-1], name)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _legend(figure: Figure, names: Sequence[str], colours: Sequence[str]) -> float:
    """Draw the legend of groups and return its height in points.

    The legend has as few rows as the width of the figure allows.
    """
    if not names:
        return 0
    from matplotlib.lines import Line2D

    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name)
        for name, colour in zip(names, colours, strict=True)
    ]

    def draw_legend(columns: int) -> Legend:
        """Draw the legend in this number of columns."""
        return figure.legend(
            handles=dots, loc="lower center", ncols=columns, frameon=False, fontsize=8,
            handletextpad=0.1, columnspacing=1.5, borderaxespad=0.3,
        )  # fmt: skip

    columns = len(dots)
    while True:
        legend = draw_legend(columns)
        box = legend.get_window_extent(figure.canvas.get_renderer())
        if box.width < figure.bbox.width * 0.96 or columns == 1:
            return float(box.height) * 72 / figure.dpi
        legend.remove()
        rows = -(-len(dots) // columns) + 1  # one row more; -(-a // b) rounds up
        columns = min(columns - 1, -(-len(dots) // rows))


def _write_map_names(axes: Axes, map_: Map, names: Sequence[str], written: np.ndarray) -> int:
    """Write names on a map, marked names first; returns the number without a free place."""
    order = np.argsort(~map_.marked, kind="stable")
    order = order[written[order]]
    marked = map_.marked[order]
    colours = [map_.groups.colours[group] for group in map_.groups.of[order]]
    return write_names(
        axes,
        [names[index] for index in order.tolist()],
        map_.points[order],
        np.where(marked, _MARKED_DISTANCE, _OTHER_DISTANCE),
        [NameStyle(_MARKED_SIZE, dark(colour), bold=True) if is_marked
         else NameStyle(_OTHER_SIZE, _INK, line=colour)
         for is_marked, colour in zip(marked.tolist(), colours, strict=True)],
        marked | (len(order) <= _FEW_NAMES),
    )  # fmt: skip


@dataclass(frozen=True)
class NameStyle:
    """The style of a name.

    size    font size in points
    colour  colour of the letters
    line    colour of the line that joins the name to its point, if the point is not beside it
    bold    whether letters are bold
    """

    size: float
    colour: str
    line: str = _INK
    bold: bool = False


def write_names(
    axes: Axes,
    names: Sequence[str],
    points: np.ndarray,
    distances: np.ndarray,
    styles: Sequence[NameStyle],
    may_be_far: np.ndarray,
) -> int:
    """Write names beside points (N, 2); returns the number of names without a free place.

    distances   float (N,), distance of a name from the centre of its dot, in points (1/72 inch)
    styles      style of each name
    may_be_far  bool (N,), whether a name may be farther from its dot; a line then joins both
    """
    from matplotlib.font_manager import FontProperties

    canvas = axes.figure.canvas
    canvas.draw()  # computes the layout, which text positions depend on
    axes.figure.set_layout_engine("none")
    fonts = [
        FontProperties(size=style.size, weight="bold" if style.bold else "normal")
        for style in styles
    ]
    # Width and height of each name in pixels, with 4 % of space beside it.
    sizes = np.array([
        canvas.get_renderer().get_text_width_height_descent(name, font, False)[:2]
        for name, font in zip(names, fonts, strict=True)
    ]).reshape(-1, 2) * 1.04  # fmt: skip
    pixels, radii = axes.transData.transform(points), distances * axes.figure.dpi / 72
    box = axes.get_window_extent()
    corners = place(pixels, sizes, (box.x0, box.y0, box.x1, box.y1), radii, may_be_far)
    to_data = axes.transData.inverted()
    for index in np.flatnonzero(np.isfinite(corners[:, 0])).tolist():
        end = np.clip(pixels[index], corners[index], corners[index] + sizes[index])
        if np.linalg.norm(end - pixels[index]) > 1.5 * radii[index]:
            axes.plot(
                *to_data.transform([pixels[index], end]).T, color=styles[index].line, linewidth=0.6,
                zorder=0.5, scalex=False, scaley=False,
            )  # fmt: skip
        axes.text(
            *to_data.transform(corners[index]), names[index], fontproperties=fonts[index],
            va="bottom", ha="left", parse_math=False, color=styles[index].colour,
        )  # fmt: skip
    return int(np.isnan(corners[:, 0]).sum())


def dark(colour: str) -> str:
    """Darken a colour of dots, #rrggbb, so that letters in it are legible."""
    parts = (colour[begin : begin + 2] for begin in (1, 3, 5))
    return "#" + "".join(f"{int(part, 16) * 5 // 8:02x}" for part in parts)
