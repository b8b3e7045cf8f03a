"""The trainer of skip-gram and CBOW, and the base of the trainer of paragraph vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from w2v.embeddings import subword_tensors
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.kernels.contraction import Contraction
from w2v.kernels.hierarchical_softmax import Paths
from w2v.kernels.simd import aligned
from w2v.negative_sampling.chunk_copies import ChunkCopies
from w2v.negative_sampling.composer import compose, compose_own, own_rows
from w2v.negative_sampling.contractions import Contractions
from w2v.negative_sampling.prepared_chunk import WordTargets
from w2v.negative_sampling.row_copies import RowCopies
from w2v.negative_sampling.row_copies import memory_bytes as copy_bytes
from w2v.negative_sampling.subword_rows import (
    WordRows,
    number_ngrams,
    share_rows,
    shared_rows,
    without_ngrams,
)
from w2v.negative_sampling.uniform_vectors import fill_uniform
from w2v.negative_sampling.word_distributions import (
    alias_table,
    keep_thresholds,
    noise_probabilities,
)
from w2v.negative_sampling.word_paths import find_paths, longest_path
from w2v.negative_sampling.worker import SEGMENT, Worker, segment_length
from w2v.settings import NegativeSamplingSettings
from w2v.text.encoded_text import EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.chunks import CHUNK, Chunk, Plan, make_plan

SUBWORD_KERNELS = ("ngrams", "composition")  # kernel modules that composing words calls


class WordTrainer:
    """The trainer of word vectors by negative sampling or by hierarchical softmax.

    vocabulary  V words and their counts
    text        the encoded text: N word ids in sentences
    settings    the settings of the model; `settings.kernel` is the kernel that trains a chunk

    `matrices` holds `input_vectors` and `output_vectors`, float32 (V + 1, D), padded with zeros for
    the kernels: D is `dim` rounded up to a multiple of WIDTH, and the last row is padding.
    `vectors` returns views without padding. With hierarchical softmax the output vectors are those
    of the V - 1 inner nodes of the tree of words.

    The input vectors are initialised uniformly in ±1 / dim, as in gensim, and the output vectors
    with zeros. word2vec.c initialises the input vectors in ±0.5 / dim. On 100 MB of Wikipedia
    (CBOW, 3 seeds each) the results of ±0.5, ±1 and ±2 / dim differed no more than those of
    different seeds.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        text: EncodedText,
        settings: NegativeSamplingSettings,
    ):
        self.vocabulary, self.text, self.settings = vocabulary, text, settings
        self._train_windows = train_windows = settings.kernel()
        # A `functools.partial` of a kernel has the kernel as its attribute `func`.
        module = getattr(train_windows, "func", train_windows).__module__
        self.kernels = (
            "windows",
            module.rpartition(".")[2],
            *(["row_merge"] * settings.deterministic),
            *(["weighted_mean"] * bool(settings.deterministic and settings.pairs_of_word)),
        )
        self.frozen = np.zeros(0, np.bool_)
        self.word_rows: WordRows | None = None
        self._all_rows: WordRows | None = None  # `word_rows` before words were frozen
        self._buckets = np.empty(0, np.uint32)
        if settings.has_subwords:
            self._buckets, self.word_rows = number_ngrams(vocabulary.names, settings)
            self.kernels += SUBWORD_KERNELS
        words = len(vocabulary.names)
        self.ngram_rows = np.arange(words, words + self.ngrams, dtype=np.int32)
        self.matrices: dict[str, np.ndarray] = {}
        self.noise: np.ndarray | Paths
        # The paths of hierarchical softmax; None with negative sampling.
        self._paths = find_paths(vocabulary) if settings.loss == "hs" else None
        self._plan: Plan | None = None
        self._keep: np.ndarray
        self._segment = SEGMENT

    @property
    def ngrams(self) -> int:
        """The number of n-grams, or of buckets of n-grams, that have vectors."""
        return len(self._buckets)

    @property
    def ngram_row_count(self) -> int:
        """The number of rows of n-grams; those that occur in the same words may share a row."""
        if not self.settings.has_subwords:
            return 0
        return self._shapes()["input_vectors"][0] - len(self.vocabulary.names)

    def find_shared_rows(self, initial: Subwords | None) -> np.ndarray:
        """Find rows that n-grams can share, see `shared_rows`.

        initial  the vectors with which n-grams begin, see `set_ngrams`
        Returns  int32 (G,), for `share_rows`
        """
        if not self.word_rows:
            return self.ngram_rows
        given = None
        if initial and self.settings.has_ngrams_of(initial):
            given = initial.rows_of(self._buckets.astype(np.int64))
        return shared_rows(self.word_rows, self.ngrams, given)

    def share_rows(self, ngram_rows: np.ndarray) -> None:
        """Give rows to n-grams, int32 (G,), before the matrices are allocated.

        N-grams that share a row save memory and time.
        """
        if self.word_rows:
            self.ngram_rows, self.word_rows = ngram_rows, share_rows(self.word_rows, ngram_rows)

    def plan(self, threads: int) -> Plan:
        """The chunks of a run, for lock-free threads or for rounds."""
        settings = self.settings
        chunk_words, shards = CHUNK, 1
        if settings.deterministic:
            chunk_words, shards = settings.round_words, settings.shards
        self._plan = make_plan(self.text, settings.epochs, settings.seed, chunk_words, shards)
        return self._plan

    def matrix_bytes(self) -> int:
        """Bytes of the matrices."""
        return 4 * sum((rows + 1) * dim for rows, dim in self._shapes().values())

    def memory_bytes(self, threads: int) -> int:
        """Bytes that training needs.

        They are those of the matrices, of the words that are composed at the end, and of the row
        copies of a synchronous round.

        threads  number of threads; they share the matrices, and each numbers the rows of its chunks
        """
        composed = 4 * len(self.vocabulary.names) * self.settings.padded_dim
        needed = self.matrix_bytes() + (composed if self.word_rows else 0)
        if self._paths:
            needed += sum(array.nbytes for array in self._paths)
        if not self.settings.deterministic or not self._plan:
            return needed
        return needed + copy_bytes(
            self.vocabulary.counts, self.settings, self._plan, self._shapes(), threads,
            self.word_rows, self._paths,
        )  # fmt: skip

    def best_bytes(self, threads: int) -> int:
        """Bytes of the copy of the matrices with the lowest validation loss.

        threads  not used
        """
        return self.matrix_bytes()

    def begin(self, shards: int) -> None:
        """Allocate and initialise the matrices, and compute the noise distribution.

        shards  number of chunks in a round; not used
        """
        counts, settings = self.vocabulary.counts, self.settings
        self._keep = keep_thresholds(counts, settings.sample)
        if self.word_rows:
            self._segment = segment_length(self.word_rows, counts, settings.sample)
        probabilities = noise_probabilities(counts, settings.noise_exponent)
        self._cumulative = np.cumsum(probabilities)
        self.noise = self._paths or alias_table(probabilities)
        spare = self._spare_rows()
        self._memory = {
            name: self._allocate(name, (rows + 1 + spare.get(name, 0), dim))
            for name, (rows, dim) in self._shapes().items()
        }
        self.matrices = {
            name: self._memory[name][: rows + 1] for name, (rows, _) in self._shapes().items()
        }
        rng = np.random.default_rng(settings.seed)
        for name in self.matrices:
            if name != "output_vectors":
                fill_uniform(self.vectors(name), rng)

    def _targets(self) -> WordTargets:
        return WordTargets(
            len(self.vocabulary.names), self._outputs, self._cumulative, self._paths,
            self.settings.negative, self.word_rows,
        )  # fmt: skip

    def _spare_rows(self) -> dict[str, int]:
        """Rows behind each matrix for the copies of a round, and a row of padding."""
        if not self.settings.deterministic or not self._plan:
            return {}
        rows = {name: rows for name, (rows, _) in self._shapes().items()}
        most = self._targets().most_rows(self._plan, rows.get("input_vectors", 0))
        return {name: self._plan.shards * most[name] + 1 for name in rows}

    def restored(self) -> None:
        """Do nothing: nothing that is derived from the matrices is kept."""

    def check_held_out(self, text: EncodedText) -> None:
        """Accept any held-out text that has words of the vocabulary."""

    def _shapes(self) -> dict[str, tuple[int, int]]:
        """The shape of each matrix: its rows without the padding row, and its padded row length."""
        words, dim = len(self.vocabulary.names), self.settings.padded_dim
        rows = max(words, int(self.ngram_rows.max(initial=-1)) + 1)
        return {"input_vectors": (rows, dim), "output_vectors": (self._outputs, dim)}

    @property
    def _outputs(self) -> int:
        """The number of output vectors: of words, or of the inner nodes of their tree."""
        return len(self.vocabulary.names) - (self._paths is not None)

    def _allocate(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        return aligned(shape)

    def vectors(self, name: str) -> np.ndarray:
        """A matrix without its padding: a view, float32 (V, dim).

        With subwords the input vectors are the subword vectors, float32 (V + R, dim).
        """
        return self.matrices[name][:-1, : self.settings.dim]

    def lr_at(self, share: float) -> float:
        """The learning rate after a share (0 to 1) of the run."""
        return self.settings.lr_at(share)

    def worker(self) -> Callable[[Chunk], tuple[float, int]]:
        """Make a function that trains a chunk.

        Each thread needs a function of its own, because the function has scratch memory. It returns
        the sum of the losses in nats, and the number of pairs: the predictions that the loss is the
        sum of. The result depends only on the matrices, the chunk and the settings.
        """
        worker = self._make_worker(self._outputs)

        def train(chunk: Chunk) -> tuple[float, int]:
            count, state = worker.build_windows(chunk)
            return worker.step(count, state, self.noise, self.frozen, self.matrices)

        return train

    def loss(self, text: EncodedText) -> float:
        """The mean loss on a held-out text, in nats for each pair; NaN if it has no pairs.

        The vectors do not change, because the learning rate is 0. Windows and negative samples are
        derived from the seed, so that they are the same in every call.
        """
        settings = replace(self.settings, lr=0.0, min_lr=0.0)
        worker = self._make_worker(self._outputs, text, settings)
        loss, pairs = 0.0, 0
        for chunk in Plan(text, 1, settings.seed):
            windows = worker.build_windows(chunk)
            result = worker.step(*windows, self.noise, self.frozen, self.matrices)
            loss, pairs = loss + result[0], pairs + result[1]
        return loss / pairs if pairs else math.nan

    def on_validation(self, losses: list[float]) -> None:
        """Do nothing: the learning rate does not depend on the validation loss."""

    def validation_note(self) -> str:
        """No note: the validation loss is shown alone."""
        return ""

    def _make_worker(
        self,
        padding_id: int,
        text: EncodedText | None = None,
        settings: NegativeSamplingSettings | None = None,
    ) -> Worker:
        """Make a worker, for another text or with other settings than those of the trainer."""
        return Worker(
            text or self.text, settings or self.settings, self._keep, self._train_windows,
            padding_id, self.word_rows, self._segment, self._longest_path,
        )  # fmt: skip

    @property
    def _longest_path(self) -> int:
        return longest_path(self._paths) if self._paths else 0

    def loss_note(self, epoch: int, pairs: int, loss: float) -> str:
        """No note: the loss is shown alone."""
        return ""

    def shards(self, plan: Plan) -> RowCopies:
        """The row copies of the rounds of a plan."""
        rows = {name: len(matrix) - 1 for name, matrix in self.matrices.items()}
        return RowCopies(
            self._memory, rows, self._targets(), self.frozen, plan, self.contractions(plan),
            self._make_worker,
        )  # fmt: skip

    def chunk_copies(self, plan: Plan) -> ChunkCopies:
        """Copies of the rows of single chunks, for a cluster."""
        return ChunkCopies(self.matrices, self._targets(), self.frozen, plan, self._make_worker)

    def contractions(self, plan: Plan) -> Callable[[float], Mapping[str, Contraction]]:
        """Make a function that returns the contraction of each matrix in a round.

        Its argument is the share (0 to 1) of the run that is done before the round. A matrix that
        it leaves out is merged by agreement, see `kernels.row_merge`.

        plan  the chunks of the run
        """
        counts, pairs = self.vocabulary.counts, self.settings.pairs_of_word
        if not pairs:
            return lambda share: {}
        found = Contractions(counts, self.settings, pairs, plan.longest, self.word_rows)
        return lambda share: found.at(self.matrices, self.lr_at(share))

    def freeze(self, rows: np.ndarray) -> None:
        """Exclude the input vectors that are marked in `rows`, bool (V,), from training.

        With subwords these words are not composed from n-grams any more, because their n-grams are
        trained with other words.
        """
        if self.word_rows:
            own = self.matrices["input_vectors"][: rows.size]
            own[rows] = compose(self.matrices["input_vectors"], self.word_rows)[rows]
            self._all_rows, self.word_rows = self.word_rows, without_ngrams(self.word_rows, rows)
        self.frozen = rows

    def set_ngrams(self, subwords: Subwords) -> None:
        """Set the vectors of the n-grams that the vocabulary has too.

        Nothing is set if the n-grams have other lengths or other buckets.
        """
        if self.settings.has_ngrams_of(subwords):
            rows = subwords.rows_of(self._buckets.astype(np.int64))
            has_row = rows >= 0
            ngrams = subwords.vectors.take(rows[has_row])
            self.vectors("input_vectors")[self.ngram_rows[has_row]] = ngrams

    def set_words(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Set the vectors of words.

        rows     bool (V,)          the words
        vectors  float32 (K, dim)   a vector for each of them

        With subwords the own row of a word is set so that the composed vector is the one given.
        """
        matrix = self.matrices["input_vectors"]
        padded = np.zeros((len(vectors), matrix.shape[1]), np.float32)
        padded[:, : vectors.shape[1]] = vectors
        if self.word_rows:
            padded = own_rows(matrix, self.word_rows, rows, padded)
        matrix[: rows.size][rows] = padded

    def tables(self) -> dict[str, Table]:
        """The trained tables, by name."""
        names, counts = self.vocabulary.names, self.vocabulary.counts
        table = Table.build(names, self._word_vectors(), counts)
        return {"words": table.with_subwords(self._subwords())}

    def _subwords(self) -> Subwords | None:
        """The rows that compose any word; None if words are not composed."""
        if not self.word_rows:
            return None
        return Subwords(
            DenseMatrix(self._subword_vectors()), len(self.vocabulary.names),
            *self.settings.ngram_lengths, self.settings.bucket_count, self._buckets,
            self.ngram_rows,
        )  # fmt: skip

    def _subword_vectors(self) -> np.ndarray:
        """The rows that compose the trained words, float32 (V + R, dim): a view, or a copy.

        A frozen word was not composed in training. Its own row becomes one that composes it.
        """
        matrix = self.matrices["input_vectors"]
        if self.frozen.size and self._all_rows:
            matrix = compose_own(matrix, self._all_rows, self.frozen)
        return matrix[:-1, : self.settings.dim]

    def _word_vectors(self) -> np.ndarray:
        """The vectors of the words, float32 (V, dim); composed from subwords or a view."""
        if not self.word_rows:
            return self.vectors("input_vectors")
        return compose(self.matrices["input_vectors"], self.word_rows)[:, : self.settings.dim]

    def tensors(self) -> dict[str, np.ndarray]:
        """The other arrays of the model file, which are needed to continue training."""
        tensors = {"output_vectors": self.vectors("output_vectors")}
        if self.word_rows:
            tensors |= subword_tensors.named(
                self._subword_vectors(), self._buckets, self.ngram_rows
            )
        return tensors
