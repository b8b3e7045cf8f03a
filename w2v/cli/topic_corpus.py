"""w2v topics with documents: reading CORPUS for pages (-o), and for topics by a field (--by)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from w2v.cli.options import GivenSettings
from w2v.cli.output import printable
from w2v.cli.remembered_settings import Reading, reading_again
from w2v.cli.topic_page import PERIODS, TopicPageOptions
from w2v.errors import W2VError
from w2v.runs.text_messages import say_changed_documents, say_text_changes, show_reading

if TYPE_CHECKING:
    from w2v.plots.biplot_page import BiplotPage
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.system.progress import ProgressLine
    from w2v.topics.document_mixtures import DocumentTopics
    from w2v.topics.topic_shares import SharesByValue

_MAX_VALUES = 1000  # number of values of --by that a page draws, and that are printed for people


@dataclass(frozen=True, eq=False)
class CorpusTexts:
    """What was read from CORPUS about the documents of a model.

    documents   for LDA, the documents of the model, then those that only CORPUS has
    beginnings  the beginning of the text of some documents, by their names
    shares      for LDA, the shares of topics by the values of --by; None without --by
    by          for LSA, the name of --by; None without --by
    value_of    for LSA, the value of --by of documents, by their names
    """

    documents: DocumentTopics | None = None
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
    from w2v.system.progress import ProgressLine
    from w2v.text.beginnings import beginnings
    from w2v.text.documents import DocumentCorpus
    from w2v.topics.topic_shares import shares_by_value

    line, documents = ProgressLine(sys.stderr), model.document_topics()
    wanted = set[str]() if biplot is None else {*biplot.quoted}
    if page.output is not None and biplot is None:
        wanted = _most_typical(documents)
    reading = reading_again(settings, model.document_settings(len(paths)))
    corpus = DocumentCorpus(
        paths, model.text_settings, reading.settings, extra=page.by, remembered=reading.remembered
    )
    show = show_reading(line, corpus)
    texts = beginnings(corpus, wanted, lambda documents: show(0))
    say_text_changes(line, corpus)
    say_changed_documents(line, corpus, empty=0, cut=0, length=None)
    others = _say_matches(line, corpus, model, documents.names, biplot is None)
    if others:
        documents = _with_inferred(line, documents, others, paths, model, reading)
        if page.output is not None and (missing := _most_typical(documents) - wanted):
            again = DocumentCorpus(
                paths, model.text_settings, reading.settings, remembered=reading.remembered
            )
            texts |= beginnings(again, missing)
    if page.by is None:
        return CorpusTexts(documents, texts)
    values = _values(line, corpus, documents.names, page.by)
    if page.period is not None:
        values = _periods(line, corpus, documents.names, values, page)
    if biplot is not None:
        pairs = zip(documents.names, values, strict=True)
        value_of = {name: value for name, value in pairs if value is not None}
        return CorpusTexts(None, texts, by=page.by, value_of=value_of)
    shares = shares_by_value(page.by, values, documents.mixtures, documents.tokens, page.period)
    if page.output is not None or for_people:
        _check_count(shares.values, page)
    return CorpusTexts(documents, texts, shares)


def _most_typical(documents: DocumentTopics) -> set[str]:
    """Return the names of the documents that the page of an LDA quotes."""
    from w2v.plots.topic_page import DOCUMENTS
    from w2v.topics.topic_documents import top_documents

    tops = top_documents(documents.mixtures, DOCUMENTS)
    return {documents.names[row] for top in tops for row in top.rows.tolist()}


def _with_inferred(
    line: ProgressLine, documents: DocumentTopics, others: Sequence[str], paths: Sequence[str],
    model: SavedTopicModel, reading: Reading,
) -> DocumentTopics:  # fmt: skip
    """Return the documents of a model, and others of CORPUS, whose topics are inferred.

    others   the names of the other documents
    reading  how documents are read
    """
    from w2v.system.progress import plural
    from w2v.system.resources import processors
    from w2v.text.documents import DocumentCorpus

    corpus = DocumentCorpus(
        paths, model.text_settings, reading.settings, threads=processors(),
        remembered=reading.remembered,
    )  # fmt: skip
    text, _ = model.read(corpus, show_reading(line, corpus))
    line.say(f"inferring the topics of {plural(len(others), 'document')} that the model lacks")
    return documents.joined(model.inferred_topics(text.with_names(others), processors()))


def _say_matches(
    line: ProgressLine, corpus: Any, model: SavedTopicModel, names: Sequence[str], infers: bool
) -> list[str]:
    """Report documents that only the model or only CORPUS has.

    infers   whether the topics of documents that only CORPUS has can be inferred
    Returns  the names of documents of CORPUS that are to be inferred
    Raises   W2VError if none of the documents can be used
    """
    from w2v.system.pipes import is_pipe
    from w2v.system.progress import plural

    known = {*names}
    missing = len(known.difference(corpus.names))
    others = [name for name in corpus.names if name not in known]
    infers = infers and not any(path == "-" or is_pipe(path) for path in corpus.paths)
    if missing == len(known) and not infers:
        raise W2VError(
            f"{corpus.source}: none of its {plural(len(corpus.names), 'document')} has the id of a "
            f"document in {model.name}: give the training text, with the same options for its "
            "format and ids"
        )
    if others and not infers:
        line.warn(
            f"{plural(len(others), 'document')} of CORPUS left out: the model was not trained on "
            "them; w2v infer finds their topics"
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
    return others if infers else []


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
        if {file.format for file in corpus.inputs} == {"files"}:
            raise W2VError(
                f"--by {by}: no file of {corpus.source} is in a folder of it: give the folder that "
                "contains the folders, for training too"
            )
        raise W2VError(
            f"--by {by!r}: no document of {corpus.source} has a text or a number in a field of "
            "this name: check the name"
        )
    if different:
        line.warn(
            f"{plural(len(different), 'document')} with several values of {by}: the first counts"
        )
    found = {*corpus.names}
    without = sum(name in found and name not in value_of for name in names)
    if without:
        line.warn(
            f"{plural(without, 'document')} without a value of {by} (a text or a number) left out "
            "of the shares"
        )
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
    kind = f"date with a {page.period}"
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
