"""Messages about a text: progress of reading, warnings about bytes, words and documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from w2v.settings import SubwordSettings, TextSettings
    from w2v.text.corpus import Corpus
    from w2v.text.documents import DocumentCorpus
    from w2v.text.encoded_text import EncodedText
    from w2v.text.records import RecordCorpus
    from w2v.text.vocabulary import Vocabulary

_PATH = re.compile(r"/|\.\w{1,8}$")  # in ids of documents that were files
_SEPARATORS = ";,|/+"  # of the labels in a field, see `_say_joined_labels`
_SHOWN_LABELS = 3  # maximum number of similar labels that a message shows
# The suffixes of files of records, what becomes words if they are read as lines, and the advice.
_READ_AS_LINES = [
    (
        (".jsonl", ".ndjson"),
        "the signs and the names of fields of JSON are words",
        "--text-field NAME reads the text of a field",
    ),
    (
        (".csv", ".tsv"),
        "all columns are words",
        "--text-field NAME, or --columns without a header, reads the text of a column",
    ),
]


class Console(Protocol):
    """Prints messages: `progress.ProgressLine`, or the log of a Python program."""

    def say(self, message: str) -> None:
        """Print a message on a line of its own."""

    def warn(self, message: str) -> None:
        """Print a message about data that were dropped or changed, on a line of its own."""

    def show(self, state: object) -> None:
        """Show the present progress in place of the progress shown before."""


def show_reading(console: Console, corpus: Corpus) -> Callable[[int], None]:
    """Make a function that shows the share of a text that has been read.

    The argument of the function is the number of tokens read so far; 0 where it is not known.
    """
    from w2v.system.resources import readable

    def show(tokens: int) -> None:
        share = f" {corpus.bytes_read / corpus.size:.0%}" if corpus.size else ""
        # The workers of a cluster report their numbers of tokens only at the end.
        count = f"  {tokens:,} tokens" if tokens else ""
        console.show(f"reading{share}  {readable(corpus.bytes_read)}{count}")

    return show


def say_text_changes(console: Console, corpus: Corpus) -> None:
    """Warn of what was replaced or left out in a text, and of records that are read as lines."""
    from w2v.system.packing import plain_name
    from w2v.system.progress import plural
    from w2v.text.corpus import Corpus
    from w2v.text.documents import DocumentCorpus
    from w2v.text.records import RecordCorpus

    if type(corpus) is Corpus:  # not records, whose fields are read
        for suffixes, words, advice in _READ_AS_LINES:
            named = (name for name in corpus.paths if plain_name(name).lower().endswith(suffixes))
            if name := next(named, None):
                console.warn(f"{name}: its lines are read as they are, so that {words}: {advice}")
    if corpus.bad_bytes:
        console.warn(
            f"{plural(corpus.bad_bytes, f'invalid {corpus.encoding} byte sequence')} replaced; "
            f"the first in {corpus.first_bad}"
        )
    if isinstance(corpus, RecordCorpus) and not isinstance(corpus, DocumentCorpus):
        _say_headers(console, corpus, "text")
        _say_blank_rows(console, corpus)
    if corpus.null_rows:
        console.warn(f"{plural(corpus.null_rows, 'row')} without a text (null) left out")
    if corpus.left_out:
        kinds = ", ".join(plural(count, kind) for kind, count in sorted(corpus.left_out.items()))
        console.warn(f"left out of archives: {kinds}")


def _say_blank_rows(console: Console, corpus: RecordCorpus) -> None:
    from w2v.system.progress import plural

    if corpus.blank_rows:
        console.warn(f"{plural(corpus.blank_rows, 'blank row')} left out")


def note_of_blank_rows(corpus: Corpus) -> str:
    """What to add to an error with the number of a text; empty if no blank rows were left out."""
    from w2v.text.records import RecordCorpus

    has_blank = isinstance(corpus, RecordCorpus) and corpus.blank_rows
    return " (blank rows do not count as texts)" if has_blank else ""


def say_pruned(console: Console, vocabulary: Vocabulary) -> None:
    """Warn of rare types that were dropped while counting, to limit the memory."""
    if vocabulary.pruned_types:
        console.warn(
            f"more types than --max-types allows: {vocabulary.pruned_types:,} rare types "
            f"({vocabulary.pruned_tokens:,} tokens) were dropped while counting; the count of any "
            f"other type may be too low by up to {vocabulary.lost:,}; raise --max-types to avoid "
            "this"
        )


def say_listed(console: Console, path: str | None, settings: TextSettings, left_out: int) -> None:
    """Report that --min-count left out words of the file of --read-vocab, at `path`."""
    from w2v.system.progress import plural

    if path and left_out and settings.max_vocab is None:
        console.say(
            f"{path}: {plural(left_out, 'word')} left out by --min-count {settings.min_count}: "
            "--min-count 1 keeps all"
        )


def say_no_ngrams(console: Console, settings: SubwordSettings, ngrams: int) -> None:
    """Warn that no n-gram has a vector, so that the model composes no unknown words.

    ngrams  number of n-grams, or of buckets of n-grams, that have vectors
    """
    if ngrams or not settings.has_subwords:
        return
    often = settings.subword_min_count > 1
    many = f"in {settings.subword_min_count:,} words" if often else "in a word"
    lower = " or a lower --subword-min-count" if often else ""
    console.warn(
        f"no n-gram of --subwords {settings.subwords} occurs {many} of the vocabulary: the model "
        f"composes no unknown words; try fewer characters{lower}"
    )


# The shares below are shares of the tokens of vocabulary words. They follow from measurements. In
# untokenised English reviews, posts, licences and manuals, 6 to 8 % of the tokens are another word
# with punctuation attached, and 3 to 12 % are another word in capitals. In tokenised texts, in
# Chinese and in Penn Treebank, at most 0.6 % have punctuation attached. In Python and C code, 9 to
# 17 % have punctuation attached, which needs no report. There, 19 to 33 % of the tokens contain
# characters of program code, in manuals and posts at most 10 %.
_MIN_ATTACHED = 0.02  # minimum share of tokens with punctuation attached for a report
_MIN_CAPITALS = 0.01  # minimum share of tokens in capitals for a report of capitals
_MAX_CODE = 0.12  # maximum share of tokens with characters of program code for a report
# 1.2 % of the tokens of Turkish news have an İ, and none in 25,000 English film reviews.
_MIN_DOTTED = 0.001  # minimum share of tokens with an İ for a report
_MIN_TOKENS = 200  # minimum number of tokens for a report
_PUNCTUATION_AFTER = ".,;:!?)\"'”’»…"
_PUNCTUATION_BEFORE = "(\"'“‘«"
_CODE = {*"=_{}[]<>\\/*#;()"}  # characters of program code


def say_spellings(console: Console, vocabulary: Vocabulary, settings: TextSettings) -> None:
    """Report words that have several spellings, and the options that merge them."""
    _say_attached(console, vocabulary, settings)
    _say_dotted(console, vocabulary, settings)


def _say_dotted(console: Console, vocabulary: Vocabulary, settings: TextSettings) -> None:
    """Report that --lowercase made two characters of İ, as it does in Turkish texts."""
    if not settings.lowercase or settings.lowercase_turkish:
        return
    rows = [row for row, name in enumerate(vocabulary.names) if "i\u0307" in name]
    total = vocabulary.counts.sum()
    if total >= _MIN_TOKENS and vocabulary.counts[rows].sum() >= _MIN_DOTTED * total:
        console.say(
            f"--lowercase made i and a combining dot of İ, as in {vocabulary.names[rows[0]]!r}: "
            "--lowercase-turkish is right for Turkish and Azerbaijani"
        )


def _say_attached(console: Console, vocabulary: Vocabulary, settings: TextSettings) -> None:
    """Report words that differ only by punctuation or capitals, and the options that merge them."""
    from w2v.text.vocabulary import doubles

    counts = vocabulary.counts
    if settings.tokenizer != "space" or counts.sum() < _MIN_TOKENS:
        return
    attached = doubles(
        vocabulary, lambda name: name.rstrip(_PUNCTUATION_AFTER).lstrip(_PUNCTUATION_BEFORE)
    )
    if attached.share < _MIN_ATTACHED:
        return
    code_rows = [row for row, name in enumerate(vocabulary.names) if not _CODE.isdisjoint(name)]
    if counts[code_rows].sum() > _MAX_CODE * counts.sum():
        return
    capitals = doubles(vocabulary, str.lower)
    assert attached.example
    finding = "punctuation makes {!r} and {!r} different words".format(*attached.example)
    options = "--tokenizer words"
    if capitals.share >= _MIN_CAPITALS and capitals.example:
        finding += ", capitals {!r} and {!r}".format(*capitals.example)
        options += " --lowercase"
    console.say(f"{finding}: {options} merges such words")


def say_documents(
    console: Console, corpus: Corpus, text: EncodedText, length: int | None = None
) -> None:
    """Warn of the documents of a text that were left out, merged, empty or cut.

    text    the encoded text; for a text of sentences the function does nothing
    length  maximum number of words of a document: only the last `length` words are read. None: all
    """
    from w2v.text.documents import DocumentCorpus
    from w2v.text.encoded_text import EncodedDocuments

    if isinstance(corpus, DocumentCorpus) and isinstance(text, EncodedDocuments):
        cut = 0 if length is None else int((text.sizes() > length).sum())
        say_changed_documents(console, corpus, int((text.sizes() == 0).sum()), cut, length)


def say_lines(console: Console, corpus: Corpus, id_of_model: str) -> None:
    """Report that the lines of files were read as documents, if those of a model were whole files.

    id_of_model  the id of the first document of the model. The id of a file is a path
    """
    from w2v.text.documents import DocumentCorpus

    if not isinstance(corpus, DocumentCorpus) or not _PATH.search(id_of_model):
        return
    files = [file for file in corpus.inputs if file.format == "lines"]
    if files and len(corpus.rows) > len(corpus.inputs):
        console.say(
            f"{files[0].name}: each line is a document; those of the model seem to be files, such "
            f"as {id_of_model}: --format files reads each file as one document"
        )


def say_labels(console: Console, corpus: Corpus) -> None:
    """Warn of labels that look like ids, of similar ones, and of several that stand in one."""
    _say_own_labels(console, corpus)
    _say_similar_labels(console, corpus)
    _say_joined_labels(console, corpus)


def _say_similar_labels(console: Console, corpus: Corpus) -> None:
    """Warn if labels differ only in blanks, in capitals, or as 1 and 1.0 do."""
    from w2v.system.progress import plural
    from w2v.text.documents import DocumentCorpus

    if not isinstance(corpus, DocumentCorpus):
        return
    similar: dict[str, list[str]] = {}
    for label in sorted({label for labels in set(corpus.labels) for label in labels}):
        plain = " ".join(label.split()).casefold()
        whole = plain.removesuffix(".0")
        similar.setdefault(whole if whole.isdecimal() else plain, []).append(label)
    groups = [labels for labels in similar.values() if len(labels) > 1]
    if groups:
        shown = " and ".join(map(repr, groups[0][:_SHOWN_LABELS]))
        others = f", and in {plural(len(groups) - 1, 'other group')}" if len(groups) > 1 else ""
        console.warn(
            f"labels that may be meant to be one are learnt as {len(groups[0])}: {shown}{others}"
        )


def _say_joined_labels(console: Console, corpus: Corpus) -> None:
    """Warn of labels such as `a; b` whose parts are labels too, if no separator is given."""
    from w2v.system.progress import plural
    from w2v.text.documents import DocumentCorpus

    if not isinstance(corpus, DocumentCorpus) or corpus.settings.label_separator is not None:
        return
    if {file.format for file in corpus.inputs} <= {"lines", "files"}:  # without such a field
        return
    labels = sorted({label for labels in set(corpus.labels) for label in labels})
    for separator in _SEPARATORS:
        joined = [
            label
            for label in labels
            if separator in label and {part.strip() for part in label.split(separator)} <= {*labels}
        ]
        if joined:
            console.warn(
                f"{plural(len(joined), 'label')} may be several labels in one, such as "
                f"{joined[0]!r}: --model nbow --loss ova --label-separator '{separator}' learns "
                "each of them"
            )
            return


def _say_own_labels(console: Console, corpus: Corpus) -> None:
    """Warn if nearly each of the labelled texts has a label of its own, as if ids were read."""
    from w2v.text.documents import MANY_TEXTS, DocumentCorpus

    if not isinstance(corpus, DocumentCorpus):
        return
    texts = len(corpus.labels)
    labels = len({label for labels in set(corpus.labels) for label in labels})
    if texts >= MANY_TEXTS and labels > texts // 2:
        console.warn(
            f"{labels:,} labels of {texts:,} texts: were ids read as labels, or a header as a text?"
            " --columns names the columns, and --header yes leaves out the first row"
        )


def say_changed_documents(
    console: Console, corpus: DocumentCorpus, empty: int, cut: int, length: int | None
) -> None:
    """Warn of documents that were left out, merged, empty or cut.

    empty   number of documents without any word of the vocabulary
    cut     number of documents with more than `length` words
    length  maximum number of words of a document; None: any number
    """
    from w2v.system.progress import plural
    from w2v.text.document_files import formats_of, rows_in_folders

    if corpus.settings.format is None and (files := rows_in_folders(corpus.inputs)):
        console.warn(
            f"{plural(len(files), 'file')} of rows in folders read as one document each, such as "
            f"{files[0]}: --format {formats_of(files[:1], None)[0]} reads each row as a document"
        )
    _say_headers(console, corpus, "document")
    _say_blank_rows(console, corpus)
    merged = len(corpus.rows) - len(corpus.names)
    if merged:
        console.warn(f"{plural(merged, 'document')} merged into others with the same id")
    if empty:
        console.warn(f"{plural(empty, 'document')} without any word of the vocabulary")
    if cut:
        read = "word is" if length == 1 else f"{length} words are"
        console.warn(
            f"{plural(cut, 'document')} longer than --length {length}: only the last {read} read"
        )


def _say_headers(console: Console, corpus: RecordCorpus, noun: str) -> None:
    """Warn of first rows of tables that may be headers, or were taken for headers.

    noun  what a record is called
    """

    def _others(count: int) -> str:
        return f" (and those of {count - 1:,} other tables)" if count > 1 else ""

    if found := [*corpus.possible_headers()]:
        where, option = found[0]
        console.warn(
            f"{where}{_others(len(found))} looks like a header, but was read as a {noun}: "
            f"{option}, --header no says that it is a {noun}"
        )
    if assumed := corpus.assumed_headers():
        console.warn(
            f"{assumed[0]}{_others(len(assumed))} was left out as a header, which the training "
            "text had: --header no reads it"
        )


def say_compiling(console: Console) -> None:
    """Report that kernels are compiled; no progress is shown meanwhile."""
    console.say("compiling kernels for this machine: this takes a few seconds, only once")
