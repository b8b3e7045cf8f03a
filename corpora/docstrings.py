#!/usr/bin/env python3
"""Real text that every machine has: what Python's library and our dependencies say of themselves.

    python corpora/docstrings.py > docstrings.txt

Collects the docstrings and help topics of the Python standard library and of the installed numpy,
scipy, numba and click: about 1.5 million words. Sources are parsed, never run. A paragraph is a
line; one that occurs again is left out.
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
    """The standard library and the packages, wherever this Python has them."""
    found = [Path(sysconfig.get_path("stdlib"))]
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            sys.exit(f"docstrings.py: the package {name} is not installed; run this in w2v's .venv")
        found.append(Path(spec.origin).parent)
    return found


def sources(folder: Path) -> Iterator[Path]:
    """The Python files below a folder, in order, without other packages installed there."""
    for path in sorted(folder.rglob("*.py")):
        if not {"site-packages", "dist-packages", "__pycache__"} & set(
            path.relative_to(folder).parts
        ):
            yield path


def texts(path: Path) -> Iterator[str]:
    """Docstrings, and other long strings that stand in calls and tables as documentation does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old escapes in other people's strings
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):  # test files that are wrong on purpose
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
    """A node and the statements in it; expressions, which are most of a tree, are passed over."""
    yield node
    for block in ("body", "orelse", "finalbody", "handlers"):
        for inner in getattr(node, block, []) if isinstance(node, ast.stmt | ast.mod) else []:
            yield from statements(inner)


def main() -> None:
    """Write each paragraph once, as a line."""
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
