"""w2v dedup: removing repeated and nearly repeated lines of a text, or documents of a table."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from w2v.cli import catch_signals
from w2v.cli.command import OUTPUT, Command, finite, grouped
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.options import quiet_option, recursive_option, text_output_option, texts
from w2v.cli.output import tsv_row
from w2v.cli.scratch_option import scratch_option
from w2v.errors import W2VError
from w2v.runs.text_messages import say_compiling, say_text_changes

if TYPE_CHECKING:
    from w2v.system.progress import ProgressLine
    from w2v.text.deduplication import Deduplication
    from w2v.text.removed_rows import RemovedRows
    from w2v.text.rows import Rows

_MOST = 1000  # number of lines in the file of --counts
_LEAST_MEMORY = 16_000_000  # bytes of memory for tables, without which passes would be too many
_WORKING_MEMORY = 30_000_000  # bytes for blocks of text and for loading the kernels


@click.command(
    cls=Command,
    examples=(
        "w2v dedup corpus.txt -o unique.txt",
        "w2v dedup corpus.txt --tokenizer words --counts lines.tsv -o unique.txt",
        "w2v dedup documents.tsv --near 0.8 --pairs pairs.tsv -o unique.tsv",
    ),
)
@corpus_argument(required=True)
@text_output_option
@click.option(
    "--counts", "counts_path", type=OUTPUT, metavar="FILE",
    help=f"Also write the {_MOST:,} most repeated lines to this file, with their counts, separated "
    "by tabs.",
)  # fmt: skip
@click.option(
    "--pairs", "pairs_path", type=OUTPUT, metavar="FILE",
    help="Also write each removed line to this file, with the line that was kept in its place, and "
    "their similarity, separated by tabs. A line is named by its number, a document by its id or "
    "else its number, a file by its path.",
)  # fmt: skip
@click.option(
    "--max-memory", metavar="SIZE",
    help="Use at most this much memory, for example 800MB or 4GB. If the text has more different "
    "lines than fit, the rest is processed in further passes, and the same lines are kept.  "
    "[default: three quarters of the free memory]",
)  # fmt: skip
@click.option(
    "--near",
    type=click.FloatRange(0.5, 1),
    callback=finite,
    metavar="X",
    help="Also remove lines whose similarity to an earlier line that is kept is at least X, from "
    "0.5 to 1. The similarity is that of their sets of shingles (Jaccard), estimated by MinHash.",
)
@click.option(
    "--shingle", type=click.IntRange(1, 1000), default=5, show_default=True, metavar="N",
    help="For --near: a shingle has N consecutive words. Lines with fewer words are removed only "
    "if they are equal.",
)  # fmt: skip
@grouped(
    "Documents",
    click.option(
        "--format", metavar="NAME",
        help="Format of the texts. lines: each line is compared as a whole; tsv, csv, jsonl, "
        "parquet, arrow: the text column or field of each row is compared, and rows of parquet and "
        "arrow are written as jsonl; files: the text of each file, and the paths of the files are "
        "written.  [default: by suffix, else lines; files for a folder]",
    ),
    click.option(
        "--columns", metavar="LIST",
        help="For tsv and csv: the meaning of the columns, separated by commas: text, id, label, "
        "or - to ignore a column.  [default: by the header, else id,text or label,id,text]",
    ),
    click.option(
        "--header", type=click.Choice(["auto", "yes", "no"]), default="auto", show_default=True,
        help="For tsv and csv: whether the first row is a header with the names of the columns.",
    ),
    click.option(
        "--text-field", default="text", show_default=True, metavar="NAME",
        help="For jsonl, and for tsv and csv with a header: the field or column that holds the "
        "text. The texts of several, separated by commas, are joined.",
    ),
    click.option(
        "--id-field", metavar="NAME",
        help="For --pairs: the field or column that holds the id.  [default: id, else the number]",
    ),
)  # fmt: skip
@grouped(
    "Text",
    click.option(
        "--tokenizer", type=click.Choice(["space", "words", "chars", "jieba"]), default="space",
        show_default=True, help="Compare the tokens of this tokenizer, as in w2v train. With words "
        "or chars, lines that differ only in punctuation are equal.",
    ),
    click.option("--lowercase", is_flag=True, help="Compare the lines in lower case."),
    click.option(
        "--lowercase-turkish", is_flag=True,
        help="Compare the lines in lower case by the rules of Turkish and Azerbaijani.",
    ),
    click.option(
        "--normalize", type=click.Choice(["none", "NFC", "NFKC"]), default="none",
        show_default=True, help="Compare the lines after this Unicode normalization.",
    ),
    click.option(
        "--encoding", default="utf-8", show_default=True, metavar="NAME",
        help="Encoding of the text. Invalid bytes are replaced and counted. UTF-8 is written.",
    ),
)  # fmt: skip
@scratch_option
@recursive_option
@quiet_option
def dedup(
    corpus: tuple[str, ...],
    output: str,
    counts_path: str | None,
    pairs_path: str | None,
    max_memory: str | None,
    near: float | None,
    shingle: int,
    format: str | None,
    columns: str | None,
    header: str,
    text_field: str,
    id_field: str | None,
    tokenizer: str,
    lowercase: bool,
    lowercase_turkish: bool,
    normalize: str,
    encoding: str,
    recursive: bool,
    quiet: bool,
) -> None:
    """Remove repeated and nearly repeated lines from a text.

    Writes each line once, where it occurs first. Lines are equal if they have the same words,
    whatever the blanks between and around them. Lines without words are kept. With --near, lines
    with nearly the same words are removed too. The options of the text only change how lines are
    compared: lines are written as they are.
    """
    from w2v.kernels.cache import is_cold
    from w2v.settings import DocumentSettings, Lowercase
    from w2v.system import atomic_file, output_files
    from w2v.system.progress import ProgressLine
    from w2v.system.resources import processors
    from w2v.system.signals import DeferredSignals
    from w2v.text.deduplication import Deduplication
    from w2v.text.removed_rows import RemovedRows
    from w2v.text.rows import Rows

    catch_signals()
    paths = texts(corpus, recursive)
    outputs = {"-o": output, "--counts": counts_path, "--pairs": pairs_path}
    output_files.check(outputs, {"one of the texts": paths})
    settings = DocumentSettings(
        format=format, columns=columns, header=header, text_field=text_field, id_field=id_field
    )  # fmt: skip
    log = RemovedRows() if pairs_path else None
    case: Lowercase = "turkish" if lowercase_turkish else lowercase
    source = Rows(
        paths, settings, tokenizer, encoding, case, normalize, processors(), log is not None
    )
    line = ProgressLine(sys.stderr, quiet)
    if is_cold("line_hash", *(["minhash"] if near else [])):
        say_compiling(line)
    work = Deduplication(_memory_limit(max_memory), _MOST if counts_path else 0, near, shingle, log)
    show = _show(line, source, work)
    with ExitStack() as files:  # either both files are written or none
        signals = DeferredSignals()
        if output != "-":  # a long text can be stopped between two blocks
            files.enter_context(signals)
        with atomic_file.packed_within(files, output) as file:
            for block in work.kept(source.batches()):
                file.write(source.written(block))
                signals.check()
                show()
            signals.check()  # Ctrl-C may have ended the text, as that of a pipe
        if counts_path is not None:
            with atomic_file.packed_within(files, counts_path) as packed:
                packed.writelines(b"%s\t%d\n" % pair for pair in work.most_repeated())
        if log is not None:
            _write_pairs(str(pairs_path), files, source, log)
    say_text_changes(line, source)
    _say_counts(line, source, work, near is not None)


def _write_pairs(path: str, files: ExitStack, source: Rows, log: RemovedRows) -> None:
    """Write the removed rows with the rows that were kept in their place.

    files  replaces the files of the command when it ends
    """
    from w2v.system import atomic_file

    with atomic_file.packed_within(files, path) as packed:
        for removed, kept, similarity in zip(*log.pairs(), strict=True):
            row = tsv_row([source.name(removed), source.name(kept), float(similarity)])
            packed.write(row.encode("utf-8", "surrogateescape") + b"\n")


def _memory_limit(given: str | None) -> int:
    """Return the bytes that tables may use; W2VError if --max-memory is too small.

    given  the value of --max-memory
    """
    from w2v.system import resources

    if given is None:
        free = resources.available_memory()
        return 1 << 62 if free is None else max(free * 3 // 4, _LEAST_MEMORY)
    used = resources.used_memory() + _WORKING_MEMORY
    limit = resources.size(given) - used
    if limit < _LEAST_MEMORY:
        raise W2VError(
            f"--max-memory {given} is too small: give at least "
            f"{resources.readable(used + _LEAST_MEMORY)}"
        )
    return limit


def _show(line: ProgressLine, source: Rows, work: Deduplication) -> Callable[[], None]:
    """Return a function that shows the progress, and says once for each pass that it is full."""
    from time import monotonic

    from w2v.system.progress import duration
    from w2v.system.resources import readable

    begin, number, reported = monotonic(), 1, 0

    def show() -> None:
        nonlocal begin, number, reported
        if work.pass_number > number:
            begin, number = monotonic(), work.pass_number
        if work.full_after and reported < number:
            reported = number
            line.say(
                f"memory: {work.full_after:,} different lines fill the table: the lines after them "
                "are kept in a temporary file, for another pass"
            )
        share = work.share if number > 1 else source.bytes_read / source.size if source.size else 0
        seconds = monotonic() - begin
        left = f"  {duration(seconds / share - seconds)} left" if share else ""
        what = f"pass {number}" if number > 1 else "reading"
        size = f"  {readable(source.bytes_read)}" if number == 1 else ""
        counts = f"{work.counts.rows:,} lines, {work.counts.kept:,} kept"
        line.show(f"{what}{f' {share:.0%}' if share else ''}{size}  {counts}{left}")

    return show


def _say_counts(line: ProgressLine, source: Rows, work: Deduplication, has_near: bool) -> None:
    """Report the numbers of lines and bytes, and of passes if there were several."""
    from w2v.system.progress import plural
    from w2v.system.resources import readable

    counts = work.counts
    rows, kept = counts.rows - source.headers, counts.kept - source.headers
    blank = counts.blank - source.headers
    without = f", of which {blank:,} without words" if blank else ""
    noun = source.noun
    near = f", {plural(counts.near, f'near {noun}')}" if has_near else ""
    passes = f", in {work.pass_number} passes" if work.pass_number > 1 else ""
    line.say(
        f"{plural(rows, noun)}: {kept:,} kept{without}; "
        f"{plural(counts.repeated, f'repeated {noun}')}{near} removed{passes}"
    )
    line.say(f"{readable(counts.bytes_read)} of text: {readable(counts.bytes_kept)} kept")
