"""w2v perplexity: the perplexity of a text under a language model or a topic model."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import TYPE_CHECKING

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, or_stdin
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.new_texts import NewTexts
from w2v.cli.options import (
    GivenSettings,
    SettingsCommand,
    limit_blas,
    quiet_option,
    recursive_option,
    threads_option,
)
from w2v.cli.options import texts as files_of_corpus
from w2v.cli.output import ResultPrinter, format_options
from w2v.cli.remembered_settings import reading_of
from w2v.cli.scratch_option import scratch_option
from w2v.errors import W2VError
from w2v.runs.text_messages import say_text_changes, show_reading

if TYPE_CHECKING:
    from w2v.networks.evaluate import Evaluation
    from w2v.runs.saved_model import SavedNetwork


@click.command(
    cls=SettingsCommand,
    settings=("DocumentSettings",),
    examples=(
        "w2v perplexity language.safetensors new.txt",
        "w2v perplexity topics.safetensors new.txt --json",
    ),
)
@click.argument("model", type=INPUT)
@corpus_argument(required=False)
@recursive_option
@scratch_option
@threads_option
@quiet_option
@format_options
def perplexity(
    model: str,
    corpus: tuple[str, ...],
    recursive: bool,
    threads: int | None,
    quiet: bool,
    results: ResultPrinter,
    settings: GivenSettings,
) -> None:
    """Measure how well a model predicts a text.

    Prints the perplexity, exp(mean of -ln p(word)); the mean itself, in nats; the number of words
    that were scored; and for a topic model the number of documents.

    A language model predicts each word and each end of a sentence from the words before it; unknown
    words are read as <unk>. A topic model is measured by document completion: the topics of a
    document are inferred from its first, third, fifth ... known word, and the second, fourth, sixth
    ... word is predicted with p(word) = sum over topics of p(topic | document) p(word | topic).
    """
    catch_signals()
    limit_blas(threads)
    from w2v.runs.saved_model import SavedNetwork, SavedTopicModel, model_in
    from w2v.system.progress import ProgressLine, plural
    from w2v.topics.perplexity import document_completion

    line = ProgressLine(sys.stderr, quiet)
    known = model_in(model)
    is_lm = known is not None and known.is_network
    paths = files_of_corpus(or_stdin(corpus), recursive, keep_folders=not is_lm)
    texts = NewTexts(paths, settings, threads, line)
    if is_lm:
        _check_fields(settings)
        _print_score(model, _score_text(SavedNetwork(model, "lm"), texts), results)
        return
    if known and not known.topic_words:
        raise W2VError(
            f"{model} was trained with --model {known.name}: perplexity needs a topic model of "
            "--model lda, or a network of --task lm"
        )
    saved = SavedTopicModel(model)
    listing = saved.listing()
    if listing.alpha is None:
        raise W2VError(
            f"{model}: the topics of this model are not probabilities: perplexity needs a model "
            "trained with --model lda"
        )
    tokens, unknown = texts.tokens_in(saved)
    count = tokens.starts.size - 1
    completion = document_completion(
        tokens, listing.weights, listing.alpha, texts.thread_count(),
        lambda done: line.show(f"inferring {done / max(count, 1):6.1%}"),
    )  # fmt: skip
    unscored = count - completion.documents
    line.say(
        f"{plural(unknown, 'unknown token')} left out; {plural(unscored, 'document')} with fewer "
        "than two known words not scored"
    )
    if not completion.scored:
        raise W2VError("no document has two words of the model's vocabulary: nothing to score")
    words, documents = completion.scored, plural(completion.documents, "document")
    facts = {
        "perplexity": completion.perplexity, "nats": completion.nats, "scored": completion.scored,
        "documents": completion.documents,
    }  # fmt: skip
    results.print(
        facts,
        f"{completion.perplexity:.1f}  {completion.nats:.4f} nats a word, {words:,} words of "
        f"{documents}",
    )


def _check_fields(settings: GivenSettings) -> None:
    """Raise UsageError for an option of documents, such as that of ids; fields may be named."""
    from w2v.settings import DocumentSettings, FieldSettings

    given = settings.given(FieldSettings) or FieldSettings()
    if (settings.given(DocumentSettings) or DocumentSettings()) != DocumentSettings(**vars(given)):
        raise click.UsageError("options that describe documents work only with topic models")


def _score_text(model: SavedNetwork, texts: NewTexts) -> Evaluation:
    """Read a text and evaluate a language model on it."""
    from w2v.settings import FieldSettings
    from w2v.system.progress import plural
    from w2v.text.document_files import formats_of
    from w2v.text.encode import open_corpus

    line, threads = texts.line, texts.thread_count()
    records, remembered = texts.settings.given(FieldSettings), frozenset[str]()
    stored = model.document_settings(len(texts.paths))
    if "text_field" in stored:  # the training text had records
        settings, remembered = reading_of(texts.settings, stored, texts.paths, line, False)
        if records or {*formats_of(texts.paths, settings.format)} - {"lines"}:
            names = (field.name for field in fields(FieldSettings))
            records = FieldSettings(**{name: getattr(settings, name) for name in names})
    corpus = open_corpus(
        texts.paths, model.text_settings, records, threads=threads, remembered=remembered
    )
    text, unknown = model.read(corpus, show_reading(line, corpus))
    say_text_changes(line, corpus)
    line.say(f"{plural(unknown, 'unknown token')} of {text.size:,}")
    return model.network.evaluate(text, lambda share: line.show(f"scoring {share:6.1%}"))


def _print_score(model: str, evaluation: Evaluation, results: ResultPrinter) -> None:
    """Print the perplexity of a text; `model` is the path of the model."""
    import math

    from w2v.networks.evaluate import formatted_perplexity
    from w2v.networks.evaluate import perplexity as exp_of

    if not evaluation.targets:
        raise W2VError("no words in the text: nothing to score")
    nats = evaluation.nats / evaluation.targets
    if not math.isfinite(nats):
        raise W2VError(
            f"{model}: the numbers of this model overflow on the text, because its training "
            "diverged: train it again with a lower --lr"
        )
    number = exp_of(nats)
    known = number if math.isfinite(number) else None  # JSON has no infinity
    results.print(
        {"perplexity": known, "nats": nats, "scored": evaluation.targets},
        f"{formatted_perplexity(nats, 2)}  {nats:.4f} nats a word, {evaluation.targets:,} words",
    )
