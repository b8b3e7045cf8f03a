"""Options of query commands: files of queries, looking up words, selecting and scoring answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, claim_flag, finite, grouped
from w2v.cli.option_bundle import option_bundle
from w2v.cli.vector_file import open_table, vectors_option

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

_LOOKUP = grouped(
    "Query",
    click.option(
        "--ignore-case", is_flag=True, help="Match case-insensitively when there is no exact match."
    ),
    click.option(
        "--oov", type=click.Choice(["compose", "error", "skip"]), default="compose",
        show_default=True,
        help="What to do with unknown words: compose their vectors from n-grams if the model has "
        "subwords, else fail (compose); fail (error); or leave them out of the query and count "
        "them (skip).",
    ),
)  # fmt: skip
_RUNS = grouped(
    "Vectors",
    click.option(
        "-v", "--vectors", multiple=True, type=INPUT, metavar="FILE",
        help="The vector file. Repeat it for the files of several runs: the score is then the "
        "mean of the cosines in the runs.  [default: $W2V_VECTORS, else vectors.safetensors]",
    ),
)  # fmt: skip
_QUERIES = grouped(
    "Query",
    click.option(
        "--queries", multiple=True, type=INPUT, metavar="FILE",
        help="Also read queries from this file, one on each line; - is stdin. May be repeated.",
    ),
)  # fmt: skip
_ANSWERS = grouped(
    "Answer",
    click.option(
        "-k", "k", type=click.IntRange(1), metavar="N", default=10, show_default=True,
        help="Print the N nearest neighbours.",
    ),
    click.option(
        "--method", type=click.Choice(["add", "mul"]), default="add", show_default=True,
        help="Score of an answer to a query of several words: the cosine to the sum of the words' "
        "unit vectors (add, 3CosAdd), or the product of the cosines to each word (mul, 3CosMul).",
    ),
    click.option(
        "--restrict", type=click.IntRange(1), metavar="N",
        help="Search only the N most frequent words. Rare words have noisy vectors.",
    ),
    click.option(
        "--min-count", type=click.IntRange(0), metavar="N",
        help="Search only words that occur N times or more in the training text.",
    ),
    click.option(
        "--only", multiple=True, type=INPUT, metavar="FILE",
        help="Search only the names in this file, one on each line. May be repeated.",
    ),
    click.option(
        "--exclude", multiple=True, type=INPUT, metavar="FILE",
        help="Do not search the names in this file, one on each line. May be repeated.",
    ),
    click.option(
        "--min-score", type=float, callback=finite, metavar="X",
        help="Print only answers with a score of X or more.",
    ),
    click.option(
        "--include-query", is_flag=True, help="Allow a word of the query as an answer."
    ),
)  # fmt: skip


@dataclass(frozen=True)
class QueryFiles:
    """The files of queries, which are answered after the queries of the command line.

    stdin    whether the command line has a lone `-`
    queries  the paths of --queries
    """

    stdin: bool
    queries: tuple[str, ...]

    @property
    def paths(self) -> list[str]:
        """The paths of the files; `-` is stdin."""
        return ["-", *self.queries] if self.stdin else [*self.queries]


@dataclass(frozen=True)
class LookupOptions:
    """The options that choose the vector file and the lookup of words in it."""

    vectors: str | None
    ignore_case: bool
    oov: str

    @property
    def skips_unknown(self) -> bool:
        """Whether unknown words are left out of queries."""
        return self.oov == "skip"

    def open_table(self, table: str) -> Table:
        """Open a table of the vector file; only with --oov compose it composes unknown words."""
        opened = open_table(self.vectors, table, counts_zeros=False)
        return opened if self.oov == "compose" else opened.without_subwords()


@dataclass(frozen=True)
class RunLookupOptions:
    """As `LookupOptions`, with any number of vector files."""

    vectors: tuple[str, ...]
    ignore_case: bool
    oov: str

    @property
    def each(self) -> list[LookupOptions]:
        """The options for each file; for the default file if none is given."""
        files = self.vectors or (None,)
        return [LookupOptions(file, self.ignore_case, self.oov) for file in files]


@dataclass(frozen=True)
class AnswerOptions:
    """The options that choose the names to search, their score and the number of answers."""

    k: int
    method: str
    restrict: int | None
    min_count: int | None
    only: tuple[str, ...]
    exclude: tuple[str, ...]
    min_score: float | None
    include_query: bool


query_file_options = option_bundle(
    "files",
    QueryFiles,
    _QUERIES,
    click.option("--stdin", is_flag=True, hidden=True, callback=claim_flag),
)
lookup_options = option_bundle("lookup", LookupOptions, vectors_option, _LOOKUP)
run_lookup_options = option_bundle("runs", RunLookupOptions, _RUNS, _LOOKUP)
answer_options = option_bundle("answer", AnswerOptions, _ANSWERS)
