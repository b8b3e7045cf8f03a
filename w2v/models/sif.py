"""SIF, smooth inverse frequency: document vectors as weighted means of existing word vectors."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.setting_fields import setting
from w2v.settings import ModelSettings


@dataclass(frozen=True)
class Settings(ModelSettings):
    """The settings of SIF, which learns only the directions that all documents share."""

    dim: int = setting(
        100, "Number of dimensions. It must be the dimension of the --init vectors.", 1, 1 << 16,
        shown="that of --init",
    )  # fmt: skip
    smoothing: float = setting(
        1e-3, "Weigh a word by X / (X + p), where p is its share of the tokens that have a vector. "
        "A smaller X gives frequent words less weight.", 1e-12, 1e12,
    )  # fmt: skip
    components: int = setting(
        1, "Subtract from the document vectors their projections on the first N right singular "
        "vectors of their matrix, the directions that all documents share; 0: subtract nothing.",
        0, 1 << 10,
    )  # fmt: skip

    oov: str = setting(
        "compose", "Words that --init lacks: compose their vectors from its n-grams if it has "
        "subwords, and keep the n-grams in the file for new documents (compose), or skip them.",
        choices=("compose", "skip"),
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Limit `components` to `dim`: there are no more directions."""
        object.__setattr__(self, "components", min(self.components, self.dim))


MODEL = Model(
    name="sif",
    summary="A document is the weighted mean of its words' --init vectors.",
    source="Arora et al. 2017, A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
    other_names=(
        "usif",
        "sent2vec",
    ),
    settings=Settings,
    trainer="w2v.factorization.sif:SifTrainer",
    method="closed form",
    inference="w2v.factorization.sif:SifInference",
    needs_vectors=True,
    distributed=False,
)
