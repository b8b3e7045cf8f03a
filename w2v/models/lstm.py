"""LSTM: an embedding layer, and a memory cell behind gates that reads the words one by one."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import RecurrentSettings


@dataclass(frozen=True)
class Settings(RecurrentSettings):
    """An LSTM has no settings besides."""

    layer = "w2v.networks.layers.lstm:Lstm"


MODEL = Model(
    name="lstm",
    summary="A recurrent network of memory cells predicts labels or next words.",
    source="Hochreiter and Schmidhuber 1997, Long short-term memory",
    settings=Settings,
    trainer="w2v.networks.trainer:NetworkTrainer",
    method="minibatch",
    distributed=False,
)
