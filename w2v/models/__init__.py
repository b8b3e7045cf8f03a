"""The models: one file each, and the folder is the registry.

A model is a frozen dataclass of settings and one `MODEL` record; `w2v train --model`, its options
and their help, the README's table and the contract test come from these. To add a model, add one
file. Importing a model imports neither NumPy nor Numba: what does the work is named by a string,
"module:name", and imported where it starts.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from w2v.settings import DocumentSettings, ModelSettings, NetworkSettings, TextSettings

if TYPE_CHECKING:
    import numpy as np

    from w2v.text.encoded_text import EncodedText
    from w2v.text.vocabulary import Vocabulary
    from w2v.topics.topic_words import TopicWords
    from w2v.training.protocols import DocumentInference, Trainer


@dataclass(frozen=True)
class Model:
    """All that the rest of the program knows about a model.

    name           what `--model` takes
    summary        what it learns, in a line
    source         the paper
    settings       frozen dataclass of `setting` fields
    trainer        "module:name" of (vocabulary, text, settings) -> what trains it
    method         how it is trained, which picks the executor: stochastic gradient descent on
                   single predictions or on minibatches, Gibbs sampling, or in closed form
    inference      "module:name" of (settings, the arrays of its file) -> what infers vectors of new
                   documents; empty for a model that learns words alone
    by_document    whether its text is documents although it has no vectors of them
    infers_epochs  whether that inference makes passes over a document, as many as --epochs
    topic_words    "module:name" of (the arrays of its file) -> its topics; empty where it has none
    is_mixture     whether the vectors of documents and words are shares of topics
    needs_vectors  whether it starts from word vectors that another model has learnt
    updatable      whether `--update` goes on with it on more text
    distributed    whether it can be trained on a cluster
    """

    name: str
    summary: str
    source: str
    settings: type[ModelSettings]
    trainer: str
    method: Literal["sgd", "minibatch", "gibbs", "closed form"]
    inference: str = ""
    by_document: bool = False
    infers_epochs: bool = False
    topic_words: str = ""
    is_mixture: bool = False
    needs_vectors: bool = False
    updatable: bool = False
    distributed: bool = True

    @property
    def has_documents(self) -> bool:
        """Whether it learns vectors of documents."""
        return bool(self.inference)

    @property
    def is_network(self) -> bool:
        """Whether it is a network: its texts have labels, or each next word is predicted."""
        return self.method == "minibatch"

    @property
    def has_loss(self) -> bool:
        """Whether it is trained by gradients, so that a held-out text has a loss."""
        return self.method in ("sgd", "minibatch")

    @property
    def measure(self) -> str:
        """What is shown of each epoch."""
        return "log-likelihood" if self.method == "gibbs" else "loss"

    @property
    def is_resumable(self) -> bool:
        """Whether a run that is stopped can go on from a checkpoint."""
        return self.method != "closed form"

    def reads_documents(self, options: ModelSettings) -> bool:
        """Whether what it learns from, with these settings, are documents."""
        classifies = isinstance(options, NetworkSettings) and options.task == "classify"
        return self.has_documents or self.by_document or classifies

    @property
    def settings_classes(self) -> list[type]:
        """The settings classes that it takes besides those of every run."""
        documents: list[type] = [DocumentSettings]
        return [
            TextSettings,
            *documents * (self.has_documents or self.by_document or self.is_network),
            self.settings,
        ]

    @property
    def table(self) -> str:
        """What it is for: the table that goes into a format which holds but one."""
        return "documents" if self.has_documents else "words"

    def make_trainer(
        self, vocabulary: Vocabulary, text: EncodedText, options: ModelSettings
    ) -> Trainer:
        """What trains it on a text."""
        make: Callable[..., Trainer] = _named(self.trainer)
        return make(vocabulary, text, options)

    def make_inference(
        self, options: ModelSettings, tensors: Mapping[str, np.ndarray]
    ) -> DocumentInference:
        """What infers vectors of new documents, from the arrays of its file."""
        make: Callable[..., DocumentInference] = _named(self.inference)
        return make(options, tensors)

    def topics(self, tensors: Mapping[str, np.ndarray]) -> TopicWords:
        """Its topics, from the arrays of its file."""
        read: Callable[..., TopicWords] = _named(self.topic_words)
        return read(tensors)


def _named(address: str) -> Any:
    """What "module:name" names."""
    module, name = address.split(":")
    return getattr(import_module(module), name)


@cache
def models() -> dict[str, Model]:
    """Every model by name, in the order of their names."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [import_module(f"{__name__}.{name}").MODEL for name in modules]
    return {model.name: model for model in found}
