"""manual/extending.md: a model and a network whose files are added as the page says."""

import importlib
import json
import re
import sys

import naive
import numpy as np
import pytest
from helpers import BOUNDS, COMPILED, COUNTS, IDS, SENTENCES, V, check_gradients, state
from readme import MANUAL

import w2v.kernels
import w2v.models
import w2v.networks.layers
from w2v.kernels.negative_sampling import make_scratch
from w2v.kernels.windows import allocate_windows, build_windows
from w2v.negative_sampling import word_distributions

PAGE = (MANUAL / "extending.md").read_text()
FILES = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
ROOMS = {"models": w2v.models, "kernels": w2v.kernels, "networks/layers": w2v.networks.layers}


@pytest.fixture
def extended(tmp_path, monkeypatch):
    """The files of the page beside those of the package, for one test."""
    for room, package in ROOMS.items():
        folder = tmp_path / "extended" / room
        folder.mkdir(parents=True)
        for name, code in FILES.items():
            if name.startswith(f"w2v/{room}/"):
                (folder / name.rpartition("/")[2]).write_text(code)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    before = {*sys.modules}
    importlib.invalidate_caches()
    w2v.models.models.cache_clear()
    yield
    w2v.models.models.cache_clear()
    for name in {*sys.modules} - before:
        parent, _, child = name.rpartition(".")
        if child in ("center", "leaky"):
            del sys.modules[name]
            delattr(sys.modules[parent], child)


def test_the_models_of_the_page_are_registered(extended, w2v):
    assert "Each word predicts the words around it." in w2v("train", "--help").out
    assert "--negative" in w2v("train", "--model", "center", "--help").out
    assert "--units" in w2v("train", "--model", "leaky", "--help").out


def test_the_registry_is_as_before_after_that():
    assert not {"center", "leaky"} & {*w2v.models.models()}


def test_the_lists_to_which_the_page_adds_lines_exist():
    files = [MANUAL / path for path in re.findall(r"\]\((\.\./\.\./tests/\S+\.py)\)", PAGE)]
    files.append(MANUAL.parent / "embeddings" / "formats" / "__init__.py")
    code = "\n".join([PAGE, *(path.read_text() for path in files)])
    named = {*re.findall(r"`([A-Z_]{4,})`", PAGE)}
    assert {"LINE", "MODELS", "SUFFIXES", "_LAST"} <= named
    # A format need not have all names of the list in the docstring of `formats`.
    assert named <= {*re.findall(r"^([A-Z_]+)(?: = |  )", code, re.MULTILINE)}


# A network


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_gradients_of_the_layer(extended, steps):
    leaky = importlib.import_module("w2v.networks.layers.leaky")
    rng = np.random.default_rng(1)
    layer = leaky.Leaky(3, 4, dtype=np.float64)
    layer.initialise(rng)
    layer.parameters["g"] += rng.normal(size=4)
    mask = np.ones((steps, 2))
    mask[steps // 2 :, 1] = 0
    given = {"x": rng.normal(size=(steps, 2, 3)), "h": rng.normal(size=(2, 4))}
    weight = rng.normal(size=(steps, 2, 4))

    def cost():
        return float((layer.forward(given["x"], mask, (given["h"],)) * weight).sum())

    cost()
    found = {"x": layer.backward(weight), "h": layer.d_hidden[0]} | layer.gradients
    check_gradients(cost, found, given | layer.parameters)


SMALL = ("--model", "leaky", "--dim", 8, "--units", 8, "--min-count", 1, "--lr", 0.03)


def test_the_network_learns_labels(extended, w2v, folder):
    lines = [f"{label}\tthe {word} film\n" for label, word in (("pos", "good"), ("neg", "bad"))]
    (folder / "films.tsv").write_text("".join(lines) * 30)
    written = set()
    for threads in (1, 2):
        more = ("--deterministic", "--shards", 2, "--threads", threads, "-o", "net.safetensors")
        outcome = w2v("train", "films.tsv", *SMALL, "--epochs", 9, *more)
        assert outcome.code == 0, outcome.err
        written.add((folder / "net.safetensors").read_bytes())
    assert len(written) == 1
    rows = w2v("predict", "net.safetensors", "-", "--json", stdin=b"a good film\nbad\n")
    assert [json.loads(row)["label"] for row in rows.out.splitlines()] == ["pos", "neg"]
    assert "Leaky(8)" in w2v("summary", "net.safetensors").out
    assert "Leaky(4)" in w2v("summary", "--model", "leaky", "--vocab", 9, "--units", 4).out


def test_the_network_learns_next_words(extended, w2v, folder):
    (folder / "text").write_text("a b c d e\n" * 60)
    more = ("--task", "lm", "--epochs", 20, "--batch", 4, "--layers", 2, "-o", "net.safetensors")
    assert w2v("train", "text", *SMALL, *more).code == 0
    found = json.loads(w2v("perplexity", "net.safetensors", "text", "--json").out)
    assert found["perplexity"] < 3, "6 by chance"
    call = ("generate", "net.safetensors", "--prompt", "a b", "--words", 3, "--temperature", 0)
    assert w2v(*call).out.split() == ["a", "b", "c", "d", "e"]


# A model of words


@pytest.mark.skipif(COMPILED, reason="would be compiled anew each time")
def test_the_kernel_of_the_page_is_its_twin(extended):
    kernel = importlib.import_module("w2v.kernels.center").train_windows
    names = vars(naive) | {}
    exec(FILES["tests/naive.py"], names)
    table = word_distributions.alias_table(word_distributions.noise_probabilities(COUNTS, 0.75))
    keep = word_distributions.keep_thresholds(COUNTS, 0.02)
    both = np.zeros((2, V + 1, 16))
    both[:, :V, :5] = 0.3 * np.random.default_rng(0).standard_normal((2, V, 5))
    old = both[:, :V, :5].copy()
    rng, windows = state(), allocate_windows(IDS.size, np.float64)
    streams = np.empty(0, np.uint64)
    count = build_windows(IDS, BOUNDS, keep, 2, True, 0.1, 0.05, rng, streams, windows)
    targets, scratch = np.full((count, 6), V, np.int32), make_scratch(6, 16, np.float64)
    frozen = np.zeros(0, np.bool_)
    found = kernel(windows, count, 4, table, rng, targets, *both, frozen, 1, scratch)

    twins = naive.Random(state()[0])
    built = twins.build_windows(SENTENCES, keep, 2, True, 0.1, 0.05)
    wanted = names["center_train_windows"](built, *old, table, 4, twins)
    assert found == pytest.approx(wanted, rel=1e-11)
    np.testing.assert_allclose(both[:, :V, :5], old, rtol=1e-11)
    assert int(rng[0]) == twins.state


def test_a_loss_that_the_model_of_the_page_lacks_is_refused(extended, w2v, folder):
    (folder / "text").write_text("a b c d e\n" * 60)
    outcome = w2v("train", "text", "--model", "center", "--loss", "hs", "--min-count", 1)
    message = "w2v: --loss hs is not offered by this model: leave out --loss\n"
    assert (outcome.code, outcome.err) == (2, message)
