"""w2v topics with documents: the pages of topics (-o), and topics by a field or dates (--by)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.command import INPUT, OUTPUT, grouped
from w2v.cli.option_bundle import option_bundle
from w2v.cli.options import GivenSettings
from w2v.cli.output import ResultPrinter, printable
from w2v.errors import W2VError
from w2v.runs.text_messages import say_bad_bytes, say_changed_documents, show_reading

if TYPE_CHECKING:
    from w2v.plots.biplot_page import BiplotPage
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.system.progress import ProgressLine
    from w2v.topics.topic_shares import SharesByValue

PERIODS = ("day", "month", "year", "decade")  # as in `date_periods`, which is imported later
_MAX_VALUES = 1000  # number of values of --by that a page draws, and that are printed for people


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
            "the page. For lsa, only with -o: documents with the same value have the same colour.",
        ),
        click.option(
            "--period", type=click.Choice(PERIODS),
            help="With --by: read dates in the field, and add up the documents of each day, month, "
            "year or decade.",
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class CorpusTexts:
    """What was read from CORPUS about the documents of a model.

    beginnings  the beginning of the text of some documents, by their names
    shares      for LDA, the shares of topics by the values of --by; None without --by
    by          for LSA, the name of --by; None without --by
    value_of    for LSA, the value of --by of documents, by their names
    """

    beginnings: dict[str, str] = field(default_factory=dict)
    shares: SharesByValue | None = None
    by: str | None = None
    value_of: dict[str, str] = field(default_factory=dict)


def read_corpus(
    paths: Sequence[str], model: SavedTopicModel, settings: GivenSettings, page: TopicPageOptions,
    biplot: BiplotPage | None, for_people: bool,
) -> CorpusTexts:  # fmt: skip
    """Read the documents of CORPUS, and match them by their names to those of a model.

    Documents are read with the settings that the model was trained with, unless the command line
    gives others.

    biplot      the page of an LSA that is written; None: no such page
    for_people  whether the shares are printed as a table for people, which has a limited length
    """
    from w2v.plots.topic_page import DOCUMENTS
    from w2v.settings import DocumentSettings
    from w2v.system.progress import ProgressLine
    from w2v.text.beginnings import beginnings
    from w2v.text.documents import DocumentCorpus
    from w2v.topics.topic_documents import top_documents
    from w2v.topics.topic_shares import shares_by_value

    line = ProgressLine(sys.stderr)
    names, mixtures, tokens = model.document_topics()
    wanted = set[str]() if biplot is None else {*biplot.quoted}
    if page.output is not None and biplot is None:
        wanted = {
            names[row] for top in top_documents(mixtures, DOCUMENTS) for row in top.rows.tolist()
        }
    documents = settings.over(model.document_settings()).of(DocumentSettings)
    corpus = DocumentCorpus(paths, model.text_settings, documents, extra=page.by)
    show = show_reading(line, corpus)
    texts = beginnings(corpus, wanted, lambda documents: show(0))
    say_bad_bytes(line, corpus)
    say_changed_documents(line, corpus, empty=0, cut=0, length=None)
    _say_matches(line, corpus, model, names)
    if page.by is None:
        return CorpusTexts(texts)
    values = _values(line, corpus, names, page.by)
    if page.period is not None:
        values = _periods(line, corpus, names, values, page)
    if biplot is not None:
        pairs = zip(names, values, strict=True)
        value_of = {name: value for name, value in pairs if value is not None}
        return CorpusTexts(texts, by=page.by, value_of=value_of)
    shares = shares_by_value(page.by, values, mixtures, tokens, page.period)
    if page.output is not None or for_people:
        _check_count(shares.values, page)
    return CorpusTexts(texts, shares)


def _say_matches(
    line: ProgressLine, corpus: Any, model: SavedTopicModel, names: Sequence[str]
) -> None:
    """Report documents that only the model or only CORPUS has; W2VError if they share none."""
    from w2v.system.progress import plural

    known = {*names}
    missing = len(known.difference(corpus.names))
    others = sum(name not in known for name in corpus.names)
    if missing == len(known):
        raise W2VError(
            f"{corpus.source}: none of its {plural(len(corpus.names), 'document')} has the id of a "
            f"document in {model.name}: give the training text, with the same options for its "
            "format and ids"
        )
    if others:
        line.warn(
            f"{plural(others, 'document')} of CORPUS left out: the model was not trained on them; "
            "w2v infer finds their topics"
        )
    if missing:
        line.warn(
            f"{missing:,} of {plural(len(known), 'document')} of the model not found in CORPUS: "
            "they are left out of what is read from it"
        )
    if corpus.fingerprint != model.fingerprint:
        line.warn(
            "CORPUS is not the training text, or is read in another way: documents are matched "
            "only by their ids"
        )


def _values(line: ProgressLine, corpus: Any, names: Sequence[str], by: str) -> list[str | None]:
    """Return the value of --by for each document of the model; None where there is none."""
    from w2v.system.progress import plural

    value_of: dict[str, str] = {}
    different = set()
    for row, value in zip(corpus.rows, corpus.extras, strict=True):
        name = corpus.names[row]
        if value is not None and value_of.setdefault(name, value) != value:
            different.add(name)
    values = [value_of.get(name) for name in names]
    if not any(value is not None for value in values):
        raise W2VError(
            f"--by {by!r}: no document of {corpus.source} has a value in a field of this name: "
            "check the name"
        )
    if different:
        line.warn(
            f"{plural(len(different), 'document')} with several values of {by}: the first counts"
        )
    found = {*corpus.names}
    without = sum(name in found and name not in value_of for name in names)
    if without:
        line.warn(f"{plural(without, 'document')} without a value of {by} left out of the shares")
    return values


def _periods(
    line: ProgressLine, corpus: Any, names: Sequence[str], values: Sequence[str | None],
    page: TopicPageOptions,
) -> list[str | None]:  # fmt: skip
    """Return the period of the value of each document; report values that are no dates."""
    from w2v.system.progress import plural
    from w2v.topics.date_periods import EXAMPLES
    from w2v.topics.topic_shares import in_periods

    assert page.period is not None
    periods = in_periods(values, page.period)
    unread = [row for row, value in enumerate(values) if value is not None and periods[row] is None]
    if not unread:
        return periods
    kind = "date" if page.period == "day" else f"date with a {page.period}"
    example = f"the first is {printable(repr(values[unread[0]]))}"
    if all(period is None for period in periods):
        raise W2VError(
            f"--period {page.period}: no document of {corpus.source} has a {kind} in the field "
            f"{page.by!r}; {example}. Dates are read as {EXAMPLES}"
        )
    line.warn(
        f"{plural(len(unread), 'document')} left out of the shares, whose {page.by} is no {kind}: "
        f"{example}, of document {printable(names[unread[0]])}"
    )
    return periods


def _check_count(values: Sequence[str], page: TopicPageOptions) -> None:
    """Raise W2VError for more values than a page draws, or than are printed for people."""
    from w2v.topics.date_periods import read_date

    if len(values) <= _MAX_VALUES:
        return
    if page.output is not None:
        limit, others = f"a page draws at most {_MAX_VALUES:,}", ""
    else:
        limit, others = "these are too many to read", ", or --tsv or --json to print all of them"
    if page.period is not None:
        what, longer = f"{page.period}s", PERIODS[PERIODS.index(page.period) + 1 :]
        advice = f"give a longer --period, such as {longer[0]}" if longer else "give another field"
    else:
        what, advice = "values", "give a field with fewer values, such as a year"
        if all(map(read_date, values)):
            advice = "add --period month, year or decade"
    raise W2VError(f"--by {page.by} has {len(values):,} {what}, and {limit}: {advice}{others}")


def biplot_page(model: SavedTopicModel, names: Sequence[str]) -> BiplotPage:
    """The page of an LSA, whose topics have the given names."""
    from w2v.plots.biplot_page import BiplotPage

    documents, vectors, tokens = model.document_topics()
    tensors = model.tensors
    return BiplotPage(
        path=model.name, topics=model.listing(), values=tensors["singular_values"],
        explained=model.explained(), words=model.names, word_vectors=tensors["words.matrix"],
        counts=tensors["words.counts"], documents=documents,
        document_vectors=vectors.rows(slice(None)), tokens=tokens, names=names,
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
    click.echo(f"wrote {printable(path)}", err=True)


def _lda_html(model: SavedTopicModel, names: Sequence[str], texts: CorpusTexts) -> str:
    from w2v.plots.topic_page import MAX_SEARCHED, TopicPage

    if len(model.names) > MAX_SEARCHED:
        click.echo(
            f"the page's search has the {MAX_SEARCHED:,} most frequent of {len(model.names):,} "
            "words, and the listed words of each topic", err=True,
        )  # fmt: skip
    (documents, mixtures, tokens), tensors = model.document_topics(), model.tensors
    page = TopicPage(
        path=model.name, topics=model.listing(), words=model.names, counts=tensors["words.counts"],
        word_topics=tensors["words.matrix"], coherence=model.coherence(), documents=documents,
        document_topics=mixtures, tokens=tokens, names=names,
        beginnings=texts.beginnings, shares=texts.shares,
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
