"""Plots: maps of vectors as pictures or interactive HTML pages, and charts of results.

A `map.Map` has points, names and groups with colours. `picture` draws a map with Matplotlib.
`html_page` writes a map as an HTML page that works offline. `Map.rows` returns its numbers as a
table.
"""

from __future__ import annotations

from typing import Any

from w2v.system import optional_packages


def needs(module: str, extra: str) -> Any:
    """Import a module of an optional package; W2VError that names the extra to install."""
    return optional_packages.load(module, extra, "the plot needs")
