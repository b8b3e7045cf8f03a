"""The trainer of the paragraph vector models PV-DM and PV-DBOW, which learn document vectors."""

from __future__ import annotations

import numpy as np

from w2v.embeddings.container import name_tensors
from w2v.embeddings.table import Table
from w2v.negative_sampling.inference import Inference, WordMatrices
from w2v.negative_sampling.trainer import SUBWORD_KERNELS, WordTrainer
from w2v.negative_sampling.worker import DocumentWorker
from w2v.settings import ParagraphSettings
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary

_ORDER_BYTES = 40  # memory for each document while the documents of an epoch are shuffled


class DocumentTrainer(WordTrainer):
    """The trainer of paragraph vectors, PV-DM and PV-DBOW.

    vocabulary  V words and their counts
    text        the encoded documents: N word ids, M rows of document vectors
    settings    the settings of the model; `settings.document_kernels` are the kernels that train a
                chunk

    `matrices` holds `document_vectors`, float32 (M + 1, D), then the matrices of `WordTrainer`,
    with D and padding as in `WordTrainer`. A model without word vectors has no input vectors. If a
    model concatenates the vectors of a window, its output vectors are as long as the concatenation.
    A document without words has a zero vector.
    """

    text: EncodedDocuments
    settings: ParagraphSettings

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: EncodedDocuments,
        settings: ParagraphSettings,
    ):
        self._kernels = kernels = settings.document_kernels()
        super().__init__(vocabulary, text, settings)
        rounds = ["row_merge"] * settings.deterministic
        subwords = SUBWORD_KERNELS * settings.has_subwords
        self.kernels = ("windows", "documents", *kernels.modules, *rounds, *subwords)

    def memory_bytes(self, threads: int) -> int:
        """Bytes that training needs, without document vectors that are in a temporary file.

        The word ids are included, because training maps them into memory.
        """
        bytes_in_file = 0
        if self.text.mapped:
            bytes_in_file = 4 * len(self.text.names) * self.settings.padded_dim
        ids_and_order = self.text.ids.bytes + _ORDER_BYTES * self.text.rows.size
        return super().memory_bytes(threads) - bytes_in_file + ids_and_order

    def begin(self, shards: int) -> None:
        """Allocate and initialise the matrices; documents without words get zero vectors."""
        super().begin(shards)
        self.vectors("document_vectors")[self.text.sizes() == 0] = 0

    def _shapes(self) -> dict[str, tuple[int, int]]:
        shapes = super()._shapes()
        if not self.settings.has_words:
            del shapes["input_vectors"]
        shapes["output_vectors"] = self._outputs, self.settings.hidden_dim
        return {"document_vectors": (len(self.text.names), self.settings.padded_dim), **shapes}

    def _allocate(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        if name == "document_vectors":
            return self.text.allocate(shape)
        return super()._allocate(name, shape)

    def vectors(self, name: str) -> np.ndarray:
        """A matrix without its padding.

        Returns  a view: float32 (V, dim) of words, (M, dim) of documents. The output vectors of a
                 model that concatenates windows of R words to each side are (V, 1 + 2 R, dim)
        """
        matrix, padded_dim = self.matrices[name], self.settings.padded_dim
        if matrix.shape[1] > padded_dim:
            return matrix.reshape(len(matrix), -1, padded_dim)[:-1, :, : self.settings.dim]
        return super().vectors(name)

    def _make_worker(self, padding_id: int, *_: object) -> DocumentWorker:
        return DocumentWorker(
            self.text, self.settings, self._keep, self._kernels, padding_id, self.word_rows,
            self._segment, self._longest_path,
        )  # fmt: skip

    def loss(self, text: EncodedText) -> float:
        """The mean loss of inference on held-out documents; the trainer's matrices do not change.

        Returns  nats for each prediction in the last epoch of inference
        """
        assert isinstance(text, EncodedDocuments)
        counts, outputs = self.vocabulary.counts, self.vectors("output_vectors")
        inputs = self._word_vectors() if self.settings.has_words else None
        inference = Inference(self.settings, WordMatrices(counts, inputs, outputs), self._kernels)
        inference.vectors(text)
        return inference.loss

    def tables(self) -> dict[str, Table]:
        """The trained tables, by name."""
        sizes = self.text.sizes()
        documents = Table.build(self.text.names, self.vectors("document_vectors"), sizes)
        words = super().tables() if self.settings.has_words else {}
        return {"documents": documents, **words}

    def tensors(self) -> dict[str, np.ndarray]:
        """The other arrays of the model file, for inference and to continue training."""
        names, counts = self.vocabulary.names, self.vocabulary.counts
        vocabulary = {} if self.settings.has_words else name_tensors("vocabulary", names, counts)
        return super().tensors() | vocabulary
