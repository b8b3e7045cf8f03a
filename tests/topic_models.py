"""Files of LDA and LSA models with given topics, which need no training."""

import json
from dataclasses import asdict

import numpy as np

from w2v.embeddings import container
from w2v.embeddings.table import Table
from w2v.models import models
from w2v.settings import DocumentSettings, TextSettings


def write_lda(path, words, word_topics, documents, mixtures, lengths, eta=0.01, **settings):
    """A model in which n_wk tokens of each word have each topic.

    word_topics  int (V, K), n_wk
    mixtures     float (M, K), the shares of topics in each document
    lengths      int (M,), the number of tokens of each document
    settings     options of training, such as id_prefix="label"
    """
    counts, topics = word_topics.sum(axis=1), word_topics.shape[1]
    shares = ((word_topics + eta) / (counts[:, None] + topics * eta)).astype(np.float32)
    tensors = {
        **container.table_tensors("words", Table.build(words, shares, counts)),
        **container.table_tensors(
            "documents", Table.build(documents, mixtures.astype(np.float32), np.asarray(lengths))
        ),
        "alpha": np.full(topics, 0.1, np.float32), "eta": np.array([eta]),
    }  # fmt: skip
    options = asdict(models()["lda"].settings()) | asdict(TextSettings())
    options |= asdict(DocumentSettings()) | {"topics": topics} | settings
    metadata = {**container.file_metadata(), "model": "lda", "settings": json.dumps(options)}
    container.write(path, tensors, metadata)


def planted_lda(path, topics=4, words_each=12, documents_each=6, **settings):
    """A model of topics with words of their own; returns its words and documents.

    Topic k has the words tKwN, the documents dK-N, and a share of the words `common` and `often`.
    """
    rng = np.random.default_rng(7)
    names = ["common", "often"] + [f"t{k}w{n}" for k in range(topics) for n in range(words_each)]
    counts = np.zeros((len(names), topics), np.int64)
    counts[:2] = rng.integers(100, 300, (2, topics))
    for k in range(topics):
        begin = 2 + k * words_each
        counts[begin : begin + words_each, k] = np.arange(words_each, 0, -1) * 10 * (topics - k)
    documents = [f"d{k}-{n}" for k in range(topics) for n in range(documents_each)]
    mixtures = np.full((len(documents), topics), 0.02)
    for row in range(len(documents)):
        mixtures[row, row // documents_each] += 0.3 + 0.1 * (row % documents_each)
    mixtures /= mixtures.sum(axis=1, keepdims=True)
    lengths = rng.integers(20, 90, len(documents))
    write_lda(path, names, counts, documents, mixtures, lengths, **settings)
    return names, documents


def write_lsa(path, words, documents, matrix, topics, counts=None, **settings):
    """A model with the truncated SVD of a matrix, which NumPy computes.

    matrix  float (M, V), the weights of words in documents
    counts  int (V,), the number of tokens of each word; None: 1, 2, 3 and so on
    """
    left, values, right = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    values = values[:topics].astype(np.float32)
    document_vectors = (left[:, :topics] * values).astype(np.float32)
    word_vectors = (right[:topics].T * values).astype(np.float32)
    counts = np.arange(len(words), dtype=np.int64) + 1 if counts is None else counts
    lengths = (matrix != 0).sum(axis=1)
    tensors = {
        **container.table_tensors("words", Table.build(words, word_vectors, counts)),
        **container.table_tensors("documents", Table.build(documents, document_vectors, lengths)),
        "singular_values": values, "weights": np.ones(len(words), np.float32),
    }  # fmt: skip
    options = asdict(models()["lsa"].settings()) | asdict(TextSettings())
    options |= asdict(DocumentSettings()) | {"topics": topics} | settings
    explained = float((values**2).sum() / (matrix**2).sum())
    metadata = {**container.file_metadata(), "model": "lsa", "settings": json.dumps(options),
                "found": json.dumps({"explained": explained})}  # fmt: skip
    container.write(path, tensors, metadata)
    return document_vectors @ (word_vectors / values).T


def planted_lsa(path, topics=4, words_each=12, documents_each=6, groups=4, **settings):
    """A model of documents in groups with words of their own.

    Group g has the words gGwN and the documents dG-N. All documents have the words `common` and
    `often`, but for the document `empty`, which has none.
    Returns  the words, the documents, and their matrix, float (M, V)
    """
    rng = np.random.default_rng(7)
    words = ["common", "often"] + [f"g{g}w{n}" for g in range(groups) for n in range(words_each)]
    documents = [f"d{g}-{n}" for g in range(groups) for n in range(documents_each)] + ["empty"]
    matrix = rng.random((len(documents), len(words))) * 0.05
    matrix[:, :2] += 0.3
    for g in range(groups):
        rows = slice(g * documents_each, (g + 1) * documents_each)
        columns = slice(2 + g * words_each, 2 + (g + 1) * words_each)
        matrix[rows, columns] += (1 + groups - g) * (0.2 + rng.random((documents_each, words_each)))
    matrix[-1] = 0
    write_lsa(path, words, documents, matrix, topics, **settings)
    return words, documents, matrix
