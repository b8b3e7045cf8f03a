"""The request for a run: its texts, output, model and settings, and the check of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from w2v import setting_fields
from w2v.classifier_settings import ClassifierSettings, SearchSettings
from w2v.embeddings import formats
from w2v.errors import W2VError
from w2v.models import Model
from w2v.presets import PresetSettings, settings_of
from w2v.runs import checkpoint
from w2v.runs.initial_vectors import InitialVectors
from w2v.settings import (
    FEWEST_BUCKETS,
    DocumentSettings,
    FieldSettings,
    ModelSettings,
    NegativeSamplingSettings,
    RunSettings,
    SubwordSettings,
    TermSettings,
    TextSettings,
)
from w2v.system import locks, output_files, packing
from w2v.system.resources import rounded_down
from w2v.text.labels import Labels


@dataclass(frozen=True)
class Request:
    """The options and files of a call of `w2v train`.

    paths      the paths of the texts; `-` is stdin
    output     the path of the file to write; its suffix selects the format
    model      the model to train
    options    the settings of the model
    text       the settings of tokenizing and of the vocabulary
    run        the settings of the run: output, checkpoints, validation, memory
    documents  how documents are read from the files; None for a model that reads sentences
    fields     how sentences are read from the fields of records; None: each line is a sentence, or
               the model reads documents
    initial    the initial vectors; None: random initial vectors
    temporary  whether the output is a temporary file, for which no checkpoints are written
    search     the settings of a search for the other settings
    given      the values of the settings that the user gives, by name
    preset     the choice of settings by the size of the text, for settings that are not given
    in_sweep   whether the model is one of a topic sweep, which has --sweep in place of --topics
    """

    paths: Sequence[str]
    output: str
    model: Model
    options: ModelSettings
    text: TextSettings
    run: RunSettings
    documents: DocumentSettings | None = None
    initial: InitialVectors | None = None
    temporary: bool = False
    search: SearchSettings = SearchSettings()
    given: Mapping[str, Any] = field(default_factory=dict)
    preset: PresetSettings = PresetSettings()
    fields: FieldSettings | None = None
    in_sweep: bool = False

    @property
    def checkpoint_path(self) -> str | None:
        """The path of the checkpoint; None for a run without checkpoints."""
        if self.temporary or not self.model.is_resumable:
            return None
        return checkpoint.path_for(self.output)

    @property
    def lock_path(self) -> str | None:
        """The path of the lock file, which keeps two runs from writing the same output.

        None for stdout or a device.
        """
        return locks.path_for(self.output) if checkpoint.path_for(self.output) else None

    @property
    def keeps_best(self) -> bool:
        """Whether the output holds the epoch with the lowest validation loss, not the last epoch.

        This is so for a model that predicts labels or next words with --valid, and for any other
        model with --patience.
        """
        if self.model.predicts:
            return self.run.valid is not None
        return self.run.patience is not None

    def memory_advice(self, rows: int, excess: int) -> str:
        """What to try where memory is too small.

        rows    number of rows of n-grams; 0 for a model without them
        excess  bytes that are too many
        """
        if isinstance(self.options, ClassifierSettings):
            options = self.options
            advice = ["a lower --max-ngrams"] * (options.order > 1)
            advice += ["fewer lengths in --subwords"] * options.has_subwords
            advice += ["smaller --hidden layers"] * bool(options.hidden_units)
            return ", ".join([*advice, "a higher --min-count or a smaller --dim"])
        if self.composes_words:
            # With each bucket less, at least a row of numbers is saved.
            buckets = rounded_down(rows - 1.1 * excess / (4 * self.dim))
            fewer = f"--buckets {buckets}, " if buckets >= FEWEST_BUCKETS else ""
            return f"{fewer}a higher --min-count or a smaller --dim"
        is_dense = vars(self.options).get("document_table") == "dense"
        table = "--document-table sparse, " if is_dense else ""
        size = "a smaller --dim" if "dim" in vars(self.options) else "a smaller --topics"
        size = "smaller numbers in --sweep" if self.in_sweep else size
        return f"{table}a higher --min-count, a --max-vocab, or {size}"

    @property
    def labels(self) -> Labels:
        """How labels are read from the texts."""
        if isinstance(self.options, ClassifierSettings) and not self.options.is_exclusive:
            return "several"
        return "needed" if self.model.predicts else "extra"

    @property
    def is_deterministic(self) -> bool:
        """Whether the result does not depend on the number of threads."""
        return bool(getattr(self.options, "deterministic", False))

    @property
    def is_update(self) -> bool:
        """Whether the run trains an existing model on more text (--update)."""
        return self.initial is not None and self.initial.update

    def check(self) -> None:
        """Raise W2VError where a setting is out of range, or settings or files conflict."""
        records = self.documents or self.fields
        for group in filter(None, (self.options, self.text, self.run, records, self.preset)):
            setting_fields.check(group)
        self.options.check_together(self.run)
        name, run = self.model.name, self.run
        if run.map_documents and not self.documents:
            raise W2VError("--map-documents is for models of documents: leave it out")
        if run.valid and not self.model.has_loss:
            raise W2VError(
                f"--valid is for models that are trained by gradient descent, not for {name}: "
                "leave it out"
            )
        if self.search.seconds and not run.valid:
            raise W2VError("--time compares settings on a held-out text: add --valid FILE")
        if self.search.metric != SearchSettings.metric and not self.search.seconds:
            raise W2VError("--metric is for --time: add --time TIME, or leave out --metric")
        if self.preset.preset and self.is_update:
            raise W2VError(
                "--preset cannot be used with --update, which keeps the settings of the model: "
                "leave out --preset"
            )
        if run.patience and not run.valid:
            raise W2VError("--patience needs a held-out text: add --valid FILE")
        if self.initial and not (self.is_update or self.options.has_words):
            hint, advice = "", "leave out --init"
            if hasattr(self.options, "word_vectors"):
                hint, advice = " without --word-vectors", "add it, or leave out --init"
            raise W2VError(
                f"--init sets word vectors, but --model {name} has no word vectors{hint}: {advice}"
            )
        if self.model.needs_vectors and not self.initial:
            raise W2VError(f"--model {name} needs word vectors: add --init FILE")
        if self.initial:
            self.initial.check(name, self.dim)
        self._check_loss()
        if vars(self.options).get("document_table") == "sparse" and formats.writer(self.output):
            raise W2VError(
                f"{self.output} would hold vectors of documents, which --document-table sparse "
                "does not make: write X.safetensors, or add --document-table dense"
            )
        plain = packing.plain_name(self.output)
        if self.composes_words and plain != self.output and plain.lower().endswith(".bin"):
            raise W2VError(
                f"{self.output}: a fastText model cannot be mapped from a compressed file: leave "
                "out the last suffix"
            )
        self._check_files()

    def _check_loss(self) -> None:
        """Raise W2VError for what does not go with hierarchical softmax (--loss hs)."""
        if not isinstance(self.options, NegativeSamplingSettings) or self.options.loss != "hs":
            return
        for name in ("negative", "noise_exponent"):
            if name in self.given:
                raise W2VError(
                    f"{setting_fields.option_name(name)} is for --loss ns, and --loss hs has no "
                    "negative samples: leave one of them out"
                )
        if self.is_update:
            raise W2VError(
                "--loss hs cannot be used with --update, which keeps the loss of the model: leave "
                "out --loss"
            )

    def preset_values(self, preset: str, words: int) -> dict[str, Any]:
        """What a preset sets: no setting that is given, or that initial vectors determine.

        preset  one of `presets.PRESETS`
        words   number of words of the text
        """
        fixed = {*self.given, *(["dim"] if self.initial else [])}
        if getattr(self.options, "loss", "ns") == "hs":
            fixed.add("negative")
        values = settings_of(self.model.name, preset, words)
        return {name: value for name, value in values.items() if name not in fixed}

    def with_values(self, values: Mapping[str, Any]) -> Request:
        """The request with other values of settings of the model; W2VError if they conflict."""
        request = replace(self, options=replace(self.options, **values))
        request.check()
        return request

    @property
    def composes_words(self) -> bool:
        """Whether word vectors are composed from n-grams."""
        return isinstance(self.options, SubwordSettings) and self.options.has_subwords

    @property
    def keeps_subwords(self) -> bool:
        """Whether the output, a container, keeps the n-grams of --init."""
        has_ngrams = self.initial and self.initial.subwords and self.initial.subwords.has_ngrams
        composes = vars(self.options).get("oov") == "compose"
        return bool(has_ngrams) and composes and formats.writer(self.output) is None

    @property
    def numbers_ngrams(self) -> bool:
        """Whether each n-gram has a vector of its own, not that of a bucket."""
        options = self.options
        return isinstance(options, SubwordSettings) and options.has_subwords and not options.buckets

    @property
    def dim(self) -> int:
        """The dimension of the vectors; for topic models the number of topics."""
        return int(vars(self.options).get("dim") or vars(self.options).get("topics", 0))

    @property
    def trainer_options(self) -> ModelSettings:
        """The settings for the trainer, with the stop words themselves, in the form of the text.

        Raises  W2VError if the file of stop words is not a text, OSError if it cannot be read
        """
        from w2v.factorization.stopwords import in_form_of_text

        if not isinstance(self.options, TermSettings):
            return self.options
        return replace(self.options, stopwords=in_form_of_text(self.options.stopwords, self.text))

    @property
    def setting_files(self) -> dict[str, str]:
        """The files that settings of the model name, by setting."""
        from w2v.factorization.stopwords import list_and_file

        files = {"weights": getattr(self.options, "weights", None)}
        stopwords = getattr(self.options, "stopwords", "none")
        # A Python program may give the words themselves, in lines.
        if "\n" not in stopwords:
            files["stopwords"] = list_and_file(stopwords)[1]
        seeds = getattr(self.options, "seeds", None)
        if seeds and "\n" not in seeds:
            files["seeds"] = seeds
        return {name: path for name, path in files.items() if path}

    def _check_files(self) -> None:
        """Raise W2VError where an output is also an input, or two outputs are the same file."""
        initial = formats.read_with(self.initial.path) if self.initial else None
        is_update = self.initial is not None and self.initial.update
        source = "the model of --update" if is_update else "the file of the initial vectors"
        output_files.check(
            {
                "-o": self.output,
                "the list of names": formats.written_beside(self.output),
                "the checkpoint": checkpoint.path_for(self.output),
                "the lock": self.lock_path,
                "--save-vocab": self.run.save_vocab,
            },
            {
                "one of the texts": self.paths,
                "the held-out text": self.run.valid,
                "the file of --read-vocab": self.run.read_vocab,
                source: initial,
                **{f"the file of --{name}": path for name, path in self.setting_files.items()},
            },
            {"--log-json": self.run.log_json},
        )
