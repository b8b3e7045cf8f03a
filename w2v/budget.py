"""What a run will take in memory, before it does."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.errors import W2VError
from w2v.machine import readable
from w2v.plan import Plan

_KERNEL_BYTES = 5_000_000  # loaded kernels, scratch and what writing takes
_NAME_BYTES = 150  # what a word costs besides its vectors: its name, three times, and its counts


def to_come(counts: np.ndarray, options: Any, plan: Plan, keeps_best: bool) -> int:
    """Bytes that training and writing take besides what is used when the text has been read.

    counts      the vocabulary's
    options     the model's settings
    keeps_best  whether the best matrices so far are kept besides the newest
    """
    from w2v.shards import room

    matrices = options.matrix_bytes(counts.size)
    more = matrices * (2 if keeps_best else 1) + counts.size * _NAME_BYTES + _KERNEL_BYTES
    return more + (room(counts, options, plan) if options.deterministic else 0)


def check(needed: int, most: int | None, what: str) -> None:
    """W2VError where `needed` bytes are more than there may be; `what` says of what."""
    if most is not None and needed > most:
        raise W2VError(
            f"training needs {readable(needed)} {what.format(readable(most))}: "
            f"try a higher --min-count, a --max-vocab or a smaller --dim"
        )
