#!/usr/bin/env python3
"""Print sentences whose last word depends on a distant word: the task "words" of `w2v lag`.

    python corpora/france.py [COUNT] [FILLERS] [SEED] > france.txt

Each of the COUNT lines is "i grew up in france", FILLERS random words, "and i speak french", with
one of eight countries. The defaults are 1000 lines, 10 fillers, seed 1. It needs w2v installed.
"""

from __future__ import annotations

import sys

from w2v.networks.synthetic_tasks import lines


def main() -> None:
    """Print the sentences."""
    count, fillers, seed = map(int, [*sys.argv[1:4], *("1000", "10", "1")[len(sys.argv) - 1 :]])
    for line in lines(seed, count, fillers):
        print(line)


if __name__ == "__main__":
    main()
