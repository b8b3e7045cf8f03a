"""A trial of a search of settings: one choice of settings, its run and its result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from w2v.classifier_settings import ClassifierSettings
from w2v.runs.request import Request
from w2v.runs.run import TrainingRun
from w2v.runs.setting_proposals import SEARCHED, Settings
from w2v.runs.validation import Validation
from w2v.training.protocols import ScoresHeldOut

_OVERHEAD = 32  # dimensions whose training takes as long as the other work for a feature


@dataclass
class Trial:
    """One choice of settings, and the run that trains with it.

    number    its number, from 1
    settings  the choice: the value of each setting in SEARCHED
    run       the run
    is_done   whether the training is complete; False where the time or a signal ended it
    fault     why the training failed; empty: it did not
    score     the score of the best epoch on the held-out text; NaN: no epoch is complete
    loss      the validation loss of the best epoch, in nats
    """

    number: int
    settings: Settings
    run: TrainingRun
    is_done: bool = False
    fault: str = ""
    score: float = math.nan
    loss: float = math.inf

    @property
    def validation(self) -> Validation:
        """The validation of the run, which has read its texts."""
        assert self.run.validation
        return self.run.validation

    @property
    def scorer(self) -> ScoresHeldOut:
        """The trainer of the run."""
        trainer = self.run.executor.trainer
        assert isinstance(trainer, ScoresHeldOut)
        return trainer

    @property
    def score_name(self) -> str:
        """The name of the score, for messages."""
        return self.scorer.score_name(self.run.request.search.metric)

    def judge(self) -> None:
        """Restore the matrices of the best epoch, and compute their score."""
        self.validation.restore_best()
        self.validation.forget_best()
        self.loss = min(self.validation.losses, default=math.inf)
        if math.isfinite(self.loss):
            self.score = self.scorer.held_out_score(self.run.request.search.metric)

    def is_better(self, other: Trial | None) -> bool:
        """Whether the trial has a result, and a higher score than another, or a lower loss."""
        if math.isnan(self.score):
            return False
        return other is None or (self.score, -self.loss) > (other.score, -other.loss)

    @property
    def unfinished(self) -> str:
        """The epoch that is kept of a training that is not complete; empty for a complete one."""
        epoch = self.validation.best_epoch + 1
        return "" if self.is_done else f"epoch {epoch} of {self.run.executor.epochs}"

    @property
    def work(self) -> float:
        """The work that was done so far, see `work`."""
        executor = self.run.executor
        return work(self.run.request) * executor.state.words / executor.words


def work(request: Request) -> float:
    """The work of training with the settings of a request, relative to others.

    It is the number of epochs, times the features of a word, times the time of a feature. A word
    has a feature for each length of word n-grams, and about four for each length of character
    n-grams.
    """
    options = request.options
    assert isinstance(options, ClassifierSettings)
    features = options.order
    if options.has_subwords:
        first, last = options.ngram_lengths
        features += 4 * (last - first + 1)
    return options.epochs * features * (options.padded_dim + _OVERHEAD)


def choice_of(request: Request) -> dict[str, Any]:
    """The value of each setting in SEARCHED."""
    values = vars(request.options) | vars(request.text)
    return {name: values[name] for name in SEARCHED}
