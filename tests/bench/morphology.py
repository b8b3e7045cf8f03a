#!/usr/bin/env python3
"""A language with many forms of each word: Russian, with and without n-grams, beside fastText.

    git clone https://github.com/d0rj/RusLit
    git clone https://github.com/nlpub/russe-evaluation
    pip install pymorphy3
    python tests/bench/morphology.py RusLit russe-evaluation [--seeds 3] [--only w2v] [--write]

RusLit holds Russian prose and poems of the 19th and early 20th century, which are in the public
domain. The text is its first 3 million words, lower-case, without punctuation, and with е for ё.
Skip-gram: dim 100, window 5, negative 5, sample 1e-3, min-count 5, 5 epochs, 2 threads, n-grams of
3 to 6 characters with lr 0.05, whole words with lr 0.025. fastText is trained with the first seed
only.

Known words are evaluated with the pairs of HJ, judged by humans (RUSSE), with analogies of
inflection ("infinitive is to past as ..."), and by the neighbours of 2,000 words that occur 20
times or more. Unknown words are 2,000 words that occur, but less often than min-count, so that no
model has trained them. A form of the same lemma is in the vocabulary. pymorphy3 knows the lemmas,
parts of speech and forms, from the dictionary of OpenCorpora. Words and questions are the same for
all seeds. The row "spelling alone" takes as neighbours the words that have the most n-grams in
common, without any training.

Prints a Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from contest import PEERS, fasttext, json_lines, publish, train, w2v, write_lines
from scipy import sparse
from unseen_words import table

from w2v import NotFoundError, Vectors, load

_OURS = partial(train, dim=100, window=5, negative=5, sample=1e-3, min_count=5, epochs=5)
CONTENDERS: dict[str, Callable[..., object]] = {
    "w2v": partial(_OURS, lr=0.025),
    "w2v --subwords 3-6": partial(_OURS, subwords="3-6", lr=0.05),
    "fastText, n-grams 3-6": partial(
        fasttext, dim=100, ws=5, neg=5, minCount=5, epoch=5, lr=0.05, model="skipgram",
        minn=3, maxn=6,
    ),
}  # fmt: skip
SIZE = 3_000_000
MIN_COUNT, OFTEN, DRAWN, NEIGHBOURS = 5, 20, 2_000, 10
RESTRICT, QUESTIONS = 30_000, 500
INFLECTIONS = {  # the given form, and the form that is asked for, as pymorphy3 names them
    "noun, dative": ("NOUN sing nomn", "datv"),
    "noun, instrumental plural": ("NOUN sing nomn", "plur ablt"),
    "adjective, feminine": ("ADJF masc nomn", "femn"),
    "adjective, genitive plural": ("ADJF masc nomn", "plur gent"),
    "adjective, comparative": ("ADJF masc nomn", "COMP"),
    "verb, past": ("INFN", "VERB past masc"),
    "verb, third person": ("INFN", "VERB 3per sing"),
    "verb, gerund": ("INFN", "GRND"),
}


class Words(NamedTuple):
    """The words of a text that the dictionary has.

    vocabulary  those that occur `MIN_COUNT` times or more, by frequency
    known       those drawn from the vocabulary
    unknown     those drawn from the rest
    """

    vocabulary: list[str]
    known: list[str]
    unknown: list[str]


class Dictionary:
    """Lemmas, parts of speech and forms of Russian words."""

    def __init__(self) -> None:
        try:
            from pymorphy3 import MorphAnalyzer
        except ImportError:
            sys.exit("no pymorphy3: pip install pymorphy3")
        self._morph = MorphAnalyzer()
        self.readings = cache(self._readings)

    def __contains__(self, word: str) -> bool:
        return self._morph.word_is_known(word)

    def _readings(self, word: str) -> tuple[frozenset[str], frozenset[str]]:
        """All lemmas and all parts of speech that the word can have."""
        parses = [each for each in self._morph.parse(word) if each.is_known]
        return (
            frozenset(each.normal_form for each in parses),
            frozenset(str(each.tag.POS) for each in parses),
        )

    def inflect(self, word: str, given: str, asked: str) -> str | None:
        """The asked form of a word that is in the given form.

        None if the word is not its own and only lemma, is not in the given form, or has no such
        form.
        """
        if self.readings(word)[0] != {word}:
            return None
        for parse in self._morph.parse(word):
            if set(given.split()) <= parse.tag.grammemes:
                form = parse.inflect(set(asked.split()))
                return form.word.replace("ё", "е") if form else None
        return None


def read_words(folder: Path) -> list[str]:
    """The first words of all texts of the folder, lower-case, with е for ё."""
    words: list[str] = []
    for path in sorted(folder.rglob("*.txt")):
        text = path.read_text(errors="replace").lower().replace("ё", "е")
        words += re.findall(r"[а-я]+(?:-[а-я]+)*", text)
    return words[:SIZE]


def draw(words: list[str], dictionary: Dictionary, rng: random.Random) -> Words:
    """Draw the words that are evaluated."""
    counts = Counter(words).most_common()
    listed = [(word, n) for word, n in counts if word in dictionary]
    vocabulary = [word for word, n in listed if n >= MIN_COUNT]
    lemmas = frozenset().union(*(dictionary.readings(word)[0] for word in vocabulary))
    often = [word for word, n in listed if n >= OFTEN]
    rare = [word for word, n in listed if n < MIN_COUNT and dictionary.readings(word)[0] & lemmas]
    frequent = sum(n >= MIN_COUNT for _, n in counts)
    print(
        f"{len(words)} words; vocabulary: {frequent}, {len(vocabulary)} of them in the dictionary; "
        f"{len(often)} occur {OFTEN} times; {len(rare)} are unknown",
        file=sys.stderr,
    )
    return Words(vocabulary, rng.sample(often, DRAWN), rng.sample(rare, DRAWN))


def write_questions(path: Path, words: Words, dictionary: Dictionary, rng: random.Random) -> None:
    """Write analogies of inflection, with words that are among the most frequent."""
    usable = words.vocabulary[:RESTRICT]
    among = set(usable)
    with path.open("w") as file:
        for name, (given, asked) in INFLECTIONS.items():
            forms = {word: dictionary.inflect(word, given, asked) for word in usable}
            pairs = [pair for pair in forms.items() if pair[1] in among and pair[0] != pair[1]]
            print(f": {name.replace(', ', '-')}", file=file)
            for _ in range(QUESTIONS):
                first, second = rng.sample(pairs, 2)
                print(*first, *second, file=file)
            print(name, len(pairs), "pairs", file=sys.stderr)


def write_pairs(path: Path, folder: Path) -> None:
    """Write the word pairs of RUSSE that humans have judged, as TSV."""
    lines = (folder / "russe" / "evaluation" / "hj.csv").read_text().splitlines()[1:]
    path.write_text("\n".join(lines).lower().replace("ё", "е").replace(",", "\t") + "\n")


def neighbours(path: Path, words: Words, asked: list[str]) -> list[list[str]]:
    """The nearest words of the vocabulary for each word; none if it has no vector."""
    vectors = load(str(path))
    listed = Vectors(words.vocabulary, vectors[words.vocabulary])
    found: list[list[str]] = []
    for word in asked:
        try:
            near = listed.similar(vectors[word], NEIGHBOURS + 1)
        except NotFoundError:
            near = []
        found.append([each.name for each in near if each.name != word][:NEIGHBOURS])
    return found


def spelled_alike(words: Words, asked: list[str]) -> list[list[str]]:
    """The words of the vocabulary that have the most n-grams of 3 to 6 characters in common."""
    columns: dict[str, int] = {}

    def matrix(of: list[str]) -> sparse.csr_array:
        ngrams = [
            {f"<{word}>"[at : at + n] for n in range(3, 7) for at in range(len(word) + 3 - n)}
            for word in of
        ]
        rows = np.repeat(np.arange(len(of)), [len(each) for each in ngrams])
        numbers = [columns.setdefault(ngram, len(columns)) for each in ngrams for ngram in each]
        values = np.repeat([len(each) ** -0.5 for each in ngrams], [len(each) for each in ngrams])
        return sparse.csr_array((values, (rows, numbers)), shape=(len(of), max(numbers) + 1))

    left, right = matrix(asked), matrix(words.vocabulary)
    for each in (left, right):
        each.resize(each.shape[0], len(columns))
    right = right.T.tocsr()
    found = []
    for at, word in enumerate(asked):
        cosines = left[[at]] @ right
        near = cosines.indices[np.argsort(-cosines.data, kind="stable")[: NEIGHBOURS + 1]]
        found.append([each for i in near if (each := words.vocabulary[i]) != word][:NEIGHBOURS])
    return found


def agreement(asked: list[str], found: list[list[str]], dictionary: Dictionary) -> np.ndarray:
    """Whether each neighbour can have the lemma and the part of speech, bool (K, 10, 2)."""
    same = np.zeros((len(asked), NEIGHBOURS, 2), dtype=bool)
    for at, (word, near) in enumerate(zip(asked, found, strict=True)):
        for rank, other in enumerate(near):
            readings = zip(dictionary.readings(word), dictionary.readings(other), strict=True)
            same[at, rank] = [bool(ours & theirs) for ours, theirs in readings]
    return same


def neighbour_scores(
    known: list[list[str]], unknown: list[list[str]] | None, words: Words, dictionary: Dictionary
) -> dict[str, float]:
    """The columns of neighbours, in per cent; None is a model that has no unknown words."""
    lemma, pos = 100 * agreement(words.known, known, dictionary).mean(axis=(0, 1))
    scores = {"known: lemma": float(lemma), "known: part of speech": float(pos)}
    names = ("unknown: lemma, nearest", "lemma, one of 10", "part of speech, nearest")
    values = [math.nan] * len(names)
    if unknown is not None:
        same = agreement(words.unknown, unknown, dictionary)
        rates = (same[:, 0, 0], same[:, :, 0].any(axis=1), same[:, 0, 1])
        values = [100 * float(rate.mean()) for rate in rates]
    return {**scores, **dict(zip(names, values, strict=True))}


def word_scores(vectors: Path, pairs: Path, questions: Path) -> dict[str, float]:
    """Spearman's correlation times 100 on pairs of known words, and accuracy on analogies."""
    options = ("-v", vectors, "--oov", "skip", "--json")
    [similarity] = json_lines(w2v("evaluate", "similarity", pairs, *options))
    call = ("analogies", questions, *options, "--restrict", RESTRICT)
    total = json_lines(w2v("evaluate", *call))[-1]
    return {"HJ": 100 * similarity["spearman"], "inflections": 100 * total["accuracy"]}


