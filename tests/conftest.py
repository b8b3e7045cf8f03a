"""Fixtures for many tests: the command line in this process, small corpora, files of vectors."""

import io
import os
import signal
import sys
from pathlib import Path
from typing import NamedTuple

import hypothesis
import planted
import pytest
from helpers import COMPILED

from w2v.cli import main
from w2v.system.signals import STOPS

# A shell ignores SIGINT in processes that it starts in the background, and training respects that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The suite draws the same examples each time, and fewer where kernels are not compiled. `make
# test-slow` draws many others, and prints the decorator @reproduce_failure for each that fails.
hypothesis.settings.register_profile(
    "house", deadline=None, derandomize=True, max_examples=50 if COMPILED else 10
)
hypothesis.settings.register_profile("free", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("W2V_DRAWS", "house"))


@pytest.fixture
def stoppable():
    """Allow stop signals in processes that a test starts, also if the suite runs under nohup."""
    ignored = [number for number in STOPS if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def w2v(capfd, monkeypatch):
    """Run the command line in this process: w2v("similar", "king", stdin=b"") -> Outcome."""

    def run(*args, stdin=b""):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
            capfd.readouterr()
            with pytest.raises(SystemExit) as exit_:
                main([str(arg) for arg in args])
        return Outcome(exit_.value.code or 0, *capfd.readouterr())

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, which is the current one during the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("W2V_VECTORS", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def data():
    """The folder of the large corpora."""
    default = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("W2V_DATA", default))
    if not path.is_dir():
        pytest.skip("no corpora: $W2V_DATA is not set, and there is no ../shared/data")
    return path


@pytest.fixture(scope="session")
def planted_text(tmp_path_factory):
    """A file with the planted corpus; only a few sentences of it if kernels are not compiled."""
    path = tmp_path_factory.mktemp("planted") / "planted.txt"
    path.write_text(planted.text(4000 if COMPILED else 15))
    return path


@pytest.fixture
def toy(folder):
    """vectors.safetensors in an empty folder: ten words whose neighbours are easy to see."""
    import numpy as np

    from w2v.embeddings import container
    from w2v.embeddings.table import Table

    names = ["king", "queen", "man", "woman", "-", "+", "1", "kitchen", "vector", "banana"]
    matrix = np.array(
        [[2, 1, 0], [2, -1, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1],
         [0, 0.1, 1], [0, 0.2, 1], [0, 0.3, 1], [0, 0.4, 1], [-1, 0, 0]],
        np.float32,
    )  # fmt: skip
    counts = np.arange(20, 10, -1)
    table = Table.build(names, matrix, counts)
    container.write(
        "vectors.safetensors", container.table_tensors("words", table), {"format": "w2v"}
    )
    return table


@pytest.fixture
def small(folder):
    """A folder with a short text, and with vectors of its words."""
    (folder / "text").write_text(planted.text(40 if COMPILED else 8))
    rows = (folder / "text").read_text().splitlines()
    labelled = "".join(f"__label__{'xy'[number % 2]} {row}\n" for number, row in enumerate(rows))
    (folder / "labelled").write_text(labelled)
    names = dict.fromkeys((folder / "text").read_text().split())
    rows = "".join(f"{name} {n % 3} {n % 5} 1\n" for n, name in enumerate(names))
    (folder / "words.txt").write_text(f"{len(names)} 3\n{rows}")
