#!/usr/bin/env python3
"""Print made-up film reviews as CSV, for the recipe that begins with such a file.

    python corpora/reviews.py [--reviews N] [--seed S] > reviews.csv

The columns are review_id, stars and review. stars is "good" or "bad", which some words of the
review tell. Another word tells the subject of the film. The reviews have commas, as most texts do,
so that they are quoted. The same seed gives the same reviews.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys

OPINIONS = {
    "good": [
        "brilliant",
        "charming",
        "clever",
        "funny",
        "gripping",
        "moving",
        "superb",
        "touching",
    ],
    "bad": ["awful", "boring", "clumsy", "dull", "flat", "lame", "pointless"],
}
SUBJECTS = {
    "war": ["army", "battle", "general", "soldiers", "trenches"],
    "love": ["couple", "kiss", "romance", "wedding", "widow"],
    "crime": ["detective", "heist", "murder", "police", "thief"],
    "space": ["alien", "astronaut", "galaxy", "planet", "rocket"],
}
PARTS = ["acting", "camera", "dialogue", "ending", "music", "plot", "script", "story"]


def rows(count: int, seed: int) -> list[tuple[str, str, str]]:
    """`count` reviews: an id, a label and a text."""
    rng = random.Random(seed)
    found = []
    for number in range(1, count + 1):
        label = rng.choice(list(OPINIONS))
        first, second, third = rng.sample(OPINIONS[label], 3)
        one, other = rng.sample(SUBJECTS[rng.choice(list(SUBJECTS))], 2)
        part, another = rng.sample(PARTS, 2)
        text = f"The {part} is {first}, the {another} {second}: the {one}, the {other}, all {third}"
        found.append((f"r{number}", label, text))
    return found


def main() -> None:
    """Print the reviews."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--reviews", type=int, default=300, help="Number of reviews. Default: 300.")
    parser.add_argument(
        "--seed", type=int, default=1, help="Seed of the random reviews. Default: 1."
    )
    options = parser.parse_args()
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["review_id", "stars", "review"])
    table.writerows(rows(options.reviews, options.seed))


if __name__ == "__main__":
    main()
