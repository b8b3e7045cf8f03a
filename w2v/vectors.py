"""Vectors: names and numbers for Python programs, and what can be asked of them."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, overload

import numpy as np

from w2v.embeddings import container, formats, query
from w2v.embeddings.query import Neighbour, Query, QueryAnswerer
from w2v.embeddings.search import Search
from w2v.embeddings.source import Diagnostics
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError, W2VError
from w2v.system import atomic_file, python_arguments, resources
from w2v.system.progress import plural

if TYPE_CHECKING:
    from w2v.runs.saved_model import SavedDocumentModel, SavedNetwork
    from w2v.text.encoded_text import EncodedDocuments

_LOG = logging.getLogger("w2v")


class Topic(NamedTuple):
    """A topic of an LDA or LSA model.

    number  its place in the vectors of documents and words
    share   of the tokens; of LSA of the squared singular values; all sum to 1
    npmi    how well its first ten words go together in the documents, -1 to 1; None: not known
    words   with their weight, the heaviest first
    """

    number: int
    share: float
    npmi: float | None
    words: list[tuple[str, float]]


class Vectors:
    """Names and their vectors, as `train` and `load` give them.

    words   N names, each once: words, or the ids of documents
    matrix  numbers (N, D): float16 and float32 are taken as they are, others become float32
    counts  how often each occurs, (N,); None where that is not known
    Raises  W2VError where these do not fit each other, or a name comes twice

    `"king" in vectors`, `len(vectors)`, `vectors["king"]` and `for word in vectors` do what they
    do in a dictionary. All similarities are cosines.
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: np.ndarray,
        counts: Sequence[int] | np.ndarray | None = None,
    ):
        words = python_arguments.words(words, "words")
        numbers = np.asarray(matrix)
        if numbers.dtype.kind not in "fiu":
            raise W2VError(f"matrix: expected numbers, found an array of {numbers.dtype}")
        if numbers.dtype != np.float16:
            with np.errstate(over="ignore"):  # what float32 cannot hold is infinity
                numbers = numbers.astype(np.float32, copy=False)
        times = None if counts is None else np.asarray(counts)
        if times is not None and (times.dtype.kind not in "fiu" or (times % 1 != 0).any()):
            raise W2VError("counts: expected whole numbers")
        times = None if times is None else times.astype(np.int64)
        lengths = {len(words), len(numbers), len(words) if times is None else len(times)}
        if numbers.ndim != 2 or len(lengths) > 1:
            raise W2VError(f"{len(words)} words do not fit a matrix of shape {numbers.shape}")
        self._table = Table.build(words, np.ascontiguousarray(numbers), times)
        self._path, self._name, self._kept = "", "words", None

    @classmethod
    def _of(cls, table: Table, name: str, path: str, kept: Any = None) -> Vectors:
        """Those of a file; `kept` lives as long as they do."""
        made = cls.__new__(cls)
        made._table, made._name, made._path, made._kept = table, name, path, kept
        return made

    @property
    def words(self) -> list[str]:
        """The names, in the order of the rows; by falling count where they are of a text."""
        return self._table.names

    @property
    def matrix(self) -> np.ndarray:
        """The vectors, float32 or float16 (N, D); those of a container are mapped, read-only."""
        return self._table.matrix

    @property
    def counts(self) -> np.ndarray | None:
        """How often each name occurs in the text, int64 (N,); None where that is not known."""
        return self._table.counts

    @property
    def dim(self) -> int:
        """Numbers in each vector: D."""
        return self._table.dim

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._table.find(word) is not None

    def __getitem__(self, word: str | Sequence[str]) -> np.ndarray:
        """The vector of a word, float32 (D,), or those of several, (K, D), to change as you like.

        Raises NotFoundError, a KeyError, that has the nearest spellings
        """
        if isinstance(word, str):
            return self._table.row(query.find(self._table, word)).copy()
        rows = [query.find(self._table, each) for each in python_arguments.words(word, "a word")]
        return self._table.matrix[rows].astype(np.float32)

    def __repr__(self) -> str:
        return f"<{len(self):,} {self._name} x {self.dim}{f' of {self._path}' * bool(self._path)}>"

    @property
    def tables(self) -> list[str]:
        """What the file has vectors of: words, documents."""
        return (
            container.table_names(container.read(self._path)[0])
            if self._is_container()
            else [self._name]
        )

    def table(self, name: str) -> Vectors:
        """Another of the file's tables; W2VError where there is no such."""
        if name == self._name:
            return self
        if not self._path:
            raise W2VError(f"no table {name!r}: these vectors are of no file")
        return self._of(formats.load(self._path, name), name, self._path, self._kept)

    def _in_file(self, path: str) -> str:
        """The file that they are of; else they are written to `path`."""
        if not self._path:
            self.save(path)
        return self._path or path

    def similar(
        self,
        word: str | np.ndarray,
        k: int = 10,
        *,
        plus: str | Iterable[str] = (),
        minus: str | Iterable[str] = (),
        method: Literal["add", "mul"] = "add",
        restrict: int | None = None,
        min_score: float | None = None,
        include_query: bool = False,
    ) -> list[Neighbour]:
        """The nearest names by cosine, the best first, ties by row.

        word           or a vector (D,) of your own
        k              how many at most
        plus, minus    words that are added and subtracted, as unit vectors
        method         add: the cosine to the sum; mul: the product of cosines (3CosMul)
        restrict       only the first so many rows answer: the most frequent words
        min_score      only answers with this score
        include_query  whether the query's own words may answer
        Raises         NotFoundError for a word that is not there
        """
        most = None if restrict is None else python_arguments.whole(restrict, "restrict", 1)
        rows = None if most is None else np.arange(min(most, len(self)))
        search = Search(self._table, python_arguments.whole(k, "k", 1), rows, _score(min_score))
        if not isinstance(word, str):
            if plus or minus:
                raise W2VError("plus and minus are for words: add vectors up yourself")
            return query.neighbours(self._checked(word), search)
        terms = [("+", word)]
        terms += [("+", each) for each in python_arguments.words(plus, "plus")]
        terms += [("-", each) for each in python_arguments.words(minus, "minus")]
        return self._answers([Query(tuple(terms))], search, method, include_query)[0]

    def similar_each(
        self, words: str | Iterable[str] | np.ndarray, k: int = 10
    ) -> list[list[Neighbour]]:
        """The nearest names to each of many words, in one pass: `similar` for each, but faster.

        words   or vectors (Q, D) of your own
        k       how many at most, for each
        Raises  NotFoundError for a word that is not there
        """
        search = Search(self._table, python_arguments.whole(k, "k", 1))
        if isinstance(words, np.ndarray) and words.dtype.kind in "fiu":
            vectors = [self._checked(vector) for vector in words]
            return query.neighbours_each(np.array(vectors).reshape(-1, self.dim), search)
        queries = [Query((("+", word),)) for word in python_arguments.words(words, "words")]
        return self._answers(queries, search, "add", False)

    def _answers(
        self, queries: list[Query], search: Search, method: str, include_query: bool
    ) -> list[list[Neighbour]]:
        if method not in ("add", "mul"):
            raise W2VError(f"method {method!r}: add or mul")
        answers: list[list[Neighbour]] = []
        for found in QueryAnswerer(search, self._table, method, include_query).answer(queries):
            if isinstance(found, NotFoundError):
                raise found
            answers.append(found)
        return answers

    def _checked(self, vector: np.ndarray) -> np.ndarray:
        try:
            found = np.asarray(vector, np.float32)
        except (TypeError, ValueError):
            raise W2VError(f"expected a word or a vector of {self.dim} numbers") from None
        if found.shape != (self.dim,) or not np.isfinite(found).all():
            raise W2VError(f"a vector has {self.dim} finite numbers here; shape {found.shape}")
        if not found.any():
            raise W2VError("the vector is zero: it has no direction")
        return found

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[Neighbour]:
        """`a` is to `b` as `c` is to what: the nearest to b - a + c."""
        a, b, c = map(python_arguments.word, (a, b, c))
        return self.similar(b, k, plus=c, minus=a)

    def similarity(self, a: str, b: str) -> float:
        """The cosine of two words."""
        return query.similarity(self._table, a, b)

    def odd(self, *words: str) -> str:
        """The word that fits the others least, of three or more."""
        return query.odd(self._table, [python_arguments.word(each) for each in words])[0][0]

    def infer(
        self,
        texts: str | Iterable[str | Sequence[str]],
        *,
        epochs: int | None = None,
        threads: int | None = None,
    ) -> np.ndarray:
        """Vectors of new documents, by a model of documents: as `w2v infer`.

        texts    a string is one text: float32 (D,); or several, each a string or a list of words:
                 (M, D), with zeros where no word is known
        epochs   passes over each; None: as many as in training
        threads  None: the processors that may be used
        Raises   W2VError where the model infers none, or of a single text knows no word
        """
        from w2v.runs.saved_model import SavedDocumentModel

        passes = None if epochs is None else python_arguments.whole(epochs, "epochs", 1)
        count = _threads(threads)
        trained = SavedDocumentModel(self._model(), passes)
        if isinstance(texts, str):
            return trained.vector(texts)
        text = _read(trained, texts)
        with resources.blas_threads(count):
            return trained.vectors(text, count)

    @overload
    def predict(  # type: ignore[overload-overlap]  # a string is also an iterable of strings
        self, texts: str, *, threads: int | None = None
    ) -> tuple[str, float]: ...

    @overload
    def predict(
        self, texts: Iterable[str | Sequence[str]], *, threads: int | None = None
    ) -> list[tuple[str, float]]: ...

    def predict(
        self, texts: str | Iterable[str | Sequence[str]], *, threads: int | None = None
    ) -> tuple[str, float] | list[tuple[str, float]]:
        """The likeliest label of a text and its probability, by a network that classifies.

        texts    a string is one text: a pair; or several, each a string or a list of words: a list
                 of pairs
        threads  None: the processors that may be used
        Raises   W2VError where the model does not classify, or something is no text
        """
        from w2v.runs.saved_model import SavedNetwork

        count = _threads(threads)
        trained = SavedNetwork(self._model(), "classify")
        text = _read(trained, texts)
        labels = trained.network.labels
        with resources.blas_threads(1):
            chances = trained.network.probabilities(text, count)
        best = chances.argmax(axis=1).tolist()
        pairs = [(labels[i], float(row[i])) for i, row in zip(best, chances, strict=True)]
        return pairs[0] if isinstance(texts, str) else pairs

    def topics(self, count: int = 10) -> list[Topic]:
        """The topics of an LDA or LSA model, the largest first, each with `count` words."""
        from w2v.runs.saved_model import SavedTopicModel
        from w2v.topics.topic_words import top_words

        trained = SavedTopicModel(self._model())
        listing, coherence = trained.listing(), trained.coherence()
        rows = top_words(listing.weights, python_arguments.whole(count, "count", 1))
        return [
            Topic(
                topic,
                float(listing.sizes[topic]),
                coherence[topic].npmi if coherence else None,
                [(trained.names[row], float(listing.weights[row, topic])) for row in rows[topic]],
            )
            for topic in map(int, listing.order())
        ]

    def _model(self) -> str:
        if not self._path:
            raise W2VError("these vectors are of no model: w2v.load a file of w2v.train")
        return self._path

    def info(self) -> dict[str, Any]:
        """What the file says of itself: model, settings, corpus, losses, tables."""
        return formats.describe(self._model(), Diagnostics(self._path))

    def save(self, path: str | Path) -> None:
        """Write a file, whole or not at all, in the format that its suffix names.

        A whole model stays one where that is .safetensors; all others hold this table alone.
        """
        target = python_arguments.path(path, "path")
        if formats.writer(target) is None and self._is_container():
            with open(self._path, "rb") as file, atomic_file.replacing(target) as copy:
                shutil.copyfileobj(file, copy)
        else:
            formats.save(target, self._table, self._name)

    def _is_container(self) -> bool:
        return bool(self._path) and formats.sniff(self._path) == formats.CONTAINER


def _read(
    trained: SavedDocumentModel | SavedNetwork, texts: str | Iterable[str | Sequence[str]]
) -> EncodedDocuments:
    """Texts in the words of a model, as documents."""
    from w2v.text.encode import texts_corpus

    with texts_corpus(texts, trained.text_settings) as corpus:
        text, unknown = trained.read(corpus)
    _LOG.info("%s left out", plural(unknown, "unknown token"))
    return cast("EncodedDocuments", text)


def _threads(count: int | None) -> int:
    return resources.processors() if count is None else python_arguments.whole(count, "threads", 1)


def _score(least: float | None) -> float | None:
    if not isinstance(least, Real | None) or least != least:
        raise W2VError(f"min_score: expected a number, found {least!r}")
    return least
