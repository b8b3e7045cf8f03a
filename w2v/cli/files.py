"""The commands about vector files: convert, info."""

from __future__ import annotations

import json

import click

from w2v.cli import catch_signals
from w2v.cli.output import echo_json, printable
from w2v.errors import W2VError


@click.command()
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option("--table", default="words", show_default=True, help="Which table of a container.")
def convert(source: str, target: str, table: str) -> None:
    """Write a vector file in another format.

    The suffix of OUT names it. .safetensors: our container; .txt, .vec or - (stdout): word2vec
    text; .bin: word2vec binary. What IN is, is seen from its content.
    """
    from w2v.formats import convert

    catch_signals()
    written = convert(source, target, table)
    click.echo(f"{target}: {len(written):,} vectors of {written.dim} numbers", err=True)


@click.command()
@click.argument("file")
@click.option("--check", is_flag=True, help="Compare every checksum with the bytes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def info(file: str, check: bool, as_json: bool) -> None:
    """What a vector file holds.

    Model, settings, corpus, losses, tables.
    """
    from w2v import store
    from w2v.formats import CONTAINER, describe

    facts = describe(file)
    if check:
        if facts["format"] != CONTAINER:
            raise W2VError(f"{file}: {facts['format']} has no checksums; only our container has")
        bad = store.damaged(*store.read(file))
        if bad:
            raise W2VError(f"{file}: damaged: the bytes of {', '.join(bad)} fail their checksum")
        facts["checked"] = True
    if as_json:
        echo_json(facts)
        return
    for name, value in facts.items():
        _echo(name, value)


def _echo(name: str, value: object, indent: str = "") -> None:
    if isinstance(value, dict) and value:
        click.echo(f"{indent}{name}")
        for inner, each in value.items():
            _echo(inner, each, indent + "  ")
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        click.echo(f"{indent}{name}: {printable(text)}")
