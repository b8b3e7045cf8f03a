"""Initial vectors or topics that are read from a file, not drawn at random: --init, --update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from w2v.embeddings import container, fasttext_export, formats, subword_tensors
from w2v.embeddings.bucket_rows import NUMBERED
from w2v.embeddings.floret_subwords import FloretSubwords
from w2v.embeddings.norms import has_direction, row_norms
from w2v.embeddings.subwords import Subwords
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.models import models
from w2v.runs.model_file import kind_of_model
from w2v.runs.word_names import can_be_word, is_vocabulary
from w2v.setting_fields import option_name
from w2v.settings import ModelSettings, RunSettings, SubwordSettings
from w2v.system.pipes import name_of, sha256_of
from w2v.system.progress import plural
from w2v.text.vocabulary import Vocabulary
from w2v.topics.earlier_topics import EarlierTopics, read_earlier_topics
from w2v.training.protocols import ComposesWords, GradientTrainer, HasVectors

_OUTPUT_VECTORS = "output_vectors"  # the name of a model's second matrix


class InitialVectors:
    """The vectors of a file from which a run starts; for an update, the whole model.

    path    a vector file in any format; with `update` a model that `w2v train` wrote
    update  whether to start from the whole model: its words, their counts, input and output
            vectors, or its topics. Otherwise only vectors are used
    all_words  whether the vocabulary of the run has all words of the file
    Raises  W2VError where the file is unsuitable, OSError where it cannot be read

    Attributes:

    name         the name of the file in messages
    option       the command line option, --init or --update
    table        the words of the file with their vectors
    dim          the length of a vector
    model        the name of the model that is updated; empty for --init
    settings     the settings of the model that is updated; empty for --init
    file_hashes  the SHA-256 of files that settings of the model name, and that an update does not
                 read again, by setting
    topics       the topics of the model, if it is a topic model; otherwise None
    left_out     a message about vectors that `copy_into` left out; empty if there are none
    subwords     the subwords of the file; None if it has none
    composed     the number of words that `start` has composed from the n-grams of the file
    added        the number of words of the vocabulary that only the file has
    fingerprint  the SHA-256 of the file
    """

    def __init__(self, path: str, update: bool, all_words: bool = False):
        self.path, self.name, self.update = path, name_of(path), update
        self._all_words = all_words
        self.option = "--update" if update else "--init"
        self.model = ""
        self.settings: dict[str, Any] = {}
        self.file_hashes: dict[str, str] = {}
        self.topics: EarlierTopics | None = None
        self.left_out = ""
        self.composed = self.added = 0
        self._output_vectors: np.ndarray | None = None
        self.subwords: Subwords | None = None
        self.table: Table
        if update:
            self._open_model()
        else:
            self.table = formats.load(path)
            subwords = self.table.subwords
            if isinstance(subwords, FloretSubwords):
                raise W2VError(
                    f"{self.name} is a floret text, which lists no words: write the vectors of the "
                    "text's words with w2v convert --words, and take that file"
                )
            if subwords is not None:  # in fastText, 0 characters mean the same as 1
                self.subwords = replace(subwords, minn=max(subwords.minn, 1))
        self.dim = self.table.dim
        self.fingerprint = sha256_of(path)

    def _open_model(self) -> None:
        """Read the model to update; W2VError where its arrays do not match or are not finite."""
        tensors, metadata = formats.contents(self.path)
        self.settings = container.nested(metadata, "settings")
        if "," in str(self.settings.get("format")):  # one for each file of the earlier text
            del self.settings["format"]
        if self.settings.get("loss") == "hs":
            raise W2VError(
                f"{self.name} was trained with --loss hs, whose tree of words cannot take new "
                "counts: train on all texts, or start from its word vectors with --init"
            )
        self.model = metadata.get("model", "")
        self.table = container.read_table(self.path, tensors, "words")
        if models()[self.model].topic_words:
            self._open_topics(tensors)
            return
        self._output_vectors = tensors.get(_OUTPUT_VECTORS, np.empty(0))
        size = len(self.table), self.table.dim
        if self._output_vectors.shape != size or not is_vocabulary(self.table):
            raise W2VError(f"{self.name}: damaged: words, counts and vectors do not match")
        if not (np.isfinite(self.table.norms).all() and np.isfinite(self._output_vectors).all()):
            raise W2VError(f"{self.name}: damaged: some vectors are not finite")
        self.subwords = subword_tensors.read(self.path, tensors, metadata, *size)

    def _open_topics(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Read the topics of a model; W2VError where its arrays do not match.

        Of its settings, an update does not take the file of seeds, because the model has what
        follows from it, and not the formats of several files. Priors are kept, not fitted.
        """
        try:
            if not is_vocabulary(self.table):
                raise ValueError("words.names or words.counts")
            self.topics = read_earlier_topics(tensors, self.table)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise W2VError(f"{self.name}: damaged: its arrays do not match ({error})") from None
        self.settings["optimize"] = "none"
        if seeds := self.settings.pop("seeds", None):
            self.file_hashes["seeds"] = seeds

    def check_given(self, values: Mapping[str, Any]) -> None:
        """Raise W2VError for a setting of the user that an update of topics cannot have.

        values  the settings that the user gives, by name
        """
        if not self.topics:
            return
        kept = {"seeds": "seeds", "alpha": "priors", "eta": "priors"}
        for setting in kept.keys() & values.keys():
            option = option_name(setting)
            raise W2VError(
                f"{option} cannot be used with --update, which keeps the {kept[setting]} of the "
                f"model: leave out {option}"
            )
        if "stopwords" not in values and "sha256:" in str(self.settings.get("stopwords")):
            raise W2VError(
                f"{self.name} was trained with a file of --stopwords, which it does not hold: give "
                "--stopwords FILE again, or --stopwords none to leave out no new words"
            )

    def check(self, model: str, dim: int) -> None:
        """Raise W2VError where the run has another model or dimension than the file."""
        if self.update and model != self.model:
            own = f"--model {self.model}"
            raise W2VError(f"{self.name} was trained with {own}: use {own}")
        if self.topics and dim != self.dim:
            raise W2VError(
                f"{self.name} has {plural(self.dim, 'topic')}, but --topics is {dim}: leave out "
                "--topics, or train a new model on all texts"
            )
        if dim != self.dim:
            raise W2VError(
                f"{self.name} has vectors of {self.dim} numbers, but --dim is {dim}: leave out "
                "--dim"
            )

    @property
    def counts(self) -> dict[str, int]:
        """The words that the vocabulary keeps, and their counts in earlier texts.

        They are those of a model that is updated; with --init-all, those of the file whose vectors
        have a direction, with the counts 0.
        """
        if not self.update:
            names = self.table.names if self._all_words else []
            usable = zip(names, self.table.has_direction(slice(len(names))).tolist(), strict=True)
            return {name: 0 for name, is_usable in usable if is_usable and can_be_word(name)}
        assert self.table.counts is not None
        return dict(zip(self.table.names, self.table.counts.tolist(), strict=True))

    def copy_into(
        self, trainer: HasVectors, names: list[str], settings: ModelSettings
    ) -> np.ndarray:
        """Copy the vectors of all words that the file and the run share into the trainer.

        trainer   the trainer, whose matrices are changed in place
        names     the V words of the run's vocabulary
        settings  the settings of the run's model
        Returns   bool (V,): whether the row of each word was set

        With --init, words that only the run has are composed from the n-grams of the file, unless
        the run takes the n-grams themselves. Vectors that are zero or not finite are left out (see
        `norms.has_direction`): their words are initialised like words that the file lacks.
        `left_out` is set to a message about them.
        """
        file_rows = {name: row for row, name in enumerate(self.table.names)}
        rows = np.array([file_rows.get(name, -1) for name in names])
        shared = rows >= 0  # words of the run that are also in the file
        if not self.update:
            used = np.full(len(self.table), self._all_words)
            used[rows[shared]] = True
            self.left_out = self.table.without_direction(used)
            if self._all_words and (count := sum(not can_be_word(n) for n in self.table.names)):
                no_words = f"{plural(count, 'name')} that cannot be a word of a text"
                self.left_out = f"{self.left_out} and {no_words}".removeprefix(" and ")
            # Of the shared words, keep those whose vectors have a direction.
            shared[shared] = self.table.has_direction(rows[shared])
        vectors = self.table.stored(rows[shared])
        if self._composes_for(settings):
            shared, vectors = self._with_composed(names, rows, shared, vectors)
        if isinstance(trainer, ComposesWords):
            if self.subwords:
                trainer.set_ngrams(self.subwords)
            trainer.set_words(shared, vectors)
        else:
            trainer.vectors("input_vectors")[shared] = vectors
        if self._output_vectors is not None:
            trainer.vectors(_OUTPUT_VECTORS)[shared] = self._output_vectors[rows[shared]]
        return shared

    def _composes_for(self, settings: ModelSettings) -> bool:
        """Whether unknown words are composed here, and not by the trainer from the same n-grams."""
        subwords = self.subwords
        if self.update or subwords is None or not subwords.has_ngrams or "oov" in vars(settings):
            return False
        return not (isinstance(settings, SubwordSettings) and settings.has_ngrams_of(subwords))

    def _with_composed(
        self, names: list[str], rows: np.ndarray, shared: np.ndarray, vectors: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Add the words that the file lacks and that its n-grams compose.

        rows     int (V,), the row of each word in the file; -1 for an unknown word
        shared   bool (V,), the words that have the K `vectors`
        Returns  the same for all words with vectors
        """
        assert self.subwords
        unknown = np.flatnonzero(rows < 0)
        encoded = [names[row].encode("utf-8", "surrogateescape") for row in unknown.tolist()]
        composed = self.subwords.compose_unknown(encoded)
        has_vector = has_direction(row_norms(composed))
        every = np.zeros((len(names), self.dim), np.float32)
        every[shared], every[unknown] = vectors, composed
        marked = shared.copy()
        marked[unknown] = has_vector
        self.composed = int(has_vector.sum())
        return marked, every[marked]

    def start(
        self,
        trainer: HasVectors,
        vocabulary: Vocabulary,
        run: RunSettings,
        settings: ModelSettings,
    ) -> np.ndarray:
        """Copy the shared vectors into the trainer, see `copy_into`, which describes the result.

        With --freeze, the words are excluded from a training by gradient descent. The trainer of a
        topic model has the topics already, see `Model.make_trainer`.
        """
        if self.topics:
            known = set(self.topics.names)
            return np.array([name in known for name in vocabulary.names])
        rows = self.copy_into(trainer, vocabulary.names, settings)
        self.added = int((rows & (vocabulary.counts == 0)).sum())
        if run.freeze and isinstance(trainer, GradientTrainer):
            trainer.freeze(rows)
        return rows

    def nothing_shared(self) -> str:
        """The error message for a file without a usable vector for any word of the text."""
        reason = self.left_out or "try --lowercase, or another --tokenizer or --normalize"
        return f"{self.name} has no vector for any word of the text: {reason}"

    def vocabulary(self) -> Vocabulary:
        """The vocabulary of a model that is updated; the number of sentences is not known."""
        counts = self.table.counts
        assert counts is not None
        return Vocabulary(self.table.names, counts, len(self.table), int(counts.sum()))

    def copy_to(self, output: str, blank: str | None = None) -> str:
        """Copy the model to `output`, in the format that the suffix of `output` names.

        A format that holds one table gets the table that training would write.

        blank    what replaces each blank in a name; None: blanks stay
        Returns  a message about subwords that the format changes or leaves out; empty if there are
                 none
        """
        write = formats.writer(output)
        if not write:
            container.copy(self.path, output)
            return ""
        lost = formats.lost_subwords(output) if self.subwords else ""
        if lost or not self.subwords:
            name = models()[self.model].table
            table = self.table if name == "words" else formats.load(self.path, name)
            write(output, table if blank is None else table.without_blanks(blank))
            return lost
        table = self.table.with_subwords(self.subwords)
        facts = fasttext_export.facts_of(self.path, table)
        fasttext_export.write(output, table, facts)
        return fasttext_export.change_when_written(table, facts)

    def unused_ngrams(self, settings: ModelSettings) -> str:
        """A message if a run does not train the n-grams of the file; otherwise empty."""
        subwords = self.subwords
        if not isinstance(settings, SubwordSettings) or (self.update and not settings.has_subwords):
            return ""
        if subwords is None or not subwords.has_ngrams or settings.has_ngrams_of(subwords):
            return ""
        buckets = subwords.buckets
        wanted = f"--subwords {subwords.minn}-{subwords.maxn}"
        if buckets == NUMBERED:
            same = f"{wanted} without --buckets" if settings.buckets else wanted
        else:
            same = f"{wanted} --buckets {buckets}"
        if settings.has_subwords:
            return f"its n-grams have other lengths or buckets, and are not used: {same} uses them"
        return f"its n-grams compose initial vectors, and are not trained: {same} keeps the n-grams"

    def metadata(self) -> dict[str, Any]:
        """The metadata about the initial vectors, for the output file."""
        return {"option": self.option, "sha256": self.fingerprint}


def read_initial(values: Mapping[str, Any]) -> InitialVectors | None:
    """Read the initial vectors of a run (--init or --update); None if they are random.

    values  the settings that the user gives, by name
    Raises  W2VError where settings conflict, or where the file is unsuitable
    """
    path, update = values.get("init"), values.get("update")
    if update:
        _check_update(update)
    kept = {"update": "keeps the vocabulary of the model", "init_all": "adds words to a vocabulary"}
    for option, why in kept.items():
        if values.get(option) and values.get("read_vocab"):
            raise W2VError(
                f"--read-vocab cannot be used with {option_name(option)}, which {why}: leave out "
                "--read-vocab"
            )
    if path and update:
        raise W2VError("--init and --update cannot be used together: leave out one of them")
    for option in ("freeze", "init_all"):
        if values.get(option) and not path:
            name = option_name(option)
            raise W2VError(f"{name} is for --init: add --init FILE, or leave out {name}")
    source = path or update
    if not source:
        return None
    initial = InitialVectors(source, bool(update), bool(values.get("init_all")))
    initial.check_given(values)
    return initial


def _check_update(path: str) -> None:
    """Raise W2VError if a file is not a model that --update can train further.

    The message says what the file holds and what to do instead.
    """
    kind = kind_of_model(path)
    tensors, metadata = formats.contents(path)
    if not tensors:
        raise W2VError(
            f"{name_of(path)} ({kind}) is not a model of w2v train, which --update continues: "
            f"--init {path} starts from its vectors"
        )
    if metadata.get("kind") == "checkpoint":
        raise W2VError(
            f"{name_of(path)} is the checkpoint of a stopped run: continue that run with --resume"
        )
    model = models().get(metadata.get("model", ""))
    if model is None:
        raise W2VError(
            f"{name_of(path)} is not a model of w2v train, which --update continues: "
            f"--init {path} starts from its vectors"
        )
    if not model.updatable:
        advice = "train it again on all texts"
        if model.predicts:
            advice += ", or start from its word vectors with --init"
        elif "documents.matrix" in tensors:
            advice += ", or compute the vectors of new documents with w2v infer"
        trained = f"{name_of(path)} was trained with --model {model.name}"
        raise W2VError(f"{trained}, which cannot be updated: {advice}")
