"""The settings of a training run: dataclass fields with default, help text and range.

These fields define the options of the command line with their help, the settings that the file of
a trained model stores, and tables of the manual. `setting_fields` describes a field.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from w2v.errors import W2VError
from w2v.setting_fields import (
    document_setting,
    run_setting,
    setting,
    text_setting,
    training_setting,
    whole_number,
)

if TYPE_CHECKING:
    from w2v.embeddings.subwords import Subwords
    from w2v.kernels import Kernel
    from w2v.kernels.documents import DocumentKernels


LONGEST_NGRAM = 64  # characters
FEWEST_BUCKETS = 1000  # in advice; with fewer, unknown words get hardly different vectors
ROUND_WORDS = "Number of words in each shard of a round, after which the shards are merged."
# Whether a text is converted to lower case: False; True: by the rules of Unicode for all languages;
# turkish: by those of Turkish and Azerbaijani.
Lowercase = bool | Literal["turkish"]
SEED = "Seed of the random numbers. Change it to see how much the result depends on chance."


@dataclass(frozen=True)
class TextSettings:
    """The settings of tokenizing a text, and of the vocabulary."""

    tokenizer: str = text_setting(
        "space", "How to split a line into words. space: at ASCII whitespace, for text that is "
        "tokenized already; words: runs of letters, digits and inner apostrophes, without "
        "punctuation; chars: as words, but each Han or kana character is a word; jieba: as "
        "words, but Han text is segmented into Chinese words (needs pip install 'w2v[zh]').",
        choices=("space", "words", "chars", "jieba"),
    )  # fmt: skip
    lowercase: bool = text_setting(False, "Convert the text to lower case.")
    lowercase_turkish: bool = text_setting(
        False, "Convert the text to lower case by the rules of Turkish and Azerbaijani: İ becomes "
        "i, and I becomes ı.",
    )  # fmt: skip
    normalize: str = text_setting(
        "none", "Unicode normalization of the text, and later of queries to the model. NFC "
        "composes letters and accents, so that spellings that look the same are one word; NFKC "
        "also replaces full-width, half-width and ligature characters by plain ones.",
        choices=("none", "NFC", "NFKC"),
    )  # fmt: skip
    encoding: str = text_setting(
        "utf-8", "Character encoding of the text. Invalid bytes are replaced, counted and "
        "reported.", metavar="NAME",
    )  # fmt: skip
    min_count: int = text_setting(
        5, "Leave words that occur fewer than N times out of the vocabulary.", 1, shown="5; nbow 1"
    )
    max_vocab: int | None = text_setting(
        None, "Keep only the N most frequent words in the vocabulary.", 1
    )
    max_types: int = text_setting(
        1 << 24, "Limit the memory for counting: hold at most N different words at a time, in "
        "about 80 bytes each. When the limit is reached, the rarer half is dropped.", 2, 1 << 30,
    )  # fmt: skip

    @property
    def case(self) -> Lowercase:
        """Whether the text is converted to lower case, and by which rules."""
        return "turkish" if self.lowercase_turkish else self.lowercase


@dataclass(frozen=True)
class FieldSettings:
    """The settings of reading the texts of records, such as table rows and JSON objects."""

    format: str | None = text_setting(
        None, "Read the texts of records instead of lines. tsv, csv: each row of a table (csv with "
        "quotes); jsonl: a JSON object on each line; parquet, arrow: each row; wet, files: each "
        "page, each file. Give one format for all CORPUS paths, or one for each, separated by "
        "commas.",
        metavar="NAME", shown="lines; with --text-field or --columns by suffix",
    )  # fmt: skip
    columns: str | None = text_setting(
        None, "For tsv and csv: the meaning of the columns, separated by commas: text, or - to "
        "ignore a column.", metavar="LIST", shown="by the header",
    )  # fmt: skip
    header: str = text_setting(
        "auto", "For tsv and csv: whether the first row is a header with the names of the columns. "
        "auto: it is a header if it has the column of --text-field.",
        choices=("auto", "yes", "no"),
    )  # fmt: skip
    text_field: str = text_setting(
        "text", "Read the text of this field (jsonl) or column (parquet, arrow, and tsv and csv "
        "with a header) of each record; the texts of several, separated by commas, are joined. A "
        "text is one sentence; its line ends are blanks.",
        metavar="NAME",
    )  # fmt: skip


@dataclass(frozen=True)
class DocumentSettings(FieldSettings):
    """The settings of reading documents, their ids and their labels from files."""

    format: str | None = document_setting(
        None, "Format of the documents. lines: each line is a document; tsv, csv: each row of a "
        "table (csv with quotes); jsonl: a JSON object on each line; parquet, arrow: each row; "
        "wet: each record; files: each file is a document. Give one format for all CORPUS paths, "
        "or one for each, separated by commas.",
        metavar="NAME", shown="by suffix, else lines",
    )  # fmt: skip
    columns: str | None = document_setting(
        None, "For tsv and csv: the meaning of the columns, separated by commas: text, id, label, "
        "or - to ignore a column.", metavar="LIST",
        shown="by the header, else id,text or label,id,text; of classifiers label,text",
    )  # fmt: skip
    header: str = document_setting(
        "auto", "For tsv and csv: whether the first row is a header with the names of the columns. "
        "auto: it is a header if it has the columns text, and id or label, or those that "
        "--text-field, --id-field and --label-field name.",
        choices=("auto", "yes", "no"),
    )  # fmt: skip
    text_field: str = document_setting(
        "text", "The field (jsonl) or column (parquet, arrow, and tsv and csv with a header) that "
        "holds the text. The texts of several, separated by commas, are joined.",
        metavar="NAME",
    )  # fmt: skip
    id_field: str | None = document_setting(
        None, "The field or column that holds the id, as --text-field.", metavar="NAME",
        shown="id, else the number of the document",
    )  # fmt: skip
    label_field: str = document_setting(
        "label", "The field or column, as --text-field, that holds the label, if any, or a list of "
        "labels. folder: that of a file is the folder that it is in.", metavar="NAME",
    )  # fmt: skip
    label_separator: str | None = document_setting(
        None, "For tsv, csv and jsonl: the text between the labels of a document that has several "
        "in one field, such as a comma. Blanks around a label are removed.", shown="one label",
    )  # fmt: skip
    merge_ids: bool = document_setting(
        False, "Join documents that have the same id into one. Without this option, an id that "
        "occurs twice is an error.",
    )  # fmt: skip
    id_prefix: str = document_setting(
        "none", "Prefix each id with the name of its file or with its label, as FILE:ID or "
        "LABEL:ID. Use it when several files have the same ids. It has no effect with --format "
        "files.",
        choices=("none", "file", "label"),
    )  # fmt: skip


@dataclass(frozen=True)
class ModelSettings:
    """The base class of the settings of all models."""

    @property
    def has_words(self) -> bool:
        """Whether the model has word vectors, which `--init` can set."""
        return True

    @property
    def untrained_loss(self) -> float:
        """The loss of the untrained model in nats for each pair (prediction); infinite: unknown."""
        return math.inf

    def check_together(self, run: RunSettings) -> None:
        """Raise W2VError if settings conflict with each other or with the settings of the run."""


@dataclass(frozen=True)
class TermSettings(ModelSettings):
    """The settings that select terms: the words of the vocabulary that a topic model uses."""

    stopwords: str = text_setting(
        "none", "File of stop words to leave out, separated by blanks or line ends; english: the "
        "built-in list; english,FILE: both; none: no stop words.", file="input",
    )  # fmt: skip
    min_df: int = text_setting(1, "Leave out words that occur in fewer than N documents.", 1)
    max_df: float = text_setting(
        1.0, "Leave out words that occur in more than this share (0 to 1) of the documents.", 0, 1
    )
    drop_top: int = text_setting(0, "Leave out the N most frequent words.", 0)


@dataclass(frozen=True)
class SubwordSettings(ModelSettings):
    """The settings of composing word vectors from character n-grams."""

    subwords: str = setting(
        "none", "Compose the vector of each word from its own vector and those of its character "
        "n-grams of MIN to MAX characters, such as 3-6. Similar spellings then have similar "
        "vectors, and the model has a vector for every word. none: words are whole.",
        metavar="MIN-MAX",
    )  # fmt: skip
    buckets: int = setting(
        0, "With --subwords: number of buckets that n-grams are hashed to, as in fastText. N-grams "
        "in the same bucket share a vector. Use it to limit memory or to write a fastText file. 0: "
        "each n-gram of the vocabulary has a vector of its own.", 0, (1 << 31) - 1,
    )  # fmt: skip
    subword_min_count: int = setting(
        1, "With --subwords: leave out n-grams that occur in fewer than N words of the vocabulary. "
        "A larger number saves memory and time, and helps less with misspelt words.", 1,
    )  # fmt: skip

    @property
    def has_subwords(self) -> bool:
        """Whether word vectors are composed from n-grams."""
        return self.subwords != "none"

    @property
    def ngram_lengths(self) -> tuple[int, int]:
        """The lengths of the shortest and the longest n-grams, in characters.

        Raises  W2VError if `subwords` is not of the form MIN-MAX
        """
        numbers = [whole_number(part) for part in self.subwords.split("-")]
        are_ordered = 1 <= numbers[0] <= numbers[-1] <= LONGEST_NGRAM
        if not are_ordered or len(numbers) > 2:  # noqa: PLR2004
            raise W2VError(
                f"--subwords {self.subwords!r}: expected MIN-MAX, such as 3-6, with numbers of "
                f"characters from 1 to {LONGEST_NGRAM}, or none"
            )
        return numbers[0], numbers[-1]

    @property
    def bucket_count(self) -> int:
        """The number of buckets; without a limit, all hashes of 32 bits have their own bucket."""
        return self.buckets or 1 << 32

    def check_subwords(self) -> None:
        """Raise W2VError if `subwords` is malformed, or is missing where other settings need it."""
        if self.has_subwords:
            _ = self.ngram_lengths
        elif self.buckets or self.subword_min_count > 1:
            option = "--buckets" if self.buckets else "--subword-min-count"
            raise W2VError(f"{option} works only with --subwords: add --subwords 3-6")

    def has_ngrams_of(self, other: Subwords) -> bool:
        """Whether n-grams have the lengths and buckets of others, so that they can share vectors.

        other  the subwords of a file
        """
        lengths, buckets = (other.minn, other.maxn), other.buckets
        return self.has_subwords and (self.ngram_lengths, self.bucket_count) == (lengths, buckets)


@dataclass(frozen=True)
class NegativeSamplingSettings(SubwordSettings):
    """The settings of all models that are trained by negative sampling or hierarchical softmax."""

    losses: ClassVar[tuple[str, ...]] = ("ns",)  # the values of `loss` that the model offers

    dim: int = setting(100, "Number of dimensions of each vector.", 1, 1 << 16)
    window: int = setting(
        5, "Number of context words on each side of the center word. With a small window, nearest "
        "neighbours are of the same kind; with a large window, of the same topic.", 1, 1 << 20,
    )  # fmt: skip
    shrink: bool = setting(
        True, "Draw the size of each window at random from 1 to --window, so that near context "
        "words count more.",
    )  # fmt: skip
    loss: str = training_setting(
        "ns", "Loss function. ns: negative sampling; hs: hierarchical softmax, which predicts the "
        "path to a word in a Huffman tree of all words.", choices=("ns", "hs"),
    )  # fmt: skip
    negative: int = training_setting(
        5, "With --loss ns: number of negative samples for each window. A small text may need "
        "more.", 0, 1000,
    )  # fmt: skip
    noise_exponent: float = training_setting(
        0.75, "With --loss ns: draw negative samples in proportion to count^X. 1: by count; 0: all "
        "words equally often.", -10, 10,
    )  # fmt: skip
    sample: float = training_setting(
        1e-3, "Subsample frequent words, those with more than this share of the text; 0: no "
        "subsampling. A smaller number drops more of their occurrences.", 0, 1e9,
    )  # fmt: skip
    lr: float = training_setting(
        0.025, "Initial learning rate. Lower it if training diverges.", 0, 1e6
    )
    min_lr: float | None = training_setting(
        None, "Final learning rate. The learning rate falls linearly from --lr to it.", 0, 1e6,
        shown="1e-4 times --lr",
    )  # fmt: skip
    epochs: int = training_setting(
        5, "Number of passes over the text. A small text needs more.", 1, 1 << 30
    )
    seed: int = training_setting(1, SEED, 0)
    deterministic: bool = training_setting(
        True, "Train in synchronous rounds: the same seed gives the same bytes on any number of "
        "threads. With --hogwild, threads are lock-free: they change the same vectors at the same "
        "time, and results differ a little from run to run.", off="--hogwild",
    )  # fmt: skip
    shards: int = training_setting(
        8, "Number of shards, which are trained in parallel in each round. No more threads than "
        "shards can work at a time.", 1, 1024,
    )  # fmt: skip
    round_words: int = training_setting(10_000, ROUND_WORDS, 1, 1 << 24)

    def lr_at(self, share: float) -> float:
        """The learning rate, which falls linearly, when `share` (0 to 1) of the run is done."""
        final = 1e-4 * self.lr if self.min_lr is None else self.min_lr
        return self.lr + (final - self.lr) * share

    @property
    def padded_dim(self) -> int:
        """The length of a row in memory: `dim` rounded up to a multiple of 16, as kernels need."""
        return -(-self.dim // 16) * 16

    @property
    def untrained_loss(self) -> float:
        """The loss in nats for each pair (prediction) while all output vectors are zero.

        That of hierarchical softmax depends on the text, and is not known here.
        """
        return (1 + self.negative) * math.log(2) if self.loss == "ns" else math.inf

    @property
    def context_words(self) -> int:
        """The mean number of context words of a window."""
        return self.window + 1 if self.shrink else 2 * self.window

    @property
    def pairs_of_word(self) -> tuple[int, int] | None:
        """The pairs of each word of a text: of its input vector, and of its output vector.

        None for a model whose rows are merged by agreement, see `kernels.row_merge`. On 100 MB of
        Wikipedia, rounds of CBOW that are merged by agreement are as good as lock-free threads.
        """
        return None

    def kernel(self) -> Kernel:
        """The kernel that trains the windows of a chunk."""
        raise NotImplementedError

    def check_together(self, run: RunSettings) -> None:
        """Raise W2VError for a loss that the model lacks, or settings that conflict.

        The learning rate must not rise, and n-grams need lengths.
        """
        if self.loss not in (*self.losses, "ns"):
            raise W2VError(f"--loss {self.loss} is not offered by this model: leave out --loss")
        self.check_subwords()
        if self.has_subwords and not self.has_words:
            raise W2VError("--subwords is for word vectors: add --word-vectors")
        if self.min_lr is not None and self.min_lr > self.lr:
            raise W2VError(
                f"--min-lr {self.min_lr} is above --lr {self.lr}: lower --min-lr or raise --lr"
            )


@dataclass(frozen=True)
class ParagraphSettings(NegativeSamplingSettings):
    """The settings of PV-DBOW and PV-DM.

    The default of `epochs` is higher than for word vectors, because documents are short.
    """

    epochs: int = training_setting(10, "Number of passes over the documents.", 1, 1 << 30)

    @property
    def hidden_dim(self) -> int:
        """The length in memory of the hidden vector and of an output vector."""
        return self.padded_dim

    def document_kernels(self) -> DocumentKernels:
        """The kernels that train a chunk of documents."""
        raise NotImplementedError

    def kernel(self) -> Kernel:
        """The kernel for words, if the model has one, otherwise the kernel for documents."""
        kernels = self.document_kernels()
        return kernels.train_words or kernels.train_documents


@dataclass(frozen=True)
class RunSettings:
    """The settings of a run: threads, checkpoints, validation, initial vectors and files."""

    threads: int | None = run_setting(
        None, "Number of worker threads.", 1, 1024, shown="all available processors"
    )
    checkpoint_every: str = run_setting(
        "5", "Interval in minutes, or such as 30s, 10m or 2h, between writes of OUTPUT.checkpoint, "
        "from which --resume continues a stopped run; epoch: after each epoch; 0: only when the "
        "run is stopped.",
        metavar="MINUTES",
    )  # fmt: skip
    valid: str | None = training_setting(
        None, "For models trained by gradient descent: held-out text whose validation loss is "
        "reported after each epoch.", file="input",
    )  # fmt: skip
    patience: int | None = training_setting(
        None, "Early stopping: with --valid, stop after N epochs without a lower validation loss, "
        "and keep the result of the best epoch.", 1,
    )  # fmt: skip
    log_json: str | None = run_setting(
        None, "Append progress reports to this file as JSON lines. w2v plot --loss draws them.",
        file="output",
    )  # fmt: skip
    init: str | None = training_setting(
        None, "Initial vectors: a file of vectors. Each word in the file starts from its vector "
        "there. The length of these vectors sets --dim.", file="input",
    )  # fmt: skip
    freeze: bool = training_setting(False, "With --init: do not train the initial vectors.")
    init_all: bool = training_setting(
        False, "With --init: the vocabulary has all words of the file, also those that CORPUS "
        "lacks, whose vectors stay as they are.",
    )  # fmt: skip
    read_vocab: str | None = text_setting(
        None, "Read the vocabulary and its counts from this file, written by w2v vocab or "
        "--save-vocab, instead of counting CORPUS.", file="input",
    )  # fmt: skip
    save_vocab: str | None = run_setting(
        None, "Write the vocabulary and its counts to this file, in the format of w2v vocab.",
        file="output",
    )  # fmt: skip
    update: str | None = training_setting(
        None, "Continue training this skipgram, cbow or lda model, with its settings, on CORPUS. "
        "New words of CORPUS are added to the vocabulary of the model.", file="input",
    )  # fmt: skip
    blank: str | None = run_setting(
        None, "Replace each blank in a name by TEXT, for example by _. Use it for .txt, .vec and "
        ".bin, where a name ends at a blank.", may_be_empty=True,
    )  # fmt: skip
    map_documents: bool = run_setting(
        False, "Keep the document vectors in a temporary file instead of in memory. Use it for "
        "many millions of documents.",
    )  # fmt: skip
    cluster: str | None = run_setting(
        None, "Train on a Dask cluster, in synchronous rounds. ADDRESS is "
        "tcp://SCHEDULER:PORT, or local:N for N worker processes on this machine.",
        metavar="ADDRESS",
    )  # fmt: skip
    scratch: str | None = run_setting(
        None, "Folder of the temporary files: the word ids of a large text, and the document "
        "vectors of --map-documents.", metavar="FOLDER", shown="$TMPDIR",
    )  # fmt: skip
    max_memory: str | None = run_setting(
        None, "Do not start training if it would take more memory than this, for example "
        "800MB or 4GB.", metavar="SIZE",
    )  # fmt: skip


# Other names of options. Python programs may use them as keywords too, as in `vector_size=100`.
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
