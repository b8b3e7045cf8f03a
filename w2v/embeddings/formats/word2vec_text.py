"""Vectors as text: a row for each, its name and its numbers, with blanks between.

word2vec text  first "V D\\n"; the C program, and fastText's .vec, put a blank after each row too
GloVe text     no such header; GloVe's own header does not count its last row, <unk>
"""

from __future__ import annotations

import numpy as np

from w2v.embeddings.formats.growing_table import GrowingTable, numbers
from w2v.embeddings.formats.recognition import GLOVE, begins_as, is_number
from w2v.embeddings.formats.source import BLOCK, HEAD, Diagnostics, Source
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import atomic_file, resources
from w2v.system.text_file import mark_before

SMALL = 8 * BLOCK  # bytes read without a kernel: to load Numba takes as long
_LONGEST_ROW = 1 << 26
_TOLD = 10  # rows that cannot be read
UNKNOWN = b"<unk>"


def read(
    source: Source, promised: int | None, dim: int, limit: int | None, findings: Diagnostics
) -> tuple[list[bytes], np.ndarray]:
    """The rows of a text whose header, if it has one, has been skipped.

    promised  how many rows the header says there are; None: there is no header
    dim       numbers of each
    limit     how many rows to read at most; None: all
    """
    reader = _Reader(source, promised, dim, limit, findings)
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


def write(path: str, table: Table, header: bool = True) -> None:
    """Write rows; every number is the shortest that reads back as the same float32.

    header  whether "V D" goes before them; without, as in GloVe's files, names may have blanks, but
            W2VError where those that come first could not be told from numbers
    """
    check(path, table, header)
    with atomic_file.packed(path) as file:
        if header:
            file.write(b"%d %d\n" % table.matrix.shape)
        else:
            file.write(mark_before(table.name_bytes(0) if len(table) else b""))
        for row in range(len(table)):
            file.write(table.name_bytes(row) + b" " + b" ".join(numbers(table, row)) + b"\n")


def check(path: str, table: Table, header: bool = True) -> None:
    """W2VError where names could not be read back; the vectors need not be known yet."""
    if header:
        refuse_blanks(table)
    else:
        _refuse_numbers(path, table)


def _refuse_numbers(path: str, table: Table) -> None:
    """Without a header the length of vectors is seen from the first rows: refuse what misleads."""
    refuse_blanks(table, b"\n")
    if table.dim < 2:
        raise W2VError(f"{path}: rows of one number need a header: write .txt")
    if not len(table):
        return
    for digits in (b" 0.0", b" -1.2345678e-05"):  # as many rows in the head as can be, and as few
        head, row = mark_before(table.name_bytes(0)), 0
        while row < len(table) and len(head) < HEAD:
            head += table.name_bytes(row) + digits * table.dim + b"\n"
            row += 1
        if begins_as(path, head) != (GLOVE, table.dim):
            raise W2VError(
                f"{path}: without a header the first names, such as {table.name(0)!r}, could not "
                "be told from the vectors or from another format: write .safetensors, or .txt, "
                "where names have blanks with --blank _"
            )


def refuse_blanks(table: Table, ends: bytes = b" \n") -> None:
    """These formats end a name at the first blank or line end: refuse what could not be read."""
    for byte in ends:
        found = np.flatnonzero(table.text == byte)
        if found.size:
            row = int(np.searchsorted(table.offsets, found[0], "right")) - 1
            what, instead = ("a line end", "")
            if byte == 32:
                what, instead = (
                    "a blank",
                    ", .glove or .npy, or name what is to stand for blanks: --blank _",
                )
            raise W2VError(
                f"row {row + 1}, {table.name(row)!r}: a name with {what} cannot be written in this "
                f"format; write .safetensors{instead}"
            )


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
        room = self._rows.room(ends.size)[: ends.size]
        names = np.full(ends.size, -1, np.int64)
        if self._read >= SMALL:
            self._parse(text, begins, ends, room, names)
        self._read += len(block)
        self._collect(block, begins.tolist(), ends.tolist(), names.tolist(), room)
        return self._limit is not None and len(self._rows.names) >= self._limit

    def _parse(
        self,
        text: np.ndarray, begins: np.ndarray, ends: np.ndarray, room: np.ndarray, names: np.ndarray,
    ) -> None:  # fmt: skip
        from concurrent.futures import ThreadPoolExecutor  # a query would wait 6 ms for it

        from w2v.kernels.parse_numbers import read_rows

        powers = 10.0 ** np.arange(23)
        cuts = np.linspace(0, ends.size, self._threads + 1).astype(int)
        parts = [slice(a, b) for a, b in zip(cuts, cuts[1:], strict=False)]
        with ThreadPoolExecutor(self._threads) as pool:
            for part in [
                pool.submit(read_rows, text, begins[p], ends[p], powers, room[p], names[p])
                for p in parts
            ]:
                part.result()

    def _collect(
        self,
        block: bytes, begins: list[int], ends: list[int], names: list[int], room: np.ndarray,
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
                        room[at] = values
                except ValueError:
                    self._wrong(line, values)
                    continue
                found.append(word)
            else:
                found.append(block[begin:name])
                if at != row:
                    room[at] = room[row]
            at += 1

    def _wrong(self, line: bytes, values: list[bytes]) -> None:
        bad = next((value for value in values if not is_number(value)), b"")
        error = f"row {self.number}: expected {self._dim} numbers, found {len(values)}"
        if len(values) == self._dim:
            error = f"row {self.number}: {bad[:20]!r} is no number"
        if self._promised is not None:
            error += f"; the header promises {self._promised:,} vectors of {self._dim} numbers"
        if line.strip():
            self._bad += 1
            if self._bad <= _TOLD:
                self._findings.wrong(error, "left out")
        self._dropped += 1

    def finished(self) -> tuple[list[bytes], np.ndarray]:
        """What has been read, if it is as many rows as were promised."""
        names, matrix = self._rows.finished()
        found, promised = len(names), self._promised
        whole = self._limit is None or found < self._limit
        if self._bad > _TOLD:
            self._findings.note(f"{self._bad - _TOLD:,} more rows that cannot be read: left out")
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
        told = f"the header promises {promised:,} vectors of {self._dim} numbers"
        if found < promised:
            self._findings.wrong(
                f"row {self.number}: the file ends here; {told}", f"{found:,} read"
            )
        else:
            self._findings.wrong(f"{found:,} rows, but {told}", "all are read")
