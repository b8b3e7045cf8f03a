"""Pictures drawn with Matplotlib, as PNG, SVG or PDF: figures in general, and maps."""

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
_MARKED_SIZE, _OTHER_SIZE = 11, 7.5  # font sizes of marked and other names, in points
_LARGE, _SMALL = (
    5,
    3,
)  # distance of marked and other names from the centres of their dots, in points
_EDGE = 12  # margin around the map, in points
_INK = "#1c1d21"
_FEW = 150  # with so few names, each may be farther from its dot and joined to it by a line
_LONGEST, _LONGEST_GROUP = 40, 32  # letters of the name of a point and of a group; the rest is cut


class Picture:
    """A Matplotlib figure with a grid of panels; it needs no display.

    Draw into it within `letters()` only.

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
        with self.letters():
            self.figure: Figure = Figure(size, dpi=_DPI, layout="constrained")
            FigureCanvasAgg(self.figure)
            cells = self.figure.add_gridspec(
                len(heights), len(widths), width_ratios=widths, height_ratios=heights
            )
            self.axes: list[Axes] = [
                self.figure.add_subplot(cells[at]) for at in range(len(heights) * len(widths))
            ]
        for axes in self.axes:
            axes.spines[["top", "right"]].set_visible(False)

    @property
    def missing(self) -> int:
        """Number of different letters in the texts that no font has."""
        return len(self._missing)

    @contextmanager
    def letters(self) -> Iterator[None]:
        """Within this context texts use the chosen fonts, and $ is a letter, not mathematics."""
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
        with self.letters():
            self.figure.savefig(file, format=kind, metadata=metadata)


def draw(drawn: Map, written: np.ndarray) -> tuple[Picture, int]:
    """Draw a map: (picture, number of names that found no place in it).

    written  bool (N,), names to write
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
    """Cut a name to at most `longest` letters, the last one an ellipsis.

    Bytes of a path that are not UTF-8 are escaped, since Matplotlib cannot draw them.
    """
    name = name.encode("utf-8", "backslashreplace").decode()
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _legend(figure: Figure, names: Sequence[str], colours: Sequence[str]) -> float:
    """Draw the legend of groups in as few rows as fit the width; returns its height in points."""
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
    """Write names on a map, the marked ones first; returns the number that found no place."""
    order = np.argsort(~drawn.marked, kind="stable")
    order = order[written[order]]
    marked = drawn.marked[order]
    colours = [drawn.groups.colours[group] for group in drawn.groups.of[order]]
    return letter(
        axes,
        [names[at] for at in order.tolist()],
        drawn.points[order],
        np.where(marked, _LARGE, _SMALL),
        [Letters(_MARKED_SIZE, dark(colour), bold=True) if is_marked
         else Letters(_OTHER_SIZE, _INK, line=colour)
         for is_marked, colour in zip(marked.tolist(), colours, strict=True)],
        marked | (len(order) <= _FEW),
    )  # fmt: skip


@dataclass(frozen=True)
class Letters:
    """The style of a name.

    size    font size in points
    colour  colour of the letters
    line    colour of the line to a distant point
    bold    whether letters are bold
    """

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
    """Write names beside points (N, 2); returns the number of names that found no place.

    radii    float (N,), distance of a name from the centre of its dot, in points
    letters  style of each name
    far      bool (N,), names that may be farther from their points and joined to them by a line
    """
    from matplotlib.font_manager import FontProperties

    canvas = axes.figure.canvas
    canvas.draw()  # computes the layout, which text positions depend on
    axes.figure.set_layout_engine("none")
    fonts = [
        FontProperties(size=style.size, weight="bold" if style.bold else "normal")
        for style in letters
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
    """Darken a colour of dots, #rrggbb, so that it is legible as a colour of letters."""
    return "#" + "".join(f"{int(colour[at : at + 2], 16) * 5 // 8:02x}" for at in (1, 3, 5))
