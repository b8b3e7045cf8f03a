#!/usr/bin/env python3
"""Quality on real text, ours beside gensim's: the same text, settings, seeds and evaluator.

    python tests/bench/quality.py [--seeds 3] [--models skipgram,cbow] [--write]

Trains on enwiki100m.txt.gz of $W2V_DATA (else ../shared/data) with dim 100, window 5, negative 5,
sample 1e-3, min-count 5, 5 epochs, 2 threads. gensim trains in its fastest mode, from a file with
lines of 1,000 words, with word2vec.c's learning rates. All vectors are judged by `w2v evaluate`.
Prints a Markdown table of means and standard deviations over the seeds; --write puts it in the
README.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, stdev

ROOT = Path(__file__).parents[2]
RATES = {"skipgram": 0.025, "cbow": 0.05}
SETS = {"WordSim-353": "ws353", "SimLex-999": "simlex999", "MTurk-287": "mturk287", "RG-65": "rg65"}
GENSIM = """
import sys
from gensim.models import Word2Vec
text, out, sg, lr, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(float, sys.argv[4:])
Word2Vec(
    corpus_file=text, vector_size=100, window=5, negative=5, sample=1e-3, min_count=5, epochs=5,
    workers=2, sg=sg, alpha=lr, seed=int(seed),
).wv.save_word2vec_format(out, binary=True)
"""


def run(*command: object) -> str:
    """The standard output of a command, with BLAS at its own choice of kernels."""
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    done = subprocess.run([*map(str, command)], env=env, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def w2v(*args: object) -> list[dict]:
    """Run the command line; its JSON lines."""
    return [json.loads(line) for line in run(sys.executable, "-m", "w2v", *args).splitlines()]


def train(who: str, model: str, seed: int, folder: Path) -> tuple[Path, float]:
    """Train once; the vector file and the seconds that the whole command took."""
    out = folder / f"{who}-{model}-{seed}.bin"
    began = time.monotonic()
    if who == "w2v":
        args = ("--dim", 100, "--window", 5, "--negative", 5, "--sample", 1e-3, "--min-count", 5)
        rest = ("--epochs", 5, "--threads", 2, "--seed", seed, "--model", model, "-o", out)
        w2v("train", folder / "text", *args, *rest)
    else:
        sg = int(model == "skipgram")
        run(sys.executable, "-c", GENSIM, folder / "lines", out, sg, RATES[model], seed)
    return out, time.monotonic() - began


def judge(vectors: Path, data: Path) -> dict[str, float]:
    """Correlations times 100 and analogy accuracies in per cent."""
    scores = {}
    for name, stem in SETS.items():
        path = data / "similarity" / f"{stem}.tsv"
        [result] = w2v("evaluate", "similarity", path, "-v", vectors, "--json")
        scores[name] = 100 * result["spearman"]
    questions = data / "questions-words.txt"
    restrict = ("--restrict", 30000, "--json")
    results = w2v("evaluate", "analogies", questions, "-v", vectors, *restrict)
    scores |= {row["section"]: 100 * row["accuracy"] for row in results[-3:]}
    return scores


def table(models: list[str], seeds: range, data: Path, folder: Path) -> str:
    """Train and judge everything; the Markdown table."""
    rows = []
    for model in models:
        for who in ("gensim", "w2v"):
            scores, seconds = [], []
            for seed in seeds:
                vectors, took = train(who, model, seed, folder)
                scores.append(judge(vectors, data))
                seconds.append(took)
                print(who, model, seed, f"{took:.0f} s", scores[-1], file=sys.stderr, flush=True)
            cells = [f"{mean(v):.1f} ± {stdev(v):.1f}" for v in (
                [score[name] for score in scores] for name in scores[0])]  # fmt: skip
            rows.append(f"| {model}, {who} | {' | '.join(cells)} |")
    names = [*SETS, "semantic", "syntactic", "all analogies"]
    return "\n".join([f"| | {' | '.join(names)} |", f"|---{'|---' * len(names)}|", *rows])


def main() -> None:
    """Parse, unpack the text, print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", default="skipgram,cbow")
    parser.add_argument("--write", action="store_true", help="put the table in the README")
    args = parser.parse_args()
    data = Path(os.environ.get("W2V_DATA", ROOT.parent / "shared" / "data"))
    packed = data / "enwiki100m.txt.gz"
    if not packed.exists():
        sys.exit(f"quality.py: no {packed}; set W2V_DATA to the folder that has it")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = gzip.decompress(packed.read_bytes())
        (folder / "text").write_bytes(text)
        words = text.split()
        lines = (b" ".join(words[i : i + 1000]) for i in range(0, len(words), 1000))
        (folder / "lines").write_bytes(b"\n".join(lines) + b"\n")
        del text, words
        result = table(args.models.split(","), range(1, args.seeds + 1), data, folder)
    print(result)
    if args.write:
        sys.path.insert(0, str(ROOT / "tests"))
        from readme import README, replace

        README.write_text(replace(README.read_text(), "quality", result))


if __name__ == "__main__":
    main()
