"""Shared by the benchmarks: corpora, timed commands of w2v and its peers, and published tables."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import NamedTuple

from measurements import merge, peer_versions, processor

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("W2V_DATA", ROOT.parent / "shared" / "data"))
PEERS = ROOT / ".venv-peers" / "bin" / "python"  # `make bench` installs it
GENSIM = """
import json, sys
from gensim.models import Word2Vec
options = json.loads(sys.argv[3])
Word2Vec(corpus_file=sys.argv[1], sample=1e-3, workers=2, **options).wv.save_word2vec_format(
    sys.argv[2], binary=True
)
"""
GENSIM_FASTTEXT = """
import json, sys
from gensim.models.fasttext import FastText, save_facebook_model
options = json.loads(sys.argv[3])
save_facebook_model(
    FastText(corpus_file=sys.argv[1], sample=1e-3, workers=2, **options), sys.argv[2]
)
"""
FASTTEXT = """
import json, sys
import fasttext
options = json.loads(sys.argv[3])
# The function takes no seed, but its defaults hold one.
fasttext.FastText.unsupervised_default["seed"] = options.pop("seed", 0)
model = fasttext.train_unsupervised(sys.argv[1], thread=2, t=1e-3, verbose=0, **options)
model.save_model(sys.argv[2])
"""


class Run(NamedTuple):
    """A finished command: seconds from start to end, peak memory in MB, and its standard output."""

    seconds: float
    megabytes: float
    out: str


def environment() -> dict[str, str]:
    """The environment without the variables that make programs slower than they are for users.

    OPENBLAS_CORETYPE chooses kernels of OpenBLAS for another processor. PYTHONDONTWRITEBYTECODE
    makes Python compile each module of w2v at each start. PYTHONUNBUFFERED writes each line alone.
    """
    slowing = {"OPENBLAS_CORETYPE", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    return {name: value for name, value in os.environ.items() if name not in slowing}


def run(*command: object, **more: str) -> Run:
    """Run a command to its end in `environment()`, with `more` variables; exit if it fails."""
    began = time.monotonic()
    child = subprocess.Popen(
        [*map(str, command)], env={**environment(), **more}, stdout=subprocess.PIPE
    )
    assert child.stdout
    out = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(map(str, command[:4]))} … failed with {child.returncode}")
    return Run(time.monotonic() - began, usage.ru_maxrss * 1.024 / 1000, out)


def w2v(*args: object, **more: str) -> Run:
    """Run the `w2v` that is installed beside the Python of this script."""
    return run(Path(sys.executable).with_name("w2v"), *args, **more)


def train(text: Path, out: Path, **options: object) -> Run:
    """Run `w2v train`, by default on 2 threads; an option whose value is True is a flag."""
    return w2v("train", text, "-o", out, "--quiet", *_arguments(options))


def pace(text: Path, out: Path, **options: object) -> float:
    """Seconds for training a million words, from the words/s that `w2v train` reports."""
    command = [Path(sys.executable).with_name("w2v"), "train", text, "-o", out]
    report = subprocess.run(
        [*map(str, [*command, *_arguments(options)])],
        env=environment(), check=True, stderr=subprocess.PIPE, text=True,
    ).stderr  # fmt: skip
    [rate] = re.findall(r"([\d,]+) words/s on", report)
    return 1e6 / int(rate.replace(",", ""))


def _arguments(options: dict[str, object]) -> list[object]:
    args: list[object] = []
    for name, value in {"threads": 2, **options}.items():
        args += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    return args


def gensim(lines: Path, out: Path, **options: object) -> Run:
    """Train with gensim on 2 threads, with its fastest input: a file with 1,000 words a line."""
    return run(PEERS, "-c", GENSIM, lines, out, json.dumps(options))


def gensim_fasttext(lines: Path, out: Path, **options: object) -> Run:
    """Train gensim's FastText on 2 threads, from a file as `gensim`, and save fastText's format."""
    return run(PEERS, "-c", GENSIM_FASTTEXT, lines, out, json.dumps(options))


def fasttext(lines: Path, out: Path, **options: object) -> Run:
    """Train with fastText on 2 threads, without subwords, as the other programs have none."""
    return run(PEERS, "-c", FASTTEXT, lines, out, json.dumps({"minn": 0, "maxn": 0, **options}))


def json_lines(run: Run) -> list[dict]:
    """The JSON objects that a command has printed, one on each line."""
    return [json.loads(line) for line in run.out.splitlines()]


@contextmanager
def enwiki(size: int | None = None) -> Iterator[tuple[Path, Path, Path]]:
    """The same as `wikipedia`; exits if the peers are not installed."""
    if not PEERS.exists():
        sys.exit(f"no {PEERS}: `make bench` installs the peers there")
    with wikipedia(size) as paths:
        yield paths


@contextmanager
def wikipedia(size: int | None = None) -> Iterator[tuple[Path, Path, Path]]:
    """A temporary folder, and in it the text of Wikipedia and the same text in lines for gensim.

    size  bytes from the beginning of the text of 100 MB; None is all of it
    """
    packed = DATA / "enwiki100m.txt.gz"
    if not packed.exists():
        sys.exit(f"no {packed}; set W2V_DATA to the folder that has it")
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(unpack, packed, size, folder)
        warm_up(folder)
        yield folder, folder / "text", folder / "lines"


def in_own_process(function: Callable[..., object], *args: object) -> None:
    """Call a function in a process of its own, so that this process stays small.

    The peak memory of a command is never counted as less than that of the process that starts it.
    """
    process = get_context("fork").Process(target=function, args=args)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{function.__name__} failed")


def unpack(path: Path, size: int | None, folder: Path) -> None:
    """Write the first `size` bytes of a text, and the same text in lines of 1,000 words."""
    text = path.read_bytes()
    text = (gzip.decompress(text) if path.suffix == ".gz" else text)[:size]
    (folder / "text").write_bytes(text)
    write_lines(folder / "lines", text)


def write_lines(path: Path, text: bytes) -> None:
    """Write the words in lines of 1,000, because gensim ignores words after 10,000 in a line."""
    words = text.split()
    lines = (b" ".join(words[i : i + 1000]) for i in range(0, len(words), 1000))
    path.write_bytes(b"\n".join(lines) + b"\n")


def warm_up(folder: Path) -> None:
    """Compile every kernel before anything is timed."""
    small = folder / "small"
    small.write_bytes(b"a b c d\n" * 100)
    for options in ({}, {"exact": True}, {"model": "cbow"}):
        train(small, folder / "small.bin", epochs=1, **options)


def ratio(slower: list[float], faster: list[float]) -> str:
    """The ratios of times, pair by pair, as `spread` writes them."""
    return spread([a / b for a, b in zip(slower, faster, strict=True)])


def spread(values: list[float]) -> str:
    """The mean of some values, and the smallest and largest if there are several."""
    several = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
    return f"{mean(values):.1f}{several}"


def publish(parts: dict[str, str], write: bool) -> None:
    """Print Markdown tables; if `write`, merge each into the part of the manual with its name.

    Rows of this kind of processor are replaced, and rows of other kinds stay (`measurements`).
    """
    sys.path.insert(0, str(ROOT / "tests"))
    import readme

    name, description = processor()
    if peers := peer_versions(PEERS):
        description += f"; {peers}"
    print(f"\n{name}: {description}")
    for part, table in parts.items():
        print(f"\n{part}\n{table}", flush=True)
        if write:
            readme.publish(part, merge(readme.part(part), table, name, description))
