"""Looking up the words of queries in a table: what similarity, odd and vector share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from w2v.cli.options import limit_blas
from w2v.cli.output import format_options
from w2v.cli.queries import Missing, batches
from w2v.cli.query_options import lookup_options, stdin_options
from w2v.cli.vector_file import file_options, open_table
from w2v.errors import NotFoundError

T = TypeVar("T")


def word_options(command: Callable) -> Callable:
    """Add the options that all of these commands have."""
    for options in (format_options, stdin_options, lookup_options, file_options):
        command = options(command)
    return command


class Lookup:
    """Opens a table, and looks up the words of queries in it.

    vectors, table    the options of `file_options`
    ignore_case, oov  those of `lookup_options`
    """

    def __init__(self, vectors: str | None, table: str, ignore_case: bool, oov: str):
        limit_blas(1)
        self.table, self.ignore_case = open_table(vectors, table), ignore_case
        self.left_out: set[str] | None = set() if oov == "skip" else None
        self._vectors = vectors

    def known(self, words: Sequence[str], least: int, by_cosine: bool = True) -> list[str]:
        """A query's words, or with --oov skip those that have a vector.

        least      how many of them a query needs: NotFoundError where there are fewer
        by_cosine  whether their vectors need a direction, as cosines do
        """
        from w2v.embeddings.query import directed_row, row_of

        if self.left_out is None:
            return list(words)
        row = directed_row if by_cosine else row_of
        kept = [word for word in words if row(self.table, word, self.ignore_case) is not None]
        self.left_out.update(set(words) - set(kept))
        if len(kept) < least:
            raise NotFoundError(f"too few words of {' '.join(words)!r} are there")
        return kept

    def answer_each(
        self,
        queries: tuple[Sequence[T], bool, Sequence[str], Callable[[str], Iterable[T]]],
        answer: Callable[[T], None],
        names: Callable[[T], Iterable[str]],
        adds: bool = False,
    ) -> int:
        """Answer queries one by one; the exit code.

        queries  the first arguments of `batches`
        names    the words of a query
        adds     whether a query may be an expression
        """
        missing = Missing(self.table, self._vectors, self.left_out, adds)
        for batch in batches(*queries, missing.refuse):
            for query in batch:
                try:
                    answer(query)
                except NotFoundError as error:
                    missing.tell(error, [name for each in batch for name in names(each)])
            sys.stdout.flush()
        return missing.exit_code()
