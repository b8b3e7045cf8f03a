"""The README names every command, option, file and model; its transcripts: `make docs-fresh`."""

import re

import click
import pytest
import readme

from w2v.cli import COMMANDS, cli
from w2v.models import models

ASIDE = {"__init__", "__main__", "errors", "progress", "machine", "spelling", "signals"}
TEXT = readme.README.read_text()


def every_option():
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        context = click.Context(command, help_option_names=["-h", "--help"])
        inner = command.commands.values() if isinstance(command, click.Group) else [command]
        for each in inner:
            for param in each.get_params(context):
                if isinstance(param, click.Option) and not param.hidden:
                    yield name, param.opts[0]


@pytest.mark.parametrize(("command", "option"), sorted(set(every_option())))
def test_every_command_and_option_is_in_the_readme(command, option):
    assert f"w2v {command}" in TEXT
    assert option in TEXT


@pytest.mark.parametrize("name", models())
def test_every_model_is_in_the_readme(name):
    assert f"| `{name}` |" in TEXT


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (readme.ROOT / target).exists(), target


def test_every_module_is_in_the_reading_order():
    for path in (readme.ROOT / "w2v").glob("*.py"):
        if path.stem not in ASIDE:
            assert f"(w2v/{path.name})" in TEXT, path.name


def test_generated_parts_are_fresh():
    assert readme.replace(TEXT, "commands", readme.commands()) == TEXT
    assert readme.replace(TEXT, "models", readme.models()) == TEXT
    assert readme.replace(TEXT, "options", readme.options()) == TEXT


def test_a_stale_number_is_noticed_and_a_last_digit_is_not():
    assert readme.differences("a 0.951 b\nc", "a 0.949 b\nc") == []
    assert readme.differences("a 0.95 b", "a 0.75 b")
    assert readme.differences("a\nb", "a")
    assert readme.differences("queen", "king")


def test_what_differs_from_machine_to_machine_is_masked():
    assert readme.masked("in 1.2 s: 12,345 words/s") == "in … s: … words/s"
