"""Training a classifier further on labelled texts, with the features that it has."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from w2v.classifier_settings import ClassifierSettings
from w2v.system.progress import Progress
from w2v.text.vocabulary import Vocabulary
from w2v.text_classification.features import TextFeatures
from w2v.text_classification.saved import TrainedTextClassifier
from w2v.text_classification.trainer import TextTrainer
from w2v.text_classification.training_start import TrainingStart
from w2v.training import loop
from w2v.training.protocols import check_finite

KERNELS = "nbow", "label_ratios", "text_features", "word_ngrams"


def retrained(
    trained: TrainedTextClassifier,
    features: TextFeatures,
    settings: ClassifierSettings,
    threads: int,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> tuple[TrainedTextClassifier, list[float]]:
    """Train a classifier further; AdaGrad begins anew.

    trained      the classifier; it does not change
    features     the features of the texts, whose labels are among those of the classifier
    settings     the settings of the training
    threads      number of worker threads
    on_progress  called about ten times a second
    Returns      a classifier that shares the other arrays with the given one, and the mean loss of
                 each epoch, in nats
    Raises       W2VError for a label that the classifier does not have, DivergedError if numbers
                 are not finite; KeyboardInterrupt after a stop signal
    """
    names = list(trained.names)
    vocabulary = Vocabulary(names, np.zeros(len(names), np.int64), len(names), 0)
    start = TrainingStart(features, trained.labels, trained.label_counts, trained.layers)
    trainer = TextTrainer(vocabulary, features.text, settings, start)
    plan = trainer.plan(threads)
    trainer.begin(plan.shards)
    in_rounds = settings.deterministic
    state = loop.run(trainer, plan, threads, on_progress, in_rounds=in_rounds)
    check_finite(trainer)
    found, layers = copy.copy(trained), trainer.trained()
    found.layers = replace(layers, vectors=np.ascontiguousarray(layers.vectors))
    return found, state.mean_losses()
