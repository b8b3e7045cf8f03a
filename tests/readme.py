#!/usr/bin/env python3
"""Generate parts of the README and the manual anew, or --check that they are up to date.

Notebooks of pages are written too; see notebook.py.

A part is the text between <!-- NAME --> and <!-- /NAME -->. The parts `commands`, `models`,
`options`, `presets` and `source` are made from the program. In the parts of TRANSCRIPTS, each line
that begins with "$ " is run as a command, and its stdout and stderr follow the line. All commands
of the parts of one page run in one folder, which has the planted corpus as planted.txt at the
start, the archive as news and news.jsonl, the scripts of corpora, and the programs of the page:
blocks of Python, sh or make whose first line is their name, such as "# groups.py". Times, rates
and memory differ between machines and are replaced by "…".

The text of some pages is not the same on each machine. The first part of such a page prints its
SHA-256. Where that differs from the page's, the parts of the page are left alone, and a line says
so. To write such a page for another text, remove the SHA-256 from it before.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import notebook

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MANUAL = ROOT / "w2v" / "manual"
PAGES = [README, *sorted(MANUAL.glob("*.md"))]
sys.path[:0] = [str(ROOT / "corpora")]

OUTER_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")  # set by the make that runs this program

ROOMS = [
    "system",
    "kernels",
    "embeddings",
    "alignment",
    "text",
    "factorization",
    "training",
    "negative_sampling",
    "networks",
    "text_classification",
    "topics",
    "models",
    "runs",
    "cluster",
    "evaluation",
    "plots",
    "cli",
]  # in the order of the data
MASKS = [
    (r"\d[\d.]* s\b", "… s"),
    (r"[\d,]+ words/s", "… words/s"),
    (r"memory: [\d.]+ MB", "memory: … MB"),
    (r"(?m)^compiling kernels.*\n", ""),
    # On a slow machine, reading and training a short text have progress lines too.
    (r"(?m)^(reading|epoch) \d.*\n", ""),
]
TRANSCRIPTS = [  # the parts of each page
    ("transcript",),
    ("tour",),
    ("little_text",),
    ("same_bytes",),
    ("runs",),
    ("drift",),
    ("over_time", "over_dates", "over_updates"),
    (
        "words_text", "words_look", "words_first", "words_mended", "words_epochs", "words_preset",
        "words_judged", "words_questions", "words_rare", "words_all", "words_phrases",
        "words_subwords", "words_map", "words_used",
    ),
    (
        "turkish_look", "turkish_lower", "turkish_whole", "turkish_rare", "turkish_subwords",
        "turkish_longer", "turkish_pairs",
    ),
    (
        "recipe_reviews", "recipe_outliers", "recipe_search", "recipe_synonyms", "recipe_compare",
        "recipe_nightly", "recipe_make", "recipe_python", "recipe_libraries", "recipe_pipeline",
        "recipe_blanks", "recipe_little",
    ),
    (
        "class_text", "class_leak", "class_honest", "class_reasons", "class_words",
        "class_confused", "class_tries", "class_epochs", "class_overfit", "class_better",
        "class_sure", "class_test", "class_order", "class_lag", "class_gradient",
    ),
]  # fmt: skip
P_VALUE = re.compile(r"\bp (<\.\d+|\d\.\d+(?:e-\d+)?)")
TOLERANCE = 0.02  # of scores, between processors: they sum in another order


def replace(text: str, name: str, content: str) -> str:
    """`text` with the part `name` replaced."""
    pattern = rf"(<!-- {name} -->\n).*?(\n?<!-- /{name} -->)"
    assert re.search(pattern, text, re.DOTALL), f"there is no part {name}"
    return re.sub(pattern, lambda m: f"{m[1]}{content}\n<!-- /{name} -->", text, flags=re.DOTALL)


def page_with(name: str) -> Path:
    """The page that has a part."""
    [page] = [page for page in PAGES if f"<!-- {name} -->" in page.read_text()]
    return page


def part(name: str) -> str:
    """The present content of a part."""
    text = page_with(name).read_text()
    [found] = re.findall(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", text, re.DOTALL)
    return str(found)


def publish(name: str, content: str) -> None:
    """Replace a part in the page that has it."""
    page = page_with(name)
    page.write_text(replace(page.read_text(), name, content))


def commands() -> str:
    """The help of each command."""
    import click
    from click.testing import CliRunner

    from w2v.cli import COMMANDS, cli

    calls = [[], *([name] for name in COMMANDS)]
    calls.insert(calls.index(["topics"]) + 1, ["topics", "--sweep", "10,20"])
    inner = cli.get_command(click.Context(cli), "evaluate")
    assert isinstance(inner, click.Group)
    calls += [["evaluate", name] for name in inner.commands]
    helps = []
    for call in calls:
        result = CliRunner().invoke(
            cli, [*call, "--help"], prog_name="w2v", terminal_width=96, max_content_width=96
        )
        helps.append(f"#### `{' '.join(['w2v', *call])}`\n\n```text\n{result.output.strip()}\n```")
    return "\n\n".join(helps)


def options() -> str:
    """A table of the options of `w2v train` that only other models than the default have."""
    import click

    from w2v.cli import cli
    from w2v.cli.train import DEFAULT_MODEL
    from w2v.models import models

    train = cli.get_command(click.Context(cli), "train")
    assert train
    takers: dict[tuple[str, str], list[str]] = {}
    known: set[str] = set()
    for name in sorted(models(), key=lambda name: name != DEFAULT_MODEL):
        context = click.Context(train)
        context.meta["w2v.model"] = name
        for param in train.get_params(context):
            if isinstance(param, click.Option) and not param.hidden:
                if name == DEFAULT_MODEL:
                    known.add(param.opts[0])
                elif param.opts[0] not in known:
                    takers.setdefault((param.opts[0], param.help or ""), []).append(name)
    rows = [
        f"| `{option}` | {', '.join(names)} | {help_} |"
        for (option, help_), names in takers.items()
    ]
    return "\n".join(["| option | models | |", "|---|---|---|", *rows])


def models() -> str:
    """A table of the models."""
    from w2v.models import models

    rows = []
    for m in models().values():
        settings = m.settings()
        lr = getattr(settings, "rate", getattr(settings, "lr", ""))
        rows.append(f"| `{m.name}` | {m.summary} | {lr} | {m.source} |")
    return "\n".join(
        ["| `--model` | what it learns from | `--lr` | source |", "|---|---|---|---|", *rows]
    )


def preset_table() -> str:
    """A table of what each preset sets, by model and size of the text."""
    from w2v.presets import PRESETS, TABLE

    rows = []
    for model, sizes in TABLE.items():
        first: float = 0
        for limit, choices in sizes.items():
            size = f"{first / 1e6:g} to {limit / 1e6:g}" if first else f"below {limit / 1e6:g}"
            size = f"from {first / 1e6:g}" if limit == float("inf") else size
            cells = [" / ".join(map(str, choice)) for choice in choices]
            rows.append(f"| `{model}` | {size} | {' | '.join(cells)} |")
            first = limit
    head = f"| model | million words | {' | '.join(PRESETS)} |"
    return "\n".join([head, f"|---|---{'|---' * len(PRESETS)}|", *rows])


def source() -> str:
    """A table of the files of each package, with the first sentence of each file."""
    package = ROOT / "w2v"
    parts = []
    for room in ["", *ROOMS]:
        folder = package / room
        title = f"## [{room}](../{room})\n\n{first_line(folder / '__init__.py')}\n" if room else ""
        files = sorted(folder.glob("*.py") if not room else folder.rglob("*.py"))
        rows = [
            f"| [{path.relative_to(folder).as_posix()}](../{path.relative_to(package).as_posix()}) "
            f"| {first_line(path)} |"
            for path in files
            if path.name != "__init__.py"
        ]
        parts.append(
            "\n".join([*([title] if title else []), "| file | what it is |", "|---|---|", *rows])
        )
    return "\n\n".join(parts)


def first_line(path: Path) -> str:
    """The first line of a module's docstring; bars are escaped, as they would end a cell."""
    documentation = ast.get_docstring(ast.parse(path.read_text())) or ""
    return documentation.split("\n")[0].replace("|", "\\|")


