"""w2v phrases: joining frequent phrases of a text to single words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, OUTPUT, finite, grouped
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
from w2v.cli.scratch_option import scratch_option
from w2v.runs.text_messages import say_compiling, say_text_changes, show_reading

if TYPE_CHECKING:
    from w2v.system.progress import ProgressLine
    from w2v.text.phrases import Phrase, Phrases

_SCORINGS = ("default", "npmi")


@click.command(
    cls=SettingsCommand,
    settings=("FieldSettings",),
    examples=(
        "w2v phrases corpus.txt --passes 2 --list phrases.tsv -o joined.txt",
        "w2v phrases new.txt --read-list phrases.tsv -o new-joined.txt",
        "w2v train joined.txt",
    ),
)
@corpus_argument(required=True)
@text_output_option
@click.option(
    "--list", "list_path", type=OUTPUT, metavar="FILE",
    help="Also write the phrases to this file, with their counts, scores and the "
    "numbers of their passes, separated by tabs.",
)  # fmt: skip
@grouped(
    "Phrases",
    click.option(
        "--read-list",
        type=INPUT,
        metavar="FILE",
        help="Join the phrases in this file, which --list has written for another text, instead of "
        "those that are frequent in this text. Lines may have been removed from it; a line may "
        "also be only a phrase of two words. Repeat --connectors and --joiner as they were.",
    ),
    click.option(
        "--scoring",
        type=click.Choice(_SCORINGS),
        default="default",
        show_default=True,
        help="Score of a pair of words. default: the score of word2phrase; npmi: normalized "
        "pointwise mutual information, from -1 to 1.",
    ),
    click.option(
        "--threshold",
        type=float,
        callback=finite,
        metavar="X",
        help="Join pairs with a score above X. With a lower X, more pairs are joined.  [default: "
        "100; with npmi 0.5]",
    ),
    click.option(
        "--min-count",
        type=click.IntRange(1, 1 << 30),
        default=5,
        show_default=True,
        metavar="N",
        help="Join a phrase only if it and each of its words, except connectors, occur N times or "
        "more.",
    ),
    click.option(
        "--passes",
        type=click.IntRange(1, 100),
        default=1,
        show_default=True,
        metavar="N",
        help="Make N passes over the text. A later pass also joins the phrases of earlier passes, "
        "so two passes make phrases of up to four words. Connectors do not count.",
    ),
    click.option(
        "--connectors",
        type=INPUT,
        metavar="FILE",
        help="Let the words in this file, separated by blanks or line ends, stand inside a phrase, "
        "as in bank_of_america. The name english selects a built-in list.",
    ),
    click.option(
        "--joiner",
        default="_",
        show_default=True,
        metavar="TEXT",
        help="Put TEXT between the words of a phrase.",
    ),
)
@grouped(
    "Text",
    click.option(
        "--tokenizer", type=click.Choice(["space", "words", "chars", "jieba"]), default="space",
        show_default=True, help="The rule that splits a line into tokens, as in w2v train.",
    ),
    click.option("--lowercase", is_flag=True, help="Convert the text to lower case."),
    click.option(
        "--lowercase-turkish", is_flag=True,
        help="Convert the text to lower case by the rules of Turkish and Azerbaijani.",
    ),
    click.option(
        "--normalize", type=click.Choice(["none", "NFC", "NFKC"]), default="none",
        show_default=True, help="Unicode normalization of the text, as in w2v train.",
    ),
    click.option(
        "--encoding", default="utf-8", show_default=True, metavar="NAME",
        help="Encoding of the text. Invalid bytes are replaced and counted.",
    ),
)  # fmt: skip
@scratch_option
@recursive_option
@threads_option
@quiet_option
def phrases(
    corpus: tuple[str, ...],
    output: str,
    list_path: str | None,
    read_list: str | None,
    scoring: str,
    threshold: float | None,
    min_count: int,
    passes: int,
    connectors: str | None,
    joiner: str,
    tokenizer: str,
    lowercase: bool,
    lowercase_turkish: bool,
    normalize: str,
    encoding: str,
    recursive: bool,
    threads: int | None,
    quiet: bool,
    settings: GivenSettings,
) -> None:
    """Join frequent phrases to single words, such as new_york.

    Writes the text, line by line, with each phrase as one word. Two words are joined if their score
    is above --threshold. The score of word2phrase is (count of the pair - min count) / (product of
    the counts of both words) x (number of tokens in the text). With --connectors, up to four
    connectors may stand between the two words, and become part of the phrase.
    """
    from w2v.kernels.cache import is_cold
    from w2v.settings import FieldSettings, TextSettings
    from w2v.system import output_files
    from w2v.system.progress import ProgressLine, plural
    from w2v.system.resources import processors
    from w2v.text.encode import open_corpus
    from w2v.text.phrases import SCORINGS, Phrases, read_connectors

    _check_joiner(joiner)
    catch_signals()
    paths = texts(corpus, recursive)
    inputs = {"one of the texts": paths, "the list of connectors": connectors}
    inputs["the list of phrases"] = read_list
    output_files.check({"-o": output, "--list": list_path}, inputs)
    listed = None if read_list is None else _read_list(read_list)
    text = TextSettings(tokenizer, lowercase, lowercase_turkish, normalize, encoding)
    records = settings.given(FieldSettings)
    source = open_corpus(paths, text, records, threads=threads or processors())
    line = ProgressLine(sys.stderr, quiet)
    if is_cold("word_hash"):
        say_compiling(line)
    connector_words = read_connectors(connectors, text.case, normalize) if connectors else set()
    finder = Phrases(
        min_count, scoring, SCORINGS[scoring] if threshold is None else threshold, joiner,
        connectors=connector_words,
    )  # fmt: skip
    finder.read(source, show_reading(line, source))
    say_text_changes(line, source)
    if connector_words:
        line.say(f"connectors: {finder.connectors:,} of {len(connector_words):,} occur in the text")
    rows = _join(finder, line, passes, listed)
    if finder.lost:
        line.say(f"{plural(finder.lost, 'rare pair')} dropped while counting, to save memory")
    _write(finder, output, rows, list_path)


def _join(
    finder: Phrases, line: ProgressLine, passes: int, listed: list[dict[bytes, float]] | None
) -> list[tuple[int, Phrase]]:
    """Join phrases in passes, and return the pass and the phrase of each.

    passes  maximum number of passes
    listed  the phrases of each pass, with their scores; None: those that are frequent in the text
    """
    from w2v.system.progress import plural

    rows: list[tuple[int, Phrase]] = []
    for pass_number in range(1, (passes if listed is None else len(listed)) + 1):
        tokens_before = finder.tokens
        joined = finder.join() if listed is None else finder.join_listed(listed[pass_number - 1])
        rows += [(pass_number, phrase) for phrase in joined]
        line.say(
            f"pass {pass_number}: {plural(len(joined), 'phrase')}; {tokens_before:,} tokens became "
            f"{finder.tokens:,}"
        )
        if not joined and listed is None:
            break
    if listed is not None:
        names = {name for each in listed for name in each}
        unused = len(names - {phrase.name for _, phrase in rows})
        line.say(f"{unused:,} of {plural(len(names), 'listed phrase')} joined nowhere in the text")
    return rows


def _read_list(path: str) -> list[dict[bytes, float]]:
    """Read the phrases of each pass; UsageError if an option that finds phrases is given."""
    from w2v.text.phrase_lists import read_phrase_list

    context = click.get_current_context()
    for name in ("scoring", "threshold", "min_count", "passes"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = name.replace("_", "-")
            raise click.UsageError(f"--read-list does not look for phrases: leave out --{option}")
    return read_phrase_list(path)


def _write(
    finder: Phrases, output: str, rows: Sequence[tuple[int, Phrase]], list_path: str | None
) -> None:
    """Write the joined text, and the phrases with the numbers of their passes.

    rows       the pass and the phrase
    list_path  the file of the phrases; None: they are not written
    """
    from w2v.system import atomic_file

    with ExitStack() as files:  # either both files are written or none
        if list_path is not None:
            with atomic_file.packed_within(files, list_path) as packed:
                for pass_number, phrase in rows:
                    row = phrase.name, phrase.count, phrase.score, pass_number
                    packed.write(b"%s\t%d\t%.6f\t%d\n" % row)
        file = files.enter_context(atomic_file.packed(output))
        for block in finder.blocks():
            file.write(block)


def _check_joiner(joiner: str) -> None:
    """Raise UsageError for a joiner that would not leave a phrase one printable word."""
    if not joiner or any(letter.isspace() for letter in joiner):
        raise click.UsageError("--joiner must not be empty or contain a blank")
    if not joiner.isprintable():
        raise click.UsageError("--joiner must consist of printable characters in UTF-8")
