"""Trained models read from files: infer documents, list topics, predict labels or next words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar, cast

import numpy as np

from w2v import setting_fields
from w2v.embeddings import container, subword_tensors
from w2v.embeddings.mapped_files import check_whole
from w2v.embeddings.norms import has_direction, row_norms
from w2v.errors import NotFoundError, W2VError
from w2v.factorization.term_matrix import encode_terms
from w2v.models import Model, models
from w2v.models.ppmi import renamed
from w2v.network_settings import NetworkSettings
from w2v.networks.text_classifier import Prediction, TextCounts
from w2v.runs.model_file import read_model, too_large
from w2v.settings import DocumentSettings, ParagraphSettings, SubwordSettings, TextSettings
from w2v.system.packed_ids import PackedIds
from w2v.system.pipes import name_of
from w2v.text import tokenizers
from w2v.text.corpus import Corpus
from w2v.text.encode import read_as
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.topics import document_mixtures
from w2v.topics.coherence import Coherence
from w2v.topics.document_mixtures import DocumentTopics, InferredMixtures
from w2v.topics.inference import TopicInference
from w2v.topics.topic_words import TopicWords
from w2v.training.protocols import AddsWords, InfersInBlocks

S = TypeVar("S")


def _settings(settings_class: type[S], values: Mapping[str, Any]) -> S:
    """Make an object of a settings class from the settings in a file.

    Raises  KeyError where the file lacks a setting
    """
    names = [field.name for field in fields(cast(Any, settings_class))]
    return settings_class(**{name: values[name] for name in names})


class SavedModel:
    """A model that `w2v train` has written.

    path         a container
    is_suitable  a function that tests whether a model is of the kind that the caller needs
    purpose      what the model is needed for, such as "topics", for the error message
    Raises       W2VError where the file holds no suitable model, or is damaged

    `names` are the words of the model's vocabulary, `options` the settings of the model,
    `text_settings` the settings of tokenizing, `tensors` the arrays of the file, and `metadata` its
    texts.
    """

    def __init__(self, path: str, is_suitable: Callable[[Model], Any], purpose: str):
        self.path, self.name = path, name_of(path)
        self.tensors, self.metadata = read_model(path)
        metadata = self.metadata
        name, values = renamed(metadata.get("model", ""), container.nested(metadata, "settings"))
        model = models().get(name)
        if model is None or not is_suitable(model):
            content = f"was trained with --model {name}" if model else "holds no known model"
            suitable = ", ".join(m.name for m in models().values() if is_suitable(m))
            raise W2VError(f"{name_of(path)} {content}: {purpose} need one of {suitable}")
        if "words.scales" in self.tensors:  # The arrays of a model are used as they are.
            raise W2VError(f"{self.name}: damaged: --model {name} writes no vectors in int8")
        self.model = model
        # Files of older versions lack some settings.
        older = {
            "lowercase_turkish": False, "normalize": "none", "oov": "skip", "seeds": None,
            "sampler": "dense", "document_table": "dense", **asdict(SubwordSettings()),
        }  # fmt: skip
        values = older | values
        self._facts = container.nested(metadata, "found")
        with self._damage_as_error():
            self.options = _settings(model.settings, values)
            self.text_settings = _settings(TextSettings, values)
            setting_fields.check(self.options)
            setting_fields.check(self.text_settings)
            container.check_tables(self.tensors)
            table = "words" if "words.names" in self.tensors else "vocabulary"
            self.names = container.read_names(self.tensors, table)

    def words_of(self, text: str) -> list[str]:
        """Tokenize a text as the training text was tokenized."""
        return tokenizers.words_of(text, self.text_settings)

    def finite(self, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """The blocks of probabilities; W2VError for one with NaN, from numbers that overflow."""
        for block in blocks:
            if not np.isfinite(block).all():
                raise too_large(self.name)
            yield block

    def document_settings(self, files: int) -> dict[str, Any]:
        """The settings with which the training documents were read; empty if the file has none.

        files  number of files that are to be read. The formats of the files of the training text
               are left out if these were fewer or more
        """
        stored = container.nested(self.metadata, "settings")
        names = [field.name for field in fields(DocumentSettings)]
        with self._damage_as_error():
            values = {name: stored[name] for name in names if name in stored}
            setting_fields.check(DocumentSettings(**values))
        formats = (values.get("format") or "").split(",")
        if len(formats) not in (1, files):
            del values["format"]
        return values

    @contextmanager
    def _damage_as_error(self) -> Iterator[None]:
        """A context in which errors of damaged settings and arrays are raised as W2VError."""
        try:
            yield
        except W2VError as error:  # from the check of a setting
            raise W2VError(f"{self.name}: {error}") from None
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise W2VError(
                f"{self.name}: damaged: settings and arrays do not match ({error})"
            ) from None


class SavedDocumentModel(SavedModel):
    """A model of documents, which infers the vectors of new documents.

    path    a container
    epochs  number of passes over a new document; None: as many as in training
    oov     what is done with unknown words: "compose" their vectors from n-grams where the model
            can and else leave them out, raise an "error", or "skip" them
    Raises  W2VError where the file holds no such model or is damaged, or where `epochs` is given
            and the model infers without epochs

    `composed` are the words that have been composed so far.
    """

    purpose = "new documents"

    def __init__(self, path: str, epochs: int | None = None, oov: str = "compose"):
        super().__init__(path, self.is_suitable, self.purpose)
        with self._damage_as_error():
            options = self.options
            if epochs is not None:
                if not self.model.infers_epochs:
                    raise W2VError(
                        f"--model {self.model.name} infers without epochs: leave out --epochs"
                    )
                assert isinstance(options, ParagraphSettings)
                options = replace(options, epochs=epochs)
            self._inference = self.model.make_inference(options, self.tensors)
        self.composed: list[str] = []
        self._oov, self._subwords = oov, None
        if isinstance(self._inference, AddsWords):
            size = self.tensors["words.matrix"].shape
            self._subwords = subword_tensors.read(path, self.tensors, self.metadata, *size)

    @staticmethod
    def is_suitable(model: Model) -> Any:
        """Whether a model has vectors of documents."""
        return model.has_documents

    def documents(self) -> tuple[list[str], np.ndarray]:
        """The names and the vectors, float32 (M, D), of the training documents."""
        table = container.read_table(self.path, self.tensors, "documents")
        return table.names, table.matrix

    @property
    def dim(self) -> int:
        """The number of columns of a document's vector, the same as those of a word's."""
        table = "documents" if "documents.matrix" in self.tensors else "words"
        return int(self.tensors[f"{table}.matrix"].shape[1])

    def read(
        self, corpus: Corpus, on_block: Callable[[int], None] = lambda tokens: None
    ) -> tuple[EncodedDocuments, int]:
        """Encode documents with the model's vocabulary.

        on_block  called with the number of tokens so far
        Returns   the documents, and the number of their out-of-vocabulary tokens, which are left
                  out. Words that are composed are not among them
        Raises    NotFoundError where a word is out-of-vocabulary and `oov` is "error"
        """
        names = [*self.names, *self.composed]
        try:
            text, unknown = read_as(corpus, names, on_block, added=self._compose)
        except NotFoundError as error:
            message = f"{corpus.source}: {error}: leave out --oov error"
            raise NotFoundError(message, error.name) from None
        assert isinstance(text, EncodedDocuments)
        return text, unknown

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> np.ndarray:
        """Infer the vectors of encoded documents, float32 (M, D).

        threads      number of threads
        on_progress  called with the number of documents that are done
        """
        return self._inference.vectors(text, threads, on_progress)

    def blocks(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> Iterator[np.ndarray]:
        """Infer the vectors of the next documents, float32 (R, D), until all are inferred.

        The parameters are those of `vectors`. Models that cannot divide the work have one block.
        """
        if isinstance(self._inference, InfersInBlocks):
            yield from self._inference.blocks(text, threads, on_progress)
        else:
            yield self.vectors(text, threads, on_progress)

    def vector(self, text: str) -> np.ndarray:
        """Infer the vector of one text, float32 (D,).

        Raises  NotFoundError where no word of the text is in the vocabulary
        """
        words = self.words_of(text)
        known = {*self.names, *self.composed}
        self._compose([word for word in dict.fromkeys(words) if word not in known])
        rows = {name: row for row, name in enumerate([*self.names, *self.composed])}
        ids = np.array([rows[word] for word in words if word in rows], np.int32)
        if not ids.size:
            raise NotFoundError(f"none of the words of {text[:60]!r} is in the model's vocabulary")
        # A text of one document, whose id is not used.
        document = EncodedDocuments(
            PackedIds(ids), np.array([0, ids.size]), np.zeros(1, np.int32), ["-"]
        )
        vector: np.ndarray = self.vectors(document)[0]
        return vector

    def _compose(self, words: list[str]) -> list[str]:
        """Add unknown words to the model; returns those whose vectors could be composed."""
        if words and self._oov == "error":
            raise NotFoundError(f"unknown word {words[0]!r}", words[0])
        if not words or self._oov == "skip" or self._subwords is None:
            return []
        assert isinstance(self._inference, AddsWords)
        encoded = [word.encode("utf-8", "surrogateescape") for word in words]
        vectors = self._subwords.compose_unknown(encoded)
        has_vector = has_direction(row_norms(vectors))
        self._inference.add_words(vectors[has_vector])
        added = [word for word, has in zip(words, has_vector.tolist(), strict=True) if has]
        self.composed += added
        return added


class SavedTopicModel(SavedDocumentModel):
    """A model of documents that has topics."""

    purpose = "topics"

    @staticmethod
    def is_suitable(model: Model) -> Any:
        """Whether a model has topics."""
        return model.topic_words

    def listing(self) -> TopicWords:
        """The topics with their words."""
        with self._damage_as_error():
            return self.model.topics(self.tensors)

    def explained(self) -> float | None:
        """The share of the squared norm that the topics of an LSA explain; None for other models.

        Models of older versions of w2v may lack it too.
        """
        found = self._facts.get("explained")
        return float(found) if isinstance(found, int | float) else None

    def document_names(self) -> list[str]:
        """The names of the training documents."""
        with self._damage_as_error():
            return container.read_names(self.tensors, "documents")

    def document_topics(self) -> DocumentTopics:
        """The training documents."""
        with self._damage_as_error():
            if document_mixtures.is_sparse(self.tensors):
                mixtures = document_mixtures.read_sparse(self.tensors)
                names = self.document_names()
                if len(names) != mixtures.lengths.size:
                    raise ValueError("documents.names or documents.counts")
                return DocumentTopics(names, mixtures, mixtures.lengths)
            names, vectors = self.documents()
            tokens = self.tensors["documents.counts"]
            topics = self.tensors["words.matrix"].shape[1]
            if vectors.shape[1] != topics or not np.isfinite(vectors).all() or tokens.min() < 0:
                raise ValueError("documents.matrix or documents.counts")
            return DocumentTopics(names, document_mixtures.DenseMixtures(vectors), tokens)

    def inferred_topics(self, text: EncodedDocuments, threads: int) -> DocumentTopics:
        """New documents of an LDA, encoded in its vocabulary; their topics are inferred."""
        tokens = encode_terms(text, np.arange(len(self.names)), len(self.names))
        listing = self.listing()
        assert listing.alpha is not None
        inference = TopicInference(listing.weights, listing.alpha)
        mixtures = InferredMixtures(tokens, inference, threads)
        return DocumentTopics([*text.names], mixtures, np.diff(tokens.starts))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the training text; "" if the file does not have it."""
        return str(container.nested(self.metadata, "corpus").get("sha256", ""))

    def coherence(self) -> list[Coherence]:
        """The coherence of each topic in the training documents; empty if it was not computed."""
        with self._damage_as_error():
            coherence = [Coherence(**topic) for topic in self._facts.get("coherence", [])]
            if coherence and len(coherence) != self.listing().sizes.size:
                raise ValueError("coherence")
            for topic in coherence:
                if not all(isinstance(fact, int | float | None) for fact in topic):
                    raise TypeError("coherence")
            return coherence


