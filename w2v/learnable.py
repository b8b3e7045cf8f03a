"""Whether a model can learn anything from a text, and why not: known before it is trained."""

from __future__ import annotations

from w2v.errors import NothingToLearnError
from w2v.settings import TextSettings
from w2v.text import Text
from w2v.vocabulary import Vocabulary


def check_words(text: Text, vocabulary: Vocabulary, how: TextSettings, source: str) -> None:
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
