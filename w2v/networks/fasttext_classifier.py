"""fastText's classifiers: the labels of texts, predicted by a model that fastText has trained.

A classifier (Joulin et al. 2016) predicts from the mean of the rows of a text's features, its words
and their n-grams, see `kernels.text_features`. The scores of the labels are the products of that
mean with the rows of the output matrix. The probabilities follow from the scores by the loss of the
training:

    softmax  p_k = exp(s_k) / Σ_j exp(s_j) + ε
    ova, ns  p_k = σ(s_k) + ε, for each label alone; σ is a table of 513 numbers
    hs       see `kernels.label_tree`

ε is 0.00001. fastText adds it to every probability, because it sorts labels by ln(p + ε). It is
kept here, so that the numbers are those of `fasttext predict-prob`; a sum of all probabilities is
a little more than 1, and a probability may be 1.00001.

Every line ends with the word </s>, which is a feature where the model has it. A text without any
feature has the mean zero here; fastText predicts nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from w2v.embeddings.fasttext_file import LOSSES, MODELS, FastTextFile
from w2v.embeddings.formats.fasttext_model import read_model, subwords_of
from w2v.embeddings.source import Source
from w2v.embeddings.subwords import SENTENCE_END, Subwords
from w2v.errors import W2VError
from w2v.kernels.label_tree import EPSILON, label_scores, tree_probabilities
from w2v.kernels.text_features import hash_words, text_rows
from w2v.networks.text_classifier import Prediction, TextCounts, texts_in_block
from w2v.settings import TextSettings
from w2v.system.ordered_map import ordered_map
from w2v.system.packed_ids import PackedIds
from w2v.text.corpus import Corpus
from w2v.text.documents import DocumentCorpus
from w2v.text.encode import number_types
from w2v.text.encoded_text import EncodedDocuments
from w2v.text.word_counter import WordCounter

LABEL_PREFIX = b"__label__"
_MAX_ORDER = 1000  # words of a word n-gram; more would take too much memory
_MAX_COUNT = 10**15  # of a label: fastText's count of a node that is not built yet
_LARGEST = 1e15  # in a matrix; a float32 cannot hold the sum of many products of larger numbers
_MAX_SCORE, _STEPS = 8, 32  # σ is tabulated from -8 to 8, in steps of 1/32

# From the means float32 (M, D) of M texts to the probabilities float32 (M, K).
Loss = Callable[[np.ndarray], np.ndarray]


class _Types(NamedTuple):
    """The T types of some texts; type 0 is </s>.

    is_word   bool (T,), whether a type is a word; if not, it is a label
    own       int64 (T,), the row of each type; -1 if it is out-of-vocabulary
    hashes    uint64 (T,), see `kernels.text_features`
    rows      int64 (·,), the rows of each type and of its n-grams
    starts    int64 (T + 1,), the bounds of each type in `rows`
    """

    is_word: np.ndarray
    own: np.ndarray
    hashes: np.ndarray
    rows: np.ndarray
    starts: np.ndarray


class FastTextClassifier:
    """A classifier that fastText has trained; implements `TextClassifier`.

    model   the contents of its file
    name    the file's name in messages
    Raises  W2VError if the model is no classifier, or is damaged

    `subwords` are the rows of its words and n-grams, and `order` is the most words of a word
    n-gram.
    """

    text_settings = TextSettings(tokenizer="space")  # fastText splits at ASCII whitespace
    length = None

    def __init__(self, model: FastTextFile, name: str):
        kind = MODELS[model.settings.model]
        if kind != "supervised":
            raise W2VError(
                f"{name} is a {kind} model of fastText, which has no labels: give a classifier, "
                f"which fasttext supervised writes; for neighbours of words: w2v similar WORD -v "
                f"{name}"
            )
        self.model, self.name, self.subwords = model, name, subwords_of(model)
        self.labels: Sequence[str] = [
            label.removeprefix(LABEL_PREFIX).decode("utf-8", "surrogateescape")
            for label in model.labels
        ]
        if not self.labels or model.outputs.shape[0] != len(self.labels):
            raise self._damaged(
                f"{len(self.labels):,} labels have {model.outputs.shape[0]:,} output vectors"
            )
        self.order = max(model.settings.word_ngrams, 1)
        if self.order > _MAX_ORDER:
            raise self._damaged(f"word n-grams have {self.order:,} words")
        with np.errstate(over="ignore"):
            outputs = model.outputs.take(np.arange(len(self.labels)))
        self._check(outputs, "the output matrix has {}")
        self._probabilities = self._loss(np.ascontiguousarray(outputs.T))
        self.is_exclusive = LOSSES[model.settings.loss] in ("softmax", "hs")

    @classmethod
    def read(cls, path: str) -> FastTextClassifier:
        """Read a classifier from a .bin or .ftz file of fastText."""
        with Source.open(path) as source:
            return cls(read_model(source), source.name)

    def _damaged(self, what: str) -> W2VError:
        return W2VError(f"{self.name}: {what}: the file is damaged: download or write it again")

    def _check(self, matrix: np.ndarray, what: str) -> None:
        """Raise a W2VError for numbers with which the scores would not be finite."""
        if not (np.abs(matrix) <= _LARGEST).all():
            raise W2VError(
                f"{self.name}: {what.format(f'NaN or numbers above {_LARGEST:g}')}: its training "
                "diverged, or the file is damaged: train it again with a lower -lr"
            )

    def _loss(self, outputs: np.ndarray) -> Loss:
        """The function of the loss that the model was trained with.

        outputs  float32 (D, K), the output vectors, transposed
        """
        loss = LOSSES[self.model.settings.loss]
        if loss == "softmax":
            return partial(_softmax, outputs)
        if loss != "hs":
            return partial(_sigmoid, outputs, _sigmoid_table())
        counts = self.model.label_counts
        if (counts >= _MAX_COUNT).any():
            raise self._damaged(f"a label has the count {counts.max():,}")
        left, right = label_tree(counts.tolist())
        return partial(_hierarchical_softmax, outputs[:, :-1], left, right)

    def predict(
        self,
        corpus: Corpus,
        threads: int,
        on_block: Callable[[int], None] = lambda tokens: None,
    ) -> Prediction:
        """Read texts and predict their labels; see `TextClassifier`."""
        self.subwords.check_whole()
        counter = WordCounter()
        numbers = number_types(corpus, counter, on_block).renumbered()
        assert isinstance(corpus, DocumentCorpus)
        types, ids = self._types(counter), numbers.mapped()
        is_word = types.is_word[ids]
        ends = np.flatnonzero(ids == 0)  # a text is its words and the </s> after them
        words, starts = _chosen(ids, is_word, ends)
        size = texts_in_block(len(self.labels))

        def compute(first: int) -> np.ndarray:
            """Compute the probabilities of some texts."""
            bounds = starts[first : first + size + 1]
            part = words[bounds[0] : bounds[-1]], bounds - bounds[0]
            return self._probabilities(self._hidden(*part, types))

        blocks = ordered_map(compute, range(0, len(ends), size), threads)
        is_known = types.is_word & (np.diff(types.starts) > 0)
        is_known[0] = False
        known, known_starts = _chosen(ids, is_known[ids], ends)
        text = EncodedDocuments(
            PackedIds(known), known_starts, corpus.row_numbers(), corpus.names,
            corpus.labels,
        )  # fmt: skip
        is_unknown = types.is_word & (types.own < 0)
        is_unknown[0] = False
        # Of equally probable labels, `fasttext predict` prints the last. The table of σ has so few
        # numbers that this matters.
        counts = TextCounts.of(text, int(counter.counts[is_unknown].sum()))
        return Prediction(blocks, counts, "last", EPSILON)

    def _types(self, counter: WordCounter) -> _Types:
        """Look up the types of a text."""
        names = counter.names_from(0)
        assert names[0] == SENTENCE_END
        number_of = {name: number for number, name in enumerate(names)}
        own = np.full(len(names), -1)
        for row, word in enumerate(self.model.words.split(b"\n")[:-1]):
            if word in number_of:
                own[number_of[word]] = row
        labels = set(self.model.labels)
        is_word = np.array(
            [
                row >= 0 or not (name in labels or name.startswith(LABEL_PREFIX))
                for name, row in zip(names, own.tolist(), strict=True)
            ]
        )
        text = np.frombuffer(b"".join(names), np.uint8)
        offsets = np.cumsum([0, *map(len, names)])
        hashes = np.empty(len(names), np.int64)
        hash_words(text, offsets, hashes)
        rows, starts = _row_lists(self.subwords, text, offsets, own)
        return _Types(is_word, own, hashes.view(np.uint64), rows, starts)

    def _hidden(self, words: np.ndarray, starts: np.ndarray, types: _Types) -> np.ndarray:
        """The means of the features of texts, float32 (M, D).

        words   int32 (N,), the types of the words
        starts  int64 (M + 1,), the bounds of each text in `words`
        """
        lengths = np.diff(starts)
        ngrams = int((lengths * np.minimum(lengths, self.order - 1)).sum())
        size = int(np.diff(types.starts)[words].sum()) + ngrams
        rows, bounds = np.empty(size, np.int64), np.empty(len(starts), np.int64)
        is_pruned, first = self.subwords.kept is not None, self.subwords.words
        # Only a pruned model needs the list of its buckets, because others have a row for each.
        kept, kept_rows = self.subwords.ngram_rows() if is_pruned else (np.empty(0, np.int64),) * 2
        buckets = np.uint64(max(self.subwords.buckets, 1))
        with np.errstate(over="ignore"):  # without compilation NumPy would warn of the overflow
            text_rows(
                words, starts, types.hashes, types.rows, types.starts, self.order, buckets, kept,
                kept_rows - first, is_pruned, first, rows, bounds,
            )  # fmt: skip
        hidden = np.empty((len(lengths), self.subwords.dim), np.float32)
        self.subwords.vectors.means(rows[: bounds[-1]], bounds, hidden)
        self._check(hidden, "the input matrix has {} in the rows of this text")
        return hidden


def _chosen(
    ids: np.ndarray, is_chosen: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The chosen tokens of texts, and the bounds of the texts in them.

    ids        int32 (N,), the tokens
    is_chosen  bool (N,)
    ends       int64 (M,), the position of the last token of each text
    Returns    (int32 (·,), int64 (M + 1,))
    """
    counts = np.cumsum(is_chosen, dtype=np.int64)
    return ids[is_chosen], np.concatenate([[0], counts[ends]])


