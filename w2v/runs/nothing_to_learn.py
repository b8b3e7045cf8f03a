"""Whether a model can learn anything from a text, and why not: known before it is trained."""

from __future__ import annotations

import math

import numpy as np

from w2v.errors import NothingToLearnError
from w2v.settings import NegativeSamplingSettings, TextSettings, option_name
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary


def check_words(text: EncodedText, vocabulary: Vocabulary, how: TextSettings, source: str) -> None:
    """NothingToLearnError where a text has no word of its vocabulary: that of an update.

    how     what the vocabulary was chosen by
    source  what to call the text
    """
    if text.size:
        return
    if not vocabulary.tokens:
        why = "no words in the text"
    elif is_full(vocabulary, how):
        why = f"none of its words is in the model, and --max-vocab {how.max_vocab} allows no more"
    else:
        why = (
            f"none of its words is in the model, and none occurs --min-count {how.min_count} times"
        )
    raise NothingToLearnError(f"{source}: {why}")


def is_full(vocabulary: Vocabulary, how: TextSettings) -> bool:
    """Whether a vocabulary has all the words that --max-vocab allows."""
    return how.max_vocab is not None and len(vocabulary.names) >= how.max_vocab


def check_neighbours(
    text: EncodedText,
    vocabulary: Vocabulary,
    chunk_words: int,
    options: NegativeSamplingSettings,
    source: str,
) -> None:
    """NothingToLearnError where no word has another one beside it, from which its vector learns.

    chunk_words  how many words a chunk of the run has
    options      settings of a model that is trained by negative sampling
    source       what to call the text
    Such vectors would be the random ones that training starts from.
    """
    if not options.has_words:
        return
    is_documents = isinstance(text, EncodedDocuments)
    unit, whole = ("document", "document") if is_documents else ("line", "sentence")
    if len(vocabulary.names) == 1:
        advice = "a lower --min-count, or a higher --max-vocab"
        why = f"the vocabulary has one word, {vocabulary.names[0]!r}: try "
        why += advice if vocabulary.types > 1 else "a longer text"
    elif np.diff(text.starts).max() < 2:
        if vocabulary.tokens > text.size:
            why = f"no {unit} has two words of the vocabulary: try "
            why += "a lower --min-count, or a higher --max-vocab"
        else:
            why = f"no {unit} has two words: try a whole {whole} on each line"
        if is_documents:
            why += ", or --model pv-dbow without --word-vectors"
    elif chunk_words == 1:
        name, advice = (
            ("round_words", "higher") if options.round_words == 1 else ("shards", "lower")
        )
        why = (
            f"{option_name(name)} {getattr(options, name)} cuts the text into chunks of one word, "
            f"which has no neighbour: try a {advice} one"
        )
    else:
        return
    raise NothingToLearnError(f"{source}: {why}")


def check_epochs(losses: list[float], source: str) -> None:
    """NothingToLearnError where subsampling has left no pair of words in any epoch.

    losses  means for each pair; NaN for an epoch without one
    """
    if losses and all(map(math.isnan, losses)):
        raise NothingToLearnError(
            f"{source}: subsampling left not one pair of words: try --sample 0"
        )
