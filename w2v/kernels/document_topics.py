"""The topics of the document that is being sampled, in scratch memory: see `sparse_gibbs`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from w2v.kernels import inlined


class DocumentTopics(NamedTuple):
    """The topics of the current document, in scratch memory of one thread.

    topics      int16 (K,)    the topics of the document in any order
    counts      int32 (K,)    n_dk of each of them
    places      int32 (K,)    the index in `topics` of each topic, or -1
    mixture     float (K,)    n_dk + α_k of all topics
    sums        float (K,)    running sums of the first part of the weights
    alpha_sums  float64 (K,)  Σ 1 / (j + alpha_k) over all documents and 0 <= j < n_dk
    """

    topics: np.ndarray
    counts: np.ndarray
    places: np.ndarray
    mixture: np.ndarray
    sums: np.ndarray
    alpha_sums: np.ndarray


def make_document_topics(size: int, dtype: type = np.float32) -> DocumentTopics:
    """Allocate memory for the documents of a model of `size` topics."""
    return DocumentTopics(
        np.zeros(size, np.int16), np.zeros(size, np.int32), np.full(size, -1, np.int32),
        np.zeros(size, dtype), np.zeros(size, dtype), np.zeros(size),
    )  # fmt: skip


@inlined
def add_topic(listed, counts, places, mixture, alpha, size, topic):
    """Add a token to the topics of the document, see `DocumentTopics`.

    listed   int16 (K,)  changed in place, as the next three
    counts   int32 (K,)
    places   int32 (K,)
    mixture  float (K,)
    alpha    float (K,)  the prior α
    size     int         number of topics of the document
    topic    int
    Returns  int, the new number of topics
    """
    place, is_new = places[topic], places[topic] < 0
    place = size if is_new else place
    counts[place] = (0 if is_new else counts[place]) + 1
    listed[place], places[topic] = topic, place
    mixture[topic] = alpha[topic] + counts[place]
    return size + is_new


@inlined
def remove_topic(listed, counts, places, mixture, alpha, size, topic):
    """Remove a token from the topics of the document, see `DocumentTopics`.

    listed   int16 (K,)  changed in place, as the next three
    counts   int32 (K,)
    places   int32 (K,)
    mixture  float (K,)
    alpha    float (K,)  the prior α
    size     int         number of topics of the document
    topic    int         a topic of the document
    Returns  int, the new number of topics
    """
    # Without an `if`, which would keep the compiler from removing the counts of references.
    place, last = places[topic], size - 1
    count, is_gone = counts[place] - 1, counts[place] == 1
    moved, moved_count = listed[last], counts[last]  # takes the place of a topic that is gone
    listed[place] = moved if is_gone else topic
    counts[place] = moved_count if is_gone else count
    places[listed[place]] = place
    places[topic] = -1 if is_gone else place
    mixture[topic] = alpha[topic] + count  # a float that is counted down would lose a small α
    return size - is_gone


@inlined
def draw_listed(listed, counts, size, reciprocals, threshold):
    """Draw one of the topics of the document by n_dk / (n_k + V η).

    listed       int16 (K,)  see `DocumentTopics`
    counts       int32 (K,)
    size         int         number of topics of the document; 0: the result has no meaning
    reciprocals  float (K,)  1 / (n_k + V η)
    threshold    float       random number below the sum
    Returns      int64, the topic
    """
    i = np.int64(0)
    threshold -= counts[i] * reciprocals[listed[i]]
    while threshold >= 0 and i < size - 1:
        i += 1
        threshold -= counts[i] * reciprocals[listed[i]]
    return np.int64(listed[i])


@inlined
def weigh_listed(listed, counts, size, word, word_topics, reciprocals, sums):
    """Compute the running sums of n_dk n_wk / (n_k + V η) over the topics of the document.

    listed       int16 (K,)    see `DocumentTopics`
    counts       int32 (K,)
    size         int           number of topics of the document
    word         int
    word_topics  int32 (V, K)  n_wk
    reciprocals  float (K,)    1 / (n_k + V η)
    sums         float (K,)    overwritten
    Returns      float, the sum
    """
    total = sums.dtype.type(0.0)
    for i in range(size):
        count = sums.dtype.type(counts[i]) * sums.dtype.type(word_topics[word, listed[i]])
        total += count * reciprocals[listed[i]]
        sums[i] = total
    return total


@inlined
def begin_document(
    topics, begin, end, listed, counts, places, mixture, alpha, alpha_sums, reciprocals
):
    """List the topics of a document, see `DocumentTopics`.

    topics       int16 (N,)    topic of each token
    begin        int           first token of the document
    end          int           token after the last one
    listed       int16 (K,)    changed in place, as the next three
    counts       int32 (K,)
    places       int32 (K,)
    mixture      float (K,)
    alpha        float (K,)    the prior α
    alpha_sums   float64 (K,)  changed in place
    reciprocals  float (K,)    1 / (n_k + V η)
    Returns      (int64, float64), the number of topics, and the sum of n_dk / (n_k + V η)
    """
    length, ratio_sum = np.int64(0), 0.0
    for token in range(begin, end):
        topic = topics[token]
        alpha_sums[topic] += 1.0 / mixture[topic]
        length = add_topic(listed, counts, places, mixture, alpha, length, topic)
        ratio_sum += reciprocals[topic]
    return length, ratio_sum


@inlined
def end_document(document, length, listed, counts, places, mixture, alpha, document_sums):
    """Add the counts of a document to their sums, and clear the scratch memory.

    document       int
    length         int           number of topics of the document
    listed         int16 (K,)    see `DocumentTopics`
    counts         int32 (K,)
    places         int32 (K,)    changed in place, as the next one
    mixture        float (K,)
    alpha          float (K,)    the prior α
    document_sums  int (M, K)  changed in place. (0, K): nothing is added
    """
    for i in range(length):
        topic = listed[i]
        if document_sums.size:
            document_sums[document, topic] += counts[i]
        places[topic], mixture[topic] = -1, alpha[topic]
