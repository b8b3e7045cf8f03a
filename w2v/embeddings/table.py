"""Table: N names and N vectors, the result of every model and the data of every query."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Self

import numpy as np

from w2v.embeddings.letter_case import dotless_rows, folded_rows, row_without_case
from w2v.embeddings.mapped_files import check_whole
from w2v.embeddings.norms import has_direction, row_norms, unit_vectors
from w2v.embeddings.subwords import Subwords
from w2v.errors import W2VError

_LONGEST = float(np.finfo(np.float32).max)  # the largest norm
_JOINED = 4096  # names processed at a time, which limits the memory for temporary copies
_SIGN_AND_NUMBER = -0x70002000  # int32 mask: the bits of a float16 after the shift to the left
_NAMED = 3  # maximum number of vectors whose names are in a message
_FEW_LOOKUPS = 64  # number of lookups for which no table builds a dictionary
_ROWS_A_LOOKUP = 256  # entering so many names into a dictionary takes no longer than a lookup


@dataclass(frozen=True, eq=False)
class Table:
    """N names and their vectors; row i of the matrix is the vector of name i.

    matrix     float32 or float16 (N, D), the vectors
    norms      float32 (N,), the Euclidean norm of each row
    text       uint8, the UTF-8 bytes of all names; bytes that are not UTF-8 are kept unchanged
    offsets    int64 (N + 1,), the position where each name begins in `text`, and the end of `text`
    order      int32 (N,), row numbers sorted by the bytes of the names
    counts     int64 (N,), the count of each name in the corpus; None if counts are not known
    normalize  the Unicode normalization of the training corpus: none, NFC or NFKC
    subwords   composes the vectors of out-of-vocabulary names from n-grams; None if the model has
               no n-grams, or if the vectors were changed

    The arrays may be mapped from a file. Names are found by bisection, so that no dictionary is
    built when a file is opened. After many lookups a dictionary is built, which then saves time.
    """

    matrix: np.ndarray
    norms: np.ndarray
    text: np.ndarray
    offsets: np.ndarray
    order: np.ndarray
    counts: np.ndarray | None = None
    normalize: str = "none"
    subwords: Subwords | None = None

    @classmethod
    def build(
        cls, names: Sequence[str], matrix: np.ndarray, counts: np.ndarray | None = None
    ) -> Table:
        """Build a table; W2VError if a name occurs twice."""
        encoded = [name.encode("utf-8", "surrogateescape") for name in names]
        return cls.of(encoded, matrix, counts)

    @classmethod
    def of(
        cls, encoded: Sequence[bytes], matrix: np.ndarray, counts: np.ndarray | None = None
    ) -> Table:
        """As `build`, with the names as UTF-8 bytes."""
        order = _sorted(encoded)  # first, because later arrays reuse the memory of the sort
        offsets = np.zeros(len(encoded) + 1, np.int64)
        offsets[1:] = np.fromiter(map(len, encoded), np.int64, len(encoded))
        np.cumsum(offsets, out=offsets)
        text = np.empty(offsets[-1], np.uint8)
        for at in range(0, len(encoded), _JOINED):
            part = np.frombuffer(b"".join(encoded[at : at + _JOINED]), np.uint8)
            text[offsets[at] : offsets[at] + part.size] = part
        return cls(matrix, stored_norms(matrix), text, offsets, order, counts)

    @classmethod
    def unknown(cls, names: Sequence[str], dim: int) -> Table:
        """A table of names whose vectors are not known yet; the zero vectors take no memory."""
        return cls.build(names, np.broadcast_to(np.float32(0), (len(names), dim)))

    def take(self, rows: np.ndarray) -> Table:
        """A new table of some rows, with the same normalization and subwords.

        rows  int64 (K,), the rows, in the order of the new table
        """
        counts = None if self.counts is None else self.counts[rows]
        names = [self.name_bytes(row) for row in rows.tolist()]
        taken = Table.of(names, self.stored(rows), counts).with_normalization(self.normalize)
        return taken if self.subwords is None else taken.with_subwords(self.subwords.part(rows))

    def without_blanks(self, instead: str) -> Table:
        """The table with names in which each space is replaced by `instead`.

        Raises W2VError if `instead` contains whitespace, or if two names become the same.
        """
        if instead.split() != [instead] and instead:
            raise W2VError(f"--blank {instead!r} contains a blank itself: try --blank _")
        names = [name.replace(" ", instead) for name in self.names]
        if names == self.names:
            return self
        try:
            return self.with_names(names)
        except W2VError as error:
            same = str(error).removesuffix("; remove one")
            raise W2VError(f"--blank {instead!r}: {same}; try another --blank") from None

    def with_names(self, names: list[str]) -> Table:
        """A table with other names and the same vectors and counts, without subwords."""
        made = Table.build(names, self.matrix, self.counts)  # other classes need more than this
        return made.with_normalization(self.normalize)

    def with_matrix(self, matrix: np.ndarray) -> Table:
        """A table with the same names and counts, and other vectors (N, D), without subwords."""
        return Table(
            matrix, stored_norms(matrix), self.text, self.offsets, self.order, self.counts,
            self.normalize,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.order)

    @property
    def dim(self) -> int:
        """D, the length of a vector."""
        return int(self.matrix.shape[1])

    @property
    def dtype(self) -> np.dtype:
        """The type of the stored numbers: float32, float16 or int8."""
        return self.matrix.dtype

    def row(self, row: int) -> np.ndarray:
        """The vector of a row, float32 (D,); a view of the matrix if the matrix is float32."""
        vector: np.ndarray = self.matrix[row].astype(np.float32, copy=False)
        return vector

    @property
    def computes_vectors(self) -> bool:
        """Whether `vectors` and `quick_norms` compute numbers, and should be called in blocks.

        Otherwise they only return a part of `matrix` and of `norms`.
        """
        return self.dtype != np.float32

    def vectors(self, rows: slice | np.ndarray) -> np.ndarray:
        """The vectors of `rows`, float32.

        A float16 infinity or NaN becomes a number of size 65,536 or more, because a quick
        conversion is used.
        """
        vectors = self.matrix[rows]
        return _widened(vectors) if vectors.dtype == np.float16 else vectors

    def stored(self, rows: slice | np.ndarray) -> np.ndarray:
        """The vectors of `rows` in the type of the matrix."""
        vectors: np.ndarray = self.matrix[rows]
        return vectors

    def exact_norms(self, rows: slice | np.ndarray) -> np.ndarray:
        """The norms of the vectors in `rows`, float32, as in `norms`."""
        return self.norms[rows]

    def quick_norms(self, rows: slice | np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """The norms of the vectors in `rows`, float32, correct to six digits.

        vectors  the vectors in `rows`, which the caller has already computed
        """
        return self.norms[rows]

    def directions(self, rows: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors with the directions of those in `rows`, float32, and their norms, float32.

        The vectors may be scaled by any positive factor if that takes less time. The norms are
        correct to six digits.
        """
        vectors = self.vectors(rows)
        return vectors, self.quick_norms(rows, vectors)

    def units(self, rows: slice | np.ndarray) -> np.ndarray:
        """The unit vectors of `rows`, float32 (K, D); see `norms.unit_vectors`."""
        return unit_vectors(self.vectors(rows), self.exact_norms(rows))

    def has_direction(self, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Whether the vectors in `rows` have a direction, bool; see `norms.has_direction`."""
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
        """The names of the first `count` rows, or of all rows if there are fewer."""
        ends = self.offsets[: count + 1].tolist()
        text = self.text[: ends[-1]].tobytes()
        return [
            text[begin:end].decode("utf-8", "surrogateescape")
            for begin, end in zip(ends, ends[1:], strict=False)
        ]

    @cached_property
    def folded(self) -> dict[str, int]:
        """The first row of each case-folded name."""
        return folded_rows(enumerate(self.names))

    def find_folded(self, name: str) -> int | None:
        """The first row whose name differs only in case, see `row_without_case`; None: no row.

        The name is first normalized as the corpus.
        """
        return row_without_case(self.folded, self._dotless, self.normalized(name))

    @cached_property
    def _dotless(self) -> dict[str, int]:
        return dotless_rows(self.folded)

    def find(self, name: str) -> int | None:
        """The row of a name; None if it is out-of-vocabulary.

        If there is no exact match, the name is looked up in the normalization of the corpus.
        Raises W2VError if the file of the table has become shorter.
        """
        check_whole((vars(self).get("matrix", self.text),))  # one file has both
        row = self._row_of(name_as_bytes(name))
        if row is not None:
            return row
        plain = self.normalized(name)
        return None if plain == name else self.find(plain)

    def _row_of(self, name: bytes) -> int | None:
        """The row of a name: by `_search_row` at first, after many lookups by a dictionary."""
        state = self.__dict__
        if "_rows" not in state:
            state["_lookups"] = state.get("_lookups", 0) + 1
            if state["_lookups"] <= _FEW_LOOKUPS + len(self) // _ROWS_A_LOOKUP:
                return self._search_row(name)
            state["_rows"] = {each: row for row, each in enumerate(self.names)}
        rows: dict[str, int] = state["_rows"]
        return rows.get(name.decode("utf-8", "surrogateescape"))

    def _search_row(self, name: bytes) -> int | None:
        """The row of a name, by bisection."""
        at = self.place(name)
        found = at < len(self) and self.name_bytes(self.order[at]) == name
        return int(self.order[at]) if found else None

    def check_whole(self) -> None:
        """Raise W2VError if a file from which arrays are mapped has become shorter."""
        check_whole(vars(self).values())
        if self.subwords is not None:
            self.subwords.check_whole()

    def compose(self, name: str) -> np.ndarray | None:
        """The vector of an out-of-vocabulary name, float32 (D,); None if none can be composed.

        The name is first normalized as the corpus. Raises W2VError if the file of the n-grams has
        become shorter.
        """
        if self.subwords is None:
            return None
        self.subwords.check_whole()
        return self.subwords.compose(self.encoded(name))

    def encoded(self, name: str) -> bytes:
        """A name in the normalization of the corpus, as UTF-8."""
        return name_as_bytes(self.normalized(name))

    def without_subwords(self) -> Table:
        """The table without composed vectors: unknown names have no vector."""
        return self if self.subwords is None else self.with_subwords(None)

    def with_subwords(self, subwords: Subwords | None) -> Self:
        """The table with other subwords."""
        if subwords is self.subwords:
            return self
        made = copy(self)
        made.__dict__["subwords"] = subwords
        return made

    def with_normalization(self, normalize: str) -> Self:
        """The table with another Unicode normalization of the names that are looked up."""
        if normalize == self.normalize:
            return self
        made = copy(self)
        made.__dict__["normalize"] = normalize
        return made

    def with_counts(self, counts: np.ndarray) -> Self:
        """The table with other counts, int64 (N,)."""
        made = copy(self)
        made.__dict__["counts"] = counts
        return made

    def normalized(self, text: str) -> str:
        """Apply the Unicode normalization of the corpus to a text."""
        return NORMALIZERS[self.normalize](text)

    def without_direction(self, among: np.ndarray | None = None) -> str:
        """A message with the number of vectors without a direction, and the names of the first few.

        among    bool (N,), the vectors to check; None: all vectors
        Returns  an empty string if all these vectors have a direction
        """
        seen = np.ones(len(self), np.bool_) if among is None else among
        kinds = ("zero", seen & (self.norms == 0)), ("not finite", seen & ~np.isfinite(self.norms))
        return " and ".join(self.counted(which, what) for what, which in kinds if which.any())

    def counted(self, which: np.ndarray, what: str) -> str:
        """A message, such as "2 vectors are zero ('a', 'b')".

        which  bool (N,), the vectors that are counted
        what   the description of these vectors, such as zero
        """
        rows = np.flatnonzero(which)
        names = ", ".join(repr(self.name(row)) for row in rows[:_NAMED].tolist())
        more = ", ..." if rows.size > _NAMED else ""
        are = "vector is" if rows.size == 1 else "vectors are"
        return f"{rows.size:,} {are} {what} ({names}{more})"

    def place(self, name: bytes) -> int:
        """The position of a name in `order`, or the position at which it would be inserted."""
        return bisect_left(self.order, name, key=self.name_bytes)


def name_as_bytes(name: str) -> bytes:
    """A name that is looked up, as the bytes of its UTF-8.

    Lone surrogates that stand for bytes that are not UTF-8 become these bytes. A Python string may
    have other lone surrogates, which no name of a table has. They are encoded too, so that such a
    name is unknown and not an error.
    """
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")


def _sorted(names: Sequence[bytes]) -> np.ndarray:
    """Row numbers sorted by name, int32 (N,); W2VError if a name occurs twice."""
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
    """Convert float16 to float32 in a sixth of the time of NumPy's conversion.

    The bits are shifted to their places in a float32. A multiplication corrects the exponent.
    """
    wide = halves.view(np.int16).astype(np.int32)
    wide <<= 13
    wide &= np.int32(_SIGN_AND_NUMBER)
    singles = wide.view(np.float32)
    singles *= np.float32(2.0 ** (127 - 15))
    return singles


def stored_norms(matrix: np.ndarray) -> np.ndarray:
    """The norm of each row, float32 (N,); infinity or NaN only for a row that is not finite.

    If the norm of a finite vector is too large for float32, the largest float32 is returned.
    """
    norms = row_norms(matrix)
    np.minimum(norms, _LONGEST, where=np.isfinite(norms), out=norms)
    return norms.astype(np.float32)


NORMALIZERS: dict[str, Callable[[str], str]] = {
    "none": str,
    "NFC": partial(unicodedata.normalize, "NFC"),
    "NFKC": partial(unicodedata.normalize, "NFKC"),
}
