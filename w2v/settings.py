"""What a run can be told: one dataclass field each, with default, help and range.

The command line's options, their ranges and help, the settings stored in a file and the README's
tables all come from these fields.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args, get_type_hints

from w2v.errors import W2VError


def setting(
    default: Any,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    file: str = "",
) -> Any:
    """A dataclass field with what the command line must know: help, closed range or choices.

    file  of a path: input or output
    """
    known = {"help": help, "low": low, "high": high, "choices": choices, "file": file}
    return field(default=default, metadata=known)


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


def check_rates(settings: Any) -> None:
    """Raise W2VError where the learning rate would rise from --lr to --min-lr."""
    lowest = getattr(settings, "min_lr", None)
    if lowest is not None and lowest > settings.lr:
        raise W2VError(
            f"--min-lr {lowest} is above --lr {settings.lr}: the learning rate only falls"
        )


def split_settings(given: Mapping[str, Any], *kinds: type) -> list[Any]:
    """An object of each settings class, with what was given of its fields; None is not given."""
    return [
        kind(**{f.name: given[f.name] for f in fields(kind) if given.get(f.name) is not None})
        for kind in kinds
    ]


@dataclass(frozen=True)
class TextSettings:
    """How a text becomes words."""

    tokenizer: str = setting(
        "space",
        "space: split at ASCII whitespace; words: letters, digits, inner apostrophes; "
        "chars: like words, but each Han or kana character by itself; jieba: but Han in words of "
        "Chinese (extra zh)",
        choices=("space", "words", "chars", "jieba"),
    )
    lowercase: bool = setting(False, "fold upper case into lower case")
    normalize: str = setting(
        "none",
        "the Unicode normalization of the text: NFC composes accents; NFKC also makes wide, narrow "
        "and ligature forms plain letters; queries follow the model's",
        choices=("none", "NFC", "NFKC"),
    )
    encoding: str = setting("utf-8", "of the text; wrong bytes are replaced and counted")
    min_count: int = setting(5, "leave out words that occur less often", 1)
    max_vocab: int | None = setting(None, "keep at most this many words, the most frequent", 1)
    max_types: int = setting(
        1 << 24, "count at most so many different words at a time, in about 80 bytes each; of "
        "more, the rarest half is dropped", 2, 1 << 30,
    )  # fmt: skip


@dataclass(frozen=True)
class DocumentSettings:
    """Where documents are in files, and what names them."""

    format: str | None = setting(
        None, "lines: a document a line; tsv, csv: a row of a table, in csv with quotes; jsonl: a "
        "JSON object a line; files: a file; for all CORPUS or, separated by commas, for each; "
        "default: by suffix, lines if that says nothing",
    )  # fmt: skip
    columns: str | None = setting(
        None, "of tsv and csv: text, id, label and - (left out), separated by commas; default: by "
        "the heading, or else id,text or label,id,text, by the first row",
    )  # fmt: skip
    header: str = setting(
        "auto",
        "of tsv and csv: whether the first row names the columns; auto: if it has text, and id or "
        "label",
        choices=("auto", "yes", "no"),
    )
    text_field: str = setting("text", "of jsonl: the field with the text")
    id_field: str | None = setting(
        None, "of jsonl: the field with the id; default: id, if there is one, else the row's number"
    )
    label_field: str = setting("label", "of jsonl: the field with the label, if there is one")
    merge_ids: bool = setting(False, "documents with the same id are one; else that is a mistake")
    id_prefix: str = setting(
        "none",
        "put something before each id, as FILE:ID or LABEL:ID",
        choices=("none", "file", "label"),
    )


@dataclass(frozen=True)
class TermSettings:
    """Which words of the vocabulary a topic model looks at."""

    stopwords: str = setting(
        "none", "leave out the words of this file; english: of our own list", file="input"
    )
    min_df: int = setting(1, "leave out words that are in fewer documents", 1)
    max_df: float = setting(1.0, "leave out words that are in a larger share of documents", 0, 1)
    drop_top: int = setting(0, "leave out so many of the most frequent words", 0)


@dataclass(frozen=True)
class NegativeSamplingSettings:
    """What all models trained by negative sampling share."""

    dim: int = setting(100, "numbers in each vector", 1, 1 << 16)
    window: int = setting(5, "words that a window reaches to each side", 1, 1 << 20)
    shrink: bool = setting(
        True, "draw each window's reach from 1 to --window: near words count more"
    )
    negative: int = setting(5, "noise words for each window", 0, 1000)
    noise_exponent: float = setting(0.75, "noise words are drawn by count to this power", -10, 10)
    sample: float = setting(1e-3, "thin out words more frequent than this share; 0: none", 0, 1e9)
    lr: float = setting(0.025, "learning rate at the start", 0, 1e6)
    min_lr: float | None = setting(
        None, "learning rate at the end; default: 1e-4 times --lr", 0, 1e6
    )
    epochs: int = setting(5, "passes over the text", 1, 1 << 30)
    seed: int = setting(1, "of the random numbers", 0)
    deterministic: bool = setting(
        False, "same seed, same bytes on any number of threads: train in rounds"
    )
    shards: int = setting(
        8, "with --deterministic: chunks of a round, so the most threads of use", 1, 1024
    )
    round_words: int = setting(
        10_000, "with --deterministic: words of a chunk; fewer in a short text", 1, 1 << 24
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

    @property
    def has_words(self) -> bool:
        """Whether words get vectors of their own, besides the output vectors."""
        return True

    @property
    def parts(self) -> int:
        """How many vectors, side by side, predict a word."""
        return 1

    def matrix_bytes(self, words: int, documents: int) -> int:
        """What the matrices of a run take in memory."""
        rows = (words + 1) * (self.parts + self.has_words) + documents
        return 4 * rows * self.padded_dim


@dataclass(frozen=True)
class ParagraphSettings(NegativeSamplingSettings):
    """What the models of documents have besides: more epochs, as each document is short."""

    epochs: int = setting(10, "passes over the text", 1, 1 << 30)


@dataclass(frozen=True)
class NetworkSettings:
    """What all models share whose embedding layer is learnt with a network."""

    task: str = setting(
        "classify",
        "classify: to tell the labels of texts; lm: to tell each next word of a text",
        choices=("classify", "lm"),
    )
    dim: int = setting(100, "numbers in each vector", 1, 1 << 16)
    units: int = setting(128, "of each hidden layer", 1, 1 << 16)
    layers: int = setting(1, "hidden layers", 1, 100)
    dense: str = setting("", "units of dense layers after them, separated by commas")
    dropout: float = setting(0.0, "share of numbers left out at random between layers", 0, 0.99)
    optimizer: str = setting(
        "adam", "how steps follow from gradients", choices=("adam", "adagrad", "sgd")
    )
    lr: float | None = setting(
        None, "learning rate at the start; default: adam 0.002, adagrad 0.1, sgd 1", 0, 1e6
    )
    schedule: str = setting(
        "linear",
        "linear: the rate falls to nothing; cut: times --cut after an epoch with --valid that was "
        "hardly better than the best; constant",
        choices=("linear", "cut", "constant"),
    )
    cut: float = setting(0.5, "with --schedule cut: what the rate is multiplied by", 0.001, 1)
    clip: float = setting(5.0, "longest gradient of a batch; a longer one is shortened; 0: any", 0)
    batch: int | None = setting(
        None, "texts, or places of a text, learnt at a time; default: classify 32, lm 20",
        1, 1 << 20,
    )  # fmt: skip
    bptt: int = setting(35, "lm: steps back through which gradients go", 1, 1 << 16)
    tied: bool = setting(False, "lm: the words' vectors also tell the next word")
    samples: int | None = setting(
        None, "lm: tell each word from so many drawn by chance, in training; 0: from all; "
        "default: 0, and 4096 above 50,000 words", 0, 1 << 24,
    )  # fmt: skip
    epochs: int = setting(10, "passes over the texts", 1, 1 << 30)
    seed: int = setting(1, "of the random numbers", 0)
    deterministic: bool = setting(
        False, "same seed, same bytes on any number of threads: --shards instead of them"
    )
    shards: int = setting(
        4, "with --deterministic: parts of a batch, so the most threads of use", 1, 1024
    )

    has_words = True
    untrained_loss = math.inf
    pool = "last"
    activation = "tanh"

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

    length: int = setting(400, "classify: the last words of a text, which are read", 1, 1 << 20)
    pool: str = setting(
        "max",
        "classify by the last state, or the mean or the maximum of all",
        choices=("last", "mean", "max"),
    )


@dataclass(frozen=True)
class RunSettings:
    """How a run is carried out, and what it starts from."""

    threads: int | None = setting(
        None, "how many train at once; default: the processors that may be used", 1, 1024
    )
    checkpoint_every: str = setting(
        "5", "minutes between writing OUTPUT.checkpoint, or the word epoch; 0: only when stopped"
    )
    valid: str | None = setting(
        None, "a held-out text, whose loss is said after each epoch", file="input"
    )
    patience: int | None = setting(
        None, "with --valid: stop after so many epochs without a lower loss, keep the best", 1
    )
    log_json: str | None = setting(
        None, "append a JSON object for each report to this file", file="output"
    )
    init: str | None = setting(
        None, "start from the vectors of this file, where it has the word", file="input"
    )
    freeze: bool = setting(False, "with --init: leave those vectors as they are")
    read_vocab: str | None = setting(
        None, "take the words and counts from a file of w2v vocab", file="input"
    )
    save_vocab: str | None = setting(
        None, "write the words and counts to a file, as w2v vocab", file="output"
    )
    update: str | None = setting(
        None, "go on training this model, which also gives the settings; new words are added, its "
        "words stay", file="input",
    )  # fmt: skip
    blank: str | None = setting(
        None, "put this for each blank in a name, for .txt .vec .bin, whose names end at a blank"
    )
    map_documents: bool = setting(
        False, "keep the document vectors in a temporary file, not in memory: for many millions"
    )
    cluster: str | None = setting(
        None, "train by the workers of a Dask cluster, in the rounds of --deterministic: "
        "tcp://SCHEDULER:PORT, or local:N for N processes here",
    )  # fmt: skip
    max_memory: str | None = setting(None, "refuse to train if it takes more, such as 800MB or 4GB")


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
