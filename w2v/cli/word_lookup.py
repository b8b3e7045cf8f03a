"""Looking up the words of queries in a table, for the commands similarity, odd and vector."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from w2v.cli.options import limit_blas
from w2v.cli.output import format_options
from w2v.cli.queries import batches
from w2v.cli.query_options import LookupOptions, QueryFiles, lookup_options, query_file_options
from w2v.cli.unknown_words import UnansweredQueries
from w2v.cli.vector_file import open_table, table_option
from w2v.errors import NotFoundError

T = TypeVar("T")


def word_options(command: Callable) -> Callable:
    """Add the options that the commands similarity, odd and vector share."""
    return lookup_options(table_option(query_file_options(format_options(command))))


class WordLookup:
    """Opens a table and looks up the words of queries in it.

    table        the table
    ignore_case  whether words are matched case-insensitively if there is no exact match
    left_out     with --oov skip: the unknown words that were left out so far; else None
    """

    def __init__(self, options: LookupOptions, table: str):
        limit_blas(1)
        self.table, self.ignore_case = open_table(options.vectors, table), options.ignore_case
        self.left_out: set[str] | None = set() if options.skips_unknown else None
        self._vectors = options.vectors

    def known_words(self, words: Sequence[str], minimum: int, by_cosine: bool = True) -> list[str]:
        """Return the words of a query; with --oov skip, only those that have a vector.

        minimum    minimum number of words that the query needs
        by_cosine  whether each vector must have a direction, which a cosine needs
        Raises     NotFoundError if fewer than `minimum` words are left
        """
        from w2v.embeddings.query import directed_row, row_of

        if self.left_out is None:
            return list(words)
        find_row = directed_row if by_cosine else row_of
        kept = [word for word in words if find_row(self.table, word, self.ignore_case) is not None]
        self.left_out.update(set(words) - set(kept))
        if len(kept) < minimum:
            raise NotFoundError(f"too few words of {' '.join(words)!r} have a vector")
        return kept

    def answer_each(
        self,
        queries: Sequence[T],
        files: QueryFiles,
        parse: Callable[[str], Iterable[T]],
        answer: Callable[[T], None],
        names: Callable[[T], Iterable[str]],
        expressions: bool = False,
    ) -> int:
        """Answer queries one by one and return the exit status of the command.

        queries      the queries of the command line
        files        files with more queries
        parse        turns a line into queries, as in `batches`
        answer       prints the answer to a query; raises NotFoundError if there is none
        names        returns the words of a query
        expressions  whether a query may be an expression
        """
        unanswered = UnansweredQueries(self.table, self._vectors, self.left_out, expressions)
        for batch in batches(queries, files.paths, parse, unanswered.report_invalid):
            for query in batch:
                try:
                    answer(query)
                except NotFoundError as error:
                    unanswered.report(error, [name for other in batch for name in names(other)])
            sys.stdout.flush()
        return unanswered.exit_code()
