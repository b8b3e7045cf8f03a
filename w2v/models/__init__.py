"""The registry of models: each file of this folder defines one model.

A model file holds a frozen dataclass of settings and a `MODEL` record. The options of
`w2v train --model NAME`, their help, the manual's table of models and the tests of all models are
made from the two. To add a model, add one file. A model file imports neither NumPy nor Numba. It
names its trainer by a string, "module:name", which is imported when training starts.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from w2v.classifier_settings import SearchSettings
from w2v.network_settings import NetworkSettings
from w2v.presets import TABLE, PresetSettings
from w2v.settings import DocumentSettings, FieldSettings, ModelSettings, TextSettings

if TYPE_CHECKING:
    import numpy as np

    from w2v.text.encoded_text import EncodedText
    from w2v.text.vocabulary import Vocabulary
    from w2v.topics.earlier_topics import EarlierTopics
    from w2v.topics.topic_words import TopicWords
    from w2v.training.protocols import DocumentInference, Trainer


@dataclass(frozen=True)
class Model:
    """The description of a model for the rest of the program.

    name           the value of `--model`
    summary        a sentence about the model, for help and manual
    source         the paper that describes the model
    settings       a frozen dataclass of `setting` fields
    trainer        "module:name" of a function (vocabulary, text, settings) -> `Trainer`
    method         the training method, which selects the executor: sgd (stochastic gradient descent
                   on single predictions), minibatch, gibbs (Gibbs sampling) or closed form
    inference      "module:name" of a function (settings, tensors of the file) ->
                   `DocumentInference`; empty for a model without document vectors
    by_document    whether the text is read as documents although the model has no document vectors
    infers_epochs  whether inference passes over a document --epochs times
    topic_words    "module:name" of a function (tensors of the file) -> `TopicWords`; empty for a
                   model without topics
    is_mixture     whether document and word vectors are shares of topics
    needs_vectors  whether the model needs the word vectors of another model (--init)
    updatable      whether `--update` can continue training on more text
    is_labelled    whether the model is trained by `sgd` on texts with labels
    min_count      the default of --min-count; None: that of `TextSettings`
    distributed    whether the model can be trained on a cluster
    other_names    what other programs call the model, or a model that it replaces: in lower case,
                   with - between words. The error for such a --model names this one
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
    is_labelled: bool = False
    min_count: int | None = None
    distributed: bool = True
    other_names: tuple[str, ...] = ()

    @property
    def has_documents(self) -> bool:
        """Whether the model has document vectors."""
        return bool(self.inference)

    @property
    def is_network(self) -> bool:
        """Whether the model is a network, which predicts labels or next words."""
        return self.method == "minibatch"

    @property
    def predicts(self) -> bool:
        """Whether the model predicts labels or next words."""
        return self.is_network or self.is_labelled

    @property
    def limits_blas(self) -> bool:
        """Whether BLAS has one thread in training, whatever the number of threads.

        The training threads of a network call it themselves. The numbers of a closed form depend on
        the number of its threads.
        """
        return self.predicts or self.method == "closed form"

    @property
    def has_loss(self) -> bool:
        """Whether the model is trained by gradient descent, and thus has a validation loss."""
        return self.method in ("sgd", "minibatch")

    @property
    def measure(self) -> str:
        """The measure that is reported for each epoch: log-likelihood or loss."""
        return "log-likelihood" if self.method == "gibbs" else "loss"

    @property
    def is_resumable(self) -> bool:
        """Whether a stopped run can continue from a checkpoint."""
        return self.method != "closed form"

    def reads_documents(self, options: ModelSettings) -> bool:
        """Whether the model, with these settings, is trained on documents."""
        classifies = isinstance(options, NetworkSettings) and options.task == "classify"
        return self.has_documents or self.by_document or self.is_labelled or classifies

    def keeps_folders(self, options: ModelSettings, names_labels: bool) -> bool:
        """Whether the files of a folder are documents in any case, with ids or labels by paths.

        names_labels  whether the folder of a file is its label
        """
        return self.has_documents or (names_labels and self.reads_documents(options))

    @property
    def settings_classes(self) -> list[type]:
        """The settings classes of the model, without `RunSettings`, which all models have."""
        if self.is_labelled:
            return [TextSettings, DocumentSettings, self.settings, SearchSettings]
        if self.has_documents or self.by_document or self.predicts:
            return [TextSettings, DocumentSettings, self.settings]
        return [TextSettings, FieldSettings, self.settings, *[PresetSettings] * self.has_presets]

    @property
    def has_presets(self) -> bool:
        """Whether `--preset` can choose settings of the model."""
        return self.name in TABLE

    @property
    def table(self) -> str:
        """The table of vectors that is written to a file format which holds only one table."""
        return "documents" if self.has_documents else "words"

    def make_trainer(
        self,
        vocabulary: Vocabulary,
        text: EncodedText,
        options: ModelSettings,
        earlier: EarlierTopics | None = None,
    ) -> Trainer:
        """Make a trainer of the model.

        vocabulary  the vocabulary of the text
        text        the encoded text
        options     the settings of the model
        earlier     the topics of the model that is updated; None: a new model, or one whose vectors
                    are copied into the trainer
        """
        make: Callable[..., Trainer] = _imported(self.trainer)
        return make(vocabulary, text, options, *([earlier] if earlier else []))

    def make_inference(
        self, options: ModelSettings, tensors: Mapping[str, np.ndarray]
    ) -> DocumentInference:
        """Make the inference, which computes the vectors of new documents.

        options  the settings of the model
        tensors  the arrays of the model's file, by name
        """
        make: Callable[..., DocumentInference] = _imported(self.inference)
        return make(options, tensors)

    def topics(self, tensors: Mapping[str, np.ndarray]) -> TopicWords:
        """The topics of a trained model.

        tensors  the arrays of the model's file, by name
        """
        read: Callable[..., TopicWords] = _imported(self.topic_words)
        return read(tensors)


def _imported(address: str) -> Any:
    """Import the object at an address "module:name"."""
    module, name = address.split(":")
    return getattr(import_module(module), name)


@cache
def models() -> dict[str, Model]:
    """All models by name, in alphabetical order of the names of their files."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    records = [import_module(f"{__name__}.{name}").MODEL for name in modules]
    return {model.name: model for model in records}
