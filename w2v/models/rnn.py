"""The simple recurrent network of Elman: an embedding layer and recurrent layers without gates."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.network_settings import RecurrentSettings
from w2v.setting_fields import setting


@dataclass(frozen=True)
class Settings(RecurrentSettings):
    """The settings of a simple recurrent network.

    The two fields below can reduce vanishing gradients.
    """

    layer = "w2v.networks.layers.rnn:Rnn"

    activation: str = setting("tanh", "Activation of the hidden state.", choices=("tanh", "relu"))
    recurrent_init: str = setting(
        "orthogonal", "Initial recurrent weights. With identity and --activation relu, the network "
        "is an IRNN, whose hidden state keeps its value over long distances.",
        choices=("uniform", "orthogonal", "identity"),
    )  # fmt: skip


MODEL = Model(
    name="rnn",
    summary="A simple recurrent network predicts labels or next words.",
    source="Elman 1990, Finding structure in time; Werbos 1990",
    settings=Settings,
    trainer="w2v.networks.trainer:NetworkTrainer",
    method="minibatch",
    distributed=False,
)
