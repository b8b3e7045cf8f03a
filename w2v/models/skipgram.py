"""Skip-gram: each word of a window predicts the center word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from w2v.models import Model
from w2v.setting_fields import training_setting
from w2v.settings import NegativeSamplingSettings

if TYPE_CHECKING:
    from w2v.kernels import Kernel


@dataclass(frozen=True)
class Settings(NegativeSamplingSettings):
    """The settings of skip-gram, which draws negative samples for each window or for each pair."""

    exact: bool = training_setting(
        False, "Draw negative samples for each pair of center and context word, as word2vec.c "
        "does, not once for each window. Same quality, slower.",
    )  # fmt: skip

    def kernel(self) -> Kernel:
        """The kernel that trains the windows of a chunk."""
        from w2v.kernels.skipgram import train_pairs, train_windows

        return train_pairs if self.exact else train_windows


MODEL = Model(
    name="skipgram",
    summary="Each word of a window predicts the center word.",
    source="Mikolov et al. 2013b, Distributed Representations of Words and Phrases",
    settings=Settings,
    trainer="w2v.negative_sampling.trainer:WordTrainer",
    method="sgd",
    updatable=True,
)
