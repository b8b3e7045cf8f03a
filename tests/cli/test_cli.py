"""The command line: each command with good and bad arguments; exit status, stdout, stderr."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import fields

import click
import numpy as np
import pytest
import safetensors.numpy
from helpers import compiled, compiled_only, one_line

from w2v.cli import COMMANDS, cli
from w2v.cli.command import finite
from w2v.embeddings import container, formats
from w2v.models import models
from w2v.setting_fields import option_name
from w2v.settings import RunSettings, TextSettings

SMALL = ("--dim", 4, "--min-count", 1, "--epochs", 1, "--sample", 0, "--threads", 1)
LETTERS = b"A B A C B F G\n"


# w2v train


def test_the_first_thing_that_a_reader_of_an_introduction_types(w2v, folder):
    trained = w2v("train", "-", "--dim", 3, "--min-count", 1, stdin=LETTERS)
    assert trained.code == 0
    assert trained.out == ""
    for letter in "ABCFG":
        assert len(w2v("vector", letter).out.split()) == 1 + 3


def test_without_min_count_the_error_names_the_value_that_works(w2v, folder):
    outcome = w2v("train", "-", "--dim", 3, stdin=LETTERS)
    assert one_line(outcome, 2, "none of 5 different words", "occurs 2 times", "--min-count 2")
    assert not list(folder.iterdir())


def test_what_training_says(w2v, folder):
    said = w2v("train", "-", *SMALL, stdin=LETTERS).err
    for part in (
        "vocabulary: 5 of 5 words; 7 of 7 tokens kept, in 1 sentence\n",
        "memory: ",
        "trained 1 epoch in ",
        "on 1 thread; loss ",
        "wrote vectors.safetensors",
    ):
        assert part in said
    assert w2v("train", "-", *SMALL, "--quiet", stdin=LETTERS).err == ""


def test_the_file_holds_what_it_says(w2v, folder):
    w2v("train", "-", *SMALL, "--seed", 9, stdin=b"a b a\nc\n")
    facts = json.loads(w2v("info", "vectors.safetensors", "--json", "--check").out)
    assert facts["model"] == "skipgram"
    assert facts["settings"]["seed"] == 9
    assert facts["settings"]["tokenizer"] == "space"
    assert facts["corpus"]["tokens"] == 4
    assert facts["corpus"]["types"] == 3
    assert facts["tables"] == {"words": {"rows": 3, "dim": 4, "dtype": "float32"}}
    assert len(facts["losses"]) == 1
    assert facts["checked"] is True
    assert "threads" not in str(facts)
    tensors = safetensors.numpy.load_file("vectors.safetensors")
    assert tensors["words.matrix"].shape == tensors["output_vectors"].shape == (3, 4)
    assert bytes(tensors["words.names"]) == b"abc"
    assert tensors["words.counts"].tolist() == [2, 1, 1]
    assert "seed: 9" in w2v("info", "vectors.safetensors").out


@pytest.mark.parametrize("name", ["x.txt", "x.vec", "x.bin", "x.safetensors"])
def test_the_suffix_picks_the_format(w2v, folder, name):
    assert w2v("train", "-", *SMALL, "-o", name, stdin=LETTERS).code == 0
    assert formats.load(name).names == ["A", "B", "C", "F", "G"]
    assert w2v("similar", "A", "-v", name).code == 0


def test_vectors_can_go_down_a_pipe(w2v, folder):
    assert w2v("train", "-", *SMALL, "-o", "-", stdin=LETTERS).out.startswith("5 4\nA ")


def test_several_files_are_one_text(w2v, folder):
    (folder / "a").write_bytes(b"x y\n")
    (folder / "b").write_bytes(b"x z\n")
    w2v("train", "a", "b", *SMALL, "-o", "two.safetensors")
    w2v("train", "-", *SMALL, "-o", "one.safetensors", stdin=b"x y\nx z\n")
    assert (folder / "one.safetensors").read_bytes() == (folder / "two.safetensors").read_bytes()


def test_flags_of_the_text(w2v, folder):
    text = "Ab ab, 我爱 x\n".encode()
    flags = ("--lowercase", "--tokenizer", "chars", "--no-shrink", "--max-vocab", 3)
    w2v("train", "-", *SMALL, *flags, "-o", "x.txt", stdin=text)
    assert formats.load("x.txt").names == ["ab", "我", "爱"]


def test_options_of_other_programs_are_understood_and_not_shown(w2v, folder):
    args = ("train", "-", "--min-count", 1, "--sample", 0)
    w2v(*args, "--size", 4, "--iter", 1, "--alpha", 0.1, "--workers", 1, "--ws", 2, "--neg", 3,
        "-o", "a.bin", stdin=LETTERS)  # fmt: skip
    w2v(*args, "--dim", 4, "--epochs", 1, "--lr", 0.1, "--threads", 1, "--window", 2,
        "--negative", 3, "-o", "b.bin", stdin=LETTERS)  # fmt: skip
    assert (folder / "a.bin").read_bytes() == (folder / "b.bin").read_bytes()
    assert "--iter" not in w2v("train", "--help").out


def test_help_shows_the_defaults_of_the_model_that_is_named(w2v):
    assert "[default: 0.025; with" in " ".join(w2v("train", "--help").out.split())
    for args in (("--model", "cbow"), ("--model=cbow",)):
        assert "[default: 0.05; with" in " ".join(w2v("train", *args, "--help").out.split())


def test_wrong_bytes_are_reported_not_fatal(w2v, folder):
    outcome = w2v("train", "-", *SMALL, stdin=b"caf\xe9 x\n")
    assert outcome.code == 0
    assert "1 invalid utf-8 byte sequence replaced; the first in stdin, near byte" in outcome.err
    assert w2v("similar", "caf\ufffd").code == 0


def test_a_text_too_short_for_subsampling_is_told_so(w2v, folder):
    said = w2v("train", "-", "--min-count", 1, "--epochs", 1, stdin=b"A B\n")
    wanted = "w2v: stdin: subsampling left no pair of words to train: try --sample 0"
    assert (said.code, said.err.splitlines()[-1]) == (2, wanted)
    assert not (folder / "vectors.safetensors").exists()


def test_a_dry_run_writes_nothing(w2v, folder):
    outcome = w2v("train", "-", *SMALL, "--dry-run", "--log-json", "log", stdin=LETTERS)
    assert outcome.code == 0
    assert "time: about" in outcome.err
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--dim", 0), "--dim 0 is out of range: 1 to 65,536"),
        (("--lr", "nan"), "--lr nan is out of range"),
        (("--sample", -1), "--sample -1.0 is out of range"),
        (("--dim", "x"), "--dim"),
        (
            ("--model", "klingon"),
            "--model klingon: no such model; choose one of cbow, gru, lda, lsa, lstm, mlp, nbow, ",
        ),
        (("--tokenizer", "klingon"), "--tokenizer"),
        (("--encoding", "klingon"), "--encoding klingon: no such text encoding"),
        (("--max-vocab", 0), "--max-vocab 0 is out of range: 1 or more"),
        (("--threads", 0), "--threads"),
        (("--klingon",), "--klingon"),
        (("-o", "x.pdf"), "the suffix .pdf names no format"),
        (("-o", "absent/x.bin"), "there is no folder"),
        (("-o", "."), "the suffix (none)"),
    ],
)
def test_a_wrong_option_is_one_line(w2v, folder, args, said):
    assert one_line(w2v("train", "-", *args, stdin=LETTERS), 2, said)
    assert not list(folder.iterdir())


def test_wrong_inputs_are_one_line(w2v, folder):
    (folder / "empty").write_bytes(b"")
    assert one_line(w2v("train", "absent.txt"), 2, "absent.txt: No such file")
    assert one_line(w2v("train", "empty"), 2, "empty: no words in the text")
    assert one_line(w2v("train", "-", "absent.txt", stdin=LETTERS), 2, "absent.txt")
    assert one_line(w2v("train", "."), 2, "is a directory")
    assert one_line(w2v("train"), 2, "CORPUS")


def test_a_text_is_not_overwritten_with_its_vectors(w2v, folder):
    (folder / "text.txt").write_bytes(LETTERS)
    outcome = w2v("train", "text.txt", "--min-count", 1, "-o", "./text.txt")
    assert one_line(outcome, 2, "./text.txt is one of the texts")
    assert (folder / "text.txt").read_bytes() == LETTERS


def test_more_memory_than_there_is_is_refused_with_advice(w2v, folder, monkeypatch):
    monkeypatch.setattr("w2v.system.resources.available_memory", lambda: 1000)
    outcome = w2v("train", "-", "--min-count", 1, stdin=LETTERS)
    assert outcome.code == 2
    assert (
        "more memory, but only 1 KB are free: try a higher --min-count"
        in outcome.err.splitlines()[-1]
    )


@compiled
@pytest.mark.parametrize("lr", [1e5])
def test_a_diverging_run_writes_nothing(w2v, folder, lr):
    text = b"a b c d e f g h\n" * 500
    (folder / "vectors.safetensors").write_bytes(b"old")
    outcome = w2v("train", "-", *SMALL, "--lr", lr, "--epochs", 5, stdin=text)
    assert outcome.code == 1
    assert "diverged" in outcome.err
    assert (folder / "vectors.safetensors").read_bytes() == b"old"


def shell(folder, *args, **environment):
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "w2v", *map(str, args)],
        cwd=folder, env={**os.environ, **environment}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@compiled
def test_one_thread_and_a_seed_give_the_same_bytes_whatever_the_hash_seed(folder, planted_text):
    for hash_seed in "01":
        args = ("train", planted_text, "--threads", 1, "--dim", 8, "--epochs", 1, "-o")
        with shell(folder, *args, f"{hash_seed}.safetensors", PYTHONHASHSEED=hash_seed) as process:
            process.communicate()
    assert (folder / "0.safetensors").read_bytes() == (folder / "1.safetensors").read_bytes()


@compiled
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_training_with_its_status_and_leaves_at_most_a_checkpoint(
    folder, planted_text, number, code
):
    with shell(folder, "train", planted_text, "--epochs", 3000) as process:
        for line in process.stderr:
            if line.startswith("memory"):
                break
        process.send_signal(number)
        _, said = process.communicate()
    assert process.returncode == code
    assert "Traceback" not in said
    left = {path.name for path in folder.iterdir()}  # a checkpoint, if a chunk was trained before
    assert left == ({"vectors.safetensors.checkpoint"} if "to continue" in said else set())


# Standard streams that are closed

IN, OUT = "standard input is closed", "standard output is closed"


@compiled_only
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("similar - <&-", 2, IN),
        ("similar --queries - <&-", 2, IN),
        ("similar king --only - <&-", 2, IN),
        ("analogy - <&-", 2, IN),
        ("similarity - <&-", 2, IN),
        ("odd - <&-", 2, IN),
        ("vector - <&-", 2, IN),
        ("train - <&-", 2, IN),
        ("vocab - <&-", 2, IN),
        ("phrases - <&-", 2, IN),
        ("dedup - <&-", 2, IN),
        ("similar king >&-", 2, OUT),
        ("vector king --json >&-", 2, OUT),
        ("info vectors.safetensors >&-", 2, OUT),
        ("convert vectors.safetensors - >&-", 2, OUT),
        ("train text -o - --quiet >&-", 2, OUT),
        ("train text -o - >&-", 2, OUT),  # before the training
        ("vocab text --quiet >&-", 2, OUT),
        ("phrases text --quiet >&-", 2, OUT),
        ("dedup text --quiet >&-", 2, OUT),
        ("lag --length 2 --steps 1 --seeds 1 --quiet >&-", 2, OUT),
        ("--help >&-", 2, OUT),
        ("train --help >&-", 2, OUT),
        ("train text -o x.safetensors --quiet <&- >&-", 0, ""),
        ("train text -o x.safetensors <&- >&- 2>&-", 0, ""),
        ("train nowhere 2>&-", 2, ""),
        ("similar king 2>&-", 0, ""),
        ("similar nobody 2>&-", 3, ""),
        ("vocab text -o counts >&- 2>&-", 0, ""),
        ("convert vectors.safetensors x.txt >&- 2>&-", 0, ""),
        ("train text -o x.safetensors 2>/dev/full", 0, ""),
    ],
)
def test_a_closed_stream_is_a_mistake_only_where_it_is_needed(folder, toy, command, code, said):
    (folder / "text").write_text("king queen king queen\n" * 20)
    done = subprocess.run(
        f"{sys.executable} -m w2v {command}", cwd=folder, shell=True, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    lines = done.stderr.splitlines()  # an empty cache of kernels is told first
    assert len([line for line in lines if not line.startswith("compiling")]) == bool(said)
    if "-o x.safetensors" in command:
        assert container.table_names(container.read(str(folder / "x.safetensors"))[0]) == ["words"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the current folder")
def test_a_current_folder_that_was_removed_is_named(w2v, toy, folder, monkeypatch):
    (folder / "text").write_text("king queen king queen\n" * 20)
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    said = "w2v: the current folder was removed: change to another one, with cd"
    assert w2v("train", folder / "text", "--epochs", 1) == (2, "", said + "\n")
    assert w2v("similar", "king", "-v", folder / "vectors.safetensors", "-k", 1).code == 0
    assert (
        w2v("similar", "king", "-v", "nowhere").err == "w2v: nowhere: No such file or directory\n"
    )


# Queries


def test_similar_in_three_layouts(w2v, toy):
    plain = w2v("similar", "king", "-k", 2)
    assert plain == (0, " 0.6000  queen\n 0.4472  man\n", "")
    tsv = w2v("similar", "king", "-k", 1, "--tsv").out
    assert tsv == "king\t1\tqueen\t0.600000\t19\n"
    results = [{"word": "queen", "score": 0.6, "count": 19}]
    assert json.loads(w2v("similar", "king", "-k", 1, "--json").out) == {
        "query": "king",
        "results": results,
    }


def test_expressions_and_several_queries(w2v, toy):
    assert w2v("similar", "king", "+woman", "-man", "-k", 1).out.split()[1] == "queen"
    both = w2v("similar", "king", "banana", "-k", 1).out
    assert both == "king:\n 0.6000  queen\nbanana:\n 0.0000  man\n"


@pytest.mark.parametrize(
    ("args", "query"),
    [
        (["king", "-kitchen"], "king -kitchen"),
        (["-kitchen"], "-kitchen"),
        (["king", "-vector"], "king -vector"),
        (["king", "-1"], "king -1"),
        (["king", "+1"], "king +1"),
        (["king", "--", "-1"], "king -1"),
        (["--", "-"], "-"),
        (["+"], "+"),
        (["king", "+-"], "king +-"),
        (["king", "-+"], "king -+"),
        (["king", "--", "--"], "king --"),
        (["--verbatim", "+"], "+"),
        (["king", "-k", "3"], "king"),
        (["king", "-v", "vectors.safetensors"], "king"),
        (["king", "--table=words"], "king"),
    ],
)
def test_which_arguments_are_terms(w2v, toy, args, query):
    outcome = w2v("similar", *args, "--json") if "--" not in args else w2v(
        "similar", "--json", *args
    )  # fmt: skip
    assert outcome.code == 0
    assert json.loads(outcome.out)["query"] == query


@pytest.mark.parametrize("name", ["+1", "-1", "+-", "-+"])
def test_verbatim_terms_are_looked_up_as_they_are(w2v, toy, name):
    assert one_line(w2v("similar", "--verbatim", name), 3, f"no vector for {name!r}")


def test_stdin_has_a_query_on_each_line(w2v, toy):
    outcome = w2v("similar", "-", "-k", 1, "--tsv", stdin=b"king\n\nking +woman -man\n-man\n")
    assert [row.split("\t")[0] for row in outcome.out.splitlines()] == [
        "king", "king +woman -man", "-man",
    ]  # fmt: skip
    assert w2v("similar", "-", "--verbatim", "--tsv", "-k", 1, stdin=b"-\n").code == 0
    assert w2v("similar", "-", stdin=b"") == (0, "", "")


def test_an_unknown_word_is_status_3_with_near_spellings_and_the_others_are_answered(w2v, toy):
    assert one_line(w2v("similar", "kingg"), 3, "no vector for 'kingg'", "near: king")
    outcome = w2v("similar", "qeen", "king", "-k", 1)
    assert outcome.code == 3
    assert outcome.out == "king:\n 0.6000  queen\n"
    assert outcome.err.count("\n") == 1


def test_analogy_similarity_odd_and_vector(w2v, toy):
    assert w2v("analogy", "man", "king", "woman", "-k", 1).out == " 0.8340  queen\n"
    assert w2v("analogy", "man", "king", "woman", "-k", 1, "--tsv").out.startswith("king -man")
    assert w2v("similarity", "king", "queen").out == "0.6000\n"
    assert w2v("similarity", "king", "queen", "--tsv").out == "king\tqueen\t0.600000\n"
    assert json.loads(w2v("similarity", "--json", "--", "-", "1").out)["a"] == "-"
    assert w2v("odd", "kitchen", "vector", "1", "banana").out == "banana\n"
    assert w2v("odd", "kitchen", "vector", "1", "banana", "--tsv").out.startswith("banana\t")
    ranked = json.loads(w2v("odd", "kitchen", "vector", "1", "banana", "--json").out)
    assert ranked["odd"] == ranked["scores"][0]["word"] == "banana"
    assert w2v("vector", "king", "1").out == "king 2.0 1.0 0.0\n1 0.0 0.2 1.0\n"
    assert w2v("vector", "king", "--tsv").out == "king\t2.0\t1.0\t0.0\n"
    assert json.loads(w2v("vector", "1", "--json").out)["vector"] == [0.0, 0.2, 1.0]
    assert w2v("vector", "banana", "-banana").out == "banana -banana 0.0 0.0 0.0\n"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("similar",), 2, "name a word"),
        (("similar", "king", "--foo"), 2, "--foo"),
        (("similar", "king", "-k"), 2, "-k"),
        (("similar", "king", "-k", "0"), 2, "-k"),
        (("similar", "king", "--table", "topics"), 2, "no table 'topics'; tables in it: words"),
        (("similar", "king", "-v", "absent"), 2, "absent: No such file"),
        (("analogy", "king", "queen"), 2, "C"),
        (("analogy", "king", "queen", "kingg"), 3, "kingg"),
        (("similarity", "king", "kingg"), 3, "kingg"),
        (("odd", "king", "queen"), 2, "three words or more to find the odd one out, found 2"),
        (("vector", "kingg"), 3, "kingg"),
        (("klingon",), 2, "klingon"),
        (("info", "absent"), 2, "absent"),
        (("evaluate", "similarity", "absent"), 2, "absent"),
    ],
)
def test_a_mistake_is_one_line(w2v, toy, args, code, said):
    assert one_line(w2v(*args), code, said)


def test_where_vectors_are_sought(w2v, toy, folder, monkeypatch):
    (folder / "vectors.safetensors").rename(folder / "other.safetensors")
    assert one_line(w2v("similar", "king"), 2, "no vectors.safetensors in this folder", "-v FILE")
    monkeypatch.setenv("W2V_VECTORS", "other.safetensors")
    assert w2v("similar", "king").code == 0
    assert one_line(w2v("similar", "king", "-v", "absent"), 2, "absent")
    monkeypatch.setenv("W2V_VECTORS", "")
    assert one_line(w2v("similar", "king"), 2, "no vectors.safetensors in this folder", "-v FILE")
    (folder / "other.safetensors").rename(folder / "vectors.safetensors")
    assert w2v("similar", "king").code == 0


def test_a_name_cannot_harm_the_terminal(w2v, folder):
    name = "\x1b[2Jevil\u202e\x9b"
    w2v("train", "-", *SMALL, stdin=f"{name} b\n".encode())
    plain, as_json = w2v("similar", "b").out, w2v("similar", "b", "--json").out
    for text in (plain, as_json):
        assert not {"\x1b", "\u202e", "\x9b"} & set(text)
    assert r"\x1b[2Jevil\u202e\x9b" in plain
    assert json.loads(as_json)["results"][0]["word"] == name


# w2v vocab


def test_vocab_writes_the_format_of_word2vec(w2v, folder):
    (folder / "text").write_text("b a a\nA c a\n\nc B\n")
    outcome = w2v("vocab", "text", "--min-count", "1", "-o", "vocab.txt")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == (
        "vocabulary: 5 of 5 words, 8 of 8 tokens\n"
        "memory: 5 KB for the matrices of w2v train with --dim 100\n"
    )
    assert (folder / "vocab.txt").read_text() == "</s> 4\na 3\nc 2\nb 1\nA 1\nB 1\n"
    folded = w2v("vocab", "text", "--min-count", "2", "--lowercase", "--quiet")
    assert (folded.out, folded.err) == ("</s> 4\na 4\nb 2\nc 2\n", "")


def test_vocab_counts_what_train_trains_on(w2v, folder, planted_text):
    w2v("vocab", planted_text, "-o", "vocab.txt")
    w2v("train", planted_text, "-o", "x.txt", "--dim", "4", "--epochs", "1", "--sample", "0")
    names = [line.split()[0] for line in (folder / "vocab.txt").read_text().splitlines()]
    assert names == [
        "</s>", *(line.split()[0] for line in (folder / "x.txt").read_text().splitlines()[1:])
    ]  # fmt: skip


def test_vocab_of_what_is_no_text(w2v, folder):
    assert one_line(w2v("vocab", "nothing"), 2, "nothing")
    assert one_line(w2v("vocab", "-", stdin=b" \n"), 2, "no words in the text")
    assert one_line(w2v("vocab", "-", "-o", "no/where", stdin=b"a\n"), 2, "no folder")
    (folder / "v").write_text("old")
    assert w2v("vocab", "-", "-o", "v", stdin=b"a\n").code == 2
    assert (folder / "v").read_text() == "old"


# w2v convert, w2v info, w2v evaluate


def test_a_foreign_file_may_hold_what_json_cannot(w2v, folder):
    (folder / "x.txt").write_text("1 2\na nan 0.1\n")
    assert json.loads(w2v("vector", "a", "-v", "x.txt", "--json").out)["vector"] == [None, 0.1]


def test_convert_round_trip(w2v, toy, folder):
    for source, target in [("vectors.safetensors", "a.txt"), ("a.txt", "b.bin"),
                           ("b.bin", "c.safetensors"), ("c.safetensors", "d.txt")]:  # fmt: skip
        outcome = w2v("convert", source, target)
        assert outcome == (0, "", f"{target}: 10 vectors of 3 numbers\n")
    assert (folder / "a.txt").read_bytes() == (folder / "d.txt").read_bytes()
    assert w2v("convert", "b.bin", "-").out == (folder / "a.txt").read_text()
    np.testing.assert_array_equal(formats.load("c.safetensors").matrix, toy.matrix)


def test_info_of_other_files_and_of_damage(w2v, toy, folder):
    w2v("convert", "vectors.safetensors", "a.txt")
    assert "format: word2vec text" in w2v("info", "a.txt").out
    assert "checked: true" in w2v("info", "a.txt", "--check").out
    raw = bytearray((folder / "vectors.safetensors").read_bytes())
    raw[-1] ^= 1
    (folder / "vectors.safetensors").write_bytes(raw)
    assert w2v("info", "vectors.safetensors").code == 0
    assert one_line(w2v("info", "vectors.safetensors", "--check"), 2, "words.names do not match")
    outcome = w2v("convert", "vectors.safetensors", "b.txt", "--check")
    assert outcome.code == 0
    assert "the bytes of words.names do not match their checksum" in outcome.err


def test_evaluate(w2v, toy, folder):
    (folder / "pairs").write_text("king\tqueen\t9\nking\tman\t3\nking\tabsent\t1\n")
    (folder / "questions").write_text(": royal\nman king woman queen\nman king x y\n")
    assert w2v("evaluate", "similarity", "pairs").out == " 1.0000  2 of 3 pairs  pairs\n"
    assert w2v("evaluate", "similarity", "pairs", "--tsv").out.startswith("pairs\t1.000000\t2\t3\t")
    assert json.loads(w2v("evaluate", "similarity", "pairs", "--json").out)["found"] == 2
    rows = w2v("evaluate", "analogies", "questions", "--tsv").out.splitlines()
    assert rows[0] == "questions\troyal\t1.000000\t1\t1\t2"
    assert [row.split("\t")[1] for row in rows] == ["royal", "semantic", "syntactic", "total"]
    out = w2v("evaluate", "analogies", "questions").out
    assert "100.0%  1 of 1 answerable, 2 questions  royal" in out
    last = w2v("evaluate", "analogies", "questions", "--json").out.splitlines()[-1]
    assert json.loads(last)["accuracy"] == 1
    none = w2v("evaluate", "analogies", "questions", "--restrict", 2).out
    assert "0 of 0" in none
    assert w2v("evaluate", "similarity", "pairs", "--restrict", 1).out.startswith("      -")


def test_a_reader_that_has_seen_enough_is_no_error(toy, folder):
    with shell(folder, "similar", "-", "-k", 10) as process:
        process.stdout.close()
        try:
            process.stdin.write("king\n" * 5000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        said = process.stderr.read()
        process.stdin = None
    assert process.returncode == 141
    assert said == ""


@compiled_only
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "args", [("similar", "king"), ("info", "vectors.safetensors"), ("--help",), ("train", "--help")]
)
def test_a_full_disk_is_one_line(w2v, toy, args, unbuffered):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "w2v", *args], env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr == "w2v: stdout: No space left on device\n"


def test_a_file_is_written_in_full_or_not_at_all(w2v, toy, folder, monkeypatch):
    def fail(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container.os, "fsync", fail)
    assert one_line(w2v("convert", "vectors.safetensors", "x.bin"), 2, "No space left")
    assert [path.name for path in folder.iterdir()] == ["vectors.safetensors"]


# Misspelled names


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("sim", "No such command 'sim'. Did you mean 'similar' or 'similarity'?"),
        ("similiar king", "No such command 'similiar'. Did you mean 'similar' or 'similarity'?"),
        ("trian c.txt", "No such command 'trian'. Did you mean 'train'?"),
        ("vocabulary c.txt", "No such command 'vocabulary'. Did you mean 'vocab'?"),
        ("xyz", "No such command 'xyz'. w2v --help lists all commands."),
        ("evaluate analogy x", "No such command 'analogy'. Did you mean 'analogies'?"),
        ("evaluate self x", "No such command 'self'. Did you mean 'self-retrieval'?"),
        ("evaluate xyz", "No such command 'xyz'. w2v evaluate --help lists all commands."),
        ("train c.txt --dimm 5", "No such option '--dimm'. Did you mean '--dim'?"),
        ("train c.txt --no-shrnk", "No such option '--no-shrnk'. Did you mean '--no-shrink'"),
        ("train c.txt --zzzz", "No such option '--zzzz'. w2v train --help lists all options."),
        ("train c.txt --walltime 2h", "It saves a checkpoint when it gets SIGTERM or SIGUSR1"),
        ("similar the --verb", "Did you mean '--verbatim'?"),
        ("similar the --min-scor 3", "Did you mean '--min-score'"),
        ("vocab c.txt --mincount=3", "No such option '--mincount'. Did you mean '--min-count'"),
        ("phrases c.txt --connector x", "Did you mean '--connectors'?"),
        ("evaluate similarity x --tvs", "No such option '--tvs'. Did you mean '--tsv'?"),
        ("lag -x", "No such option '-x'. w2v lag --help lists all options."),
        ("predict --model m x", "No such option '--model': give MODEL without it"),
        ("explain m --texts x", "No such option '--texts': give TEXT without it"),
        ("similar --term x", "No such option '--term'. w2v similar --help lists all options."),
    ],
)
def test_a_name_that_is_nearly_right_is_answered_by_the_right_one(w2v, folder, call, said):
    assert one_line(w2v(*call.split()), 2, said)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("lsa --exact", "--exact works only with --model skipgram"),
        ("lsa --no-shrink", "--shrink works only with --model cbow"),
        ("lsa --negative 5", "--negative works only with --model cbow"),
    ],
)
def test_an_option_of_another_model_is_refused_with_its_models(w2v, folder, call, said):
    (folder / "c.txt").write_text("a b\n")
    assert one_line(w2v("train", "c.txt", "--model", *call.split()), 2, said)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_suggested_for_what_is_nearly_it(w2v, folder, command):
    outcome = w2v(f"{command}x")
    assert one_line(outcome, 2, f"No such command '{command}x'. Did you mean '{command}'")
    context = click.Context(cli, info_name="w2v")
    found = cli.get_command(context, command)
    subcommands = getattr(found, "commands", None) or {"": found}
    for name, each in subcommands.items():
        for param in each.get_params(click.Context(each)):
            option = param.opts[0]
            if option.startswith("--") and not getattr(param, "hidden", False):
                outcome = w2v(command, *[name] * bool(name), f"{option}x")
                assert one_line(outcome, 2, f"No such option '{option}x'. Did you mean")
                assert f"'{option}'" in outcome.err


def numeric_options():
    """Every option of every command that takes a number: (command, option)."""

    def walk(command, words, parent):
        ctx = click.Context(command, parent=parent)
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                yield from walk(command.get_command(ctx, name), (*words, name), ctx)
            return
        for param in command.get_params(ctx):
            kinds = click.types.IntParamType, click.types.FloatParamType
            if isinstance(param.type, kinds):
                yield words, param

    yield from walk(cli, (), None)


def test_every_number_has_a_range_or_is_a_setting_which_has_one():
    settings_ = {
        option_name(field.name): field
        for kind in (RunSettings, TextSettings, *(model.settings for model in models().values()))
        for field in fields(kind)
    }
    for words, param in numeric_options():
        ranged = isinstance(param.type, click.IntRange) or param.callback is finite
        field = settings_.get(param.opts[0])
        assert ranged or field.metadata["low"] is not None, (words, param.opts)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "x", str(1 << 99)])
@pytest.mark.parametrize(
    ("args", "most"),
    [
        (("plot", "--seed"), 0),
        (("plot", "--clusters", 2, "--seed"), 0),
        (("similar", "king", "--min-score"), 1 << 99),
        (("phrases", "text", "--threshold"), 1 << 99),
        (("dedup", "text", "--near"), 0),
        (("phrases", "text", "--min-count"), 0),
        (("generate", "none", "--temperature"), 0),
        (("generate", "none", "--seed"), 0),
        (("evaluate", "classify", "none", "none", "--penalty"), 0),
        (("train", "text", "--seed"), 1 << 99),
        (("train", "text", "--model", "ppmi", "--dim", 2, "--window"), 0),
    ],
)
def test_a_number_out_of_range_is_a_mistake_that_names_the_option(
    w2v, toy, folder, args, most, value
):
    (folder / "text").write_text("a b c a b\n" * 9)
    outcome = w2v(*args[:-1], f"{args[-1]}={value}")
    assert "Traceback" not in outcome.err
    if outcome.code == 2:
        huge = "none" in args and value == str(1 << 99)  # a large one is in range
        assert args[-1] in outcome.err.splitlines()[-1] or huge
    else:
        assert (outcome.code, float(value) <= most) == (0, True)


@pytest.mark.parametrize(
    ("args", "advice"),
    [
        (("train", "x", "--dim", 5), "a higher --min-count, or a smaller --dim (--topics for lda"),
        (("train", "x", "--subwords", "3-6"), "a smaller number of --buckets, a higher --min-c"),
        (("train", "x", "-maxn", "4"), "a smaller number of --buckets, a higher --min-count"),
        (("vocab", "x"), "--max-types 1000000"),
        (("convert", "x", "y.txt"), "--limit N, to keep only the first N vectors"),
        (("infer", "x", "y"), "a smaller part of the texts at a time"),
        (("topics", "x"), "a machine with more memory"),
        (("similar", "a", "-v", "x"), "a .safetensors file, which w2v convert writes and which is"),
    ],
)
def test_out_of_memory_names_what_helps_the_command(w2v, folder, monkeypatch, args, advice):
    def run_out(*_):
        raise MemoryError

    monkeypatch.setattr("w2v.cli.LazyGroup.invoke", run_out)
    outcome = w2v(*args)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"w2v: out of memory: try {advice}")


@pytest.mark.parametrize(
    ("mode", "started"), [("--hogwild", 0), ("--hogwild", 1), ("--shards=2", 0)]
)
def test_a_system_that_starts_no_more_threads_is_told_of(w2v, folder, monkeypatch, mode, started):
    """Threads that were started end; those that were not are not waited for."""
    start, left = threading.Thread.start, iter(range(started))

    def start_some(thread):
        if thread._target.__name__ == "work" and next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr("threading.Thread.start", start_some)
    before = threading.active_count()
    outcome = w2v("train", "-", *SMALL, "--threads", 2, mode, stdin=LETTERS)
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1] == (
        "w2v: the system starts no more threads: end other programs, or raise its limit, or lower "
        "--threads"
    )
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (
            ImportError("libblas.so: failed to map segment from shared object"),
            "a library cannot be loaded: free memory, or allow more with ulimit -v",
        ),
        (
            OSError(errno.EMFILE, os.strerror(errno.EMFILE), "x.bin"),
            "x.bin: too many open files: raise their limit with ulimit -n",
        ),
    ],
)
def test_a_limit_of_the_system_is_told_in_one_line(w2v, monkeypatch, error, wanted):
    def fail(self, context):
        raise error

    monkeypatch.setattr("w2v.cli.LazyGroup.invoke", fail)
    outcome = w2v("info", "x.bin")
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"w2v: {wanted}\n")


def test_the_estimate_of_memory_includes_compilation(w2v, folder, monkeypatch):
    monkeypatch.setattr("w2v.runs.memory.is_cold", lambda *kernels: True)
    outcome = w2v("train", "-", *SMALL, "--max-memory", "1M", stdin=LETTERS)
    assert "--max-memory is 1 MB; 50 MB are to compile kernels, only once: try" in outcome.err
