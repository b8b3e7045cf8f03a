"""LSA: the singular vectors of the documents' words."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import TermSettings, setting, training_setting


@dataclass(frozen=True)
class Settings(TermSettings):
    """LSA takes a block Krylov method; its defaults find the share of the norm to four digits."""

    topics: int = setting(200, "Dimensions: numbers in each vector.", 1, 1 << 14)
    weight: str = setting(
        "tfidf", "Weight of a word in a document. Documents are scaled to length 1, except with "
        "count.", choices=("tfidf", "log-entropy", "count"),
    )  # fmt: skip
    power_iters: int = training_setting(
        6, "Power iterations of the SVD. More are more exact, and slower.", 0, 1000
    )
    oversamples: int = training_setting(
        10, "Columns of the random start of the SVD beyond --topics.", 0, 1 << 14
    )
    seed: int = training_setting(1, "Seed of the random start.", 0)

    @property
    def has_words(self) -> bool:
        """--init gives nothing to start from."""
        return False


MODEL = Model(
    name="lsa",
    summary="Leading singular vectors of the matrix of documents and words.",
    source="Deerwester et al. 1990, Indexing by Latent Semantic Analysis",
    settings=Settings,
    trainer="w2v.topics.lsa:LsaTrainer",
    method="closed form",
    inference="w2v.topics.lsa:LsaInference",
    topic_words="w2v.topics.lsa:read_topics",
)
