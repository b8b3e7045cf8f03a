"""The simple recurrent network: an embedding layer, and a state that reads the words one by one."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import RecurrentSettings, setting


@dataclass(frozen=True)
class Settings(RecurrentSettings):
    """How its state begins and what keeps it: remedies for gradients that vanish."""

    activation: str = setting("tanh", "of the state", choices=("tanh", "relu"))
    recurrent_init: str = setting(
        "orthogonal",
        "how the state's weights begin; identity with relu: a state that stays by itself",
        choices=("uniform", "orthogonal", "identity"),
    )


def _trainer(vocabulary, text, settings):
    from w2v.networks.trainer import NetworkTrainer

    return NetworkTrainer("rnn", vocabulary, text, settings)


MODEL = Model(
    name="rnn",
    summary="labels of texts or next words, by a state that reads word by word",
    source="Elman 1990, Finding structure in time; Werbos 1990",
    settings=Settings,
    trainer=_trainer,
    way="batches",
)
