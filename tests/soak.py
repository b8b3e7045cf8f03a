#!/usr/bin/env python3
"""Random commands, stops and resumes against invariants, for ten minutes: `make soak`.

    python tests/soak.py [--minutes 10] [--kills N] [--seed N]

Each scenario trains one of all models on a random text with random settings, once without a stop.
A second run is stopped by stop signals or SIGKILL at random moments and resumed each time; in
rounds, on another number of threads. At each stop every file of the output must be the old one or
the finished one. At the end

- the output must have the bytes of the run that was never stopped, in whatever format,
- no other file may be left,
- for a .safetensors file of words, the checksums must be correct, queries must work, and
  conversion to another format and back must keep every number.

With --kills N, each stop is a SIGKILL, and the scenarios end after N of them.

The last line has the number of commands, stops, resumes and scenarios, or the first error.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "corpora"), str(ROOT / "tests"), str(ROOT)]

from w2v.system.signals import STOPS  # noqa: E402

COMMAND = [sys.executable, "-m", "w2v"]
MODELS = [["skipgram"], ["cbow"], ["pv-dbow", "--word-vectors"], ["pv-dm"]]
CLOSED_FORM = [["lsa", "--topics", "7"], ["ppmi", "--dim", "7"], ["sif", "--init", "init.txt"]]
SUFFIXES = [".txt", ".vec", ".txt.gz", ".bin", ".npy", ".tsv", ".parquet", ".glove"]
BEFORE = b"what was there before"


class Soak:
    """Runs scenarios; `done` counts commands, stops, resumes and scenarios.

    signals  those that stop a run
    """

    def __init__(self, seed: int, folder: Path, signals: list[signal.Signals]):
        self.rng, self.folder, self.signals = random.Random(seed), folder, signals
        self.done: Counter[str] = Counter()

    def call(self, *args: str, expect: int = 0) -> subprocess.CompletedProcess:
        """Run a command, which must end with status `expect` and without a traceback."""
        done = subprocess.run([*COMMAND, *args], cwd=self.folder, capture_output=True, check=False)
        self.done["commands"] += 1
        self.must(
            done.returncode == expect, f"{args} ended with {done.returncode}: {done.stderr!r}"
        )
        self.must(b"Traceback" not in done.stderr, f"{args}: {done.stderr!r}")
        return done

    def must(self, holds: bool, what: str) -> None:
        """Keep the files and exit if an invariant does not hold."""
        if not holds:
            kept = tempfile.mkdtemp(prefix="w2v-soak-")
            subprocess.run(["cp", "-a", f"{self.folder}/.", kept], check=True)
            sys.exit(f"scenario {self.done['scenarios']}: {what}\nthe files are in {kept}")

    def scenario(self) -> None:
        """Train without a stop, train with stops, compare the outputs, and query them."""
        import labelled_texts
        import planted

        rng = self.rng
        for path in self.folder.iterdir():
            path.unlink()
        (self.folder / "text").write_text(planted.text(rng.choice([50, 500, 3000])))
        (self.folder / "labels.tsv").write_text(labelled_texts.texts(rng.choice([60, 900])))
        (self.folder / "held-out").write_text(planted.text(20))
        words = sorted(set((self.folder / "text").read_text().split()))
        rows = [f"{word} {' '.join(f'{rng.random():.3f}' for _ in range(5))}\n" for word in words]
        (self.folder / "init.txt").write_text("".join(rows))
        given = set(self.folder.iterdir())
        settings = self.settings()
        suffix = rng.choice([".safetensors", rng.choice(SUFFIXES)])
        if suffix == ".glove" and {("--dim", "1"), ("--topics", "1")} & {*pairwise(settings)}:
            suffix = ".txt"  # a vector of one number needs a header
        labelled = "--task" not in settings and settings[1] in ["nbow", "mlp", "rnn", "lstm", "gru"]
        text = "labels.tsv" if labelled else "text"
        command = ["train", text, "--quiet", *settings, "-o", f"x{suffix}"]
        self.call(*command, "--threads", "1")
        whole = {path.name: path.read_bytes() for path in set(self.folder.iterdir()) - given}
        for name in whole:
            (self.folder / name).write_bytes(BEFORE)
        self.until_finished(command, whole)
        left = {path.name: path.read_bytes() for path in set(self.folder.iterdir()) - given}
        self.must(left.keys() == whole.keys(), f"{command}: left over: {left.keys()}")
        self.must(left == whole, f"{command}: other bytes after stops")
        if suffix == ".safetensors" and text == "text" and settings[1] not in ("lda", "sif"):
            self.ask(f"x{suffix}")
        self.done["scenarios"] += 1
        self.done[f"outputs {suffix}"] += 1
        self.done[f"runs of {settings[1]}"] += 1

    def settings(self) -> list[str]:
        """Random settings, with which a run has the same bytes whether it is stopped or not."""
        rng = self.rng
        self.rounds = rng.random() < 0.5
        rounds = ["--deterministic", "--shards", str(rng.choice([1, 3, 8]))] * self.rounds
        if rng.random() < 0.1:
            return ["--model", *rng.choice(CLOSED_FORM), "--min-count", str(rng.choice([1, 5]))]
        if rng.random() < 0.15:
            args = ["--model", rng.choice(["nbow", "mlp", "rnn", "lstm", "gru"]), "--dim", "8"]
            args += ["--epochs", str(rng.choice([1, 9])), "--seed", str(rng.randrange(9))]
            return [*args, *(rounds or (["--threads", "1"] if args[1] == "nbow" else []))]
        if rng.random() < 0.2:
            args = ["--model", "lda", "--topics", str(rng.choice([1, 16, 50]))]
            args += ["--epochs", str(rng.choice([1, 40, 400])), "--seed", str(rng.randrange(9))]
            return [*args, *rng.choice([[], ["--keep-state"], ["--optimize", "none"]]), *rounds]
        if rng.random() < 0.25:
            args = ["--model", rng.choice(["mlp", "rnn", "lstm", "gru"]), "--task", "lm"]
            args += ["--epochs", str(rng.choice([1, 4])), "--seed", str(rng.randrange(9))]
            args += ["--units", str(rng.choice([1, 16, 50])), "--bptt", "8"]
            args += ["--optimizer", rng.choice(["sgd", "adagrad", "adam"]), "--dim", "16"]
            return [*args, *rng.choice([[], ["--dropout", "0.2"], ["--samples", "9"]]), *rounds]
        args = ["--model", *rng.choice(MODELS)]
        args += ["--dim", str(rng.choice([1, 16, 50, 100]))]
        args += ["--epochs", str(rng.choice([1, 5, 40])), "--seed", str(rng.randrange(9))]
        args += ["--sample", rng.choice(["0", "1e-3"]), "--window", str(rng.choice([1, 5, 20]))]
        args += ["--min-count", str(rng.choice([1, 5])), "--negative", str(rng.choice([0, 5, 15]))]
        if rng.random() < 0.3:
            args += ["--valid", "held-out", "--patience", str(rng.choice([1, 9]))]
        return args + (rounds or ["--hogwild"])

    def until_finished(self, command: list[str], whole: dict[str, bytes]) -> None:
        """Start, stop at a random moment and resume, several times; then train to the end.

        whole  the files of the finished run, by name
        """
        rng = self.rng
        for _ in range(rng.choice([1, 3, 8])):
            threads = str(rng.randint(1, 4)) if self.rounds else "1"
            args = [*command, "--threads", threads, "--resume", "--checkpoint-every", "0.0003"]
            child = subprocess.Popen(
                [*COMMAND, *args],
                cwd=self.folder,
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            try:
                child.wait(0.05 + 1.5 * rng.random())
            except subprocess.TimeoutExpired:
                number = rng.choice(self.signals)
                child.send_signal(number)
                self.done[f"stops by {number.name}"] += 1
            assert child.stderr
            messages = child.stderr.read()
            code = child.wait()
            ends = {end for number in self.signals for end in (-number, 128 + number)} | {0}
            self.must(code in ends, f"{args} ended with {code}: {messages!r}")
            self.must(b"Traceback" not in messages or code == -2, f"{args}: {messages!r}")
            for name, finished in whole.items():
                found = (self.folder / name).read_bytes()
                self.must(found in (BEFORE, finished), f"{args}: {name} is neither old nor new")
            self.done["resumes"] += 1
        threads = str(rng.randint(1, 4)) if self.rounds else "1"
        self.call(*command, "--threads", threads, "--resume")

    def ask(self, name: str) -> None:
        """Check, query and convert the output; an error must be a single line."""
        rng = self.rng
        self.call("info", name, "--check")
        self.call("similar", "the", "-v", name)
        self.call("similar", "no-such-word", "-v", name, expect=3)
        suffix = rng.choice([".txt", ".bin", ".vec"])
        self.call("convert", name, f"y{suffix}")
        self.call("convert", f"y{suffix}", "z.safetensors")
        ours, back = (self.call("vector", "the", "-v", v).stdout for v in (name, "z.safetensors"))
        self.must(ours == back, f"{suffix} and back changed a vector")
        message = self.call("train", "nowhere", expect=2).stderr
        self.must(message.count(b"\n") == 1, f"more than a line: {message!r}")


def main() -> None:
    """Run scenarios until the time is over, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kills", type=int, help="end after so many kills, not by the time")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    args = parser.parse_args()
    end = time.monotonic() + 60 * args.minutes
    os.environ.pop("W2V_VECTORS", None)
    with tempfile.TemporaryDirectory() as folder:
        kill = signal.SIGKILL
        soak = Soak(args.seed, Path(folder), [kill] if args.kills else [*STOPS, kill])
        while soak.done["stops by SIGKILL"] < args.kills if args.kills else time.monotonic() < end:
            soak.scenario()
    counts = ", ".join(f"{count} {what}" for what, count in sorted(soak.done.items()))
    print(f"seed {args.seed}: {counts}; nothing was lost")


if __name__ == "__main__":
    main()
