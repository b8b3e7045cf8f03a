#!/usr/bin/env python3
"""Print a corpus of real English text that needs no download: the documentation of Python itself.

    python corpora/docstrings.py > docstrings.txt

The text consists of the docstrings and help topics of the Python standard library and of the
installed numpy, scipy, numba and click: about 1.5 million words. Source files are parsed and never
executed. Each paragraph is a line; repeated paragraphs are left out.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("numpy", "scipy", "numba", "click")


def folders() -> list[Path]:
    """The folders of the standard library and of the packages in this Python installation."""
    paths = [Path(sysconfig.get_path("stdlib"))]
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            sys.exit(
                f"docstrings.py: the package {name} is not installed; run this script with the "
                "Python of w2v's environment: .venv/bin/python"
            )
        paths.append(Path(spec.origin).parent)
    return paths


def sources(folder: Path) -> Iterator[Path]:
    """The Python files below a folder, sorted, without packages installed below it."""
    for path in sorted(folder.rglob("*.py")):
        if not {"site-packages", "dist-packages", "__pycache__"} & set(
            path.relative_to(folder).parts
        ):
            yield path


def texts(path: Path) -> Iterator[str]:
    """The docstrings of a file, and the strings of more than 200 letters in calls and dictionaries.

    Such strings are mostly documentation too.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in strings of other packages
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):  # test files that are invalid on purpose
            return
    for node in statements(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield text
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call | ast.Dict):  # add_newdoc(...), pydoc's help topics
            for item in value.args if isinstance(value, ast.Call) else value.values:
                text = item.value if isinstance(item, ast.Constant) else None
                if isinstance(text, str) and len(text) > 200:
                    yield text


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all statements in it. Expressions, most of a syntax tree, are not visited."""
    yield node
    for block in ("body", "orelse", "finalbody", "handlers"):
        for inner in getattr(node, block, []) if isinstance(node, ast.stmt | ast.mod) else []:
            yield from statements(inner)


def main() -> None:
    """Print each distinct paragraph as a line."""
    seen = set()
    for folder in folders():
        for path in sources(folder):
            for text in texts(path):
                for paragraph in text.split("\n\n"):
                    line = " ".join(paragraph.split())
                    if line and line not in seen:
                        seen.add(line)
                        sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")


if __name__ == "__main__":
    main()
