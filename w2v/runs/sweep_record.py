"""The record of a topic sweep: a JSON file with the figures of each model that is finished."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, get_args, get_type_hints

from w2v.errors import W2VError
from w2v.runs.checkpoint import differences
from w2v.runs.sweep_figures import ModelFigures
from w2v.system import atomic_file

NAME = "sweep.json"
_LARGEST = 1e100  # of a figure, so that the sum over models does not overflow


class SweepRecord:
    """The figures of the models in a folder.

    folder    the folder of the models
    identity  the settings and the fingerprint of the corpus, by their names in messages. They are
              the same for all models
    Raises    W2VError if the folder has the record of a sweep with another identity, or a file of
              that name that is no such record
    """

    def __init__(self, folder: str, identity: Mapping[str, Any]):
        self._path, self._identity = os.path.join(folder, NAME), json.loads(json.dumps(identity))
        self._figures: dict[tuple[int, int], ModelFigures] = {}
        if os.path.exists(self._path):
            self._read()

    def _read(self) -> None:
        try:
            with open(self._path, "rb") as file:
                content = json.loads(file.read())
            saved = dict(content["settings"])
            for model in content["models"]:
                figures = _figures(model)
                self._figures[figures.topics, figures.seed] = figures
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise W2VError(
                f"{self._path} is not the record of a sweep: move it, or name another folder"
            ) from None
        if changes := differences(saved, self._identity):
            raise W2VError(
                f"{self._path} is the record of another sweep: {'; '.join(changes)}. Repeat its "
                "options and corpus, or name another folder"
            )

    def get(self, topics: int, seed: int) -> ModelFigures | None:
        """The figures of a model; None if it is not finished."""
        return self._figures.get((topics, seed))

    def add(self, figures: ModelFigures) -> None:
        """Add the figures of a model, and write the file."""
        self._figures[figures.topics, figures.seed] = figures
        models = [asdict(self._figures[key]) for key in sorted(self._figures)]
        content = {"settings": self._identity, "models": models}
        with atomic_file.replacing(self._path) as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")


def _figures(values: Mapping[str, Any]) -> ModelFigures:
    """The figures in a record; TypeError, KeyError or ValueError for missing or wrong ones."""
    types = get_type_hints(ModelFigures)
    for field in fields(ModelFigures):
        kinds = get_args(types[field.name]) or (types[field.name],)
        value = values[field.name]
        if field.name == "words":
            if not all(isinstance(word, str) for words in value for word in words):
                raise TypeError("words")
            lengths = {len(words) for words in value}
            if len(value) != values["topics"] or len(lengths) != 1 or lengths == {0}:
                raise ValueError("words")
        elif not isinstance(value, kinds) or not abs(value or 0) <= _LARGEST:
            raise TypeError(field.name)
    return ModelFigures(**{field.name: values[field.name] for field in fields(ModelFigures)})
