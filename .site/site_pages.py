"""The pages of the site: the same Markdown that the repository shows, with other links.

This file uses only the standard library, so that the tests can check the pages without MkDocs.

The pages are the README, what the README links to in its section "Read on", and `.site/pages`. The
list of the README is the navigation: a page that is added there is on the site.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
HOME = "README.md"
MANUAL = "w2v/manual/"
PICTURES = ".github/"
OWN = Path(__file__).parent / "pages"
# Pages of the site alone, which come last in a group of the navigation.
OWN_PAGES = {
    "Use": ["live.md"],
    "Look up": ["functions.md", "vectors.md", "records.md"],
}
FENCE = re.compile(r" *(```+|~~~+)")
ITEM = re.compile(r"( *)([-*+]|\d+[.)])( +)")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
# A link or a picture whose target is a file of the repository, or a heading.
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?![a-z]+:)([^()\s]+)\)")


class MissingPageError(Exception):
    """The navigation and the files do not fit."""


class Text(NamedTuple):
    """A line of Markdown, and whether it is in a code block or begins or ends one."""

    line: str
    is_code: bool


def lines(markdown: str) -> Iterator[Text]:
    """The lines of a page."""
    fence = ""
    for line in markdown.splitlines():
        found = FENCE.match(line)
        if fence:
            yield Text(line, True)
            if found and found[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        else:
            fence = found[1] if found else ""
            yield Text(line, bool(fence))


def groups(readme: str) -> dict[str, list[str]]:
    """The pages of each group of the README's section "Read on", as paths in the repository."""
    section = re.search(r"^## Read on\n(.*?)(?=^## |\Z)", readme, re.DOTALL | re.MULTILINE)
    if section is None:
        raise MissingPageError(f'{HOME} has no section "Read on"')
    found = {}
    for item in re.split(r"^- ", section[1], flags=re.MULTILINE)[1:]:
        name, colon, links = item.partition(":")
        if not colon:
            raise MissingPageError(f'{HOME}, "Read on": expected "- GROUP: links", found {item!r}')
        found[name] = [target.partition("#")[0] for _, _, target in LINK.findall(links)]
    return found


def manual() -> list[str]:
    """All pages of the manual, as paths in the repository."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / MANUAL).rglob("*.md"))


def navigation() -> dict[str, list[str]]:
    """The pages of each group, as paths in the site, without the front page.

    Raises  MissingPageError for a page of the manual that the README does not list, or lists twice
    """
    listed = groups((ROOT / HOME).read_text())
    everything = [page for pages in listed.values() for page in pages]
    for page in manual():
        if everything.count(page) != 1:
            raise MissingPageError(
                f'{page} is {everything.count(page)} times in the list "Read on" of {HOME}, '
                "which is the navigation of the site: add it to one group"
            )
    found = {name: list(map(address, pages)) for name, pages in listed.items()}
    for name, own in OWN_PAGES.items():
        found[name] += own
    return found


def published() -> dict[str, str]:
    """The files of the repository that are in the site: their paths here and there."""
    listed = groups((ROOT / HOME).read_text())
    files = [HOME, *(page for pages in listed.values() for page in pages)]
    files += [path.relative_to(ROOT).as_posix() for path in (ROOT / PICTURES).glob("*.png")]
    return {file: address(file) for file in files}


def address(file: str) -> str:
    """The path in the site of a page or picture of the repository."""
    if file == HOME:
        return "index.md"
    if file.startswith(PICTURES):
        return f"pictures/{file.removeprefix(PICTURES)}"
    return file.removeprefix(MANUAL) if file.startswith(MANUAL) else file.lower()


def slug(heading: str, separator: str = "-") -> str:
    """The anchor of a heading, as GitHub makes it: code and text alike, each blank a hyphen."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", separator)


def anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = (re.match(r"#+ (.*)", text.line) for text in lines(markdown) if not text.is_code)
    return {slug(found[1]) for found in headings if found}


def links(markdown: str) -> Iterator[str]:
    """The targets of the links and pictures of a page that are files or headings."""
    for text in lines(markdown):
        if not text.is_code:
            plain = CODE.sub(lambda code: "-" * len(code[0]), text.line)
            for found in LINK.finditer(text.line):
                if plain[found.end() - 1] == ")":  # the link is not an example in code
                    yield found[3]


def broken(file: str, markdown: str) -> list[str]:
    """The links of a page, a path in the repository, that lead nowhere."""
    faults = []
    for target in links(markdown):
        path, _, anchor = target.partition("#")
        there = ROOT / posixpath.join(posixpath.dirname(file), path)
        is_missing = bool(path) and not there.exists()
        if not is_missing and anchor:
            is_missing = anchor not in anchors(there.read_text() if path else markdown)
        if is_missing:
            faults.append(target)
    return faults


def for_site(file: str, markdown: str, repository: str = "") -> str:
    """The Markdown of a page as MkDocs needs it.

    file        the path of the page in the repository
    markdown    its text
    repository  the address of the repository, to which links to other files lead; "": they become
                plain code
    """
    known = published()

    def replace(link: re.Match[str]) -> str:
        """A link with the target that it has in the site."""
        mark, text, target = link.groups()
        path, hash_sign, anchor = target.partition("#")
        if not path:
            return link[0]
        there = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
        if there in known:
            path = posixpath.relpath(known[there], posixpath.dirname(address(file)) or ".")
            return f"{mark}[{text}]({path}{hash_sign}{anchor})"
        if not (ROOT / there).exists():
            raise MissingPageError(f"{file}: {target} leads nowhere")
        if repository:
            kind = "tree" if (ROOT / there).is_dir() else "blob"
            return f"[{text}]({repository}/{kind}/main/{there}{hash_sign}{anchor})"
        is_name = "`" not in text and target.endswith(text)
        return f"`{text}`" if is_name else text

    return indented(markdown, lambda line: LINK.sub(replace, line))


def indented(markdown: str, change: Callable[[str], str]) -> str:
    """The page with lists as Python-Markdown reads them, and with each line of text changed.

    What belongs to an item of a list is indented by 4 blanks for each level there; in CommonMark it
    is indented as the text of the item. The marks of generated parts, which are comments, are
    removed, because a table that follows one without an empty line would not be seen.
    """
    levels: list[int] = []  # where the text of each item begins that a line belongs to
    fence_levels: list[int] | None = None
    found = []
    for text in lines(markdown):
        blanks = len(text.line) - len(text.line.lstrip(" "))
        if not text.is_code:
            fence_levels = None
        elif fence_levels is None:
            levels = [level for level in levels if level <= blanks]
            fence_levels = list(levels)
        if text.is_code or not text.line.strip():
            inner = levels[-1] if levels else 0
            found.append("    " * len(levels) * bool(text.line.strip()) + text.line[inner:])
            continue
        levels = [level for level in levels if level <= blanks]
        line = "    " * len(levels) + text.line[levels[-1] if levels else 0 :]
        if item := ITEM.match(text.line):
            levels.append(item.end())
        found.append("" if re.fullmatch(r"<!-- .* -->", line.strip()) else change(line))
    return "\n".join(found) + "\n"
