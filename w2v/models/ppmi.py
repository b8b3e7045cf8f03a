"""PPMI, positive pointwise mutual information: a truncated SVD of the word-context matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from w2v.models import Model
from w2v.setting_fields import setting, training_setting
from w2v.settings import ModelSettings


@dataclass(frozen=True)
class Settings(ModelSettings):
    """The settings of PPMI, as in Levy, Goldberg and Dagan 2015, and of its SVD."""

    dim: int = setting(200, "Number of dimensions of each vector.", 1, 1 << 14)
    window: int = setting(
        5, "Number of context words on each side of a word. Near words count more.", 1, 1 << 20
    )
    context_exponent: float = setting(
        0.75, "Smooth the probabilities of context words: use count^X instead of the count. Below "
        "1, rare context words weigh less; 1: no smoothing.", 0, 10,
    )  # fmt: skip
    shift: float = setting(
        0.0, "Subtract X nats from the mutual information of each pair. ln k corresponds to k "
        "negative samples of skip-gram.", 0, 1e3,
    )  # fmt: skip
    value_power: float = setting(
        0.5, "Scale the dimensions by the singular values to the power X; 0: no scaling.", 0, 10
    )
    power_iters: int = training_setting(
        6, "Number of power iterations of the SVD. More are slower and more exact.", 0, 1000
    )
    oversamples: int = training_setting(
        10, "Number of dimensions beyond --dim that the SVD computes and drops. More are "
        "slower and more exact.", 0, 1 << 14,
    )  # fmt: skip
    seed: int = training_setting(1, "Seed of the random start of the SVD.", 0)

    @property
    def has_words(self) -> bool:
        """False: a closed form has no initial vectors."""
        return False


def renamed(model: str, old_settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Convert the model name and settings in a file of an earlier version to present names.

    In earlier versions, the name of the model was lsa for both PPMI and LSA. The setting `context`
    told them apart: it was "window" for PPMI and "documents" for LSA. It is removed, because it no
    longer exists. PPMI had the setting `topics`, which is now `dim`. Other models and settings are
    returned unchanged.
    """
    settings = dict(old_settings)
    if model != "lsa" or settings.get("context") not in ("window", "documents"):
        return model, settings
    if settings.pop("context") == "documents":
        return model, settings
    if "topics" in settings:
        settings["dim"] = settings.pop("topics")
    return "ppmi", settings


MODEL = Model(
    name="ppmi",
    summary="Truncated SVD of the mutual information of words and contexts.",
    source="Levy, Goldberg & Dagan 2015, Improving Distributional Similarity",
    other_names=(
        "glove",
        "pmi",
        "ppmi-svd",
        "svd",
    ),
    settings=Settings,
    trainer="w2v.factorization.ppmi:PpmiTrainer",
    method="closed form",
    by_document=True,
)
