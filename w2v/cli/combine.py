"""w2v combine: the vectors of several runs in one file."""

from __future__ import annotations

import sys

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, Command, grouped
from w2v.cli.options import quiet_option
from w2v.cli.vector_file import (
    check_vectors_output,
    read_table,
    tables_option,
    vectors_output_option,
    written_vectors,
)


@click.command(
    cls=Command,
    examples=(
        "w2v combine vectors.safetensors cbow.safetensors -o both.safetensors",
        "w2v combine vectors.safetensors cbow.safetensors -o both.txt --side-by-side",
    ),
)
@click.argument("files", nargs=-1, required=True, type=INPUT, metavar="VECTORS...")
@vectors_output_option
@tables_option
@grouped(
    "Vectors",
    click.option(
        "--side-by-side", is_flag=True,
        help="Write the unit vectors of the files one after the other, so that a cosine is the "
        "mean of the cosines in the files. The dimensions add up, and may differ.",
    ),
)  # fmt: skip
@quiet_option
def combine(
    files: tuple[str, ...], output: str | None, table: str, side_by_side: bool, quiet: bool
) -> None:
    """Combine the vectors of several runs into better ones.

    The runs have the same settings but other seeds. Their vectors differ by rotations, and by noise
    that their mean has less of. The vectors of each file are rotated so that they come nearest to
    those of the others (generalised Procrustes analysis), and the output has their means. The words
    are those that all files have, in the order of the first file.

    Prints on stderr how many words were left out of each file, and the mean cosine of its vectors
    with the means.
    """
    from w2v.alignment.combination import mean_of_runs
    from w2v.alignment.combination import side_by_side as concatenated
    from w2v.embeddings import formats
    from w2v.system.progress import ProgressLine, plural

    catch_signals()
    read = {f"one of the files of {file}": formats.read_with(file) for file in files}
    output = check_vectors_output(output, read)
    if len(files) == 1:
        raise click.UsageError("one file has nothing to be combined with: give two or more")
    tables, line = [read_table(file, table) for file in files], ProgressLine(sys.stderr, quiet)
    found = (concatenated if side_by_side else mean_of_runs)(tables)
    formats.save(output, found.table, table)
    for number, (file, each) in enumerate(zip(files, tables, strict=True)):
        parts = [f"{plural(len(each) - len(found.table), 'name')} left out"]
        if found.agreements:
            parts.append(f"mean cosine {found.agreements[number]:.3f}")
        line.say(f"{file}: {'; '.join(parts)}")
    if any(each.subwords is not None for each in tables):
        line.say(
            f"{output}: the subwords are left out, because only the vectors of words are combined: "
            "w2v subwords fits n-grams to them"
        )
    line.say(written_vectors(output, found.table))