def _row_lists(
    subwords: Subwords, text: np.ndarray, offsets: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`Subwords.row_lists` of all words of a text, computed in parts to bound the memory."""
    lists, sizes, words = [], [], np.arange(len(own))
    for part in subwords.parts(np.diff(offsets)):
        rows, bounds = subwords.row_lists(text, offsets, words[part], own[part])
        lists.append(rows)
        sizes.append(np.diff(bounds))
    return np.concatenate(lists), np.concatenate([[0], np.cumsum(np.concatenate(sizes))])


def _softmax(outputs: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Probabilities by softmax."""
    scores = hidden @ outputs
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p + np.float32(EPSILON)


def _sigmoid_table() -> np.ndarray:
    """fastText's table of the logistic function at -8, -8 + 1/32, … 8; float32 (513,)."""
    x = np.arange(2 * _MAX_SCORE * _STEPS + 1) / _STEPS - _MAX_SCORE
    return (1 / (1 + np.exp(-x))).astype(np.float32)


def _sigmoid(outputs: np.ndarray, table: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Probabilities by the logistic function, from its table; 0 or 1 beyond the table."""
    scores = np.empty((len(hidden), outputs.shape[1]), np.float32)
    label_scores(hidden, outputs, scores)
    inside = np.clip(scores, -_MAX_SCORE, _MAX_SCORE)
    p = table[((inside + np.float32(_MAX_SCORE)) * _STEPS).astype(np.int32)]
    p[scores < -_MAX_SCORE], p[scores > _MAX_SCORE] = 0, 1
    return p + np.float32(EPSILON)


def _hierarchical_softmax(
    outputs: np.ndarray, left: np.ndarray, right: np.ndarray, hidden: np.ndarray
) -> np.ndarray:
    """Probabilities by hierarchical softmax; `outputs` are those of the inner nodes."""
    p = np.empty((len(hidden), len(left) + 1), np.float32)
    tree_probabilities(hidden @ outputs, left, right, EPSILON, np.empty(p.shape[1] * 2 - 1), p)
    return p


def label_tree(counts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The Huffman tree of labels, with fastText's order of nodes of equal counts.

    counts   the counts of K labels, from the highest to the lowest, each less than 10**15
    Returns  (int64 (K - 1,), int64 (K - 1,)): the left and the right child of each inner node, the
             rarer one left; node K + i is inner node i, and the last one is the root

    The next node to be joined is the last label that is left, if its count is lower than that of
    the first inner node that is left, and else that inner node.
    """
    sums = [*counts, *[_MAX_COUNT] * (len(counts) - 1)]
    children: tuple[list[int], list[int]] = ([], [])
    leaf, node = len(counts) - 1, len(counts)
    for joined in range(len(counts), len(sums)):
        total = 0
        for side in children:
            if leaf >= 0 and sums[leaf] < sums[node]:
                side.append(leaf)
                leaf -= 1
            else:
                side.append(node)
                node += 1
            total += sums[side[-1]]
        sums[joined] = total
    return np.array(children[0], np.int64), np.array(children[1], np.int64)
