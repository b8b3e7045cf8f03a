#!/usr/bin/env python3
"""Write labelled paragraphs of Python's documentation, for a classifier: of what are they about?

    python corpora/library.py FOLDER

The paragraphs are those of the docstrings of Python's standard library, as corpora/docstrings.py
finds them. The label of a paragraph is the part of the library that its module belongs to, such as
internet or mathematics. Paragraphs of fewer than 8 words are left out, and repeated ones too.

FOLDER gets the same paragraphs in two divisions, each into train.tsv, valid.tsv and test.tsv with
lines of LABEL TAB TEXT:

- by-paragraph: of ten paragraphs in the order of the files, eight are for training, one for
  validation and one for the test. Neighbours of a test paragraph are in the training set.
- by-module: the modules of each label are divided, so that those of the test are unknown.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import docstrings

# Of four modules, the first two are for training, the third for validation, the last for the test.
PARTS = {
    "concurrency": "asyncio multiprocessing subprocess threading concurrent selectors queue sched",
    "files": "_pyio tarfile shutil pathlib zipfile os tempfile bz2 gzip lzma fileinput filecmp "
    "ntpath genericpath shelve glob",
    "internet": "email http urllib ipaddress imaplib xmlrpc wsgiref mailbox smtplib socketserver "
    "ssl cgi ftplib nntplib telnetlib socket poplib smtpd webbrowser mimetypes",
    "language": "importlib typing enum inspect collections dis functools contextlib operator ast "
    "pkgutil dataclasses",
    "mathematics": "_pydecimal numbers fractions statistics random",
    "testing": "unittest doctest bdb pdb logging traceback trace timeit",
    "text": "xml difflib configparser codecs encodings json pprint textwrap re csv plistlib shlex",
}
SHORTEST = 8  # words of a paragraph


def module_paragraphs(path: Path) -> Iterator[str]:
    """The paragraphs of a package's folder, or of the module PATH.py, each on one line.

    A module that this version of Python does not have has none: Python 3.13 has no cgi any more.
    """
    module = path.with_suffix(".py")
    files = [module] if module.exists() else docstrings.sources(path, docstrings.NOT_EVERYWHERE)
    for file in files:
        for text in docstrings.texts(file):
            for paragraph in text.split("\n\n"):
                words = paragraph.split()
                if len(words) >= SHORTEST:
                    yield " ".join(words)


def paragraphs(library: Path) -> Iterator[tuple[str, int, str]]:
    """Label, place of the module in its part, and text of each distinct paragraph."""
    seen = set()
    for label, modules in PARTS.items():
        for place, module in enumerate(modules.split()):
            for text in module_paragraphs(library / module):
                if text not in seen:
                    seen.add(text)
                    yield label, place, text


def write(folder: Path, library: Path) -> None:
    """Write both divisions of the paragraphs into `folder`."""
    sets: dict[str, list[str]] = {
        f"{division}/{name}.tsv": []
        for division in ("by-module", "by-paragraph")
        for name in ("train", "valid", "test")
    }
    for number, (label, place, text) in enumerate(paragraphs(library)):
        line = f"{label}\t{text}\n"
        sets[f"by-module/{('train', 'train', 'valid', 'test')[place % 4]}.tsv"].append(line)
        name = {8: "valid", 9: "test"}.get(number % 10, "train")
        sets[f"by-paragraph/{name}.tsv"].append(line)
    for name, lines in sets.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes("".join(lines).encode("utf-8", "replace"))


def main() -> None:
    """Write the files into the folder that the command line names."""
    parser = argparse.ArgumentParser(
        description="Write labelled paragraphs of Python's documentation."
    )
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder, docstrings.folders(())[0])


if __name__ == "__main__":
    main()