def main() -> None:
    """Train all contenders on the text, and evaluate known and unknown words."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path, help="the folder RusLit")
    parser.add_argument("pairs", type=Path, help="the folder russe-evaluation")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="only names that begin so; write nothing")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    if not PEERS.exists():
        sys.exit(f"no {PEERS}: `make bench` installs the peers there")
    dictionary, rng = Dictionary(), random.Random(1)
    scores: dict[str, list[dict[str, float]]] = {}
    with TemporaryDirectory() as name:
        text, pairs, questions = (Path(name) / part for part in ("text", "pairs", "questions"))
        tokens = read_words(args.text)
        write_lines(text, " ".join(tokens).encode())
        words = draw(tokens, dictionary, rng)
        write_questions(questions, words, dictionary, rng)
        write_pairs(pairs, args.pairs)
        alike = [spelled_alike(words, asked) for asked in (words.known, words.unknown)]
        untrained = {"HJ": math.nan, "inflections": math.nan}
        scores["spelling alone"] = [untrained | neighbour_scores(*alike, words, dictionary)]
        print(scores, file=sys.stderr, flush=True)
        for contender, run in CONTENDERS.items():
            if not contender.startswith(args.only):
                continue
            suffix = "bin" if contender.startswith("fastText") else "safetensors"
            vectors = Path(name) / f"vectors.{suffix}"
            for seed in range(1, 1 + (1 if suffix == "bin" else args.seeds)):
                run(text, vectors, seed=seed)
                near = neighbours(vectors, words, words.known)
                unknown = None if contender == "w2v" else neighbours(vectors, words, words.unknown)
                result = word_scores(vectors, pairs, questions)
                result |= neighbour_scores(near, unknown, words, dictionary)
                scores.setdefault(contender, []).append(result)
                print(seed, contender, result, file=sys.stderr, flush=True)
    publish({"morphology": table(scores)}, args.write and not args.only)


if __name__ == "__main__":
    main()
