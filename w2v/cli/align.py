"""w2v align: the vectors of one file in the space of another one."""

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
from w2v.system.pipes import name_of


@click.command(
    cls=Command,
    examples=(
        "w2v align vectors.safetensors cbow.safetensors -o aligned.safetensors",
        "w2v similar car -v aligned.safetensors --in vectors.safetensors",
        "w2v align cbow.safetensors vectors.safetensors -o x.txt --dictionary pairs.txt",
    ),
)
@click.argument("target", type=INPUT, metavar="TARGET")
@click.argument("source", type=INPUT, metavar="SOURCE")
@vectors_output_option
@grouped(
    "Vectors",
    click.option(
        "--dictionary", type=INPUT, metavar="FILE",
        help="Pairs of words, for files of two languages: on each line a word of SOURCE and its "
        "translation in TARGET, separated by a TAB or blanks. Without it, the words that both "
        "files have are the pairs.",
    ),
    click.option(
        "--refine", type=click.IntRange(0), default=0, show_default=True, metavar="N",
        help="Rotate N times more, each time with the words of both files that are mutually "
        "nearest by CSLS. This helps if the dictionary is small.",
    ),
)  # fmt: skip
@tables_option
@quiet_option
def align(
    target: str,
    source: str,
    output: str | None,
    dictionary: str | None,
    refine: int,
    table: str,
    quiet: bool,
) -> None:
    """Rotate the vectors of a file to the space of another one.

    The vectors of SOURCE are rotated so that words come nearest to their partners in TARGET
    (orthogonal Procrustes analysis of unit vectors). The cosines within SOURCE stay the same, and
    the words of both files can be compared: w2v similar WORD -v FILE --in TARGET.

    Prints on stderr how many pairs were used, and how well the rotation fits words that were held
    out. The rotation of FILE is fitted to all pairs.
    """
    from w2v.alignment import aligned_vectors
    from w2v.alignment.word_pairs import Dictionary, WordPairs
    from w2v.embeddings import formats
    from w2v.system.progress import ProgressLine

    catch_signals()
    read = {
        "one of the files of TARGET": formats.read_with(target),
        "one of the files of SOURCE": formats.read_with(source),
        "the dictionary": dictionary,
    }
    output = check_vectors_output(output, read)
    line = ProgressLine(sys.stderr, quiet)
    there, given = read_table(target, table), read_table(source, table)
    if dictionary is None:
        pairs = WordPairs.common(given, there)
    else:
        listed = Dictionary.read(dictionary)
        if complaint := listed.complaint():
            line.warn(f"{name_of(dictionary)}: {complaint}")
        pairs = WordPairs.translated(given, there, listed.pairs)
    found = aligned_vectors.align(given, there, pairs, refine)
    formats.save(output, found.table, table)
    for message in aligned_vectors.report(found, pairs):
        line.say(message)
    if found.table.subwords is not None and (lost := formats.lost_subwords(output)):
        line.say(f"{output}: {lost}")
    line.say(written_vectors(output, found.table))
