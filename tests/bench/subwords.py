#!/usr/bin/env python3
"""Speed and quality of words composed from n-grams: w2v, fastText and gensim's FastText.

    python tests/bench/subwords.py [--seeds 3] [--peer-seeds 1] [--only w2v gensim] [--write]

Trains skip-gram on enwiki100m.txt.gz of $W2V_DATA (else ../shared/data) with dim 100, window 5,
negative 5, sample 1e-3, min-count 5, 5 epochs, 2 threads and n-grams of 3 to 6 characters. The
kernels are compiled before. The learning rate is 0.05, but 0.025 for w2v without n-grams. gensim
reads its fastest input, `corpus_file`. A time is that of the whole command. `w2v evaluate`
evaluates known words alone (`--oov skip`). For each seed all contenders run once, one after the
other. fastText and gensim, which take much longer, may run with the first seeds only. Prints a
Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from statistics import mean

from contest import Run, enwiki, fasttext, gensim_fasttext, publish, ratio, spread, train
from enwiki import judge

_OURS = partial(train, dim=100, window=5, negative=5, sample=1e-3, min_count=5, epochs=5)
FASTTEXT, GENSIM = "fastText, n-grams 3-6", "gensim FastText, n-grams 3-6"
CONTENDERS = {
    "w2v": _OURS,
    "w2v --subwords 3-6": partial(_OURS, subwords="3-6"),
    FASTTEXT: partial(
        fasttext, dim=100, ws=5, neg=5, minCount=5, epoch=5, lr=0.05, model="skipgram",
        minn=3, maxn=6,
    ),
    GENSIM: partial(
        gensim_fasttext, vector_size=100, window=5, negative=5, min_count=5, epochs=5, alpha=0.05,
        sg=1, min_n=3, max_n=6,
    ),
}  # fmt: skip


def table(runs: dict[str, list[Run]], scores: dict[str, list[dict[str, float]]]) -> str:
    """A row for each contender: seconds, ratio to each peer's time, memory, mean scores."""
    names = list(next(iter(scores.values()))[0])
    peers = {"fastText": runs.get(FASTTEXT), "gensim": runs.get(GENSIM)}
    head = ["", "seconds", *(f"times {peer}'s speed" for peer in peers), "peak memory", *names]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, done in runs.items():
        seconds = [run.seconds for run in done]
        times = []
        for peer in peers.values():
            turns = list(zip(peer or [], seconds, strict=False))  # the seeds of both
            times.append(
                ratio([run.seconds for run, _ in turns], [own for _, own in turns])
                if turns
                else "–"
            )
        memory = max(run.megabytes for run in done)
        means = [f"{mean(result[key] for result in scores[name]):.1f}" for key in names]
        cells = [name, spread(seconds), *times, f"{memory:.0f} MB", *means]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Train all contenders and evaluate their vectors, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer-seeds", type=int, help="seeds of the others; default: all")
    parser.add_argument("--only", nargs="*", default=[""], help="only names that begin so")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    chosen = [name for name in CONTENDERS if name.startswith(tuple(args.only))]
    runs: dict[str, list[Run]] = {name: [] for name in chosen}
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    with enwiki() as (folder, text, lines):
        for seed in range(1, args.seeds + 1):
            for name, done in runs.items():
                is_theirs = name in (FASTTEXT, GENSIM)
                if is_theirs and seed > (args.peer_seeds or args.seeds):
                    continue
                out = folder / ("x.bin" if is_theirs else "x.safetensors")
                done.append(CONTENDERS[name](lines if is_theirs else text, out, seed=seed))
                scores[name].append(judge(out, "--oov", "skip"))
                print(
                    name,
                    seed,
                    f"{done[-1].seconds:.1f} s",
                    scores[name][-1],
                    file=sys.stderr,
                    flush=True,
                )
    publish({"subwords": table(runs, scores)}, args.write)


if __name__ == "__main__":
    main()
