"""CBOW, the continuous bag of words: the mean of a window predicts the word at its centre."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from w2v.models import Model
from w2v.settings import NegativeSamplingSettings, training_setting

if TYPE_CHECKING:
    from w2v.kernels import Kernel


@dataclass(frozen=True)
class Settings(NegativeSamplingSettings):
    """CBOW takes a higher learning rate, as in word2vec.c, and a still higher one if it divides."""

    lr: float = training_setting(
        None, "Learning rate at the start.", 0, 1e6, shown="0.05; with --cbow-update gradient 0.15"
    )
    cbow_update: str = training_setting(
        "word2vec", "How each word of a window moves. word2vec: by the whole gradient of their "
        "mean; gradient: by its share, which is the exact gradient.",
        choices=("word2vec", "gradient"),
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Choose the learning rate that goes with the update."""
        if self.lr is None:
            object.__setattr__(self, "lr", {"word2vec": 0.05, "gradient": 0.15}[self.cbow_update])

    def kernel(self) -> Kernel:
        """The kernel that trains the windows of a chunk."""
        from w2v.kernels.cbow import train_windows

        return partial(train_windows, divide=self.cbow_update == "gradient")


MODEL = Model(
    name="cbow",
    summary="The mean of a window's words predicts the word at its centre.",
    source="Mikolov et al. 2013a, Efficient Estimation of Word Representations",
    settings=Settings,
    trainer="w2v.negative_sampling.trainer:WordTrainer",
    method="sgd",
    updatable=True,
)
