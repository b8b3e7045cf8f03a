"""Stop words, which topic models leave out: the built-in English list, and lists from files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import normalize

import numpy as np

from w2v.embeddings.spelling import split_words
from w2v.settings import TextSettings
from w2v.system.text_file import numbered_lines
from w2v.text.tokenizers import split

_APOSTROPHES = str.maketrans("’ʼ＇", "'''")  # converts other apostrophe characters to ASCII
# This list was compiled from the closed word classes of English grammar: articles, pronouns,
# auxiliaries, prepositions, conjunctions, and adverbs of degree, place and time. It also has the
# parts into which some tokenizers split contractions, such as t of don't.
ENGLISH = """
a an the this that these those such same other another each every either neither both all any some
no none not nor only own few many much more most less least several enough
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself
she her hers herself it its itself they them their theirs themselves one ones who whom whose which
what whoever whatever someone somebody something anyone anybody anything everyone everybody
everything nobody nothing
am is are was were be been being do does did doing done have has had having can could may might must
shall should will would ought cannot
about above across after against along among around as at before behind below beneath beside besides
between beyond but by despite down during except for from in inside into like near of off on onto
out outside over past per since through throughout till to toward towards under until up upon via
with within without
and or if then else than because though although while whereas whether unless so yet however
therefore thus hence
here there where when why how now again ever never always often sometimes once twice already still
just also too very quite rather almost even perhaps maybe really indeed away back
s t d m re ve ll don't doesn't didn't isn't aren't wasn't weren't won't wouldn't can't couldn't
shouldn't haven't hasn't hadn't i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's
she'd she'll it's it'd it'll we're we've we'd we'll they're they've they'd they'll that's there's
who's what's let's
"""
WITH_ENGLISH = "english,"  # before the path of a file: its words and those of the built-in list


class ListedWords(NamedTuple):
    """The words of a vocabulary that are in a list.

    is_listed  bool (V,)  whether each word of the vocabulary is in the list
    listed     the number of different words in the list
    found      the number of different words in the list that are in the vocabulary
    """

    is_listed: np.ndarray
    listed: int
    found: int


def in_form_of_text(given: str, text: TextSettings) -> str:
    """The stop words of a value of --stopwords, one a line, as the text is normalized and lowered.

    given   the value, see `find`
    text    the settings of the text
    Raises  W2VError if the file is not a text, OSError if it cannot be read

    The result is a value too; `none` stays as it is.
    """
    if given == "none":
        return given
    lines = "".join(f"{word}\n" for word in _listed(given)) or "\n"
    # A Python string may have surrogates.
    return split(lines.encode("utf-8", "replace"), "space", text.case, text.normalize).decode()


def find(given: str, names: Sequence[str]) -> ListedWords:
    """Find the stop words in a vocabulary.

    given   the value of --stopwords: none, english, the path of a file of words separated by
            blanks or line ends, or english and the path with a comma between them. A Python program
            may also give the words themselves, as a string that contains a line end
    names   the words of the vocabulary
    Raises  W2VError if the file is not a text, OSError if it cannot be read

    Different apostrophe characters match each other, and so do composed and decomposed letters. If
    the vocabulary has no capitals, as with --lowercase, the list is converted to lower case.
    """
    lowercase = not any(map(_has_capitals, names))
    stop_words = {_plain(word.lower() if lowercase else word) for word in _listed(given)}
    plain_names = [_plain(name) for name in names]
    is_listed = np.array([name in stop_words for name in plain_names], np.bool_)
    return ListedWords(is_listed, len(stop_words), len(stop_words.intersection(plain_names)))


def _listed(given: str) -> list[str]:
    """The stop words in a value of --stopwords, see `find`."""
    if "\n" in given:  # the words themselves, from a Python program
        return split_words(given)
    has_english, path = list_and_file(given)
    own = [word for _, line in numbered_lines(path) for word in split_words(line)] if path else []
    return [*ENGLISH.split(), *own] if has_english else own


def list_and_file(given: str) -> tuple[bool, str | None]:
    """Whether a value of --stopwords has the built-in list, and the path of its file, if any.

    given  none, english, FILE or english,FILE
    """
    if given in ("none", "english"):
        return given == "english", None
    path = given.removeprefix(WITH_ENGLISH)
    return path != given, path


def _plain(word: str) -> str:
    """A word with composed letters and ASCII apostrophes, for comparison."""
    return normalize("NFC", word).translate(_APOSTROPHES)


def _has_capitals(word: str) -> bool:
    return word != word.lower()
