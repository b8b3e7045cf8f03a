"""Each command of the page for users of other tools, on the planted corpus."""

import re
import shlex
from pathlib import Path

import click
import planted
import pytest
from helpers import compiled

from w2v.cli import COMMANDS, cli
from w2v.models import models

PAGE = Path(__file__).parents[1] / "w2v" / "manual" / "migration.md"
TEXT = PAGE.read_text()


def blocks(kind, text):
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def gensims_files():
    """The files of a user of gensim: my.model and my.kv."""
    models = pytest.importorskip("gensim.models")
    model = models.Word2Vec(planted.sentences(300), vector_size=8, epochs=1, workers=1)
    model.save("my.model")
    model.wv.save("my.kv")


def every_parameter():
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        for each in command.commands.values() if name == "evaluate" else [command]:
            for model in models() if name == "train" else [""]:
                context = click.Context(each)
                context.meta["w2v.model"] = model
                yield from each.get_params(context)


@compiled
@pytest.mark.parametrize("section", re.split(r"\n## ", TEXT)[1:], ids=lambda s: s.split("\n")[0])
def test_every_command_of_the_page(w2v, folder, section):
    (folder / "text.txt").write_text(planted.text(1000))
    (folder / "questions-words.txt").write_text(planted.questions())
    (folder / "pairs.tsv").write_text(planted.pairs())
    lines = planted.text(200).splitlines()
    labelled = [f"__label__{'music' if 'guitar' in x else 'other'} {x}\n" for x in lines]
    (folder / "labelled.txt").write_text("".join(labelled))
    if blocks("python", section):
        gensims_files()
        refused = w2v("similar", "car", "-v", "my.model")
        assert (
            "a Python pickle, which can run code when it is opened: export the vectors"
            in refused.err
        )
    for block in blocks("python", section):
        exec(block, {})
    ran = 0
    for line in "".join(blocks("sh", section)).splitlines():
        program, *args = shlex.split(line)
        assert program == "w2v"
        found = w2v(*args)
        assert found.code == 0, (line, found)
        ran += 1
    assert ran >= 4


def test_every_option_of_the_page_is_there():
    ours = {name for param in every_parameter() for name in param.opts}
    shown = {each.replace("--no-", "--") for each in re.findall(r"(?<!-)--[a-z][a-z-]+", TEXT)}
    assert not shown - ours


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target
