#!/usr/bin/env python3
"""Text classifiers: w2v beside fastText supervised and NB-SVM, on sets of labelled texts.

    python tests/bench/classifiers.py [--only SET...] [--seeds 3] [--skip-slow] [--write]

The sets are those of labelled.py, and all programs read the same tokens. fastText 0.9.3 is its own
command line tool, built here from the source that pip downloads. It has 2 threads, as w2v has, and
the same dim, n-grams and epochs: 100 dimensions, its default, and for languages 16 as its published
models. The learning rate is the best of six on the validation texts, for
each program by itself, after training on the others; then it is trained on both. NB-SVM (Wang and
Manning 2012) is the linear SVM of scikit-learn on binary unigrams and bigrams, times their
log-count ratios, with the best C of `COSTS`; for languages, on n-grams of 2 to 4 characters.

A time is that of the whole command: until the model is written, and from a file of texts to labels
on standard output. The kernels are compiled before, and times are medians. `small` is the file of
`fasttext quantize -qnorm -retrain -cutoff N`, and of `w2v convert --dtype i8 --prune N --retrain`,
with the N of `KEPT`. Peak MB is that of training. The lowest and highest accuracy are those of
seeds.

Prints a Markdown table; --write puts it in the manual.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contest import PEERS, Run, in_own_process, publish, run, train, w2v
from labelled import FOLDS, prepare

RATES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
NBOW_RATES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)  # of AdaGrad
COSTS = (0.01, 0.1, 1.0)
WORDS = {"dim": 100, "epochs": 5, "word_ngrams": 1, "minn": 0, "maxn": 0}
BIGRAMS = {**WORDS, "word_ngrams": 2}
LANGUAGES = {**WORDS, "dim": 16, "minn": 2, "maxn": 4}  # as lid.176
# set: {name of the features: settings}
SETTINGS: dict[str, dict[str, dict]] = {
    "languages": {"characters": LANGUAGES},
    "20news": {"words": {**WORDS, "epochs": 25}, "bigrams": {**BIGRAMS, "epochs": 25}},
    "sst2": {"words": WORDS, "bigrams": BIGRAMS},
    "polarity": {"words": WORDS, "bigrams": BIGRAMS},
    "imdb": {"words": WORDS, "bigrams": BIGRAMS},
}
KEPT = {"imdb": 100_000}  # features of the small file; of others:
FEWEST = 30_000
BUCKETS = 2_000_000
NETWORKS = {  # as sentiment.py has them
    "lstm": {"model": "lstm", "dim": 100, "units": 128, "dropout": 0.3, "epochs": 4, "length": 400},
    "mlp": {"model": "mlp", "dim": 100, "epochs": 3},
}
NBSVM = """
import sys
import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC
import joblib

def read(path):
    with open(path, encoding="utf-8") as file:
        pairs = [line.rstrip("\\n").split(" ", 1) for line in file]
    return [pair[0] for pair in pairs], [pair[-1] for pair in pairs]

