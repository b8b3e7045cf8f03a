"""The docstrings of w2v as Markdown, for the pages of the Python interface.

A docstring of w2v has paragraphs, indented examples, and lists of names in two columns:

    corpus   the path of a text file, or
             a list of paths
    Returns  `Vectors`

Such a list becomes a list of definitions, an example becomes a block of Python, and public names
become links.
"""

from __future__ import annotations

import re

try:
    import griffe
except ModuleNotFoundError:  # the tests check `markdown` without it
    griffe = None

ENTRY = re.compile(r"(\w[\w*, ]*?)  +(?=\S)")
ERRORS = ("W2VError", "NotFoundError", "DivergedError")  # which docstrings name without backticks
SECTIONS = ("Returns", "Raises")


def markdown(docstring: str, names: list[str]) -> str:
    """A docstring, without the indentation of the source, as Markdown.

    docstring  the text
    names      the public names of the package, to which links lead
    """
    blocks = re.split(r"\n{2,}", docstring.strip("\n"))
    merged: list[str] = []
    for block in blocks:  # an example may have empty lines
        if merged and block.startswith("    ") and merged[-1].startswith("    "):
            merged[-1] += f"\n\n{block}"
        else:
            merged.append(block)
    return "\n\n".join(_block(block, names) for block in merged)


def _block(block: str, names: list[str]) -> str:
    if block.startswith("    "):
        code = "\n".join(line[4:] for line in block.splitlines())
        return f"```python\n{code}\n```"
    if block.startswith(">>>"):
        return f"```pycon\n{block}\n```"
    if entries := _entries(block):
        return "\n\n".join(
            f"{f'**{name}**' if name in SECTIONS else _terms(name)}\n:   {_linked(text, names)}"
            for name, text in entries
        )
    return _linked(block, names)


def _terms(name: str) -> str:
    """Names with commas between them, each as code."""
    return ", ".join(f"`{each}`" for each in name.split(", "))


def _entries(block: str) -> list[tuple[str, str]]:
    """The names and texts of a list in two columns; none for a paragraph."""
    first = ENTRY.match(block)
    if not first:
        return []
    entries: list[tuple[str, str]] = []
    for line in block.splitlines():
        found = ENTRY.match(line)
        if found and found.end() == first.end():
            entries.append((found[1], line[found.end() :]))
        elif line.startswith(" " * first.end()) and entries:
            name, text = entries[-1]
            entries[-1] = name, f"{text}\n    {line.strip()}"
        else:
            return []
    return entries


def _linked(text: str, names: list[str]) -> str:
    """A text in which the public names are links."""
    known = "|".join(name for name in names if not name.startswith("_"))
    pattern = rf"`(?:w2v\.)?({known})`|(?<![\w`.])({'|'.join(ERRORS)})(?![\w`])"
    return re.sub(pattern, lambda name: f"[`{name[1] or name[2]}`][w2v.{name[1] or name[2]}]", text)


if griffe is not None:

    class PlainDocstrings(griffe.Extension):
        """Turns all docstrings into Markdown once the package has been read."""

        def on_package(self, *, pkg: griffe.Module, **_: object) -> None:
            """Change the docstrings of a package and of all that is in it."""
            names = [str(name).strip("'\"") for name in pkg.exports or ()]
            self._change(pkg, names)

        def _change(self, thing: griffe.Object, names: list[str]) -> None:
            if thing.docstring is not None:
                thing.docstring.value = markdown(thing.docstring.value, names)
            for overload in getattr(thing, "overloads", None) or ():
                if isinstance(overload, griffe.Function) and overload.docstring is not None:
                    overload.docstring.value = markdown(overload.docstring.value, names)
            for member in thing.members.values():
                if not member.is_alias:
                    self._change(member, names)
