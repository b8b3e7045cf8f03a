"""word2vec's text format: a line "V D", then V lines, each with a name and D numbers.

word2vec.c and fastText (.vec) also write a blank at the end of each line. In a GloVe file with a
header, the header does not count the last row, <unk>.
"""

from __future__ import annotations

import numpy as np

from w2v.embeddings.growing_table import GrowingTable
from w2v.embeddings.source import BLOCK, Diagnostics, Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import (
    is_number,
    numbers_at_end,
    refuse_names_with,
    rows_below,
    word2vec_header,
    write_rows,
)
from w2v.errors import W2VError
from w2v.system import atomic_file, resources
from w2v.system.progress import plural

SUFFIXES = (".txt", ".vec")
KIND = "word2vec text"
SMALL = 8 * BLOCK  # bytes that are parsed in Python first, because loading Numba takes as long
_LONGEST_ROW = 1 << 26  # maximum bytes of a row
_NAMED = 10  # maximum number of unreadable rows with a message each
UNKNOWN = b"<unk>"  # GloVe's name for the mean vector of rare words


def sniff(source: Source) -> Layout | None:
    """Accept any file with a header that the earlier formats have not accepted.

    If the first rows have one length that differs from the length in the header, the layout has the
    length of the rows, and an error message.
    """
    header = word2vec_header(source)
    if header is None:
        return None
    layout, rows = Layout(KIND, *header), rows_below(source, header)
    lengths = {numbers_at_end(row) for row in rows} | {len(row.split()) - 1 for row in rows}
    if len(lengths) != 1 or header.dim in lengths or not (dim := lengths.pop()):
        return layout
    error = f"the header declares vectors of {header.dim} numbers, but rows have {dim}"
    return layout._replace(dim=dim, error=error)


def read(
    source: Source, layout: Layout, limit: int | None, findings: Diagnostics
) -> tuple[list[bytes], np.ndarray]:
    """Names and vectors (N, D); the caller has skipped a header.

    layout  the layout; `rows` is None for a file without a header
    limit   maximum number of rows to read; None: all rows
    """
    reader = _Reader(source, layout.rows, layout.dim, limit, findings)
    rest = b""
    for block in source.blocks():
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            if len(rest) > _LONGEST_ROW:
                raise W2VError(
                    f"{source.name}: row {reader.number}: no line end in {len(rest):,} bytes"
                )
            continue
        if reader.take(rest + block[:end]):
            rest = b""
            break
        rest = block[end:]
    if rest:
        reader.is_at_end = True
        reader.take(rest + b"\n")
        findings.note("the last row has no line end: the file may be cut short")
    return reader.finished()


def write(path: str, table: Table) -> None:
    """Write the header and the rows; W2VError as in `check`."""
    check(path, table)
    with atomic_file.packed(path) as file:
        file.write(b"%d %d\n" % (len(table), table.dim))
        write_rows(file, table)


def check(path: str, table: Table) -> None:
    """Raise a W2VError for a name with a blank or a line end, which would end the name."""
    refuse_names_with(b" \n", table)


