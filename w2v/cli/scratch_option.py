"""The option --scratch of commands that keep the word ids of large texts in temporary files."""

from __future__ import annotations

import click

from w2v.cli.command import grouped


def _use(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Use the folder until the command ends; W2VError if it cannot be used."""
    from w2v.system import scratch

    if not ctx.resilient_parsing:
        ctx.with_resource(scratch.used(value))


scratch_option = grouped(
    "Text",
    click.option(
        "--scratch", metavar="FOLDER", expose_value=False, callback=_use,
        help="Folder of the temporary files, which are large for a large text.  [default: $TMPDIR]",
    ),
)  # fmt: skip
