#!/usr/bin/env python3
"""A small text whose synonyms, analogies and topics are known, for tests and tutorials.

    python corpora/planted.py [--sentences N] [--seed S] > planted.txt
    python corpora/planted.py --questions > planted-questions.txt   # for w2v evaluate analogies
    python corpora/planted.py --pairs > planted-pairs.tsv           # for w2v evaluate similarity

Words that share contexts get like vectors; that is all that is planted:

- the two words of a synonym occur among the same companions, drawn at random for each sentence
  (the companions of all synonyms also occur mixed, so that they are less alike than the synonyms);
- a country and its capital share companions of their own (the pair's), all countries share
  companions, and so do all capitals: hence france - paris + rome = italy;
- each topic has words that occur together and with no other topic's.

The words are English so that output reads well; the sentences are word salad. Same seed, same text.
"""

from __future__ import annotations

import argparse
import random
import sys
from itertools import permutations

SYNONYMS = {
    ("car", "automobile"): "engine wheel driver garage fuel brake",
    ("doctor", "physician"): "patient clinic cure nurse illness ward",
    ("big", "large"): "huge size tall grand wide giant",
    ("rock", "stone"): "hard cliff granite quarry pebble boulder",
    ("begin", "start"): "first opening early launch commence dawn",
}
CAPITALS = {
    ("france", "paris"): "french baguette seine louvre",
    ("italy", "rome"): "italian pasta tiber colosseum",
    ("japan", "tokyo"): "japanese sushi sumida fuji",
    ("egypt", "cairo"): "egyptian falafel nile sphinx",
    ("spain", "madrid"): "spanish paella manzanares prado",
    ("russia", "moscow"): "russian borscht moskva kremlin",
}
COUNTRY = "border parliament army export citizens republic treaty province"
CAPITAL = "mayor metro suburb downtown street avenue museum district"
TOPICS = {
    "music": "guitar melody song rhythm piano concert drum chorus violin tune",
    "cooking": "flour butter oven recipe sugar bake salt kettle onion pepper",
    "sport": "goal referee team score match league coach player tackle stadium",
    "weather": "rain cloud storm wind snow thunder sunny forecast humid frost",
}
FILLER = ["the", "of", "and", "a", "in", "to", "is", "was", "for", "on"]


def _companions(words: str, count: int, rng: random.Random) -> list[str]:
    return rng.sample(words.split(), count)


def sentence(rng: random.Random) -> list[str]:
    """One sentence of 8 or 9 words: a synonym, a country or capital, or a topic, and filler."""
    kind = rng.randrange(4)
    if kind == 0:
        pair, companions = rng.choice(list(SYNONYMS.items()))
        words = [rng.choice(pair), *_companions(companions, 4, rng)]
    elif kind == 1:
        pair, companions = rng.choice(list(CAPITALS.items()))
        role = rng.randrange(2)
        words = [pair[role], *_companions(companions, 2, rng)]
        words += _companions((COUNTRY, CAPITAL)[role], 3, rng)
    elif kind == 2:
        words = _companions(rng.choice(list(TOPICS.values())), 6, rng)
    else:
        words = _companions(" ".join(SYNONYMS.values()), 5, rng)
    words += rng.choices(FILLER, weights=range(len(FILLER), 0, -1), k=3)
    rng.shuffle(words)
    return words


def sentences(count: int = 4000, seed: int = 1) -> list[list[str]]:
    """The text: `count` sentences of words."""
    rng = random.Random(seed)
    return [sentence(rng) for _ in range(count)]


def text(count: int = 4000, seed: int = 1) -> str:
    """The text as a string, a sentence on a line."""
    return "".join(" ".join(words) + "\n" for words in sentences(count, seed))


def questions() -> str:
    """Analogy questions: a capital is to its country as another capital is to its own."""
    rows = [
        f"{c1} {n1} {c2} {n2}\n{n1} {c1} {n2} {c2}\n"
        for (n1, c1), (n2, c2) in permutations(CAPITALS, 2)
    ]
    return ": capitals\n" + "".join(rows)


def pairs() -> str:
    """Scored pairs: 10 for synonyms, 5 for words of one topic, 0 for words of two topics."""
    rows = [f"{a}\t{b}\t10\n" for a, b in SYNONYMS]
    lists = [words.split() for words in TOPICS.values()]
    rows += [f"{words[0]}\t{words[1]}\t5\n" for words in lists]
    rows += [f"{a[2]}\t{b[3]}\t0\n" for a, b in permutations(lists, 2)]
    return "".join(rows)


def main() -> None:
    """Write what is asked for to stdout."""
    parser = argparse.ArgumentParser(description="A small text with planted meaning.")
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--questions", action="store_true", help="analogy questions instead")
    parser.add_argument("--pairs", action="store_true", help="scored pairs instead")
    args = parser.parse_args()
    if args.questions:
        sys.stdout.write(questions())
    elif args.pairs:
        sys.stdout.write(pairs())
    else:
        sys.stdout.write(text(args.sentences, args.seed))


if __name__ == "__main__":
    main()
