"""Counting and encoding a text on a cluster: each worker its own byte ranges, each read once.

What comes out is what `vocabulary.encode` makes of the same files, but the words stay with the
workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from w2v.cluster.chunk_data import RemoteText
from w2v.cluster.connection import Cluster
from w2v.cluster.text_ranges import ByteRange, RangeCorpus, absolute_paths, cut
from w2v.cluster.worker_tasks import worker_state
from w2v.errors import W2VError
from w2v.kernels.word_hash import keep_words
from w2v.settings import TextSettings
from w2v.system.spooled_array import SpooledArray
from w2v.text.corpus import Corpus
from w2v.text.encode import check_shared, make_word_counter
from w2v.text.vocabulary import UNKNOWN, Vocabulary, choose, read_counts
from w2v.text.word_counter import WordCounter

TOGETHER = 16  # tallies that are merged by one task


class PartCounts(NamedTuple):
    """The types of one or several ranges, in the order of their first occurrence.

    names      parted by blanks; the end of a sentence is the first
    counts     int64 (T,)
    bad_bytes  see `Corpus`
    first_bad
    """

    names: bytes
    counts: np.ndarray
    bad_bytes: int
    first_bad: str


class Numbered(NamedTuple):
    """The words of a range as numbers of its own types."""

    numbers: np.ndarray
    tally: PartCounts


class Part(NamedTuple):
    """The words of a range as word ids.

    ids      int32 (N,)
    starts   int64, where sentences begin after one that ends here; one may be empty
    strange  how many tokens are no words of the vocabulary
    """

    ids: np.ndarray
    starts: np.ndarray
    strange: int


def number_words(part: ByteRange, how: TextSettings) -> Numbered:
    """Read a range."""
    try:
        corpus, counter, ids = RangeCorpus(part, how), WordCounter(), SpooledArray(np.int32)
        for block in corpus.blocks():
            ids.append(counter.number(block))
    except OSError as error:
        raise W2VError(
            f"{part.path}: a worker cannot read it ({error.strerror or error}): all need it there"
        ) from None
    tally = PartCounts(counter.names(), counter.counts.copy(), corpus.bad_bytes, corpus.first_bad)
    return Numbered(np.array(ids.mapped()), tally)


def tally_of(numbered: Numbered) -> PartCounts:
    """The types of a range."""
    return numbered.tally


def add_tallies(tallies: Sequence[PartCounts]) -> PartCounts:
    """The types of ranges that follow each other."""
    counter = WordCounter()
    for tally in tallies:
        counter.add(tally.names, tally.counts)
    bad = [tally.first_bad for tally in tallies if tally.bad_bytes]
    found = sum(tally.bad_bytes for tally in tallies)
    return PartCounts(counter.names(), counter.counts.copy(), found, bad[0] if bad else "")


def encode(numbered: Numbered, run: str, names: bytes) -> Part:
    """Turn the numbers of a range into word ids.

    names  the vocabulary's, a line each
    """
    known = worker_state(run).kept(
        "words", lambda: {name: row for row, name in enumerate(names.split(b"\n"))}
    )
    types = numbered.tally.names.split(b" ")
    word_ids = np.array([known.get(name, -1) for name in types], np.int32)
    word_ids[0] = -1
    size = np.array([0, -1])  # -1: there may be a sentence before
    count = numbered.numbers.size
    words, starts = np.empty(count, np.int32), np.empty(count, np.int64)
    kept, sentences = keep_words(numbered.numbers, word_ids, size, words, starts, False)
    strange = word_ids < 0
    strange[0] = False
    return Part(
        words[:kept].copy(), starts[:sentences].copy(), int(numbered.tally.counts[strange].sum())
    )


def ids_of(part: Part) -> np.ndarray:
    """The word ids of a range."""
    return part.ids


def outline_of(part: Part) -> tuple[int, np.ndarray, int]:
    """How many words, where sentences begin, how many tokens were left out."""
    return part.ids.size, part.starts, part.strange


def digest(paths: Sequence[str], how: TextSettings) -> str:
    """The fingerprint of the files, which needs all of them in their order."""
    return Corpus(paths, how.tokenizer, how.encoding).digest()


def read(
    cluster: Cluster,
    corpus: Corpus,
    how: TextSettings,
    on_share: Callable[[float], None],
    known: Mapping[str, int] | None = None,
    fixed: str | None = None,
) -> tuple[Vocabulary, RemoteText]:
    """Read a text of sentences: as `reading.read`, but the words stay with the workers.

    on_share  called with how much is done, 0 to 1
    """
    known = known or {}
    if "-" in corpus.paths:
        raise W2VError("stdin: workers read files, each a part of them: write it to one")
    files = absolute_paths(corpus.paths)
    ranges = cut(files, corpus.encoding)
    fingerprint = cluster.submit(digest, files, how)
    numbered = [cluster.submit(number_words, each, how) for each in ranges]
    tallies = [cluster.submit(tally_of, each) for each in numbered]
    while len(tallies) > 1:
        tallies = [
            cluster.submit(add_tallies, tallies[first : first + TOGETHER])
            for first in range(0, len(tallies), TOGETHER)
        ]
    cluster.follow([*numbered, *tallies], lambda share: on_share(share / 2))
    tally = cluster.result(tallies[0])
    corpus.bytes_read, corpus.bad_bytes = corpus.size or 0, tally.bad_bytes
    corpus.first_bad = tally.first_bad
    if tally.counts.size > how.max_types:
        raise W2VError(
            f"{corpus.source}: more than --max-types {how.max_types:,} different words; workers "
            "do not forget the rare ones: try a higher --max-types, which takes 80 bytes each here"
        )
    if fixed is not None:
        vocabulary = read_counts(fixed, how.min_count, how.max_vocab)
    else:
        counter = make_word_counter(1 << 30, known)
        counter.add(tally.names, tally.counts)
        vocabulary, _ = choose(corpus, counter, how.min_count, how.max_vocab, known)
    names = cluster.keep("\n".join(vocabulary.names).encode())
    parts = [cluster.submit(encode, each, cluster.run, names) for each in numbered]
    del numbered
    ids = [cluster.submit(ids_of, part) for part in parts]
    outlines = [cluster.submit(outline_of, part) for part in parts]
    cluster.follow(outlines, lambda share: on_share((1 + share) / 2))
    sizes, starts, strange = zip(*cluster.gather(outlines), strict=True)
    corpus.fingerprint = cluster.result(fingerprint)
    text = RemoteText(ids, sizes, _joined(sizes, starts))
    if fixed is not None:
        check_shared(corpus, fixed, text.size, sum(strange))
        vocabulary = vocabulary.with_count(UNKNOWN, sum(strange))
        vocabulary = replace(vocabulary, tokens=text.size + sum(strange))
    return vocabulary, text


def _joined(sizes: Sequence[int], starts: Sequence[np.ndarray]) -> np.ndarray:
    """Where the sentences of the whole text begin, and its end."""
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    inner = [each + edge for each, edge in zip(starts, edges, strict=False)]
    return np.unique(np.concatenate([edges[:1], *inner, edges[-1:]]))
