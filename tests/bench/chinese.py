#!/usr/bin/env python3
"""Chinese by characters and by words, with and without n-grams of characters.

    git clone https://github.com/Leonard-Xu/CWE
    git clone https://github.com/thunlp/COS960
    pip install jieba opencc-python-reimplemented
    python tests/bench/chinese.py CWE COS960 [--seeds 1] [--only words] [--write]

The text is zhwiki.txt.gz of $W2V_DATA (else ../shared/data), 2.2 million characters of Chinese
Wikipedia, in simplified characters (OpenCC). It is split into characters or, by jieba, into words.
Skip-gram: dim 100, window 5, negative 5, sample 1e-3, min-count 5, 15 epochs because the text is
small, 2 threads, the default learning rate: 0.025, with n-grams 0.05.

The scores are Spearman's correlation times 100 with human judgements of word pairs: wordsim-240 and
wordsim-296 (CWE), and COS960, whose words have two characters or more. Pairs of known words, which
the segmented text has 5 times or more, are apart from pairs with an unknown word. Pairs with a
character that no known word has, or the text less often, are left out. In models of characters the
vector of a word is the mean of its characters' vectors.

Prints a Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import gzip
import math
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from contest import DATA, publish, train, write_lines
from scipy.stats import spearmanr
from unseen_words import table

from w2v import NotFoundError, Vectors, load
from w2v.text.tokenizers import split

MIN_COUNT = 5
_TRAIN = partial(
    train, dim=100, window=5, negative=5, sample=1e-3, min_count=MIN_COUNT, epochs=15
)  # fmt: skip
SUBWORDS = {"characters": ("none", "1-3"), "words": ("none", "1-1", "1-2")}
Pairs = list[tuple[str, str, float]]


def read_pairs(cwe: Path, cos: Path) -> dict[str, Pairs]:
    """The judged pairs of each set."""
    files = {
        "wordsim-240": cwe / "data" / "240.txt",
        "wordsim-296": cwe / "data" / "297.txt",
        "COS960": cos / "COS960_all.txt",
    }
    sets: dict[str, Pairs] = {}
    for name, path in files.items():
        rows = (line.split() for line in path.read_text("utf-8-sig").splitlines())
        sets[name] = [(row[0], row[1], float(row[2])) for row in rows if len(row) > 2]
    return sets


def segment(folder: Path) -> dict[str, Path]:
    """Write the text in characters and in words."""
    try:
        from opencc import OpenCC
    except ImportError:
        sys.exit("no opencc: pip install opencc-python-reimplemented")
    text = gzip.decompress((DATA / "zhwiki.txt.gz").read_bytes()).decode()
    simplified = OpenCC("t2s").convert(text).encode()
    paths = {name: folder / name for name in SUBWORDS}
    for path, tokenizer in zip(paths.values(), ("chars", "jieba"), strict=True):
        write_lines(path, split(simplified, tokenizer))
    return paths


def vocabulary(path: Path) -> set[str]:
    """The words that a text has `MIN_COUNT` times or more."""
    counts = Counter(path.read_text().split())
    words = {word for word, n in counts.items() if n >= MIN_COUNT}
    print(f"{path.name}: {counts.total()}, {len(words)} in the vocabulary", file=sys.stderr)
    return words


def correlation(vectors: Vectors, pairs: Pairs, by_characters: bool) -> float:
    """Spearman's correlation times 100 of cosines and judgements; NaN if a word has no vector."""

    def unit(word: str) -> np.ndarray:
        vector = vectors[list(word)].mean(axis=0) if by_characters else vectors[word]
        return vector / np.linalg.norm(vector)

    try:
        cosines = [float(unit(first) @ unit(second)) for first, second, _ in pairs]
    except NotFoundError:
        return math.nan
    return 100 * float(spearmanr(cosines, [score for *_, score in pairs])[0])


def main() -> None:
    """Train on characters and on words, and evaluate pairs of words."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cwe", type=Path, help="the folder CWE")
    parser.add_argument("cos", type=Path, help="the folder COS960")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default="", help="only names that begin so; write nothing")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    sets: dict[str, Pairs] = {}
    scores: dict[str, list[dict[str, float]]] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        texts = segment(folder)
        known = vocabulary(texts["words"])
        alphabet = vocabulary(texts["characters"]) & set("".join(known))
        for part, pairs in read_pairs(args.cwe, args.cos).items():
            pairs = [pair for pair in pairs if alphabet.issuperset("".join(pair[:2]))]
            sets[part] = [pair for pair in pairs if known.issuperset(pair[:2])]
            rest = [pair for pair in pairs if not known.issuperset(pair[:2])]
            if part == "COS960":
                sets[f"{part}, an unknown word"] = rest
        print({part: len(pairs) for part, pairs in sets.items()}, file=sys.stderr, flush=True)
        for unit, ranges in SUBWORDS.items():
            for subwords in ranges:
                row = unit if subwords == "none" else f"{unit}, --subwords {subwords}"
                if not row.startswith(args.only):
                    continue
                for seed in range(1, args.seeds + 1):
                    path = folder / "vectors.safetensors"
                    _TRAIN(texts[unit], path, subwords=subwords, seed=seed)
                    vectors = load(str(path))
                    result = {
                        part: correlation(vectors, pairs, unit == "characters")
                        for part, pairs in sets.items()
                    }
                    scores.setdefault(row, []).append(result)
                    print(seed, row, result, file=sys.stderr, flush=True)
    publish({"chinese": table(scores)}, args.write and not args.only)


if __name__ == "__main__":
    main()
