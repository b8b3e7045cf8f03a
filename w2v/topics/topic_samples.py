"""Samples of the topics of all tokens, in a few epochs, from which documents get their shares.

The counts of documents and topics, summed over epochs, are an array of M documents and K topics.
For millions of short documents, samples of the N tokens are smaller: 16 bytes for a token, where
the array has 4 K bytes for a document.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.system.spooled_array import SpooledArray
from w2v.topics.document_mixtures import SparseMixtures

SAMPLES = 8  # the most epochs whose topics are kept
# Tokens whose samples are tallied at a time, about. With 1,000 topics, blocks of 2**17 need 48 MB,
# and those of 2**20 need 320 MB and nearly twice the time.
_BLOCK_TOKENS = 1 << 17
# Bytes for each of these samples: their sort keys, the sorted copy, the entries and what they need
# while they are appended. Documents of one token, all with other topics, need the most.
_TALLY_BYTES = 56


def sample_count(settings: Any) -> int:
    """The number of samples S that are kept of a run: 8, or less if fewer epochs are averaged.

    settings  `models.lda.Settings`
    """
    return min(SAMPLES, int(settings.averaged))


def sample_after(epoch: int, settings: Any) -> int | None:
    """The number of the sample that is kept after an epoch, from 0; None: none is kept.

    The epochs of the samples are evenly spaced among those that are averaged. The last epoch is
    one of them.
    """
    kept, averaged = sample_count(settings), settings.averaged
    done = epoch - settings.burned_in + 1  # averaged epochs so far
    before, after = (done - 1) * kept // averaged, done * kept // averaged
    return after - 1 if done > 0 and after > before else None


def keep_sample(
    samples: np.ndarray, topics: np.ndarray, epoch: int, settings: Any, tokens: slice
) -> None:
    """Keep the topics of some tokens that were sampled in an epoch, if it is one of a sample.

    samples  int16 (S, N)  changed in place. (0, N): no samples are kept
    topics   int16 (N,)
    """
    number = sample_after(epoch, settings) if len(samples) else None
    if number is not None:
        samples[number, tokens] = topics[tokens]


def tally_samples(samples: np.ndarray, tokens: EncodedTerms, alpha: np.ndarray) -> SparseMixtures:
    """Count the topics of each document in the samples.

    samples  int16 (S, N)
    tokens   the terms of the documents, whose words are not used
    alpha    float32 (K,)
    """
    starts, lengths = tokens.starts, np.diff(tokens.starts)
    most = len(samples) * int(lengths.max(initial=0))
    kind = next(kind for kind in (np.uint8, np.uint16, np.uint32) if most <= np.iinfo(kind).max)
    topics, counts = SpooledArray(np.int16), SpooledArray(kind)
    sizes = np.zeros(lengths.size + 1, np.int64)
    targets = np.arange(0, int(starts[-1]) + _BLOCK_TOKENS, _BLOCK_TOKENS)
    cuts = np.unique(np.minimum(np.searchsorted(starts, targets), lengths.size))
    for first, last in zip(cuts, cuts[1:], strict=False):
        begin, end = starts[first], starts[last]
        document = np.repeat(np.arange(last - first), lengths[first:last])
        keys = (document * alpha.size + samples[:, begin:end]).ravel()
        pairs, found = np.unique(keys, return_counts=True)
        topics.append(pairs % alpha.size)
        counts.append(found)
        sizes[first + 1 : last + 1] = np.bincount(pairs // alpha.size, minlength=last - first)
    return SparseMixtures(np.cumsum(sizes), topics.mapped(), counts.mapped(), lengths, alpha)


def tally_bytes(tokens: int, longest: int) -> int:
    """The bytes that `tally_samples` needs, at most.

    longest  the number of tokens of the longest document
    """
    return _TALLY_BYTES * SAMPLES * min(tokens, _BLOCK_TOKENS + longest)
