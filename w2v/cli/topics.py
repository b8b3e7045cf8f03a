"""w2v topics: the topics of a model, with their words, sizes and coherence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.charts import chart_kind, plot_option
from w2v.cli.command import INPUT, grouped
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.new_texts import NewTexts
from w2v.cli.options import GivenSettings, SettingsCommand, folders_option, limit_blas
from w2v.cli.output import ResultPrinter, format_options
from w2v.cli.topic_charts import draw
from w2v.cli.topic_corpus import CorpusTexts, read_corpus
from w2v.cli.topic_exports import TopicExports, export_options
from w2v.cli.topic_listing import TopicListing
from w2v.cli.topic_page import (
    TopicPageOptions,
    biplot_page,
    check_probabilities,
    has_probabilities,
    page_options,
    print_shares,
    write_page,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from w2v.runs.saved_model import SavedTopicModel


class TopicsCommand(SettingsCommand):
    """The command `topics`, which with --sweep is another command with its own options."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:  # fmt: skip
        """Make the context of the command, or with --sweep that of `topic_sweep.sweep`."""
        options = args[: args.index("--")] if "--" in args else args
        if any(arg.partition("=")[0] == "--sweep" for arg in options):
            from w2v.cli.topic_sweep import sweep

            return sweep.make_context(f"{info_name} --sweep LIST", args, parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    cls=TopicsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v topics topics.safetensors --documents 3",
        "w2v topics topics.safetensors documents.tsv -o topics.html",
        "w2v topics --sweep 5,10 documents.tsv --epochs 20",
    ),
)
@click.argument("model", type=INPUT)
@corpus_argument(required=False)
@folders_option
@page_options
@grouped(
    "Topics",
    click.option(
        "-n", "--words", "count", type=click.IntRange(1), default=10, show_default=True,
        metavar="N", help="Print the top N words of each topic.",
    ),
    click.option(
        "--documents", type=click.IntRange(1), metavar="N",
        help="For lda: print the N training documents with the largest share of each topic, below "
        "its words. With --tsv, each line has a topic, a document and its share of the topic.",
    ),
    click.option(
        "--reference", multiple=True, type=INPUT, metavar="FILE",
        help="Measure coherence on these documents instead of the training text. May be repeated.",
    ),
)  # fmt: skip
@grouped(
    "Topics",
    click.option(
        "--sweep", metavar="LIST", expose_value=False,
        help="Train LDA with these numbers of topics instead, and compare them: see w2v topics "
        "--sweep 10,20 --help.",
    ),
)  # fmt: skip
@export_options
@plot_option
@format_options
def topics(
    model: str,
    corpus: tuple[str, ...],
    page: TopicPageOptions,
    count: int,
    documents: int | None,
    reference: tuple[str, ...],
    exports: TopicExports,
    plot: str | None,
    results: ResultPrinter,
    settings: GivenSettings,
) -> None:
    """List the topics of a model with their words.

    The largest topic comes first. Each line has the topic's number, its share of the tokens (LDA)
    or of the squared singular values (LSA), its NPMI coherence, and its words. The coherence is a
    number from -1 to 1, which is high if the topic's first 10 words often occur together. A topic
    of LSA has two ends: words with positive weights and, in the next line, with negative ones.

    CORPUS names the files of the training documents, as in w2v train. They are read for the page -o
    and for --by, with the options of training unless others are given, and matched to the documents
    of the model by their ids.

    --tsv adds the prior alpha (LDA) or the share of the squared norm that the topic explains (LSA)
    after the share, and after NPMI the coherence u_mass and the number of word pairs that could not
    be scored. With --reference, both formats also add the coherence in sliding windows, C_V and
    C_NPMI. --json also adds the weights of the words. If topics have names, from --names or
    --seeds, both have the name after the number.
    """
    catch_signals()
    limit_blas(None)
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.system import output_files
    from w2v.topics.topic_names import names_of_topics

    if settings.any_given and not (reference or corpus):
        raise click.UsageError(
            "options that describe documents work only with CORPUS or --reference"
        )
    if documents and page.by is not None and page.output is None:
        raise click.UsageError("--by prints a table without documents: leave out --documents")
    if plot:
        chart_kind(plot)
    outputs = {"-o": page.output, **exports.outputs(), "--plot": plot}
    inputs = {
        "the model": model, "one of the texts": corpus,
        "one of the files of --reference": reference, "the file of --names": page.names,
    }  # fmt: skip
    output_files.check(outputs, inputs)
    page.check(corpus)
    saved = SavedTopicModel(model)
    if page.by is not None and page.output is None:
        check_probabilities(saved, "--by without -o")
    exports.check(saved)
    listing = saved.listing()
    names = names_of_topics(page.names, listing.sizes.size, listing.names)
    if reference:
        coherence = _coherence_in(reference, settings, saved)
    else:
        coherence = [topic._asdict() for topic in saved.coherence()]
    tops = _documents(saved, documents) if documents else None
    is_biplot = page.output is not None and not has_probabilities(saved)
    biplot = biplot_page(saved, names) if is_biplot else None
    texts = CorpusTexts()
    if corpus:
        texts = read_corpus(corpus, saved, settings, page, biplot, results.plain)
    exports.write(saved, listing)
    if page.output is not None:
        write_page(saved, page.output, names, texts, biplot)
    if texts.shares is not None and page.output is None:
        print_shares(texts.shares, names, results)
    else:
        shown = TopicListing(listing, saved.names, names, coherence, saved.explained(), tops)
        shown.print(count, results)
    if plot:
        draw(plot, texts.shares, listing, saved.names, names)


def _documents(model: SavedTopicModel, count: int) -> list[list[dict[str, Any]]]:
    """Return the `count` documents that each topic has most of, with their shares of the topic."""
    from w2v.topics.topic_documents import top_documents

    check_probabilities(model, "--documents")
    names, mixtures, _ = model.document_topics()
    return [
        [
            {"document": names[row], "share": share}
            for row, share in zip(top.rows.tolist(), top.shares.tolist(), strict=True)
        ]
        for top in top_documents(mixtures, count)
    ]


def _coherence_in(
    paths: Sequence[str], settings: GivenSettings, model: SavedTopicModel
) -> list[dict[str, Any]]:
    """Measure the coherence of each topic on documents other than the training text."""
    from w2v.system.progress import ProgressLine, plural
    from w2v.topics.coherence import TOP_WORDS, measure_coherence
    from w2v.topics.topic_words import top_words
    from w2v.topics.windowed_coherence import measure_in_windows, only_known

    line = ProgressLine(sys.stderr)
    tokens = NewTexts(paths, settings, None, line).tokens_with_places(model)
    words = top_words(model.listing().weights, TOP_WORDS)
    coherence = measure_coherence(only_known(tokens), words)
    skipped = sum(topic.skipped for topic in coherence)
    if skipped:
        pairs = plural(skipped, "pair")
        line.say(f"{pairs} of words left out: the reference lacks a word of the pair")
    in_windows = measure_in_windows(tokens, words)
    return [
        topic._asdict() | windows._asdict()
        for topic, windows in zip(coherence, in_windows, strict=True)
    ]
