"""w2v compare: scores of several vector files, and the overlap of their nearest neighbours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from w2v.cli.command import INPUT, Command, grouped
from w2v.cli.compared_files import print_compared, say_scored
from w2v.cli.evaluate_options import restrict_option
from w2v.cli.output import ResultPrinter, format_options, printable
from w2v.cli.report_table import print_report, runs_of_settings
from w2v.cli.vector_file import open_table
from w2v.errors import NotVectorsError, W2VError

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
@click.option(
    "--markdown", is_flag=True,
    help="Print a table in Markdown with a row for each file and a column for each set, for a "
    "report.",
)  # fmt: skip
@click.option("--latex", is_flag=True, help="Print the same table in LaTeX.")
@click.option(
    "--over-seeds", is_flag=True,
    help="With --markdown or --latex: one row for all files with the same settings and text but "
    "another --seed, with the mean of their scores and its standard deviation over the seeds.",
)  # fmt: skip
def compare(
    files: tuple[str, ...],
    pairs: tuple[str, ...],
    questions: tuple[str, ...],
    restrict: int,
    results: ResultPrinter,
    markdown: bool,
    latex: bool,
    over_seeds: bool,
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
    from w2v.evaluation.analogies import analogies

    is_report = markdown or latex
    if (markdown and latex) or (is_report and not results.plain):
        raise click.UsageError(
            "--markdown, --latex, --tsv and --json exclude each other: use one of them"
        )
    if over_seeds and not is_report:
        raise click.UsageError("--over-seeds needs --markdown or --latex: add one of them")
    _check_files(files, "--pairs" if pairs else "--questions" if questions else "")
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
    sets = []
    for path in questions:
        groups = compare.by_questions([analogies(table, path, restrict) for table in tables], path)
        say_scored(path, files, groups[-1], "question")
        sets += groups
        for group in [] if is_report else groups:
            print_compared(files, group, "question", results)
    for path in pairs:
        scores = compare.by_pairs(tables, path, restrict)
        say_scored(path, files, scores, "pair")
        sets.append(scores)
        if not is_report:
            print_compared(files, scores, "pair", results)
    shares = compare.overlap(tables) if len(files) > 1 else None
    if is_report:
        rows = runs_of_settings(files) if over_seeds else [[row] for row in range(len(files))]
        print_report(files, sets, shares, rows, latex=latex)
    elif shares is not None:
        _print_overlap(files, shares, results)


def _check_files(files: Sequence[str], option: str) -> None:
    """Raise W2VError if one of the files is not a vector file, before any of them is read.

    option  the option that is given for the first set; "" if there is none
    """
    from w2v.embeddings import formats

    for file in files:
        try:
            formats.sniff(file)
        except NotVectorsError as error:
            repeated = f"; if it is another set: {option} {file}" if option else ""
            raise W2VError(f"{error}{repeated}") from None


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
