"""Checks that a model can learn from a text; the error says why if it cannot."""

from __future__ import annotations

import math

from w2v.errors import NothingToLearnError
from w2v.setting_fields import option_name
from w2v.settings import ModelSettings, NegativeSamplingSettings, TextSettings
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary


def check_words(
    text: EncodedText, vocabulary: Vocabulary, settings: TextSettings, source: str
) -> None:
    """Raise NothingToLearnError where a text has no word of the vocabulary.

    This can happen in an update, whose vocabulary also has the words of the model.

    settings  the settings by which the vocabulary was chosen
    source    name of the text in the message
    """
    if text.size:
        return
    if not vocabulary.tokens:
        reason = "no words in the text"
    elif is_full(vocabulary, settings):
        reason = (
            "none of its words is in the model, and the vocabulary is full "
            f"(--max-vocab {settings.max_vocab})"
        )
    else:
        reason = (
            "none of its words is in the model, and none occurs often enough to be added "
            f"(--min-count {settings.min_count})"
        )
    raise NothingToLearnError(f"{source}: {reason}")


def is_full(vocabulary: Vocabulary, settings: TextSettings) -> bool:
    """Whether a vocabulary has as many words as --max-vocab allows."""
    return settings.max_vocab is not None and len(vocabulary.names) >= settings.max_vocab


def check_neighbours(
    text: EncodedText,
    vocabulary: Vocabulary,
    chunk_words: int,
    options: NegativeSamplingSettings,
    source: str,
) -> None:
    """Raise NothingToLearnError where no word has a context word.

    Training would leave the vectors at their random initial values.

    chunk_words  approximate number of words in a chunk of the run
    options      settings of a model that is trained by negative sampling
    source       name of the text in the message
    """
    if not options.has_words:
        return
    is_documents = isinstance(text, EncodedDocuments)
    # A text of sentences should have a whole sentence on each line.
    unit, whole = ("document", "document") if is_documents else ("line", "sentence")
    if len(vocabulary.names) == 1:
        advice = "a lower --min-count, or a higher --max-vocab"
        reason = f"the vocabulary has only one word, {vocabulary.names[0]!r}: try "
        reason += advice if vocabulary.types > 1 else "a longer text"
    elif not text.has_pair():
        if vocabulary.tokens > text.size:
            reason = f"no {unit} has two words of the vocabulary: try "
            reason += "a lower --min-count, or a higher --max-vocab"
        else:
            reason = f"no {unit} has two words: try a whole {whole} on each line"
        if is_documents:
            reason += ", or --model pv-dbow without --word-vectors"
    elif chunk_words == 1:
        name, advice = (
            ("round_words", "higher") if options.round_words == 1 else ("shards", "lower")
        )
        reason = (
            f"{option_name(name)} {getattr(options, name)} cuts the text into chunks of one word, "
            f"without context words: try a {advice} number"
        )
    else:
        return
    raise NothingToLearnError(f"{source}: {reason}")


def check_epochs(losses: list[float], options: ModelSettings, source: str) -> None:
    """Raise NothingToLearnError where chance left nothing to train in any epoch.

    losses   mean loss of each epoch; NaN for an epoch with nothing to train
    options  settings of the model
    source   name of the text in the message
    """
    if losses and all(map(math.isnan, losses)):
        cause, unit, advice = left_out_by(options)
        raise NothingToLearnError(f"{source}: {cause} left no {unit} to train: try {advice}")


def left_out_by(options: ModelSettings) -> tuple[str, str, str]:
    """What leaves out words at random, what is then trained, and how to leave out fewer of them.

    options  settings of a model that is trained by gradient descent
    """
    if isinstance(options, NegativeSamplingSettings):
        return "subsampling", "pair of words", "--sample 0"
    return "--dropout", "feature", "a lower --dropout"
