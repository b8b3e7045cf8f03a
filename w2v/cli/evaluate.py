"""w2v evaluate: the standard judgements of word vectors."""

from __future__ import annotations

from collections.abc import Callable

import click

from w2v.cli.ask import open_table, vectors_option
from w2v.cli.output import echo_json, echo_tsv, format_options, printable


@click.group()
def evaluate() -> None:
    """Judge word vectors by similarity sets or analogy questions."""


def _common(command: Callable) -> Callable:
    restrict = click.option(
        "--restrict",
        type=click.IntRange(1),
        default=300_000,
        show_default=True,
        metavar="N",
        help="Only the N most frequent words.",
    )
    sets = click.argument("sets", nargs=-1, required=True, metavar="SET...")
    return format_options(sets(vectors_option(restrict(command))))


@evaluate.command()
@_common
def similarity(
    sets: tuple[str, ...], vectors: str | None, restrict: int, as_tsv: bool, as_json: bool
) -> None:
    """How well cosines agree with people's scores of word pairs.

    A SET has lines of word, word, score, separated by tabs. Printed: Spearman's rank correlation,
    pairs whose words are both known, all pairs. Case is folded.
    """
    from w2v.evaluate import similarity

    table = open_table(vectors)
    for path in sets:
        result = similarity(table, path, restrict)
        if as_json:
            echo_json(
                {
                    "set": result.name,
                    "spearman": result.spearman,
                    "found": result.found,
                    "pairs": result.pairs,
                }
            )
        elif as_tsv:
            echo_tsv([result.name, result.spearman, result.found, result.pairs])
        else:
            score = "      -" if result.spearman is None else f"{result.spearman:7.4f}"
            click.echo(f"{score}  {result.found} of {result.pairs} pairs  {printable(path)}")


@evaluate.command()
@_common
def analogies(
    sets: tuple[str, ...], vectors: str | None, restrict: int, as_tsv: bool, as_json: bool
) -> None:
    """How many questions "A is to B as C is to what?" are answered rightly.

    A SET has lines of four words, and ": NAME" before each section; sections named gram... count as
    syntactic. Answers are sought among the same restricted words, without the question's own;
    questions with other words are not counted. Case is folded.
    """
    from w2v.evaluate import analogies, totals

    table = open_table(vectors)
    for path in sets:
        results = analogies(table, path, restrict)
        if len(sets) > 1 and not (as_tsv or as_json):
            click.echo(f"{printable(path)}:")
        for result in [*results, *totals(results)]:
            if as_json:
                echo_json(
                    {
                        "set": path,
                        "section": result.section,
                        "accuracy": result.accuracy,
                        "right": result.right,
                        "answerable": result.answerable,
                        "questions": result.questions,
                    }
                )
            elif as_tsv:
                counts = [result.right, result.answerable, result.questions]
                echo_tsv([path, result.section, result.accuracy, *counts])
            else:
                share = "     -" if result.accuracy is None else f"{result.accuracy:6.1%}"
                click.echo(
                    f"{share}  {result.right} of {result.answerable}, "
                    f"{result.questions} asked  {printable(result.section)}"
                )
