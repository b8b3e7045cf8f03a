"""The models: one file each, and the folder is the registry.

A model is a frozen dataclass of settings and one `MODEL` record; `w2v train --model`, its options
and their help, the README's table and the contract test come from these. To add a model, add one
file. Importing a model imports neither NumPy nor Numba: the work is imported where it starts.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

    from w2v.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Model:
    """All that the rest of the program knows about a model.

    name      what `--model` takes
    summary   what it learns, in a line
    source    the paper
    settings  frozen dataclass of `setting` fields
    trainer   (vocabulary, text, settings) -> what `training.run` drives
    inference (settings, the arrays of its file) -> what infers vectors of new documents; None for
              a model that learns words alone, not documents
    way       how it is trained: by gradients of single predictions, computed at once by `solve` of
              its trainer, sampled in sweeps, or by gradients of batches
    reads_documents  whether its text is documents although it has no vectors of them
    listing   the arrays of its file -> its topics, `topic_words.TopicWords`; None where it has none
    products  whether what is computed at once are products of a sparse matrix, by `topics.svd`
    """

    name: str
    summary: str
    source: str
    settings: type[Any]
    trainer: Callable[[Vocabulary, Any, Any], Any]
    inference: Callable[[Any, Mapping[str, np.ndarray]], Any] | None = None
    way: Literal["gradients", "at once", "sweeps", "batches"] = "gradients"
    listing: Callable[[Mapping[str, np.ndarray]], Any] | None = None
    products: bool = False
    reads_documents: bool = False

    def has_documents(self, options: Any) -> bool:
        """Whether what it learns from, as `options` tell, are documents."""
        is_document = self.inference is not None or self.reads_documents
        return is_document or getattr(options, "task", "lm") == "classify"

    @property
    def kinds(self) -> list[type]:
        """The settings classes that it takes besides those of every run."""
        from w2v.settings import DocumentSettings, TextSettings

        takes = self.inference or self.reads_documents or self.way == "batches"
        documents: list[type] = [DocumentSettings] if takes else []
        return [TextSettings, *documents, self.settings]

    @property
    def can_update(self) -> bool:
        """Whether `--update` goes on with it on more text: a model of words can."""
        return self.way == "gradients" and not self.inference

    @property
    def table(self) -> str:
        """What it is for: the table that goes into a format which holds but one."""
        return "documents" if self.inference else "words"


@cache
def models() -> dict[str, Model]:
    """Every model by name, in the order of their names."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [import_module(f"{__name__}.{name}").MODEL for name in modules]
    return {model.name: model for model in found}
