#!/usr/bin/env python3
"""Words that were never seen: w2v --subwords and fastText on held-out and on misspelt words.

    python tests/bench/unseen_words.py [--seeds 1] [--megabytes 20] [--only w2v] [--write]

Trains skip-gram with n-grams of 3 to 6 characters on the first megabytes of enwiki100m.txt.gz of
$W2V_DATA (else ../shared/data): dim 100, window 5, negative 5, sample 1e-3, min-count 5, 5 epochs,
2 threads, lr 0.05. Everything is random by the seed and the same for all contenders.

Held-out words: a tenth of the words that occur 5 times or more is drawn, and removed from the text.
A model of the rest composes these words. A second model, of the whole text with another seed, has
trained them. Two models have no common coordinates. Therefore the 10 nearest neighbours of a word
in the two models are compared, among the words that are in both. How many neighbours two trainings
of the whole text share is the most that can be expected, and how many the neighbours of another
word share is the least. The composed words' neighbours are compared with those in a skip-gram model
of whole words, too: it is the same for all contenders, and spelling has no part in it.

Misspelt words: one inner letter of a word becomes another letter, so that the word is not in the
vocabulary. `w2v evaluate` evaluates analogies among the 30,000 most frequent words and WordSim-353
with them; it reads fastText's models. Questions and pairs whose words are not all known, or have
words of one or two letters to misspell, are left out, also where nothing is misspelt.

Prints two Markdown tables; --write puts them in the manual.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import mean
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from contest import DATA, enwiki, fasttext, json_lines, publish, train, w2v, write_lines

from w2v import NotFoundError, Vectors, load

_OURS = partial(
    train, dim=100, window=5, negative=5, sample=1e-3, min_count=5, epochs=5, subwords="3-6",
    lr=0.05,
)  # fmt: skip
_THEIRS = partial(
    fasttext, dim=100, ws=5, neg=5, minCount=5, epoch=5, lr=0.05, model="skipgram", minn=3, maxn=6
)
CONTENDERS = {"w2v": _OURS, "fastText": _THEIRS}
TWICE = ("w2v",)  # trained on the whole text twice
MIN_COUNT, RESTRICT, NEIGHBOURS = 5, 30_000, 10
BANDS = {"5 to 19": (5, 20), "20 to 99": (20, 100), "100 or more": (100, 1 << 62)}
LEAST = 3  # letters of a word that has an inner one


class Words(NamedTuple):
    """The words of a text, and its words without a tenth of the vocabulary.

    known     the words that stay, as in the vocabulary: by frequency
    held_out  the words that are removed
    counts    how often each of them occurs, int64 (K,)
    """

    known: list[str]
    held_out: list[str]
    counts: np.ndarray


def hold_out(text: Path, seed: int, whole: Path, rest: Path) -> Words:
    """Write the words of a text in lines, with and without held-out words."""
    tokens = text.read_text().split()
    frequent = [(word, n) for word, n in Counter(tokens).most_common() if n >= MIN_COUNT]
    drawn = random.Random(seed).sample(range(len(frequent)), len(frequent) // 10)
    held_out = {frequent[at][0]: frequent[at][1] for at in sorted(drawn)}
    write_lines(whole, text.read_bytes())
    write_lines(rest, " ".join(word for word in tokens if word not in held_out).encode())
    known = [word for word, _ in frequent if word not in held_out]
    return Words(known, list(held_out), np.array(list(held_out.values())))


def neighbours(path: Path, words: Words) -> np.ndarray:
    """The 10 nearest known words of each held-out word, int64 (K, 10), numbers in `words.known`.

    They are -1 for a word without a vector: none of its n-grams has one, or they are all zero.
    """
    vectors = load(str(path))
    known = Vectors(words.known, vectors[words.known])
    found = np.full((len(words.held_out), NEIGHBOURS), -1)
    for at, word in enumerate(words.held_out):
        with suppress(NotFoundError):
            found[at] = [each.row for each in known.similar(vectors[word], NEIGHBOURS)]
    return found


def shared(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How many of 10 neighbours are the same, in per cent, for each of K words, float64 (K,)."""
    return 100 * (found[:, :, None] == wanted[:, None]).any(axis=2).mean(axis=1)


PLAIN = "neighbours of whole words"


def compare(found: np.ndarray, wanted: np.ndarray, words: Words) -> dict[str, float]:
    """The mean share of common neighbours, by frequency, and how often the first is found."""
    shares = shared(found, wanted)
    bands = {
        name: float(shares[(words.counts >= low) & (words.counts < high)].mean())
        for name, (low, high) in BANDS.items()
    }
    first = 100 * float((found == wanted[:, :1]).any(axis=1).mean())
    return {**bands, "all": float(shares.mean()), "nearest among the 10": first}


def held_out_scores(models: dict[str, Path], words_only: Path, words: Words) -> dict:
    """The rows of a contender in the table of held-out words: by name, the columns' values.

    models      the models of the "rest" of the text, of the "whole" text, and of the whole text
                "again" for contenders that have trained it twice
    words_only  a model of the whole text without subwords
    """
    found = {stem: neighbours(path, words) for stem, path in models.items()}
    found["other"] = np.roll(found["rest"], 1, axis=0)  # of a word of about the same frequency
    plain, whole = neighbours(words_only, words), found["whole"]
    rows = {
        row: compare(found[stem], whole, words) | {PLAIN: float(shared(found[stem], plain).mean())}
        for stem, row in (("rest", "composed"), ("again", "trained"), ("other", "another word"))
        if stem in found
    }
    if "trained" not in rows:
        rows["trained"] = dict.fromkeys(rows["composed"], math.nan)
        rows["trained"][PLAIN] = float(shared(whole, plain).mean())
    return rows


