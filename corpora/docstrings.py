#!/usr/bin/env python3
"""Print a corpus of real English text that needs no download: the documentation of Python itself.

    python corpora/docstrings.py > docstrings.txt
    python corpora/docstrings.py --standard-library > python.txt

The text consists of the docstrings and help topics of the Python standard library and of the
installed numpy, scipy, numba and click: about 1.5 million words. With --standard-library it is that
of Python alone, without its tests, about 0.3 million words: the same text wherever the same version
of Python is installed. Source files are parsed and never executed. Each paragraph is a line;
repeated paragraphs are left out.
"""

from __future__ import annotations

import argparse
import ast
import fnmatch
import importlib.util
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("numpy", "scipy", "numba", "click")


# Some installations of Python leave tests out. A file of settings of the compiler differs in each.
NOT_EVERYWHERE = ("test", "tests", "idle_test", "_sysconfigdata*.py", "config-*")


def folders(packages: tuple[str, ...] = PACKAGES) -> list[Path]:
    """The folders of the standard library and of the packages in this Python installation."""
    paths = [Path(sysconfig.get_path("stdlib"))]
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            sys.exit(
                f"docstrings.py: the package {name} is not installed; run this script with the "
                "Python of w2v's environment: .venv/bin/python"
            )
        paths.append(Path(spec.origin).parent)
    return paths


def sources(folder: Path, without: tuple[str, ...] = ()) -> Iterator[Path]:
    """The Python files below a folder, sorted, without packages installed below it.

    Files and folders whose names match one of the patterns `without` are left out.
    """
    patterns = ("site-packages", "dist-packages", "__pycache__", *without)
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if not any(fnmatch.fnmatchcase(part, pattern) for part in parts for pattern in patterns):
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
    parser = argparse.ArgumentParser(description="Print the documentation of Python as a text.")
    parser.add_argument(
        "--standard-library",
        action="store_true",
        help="Only that of the standard library, without its tests.",
    )
    alone = parser.parse_args().standard_library
    seen = set()
    for folder in folders(() if alone else PACKAGES):
        for path in sources(folder, NOT_EVERYWHERE if alone else ()):
            for text in texts(path):
                for paragraph in text.split("\n\n"):
                    line = " ".join(paragraph.split())
                    if line and line not in seen:
                        seen.add(line)
                        sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")


if __name__ == "__main__":
    main()