class _Reader:
    """Parses lines block by block into names and vectors."""

    def __init__(
        self,
        source: Source,
        declared: int | None,
        dim: int,
        limit: int | None,
        findings: Diagnostics,
    ):
        self._rows = GrowingTable(source, declared, dim, 2 * dim + 1)
        self._declared, self._limit, self._findings = declared, limit, findings
        self._dim, self._read, self._threads = dim, 0, resources.processors()
        self._header = declared is not None
        # _dropped counts the lines that are not rows, _bad the lines of these that are not empty.
        self._dropped, self._bad = 0, 0
        self.is_at_end = False  # whether the last line, which has no line end, is parsed

    @property
    def number(self) -> int:
        """The line number of the next line in the file, from 1."""
        return len(self._rows.names) + self._dropped + 1 + self._header

    def take(self, block: bytes) -> bool:
        """Parse a block of complete lines; returns True when `limit` rows have been read."""
        text = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(text == 10)
        begins = np.concatenate([[0], ends[:-1] + 1])
        if self._limit is not None:
            left = self._limit - len(self._rows.names)
            begins, ends = begins[:left], ends[:left]
        while ends.size and (blank := (text[ends - 1] == 32) | (text[ends - 1] == 13)).any():
            blank &= ends > begins
            if not blank.any():
                break
            ends = ends - blank
        vectors = self._rows.allocate(ends.size)[: ends.size]
        names = np.full(ends.size, -1, np.int64)
        if self._read >= SMALL:
            self._parse(text, begins, ends, vectors, names)
        self._read += len(block)
        self._collect(block, begins.tolist(), ends.tolist(), names.tolist(), vectors)
        return self._limit is not None and len(self._rows.names) >= self._limit

    def _parse(
        self,
        text: np.ndarray, begins: np.ndarray, ends: np.ndarray,
        vectors: np.ndarray, names: np.ndarray,
    ) -> None:  # fmt: skip
        """Parse N lines with the kernel, in all threads.

        begins, ends  offsets of the lines in `text`
        vectors       float32 (N, D), overwritten by the vectors
        names         int64 (N,), set to the offset at which each name ends; stays -1 for a line
                      that the kernel could not parse
        """
        from concurrent.futures import ThreadPoolExecutor  # importing it takes 6 ms

        from w2v.kernels.parse_numbers import read_rows

        powers = 10.0 ** np.arange(23)
        cuts = np.linspace(0, ends.size, self._threads + 1).astype(int)
        parts = [slice(a, b) for a, b in zip(cuts, cuts[1:], strict=False)]
        with ThreadPoolExecutor(self._threads) as pool:
            for part in [
                pool.submit(read_rows, text, begins[p], ends[p], powers, vectors[p], names[p])
                for p in parts
            ]:
                part.result()

    def _collect(
        self,
        block: bytes, begins: list[int], ends: list[int], names: list[int],
        vectors: np.ndarray,
    ) -> None:  # fmt: skip
        """Append the names of the rows, parse the other lines in Python, and record bad lines.

        The vectors of bad lines are overwritten by the vectors of later rows.
        """
        collected, at = self._rows.names, 0
        for row, (begin, end, name) in enumerate(zip(begins, ends, names, strict=True)):
            if name < 0:
                line = block[begin:end]
                word, *values = line.rsplit(b" ", self._dim)
                if len(values) != self._dim and not line.isspace() and b"\t" in line:
                    word, *values = line.rsplit(None, self._dim)
                try:
                    if len(values) != self._dim:
                        raise ValueError
                    with np.errstate(over="ignore"):  # too large for float32: inf
                        vectors[at] = values
                except ValueError:
                    self._bad_row(line, values)
                    continue
                collected.append(word)
            else:
                collected.append(block[begin:name])
                if at != row:
                    vectors[at] = vectors[row]
            at += 1

    def _bad_row(self, line: bytes, values: list[bytes]) -> None:
        """Record a line that is not a row, as a fault if it is not empty."""
        bad = next((value for value in values if not is_number(value)), b"")
        error = f"row {self.number}: expected {self._dim} numbers, found {len(values)}"
        if len(values) == self._dim:
            error = f"row {self.number}: {bad[:20]!r} is not a number"
        if self._declared is not None:
            error += f"; the header declares {self._declared:,} vectors of {self._dim} numbers"
        if line.strip():
            self._bad += 1
            if self._bad <= _NAMED:
                is_cut = self.is_at_end and len(values) < self._dim
                self._findings.error(error, "the row is left out", cut=is_cut)
        self._dropped += 1

    def finished(self) -> tuple[list[bytes], np.ndarray]:
        """The names and vectors; a wrong number of rows is recorded as a fault."""
        names, matrix = self._rows.finished()
        found, declared = len(names), self._declared
        whole = self._limit is None or found < self._limit
        if self._bad > _NAMED:
            more = plural(self._bad - _NAMED, "more row")
            self._findings.note(f"left out {more} that cannot be read")
        if self._bad and not found:
            rows = plural(self._bad, "row")
            raise W2VError(
                f"{self._findings.name}: none of the {rows} can be read: expected a name and "
                f"{self._dim} numbers on each line"
            )
        if declared is not None:
            self._note_long_rows(names)
        if declared is None:
            if self._findings.repairs:
                self._findings.note(f"no header; {found:,} vectors of {self._dim} numbers")
        elif whole and found != declared:
            if found == declared + 1 and names[-1] == UNKNOWN:
                self._findings.note(
                    f"the header does not count the last row, {UNKNOWN.decode()}, as usual in GloVe"
                )
            elif not self._bad:
                self._miscounted(found, declared)
        return names, matrix

    def _note_long_rows(self, names: list[bytes]) -> None:
        """Record names that end in a decimal number: their rows may have too many numbers."""
        doubtful = [
            name
            for name in names
            if b" " in name and b"." in (last := name.rpartition(b" ")[2]) and is_number(last)
        ]
        if doubtful:
            shown = doubtful[0].decode("utf-8", "replace")
            self._findings.note(
                f"{plural(len(doubtful), 'name')} ending in a number, such as {shown!r}: such rows "
                f"may have more than the {self._dim} numbers that the header declares"
            )

    def _miscounted(self, found: int, declared: int) -> None:
        """Record that the number of rows differs from the number in the header."""
        declared_shape = f"the header declares {declared:,} vectors of {self._dim} numbers"
        if found < declared:
            self._findings.error(
                f"row {self.number}: the file ends here; {declared_shape}",
                f"{found:,} vectors are read",
                cut=True,
            )
        else:
            self._findings.error(
                f"the file has {found:,} rows, but {declared_shape}", "all are read"
            )
