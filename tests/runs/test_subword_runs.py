"""What runs with n-grams say: no n-grams, those of another file, and too little memory."""

import itertools
import re

import numpy as np
import pytest
from helpers import COMPILED

from w2v.embeddings import formats

pytestmark = pytest.mark.skipif(not COMPILED, reason="trains, and the kernels are not compiled")
NUMBERED = ("--subwords", "3-4")
HASHED = ("--subwords", "2-3", "--buckets", 50)


@pytest.fixture
def train(w2v, folder):
    """Train a small model on a small text: train(output, *options)."""
    (folder / "text").write_text("the lynx and the emu see the zebra and the lynx\n" * 30)

    def run(output, *options):
        common = ("--min-count", 1, "--epochs", 1, "--threads", 1)
        return w2v("train", "text", *common, "-o", output, *options)

    return run


def test_a_model_without_ngrams_is_said_to_compose_nothing(train, monkeypatch):
    monkeypatch.setattr("w2v.embeddings.bucket_rows.USUAL", 99)
    outcome = train("x.bin", "--dim", 6, "--subwords", "30-36")
    assert outcome.code == 0
    assert "no n-gram of --subwords 30-36 occurs in a word of the vocabulary" in outcome.err
    assert "approximate" not in outcome.err
    outcome = train("x.bin", "--dim", 6, *NUMBERED, "--subword-min-count", 9)
    assert "occurs in 9 words of the vocabulary" in outcome.err
    assert "a lower --subword-min-count" in outcome.err
    assert "no n-gram" not in train("x.bin", "--dim", 6, *NUMBERED).err


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
@pytest.mark.parametrize(("old", "new"), [(HASHED, NUMBERED), (HASHED, ("--subwords", "2-3"))])
def test_ngrams_of_a_file_that_are_not_used_are_said_and_the_advice_uses_them(
    train, old, new, suffix
):
    assert train(f"old{suffix}", "--dim", 6, *old).code == 0
    init = ("--init", f"old{suffix}", "--lr", 1e-9)
    said = train("new.safetensors", *init, *new).err
    found = re.search(r"are not used: (.*) uses them", said)
    assert found
    outcome = train("new.safetensors", *init, *found[1].split())
    assert "not used" not in outcome.err
    was, now = (formats.load(f) for f in (f"old{suffix}", "new.safetensors"))
    # A .bin has zeros for n-grams that do not occur, which make vectors shorter.
    now, was = now.compose("lynxes"), was.compose("lynxes")
    np.testing.assert_allclose(now / np.linalg.norm(now), was / np.linalg.norm(was), atol=1e-4)


@pytest.mark.parametrize("model", ["skipgram", "skipgram --subwords 2-4", "nbow"])
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_words_that_a_file_lacks_start_from_its_ngrams(train, w2v, folder, suffix, model):
    assert train(f"old{suffix}", "--dim", 6, *HASHED).code == 0
    (folder / "new.txt").write_text("__label__x the lynxes\n__label__y the 日\n" * 30)
    name, *options = model.split()
    options += [] if name == "nbow" else ["--min-count", 1]
    args = ("--model", name, *options, "--init", f"old{suffix}", "--freeze", "--threads", 1)
    outcome = w2v("train", "new.txt", *args, "--epochs", 1, "-o", "new.safetensors")
    assert outcome.code == 0, outcome.err
    assert f"from old{suffix} (" in outcome.err
    assert "composed of its n-grams) and stay frozen" in outcome.err
    was, now = formats.load(f"old{suffix}"), formats.load("new.safetensors")
    vector = now.matrix[now.find("lynxes")]
    np.testing.assert_allclose(vector, was.compose("lynxes"), atol=1e-5)
    keeps = "the n-grams" if name == "skipgram" and not options[:-2] else "uses them"
    assert outcome.err.count("--subwords 2-3 --buckets 50") == 1
    assert keeps in outcome.err or name == "nbow"


def test_numbered_ngrams_are_used_without_buckets(train):
    train("old.safetensors", "--dim", 6, *NUMBERED)
    outcome = train("new.safetensors", "--init", "old.safetensors", *NUMBERED, "--buckets", 9)
    assert "not used: --subwords 3-4 without --buckets uses them" in outcome.err
    outcome = train("new.safetensors", "--update", "old.safetensors", "--subwords", "2-4")
    assert "not used: --subwords 3-4 uses them" in outcome.err
    for same in (("--update", "old.safetensors"), ("--init", "old.safetensors", *NUMBERED)):
        assert "not used" not in train("new.safetensors", *same).err


@pytest.mark.parametrize(
    ("suffix", "said"), [(".bin", "distributed to 99 buckets"), (".vec", "are left out")]
)
def test_an_update_with_nothing_to_learn_keeps_the_ngrams_or_says_so(
    train, w2v, folder, suffix, said, monkeypatch
):
    monkeypatch.setattr("w2v.embeddings.bucket_rows.USUAL", 99)
    train("old.safetensors", "--dim", 2, *NUMBERED)
    (folder / "today").write_text("yak\n")
    outcome = w2v("train", "today", "--update", "old.safetensors", "-o", f"new{suffix}")
    assert outcome.code == 0
    assert said in outcome.err.splitlines()[-1]
    now = formats.load(f"new{suffix}")
    assert (now.subwords is None) == (suffix == ".vec")
    np.testing.assert_allclose(now.matrix, formats.load("old.safetensors").matrix, atol=1e-5)


def test_buckets_are_advised_where_they_save_enough_memory(train, folder, monkeypatch):
    monkeypatch.setattr("w2v.runs.memory.check_numbering", lambda *args: None)
    monkeypatch.setattr("w2v.system.resources.peak_memory", lambda: 0)
    monkeypatch.setattr("w2v.system.resources.used_memory", lambda: 10_000_000)
    few = train("x.bin", "--dim", 6, *NUMBERED, "--max-memory", "9MB").err
    assert "try a higher --min-count or a smaller --dim" in few
    (folder / "text").write_text(" ".join(map("".join, itertools.product("ab", repeat=5))))
    monkeypatch.setattr("w2v.runs.request.FEWEST_BUCKETS", 2)
    args = ("--dim", 60_000, *NUMBERED)
    found = re.search(r"training needs (\d+) MB", train("x.bin", *args, "--max-memory", "9MB").err)
    assert found
    limit = ("--max-memory", f"{int(found[1]) - 2}MB")
    said = train("x.bin", *args, *limit).err
    advised = re.search(r"try (--buckets \d+),", said)
    assert advised, said
    outcome = train("x.bin", *args, *limit, *advised[1].split())
    assert "training needs" not in outcome.err


def test_standard_output_is_named(train):
    assert train("-", "--dim", 6, *NUMBERED).err.endswith("wrote stdout\n")
