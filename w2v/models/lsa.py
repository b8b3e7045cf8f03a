"""LSA: the singular vectors of the documents' words."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import TermSettings, setting


@dataclass(frozen=True)
class Settings(TermSettings):
    """LSA takes a block Krylov method; its defaults find the share of the norm to four digits."""

    topics: int = setting(200, "how many: numbers in each vector", 1, 1 << 14)
    weight: str = setting(
        "tfidf",
        "of a word in a document; rows get length 1, but not with count",
        choices=("tfidf", "log-entropy", "count"),
    )
    power_iters: int = setting(6, "multiplications beyond the least: more are more exact", 0, 1000)
    oversamples: int = setting(10, "columns of the first ones beyond --topics", 0, 1 << 14)
    seed: int = setting(1, "of the random start", 0)

    has_words = False
    needs_vectors = False


def _trainer(vocabulary, text, settings):
    from w2v.lsa import Lsa

    return Lsa(vocabulary, text, settings)


def _inference(settings, tensors):
    from w2v.lsa import LsaInference

    return LsaInference(settings, tensors)


MODEL = Model(
    name="lsa",
    summary="the leading singular vectors of the matrix of documents and words",
    source="Deerwester et al. 1990, Indexing by Latent Semantic Analysis",
    settings=Settings,
    trainer=_trainer,
    inference=_inference,
    at_once=True,
)