def programs(page: str) -> dict[str, str]:
    """The programs, scripts and makefiles of a page, by the name of their file."""
    blocks = re.findall(r"```(?:python|sh|make)\n(# (\w+\.(?:py|sh|mk))\n.*?)```", page, re.DOTALL)
    return {name: text for text, name in blocks}


def other_text(old: str, new: str) -> bool:
    """Whether a part and its present output have the SHA-256 of different texts."""
    known = re.findall(r"\b[0-9a-f]{64}\b", old)
    return bool(known) and known != re.findall(r"\b[0-9a-f]{64}\b", new)


def transcripts(names: Iterable[str]) -> dict[str, str]:
    """The commands of the transcripts of a page with their present output, by part.

    None of them if the text of the page is another one on this machine.
    """
    import archive
    import planted

    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for name in ("W2V_VECTORS", *OUTER_MAKE):
        env.pop(name, None)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "planted.txt").write_text(planted.text())
        Path(folder, "questions.txt").write_text(planted.questions())
        for output in ("news", "news.jsonl"):
            archive.write(Path(folder, output))
        Path(folder, "corpora").symlink_to(ROOT / "corpora")
        for name in names:
            for file, program in programs(page_with(name).read_text()).items():
                Path(folder, file).write_text(program)
            lines = ["```console"]
            for line in part(name).splitlines():
                if line.startswith("$ "):
                    done = subprocess.run(
                        line[2:], shell=True, cwd=folder, env=env, text=True,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                    )  # fmt: skip
                    lines += [line, *masked(done.stdout).splitlines()]
            found[name] = "\n".join([*lines, "```"])
            if other_text(part(name), found[name]):
                print(
                    f"{page_with(name).name}: its transcripts are not checked, because this "
                    "machine's text is another one: see its SHA-256 and version of Python",
                    file=sys.stderr,
                )
                return {}
    return found


