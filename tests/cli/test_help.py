"""The output of --help: headings, sentences, defaults, and examples that work."""

import copy
import importlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import fasttext_files as files
import numpy as np
import planted
import pytest
from helpers import compiled

from w2v.cli import COMMANDS, HEADINGS, cli, main
from w2v.cli import help as help_page
from w2v.cli.topic_sweep import sweep
from w2v.models import models

METAVARS = {"FILE", "SET", "N", "X", "NAME", "TEXT", "LIST", "SIZE", "MINUTES", "ADDRESS"} | {
    "MIN-MAX",
    "1-N",
    "TIME",
    "FOLDER",
}
FOLDER = Path(help_page.__file__).parent


def every_command(command=cli, path=(), parent=None):
    """Each command, as the list of its words, and each command of a group."""
    ctx = click.Context(command, parent=parent, info_name=path[-1] if path else "w2v")
    yield path, command, ctx
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            yield from every_command(command.get_command(ctx, name), (*path, name), ctx)


COMMAND_OF = {path: (command, ctx) for path, command, ctx in every_command()}
# With --sweep, the command `topics` is another one.
COMMAND_OF["topics", "--sweep", "5,10"] = (sweep, click.Context(sweep, info_name="topics"))
CALLS = [(path, "") for path in COMMAND_OF] + [(("train",), name) for name in models()]
GROUPS = [path for path, (command, _) in COMMAND_OF.items() if isinstance(command, click.Group)]
of_every_call = pytest.mark.parametrize(
    ("path", "model"), CALLS, ids=[" ".join(("w2v", *path, model)) for path, model in CALLS]
)


def test_each_command_is_in_one_group():
    assert len(COMMANDS) == len({*COMMANDS})
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    commands = {
        name
        for name in files
        if isinstance(
            getattr(importlib.import_module(f"w2v.cli.{name}"), name, None), click.Command
        )
    }
    assert {*COMMANDS} == commands


@pytest.mark.parametrize("path", COMMAND_OF, ids=" ".join)
def test_the_help_names_h_whichever_context_asked_first(path):
    # click keeps the help option that the first context made.
    command = copy.copy(COMMAND_OF[path][0])
    command._help_option = None
    option = command.get_help_option(click.Context(command))
    assert option.opts == ["-h", "--help"]


