"""LDA: documents mix topics, topics are distributions over words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from w2v.models import Model
from w2v.settings import TermSettings, setting


@dataclass(frozen=True)
class Settings(TermSettings):
    """LDA takes collapsed Gibbs sampling; its priors are found while it samples."""

    topics: int = setting(50, "how many: numbers in each vector", 1, 1 << 14)
    alpha: float = setting(0.1, "prior of each topic in a document, at the start", 1e-5, 1e6)
    eta: float = setting(0.01, "prior of each word in a topic, at the start", 1e-5, 1e6)
    optimize: str = setting(
        "alpha,eta",
        "which priors change to fit what is sampled: alpha becomes one for each topic",
        choices=("alpha,eta", "alpha", "eta", "none"),
    )
    epochs: int = setting(200, "sweeps over the text", 1, 1 << 30)
    burn_in: int | None = setting(
        None, "sweeps before those that are averaged; default: three quarters of them", 0
    )
    seed: int = setting(1, "of the random numbers", 0)
    deterministic: bool = setting(
        False, "same seed, same bytes on any number of threads: --shards instead of them"
    )
    shards: int = setting(
        8, "with --deterministic: parts of a sweep, so the most threads of use", 1, 1024
    )
    keep_state: bool = setting(False, "keep each token's topic in the file, for w2v topics --state")

    has_words = False
    needs_vectors = False
    untrained_loss = math.inf

    @property
    def burned_in(self) -> int:
        """How many sweeps are not averaged."""
        return 3 * self.epochs // 4 if self.burn_in is None else self.burn_in

    @property
    def alike(self) -> int:
        """How many sweeps leave alpha as it is, so that topics form on equal terms.

        50 topics of film reviews, 200 sweeps, 2 seeds: NPMI 0.106, and 0.075 where alpha changes
        from the start, when large topics soon grow larger and small ones become heaps of the rest;
        held-out perplexity 4,149 and 4,143; of 200 topics 0.099 and 0.086, 3,970 and 3,979.
        """
        return 2 * self.burned_in // 3

    @property
    def averaged(self) -> int:
        """How many are."""
        return self.epochs - self.burned_in


def _trainer(vocabulary, text, settings):
    from w2v.topics.lda import LdaTrainer

    return LdaTrainer(vocabulary, text, settings)


def _inference(settings, tensors):
    from w2v.topics.lda import LdaInference

    return LdaInference(settings, tensors)


def _listing(tensors):
    from w2v.topics.lda import listing

    return listing(tensors)


MODEL = Model(
    name="lda",
    summary="topics that documents mix, by sampling one for each token",
    source="Blei, Ng and Jordan 2003, Latent Dirichlet Allocation",
    settings=Settings,
    trainer=_trainer,
    inference=_inference,
    listing=_listing,
    way="sweeps",
)
