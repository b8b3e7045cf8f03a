"""Command lines of word2vec.c and fastText, and their options that w2v does not have."""

import planted
import pytest
from helpers import COMPILED

from w2v.cli import _FOREIGN_COMMANDS, COMMANDS
from w2v.cli.foreign_options import translated
from w2v.errors import W2VError
from w2v.models import models

SMALL = ["-size", "8", "-iter", "1", "-threads", "1", "-min-count", "1"]


@pytest.fixture
def text(folder):
    (folder / "text.txt").write_text(planted.text(200 if COMPILED else 8))
    return "text.txt"


def test_word2vecs_own_command_line(w2v, text):
    """The options of its demo scripts give the same file as those of w2v."""
    theirs = w2v(
        "train", "-train", text, "-output", "theirs.bin", *SMALL, "-window", 8, "-negative", 4,
        "-hs", 0, "-sample", "1e-4", "-binary", 1, "-cbow", 1, "-alpha", 0.04, "-debug", 0,
        "-classes", 0, "-save-vocab", "counts.txt",
    )  # fmt: skip
    assert theirs == (0, "", "")
    ours = w2v(
        "train", text, "-o", "ours.bin", "--model", "cbow", "--dim", 8, "--epochs", 1, "--lr", 0.04,
        "--threads", 1, "--min-count", 1, "--window", 8, "--negative", 4, "--sample", 1e-4,
    )  # fmt: skip
    assert ours.code == 0
    with open("theirs.bin", "rb") as one, open("ours.bin", "rb") as other:
        assert one.read() == other.read()
    with open("counts.txt") as file:
        assert file.read() == w2v("vocab", text, "--min-count", 1).out
    again = ("train", "-train", text, "-output", "again.bin", "-read-vocab", "counts.txt", *SMALL)
    assert w2v(*again, "-binary", "1", "-cbow", "0").code == 0


def test_cbow_is_its_default_and_ours_is_what_is_said_so():
    assert translated(["-train", "x"]) == ["--model", "cbow", "x"]
    assert translated(["-train", "x", "-cbow", "0"]) == ["--model", "skipgram", "x"]
    assert translated(["-train", "x", "--model", "lda"]) == ["--model", "lda", "x"]
    assert translated(["x", "-size", "9"]) == ["--dim", "9", "x"]
    assert translated(["x", "--size", "9"]) == ["x", "--size", "9"]
    assert translated(["--", "-size", "-train"]) == ["--", "-size", "-train"]
    assert translated(["-size", "9", "--", "-train"]) == ["--dim", "9", "--", "-train"]


def test_fasttexts_command_line():
    theirs = "skipgram -input x -output y.vec -minCount 2 -dim 9 -ws 3 -epoch 4 -neg 6 -thread 2"
    more = "-lr 0.1 -t 1e-5 -loss ns -maxn 0 -minn 0 -bucket 1 -lrUpdateRate 9 -verbose 2"
    found = translated(f"{theirs} {more}".split())
    ours = "--output y.vec --min-count 2 --dim 9 --window 3 --epochs 4 --negative 6 --threads 2"
    assert found == f"--model skipgram {ours} --lr 0.1 --sample 1e-5 x".split()


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("-train x -hs 1 -negative 0 -size 9", "--model cbow --loss hs --dim 9"),
        ("-train x -cbow 0 -hs 1 -negative 0", "--model skipgram --loss hs"),
        ("-train x -hs 0 -negative 7", "--model cbow --negative 7"),
        ("skipgram -input x -loss hs -neg 7 -maxn 0", "--model skipgram --loss hs"),
        ("cbow -input x -loss ns -neg 7 -maxn 0", "--model cbow --negative 7"),
        (
            "skipgram -input x -loss hs",
            "--model skipgram --subwords 3-6 --buckets 2000000 --loss hs",
        ),
    ],
)
def test_hierarchical_softmax_of_word2vec_and_fasttext(theirs, ours):
    assert translated(theirs.split()) == [*ours.split(), "x"]


