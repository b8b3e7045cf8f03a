"""A map as one page of HTML, which opens from disk: searched, zoomed, asked for what is near.

The page holds all that it needs, Apache ECharts (Apache License 2.0) too, and loads nothing.
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
    """The page of a map.

    near     of each name its neighbours in the whole table, the nearest first
    counted  what the counts are of: a word is there so many times, a document has so many words
    named    whether names are written that nobody has asked for, also where many points are seen
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
    """What explorer.js expects; names that are not drawn stand after those that are."""
    places = {name: at for at, name in enumerate(drawn.names)}
    for found in near:
        for each in found:
            places.setdefault(each.name, len(places))
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
        "near": [[places[each.name] for each in found] for found in near],
        "cosines": [[round(each.score, 4) for each in found] for found in near],
    }
