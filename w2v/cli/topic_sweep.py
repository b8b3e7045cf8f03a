"""w2v topics --sweep: LDA with several numbers of topics, compared in a table."""

from __future__ import annotations

import sys
from contextlib import closing
from copy import copy
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.charts import chart_kind, plot_option, write_chart
from w2v.cli.command import INPUT, OUTPUT_FOLDER, Command, grouped
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.options import (
    limit_blas,
    quiet_option,
    recursive_option,
    setting_options,
    texts,
)
from w2v.cli.output import ResultPrinter, format_options
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.runs.request import Request
    from w2v.runs.sweep_figures import SweepRow

_NOT_OFFERED = {"topics", "deterministic"}  # settings of LDA that the sweep sets
_RUN_SETTINGS = ("threads", "map_documents", "scratch", "max_memory")
_FIGURES = {  # the columns of the table, and the digits after the point
    "perplexity": 1, "npmi": 3, "u_mass": 3, "c_v": 3, "diversity": 3, "stability": 3, "seconds": 1
}  # fmt: skip


class SweepCommand(Command):
    """A command that also has the options of the text, and those of LDA but the topics."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options, then those of the settings, then --help."""
        from w2v.models import models
        from w2v.settings import RunSettings

        found: dict[str, click.Option] = {}
        for kind in models()["lda"].settings_classes:
            found |= setting_options(kind)
        others = setting_options(RunSettings)
        found |= {name: others[name] for name in _RUN_SETTINGS}
        found["shards"] = copy(found["shards"])  # that of w2v train keeps its help
        found["shards"].help = (
            "Number of shards, parts of a round that are sampled in parallel. No more threads than "
            "shards can work at a time."
        )
        base = super().get_params(ctx)
        offered = [option for name, option in found.items() if name not in _NOT_OFFERED]
        return [*base[:-1], *offered, base[-1]]  # base[-1] is --help


@click.command(
    cls=SweepCommand,
    examples=(
        "w2v topics --sweep 5,10 documents.tsv --epochs 20",
        "w2v topics --sweep 5,10 documents.tsv --epochs 20 --sweep-seeds 2 -o models",
    ),
)
@corpus_argument(required=True)
@grouped(
    "Topics",
    click.option(
        "--sweep", "numbers", metavar="LIST",
        help="Numbers of topics, separated by commas, such as 10,20,50.",
    ),
    click.option(
        "--sweep-seeds", type=click.IntRange(1), default=3, show_default=True,
        metavar="N", help="Train N models with each number of topics, with the seed --seed and the "
        "N - 1 numbers after it. The figures are means over these models.",
    ),
)  # fmt: skip
@grouped(
    "Training",
    click.option(
        "--valid", type=INPUT, metavar="FILE",
        help="Measure the perplexity on these documents, and train on all documents of CORPUS. By "
        "default, a tenth of CORPUS is held out.",
    ),
)  # fmt: skip
@click.option(
    "-o", "--output", type=OUTPUT_FOLDER, metavar="FOLDER",
    help="Folder in which the models and the record of their figures are kept. The same command "
    "then continues a sweep that was stopped, and trains no finished model again.",
)  # fmt: skip
@recursive_option
@quiet_option
@plot_option
@format_options
def sweep(
    corpus: tuple[str, ...],
    numbers: str,
    sweep_seeds: int,
    valid: str | None,
    output: str | None,
    recursive: bool,
    quiet: bool,
    plot: str | None,
    results: ResultPrinter,
    **given: Any,
) -> None:
    """Train LDA with several numbers of topics, and compare them.

    A tenth of the documents of CORPUS is held out, the same in each sweep. For each number of
    topics, the table has means over the seeds: the perplexity of the held-out documents (lower is
    better); and of the training documents the coherence NPMI, u_mass and C_V (higher is better).
    The diversity is the share of different words among the top 25 words of all topics. The
    stability is the agreement of the topics of two seeds, from 0 to 1: the average Jaccard of their
    top 20 words. The seconds are those of training one model.

    --json also has the figures and the top words of each model.
    """
    catch_signals()
    limit_blas(given.get("threads"))
    from w2v.runs.topic_sweep import TopicSweep
    from w2v.system import output_files, scratch
    from w2v.system.progress import ProgressLine

    topics = _numbers(numbers)
    if plot:
        chart_kind(plot)
    paths = texts(corpus, recursive, keep_folders=True)
    request = _request(paths, given)
    inputs = {f"the file of --{name}": path for name, path in request.setting_files.items()}
    inputs |= {"the held-out text": valid} if valid else {}
    output_files.check({"--plot": plot}, {"one of the texts": paths, **inputs})
    line, rows = ProgressLine(sys.stderr, quiet), list[dict[str, Any]]()
    with (
        scratch.used(request.run.scratch),
        closing(TopicSweep(request, topics, sweep_seeds, output, line, valid).rows()) as found,
    ):
        for row in found:
            line.hide()
            if not rows:
                results.print_heading(_HEADING)
            rows.append(_facts(row))
            results.print(rows[-1], _line(rows[-1]), [[*_short(rows[-1]).values()]])
    if plot:
        from w2v.plots import chart_data

        write_chart(chart_data.sweep(rows), plot, line.say)


def _numbers(text: str) -> list[int]:
    """Return the numbers of topics; W2VError if one of them is not a number of topics."""
    from dataclasses import fields

    from w2v.models import models

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise W2VError(
            f"--sweep {text}: expected whole numbers, separated by commas, such as 10,20"
        )
    kinds = fields(models()["lda"].settings)
    [most] = [field.metadata["high"] for field in kinds if field.name == "topics"]
    for part in parts:
        if not 1 <= float(part) <= most:  # `int` refuses thousands of digits
            raise W2VError(f"--sweep {part[:60]} is out of range: 1 to {most:,}")
    return [int(part) for part in parts]


def _request(paths: list[str], given: dict[str, Any]) -> Request:
    """Return the request of a run of LDA with these settings."""
    from w2v.models import models
    from w2v.runs.request import Request
    from w2v.setting_fields import split_settings
    from w2v.settings import DocumentSettings, RunSettings, TextSettings

    model = models()["lda"]
    own = {name: value for name, value in given.items() if value is not None}
    options, text, run, documents = split_settings(
        own, model.settings, TextSettings, RunSettings, DocumentSettings
    )
    return Request(paths, "", model, options, text, run, documents, given=own)


_HEADING = "topics  " + "  ".join(f"{name:>10}" for name in _FIGURES)


def _facts(row: SweepRow) -> dict[str, Any]:
    """Return the JSON record of a number of topics."""
    from dataclasses import asdict

    return asdict(row)


def _short(facts: dict[str, Any]) -> dict[str, Any]:
    """Return a record without the models: a row of the table."""
    return {name: facts[name] for name in ("topics", *_FIGURES)}


def _line(facts: dict[str, Any]) -> str:
    """Return the plain line of a record."""
    cells = [
        f"{'-' if facts[name] is None else f'{facts[name]:,.{digits}f}':>10}"
        for name, digits in _FIGURES.items()
    ]
    return f"{facts['topics']:6}  {'  '.join(cells)}"
