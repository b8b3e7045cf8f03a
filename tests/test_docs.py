"""The pages name every command, option, file and model; their transcript: `make docs-fresh`."""

import ast
import json
import re
import sys

import click
import notebook
import pytest
import readme
from helpers import compiled_only

from w2v.cli import COMMANDS, cli
from w2v.models import models

pytestmark = compiled_only  # it calls no kernel

TEXTS = {page.name: page.read_text() for page in readme.PAGES}


def every_option():
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        context = click.Context(command)
        inner = command.commands.values() if isinstance(command, click.Group) else [command]
        for each in inner:
            for param in each.get_params(context):
                if isinstance(param, click.Option) and not param.hidden:
                    yield name, param.opts[0]


@pytest.mark.parametrize(("command", "option"), sorted(set(every_option())))
def test_every_command_and_option_is_in_the_manual(command, option):
    assert f"w2v {command}" in TEXTS["commands.md"]
    assert option in TEXTS["commands.md"]


@pytest.mark.parametrize("name", models())
def test_every_model_is_in_the_manual(name):
    assert f"| `{name}` |" in TEXTS["models.md"]


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_split_reads_standard_input_only_by_turns(page):
    """split -n l/4 needs the size of the file, which a pipe does not have."""
    assert not re.search(r"\|\s*split -n l?/?\d", page.read_text())


def anchors(text):
    """The addresses of a page's headings."""
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text()), target


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_a_link_to_a_file_says_its_name(page):
    for text, target in re.findall(
        r"\[([\w/]+\.(?:py|md|js))\]\((?!http)([^)#]+)", page.read_text()
    ):
        assert target.endswith(text), f"{text} leads to {target}"


def test_what_the_docstring_of_a_package_names_is_there():
    """Each name in backticks is a module, a package, or a name in the source of this package."""
    package = readme.ROOT / "w2v"
    for init in package.rglob("__init__.py"):
        files = [*init.parent.rglob("*.py")]
        known = {path.stem for path in files} | {path.name for path in package.iterdir()}
        known |= {path.stem for path in package.glob("*.py")}
        source = " ".join(path.read_text() for path in files if path != init)
        docstring = ast.get_docstring(ast.parse(init.read_text())) or ""
        for name in re.findall(r"`([a-z_]+)(?:\.\w+)?`", docstring):
            assert name in known or re.search(rf"\b{name}\b", source), f"{init.parent.name}: {name}"


def test_every_page_is_in_the_readme_which_is_short():
    for page in readme.PAGES[1:]:
        assert f"(w2v/manual/{page.name})" in TEXTS["README.md"], page.name
    assert len(TEXTS["README.md"].splitlines()) < 130


def test_generated_parts_are_fresh():
    for part in (readme.commands, readme.models, readme.options, readme.source):
        page = readme.page_with(part.__name__)
        assert not readme.differences(
            page.read_text(), readme.replace(page.read_text(), part.__name__, part())
        )


def test_every_transcript_is_checked():
    names = [name for page in readme.TRANSCRIPTS for name in page]
    for page in readme.PAGES:
        checked = sum(f"<!-- {name} -->\n```console\n" in page.read_text() for name in names)
        assert page.read_text().count("```console") == checked, page.name


@pytest.mark.parametrize("path", notebook.notebooks(), ids=lambda path: path.name)
def test_a_notebook_has_the_text_of_its_page(path):
    assert path.read_text() == notebook.notebooks()[path]
    code = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
    page = path.with_suffix(".md").read_text()
    for line in re.findall(r"(?m)^\$ (.*)$", page):
        assert any(line in cell.splitlines() for cell in code), line


def test_links_of_a_notebook_lead_somewhere():
    for path in notebook.notebooks():
        assert path.with_suffix(".md").exists()
        assert f"({path.name})" in TEXTS[path.with_suffix(".md").name]


def test_transcripts_of_another_text_are_left_alone(monkeypatch, capsys):
    """Whose SHA-256 is not that of this machine's text. Numbers of the same text are compared."""
    ours, theirs = "a" * 64, "b" * 64
    assert readme.other_text(f"$ sha256sum t\n{ours}  t", f"$ sha256sum t\n{theirs}  t")
    assert not readme.other_text(f"$ sha256sum t\n{ours}  t", f"$ sha256sum t\n{ours}  t")
    assert not readme.other_text("$ sha256sum t", f"$ sha256sum t\n{ours}  t")
    page = f"```console\n$ echo {theirs}\n{ours}\n```"
    monkeypatch.setattr(readme, "part", lambda name: page)
    monkeypatch.setattr(readme, "page_with", lambda name: readme.MANUAL / "first_vectors.md")
    assert readme.transcripts(["first", "second"]) == {}
    assert "another one" in capsys.readouterr().err


def test_a_p_value_is_compared_by_what_it_says():
    assert readme.differences("0.8 p 0.468 a", "0.8 p 0.731 a") == []
    assert readme.differences("0.8 p 0.468 a", "0.8 p <.001 a")
    assert readme.differences("(p 1.1e-03, x", "(p 2.9e-04, x") == []


def test_programs_of_a_page_are_found_by_their_names():
    page = "```python\n# a.py\nprint(1)\n```\n```python\nprint(2)\n```\n"
    page += "```sh\n# b.sh\nls\n```\n```sh\n# list the files\nls\n```\n```make\n# c.mk\na: b\n```\n"
    assert readme.programs(page) == {
        "a.py": "# a.py\nprint(1)\n",
        "b.sh": "# b.sh\nls\n",
        "c.mk": "# c.mk\na: b\n",
    }


def test_a_stale_number_is_noticed_and_a_last_digit_is_not():
    assert readme.differences("a 0.951 b\nc", "a 0.949 b\nc") == []
    assert readme.differences("a 0.95 b", "a 0.75 b")
    assert readme.differences("a\nb", "a")
    assert readme.differences("queen", "king")


def test_what_differs_from_machine_to_machine_is_masked():
    assert readme.masked("in 1.2 s: 12,345 words/s") == "in … s: … words/s"


def test_measurements_of_other_processors_stay():
    sys.path.append(str(readme.ROOT / "tests" / "bench"))
    from measurements import merge

    table = "| | seconds |\n|---|---|\n| a | {} |\n| b | {} |"
    first = merge("", table.format(1, 2), "Xeon", "slow")
    both = merge(first, table.format(3, 4), "EPYC", "fast")
    again = merge(both, table.format(5, 6), "Xeon", "slow, again")
    assert again.splitlines() == [
        "| processor | | seconds |",
        "|---|---|---|",
        "| EPYC | a | 3 |",
        "| EPYC | b | 4 |",
        "| Xeon | a | 5 |",
        "| Xeon | b | 6 |",
        "",
        "- EPYC: fast",
        "- Xeon: slow, again",
    ]
    other = merge(again, table.format(7, 8).replace("seconds", "minutes"), "EPYC", "fast")
    assert "| Xeon" not in other  # its columns differ
