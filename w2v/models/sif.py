"""SIF, smooth inverse frequency: documents from word vectors that there are already."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import setting


@dataclass(frozen=True)
class Settings:
    """SIF learns nothing but the directions that all documents share."""

    dim: int = setting(100, "Dimensions: those of --init.", 1, 1 << 16)
    smoothing: float = setting(
        1e-3, "A word with share p of the text weighs X / (X + p).", 1e-12, 1e12
    )
    components: int = setting(1, "Remove the N leading directions from all documents.", 0, 1 << 10)

    has_words = True
    needs_vectors = True

    def __post_init__(self) -> None:
        """There are no more directions than numbers."""
        object.__setattr__(self, "components", min(self.components, self.dim))


def _trainer(vocabulary, text, settings):
    from w2v.factorization.sif import SifTrainer

    return SifTrainer(vocabulary, text, settings)


def _inference(settings, tensors):
    from w2v.factorization.sif import SifInference

    return SifInference(settings, tensors)


MODEL = Model(
    name="sif",
    summary="A document is the weighted mean of word vectors, those of --init.",
    source="Arora et al. 2017, A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
    settings=Settings,
    trainer=_trainer,
    inference=_inference,
    way="at once",
)
