"""Tasks that workers run to read the ranges of a text: they count and encode words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from w2v.cluster.document_ranges import RangeDocuments, Record
from w2v.cluster.text_ranges import ByteRange, RangeCorpus, read_by_worker
from w2v.cluster.worker_tasks import worker_state
from w2v.kernels.word_hash import keep_words
from w2v.settings import DocumentSettings, TextSettings
from w2v.system.remote_files import open_bytes
from w2v.system.spooled_array import SpooledArray
from w2v.text.columns import DoubtfulRow
from w2v.text.corpus import BLOCK
from w2v.text.word_counter import WordCounter


class RangeNotes(NamedTuple):
    """What is counted besides words in one or several ranges.

    bad_bytes, first_bad, left_out, null_rows  see `Corpus`
    blank_rows                                 see `DocumentCorpus`
    has_returns, rows_from, first_rows         see `RangeDocuments`
    """

    bad_bytes: int
    first_bad: str
    left_out: Counter[str]
    null_rows: int
    blank_rows: int = 0
    has_returns: bool = False
    rows_from: int = 0
    first_rows: Sequence[DoubtfulRow] = ()

    @classmethod
    def of(cls, corpus: RangeCorpus | RangeDocuments) -> RangeNotes:
        """The notes of a range that has been read."""
        notes = cls(corpus.bad_bytes, corpus.first_bad, corpus.left_out, corpus.null_rows)
        if isinstance(corpus, RangeCorpus):
            return notes
        return notes._replace(
            blank_rows=corpus.blank_rows,
            has_returns=corpus.has_returns,
            rows_from=corpus.rows_from,
            first_rows=corpus.first_rows,
        )

    @classmethod
    def added(cls, notes: Sequence[RangeNotes]) -> RangeNotes:
        """The notes of consecutive ranges together."""
        left_out = Counter[str]()
        for each in notes:
            left_out.update(each.left_out)
        first = next((each for each in notes if each.first_bad), notes[0])
        return cls(
            sum(each.bad_bytes for each in notes),
            first.first_bad,
            left_out,
            sum(each.null_rows for each in notes),
            sum(each.blank_rows for each in notes),
            any(each.has_returns for each in notes),
            first.rows_from,
            [row for each in notes for row in each.first_rows],
        )


class RangeCounts(NamedTuple):
    """The T types of one or several ranges with their counts, in order of first occurrence.

    names   the types, separated by spaces. The first type is the end of a sentence
    counts  int64 (T,): the count of each type
    notes   what is counted besides
    """

    names: bytes
    counts: np.ndarray
    notes: RangeNotes


class NumberedRange(NamedTuple):
    """The tokens of the ranges of a task before the vocabulary is known.

    numbers  int32: for each token, the number of its type among the types of the ranges
    tally    the types of the ranges with their counts
    records  the documents of the ranges; empty for sentences
    """

    numbers: np.ndarray
    tally: RangeCounts
    records: list[Record]


class EncodedRange(NamedTuple):
    """The words of the ranges of a task as word ids of the vocabulary.

    ids      int32 (N,): the word ids of the tokens that are in the vocabulary
    starts   int64: the position in `ids` after each sentence or document that ends in the ranges,
             where the next one begins. Sentences without words are left out. But the first sentence
             that ends in the ranges is never left out, because its words may be in an earlier
             range. Its position is then 0
    unknown  number of out-of-vocabulary tokens
    """

    ids: np.ndarray
    starts: np.ndarray
    unknown: int


def number_words(
    ranges: Sequence[ByteRange], settings: TextSettings, documents: DocumentSettings | None
) -> NumberedRange:
    """The task that reads ranges, numbers their types and counts them.

    documents  how documents are read; None: the ranges have sentences
    """
    counter, ids = WordCounter(), SpooledArray(np.int32)
    notes, records = list[RangeNotes](), list[Record]()
    for byte_range in ranges:
        with read_by_worker(byte_range.path):
            corpus: RangeCorpus | RangeDocuments
            if documents is None:
                corpus = RangeCorpus(byte_range, settings)
            else:
                corpus = RangeDocuments(byte_range, settings, documents)
            for block in corpus.blocks():
                ids.append(counter.number(block))
        notes.append(RangeNotes.of(corpus))
        if isinstance(corpus, RangeDocuments):
            records += corpus.records
    tally = RangeCounts(counter.names(), counter.counts.copy(), RangeNotes.added(notes))
    return NumberedRange(np.array(ids.mapped()), tally, records)


def count_lines(path: str, end: int) -> int:
    """The task that counts the line ends in the first `end` bytes of a file."""
    count, left = 0, end
    with read_by_worker(path), open_bytes(path) as file:
        while block := file.read(min(BLOCK, left)):
            count += block.count(b"\n")
            left -= len(block)
    return count


def tally_of(numbered: NumberedRange) -> RangeCounts:
    """The task that returns the counts of the types of ranges."""
    return numbered.tally


def records_of(numbered: NumberedRange) -> list[Record]:
    """The task that returns the documents of ranges."""
    return numbered.records


def add_tallies(tallies: Sequence[RangeCounts]) -> RangeCounts:
    """The task that adds the counts of consecutive ranges."""
    counter = WordCounter()
    for tally in tallies:
        counter.add(tally.names, tally.counts)
    notes = RangeNotes.added([tally.notes for tally in tallies])
    return RangeCounts(counter.names(), counter.counts.copy(), notes)


def encode(
    numbered: NumberedRange, run: str, key: str, names: bytes, keep_empty: bool
) -> EncodedRange:
    """The task that turns the numbers of ranges into word ids.

    numbered    the tokens of the ranges
    run         the identifier of the run
    key         an identifier of the vocabulary
    names       the words of the vocabulary, one a line
    keep_empty  whether sentences without words are kept, as documents are
    """
    word_rows = worker_state(run).kept(
        key, lambda: {name: row for row, name in enumerate(names.split(b"\n"))}
    )
    types = numbered.tally.names.split(b" ")
    word_ids = np.array([word_rows.get(name, -1) for name in types], np.int32)
    word_ids[0] = -1  # the end of a sentence has no word id
    # With -1, `keep_words` does not leave out the first sentence: see `EncodedRange.starts`.
    size = np.array([0, -1], np.int64)
    count = numbered.numbers.size
    words, starts = np.empty(count, np.int32), np.empty(count, np.int64)
    kept, sentences = keep_words(numbered.numbers, word_ids, size, words, starts, keep_empty)
    unknown = word_ids < 0
    unknown[0] = False  # the end of a sentence
    return EncodedRange(
        words[:kept].copy(), starts[:sentences].copy(), int(numbered.tally.counts[unknown].sum())
    )


def ids_of(part: EncodedRange) -> np.ndarray:
    """The task that returns the word ids of ranges."""
    return part.ids


def some_ids(part: EncodedRange, first: int, last: int) -> np.ndarray:
    """The task that returns the word ids of ranges at positions `first` to `last` - 1."""
    return part.ids[first:last]


def outline_of(part: EncodedRange) -> tuple[int, np.ndarray, int]:
    """The task that returns what the main process needs of encoded ranges.

    Returns  (number of words, sentence starts, number of out-of-vocabulary tokens)
    """
    return part.ids.size, part.starts, part.unknown
