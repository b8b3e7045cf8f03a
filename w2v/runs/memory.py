"""The memory that a run needs, estimated before it allocates its matrices."""

from __future__ import annotations

from typing import NamedTuple

from w2v.errors import W2VError
from w2v.runs.executors import Executor
from w2v.system import resources
from w2v.system.resources import readable
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary

_KERNEL_BYTES = 5_000_000  # loaded kernels, scratch arrays and the buffers of writing
# Bytes of a word or document without its vectors: three copies of its name, and its counts.
_NAME_BYTES = 150


class Needed(NamedTuple):
    """Estimates of the bytes that a run needs.

    additional  bytes beyond the memory that the process already uses
    total       bytes of the whole process
    """

    additional: int
    total: int


def needed(executor: Executor, vocabulary: Vocabulary, text: EncodedText) -> Needed:
    """Estimate the memory of training and writing, once the text has been read."""
    names = len(vocabulary.names) + (len(text.names) if isinstance(text, EncodedDocuments) else 0)
    additional = executor.memory_bytes() + _KERNEL_BYTES + names * _NAME_BYTES
    total = max(resources.peak_memory(), resources.used_memory() + additional)
    return Needed(additional, total)


def check(needed: Needed, max_memory: int | None, advice: str) -> None:
    """Raise W2VError where a run needs more memory than is free or than --max-memory allows.

    max_memory  bytes that the whole process may use (--max-memory); None: no limit
    advice      what to try, for the message
    """
    for bytes_, limit, message in (
        (needed.additional, resources.available_memory(), "more memory, but only {} are free"),
        (needed.total, max_memory, "of memory, but --max-memory is {}"),
    ):
        if limit is not None and bytes_ > limit:
            raise W2VError(
                f"training needs {readable(bytes_)} {message.format(readable(limit))}: try {advice}"
            )
