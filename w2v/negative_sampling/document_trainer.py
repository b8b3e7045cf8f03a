"""The trainer of paragraph vectors: document vectors, with word vectors or without."""

from __future__ import annotations

import numpy as np

from w2v.embeddings.container import name_tensors
from w2v.embeddings.table import Table
from w2v.negative_sampling.inference import Inference, WordSide
from w2v.negative_sampling.trainer import WordTrainer
from w2v.negative_sampling.worker import DocumentWorker, Method
from w2v.settings import ParagraphSettings
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary


class DocumentTrainer(WordTrainer):
    """Document vectors in training.

    vocabulary  V words and their counts
    text        N word ids in documents, which have M vectors
    settings    the model's
    method      how it learns

    `matrices` are those of `WordTrainer`, `document_vectors` (M + 1, D) before them; without
    word vectors there are no input vectors. Where vectors predict side by side the output vectors
    are as long as all of them together. A document without a word has a vector of zeros.
    """

    text: EncodedDocuments
    settings: ParagraphSettings

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: EncodedDocuments,
        settings: ParagraphSettings,
        method: Method,
    ):
        self._method = method
        super().__init__(vocabulary, text, settings, method.beside or method.train)
        rounds = ["row_copies"] * settings.deterministic
        self.kernels = ("windows", "documents", *method.kernels, *rounds)
        self.vectors("document_vectors")[text.sizes() == 0] = 0

    def _shapes(self) -> dict[str, tuple[int, int]]:
        words, dim = len(self.vocabulary.names), self.settings.padded_dim
        shapes = {"document_vectors": (len(self.text.names), dim)}
        if self.settings.has_words:
            shapes["input_vectors"] = words, dim
        return shapes | {"output_vectors": (words, dim * self.settings.parts)}

    def _make_room(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        if name == "document_vectors":
            return self.text.room(shape)
        return super()._make_room(name, shape)

    def vectors(self, name: str) -> np.ndarray:
        """A matrix without what pads it, a view: float32 (V, dim), or (V, parts, dim)."""
        matrix, parts = self.matrices[name], self.settings.parts
        if name == "output_vectors" and parts > 1:
            return matrix.reshape(len(matrix), parts, -1)[:-1, :, : self.settings.dim]
        return super().vectors(name)

    def _make_worker(self, spare: int) -> DocumentWorker:
        return DocumentWorker(self.text, self.settings, self._keep, self._method, spare)

    def loss(self, text: EncodedText) -> float:
        """Mean nats for each prediction of new documents, in the last epoch of their inference."""
        assert isinstance(text, EncodedDocuments)
        counts, outputs = self.vocabulary.counts, self.vectors("output_vectors")
        inputs = self.vectors("input_vectors") if self.settings.has_words else None
        inference = Inference(self.settings, WordSide(counts, inputs, outputs), self._method)
        inference.vectors(text)
        return inference.loss

    def tables(self) -> dict[str, Table]:
        """What the run has learnt, by table name."""
        sizes = self.text.sizes()
        documents = Table.build(self.text.names, self.vectors("document_vectors"), sizes)
        words = super().tables() if self.settings.has_words else {}
        return {"documents": documents, **words}

    def tensors(self) -> dict[str, np.ndarray]:
        """What else a file needs: for inference, and for going on."""
        names, counts = self.vocabulary.names, self.vocabulary.counts
        known = {} if self.settings.has_words else name_tensors("vocabulary", names, counts)
        return {"output_vectors": self.vectors("output_vectors"), **known}
