"""Counting and encoding a text on a cluster: each worker reads some of its byte ranges.

The vocabulary and the word ids are those of `w2v.text.encode.read` for the same files, but the word
ids stay on the workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from w2v.cluster.chunk_data import RemoteText
from w2v.cluster.connection import Cluster
from w2v.cluster.text_leaves import Fingerprint
from w2v.cluster.text_ranges import (
    ByteRange,
    RangeCorpus,
    absolute_paths,
    cut,
    examine,
)
from w2v.cluster.worker_tasks import worker_state
from w2v.errors import W2VError
from w2v.kernels.word_hash import keep_words
from w2v.settings import TextSettings
from w2v.system.spooled_array import SpooledArray
from w2v.text.corpus import Corpus
from w2v.text.encode import check_shared, make_word_counter
from w2v.text.vocabulary import UNKNOWN, Vocabulary, choose, read_counts
from w2v.text.word_counter import WordCounter

FAN_IN = 16  # maximum number of tables of counts that one task adds


class RangeCounts(NamedTuple):
    """The T types of one or several ranges with their counts, in order of first occurrence.

    names      the types, separated by spaces. The first type is the end of a sentence
    counts     int64 (T,): the count of each type
    bad_bytes  number of invalid byte sequences: see `Corpus`
    first_bad  the place of the first invalid sequence: see `Corpus`
    """

    names: bytes
    counts: np.ndarray
    bad_bytes: int
    first_bad: str


class NumberedRange(NamedTuple):
    """The tokens of a range before the vocabulary is known.

    numbers  int32: for each token, the number of its type among the types of the range
    tally    the types of the range with their counts
    """

    numbers: np.ndarray
    tally: RangeCounts


class EncodedRange(NamedTuple):
    """The words of a range as word ids of the vocabulary.

    ids      int32 (N,): the word ids of the tokens that are in the vocabulary
    starts   int64: the position in `ids` after each sentence that ends in the range, where the next
             one begins. Sentences without words are left out. But the first sentence that ends in
             the range is never left out, because its words may be in an earlier range. Its position
             is then 0
    unknown  number of out-of-vocabulary tokens
    """

    ids: np.ndarray
    starts: np.ndarray
    unknown: int


def number_words(byte_range: ByteRange, settings: TextSettings) -> NumberedRange:
    """The task that reads a range, numbers its types and counts them."""
    try:
        corpus, counter = RangeCorpus(byte_range, settings), WordCounter()
        ids = SpooledArray(np.int32)
        for block in corpus.blocks():
            ids.append(counter.number(block))
    except OSError as error:
        raise W2VError(
            f"{byte_range.path}: a worker cannot read this file ({error.strerror or error}): "
            "make it readable under this path on every worker"
        ) from None
    tally = RangeCounts(counter.names(), counter.counts.copy(), corpus.bad_bytes, corpus.first_bad)
    return NumberedRange(np.array(ids.mapped()), tally)


def tally_of(numbered: NumberedRange) -> RangeCounts:
    """The task that returns the counts of a range's types."""
    return numbered.tally


def add_tallies(tallies: Sequence[RangeCounts]) -> RangeCounts:
    """The task that adds the counts of consecutive ranges."""
    counter = WordCounter()
    for tally in tallies:
        counter.add(tally.names, tally.counts)
    bad_places = [tally.first_bad for tally in tallies if tally.bad_bytes]
    bad_bytes = sum(tally.bad_bytes for tally in tallies)
    first_bad = bad_places[0] if bad_places else ""
    return RangeCounts(counter.names(), counter.counts.copy(), bad_bytes, first_bad)


def encode(numbered: NumberedRange, run: str, names: bytes) -> EncodedRange:
    """The task that turns the numbers of a range into word ids.

    numbered  the tokens of the range
    run       the identifier of the run
    names     the words of the vocabulary, one a line
    """
    word_rows = worker_state(run).kept(
        "words", lambda: {name: row for row, name in enumerate(names.split(b"\n"))}
    )
    types = numbered.tally.names.split(b" ")
    word_ids = np.array([word_rows.get(name, -1) for name in types], np.int32)
    word_ids[0] = -1  # the end of a sentence has no word id
    # With -1, `keep_words` does not leave out the first sentence: see `EncodedRange.starts`.
    size = np.array([0, -1])
    count = numbered.numbers.size
    words, starts = np.empty(count, np.int32), np.empty(count, np.int64)
    kept, sentences = keep_words(numbered.numbers, word_ids, size, words, starts, False)
    unknown = word_ids < 0
    unknown[0] = False  # the end of a sentence
    return EncodedRange(
        words[:kept].copy(), starts[:sentences].copy(), int(numbered.tally.counts[unknown].sum())
    )


