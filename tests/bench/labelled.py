#!/usr/bin/env python3
"""Labelled texts for classifiers, as lines `__label__X tokens` that fastText and w2v both read.

    python tests/bench/labelled.py FOLDER [SET...]

Writes FOLDER/SET/{train,valid,test}.txt. All programs read the same tokens.

sst2         the published splits, tokens as published
polarity-N   fold N of ten of rt-polarity; a tenth of the rest is for validation
imdb         25,000 reviews to learn from, of which 2,500 are for validation, and 25,000 to test;
             without <br />, in words in lower case by w2v's own tokenizer
20news       20news-bydate without headers, quotes and signatures, by the same tokenizer; a tenth of
             the training posts is for validation. Posts that are then empty are left out of all.
languages    sentences in many languages: the translations inside the wheels `WHEELS`, which pip
             downloads. All are under the BSD or MIT licence. The label is the language, with the
             script if it has several. Regional varieties are left out, and English is the message
             that is translated. Placeholders and tags are removed. Left out are strings of fewer
             than 20 letters (10 Chinese, Japanese or Korean ones), strings that occur in two
             languages, and languages of fewer than 300 strings. A message is in one split only, in
             all languages: a tenth of the messages is for validation and a tenth for the test.
             Tokens are those between blanks.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import random
import re
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unicodedata import east_asian_width

from contest import DATA, PEERS
from newsgroups import strip

FOLDS = 10
LETTERS, STRINGS = 20, 300
# Django, Django REST framework: BSD-3-Clause; Wagtail: BSD-3-Clause; django-allauth: MIT
WHEELS = ("django", "djangorestframework", "wagtail", "django-allauth")
# name: (training, validation and test rows), each row a label and a text
Splits = dict[str, list[tuple[str, str]]]
_NOISE = re.compile(r"<[^<>]*>|%\([^()]*\)[#0 +-]*\d*\.?\d*[a-zA-Z]|%[a-zA-Z%]|\{[^{}]*\}|&\w+;")
_FIELD = re.compile(r'(msgid_plural|msgid|msgstr|msgctxt)(?:\[\d+\])? +(".*")$')


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
    """Rows in one random order: a tenth for validation and the others for training."""
    mixed = random.Random(1).sample(rows, len(rows))
    return {"train": mixed[len(rows) // 10 :], "valid": mixed[: len(rows) // 10]}


def sst2() -> Splits:
    """The published splits."""
    files = {"train": "train", "valid": "dev", "test": "test"}
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


def languages(folder: Path) -> Splits:
    """Translations inside wheels, which are downloaded into a folder."""
    strings: dict[str, dict[str, str]] = defaultdict(dict)  # language: {string: message}
    for name in WHEELS:
        command = [PEERS, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*map(str, command), "-d", str(folder), name], check=True)
    for path in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            for file in sorted(wheel.namelist()):
                if found := re.search(r"/locale/([^/]+)/LC_MESSAGES/\w+\.po$", file):
                    read_translations(wheel.read(file).decode(), found[1], strings)
        print(path.name, file=sys.stderr)
    several = Counter(string for each in strings.values() for string in each)
    rows: Splits = {"train": [], "valid": [], "test": []}
    for language, each in sorted(strings.items()):
        own = {string: of for string, of in each.items() if several[string] == 1}
        if len(own) >= STRINGS:
            for string, message in own.items():
                rows[share(message)].append((language, string))
    for split, each in rows.items():
        random.Random(1).shuffle(each)
        letters = sum(len(text) for _, text in each)
        count = len({label for label, _ in each})
        print(
            f"{split}: {len(each)} strings, {count} languages, {letters} letters", file=sys.stderr
        )
    return rows


def share(message: str) -> str:
    """The split of a message, by its hash."""
    digit = int.from_bytes(hashlib.sha256(message.encode()).digest()[:4]) % 10
    return {0: "test", 1: "valid"}.get(digit, "train")


def read_translations(text: str, locale: str, strings: dict[str, dict[str, str]]) -> None:
    """Add the strings of one file, and the messages that they translate, as English."""
    language, _, variety = locale.partition("_")
    if variety and len(variety) != 4:
        return  # a region; a script has four letters
    for message, translated in entries(text):
        key = re.sub(r"\W+", " ", clean(message)).lower()
        for name, each in (("en", [message]), (locale, translated)):
            if name == "en" or language != "en":
                for string in map(clean, each):
                    if length(string) >= LETTERS:
                        strings[name].setdefault(string, key)


def length(string: str) -> int:
    """The letters of a string; a wide one, such as a Chinese one, counts as two."""
    wide = sum(east_asian_width(letter) == "W" for letter in string if letter.isalpha())
    return wide + sum(letter.isalpha() for letter in string)


def clean(string: str) -> str:
    """A string without placeholders and tags, with one blank between tokens."""
    return " ".join(_NOISE.sub(" ", string).split())


def entries(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each message of a .po file and its translations; not those marked fuzzy or obsolete."""
    for block in re.split(r"\n\s*\n", text):
        if re.search(r"^#,.*\bfuzzy\b|^#~", block, re.MULTILINE):
            continue
        fields: list[list[str]] = []
        for line in block.splitlines():
            if found := _FIELD.match(line):
                fields.append([found[1], ast.literal_eval(found[2])])
            elif line.startswith('"') and fields:
                fields[-1][1] += ast.literal_eval(line)
        message = next((value for name, value in fields if name == "msgid"), "")
        if message:
            yield message, [value for name, value in fields if name == "msgstr" and value]


SETS = {
    "imdb": imdb,
    "sst2": sst2,
    **{f"polarity-{number}": partial(polarity, number) for number in range(FOLDS)},
    "20news": newsgroups,
}


def prepare(folder: Path, name: str) -> None:
    """Write the three files of one set into the folder of its name."""
    out = folder / name
    out.mkdir(parents=True, exist_ok=True)
    if name == "languages":
        wheels = out / "wheels"
        wheels.mkdir(exist_ok=True)
        splits = languages(wheels)
    else:
        splits = SETS[name]()
    for split, rows in splits.items():
        lines = [f"__label__{label} {' '.join(text.split())}\n" for label, text in rows]
        (out / f"{split}.txt").write_text("".join(lines))


if __name__ == "__main__":
    for each in sys.argv[2:] or [*SETS, "languages"]:
        prepare(Path(sys.argv[1]), each)
