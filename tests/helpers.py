"""Helpers for tests of several packages: marks, small models and runs, finite differences."""

import bz2
import gzip
import lzma
import os
import subprocess
from contextlib import suppress
from functools import partial

import numpy as np
import pytest

from w2v.kernels import random
from w2v.models import models
from w2v.runs.executors import local_executor
from w2v.runs.messages import Messages
from w2v.runs.request import Request
from w2v.runs.run import TrainingRun
from w2v.settings import RunSettings, TextSettings
from w2v.system import packing
from w2v.topics.lda import LdaTrainer
from w2v.training.chunks import GibbsPlan
from w2v.training.loop import run

COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
compiled = pytest.mark.skipif(not COMPILED, reason="trains too much for uncompiled kernels")
# The uncompiled run shows that kernels do the same as Python code, and which lines tests reach. A
# test of something else, in a process of its own or of many cases of one path, adds nothing there.
compiled_only = pytest.mark.skipif(not COMPILED, reason="the compiled run shows as much")


def the_rest_compiled(cases):
    """Cases for `parametrize`, of which the uncompiled run has only the first."""
    first, *others = cases
    return [first, *(pytest.param(case, marks=compiled_only) for case in others)]


ZSTD = packing._zstd()
# A function for each compression, by its name. Only zstd needs a package.
PACKERS = {
    "gzip": partial(gzip.compress, mtime=0), "bzip2": bz2.compress, "xz": lzma.compress,
    **({"zstd": ZSTD.compress} if ZSTD else {}),
}  # fmt: skip
of_every_packer = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)

# Options with which a model trains word vectors, for tests that need these.
WITH_WORDS = dict.fromkeys(("pv-dbow", "pv-dbow hs"), {"word_vectors": True})

# Models trained by SGD, chunk by chunk, on texts without labels.
TRAINED = [
    name for name, model in models().items() if model.method == "sgd" and not model.is_labelled
]

# The same models with negative sampling and with hierarchical softmax: "cbow" and "cbow hs".
WITH_LOSSES = [*TRAINED, *(f"{name} hs" for name in TRAINED)]

# Models that are neural networks.
NETWORKS = [name for name, model in models().items() if model.is_network]


def document_settings(model):
    """Document settings for a model with documents: one on each line; None for other models."""
    from w2v.settings import DocumentSettings

    return DocumentSettings() if model.has_documents or model.by_document else None


def least_fall(name):
    """The share of its first loss that the last loss of a planted text falls below.

    The loss of hierarchical softmax is -ln p of a word, and cannot fall below the text's entropy.
    """
    return 0.94 if name.endswith(" hs") else 0.85


def split_loss(name):
    """The name of a model, and its settings: ("cbow", {"loss": "hs"}) for "cbow hs"."""
    model, *loss = name.split()
    return model, dict.fromkeys(["loss"] * len(loss), "hs")


# A text of four sentences for tests of kernels; its V word ids have these counts.
V, D = 9, 5
COUNTS = np.array([50, 30, 20, 9, 5, 3, 2, 1, 1])
SENTENCES = [[4, 0, 7, 1, 1, 3], [2], [8, 0, 5, 6, 0, 2, 0], [3, 3]]
IDS = np.array(sum(SENTENCES, []), np.int32)
BOUNDS = np.cumsum([0, *map(len, SENTENCES)])
TARGETS = np.array([[6, 2, 8, 1, 7, 3]], np.int32)  # the first is the center word
NO_STREAMS = np.empty(0, np.uint64)  # all sentences draw from one random state


def state(key=7):
    return random.random_state(key)


def slope(function, array, at, step=1e-6):
    """The derivative of `function` with respect to one entry, by a central difference."""
    change = np.zeros_like(array)
    change[at] = step
    return (function(array + change) - function(array - change)) / (2 * step)


def gradient(function, array):
    """The derivatives of `function` with respect to all entries, by central differences."""
    return np.array([slope(function, array, at) for at in np.ndindex(array.shape)]).reshape(
        array.shape
    )


def differences(cost, array, epsilon=1e-5):
    """The derivatives of `cost()` with respect to an array it reads, by central differences."""
    slopes = np.zeros_like(array)
    for at in np.ndindex(array.shape):
        value = array[at]
        array[at] = value + epsilon
        above = cost()
        array[at] = value - epsilon
        slopes[at] = (above - cost()) / (2 * epsilon)
        array[at] = value
    return slopes


def check_gradients(cost, gradients, arrays):
    """Compare gradients by name with finite differences, to 1e-6 of the largest."""
    for name, gradient in gradients.items():
        expected = differences(cost, arrays[name])
        assert np.abs(expected).max() > 1e-3, f"{name}: the gradient is 0, so this tests nothing"
        np.testing.assert_allclose(
            gradient, expected, atol=1e-6 * max(1, np.abs(expected).max()), err_msg=name
        )


def wait_until(holds, child):
    """Wait until `holds()`, which the work of a process brings about; the process must not end.

    It looks 20 times a second: a loop without a pause takes a processor from the process.
    """
    while not holds():
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the process ended with {child.wait(0.05)}")


class Silent:
    """A console that shows nothing."""

    def say(self, message):
        pass

    def warn(self, message):
        pass

    def show(self, state):
        pass


