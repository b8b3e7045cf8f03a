"""Shell completion: the candidates that w2v offers."""

import os

import pytest

from w2v.cli import COMMANDS, completion


@pytest.fixture
def complete(w2v, monkeypatch):
    """complete("similar", "ki"): the candidates and their kinds, as bash gets them."""

    def run(*words):
        monkeypatch.setenv(completion.VARIABLE, "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["w2v", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        outcome = w2v()
        assert (outcome.code, outcome.err) == (0, "")
        return [line.partition(",")[::2] for line in outcome.out.splitlines() if line]

    return run


def test_commands_options_and_values(complete, folder):
    assert [name for _, name in complete("")] == list(COMMANDS)
    assert complete("simil") == [("plain", "similar"), ("plain", "similarity")]
    assert ("plain", "--dim") in complete("train", "--d")
    assert complete("train", "--model", "pv") == [("plain", "pv-dbow"), ("plain", "pv-dm")]
    assert ("plain", "--topics") in complete("train", "--model", "lda", "--to")
    assert complete("similar", "--method", "") == [("plain", "add"), ("plain", "mul")]


@pytest.mark.parametrize(
    "words", [("train", "te"), ("train", "--init", "te"), ("similar", "-v", "te"),
              ("convert", "te"), ("similar", "--queries", "te"), ("predict", "te")],
)  # fmt: skip
def test_file_names_are_left_to_the_shell(complete, folder, words):
    assert complete(*words) == [("file", "te")]


def test_words_of_the_default_vectors(complete, toy, w2v):
    assert complete("similar", "ki") == [("plain", "king"), ("plain", "kitchen")]
    assert complete("similar", "king", "+w") == [("plain", "+woman")]
    assert complete("vector", "--tsv", "vec") == [("plain", "vector")]
    assert complete("similar", "zzz") == []
    w2v("convert", "vectors.safetensors", "x.bin")
    assert complete("similar", "-v", "x.bin", "ki") == []  # which would have to be read
    assert complete("similar", "-v", "vectors.safetensors", "ki") != []


def test_without_vectors_nothing_is_said(complete, folder):
    assert complete("similar", "ki") == []
    (folder / "vectors.safetensors").write_bytes(b"junk")
    assert complete("similar", "ki") == []


def test_no_pipe_is_read(complete, toy, folder, monkeypatch):
    """The shell would wait for what is written to it."""
    monkeypatch.setattr("w2v.embeddings.formats.sniff", lambda path: pytest.fail(path))
    os.mkfifo("pipe")
    assert complete("similar", "-v", "pipe", "ki") == []
    assert complete("similar", "-v", "-", "ki") == []


def test_names_that_would_steer_a_terminal_are_not_offered(complete, folder):
    import numpy as np

    from w2v.embeddings import formats
    from w2v.embeddings.table import Table

    names = ["a", "a b", "a\x1b[31m", "a\nb", "aé"]
    formats.save("vectors.safetensors", Table.build(names, np.ones((5, 2), np.float32)))
    assert complete("similar", "a") == [("plain", "a"), ("plain", "aé")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(w2v, folder, monkeypatch, shell):
    monkeypatch.setattr("click.shell_completion.BashComplete._check_version", lambda *_: None)
    monkeypatch.setenv(completion.VARIABLE, f"{shell}_source")
    outcome = w2v()
    assert outcome.code == 0
    assert f"{completion.VARIABLE}={shell}_complete" in outcome.out
