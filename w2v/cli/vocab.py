"""w2v vocab: the vocabulary of a text, with the count of each word."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import click

from w2v.cli import catch_signals
from w2v.cli.command import OUTPUT
from w2v.cli.corpus_argument import corpus_argument
from w2v.cli.options import (
    GivenSettings,
    SettingsCommand,
    quiet_option,
    recursive_option,
    text_output_option,
    texts,
    threads_option,
)
from w2v.runs.text_messages import (
    say_compiling,
    say_pruned,
    say_spellings,
    say_text_changes,
    show_reading,
)

_MIN_RATIO = 1.1  # minimum ratio of the token counts of two neighbouring points of the curve


@click.command(
    cls=SettingsCommand,
    settings=("TextSettings", "FieldSettings"),
    examples=(
        "w2v vocab corpus.txt -o counts.txt",
        "w2v vocab corpus.txt --tokenizer words --lowercase --min-count 10",
        "w2v train corpus.txt --read-vocab counts.txt",
    ),
)
@corpus_argument(required=True)
@text_output_option
@click.option(
    "--curve", type=OUTPUT, metavar="FILE",
    help="Also write the growth of the vocabulary to this file: on each line the number of tokens "
    "read, a tab, and the number of different words among them.",
)  # fmt: skip
@recursive_option
@threads_option
@quiet_option
def vocab(
    corpus: tuple[str, ...],
    output: str,
    curve: str | None,
    recursive: bool,
    threads: int | None,
    quiet: bool,
    settings: GivenSettings,
) -> None:
    """Count the words of a text.

    Writes the vocabulary format of word2vec: a word and its count on each line, the most frequent
    first. The first line has the word </s>, whose count is the number of line ends. w2v train
    --read-vocab reads this file.
    """
    from w2v.kernels.cache import is_cold
    from w2v.settings import FieldSettings, NegativeSamplingSettings, TextSettings
    from w2v.system import atomic_file, output_files
    from w2v.system.progress import ProgressLine
    from w2v.system.resources import processors, readable
    from w2v.text.encode import count, open_corpus
    from w2v.text.vocabulary import write_counts

    text = settings.of(TextSettings)
    catch_signals()
    paths = texts(corpus, recursive)
    output_files.check({"-o": output, "--curve": curve}, {"one of the texts": paths})
    source = open_corpus(
        paths, text, settings.given(FieldSettings), threads=threads or processors()
    )
    line = ProgressLine(sys.stderr, quiet)
    if is_cold("word_hash"):
        say_compiling(line)
    points: list[tuple[int, int]] = []

    def add_point(tokens: int, types: int) -> None:
        """Add a point to the curve, unless it is close to the last point."""
        if not points or tokens >= points[-1][0] * _MIN_RATIO:
            points.append((tokens, types))

    on_tokens = show_reading(line, source)
    vocabulary = count(source, text.min_count, text.max_vocab, text.max_types, on_tokens, add_point)
    say_text_changes(line, source)
    say_pruned(line, vocabulary)
    line.say(
        f"vocabulary: {len(vocabulary.names):,} of {vocabulary.types:,} words, "
        f"{int(vocabulary.counts.sum()):,} of {vocabulary.tokens:,} tokens"
    )
    say_spellings(line, vocabulary, text)
    if not points or points[-1][0] < vocabulary.tokens:
        points.append((vocabulary.tokens, vocabulary.types))
    # Two matrices, of input and output vectors, with 4 bytes for each number.
    needed = 2 * 4 * (len(vocabulary.names) + 1) * NegativeSamplingSettings().padded_dim
    line.say(f"memory: {readable(needed)} for the matrices of w2v train with --dim 100")
    with ExitStack() as files:  # either both files are written or none
        if curve is not None:
            with atomic_file.packed_within(files, curve) as packed:
                packed.write("".join(f"{tokens}\t{types}\n" for tokens, types in points).encode())
        write_counts(output, vocabulary)
