"""w2v topics: the pages of topics (-o), and the table of topics by a field (--by)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from w2v.cli.command import INPUT, OUTPUT, grouped
from w2v.cli.option_bundle import option_bundle
from w2v.cli.output import ResultPrinter, printable
from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.cli.topic_corpus import CorpusTexts
    from w2v.plots.biplot_page import BiplotPage
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.topics.topic_shares import SharesByValue

PERIODS = ("day", "month", "year", "decade")  # as in `date_periods`, which is imported later


@dataclass(frozen=True)
class TopicPageOptions:
    """The page that is written, the names of topics, and the field of --by; None: not given.

    period  the periods that the dates in the field of --by are grouped into
    """

    output: str | None
    names: str | None
    by: str | None
    period: str | None

    def check(self, corpus: Sequence[str]) -> None:
        """Raise UsageError for options that do not fit together, W2VError for a wrong suffix."""
        from w2v.cli.charts import kind_named

        if corpus and self.output is None and self.by is None:
            raise click.UsageError(
                "CORPUS is read for -o and --by: add -o topics.html; --reference measures coherence"
            )
        if self.by is not None and not corpus:
            raise click.UsageError("--by needs the documents: add CORPUS")
        if self.period is not None and self.by is None:
            raise click.UsageError("--period groups the dates of a field: name the field by --by")
        if self.output is not None and kind_named(self.output) != "html":
            raise W2VError(f"{self.output}: expected a name that ends in .html")


page_options = option_bundle(
    "page",
    TopicPageOptions,
    click.option(
        "-o", "--output", type=OUTPUT, metavar="FILE",
        help="Also write a page of the topics, one .html file that opens in a browser. With CORPUS "
        "it shows the beginning of documents.",
    ),
    grouped(
        "Topics",
        click.option(
            "--names", type=INPUT, metavar="FILE",
            help="Names of topics: on each line the number of a topic, a tab and its name. The "
            "page -o can write such a file.",
        ),
        click.option(
            "--by", metavar="NAME",
            help="With CORPUS: the shares of topics for each value of this column or JSON field, "
            "such as year. They are printed in place of the list of topics, or with -o drawn on "
            "the page; --plot draws a panel for each topic, and --plot FILE.tsv is a table with "
            "titles. For lsa, only with -o: documents with the same value have the same colour.",
        ),
        click.option(
            "--period", type=click.Choice(PERIODS),
            help="With --by: read dates in the field, and add up the documents of each day, month, "
            "year or decade.",
        ),
    ),
)  # fmt: skip


def biplot_page(model: SavedTopicModel, names: Sequence[str]) -> BiplotPage:
    """The page of an LSA, whose topics have the given names."""
    from w2v.plots.biplot_page import BiplotPage

    documents, tensors = model.document_topics(), model.tensors
    return BiplotPage(
        path=model.name, topics=model.listing(), values=tensors["singular_values"],
        explained=model.explained(), words=model.names, word_vectors=tensors["words.matrix"],
        counts=tensors["words.counts"],
        documents=documents.names, document_vectors=documents.mixtures.rows(slice(None)),
        tokens=documents.tokens, names=names,
    )  # fmt: skip


def write_page(
    model: SavedTopicModel,
    path: str,
    names: Sequence[str],
    texts: CorpusTexts,
    biplot: BiplotPage | None,
) -> None:
    """Write the page of topics; `biplot` is the page of an LSA, None for an LDA."""
    from w2v.system import atomic_file

    html = _lda_html(model, names, texts) if biplot is None else _lsa_html(biplot, texts)
    with atomic_file.packed(path) as file:
        file.write(html.encode("utf-8", "backslashreplace"))  # a path may be invalid UTF-8
    by = ""
    if texts.shares is not None:
        by = f", with the topics by {texts.shares.name}; without -o they are printed"
    click.echo(printable(f"wrote {path}{by}"), err=True)


def _lda_html(model: SavedTopicModel, names: Sequence[str], texts: CorpusTexts) -> str:
    from w2v.plots.topic_page import MAX_SEARCHED, TopicPage

    if len(model.names) > MAX_SEARCHED:
        click.echo(
            f"the page's search has the {MAX_SEARCHED:,} most frequent of {len(model.names):,} "
            "words, and the listed words of each topic", err=True,
        )  # fmt: skip
    documents, tensors = texts.documents or model.document_topics(), model.tensors
    page = TopicPage(
        path=model.name, topics=model.listing(), words=model.names, counts=tensors["words.counts"],
        word_topics=tensors["words.matrix"], coherence=model.coherence(),
        documents=documents.names, document_topics=documents.mixtures, tokens=documents.tokens,
        names=names, beginnings=texts.beginnings, shares=texts.shares,
    )  # fmt: skip
    return page.html()


def _lsa_html(page: BiplotPage, texts: CorpusTexts) -> str:
    from w2v.plots.groups import OTHER, by_value

    if left_out := page.left_out():
        click.echo(
            f"the page has {left_out}: those with the longest vectors, and the ends of topics",
            err=True,
        )
    if texts.by is None:
        return page.html(texts.beginnings)
    values = [texts.value_of.get(name, OTHER) for name in page.map_documents]
    return page.html(texts.beginnings, texts.by, by_value(values))


def check_probabilities(model: SavedTopicModel, option: str) -> None:
    """Raise W2VError for a model whose topics are not probabilities, such as LSA."""
    if not has_probabilities(model):
        raise W2VError(
            f"{model.name}: the topics of --model {model.model.name} are not probabilities: "
            f"{option} needs a model trained with --model lda"
        )


def has_probabilities(model: SavedTopicModel) -> bool:
    """Whether the topics of a model are probabilities, as those of LDA are."""
    return model.listing().alpha is not None


def print_shares(shares: SharesByValue, names: Sequence[str], results: ResultPrinter) -> None:
    """Print the shares of topics for each value of --by."""
    labels = [f"{topic} {name}".rstrip() for topic, name in enumerate(names)]
    width = max(len(printable(text)) for text in (shares.name, *shares.values))
    results.print_heading(
        f"{printable(shares.name):{width}}  documents      tokens  largest topics"
    )
    for value, documents, tokens, row in zip(
        shares.values, shares.documents.tolist(), shares.tokens.tolist(), shares.shares, strict=True
    ):
        order = [topic for topic in (-row).argsort(kind="stable").tolist() if row[topic] > 0]
        topics = [
            {"topic": topic, **({"name": names[topic]} if names[topic] else {}), "share": share}
            for topic, share in enumerate(row.tolist())
        ]
        largest = ", ".join(f"{printable(labels[topic])}: {row[topic]:.1%}" for topic in order[:5])
        results.print(
            {"value": value, "documents": documents, "tokens": tokens, "topics": topics},
            f"{printable(value):{width}}  {documents:9,}  {tokens:10,}  {largest}",
            [[value, documents, tokens, *row.tolist()]],
        )
