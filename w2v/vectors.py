"""Vectors, the class of words with their vectors for Python programs: queries and inference."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from w2v.embeddings import container, formats, lookup, query
from w2v.embeddings.python_table import build_table, read_only
from w2v.embeddings.query import Neighbour, Query, QueryAnswerer
from w2v.embeddings.search import Search
from w2v.embeddings.source import Diagnostics
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError, W2VError
from w2v.labelling import LabelsTexts
from w2v.pickling import Pickles
from w2v.system import atomic_file, python_arguments, resources
from w2v.system.file_stamp import Stamp, check_unchanged, stamp_of
from w2v.system.progress import plural

if TYPE_CHECKING:
    from w2v.networks.text_classifier import TextClassifier
    from w2v.runs.saved_explainer import SavedExplainer
    from w2v.runs.saved_model import SavedDocumentModel
    from w2v.text.encoded_text import EncodedDocuments

_LOG = logging.getLogger("w2v")


class Topic(NamedTuple):
    """A topic of an LDA or LSA model, an item of the list that `Vectors.topics` returns.

    number  index of the topic in the vectors of documents and words, from 0
    share   share of the tokens, for LSA of the squared singular values; all shares sum to 1
    npmi    coherence, -1 to 1: the mean NPMI of all pairs of the topic's first ten words in the
            training documents; None if not known
    words   pairs of word and weight, the largest weight first
    """

    number: int
    share: float
    npmi: float | None
    words: list[tuple[str, float]]


class Vectors(Pickles, LabelsTexts):
    """Words and their vectors. `w2v.train` and `w2v.load` return one; you can also build your own.

    words   N different names: words, or the ids of documents
    matrix  array-like (N, D), row i is the vector of word i. float16 and float32 are kept, other
            numbers are converted to float32. A writable array is copied
    counts  N whole numbers: the number of occurrences of each word; None: not known
    Raises  W2VError if the lengths do not match, if a name occurs twice, or for other values

    `vectors["king"]`, `"king" in vectors`, `len(vectors)` and `for word in vectors` work as in a
    dictionary. All similarities are cosines. Queries raise NotFoundError, a KeyError, for a word
    without a vector, and W2VError, its base class, for a wrong argument.

    >>> import w2v
    >>> vectors = w2v.Vectors(["king", "queen", "apple"], [[1, 0.2], [1, 0.4], [0, 1]])
    >>> [(name, round(score, 3)) for name, score, *_ in vectors.similar("king", k=2)]
    [('queen', 0.983), ('apple', 0.196)]
    """

    def __init__(
        self,
        words: Iterable[str],
        matrix: ArrayLike,
        counts: ArrayLike | None = None,
    ):
        self._table = build_table(words, matrix, counts)
        self._path, self._name, self._keep_alive, self._is_part = "", "words", None, False

    @classmethod
    def _of(
        cls, table: Table, name: str, path: str, keep_alive: Any = None, is_part: bool = False,
        stamp: Stamp | None = None,
    ) -> Vectors:  # fmt: skip
        """Make the vectors of a file's table.

        keep_alive  an object that must live as long as they
        is_part     whether the table may have only the first rows of that of the file
        stamp       the stamp of the file before the table was read; None: not known
        """
        vectors = cls.__new__(cls)
        vectors._table, vectors._name, vectors._path = table, name, path
        vectors._keep_alive, vectors._is_part, vectors._stamp = keep_alive, is_part, stamp
        return vectors

    @property
    def words(self) -> list[str]:
        """The N names, in the order of the rows; trained words by frequency, the highest first."""
        if self._words is None:
            self._words = [*self._table.names]  # The table's own list must not be sorted.
        return self._words

    @property
    def matrix(self) -> np.ndarray:
        """The vectors, float32 or float16 (N, D), read-only; int8 is converted once."""
        return read_only(self._table.matrix)  # Norms are computed once, and must stay right.

    @property
    def counts(self) -> np.ndarray | None:
        """How often each word occurs in the corpus, int64 (N,), read-only; None if not known."""
        return None if self._table.counts is None else read_only(self._table.counts)

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return self._table.dim

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.names)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._table.find(word) is not None

    def __getitem__(self, word: str | Sequence[str]) -> np.ndarray:
        """The vector of a word, float32 (D,), or the vectors of a list of K words, (K, D).

        The array is a copy. A model with subwords composes the vector of an out-of-vocabulary word
        from its n-grams; the word is still not `in` the vectors. Otherwise such a word raises
        NotFoundError, a KeyError, whose message suggests similar spellings.
        """
        if isinstance(word, str):
            return lookup.find_vector(self._table, word).copy()
        return lookup.find_vectors(self._table, python_arguments.words(word, "a word", True))

    def __repr__(self) -> str:
        return f"<{len(self):,} {self._name} x {self.dim}{f' of {self._path}' * bool(self._path)}>"

    @property
    def tables(self) -> list[str]:
        """The names of the tables of vectors in the file, such as ["words", "documents"]."""
        if self._is_container():
            return container.table_names(container.read(self._file())[0])
        return [self._name]

    def table(self, name: str) -> Vectors:
        """Another table of the same file, such as "documents"; W2VError if there is none."""
        if name == self._name:
            return self
        if not self._path:
            raise W2VError(f"no table {name!r}: these vectors were not loaded from a file")
        table, stamp = formats.load(self._file(), name), self._stamp
        return self._of(table, name, self._path, self._keep_alive, stamp=stamp)

    def _in_file(self, path: str, whole: bool = False) -> str:
        """The path of a file whose words are these vectors; `path`, if it is written for that.

        whole  whether the file must be that of the whole model, whatever its words are
        """
        if self._path and not self._is_part and (whole or self._name == "words"):
            return self._file()
        self.save(path) if whole else formats.save(path, self._table)
        return path

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
        """The `k` nearest neighbours of a word or vector by cosine similarity, the best first.

        word           a word, or an array (D,) of your own
        k              maximum number of neighbours to return
        plus, minus    words whose unit vectors are added or subtracted; default: no words
        method         "add": score by the cosine to the sum of the unit vectors; "mul": by the
                       product of cosines (3CosMul, Levy and Goldberg 2014)
        restrict       search only the first `restrict` rows, the most frequent words; None: all
        min_score      return only neighbours with this score or a higher one; None: any score
        include_query  whether the words of the query may be returned
        Returns        a list of `Neighbour`, tuples (name, score, row, count); ties by row
        Raises         NotFoundError for a word without a vector, or with one that has no direction

            vectors.similar("king", k=3, plus="woman", minus="man")
        """
        if not isinstance(method, str) or method not in ("add", "mul"):
            raise W2VError(f"method: expected 'add' or 'mul', found {method!r}")
        limit = None if restrict is None else python_arguments.whole(restrict, "restrict", 1)
        rows = None if limit is None else np.arange(min(limit, len(self)))
        search = Search(
            self._table,
            python_arguments.whole(k, "k", 1),
            rows,
            python_arguments.score(min_score, "min_score"),
        )
        added, removed = (
            python_arguments.words(names, what)
            for names, what in ((plus, "plus"), (minus, "minus"))
        )
        if not isinstance(word, str):
            if added or removed:
                raise W2VError("plus and minus are for words: add up vectors with NumPy")
            return query.neighbours(python_arguments.vector(word, self.dim), search)
        terms = [("+", word), *(("+", name) for name in added), *(("-", name) for name in removed)]
        return self._answers([Query(tuple(terms))], search, method, include_query)[0]

    def similar_each(
        self, words: str | Iterable[str] | np.ndarray, k: int = 10
    ) -> list[list[Neighbour]]:
        """The nearest neighbours of many words or vectors; faster than a loop over `similar`.

        words    Q words, or an array (Q, D) of your own
        k        maximum number of neighbours to return for each word or vector
        Returns  Q lists of `Neighbour`, see `similar`
        Raises   NotFoundError for the first word without a vector, when all have been searched for
        """
        search = Search(self._table, python_arguments.whole(k, "k", 1))
        if isinstance(words, np.ndarray) and words.dtype.kind in "fiu":
            vectors = [python_arguments.vector(vector, self.dim) for vector in words]
            return query.neighbours_each(np.array(vectors).reshape(-1, self.dim), search)
        queries = [Query((("+", word),)) for word in python_arguments.words(words, "words", True)]
        return self._answers(queries, search, "add", False)

    def _answers(
        self, queries: list[Query], search: Search, method: str, include_query: bool
    ) -> list[list[Neighbour]]:
        """The neighbours of each query; NotFoundError for the first query without an answer."""
        answers: list[list[Neighbour]] = []
        for answer in QueryAnswerer(search, self._table, method, include_query).answer(queries):
            if isinstance(answer, NotFoundError):
                raise answer
            answers.append(answer)
        return answers

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[Neighbour]:
        """Answer "a is to b as c is to ...": the words nearest to b - a + c (3CosAdd).

        Returns the `k` best `Neighbour`s, without a, b and c, as `similar(b, k, plus=c, minus=a)`.
        """
        a, b, c = map(python_arguments.word, (a, b, c))
        return self.similar(b, k, plus=c, minus=a)

    def similarity(self, a: str, b: str) -> float:
        """The cosine similarity of two words, -1 to 1; NotFoundError if one has no vector."""
        return query.similarity(self._table, a, b)

    def odd(self, *words: str) -> str:
        """The odd one out of three or more words: the least similar one to the mean of them all."""
        return query.odd(self._table, [python_arguments.word(word) for word in words])[0][0]

    def infer(
        self,
        texts: str | Iterable[str | Sequence[str]],
        *,
        epochs: int | None = None,
        threads: int | None = None,
    ) -> np.ndarray:
        """Infer the vectors of new documents with a document model, as `w2v infer` does.

        The model is one of pv-dm, pv-dbow, sif, lsa and lda. The vectors of LDA are the topic
        proportions of the documents.

        texts    one document as a string, or M documents, each a string or a list of words
        epochs   number of passes over each document, for pv-dm and pv-dbow; None: as in training
        threads  number of worker threads; None: as many as available processors
        Returns  float32 (D,) for one string, (M, D) for several documents. The row of a document
                 without words of the vocabulary is zero
        Raises   W2VError if these vectors do not come from a document model, or if one string has
                 no word of the vocabulary

            w2v.train("reviews.txt", model="pv-dbow").infer("a moving story with a weak end")
        """
        from w2v.runs.saved_model import SavedDocumentModel

        passes = None if epochs is None else python_arguments.whole(epochs, "epochs", 1)
        thread_count = python_arguments.threads(threads)
        model = SavedDocumentModel(self._model_path(), passes)
        if isinstance(texts, str):
            return model.vector(texts)
        text = _read(model, texts)
        with resources.blas_threads(thread_count):
            return model.vectors(text, thread_count)

    def _classifier(self) -> TextClassifier:
        """The classifier in the file; W2VError if there is none. See `LabelsTexts`."""
        from w2v.runs.saved_classifier import open_classifier

        return open_classifier(self._model_path())

    def _explainer(self) -> SavedExplainer:
        """The classifier in the file that explains; W2VError if there is none."""
        from w2v.runs.saved_explainer import open_explainer

        return open_explainer(self._model_path())

    def topics(self, count: int = 10) -> list[Topic]:
        """The topics of an LDA or LSA model.

        count    number of words to list for each topic
        Returns  a list of `Topic`, tuples (number, share, npmi, words), the largest share first
        Raises   W2VError if these vectors do not come from such a model
        """
        from w2v.runs.saved_model import SavedTopicModel
        from w2v.topics.topic_words import top_words

        model = SavedTopicModel(self._model_path())
        listing, coherence = model.listing(), model.coherence()
        rows = top_words(listing.weights, python_arguments.whole(count, "count", 1))
        return [
            Topic(
                topic,
                float(listing.sizes[topic]),
                coherence[topic].npmi if coherence else None,
                [(model.names[row], float(listing.weights[row, topic])) for row in rows[topic]],
            )
            for topic in map(int, listing.order())
        ]

    def _model_path(self) -> str:
        if not self._path:
            raise W2VError("these vectors do not come from a model: w2v.load a file of w2v.train")
        return self._file()

    def _file(self) -> str:
        """The path of the file, "" if there is none; W2VError if it is another file by now."""
        advice = ", or take these vectors as w2v.Vectors(words, matrix)"
        check_unchanged(self._path, self._stamp, advice)
        return self._path

    def info(self) -> dict[str, Any]:
        """A description of the file, as a dictionary; `w2v info` prints it.

        It holds the format, size and tables of the file and, for a model, the settings, the corpus
        and the losses. Raises W2VError if these vectors do not come from a file.
        """
        return formats.describe(self._model_path(), Diagnostics(self._path))

    def save(self, path: str | Path) -> None:
        """Write the vectors to a file, completely or not at all, in the format of its suffix.

        The suffixes are .safetensors, .txt and .vec (word2vec text), .bin (fastText if the vectors
        have subwords, else word2vec), .glove, .npy (with a list of words beside it), .tsv, .parquet
        and .model2vec (a folder for model2vec and sentence-transformers). A second suffix .gz,
        .bz2, .xz or .zst compresses .txt, .vec, .glove, .npy and word2vec's .bin.

        If the vectors come from a model, .safetensors keeps the complete model; other formats hold
        only this table. Vectors that were loaded with a limit are saved without the rest. Raises
        W2VError for an unknown suffix, a name that does not fit, or a model whose file has changed.
        """
        target = python_arguments.path(path, "path")
        source = self._file() if formats.reads_source(target) else ""
        is_own = bool(self._path) and os.path.realpath(target) == os.path.realpath(self._path)
        if formats.is_container(target) and self._is_container() and self._is_whole():
            with open(source, "rb") as file, atomic_file.replacing(target) as copy:
                shutil.copyfileobj(file, copy)
        else:
            formats.save(target, self._table, self._name, source)
        if is_own:
            self._stamp = stamp_of(self._path)

    def _is_container(self) -> bool:
        return bool(self._path) and formats.sniff(self._path) == formats.CONTAINER

    def _is_whole(self) -> bool:
        """Whether the vectors are all those of their table in a container."""
        name = f"{self._name}.order"
        return not self._is_part or len(container.read(self._path)[0][name]) == len(self)


def _read(
    model: SavedDocumentModel, texts: str | Iterable[str | Sequence[str]]
) -> EncodedDocuments:
    """Encode texts as documents with the vocabulary of a model."""
    from w2v.text.encode import texts_corpus

    with texts_corpus(texts, model.text_settings) as corpus:
        text, unknown = model.read(corpus)
    _LOG.info("%s left out", plural(unknown, "unknown token"))
    return text
