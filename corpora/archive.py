#!/usr/bin/env python3
"""Write a small made-up archive of dated news with known topics, for tests and the tutorial.

    python corpora/archive.py news           # news/1990/001.txt to news/1995/..., a file an article
    python corpora/archive.py news.jsonl     # the same articles, as JSON lines with id, date, text

Each article is about one of four subjects. The share of a subject changes from year to year:
there is less and less music and more and more sport, and the weather fills the middle years. The
words are English, but the sentences have no meaning. The same seed gives the same articles.
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from planted import FILLER, TOPICS

YEARS = range(1990, 1996)
# The number of articles of each subject in each of the six years.
ARTICLES = {
    "music": (50, 42, 34, 26, 18, 10),
    "cooking": (20, 20, 20, 20, 20, 20),
    "sport": (10, 18, 26, 34, 42, 50),
    "weather": (5, 15, 40, 40, 15, 5),
}


class Article(NamedTuple):
    """An article: its number in its year, from 1, its day, its title, and its sentences."""

    number: int
    day: datetime.date
    title: str
    text: str


def articles(seed: int) -> Iterator[Article]:
    """The articles of all years, in the order of their days."""
    rng = random.Random(seed)
    for column, year in enumerate(YEARS):
        first = datetime.date(year, 1, 1)
        subjects = [subject for subject, counts in ARTICLES.items() for _ in range(counts[column])]
        rng.shuffle(subjects)
        days = sorted(rng.randrange(365) for _ in subjects)
        for number, (subject, day) in enumerate(zip(subjects, days, strict=True), 1):
            words = TOPICS[subject].split()
            title = " ".join(rng.sample(words, 3)).capitalize()
            sentences = [_sentence(rng, words) for _ in range(rng.randrange(3, 7))]
            date = first + datetime.timedelta(day)
            yield Article(number, date, title, " ".join(sentences))


def _sentence(rng: random.Random, words: list[str]) -> str:
    """A sentence with five words of a subject, and filler."""
    mixed = rng.sample(words, 5) + rng.choices(FILLER, k=4)
    rng.shuffle(mixed)
    return " ".join(mixed).capitalize() + "."


def write(output: Path, seed: int = 1) -> None:
    """Write the archive as JSON lines if the name ends in .jsonl, else as a folder."""
    found = articles(seed)
    if output.suffix == ".jsonl":
        output.write_text("".join(_record(each) + "\n" for each in found))
        return
    for each in found:
        folder = output / str(each.day.year)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{each.number:03}.txt").write_text(f"{each.title}\n\n{each.text}\n")


def _record(article: Article) -> str:
    """An article as a JSON object; its id is the path of its file."""
    name = f"{article.day.year}/{article.number:03}.txt"
    text = f"{article.title}\n\n{article.text}"
    return json.dumps({"id": name, "date": str(article.day), "text": text})


def main() -> None:
    """Write the archive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="A folder, or a name that ends in .jsonl.")
    parser.add_argument(
        "--seed", type=int, default=1, help="Seed of the random articles. Default: 1."
    )
    args = parser.parse_args()
    write(args.output, args.seed)


if __name__ == "__main__":
    main()
