#!/usr/bin/env python3
"""Speed and quality of w2v, gensim and fastText on Wikipedia: same text, settings and evaluation.

    python tests/bench/enwiki.py [--seeds 3] [--dim 100] [--only PPMI] [--write]

Trains on enwiki100m.txt.gz of $W2V_DATA (else ../shared/data) with dim 100, window 5, negative 5,
sample 1e-3, min-count 5, 5 epochs and 2 threads. The kernels are compiled before. gensim reads its
fastest input, `corpus_file`, and has the same learning rates. A time is that of the whole command,
from the start of the process to the written file. For each seed all contenders run once, one after
the other, and a ratio of times compares two runs of the same seed. `w2v evaluate` evaluates all
vectors. Prints two Markdown tables; --write puts them in the manual. With
--dim, all programs but PPMI train vectors of another length, and nothing is written.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from statistics import mean, stdev

from contest import (
    DATA,
    Run,
    enwiki,
    fasttext,
    gensim,
    json_lines,
    publish,
    ratio,
    spread,
    train,
    w2v,
)

SETS = {"WordSim-353": "ws353", "SimLex-999": "simlex999", "MTurk-287": "mturk287", "RG-65": "rg65"}
_OURS = {"dim": 100, "window": 5, "negative": 5, "sample": 1e-3, "min_count": 5, "epochs": 5}
_THEIRS = {"vector_size": 100, "window": 5, "negative": 5, "min_count": 5, "epochs": 5}
_FASTTEXT = {"dim": 100, "ws": 5, "neg": 5, "minCount": 5, "epoch": 5}
_ours, _theirs = partial(train, **_OURS), partial(gensim, **_THEIRS)
_fasttext = partial(fasttext, **_FASTTEXT)
_ppmi = partial(train, model="ppmi", min_count=5)
# name: (function that trains, contender that it is compared with, whether to evaluate its vectors)
CONTENDERS = {
    "skip-gram, gensim": (partial(_theirs, sg=1, alpha=0.025), None, True),
    "skip-gram, fastText without subwords": (
        partial(_fasttext, model="skipgram", lr=0.025), "skip-gram, gensim", False,
    ),
    "skip-gram, w2v": (_ours, "skip-gram, gensim", True),
    "skip-gram, w2v --hogwild": (partial(_ours, hogwild=True), "skip-gram, gensim", False),
    "skip-gram, w2v --exact": (partial(_ours, exact=True), "skip-gram, gensim", True),
    "skip-gram, w2v --threads 1": (partial(_ours, threads=1), "skip-gram, gensim", False),
    "CBOW, gensim": (partial(_theirs, sg=0, alpha=0.05), None, True),
    "CBOW, fastText without subwords": (
        partial(_fasttext, model="cbow", lr=0.05), "CBOW, gensim", False,
    ),
    "CBOW, w2v": (partial(_ours, model="cbow"), "CBOW, gensim", True),
    "CBOW, w2v --hogwild": (partial(_ours, model="cbow", hogwild=True), "CBOW, gensim", False),
    "CBOW, w2v --cbow-update gradient": (
        partial(_ours, model="cbow", cbow_update="gradient"), "CBOW, gensim", True,
    ),
    "CBOW, w2v --threads 1": (partial(_ours, model="cbow", threads=1), "CBOW, gensim", False),
    "PPMI, dim 100": (partial(_ppmi, dim=100), None, True),
    "PPMI, dim 300": (partial(_ppmi, dim=300), None, True),
}  # fmt: skip


def judge(vectors: Path, *options: object) -> dict[str, float]:
    """Spearman correlations times 100, and accuracies on analogies in per cent.

    options  further options of `w2v evaluate`
    """
    scores = {}
    for name, stem in SETS.items():
        path = DATA / "similarity" / f"{stem}.tsv"
        [result] = json_lines(
            w2v("evaluate", "similarity", path, "-v", vectors, "--json", *options)
        )
        scores[name] = 100 * result["spearman"]
    call = ("analogies", DATA / "questions-words.txt", "-v", vectors, "--restrict", 30000, "--json")
    results = json_lines(w2v("evaluate", *call, *options))
    return scores | {row["section"]: 100 * row["accuracy"] for row in results[-3:]}


def speed_table(runs: dict[str, list[Run]]) -> str:
    """A row for each contender: seconds, ratio to the peer's time, and peak memory."""
    peers = {peer for _, peer, _ in CONTENDERS.values()}
    rows = ["| | seconds | times gensim's speed | peak memory |", "|---|---|---|---|"]
    for name in runs:
        peer = CONTENDERS[name][1]
        seconds = [run.seconds for run in runs[name]]
        times = ratio([run.seconds for run in runs[peer]], seconds) if peer else ""
        times = "1" if name in peers else times
        memory = max(run.megabytes for run in runs[name])
        rows.append(f"| {name} | {spread(seconds)} | {times} | {memory:.0f} MB |")
    return "\n".join(rows)


def quality_table(scores: dict[str, list[dict[str, float]]]) -> str:
    """A row for each contender: means and standard deviations over the seeds."""
    names = [*SETS, "semantic", "syntactic", "all analogies"]
    rows = [f"| | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    for name, results in scores.items():
        columns = [[result[key] for result in results] for key in results[0]]
        cells = [f"{mean(c):.1f}" + (f" ± {stdev(c):.1f}" if len(c) > 1 else "") for c in columns]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Train all contenders and evaluate their vectors, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--dim", type=int, help="length of the vectors of all programs but PPMI")
    parser.add_argument("--only", default="", help="only names that begin so; write nothing")
    parser.add_argument("--write", action="store_true", help="put the tables in the manual")
    args = parser.parse_args()
    runs: dict[str, list[Run]] = {name: [] for name in CONTENDERS if name.startswith(args.only)}
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in runs if CONTENDERS[name][2]}
    with enwiki() as (folder, text, lines):
        for seed in range(1, args.seeds + 1):
            for name in runs:
                trainer, _, is_evaluated = CONTENDERS[name]
                corpus = text if "w2v" in name or "PPMI" in name else lines
                options = {} if "fastText" in name else {"seed": seed}  # fastText has no seed
                if args.dim and "PPMI" not in name:
                    options["vector_size" if "gensim" in name else "dim"] = args.dim
                done = trainer(corpus, folder / "x.bin", **options)
                runs[name].append(done)
                if is_evaluated:
                    scores[name].append(judge(folder / "x.bin"))
                result = scores.get(name, [""])[-1]
                print(name, seed, f"{done.seconds:.1f} s", result, file=sys.stderr, flush=True)
    tables = {"speed": speed_table(runs), "quality": quality_table(scores)}
    publish(tables, args.write and not args.only and not args.dim)


if __name__ == "__main__":
    main()
