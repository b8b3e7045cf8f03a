#!/usr/bin/env python3
"""Analogies and similarities of word vectors from PPMI, and from the bounded matrix M* beside it.

    python tests/bench/closed_form.py [--settings 30000:5 10000:5 10000:16] [--dims 300 100]
        [--matrices NAME ...] [--power 0.5] [--shift 0] [--sample 0] [--blocks 9] [--write]

M* is the matrix that skip-gram factorises if its loss is replaced by a Taylor polynomial of the
fourth degree (Karkada et al. 2025, "Closed-form training dynamics reveal learned features and
linear structure in word2vec-like models"). With P the probabilities of pairs and of words, and s
the shift,

    M*(w, c) = 2 (P(w, c) - P(w) P(c)) / (P(w, c) + P(w) P(c)) = 2 tanh(PMI(w, c) / 2)

and -2 for a pair that never occurs. So M* = S - 2 1 1ᵀ, where S is sparse and 2 + M* for pairs that
occur. M* is symmetric. The vectors are the eigenvectors of its largest eigenvalues, scaled by the
eigenvalues to --power; an eigenvalue below 0 gives zeros. PMI has no smoothing of contexts here.
--shift replaces PMI(w, c) by PMI(w, c) - s; ln k stands for k negative samples. More --blocks of
the basis are more exact: 18 change analogies by at most 0.4 points (M*, 10,000 words, window 5).

A setting WORDS:WINDOW is the size of the vocabulary (0: all words with 5 occurrences or more) and
the window. The text is enwiki100m.txt.gz. `ppmi` is the model of w2v with its default settings, the
dimensions and power excepted. --sample leaves out occurrences of frequent words before counting, as
skip-gram does, with one seed. Everything else is deterministic: there is one run. The evaluation is
that of `w2v evaluate`, with --restrict 30000 for the analogies. Prints a Markdown table; --write
puts it in the manual.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np
from contest import DATA, ROOT

from w2v.embeddings.table import Table
from w2v.evaluation.analogies import analogies, totals
from w2v.evaluation.similarity import similarity
from w2v.factorization import ppmi, svd
from w2v.models.ppmi import Settings
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.encode import open_corpus, read
from w2v.text.vocabulary import Vocabulary

TEXT = DATA / "enwiki100m.txt.gz"
SETTINGS = ("30000:5", "10000:5", "10000:16")  # the last one is that of the paper
LOWEST = 30.0  # nats; the PMI of every pair that occurs is above - LOWEST
COLUMNS = {"ws353": "WordSim", "simlex999": "SimLex", "mturk287": "MTurk"}
Operator = tuple[svd.Sparse, float]  # the sparse part, and the constant that is added everywhere


def bounded(pmi: svd.Sparse, shift: float) -> svd.Sparse:
    """M* of the pairs that occur."""
    return pmi._replace(values=(2 * np.tanh((pmi.values - shift) / 2)).astype(np.float32))


def above(matrix: svd.Sparse, limit: float) -> svd.Sparse:
    """The entries of a matrix that are larger than `limit`."""
    kept = matrix.values > limit
    ends = np.concatenate([[0], np.cumsum(kept)])
    return svd.Sparse(ends[matrix.starts], matrix.columns[kept], matrix.values[kept], matrix.width)


def raised(matrix: svd.Sparse) -> svd.Sparse:
    """S: the entries of M*, plus 2."""
    return matrix._replace(values=matrix.values + 2)


# name: a function of the PMI of all pairs that occur, and of the shift
MATRICES: dict[str, Callable[[svd.Sparse, float], Operator]] = {
    "M*": lambda pmi, shift: (raised(bounded(pmi, shift)), -2.0),
    "M* + 2": lambda pmi, shift: (raised(bounded(pmi, shift)), 0.0),
    "max(0, M*)": lambda pmi, shift: (above(bounded(pmi, shift), 0), 0.0),
    "PPMI, symmetric": lambda pmi, shift: (
        above(pmi._replace(values=pmi.values - np.float32(shift)), 0), 0.0,
    ),
}  # fmt: skip


def eigenvectors(
    operator: Operator, rank: int, blocks: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues of a symmetric matrix and their eigenvectors, by descending value.

    The method is that of `svd.truncated`, with products by the matrix instead of its square: the
    squares of negative eigenvalues are large, too.
    """
    sparse, constant = operator
    block = svd.COLUMNS * -(-(rank + 10) // (2 * svd.COLUMNS))
    basis = np.zeros((sparse.width, blocks * block), np.float32)
    projected = np.zeros((blocks * block, blocks * block))
    new = svd.aligned((sparse.width, block))
    np.random.default_rng(1).standard_normal(out=new, dtype=np.float32)
    svd.orthonormalise(new)
    for begin in range(0, blocks * block, block):
        end = begin + block
        basis[:, begin:end] = new
        known = basis[:, :end]
        sums = svd.product(sparse, new, threads)
        sums = sums + np.float32(constant) * new.sum(axis=0, dtype=np.float64).astype(np.float32)
        along = known.T @ sums
        projected[:end, begin:end], projected[begin:end, :end] = along, along.T
        new[:] = sums - known @ along
        svd.orthonormalise(new)
        new -= known @ (known.T @ new)  # needed twice, because of rounding errors
        svd.orthonormalise(new)
    values, vectors = np.linalg.eigh(projected)
    leading = vectors[:, ::-1][:, :rank].astype(np.float32)
    return values[::-1][:rank], basis @ leading


def singular_vectors(matrix: svd.Sparse, rank: int, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """The singular values and left singular vectors, as the model `ppmi` computes them."""
    products, set_ = svd.LocalProducts(matrix, threads), Settings()
    found = svd.truncated(
        products, rank, set_.power_iters, set_.oversamples, set_.seed, threads=threads
    )
    return found.values, products.times(found.right) / found.values.astype(np.float32)


def subsampled(ids: np.ndarray, vocabulary: Vocabulary, sample: float) -> np.ndarray:
    """The text without the occurrences that subsampling leaves out."""
    if not sample:
        return ids
    shares = np.asarray(vocabulary.counts, np.float64) / sum(vocabulary.counts)
    keep = np.minimum(1, np.sqrt(sample / shares) + sample / shares)
    return ids[(ids < 0) | (np.random.default_rng(1).random(ids.size) < keep[ids])]


def information(
    ids: np.ndarray, words: int, window: int, exponent: float, shift: float, threads: int
) -> svd.Sparse:
    """The PMI of pairs that occur minus the shift, where this is above 0."""
    return ppmi.information(ids, words, window, exponent, shift, threads, lambda share: None)


def scores(vocabulary: Vocabulary, vectors: np.ndarray) -> list[str]:
    """A cell for each column: Spearman correlations times 100, and the accuracy in per cent."""
    table = Table.build(vocabulary.names, np.ascontiguousarray(vectors), vocabulary.counts)
    found = []
    for stem in COLUMNS:
        correlation = similarity(table, str(DATA / "similarity" / f"{stem}.tsv")).agreement()
        found.append(correlation.spearman)
    questions = str(DATA / "questions-words.txt")
    found.append(totals(analogies(table, questions, restrict=30_000))[-1].accuracy())
    return ["" if value is None else f"{100 * value:.1f}" for value in found]


def rows(setting: str, args: argparse.Namespace) -> list[str]:
    """The rows of the table for one vocabulary and window."""
    size, window = map(int, setting.split(":"))
    settings = TextSettings(min_count=5, max_vocab=size or None)
    corpus = open_corpus([str(TEXT)], settings, DocumentSettings())
    vocabulary, encoded = read(corpus, settings, lambda tokens: None)
    words = len(vocabulary.names)
    ids = subsampled(ppmi._separated(encoded), vocabulary, args.sample)
    pmi = information(ids, words, window, 1.0, -LOWEST, args.threads)
    pmi.values[:] -= LOWEST
    rank, lines = max(args.dims), []
    for name in args.matrices:
        if name == "ppmi":
            exponent = Settings().context_exponent
            matrix = information(ids, words, window, exponent, args.shift, args.threads)
            values, vectors = singular_vectors(matrix, rank, args.threads)
        else:
            values, vectors = eigenvectors(
                MATRICES[name](pmi, args.shift), rank, args.blocks, args.threads
            )
        scale = np.maximum(values, 0).astype(np.float32)
        scale = np.where(scale > 0, scale**args.power, 0)
        cells = [f"{words:,}", str(window), f"`{name}`" if name == "ppmi" else name]
        for dim in args.dims:
            cells += scores(vocabulary, vectors[:, :dim] * scale[:dim])
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def main() -> None:
    """Evaluate the vectors of each matrix with each setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ["ppmi", *MATRICES]
    parser.add_argument("--settings", nargs="+", default=SETTINGS, metavar="WORDS:WINDOW")
    parser.add_argument("--dims", nargs="+", type=int, default=[300, 100])
    parser.add_argument("--matrices", nargs="+", default=names, choices=names)
    parser.add_argument("--power", type=float, default=0.5)
    parser.add_argument("--shift", type=float, default=0.0, help="nats")
    parser.add_argument("--sample", type=float, default=0.0)
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    if not TEXT.exists():
        sys.exit(f"no {TEXT}; set W2V_DATA to the folder that has it")
    columns = [*COLUMNS.values(), "analogies"]
    titles = [f"{column}, dim {dim}" for dim in args.dims for column in columns]
    lines = [
        f"| words | window | matrix | {' | '.join(titles)} |",
        "|---|---|---|" + "---|" * len(titles),
    ]
    for setting in args.settings:
        lines += rows(setting, args)
    table = "\n".join(lines)
    print(table)
    if args.write:
        sys.path.insert(0, str(ROOT / "tests"))
        import readme

        readme.publish("closed form", table)


if __name__ == "__main__":
    main()
