"""Choice of installed fonts that together have the letters of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

DEFAULT_FONT = "DejaVu Sans"  # shipped with Matplotlib: Latin, Greek, Cyrillic, Arabic and others
_EXCLUDED = ("Last Resort", "STIX", "cm")  # Matplotlib's placeholder boxes and mathematical fonts
_INVISIBLE = {0x200C, 0x200D, 0xFE0E, 0xFE0F}  # joiners and variation selectors, without glyphs


def families(texts: Iterable[str]) -> list[str]:
    """Names of fonts that together have the letters of the texts, Matplotlib's default font first.

    If the default font lacks letters, all installed fonts are searched, including fonts installed
    after Matplotlib has built its font cache. Letters that no font has are ignored.
    """
    from matplotlib import font_manager

    missing = {ord(letter) for text in texts for letter in text} - _INVISIBLE
    font_names = [DEFAULT_FONT]
    missing -= _letters(font_manager.findfont(DEFAULT_FONT))
    if not missing:
        return font_names
    fonts = {name: missing & _letters(path) for name, path in _installed()}
    while missing and fonts:
        best = max(
            fonts, key=lambda name: (len(fonts[name] & missing), "Sans" in name, -len(name), name)
        )
        if not fonts[best] & missing:
            break
        font_names.append(best)
        missing -= fonts.pop(best)
    return font_names


def _installed() -> Iterator[tuple[str, str]]:
    """Pairs of a font family and its file, for the upright regular style if there is one."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {font.fname for font in manager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            manager.addfont(path)
        except (OSError, RuntimeError, ValueError, UnicodeDecodeError):
            continue  # a bitmap font, or a damaged file
    plain: dict[str, str] = {}
    for font in sorted(
        manager.ttflist, key=lambda font: (font.style != "normal", font.weight != 400)
    ):
        if not font.name.startswith(_EXCLUDED):
            plain.setdefault(font.name, font.fname)
    yield from sorted(plain.items())


@cache
def _letters(path: str) -> frozenset[int]:
    """The Unicode code points of the letters in a font file; none if it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(str(Path(path))).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()
