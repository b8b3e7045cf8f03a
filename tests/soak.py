#!/usr/bin/env python3
"""Random commands, stops and resumes against invariants, for ten minutes: `make soak`.

    python tests/soak.py [--minutes 10] [--seed N]

Each scenario trains a random text with random settings, once without a stop. A second run is
stopped by stop signals or SIGKILL at random moments and resumed each time; in rounds, on another
number of threads. At each stop the output must be the old file or the finished one. At the
end

- the output must have the bytes of the run that was never stopped, and correct checksums,
- queries must work,
- conversion to another format and back must keep every number,
- no other file may be left.

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
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "corpora"), str(ROOT)]

from w2v.system.signals import STOPS  # noqa: E402

COMMAND = [sys.executable, "-m", "w2v"]
SIGNALS = [*STOPS, signal.SIGKILL]
MODELS = [["skipgram"], ["cbow"], ["pv-dbow", "--word-vectors"], ["pv-dm"]]
BEFORE = b"what was there before"


class Soak:
    """Runs scenarios; `done` counts commands, stops, resumes and scenarios."""

    def __init__(self, seed: int, folder: Path):
        self.rng, self.folder = random.Random(seed), folder
        self.done: Counter[str] = Counter()
        self.output = folder / "x.safetensors"

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
        import planted

        rng = self.rng
        for path in self.folder.iterdir():
            path.unlink()
        (self.folder / "text").write_text(planted.text(rng.choice([50, 500, 3000])))
        (self.folder / "held-out").write_text(planted.text(20))
        command = ["train", "text", "--quiet", *self.settings()]
        self.call(*command, "--threads", "1", "-o", "whole.safetensors")
        whole = (self.folder / "whole.safetensors").read_bytes()
        self.output.write_bytes(BEFORE)
        self.until_finished([*command, "-o", self.output.name], whole)
        self.must(self.output.read_bytes() == whole, f"{command}: other bytes after stops")
        left = {path.name for path in self.folder.iterdir()}
        self.must(
            left <= {"text", "held-out", "whole.safetensors", "x.safetensors"}, f"left over: {left}"
        )
        self.ask()
        self.done["scenarios"] += 1

    def settings(self) -> list[str]:
        """Random settings, with which a run has the same bytes whether it is stopped or not."""
        rng = self.rng
        self.rounds = rng.random() < 0.5
        rounds = ["--deterministic", "--shards", str(rng.choice([1, 3, 8]))] * self.rounds
        if rng.random() < 0.2:
            args = ["--model", "lda", "--topics", str(rng.choice([1, 16, 50]))]
            args += ["--epochs", str(rng.choice([1, 40, 400])), "--seed", str(rng.randrange(9))]
            return [*args, *rng.choice([[], ["--keep-state"], ["--optimize", "none"]]), *rounds]
        if rng.random() < 0.25:
            args = ["--model", rng.choice(["mlp", "rnn", "lstm", "gru"]), "--task", "lm"]
            args += ["--epochs", str(rng.choice([1, 4])), "--seed", str(rng.randrange(9))]
            args += ["--units", str(rng.choice([1, 16, 50])), "--length", "4", "--bptt", "8"]
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

    def until_finished(self, command: list[str], whole: bytes) -> None:
        """Start, stop at a random moment and resume, several times; then train to the end."""
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
                number = rng.choice(SIGNALS)
                child.send_signal(number)
                self.done[f"stops by {number.name}"] += 1
            assert child.stderr
            messages = child.stderr.read()
            code = child.wait()
            ends = {end for number in SIGNALS for end in (-number, 128 + number)} | {0}
            self.must(code in ends, f"{args} ended with {code}: {messages!r}")
            self.must(b"Traceback" not in messages or code == -2, f"{args}: {messages!r}")
            self.must(self.output.read_bytes() in (BEFORE, whole), f"{args}: the output is neither")
            self.done["resumes"] += 1
        threads = str(rng.randint(1, 4)) if self.rounds else "1"
        self.call(*command, "--threads", threads, "--resume")

    def ask(self) -> None:
        """Check, query and convert the output; an error must be a single line."""
        rng, name = self.rng, self.output.name
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
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    args = parser.parse_args()
    end = time.monotonic() + 60 * args.minutes
    os.environ.pop("W2V_VECTORS", None)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(args.seed, Path(folder))
        while time.monotonic() < end:
            soak.scenario()
    counts = ", ".join(f"{count} {what}" for what, count in sorted(soak.done.items()))
    print(f"seed {args.seed}: {counts}; nothing was lost")


if __name__ == "__main__":
    main()
