"""What a run will take in memory, before it does."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.errors import W2VError
from w2v.system.resources import readable
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.training.chunks import Plan

_KERNEL_BYTES = 5_000_000  # loaded kernels, scratch and what writing takes
_ORDER_BYTES = 40  # of a document, while an epoch begins
_NAME_BYTES = 150  # what a word costs besides its vectors: its name, three times, and its counts


def to_come(
    counts: np.ndarray, text: EncodedText, options: Any, plan: Plan, keeps_best: bool
) -> int:
    """Bytes that training and writing take besides what is used when the text has been read.

    counts      the vocabulary's
    text
    options     the model's settings
    keeps_best  whether the best matrices so far are kept besides the newest
    """
    from w2v.negative_sampling.row_copies import memory_bytes

    matrices = matrix_bytes(counts, text, options)
    more = matrices * (2 if keeps_best else 1) + names_bytes(counts, text)
    if isinstance(text, EncodedDocuments) and text.mapped:
        more -= options.matrix_bytes(0, _documents(text))
    if isinstance(text, EncodedDocuments):  # whose ids are mapped, and whose order is drawn anew
        more += 4 * text.size + _ORDER_BYTES * text.rows.size
    return more + (memory_bytes(counts, options, plan) if options.deterministic else 0)


def names_bytes(counts: np.ndarray, text: EncodedText) -> int:
    """What loaded kernels and writing take, and the names of words and documents meanwhile."""
    return _KERNEL_BYTES + (counts.size + _documents(text)) * _NAME_BYTES


def matrix_bytes(counts: np.ndarray, text: EncodedText, options: Any) -> int:
    """Bytes that the matrices of a run take."""
    return options.matrix_bytes(counts.size, _documents(text))


def _documents(text: EncodedText) -> int:
    return len(text.names) if isinstance(text, EncodedDocuments) else 0


def check(needed: int, most: int | None, what: str) -> None:
    """W2VError where `needed` bytes are more than there may be; `what` says of what."""
    if most is not None and needed > most:
        raise W2VError(
            f"training needs {readable(needed)} {what.format(readable(most))}: "
            f"try a higher --min-count, a --max-vocab or a smaller --dim"
        )
