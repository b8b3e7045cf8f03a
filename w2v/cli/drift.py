"""w2v drift: the words whose vectors moved between two groups of files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.command import INPUT, Command, grouped
from w2v.cli.options import limit_blas
from w2v.cli.output import ResultPrinter, format_options, printable
from w2v.cli.vector_file import listed_names, no_counts, open_table
from w2v.errors import W2VError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    import numpy as np

    from w2v.alignment.common_words import CommonWords
    from w2v.alignment.drift import Drift, DriftedWord
    from w2v.embeddings.table import Table

_SHOWN_NAMES = 10  # names of --only that a message lists


class DriftCommand(Command):
    """A command whose option --after takes all files that follow it, up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat --after before each of its files, then parse as click does."""
        repeated: list[str] = []
        is_after = False
        for arg, following in zip(args, [*args, "--"][1:], strict=True):
            if arg == "--after" and not ctx.resilient_parsing:
                is_after = True
                if _is_option(following):
                    raise click.UsageError("--after needs a file: name the files after the change")
            elif _is_option(arg):
                is_after = arg.startswith("--after=")
                repeated.append(arg)
            else:
                repeated += ["--after", arg] if is_after else [arg]
        return super().parse_args(ctx, repeated)


def _is_option(arg: str) -> bool:
    return arg.startswith("-") and arg != "-"


@click.command(
    cls=DriftCommand,
    examples=(
        "w2v drift vectors.safetensors cbow.safetensors -n 5",
        "w2v drift old1.safetensors old2.safetensors --after new1.safetensors",
    ),
)
@click.argument("files", nargs=-1, type=INPUT, metavar="BEFORE...")
@grouped(
    "Vectors",
    click.option(
        "--after", multiple=True, type=INPUT, metavar="FILE",
        help="The files of the runs after the change: all that follow, up to the next option. "
        "Without it, the second of two files is the one after.",
    ),
)  # fmt: skip
@grouped(
    "Answer",
    click.option(
        "-n", "--top", type=click.IntRange(1), default=20, show_default=True, metavar="N",
        help="Print the N words with the largest scores.",
    ),
    click.option(
        "--min-count", type=click.IntRange(0), metavar="N",
        help="Leave out words that occur fewer than N times in the text of a file.",
    ),
    click.option(
        "--only", multiple=True, type=INPUT, metavar="FILE",
        help="Test only the words in this file, one on each line, so that q is corrected for "
        "fewer words. May be repeated.",
    ),
)  # fmt: skip
@format_options
def drift(
    files: tuple[str, ...],
    after: tuple[str, ...],
    top: int,
    min_count: int | None,
    only: tuple[str, ...],
    results: ResultPrinter,
) -> None:
    """Find the words whose use changed between two corpora.

    BEFORE and --after are vector files of two corpora, best of several runs of each. The vectors
    of each two runs are rotated to one space. The score of a word is its mean distance (1 - cosine)
    between runs before and after, minus that between runs of the same corpus, which is noise. With
    several runs, p is the p-value of an exact permutation test, and q corrects it for the number of
    words. Prints also the nearest words before and after.

    Train each run on another random part of its corpus. Runs on the same text show only the noise
    of training, not that of the choice of texts, and p is then too small.
    """
    limit_blas(None)
    from w2v.alignment.drift import common_words
    from w2v.alignment.drift import drift as find_drift

    before, after = _groups(files, after)
    paths = [*before, *after]
    tables = [open_table(path).without_subwords() for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if min_count is not None and table.counts is None:
            raise W2VError(f"--min-count: {no_counts(path)}, or leave out --min-count")
    words = common_words(tables, min_count)
    _say_left_out(paths, tables, len(words), min_count)
    tested = _tested(tables, words, only, min_count) if only else None
    found = find_drift(tables[: len(before)], tables[len(before) :], words, top, tested)
    _say_test(found, len(before), len(after))
    for group in (before, after):
        _warn_of_one_text(group)
    for word in found.words:
        results.print(_record(word), _text(word), [_row(word)])


def _groups(
    files: tuple[str, ...], after: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files before and after; an error if a group is empty, or if a file is there twice."""
    if not after and len(files) == 2:  # noqa: PLR2004
        files, after = files[:1], files[1:]
    if not files or not after:
        raise click.UsageError(
            "give two files, or several before and after: w2v drift A1 A2 --after B1 B2"
        )
    seen = set()
    for path in (*files, *after):
        real = os.path.realpath(path)
        if real in seen:
            raise W2VError(f"{path} is given twice: each run counts once")
        seen.add(real)
    return files, after


