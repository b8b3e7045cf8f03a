"""w2v subwords: vectors of unknown words for finished vectors, by a regression on n-grams."""

from __future__ import annotations

import sys

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, OUTPUT, Command, grouped
from w2v.cli.options import quiet_option
from w2v.cli.output import say_findings
from w2v.errors import W2VError


@click.command(
    cls=Command,
    examples=(
        "w2v subwords vectors.safetensors -o subwords.safetensors",
        "w2v subwords cbow.safetensors -o small.safetensors --buckets 10000",
        "w2v similar guitarist -v subwords.safetensors",
    ),
)
@click.argument("vectors", type=INPUT, metavar="VECTORS")
@click.option(
    "-o", "--output", type=OUTPUT, metavar="FILE",
    help="Output file, which must be given. Its name ends in .safetensors.",
)  # fmt: skip
@grouped(
    "Model",
    click.option(
        "--subwords", default="3-6", show_default=True, metavar="MIN-MAX",
        help="Use the character n-grams of MIN to MAX characters.",
    ),
    click.option(
        "--buckets", type=click.IntRange(0, (1 << 31) - 1), default=0, show_default=True,
        metavar="N",
        help="Number of buckets that n-grams are hashed to. N-grams in the same bucket share a "
        "row, which limits memory. 0: each n-gram of the words has a row of its own.",
    ),
    click.option(
        "--subword-min-count", type=click.IntRange(1), default=1, show_default=True, metavar="N",
        help="Leave out n-grams that occur in fewer than N words.",
    ),
    click.option(
        "--held-out", type=click.IntRange(0), metavar="N",
        help="Hold N words out of the fit, and say how near their composed vectors come to the "
        "given ones. The words keep their vectors.  [default: one of 20 words, at most 1,000]",
    ),
)  # fmt: skip
@click.option(
    "--threads", type=click.IntRange(1), metavar="N",
    help="Number of worker threads. The result does not depend on it.  [default: all processors]",
)  # fmt: skip
@quiet_option
def subwords(
    vectors: str,
    output: str | None,
    subwords: str,
    buckets: int,
    subword_min_count: int,
    held_out: int | None,
    threads: int | None,
    quiet: bool,
) -> None:
    """Fit n-grams to finished vectors, for unknown words.

    Fits a row for each character n-gram of the words in VECTORS, so that the mean of the rows of a
    word's n-grams is near its vector. FILE has the words of VECTORS with unchanged vectors, and
    composes the vectors of all other words from n-grams. All commands then compose unknown words,
    and w2v convert writes a fastText .bin.
    """
    from w2v.embeddings import formats
    from w2v.embeddings.source import Diagnostics
    from w2v.fitting import fit_table, write
    from w2v.settings import SubwordSettings
    from w2v.system import output_files
    from w2v.system.progress import ProgressLine, plural

    catch_signals()
    if output is None:
        raise click.UsageError("name the output file: -o FILE.safetensors")
    if not output.lower().endswith(".safetensors"):
        raise W2VError(
            f"-o {output}: name a file that ends in .safetensors, from which w2v convert makes "
            "other formats"
        )
    output_files.check({"-o": output}, {"one of the files of VECTORS": formats.read_with(vectors)})
    findings = Diagnostics(vectors)
    table = formats.load(vectors, findings=findings)
    say_findings(findings)
    line = ProgressLine(sys.stderr, quiet)
    settings = SubwordSettings(subwords, buckets, subword_min_count)
    fitted = fit_table(table, settings, held_out, threads, line)
    write(output, fitted, vectors)
    line.say(
        f"wrote {output}: {plural(len(fitted.table), 'vector')} of "
        f"{plural(fitted.table.dim, 'number')}, with {plural(fitted.ngrams, 'n-gram')}"
    )
