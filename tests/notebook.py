"""Make a notebook of a page, so that the two cannot differ: `make docs` writes it.

The prose of the page is its Markdown cells. The commands of a transcript are a cell that bash runs,
without their output. A program in Python is a cell that writes its file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

MANUAL = Path(__file__).parents[1] / "w2v" / "manual"
PAGES = ("first_vectors",)
SETUP = """\
# Work in a new folder, beside the scripts of the checkout, with the w2v of this Python.
import os
import sys
import tempfile
from pathlib import Path

folders = [Path.cwd(), *Path.cwd().parents]
checkout = [each for each in folders if (each / "corpora" / "docstrings.py").exists()]
if not checkout:
    raise SystemExit("open this notebook in a checkout of the source repository of w2v")
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
os.chdir(tempfile.mkdtemp())
os.symlink(checkout[0] / "corpora", "corpora")"""


def cells(page: str) -> list[tuple[str, str]]:
    """The cells of a page: their kinds, markdown or code, and their texts."""
    page = re.sub(r"(?m)^<!-- .* -->\n", "", page)
    found = [("code", SETUP)]
    for number, block in enumerate(re.split(r"```(console|python)\n(.*?)```\n", page, flags=re.S)):
        if number % 3 == 0:
            found.append(("markdown", block.strip()))
        elif number % 3 == 1:
            kind = block
        elif kind == "console":
            commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
            # A query with an unknown word ends with status 3, which is not an error of the cell.
            found.append(("code", "\n".join(["%%bash --no-raise-error", "exec 2>&1", *commands])))
        else:
            name = block.splitlines()[0].removeprefix("# ")
            found.append(("code", f"%%writefile {name}\n{block.strip()}"))
    found.insert(0, found.pop(1))  # the title before the first code
    return [(kind, text) for kind, text in found if text]


def notebook(page: str) -> str:
    """A page as the JSON of a notebook, without output."""
    found = []
    for number, (kind, text) in enumerate(cells(page)):
        cell = {
            "cell_type": kind,
            "id": f"cell-{number}",
            "metadata": {},
            "source": text.splitlines(keepends=True),
        }
        found.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {
        "cells": found,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def notebooks() -> dict[Path, str]:
    """The notebooks of the manual, made anew: their paths and contents."""
    return {
        MANUAL / f"{name}.ipynb": notebook((MANUAL / f"{name}.md").read_text()) for name in PAGES
    }
