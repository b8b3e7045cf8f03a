"""Pictures: vectors as a map, on paper or as a page that can be searched; curves and bars.

A `map.Map` is places, names and colours. `picture` draws it by matplotlib, `html_page` writes it as
a page of HTML that needs no network, and either has its numbers as a table.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from w2v.errors import W2VError


def needs(module: str, extra: str) -> Any:
    """A module of an optional package; W2VError that names the extra where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise W2VError(
            f"{module.partition('.')[0]} is not installed ({error}): pip install 'w2v[{extra}]'"
        ) from None
