"""Runs that start from vectors of another file: --init, --freeze, --update."""

import json

import numpy as np
import planted
import pytest
from helpers import ARGS, COMPILED, TRAINED, WITH_WORDS, compiled

from w2v import load
from w2v.embeddings import container, formats
from w2v.embeddings.table import Table
from w2v.models import models


@pytest.fixture
def text(folder):
    """A planted text in the current folder."""
    (folder / "text").write_text(planted.text(300 if COMPILED else 12))
    return "text"


@pytest.fixture
def old(w2v, text, folder):
    """A model that is trained on another text: `old.safetensors`."""
    (folder / "before").write_text("the zebra and the emu\n" * 30)
    outcome = w2v("train", "before", *ARGS, "-o", "old.safetensors", "--quiet")
    assert outcome.code == 0, outcome.err
    return "old.safetensors"


def rows(table, names):
    return np.array([table.matrix[table.find(name)] for name in names])


# Each model, and each format with one of them, because no model reads files itself.
EACH_MODEL = [(model, ".safetensors") for model in TRAINED]
EACH_FORMAT = [("skipgram", suffix) for suffix in (".txt", ".bin")]


@pytest.mark.parametrize("rounds", [(), ("--deterministic",)])
@pytest.mark.parametrize(("model", "suffix"), EACH_MODEL + EACH_FORMAT)
def test_frozen_vectors_are_those_of_the_file_and_others_learn(
    w2v, text, old, folder, model, suffix, rounds
):
    formats.save(f"start{suffix}", formats.load(old))
    words = ["--word-vectors"] if model in WITH_WORDS else []
    args = ("--model", model, *words, "--init", f"start{suffix}", *ARGS, *rounds)
    outcome = w2v("train", text, *args, "--freeze", "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    assert (
        f"2 of 142 words take their initial vectors from start{suffix} and stay frozen"
        in outcome.err
        or not COMPILED
    )
    before, after = formats.load(old), formats.load("x.safetensors")
    np.testing.assert_array_equal(rows(after, ["the", "and"]), rows(before, ["the", "and"]))
    free = w2v("train", text, *args, "-o", "y.safetensors")
    assert free.code == 0
    moved = formats.load("y.safetensors")
    assert (rows(moved, ["the", "and"]) != rows(before, ["the", "and"])).any(axis=1).all()
    assert after.find("zebra") is None
    origin = json.loads(container.read("x.safetensors")[1]["origin"])
    assert (origin["option"], origin["freeze"]) == ("--init", True)


