"""The neural bag of words (NBOW), a text classifier like fastText's `supervised`."""

from __future__ import annotations

from w2v.classifier_settings import ClassifierSettings
from w2v.models import Model

MODEL = Model(
    name="nbow",
    summary="The mean of a text's words and n-grams predicts labels.",
    source="Joulin et al. 2017, Bag of tricks for efficient text classification; Iyyer et al. 2015",
    other_names=(
        "supervised",
        "fasttext",
        "bow",
        "classifier",
        "dan",
    ),
    settings=ClassifierSettings,
    trainer="w2v.text_classification.trainer:TextTrainer",
    method="sgd",
    is_labelled=True,
    min_count=1,  # as in fastText; 5 costs 3 points of accuracy on short texts such as SST-2
    distributed=False,
)
