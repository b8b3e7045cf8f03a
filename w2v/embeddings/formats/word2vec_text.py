"""word2vec's text: first "V D", then a row for each vector, its name and its numbers.

The C program, and fastText's .vec, put a blank after each row too. GloVe's header, where there is
one, does not count its last row, <unk>.
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

SUFFIXES = (".txt", ".vec")
KIND = "word2vec text"
SMALL = 8 * BLOCK  # bytes read without a kernel: to load Numba takes as long
_LONGEST_ROW = 1 << 26
_NAMED = 10  # rows that cannot be read, in messages
UNKNOWN = b"<unk>"


def sniff(source: Source) -> Layout | None:
    """A header, and rows below it that are neither binary nor without names: asked after these.

    Where all rows have the same length, but another than the header says, theirs is taken.
    """
    header = word2vec_header(source)
    if header is None:
        return None
    layout, rows = Layout(KIND, *header), rows_below(source, header)
    lengths = {numbers_at_end(row) for row in rows} | {len(row.split()) - 1 for row in rows}
    if len(lengths) != 1 or header.dim in lengths or not (dim := lengths.pop()):
        return layout
    error = f"the header promises vectors of {header.dim} numbers, but rows have {dim}"
    return layout._replace(dim=dim, error=error)


def read(
    source: Source, layout: Layout, limit: int | None, findings: Diagnostics
) -> tuple[list[bytes], np.ndarray]:
    """Names and vectors (N, D) of a text whose header, if it has one, has been skipped.

    layout  without `rows` where there is no header
    limit   how many rows to read at most; None: all
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
        reader.take(rest + b"\n")
        findings.note("the last row has no line end: perhaps the file is cut short")
    return reader.finished()


def write(path: str, table: Table) -> None:
    """Write the header and the rows; see `check`."""
    check(path, table)
    with atomic_file.packed(path) as file:
        file.write(b"%d %d\n" % table.matrix.shape)
        write_rows(file, table)


def check(path: str, table: Table) -> None:
    """W2VError for a name with a blank or a line end, at which readers take a name to end."""
    refuse_names_with(b" \n", table)


class _Reader:
    """Takes lines, block after block."""

    def __init__(
        self,
        source: Source,
        promised: int | None,
        dim: int,
        limit: int | None,
        findings: Diagnostics,
    ):
        self._rows = GrowingTable(source, promised, dim, 2 * dim + 1)
        self._promised, self._limit, self._findings = promised, limit, findings
        self._dim, self._read, self._threads = dim, 0, resources.processors()
        self._header = promised is not None
        self._dropped, self._bad = 0, 0  # lines that are no row; those that are not empty

    @property
    def number(self) -> int:
        """The number of the next line in the file, from 1."""
        return len(self._rows.names) + self._dropped + 1 + self._header

    def take(self, block: bytes) -> bool:
        """Read whole lines; True where no more are wanted."""
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
        from concurrent.futures import ThreadPoolExecutor  # a query would wait 6 ms for it

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
        """The names of lines; numbers of those that no kernel has read; what is no row."""
        found, at = self._rows.names, 0
        for row, (begin, end, name) in enumerate(zip(begins, ends, names, strict=True)):
            if name < 0:
                line = block[begin:end]
                word, *values = line.rsplit(b" ", self._dim)
                if len(values) != self._dim and not line.isspace() and b"\t" in line:
                    word, *values = line.rsplit(None, self._dim)
                try:
                    if len(values) != self._dim:
                        raise ValueError
                    with np.errstate(over="ignore"):  # 1e39 is infinity, which `Table` counts
                        vectors[at] = values
                except ValueError:
                    self._bad_row(line, values)
                    continue
                found.append(word)
            else:
                found.append(block[begin:name])
                if at != row:
                    vectors[at] = vectors[row]
            at += 1

    def _bad_row(self, line: bytes, values: list[bytes]) -> None:
        bad = next((value for value in values if not is_number(value)), b"")
        error = f"row {self.number}: expected {self._dim} numbers, found {len(values)}"
        if len(values) == self._dim:
            error = f"row {self.number}: {bad[:20]!r} is no number"
        if self._promised is not None:
            error += f"; the header promises {self._promised:,} vectors of {self._dim} numbers"
        if line.strip():
            self._bad += 1
            if self._bad <= _NAMED:
                self._findings.error(error, "left out")
        self._dropped += 1

    def finished(self) -> tuple[list[bytes], np.ndarray]:
        """What has been read, if it is as many rows as were promised."""
        names, matrix = self._rows.finished()
        found, promised = len(names), self._promised
        whole = self._limit is None or found < self._limit
        if self._bad > _NAMED:
            self._findings.note(f"{self._bad - _NAMED:,} more rows that cannot be read: left out")
        if self._bad and not found:
            raise W2VError(f"{self._findings.name}: none of its {self._bad:,} rows can be read")
        if promised is None:
            if self._findings.repairs:
                self._findings.note(f"no header; {found:,} vectors of {self._dim} numbers")
        elif whole and found != promised:
            if found == promised + 1 and names[-1] == UNKNOWN:
                self._findings.note(
                    f"the header does not count the last row, {UNKNOWN.decode()}, as GloVe does it"
                )
            elif not self._bad:
                self._miscounted(found, promised)
        return names, matrix

    def _miscounted(self, found: int, promised: int) -> None:
        promise = f"the header promises {promised:,} vectors of {self._dim} numbers"
        if found < promised:
            self._findings.error(
                f"row {self.number}: the file ends here; {promise}", f"{found:,} read"
            )
        else:
            self._findings.error(f"{found:,} rows, but {promise}", "all are read")
