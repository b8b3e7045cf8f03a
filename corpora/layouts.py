"""Conversion of the archives of standard corpora to files that w2v trains on; used by fetch.py.

    text8                     unchanged: a-z and blanks in one line
    enwik9.txt                words of the articles, nearly as in text8; a paragraph on each line
    imdb.*.tsv.gz             label TAB id TAB review on each line
    imdb.unsup.txt.gz         a review without a label on each line
    20news-bydate.*.jsonl.gz  {"label", "id", "text"} on each line, with headers and quotations

Archives are read without being unpacked to disk.
"""

from __future__ import annotations

import gzip
import html
import io
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Unpack = Callable[[Path, Path], list[str]]
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, gzip.BadGzipFile, KeyError)
_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_BREAKS = re.compile(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def text_of(archive: Path) -> Iterator[bytes]:
    """The bytes of the first file in a zip archive, in blocks."""
    with zipfile.ZipFile(archive) as packed, packed.open(packed.namelist()[0]) as file:
        while block := file.read(1 << 20):
            yield block


def text8(archive: Path, folder: Path) -> list[str]:
    """Write text8 unchanged."""
    with (folder / "text8").open("wb") as file:
        file.writelines(text_of(archive))
    return ["text8"]


def enwik9(archive: Path, folder: Path) -> list[str]:
    """Write the text of the articles without markup."""
    with zipfile.ZipFile(archive) as packed, packed.open(packed.namelist()[0]) as file:
        lines = io.TextIOWrapper(file, encoding="utf-8", errors="replace")
        with (folder / "enwik9.txt").open("w", encoding="ascii") as out:
            out.writelines(f"{line}\n" for line in plain(lines))
    return ["enwik9.txt"]


def plain(lines: Iterable[str]) -> Iterator[str]:
    """The text of a Wikipedia dump as lowercase words a-z; lines without words are left out.

    The rules are those of Matt Mahoney's filter for text8, applied line by line: digits are spelled
    out; tables, templates, links to other languages, addresses and tags are removed; other links
    are replaced by their captions. The result is close to that of his filter, not the same.
    """
    inside = False
    for line in lines:
        begins = re.search(r"<text [^>]*>", line)
        if begins:
            line = line[begins.end() :]
            inside = not line.lower().startswith("#redirect")
        ends = "</text>" in line
        if inside:
            words = _words(line.partition("</text>")[0])
            if words:
                yield words
        inside = inside and not ends


def _words(line: str) -> str:
    text = html.unescape(html.unescape(line))
    for pattern, instead in (
        (r"<ref[^<]*</ref>|<[^>]*>", ""),
        (r"\[https?:[^] ]*", "["),
        (r"\[\[(?:image|file):[^[\]]*\|", "[["),
        (r"\[\[category:([^|\]]*)[^]]*\]\]", r"\1"),
        (r"\[\[[a-z-]+:[^]]*\]\]", ""),
        (r"\[\[[^|\]]*\|", "[["),
        (r"\{\{[^}]*\}\}|\{[^}]*\}", ""),
    ):
        text = re.sub(pattern, instead, text, flags=re.IGNORECASE)
    text = re.sub(r"\d", lambda digit: f" {_DIGITS[int(digit[0])]} ", text.lower(), flags=re.ASCII)
    return " ".join(re.findall("[a-z]+", text))


def imdb(archive: Path, folder: Path) -> list[str]:
    """Write the reviews of train and test, negative and positive in turn, and the unlabelled ones.

    Reviews are sorted by the number in their id.
    """
    found: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for path, text in _texts(archive, "utf-8"):
        split, label, name = [*path.split("/")[-3:]]
        if split in ("train", "test") and label in ("neg", "pos", "unsup"):
            id_ = name.removesuffix(".txt")
            number = int(id_.partition("_")[0])
            found.setdefault((split, label), []).append((number, id_, _line(text)))
    for split in ("train", "test"):
        rows = sorted(
            (number, label, id_, text)
            for label in ("neg", "pos")
            for number, id_, text in found[split, label]
        )
        with _packed(folder / f"imdb.{split}.tsv.gz") as file:
            file.writelines(f"{label}\t{id_}\t{text}\n" for _, label, id_, text in rows)
    with _packed(folder / "imdb.unsup.txt.gz") as file:
        file.writelines(f"{text}\n" for _, _, text in sorted(found["train", "unsup"]))
    return ["imdb.train.tsv.gz", "imdb.test.tsv.gz", "imdb.unsup.txt.gz"]


def newsgroups(archive: Path, folder: Path) -> list[str]:
    """Write the posts of train and test unchanged, sorted by label and id."""
    found: dict[str, list[dict[str, str]]] = {"train": [], "test": []}
    for path, text in _texts(archive, "latin-1"):
        part, label, id_ = [*path.split("/")[-3:]]
        split = part.removeprefix("20news-bydate-")
        if split in found:
            found[split].append({"label": label, "id": id_, "text": text})
    names = []
    for split, posts in found.items():
        if not posts:
            raise KeyError(f"it has no posts of {split}")
        names.append(f"20news-bydate.{split}.jsonl.gz")
        posts.sort(key=lambda post: (post["label"], post["id"]))
        with _packed(folder / names[-1]) as file:
            file.writelines(json.dumps(post, ensure_ascii=False) + "\n" for post in posts)
    return names


def _texts(archive: Path, encoding: str) -> Iterator[tuple[str, str]]:
    """Path and text of each file in a tar archive that is at least two folders deep."""
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and member.name.count("/") >= 2:
                file = packed.extractfile(member)
                assert file
                yield member.name, file.read().decode(encoding, "replace")


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()


def _packed(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(gzip.GzipFile(path, "wb", 6, mtime=0), "utf-8", newline="\n")
