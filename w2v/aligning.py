"""Rotating vectors to the space of others: `w2v.align`."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from w2v.alignment import aligned_vectors
from w2v.alignment.word_pairs import WordPairs
from w2v.errors import W2VError
from w2v.system import python_arguments
from w2v.vectors import Vectors

_LOG = logging.getLogger("w2v")


def align(
    target: Vectors,
    source: Vectors,
    dictionary: Iterable[tuple[str, str]] | None = None,
    *,
    refine: int = 0,
) -> Vectors:
    """Rotate vectors to the space of others, as the command `w2v align` does.

    target      the vectors whose space is taken
    source      the vectors that are rotated
    dictionary  pairs of a word of `source` and its translation in `target`; None: the words that
                both have, each with itself
    refine      number of further rotations, each with the words that are mutually nearest by CSLS
    Returns     new `Vectors`: all words of `source`, with rotated vectors. The logger "w2v" gets
                messages about the pairs and the fit, of the level INFO
    Raises      W2VError if the vectors have other dimensions, or if there are no pairs

        aligned = w2v.align(w2v.load("en.vec"), w2v.load("fr.vec"), [("chat", "cat"), ...])
        w2v.load("en.vec").similar(aligned["chien"])
    """
    for what, each in (("target", target), ("source", source)):
        if not isinstance(each, Vectors):
            raise W2VError(f"{what}: expected w2v.Vectors, found {type(each).__name__}")
    steps = python_arguments.whole(refine, "refine", 0)
    if dictionary is None:
        pairs = WordPairs.common(source._table, target._table)
    elif not python_arguments.is_iterable(dictionary):
        raise W2VError(f"dictionary: expected pairs of words, found {dictionary!r}")
    else:
        listed = [_pair(pair, f"dictionary[{at}]") for at, pair in enumerate(dictionary)]
        pairs = WordPairs.translated(source._table, target._table, listed)
    found = aligned_vectors.align(source._table, target._table, pairs, steps)
    for message in aligned_vectors.report(found, pairs):
        _LOG.info(message)
    return Vectors._of(found.table, source._name, "", source._keep_alive)


def _pair(value: object, what: str) -> tuple[str, str]:
    """A pair of two words; W2VError for another value."""
    words = [] if isinstance(value, str) else python_arguments.words(value, what)
    if len(words) != 2:  # noqa: PLR2004
        raise W2VError(f"{what}: expected a word and its translation, found {value!r}")
    return words[0], words[1]