@compiled
@pytest.mark.parametrize("rounds", [(), ("--deterministic",)])
@pytest.mark.parametrize(
    "model",
    [
        *TRAINED, *(f"{name} --loss hs" for name in TRAINED), "skipgram --exact",
        "pv-dm --combine concat", "lstm",
    ],
)  # fmt: skip
def test_threads_that_share_frozen_vectors_never_write_them(w2v, folder, model, rounds):
    """Four threads and eight words: each frozen row is in the windows of all threads at once."""
    rng, words = np.random.default_rng(1), list("abcdefgh")
    lines = [" ".join(rng.choice(words, 12)) for _ in range(2000)]
    labelled = [f"{'xy'[number % 2]}\t{line}" for number, line in enumerate(lines[:200])]
    (folder / "text.tsv" if model == "lstm" else folder / "text").write_text(
        "\n".join(labelled if model == "lstm" else lines) + "\n"
    )
    matrix = rng.standard_normal((4, 20)).astype(np.float32)
    matrix[:, 7] = -0.0  # which adding zero would change
    formats.save("start.safetensors", Table.build(words[:4], matrix))
    name, *more = model.split()
    more += ["--word-vectors"] if name in WITH_WORDS else []
    more += ["--epochs", "2"] if model == "lstm" else ["--epochs", "3", "--sample", "0"]
    args = ("--model", name, *more, *rounds, "--init", "start.safetensors", "--freeze")
    text = "text.tsv" if model == "lstm" else "text"
    outcome = w2v("train", text, *args, "--threads", "4", "--min-count", "1", "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    after = formats.load("x.safetensors", "words")
    assert rows(after, words[:4]).tobytes() == matrix.tobytes()


INIT_ALL = [
    *("skipgram", "cbow", "skipgram --loss hs", "pv-dm", "sif", "nbow", "mlp", "lstm --task lm"),
    "skipgram --subwords 3-4",
]


@compiled
@pytest.mark.parametrize("model", INIT_ALL)
def test_the_vocabulary_may_have_all_words_of_the_file(w2v, folder, model):
    """Those that the text lacks keep their vectors; unusable names and vectors are left out."""
    names = b"a 1 2 3\nzebra -1 2 0\nz\xc2\xa0z 3 1 1\nzero 0 0 0\n</s> 1 1 1\ncut\xc2 3 2 1\n"
    (folder / "init.txt").write_bytes(names)
    (folder / "t.tsv").write_text("x\ta b c a\ny\tb c d d\n" * 20)
    (folder / "t.txt").write_text("a b c a\nb c d d\n" * 20)
    name, *more = model.split()
    text = "t.tsv" if name in ("nbow", "mlp") else "t.txt"
    args = ("--model", name, *more, "--min-count", 1, "--init", "init.txt", "--init-all")
    args += ("--sample", 0) if name in ("skipgram", "cbow", "pv-dm") else ()
    outcome = w2v("train", text, *args, "--threads", 1, "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    assert "from init.txt (2 not in the text)" in outcome.err
    left_out = "init.txt: 1 vector is zero ('zero') and 2 names that cannot be a word of a text"
    assert f"{left_out}: left out" in outcome.err
    table = formats.load("x.safetensors", "words") if name != "sif" else None
    if table is None:
        return
    assert {"zero", "</s>"}.isdisjoint(table.names)
    if "--subwords" not in more:
        np.testing.assert_array_equal(rows(table, ["zebra", "z\xa0z"]), [[-1, 2, 0], [3, 1, 1]])
    if name in ("skipgram", "cbow") and "hs" not in more:
        again = ("train", "t.txt", "--update", "x.safetensors", "-o", "y.safetensors")
        assert w2v(*again, "--model", name, "--threads", 1).code == 0
        assert formats.load("y.safetensors").find("zebra") is not None


@compiled
def test_names_that_begin_or_end_with_a_blank_are_no_words(w2v, folder):
    """They were split, so that another word than that of the file got a vector at random."""
    np.save("init.npy", np.eye(4, 3, dtype=np.float32) + 1)
    (folder / "init.words").write_text(" b\nzebra \na\n \n")
    (folder / "text").write_text("a c\n" * 20)
    outcome = w2v(
        "train", "text", "--init", "init.npy", "--init-all", "--sample", 0, "-o", "x.safetensors"
    )
    assert "init.npy: 3 names that cannot be a word of a text: left out" in outcome.err
    assert load("x.safetensors").words == ["a", "c"]


@compiled
@pytest.mark.parametrize(
    "model", ["pv-dm", "pv-dm --loss hs", "pv-dbow --word-vectors", "skipgram"]
)
def test_words_that_only_the_initial_vectors_have_are_no_obstacle_later(w2v, folder, model):
    """Their counts are 0: in the validation loss, in negative samples, and in inference."""
    (folder / "init.txt").write_text("a 1 2 3\nzebra -1 2 0\n")
    (folder / "t.txt").write_text("a b c a\nb c d d\n" * 20)
    name, *more = model.split()
    more += [] if "hs" in more else ["--noise-exponent", "-0.5"]
    args = ("--model", name, *more, "--min-count", 1, "--init", "init.txt", "--init-all")
    args += ("--sample", 0, "--valid", "t.txt", "--epochs", 1, "--threads", 1)
    outcome = w2v("train", "t.txt", *args)
    assert outcome.code == 0, outcome.err
    if name != "skipgram":
        assert w2v("infer", "vectors.safetensors", "t.txt", "-o", "new.txt").code == 0


def test_a_classifier_knows_words_that_only_the_initial_vectors_have(w2v, folder):
    """As fastText's classifiers with -pretrainedVectors."""
    (folder / "init.txt").write_text("cat 9 0 0\nkitten 9 1 0\ndog 0 9 0\npuppy 1 9 0\n")
    (folder / "t.txt").write_text("__label__c cat\n__label__d dog\n" * 20)
    call = ("train", "t.txt", "--model", "nbow", "--init", "init.txt", "--threads", 1)
    assert w2v(*call, "--epochs", 20, "--init-all", "-o", "x.safetensors").code == 0
    vectors = load("x.safetensors")
    assert [vectors.predict(text)[0] for text in ("kitten", "puppy")] == ["c", "d"]


def test_the_dim_is_that_of_the_file_unless_another_is_asked_for(w2v, text, old):
    short = ("--min-count", "1", "--epochs", "1", "--threads", "1", "-o", "x.safetensors")
    assert w2v("train", text, *short, "--init", old).code == 0
    assert formats.load("x.safetensors").dim == 6
    outcome = w2v("train", text, *short, "--init", old, "--dim", "7")
    assert (outcome.code, "has vectors of 6 numbers, but --dim is 7" in outcome.err) == (2, True)


def test_an_update_keeps_its_words_adds_counts_and_new_words(w2v, text, old, folder):
    (folder / "more").write_text("the lynx and the emu\n" * 20)
    outcome = w2v("train", "more", "--update", old, "-o", "new.safetensors", "--threads", "1")
    assert outcome.code == 0, outcome.err
    assert "4 of 5 words take their initial vectors from old.safetensors" in outcome.err
    assert "100 of 100 tokens kept" in outcome.err
    table = formats.load("new.safetensors")
    counts = dict(zip(table.names, table.counts.tolist(), strict=True))
    assert counts == {"the": 100, "emu": 50, "and": 50, "zebra": 30, "lynx": 20}
    settings = json.loads(container.read("new.safetensors")[1]["settings"])
    assert (settings["dim"], settings["sample"], settings["min_count"]) == (6, 0, 1)


def test_an_update_with_a_rate_of_zero_changes_no_vector(w2v, text, old, folder):
    args = ("--update", old, "--lr", "0", "--threads", "1", "-o", "new.safetensors")
    assert w2v("train", "before", *args).code == 0
    (was, _), (now, _) = container.read(old), container.read("new.safetensors")
    np.testing.assert_array_equal(was["words.matrix"], now["words.matrix"])
    np.testing.assert_array_equal(was["output_vectors"], now["output_vectors"])


def test_an_update_resumes_and_knows_when_it_is_done(w2v, text, old, folder):
    args = ("train", "before", "--update", old, "-o", "new.safetensors", "--resume")
    assert "no checkpoint to resume from" in w2v(*args).err
    assert "nothing to do" in w2v(*args).err
    assert "nothing to do" not in w2v(*args, "--epochs", "1").err


def test_an_update_keeps_rare_words(w2v, text, old, folder):
    args = ("--update", old, "--min-count", "60", "-o", "new.safetensors")
    assert w2v("train", "before", *args).code == 0
    assert formats.load("new.safetensors").names == ["the", "zebra", "and", "emu"]


def test_an_update_keeps_its_words_beyond_max_vocab_and_adds_what_that_allows(w2v, folder):
    (folder / "before").write_text("a b c d\n" * 10)
    (folder / "more").write_text("z y z x z y x a b\n" * 6)
    args = ("--dim", 4, "--min-count", 1, "--threads", 1, "--sample", 0, "--quiet")
    assert w2v("train", "before", *args, "--max-vocab", 4, "-o", "old.safetensors").code == 0
    update = ("train", "more", "--update", "old.safetensors", "--threads", 1, "-o", "x.safetensors")
    outcome = w2v(*update)
    assert outcome.code == 0, outcome.err
    assert (
        "the vocabulary is full (--max-vocab 4): raise --max-vocab to add more new words"
        in outcome.err
    )
    assert formats.load("x.safetensors").names == ["a", "b", "c", "d"]
    for most, new in ((3, []), (5, ["z"]), (6, ["z", "y"]), (9, ["z", "y", "x"])):
        outcome = w2v(*update, "--max-vocab", most)
        assert set(formats.load("x.safetensors").names) == {"a", "b", "c", "d", *new}
        assert ("vocabulary is full" in outcome.err) == (most < 7)


@pytest.mark.parametrize("suffix", [".safetensors", ".txt"])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no words in the text"),
        ("\n \n", "no words in the text"),
        ("lynx yak\nlynx\n", "none of its words is in the model, and none occurs often enough"),
        ("the\nlynx emu\nemu\n", "no line has two words of the vocabulary"),
    ],
)
def test_an_update_with_nothing_to_learn_leaves_the_model_as_it_is(
    w2v, folder, model, text, why, suffix
):
    """A daily job on a day without new text must still write the model for the next day."""
    (folder / "before").write_text("the zebra and the emu\n" * 30)
    args = ("--model", model, "--dim", 6, "--min-count", 3, "--threads", 1)
    assert w2v("train", "before", *args, "-o", "old.safetensors").code == 0
    (folder / "today").write_text(text)
    new = f"new{suffix}"
    outcome = w2v("train", "today", "--model", model, "--update", "old.safetensors", "-o", new)
    assert outcome.code == 0, outcome.err
    last = outcome.err.splitlines()[-1]
    assert last.startswith(f"today: {why}")
    holds = "is an unchanged copy" if suffix == ".safetensors" else "holds the vectors"
    assert last.endswith(f"nothing to learn; {new} {holds} of old.safetensors")
    if suffix == ".safetensors":
        assert (folder / new).read_bytes() == (folder / "old.safetensors").read_bytes()
    else:
        was, now = formats.load("old.safetensors"), formats.load(new)
        assert now.names == was.names
        np.testing.assert_array_equal(now.matrix, was.matrix)
    assert not (folder / f"{new}.checkpoint").exists()
    dry = ("train", "today", "--model", model, "--update", "old.safetensors", "-o", "dry.txt")
    outcome = w2v(*dry, "--dry-run")
    assert (outcome.code, why in outcome.err, (folder / "dry.txt").exists()) == (2, True, False)


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        (["the", "a b"], [9, 5]),
        (["the", "</s>"], [9, 5]),
        (["the", ""], [9, 5]),
        (["the", "\udcff"], [9, 5]),
        (["the", "emu"], [0, 0]),
        (["the", "emu"], [-9, 5]),
    ],
)
def test_a_model_that_no_text_can_have_given_is_not_updated(w2v, text, old, names, counts):
    table = Table.build(names, np.ones((2, 6), np.float32), np.array(counts))
    tensors = container.table_tensors("words", table)
    tensors["output_vectors"] = np.ones((2, 6), np.float32)
    container.write("bad.safetensors", tensors, container.read(old)[1])
    outcome = w2v("train", text, "--update", "bad.safetensors", "-o", "x.safetensors")
    assert (outcome.code, "bad.safetensors: damaged" in outcome.err) == (2, True), outcome


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--update", "old.safetensors", "--model", "cbow"), "with --model skipgram: use --model"),
        (
            ("--update", "old.txt"),
            "old.txt (word2vec text) is not a model of w2v train, which --update continues: --init",
        ),
        (("--update", "bare.safetensors"), "--init bare.safetensors starts from its vectors"),
        (("--update", "old.bin"), "old.bin (word2vec binary) is not a model"),
        (
            ("--update", "old.checkpoint"),
            "is the checkpoint of a stopped run: continue that run with --res",
        ),
        (("--update", "nowhere"), "nowhere: No such file"),
        (
            ("--update", "old.safetensors", "--init", "old.txt"),
            "--init and --update cannot be used together",
        ),
        (("--freeze",), "--freeze is for --init"),
        (("--init-all",), "--init-all is for --init"),
        (
            ("--init", "old.txt", "--init-all", "--read-vocab", "text"),
            "--read-vocab cannot be used with --init-all, which adds words to a vocabulary",
        ),
        (("--update", "x.safetensors"), "x.safetensors is the model of --update"),
        (("--init", "x.safetensors"), "x.safetensors is the file of the initial vectors"),
        (("--init", "text"), "text is not a vector file: row 1: expected a name and two"),
    ],
)
def test_what_cannot_be_started_from_is_one_line(w2v, text, old, args, said):
    formats.save("old.txt", formats.load(old))
    formats.save("x.safetensors", formats.load(old))
    formats.save("bare.safetensors", formats.load(old))
    formats.save("old.bin", formats.load(old))
    container.write("old.checkpoint", container.read(old)[0], {"kind": "checkpoint"})
    if args[1:] == ("x.safetensors",):
        container.write("x.safetensors", *container.read(old))
    outcome = w2v("train", text, "--min-count", "1", *args, "-o", "x.safetensors")
    assert outcome.code == 2
    assert said in outcome.err


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("model", [n for n, model in models().items() if not model.updatable])
def test_what_cannot_be_updated_is_called_by_its_name_with_what_to_do(w2v, folder, model, given):
    """The error is the same with and without --model, and its advice works."""
    kind = models()[model]
    labels = ("__label__x ", "__label__y ") if kind.predicts else ("", "")
    (folder / "text").write_text("".join(f"{label}a b a c\n" for label in labels))
    (folder / "init.txt").write_text("a 1 2\nb 2 1\nc 1 1\n")
    start = ("--init", "init.txt") if model == "sif" else ()
    short = () if kind.method == "closed form" else ("--epochs", 1)
    short += ("--dim", 2, "--units", 2) if kind.is_network else ()
    args = ("--model", model, "--min-count", 1, "--threads", 1, *short)
    assert w2v("train", "text", *args, *start, "-o", "old.safetensors").code == 0
    asked = args if given else args[2:6]
    outcome = w2v("train", "text", *asked, "--update", "old.safetensors", "-o", "new.safetensors")
    if kind.predicts:
        instead = ", or start from its word vectors with --init"
        work = ("train", "text", *args, "--init", "old.safetensors", "-o", "new.safetensors")
    elif kind.inference:
        instead = ", or compute the vectors of new documents with w2v infer"
        work = ("infer", "old.safetensors", "text")
    else:
        instead, work = "", ("train", "text", *args, "-o", "new.safetensors")
    assert (outcome.code, outcome.err) == (
        2,
        f"w2v: old.safetensors was trained with --model {model}, which cannot be updated: train it "
        f"again on all texts{instead}\n",
    )
    assert w2v(*work).code == 0