def ids_of(part: EncodedRange) -> np.ndarray:
    """The task that returns the word ids of a range."""
    return part.ids


def outline_of(part: EncodedRange) -> tuple[int, np.ndarray, int]:
    """The task that returns what the main process needs of an encoded range.

    Returns  (number of words, sentence starts, number of out-of-vocabulary tokens)
    """
    return part.ids.size, part.starts, part.unknown


def read(
    cluster: Cluster,
    corpus: Corpus,
    settings: TextSettings,
    on_share: Callable[[float], None],
    known: Mapping[str, int] | None = None,
    fixed: str | None = None,
) -> tuple[Vocabulary, RemoteText]:
    """Read a text of sentences as `w2v.text.encode.read` does; the word ids stay on the workers.

    on_share  called with the share of the work that is done, 0 to 1
    known     the words and counts of a model that is updated; None: train a new model
    fixed     a file of `w2v vocab`, whose words and counts become the vocabulary; None: count the
              words of the text
    Raises    W2VError for stdin, for a file that a worker cannot read, for more types than
              --max-types, and where `w2v.text.encode.read` raises it
    """
    known = known or {}
    if "-" in corpus.paths:
        raise W2VError(
            "stdin: the workers of a cluster read parts of a file: save the text to a file first"
        )
    files = [examine(path, corpus.encoding) for path in absolute_paths(corpus.paths)]
    ranges, fingerprint = cut(files), Fingerprint(cluster, files, settings)
    numbered = [cluster.submit(number_words, byte_range, settings) for byte_range in ranges]
    tallies = [cluster.submit(tally_of, words) for words in numbered]
    while len(tallies) > 1:
        tallies = [
            cluster.submit(add_tallies, tallies[first : first + FAN_IN])
            for first in range(0, len(tallies), FAN_IN)
        ]
    cluster.follow([*numbered, *tallies], lambda share: on_share(share / 2))
    tally = cluster.result(tallies[0])
    corpus.bytes_read, corpus.bad_bytes = corpus.size or 0, tally.bad_bytes
    corpus.first_bad = tally.first_bad
    if tally.counts.size - 1 > settings.max_types:  # the end of a sentence is no type of the text
        raise W2VError(
            f"{corpus.source}: more than --max-types {settings.max_types:,} types; on a cluster, "
            "rare types are not dropped while counting: try a higher --max-types; each type takes "
            "about 80 bytes of memory on this machine"
        )
    if fixed is not None:
        vocabulary = read_counts(fixed, settings.min_count, settings.max_vocab)
    else:
        counter = make_word_counter(1 << 30, known)
        counter.add(tally.names, tally.counts)
        vocabulary, _ = choose(corpus, counter, settings.min_count, settings.max_vocab, known)

    def encode_all(numbered: Sequence[Any]) -> list[Any]:
        """Submit the encoding of all ranges; returns the future of each `EncodedRange`."""
        names = cluster.keep("\n".join(vocabulary.names).encode())
        return [cluster.submit(encode, words, cluster.run, names) for words in numbered]

    def read_again() -> list[Any]:
        """Submit reading and encoding of all ranges; returns the future of each array of ids."""
        numbered = [cluster.submit(number_words, byte_range, settings) for byte_range in ranges]
        return [cluster.submit(ids_of, part) for part in encode_all(numbered)]

    parts = encode_all(numbered)
    del numbered
    ids = [cluster.submit(ids_of, part) for part in parts]
    outlines = [cluster.submit(outline_of, part) for part in parts]
    cluster.follow(outlines, lambda share: on_share((1 + share) / 2))
    sizes, starts, unknown = zip(*cluster.gather(outlines), strict=True)
    corpus.fingerprint = fingerprint.result(tally.bad_bytes)
    text = RemoteText(ids, sizes, _join_starts(sizes, starts), read_again)
    if fixed is not None:
        check_shared(corpus, fixed, text.size, sum(unknown))
        vocabulary = vocabulary.with_count(UNKNOWN, sum(unknown))
        vocabulary = replace(vocabulary, tokens=text.size + sum(unknown))
    return vocabulary, text


def _join_starts(sizes: Sequence[int], part_starts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the start of each sentence in the whole text, and the end of the text.

    sizes        the number of words of each range
    part_starts  `EncodedRange.starts` of each range
    """
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    # `bounds` has one more entry than `part_starts`: the end of the text.
    shifted = [starts + begin for starts, begin in zip(part_starts, bounds, strict=False)]
    return np.unique(np.concatenate([bounds[:1], *shifted, bounds[-1:]]))
