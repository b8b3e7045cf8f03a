"""LSA, latent semantic analysis: a truncated SVD of the document-term matrix."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.setting_fields import setting, training_setting
from w2v.settings import TermSettings


@dataclass(frozen=True)
class Settings(TermSettings):
    """The settings of LSA and of its SVD, which is computed by a block Krylov method.

    With the defaults, the share of the squared norm that the SVD explains is exact to four digits.
    """

    topics: int = setting(200, "Number of topics, the dimensions of each vector.", 1, 1 << 14)
    weight: str = setting(
        "tfidf", "Weighting of the counts of words in documents; count: no weighting. With tfidf "
        "and log-entropy, the rows of documents are scaled to length 1.",
        choices=("tfidf", "log-entropy", "count"),
    )  # fmt: skip
    power_iters: int = training_setting(
        6, "Number of power iterations of the SVD. More are slower and more exact.", 0, 1000
    )
    oversamples: int = training_setting(
        10, "Number of dimensions beyond --topics that the SVD computes and drops. More are "
        "slower and more exact.", 0, 1 << 14,
    )  # fmt: skip
    seed: int = training_setting(1, "Seed of the random start of the SVD.", 0)

    @property
    def has_words(self) -> bool:
        """False: a closed form has no initial vectors."""
        return False


MODEL = Model(
    name="lsa",
    summary="Truncated SVD of the matrix of documents and words.",
    source="Deerwester et al. 1990, Indexing by Latent Semantic Analysis",
    other_names=(
        "lsi",
        "svd",
        "truncated-svd",
        "truncatedsvd",
        "tfidf",
        "tf-idf",
        "bow",
        "nmf",
        "lsimodel",
    ),
    settings=Settings,
    trainer="w2v.topics.lsa:LsaTrainer",
    method="closed form",
    inference="w2v.topics.lsa:LsaInference",
    topic_words="w2v.topics.lsa:read_topics",
)
