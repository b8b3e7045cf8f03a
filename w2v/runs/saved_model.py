"""A model in a file: its settings, and what it can do with new texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

import numpy as np

from w2v import settings
from w2v.embeddings import container, formats
from w2v.errors import W2VError
from w2v.models import Model, models
from w2v.models.ppmi import renamed
from w2v.settings import (
    DocumentSettings,
    NetworkSettings,
    ParagraphSettings,
    TextSettings,
)
from w2v.system.pipes import name_of
from w2v.system.spooled_array import SpooledArray
from w2v.text.corpus import Corpus
from w2v.text.documents import Labels
from w2v.text.encode import open_corpus, read_as
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.tokenizers import split
from w2v.topics.coherence import Coherence
from w2v.topics.topic_words import TopicWords


def _read(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a model's file, and what it says of itself."""
    kind = formats.sniff(path)
    if kind != formats.CONTAINER:
        raise W2VError(
            f"{name_of(path)} ({kind}) holds vectors alone: this needs a model, as w2v train -o "
            "X.safetensors writes it"
        )
    return container.read(path)


S = TypeVar("S")


def _settings(kind: type[S], found: Mapping[str, Any]) -> S:
    """Settings of a class, from those that a file has; KeyError where one is missing."""
    return kind(**{field.name: found[field.name] for field in fields(cast(Any, kind))})


class SavedModel:
    """A model that `w2v train` has written.

    path    of a container
    wanted  whether a model is of the kind that is needed
    what    what that is, for the message where it is not
    Raises  W2VError where it is no such model, or damaged

    `names` are its words, `options` its settings, `text_settings` how texts become words.
    """

    def __init__(self, path: str, wanted: Callable[[Model], Any], what: str):
        self.path, self.name = path, name_of(path)
        self.tensors, metadata = _read(path)
        name, found = renamed(metadata.get("model", ""), container.nested(metadata, "settings"))
        model = models().get(name)
        if model is None or not wanted(model):
            said = f"a {name} model" if model else "no such model"
            which = ", ".join(m.name for m in models().values() if wanted(m))
            raise W2VError(f"{name_of(path)} is {said}: {what} need one of {which}")
        self.model = model
        found = {"normalize": "none"} | found  # older files lack it
        self._found = container.nested(metadata, "found")
        with self._fitting():
            self.options = _settings(model.settings, found)
            self.text_settings = _settings(TextSettings, found)
            settings.check(self.options)
            settings.check(self.text_settings)
            table = "words" if "words.names" in self.tensors else "vocabulary"
            self.names = container.read_names(self.tensors, table)

    def words_of(self, text: str) -> list[str]:
        """The words of a text, as those of the training's were found."""
        how = self.text_settings
        found = split(text.encode("utf-8", "replace"), how.tokenizer, how.lowercase, how.normalize)
        return found.decode().split()

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        """What does not fit in a file is one line."""
        try:
            yield
        except W2VError as error:  # of the settings
            raise W2VError(f"{self.name}: {error}") from None
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise W2VError(
                f"{self.name}: damaged: settings and arrays do not fit ({error})"
            ) from None


class SavedDocumentModel(SavedModel):
    """A model of documents: it infers the vectors of new ones.

    epochs  how long to infer; None: as long as it was trained. Without meaning for some models
    """

    needed = "new documents"

    def __init__(self, path: str, epochs: int | None = None):
        super().__init__(path, self.is_wanted, self.needed)
        with self._fitting():
            options = self.options
            if epochs is not None:
                if not self.model.infers_epochs:
                    raise W2VError(
                        f"a {self.model.name} model infers without passes; leave out --epochs"
                    )
                assert isinstance(options, ParagraphSettings)
                options = replace(options, epochs=epochs)
            self._inference = self.model.make_inference(options, self.tensors)

    @staticmethod
    def is_wanted(model: Model) -> Any:
        """Whether a model can do that."""
        return model.has_documents

    def documents(self) -> tuple[list[str], np.ndarray]:
        """The names and the vectors of the documents that it was trained on."""
        table = container.read_table(self.path, self.tensors, "documents")
        return table.names, table.matrix

    def read(
        self, corpus: Corpus, on_block: Callable[[int], None] = lambda tokens: None
    ) -> tuple[EncodedDocuments, int]:
        """Read documents in the model's words; and how many tokens are not known.

        on_block  called with the number of tokens so far
        """
        text, unknown = read_as(corpus, self.names, on_block)
        assert isinstance(text, EncodedDocuments)
        return text, unknown

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> np.ndarray:
        """The vectors of documents that have been read, float32 (M, D)."""
        return self._inference.vectors(text, threads, on_progress)

    def vector(self, text: str) -> np.ndarray:
        """The vector of one text, float32 (D,); W2VError where it has no word that is known."""
        words = self.words_of(text)
        rows = {name: row for row, name in enumerate(self.names)}
        ids = np.array([rows[word] for word in words if word in rows], np.int32)
        if not ids.size:
            raise W2VError(f"none of the words of {text[:60]!r} is known to the model")
        one = EncodedDocuments(
            SpooledArray(np.int32, ids), np.array([0, ids.size]), np.zeros(1, np.int32), ["-"]
        )
        vector: np.ndarray = self.vectors(one)[0]
        return vector


class SavedTopicModel(SavedDocumentModel):
    """A model of documents that has topics."""

    needed = "topics"

    @staticmethod
    def is_wanted(model: Model) -> Any:
        """Whether a model has them."""
        return model.topic_words

    def listing(self) -> TopicWords:
        """Its topics."""
        with self._fitting():
            return self.model.topics(self.tensors)

    def coherence(self) -> list[Coherence]:
        """How well each topic's words go together in the documents of the training, if known."""
        with self._fitting():
            found = [Coherence(**topic) for topic in self._found.get("coherence", [])]
            if found and len(found) != self.listing().sizes.size:
                raise ValueError("coherence")
            for topic in found:
                if not all(isinstance(fact, int | float | None) for fact in topic):
                    raise TypeError("coherence")
            return found


def is_network(path: str) -> bool:
    """Whether a file says that it holds a network."""
    model = models().get(_read(path)[1].get("model", ""))
    return model is not None and model.is_network


class SavedNetwork(SavedModel):
    """A model with a network: it tells labels, or next words.

    task  what it must have been trained for: classify or lm; None: any
    """

    def __init__(self, path: str, task: str | None = None):
        super().__init__(path, lambda model: model.is_network, "labels and next words")
        from w2v.networks.saved import TrainedNetwork

        found = getattr(self.options, "task", None)
        if task and found != task:
            raise W2VError(
                f"{name_of(path)} was trained with --task {found}: this needs --task {task}"
            )
        assert isinstance(self.options, NetworkSettings)
        with self._fitting():
            self.network = TrainedNetwork(self.options, self.tensors, self.names)

    def open(
        self,
        paths: Sequence[str],
        how: DocumentSettings | None,
        labels: Labels,
        refused: Callable[[W2VError], None] | None = None,
    ) -> Corpus:
        """Files as a corpus: of documents if it classifies, else of text."""
        return open_corpus(paths, self.text_settings, how, labels, refused)

    def read(
        self, corpus: Corpus, on_block: Callable[[int], None] = lambda tokens: None
    ) -> tuple[EncodedText, int]:
        """Read a text in the network's words; and how many tokens are not known."""
        return read_as(corpus, self.names, on_block, unknown=True)
