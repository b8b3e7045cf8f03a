"""Skip-gram: each word of a window predicts the center word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from w2v.models import Model
from w2v.setting_fields import training_setting
from w2v.settings import ROUND_WORDS, NegativeSamplingSettings

if TYPE_CHECKING:
    from w2v.kernels import Kernel


@dataclass(frozen=True)
class Settings(NegativeSamplingSettings):
    """The settings of skip-gram, which takes a step for each window or for each pair.

    With `subwords` the default learning rate is that of fastText, twice that of word2vec.c. On
    100 MB of Wikipedia, the rate of fastText raises semantic analogies from 27 to 34 %, WordSim-353
    from 66 to 68 and SimLex-999 from 31 to 32; syntactic analogies fall from 73 to 70 %.

    Rounds are half as long as those of other models: on 100 MB of Wikipedia (5 seeds) WordSim-353
    was 66.7 and MTurk-287 62.6, with 10,000 words in a shard 65.3 and 62.3, and on lock-free
    threads 66.2 and 63.0.
    """

    losses: ClassVar[tuple[str, ...]] = ("ns", "hs")

    lr: float = training_setting(
        None, "Initial learning rate. Lower it if training diverges.", 0, 1e6,
        shown="0.025; with --subwords 0.05",
    )  # fmt: skip
    round_words: int = training_setting(5_000, ROUND_WORDS, 1, 1 << 24)
    exact: bool = training_setting(
        False, "Train each pair of center and context word in a step of its own, as word2vec.c "
        "does, and draw negative samples for each pair, not for each window. Same quality, slower.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Set the default learning rate, which depends on `subwords`."""
        if self.lr is None:
            object.__setattr__(self, "lr", 0.05 if self.has_subwords else 0.025)

    @property
    def pairs_of_word(self) -> tuple[int, int] | None:
        """The pairs of each word: with each target of its windows, and with its context words."""
        if self.loss == "hs":
            return None
        return self.context_words * (1 + self.negative), self.context_words

    def kernel(self) -> Kernel:
        """The kernel that trains the windows of a chunk."""
        from w2v.kernels.hierarchical_models import train_skipgram, train_skipgram_pairs
        from w2v.kernels.skipgram import train_pairs, train_windows

        if self.loss == "hs":
            return train_skipgram_pairs if self.exact else train_skipgram
        return train_pairs if self.exact else train_windows


MODEL = Model(
    name="skipgram",
    summary="Each word of a window predicts the center word.",
    source="Mikolov et al. 2013b, Distributed Representations of Words and Phrases",
    other_names=(
        "word2vec",
        "w2v",
        "sgns",
        "sg",
        "skip-gram",
        "fasttext",
        "glove",
    ),
    settings=Settings,
    trainer="w2v.negative_sampling.trainer:WordTrainer",
    method="sgd",
    updatable=True,
)
