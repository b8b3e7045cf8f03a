"""LSA: the singular vectors of the documents' words."""

from __future__ import annotations

from dataclasses import dataclass, fields

from w2v.models import Model
from w2v.settings import TermSettings, option_name, setting


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
    context: str = setting(
        "documents",
        "documents: what words they hold; window: what words come near each other, by positive "
        "pointwise mutual information; gives word vectors alone",
        choices=("documents", "window"),
    )
    window: int = setting(
        5, "with --context window: words to each side, near ones counting more", 1, 1 << 20
    )
    context_exponent: float = setting(
        0.75, "with --context window: neighbours' probabilities are counts to this power", 0, 10
    )
    shift: float = setting(0.0, "with --context window: nats to take off, ln of --negative", 0, 1e3)
    value_power: float = setting(
        0.5, "with --context window: vectors are scaled by singular values to this power", 0, 10
    )

    has_words = False
    needs_vectors = False


def _trainer(vocabulary, text, settings):
    from w2v.errors import W2VError
    from w2v.factorization.ppmi import PpmiTrainer
    from w2v.topics.lsa import LsaTrainer

    if settings.context == "documents":
        return LsaTrainer(vocabulary, text, settings)
    for field in fields(TermSettings):
        if getattr(settings, field.name) != field.default:
            raise W2VError(f"{option_name(field.name)} is for --context documents")
    return PpmiTrainer(vocabulary, text, settings)


def _inference(settings, tensors):
    from w2v.errors import W2VError
    from w2v.topics.lsa import LsaInference

    if settings.context == "window":
        raise W2VError("a model of --context window knows no documents, only words")
    return LsaInference(settings, tensors)


def _listing(tensors):
    from w2v.topics.lsa import listing

    return listing(tensors)


MODEL = Model(
    name="lsa",
    summary="the leading singular vectors of the matrix of documents and words",
    source="Deerwester et al. 1990, Indexing by Latent Semantic Analysis",
    settings=Settings,
    trainer=_trainer,
    inference=_inference,
    way="at once",
    listing=_listing,
    products=True,
)
