"""LDA: documents mix topics, topics are distributions over words."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.errors import W2VError
from w2v.models import Model
from w2v.settings import RunSettings, TermSettings, run_setting, setting, training_setting


@dataclass(frozen=True)
class Settings(TermSettings):
    """LDA takes collapsed Gibbs sampling; its priors are found while it samples."""

    topics: int = setting(50, "Topics: numbers in each vector.", 1, 1 << 14)
    alpha: float = setting(0.1, "Prior of each topic in a document, at the start.", 1e-5, 1e6)
    eta: float = setting(0.01, "Prior of each word in a topic, at the start.", 1e-5, 1e6)
    optimize: str = training_setting(
        "alpha,eta", "Which priors are fitted while sampling. alpha becomes one number for each "
        "topic.", choices=("alpha,eta", "alpha", "eta", "none"),
    )  # fmt: skip
    epochs: int = training_setting(200, "Gibbs sweeps over the text.", 1, 1 << 30)
    burn_in: int | None = training_setting(
        None, "Sweeps before the ones that are averaged.", 0, shown="three quarters of --epochs"
    )
    seed: int = training_setting(1, "Seed of the random numbers.", 0)
    deterministic: bool = training_setting(
        False, "Split sweeps into --shards, not by thread: the same seed gives the same bytes on "
        "any number of threads.",
    )  # fmt: skip
    shards: int = training_setting(
        8, "With --deterministic: parts of a sweep, so the most threads of use.", 1, 1024
    )
    keep_state: bool = run_setting(
        False, "Keep the topic of each token in the file, for w2v topics --state."
    )

    @property
    def has_words(self) -> bool:
        """Words have shares of topics, and no vectors of their own that --init could give."""
        return False

    def check_together(self, run: RunSettings) -> None:
        """W2VError where no sweep is left to average."""
        if self.averaged < 1:
            raise W2VError(
                f"--burn-in {self.burn_in} leaves none of --epochs {self.epochs} to average"
            )

    @property
    def burned_in(self) -> int:
        """How many sweeps are not averaged."""
        return 3 * self.epochs // 4 if self.burn_in is None else self.burn_in

    @property
    def alpha_delay(self) -> int:
        """How many sweeps leave alpha as it is, so that topics form on equal terms first.

        50 topics of film reviews, 200 sweeps, 2 seeds: NPMI 0.106, and 0.075 where alpha changes
        from the start, when large topics soon grow larger and small ones become heaps of the rest;
        held-out perplexity 4,149 and 4,143; of 200 topics 0.099 and 0.086, 3,970 and 3,979.
        """
        return 2 * self.burned_in // 3

    @property
    def averaged(self) -> int:
        """How many are."""
        return self.epochs - self.burned_in


MODEL = Model(
    name="lda",
    summary="Documents mix topics, found by Gibbs sampling.",
    source="Blei, Ng and Jordan 2003, Latent Dirichlet Allocation",
    settings=Settings,
    trainer="w2v.topics.lda:LdaTrainer",
    method="gibbs",
    inference="w2v.topics.lda:LdaInference",
    topic_words="w2v.topics.lda:read_topics",
    is_mixture=True,
)
