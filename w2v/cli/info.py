"""w2v info: the contents of a vector file, and a check of its integrity."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

import click

from w2v.cli.command import INPUT, Command
from w2v.cli.output import ResultPrinter, printable, say_findings
from w2v.errors import W2VError


@click.command(
    cls=Command,
    examples=(
        "w2v info vectors.safetensors",
        "w2v info vectors.safetensors --check --json",
    ),
)
@click.argument("file", type=INPUT)
@click.option(
    "--check", is_flag=True,
    help="Verify the checksums of a .safetensors file, or read a file of another format in full. "
    "Vectors that are not finite are an error too.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(file: str, check: bool, as_json: bool) -> None:
    """Describe a vector file.

    Prints the format of the file and its tables of vectors; for a file of w2v train also the model,
    the settings, the corpus and the losses; for a classifier the labels, with their numbers of
    texts in training; for a fastText model the settings and the subwords.
    """
    from w2v.embeddings import container
    from w2v.embeddings.formats import CONTAINER, describe
    from w2v.embeddings.source import Diagnostics

    findings = Diagnostics(file)
    facts = describe(file, findings)
    say_findings(findings)
    if check and facts["format"] == CONTAINER:
        damaged = container.damaged(*container.read(file))
        if damaged:
            raise W2VError(
                f"{file} is damaged: the bytes of {', '.join(damaged)} do not match their checksum"
            )
    if check:
        _check_finite(file)
        facts["checked"] = True
    text = "\n".join(line for name, value in facts.items() for line in _lines(name, value))
    ResultPrinter(as_tsv=False, as_json=as_json).print(facts, text)


def _check_finite(file: str) -> None:
    """Report zero vectors on stderr; raise W2VError if any vector is not finite."""
    import numpy as np

    from w2v.embeddings import container, formats
    from w2v.embeddings.source import Diagnostics

    tensors = formats.contents(file)[0]
    features = tensors.get("features.vectors")  # of a small classifier, which has no table
    if features is not None and not np.isfinite(features).all():
        raise W2VError(f"{file}: vectors of features are not finite: convert the model again")
    for name in container.table_names(tensors) or ["words"] * (features is None):
        table, findings = formats.load(file, name), Diagnostics(file)
        problem = table.without_direction()
        if not np.isfinite(table.norms).all():
            table_option = "" if name == "words" else f" --table {name}"
            raise W2VError(
                f"{file}: {problem}; w2v convert --check{table_option} {shlex.quote(file)} OUT "
                "removes vectors that are not finite"
            )
        if table.subwords and (damaged := table.subwords.count_not_finite()):
            raise W2VError(f"{file}: {damaged:,} vectors of n-grams are not finite")
        if problem:
            findings.note(problem)
        say_findings(findings)


def _lines(name: str, value: object, indent: str = "") -> Iterator[str]:
    """Yield the plain lines of one fact; the entries of a mapping are indented."""
    if isinstance(value, dict) and value:
        yield f"{indent}{printable(name)}"
        for entry, content in value.items():
            yield from _lines(entry, content, indent + "  ")
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        yield f"{indent}{printable(name)}: {printable(text)}"
