"""Skip-gram: each word of a window predicts the word at its centre."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import NegativeSamplingSettings, setting


@dataclass(frozen=True)
class Settings(NegativeSamplingSettings):
    """Skip-gram alone can share noise words, or not."""

    exact: bool = setting(
        False, "draw noise words for each pair, as word2vec.c does: as good, and slower"
    )


def _trainer(vocabulary, text, settings):
    from w2v.kernels.skipgram import train_pairs, train_windows
    from w2v.negative_sampling.trainer import WordTrainer

    kernel = train_pairs if settings.exact else train_windows
    return WordTrainer(vocabulary, text, settings, kernel)


MODEL = Model(
    name="skipgram",
    summary="each word of a window predicts the word at its centre",
    source="Mikolov et al. 2013b, Distributed Representations of Words and Phrases",
    settings=Settings,
    trainer=_trainer,
)
