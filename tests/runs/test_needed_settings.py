"""Options that have no effect without another option are refused, unless they have the default."""

import shlex

import pytest
from helpers import compiled

WORDS = "pos\tgood fine good\nneg\tbad poor bad\n"
NETWORK = ("--dim", 4, "--units", 4, "--epochs", 1, "--min-count", 1, "--format", "tsv")
BAG = ("--dim", 4, "--epochs", 1)
LM = ("--task", "lm", "--dim", 4, "--units", 4)

NO_EFFECT = [
    ("rnn", NETWORK, ("--tied",), "--task lm"),
    ("mlp", NETWORK, ("--samples", 10), "--task lm"),
    ("gru", NETWORK, ("--bptt", 10), "--task lm"),
    ("lstm", NETWORK, ("--cut", 0.3), "--schedule cut"),
    ("rnn", LM, ("--pool", "mean"), "--task classify"),
    ("rnn", LM, ("--length", 7), "--task classify"),
    ("nbow", BAG, ("--ngram-min-count", 3), "--word-ngrams 1-2"),
    ("nbow", BAG, ("--max-ngrams", 2), "--word-ngrams 1-2"),
]


@pytest.mark.parametrize(("model", "args", "option", "needed"), NO_EFFECT)
def test_an_option_without_an_effect_is_refused(w2v, folder, model, args, option, needed):
    (folder / "text.tsv").write_text(WORDS)
    outcome = w2v("train", "text.tsv", "--model", model, *args, *option, "-o", "x.safetensors")
    name = option[0]
    assert outcome.code == 2
    assert outcome.err == (
        f"w2v: {name} has no effect without {needed}: add it, or leave out {name}\n"
    )


DEFAULTS = [
    ("mlp", (*LM, "--length", 3, "--min-count", 1)),
    ("rnn", (*NETWORK, "--samples", 0, "--bptt", 35, "--cut", 0.5)),
    ("nbow", (*BAG, "--negative", 5, "--ngram-min-count", 2, "--max-ngrams", 2_000_000)),
    ("nbow", (*BAG, "--word-ngrams", "1-2", "--ngram-min-count", 1, "--max-ngrams", 9)),
    ("nbow", (*BAG, "--loss", "ns", "--negative", 2)),
    ("nbow", (*BAG, "--negative", 2)),  # as command lines of fastText have
    ("nbow", (*BAG, "--max-ngrams", 9, "--time", "9s", "--valid", "valid.tsv")),
]


@pytest.mark.parametrize(("model", "args"), DEFAULTS)
def test_defaults_and_options_with_an_effect_are_accepted(w2v, folder, model, args):
    for name in ("text.tsv", "valid.tsv"):
        (folder / name).write_text(WORDS)
    more = ("--dry-run", "--quiet", "-o", "x.safetensors")
    outcome = w2v("train", "text.tsv", "--model", model, *args, *more)
    assert outcome.code == 0, outcome.err


@compiled
def test_the_command_of_a_search_leaves_out_what_has_no_effect(w2v, folder):
    for name in ("text.tsv", "valid.tsv"):
        (folder / name).write_text(WORDS * 9)
    files = ("text.tsv", "--valid", "valid.tsv", "-o", "x.safetensors", "--threads", 1)
    more = ("--max-ngrams", 9, "--lr", 1, "--dim", 4, "--time", "60s")
    outcome = w2v("train", *files, "--model", "nbow", *more)
    assert outcome.code == 0, outcome.err
    [line] = [line for line in outcome.err.splitlines() if " w2v train " in line]
    args = shlex.split(line.partition(": ")[2])[1:]
    assert ("--max-ngrams" in args) == ("--word-ngrams" in args)
    assert w2v(*args).code == 0
