"""The options of a run: one dataclass field each, with default, help and range.

The command line's options, their ranges and help, the settings stored in a file and the README's
tables all come from these fields.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, get_args, get_type_hints

from w2v.errors import W2VError

if TYPE_CHECKING:
    from w2v.kernels import Kernel
    from w2v.kernels.documents import DocumentKernels


def setting(
    default: Any, help: str, low: float | None = None, high: float | None = None,
    choices: tuple[str, ...] = (), file: str = "", group: str = "Model", metavar: str = "",
    shown: str = "",
) -> Any:  # fmt: skip
    """A dataclass field with what the command line must know: help, closed range or choices.

    file     of a path: input or output
    group    the heading under which --help lists the option
    metavar  what --help writes for the value, where the type does not tell
    shown    the default in words, where it depends on other settings
    """
    known = {"help": help, "low": low, "high": high, "choices": choices, "file": file}
    known |= {"group": group, "metavar": metavar, "shown": shown}
    return field(default=default, metadata=known)


text_setting = partial(setting, group="Text")
document_setting = partial(setting, group="Documents")
training_setting = partial(setting, group="Training")
run_setting = partial(setting, group="Output and run")


def option_name(name: str) -> str:
    """The option that sets a field: `min_count` is `--min-count`."""
    return "--" + name.replace("_", "-")


def check(settings: Any) -> None:
    """Raise W2VError where a setting is not finite, outside its range or of another kind."""
    kinds = get_type_hints(type(settings))
    for each in fields(settings):
        value, low, high = getattr(settings, each.name), *map(each.metadata.get, ("low", "high"))
        kind, choices = kinds[each.name], each.metadata["choices"]
        kind = kind | int if float in (kind, *get_args(kind)) else kind
        is_number = isinstance(value, int | float) and low is not None
        highest = sys.float_info.max if high is None else high
        if is_number and not low <= value <= highest:
            span = f"{_end(low)} or more" if high is None else f"{_end(low)} to {_end(high)}"
            raise W2VError(f"{option_name(each.name)} {value} is out of range: {span}")
        wrong = not isinstance(value, kind) or isinstance(value, bool) != (kind is bool)
        if wrong or (choices and value not in choices):
            kinds_of_value = (kind, *get_args(kind))
            expected = next(
                (what for one, what in _KINDS.items() if one in kinds_of_value), "another value"
            )
            if choices:
                expected = " or ".join(choices)
            raise W2VError(f"{option_name(each.name)} {value!r}: expected {expected}")


_KINDS = {float: "a number", bool: "true or false", int: "a whole number", str: "a text"}


def _end(value: Any) -> str:
    """The end of a range: whole numbers in full, 1,048,576."""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def split_settings(given: Mapping[str, Any], *kinds: type) -> list[Any]:
    """An object of each settings class, with what was given of its fields; None is not given."""
    return [
        kind(**{f.name: given[f.name] for f in fields(kind) if given.get(f.name) is not None})
        for kind in kinds
    ]


@dataclass(frozen=True)
class TextSettings:
    """How a text becomes words."""

    tokenizer: str = text_setting(
        "space", "How a line becomes words. space: split at ASCII whitespace; words: letters, "
        "digits and inner apostrophes; chars: as words, but each Han or kana character is a word; "
        "jieba: as words, but Han is segmented into Chinese words (needs the extra zh).",
        choices=("space", "words", "chars", "jieba"),
    )  # fmt: skip
    lowercase: bool = text_setting(False, "Convert the text to lower case.")
    normalize: str = text_setting(
        "none", "Unicode normalization of the text, and of queries to the model. NFC composes "
        "accents; NFKC also replaces wide, narrow and ligature forms by plain letters.",
        choices=("none", "NFC", "NFKC"),
    )  # fmt: skip
    encoding: str = text_setting(
        "utf-8", "Encoding of the text. Invalid bytes are replaced and counted.", metavar="NAME"
    )
    min_count: int = text_setting(5, "Leave out words that occur fewer than N times.", 1)
    max_vocab: int | None = text_setting(None, "Keep only the N most frequent words.", 1)
    max_types: int = text_setting(
        1 << 24, "Count at most N different words at a time, in about 80 bytes each. When there "
        "are more, the rarer half is dropped.", 2, 1 << 30,
    )  # fmt: skip


@dataclass(frozen=True)
class DocumentSettings:
    """Where documents are in files, and what names them."""

    format: str | None = document_setting(
        None, "What a document is. lines: a line; tsv, csv: a row of a table, in csv with quotes; "
        "jsonl: a JSON object on a line; files: a whole file. One for all CORPUS, or one for each, "
        "separated by commas.", metavar="NAME", shown="by suffix, else lines",
    )  # fmt: skip
    columns: str | None = document_setting(
        None, "Of tsv and csv: what the columns are, separated by commas: text, id, label, or - to "
        "leave one out.", metavar="LIST", shown="by the header, else id,text or label,id,text",
    )  # fmt: skip
    header: str = document_setting(
        "auto", "Of tsv and csv: whether the first row names the columns. auto: if it has text, "
        "and id or label.", choices=("auto", "yes", "no"),
    )  # fmt: skip
    text_field: str = document_setting("text", "Of jsonl: the field with the text.", metavar="NAME")
    id_field: str | None = document_setting(
        None, "Of jsonl: the field with the id.", metavar="NAME", shown="id, else the row number"
    )
    label_field: str = document_setting(
        "label", "Of jsonl: the field with the label, if there is one.", metavar="NAME"
    )
    merge_ids: bool = document_setting(
        False, "Join documents that have the same id. Without it, such documents are an error."
    )
    id_prefix: str = document_setting(
        "none", "Prefix of each id, as FILE:ID or LABEL:ID.", choices=("none", "file", "label")
    )


@dataclass(frozen=True)
class ModelSettings:
    """What the settings of every model have, whatever its fields are."""

    @property
    def has_words(self) -> bool:
        """Whether words have vectors of their own, which `--init` can give."""
        return True

    @property
    def untrained_loss(self) -> float:
        """Nats for each pair of a model that knows nothing; infinite where that is not known."""
        return math.inf

    def check_together(self, run: RunSettings) -> None:
        """W2VError where settings contradict each other, or those of the run."""


@dataclass(frozen=True)
class TermSettings(ModelSettings):
    """Which words of the vocabulary a topic model looks at."""

    stopwords: str = text_setting(
        "none", "Leave out the words in this file; english: the built-in list.", file="input"
    )
    min_df: int = text_setting(1, "Leave out words that occur in fewer than N documents.", 1)
    max_df: float = text_setting(
        1.0, "Leave out words that occur in more than this share of the documents.", 0, 1
    )
    drop_top: int = text_setting(0, "Leave out the N most frequent words.", 0)


@dataclass(frozen=True)
class NegativeSamplingSettings(ModelSettings):
    """What all models trained by negative sampling share."""

    dim: int = setting(100, "Dimensions: numbers in each vector.", 1, 1 << 16)
    window: int = setting(
        5, "Context words to each side. A small window favours words of one kind, a large one "
        "words of one topic.", 1, 1 << 20,
    )  # fmt: skip
    shrink: bool = setting(
        True, "Draw the reach of each window from 1 to --window, so that near words count more."
    )
    negative: int = training_setting(
        5, "Negative samples for each window. A small text may need more.", 0, 1000
    )
    noise_exponent: float = training_setting(
        0.75, "Draw negative samples in proportion to their counts to this power.", -10, 10
    )
    sample: float = training_setting(
        1e-3, "Subsample words whose share of the text is larger than this; 0: none. A smaller "
        "number leaves out more of the frequent words.", 0, 1e9,
    )  # fmt: skip
    lr: float = training_setting(0.025, "Learning rate at the start.", 0, 1e6)
    min_lr: float | None = training_setting(
        None, "Learning rate at the end; it falls linearly.", 0, 1e6, shown="1e-4 times --lr"
    )
    epochs: int = training_setting(5, "Passes over the text. A small text needs more.", 1, 1 << 30)
    seed: int = training_setting(1, "Seed of the random numbers.", 0)
    deterministic: bool = training_setting(
        False, "Train in synchronous rounds: the same seed gives the same bytes on any number of "
        "threads. Without it, threads are lock-free (Hogwild).",
    )  # fmt: skip
    shards: int = training_setting(
        8, "With --deterministic: shards of a round, so the most threads of use.", 1, 1024
    )
    round_words: int = training_setting(
        10_000, "With --deterministic: words of each shard in a round.", 1, 1 << 24
    )

    def lr_at(self, share: float) -> float:
        """The learning rate when `share` (0 to 1) of the run is done: it falls linearly."""
        lowest = 1e-4 * self.lr if self.min_lr is None else self.min_lr
        return self.lr + (lowest - self.lr) * share

    @property
    def padded_dim(self) -> int:
        """The length of rows in memory: a multiple of the 16 numbers that kernels work on."""
        return -(-self.dim // 16) * 16

    @property
    def untrained_loss(self) -> float:
        """Nats for each pair while all output vectors are zero."""
        return (1 + self.negative) * math.log(2)

    def kernel(self) -> Kernel:
        """The kernel that trains the windows of a chunk."""
        raise NotImplementedError

    def check_together(self, run: RunSettings) -> None:
        """W2VError where the learning rate would rise from --lr to --min-lr."""
        if self.min_lr is not None and self.min_lr > self.lr:
            raise W2VError(
                f"--min-lr {self.min_lr} is above --lr {self.lr}: the learning rate only falls"
            )


@dataclass(frozen=True)
class ParagraphSettings(NegativeSamplingSettings):
    """What the models of documents have besides: more epochs, as each document is short."""

    epochs: int = training_setting(10, "Passes over the documents.", 1, 1 << 30)

    @property
    def hidden_dim(self) -> int:
        """The length of the vector that predicts a word, and of the output vectors, in memory."""
        return self.padded_dim

    def document_kernels(self) -> DocumentKernels:
        """The kernels that train a chunk of documents."""
        raise NotImplementedError

    def kernel(self) -> Kernel:
        """The kernel that trains the windows of a chunk, beside the documents or with them."""
        kernels = self.document_kernels()
        return kernels.train_words or kernels.train_documents


@dataclass(frozen=True)
class NetworkSettings(ModelSettings):
    """What all models share whose embedding layer is learnt with a network."""

    task: str = setting(
        "classify", "What is learnt. classify: the labels of texts; lm: each next word of a text, "
        "as a language model.", choices=("classify", "lm"),
    )  # fmt: skip
    dim: int = setting(100, "Dimensions: numbers in each vector.", 1, 1 << 16)
    units: int = setting(128, "Units of each hidden layer.", 1, 1 << 16)
    layers: int = setting(1, "Hidden layers.", 1, 100)
    dense: str = setting(
        "", "Units of the dense layers that follow, as 256,64.", metavar="LIST", shown="none"
    )
    dropout: float = training_setting(
        0.0, "Share of numbers set to 0 at random between layers, against overfitting.", 0, 0.99
    )
    optimizer: str = training_setting(
        "adam", "How gradients become steps.", choices=("adam", "adagrad", "sgd")
    )
    lr: float | None = training_setting(
        None, "Learning rate at the start.", 0, 1e6, shown="adam 0.002, adagrad 0.1, sgd 1"
    )
    schedule: str = training_setting(
        "linear", "How the learning rate changes. linear: it falls to 0; cut: it is multiplied by "
        "--cut after an epoch that hardly improves the loss of --valid; constant: it stays.",
        choices=("linear", "cut", "constant"),
    )  # fmt: skip
    cut: float = training_setting(
        0.5, "With --schedule cut: the factor of the learning rate.", 0.001, 1
    )
    clip: float = training_setting(
        5.0, "Scale the gradient of a minibatch down to this length if it is longer; 0: never.", 0
    )
    batch: int | None = training_setting(
        None, "Texts or text positions in a minibatch.", 1, 1 << 20, shown="classify 32, lm 20"
    )
    bptt: int = training_setting(
        35, "With --task lm: steps of back-propagation through time.", 1, 1 << 16
    )
    tied: bool = setting(False, "With --task lm: the word vectors are also the output weights.")
    samples: int | None = training_setting(
        None, "With --task lm: train each word against N random ones (sampled softmax); 0: against "
        "all. For large vocabularies.", 0, 1 << 24, shown="0; 4096 above 50,000 words",
    )  # fmt: skip
    epochs: int = training_setting(10, "Passes over the texts.", 1, 1 << 30)
    seed: int = training_setting(1, "Seed of the random numbers.", 0)
    deterministic: bool = training_setting(
        False, "Split minibatches into --shards, not by thread: the same seed gives the same bytes "
        "on any number of threads.",
    )  # fmt: skip
    shards: int = training_setting(
        4, "With --deterministic: parts of a minibatch, so the most threads of use.", 1, 1024
    )

    layer: ClassVar[str | None] = None  # "module:name" of the recurrent layer's class; None: an mlp

    @property
    def length(self) -> int:
        """How many words of a text are read."""
        raise NotImplementedError

    pool = "last"

    def check_together(self, run: RunSettings) -> None:
        """W2VError where the schedule has nothing to go by."""
        if self.schedule == "cut" and not run.valid:
            raise W2VError("--schedule cut needs --valid, a text to evaluate on")

    @property
    def rate(self) -> float:
        """The learning rate at the start."""
        usual = {"adam": 0.002, "adagrad": 0.1, "sgd": 1.0}
        return usual[self.optimizer] if self.lr is None else self.lr

    @property
    def rows(self) -> int:
        """How many texts, or places of one, a batch has."""
        return self.batch or {"classify": 32, "lm": 20}[self.task]

    @property
    def dense_units(self) -> tuple[int, ...]:
        """The sizes of the dense layers."""
        try:
            units = tuple(int(each) for each in self.dense.split(",") if self.dense)
        except ValueError:
            units = (0,)
        if not all(0 < each <= 1 << 16 for each in units):
            raise W2VError(f"--dense {self.dense}: numbers of units, separated by commas: 256,64")
        return units


@dataclass(frozen=True)
class RecurrentSettings(NetworkSettings):
    """What recurrent networks have besides."""

    length: int = setting(400, "With --task classify: read the last N words of a text.", 1, 1 << 20)
    pool: str = setting(
        "max", "With --task classify: predict from the last state, or from the mean or maximum of "
        "all.", choices=("last", "mean", "max"),
    )  # fmt: skip


@dataclass(frozen=True)
class RunSettings:
    """How a run is carried out, and what it starts from."""

    threads: int | None = run_setting(
        None, "Worker threads.", 1, 1024, shown="the processors that may be used"
    )
    checkpoint_every: str = run_setting(
        "5", "Write OUTPUT.checkpoint every so many minutes, or each epoch (the word epoch); 0: "
        "only when stopped. --resume continues from it.", metavar="MINUTES",
    )  # fmt: skip
    valid: str | None = training_setting(
        None, "Held-out text whose loss is reported after each epoch.", file="input"
    )
    patience: int | None = training_setting(
        None, "With --valid: stop after N epochs without a lower loss, and keep the best.", 1
    )
    log_json: str | None = run_setting(
        None, "Append progress reports to this file as JSON, for w2v plot --loss.", file="output"
    )
    init: str | None = training_setting(
        None, "Start from the vectors in this file, for the words that it has.", file="input"
    )
    freeze: bool = training_setting(False, "With --init: do not train those vectors further.")
    read_vocab: str | None = text_setting(
        None, "Read words and counts from a file of w2v vocab, instead of counting.", file="input"
    )
    save_vocab: str | None = run_setting(
        None, "Write words and counts to this file, as w2v vocab does.", file="output"
    )
    update: str | None = training_setting(
        None, "Continue training this model, with its settings, on CORPUS. It keeps its words and "
        "gets the new ones.", file="input",
    )  # fmt: skip
    blank: str | None = run_setting(
        None, "Replace each blank in a name by TEXT. For .txt, .vec and .bin, where a name ends at "
        "a blank.",
    )  # fmt: skip
    map_documents: bool = run_setting(
        False, "Keep the document vectors in a temporary file, not in memory. For many millions."
    )
    cluster: str | None = run_setting(
        None, "Train on a Dask cluster, in the rounds of --deterministic: tcp://SCHEDULER:PORT, or "
        "local:N for N processes here.", metavar="ADDRESS",
    )  # fmt: skip
    max_memory: str | None = run_setting(
        None, "Refuse to train if it takes more memory, as 800MB or 4GB.", metavar="SIZE"
    )


# Options besides a setting's own; a Python program may use these too: `vector_size=100`.
ALIASES = {
    "dim": ["--size", "--vector-size"],
    "window": ["--ws"],
    "negative": ["--neg"],
    "noise_exponent": ["--ns-exponent"],
    "lr": ["--alpha"],
    "min_lr": ["--min-alpha"],
    "epochs": ["--iter"],
    "threads": ["--workers"],
}
