"""The start of a training that continues an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2v.text_classification.features import TextFeatures
from w2v.text_classification.scores import TrainedLayers


@dataclass(frozen=True)
class TrainingStart:
    """A trained classifier whose training goes on.

    features      the features of the texts to train on
    labels        the names of the K labels
    label_counts  int64 (K,), the number of texts with each label when it was trained, from which
                  the tree of --loss hs and the negative samples of --loss ns follow
    layers        its parameters
    """

    features: TextFeatures
    labels: Sequence[str]
    label_counts: np.ndarray
    layers: TrainedLayers