def masked(text: str) -> str:
    """`text` with "…" for times, rates and memory, which differ between machines."""
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    return text


def fresh() -> dict[str, str]:
    """All generated parts, made anew."""
    return {
        "commands": commands(),
        "models": models(),
        "options": options(),
        "presets": preset_table(),
        "source": source(),
    } | {name: text for names in TRANSCRIPTS for name, text in transcripts(names).items()}


def significance(match: re.Match[str]) -> str:
    """Whether a p-value is below 0.05: its digits change more than those of scores."""
    return "significant" if match[1].startswith("<") or float(match[1]) < 0.05 else "by chance"


def differences(old: str, new: str) -> list[str]:
    """Lines that differ by more than the last digits of a score."""
    number = re.compile(r"-?\d+\.\d{2,}")
    found = []
    before, after = (P_VALUE.sub(significance, text).splitlines() for text in (old, new))
    for number_of_line in range(max(len(before), len(after))):
        a = before[number_of_line] if number_of_line < len(before) else ""
        b = after[number_of_line] if number_of_line < len(after) else ""
        close = all(
            abs(float(x) - float(y)) <= TOLERANCE
            for x, y in zip(number.findall(a), number.findall(b), strict=False)
        )
        if number.sub("#", a) != number.sub("#", b) or not close:
            found.append(f"line {number_of_line + 1}: {a!r} is now {b!r}")
    return found


def main() -> None:
    """Write the pages, or check them."""
    for name, content in fresh().items():
        page = page_with(name)
        old = page.read_text()
        new = replace(old, name, content)
        if "--check" not in sys.argv:
            page.write_text(new)
        elif found := differences(old, new):
            sys.exit("\n".join([*found[:10], f"{page.name} is stale: run `make docs`"]))
    if "--check" not in sys.argv:
        for path, content in notebook.notebooks().items():
            path.write_text(content)


if __name__ == "__main__":
    main()
