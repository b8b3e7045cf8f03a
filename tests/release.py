#!/usr/bin/env python3
"""Build the sdist, the wheel and the man pages from the tracked files, and check them.

    python tests/release.py [--address https://github.com/OWNER/w2v] [--try]
    python tests/release.py --man FOLDER
    python tests/release.py --wheel FILE

The files are built from a copy of the tracked files, in build/release, so that nothing else of the
folder can get into them. They are written to dist/. With --address, the copy has [project.urls],
and the links of the README are absolute, as the page of a package index needs them: the repository
itself does not know where it will be hosted. --try installs the wheel alone in a new environment
and runs commands in another folder, and --wheel does the same with a finished wheel. --man writes
only the man pages.

It needs the packages build, twine and click-man, which `make dist` installs in .venv-release, but
nothing for --wheel.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).parents[1]
COPY = ROOT / "build" / "release"
DIST = ROOT / "dist"
# The files of the repository that only its host uses.
HOST_ONLY = (".ci/", ".conda/", ".github/ISSUE_TEMPLATE/", ".github/workflows/", ".gitignore")
# What the build tools write themselves, in the sdist and in the wheel.
SDIST_MADE = {"PKG-INFO", "setup.cfg"}
EGG_INFO = {
    "PKG-INFO", "SOURCES.txt", "dependency_links.txt", "entry_points.txt", "requires.txt",
    "top_level.txt",
}  # fmt: skip
DIST_INFO = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt"}
IN_CHECKOUT = "pip install .      # in a checkout of this repository\n"  # a line of the README
TEXT = "the king rules the land and the queen rules the land with the king\n" * 60


def tracked() -> list[str]:
    """The paths of all tracked files that exist, relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return sorted(path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file())


