"""LDA, latent Dirichlet allocation: documents are mixtures of topics."""

from __future__ import annotations

from dataclasses import dataclass

from w2v.errors import W2VError
from w2v.models import Model
from w2v.setting_fields import run_setting, setting, training_setting
from w2v.settings import SEED, RunSettings, TermSettings

# From this number of topics on, `--sampler auto` is sparse. 60 epochs on film reviews take 19.6 s
# dense and 21.9 s sparse with 500 topics, 36.6 and 25.4 s with 1,000 (Intel Ice Lake, 2 threads).
SPARSE_TOPICS = 1000


@dataclass(frozen=True)
class Settings(TermSettings):
    """The settings of LDA, which is trained by collapsed Gibbs sampling and can fit its priors."""

    topics: int = setting(50, "Number of topics, the dimensions of each vector.", 1, 1 << 14)
    alpha: float = setting(
        0.1, "Initial Dirichlet prior of each topic in a document. A smaller prior favours "
        "documents with few topics.", 1e-5, 1e6,
    )  # fmt: skip
    eta: float = setting(
        0.01, "Initial Dirichlet prior of each word in a topic. A smaller prior favours topics "
        "with few words.", 1e-5, 1e6,
    )  # fmt: skip
    optimize: str = training_setting(
        "alpha,eta", "Priors to fit during sampling; none: the priors keep their initial values. A "
        "fitted alpha has a value for each topic.", choices=("alpha,eta", "alpha", "eta", "none"),
    )  # fmt: skip
    epochs: int = training_setting(
        200, "Number of passes of Gibbs sampling over the text.", 1, 1 << 30
    )
    burn_in: int | None = training_setting(
        None, "Burn-in: number of epochs at the start that are left out of the result. The result "
        "is the average of the later epochs.", 0, shown="three quarters of --epochs",
    )  # fmt: skip
    sampler: str = training_setting(
        "auto", "Method of sampling. dense: compute the weights of all topics for each token; "
        "sparse: those of the topics of its document and its word, which takes less time if there "
        "are many topics; auto: sparse from 1,000 topics on.", choices=("auto", "dense", "sparse"),
    )  # fmt: skip
    seed: int = training_setting(1, SEED, 0)
    deterministic: bool = training_setting(
        False, "Topics are sampled in rounds. Split each round into --shards parts instead of one "
        "for each thread: the same seed gives the same bytes on any number of threads.",
    )  # fmt: skip
    shards: int = training_setting(
        8, "With --deterministic: number of shards, parts of a round that are sampled in parallel. "
        "No more threads than shards can work at a time.", 1, 1024,
    )  # fmt: skip
    seeds: str | None = setting(
        None, "Seed words that steer topics. Each line of the file is a topic, from topic 0 on: a "
        "name, a tab, and words. A word may have a weight, as in orbit:2.", file="input",
    )  # fmt: skip
    document_table: str = training_setting(
        "dense", "What is stored of the documents. dense: a vector for each, of --topics numbers; "
        "sparse: only the topics of its tokens in eight of the epochs that are averaged, which "
        "takes less memory for millions of short documents.", choices=("dense", "sparse"),
    )  # fmt: skip
    keep_state: bool = run_setting(
        False, "Store the topic of each token in the model, for w2v topics --state."
    )

    @property
    def has_words(self) -> bool:
        """False: words have shares of topics, which --init cannot set."""
        return False

    def check_together(self, run: RunSettings) -> None:
        """Raise W2VError if burn-in leaves no epoch to average, or if seeds are wrong."""
        if self.averaged < 1:
            raise W2VError(
                f"--burn-in {self.burn_in} leaves no epoch of --epochs {self.epochs} to average: "
                "set --burn-in below --epochs"
            )
        if self.seeds is not None:
            from w2v.topics.seeds import read_seeds

            read_seeds(self.seeds, self.topics)  # before the text, which may take long

    @property
    def burned_in(self) -> int:
        """The number of epochs of burn-in: those at the start that are not averaged."""
        return 3 * self.epochs // 4 if self.burn_in is None else self.burn_in

    @property
    def is_sparse(self) -> bool:
        """Whether topics are sampled by `topics.sparse_rounds`."""
        return self.sampler == "sparse" or (self.sampler == "auto" and self.topics >= SPARSE_TOPICS)

    @property
    def alpha_delay(self) -> int:
        """The number of epochs at the start without updates of alpha.

        Without this delay, large topics soon grow larger, and small topics collect unrelated words.
        Measured on film reviews, 200 epochs, 2 seeds: with 50 topics the delay raises NPMI from
        0.075 to 0.106, and the held-out perplexity from 4,143 to 4,149. With 200 topics it raises
        NPMI from 0.086 to 0.099, and lowers the held-out perplexity from 3,979 to 3,970.
        """
        return 2 * self.burned_in // 3

    @property
    def averaged(self) -> int:
        """The number of epochs that are averaged."""
        return self.epochs - self.burned_in


MODEL = Model(
    name="lda",
    summary="Documents are mixtures of topics, found by Gibbs sampling.",
    source="Blei, Ng and Jordan 2003, Latent Dirichlet Allocation",
    other_names=(
        "hdp",
        "nmf",
        "plsa",
        "plsi",
        "ldamodel",
        "topic-model",
    ),
    settings=Settings,
    trainer="w2v.topics.lda:LdaTrainer",
    method="gibbs",
    inference="w2v.topics.lda:LdaInference",
    topic_words="w2v.topics.lda:read_topics",
    is_mixture=True,
    updatable=True,
)
