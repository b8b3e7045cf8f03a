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

    has_words = False
    needs_vectors = False


def _trainer(vocabulary, text, settings):
    from w2v.topics.lsa import LsaTrainer

    return LsaTrainer(vocabulary, text, settings)


def _inference(settings, tensors):
    from w2v.topics.lsa import LsaInference

    return LsaInference(settings, tensors)


def _listing(tensors):
    from w2v.topics.lsa import listing

    return listing(tensors)


MODEL = Model(
    name="lsa",
    summary="Leading singular vectors of the matrix of documents and words.",
    source="Deerwester et al. 1990, Indexing by Latent Semantic Analysis",
    settings=Settings,
    trainer=_trainer,
    inference=_inference,
    way="at once",
    listing=_listing,
    products=True,
)