def make_run(
    text,
    output="x.safetensors",
    name="skipgram",
    threads=1,
    run_settings=None,
    cluster=None,
    **options,
):
    """A training run that is ready to train, of the model `name` with small default settings.

    name          see `split_loss`
    run_settings  `RunSettings` by name
    cluster       address of a cluster; None trains in this process
    options       settings of the model
    """
    name, loss = split_loss(name)
    model = models()[name]
    settings = model.settings(**{"dim": 6, "epochs": 2, "sample": 0, **loss, **options})
    return start_run(text, output, model, settings, threads, run_settings, cluster)


def start_run(text, output, model, settings, threads=1, run_settings=None, cluster=None):
    """A training run that is ready to train; `cluster` is the address of a cluster, if not None."""
    request = Request(
        [text], output, model, settings, TextSettings(min_count=1),
        RunSettings(**{"threads": threads, **(run_settings or {})}), document_settings(model),
    )  # fmt: skip
    if cluster is None:
        executor = local_executor(request)
    else:
        from w2v.cluster.executor import cluster_executor

        executor = cluster_executor(request, cluster)
    training = TrainingRun(request, executor, Messages(Silent(), request))
    training.read()
    training.start()
    return training


def stop_at(training, chunk):
    """Train up to a chunk and write the checkpoint, as after a signal."""
    executor = training.executor
    request = training.request
    in_rounds = request.is_deterministic or request.model.method != "sgd"
    run(
        executor.trainer, executor.plan, executor.threads, state=executor.state,
        stop_before=chunk, in_rounds=in_rounds,
    )  # fmt: skip
    assert training.checkpoint()


def finish(training):
    """Train to the end, and write the output."""
    training.train()
    training.save()


# Command line arguments for short training runs. ITERATIVE_ARGS has those of each iterative model,
# and CLOSED_FORM_ARGS those of each model in closed form.
ARGS = ("--min-count", "1", "--dim", "6", "--epochs", "2", "--sample", "0", "--threads", "1")
SMALL = ("--min-count", "1", "--epochs", "2", "--threads", "1")
ITERATIVE_ARGS = {
    name: (*SMALL, *args)
    for name, args in {
        **dict.fromkeys(TRAINED, ("--dim", "6")),
        "lda": ("--topics", "3", "--burn-in", "1"),
        "nbow": ("--dim", "6", "--word-ngrams", "1-2"),
        **dict.fromkeys(NETWORKS, ("--dim", "4", "--units", "4", "--task", "lm")),
    }.items()
}
CLOSED_FORM_ARGS = {
    "lsa": ("--min-count", "1", "--topics", "3"),
    "ppmi": ("--min-count", "1", "--dim", "3"),
    "sif": ("--min-count", "1", "--init", "words.txt"),
}


def short_training(name, output):
    """The command line of a short training of any model on the file `text` or `labelled`."""
    text = "labelled" if models()[name].is_labelled else "text"
    return ("train", text, "--model", name, *(ITERATIVE_ARGS | CLOSED_FORM_ARGS)[name],
            "-o", output)  # fmt: skip


def as_dense(matrix):
    """An `svd.Sparse` matrix as an array."""
    from scipy import sparse

    shape = len(matrix.starts) - 1, matrix.width
    return sparse.csr_array((matrix.values, matrix.columns, matrix.starts), shape=shape).toarray()


# Unusual numbers and bytes, for tests of file readers on damaged files.
NUMBERS = [0, 1, -1, 7, 255, 1 << 16, 1 << 31, 1 << 40, 10**12, -(1 << 63), 1 << 64, 10**40]
ODD = [b"\n", b" ", b"\xff", b"\x00", b"nan", b"inf", b"-", b"1e999", b'"', b"[", b"{}", b"</s>"]


def mutate(data, rng):
    """A copy of `data` with one to four random changes."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, size = rng.randrange(len(data) + 1), rng.choice([1, 2, 8, 50])
        match rng.randrange(7):
            case 0:
                data[at : at + size] = rng.randbytes(size)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[max(0, at - 40) : at] * rng.choice([1, 3])
            case 3:
                del data[at:]
            case 4:
                data[at : at + 8] = (rng.choice(NUMBERS) % (1 << 64)).to_bytes(8, "little")
            case 5:  # a decimal number in the first 1,200 bytes
                digits = [i for i, byte in enumerate(data[:1200]) if 48 <= byte <= 57] or [0]
                place = rng.choice(digits)
                data[place : place + 1] = str(rng.choice(NUMBERS)).encode()
            case 6:
                data[at : at + rng.randint(0, 2)] = rng.choice(ODD)
    return bytes(data)


def listed(found):
    """The rows of each word of a `WordRows`, as lists."""
    return [
        found.rows[a:b].tolist() for a, b in zip(found.offsets, found.offsets[1:], strict=False)
    ]


def one_line(outcome, code, *said):
    """Whether a command failed with a status and one line on stderr, and printed nothing."""
    assert outcome.code == code
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    for words in said:
        assert words in outcome.err
    return True


def use_two_rounds(monkeypatch):
    """Let an epoch of LDA have two rounds, however short the text is."""

    def plan(self, threads):
        shards = self.settings.shards
        longest = -(-self.tokens.words.size // (2 * shards))
        return GibbsPlan(self.tokens.starts, self.settings.epochs, shards, longest)

    monkeypatch.setattr(LdaTrainer, "plan", plan)


def open_files():
    """The paths of all files that this process has open, on Linux."""
    paths = []
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # another thread has just closed it
            paths.append(os.readlink(f"/proc/self/fd/{number}"))
    return paths
