"""A map as an interactive HTML page, with search, zoom and lists of nearest neighbours.

The page is one file that opens from disk. It includes Apache ECharts (Apache License 2.0) and loads
nothing from the network.
"""

from __future__ import annotations

import html
import json
from importlib.resources import files
from string import Template

import numpy as np

from w2v.embeddings.query import Neighbour
from w2v.plots.map import Map

_PARTS = {
    "style": "explorer.css",
    "library": "echarts.min.js",
    "lettering": "lettering.js",
    "panel": "panel.js",
    "program": "explorer.js",
    "search": "search.js",
}


def page(drawn: Map, near: list[list[Neighbour]], counted: str = "time", named: bool = True) -> str:
    """The HTML page of a map.

    near     nearest neighbours of each name in the whole table, the nearest first
    counted  unit of the counts: "time" (a word occurs 5 times) or "word" (a document has 5 words)
    named    whether names are always written; otherwise names without a mark are written only
             while few points are in view
    """
    folder = files("w2v.plots") / "page"
    parts = {name: (folder / file).read_text("utf-8") for name, file in _PARTS.items()}
    template = Template((folder / "explorer.html").read_text("utf-8"))
    data = json.dumps(
        {**_data(drawn, near), "counted": counted, "named": named},
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
    parts["data"] = data.replace("<", "\\u003c").encode("utf-8", "replace").decode()
    return template.substitute(parts, title=html.escape(drawn.title))


def _data(drawn: Map, near: list[list[Neighbour]]) -> dict[str, object]:
    """The data that explorer.js reads: indices of names on the map come before all others."""
    places = {name: at for at, name in enumerate(drawn.names)}
    for neighbours in near:
        for neighbour in neighbours:
            places.setdefault(neighbour.name, len(places))
    x, y = (np.round(side, 5).tolist() for side in drawn.points.T)
    return {
        "title": drawn.title,
        "about": drawn.about,
        "names": drawn.names,
        "x": x,
        "y": y,
        "counts": None if drawn.counts is None else drawn.counts.tolist(),
        "group": drawn.groups.of.tolist(),
        "groups": drawn.groups.names,
        "colours": drawn.groups.colours,
        "marked": np.flatnonzero(drawn.marked).tolist(),
        "arrows": drawn.arrows.tolist(),
        "others": list(places)[len(drawn.names) :],
        "near": [[places[one.name] for one in neighbours] for neighbours in near],
        "cosines": [[round(one.score, 4) for one in neighbours] for neighbours in near],
    }
