"""Looking up the words of queries in a table, for the commands similarity, odd and vector."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from w2v.cli.composed_words import ComposedWords
from w2v.cli.meant_terms import check_files
from w2v.cli.options import limit_blas
from w2v.cli.output import ResultPrinter, format_options, print_lines
from w2v.cli.queries import batches
from w2v.cli.query_options import LookupOptions, QueryFiles, lookup_options, query_file_options
from w2v.cli.unknown_words import UnansweredQueries
from w2v.cli.vector_file import table_option, vectors_path
from w2v.errors import NotFoundError, W2VError

T = TypeVar("T")


def word_options(command: Callable) -> Callable:
    """Add the options that the commands similarity, odd and vector share."""
    return lookup_options(table_option(query_file_options(format_options(command))))


class WordLookup:
    """Opens a table and looks up the words of queries in it.

    table        the table
    ignore_case  whether words are matched case-insensitively if there is no exact match
    left_out     with --oov skip: the unknown words that were left out so far; else None
    composed     finds the words that are composed from n-grams
    """

    def __init__(self, options: LookupOptions, table: str):
        limit_blas(1)
        self.table, self.ignore_case = options.open_table(table), options.ignore_case
        self.composed = ComposedWords(self.table, self.ignore_case)
        self.left_out: set[str] | None = set() if options.skips_unknown else None
        self._vectors = options.vectors

    def known_words(self, words: Sequence[str], minimum: int, by_cosine: bool = True) -> list[str]:
        """Return the words of a query; with --oov skip, only those that have a vector.

        minimum    minimum number of words that the query needs
        by_cosine  whether each vector must have a direction, which a cosine needs
        Raises     NotFoundError if fewer than `minimum` words are left
        """
        from w2v.embeddings.lookup import directed_row, row_of

        if self.left_out is None:
            return list(words)
        find_row = directed_row if by_cosine else row_of
        kept = [word for word in words if find_row(self.table, word, self.ignore_case) is not None]
        self.left_out.update(set(words) - set(kept))
        if len(kept) < minimum:
            raise NotFoundError(f"too few words of {' '.join(words)!r} have a vector")
        return kept

    def require_subwords(self, option: str) -> None:
        """Raise W2VError if the model has no subwords, which an option needs."""
        if self.table.subwords is None:
            raise W2VError(
                f"{vectors_path(self._vectors)} has no subwords: leave out {option}, or use a "
                "model with n-grams, such as a fastText .bin"
            )

    def known_field(self, words: Iterable[str]) -> dict[str, bool]:
        """Return {"known": False} for JSON if a word is composed from n-grams, else {}.

        Each composed word is reported on stderr.
        """
        return {"known": False} if self.composed.among(words) else {}

    def answer_each(
        self,
        queries: Sequence[T],
        files: QueryFiles,
        parse: Callable[[str], Iterable[T]],
        answer: Callable[[T], None],
        names: Callable[[T], Iterable[str]],
        results: ResultPrinter,
        unknown: Callable[[T], Mapping[str, Any]],
        invalid: Callable[[str], Mapping[str, Any]],
        expressions: bool = False,
    ) -> int:
        """Answer queries one by one and return the exit status of the command.

        queries      the queries of the command line
        files        files with more queries
        parse        turns a line into queries, as in `batches`
        answer       prints the answer to a query; raises NotFoundError if there is none
        names        returns the words of a query
        results      prints in the format that the options select
        unknown      returns the JSON object of a query without an answer
        invalid      returns the JSON object of a line that is not a valid query
        expressions  whether a query may be an expression
        """
        typed = [name for query in queries for name in names(query)]
        check_files(typed, self.table, [self._vectors], self.ignore_case)
        unanswered = UnansweredQueries(self.table, self._vectors, self.left_out, expressions)
        refused = unanswered.refusing(results, invalid)
        for batch in batches(queries, files.paths, parse, refused):
            typed = [name for query in batch for name in names(query)]
            for query in batch:
                try:
                    answer(query)
                except NotFoundError as error:
                    unanswered.report(error, typed)
                    print_lines(unanswered.lines(results, unknown(query), error))
            sys.stdout.flush()
        self.composed.finish()
        return unanswered.exit_code()
