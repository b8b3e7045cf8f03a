"""Small classifiers: a trained neural bag of words with fewer dimensions and smaller numbers."""

from __future__ import annotations

import json
import os

from w2v.embeddings import container
from w2v.runs.saved_classifier import SavedTextClassifier
from w2v.system.pipes import open_seekable
from w2v.text_classification import small_file


def write(path: str, target: str, dtype: str) -> str:
    """Write a small classifier; returns what was done, in one line.

    path    the file of a neural bag of words
    target  the container to write
    dtype   the type of the vectors of features: f32, f16 or i8
    """
    classifier = SavedTextClassifier(path)
    tensors = small_file.packed(classifier.trained, dtype)
    settings = container.nested(classifier.metadata, "settings")
    settings["dim"] = tensors[small_file.VECTORS].shape[1]
    metadata = {**classifier.metadata, "settings": json.dumps(settings, sort_keys=True)}
    with open_seekable(path) as file:
        before = os.fstat(file.fileno()).st_size
    container.write(target, tensors, metadata)
    features, dim = tensors[small_file.VECTORS].shape
    with open_seekable(target) as file:
        after = os.fstat(file.fileno()).st_size
    return (
        f"{features:,} features of {dim:,} number{'s' * (dim > 1)}; "
        f"{before:,} bytes before, {after:,} after"
    )
