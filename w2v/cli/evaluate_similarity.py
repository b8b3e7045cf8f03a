"""w2v evaluate similarity: correlation of cosines with human similarity scores of word pairs."""

from __future__ import annotations

import click

from w2v.cli.command import Command
from w2v.cli.compared_files import print_compared, say_scored
from w2v.cli.evaluate_options import EvaluatedFiles, evaluated_file_options, say_few
from w2v.cli.output import ResultPrinter, format_options, printable


@click.command(
    cls=Command,
    examples=(
        "w2v evaluate similarity pairs.tsv",
        "w2v evaluate similarity pairs.tsv -v vectors.safetensors -v cbow.safetensors",
    ),
)
@evaluated_file_options
@format_options
def similarity(
    files: EvaluatedFiles,
    results: ResultPrinter,
) -> None:
    """Correlate cosines with human scores of word pairs.

    A SET has two words and a score on each line, separated by tabs. Case is ignored. Prints
    Spearman's rank correlation, the number of pairs whose words are known, the number of all pairs,
    the p-value, and Pearson's correlation. Several -v files are compared as by w2v compare.
    """
    from w2v.evaluation import compare
    from w2v.evaluation.similarity import similarity

    tables = files.tables()
    if files.oov == "error" and len(tables) > 1:
        raise click.UsageError("--oov error works only with a single -v")
    for path in files.sets:
        if len(tables) > 1:
            compared = compare.by_pairs(tables, path, files.restrict)
            say_scored(path, files.vectors, compared, "pair")
            print_compared(files.vectors, compared, "pair", results)
            continue
        result = similarity(tables[0], path, files.restrict)
        unknown = result.pairs - len(result.found)
        files.report_words(path, files.paths()[0], int(result.composed.sum()), unknown, "pair")
        say_few(path, len(result.found), result.pairs, "pair")
        known_pairs, (spearman, p, pearson) = len(result.found), result.agreement()
        score = "      -" if spearman is None else f"{spearman:7.4f}"
        details = "" if p is None else f"  (p {p:.1e}, Pearson {pearson:.4f})"
        results.print(
            {"set": path, "spearman": spearman, "found": known_pairs, "pairs": result.pairs,
             "pearson": pearson, "p": p},
            f"{score}  {known_pairs} of {result.pairs} pairs  {printable(path)}{details}",
        )  # fmt: skip
