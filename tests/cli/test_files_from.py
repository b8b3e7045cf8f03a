"""Lists of files: --files-from reads what the same paths on the command line would read."""

import os

import planted
import pytest
from helpers import PACKERS

from w2v.errors import W2VError
from w2v.text import file_lists

QUIET = ("--quiet", "--min-count", "1")
ODD_NAMES = ["a b", " c", "d\ne", "f\r", "é", os.fsdecode(b"\xff\xfe"), "-g", "#h"]


def places(path):
    return [name for name, _ in file_lists.paths_in(path)]


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()])
def test_paths_are_separated_by_line_ends_or_by_nul(folder, pack):
    for name in ODD_NAMES:
        (folder / name).write_text("")
    names = [name for name in ODD_NAMES if not {*name} & {*"\n\r"}]
    encoded = [os.fsencode(name) for name in names]
    for rows in (b"\n".join(encoded), b"\r\n".join([b"", *encoded, b"", b" "]),
                 b"\xef\xbb\xbf" + b"\n".join([*encoded, b""])):  # fmt: skip
        (folder / "list").write_bytes(pack(rows))
        assert places("list") == names
    encoded = [os.fsencode(name) for name in ODD_NAMES]
    for rows in (b"\0".join(encoded), b"\0".join([*encoded, b""]), b"\0\0" + b"\0".join(encoded)):
        (folder / "list").write_bytes(pack(rows))
        assert places("list") == ODD_NAMES
    (folder / "list").write_text("a b\né\n", encoding="utf-16")
    assert places("list") == ["a b", "é"]


def test_what_is_wrong_is_named_with_its_row(folder, monkeypatch):
    (folder / "a").write_text("")
    long = "x" * 5000
    for rows, said in (
        ("a\n\nnowhere\n", "list: row 3: no such file: nowhere"),
        ("a\0nowhere", "list: row 2: no such file: nowhere"),
        (f"a\r\n{long}\n", f"list: row 2: no such file: {long[:200]}"),
        ("", "list: the list names no files: write a path on each line"),
        ("\n \n", "list: the list names no files: write a path on each line"),
    ):
        (folder / "list").write_text(rows)
        with pytest.raises(W2VError) as error:
            places("list")
        assert str(error.value) == said
    monkeypatch.setattr(file_lists, "LONGEST", 100)
    (folder / "list").write_text("a\n" * 50)
    assert places("list") == ["a"] * 50
    (folder / "list").write_text("a\n" * 51)
    with pytest.raises(W2VError, match="list: more than .* GiB: not a list of files"):
        places("list")


def test_files_of_the_list_follow_those_of_the_command_line(w2v, folder):
    for name in "abc":
        (folder / name).write_text(f"{name}1 {name}2\n")
    (folder / "inner").mkdir()
    (folder / "inner" / "list").write_text("c\na\n")  # relative to the current folder
    wanted = w2v("phrases", "b", "c", "a", "--quiet")
    assert wanted.out == "b1 b2\nc1 c2\na1 a2\n"
    for args, stdin in (
        (("b", "--files-from", "inner/list"), b""),
        (("--files-from", "inner/list", "b"), b""),
        (("b", "--files-from", "-"), b"c\na\n"),
        (("--files-from", "-"), b"b\0c\0a\0"),
        (("--files-from", "inner/list", "-"), b"b1 b2\n"),
    ):
        outcome = w2v("phrases", *args, "--quiet", stdin=stdin)
        assert (outcome.code, outcome.out) == (0, wanted.out), outcome.err
    (folder / "list").write_text("-\nc\na\n")  # standard input, as on the command line
    outcome = w2v("phrases", "--files-from", "list", "--quiet", stdin=b"b1 b2\n")
    assert outcome.out == wanted.out


