"""The settings of text classifiers that read a text as the mean of its features."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from w2v.errors import W2VError
from w2v.setting_fields import layer_units, setting, training_setting, whole_number
from w2v.settings import SEED, RunSettings, SubwordSettings

LONGEST_WORD_NGRAM = 16  # words
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}  # by the unit of --time
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?)([smh]?)")


@dataclass(frozen=True)
class ClassifierSettings(SubwordSettings):
    """The settings of a neural bag of words."""

    dim: int = setting(32, "Number of dimensions of each vector.", 1, 1 << 16)
    word_ngrams: str = setting(
        "1", "Also use word n-grams, runs of 2 to N words, as features: 1-2 uses words and pairs "
        "of words. 1: only words.", metavar="1-N",
    )  # fmt: skip
    ngram_min_count: int = setting(
        2, "With --word-ngrams: leave out word n-grams that occur fewer than N times.", 1, 255
    )
    max_ngrams: int = setting(
        2_000_000, "With --word-ngrams: keep at most N word n-grams, the most frequent ones, to "
        "limit memory.", 1, 1 << 30,
    )  # fmt: skip
    hidden: str = setting(
        "", "Numbers of units of hidden layers between the mean of a text and its labels, "
        "separated by commas, for example 64.", metavar="LIST", shown="none",
    )  # fmt: skip
    loss: str = setting(
        "softmax", "Loss function. softmax: each text has one label; ova: one versus all, a "
        "yes or no for each label, for texts with several labels; hs: hierarchical softmax; ns: "
        "as ova with negative samples. hs and ns are faster with thousands of labels.",
        choices=("softmax", "ova", "hs", "ns"),
    )  # fmt: skip
    negative: int = training_setting(
        5, "With --loss ns: number of negative samples for each label of a text.", 1, 1000
    )
    balance: bool = training_setting(
        False, "Weight each label by the inverse of its frequency, so that rare labels count as "
        "much as frequent ones. With --loss ova, the texts that have a label count as much as "
        "those without it.",
    )  # fmt: skip
    weights: str | None = training_setting(
        None, "File of the weights of labels in the loss, LABEL TAB WEIGHT on each line. Labels "
        "that it lacks have the weight 1.", file="input",
    )  # fmt: skip
    dropout: float = training_setting(
        0.0, "Share (0 to 0.99) of the features of a text that are left out at random in "
        "training. Raise it, and --epochs, against overfitting.", 0, 0.99,
    )  # fmt: skip
    optimizer: str = training_setting(
        "adagrad", "Optimizer. adagrad: each vector has a learning rate of its own, which falls "
        "with its gradients; sgd: all have the same, as in fastText.", choices=("adagrad", "sgd"),
    )  # fmt: skip
    lr: float | None = training_setting(
        None, "Initial learning rate, which falls linearly to 0.", 0, 1e6,
        shown="adagrad 0.05 for 2 labels, 0.28 for 20, 0.43 for 53, 1 for 5,000; sgd 0.5",
    )  # fmt: skip
    feature_rates: str = training_setting(
        "ratio", "Learning rates of features. ratio: in proportion to how much the frequency of a "
        "feature differs between labels (log-count ratio), as in NB-SVM; equal: the same for all.",
        choices=("ratio", "equal"),
    )  # fmt: skip
    epochs: int = training_setting(5, "Number of passes over the texts.", 1, 1 << 30)
    seed: int = training_setting(1, SEED, 0)
    deterministic: bool = training_setting(
        False, "Train in synchronous rounds: the same seed gives the same bytes on any number of "
        "threads. Without this option, threads are lock-free (Hogwild), and results differ a "
        "little from run to run.",
    )  # fmt: skip
    shards: int = training_setting(
        8, "With --deterministic: number of shards, which are trained in parallel in each round. "
        "No more threads than shards can work at a time.", 1, 1024,
    )  # fmt: skip
    round_words: int = training_setting(
        10_000, "With --deterministic: number of words in each shard of a round, after which the "
        "shards are merged.", 1, 1 << 24,
    )  # fmt: skip

    @property
    def is_exclusive(self) -> bool:
        """Whether exactly one label applies to a text, so that probabilities add up to one."""
        return self.loss in ("softmax", "hs")

    @property
    def rate(self) -> float:
        """The initial learning rate for two labels."""
        return self.rate_for(2)

    def rate_for(self, labels: int) -> float:
        """The initial learning rate, for a number of labels.

        With many labels a text changes few of their scores, so that AdaGrad needs larger steps. On
        held-out texts 0.05 was best for 2 labels (IMDB), 0.4 for 20 and 53 (20 newsgroups,
        languages; 0.3 and 0.6 were nearly as good), and 1 for 5,000 (generated text).
        """
        if self.lr is not None:
            return self.lr
        if self.optimizer == "sgd":
            return 0.5
        return min(0.05 * (labels / 2) ** 0.75, 0.2 * labels**0.19)

    @property
    def padded_dim(self) -> int:
        """The length of a vector in memory: `dim` rounded up to a multiple of 16."""
        return -(-self.dim // 16) * 16

    @property
    def order(self) -> int:
        """The most words of a word n-gram; W2VError if `word_ngrams` is malformed."""
        first, _, last = self.word_ngrams.rpartition("-")
        if first not in ("", "1") or not 1 <= whole_number(last) <= LONGEST_WORD_NGRAM:
            raise W2VError(
                f"--word-ngrams {self.word_ngrams!r}: expected 1-N, such as 1-2, with N from 1 to "
                f"{LONGEST_WORD_NGRAM}"
            )
        return whole_number(last)

    @property
    def hidden_units(self) -> tuple[int, ...]:
        """The numbers of units of the hidden layers; W2VError if `hidden` is malformed."""
        return layer_units("hidden", self.hidden, "64,32")

    def check_together(self, run: RunSettings) -> None:
        """Raise W2VError if settings are malformed or conflict with each other."""
        _ = self.order, self.hidden_units
        self.check_subwords()
        if self.balance and self.weights:
            raise W2VError("--balance and --weights both set the weights of labels: give one")


@dataclass(frozen=True)
class SearchSettings:
    """The settings of a search for the settings of a model."""

    time: str | None = training_setting(
        None, "Search settings within this time, such as 90s, 5m or 1h: train with one choice "
        "after another, and keep the model with the highest accuracy on the held-out text. Needs "
        "--valid. Settings that are given stay as they are.", metavar="TIME", shown="no search",
    )  # fmt: skip
    metric: str = training_setting(
        "accuracy", "With --time: the score by which the best model is chosen. accuracy: the share "
        "of texts that are right, or the micro F1 with --loss ova and ns; macro-f1: the mean F1 of "
        "the labels; f1:LABEL: the F1 of this label.", metavar="NAME",
    )  # fmt: skip

    @property
    def seconds(self) -> float:
        """The time in seconds, 0 without a search; W2VError if `time` is malformed or 0."""
        if self.time is None:
            return 0.0
        match = _DURATION.fullmatch(self.time)
        seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
        if not 0 < seconds < math.inf:
            raise W2VError(
                f"--time {self.time}: expected a time above 0, such as 90s, 5m or 1h; a number "
                "alone is in seconds"
            )
        return seconds