def misspell(word: str, vocabulary: set[str], rng: random.Random) -> str:
    """The word with one inner letter changed, so that it is not in the vocabulary."""
    while True:
        at = rng.randrange(1, len(word) - 1)
        changed = word[:at] + rng.choice(ascii_lowercase) + word[at + 1 :]
        if changed not in vocabulary:
            return changed


def write_questions(folder: Path, frequent: list[str], seed: int) -> dict[str, Path]:
    """Write analogies: spelled right, with the first word misspelt, and with all three misspelt.

    frequent  the words of the vocabulary, by frequency
    """
    rng, vocabulary, usable = random.Random(seed), set(frequent), set(frequent[:RESTRICT])
    files: dict[str, list[str]] = {"right": [], "first": [], "all three": []}
    for line in (DATA / "questions-words.txt").read_text().lower().splitlines():
        if line.startswith(":"):
            right = first = all_three = line
        else:
            given = line.split()
            asked = given[:3]
            if not usable.issuperset(given) or min(map(len, asked)) < LEAST:
                continue
            wrong = [misspell(word, vocabulary, rng) for word in asked]
            right, first = line, " ".join([wrong[0], *given[1:]])
            all_three = " ".join([*wrong, given[3]])
        for name, spelled in zip(files, (right, first, all_three), strict=True):
            files[name].append(spelled)
    return _write(folder, "questions", files)


def write_pairs(folder: Path, frequent: list[str], seed: int) -> dict[str, Path]:
    """Write WordSim-353 spelled right, and with one word of each pair misspelt."""
    rng, vocabulary = random.Random(seed), set(frequent)
    files: dict[str, list[str]] = {"right": [], "one": []}
    for line in (DATA / "similarity" / "ws353.tsv").read_text().lower().splitlines():
        *pair, score = line.split("\t")
        if vocabulary.issuperset(pair) and min(map(len, pair)) >= LEAST:
            files["right"].append(line)
            at = rng.randrange(2)
            pair[at] = misspell(pair[at], vocabulary, rng)
            files["one"].append("\t".join([*pair, score]))
    return _write(folder, "pairs", files)


def _write(folder: Path, stem: str, files: dict[str, list[str]]) -> dict[str, Path]:
    paths = {name: folder / f"{stem} {name}" for name in files}
    for name, lines in files.items():
        paths[name].write_text("\n".join(lines) + "\n")
    return paths


def misspelt_scores(
    vectors: Path, questions: dict[str, Path], pairs: dict[str, Path]
) -> dict[str, float]:
    """Accuracies on analogies in per cent, and Spearman correlations times 100."""
    scores = {}
    for name, path in questions.items():
        call = ("analogies", path, "-v", vectors, "--restrict", RESTRICT, "--count-oov", "--json")
        for row in json_lines(w2v("evaluate", *call))[-3:]:
            scores[f"{row['section']}, {name}"] = 100 * row["accuracy"]
    for name, path in pairs.items():
        [result] = json_lines(w2v("evaluate", "similarity", path, "-v", vectors, "--json"))
        scores[f"WordSim-353, {name}"] = 100 * result["spearman"]
    return scores


def table(scores: dict[str, list[dict[str, float]]]) -> str:
    """A Markdown table with a row for each name: the means of the values of its seeds."""
    columns = list(next(iter(scores.values()))[0])
    rows = [f"| | {' | '.join(columns)} |", f"|---{'|---' * len(columns)}|"]
    for name, results in scores.items():
        means = [mean(result[column] for result in results) for column in columns]
        cells = ["–" if math.isnan(value) else f"{value:.1f}" for value in means]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Train all contenders on each text, and evaluate words that are not in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--only", default="", help="only names that begin so; write nothing")
    parser.add_argument("--write", action="store_true", help="put the tables in the manual")
    args = parser.parse_args()
    contenders = {name: run for name, run in CONTENDERS.items() if name.startswith(args.only)}
    held_out: dict[str, list[dict]] = {}
    misspelt: dict[str, list[dict]] = {}
    with enwiki(args.megabytes * 1_000_000) as (folder, text, _):
        whole, rest = folder / "whole", folder / "rest"
        runs = (("rest", rest, 0), ("whole", whole, 100), ("again", whole, 0))
        for seed in range(1, args.seeds + 1):
            words = hold_out(text, seed, whole, rest)
            sizes = {
                name: int(((words.counts >= low) & (words.counts < high)).sum())
                for name, (low, high) in BANDS.items()
            }
            print(len(words.known), "known words; held out:", sizes, file=sys.stderr)
            words_only = folder / "words.safetensors"
            _OURS(whole, words_only, subwords="none", lr=0.025, seed=seed + 200)
            frequent = load(str(words_only)).words
            questions = write_questions(folder, frequent, seed)
            pairs = write_pairs(folder, frequent, seed)
            for name, run in contenders.items():
                suffix = "bin" if name == "fastText" else "safetensors"
                models = {}
                for stem, corpus, more in runs:
                    if stem != "again" or name in TWICE:
                        models[stem] = folder / f"{name} {stem}.{suffix}"
                        run(corpus, models[stem], seed=seed + more)
                for row, values in held_out_scores(models, words_only, words).items():
                    held_out.setdefault(f"{name}: {row}", []).append(values)
                    print(seed, name, row, values, file=sys.stderr, flush=True)
                misspelt.setdefault(name, []).append(
                    misspelt_scores(models["whole"], questions, pairs)
                )
                print(seed, name, misspelt[name][-1], file=sys.stderr, flush=True)
    tables = {"held-out": table(held_out), "misspelt": table(misspelt)}
    publish(tables, args.write and not args.only)


if __name__ == "__main__":
    main()
