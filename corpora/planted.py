#!/usr/bin/env python3
"""Print a small synthetic text with known synonyms, analogies and topics, for tests and tutorials.

    python corpora/planted.py [--sentences N] [--seed S] > planted.txt
    python corpora/planted.py --questions > planted-questions.txt   # for w2v evaluate analogies
    python corpora/planted.py --pairs > planted-pairs.tsv           # for w2v evaluate similarity

Words that occur in the same contexts get similar vectors. The text plants three relations:

- Synonyms: the two words of a pair occur with the same companion words, drawn at random for each
  sentence. Companions of different pairs also occur together, so that companions are less similar
  to each other than the two synonyms are.
- Analogies: a country and its capital share companions that no other pair has; all countries share
  companions, and all capitals share others. Hence france - paris + rome = italy.
- Topics: the words of a topic occur together, and never with words of another topic.

The words are English, but the sentences have no meaning. The same seed gives the same text.
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
    """A random sentence of 8 or 9 words, filler included, of a relation or of mixed companions."""
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
    """The text as `count` lists of words."""
    rng = random.Random(seed)
    return [sentence(rng) for _ in range(count)]


def text(count: int = 4000, seed: int = 1) -> str:
    """The text as a string, with a sentence on each line."""
    return "".join(" ".join(words) + "\n" for words in sentences(count, seed))


def questions() -> str:
    """Analogy questions in the format of word2vec: paris france rome italy, and so on."""
    rows = [
        f"{c1} {n1} {c2} {n2}\n{n1} {c1} {n2} {c2}\n"
        for (n1, c1), (n2, c2) in permutations(CAPITALS, 2)
    ]
    return ": capitals\n" + "".join(rows)


def pairs() -> str:
    """Word pairs with similarity scores: synonyms 10, words of one topic 5, of two topics 0."""
    rows = [f"{a}\t{b}\t10\n" for a, b in SYNONYMS]
    lists = [words.split() for words in TOPICS.values()]
    rows += [f"{words[0]}\t{words[1]}\t5\n" for words in lists]
    rows += [f"{a[2]}\t{b[3]}\t0\n" for a, b in permutations(lists, 2)]
    return "".join(rows)


def main() -> None:
    """Print the text, the questions or the pairs."""
    parser = argparse.ArgumentParser(
        description="Print a small synthetic text with known synonyms, analogies and topics."
    )
    parser.add_argument(
        "--sentences", type=int, default=4000, help="Number of sentences. Default: 4000."
    )
    parser.add_argument("--seed", type=int, default=1, help="Seed of the random text. Default: 1.")
    parser.add_argument(
        "--questions", action="store_true", help="Print analogy questions instead of the text."
    )
    parser.add_argument(
        "--pairs", action="store_true", help="Print scored word pairs instead of the text."
    )
    args = parser.parse_args()
    if args.questions:
        sys.stdout.write(questions())
    elif args.pairs:
        sys.stdout.write(pairs())
    else:
        sys.stdout.write(text(args.sentences, args.seed))


if __name__ == "__main__":
    main()
