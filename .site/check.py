#!/usr/bin/env python3
"""Check the built site: links and anchors, pages that nothing leads to, addresses elsewhere.

MkDocs checks the links of Markdown. This checks what a browser gets: also what templates,
docstrings and HTML in the pages have made.
"""

from __future__ import annotations

import json
import posixpath
import sys
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

SELF_CONTAINED = "demo"  # pages of w2v itself, which have no navigation
UNLINKED = {"404.html"}


class Page(HTMLParser):
    """The anchors, links and loaded files of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors: set[str] = {"", "__codelineno-0-1"}
        self.links: list[str] = []
        self.menu: list[str] = []  # the links of the navigation
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the id and the addresses of an element."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        address = found.get("href") if tag in ("a", "link") else found.get("src")
        if address is None:
            return
        if tag == "a":
            self.links.append(address)
            if "md-nav__link" in found.get("class", ""):
                self.menu.append(address)
        elif found.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(address)


def faults(site: Path) -> list[str]:
    """What is wrong with a built site, as one line each."""
    names = [path.relative_to(site).as_posix() for path in site.rglob("*.html")]
    pages = {name: Page((site / name).read_text()) for name in names}
    found, in_menu = [], set()
    for name, page in pages.items():
        for address in page.links + page.loaded:
            url = urllib.parse.urlsplit(address)
            if url.scheme in ("http", "https", "mailto", "data", "blob", "javascript"):
                if address in page.loaded and url.scheme in ("http", "https"):
                    found.append(f"{name} loads {address}: the site must not need a network")
                continue
            # The address of the page that is shown for a missing one begins at the root.
            path = url.path.lstrip("/") if name == "404.html" else url.path
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), path or name))
            there = name if not url.path else there
            if not (site / there).exists():
                found.append(f"{name}: {address} leads nowhere")
            elif there in pages and urllib.parse.unquote(url.fragment) not in pages[there].anchors:
                found.append(f"{name}: {there} has no heading {url.fragment}")
            if address in page.menu:
                in_menu.add(there)
    for name in pages:
        if name not in in_menu | UNLINKED and not name.startswith(SELF_CONTAINED):
            found.append(f"{name} is not in the navigation")
    index = json.loads((site / "search" / "search_index.json").read_text())["docs"]
    searched = {each["location"].partition("#")[0] for each in index}
    return found + [f"{name} is not searched" for name in sorted(in_menu - searched)]


if __name__ == "__main__":
    [folder] = sys.argv[1:]
    if messages := faults(Path(folder)):
        sys.exit("\n".join(messages))
    print(f"the links of {len(list(Path(folder).rglob('*.html')))} pages lead somewhere")
