#!/usr/bin/env python3
"""LSA of w2v and scikit-learn: time, and the share of the matrix's norm that is kept.

    python tests/bench/lsa.py [--turns 3] [--write]

The input is the tf-idf matrix of the 100,000 reviews of imdb.*, with the tokens of imdb.py and the
types that are in 5 documents or more; 200 topics, 2 threads. scikit-learn's TruncatedSVD
(randomized, n_iter=5) gets the same matrix in float32. A time is that of the decomposition alone.
The two programs run by turns, and the table has the median of the turns. The share is that of the
squared Frobenius norm. Memory is the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contest import PEERS, environment, in_own_process, publish, run
from imdb import prepare

OURS = """
import json, sys, time
import numpy as np
from w2v.factorization import svd
from w2v.system.resources import blas_threads
x = {name: np.load(f"{sys.argv[1]}/{name}.npy") for name in ("starts", "columns", "values")}
matrix = svd.Sparse(*x.values(), int(x["columns"].max()) + 1)
few = svd.Sparse(matrix.starts[:2], matrix.columns, matrix.values, matrix.width)
svd.product(few, np.zeros((matrix.width, 1), np.float32), 2)
few = few._replace(values=matrix.values[: matrix.starts[1]])
svd.truncated(svd.LocalProducts(few, 2), 1, 0, 0, 1)
began = time.perf_counter()
with blas_threads(1):  # as in w2v train
    products = svd.LocalProducts(matrix, 2)
    found = svd.truncated(products, 200, int(sys.argv[2]), 10, 1, threads=2)
svd.product(matrix, found.right, 2)
print(json.dumps([time.perf_counter() - began, 100 * found.share]))
"""
THEIRS = """
import json, sys, time
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
x = [np.load(f"{sys.argv[1]}/{name}.npy") for name in ("values", "columns", "starts")]
matrix = csr_matrix((x[0], x[1], x[2].astype(np.int32)))
began = time.perf_counter()
model = TruncatedSVD(200, algorithm="randomized", n_iter=5, random_state=1)
found = model.fit_transform(matrix)
seconds = time.perf_counter() - began
share = np.square(found.astype(np.float64)).sum() / np.square(x[0].astype(np.float64)).sum()
print(json.dumps([seconds, 100 * float(share)]))
"""


def matrix(folder: Path) -> None:
    """Write the tf-idf matrix: the arrays starts, columns and values."""
    import numpy as np

    from w2v.factorization import term_matrix
    from w2v.settings import DocumentSettings, TermSettings, TextSettings
    from w2v.text.encode import open_corpus, read

    prepare(folder)
    settings = TextSettings(min_count=1)
    corpus = open_corpus([str(folder / "all.tsv")], settings, DocumentSettings())
    vocabulary, text = read(corpus, settings, lambda tokens: None)
    counts = term_matrix.count_terms(text, len(vocabulary.names))
    counts = term_matrix.keep_columns(
        counts, term_matrix.choose(vocabulary, counts, TermSettings(min_df=5))
    )
    weighted = term_matrix.weigh(counts, term_matrix.global_weights(counts, "tfidf"), "tfidf")
    for name in ("starts", "columns", "values"):
        np.save(folder / f"{name}.npy", getattr(weighted, name))
    print(f"{len(weighted.starts) - 1:,} x {weighted.width:,}, {weighted.values.size:,} entries")


def once(python: object, program: str, *args: object) -> list[float]:
    """Run a program in a process of its own; the seconds and the share in per cent it prints."""
    call = [str(python), "-c", program, *map(str, args)]
    done = subprocess.run(call, env=environment(), check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main() -> None:
    """Run both programs by turns and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    results: dict[str, list[list[float]]] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(matrix, folder)
        for _ in range(args.turns):
            for iters in (4, 6, 8):
                label = f"w2v, --power-iters {iters}" + ", the default" * (iters == 6)
                results.setdefault(label, []).append(once(sys.executable, OURS, folder, iters))
            label = "scikit-learn, n_iter=5"
            results.setdefault(label, []).append(once(PEERS, THEIRS, folder))
            print(results, file=sys.stderr, flush=True)
        command = (Path(sys.executable).with_name("w2v"), "train", folder / "all.tsv", "--quiet")
        options = ("--model", "lsa", "--min-df", 5, "--min-count", 1, "--threads", 2)
        whole = run(*command, *options, "-o", folder / "x.safetensors")
    theirs = median(seconds for seconds, _ in results["scikit-learn, n_iter=5"])
    rows = [
        "| | seconds | share of scikit-learn's time | share of the squared norm, % | peak memory |",
        "|---|---|---|---|---|",
    ]
    for label, runs in results.items():
        seconds = median(seconds for seconds, _ in runs)
        rows.append(f"| {label} | {seconds:.1f} | {seconds / theirs:.2f} | {runs[0][1]:.2f} | |")
    memory = f"{whole.megabytes / 1.048576:.0f} MiB"
    rows.append(f"| `w2v train`, from the text to the file | {whole.seconds:.1f} | | | {memory} |")
    publish({"lsa": "\n".join(rows)}, args.write)


if __name__ == "__main__":
    main()
