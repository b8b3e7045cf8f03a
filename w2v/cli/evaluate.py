"""w2v evaluate: standard evaluations of word and document vectors."""

from __future__ import annotations

import click

from w2v.cli import HelpfulGroup
from w2v.cli.evaluate_analogies import analogies
from w2v.cli.evaluate_classify import classify
from w2v.cli.evaluate_self_retrieval import self_retrieval
from w2v.cli.evaluate_similarity import similarity


@click.group(
    cls=HelpfulGroup,
    examples=("w2v evaluate similarity pairs.tsv", "w2v evaluate analogies questions.txt"),
)
def evaluate() -> None:
    """Measure word and document vectors on standard tests."""


for command in (similarity, analogies, classify, self_retrieval):
    evaluate.add_command(command)
