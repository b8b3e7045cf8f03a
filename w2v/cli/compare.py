"""w2v compare: scores of several vector files, and the overlap of their nearest neighbours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from w2v.cli.command import INPUT, Command, grouped
from w2v.cli.compared_files import print_compared
from w2v.cli.evaluate_options import restrict_option, say_composed, say_few
from w2v.cli.output import ResultPrinter, format_options, printable
from w2v.cli.vector_file import open_table
from w2v.errors import W2VError

_DEFAULT_SETS = ("questions-words.txt", "similarity/*.tsv")  # analogies, word pairs; in $W2V_DATA


@click.command(
    cls=Command,
    examples=(
        "w2v compare vectors.safetensors cbow.safetensors --pairs pairs.tsv",
        "w2v compare vectors.safetensors cbow.safetensors --questions questions.txt",
    ),
)
@click.argument("files", nargs=-1, required=True, type=INPUT, metavar="FILE...")
@grouped(
    "Evaluation",
    click.option(
        "--pairs", multiple=True, type=INPUT, metavar="SET",
        help="Score the files on this set of word pairs with similarity scores. May be repeated.",
    ),
    click.option(
        "--questions", multiple=True, type=INPUT, metavar="SET",
        help="Score the files on this set of analogies. May be repeated.",
    ),
)  # fmt: skip
@restrict_option
@format_options
def compare(
    files: tuple[str, ...],
    pairs: tuple[str, ...],
    questions: tuple[str, ...],
    restrict: int,
    results: ResultPrinter,
) -> None:
    """Compare vector files by scores and shared neighbours.

    The scores are measured on the sets of --pairs and --questions. Without these options, they are
    measured on questions-words.txt and similarity/*.tsv in the folder $W2V_DATA. Only pairs and
    questions whose words all files have, or compose from n-grams, are scored. Prints for each file
    the score, its 95 % bootstrap interval, and the p-value of the difference from the first file.

    Then prints the overlap of nearest neighbours of each pair of files: the share of common words
    among the ten nearest, averaged over the 1,000 most frequent words that all files have.
    """
    from w2v.evaluation import compare
    from w2v.evaluation.analogies import analogies, totals

    tables = [open_table(file) for file in files]
    if not (pairs or questions):
        questions, pairs = (_default_sets(pattern) for pattern in _DEFAULT_SETS)
    if not (pairs or questions):
        message = (
            "no test sets: name them with --pairs or --questions, or their folder in $W2V_DATA"
        )
        if len(files) == 1:
            raise W2VError(message)
        click.echo(message, err=True)
    for path in questions:
        answered = [analogies(table, path, restrict) for table in tables]
        for file, each in zip(files, answered, strict=True):
            say_composed(path, file, totals(each)[-1].composed, "question")
        groups = compare.by_questions(answered, path)
        say_few(path, groups[-1][0].items, groups[-1][0].total, "question")
        for compared in groups:
            print_compared(files, compared, results)
    for path in pairs:
        scores = compare.by_pairs(tables, path, restrict)
        for file, score in zip(files, scores, strict=True):
            say_composed(path, file, score.composed, "pair")
        say_few(path, scores[0].items, scores[0].total, "pair")
        print_compared(files, scores, results)
    if len(files) > 1:
        _print_overlap(files, compare.overlap(tables), results)


def _default_sets(pattern: str) -> tuple[str, ...]:
    folder = os.environ.get("W2V_DATA")
    return tuple(map(str, sorted(Path(folder).glob(pattern)))) if folder else ()


def _print_overlap(
    files: Sequence[str], shares: Iterable[Iterable[float]], results: ResultPrinter
) -> None:
    """Print the overlap of each pair of files, once for each pair."""
    results.print_heading("overlap@10: common words among the ten nearest")
    for number, (file, row) in enumerate(zip(files, shares, strict=True)):
        for other, share in list(zip(files, row, strict=True))[number + 1 :]:
            record = {"file": file, "other": other, "overlap": round(float(share), 6)}
            results.print(record, f"{share:7.4f}  {printable(file)}  {printable(other)}")
