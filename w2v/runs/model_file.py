"""The file of a model: its arrays and metadata, and the errors for a file that is none."""

from __future__ import annotations

import numpy as np

from w2v.embeddings import container, formats
from w2v.embeddings.formats import fasttext_model
from w2v.errors import NotVectorsError, W2VError
from w2v.system.pipes import name_of


def kind_of_model(path: str) -> str:
    """The kind of a file that holds a model or vectors; W2VError where it holds neither."""
    try:
        return formats.sniff(path)
    except NotVectorsError:
        raise W2VError(
            f"{name_of(path)} is not a model: this needs one, which w2v train -o X.safetensors "
            "writes"
        ) from None


def read_model(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read the arrays and the metadata of a model; W2VError where the file holds only vectors."""
    kind = kind_of_model(path)
    if kind == fasttext_model.KIND and fasttext_model.is_classifier(path):
        raise W2VError(
            f"{name_of(path)} is a classifier of fastText, to which w2v predict and w2v evaluate "
            "classify --by model apply: this needs a model that w2v train -o X.safetensors writes"
        )
    if kind != formats.CONTAINER:
        raise W2VError(
            f"{name_of(path)} ({kind}) holds only vectors: this needs a model, which w2v train -o "
            "X.safetensors writes"
        )
    return container.read(path)


def too_large(name: str) -> W2VError:
    """The error for a model with whose numbers the results are not finite.

    name  the file's name in messages
    """
    return W2VError(
        f"{name} has numbers that are too large to compute with: the file is damaged, or its "
        "training diverged"
    )
