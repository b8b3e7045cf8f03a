"""Table: names and their vectors, the thing that every model produces."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from w2v.embeddings.norms import has_direction, row_norms, unit_vectors
from w2v.errors import W2VError

_LONGEST = float(np.finfo(np.float32).max)
_JOINED = 4096  # names at a time: what is made of all of them takes memory as well
_SIGN_AND_NUMBER = -0x70002000  # as int32, of the bits of a float16 that are moved to the left
_NAMED = 3  # vectors without a direction, in a message


@dataclass(frozen=True, eq=False)
class Table:
    """N names and N vectors. Arrays may be mapped from a file: a name is found by bisection.

    matrix   float32 (N, D), or float16
    norms    float32 (N,), the Euclidean norm of each row
    text     uint8, the UTF-8 bytes of all names; bytes that are not UTF-8 are kept as they are
    offsets  int64 (N + 1,), where each name begins in `text`
    order    int32 (N,), row numbers sorted by the names' bytes
    counts   int64 (N,), how often each occurs in its text, or None where that is not known
    normalize  the Unicode normalization of the text that the names come from: none, NFC, NFKC
    """

    matrix: np.ndarray
    norms: np.ndarray
    text: np.ndarray
    offsets: np.ndarray
    order: np.ndarray
    counts: np.ndarray | None = None
    normalize: str = "none"

    @classmethod
    def build(
        cls, names: Sequence[str], matrix: np.ndarray, counts: np.ndarray | None = None
    ) -> Table:
        """A table of `names`; W2VError where two are the same."""
        encoded = [name.encode("utf-8", "surrogateescape") for name in names]
        return cls.of(encoded, matrix, counts)

    @classmethod
    def of(
        cls, encoded: Sequence[bytes], matrix: np.ndarray, counts: np.ndarray | None = None
    ) -> Table:
        """The same from names as bytes."""
        order = _sorted(encoded)  # first, in the memory that the rest takes then
        offsets = np.zeros(len(encoded) + 1, np.int64)
        offsets[1:] = np.fromiter(map(len, encoded), np.int64, len(encoded))
        np.cumsum(offsets, out=offsets)
        text = np.empty(offsets[-1], np.uint8)
        for at in range(0, len(encoded), _JOINED):
            some = np.frombuffer(b"".join(encoded[at : at + _JOINED]), np.uint8)
            text[offsets[at] : offsets[at] + some.size] = some
        return cls(matrix, stored_norms(matrix), text, offsets, order, counts)

    @classmethod
    def unknown(cls, names: Sequence[str], dim: int) -> Table:
        """A table of `names` whose vectors are not known yet: zeros that take no memory."""
        return cls.build(names, np.broadcast_to(np.float32(0), (len(names), dim)))

    def take(self, rows: np.ndarray) -> Table:
        """A table of some rows, in that order."""
        counts = None if self.counts is None else self.counts[rows]
        return self.of([self.name_bytes(row) for row in rows.tolist()], self.matrix[rows], counts)

    def without_blanks(self, instead: str) -> Table:
        """With something else for blanks in names.

        Raises W2VError where that has a blank itself, or two names become the same
        """
        if instead.split() != [instead] and instead:
            raise W2VError(f"--blank {instead!r} has a blank itself: try --blank _")
        names = [name.replace(" ", instead) for name in self.names]
        try:
            return self.build(names, self.matrix, self.counts)
        except W2VError as error:
            same = str(error).removesuffix("; remove one")
            raise W2VError(f"--blank {instead!r}: {same}: try another --blank") from None

    def with_matrix(self, matrix: np.ndarray) -> Table:
        """The same names with other vectors."""
        return replace(self, matrix=matrix, norms=stored_norms(matrix))

    def __len__(self) -> int:
        return len(self.order)

    @property
    def dim(self) -> int:
        """Numbers in each vector."""
        return int(self.matrix.shape[1])

    def row(self, row: int) -> np.ndarray:
        """A vector, float32 (D,)."""
        vector: np.ndarray = self.matrix[row].astype(np.float32, copy=False)
        return vector

    @property
    def computes_vectors(self) -> bool:
        """Whether `vectors` and `quick_norms` compute, instead of looking up: best in blocks."""
        return self.matrix.dtype != np.float32

    def vectors(self, rows: slice | np.ndarray) -> np.ndarray:
        """Some vectors, float32; what is not finite in float16 is 65,536 or more."""
        found = self.matrix[rows]
        return _widened(found) if found.dtype == np.float16 else found

    def exact_norms(self, rows: slice | np.ndarray) -> np.ndarray:
        """The norms of some vectors, as in `norms`, float32."""
        return self.norms[rows]

    def quick_norms(self, rows: slice | np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """The norms of some vectors, which are given too, float32, to six digits."""
        return self.norms[rows]

    def units(self, rows: slice | np.ndarray) -> np.ndarray:
        """Some vectors divided by their norms, float32 (N, D); see `norms.unit_vectors`."""
        return unit_vectors(self.vectors(rows), self.exact_norms(rows))

    def has_direction(self, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Which of some vectors, or of all, have a direction, bool; see `norms.has_direction`."""
        return has_direction(self.exact_norms(rows))

    def name_bytes(self, row: int) -> bytes:
        """The name of a row as UTF-8."""
        return self.text[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def name(self, row: int) -> str:
        """The name of a row; bytes that are not UTF-8 become lone surrogates."""
        return self.name_bytes(row).decode("utf-8", "surrogateescape")

    @cached_property
    def names(self) -> list[str]:
        """All names, in the order of the rows."""
        return self.first_names(len(self))

    def first_names(self, count: int) -> list[str]:
        """The names of the first `count` rows, or of all that there are."""
        ends = self.offsets[: count + 1].tolist()
        text = self.text[: ends[-1]].tobytes()
        return [
            text[begin:end].decode("utf-8", "surrogateescape")
            for begin, end in zip(ends, ends[1:], strict=False)
        ]

    @cached_property
    def folded(self) -> dict[str, int]:
        """The first row of each name in folded case."""
        rows: dict[str, int] = {}
        for row, name in enumerate(self.names):
            rows.setdefault(name.casefold(), row)
        return rows

    def find(self, name: str) -> int | None:
        """The row of a name as it is, or else in the names' normalization; None without one."""
        wanted = name.encode("utf-8", "surrogateescape")
        at = self.place(wanted)
        if at < len(self) and self.name_bytes(self.order[at]) == wanted:
            return int(self.order[at])
        plain = self.normalized(name)
        return None if plain == name else self.find(plain)

    def normalized(self, text: str) -> str:
        """A text in the names' Unicode normalization."""
        return NORMALIZERS[self.normalize](text)

    def without_direction(self, among: np.ndarray | None = None) -> str:
        """How many vectors have none, and the names of the first; nothing where all have one.

        among  bool (N,), the vectors that are looked at; None: all
        """
        seen = np.ones(len(self), np.bool_) if among is None else among
        kinds = ("zero", seen & (self.norms == 0)), ("not finite", seen & ~np.isfinite(self.norms))
        return " and ".join(self.counted(which, what) for what, which in kinds if which.any())

    def counted(self, which: np.ndarray, what: str) -> str:
        """How many vectors, bool (N,), are something, with the names of the first few."""
        rows = np.flatnonzero(which)
        names = ", ".join(repr(self.name(row)) for row in rows[:_NAMED].tolist())
        more = ", ..." if rows.size > _NAMED else ""
        are = "vector is" if rows.size == 1 else "vectors are"
        return f"{rows.size:,} {are} {what} ({names}{more})"

    def place(self, name: bytes) -> int:
        """Where a name stands in `order`, or would stand."""
        return bisect_left(self.order, name, key=self.name_bytes)


def _sorted(names: Sequence[bytes]) -> np.ndarray:
    """Row numbers in the order of names, int32; W2VError where two are the same."""
    listed = np.empty(len(names), object)
    listed[:] = names
    order = np.argsort(listed, kind="stable").astype(np.int32)
    for begin in range(0, len(order), _JOINED):
        rows = order[begin : begin + _JOINED + 1]
        named = listed[rows]
        for at in np.flatnonzero(named[1:] == named[:-1])[:1]:
            raise W2VError(
                f"rows {rows[at] + 1} and {rows[at + 1] + 1} have the same name, "
                f"{named[at].decode('utf-8', 'surrogateescape')!r}; remove one"
            )
    return order


def _widened(halves: np.ndarray) -> np.ndarray:
    """float16 as float32, in a sixth of NumPy's time: by the bits, exponents moved by a product."""
    wide = halves.view(np.int16).astype(np.int32)
    wide <<= 13
    wide &= np.int32(_SIGN_AND_NUMBER)
    found = wide.view(np.float32)
    found *= np.float32(2.0 ** (127 - 15))
    return found


def stored_norms(matrix: np.ndarray) -> np.ndarray:
    """The norm of each row, float32 (N,); infinity only for a row that is not finite.

    A finite vector may be longer than float32 can say: then its norm is the largest float32.
    """
    norms = row_norms(matrix)
    np.minimum(norms, _LONGEST, where=np.isfinite(norms), out=norms)
    return norms.astype(np.float32)


NORMALIZERS: dict[str, Callable[[str], str]] = {
    "none": str,
    "NFC": partial(unicodedata.normalize, "NFC"),
    "NFKC": partial(unicodedata.normalize, "NFKC"),
}
