"""Reports words whose vectors are composed from n-grams, because they are out-of-vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from w2v.cli.output import printable

if TYPE_CHECKING:
    from w2v.embeddings.table import Table

_NAMED = 10  # maximum number of words that are reported one by one


class ComposedWords:
    """Finds the words of queries that are composed from n-grams, and reports each on stderr.

    table        the table in which words are looked up
    ignore_case  whether words are matched case-insensitively if there is no exact match
    """

    def __init__(self, table: Table, ignore_case: bool):
        self._table, self._ignore_case = table, ignore_case
        self._reported: set[str] = set()

    def among(self, names: Iterable[str]) -> list[str]:
        """Return the names that are composed; each is reported when it is seen first."""
        if self._table.subwords is None:
            return []
        from w2v.embeddings.lookup import ngrams_composed

        found = []
        for name in names:
            if count := ngrams_composed(self._table, name, self._ignore_case):
                found.append(name)
                self._report(name, count)
        return found

    def _report(self, name: str, count: int) -> None:
        """Report a word, unless it has been reported or too many words have been."""
        from w2v.embeddings.spelling import expression, joined_form, split_words
        from w2v.system.progress import plural

        if name in self._reported:
            return
        self._reported.add(name)
        if len(self._reported) <= _NAMED:
            form = joined_form(self._table, split_words(name))
            hint = f"; as one word: {form}" if form else ""
            if meant := expression(self._table, name):
                hint = f"; did you mean {meant}?"
            message = f"{name} is out-of-vocabulary: composed from {plural(count, 'n-gram')}{hint}"
            click.echo(printable(message), err=True)

    def finish(self) -> None:
        """Report how many words were composed, if not all of them have been reported."""
        if len(self._reported) > _NAMED:
            click.echo(f"in all, {len(self._reported):,} words composed from n-grams", err=True)
