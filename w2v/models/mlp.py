"""The multi-layer perceptron (MLP), which reads the vectors of a fixed number of words."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.network_settings import NetworkSettings
from w2v.setting_fields import setting


@dataclass(frozen=True)
class Settings(NetworkSettings):
    """The settings of a multi-layer perceptron, whose input is `length` words."""

    length: int | None = setting(
        None, "Number of words that the network reads. With --task classify, these are the last "
        "words of a text. With --task lm, these are the words before the word to predict.",
        1, 1 << 16, shown="classify 50, lm 5",
    )  # fmt: skip
    activation: str = setting("tanh", "Activation of the hidden layers.", choices=("tanh", "relu"))

    @property
    def input_length(self) -> int:
        """The number of words that the network reads."""
        return self.length or {"classify": 50, "lm": 5}[self.task]


MODEL = Model(
    name="mlp",
    summary="A multi-layer perceptron predicts labels or next words.",
    source="Bengio et al. 2003, A neural probabilistic language model",
    settings=Settings,
    trainer="w2v.networks.trainer:NetworkTrainer",
    method="minibatch",
    distributed=False,
)
