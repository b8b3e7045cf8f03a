"""CBOW, the continuous bag of words: the mean of a window predicts the word at its centre."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import NegativeSamplingSettings, setting


@dataclass(frozen=True)
class Settings(NegativeSamplingSettings):
    """CBOW takes a higher learning rate, as in word2vec.c."""

    lr: float = setting(0.05, "learning rate at the start", 0, 1e6)


def _trainer(vocabulary, text, settings):
    from w2v.kernels.cbow import train_windows
    from w2v.negative_sampling import NegativeSampling

    return NegativeSampling(vocabulary, text, settings, train_windows)


MODEL = Model(
    name="cbow",
    summary="the mean of a window's words predicts the word at its centre",
    source="Mikolov et al. 2013a, Efficient Estimation of Word Representations",
    settings=Settings,
    trainer=_trainer,
)
