#!/usr/bin/env python3
"""Training speed of networks in w2v and PyTorch on the CPU, with two kinds of BLAS kernels.

    python tests/bench/networks.py [--turns 3] [--write]

Language model: embedding 200, one LSTM layer of 200 units, the 10,000 types of the Penn Treebank
(ptb.* of $W2V_DATA, else ../shared/data), minibatches of 20 rows and 35 steps, SGD with gradient
clipping; trained on the first lines of the text. Classifier: embedding 100, LSTM of 128 units, the
last state, minibatches of 32, Adam; trained on reviews of imdb.*, their last 200 tokens.

Both programs read the same tokens and use 2 threads. The speed of w2v is the words/s that it
reports; PyTorch is timed from the sixth minibatch on. The programs run by turns, and the table has
medians. It has OPENBLAS_CORETYPE too, because NumPy's matrix products depend on it.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contest import DATA, PEERS, publish

LINES, REVIEWS = 10_000, 6_000
LANGUAGE = """
import sys, time, torch
from torch import nn
torch.set_num_threads(2); torch.manual_seed(1)
names, ids = {}, []
for line in open(sys.argv[1]):
    ids += [names.setdefault(word, len(names)) for word in [*line.split(), "<eos>"]]
rows, steps, words = 20, 35, 10000
ids = torch.tensor(ids[: len(ids) // rows * rows]).view(rows, -1).t().contiguous()
embedding, lstm, out = nn.Embedding(words, 200), nn.LSTM(200, 200), nn.Linear(200, words)
parameters = [*embedding.parameters(), *lstm.parameters(), *out.parameters()]
step, loss, state, seen = torch.optim.SGD(parameters, 1.0), nn.CrossEntropyLoss(), None, 0
for number, at in enumerate(range(0, len(ids) - steps - 1, steps)):
    if number == 5:
        began, seen = time.perf_counter(), 0
    state = None if state is None else tuple(tensor.detach() for tensor in state)
    h, state = lstm(embedding(ids[at : at + steps]), state)
    cost = loss(out(h).view(-1, words), ids[at + 1 : at + 1 + steps].reshape(-1))
    step.zero_grad(); cost.backward()
    nn.utils.clip_grad_norm_(parameters, 5.0); step.step()
    seen += steps * rows
print(seen / (time.perf_counter() - began))
"""
CLASSIFIER = """
import random, sys, time, torch
from collections import Counter
from torch import nn
torch.set_num_threads(2); torch.manual_seed(1); random.seed(1)
texts = [line.rstrip("\\n").split("\\t", 1) for line in open(sys.argv[1])]
counts = Counter(word for _, text in texts for word in text.split())
names = {w: n + 2 for n, (w, c) in enumerate(counts.most_common(20000)) if c > 4}
data = [([names.get(w, 1) for w in text.split()][-200:], label == "pos") for label, text in texts]
random.shuffle(data)
embedding = nn.Embedding(20002, 100, padding_idx=0)
lstm, out = nn.LSTM(100, 128, batch_first=True), nn.Linear(128, 2)
parameters = [*embedding.parameters(), *lstm.parameters(), *out.parameters()]
step, loss = torch.optim.Adam(parameters, 1e-3), nn.CrossEntropyLoss()
for number, at in enumerate(range(0, len(data), 32)):
    if number == 5:
        began, seen = time.perf_counter(), 0
    batch = data[at : at + 32]
    longest = max(len(ids) for ids, _ in batch)
    words = torch.tensor([[0] * (longest - len(ids)) + ids for ids, _ in batch])
    h, _ = lstm(embedding(words))
    cost = loss(out(h[:, -1]), torch.tensor([int(label) for _, label in batch]))
    step.zero_grad(); cost.backward()
    nn.utils.clip_grad_norm_(parameters, 5.0); step.step()
    seen = (0 if number < 5 else seen) + sum(len(ids) for ids, _ in batch)
print(seen / (time.perf_counter() - began))
"""
OURS = {
    "language model": (
        "--task", "lm", "--min-count", 1, "--dim", 200, "--units", 200, "--optimizer", "sgd",
        "--schedule", "constant", "--epochs", 2,
    ),
    "classifier": (
        "--dim", 100, "--units", 128, "--length", 200, "--pool", "last", "--batch", 32,
        "--max-vocab", 20000, "--lr", 0.001, "--epochs", 2,
    ),
}  # fmt: skip
PEER = {"language model": LANGUAGE, "classifier": CLASSIFIER}


def prepare(folder: Path) -> dict[str, Path]:
    """Write the lines for the language model and the table for the classifier."""
    from w2v.text.tokenizers import TOKENIZERS, fold

    texts = {"language model": folder / "ptb.txt", "classifier": folder / "imdb.tsv"}
    with gzip.open(DATA / "ptb.train.txt.gz") as file:
        texts["language model"].write_bytes(b"".join(file.readlines()[:LINES]))
    with gzip.open(DATA / "imdb.train.tsv.gz") as file, open(texts["classifier"], "wb") as out:
        for line in file.readlines()[:REVIEWS]:
            label, _, text = line.split(b"\t", 2)
            words = fold(TOKENIZERS["words"](text.replace(b"<br />", b" ")))
            out.write(b"%s\t%s\n" % (label, b" ".join(words.split())))
    return texts


def ours(task: str, text: Path, env: dict[str, str]) -> float:
    """Train with w2v; the words/s that it reports."""
    command = [
        Path(sys.executable).with_name("w2v"), "train", text, "--model", "lstm", "--threads", 2,
        "-o", text.with_name("net.safetensors"), *OURS[task],
    ]  # fmt: skip
    report = subprocess.run(
        list(map(str, command)), env=env, check=True, stderr=subprocess.PIPE, text=True
    ).stderr
    [rate] = re.findall(r"([\d,]+) words/s on", report)
    return float(rate.replace(",", ""))


def theirs(task: str, text: Path, env: dict[str, str]) -> float:
    """Train with PyTorch; its words/s."""
    command = [PEERS, "-c", PEER[task], text]
    done = subprocess.run(
        list(map(str, command)), env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout)


def main() -> None:
    """Time both programs by turns and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table in the manual")
    args = parser.parse_args()
    lines = [
        "| | OPENBLAS_CORETYPE | w2v, words/s | PyTorch, words/s | ratio |",
        "|---|---|---|---|---|",
    ]
    with TemporaryDirectory() as folder:
        texts = prepare(Path(folder))
        for task, text in texts.items():
            ours(task, text, dict(os.environ))  # compiles the kernels
            for core in (None, "Haswell"):
                env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
                env |= {"OPENBLAS_CORETYPE": core} if core else {}
                pairs = [
                    (ours(task, text, env), theirs(task, text, env)) for _ in range(args.turns)
                ]
                mine, other = (median(speeds) for speeds in zip(*pairs, strict=True))
                ratio = median(a / b for a, b in pairs)
                lines.append(
                    f"| {task} | {core or 'unset'} | {mine:,.0f} | {other:,.0f} | {ratio:.1f} |"
                )
                print(lines[-1], file=sys.stderr)
    publish({"networks": "\n".join(lines)}, args.write)


if __name__ == "__main__":
    main()
