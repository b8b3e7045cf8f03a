"""A map as an interactive HTML page, with search, zoom and lists of nearest neighbours.

A page is one file that opens from disk and loads nothing from the network. The page of a map
includes Apache ECharts (Apache License 2.0).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template

import numpy as np

from w2v.embeddings.query import Neighbour
from w2v.plots.map import Map

_STYLES = ("base.css", "explorer.css")
_PROGRAMS = (
    "echarts.min.js", "elements.js", "lettering.js", "panel.js", "explorer.js", "search.js",
)  # fmt: skip


def page(
    map_: Map, neighbours: list[list[Neighbour]], counted: str = "time", named: bool = True
) -> str:
    """The HTML page of a map.

    neighbours  nearest neighbours of each name in the whole table, the nearest first
    counted     unit of the counts: "time" (a word occurs 5 times) or "word" (a document has 5
                words)
    named       whether all names are always written; otherwise names that are not marked are
                written only while few points are in view
    """
    data = {**_data(map_, neighbours), "counted": counted, "named": named}
    return assemble("explorer.html", _STYLES, _PROGRAMS, data, map_.title)


def assemble(
    body: str, styles: Sequence[str], programs: Sequence[str], data: object, title: str
) -> str:
    """An HTML page in one file, made of files in the folder `page`.

    body      the file of the page's elements, in which $title is replaced
    styles    the style sheets
    programs  the files of JavaScript, which find the data as JSON in the element `data`
    data      what `json.dumps` can write
    title     the title of the page
    """
    folder = files("w2v.plots") / "page"
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    title = html.escape(title)
    parts = {
        "title": title,
        "style": "".join((folder / name).read_text("utf-8") for name in styles),
        "program": "".join((folder / name).read_text("utf-8") for name in programs),
        "body": Template((folder / body).read_text("utf-8")).substitute(title=title),
        # Without "<", the data cannot end the script element.
        "data": text.replace("<", "\\u003c").encode("utf-8", "replace").decode(),
    }
    return Template((folder / "frame.html").read_text("utf-8")).substitute(parts)


def content_key(data: object) -> str:
    """16 hexadecimal digits that identify the data of a page."""
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]


def packed(array: np.ndarray) -> str:
    """The bytes of an array in base64; `decoded` in topic_parts.js reads them."""
    return base64.b64encode(array.tobytes()).decode()


def _data(map_: Map, neighbours: list[list[Neighbour]]) -> dict[str, object]:
    """The data that explorer.js reads. The names on the map have the first indices."""
    index_of = {name: index for index, name in enumerate(map_.names)}
    for answers in neighbours:
        for neighbour in answers:
            index_of.setdefault(neighbour.name, len(index_of))
    x, y = (np.round(coordinates, 5).tolist() for coordinates in map_.points.T)
    return {
        "title": map_.title,
        "about": map_.about,
        "names": map_.names,
        "x": x,
        "y": y,
        "counts": None if map_.counts is None else map_.counts.tolist(),
        "group": map_.groups.of.tolist(),
        "groups": map_.groups.names,
        "colours": map_.groups.colours,
        "marked": np.flatnonzero(map_.marked).tolist(),
        "arrows": map_.arrows.tolist(),
        "others": list(index_of)[len(map_.names) :],
        "near": [[index_of[neighbour.name] for neighbour in answers] for answers in neighbours],
        "cosines": [[round(neighbour.score, 4) for neighbour in answers] for answers in neighbours],
    }
