"""What a run will take in memory, before it does."""

from __future__ import annotations

from typing import NamedTuple

from w2v.errors import W2VError
from w2v.runs.executors import Executor
from w2v.system import resources
from w2v.system.resources import readable
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary

_KERNEL_BYTES = 5_000_000  # loaded kernels, scratch and what writing takes
_NAME_BYTES = 150  # what a word costs besides its vectors: its name, three times, and its counts


class Needed(NamedTuple):
    """Bytes that a run needs at most: besides what is used already, and in all."""

    more: int
    in_all: int


def needed(executor: Executor, vocabulary: Vocabulary, text: EncodedText) -> Needed:
    """What training and writing take, once the text has been read."""
    names = len(vocabulary.names) + (len(text.names) if isinstance(text, EncodedDocuments) else 0)
    more = executor.memory_bytes() + _KERNEL_BYTES + names * _NAME_BYTES
    return Needed(more, max(resources.peak_memory(), resources.used_memory() + more))


def check(needed: Needed, most: int | None) -> None:
    """W2VError where a run needs more than is free, or more than `most` bytes (--max-memory)."""
    for bytes_, limit, what in (
        (needed.more, resources.available_memory(), "more memory, {} are free"),
        (needed.in_all, most, "of memory, {} is --max-memory"),
    ):
        if limit is not None and bytes_ > limit:
            raise W2VError(
                f"training needs {readable(bytes_)} {what.format(readable(limit))}: "
                "try a higher --min-count, a --max-vocab or a smaller --dim"
            )
