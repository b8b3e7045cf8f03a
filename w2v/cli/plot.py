"""w2v plot: vectors as a map of points, or the losses of training runs as curves."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, OUTPUT, Command, grouped
from w2v.cli.completion import complete_words
from w2v.cli.option_bundle import given_options, option_bundle
from w2v.cli.options import limit_blas, quiet_option
from w2v.cli.output import printable
from w2v.cli.vector_file import open_table, table_option, vectors_option, vectors_path
from w2v.errors import W2VError
from w2v.system.pipes import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from w2v.embeddings.table import Table
    from w2v.plots.groups import Groups
    from w2v.plots.map import Choice, Map
    from w2v.system.progress import ProgressLine

_DEFAULT_TOP = 500  # number of names on a map without TERMs

_MAP_OPTIONS = grouped(
    "Map",
    click.option(
        "--top", type=click.IntRange(1), metavar="N",
        help="Draw the N most frequent words, or N evenly spaced rows of another table.  [default: "
        f"{_DEFAULT_TOP} without a TERM]",
    ),
    click.option(
        "-k", "k", type=click.IntRange(0), default=10, show_default=True, metavar="N",
        help="Draw the N nearest neighbours of each TERM, except with --pairs. An .html page also "
        "lists the N nearest neighbours of each name, at least one.",
    ),
    click.option("--pairs", is_flag=True, help="Draw each TERM A:B as an arrow from A to B."),
    click.option(
        "--method", type=click.Choice(["pca", "tsne", "umap"]), default="pca", show_default=True,
        help="Projection of the vectors to two dimensions. tsne and umap keep neighbours together; "
        "they need the extras w2v[tsne] and w2v[umap].",
    ),
    click.option(
        "--names/--no-names", "named", default=None,
        help="Write all names on the map. With --no-names, a picture has only the name of each "
        "TERM, and an .html page has all names only while few points are in view.  [default: "
        "--names for words, else --no-names]",
    ),
    click.option(
        "--color", "--colour", "color",
        type=click.Choice(["clusters", "terms", "topics", "prefix", "none"]),
        help="Colour by k-means clusters, by the nearest TERM, by the largest topic, or by the "
        "part of a name before its colon (prefix, see w2v train --id-prefix label).  [default: "
        "none with --pairs; terms with a TERM and without --top; topics for LDA; else clusters]",
    ),
    click.option(
        "--clusters", type=click.IntRange(2, 10), default=8, show_default=True, metavar="N",
        help="With --color clusters: make at most N clusters.",
    ),
    click.option(
        "--labels", multiple=True, type=INPUT, metavar="FILE",
        help="Colour by the labels in this file, which has a name, a tab and a label on each line. "
        "May be repeated.",
    ),
    click.option(
        "--seed", type=click.IntRange(0, (1 << 32) - 1), default=1, show_default=True, metavar="N",
        help="Seed of the random numbers.",
    ),
)  # fmt: skip
_THREADS_OPTION = click.option(
    "--threads", type=click.IntRange(1), metavar="N",
    help="Threads of t-SNE and of BLAS.  [default: the processors that may be used]",
)  # fmt: skip


@dataclass(frozen=True)
class MapOptions:
    """The options that choose the names of a map, their projection and their colours."""

    table: str
    top: int | None
    k: int
    pairs: bool
    method: str
    named: bool | None
    color: str | None
    clusters: int
    labels: tuple[str, ...]
    seed: int
    threads: int | None

    @property
    def with_names(self) -> bool:
        """Whether all names are written on the map, not only those of TERMs."""
        return self.table == "words" if self.named is None else self.named


@click.command(
    cls=Command,
    examples=(
        "w2v plot car guitar rain",
        "w2v plot --top 100 --color clusters -o words.html",
        "w2v plot --loss log.jsonl -o losses.tsv",
    ),
)
@click.argument("terms", nargs=-1, metavar="[TERM...]", shell_complete=complete_words)
@click.option(
    "-o", "--output", default="map.html", show_default=True, type=OUTPUT, metavar="FILE",
    help="Output file. The suffix sets the format: .html is an interactive page; .png, .svg and "
    ".pdf are pictures; .tsv holds the numbers.",
)  # fmt: skip
@vectors_option
@option_bundle("options", MapOptions, table_option, _MAP_OPTIONS, _THREADS_OPTION)
@grouped(
    "Losses",
    click.option(
        "--loss",
        multiple=True,
        type=INPUT,
        metavar="FILE",
        help="Draw the losses in this log of w2v train --log-json instead of a map. Repeat it to "
        "compare runs.",
    ),
)
@quiet_option
def plot(
    terms: tuple[str, ...],
    output: str,
    vectors: str | None,
    loss: tuple[str, ...],
    quiet: bool,
    options: MapOptions,
) -> None:
    """Draw words as a map, or the losses of training runs.

    Draws each TERM with its nearest neighbours, or without a TERM the most frequent words. An .html
    page opens from disk in a browser: search, zoom, or click a word to list its nearest neighbours
    by cosine similarity of the full vectors. Pictures need the extra w2v[plot]; --method tsne and
    umap need the extras w2v[tsne] and w2v[umap].
    """
    catch_signals()
    limit_blas(options.threads)
    from w2v.embeddings.formats import read_with
    from w2v.system import output_files
    from w2v.system.progress import ProgressLine, plural

    line = ProgressLine(sys.stderr, quiet)
    if loss:
        from w2v.cli.charts import chart_kind, write_chart
        from w2v.plots import chart_data

        if terms or output == "map.html":
            raise click.UsageError(
                "--loss: leave out TERMs, and name a picture or .tsv file with -o"
            )
        for name, option in given_options().items():
            if name not in ("output", "loss", "quiet", "threads"):
                raise click.UsageError(f"{option} is for a map: leave it out with --loss")
        chart_kind(output)
        output_files.check({"-o": output}, {"one of the logs": loss})
        write_chart(chart_data.losses(loss), output, line.say)
        return
    kind, path = _kind(output), vectors_path(vectors)
    output_files.check(
        {"-o": output},
        {"the vector file": read_with(path), "one of the files of --labels": options.labels},
    )
    table = open_table(vectors, options.table).without_subwords()
    choice = _choice(table, terms, options)
    map_ = _map(table, path, choice, options, line)
    _write(output, kind, map_, table, choice, options, line)
    line.say(f"{output}: {plural(len(map_.names), 'name')}")


def _kind(output: str) -> str:
    """Return the format of the output by its suffix; W2VError if the suffix is unknown."""
    from w2v.cli.charts import kind_named
    from w2v.plots.picture import KINDS

    kinds = ("html", *KINDS, "tsv")
    kind = kind_named(output)
    if kind not in kinds:
        raise W2VError(f"{output}: expected a name that ends in .{', .'.join(kinds)}")
    return kind


def _choice(table: Table, terms: tuple[str, ...], options: MapOptions) -> Choice:
    """Choose the rows to draw; zero vectors and vectors that are not finite are left out."""
    from w2v.plots import map

    if options.pairs and not terms:
        raise click.UsageError("--pairs needs TERMs: w2v plot --pairs man:woman king:queen")
    choice = map.pairs(table, terms) if options.pairs else map.around(table, terms, options.k)
    if options.top or not terms:
        choice = choice.with_others(_rows(len(table), options.top or _DEFAULT_TOP, options.table))
    choice = choice.only(table.has_direction(choice.rows))
    if not len(choice.rows):
        raise W2VError("nothing to draw: none of the chosen vectors is finite and not zero")
    return choice


def _rows(count: int, top: int, table: str) -> Iterable[int]:
    """Return the rows of the most frequent words, or evenly spaced rows of another table.

    The rows of other tables are in the order of the training text, so the first ones would be a
    biased sample.
    """
    if table == "words":
        return range(min(top, count))
    return (number * count // top for number in range(top)) if top < count else range(count)


def _map(table: Table, path: str, choice: Choice, options: MapOptions, line: ProgressLine) -> Map:
    """Project the chosen rows to points, and group them, with progress."""
    from time import monotonic

    from w2v.plots.map import Map
    from w2v.plots.projection import NAMES, project
    from w2v.system.progress import duration
    from w2v.system.resources import processors

    start, method = monotonic(), options.method

    def show(share: float) -> None:
        left = duration((monotonic() - start) * (1 / share - 1)) if share > 0 else "?"
        line.show(f"{NAMES[method]} {share:4.0%}  {left} left")

    rows = choice.rows
    vectors = table.stored(rows).astype("f4")
    names = [table.name(row) for row in rows.tolist()]
    groups = _groups(vectors, names, path, choice, options, table.normalized)
    points = project(vectors, method, options.seed, options.threads or processors(), show)
    about = f"{NAMES[method]} of {len(names):,} of {len(table):,} {options.table}"
    counts = None if table.counts is None else table.counts[rows]
    return Map(
        os.path.basename(path), about, names, points, choice.marked, counts, groups, choice.arrows
    )


def _groups(
    vectors: Any, names: list[str], path: str, choice: Choice, options: MapOptions,
    normalized: Callable[[str], str],
) -> Groups:  # fmt: skip
    """Return the groups of the points, by --labels or --color.

    normalized  applies the Unicode normalization of the names to those of --labels
    """
    from w2v.plots import groups

    if options.labels:
        if options.color:
            raise click.UsageError("--labels and --color cannot be combined: leave one out")
        label_of = dict(pair for file in options.labels for pair in _labels(file))
        spelled = {normalized(name): label for name, label in label_of.items()}
        return groups.labels(names, spelled | label_of)
    match options.color or _color(path, choice, options):
        case "clusters":
            return groups.clusters(vectors, names, options.clusters, options.seed)
        case "terms":
            if options.color and choice.marked.sum() < 2:
                raise click.UsageError("--color terms: name at least two TERMs")
            return groups.terms(vectors, names, choice.marked)
        case "prefix":
            if not any(":" in name for name in names):
                raise W2VError("--color prefix: none of the names to draw has a colon")
            return groups.labels(names, {name: name.partition(":")[0] for name in names})
        case "topics":
            if not _has_topics(path):
                raise W2VError(f"{path}: --color topics needs a model trained with --model lda")
            return groups.topics(vectors)
        case _:
            return groups.one_group(len(names))


def _color(path: str, choice: Choice, options: MapOptions) -> str:
    """Return the default of --color."""
    if options.pairs:
        return "none"
    if choice.marked.any() and not options.top:
        return "terms"
    return "topics" if _has_topics(path) else "clusters"


def _has_topics(path: str) -> bool:
    """Whether the vector file is a model whose vectors are mixtures of topics."""
    from w2v.embeddings.container import read
    from w2v.embeddings.formats import CONTAINER, sniff
    from w2v.models import models

    model = models().get(read(path)[1].get("model", "")) if sniff(path) == CONTAINER else None
    return model is not None and model.is_mixture


def _labels(path: str) -> Iterator[tuple[str, str]]:
    """Read pairs of a name and its label."""
    from w2v.system.text_file import numbered_lines

    for number, row in numbered_lines(path, "surrogateescape"):
        name, tab, label = row.partition("\t")
        if not tab:
            place = f"{name_of(path)}: line {number}"
            raise W2VError(f"{place}: expected a name, a tab and a label; found {row[:60]!r}")
        yield name, label


def _write(
    output: str,
    kind: str,
    map_: Map,
    table: Table,
    choice: Choice,
    options: MapOptions,
    line: ProgressLine,
) -> None:
    """Write a map in the format `kind`, and report names and letters that could not be drawn."""
    import numpy as np

    from w2v.cli.charts import write_table
    from w2v.system import atomic_file
    from w2v.system.progress import plural

    if kind == "tsv":
        write_table(output, map_.rows())
        return
    if kind == "html":
        from w2v.plots import html_page, map

        neighbours = map.neighbours(table, choice.rows, max(options.k, 1))
        text = html_page.page(
            map_, neighbours, "time" if options.table == "words" else "word", options.with_names
        )
        with atomic_file.packed(output) as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a path may be invalid UTF-8
        return
    from w2v.plots import picture

    is_named = np.ones(len(map_.names), np.bool_) if options.with_names else map_.marked
    figure, unplaced = picture.draw(_printable(map_), is_named)
    with atomic_file.replacing(output) as file:
        figure.write(file, kind)
    if unplaced:
        line.say(f"{plural(unplaced, 'name')} not written for lack of space; .html shows all names")
    if figure.missing:
        line.say(f"{plural(figure.missing, 'letter')} missing in all installed fonts")


def _printable(map_: Map) -> Map:
    """Return the map with control characters escaped in its names, so that fonts can draw them."""
    groups = replace(map_.groups, names=[printable(name) for name in map_.groups.names])
    names = [printable(name) for name in map_.names]
    return replace(map_, title=printable(map_.title), names=names, groups=groups)
