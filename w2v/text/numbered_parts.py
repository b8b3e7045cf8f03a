"""Numbers the tokens of a corpus on several threads; the result is the same for any number of them.

The text is cut into parts. A thread numbers the types of a part by their first occurrence in it.
The main thread then adds these types to the table of the corpus, part after part, and so the types
of the corpus are numbered by their first occurrence, too. A part of 16 MiB of English has 3 million
tokens, but only about 100,000 types, so that little is left for the main thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np

from w2v.kernels.word_hash import renumber
from w2v.system.ordered_map import ordered_map
from w2v.system.signals import DeferredSignals
from w2v.text.corpus import BLOCK, Corpus
from w2v.text.word_counter import WordCounter

# Blocks of a part. Two parts for each thread are in memory, each with its type numbers. On 300 MB
# of English, two threads were 1.8 times as fast as one with 16 blocks, and 1.6 times with 8.
_LARGEST = 16


def numbered_parts(corpus: Corpus, counter: WordCounter) -> Iterator[np.ndarray]:
    """Read a corpus on `corpus.threads` threads, and count its tokens.

    counter  gets the types and counts; it may be pruned between two parts
    Yields   the type numbers of the tokens of each part, int32 (N,)
    """

    def number(part: list[bytes]) -> tuple[np.ndarray, bytes, np.ndarray]:
        """Number the tokens of a part; also return the names and the counts of its types."""
        own = WordCounter()
        # All at once, because between two calls a thread waits for Python's lock.
        text = b"".join(map(corpus.tokens, part))
        part.clear()  # The blocks are not needed any more, and would take as much memory again.
        numbers = own.number(text)
        return numbers, own.names(), own.counts

    threads = corpus.threads
    with DeferredSignals():  # see `make_word_counter`
        corpus.tokens(b"")  # loads the kernels of the tokenizer
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
        parts = _parts(corpus.texts(pool))
        for numbers, names, counts in (
            ordered_map(number, parts, threads) if threads > 1 else map(number, parts)
        ):
            renumber(numbers, counter.add(names, counts))
            yield numbers


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
