"""The simple recurrent network: an embedding layer, and a state that reads the words one by one."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import RecurrentSettings, setting


@dataclass(frozen=True)
class Settings(RecurrentSettings):
    """Its activation and initial weights: remedies for gradients that vanish."""

    layer = "w2v.networks.layers.rnn:Rnn"

    activation: str = setting("tanh", "Activation of the state.", choices=("tanh", "relu"))
    recurrent_init: str = setting(
        "orthogonal", "Initial recurrent weights. identity with relu is the IRNN: a state that "
        "keeps its value.", choices=("uniform", "orthogonal", "identity"),
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
