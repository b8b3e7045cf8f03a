"""Removes rows of a text that occurred before, in the order of the text and in bounded memory.

The text is read once. A table has the hashes of the lines so far. When it is full, no line is
entered any more. From there on, a row that equals a line of the table is removed, and every other
row is written to a temporary file. When the text ends, these rows are the text of the next pass,
with an empty table. So rows are written in their order, and the result does not depend on the size
of the table. The signatures of `near_lines` are limited in the same way.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np

from w2v.system.spooled_array import SpooledArray
from w2v.text.corpus import BLOCK
from w2v.text.line_table import HashedLines, LineHasher, LineTable
from w2v.text.near_lines import NearLines
from w2v.text.removed_rows import RemovedRows
from w2v.text.rows import Batch

_LINE_END = 10
_NEAR_SHARE = 0.9  # of the memory for signatures; a hash takes far less memory than a signature


@dataclass
class RowCounts:
    """Numbers of rows, and of bytes of rows as UTF-8 with their line ends.

    rows        rows read
    repeated    rows removed because they equal an earlier row
    near        other rows removed because they are nearly equal to an earlier row that is kept
    kept        rows kept
    blank       rows without words, which are kept
    bytes_read  bytes of the rows read
    bytes_kept  bytes of the rows kept
    """

    rows: int = 0
    repeated: int = 0
    near: int = 0
    kept: int = 0
    blank: int = 0
    bytes_read: int = 0
    bytes_kept: int = 0


class Deduplication:
    """Keeps the first of equal rows, and of nearly equal rows.

    max_bytes  limit of the memory of the table of hashes, and of the signatures
    most       number of the most repeated rows to remember; 0: none
    near       the similarity from which rows are nearly equal; None: only equal rows are removed
    shingle    number of words of a shingle, see `NearLines`
    log        gets all rows, so that it can tell which is removed for which; None: not needed

    counts       see `RowCounts`
    pass_number  the current pass, from 1
    share        the share of the rows of a later pass that have been processed; 0 in the first pass
    full_after   the number of lines in the full table in the current pass; 0 if none is full
    """

    def __init__(
        self, max_bytes: int, most: int = 0, near: float | None = None, shingle: int = 5,
        log: RemovedRows | None = None,
    ):  # fmt: skip
        self._log = log
        self._max_bytes, self._near, self._shingle = max_bytes, near, shingle
        self._hasher = LineHasher()
        self._repeated = _MostRepeated(most)
        self.counts = RowCounts()
        self.pass_number, self.share, self.full_after = 0, 0.0, 0

    def kept(self, batches: Iterator[Batch]) -> Iterator[bytes]:
        """The rows to keep, in blocks of UTF-8; a block for each batch, which may be empty."""
        rest = yield from self._pass(self._counted(batches))
        while rest.rows:
            rest = yield from self._pass(self._shown(rest))

    def most_repeated(self) -> list[tuple[bytes, int]]:
        """The most repeated lines, in squeezed form, with their counts; the most frequent first."""
        return self._repeated.lines()

    def _counted(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches of the text, which are counted."""
        for batch in batches:
            self.counts.rows += batch.number
            self.counts.bytes_read += len(batch.rows)
            yield batch

    def _shown(self, rest: _Rest) -> Iterator[Batch]:
        """The batches of a later pass, whose share is known."""
        done = 0
        for batch in rest.batches():
            yield batch
            done += batch.number
            self.share = done / rest.rows

    def _pass(self, batches: Iterator[Batch]) -> Generator[bytes, None, _Rest]:
        """The rows that are kept in one pass; the generator returns the undecided rows."""
        self.pass_number += 1
        self.full_after, self.share = 0, 0.0
        near, rest = None, _Rest()
        table = LineTable(int(self._max_bytes * (1 if self._near is None else 1 - _NEAR_SHARE)))
        if self._near is not None:
            most = int(self._max_bytes * _NEAR_SHARE)
            near = NearLines(self._near, self._shingle, most, self._log)
        for batch in batches:
            lines = self._hasher.hashed(batch.tokens, batch.number)
            if self._log is not None and self.pass_number == 1:
                self._log.add_rows(lines.hashes, lines.lengths == 0)
            occurrences = table.enter(lines.hashes)
            self._repeated.add(lines, occurrences)
            keep, undecided = occurrences == 1, occurrences == 0
            if near is not None:
                keep, undecided = self._without_near(near, lines, keep, undecided)
                table.frozen = table.frozen or near.frozen
            if undecided.any():
                rest.append(batch, undecided)
                self.full_after = near.size if near is not None and near.frozen else table.size
            self.counts.repeated += int(np.count_nonzero(occurrences > 1))
            self.counts.kept += int(np.count_nonzero(keep))
            self.counts.blank += int(np.count_nonzero(keep & (lines.lengths == 0)))
            block = selected(batch.rows, keep)
            self.counts.bytes_kept += len(block)
            yield block
        return rest

    def _without_near(
        self, near: NearLines, lines: HashedLines, keep: np.ndarray, undecided: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Remove near lines from the lines to keep and from the undecided ones, bool (L,).

        From the first undecided line on, no line is kept, so that the order stays.
        """
        chosen = np.flatnonzero(keep | undecided)
        can_be_new = int(np.argmax(undecided[chosen])) if undecided.any() else chosen.size
        verdicts = near.enter(lines, chosen, can_be_new)
        self.counts.near += int(np.count_nonzero(verdicts == 2))
        new, still_undecided = np.zeros_like(keep), np.zeros_like(keep)
        new[chosen], still_undecided[chosen] = verdicts == 1, verdicts == 0
        return new, still_undecided


def selected(text: bytes, mask: np.ndarray) -> bytes:
    """Some lines of a text.

    text  L lines, each with its line end
    mask  bool (L,), whether to select each line
    """
    if mask.all():
        return text
    source = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(source == _LINE_END) + 1
    return source[np.repeat(mask, np.diff(ends, prepend=0))].tobytes()


class _Rest:
    """The undecided rows of a pass, in temporary files.

    Tokens that are the rows themselves are not stored a second time.

    rows  number of rows
    """

    def __init__(self) -> None:
        self.rows = 0
        self._rows, self._tokens = SpooledArray(np.uint8), SpooledArray(np.uint8)
        self._sizes: list[tuple[int, int, int]] = []  # bytes of rows and of tokens, number of rows

    def append(self, batch: Batch, mask: np.ndarray) -> None:
        """Add some rows of a batch.

        mask  bool (L,), whether to add each row
        """
        rows = selected(batch.rows, mask)
        tokens = b"" if batch.tokens is batch.rows else selected(batch.tokens, mask)
        count = int(np.count_nonzero(mask))
        self._rows.append(np.frombuffer(rows, np.uint8))
        self._tokens.append(np.frombuffer(tokens, np.uint8))
        self.rows += count
        last = self._sizes[-1] if self._sizes else (BLOCK, 0, 0)
        # Batches are joined, so that later passes do not have ever smaller ones.
        joins = sum(last[:2]) + len(rows) + len(tokens) <= BLOCK
        if joins and bool(last[1]) == bool(tokens):
            self._sizes[-1] = last[0] + len(rows), last[1] + len(tokens), last[2] + count
        else:
            self._sizes.append((len(rows), len(tokens), count))

    def batches(self) -> Iterator[Batch]:
        """The rows, as `rows.Rows` returns them."""
        first_row = first_token = 0
        for row_bytes, token_bytes, count in self._sizes:
            rows = self._rows.read(first_row, first_row + row_bytes).tobytes()
            tokens = self._tokens.read(first_token, first_token + token_bytes).tobytes()
            yield Batch(rows, tokens or rows, count)
            first_row, first_token = first_row + row_bytes, first_token + token_bytes


class _MostRepeated:
    """The lines with the most occurrences.

    A line is remembered at an occurrence whose number is large enough. Since all occurrences of a
    line are counted in one pass, and the smallest count among the remembered lines never falls, the
    last occurrence of one of the most frequent lines is never missed.

    most  number of lines
    """

    def __init__(self, most: int):
        self._most, self._least = most, 2
        self._lines: dict[bytes, tuple[int, bytes]] = {}

    def add(self, lines: HashedLines, occurrences: np.ndarray) -> None:
        """Remember repeated lines.

        occurrences  the number of the occurrence of each line, see `LineTable.enter`
        """
        if not self._most:
            return
        for number in np.flatnonzero(occurrences >= self._least).tolist():
            name = lines.hashes[number].tobytes()
            self._lines[name] = int(occurrences[number]), lines.line(number)
            if len(self._lines) > 2 * self._most:
                self._prune()

    def _prune(self) -> None:
        """Forget all but the most frequent lines."""
        ordered = sorted(self._lines.items(), key=lambda item: (-item[1][0], item[1][1]))
        self._lines = dict(ordered[: self._most])
        self._least = max(self._least, ordered[self._most - 1][1][0])

    def lines(self) -> list[tuple[bytes, int]]:
        """The most frequent lines with their counts; lines with equal counts are sorted."""
        found = nsmallest(self._most, self._lines.values(), key=lambda pair: (-pair[0], pair[1]))
        return [(line, count) for count, line in found]
