"""The layout of --help: options and commands under headings, and examples."""

from __future__ import annotations

import copy
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence

import click

OUTPUT = "Output and run"  # the heading of options that are declared without one
HEADINGS = (
    "Query", "Answer", "Labels", "Vectors", "Classifiers", "Map", "Losses", "Phrases", "Topics",
    "Sampling", "Network", "Experiment", "Evaluation", "Text", "Documents", "Model", "Training",
    OUTPUT,
)  # fmt: skip
_MAX_NAME_WIDTH = 26  # columns; the help of a longer name starts on the next line
_DEFAULT = re.compile(r"\[default: .{,20}\]")  # short defaults, which are not broken over lines


def write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the options of a command under their headings."""
    groups: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS}
    for param in command.get_params(ctx):
        if isinstance(param, click.Option) and (record := option_record(param, ctx)):
            groups[heading_of(param)].append(record)
    write_groups({heading: rows for heading, rows in groups.items() if rows}, formatter)


def write_group(
    group: click.Group,
    headings: Mapping[str, Iterable[str]],
    ctx: click.Context,
    formatter: click.HelpFormatter,
) -> None:
    """Write the commands of a group under headings, each with its summary, then the options."""
    commands = {
        heading: [(name, _summary(group.get_command(ctx, name))) for name in names]
        for heading, names in headings.items()
    }
    records = (option.get_help_record(ctx) for option in group.get_params(ctx))
    write_groups(commands | {"Options": [record for record in records if record]}, formatter)


def write_groups(
    groups: Mapping[str, Sequence[tuple[str, str]]], formatter: click.HelpFormatter
) -> None:
    """Write names and their descriptions in two columns, of the same width in all groups.

    Unlike click's own layout, no line is broken at a hyphen, as in the name of an option, or inside
    a short default.
    """
    lengths = [len(name) for rows in groups.values() for name, _ in rows]
    width = max((length for length in lengths if length <= _MAX_NAME_WIDTH), default=0)
    for heading, rows in groups.items():
        with formatter.section(heading):
            indent = " " * formatter.current_indent
            column = " " * (len(indent) + width + 2)
            for name, help in rows:
                is_wide = len(name) > width
                if is_wide:
                    formatter.write(f"{indent}{name}\n")
                # textwrap breaks no line at a no-break space.
                unbroken = _DEFAULT.sub(lambda match: match[0].replace(" ", "\xa0"), help)
                lines = textwrap.fill(
                    unbroken, formatter.width, break_on_hyphens=False, subsequent_indent=column,
                    initial_indent=column if is_wide else f"{indent}{name:{width + 2}}",
                )  # fmt: skip
                formatter.write(lines.replace("\xa0", " ") + "\n")


def write_examples(examples: Iterable[str], formatter: click.HelpFormatter) -> None:
    """Write command lines without wrapping them, so that they can be copied."""
    with formatter.section("Examples"):
        for line in examples:
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def write_missing(formatter: click.HelpFormatter) -> None:
    """Say that Python has left out the descriptions of commands, if it has."""
    if sys.flags.optimize > 1:
        formatter.write(
            "\nDescriptions are missing: Python leaves them out "
            "with the option -OO and with PYTHONOPTIMIZE=2.\n"
        )


def heading_of(param: click.Parameter) -> str:
    """Return the heading under which an option is listed."""
    return getattr(param, "heading", OUTPUT)


def option_record(option: click.Option, ctx: click.Context) -> tuple[str, str] | None:
    """Return an option's names with its metavar, and its help with the default.

    Returns None for a hidden option. The range of a number is left out, because the error message
    for a number that is out of range gives the range.
    """
    if isinstance(option.type, click.IntRange | click.FloatRange):
        option = copy.copy(option)
        # Any type without a range; its name is not shown, because every number has a metavar.
        option.type = click.INT
    return option.get_help_record(ctx)


def _summary(command: click.Command | None) -> str:
    """Return the first paragraph of a command's help, which is one sentence.

    Python's option -OO leaves out docstrings, from which click takes the help. Then it is empty.
    """
    assert command is not None
    return (command.help or "").split("\n\n")[0].replace("\n", " ")
