"""CBOW, the continuous bag of words: the mean of a window's words predicts the center word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from w2v.models import Model
from w2v.setting_fields import training_setting
from w2v.settings import NegativeSamplingSettings

if TYPE_CHECKING:
    from w2v.kernels import Kernel


@dataclass(frozen=True)
class Settings(NegativeSamplingSettings):
    """The settings of CBOW.

    The default learning rate is that of word2vec.c, which is higher than for skip-gram. With
    `cbow_update` "gradient" the default is higher still, because each context word then gets only
    its share of the gradient.
    """

    losses: ClassVar[tuple[str, ...]] = ("ns", "hs")

    lr: float = training_setting(
        None, "Initial learning rate. Lower it if training diverges.", 0, 1e6,
        shown="0.05; with --cbow-update gradient 0.15",
    )  # fmt: skip
    cbow_update: str = training_setting(
        "word2vec", "Update of the context words. word2vec: each gets the whole gradient of the "
        "mean of all context words, as in word2vec.c; gradient: each gets its share of it, which "
        "is the exact gradient.",
        choices=("word2vec", "gradient"),
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Set the default learning rate, which depends on `cbow_update`."""
        if self.lr is None:
            object.__setattr__(self, "lr", {"word2vec": 0.05, "gradient": 0.15}[self.cbow_update])

    def kernel(self) -> Kernel:
        """The kernel that trains the windows of a chunk."""
        from w2v.kernels.cbow import train_windows
        from w2v.kernels.hierarchical_models import train_cbow

        kernel = train_cbow if self.loss == "hs" else train_windows
        return partial(kernel, divide=self.cbow_update == "gradient")


MODEL = Model(
    name="cbow",
    summary="The mean of a window's words predicts the center word.",
    source="Mikolov et al. 2013a, Efficient Estimation of Word Representations",
    other_names=("word2vec",),
    settings=Settings,
    trainer="w2v.negative_sampling.trainer:WordTrainer",
    method="sgd",
    updatable=True,
)