def _say_left_out(
    paths: Sequence[str], tables: Sequence[Table], count: int, min_count: int | None
) -> None:
    """Say on stderr how many words of each file are left out."""
    from w2v.system.progress import plural

    reason = _reason(tables, min_count)
    for path, table in zip(paths, tables, strict=True):
        if left := len(table) - count:
            message = f"{name_of(path)}: {plural(left, 'name')} {reason}, so left out"
            click.echo(printable(message), err=True)


def _reason(tables: Sequence[Table], min_count: int | None) -> str:
    """Why words are left out, for a message."""
    reasons = ["not in all files"]
    if not all(table.has_direction().all() for table in tables):
        reasons.append("without a direction")
    if min_count:
        reasons.append("too rare")
    *before, last = reasons
    return f"{', '.join(before)} or {last}" if before else last


def _tested(
    tables: Sequence[Table], words: CommonWords, only: Sequence[str], min_count: int | None
) -> np.ndarray:
    """The positions of the words of --only among the common words; the others are reported."""
    import numpy as np

    from w2v.system.progress import plural

    names = listed_names(only)
    rows = {name: row for name in names if (row := tables[0].find(name)) is not None}
    tested = np.flatnonzero(np.isin(words.rows[0], [*rows.values()]))
    common = {*words.rows[0].tolist()}
    if missing := [name for name in names if rows.get(name) not in common]:
        shown = ", ".join([*missing[:_SHOWN_NAMES], *["..."] * (len(missing) > _SHOWN_NAMES)])
        message = f"--only: {plural(len(missing), 'name')} {_reason(tables, min_count)}, so left "
        message += f"out: {shown}"
        click.echo(printable(message), err=True)
    if not tested.size:
        often, advice = "", ""
        if min_count:
            often, advice = f", {min_count} times in each", ", or a lower --min-count"
        raise W2VError(
            f"--only: none of the words is in all files{often}: give other words{advice}"
        )
    return tested


def _say_test(found: Drift, before: int, after: int) -> None:
    """Say on stderr how many words were tested, and how small p can be."""
    from w2v.system.progress import plural

    words = f"{plural(found.tested, 'word')} of {plural(before, 'run')} before, {after:,} after"
    if found.divisions == 1:
        message = (
            "no p and q, because one run of each does not show the noise: give several runs of "
            "each, trained on random parts of the texts"
        )
    else:
        kind = "random divisions" if found.is_drawn else "divisions"
        message = f"{found.divisions:,} {kind} of the runs, so that no p is below "
        message += f"{1 / found.divisions:.3g}"
    click.echo(f"{words}: {message}", err=True)


def _warn_of_one_text(paths: Sequence[str]) -> None:
    """Warn if runs of a group were trained on the same text, as far as their files say.

    Such runs differ by the noise of training alone. Two groups of runs on two texts, in whose
    corpora nothing changed, then differ in nearly every word.
    """
    from w2v.embeddings import formats
    from w2v.embeddings.container import nested

    first: dict[str, str] = {}
    for path in paths:
        text = nested(formats.contents(path)[1], "corpus").get("sha256")
        other = first.setdefault(text, path) if text else path
        if other != path:
            message = (
                f"{name_of(other)} and {name_of(path)} are of the same text: p is too small, "
                "because it takes the choice of texts for a change; train each run on another part"
            )
            click.echo(printable(message), err=True)
            return


def _record(word: DriftedWord) -> dict[str, Any]:
    """The JSON object of a word."""
    values = word._asdict().items()
    return {name: round(x, 6) if isinstance(x, float) else x for name, x in values}


def _text(word: DriftedWord) -> str:
    """The plain line of a word."""
    p = "" if word.p is None else f"  p {word.p:.4f}  q {word.q:.4f}"
    near = f"{' '.join(word.before)} -> {' '.join(word.after)}"
    return f"{word.score:7.4f}{p}  {printable(f'{word.word}: {near}')}"


def _row(word: DriftedWord) -> tuple[Any, ...]:
    """The row of TSV of a word."""
    return (*word[:6], " ".join(word.before), " ".join(word.after))