def test_hierarchical_softmax_trains(w2v, text):
    theirs = ("train", "-train", text, *SMALL, "-hs", 1, "-negative", 0, "-output", "theirs.vec")
    assert w2v(*theirs).code == 0
    ours = ("--model", "cbow", "--dim", 8, "--epochs", 1, "--threads", 1, "--min-count", 1)
    assert w2v("train", text, *ours, "--loss", "hs", "-o", "ours.vec").code == 0
    with open("theirs.vec", "rb") as one, open("ours.vec", "rb") as other:
        assert one.read() == other.read()


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("", "--subwords 3-6 --buckets 2000000"),
        (" -minn 2 -maxn 5 -bucket 9", "--subwords 2-5 --buckets 9"),
        (" -minn 0 -maxn 4", "--subwords 1-4 --buckets 2000000"),
        (" -maxn 0", ""),
    ],
)
def test_fasttexts_ngrams_have_its_defaults(theirs, ours):
    found = translated(f"cbow -input x{theirs}".split())
    assert found == ["--model", "cbow", *ours.split(), "x"]


def test_ngrams_are_not_added_to_another_model_or_to_own_options():
    assert translated(["-input", "x", "--model", "ppmi"]) == ["--model", "ppmi", "x"]
    own = ["--subwords", "2-3"]
    assert translated(["cbow", "-input", "x", *own]) == ["--model", "cbow", *own, "x"]
    own = ["--buckets", "7"]
    found = translated(["cbow", "-input", "x", "-maxn", "4", *own])
    assert found == ["--model", "cbow", "--subwords", "3-4", *own, "x"]


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        ("-train x -hs 1", "-hs 1: word2vec.c adds negative samples to it, and w2v trains with on"),
        ("-train x -hs 1 -negative 5", "-hs 1: word2vec.c adds negative samples to it, and w2v t"),
        ("-train x -hs 2", "-hs 2: expected 1 for hierarchical softmax or 0 for none"),
        ("-train x -classes 500", "-classes 500: clustering is not supported: write an array"),
        ("-train x -output y.txt -binary 1", "-binary 1 -output y.txt: the suffix sets the for"),
        ("-train x -output y.bin -binary 0", "-binary 0 -output y.bin: the suffix sets the for"),
        ("-train x -save-vocab y", "-save-vocab without -output: to only count words, use w2v"),
        ("-train x -cbow 2", "-cbow 2: expected 1 for CBOW or 0 for skip-gram"),
        ("-train", "-train needs a value"),
        ("skipgram -input x -loss ova", "-loss ova: word vectors are trained with ns or hs: use o"),
        ("supervised -input x -label __is__", "-label __is__: labels begin with __label__: write"),
        ("supervised -input x -minCountLabel 2", "-minCountLabel 2: all labels are kept: remove"),
        ("skipgram -input x -label __is__", "-label __is__: word vectors are trained without lab"),
        ("skipgram -input x -minCountLabel 2", "-minCountLabel 2: word vectors are trained witho"),
        ("supervised -input x -autotune-modelsize 2M", "-autotune-modelsize 2M: the search does n"),
        ("supervised -input x -autotune-metric precision:9", "-autotune-metric precision:9: --ti"),
        ("skipgram -saveOutput -input x", "-saveOutput 1: use an -output that ends in .safetens"),
        ("skipgram -input x -saveOutput", "-saveOutput 1: use an -output that ends in .safetens"),
        ("skipgram -input x -wordNgrams 2", "-wordNgrams 2: word n-grams are not supported"),
    ],
)
def test_what_is_not_offered_is_a_line(w2v, folder, theirs, message):
    with pytest.raises(W2VError, match=message):
        translated(theirs.split())
    found = w2v("train", *theirs.split())
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(f"w2v: {message}")
    assert found.err.count("\n") == 1


def test_a_wrong_value_names_our_option(w2v, text):
    found = w2v("train", "-train", text, "-size", "many")
    assert found.code == 2
    assert "--dim" in found.err


