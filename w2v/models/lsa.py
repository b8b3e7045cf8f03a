"""LSA: the singular vectors of the documents' words."""

from __future__ import annotations

from dataclasses import dataclass, fields

from w2v.models import Model
from w2v.settings import TermSettings, option_name, setting, training_setting


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
    context: str = setting(
        "documents", "What is counted. documents: the words of each; window: which words are near "
        "each other, by positive pointwise mutual information (PPMI), which gives word vectors "
        "alone.", choices=("documents", "window"),
    )  # fmt: skip
    window: int = setting(
        5, "With --context window: words to each side; near ones count more.", 1, 1 << 20
    )
    context_exponent: float = setting(
        0.75, "With --context window: the power of the counts of context words.", 0, 10
    )
    shift: float = setting(
        0.0, "With --context window: nats to subtract, ln k for k negative samples.", 0, 1e3
    )
    value_power: float = setting(
        0.5, "With --context window: the power of the singular values that scale vectors.", 0, 10
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
    summary="Leading singular vectors of the matrix of documents and words.",
    source="Deerwester et al. 1990, Indexing by Latent Semantic Analysis",
    settings=Settings,
    trainer=_trainer,
    inference=_inference,
    way="at once",
    listing=_listing,
    products=True,
)
