"""Options of the commands that predict labels: how many for each text, and how probable."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import click

from w2v.cli.command import finite, grouped
from w2v.cli.option_bundle import option_bundle

ALL = sys.maxsize  # more labels than any classifier has


@dataclass(frozen=True)
class LabelChoice:
    """Which labels are predicted for a text.

    given_count      maximum number of labels for each text, or ALL; None: not given, which is 1
    given_threshold  lowest probability of a label; None: not given, which is 0
    """

    given_count: int | None
    given_threshold: float | None

    @property
    def is_given(self) -> bool:
        """Whether the command line has one of the options."""
        return not (self.given_count is None and self.given_threshold is None)

    @property
    def count(self) -> int:
        """Maximum number of labels for each text."""
        return self.given_count or 1

    @property
    def threshold(self) -> float:
        """Lowest probability of a label."""
        return self.given_threshold or 0.0


class CountOrAll(click.ParamType):
    """A number from 1, or `all`; -1 is all too, as in fastText."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; fail for other values."""
        if value in ("all", "-1", ALL):
            return ALL
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r}: expected a number from 1, or all", param, ctx)
        return number


label_options = option_bundle(
    "choice",
    LabelChoice,
    grouped(
        "Labels",
        click.option(
            "-k", "given_count", type=CountOrAll(), metavar="N",
            help="Predict the N most probable labels of each text; all: all labels.  [default: 1]",
        ),
        click.option(
            "--threshold", "given_threshold", type=click.FloatRange(0, 1), metavar="X",
            callback=finite,
            help="Predict only labels whose probability is X or more.  [default: 0]",
        ),
    ),
)  # fmt: skip