def model_in(path: str) -> Model | None:
    """The model of a file; None if this version knows no such model."""
    return models().get(read_model(path)[1].get("model", ""))


class SavedNetwork(SavedModel):
    """A network, which predicts labels or next words.

    path    a container
    task    the --task that the network must have been trained with: classify or lm; None: any
    Raises  W2VError where the file holds no such network, or is damaged
    """

    def __init__(self, path: str, task: str | None = None):
        labels = task == "classify"  # which neural bags of words, opened elsewhere, predict too
        purpose = "labels" if labels else "next words" if task else "layers and parameters"
        super().__init__(path, lambda m: m.predicts if labels else m.is_network, purpose)
        from w2v.networks.saved import TrainedNetwork

        trained_task = getattr(self.options, "task", None)
        if task and trained_task != task:
            raise W2VError(
                f"{name_of(path)} was trained with --task {trained_task}: this needs a model of "
                f"--task {task}"
            )
        assert isinstance(self.options, NetworkSettings)
        with self._damage_as_error():
            self.network = TrainedNetwork(self.options, self.tensors, self.names)

    @property
    def labels(self) -> Sequence[str]:
        """The labels that a classifier was trained on."""
        return self.network.labels

    @property
    def is_exclusive(self) -> bool:
        """Whether exactly one label applies to a text: always, because of the softmax."""
        return True

    @property
    def length(self) -> int | None:
        """How many words of a text are read, the last ones; None: all."""
        return self.network.architecture.length

    def predict(
        self,
        corpus: Corpus,
        threads: int,
        on_block: Callable[[int], None] = lambda tokens: None,
    ) -> Prediction:
        """Read texts and predict their labels; see `TextClassifier`."""
        check_whole(self.tensors.values())
        text, unknown = self.read(corpus, on_block)
        assert isinstance(text, EncodedDocuments)
        blocks = self.finite(self.network.probabilities(text, threads))
        return Prediction(blocks, TextCounts.of(text, unknown, self.length))

    def read(
        self, corpus: Corpus, on_block: Callable[[int], None] = lambda tokens: None
    ) -> tuple[EncodedText, int]:
        """Encode a text with the network's vocabulary.

        on_block  called with the number of tokens so far
        Returns   the text, and its number of out-of-vocabulary tokens
        """
        return read_as(corpus, self.names, on_block, unknown=True)
