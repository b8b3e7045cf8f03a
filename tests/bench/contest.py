"""What the benchmarks share: the text, whole commands with their time and memory, the README."""

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
FASTTEXT = """
import json, sys
import fasttext
options = json.loads(sys.argv[3])
model = fasttext.train_unsupervised(sys.argv[1], thread=2, t=1e-3, verbose=0, **options)
model.save_model(sys.argv[2])
"""


class Run(NamedTuple):
    """A finished command: seconds from start to end, the most memory in MB, and what it printed."""

    seconds: float
    megabytes: float
    out: str


def environment() -> dict[str, str]:
    """That of this process, but with BLAS at its own choice of kernels."""
    return {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}


def run(*command: object, **more: str) -> Run:
    """Run a whole command, with BLAS at its own choice of kernels."""
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
    """Run our command line, from the environment that this script runs in."""
    return run(Path(sys.executable).with_name("w2v"), *args, **more)


def train(text: Path, out: Path, **options: object) -> Run:
    """`w2v train` on 2 threads unless `options` say otherwise; an option that is True is a flag."""
    return w2v("train", text, "-o", out, "--quiet", *_arguments(options))


def pace(text: Path, out: Path, **options: object) -> float:
    """Seconds that `w2v train` says it has trained a million words in."""
    command = [Path(sys.executable).with_name("w2v"), "train", text, "-o", out]
    said = subprocess.run(
        [*map(str, [*command, *_arguments(options)])],
        env=environment(), check=True, stderr=subprocess.PIPE, text=True,
    ).stderr  # fmt: skip
    [rate] = re.findall(r"([\d,]+) words/s on", said)
    return 1e6 / int(rate.replace(",", ""))


def _arguments(options: dict[str, object]) -> list[object]:
    args: list[object] = []
    for name, value in {"threads": 2, **options}.items():
        args += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    return args


def gensim(lines: Path, out: Path, **options: object) -> Run:
    """gensim on 2 threads in its fastest mode, from a file with lines of 1,000 words."""
    return run(PEERS, "-c", GENSIM, lines, out, json.dumps(options))


def fasttext(lines: Path, out: Path, **options: object) -> Run:
    """fastText on 2 threads without subwords, which the other programs do not have."""
    return run(PEERS, "-c", FASTTEXT, lines, out, json.dumps({"minn": 0, "maxn": 0, **options}))


def json_lines(run: Run) -> list[dict]:
    """The objects that a command has printed, a line each."""
    return [json.loads(line) for line in run.out.splitlines()]


@contextmanager
def enwiki(size: int | None = None) -> Iterator[tuple[Path, Path, Path]]:
    """`wikipedia`, where there are peers."""
    if not PEERS.exists():
        sys.exit(f"no {PEERS}: `make bench` installs the peers there")
    with wikipedia(size) as found:
        yield found


@contextmanager
def wikipedia(size: int | None = None) -> Iterator[tuple[Path, Path, Path]]:
    """A folder with 100 MB of Wikipedia, or the first `size` bytes; and as lines for gensim."""
    packed = DATA / "enwiki100m.txt.gz"
    if not packed.exists():
        sys.exit(f"no {packed}; set W2V_DATA to the folder that has it")
    with TemporaryDirectory() as name:
        folder = Path(name)
        in_own_process(unpack, packed, size, folder)
        warm_up(folder)
        yield folder, folder / "text", folder / "lines"


def in_own_process(function: Callable[..., object], *args: object) -> None:
    """Call a function in a process of its own.

    A command that is started later counts as using at least as much memory as this process did.
    """
    process = get_context("fork").Process(target=function, args=args)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{function.__name__} failed")


def unpack(packed: Path, size: int | None, folder: Path) -> None:
    """Write the text, or its first bytes, and its lines."""
    text = gzip.decompress(packed.read_bytes())[:size]
    (folder / "text").write_bytes(text)
    write_lines(folder / "lines", text)


def write_lines(path: Path, text: bytes) -> None:
    """The same words in lines of 1,000: gensim leaves out what is beyond 10,000 in a line."""
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
    """How many times as long, pair by pair: see `spread`."""
    return spread([a / b for a, b in zip(slower, faster, strict=True)])


def spread(values: list[float]) -> str:
    """The mean, and smallest to largest if there are several."""
    several = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
    return f"{mean(values):.1f}{several}"


def publish(parts: dict[str, str], write: bool) -> None:
    """Print Markdown tables; merge each into the part of the pages that has its name.

    The rows of this kind of processor are replaced, those of others stay: see `measurements`.
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
