"""The documents of a topic sweep, read once: those of training, and the held-out ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from w2v.errors import W2VError
from w2v.factorization.term_matrix import EncodedTerms, encode_terms
from w2v.kernels.documents import gather_spans
from w2v.runs.executors import Read
from w2v.runs.request import Request
from w2v.runs.texts import Texts
from w2v.system.packed_ids import PackedIds
from w2v.text.corpus import Corpus
from w2v.text.encode import read_as
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary, nothing_left
from w2v.topics.windowed_coherence import only_known

HELD_OUT = 0.1  # share of the documents that no model is trained on
_SEED = 1  # of the choice of these documents, which is the same in each sweep of a corpus


class SweepTexts(Texts):
    """The texts of a sweep.

    request  the options and files of one of the runs
    valid    a file of held-out documents; None: a tenth of the documents, chosen at random

    `valid` is the corpus of that file, or None. When `read` has been called:

    held_out_words  the words of the held-out documents, by their ids in the vocabulary
    places          all tokens of the training documents: words by their ids, and -1 for a token
                    that is out of vocabulary
    """

    held_out_words: EncodedTerms
    places: EncodedTerms

    def __init__(self, request: Request, valid: str | None = None):
        super().__init__(request)
        self.valid = self._open_held_out(valid) if valid else None

    def read(
        self, read: Read, on_block: Callable[[int], None], known: Mapping[str, int], unknown: bool
    ) -> tuple[Vocabulary, EncodedText]:
        """Read the documents, unless they have been read; returns those of training.

        The parameters are those of `Texts.read`. The words of the vocabulary are counted in all
        documents.

        Raises  W2VError if the vocabulary is empty, if there is only one document to split, or
                if no word of `valid` is in the vocabulary
        """
        if self._training is None:
            everything = replace(self._settings, min_count=1, max_vocab=None)
            counted, text = read(self.corpus, everything, on_block, known, unknown, None)
            assert isinstance(text, EncodedDocuments)
            self._training = self._split(counted, text)
        return self._training

    def _split(
        self, counted: Vocabulary, text: EncodedDocuments
    ) -> tuple[Vocabulary, EncodedDocuments]:
        """Split documents, and choose the vocabulary among all their words.

        counted  all words of the documents, by descending count
        """
        documents = len(text.names)
        if documents <= 1 and not self.valid:
            raise W2VError(
                f"{self.corpus.source}: a sweep holds out a tenth of the documents, and this is "
                "one document: give more, such as one on each line, or add --valid FILE"
            )
        vocabulary = self._chosen(counted)
        tokens = encode_terms(text, np.arange(len(counted.names)), len(counted.names))
        tokens.words[tokens.words >= len(vocabulary.names)] = -1
        order = np.random.default_rng(_SEED).permutation(documents)
        held_out = 0 if self.valid else max(1, round(HELD_OUT * documents))
        if self.valid:
            self.held_out_words = self._encoded(self.valid, vocabulary)
        else:
            self.held_out_words = only_known(_documents(tokens, np.sort(order[:held_out])))
        rows = np.sort(order[held_out:])
        self.places = _documents(tokens, rows)
        words, starts = only_known(self.places)
        names = [text.names[row] for row in rows.tolist()]
        ids, numbers = PackedIds(words), np.arange(rows.size, dtype=np.int32)
        return vocabulary, EncodedDocuments(ids, starts, numbers, names)

    def _encoded(self, corpus: Corpus, vocabulary: Vocabulary) -> EncodedTerms:
        """The documents of `valid`, without their unknown words."""
        text, _ = read_as(corpus, vocabulary.names, needed=True)
        assert isinstance(text, EncodedDocuments)
        return encode_terms(text, np.arange(len(vocabulary.names)), len(vocabulary.names))

    def _chosen(self, counted: Vocabulary) -> Vocabulary:
        """The words that --min-count and --max-vocab keep, as in a run without held-out texts."""
        least, counts = self._settings.min_count, counted.counts
        kept = int((counts >= max(least, 1)).sum())
        if not kept:
            raise W2VError(nothing_left(self.corpus, counted, int(counts[0]), least))
        kept = min(kept, self._settings.max_vocab or kept)
        return replace(counted, names=counted.names[:kept], counts=counts[:kept])


def _documents(tokens: EncodedTerms, rows: np.ndarray) -> EncodedTerms:
    """The documents with these numbers."""
    begins, ends = tokens.starts[rows], tokens.starts[rows + 1]
    words = np.empty(int((ends - begins).sum()), np.int32)
    starts = np.empty(rows.size + 1, np.int64)
    gather_spans(tokens.words, begins, ends, words, starts)
    return EncodedTerms(words, starts)
