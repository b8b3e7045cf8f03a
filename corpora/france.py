#!/usr/bin/env python3
"""Sentences whose last word follows from one that came long before: the task of `w2v lag`.

    python corpora/france.py [COUNT] [FILLERS] [SEED] > france.txt

Each line is "i grew up in france", fillers, "and i speak french". Run it where w2v is installed.
"""

from __future__ import annotations

import sys

from w2v.networks.synthetic_tasks import lines


def main() -> None:
    """Print them."""
    count, fillers, seed = map(int, [*sys.argv[1:4], *("1000", "10", "1")[len(sys.argv) - 1 :]])
    for line in lines(seed, count, fillers):
        print(line)


if __name__ == "__main__":
    main()
