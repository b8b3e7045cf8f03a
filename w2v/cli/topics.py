"""w2v topics: the topics of a model with their words, sizes and coherence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.charts import chart_kind, plot_option, write_chart
from w2v.cli.new_texts import read_model_tokens
from w2v.cli.options import SettingsCommand, limit_blas
from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.cli.parameters import INPUT, OUTPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from w2v.runs.saved_model import SavedTopicModel
    from w2v.topics.coherence import Coherence
    from w2v.topics.topic_words import TopicWords


_DRAWN = 5  # words of each topic in a picture


@click.command(cls=SettingsCommand, settings=("DocumentSettings",))
@click.argument("model", type=INPUT)
@click.option(
    "-n", "--words", "count", type=click.IntRange(1), default=10, show_default=True, metavar="N",
    help="How many words of each topic.",
)  # fmt: skip
@click.option(
    "--reference", multiple=True, type=INPUT, metavar="FILE",
    help="Judge coherence by these documents, not by those of the training; again for more.",
)  # fmt: skip
@click.option(
    "--topic-keys", type=OUTPUT, metavar="FILE", help="Write the topics in MALLET's layout too."
)
@click.option(
    "--doc-topics", type=OUTPUT, metavar="FILE", help="And the topics of the training's documents."
)
@click.option(
    "--state", type=OUTPUT, metavar="FILE", help="And each token's topic, if the model keeps these."
)
@plot_option
@format_options
def topics(
    model: str,
    count: int,
    reference: tuple[str, ...],
    topic_keys: str | None,
    doc_topics: str | None,
    state: str | None,
    plot: str | None,
    as_tsv: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """The topics of a model, the largest first, with their words.

    Printed: the topic's number; its share of the tokens, of LSA that of the squared singular
    values; NPMI (-1 to 1), how well its first 10 words go together in documents; its words. With
    --tsv the prior alpha stands after the share, and u_mass and the number of pairs that could not
    be judged after NPMI; --json has the words' weights too, which of LSA may be less than 0.
    """
    catch_signals()
    limit_blas(None)
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.system import output_files
    from w2v.topics import mallet
    from w2v.topics.topic_words import top_words

    if given and not reference and any(value is not None for value in given.values()):
        raise click.UsageError("what tells where documents begin is for --reference")
    if plot:
        chart_kind(plot)
    written = {
        "--topic-keys": topic_keys, "--doc-topics": doc_topics, "--state": state, "--plot": plot
    }  # fmt: skip
    output_files.check(written, {"the model": model, "one of the documents": reference})
    trained = SavedTopicModel(model)
    listing, coherence = trained.listing(), trained.coherence()
    if reference:
        coherence = _referred(trained, reference, given)
    if topic_keys:
        mallet.write_topic_keys(topic_keys, listing, trained.names)
    if doc_topics:
        mallet.write_document_topics(doc_topics, *trained.documents())
    if state:
        mallet.write_state(state, trained.tensors, trained.names, trained.documents()[0])
    rows = top_words(listing.weights, count)
    for topic in map(int, listing.order()):
        words = [
            {"word": trained.names[row], "weight": float(listing.weights[row, topic])}
            for row in rows[topic]
        ]
        facts: dict[str, Any] = {"topic": topic, "size": float(listing.sizes[topic])}
        if listing.alpha is not None:
            facts["alpha"] = float(listing.alpha[topic])
        facts |= coherence[topic]._asdict() if coherence else {}
        _echo(facts, words, as_tsv, as_json)
    if plot:
        _draw(listing, trained.names, plot)


def _draw(listing: TopicWords, names: Sequence[str], path: str) -> None:
    from w2v.plots import charts
    from w2v.topics.topic_words import top_words

    order = [int(topic) for topic in listing.order()]
    rows = top_words(listing.weights, _DRAWN)
    words = [" ".join(names[row] for row in rows[topic]) for topic in order]
    chart = charts.topics(order, listing.sizes, listing.weights, words)
    write_chart(chart, path, lambda message: click.echo(message, err=True))


def _referred(
    trained: SavedTopicModel, paths: tuple[str, ...], given: dict[str, Any]
) -> list[Coherence]:
    from w2v.system.progress import ProgressLine
    from w2v.topics.coherence import JUDGED, judge
    from w2v.topics.topic_words import top_words

    line = ProgressLine(sys.stderr)
    tokens, _ = read_model_tokens(trained, paths, given, line)
    found = judge(tokens, top_words(trained.listing().weights, JUDGED))
    skipped = sum(topic.skipped for topic in found)
    if skipped:
        line.say(f"{skipped:,} pairs of words left out: the reference lacks one of them")
    return found


def _echo(facts: dict[str, Any], words: list[dict[str, Any]], as_tsv: bool, as_json: bool) -> None:
    names = " ".join(word["word"] for word in words)
    if as_json:
        echo_json({**facts, "words": words})
    elif as_tsv:
        echo_tsv([*facts.values(), names])
    else:
        npmi = facts.get("npmi")
        score = "" if "npmi" not in facts else "     -  " if npmi is None else f"{npmi:6.3f}  "
        click.echo(f"{facts['topic']:5}  {facts['size']:6.2%}  {score}{printable(names)}")
