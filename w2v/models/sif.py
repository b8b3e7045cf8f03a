"""SIF, smooth inverse frequency: documents from word vectors that there are already."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import ModelSettings, setting


@dataclass(frozen=True)
class Settings(ModelSettings):
    """SIF learns nothing but the directions that all documents share."""

    dim: int = setting(100, "Dimensions: those of --init.", 1, 1 << 16)
    smoothing: float = setting(
        1e-3, "A word with share p of the text weighs X / (X + p).", 1e-12, 1e12
    )
    components: int = setting(1, "Remove the N leading directions from all documents.", 0, 1 << 10)

    def __post_init__(self) -> None:
        """There are no more directions than numbers."""
        object.__setattr__(self, "components", min(self.components, self.dim))


MODEL = Model(
    name="sif",
    summary="A document is the weighted mean of word vectors, those of --init.",
    source="Arora et al. 2017, A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
    settings=Settings,
    trainer="w2v.factorization.sif:SifTrainer",
    method="closed form",
    inference="w2v.factorization.sif:SifInference",
    needs_vectors=True,
    distributed=False,
)
