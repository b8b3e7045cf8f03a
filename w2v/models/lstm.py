"""LSTM: an embedding layer and a recurrent network with gated memory cells."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.network_settings import RecurrentSettings


@dataclass(frozen=True)
class Settings(RecurrentSettings):
    """The settings of an LSTM: those of all recurrent networks."""

    layer = "w2v.networks.layers.lstm:Lstm"


MODEL = Model(
    name="lstm",
    summary="A network of LSTM cells predicts labels or next words.",
    source="Hochreiter and Schmidhuber 1997, Long short-term memory",
    settings=Settings,
    trainer="w2v.networks.trainer:NetworkTrainer",
    method="minibatch",
    distributed=False,
)