def project() -> dict:
    """The table [project] of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def version() -> str:
    """The version in w2v/__init__.py."""
    source = (ROOT / "w2v" / "__init__.py").read_text("utf-8")
    [found] = re.findall(r'(?m)^__version__ = "(.*)"$', source)
    return found


def licence_files() -> set[str]:
    """The files that the patterns of `license-files` match."""
    patterns = project()["license-files"]
    return {path.relative_to(ROOT).as_posix() for each in patterns for path in ROOT.glob(each)}


def in_sdist(paths: Iterable[str]) -> set[str]:
    """Those of the tracked files that the sdist must hold."""
    return {path for path in paths if not path.startswith(HOST_ONLY)}


def in_wheel(paths: Iterable[str]) -> set[str]:
    """Those of the tracked files that the wheel must hold."""
    return {path for path in paths if path.startswith("w2v/")}


def absolute_links(readme: str, address: str, tag: str) -> str:
    """A README whose relative links and pictures lead to a tag of the repository on GitHub."""

    def absolute(link: re.Match[str]) -> str:
        kind = "raw" if link[1].startswith("!") else "blob"
        return f"{link[1]}({address}/{kind}/{tag}/{link[2]})"

    return re.sub(r"(!?\[[^\]]*\])\((?!https?:|#)([^)]+)\)", absolute, readme)


def urls(address: str, tag: str) -> str:
    """The table [project.urls] for the address of the repository on GitHub."""
    return (
        "[project.urls]\n"
        f'Homepage = "{address}"\n'
        f'Documentation = "{address}/blob/{tag}/w2v/manual/tour.md"\n'
        f'Changelog = "{address}/blob/{tag}/CHANGELOG.md"\n'
        f'Issues = "{address}/issues"\n'
        f'Source = "{address}"\n\n'
    )


def copy_files(address: str | None) -> None:
    """Copy the tracked files to COPY, with the address of the repository if it is known."""
    shutil.rmtree(COPY, ignore_errors=True)
    for path in in_sdist(tracked()):
        (COPY / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, COPY / path)
    if address:
        address, tag = address.rstrip("/"), f"v{version()}"
        readme, settings = COPY / "README.md", COPY / "pyproject.toml"
        text = absolute_links(readme.read_text("utf-8"), address, tag)
        assert text.count(IN_CHECKOUT) == 1
        text = text.replace(IN_CHECKOUT, "pip install w2v\n")
        readme.write_text(text, "utf-8", newline="\n")
        text = settings.read_text("utf-8")
        assert text.count("[project.scripts]") == 1
        text = text.replace("[project.scripts]", urls(address, tag) + "[project.scripts]")
        settings.write_text(text, "utf-8", newline="\n")


def write_man_pages(folder: Path) -> list[str]:
    """Write a man page of each command to a folder with click-man; returns their names."""
    import click

    from w2v.cli import COMMANDS, cli

    os.environ.setdefault("SOURCE_DATE_EPOCH", _date_of_commit())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # click-man reads `commands`, which is empty in a group that imports its commands when used.
    contexts = [click.Context(cli, info_name="w2v")]
    cli.commands = {name: cli.get_command(contexts[0], name) for name in COMMANDS}
    names = []
    for context in contexts:
        names.append(f"{context.command_path.replace(' ', '-')}.1")
        (folder / names[-1]).write_text(man_page(context), "utf-8", newline="\n")
        for name, command in getattr(context.command, "commands", {}).items():
            if not command.hidden:
                contexts.append(click.Context(command, info_name=name, parent=context))
    if shutil.which("mandoc"):
        check_man_pages([folder / name for name in names])
    return names


def check_man_pages(pages: Iterable[Path]) -> None:
    """Let mandoc look for mistakes in man pages; its remarks on style are left out.

    click-man begins a list of commands with a paragraph, which has no effect.
    """
    command = ["mandoc", "-T", "lint", *pages]
    output = subprocess.run(command, capture_output=True, text=True).stdout
    harmless = (" STYLE: ", " UNSUPP: ", "skipping paragraph macro: PP after SH")
    if found := [line for line in output.splitlines() if not any(map(line.count, harmless))]:
        sys.exit("\n".join(found))


def man_page(context: click.Context) -> str:
    """The man page of a command: that of click-man, with escapes for roff and with the examples."""
    from click_man import core

    from w2v.models import models

    # `w2v train` adds the options of its models to those that click-man reads.
    params = [each for each in context.command.get_params(context) if "--help" not in each.opts]

    class Page(core.ManPage):
        """A page whose texts cannot be taken for requests or escapes of roff."""

        def replace_blank_lines(self, text: str) -> str:
            """Escape the lines of a text; an empty line begins a paragraph."""
            return "\n".join(escaped(line) or self.PARAGRAPH_KEYWORD for line in text.split("\n"))

    with (
        mock.patch.object(core, "ManPage", Page),
        mock.patch.object(context.command, "params", params),
        # Its own function cuts a summary after 45 characters.
        mock.patch.object(core, "get_short_help_str", lambda each: each.get_short_help_str(99)),
    ):
        text = core.generate_man_page(context, version=version())
    if context.command_path == "w2v train":
        rows = ((escaped(model.name), escaped(model.summary)) for model in models().values())
        text += ".SH MODELS\n" + "".join(f".TP\n{name}\n{summary}\n" for name, summary in rows)
    if examples := getattr(context.command, "examples", ()):
        text += ".SH EXAMPLES\n" + "\n.br\n".join(map(escaped, examples)) + "\n"
    return text


def escaped(line: str) -> str:
    """A line of text for roff: no backslash, no hyphen and no first character has a meaning."""
    line = line.replace("\b", "").replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{line}" if line.startswith((".", "'")) else line


def _date_of_commit() -> str:
    """The time of the last commit in seconds, so that equal sources have equal man pages."""
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip() or "0"


def differences(kind: str, found: Iterable[str], expected: Iterable[str]) -> list[str]:
    """A line for each file that is missing in an archive, or that does not belong into it."""
    found, expected = set(found), set(expected)
    return [f"{kind}: {path} is missing" for path in sorted(expected - found)] + [
        f"{kind}: {path} does not belong there" for path in sorted(found - expected)
    ]


def check_sdist(path: Path, man_pages: Iterable[str]) -> list[str]:
    """What is wrong with the files of an sdist."""
    top = f"w2v-{version()}/"
    with tarfile.open(path) as archive:
        found = [member.name.removeprefix(top) for member in archive if not member.isdir()]
    made = SDIST_MADE | {f"w2v.egg-info/{name}" for name in EGG_INFO}
    expected = in_sdist(tracked()) | made | {f"man/{name}" for name in man_pages}
    return differences("sdist", found, expected)


def check_wheel(path: Path) -> list[str]:
    """What is wrong with the files and the metadata of a wheel."""
    info = f"w2v-{version()}.dist-info/"
    expected = in_wheel(tracked()) | {info + name for name in DIST_INFO}
    expected |= {f"{info}licenses/{name}" for name in licence_files()}
    with zipfile.ZipFile(path) as archive:
        problems = differences("wheel", archive.namelist(), expected)
        metadata = archive.read(info + "METADATA").decode()
    licence = f"License-Expression: {project()['license']}"
    for line in ("Name: w2v", f"Version: {version()}", licence):
        if f"\n{line}\n" not in metadata:
            problems.append(f"wheel: its METADATA has no line {line!r}")
    return problems


def try_wheel(wheel: Path) -> None:
    """Install a wheel alone in a new environment, and run commands in another folder."""
    with tempfile.TemporaryDirectory(prefix="w2v-wheel-") as folder:
        home = Path(folder)
        subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
        binaries = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
        pip = [binaries / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        subprocess.run([*pip, wheel], check=True)
        (home / "text.txt").write_text(TEXT, "utf-8")
        for arguments in (
            "--version",
            "--help",
            "train text.txt --dim 8 --min-count 1 --epochs 2 --threads 1 --seed 1",
            "similar king -k 2",
            "info vectors.safetensors --check",
            "plot -o map.html",
            "convert vectors.safetensors vectors.txt",
            "train text.txt --model lda --topics 2 --min-df 1 --epochs 2 -o lda.safetensors",
            "topics lda.safetensors text.txt -o topics.html",
        ):
            print("$ w2v", arguments, flush=True)
            environment = {name: os.environ[name] for name in os.environ if name != "PYTHONPATH"}
            subprocess.run(
                [binaries / "w2v", *arguments.split()], cwd=home, env=environment, check=True
            )


def main() -> None:
    """Build and check everything; exits with 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--address", metavar="URL", help="where the repository is on GitHub")
    parser.add_argument("--try", dest="is_tried", action="store_true", help="run the wheel too")
    parser.add_argument("--man", metavar="FOLDER", type=Path, help="write only the man pages")
    parser.add_argument("--wheel", metavar="FILE", type=Path, help="only run this wheel")
    given = parser.parse_args()
    if given.wheel:
        try_wheel(given.wheel.resolve())
        return
    if given.man:
        print(*write_man_pages(given.man), sep="\n")
        return
    copy_files(given.address)
    man_pages = write_man_pages(COPY / "man")
    shutil.rmtree(DIST, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "--outdir", DIST, COPY], check=True)
    [sdist], [wheel] = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    problems = check_sdist(sdist, man_pages) + check_wheel(wheel)
    if problems:
        sys.exit("\n".join(problems))
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", sdist, wheel], check=True)
    if given.is_tried:
        try_wheel(wheel)


if __name__ == "__main__":
    main()
