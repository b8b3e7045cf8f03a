"""Workers of negative sampling: objects with which a thread trains chunks.

Each thread has a worker of its own, because a worker holds scratch memory. Letters: V words, S
sentences or documents in a chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from w2v.kernels.documents import DocumentKernels, draw_document_targets, seed_spans
from w2v.kernels.hierarchical_softmax import Paths
from w2v.kernels.negative_sampling import make_scratch
from w2v.kernels.random import random_state
from w2v.kernels.simd import WIDTH
from w2v.kernels.tiles import COLUMNS
from w2v.kernels.windows import Windows, allocate_windows, build_windows, cut_windows
from w2v.negative_sampling.composer import Composer
from w2v.negative_sampling.subword_rows import WordRows
from w2v.negative_sampling.word_distributions import keep_probabilities
from w2v.settings import NegativeSamplingSettings, ParagraphSettings
from w2v.text.encoded_text import EncodedDocuments, EncodedText, Spans
from w2v.training.chunks import Chunk

# Windows for which the words are composed once. With `sample` 1e-3 they are about 1,000 words of
# the text. On 10 MB of Wikipedia (skip-gram, n-grams of 3 to 6 characters, one seed) 6,000, 2,000,
# 600, 200 and 10 windows solve 49.2, 52.8, 54.6, 54.2 and 54.3 % of the analogies
# (tests/bench/composing.py).
SEGMENT = 600
# How often a segment is expected to use the row of an n-gram at most. All its uses see the same row
# and add their changes to it. With n-grams of 1 to 3 characters, 600 windows use that of "e" some
# 350 times; training diverged on 6 MB of documentation, and did not in segments of 60. N-grams of 3
# to 6 characters are used up to 33 times, so that their segments have 600 windows.
_MOST_USES = 50
_WORDS = 1 << 14  # words whose rows are counted at a time
# The random state of each document; empty: all sentences of a chunk share one random state.
_NO_STREAMS = np.empty(0, np.uint64)


def segment_length(word_rows: WordRows, counts: np.ndarray, sample: float) -> int:
    """The number of windows for which words are composed once.

    word_rows  the rows from which each word is composed
    counts     int64 (V,), the counts of the words
    sample     the subsampling threshold, see `keep_probabilities`
    """
    kept = counts * keep_probabilities(counts, sample)
    shares, words, length = kept / max(kept.sum(), 1), counts.size, SEGMENT
    while length > 1:
        uses = np.zeros(int(word_rows.rows.max(initial=-1)) + 1)
        for at in range(0, words, _WORDS):
            offsets = word_rows.offsets[at : at + _WORDS + 1]
            occurs = -np.expm1(-length * shares[at : at + _WORDS])  # probability, in a segment
            np.add.at(
                uses, word_rows.rows[offsets[0] : offsets[-1]], np.repeat(occurs, np.diff(offsets))
            )
        if uses[words:].max(initial=0) <= _MOST_USES:
            break
        length //= 2
    return length


class Worker:
    """Builds the windows of a chunk, then trains them.

    text           the encoded text
    settings       the settings of the model
    keep           uint32 (V,), see `keep_thresholds`
    train_windows  the kernel of the model, see `kernels.skipgram.train_windows`
    padding_id     number of the last row of the trained matrices, which is padding: a target that
                   is the padding row is not trained
    word_rows      the rows from which each word is composed; None: words are not composed. It may
                   be replaced before a call of `step`
    segment        with `word_rows`: the number of windows of a segment, see `segment_length`
    longest_path   with hierarchical softmax: the most targets of a word, see `longest_path`

    With `word_rows` the windows are trained in segments. The words of a segment are composed,
    trained, and their changes added to their rows. No window extends beyond its segment.

    `build_windows` sets `windows`. For a text of documents it also sets `document_rows`, int32
    (S,): the row number of the document vector of each document.
    """

    def __init__(
        self,
        text: EncodedText,
        settings: NegativeSamplingSettings,
        keep: np.ndarray,
        train_windows: Callable[..., tuple[float, int]],
        padding_id: int,
        word_rows: WordRows | None = None,
        segment: int = SEGMENT,
        longest_path: int = 0,
    ):
        self._segment = segment
        self._text, self._settings, self._keep, self._padding_id = text, settings, keep, padding_id
        self.word_rows = word_rows
        self._composer = Composer(keep.size, settings.padded_dim) if word_rows else None
        self._train_windows = train_windows
        # The center word and its negative samples, rounded up to a multiple of COLUMNS.
        self._targets = longest_path or -(-(1 + settings.negative) // COLUMNS) * COLUMNS
        self._scratch = make_scratch(self._targets, settings.padded_dim)
        self.windows, self.document_rows = allocate_windows(0), np.empty(0, np.int32)
        self._target_ids = np.empty((0, self._targets), np.int32)

    def build_windows(self, chunk: Chunk) -> tuple[int, np.ndarray]:
        """Build the windows of a chunk.

        Returns  the number of windows, and the random state of the chunk, uint64 (1,)
        """
        lr_at = self._settings.lr_at
        state = random_state(self._settings.seed, chunk.epoch, chunk.first)
        ids, bounds = self._read(chunk)
        count = self._build(ids, bounds, lr_at(chunk.begin), lr_at(chunk.end), state, _NO_STREAMS)
        return count, state

    def _read(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        """The word ids of a chunk and the bounds of its sentences, see `EncodedText.part`."""
        return self._text.part(chunk.first, chunk.last)

    def _build(
        self,
        ids: np.ndarray,
        bounds: np.ndarray,
        lr_first: float,
        lr_last: float,
        state: np.ndarray,
        streams: np.ndarray,
    ) -> int:
        """Set `windows`, see the kernel `build_windows`; return the number of windows."""
        if len(self.windows.word_ids) < ids.size:
            self.windows = allocate_windows(ids.size)
        window, shrink = self._settings.window, self._settings.shrink
        return build_windows(
            ids, bounds, self._keep, window, shrink, lr_first, lr_last, state, streams,
            self.windows,
        )  # fmt: skip

    def step(
        self,
        count: int,
        state: np.ndarray,
        noise: np.ndarray | Paths,
        frozen: np.ndarray,
        matrices: Mapping[str, np.ndarray],
        fixed: bool = False,
    ) -> tuple[float, int]:
        """Train the windows of the latest call of `build_windows`.

        count     the number of windows
        state     uint64 (1,), random state, changed in place
        noise     the alias table of the noise distribution, see `draw_noise`; with hierarchical
                  softmax the paths to the words
        frozen    bool (V,), input vectors that must not change; empty for none
        matrices  the trained matrices, by name; changed in place
        fixed     whether to change only the document vectors
        Returns   the sum of the losses in nats, and the number of pairs: the predictions that the
                  losses are summed over
        """
        if len(self._target_ids) < count and self._settings.loss == "ns":
            size = len(self.windows.word_ids)
            self._target_ids = np.full((size, self._targets), self._padding_id, np.int32)
        if not self._composer or not self.word_rows:
            return self._train(self.windows, count, state, noise, frozen, matrices, fixed)
        loss, pairs = 0.0, 0
        for begin in range(0, count, self._segment):
            windows = cut_windows(self.windows, begin, min(begin + self._segment, count))
            size, vectors = windows.first.size, matrices["input_vectors"]
            composed = self._composer.compose(windows, size, self.word_rows, vectors)
            result = self._train(
                windows, size, state, noise,
                frozen[self._composer.words] if frozen.size else frozen,
                {**matrices, "input_vectors": composed}, fixed,
            )  # fmt: skip
            self._composer.scatter(self.word_rows, vectors)
            loss, pairs = loss + result[0], pairs + result[1]
        return loss, pairs

    def _train(
        self,
        windows: Windows,
        count: int,
        state: np.ndarray,
        noise: np.ndarray | Paths,
        frozen: np.ndarray,
        matrices: Mapping[str, np.ndarray],
        fixed: bool,
    ) -> tuple[float, int]:
        """Train the windows on matrices whose input vectors are those of `Windows.input_rows`."""
        vectors = matrices["input_vectors"], matrices["output_vectors"]
        rest = *vectors, frozen, self._settings.padded_dim // WIDTH, self._scratch
        if isinstance(noise, Paths):
            return self._train_windows(windows, count, noise, *rest)
        return self._train_windows(
            windows, count, self._settings.negative, noise, state, self._target_ids, *rest
        )


class DocumentWorker(Worker):
    """Builds the windows of a chunk of documents, then trains them.

    text, settings, keep, padding_id, word_rows, segment, longest_path  as in `Worker`
    kernels  the kernels of the model
    """

    def __init__(
        self,
        text: EncodedDocuments,
        settings: ParagraphSettings,
        keep: np.ndarray,
        kernels: DocumentKernels,
        padding_id: int,
        word_rows: WordRows | None = None,
        segment: int = SEGMENT,
        longest_path: int = 0,
    ):
        train_windows = kernels.train_words or kernels.train_documents
        super().__init__(
            text, settings, keep, train_windows, padding_id, word_rows, segment, longest_path
        )
        self._scratch = make_scratch(self._targets, settings.hidden_dim)
        self._documents, self._kernels = text, kernels
        self._streams = _NO_STREAMS

    def _read(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        assert chunk.spans is not None
        self._streams = _NO_STREAMS
        self.document_rows = chunk.spans.rows.copy()
        return self._documents.gather(chunk.spans)

    def build_separate_windows(self, spans: Spans, epoch: int, lr: float) -> tuple[int, np.ndarray]:
        """Build the windows of documents, with a random state for each document.

        The windows and negative samples of a document therefore do not depend on other documents.

        spans    the documents
        epoch    number of the epoch, from 0
        lr       the learning rate of all windows
        Returns  the number of windows, and a random state, uint64 (1,)
        """
        self.document_rows = spans.rows
        ids, bounds = self._documents.gather(spans)
        key, state = random_state(self._settings.seed, epoch), np.empty(1, np.uint64)
        self._streams = np.empty(spans.rows.size, np.uint64)
        seed_spans(ids, bounds, key, state, self._streams)
        return self._build(ids, bounds, lr, lr, state, self._streams), state

    def _train(
        self,
        windows: Windows,
        count: int,
        state: np.ndarray,
        noise: np.ndarray | Paths,
        frozen: np.ndarray,
        matrices: Mapping[str, np.ndarray],
        fixed: bool,
    ) -> tuple[float, int]:
        """Train windows, see `Worker.step`."""
        loss, pairs = 0.0, 0
        targets: np.ndarray | Paths = self._target_ids
        if isinstance(noise, Paths):
            targets = noise
        if self._kernels.train_words and not fixed:
            # The kernel that trains the words also draws the targets.
            loss, pairs = super()._train(windows, count, state, noise, frozen, matrices, fixed)
        elif not isinstance(noise, Paths):
            draw_document_targets(
                windows, count, self._settings.negative, noise, self._padding_id,
                self._streams, state, self._target_ids,
            )  # fmt: skip
        document_loss, document_pairs = self._kernels.train_documents(
            windows, count, self.document_rows, targets, matrices, frozen,
            self._settings.padded_dim // WIDTH, self._scratch, fixed,
        )  # fmt: skip
        return loss + document_loss, pairs + document_pairs
