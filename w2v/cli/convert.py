"""w2v convert: writing a vector file in another format."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, OUTPUT, Command, grouped
from w2v.cli.converted_names import NameOptions, name_options
from w2v.cli.output import printable, say_findings
from w2v.cli.small_classifier import (
    ClassifierOptions,
    classifier_options,
    shrink,
)
from w2v.cli.vector_file import blank_option, combine_option
from w2v.system.pipes import output_name

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

# The formats that store each type.
_DTYPES = {
    "f16": (".safetensors", ".npy", ".parquet", ".model2vec"),
    "i8": (".safetensors",),
    "i4": (".safetensors",),
}


@click.command(
    cls=Command,
    examples=(
        "w2v convert vectors.safetensors vectors.txt",
        "w2v convert vectors.safetensors small.safetensors --limit 1000 --dtype i8",
        "w2v convert vectors.txt repaired.bin --check",
    ),
)
@click.argument("source", type=INPUT, metavar="IN")
@click.argument("target", type=OUTPUT, metavar="OUT")
@grouped(
    "Vectors",
    click.option(
        "--table", metavar="NAME",
        help="The table of a .safetensors file: words or documents.  [default: words, or documents "
        "if there are no word vectors]",
    ),
    click.option(
        "--limit", type=click.IntRange(0), metavar="N", help="Keep only the first N vectors."
    ),
)  # fmt: skip
@name_options
@grouped(
    "Vectors",
    combine_option,
    click.option(
        "--center", type=click.IntRange(0), metavar="N",
        help="Subtract the mean of all vectors, then remove their first N principal components. "
        "With 0, only subtract the mean.",
    ),
    click.option(
        "--dim", type=click.IntRange(1), metavar="N",
        help="Keep N numbers of each vector: its projections on the first N principal components "
        "of all unit vectors, which change cosines least. The mean is not subtracted.",
    ),
    click.option(
        "--whiten", is_flag=True,
        help="Give the vectors the mean 0 and the covariance 1, where words weigh as much as their "
        "counts (Zipfian whitening). --dim N keeps the N directions of the largest variance.",
    ),
    click.option("--normalize", is_flag=True, help="Divide each vector by its length."),
)  # fmt: skip
@classifier_options
@click.option(
    "--dtype", type=click.Choice(["f32", "f16", "i8", "i4"]),
    help="Type of the numbers: float32, float16 in half the size (.safetensors, .npy, .parquet and "
    ".model2vec), or int8 with a scale for each vector in a quarter of it (.safetensors). By "
    "default it is that of IN, or f32 if the format of OUT cannot store it. A model nbow becomes a "
    "small .safetensors, which predicts but has no word vectors; it may also be i4, with two "
    "numbers in a byte.",
)  # fmt: skip
@click.option(
    "--format", "layout", type=click.Choice(["word2vec", "fasttext"]),
    help="The format of a .bin. The default is fasttext for vectors with subwords, because "
    "word2vec's format would lose them, and word2vec for others.",
)  # fmt: skip
@click.option(
    "--buckets", type=click.IntRange(1, (1 << 31) - 1), metavar="N",
    help="Number of buckets of n-grams in OUT, a .safetensors or a fastText .bin. By default it is "
    "that of IN; in a .bin 2,000,000 if w2v trained IN without --buckets. Fewer buckets make the "
    "file smaller, and the vectors of unknown words less exact.",
)  # fmt: skip
@blank_option
@click.option(
    "--check", is_flag=True, help="Repair a damaged IN, and report each repair, as described above."
)
def convert(
    source: str,
    target: str,
    table: str | None,
    limit: int | None,
    names: NameOptions,
    combine: str,
    center: int | None,
    dim: int | None,
    whiten: bool,
    normalize: bool,
    dtype: str | None,
    layout: str | None,
    buckets: int | None,
    blank: str | None,
    check: bool,
    classifier: ClassifierOptions,
) -> None:
    """Write a vector file in another format.

    The suffix of OUT sets its format; the format of IN is recognised by its content. .safetensors
    is the format of w2v train; .txt, .vec and - (stdout) are word2vec text; .bin is word2vec
    binary, or a fastText model if the vectors have subwords; .glove is text without a header, where
    names may have blanks; .npy is a NumPy array, with the names in a second file, .words; .tsv is
    the two files of the Embedding Projector; .parquet is a table for databases (needs pip install
    'w2v[arrow]'); .model2vec is a folder that model2vec and sentence-transformers load. A further
    suffix .gz, .bz2, .xz or .zst compresses OUT, except .safetensors, .tsv, .parquet, .model2vec
    and fastText models.

    --check repairs a damaged IN. It counts the rows if the header is wrong or missing, leaves out
    rows that cannot be read and vectors that are not finite, and keeps the first of several rows
    with the same name. It reports each repair on stderr.
    """
    from w2v.embeddings import formats, transform

    catch_signals()
    target = formats.without_slash(target)
    _check_options(target, names, limit, layout)
    table = table or formats.default_table(source)
    _check_numbers(target, table, center, whiten, dtype)
    inputs = {
        "one of the files of IN": formats.read_with(source),
        "one of the lists of --only": names.only,
        "the list of --words": names.words,
        "the file of --counts": names.counts,
        **classifier.files,
    }
    _check_output(target, table, inputs)
    classifier.check()
    if shrink(source, target, dtype, check, classifier):
        return
    converted = _read(source, table, limit if combine == "input" else None, check)
    dtype = dtype or _kept_dtype(converted, target)
    is_mapped = whiten or center is not None or dim is not None
    had_subwords = converted.subwords is not None and not names.words
    if combine == "sum":
        converted = transform.add_output_vectors(converted, source, formats.contents(source)[0])
        converted = transform.first(converted, limit)
    if converted.subwords is not None and not names.words:
        formats.check_subwords(target, converted.subwords)
    converted = names.chosen(converted)
    converted = _mapped(converted, center, dim, whiten)
    if normalize:
        converted = transform.normalized(converted)
    if blank is not None:
        converted = converted.without_blanks(blank)
    if buckets:
        converted = _in_buckets(converted, target, layout, buckets)
    if dtype:
        converted = _with_dtype(converted, target, dtype)
    if had_subwords and converted.subwords is None:
        _say_subwords_lost(target, "because they do not compose these vectors")
    # A folder needs the source for its tokenizer, whichever words there are.
    model = "" if names.words and not formats.folder_files(target) else source
    _save(target, converted, table, model, is_mapped, layout, buckets)
    _say_left_out(target, source, table)


def _check_output(
    target: str, table: str, inputs: Mapping[str, str | Iterable[str] | None]
) -> None:
    """Raise an error if OUT cannot be written, or would replace a file that is read."""
    from w2v.embeddings import formats
    from w2v.system import output_files

    if files := formats.folder_files(target):
        if table != "words":
            raise click.UsageError(
                f"{target} holds the vectors of words, of which a text has its mean: leave out "
                "--table"
            )
        output_files.check_folder("OUT", target, files, inputs)
    else:
        outputs = {"OUT": target, "the list of names": formats.written_beside(target)}
        output_files.check(outputs, inputs)


def _mapped(table: Table, center: int | None, dim: int | None, whiten: bool) -> Table:
    """Apply --center, --dim and --whiten."""
    from w2v.embeddings import transform

    if center is not None:
        table = transform.centered(table, center)
    if whiten:
        return transform.whitened(table, dim)
    return table if dim is None else transform.reduced(table, dim)


def _check_options(target: str, names: NameOptions, limit: int | None, layout: str | None) -> None:
    """Raise a UsageError for options that cannot be combined, or do not suit the format of OUT."""
    from w2v.system import packing

    if names.words and (names.only or limit is not None):
        other = "--only" if names.only else "--limit"
        raise click.UsageError(f"--words and {other} cannot be combined: use one of them")
    if layout and not packing.plain_name(target).lower().endswith(".bin"):
        raise click.UsageError(f"--format {layout} needs an OUT that ends in .bin")


def _check_numbers(
    target: str, table: str, center: int | None, whiten: bool, dtype: str | None
) -> None:
    """As `_check_options`, for the options that change numbers."""
    if dtype and not _holds(target, dtype):
        suffixes = " and ".join(_DTYPES[dtype])
        raise click.UsageError(f"--dtype {dtype} works only for {suffixes}: leave out --dtype")
    if whiten and center is not None:
        raise click.UsageError("--whiten subtracts a mean of its own: leave out --center")
    if whiten and table != "words":
        raise click.UsageError("--whiten weights words by their counts: leave out --table")


def _with_dtype(table: Table, target: str, dtype: str) -> Table:
    """Return the table in another type; report vectors that it makes zero on stderr."""
    from w2v.embeddings import transform

    made = transform.with_dtype(table, dtype)
    if made.dtype != table.dtype and (lost := transform.lost_directions(table, made)):
        click.echo(printable(f"{output_name(target)}: {lost}"), err=True)
    return made


def _holds(target: str, dtype: str) -> bool:
    """Whether the format of OUT stores a type."""
    from w2v.system import packing

    suffixes = _DTYPES.get(dtype)
    return suffixes is None or packing.plain_name(target).lower().endswith(suffixes)


def _kept_dtype(table: Table, target: str) -> str | None:
    """The type of a table, or f32 if the format of OUT does not store it.

    None for a format without types, which is written row by row in any case.
    """
    if not _holds(target, "f16"):
        return None
    dtype = {"float16": "f16", "int8": "i8"}.get(table.dtype.name, "f32")
    return dtype if _holds(target, dtype) else "f32"


def _save(
    target: str,
    table: Table,
    name: str,
    source: str,
    is_mapped: bool,
    layout: str | None,
    buckets: int | None,
) -> None:
    """Write a table, and say on stderr what was written and what the format does not keep.

    name       the name of the table in a container
    source     the file whose words the table has; "" for other words
    is_mapped  whether the vectors are others than those of the file, so that its output vectors
               do not suit them
    layout     the format of a .bin; None: the default
    buckets    number of buckets in a fastText .bin; None: the default
    """
    from w2v.embeddings import fasttext_export, formats
    from w2v.system import packing
    from w2v.system.progress import plural

    is_bin = packing.plain_name(target).lower().endswith(".bin")
    is_model = is_bin and (
        layout == "fasttext" or (not layout and fasttext_export.keeps_model(source, table))
    )
    if layout == "word2vec" and table.subwords is not None:
        _say_subwords_lost(target, "because word2vec's format cannot keep them")
        table = table.without_subwords()
    if is_model:
        facts = fasttext_export.facts_of(source, table) if source and name == "words" else None
        if facts and is_mapped:
            facts = fasttext_export.without_outputs(facts)
        fasttext_export.write(target, table, facts, buckets)
        if changed := fasttext_export.change_when_written(table, facts, buckets):
            click.echo(f"{printable(output_name(target))}: {changed}", err=True)
    else:
        formats.save(target, table, name, "" if layout else source)
        if table.subwords is not None and (lost := formats.lost_subwords(target)):
            click.echo(f"{printable(output_name(target))}: {lost}", err=True)
        if note := formats.note(target, table, source):
            click.echo(f"{printable(output_name(target))}: {note}", err=True)
    size = f"{plural(len(table), 'vector')} of {plural(table.dim, 'number')}"
    kind = ", a fastText model" if is_model else ""
    if table.subwords is not None and os.path.isfile(target):
        kind += f", {os.path.getsize(target):,} bytes"
    click.echo(f"{printable(output_name(target))}: {size}{kind}", err=True)


def _in_buckets(table: Table, target: str, layout: str | None, buckets: int) -> Table:
    """Return the table with N buckets of n-grams; a fastText .bin distributes them when written.

    Raises  UsageError if OUT would have no n-grams
    """
    from w2v.embeddings import fasttext_export, formats
    from w2v.embeddings.bucket_rows import in_buckets

    if table.subwords is None or layout == "word2vec" or formats.lost_subwords(target):
        raise click.UsageError(
            "--buckets is for vectors with subwords, and a .safetensors or fastText .bin, which "
            "keep them: leave out --buckets"
        )
    if not formats.is_container(target) or table.subwords.buckets == buckets:
        return table
    changed = fasttext_export.change_when_written(table, None, buckets)
    click.echo(printable(f"{output_name(target)}: {changed}"), err=True)
    return in_buckets(table, buckets)


def _say_left_out(target: str, source: str, table: str) -> None:
    """Report the other tables of a model of documents, which OUT does not have."""
    from w2v.embeddings import container, formats
    from w2v.system.progress import plural

    tensors = formats.contents(source)[0]
    others = {name for name in container.table_names(tensors) if name != table}
    if "documents" in {table, *others} and others:
        counts = [f"{plural(len(tensors[f'{name}.matrix']), 'vector')} of {name}"
                  for name in sorted(others)]  # fmt: skip
        message = (
            f"{output_name(target)}: only the vectors of {table} are written; left out: "
            f"{' and '.join(counts)} (--table), and what w2v infer needs"
        )
        click.echo(printable(message), err=True)


def _say_subwords_lost(target: str, reason: str) -> None:
    """Report that the file has no subwords, unlike IN."""
    message = f"{output_name(target)}: the subwords are left out, {reason}"
    click.echo(printable(message), err=True)


def _read(source: str, table: str, limit: int | None, repairs: bool) -> Table:
    """Return a table of a file; report problems, and repairs if they are wanted, on stderr."""
    import numpy as np

    from w2v.embeddings import container, formats
    from w2v.embeddings.source import Diagnostics

    findings = Diagnostics(source, repairs)
    found = formats.load(source, table, limit, findings)
    if repairs and (damaged := container.damaged(*formats.contents(source))):
        findings.note(container.said_damaged(damaged))
    if repairs and not np.isfinite(found.norms).all():
        finite = np.isfinite(found.norms)
        findings.note(f"{found.counted(~finite, 'not finite')}: left out")
        found = found.take(np.flatnonzero(finite))
    if problem := found.without_direction():
        findings.note(problem)
    say_findings(findings)
    return found