def test_a_folder_of_texts(w2v, folder):
    (folder / "texts" / "more").mkdir(parents=True)
    (folder / "texts" / ".hidden").write_text("secret\n" * 9)
    (folder / "texts" / "b.txt").write_text("c d\n" * 9)
    (folder / "texts" / "more" / "a.txt").write_text("e f\n" * 9)
    said = w2v("train", "texts")
    assert said.code == 2
    assert said.err == (
        "w2v: texts is a directory: read all its files with -r, or name them: texts/*\n"
    )
    small = ("--dim", 8, "--epochs", 1, "--min-count", 1, "--sample", 0)
    found = w2v("train", "-r", "texts", *small)
    assert found.code == 0
    assert "vocabulary: 4 of 4 words" in found.err
    files = w2v("train", "texts/b.txt", "texts/more/a.txt", *small, "-o", "files.safetensors")
    assert files.err.splitlines()[0] == found.err.splitlines()[0]
    (folder / "empty").mkdir()
    assert w2v("train", "-r", "empty").err == "w2v: empty: no files in this folder\n"
    assert w2v("vocab", "-r", "texts").out.split()[::2] == ["</s>", "c", "d", "e", "f"]
    assert w2v("phrases", "-r", "texts", "-o", "out", "--list", "-").code == 0


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("supervised -input x", "--word-ngrams 1 --loss softmax"),
        ("supervised -input x -loss one-vs-all -wordNgrams 2 -dim 9",
         "--word-ngrams 2 --loss ova --dim 9"),
        ("supervised -input x -minCount 3 -minn 2 -maxn 4 -bucket 500 -loss hs",
         "--word-ngrams 1 --loss hs --subwords 2-4 --buckets 500 --min-count 3"),
        ("supervised -input x -autotune-validation v", "--loss softmax --valid v --time 300"),
        ("supervised -input x -autotune-validation v -autotune-duration 60 -wordNgrams 2 -maxn 0",
         "--word-ngrams 2 --loss softmax --subwords none --valid v --time 60"),
        ("supervised -input x -autotune-validation v -autotune-metric f1:__label__a",
            "--metric f1:a --loss softmax --valid v --time 300"),
        ("supervised -input x -autotune-duration 60", "--word-ngrams 1 --loss softmax --time 60"),
        ("supervised -input x -autotune-validation v -autotune-metric f1 -minn 2 -maxn 5",
         "--loss softmax --subwords 2-5 --buckets 2000000 --valid v --time 300"),
    ],
)  # fmt: skip
def test_a_classifier_of_fasttext(theirs, ours):
    assert translated(theirs.split()) == ["--model", "nbow", *ours.split(), "x"]


def test_fasttext_supervised_trains_a_classifier(w2v, folder):
    (folder / "x.txt").write_text("__label__a good film\n__label__b bad film\n" * 20)
    options = ("-output", "m.safetensors", "-wordNgrams", 2, "-epoch", 2, "-lr", 0.2)
    found = w2v("train", "supervised", "-input", "x.txt", *options)
    assert found.code == 0, found.err
    assert w2v("predict", "m.safetensors", stdin=b"bad\n").out.endswith("  b\n")


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("doc2vec", "pv-dbow or pv-dm"), ("dm", "pv-dm"), ("DBOW", "pv-dbow"), ("PV_DM", "pv-dm"),
        ("word2vec", "cbow or skipgram"), ("sgns", "skipgram"), ("fasttext", "nbow or skipgram"),
        ("glove", "ppmi or skipgram"), ("lsi", "lsa"), ("LDA", "lda"), ("plsa", "lda"),
        ("hdp", "lda"), ("nmf", "lda or lsa"), ("bow", "lsa or nbow"), ("supervised", "nbow"),
    ],
)  # fmt: skip
def test_names_of_models_of_other_programs_name_ours(w2v, text, name, ours):
    outcome = w2v("train", text, "--model", name)
    said = f"w2v: --model {name}: no such model; use {ours}, or one of cbow, gru, "
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert outcome.err.startswith(said)


def test_other_names_of_models_are_no_models():
    others = {name for model in models().values() for name in model.other_names}
    assert not others & {*models()}
    assert all(name == name.lower().replace("_", "-") for name in others)


@pytest.mark.parametrize("name", sorted(_FOREIGN_COMMANDS))
def test_a_command_of_another_program_names_ours(w2v, folder, name):
    """Whose options exist, so that the advice works."""
    found = w2v(name, "x")
    assert (found.code, found.out) == (2, "")
    assert found.err == f"w2v: No such command {name!r}: in w2v it is {_FOREIGN_COMMANDS[name]}\n"
    _, command, *rest = _FOREIGN_COMMANDS[name].split()
    assert command in COMMANDS
    shown = w2v(command, *(rest[:1] if command == "evaluate" else ()), "--help").out
    for option in (word for word in rest if word.startswith("--")):
        assert option in shown


def test_every_command_of_fasttext_and_word2vec_has_a_hint_or_our_name():
    fasttext = (
        "supervised quantize test test-label predict predict-prob skipgram cbow "
        "print-word-vectors print-sentence-vectors print-ngrams nn analogies dump"
    )
    word2vec = "distance word-analogy word2phrase compute-accuracy"
    names = f"{fasttext} {word2vec}".split()
    assert {*names} <= {*_FOREIGN_COMMANDS, *COMMANDS}
