"""The multi-layer perceptron: the vectors of a fixed number of words side by side."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import NetworkSettings, setting


@dataclass(frozen=True)
class Settings(NetworkSettings):
    """A perceptron looks at a window of words."""

    length: int = setting(
        50, "how many words: the last of a text, or the last before the next word; lm: try 5",
        1, 1 << 16,
    )  # fmt: skip
    activation: str = setting("tanh", "of the hidden layers", choices=("tanh", "relu"))


def _trainer(vocabulary, text, settings):
    from w2v.networks.trainer import NetworkTrainer

    return NetworkTrainer("mlp", vocabulary, text, settings)


MODEL = Model(
    name="mlp",
    summary="labels of texts or next words, from the vectors of some words side by side",
    source="Bengio et al. 2003, A neural probabilistic language model",
    settings=Settings,
    trainer=_trainer,
    way="batches",
)
