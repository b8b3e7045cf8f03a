"""Numbers the tokens of a corpus on several threads; the result is the same for any number of them.

The text is cut into parts. A thread numbers the types of a part by their first occurrence in it,
and packs the numbers of its tokens. The main thread then adds these types to the table of the
corpus, part after part, and so the types of the corpus are numbered by their first occurrence, too.
A part of 4 MiB of English has 750,000 tokens, but only about 45,000 types, whose hashes the thread
has computed, so that little is left for the main thread. The tokens keep the numbers of
their part; `NumberedText` converts them when the whole text has been read.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from w2v.system.ordered_map import ordered_map
from w2v.system.packed_ids import PackedArray
from w2v.system.signals import DeferredSignals
from w2v.text.corpus import BLOCK, Corpus
from w2v.text.word_counter import CountedTypes, WordCounter

# Blocks of a part. A part and a half for each thread are in memory. With 8 blocks, the times that
# tests/bench/more_cores.py computes are the same up to 16 threads; with 2, merging takes longer.
_LARGEST = 4


class NumberedPart(NamedTuple):
    """The tokens of a part of a text, numbered by the types of the part.

    tokens  the type number of each token
    counts  the count of each type of the part
    types   int32 (T,), the number in the corpus of each type of the part
    size    the number of tokens
    """

    tokens: PackedArray
    counts: PackedArray
    types: np.ndarray
    size: int


def numbered_parts(corpus: Corpus, counter: WordCounter, kept: bool) -> Iterator[NumberedPart]:
    """Read a corpus on `corpus.threads` threads, and count its tokens.

    counter  gets the types and counts; it may be pruned between two parts
    kept     whether `tokens` and `counts` are wanted; else they are empty
    """

    def number(part: list[bytes]) -> tuple[NumberedPart, CountedTypes]:
        """Number the tokens of a part; also return its types."""
        own, text = WordCounter(), bytearray()
        # All at once, because between two calls a thread waits for Python's lock. A block is freed
        # as soon as it is tokenized.
        part.reverse()
        while part:
            text += corpus.tokens(part.pop())
            text += b" "  # a block need not end with a blank after its last token
        numbers = own.number(text)
        del text
        types = own.types()
        counts, size = types.counts.astype(np.int32), numbers.size
        if not kept:
            numbers, counts = numbers[:0], counts[:0]
        tokens, packed_counts = PackedArray.of(numbers), PackedArray.of(counts)
        return NumberedPart(tokens, packed_counts, np.empty(0, np.int32), size), types

    threads = corpus.threads
    with DeferredSignals():  # see `make_word_counter`
        WordCounter().merge(number([b""])[1])  # loads the kernels
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        parts = _parts(corpus.texts(pool))
        for part, types in ordered_map(number, parts, threads):
            yield part._replace(types=counter.merge(types))


def _parts(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Gather blocks of text in parts, whose sizes grow with the text up to `_LARGEST` blocks.

    So a short text, too, has parts for several threads.
    """
    part: list[bytes] = []
    size = total = 0
    for block in blocks:
        part.append(block)
        size += len(block)
        if size >= min(max(total // 4, BLOCK // 2), _LARGEST * BLOCK):
            yield part
            part, size, total = [], 0, total + size
    if part:
        yield part
