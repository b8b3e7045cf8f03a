"""The fingerprint of a text: a hash of the hashes of its parts, so that many readers can share it.

The text, as UTF-8, is cut into leaves of 16 MiB; the last one may be shorter. The fingerprint is
the SHA-256 of the SHA-256 digests of all leaves, one after the other: a Merkle tree of two levels
(Merkle 1987). How the text is divided into files does not matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Executor, Future

LEAF = 1 << 24  # bytes
_SMALL = 1 << 12  # bytes; smaller blocks, such as names of documents, are joined

_Block = bytes | bytearray | memoryview


class TextDigest:
    """Computes the fingerprint of a text that comes in blocks.

    pool  the threads that hash leaves while the text is read; None: they are hashed at once
    """

    def __init__(self, pool: Executor | None = None):
        self._pool = pool
        self._leaves: list[bytes | Future[bytes]] = []
        self._blocks: list[_Block] = []  # of the leaf that is not yet full
        self._size = 0

    def update(self, block: bytes) -> None:
        """Add a block of text; it must not be changed later."""
        rest = memoryview(block)
        while len(rest) >= LEAF - self._size:
            cut = LEAF - self._size
            self._blocks.append(rest[:cut])
            self._end_leaf()
            rest = rest[cut:]
        if len(rest) > _SMALL:
            self._blocks.append(rest)
        else:
            last = self._blocks[-1] if self._blocks else None
            if not isinstance(last, bytearray):
                last = bytearray()
                self._blocks.append(last)
            last += rest
        self._size += len(rest)

    def _end_leaf(self) -> None:
        blocks, self._blocks, self._size = self._blocks, [], 0
        self._leaves.append(
            self._pool.submit(leaf_digest, blocks) if self._pool else leaf_digest(blocks)
        )

    def hexdigest(self) -> str:
        """The fingerprint, as 64 hexadecimal digits; no text may be added after it."""
        if self._size:
            self._end_leaf()
        return root_digest(
            leaf.result() if isinstance(leaf, Future) else leaf for leaf in self._leaves
        )


class NoDigest(TextDigest):
    """A substitute for the digest of a text, which computes nothing."""

    def update(self, block: bytes) -> None:
        """Do nothing."""


def leaf_digest(blocks: Iterable[_Block]) -> bytes:
    """The SHA-256 of a leaf, whose text is given in blocks."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.digest()


def root_digest(leaves: Iterable[bytes]) -> str:
    """The fingerprint of a text with these digests of leaves, as 64 hexadecimal digits."""
    return hashlib.sha256(b"".join(leaves)).hexdigest()
