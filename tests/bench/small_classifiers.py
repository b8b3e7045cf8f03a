#!/usr/bin/env python3
"""Small classifiers: size and accuracy of pruned models of w2v, beside fastText's .ftz.

    python tests/bench/small_classifiers.py [--only SET...] [--texts FOLDER] [--write]

Sets and settings are those of classifiers.py, with seed 1. The learning rate of w2v is the default,
and that of fastText the best of those of classifiers.py on the validation texts. For each number N
of features, w2v writes `convert --dtype i8 --prune N --retrain TRAIN`, and the same with `--dtype
i4`. fastText writes `quantize -qnorm -retrain -cutoff N`. The texts are those that the model was
trained on. `all` is the model as trained. Prints a Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from classifiers import SETTINGS, Program, accuracy, build_fasttext, fasttext, nbow
from contest import in_own_process, publish, w2v
from labelled import prepare

# (set, features): how many features are kept, and fastText's learning rate
MODELS = {
    ("languages", "characters"): ((10_000, 30_000), 2.0),
    ("20news", "words"): ((10_000, 30_000), 0.5),
    ("sst2", "bigrams"): ((10_000, 30_000), 0.25),
    ("imdb", "words"): ((10_000, 100_000), 0.5),
    ("imdb", "bigrams"): ((10_000, 100_000), 0.5),
}
SEED = 1


def rows(name: str, features: str, folder: Path, tool: Path) -> list[str]:
    """A row for each number of features of a model."""
    setting, texts, test = (
        SETTINGS[name][features], folder / name / "train.txt", folder / name / "test.txt"
    )  # fmt: skip
    counts, rate = MODELS[name, features]
    own, peer = nbow(False), fasttext(tool)
    ours, theirs = (folder / f"model{program.suffix}" for program in (own, peer))
    own.train(texts, setting, 0, SEED, ours)
    peer.train(texts, setting, rate, SEED, theirs)

    def cells(program: Program, file: Path) -> str:
        """Size and accuracy of a file."""
        said = program.predict(file, test).out
        return f"{file.stat().st_size / 1e6:.2f} | {accuracy(said, test):.1f}"

    whole = cells(own, ours), cells(peer, theirs)
    found = [f"| {name}, {features} | all | {whole[0]} |  |  | {whole[1]} |"]
    small = folder / "small.safetensors"
    for count in counts:
        by_type = []
        for dtype in ("i8", "i4"):
            w2v("convert", ours, small, "--dtype", dtype, "--prune", count, "--retrain", texts,
                "--threads", 2)  # fmt: skip
            by_type.append(cells(own, small))
        assert peer.shrink
        fast = cells(peer, peer.shrink(texts, theirs, rate, count))
        found.append(f"| {name}, {features} | {count:,} | {' | '.join(by_type)} | {fast} |")
        print(found[-1], file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Measure all sets, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = sorted({name for name, _ in MODELS})
    parser.add_argument("--only", nargs="+", choices=names, help="only these; write nothing")
    parser.add_argument("--texts", type=Path, help="keep the prepared texts in this folder")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    columns = (
        "set",
        "features",
        *(f"{x} | right, %" for x in ("i8, MB", "i4, MB", "fastText, MB")),
    )
    table = [f"| {' | '.join(columns)} |", "|" + "---|" * 8]
    with TemporaryDirectory() as name:
        folder = args.texts or Path(name)
        tool = build_fasttext(folder)
        for each, features in MODELS:
            if not args.only or each in args.only:
                in_own_process(prepare, folder, each)
                table += rows(each, features, folder, tool)
    publish({"small classifiers": "\n".join(table)}, args.write and not args.only)


if __name__ == "__main__":
    main()
