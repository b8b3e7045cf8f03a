"""w2v explain: which words and n-grams of a text spoke for a label."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from w2v.cli import catch_signals
from w2v.cli.command import INPUT, Command, claim_stdin, grouped
from w2v.cli.label_options import CountOrAll
from w2v.cli.options import limit_blas
from w2v.cli.output import ResultPrinter, format_options, print_lines, printable

if TYPE_CHECKING:
    from w2v.text_classification.explanation import Contribution, Explanation

_LINES = 64  # lines that are read at a time


@click.command(
    cls=Command,
    examples=(
        'w2v explain tags.safetensors "the king of this land"',
        'w2v explain tags.safetensors "a new song" --label music -k all',
        'w2v explain tags.safetensors "songs" "kings and queens" --json',
    ),
)
@click.argument("model", type=INPUT)
@click.argument("texts", nargs=-1, metavar="[TEXT...]")
@grouped(
    "Labels",
    click.option(
        "--label",
        metavar="NAME",
        help="Explain this label in place of the most probable one.",
    ),
)
@grouped(
    "Answer",
    click.option(
        "-k",
        "k",
        type=CountOrAll(),
        metavar="N",
        default=10,
        show_default=True,
        help="Print the N features with the largest absolute contributions; all: all features.",
    ),
    click.option(
        "--parts",
        is_flag=True,
        help="Print character n-grams one by one. Without this option, they are added to the words "
        "that they come from.",
    ),
)
@format_options
@click.pass_context
def explain(
    ctx: click.Context,
    model: str,
    texts: tuple[str, ...],
    label: str | None,
    k: int,
    parts: bool,
    results: ResultPrinter,
) -> None:
    """Show which words and n-grams spoke for a label.

    MODEL is a classifier of w2v train --model nbow, or of fastText (.bin or .ftz). Each TEXT is
    explained. Without TEXT, and for a TEXT that is -, texts are read from stdin, one on each line.

    Prints the probability and the name of the most probable label of each text, or of --label. A
    line for each feature follows, with its contribution to ln(p / (1 - p)): how much the text has
    of the feature, times how much the label gains by it. What counts against the label is negative.
    The last lines are the sum of the other features and that of the biases.

    --tsv prints the number of the text, label, probability, kind of feature, feature, words of a
    character n-gram, and contribution. --json has an object for each text, with its margin, which
    is ln(p / (1 - p)), the number of its features, and the number of words without any.
    """
    for text in texts or ("-",):
        if text == "-":
            claim_stdin(ctx, "TEXT" if texts else "TEXT (left out)")
    limit_blas(1)
    from w2v.runs.saved_explainer import open_explainer

    catch_signals()
    explainer = open_explainer(model)
    _say_files(model, texts)
    number = None if label is None else explainer.number_of(label)
    earlier = 0
    for block in _blocks(texts or ("-",)):
        lines = []
        for at, line in enumerate(block, earlier + 1):
            found = explainer.explain(line, number, parts)
            if not found.features:
                click.echo(
                    f"w2v: text {at:,} has no feature of {printable(explainer.name)}: only the "
                    "biases speak for its label",
                    err=True,
                )
            lines += _lines(at, line, explainer.labels[found.label], found, k, results)
        earlier += len(block)
        print_lines(lines)
        sys.stdout.flush()


def _say_files(model: str, texts: Sequence[str]) -> None:
    """Say on stderr which texts are names of files, whose letters are explained."""
    for text in texts:
        if text != "-" and os.path.isfile(text):
            name = shlex.quote(text)
            message = (
                f"TEXT {name}: this is the name of a file, but its letters are explained: "
                f"w2v explain {shlex.quote(model)} < {name} explains each line of the file"
            )
            click.echo(printable(message), err=True)


def _blocks(texts: Sequence[str]) -> Iterator[list[bytes]]:
    """The texts of the command line, and for - the lines of stdin as soon as they arrive."""
    from w2v.system.text_file import lines_as_they_come

    for text in texts:
        if text == "-":
            yield from lines_as_they_come(sys.stdin.buffer, "-", _LINES)
        else:
            yield [text.encode("utf-8", "surrogateescape")]


def _lines(
    number: int, text: bytes, label: str, found: Explanation, most: int, results: ResultPrinter
) -> list[str]:
    """The lines of one text.

    number  of the text, from 1
    text    the text
    label   the label that is explained
    found   its explanation
    most    the number of features that are printed
    """
    shown, others = found.contributions[:most], found.contributions[most:]
    rest = sum(each.value for each in others)

    def record() -> dict[str, Any]:
        """The answer for --json."""
        features = [
            {"kind": each.kind, "feature": _name(each), "words": [*each.words],
             "contribution": round(each.value, 6)}
            for each in shown
        ]  # fmt: skip
        return {
            "text": text.decode("utf-8", "replace"), "label": label, "p": round(found.p, 6),
            "margin": round(found.margin, 6), "features": found.features,
            "unknown": found.unknown, "contributions": features,
            "others": {"features": len(others), "contribution": round(rest, 6)},
            "bias": round(found.bias, 6),
        }  # fmt: skip

    def plain() -> str:
        """The lines for people."""
        rows = [(each.value, _name(each) + _origin(each)) for each in shown]
        rows += [(rest, f"({len(others):,} more)")] * bool(others) + [(found.bias, "(bias)")]
        lines = [f"{value:+9.4f}  {printable(name)}" for value, name in rows]
        return "\n".join([f"{found.p:.4f}  {printable(label)}", *lines])

    def rows() -> Iterator[Sequence[Any]]:
        """The rows of TSV."""
        named = [(each.kind, _name(each), " ".join(each.words), each.value) for each in shown]
        last = [("others", None, None, float(rest))] * bool(others)
        for row in chain(named, last, [("bias", None, None, found.bias)]):
            yield number, label, found.p, *row

    return results.lines(record, plain, rows)


def _name(contribution: Contribution) -> str:
    return " / ".join(contribution.names)


def _origin(contribution: Contribution) -> str:
    """The words of a character n-gram, in parentheses."""
    return f" ({', '.join(contribution.words)})" if contribution.words else ""
