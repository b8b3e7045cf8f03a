"""PPMI: words by the singular vectors of the matrix of words and the words near them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from w2v.models import Model
from w2v.settings import ModelSettings, setting, training_setting


@dataclass(frozen=True)
class Settings(ModelSettings):
    """The hyperparameters of Levy, Goldberg and Dagan 2015, and those of a block Krylov method."""

    dim: int = setting(200, "Dimensions: numbers in each vector.", 1, 1 << 14)
    window: int = setting(5, "Words to each side of a word; near ones count more.", 1, 1 << 20)
    context_exponent: float = setting(0.75, "Power of the counts of context words.", 0, 10)
    shift: float = setting(
        0.0, "Nats to subtract from the mutual information, ln k for k negative samples.", 0, 1e3
    )
    value_power: float = setting(0.5, "Power of the singular values that scale the vectors.", 0, 10)
    power_iters: int = training_setting(
        6, "Power iterations of the SVD. More are more exact, and slower.", 0, 1000
    )
    oversamples: int = training_setting(
        10, "Columns of the random start of the SVD beyond --dim.", 0, 1 << 14
    )
    seed: int = training_setting(1, "Seed of the random start.", 0)

    @property
    def has_words(self) -> bool:
        """--init gives nothing to start from."""
        return False


def renamed(model: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Model and settings by today's names: this was once lsa with the setting context="window".

    `topics` of that are `dim`. The setting context="documents" was LSA itself, which has no such
    setting now. All other names of a model and settings are returned as they are.
    """
    settings = dict(given)
    if model != "lsa" or settings.get("context") not in ("window", "documents"):
        return model, settings
    if settings.pop("context") == "documents":
        return model, settings
    if "topics" in settings:
        settings["dim"] = settings.pop("topics")
    return "ppmi", settings


MODEL = Model(
    name="ppmi",
    summary="Singular vectors of the matrix of words and the words near them.",
    source="Levy, Goldberg & Dagan 2015, Improving Distributional Similarity",
    settings=Settings,
    trainer="w2v.factorization.ppmi:PpmiTrainer",
    method="closed form",
    by_document=True,
)