def test_without_arguments_a_welcome_names_three_commands_to_begin_with(w2v, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    welcome = w2v()
    assert (welcome.code, welcome.err) == (2, "")
    lines = welcome.out.splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 80
    commands = [line.split()[1] for line in lines if line.startswith("  w2v ")]
    assert commands == ["train", "similar", "plot"]
    assert "w2v --help" in lines[-1]
    assert "w2v train --help" in lines[-1]
    assert "\nTrain:\n" in w2v("--help").out  # the whole list


def test_a_group_without_a_command_prints_its_help_on_stderr(w2v):
    outcome = w2v("evaluate")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == w2v("evaluate", "--help").out


def test_each_command_and_model_has_its_summary_on_one_line(w2v, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    listed = w2v("train", "--help").out.split("\nModels:\n")[1].split("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == [*models()]
    said = w2v("--help").out
    for heading, names in HEADINGS.items():
        section = said.split(f"\n{heading}:\n")[1].split("\n\n")[0]
        summaries = [line.split(None, 1) for line in section.splitlines()]
        assert [name for name, _ in summaries] == [*names]
        assert all(re.fullmatch(r"[A-Z].*[.?]", summary) for _, summary in summaries)
        assert "..." not in section


@pytest.mark.parametrize("path", COMMAND_OF, ids=" ".join)
def test_no_two_options_of_a_command_set_the_same_argument(path):
    """An own option and that of a setting with its name would overwrite each other."""
    command, ctx = COMMAND_OF[path]
    names = [param.name for param in command.get_params(ctx)]
    assert len(names) == len({*names})


@of_every_call
def test_the_help_of_a_command_has_headings_and_fits_a_terminal(w2v, path, model, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    said = w2v(*path, *["--model", model] * bool(model), "--help").out
    assert max(map(len, said.splitlines())) <= 80
    assert not re.search(r"--[\w-]+-\n", said)  # the name of an option is not broken
    headings = re.findall(r"(?m)^(\w.*):$", said)
    assert headings[-1] == "Examples"
    if path not in GROUPS:
        ordered = [name for name in help_page.HEADINGS if name in headings]
        models_first = ["Models"] if path == ("train",) else []
        assert headings == [*models_first, *ordered, "Examples"]


@of_every_call
def test_the_help_of_an_option_is_sentences_with_metavar_and_default(path, model):
    command, ctx = COMMAND_OF[path]
    ctx.meta["w2v.model"] = model or "skipgram"
    for option in command.get_params(ctx):
        if isinstance(option, click.Option) and not option.hidden:
            check_option(option, ctx)


def check_option(option, ctx):
    assert help_page.heading_of(option) in help_page.HEADINGS
    names, text = help_page.option_record(option, ctx)
    sentences, default = re.fullmatch(r"(.*?)(?:  \[default: (.+)\])?", text).groups()
    assert re.fullmatch(r"[A-Z].*\.", sentences), (names, text)
    if option.is_flag:
        assert bool(default) == bool(option.secondary_opts), (names, text)
        return
    metavar = names.split()[-1]
    assert metavar in METAVARS or metavar == f"[{'|'.join(option.type.choices)}]"
    given = option.to_info_dict()["default"]
    if given not in (None, "", ()):
        assert default == str(given), (names, text)


# Examples

PREPARATION = """
w2v train corpus.txt --log-json log.jsonl
w2v train corpus.txt --model cbow -o cbow.safetensors
w2v train corpus.txt --dim 10 --epochs 1 -o old1.safetensors
w2v train corpus.txt --dim 10 --epochs 1 -o old2.safetensors --seed 2
w2v train corpus.txt --dim 10 --epochs 1 -o new1.safetensors --seed 3
w2v train documents.tsv --model pv-dbow -o documents.safetensors
w2v train documents.tsv --model lda --topics 5 --epochs 20 -o topics.safetensors
w2v train documents.tsv --model mlp --units 8 --epochs 3 -o labels.safetensors
w2v train documents.tsv --model nbow --epochs 3 -o tags.safetensors
w2v train corpus.txt --model lstm --task lm --units 16 --epochs 1 -o language.safetensors
"""


def table(count, seed):
    """Documents with ids and labels: whether they are about music."""
    rows = planted.text(count, seed).splitlines()
    labels = ["music" if re.search("guitar|song|piano|drum|tune", row) else "other" for row in rows]
    lines = [
        f"{n}\t{label}\t{row}\n" for n, (label, row) in enumerate(zip(labels, rows, strict=True))
    ]
    return "id\tlabel\ttext\n" + "".join(lines)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the files that examples name."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "corpus.txt").write_text(planted.text(1500))
    (folder / "documents.tsv").write_text(table(400, 2))
    (folder / "test.tsv").write_text(table(50, 3))
    (folder / "new.txt").write_text(planted.text(5, 4))
    (folder / "pairs.tsv").write_text(planted.pairs())
    (folder / "pairs.txt").write_text("car automobile\ndoctor physician\nbig large\n")
    (folder / "questions.txt").write_text(planted.questions())
    inputs, outputs = (files.dense(np.ones((rows, 4))) for rows in (53, 3))
    model = files.model(["un", "like", "ly"], [3, 2, 1], inputs, outputs)
    (folder / "model.bin").write_bytes(model)
    labels = ["__label__music", "__label__other", "__label__none"]
    classifier = files.model(
        ["the", "song", "of"], [3, 2, 1], inputs, outputs, labels, model=3, loss=3
    )
    (folder / "classifier.bin").write_bytes(classifier)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in PREPARATION.strip().splitlines():
            with pytest.raises(SystemExit) as ended:
                main(shlex.split(line)[1:])
            assert not ended.value.code, line
    return folder


@compiled
@pytest.mark.parametrize("path", COMMAND_OF, ids=" ".join)
def test_the_examples_of_a_command_work(w2v, prepared, folder, path):
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    said = w2v(*path, "--help").out
    lines = said.partition("\nExamples:\n")[2].splitlines()
    assert 2 <= len(lines) <= 3
    assert shlex.split(lines[0])[: 1 + len(path)] == ["w2v", *path]
    for line in lines:
        found = w2v(*shlex.split(line)[1:])
        assert found.code == 0, (line, found.err)
        assert found.out or "w2v: " not in found.err, line


@compiled
def test_help_without_docstrings_says_so():
    for arguments in (["--help"], ["evaluate", "--help"], ["similar", "--help"]):
        done = subprocess.run(
            [sys.executable, "-OO", "-m", "w2v", *arguments], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "with the option -OO and with PYTHONOPTIMIZE=2." in done.stdout
