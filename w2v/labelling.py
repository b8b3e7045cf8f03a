"""Labels of texts for Python programs: predicted by a classifier from a file, and explained."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, overload

from w2v.errors import W2VError
from w2v.system import python_arguments, resources
from w2v.system.file_stamp import check_unchanged, stamp_of
from w2v.system.opened_path import OpenedPath
from w2v.system.progress import plural

if TYPE_CHECKING:
    from w2v.networks.text_classifier import TextClassifier
    from w2v.runs.saved_explainer import SavedExplainer
    from w2v.text_classification.explanation import Contribution

_LOG = logging.getLogger("w2v")

Label = tuple[str, float]  # a label and its probability
Texts = Iterable[str | Sequence[str]]
Count = int | Literal["all"]


class Explanation(NamedTuple):
    """Which features of a text spoke for a label, and which against it; see `w2v explain`.

    label          the label
    p              its probability
    margin         ln(p / (1 - p))
    bias           the contribution of the biases to the margin
    contributions  a `Contribution`, a tuple (kind, names, words, value), for each feature, the
                   largest absolute value first
    features       the number of features of the text
    unknown        the number of words without a feature
    """

    label: str
    p: float
    margin: float
    bias: float
    contributions: list[Contribution]
    features: int
    unknown: int


class LabelsTexts:
    """Predicts the labels of texts, and explains them: what `Classifier` and `Vectors` share."""

    def _classifier(self) -> TextClassifier:
        """The classifier that predicts; W2VError if there is none."""
        raise NotImplementedError

    def _explainer(self) -> SavedExplainer:
        """The classifier that explains; W2VError if there is none."""
        raise NotImplementedError

    @overload
    def predict(  # type: ignore[overload-overlap]  # a string is also an iterable of strings
        self, texts: str, *, k: None = None, threshold: None = None, threads: int | None = None
    ) -> Label: ...

    @overload
    def predict(
        self, texts: Texts, *, k: None = None, threshold: None = None, threads: int | None = None
    ) -> list[Label]: ...

    @overload
    def predict(  # type: ignore[overload-overlap]
        self, texts: str, *, k: Count | None = None, threshold: float | None = None,
        threads: int | None = None,
    ) -> list[Label]: ...  # fmt: skip

    @overload
    def predict(
        self, texts: Texts, *, k: Count | None = None, threshold: float | None = None,
        threads: int | None = None,
    ) -> list[list[Label]]: ...  # fmt: skip

    def predict(
        self, texts: str | Texts, *, k: Count | None = None, threshold: float | None = None,
        threads: int | None = None,
    ) -> Label | list[Label] | list[list[Label]]:  # fmt: skip
        """Predict the labels of new texts, as `w2v predict` does.

        texts      one text as a string, or several texts, each a string or a list of words
        k          maximum number of labels for each text, or "all"; None: the most probable one
        threshold  lowest probability of a label, 0 to 1; None: any
        threads    number of worker threads; None: as many as available processors
        Returns    for each text (label, probability). With `k` or `threshold` a list of such pairs,
                   the most probable first, which may be empty. For one string the answer itself,
                   and for several texts a list
        Raises     W2VError if there is no classifier of texts in the file

            w2v.train("reviews.txt", model="nbow").predict("a moving story")
        """
        from w2v.networks.text_classifier import choose
        from w2v.text.encode import texts_corpus

        count, lowest = _count(k), _threshold(threshold)
        thread_count, model = python_arguments.threads(threads), self._classifier()
        labels, answers = model.labels, list[list[Label]]()
        # Each of the threads calls BLAS.
        with texts_corpus(texts, model.text_settings) as corpus, resources.blas_threads(1):
            predicted = model.predict(corpus, thread_count)
            for block in predicted.blocks:
                chosen = choose(block, count, lowest, predicted.ties, predicted.added)
                answers += [[(labels[label], p) for label, p in row] for row in chosen.rows()]
            _LOG.info("%s", plural(predicted.counts.unknown, "unknown token"))
        if k is None and threshold is None:
            best = [answer[0] for answer in answers]
            return best[0] if isinstance(texts, str) else best
        return answers[0] if isinstance(texts, str) else answers

    @overload
    def explain(  # type: ignore[overload-overlap]
        self, texts: str, *, label: str | None = None, parts: bool = False
    ) -> Explanation: ...

    @overload
    def explain(
        self, texts: Texts, *, label: str | None = None, parts: bool = False
    ) -> list[Explanation]: ...

    def explain(
        self, texts: str | Texts, *, label: str | None = None, parts: bool = False
    ) -> Explanation | list[Explanation]:
        """Explain which words and n-grams of texts spoke for a label, as `w2v explain` does.

        texts    one text as a string, or several texts, each a string or a list of words
        label    the label to explain; None: the most probable one of each text
        parts    whether character n-grams have contributions of their own; if not, they are summed
                 by the words that they come from
        Returns  an `Explanation` for one string, a list of them for several texts
        Raises   W2VError if there is no classifier in the file that can be explained, NotFoundError
                 if it does not know the label

            w2v.train("reviews.txt", model="nbow").explain("a moving story").contributions[:3]
        """
        model = self._explainer()
        number = None if label is None else model.number_of(python_arguments.word(label, "label"))
        answers = []
        for text in python_arguments.texts(texts):
            found = model.explain(text.encode("utf-8", "surrogatepass"), number, bool(parts))
            answers.append(Explanation(model.labels[found.label], *found[1:]))
        return answers[0] if isinstance(texts, str) else answers


class Classifier(LabelsTexts):
    """A classifier of texts from a file, which is read once for any number of calls.

    path    a model of `w2v train --model nbow`, a small classifier of `w2v convert`, a network of
            `w2v train --task classify`, or a classifier of fastText (.bin, .ftz)
    Raises  W2VError if the file holds no classifier or is damaged, OSError if it cannot be opened

        classifier = w2v.Classifier("small.safetensors")
        classifier.predict("a moving story", k=2)  # [("good", 0.94), ("bad", 0.06)]
    """

    _path = OpenedPath()

    def __init__(self, path: str | Path):
        from w2v.runs.saved_classifier import open_classifier

        self._path = python_arguments.path(path, "path")
        self._stamp = stamp_of(self._path)
        self._opened = open_classifier(self._path)

    def __getstate__(self) -> dict[str, object]:
        # Where a pickle is read, its file may be a copy, whose stamp is another one. What explains
        # has functions, which cannot be pickled, and is opened again.
        state = {**vars(self), "_stamp": None}
        state.pop("_opened_explainer", None)
        return state

    @property
    def labels(self) -> list[str]:
        """The labels that the classifier was trained on."""
        return list(self._opened.labels)

    def __repr__(self) -> str:
        return f"<a classifier of {len(self._opened.labels):,} labels of {self._path}>"

    def _classifier(self) -> TextClassifier:
        return self._opened

    @cached_property
    def _opened_explainer(self) -> SavedExplainer:
        from w2v.runs.saved_explainer import open_explainer

        check_unchanged(self._path, self._stamp)
        return open_explainer(self._path)

    def _explainer(self) -> SavedExplainer:
        return self._opened_explainer


def _count(k: object) -> int:
    """The maximum number of labels for each text."""
    if k is None:
        return 1
    if isinstance(k, str):
        if k != "all":
            raise W2VError(f"k: expected a whole number, 1 or more, or 'all', found {k!r}")
        return 1 << 62
    return python_arguments.whole(k, "k", 1)


def _threshold(threshold: object) -> float:
    """The lowest probability of a label."""
    if threshold is None:
        return 0.0
    is_number = isinstance(threshold, Real) and not isinstance(threshold, bool)
    if not is_number or not 0 <= threshold <= 1:  # type: ignore[operator]
        raise W2VError(f"threshold: expected a number from 0 to 1, found {threshold!r}")
    return float(threshold)  # type: ignore[arg-type]
