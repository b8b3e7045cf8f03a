"""Skip-gram: each word of a window predicts the word at its centre."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import NegativeSamplingSettings


@dataclass(frozen=True)
class Settings(NegativeSamplingSettings):
    """Nothing beyond what negative sampling needs."""


def _trainer(vocabulary, text, settings):
    from w2v.kernels.skipgram import train_windows
    from w2v.negative_sampling import NegativeSampling

    return NegativeSampling(vocabulary, text, settings, train_windows)


MODEL = Model(
    name="skipgram",
    summary="each word of a window predicts the word at its centre",
    source="Mikolov et al. 2013b, Distributed Representations of Words and Phrases",
    settings=Settings,
    trainer=_trainer,
)
