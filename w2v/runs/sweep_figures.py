"""The figures of a topic sweep: those of each model, and their means by number of topics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2v.factorization.term_matrix import EncodedTerms
from w2v.runs.saved_model import SavedTopicModel
from w2v.runs.sweep_texts import SweepTexts
from w2v.text.vocabulary import Vocabulary
from w2v.topics.coherence import TOP_WORDS
from w2v.topics.perplexity import document_completion
from w2v.topics.topic_comparison import DIVERSITY_WORDS, stability, topic_diversity
from w2v.topics.topic_words import top_words
from w2v.topics.windowed_coherence import measure_in_windows


@dataclass(frozen=True)
class ModelFigures:
    """The figures of one model. A figure that could not be measured is None.

    topics      number of topics
    seed        seed of the random numbers
    perplexity  that of the held-out documents, by document completion
    npmi        mean over topics of NPMI in documents, those of training
    u_mass      mean over topics of u_mass, in the same documents
    c_v         mean over topics of C_V, in the same documents
    diversity   share of different words among the top 25 words of all topics
    seconds     of training; None for a model that was trained in parts
    words       the top 25 words of each topic
    """

    topics: int
    seed: int
    perplexity: float | None
    npmi: float | None
    u_mass: float | None
    c_v: float | None
    diversity: float
    seconds: float | None
    words: list[list[str]]


@dataclass(frozen=True)
class SweepRow:
    """The figures of a number of topics: means over the seeds, see `ModelFigures`.

    stability  mean agreement of the models of each two seeds; None for one seed
    models     the figures of the models
    """

    topics: int
    perplexity: float | None
    npmi: float | None
    u_mass: float | None
    c_v: float | None
    diversity: float | None
    stability: float | None
    seconds: float | None
    models: Sequence[ModelFigures]


def measure(
    model: SavedTopicModel, seed: int, texts: SweepTexts, vocabulary: Vocabulary,
    threads: int, seconds: float | None,
) -> ModelFigures:  # fmt: skip
    """The figures of a trained model.

    model       the model, whose words are in the vocabulary
    seed        the seed that it was trained with
    texts       the documents
    vocabulary  the words by their ids in the documents
    threads     number of threads
    seconds     the time of training
    """
    listing = model.listing()
    assert listing.alpha is not None
    ids = {name: number for number, name in enumerate(vocabulary.names)}
    kept = np.array([ids[name] for name in model.names], np.int64)
    terms = _terms(texts.held_out_words, kept, len(ids))
    held_out = document_completion(terms, listing.weights, listing.alpha, threads)
    rows = top_words(listing.weights, max(TOP_WORDS, DIVERSITY_WORDS))
    windows = measure_in_windows(texts.places, [kept[row[:TOP_WORDS]] for row in rows])
    in_documents = model.coherence()
    return ModelFigures(
        topics=listing.sizes.size,
        seed=seed,
        perplexity=held_out.perplexity if held_out.scored else None,
        npmi=_mean([topic.npmi for topic in in_documents]),
        u_mass=_mean([topic.u_mass for topic in in_documents]),
        c_v=_mean([topic.c_v for topic in windows]),
        diversity=topic_diversity(rows),
        seconds=seconds,
        words=[[model.names[word] for word in row[:DIVERSITY_WORDS]] for row in rows],
    )


def _terms(words: EncodedTerms, kept: np.ndarray, size: int) -> EncodedTerms:
    """The terms of documents, without the words that the model leaves out.

    kept  the id of the word of each term
    size  number of words
    """
    number_of = np.full(size, -1, np.int32)
    number_of[kept] = np.arange(kept.size, dtype=np.int32)
    numbers = number_of[words.words]
    before = np.concatenate([[0], np.cumsum(numbers >= 0)])
    return EncodedTerms(numbers[numbers >= 0], before[words.starts])


def summarise(models: Sequence[ModelFigures]) -> SweepRow:
    """The figures of a number of topics, from those of its models."""
    numbers: dict[str, int] = {}
    topics = [
        [np.array([numbers.setdefault(word, len(numbers)) for word in words]) for words in m.words]
        for m in models
    ]
    return SweepRow(
        topics=models[0].topics,
        perplexity=_mean([model.perplexity for model in models]),
        npmi=_mean([model.npmi for model in models]),
        u_mass=_mean([model.u_mass for model in models]),
        c_v=_mean([model.c_v for model in models]),
        diversity=_mean([model.diversity for model in models]),
        stability=stability(topics),
        seconds=_mean([model.seconds for model in models]),
        models=models,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are known; None if there are none."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