task, model, path, *more = sys.argv[1:]
kinds = {
    "words": {"tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2)},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 4)},
}
labels, texts = read(path)
if task == "train":
    count = CountVectorizer(lowercase=False, binary=True, dtype=np.float32, **kinds[more[1]])
    found, labels, svms = count.fit_transform(texts), np.array(labels), []
    classes = np.unique(labels)
    for each in classes if len(classes) > 2 else classes[1:]:
        own = labels == each
        inside = 1 + np.asarray(found[own].sum(axis=0)).ravel()
        outside = 1 + np.asarray(found[~own].sum(axis=0)).ravel()
        ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        svm = LinearSVC(C=float(more[0])).fit(found @ sparse.diags(ratio.astype(np.float32)), own)
        # the weights are interpolated with their mean magnitude, beta 0.25
        weights = 0.75 * np.abs(svm.coef_[0]).mean() + 0.25 * svm.coef_[0]
        svms.append((ratio * weights, 0.25 * svm.intercept_[0]))
    joblib.dump((count, classes, np.array([w for w, _ in svms], np.float32),
                 np.array([b for _, b in svms], np.float32)), model)
else:
    count, classes, weights, bias = joblib.load(model)
    scores = count.transform(texts) @ weights.T + bias
    best = scores.argmax(axis=1) if len(classes) > 2 else (scores[:, 0] > 0).astype(int)
    print(*classes[best], sep="\\n")
"""


class Result(NamedTuple):
    """One model: accuracy in per cent, both commands, MB of the file, and of the small one.

    small  (MB, accuracy in per cent) of the small file, or None if the program makes none
    """

    accuracy: float
    trained: Run
    predicted: Run
    size: float
    small: tuple[float, float] | None = None


# Trains on a file of texts with a setting, a rate and a seed, and writes to a path.
Trainer = Callable[[Path, dict, float, int, Path], Run]
# Predicts the labels of a file of texts.
Predictor = Callable[[Path, Path], Run]


class Program(NamedTuple):
    """How a program trains and predicts, the rates that it tries, and its small file if any.

    shrink  (texts, model, rate, how many features to keep): the path of the small file
    """

    train: Trainer
    predict: Predictor
    rates: tuple[float, ...]
    shrink: Callable[[Path, Path, float, int], Path] | None = None
    suffix: str = ".safetensors"


def build_fasttext(folder: Path) -> Path:
    """Build fastText's command line tool from its source, which pip downloads; its path."""
    command = [PEERS, "-m", "pip", "download", "-q", "--no-deps", "--no-binary=:all:"]
    subprocess.run(
        [*map(str, command), "--no-build-isolation", "-d", str(folder), "fasttext==0.9.3"],
        check=True,
    )
    with tarfile.open(folder / "fasttext-0.9.3.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    sources = map(str, sorted((folder / "fasttext-0.9.3" / "src").glob("*.cc")))
    # the flags of fastText's own Makefile
    flags = ["-pthread", "-std=c++17", "-march=native", "-O3", "-funroll-loops", "-DNDEBUG"]
    tool = folder / "fasttext"
    subprocess.run(["g++", *flags, *sources, "-o", str(tool)], check=True)
    return tool


def fasttext(tool: Path) -> Program:
    """FastText's command line tool."""

    def learn(texts: Path, setting: dict, rate: float, seed: int, out: Path) -> Run:
        names = {"epochs": "epoch", "word_ngrams": "wordNgrams"}
        options = [
            part for key, value in setting.items() for part in (f"-{names.get(key, key)}", value)
        ]
        hashed = setting["word_ngrams"] > 1 or setting["maxn"]
        return run(
            tool, "supervised", "-input", texts, "-output", out.with_suffix(""),
            "-lr", rate, *options, "-seed", seed, "-minCount", 1,
            "-bucket", BUCKETS if hashed else 0,
            "-thread", 2, "-verbose", 0,
        )  # fmt: skip

    def shrink(texts: Path, out: Path, rate: float, kept: int) -> Path:
        run(
            tool, "quantize", "-input", texts, "-output", out.with_suffix(""),
            "-qnorm", "-retrain", "-cutoff", kept, "-epoch", 1, "-lr", rate, "-thread", 2,
            "-verbose", 0,
        )  # fmt: skip
        return out.with_suffix(".ftz")

    def predict(model: Path, texts: Path) -> Run:
        return run(tool, "predict", model, texts)

    return Program(learn, predict, RATES, shrink, ".bin")


def nbow(makes_small: bool) -> Program:
    """Our linear classifier over the mean of embeddings."""

    def learn(texts: Path, setting: dict, rate: float, seed: int, out: Path) -> Run:
        ngrams = f"1-{setting['word_ngrams']}"
        more = {"subwords": f"{setting['minn']}-{setting['maxn']}"} if setting["maxn"] else {}
        more |= {"lr": rate} if rate else {}  # 0: the default
        return train(
            texts, out, model="nbow", dim=setting["dim"], seed=seed,
            epochs=setting["epochs"], word_ngrams=ngrams, loss="softmax", min_count=1, **more,
        )  # fmt: skip

    def shrink(texts: Path, out: Path, _: float, kept: int) -> Path:
        small = out.with_name("small.safetensors")
        w2v("convert", out, small, "--dtype", "i8", "--prune", kept, "--retrain", texts)
        return small

    return Program(learn, predict, NBOW_RATES, shrink if makes_small else None)


def predict(model: Path, texts: Path) -> Run:
    """Predict with a classifier of ours."""
    return w2v("predict", model, texts, "--quiet")


def network(options: dict) -> Program:
    """Another classifier of ours, on words."""

    def learn(texts: Path, _: dict, __: float, seed: int, out: Path) -> Run:
        return train(texts, out, seed=seed, min_count=2, **options)

    return Program(learn, predict, (0.0,))


def nbsvm() -> Program:
    """NB-SVM of scikit-learn; the rate is the cost C."""
    return Program(
        lambda texts, setting, cost, _, out: run(
            PEERS, "-c", NBSVM, "train", out, texts, cost, setting["kind"]
        ),
        lambda model, texts: run(PEERS, "-c", NBSVM, "predict", model, texts),
        COSTS,
        suffix=".joblib",
    )


def accuracy(predicted: str, texts: Path) -> float:
    """Per cent of the texts whose label is the last field that was printed for them."""
    said = [line.split()[-1].removeprefix("__label__") for line in predicted.splitlines()]
    with texts.open() as file:
        right = [line.split(maxsplit=1)[0].removeprefix("__label__") for line in file]
    return 100 * mean(a == b for a, b in zip(said, right, strict=True))


def warm_up(program: Program, folder: Path, setting: dict, out: Path) -> None:
    """Compile the kernels on the first texts."""
    texts = folder.parent / "small.txt"
    lines = (folder / "train.txt").read_text().splitlines(keepends=True)[:200]
    texts.write_text("".join(lines))
    program.train(texts, setting, program.rates[0], 1, out)
    program.predict(out, texts)


def choose(program: Program, folder: Path, setting: dict, out: Path) -> float:
    """The rate of the best accuracy on the validation texts, with the first seed."""
    if len(program.rates) == 1:
        return program.rates[0]
    valid, scores = folder / "valid.txt", {}
    for rate in program.rates:
        program.train(folder / "fit.txt", setting, rate, 1, out)
        scores[rate] = accuracy(program.predict(out, valid).out, valid)
    print(scores, file=sys.stderr, flush=True)
    return max(scores, key=lambda rate: scores[rate])


def measure(
    program: Program, folder: Path, setting: dict, rate: float, seed: int, out: Path, kept: int
) -> Result:
    """Train one model, and predict the test texts."""
    learned, texts = folder / "train.txt", folder / "test.txt"
    trained = program.train(learned, setting, rate, seed, out)
    predicted = program.predict(out, texts)
    small = None
    if program.shrink:
        file = program.shrink(learned, out, rate, kept)
        small = file.stat().st_size / 1e6, accuracy(program.predict(file, texts).out, texts)
    size = out.stat().st_size / 1e6
    return Result(accuracy(predicted.out, texts), trained, predicted, size, small)


def row(label: str, rate: float, results: list[Result], seeds: int) -> str:
    """A row of the table; the spread is that over seeds, each the mean of its folds."""
    per_seed = len(results) // seeds
    means = [
        mean(each.accuracy for each in results[at * per_seed : (at + 1) * per_seed])
        for at in range(seeds)
    ]
    spread = f" ({min(means):.1f} to {max(means):.1f})" if seeds > 1 else ""
    smalls = [each.small for each in results if each.small]
    small = " | "
    if smalls:
        small = f"{mean(a for a, _ in smalls):.2f} | {mean(b for _, b in smalls):.1f}"
    return (
        f"| {label} | {rate or ''} | {mean(means):.1f}{spread} "
        f"| {median(each.trained.seconds for each in results):.1f} "
        f"| {median(each.predicted.seconds for each in results):.2f} "
        f"| {median(each.size for each in results):.1f} | {small} "
        f"| {median(each.trained.megabytes for each in results):.0f} |"
    )


def programs(tool: Path, skip_slow: bool) -> dict[str, Program]:
    """All programs by name; those of ours that this version of w2v does not have are left out."""
    found = {"fastText": fasttext(tool)}
    if "nbow" in w2v("train", "--help").out:
        found["w2v nbow"] = nbow("--prune" in w2v("convert", "--help").out)
    else:
        print("w2v train has no --model nbow: left out", file=sys.stderr)
    found["NB-SVM"] = nbsvm()
    for name, options in NETWORKS.items():
        if not (skip_slow and name == "lstm"):
            found[f"w2v {name}"] = network(options)
    return found


def contest(name: str, folder: Path, found: dict[str, Program], seeds: int) -> list[str]:
    """The rows of one set: each program with each setting, or once if it has its own features."""
    parts = (
        [folder / f"{name}-{n}" for n in range(FOLDS)] if name == "polarity" else [folder / name]
    )
    for part in parts:
        in_own_process(prepare, folder, part.name)
    rows = []
    for program_name, program in found.items():
        kind = "characters" if name == "languages" else "words"
        own = program_name in ("fastText", "w2v nbow")
        settings = SETTINGS[name] if own else {"": {"kind": kind}}
        for features, setting in settings.items():
            out = folder / f"model{program.suffix}"
            if program_name.startswith("w2v"):
                warm_up(program, parts[0], setting, out)
            rate = choose(program, parts[0], setting, out)
            results = [
                measure(program, part, setting, rate, seed, out, KEPT.get(name, FEWEST))
                for seed in range(1, seeds + 1)
                for part in parts
            ]
            label = f"{name} | {program_name}{', ' if features else ''}{features}"
            rows.append(row(label, rate, results, seeds))
            print(rows[-1], file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Measure all programs on all sets, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SETTINGS, help="only these; write nothing")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--skip-slow", action="store_true", help="without the LSTM")
    parser.add_argument("--texts", type=Path, help="keep the prepared texts in this folder")
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    if not PEERS.exists():
        sys.exit(f"no {PEERS}: `make bench` installs the peers there")
    rows = [
        "| set | | lr or C | right, % | seconds to train | seconds to predict | MB of the file "
        "| MB small | right small, % | peak MB |",
        "|" + "---|" * 10,
    ]
    with TemporaryDirectory() as name:
        folder = args.texts or Path(name)
        found = programs(build_fasttext(folder), args.skip_slow)
        for each in args.only or SETTINGS:
            rows += contest(each, folder, found, args.seeds)
    publish({"classifiers": "\n".join(rows)}, args.write and not args.only)


if __name__ == "__main__":
    main()
