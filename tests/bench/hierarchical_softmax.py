#!/usr/bin/env python3
"""Quality of hierarchical softmax and of negative sampling on small texts, with equal settings.

    python tests/bench/hierarchical_softmax.py [--seeds 3] [--epochs 5] [--write]

Trains on WikiText-2 (2.1 million tokens, in lower case) and on the first 10 MB of
enwiki100m.txt.gz, both of $W2V_DATA (else ../shared/data), with the defaults of w2v and 1 thread.
`w2v evaluate` evaluates all vectors. Prints a Markdown table of means and standard deviations over
the seeds, without times; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

from contest import DATA, publish, train, wikipedia
from enwiki import judge, quality_table

MODELS = {"skip-gram": "skipgram", "CBOW": "cbow"}
LOSSES: dict[str, dict[str, object]] = {"--loss ns": {}, "--loss hs": {"loss": "hs"}}


CONTENDERS: dict[str, dict[str, object]] = {
    f"{model}, {loss}": {"model": name, **options}
    for model, name in MODELS.items()
    for loss, options in LOSSES.items()
}


def scores_on(text: Path, out: Path, seeds: int, epochs: int) -> dict[str, list[dict[str, float]]]:
    """The scores of each contender, for each seed."""
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for seed in range(1, seeds + 1):
        for name, options in CONTENDERS.items():
            train(text, out, threads=1, seed=seed, epochs=epochs, **options)
            scores[name].append(judge(out))
            print(text.name, seed, name, scores[name][-1], file=sys.stderr, flush=True)
    return scores


def main() -> None:
    """Train and evaluate all contenders on both texts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    rows: dict[str, list[dict[str, float]]] = {}
    with wikipedia(10_000_000) as (folder, text, _lines):
        wikitext = folder / "wikitext"
        wikitext.write_bytes(
            gzip.decompress((DATA / "wikitext2.train.tokens.gz").read_bytes()).lower()
        )
        for name, path in (("WikiText-2", wikitext), ("Wikipedia, 10 MB", text)):
            scores = scores_on(path, folder / "x.bin", args.seeds, args.epochs)
            rows |= {f"{name}: {row}": results for row, results in scores.items()}
    publish({"hierarchical softmax": quality_table(rows)}, args.write)


if __name__ == "__main__":
    main()
