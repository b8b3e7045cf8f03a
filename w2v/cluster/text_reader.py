"""Counting and encoding a text on a cluster: each worker reads some of its byte ranges.

The vocabulary and the word ids are those of `w2v.text.encode.read` for the same files. The word ids
of sentences stay on the workers. Those of documents are fetched, because every epoch puts other
documents into a chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from w2v.cluster.chunk_data import RemoteText
from w2v.cluster.connection import Cluster
from w2v.cluster.document_ranges import Record, replay
from w2v.cluster.range_tasks import (
    RangeNotes,
    add_tallies,
    count_lines,
    encode,
    ids_of,
    number_words,
    outline_of,
    records_of,
    some_ids,
    tally_of,
)
from w2v.cluster.text_leaves import Fingerprint
from w2v.cluster.text_ranges import absolute_paths, cut, examine
from w2v.errors import ConnectionLostError, W2VError
from w2v.settings import TextSettings
from w2v.system.packed_ids import PackedIds
from w2v.system.pipes import is_pipe
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import check_shared, make_word_counter
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary, choose, read_counts
from w2v.text.word_counter import WordCounter

FAN_IN = 16  # maximum number of tables of counts that one task adds
RECORDS = 16  # number of tasks whose records of documents are fetched at a time
FETCHED = 1 << 22  # approximate number of word ids (16 MiB) that are fetched at a time


class NotOnWorkersError(Exception):
    """The workers cannot read a text of documents. This process can, or finds out what is wrong."""


def read(
    cluster: Cluster,
    corpus: Corpus,
    settings: TextSettings,
    on_share: Callable[[float], None],
    known: Mapping[str, int] | None = None,
    fixed: str | None = None,
) -> tuple[Vocabulary, EncodedText]:
    """Read a text as `w2v.text.encode.read` does; word ids of sentences stay on the workers.

    on_share  called with the share of the work that is done, 0 to 1
    known     the words and counts of a model that is updated; None: train a new model
    fixed     a file of `w2v vocab`, whose words and counts become the vocabulary; None: count the
              words of the text
    Raises    W2VError where `w2v.text.encode.read` raises it. For sentences, also for stdin, for a
              file that a worker cannot read, and where one process would drop rare types, see
              --max-types. For documents, NotOnWorkersError is raised instead, so that this process
              reads the text
    """
    known = known or {}
    reader = _Reader(cluster, corpus, settings)
    counter = reader.count(lambda share: on_share(share / 2), known, fixed)
    if fixed is not None:
        vocabulary = read_counts(fixed, settings.min_count, settings.max_vocab)
    else:
        vocabulary, _ = choose(corpus, counter, settings.min_count, settings.max_vocab, known)
    text, unknown = reader.encode(vocabulary.names, lambda share: on_share((1 + share) / 2))
    if fixed is not None:
        check_shared(corpus, fixed, text.size, unknown)
        vocabulary = replace(vocabulary, tokens=text.size + unknown)
    return vocabulary, text


class _Reader:
    """Reads a text on the workers: first `count`, then `encode`.

    cluster   the connection to the workers
    corpus    the text
    settings  the settings of the text
    """

    def __init__(self, cluster: Cluster, corpus: Corpus, settings: TextSettings):
        self._cluster, self._corpus, self._settings = cluster, corpus, settings
        self._given = corpus.settings if isinstance(corpus, DocumentCorpus) else None
        self._numbered: list[Any] = []  # a future of each task's `NumberedRange`

    def count(
        self, on_share: Callable[[float], None], known: Mapping[str, int], fixed: str | None
    ) -> WordCounter:
        """Count the words, and add the documents to the corpus. For the arguments see `read`."""
        with self._checked():
            return self._count(on_share, known, fixed)

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """A block in which errors of a text of documents become NotOnWorkersError.

        The tasks know neither the numbers of the rows nor the names of the files as given.
        """
        try:
            yield
        except ConnectionLostError:
            raise
        except (W2VError, OSError) as error:
            if self._given is None:
                raise
            self._cluster.cancel(self._numbered)
            raise NotOnWorkersError from error

    def _count(
        self, on_share: Callable[[float], None], known: Mapping[str, int], fixed: str | None
    ) -> WordCounter:
        """See `count`. For documents, an error does not have the right place."""
        cluster, corpus, settings = self._cluster, self._corpus, self._settings
        self._submit()
        tallies = [cluster.submit(tally_of, words) for words in self._numbered]
        while len(tallies) > 1:
            tallies = [
                cluster.submit(add_tallies, tallies[first : first + FAN_IN])
                for first in range(0, len(tallies), FAN_IN)
            ]
        cluster.follow([*self._numbered, *tallies], on_share)
        tally = cluster.result(tallies[0])
        counter = make_word_counter(settings.max_types, known)
        counter.add(tally.names, tally.counts)
        if fixed is None:
            self._check_types(counter)
        corpus.begin()
        self._note(tally.notes)
        if isinstance(corpus, DocumentCorpus):
            corpus.blank_rows = tally.notes.blank_rows
            corpus.first_rows = [
                row._replace(where=self._as_given(row.where)[0]) for row in tally.notes.first_rows
            ]
            replay(self._records(), corpus.documents)
        self._is_exact = not (tally.notes.bad_bytes or tally.notes.has_returns)
        return counter

    def _submit(self) -> None:
        """Submit the tasks that number words, and those that compute the fingerprint."""
        corpus = self._corpus
        if any(path == "-" or (self._given and is_pipe(path)) for path in corpus.paths):
            raise W2VError(
                "stdin: the workers of a cluster read parts of a file: save the text to a file "
                "first"
            )
        paths = absolute_paths(corpus.paths)
        files = [examine(path, corpus.encoding) for path in paths]
        inputs = []
        if isinstance(corpus, DocumentCorpus):
            inputs = [
                each._replace(path=path) for each, path in zip(corpus.inputs, paths, strict=True)
            ]
        self._tasks = cut(files, inputs or [None] * len(files))
        self._fingerprint = Fingerprint(
            self._cluster, files, paths, self._settings, self._given, inputs
        )
        self._numbered = self._number()

    def _number(self) -> list[Any]:
        """Submit reading of all ranges; returns the future of each `NumberedRange`."""
        return [
            self._cluster.submit(number_words, ranges, self._settings, self._given)
            for ranges in self._tasks
        ]

    def _check_types(self, counter: WordCounter) -> None:
        """Raise W2VError if one process would have dropped rare types while it counts."""
        if counter.is_full:
            raise W2VError(
                f"{self._corpus.source}: {len(counter) - 1:,} types are too many, or too long, for "
                f"--max-types {self._settings.max_types:,}; on a cluster, rare types are not "
                "dropped while counting: try a higher --max-types; each type takes about 80 bytes "
                "of memory on this machine"
            )

    def _note(self, notes: RangeNotes) -> None:
        """Set what the corpus says about its text."""
        corpus = self._corpus
        corpus.bytes_read, corpus.bad_bytes = corpus.size or 0, notes.bad_bytes
        corpus.left_out, corpus.null_rows = notes.left_out, notes.null_rows
        corpus.first_bad, path = self._as_given(notes.first_bad)
        if path and notes.rows_from:
            place, _, row = corpus.first_bad.rpartition(" ")
            before = self._cluster.submit(count_lines, path, notes.rows_from)
            corpus.first_bad = f"{place} {int(row) + self._cluster.result(before)}"

    def _as_given(self, place: str) -> tuple[str, str]:
        """A place in a file as named by the user, and the absolute path of the file, or ""."""
        paths = self._corpus.paths
        for given, path in zip(paths, absolute_paths(paths), strict=True):
            if place.startswith((f"{path}:", f"{path},")):
                return given + place.removeprefix(path), path
        return place, ""

    def _records(self) -> Iterator[Record]:
        """Fetch the records of documents, those of some tasks at a time."""
        cluster = self._cluster
        for first in range(0, len(self._numbered), RECORDS):
            some = self._numbered[first : first + RECORDS]
            records = [cluster.submit(records_of, words) for words in some]
            yield from chain.from_iterable(cluster.gather(records))

    def encode(
        self, names: Sequence[str], on_share: Callable[[float], None]
    ) -> tuple[EncodedText, int]:
        """Encode the text; returns it and its number of out-of-vocabulary tokens.

        names  the words of the vocabulary
        """
        cluster, corpus = self._cluster, self._corpus
        parts = self._encode_all(self._numbered, names)
        self._numbered = []
        outlines = [cluster.submit(outline_of, part) for part in parts]
        cluster.follow(outlines, on_share)
        sizes, starts, unknown = zip(*cluster.gather(outlines), strict=True)
        with self._checked():
            corpus.fingerprint = self._fingerprint.result(self._is_exact)
        if isinstance(corpus, DocumentCorpus):
            corpus.text_fingerprint = corpus.fingerprint
            corpus.fingerprint = corpus.documents.fingerprint(corpus.fingerprint)
            bounds = _join_starts(sizes, starts)
            ids = self._fetch(parts, sizes)
            rows = corpus.row_numbers()
            return EncodedDocuments(ids, bounds, rows, corpus.names, corpus.labels), sum(unknown)

        def read_again() -> list[Any]:
            """Submit reading and encoding of all ranges; returns the future of each array."""
            parts = self._encode_all(self._number(), names)
            return [cluster.submit(ids_of, part) for part in parts]

        ids_there = [cluster.submit(ids_of, part) for part in parts]
        bounds = np.unique(np.append(_join_starts(sizes, starts), sum(sizes)))
        return RemoteText(ids_there, sizes, bounds, read_again), sum(unknown)

    def _encode_all(self, numbered: Sequence[Any], names: Sequence[str]) -> list[Any]:
        """Submit the encoding of all ranges; returns the future of each `EncodedRange`."""
        words = "\n".join(names).encode()
        key = f"words-{hashlib.sha256(words).hexdigest()}"
        kept = self._cluster.keep(words)
        run, keep_empty = self._cluster.run, self._given is not None
        return [self._cluster.submit(encode, part, run, key, kept, keep_empty) for part in numbered]

    def _fetch(self, parts: Sequence[Any], sizes: Sequence[int]) -> PackedIds:
        """Fetch the word ids of all parts, about FETCHED ids at a time.

        parts  the future of each `EncodedRange`
        sizes  the number of words of each
        """
        cluster, ids = self._cluster, PackedIds()
        waiting, total = list[Any](), 0
        for part, size in zip(parts, sizes, strict=True):
            for first in range(0, size, FETCHED):
                last = min(first + FETCHED, size)
                waiting.append(cluster.submit(some_ids, part, first, last))
                total += last - first
                if total >= FETCHED:
                    ids.append(np.concatenate(cluster.gather(waiting)))
                    waiting, total = [], 0
        if waiting:
            ids.append(np.concatenate(cluster.gather(waiting)))
        return ids


def _join_starts(sizes: Sequence[int], part_starts: Sequence[np.ndarray]) -> np.ndarray:
    """Return 0 and the position after each sentence or document, in the whole text.

    sizes        the number of words of each part
    part_starts  `EncodedRange.starts` of each part
    """
    begins = np.cumsum([0, *sizes], dtype=np.int64)
    shifted = [starts + begin for starts, begin in zip(part_starts, begins, strict=False)]
    return np.concatenate([begins[:1], *shifted])