def test_standard_input_is_read_by_one_of_the_lists_files(w2v, folder):
    (folder / "text").write_text("a b\n")
    (folder / "list").write_text("text\n-\n")
    for args, stdin, both in (
        (("-", "--files-from", "list"), b"", "CORPUS and list: row 2"),
        (("--files-from", "-"), b"text\n/dev/stdin\n", "--files-from and stdin: row 2"),
    ):
        outcome = w2v("vocab", *args, stdin=stdin)
        assert outcome.code == 2
        assert outcome.err == (
            f"w2v: standard input is named twice, by {both}, but can be read only once: name a "
            "file for one of them\n"
        )


def test_folders_of_the_list_need_r(w2v, folder):
    (folder / "texts" / "inner").mkdir(parents=True)
    (folder / "texts" / "inner" / "a").write_text("one\n")
    (folder / "texts" / "b").write_text("two\n")
    (folder / "list").write_text("texts\n")
    outcome = w2v("phrases", "--files-from", "list", "--quiet")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == w2v("phrases", "texts", "--quiet").err
    recursive = w2v("phrases", "--files-from", "list", "-r", "--quiet")
    assert recursive.out == w2v("phrases", "texts", "-r", "--quiet").out == "two\none\n"


@pytest.mark.parametrize("command", ["vocab", "train", "phrases"])
def test_without_corpus_and_list_the_argument_is_missing(w2v, folder, command):
    outcome = w2v(command)
    assert outcome.code == 2
    assert outcome.err.startswith("w2v: Missing argument 'CORPUS...'"), outcome.err
    assert outcome.err.count("\n") == 1


def test_an_output_never_replaces_a_file_of_the_list_or_the_list(w2v, folder):
    (folder / "text").write_text("a b\n")
    (folder / "list").write_text("text\n")
    for written, said in (("text", "one of the texts"), ("list", "the file of --files-from")):
        outcome = w2v("vocab", "--files-from", "list", "-o", written)
        assert outcome.code == 2
        assert outcome.err == f"w2v: -o {written} is {said}: name another file to write\n"
    assert (folder / "text").read_text() == "a b\n"
    assert (folder / "list").read_text() == "text\n"


def test_a_model_is_the_same_whoever_names_its_files(w2v, folder):
    """Also its documents' ids, the fingerprint of the text, and the run that --resume continues."""
    rows = planted.text(20).splitlines()
    for name, part in (("a.tsv", rows[:10]), ("b.tsv", rows[10:])):
        lines = [f"{number}\t{row}\n" for number, row in enumerate(part)]
        (folder / name).write_text("".join(lines))
    (folder / "list").write_text("a.tsv\nb.tsv\n")
    run = ("--model", "lda", "--topics", 2, "--epochs", 2, "--threads", 1, *QUIET)
    run += ("--id-prefix", "file")
    listed = ("--files-from", "list")
    assert w2v("train", "a.tsv", "b.tsv", *run, "-o", "x.safetensors").code == 0
    outcome = w2v("train", *listed, *run, "--resume", "-o", "y.safetensors")
    assert outcome.code == 0, outcome.err
    assert (folder / "x.safetensors").read_bytes() == (folder / "y.safetensors").read_bytes()
    for command in (("infer",), ("perplexity",), ("evaluate", "self-retrieval")):
        more = ("--id-prefix", "file") if command != ("infer",) else ("--top", 1)
        wanted = w2v(*command, "x.safetensors", "a.tsv", "b.tsv", *more)
        outcome = w2v(*command, "x.safetensors", *listed, *more)
        assert (outcome.code, outcome.out) == (wanted.code, wanted.out)
        assert outcome.out
    sweep = ("topics", "--sweep", "2", "--sweep-seeds", 1, "--epochs", 1, "--threads", 1)
    sweep += ("--min-count", 1, "--quiet", "--json", "--id-prefix", "file")
    found = [w2v(*sweep, *files) for files in (("a.tsv", "b.tsv"), listed)]
    assert found[0].code == found[1].code == 0, found
    perplexities = [outcome.out.partition('"seconds"')[0] for outcome in found]
    assert perplexities[0] == perplexities[1]
