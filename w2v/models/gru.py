"""GRU: an embedding layer and a recurrent network whose hidden state is updated through gates."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.network_settings import RecurrentSettings


@dataclass(frozen=True)
class Settings(RecurrentSettings):
    """The settings of a GRU: those of all recurrent networks."""

    layer = "w2v.networks.layers.gru:Gru"


MODEL = Model(
    name="gru",
    summary="A gated recurrent network predicts labels or next words.",
    source="Cho et al. 2014, Learning phrase representations using RNN encoder-decoder",
    settings=Settings,
    trainer="w2v.networks.trainer:NetworkTrainer",
    method="minibatch",
    distributed=False,
)
