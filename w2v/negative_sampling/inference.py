"""Inference: computing the vectors of new documents with a trained model, which stays fixed."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from w2v.kernels.documents import DocumentKernels
from w2v.kernels.hierarchical_softmax import Paths
from w2v.kernels.simd import aligned
from w2v.negative_sampling.word_distributions import (
    alias_table,
    keep_thresholds,
    noise_probabilities,
)
from w2v.negative_sampling.word_paths import longest_path, word_paths
from w2v.negative_sampling.worker import DocumentWorker
from w2v.settings import ParagraphSettings
from w2v.text.encoded_text import EncodedDocuments, Spans
from w2v.training.chunks import CHUNK


class WordMatrices(NamedTuple):
    """The word counts and word vectors of a document model: V words, D numbers in a vector.

    counts          int64 (V,)
    input_vectors   float32 (V, D); None for a model without word vectors
    output_vectors  float32 (V, D); (V, 1 + 2 R, D) for concatenated windows of R words to each
                    side. With hierarchical softmax there are V - 1 of them, of inner nodes
    """

    counts: np.ndarray
    input_vectors: np.ndarray | None
    output_vectors: np.ndarray

    @classmethod
    def of(cls, tensors: Mapping[str, np.ndarray]) -> WordMatrices:
        """Select the arrays from the tensors of a model file.

        Raises  KeyError if the counts or the output vectors are missing
        """
        counts = tensors.get("words.counts")
        if counts is None:
            counts = tensors["vocabulary.counts"]
        return cls(counts, tensors.get("words.matrix"), tensors["output_vectors"])


class Inference:
    """Infers the vectors of new documents. Texts that have one name are one document.

    settings  the settings of the model
    words     the word counts and word vectors of the model
    kernels   the kernels of the model
    Raises    ValueError if settings and word vectors do not match

    The vector of a document depends only on the model and on the words of the document: training
    starts from a zero vector, and the random numbers are derived from the words. Neither other
    documents nor the order of documents nor the number of threads changes the vector. The learning
    rate falls from epoch to epoch by the schedule of the model's training.

    `vectors` sets `loss`, the mean loss of the last epoch in nats for each prediction.
    """

    def __init__(self, settings: ParagraphSettings, words: WordMatrices, kernels: DocumentKernels):
        self.settings, self._kernels = settings, kernels
        is_tree = settings.loss == "hs"
        outputs = words.counts.size - is_tree
        if len(words.output_vectors) != outputs or outputs < 1:
            raise ValueError("counts")
        # A word that only the file of --init-all has has the count 0.
        if words.counts.min() < 0 or words.counts.max() < 1:
            raise ValueError("counts")
        if settings.has_words and words.input_vectors is None:
            raise ValueError("words.matrix")
        self._keep = keep_thresholds(words.counts, settings.sample)
        self._noise: np.ndarray | Paths
        if is_tree:
            paths = word_paths(words.counts)
            self._noise, self._longest_path = paths, longest_path(paths)
        else:
            noise = noise_probabilities(words.counts, settings.noise_exponent)
            self._noise, self._longest_path = alias_table(noise), 0
        self._padding_id = outputs
        dims = {"output_vectors": settings.hidden_dim, "input_vectors": settings.padded_dim}
        arrays = words._asdict()
        self._matrices = {
            name: self._padded(arrays[name], dim)
            for name, dim in dims.items()
            if arrays[name] is not None
        }
        self.loss = math.nan

    def _padded(self, vectors: np.ndarray, length: int) -> np.ndarray:
        """A copy in the layout of the kernels: padded vectors, and a padding row at the end.

        length  numbers in a row after padding: `padded_dim` for each vector of the row. A row of
                concatenated vectors has several
        """
        rows, dim, padded_dim = len(vectors), self.settings.dim, self.settings.padded_dim
        vectors_per_row = length // padded_dim
        padded = aligned((rows + 1, vectors_per_row, padded_dim))
        padded[:-1, :, :dim] = vectors.reshape(rows, vectors_per_row, dim)
        return padded.reshape(rows + 1, -1)

    def vectors(
        self,
        text: EncodedDocuments,
        threads: int = 1,
        on_progress: Callable[[int], None] = lambda documents: None,
    ) -> np.ndarray:
        """Infer the vectors of all documents of a text; a document without words gets zeros.

        threads      number of worker threads
        on_progress  called after each block with the number of documents that are done. Texts that
                     share a row are one document
        Returns      float32 (M, D)
        """
        vectors = aligned((len(text.names) + 1, self.settings.padded_dim))
        local = threading.local()
        loss_sum, pairs, done = 0.0, 0, 0

        def infer(block: list[Spans]) -> tuple[float, int]:
            if not hasattr(local, "worker"):
                local.worker = DocumentWorker(
                    text, self.settings, self._keep, self._kernels, self._padding_id,
                    longest_path=self._longest_path,
                )  # fmt: skip
            return self._infer(local.worker, block, vectors)

        blocks = list(_blocks(text))
        pool = ThreadPoolExecutor(threads)
        try:
            for block, (loss, count) in zip(blocks, pool.map(infer, blocks), strict=True):
                loss_sum, pairs = loss_sum + loss, pairs + count
                done += np.unique(block[0].rows).size  # a block of several spans has one row
                on_progress(done)
        finally:
            pool.shutdown(cancel_futures=True)
        self.loss = loss_sum / pairs if pairs else math.nan
        return vectors[:-1, : self.settings.dim]

    def _infer(
        self, worker: DocumentWorker, block: list[Spans], vectors: np.ndarray
    ) -> tuple[float, int]:
        """Train the documents of a block.

        worker   the worker of the calling thread
        block    the documents, see `_blocks`
        vectors  the document vectors, changed in place
        Returns  the sum of the losses of the last epoch in nats, and the number of predictions in
                 that epoch
        """
        matrices = {"document_vectors": vectors, **self._matrices}
        no_frozen, epochs = np.zeros(0, np.bool_), self.settings.epochs
        loss, pairs = 0.0, 0
        for epoch in range(epochs):
            lr = self.settings.lr_at((epoch + 0.5) / epochs)
            is_last = epoch == epochs - 1  # the losses of earlier epochs are not added
            for spans in block:
                windows = worker.build_separate_windows(spans, epoch, lr)
                result = worker.step(*windows, self._noise, no_frozen, matrices, fixed=True)
                loss, pairs = loss + is_last * result[0], pairs + is_last * result[1]
        return loss, pairs


def document_inference(settings: ParagraphSettings, tensors: Mapping[str, np.ndarray]) -> Inference:
    """The inference of a model file.

    settings  the settings of the model
    tensors   the arrays of the model file, by name
    Raises    KeyError if an array is missing; ValueError if the arrays do not match
    """
    return Inference(settings, WordMatrices.of(tensors), settings.document_kernels())


def _blocks(text: EncodedDocuments) -> Iterator[list[Spans]]:
    """Divide the documents into blocks of at most CHUNK words.

    Documents that share a row of document vectors are in one block, because a block is trained by
    one thread. If they exceed CHUNK words, the block is longer than CHUNK, and is a list of
    several `Spans` of at most CHUNK words each. Any other block is a list of one `Spans`.
    """
    order = np.argsort(text.rows, kind="stable")
    rows, begins, ends = text.rows[order], text.begins[order], text.ends[order]
    row_ends = np.append(np.flatnonzero(np.diff(rows, prepend=-1)), rows.size)
    words = np.concatenate([[0], np.cumsum(ends - begins)])
    begin = 0
    while begin < rows.size:
        limit = np.searchsorted(words, words[begin] + CHUNK, "right") - 1
        last_row = np.searchsorted(row_ends, limit, "right") - 1
        end = int(row_ends[last_row])
        if end <= begin:  # the documents of the next row alone exceed a chunk
            end = int(row_ends[np.searchsorted(row_ends, begin, "right")])
        spans = Spans(rows[begin:end], begins[begin:end], ends[begin:end])
        is_long = words[end] - words[begin] > CHUNK
        yield list(_cut(spans)) if is_long else [spans]
        begin = end


def _cut(spans: Spans) -> Iterator[Spans]:
    """Cut spans into spans no longer than a chunk, and yield them one by one."""
    for row, begin, end in zip(*spans, strict=True):
        for first in range(begin, end, CHUNK):
            bounds = np.array([[first], [min(first + CHUNK, end)]])
            yield Spans(np.array([row], np.int32), *bounds)