BAD = {"b": [0, 0], "c": [np.nan, 1], "d": [np.inf, 1], "e": [1, -np.inf]}
GOOD = {"a": [1, 2], "f": [2, 1]}
LEFT_OUT = "1 vector is zero ('b') and 3 vectors are not finite ('c', 'd', 'e'): left out"


@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize(
    ("model", "suffix"),
    [*EACH_MODEL, *EACH_FORMAT, ("sif", ".safetensors"), ("lstm", ".safetensors")],
)
def test_vectors_without_a_direction_are_none_to_start_from(w2v, folder, model, suffix, freeze):
    """The result is that of a file without them. Only those of words of the text are reported."""
    if model == "sif" and freeze:
        pytest.skip("computes with the vectors as they are")
    label = ["__label__x ", "__label__y "] if model == "lstm" else ["", ""]
    line = "a b c d e f a c b f\n"
    (folder / "text").write_text((label[0] + line + label[1] + line) * (10 if COMPILED else 2))
    for name, rows_ in (("good", GOOD), ("bad", {**BAD, **GOOD, "unseen": [0, 0]})):
        table = Table.build(list(rows_), np.array(list(rows_.values()), np.float32))
        formats.save(f"{name}{suffix}", table)
    words = ["--word-vectors"] if model in WITH_WORDS else []
    epochs = [] if model == "sif" else ["--epochs", 2]
    args = ("--model", model, *words, *epochs, "--min-count", 1, "--threads", 1)
    args = (*args, *["--freeze"] * freeze)
    for name in ("good", "bad"):
        outcome = w2v(
            "train", "text", *args, "--init", f"{name}{suffix}", "-o", f"{name}.out.safetensors"
        )
        assert outcome.code == 0, outcome.err
        assert "2 of " in outcome.err
        assert (f"bad{suffix}: {LEFT_OUT}" in outcome.err) == (name == "bad")
    (one, _), (other, _) = (container.read(f"{name}.out.safetensors") for name in ("good", "bad"))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)
        assert array.dtype.kind != "f" or np.isfinite(array).all()


