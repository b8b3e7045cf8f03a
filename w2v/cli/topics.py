"""The commands about topic models: topics, perplexity."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.charts import chart_kind, plot_option, write_chart
from w2v.cli.infer import threads_option
from w2v.cli.options import SettingsCommand, limit_blas, split_settings
from w2v.cli.output import echo_json, echo_tsv, format_options, printable
from w2v.cli.parameters import INPUT, OUTPUT, or_stdin
from w2v.cli.predict import echo_judgement, judged
from w2v.errors import W2VError
from w2v.runs.messages import say_bad_bytes, say_documents, show_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from w2v.factorization.term_matrix import Tokens
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.system.progress import ProgressLine
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
    tokens, _ = _read(trained, paths, given, line)
    found = judge(tokens, top_words(trained.listing().weights, JUDGED))
    skipped = sum(topic.skipped for topic in found)
    if skipped:
        line.say(f"{skipped:,} pairs of words left out: the reference lacks one of them")
    return found


def _read(
    trained: SavedTopicModel, paths: tuple[str, ...], given: dict[str, Any], line: ProgressLine
) -> tuple[Tokens, int]:
    """Documents in the words of a model, and how many tokens it does not know."""
    import numpy as np

    from w2v import settings
    from w2v.factorization.term_matrix import read_tokens
    from w2v.text.encode import open_corpus

    [how] = split_settings(given, settings.DocumentSettings)
    settings.check(how)
    corpus = open_corpus(paths, trained.text_settings, how)
    text, unknown = trained.read(corpus, show_reading(line, corpus))
    say_bad_bytes(line, corpus)
    say_documents(line, corpus, text)
    count = len(trained.names)
    return read_tokens(text, np.arange(count), count), unknown


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


@click.command(cls=SettingsCommand, settings=("DocumentSettings",))
@click.argument("model", type=INPUT)
@click.argument("corpus", nargs=-1, type=INPUT, metavar="[CORPUS...]")
@threads_option
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@format_options
def perplexity(
    model: str,
    corpus: tuple[str, ...],
    threads: int | None,
    quiet: bool,
    as_tsv: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """How hard a text is to tell for a language model, or documents are for a topic model.

    A language model tells each word, and each sentence's end, from all before it in the text; an
    unknown word is <unk>. A topic model completes documents: of each one's words that it knows the
    first, third, fifth and so on are read, its topics inferred from these, and the second, fourth
    and so on are scored by p(word) = sum over topics of the document's share times p(word | topic).
    Printed: the perplexity, which is e to the mean of -ln p(word) in nats; this mean; how many
    words were scored, and of documents, of how many.
    """
    catch_signals()
    limit_blas(threads)
    from w2v.runs.saved_model import SavedNetwork, SavedTopicModel, is_network
    from w2v.system import resources
    from w2v.system.progress import ProgressLine, plural
    from w2v.topics.perplexity import complete

    line, paths = ProgressLine(sys.stderr, quiet), or_stdin(corpus)
    if is_network(model):
        if any(value is not None for value in given.values()):
            raise click.UsageError("what tells where documents begin is for topic models")
        found_in_text = judged(SavedNetwork(model, "lm"), paths, line)
        echo_judgement(found_in_text, as_tsv, as_json)
        return
    trained = SavedTopicModel(model)
    listing = trained.listing()
    if listing.alpha is None:
        raise W2VError(f"{model}: its topics are no probabilities: perplexity is for --model lda")
    tokens, unknown = _read(trained, paths, given, line)
    count = tokens.starts.size - 1
    found = complete(
        tokens, listing.weights, listing.alpha, threads or resources.processors(),
        lambda done: line.show(f"inferring {done / max(count, 1):6.1%}"),
    )  # fmt: skip
    short = count - found.documents
    line.say(
        f"{plural(unknown, 'unknown token')} left out; {plural(short, 'document')} of less than "
        "two words not scored"
    )
    if not found.scored:
        raise W2VError("no document has two words that the model knows: nothing to score")
    facts = {
        "perplexity": found.perplexity, "nats": found.nats, "scored": found.scored,
        "documents": found.documents,
    }  # fmt: skip
    if as_json:
        echo_json(facts)
    elif as_tsv:
        echo_tsv(facts.values())
    else:
        click.echo(
            f"{found.perplexity:.1f}  {found.nats:.4f} nats a word, {found.scored:,} words of "
            f"{plural(found.documents, 'document')}"
        )
