"""Fonts that have the letters of a picture, of those that are installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

OWN = "DejaVu Sans"  # matplotlib brings it along: Latin, Greek, Cyrillic, Arabic and others
_NONE = ("Last Resort", "STIX", "cm")  # matplotlib's, of boxes for every letter and of mathematics
_UNSEEN = {0x200C, 0x200D, 0xFE0E, 0xFE0F}  # joiners and variants, which are no letters


def families(texts: Iterable[str]) -> list[str]:
    """Names of fonts that have the letters of some texts, matplotlib's own first.

    Where that lacks some, all fonts that are installed are looked through, also those that were
    installed after matplotlib made its list of them. Letters of no font are left out.
    """
    from matplotlib import font_manager

    lacking = {ord(letter) for text in texts for letter in text} - _UNSEEN
    found = [OWN]
    lacking -= _letters(font_manager.findfont(OWN))
    if not lacking:
        return found
    offers = {name: lacking & _letters(path) for name, path in _installed()}
    while lacking and offers:
        best = max(
            offers, key=lambda name: (len(offers[name] & lacking), "Sans" in name, -len(name), name)
        )
        if not offers[best] & lacking:
            break
        found.append(best)
        lacking -= offers.pop(best)
    return found


def _installed() -> Iterator[tuple[str, str]]:
    """Names and files of fonts; of a family one that is neither bold nor slanted, if it has one."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {each.fname for each in manager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            manager.addfont(path)
        except (OSError, RuntimeError, ValueError, UnicodeDecodeError):
            continue  # of pixels, or damaged
    plain: dict[str, str] = {}
    for each in sorted(manager.ttflist, key=lambda one: (one.style != "normal", one.weight != 400)):
        if not each.name.startswith(_NONE):
            plain.setdefault(each.name, each.fname)
    yield from sorted(plain.items())


@cache
def _letters(path: str) -> frozenset[int]:
    """The letters that a font has, as numbers of Unicode."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(str(Path(path))).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()