def test_a_file_without_one_vector_that_has_a_direction_is_none_for_sif(w2v, folder):
    (folder / "text").write_text("b c\nb\n" * 9)
    (folder / "bad.txt").write_text("b 0 0\nc nan 1\n")
    outcome = w2v("train", "text", "--model", "sif", "--init", "bad.txt", "-o", "x.safetensors")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2,
        "w2v: bad.txt has no vector for any word of the text: 1 vector is zero ('b') and 1 vector "
        "is not finite ('c')",
    )


@compiled
def test_vectors_too_large_for_sums_are_called_so_without_a_rate_to_lower(w2v, folder):
    (folder / "text").write_text("a f\nf a a\n" * 9)
    (folder / "big.txt").write_text("a 3e38 3e38\nf 3e38 -3e38\n")
    outcome = w2v("train", "text", "--model", "sif", "--init", "big.txt", "-o", "x.safetensors")
    assert "Traceback" not in outcome.err
    assert "--lr" not in outcome.err


def test_a_model_with_vectors_that_are_not_finite_is_not_updated(w2v, text, old):
    tensors, metadata = container.read(old)
    for name in ("words.norms", "output_vectors"):
        bad = {key: array.copy() for key, array in tensors.items()}
        bad[name][...] = np.nan
        container.write("bad.safetensors", bad, metadata)
        outcome = w2v("train", text, "--update", "bad.safetensors", "-o", "x.safetensors")
        assert outcome.code == 2
        assert "bad.safetensors: damaged: some vectors are not finite" in outcome.err
