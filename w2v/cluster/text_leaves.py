"""The fingerprint of a text that workers hash in parts, the same as `TextDigest` computes.

Leaf i is bytes 16 MiB · i to 16 MiB · (i + 1) of the text: of all files, one after the other,
without byte order marks, and with the line ends that files lack. If all files are uncompressed and
valid UTF-8, these bytes are in the files as they are, so that each task can read its own leaves.
Otherwise one task reads the whole text; also for tables and JSON objects whose lines end as on
Windows, because those of a text of documents are hashed without the carriage returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from w2v.cluster.connection import Cluster
from w2v.cluster.text_ranges import TextFile, read_by_worker
from w2v.settings import DocumentSettings, TextSettings
from w2v.system.remote_files import open_bytes
from w2v.text import text_digest
from w2v.text.corpus import Corpus
from w2v.text.document_files import DocumentFile
from w2v.text.documents import DocumentCorpus
from w2v.text.text_digest import leaf_digest, root_digest

MAX_TASKS = 4096  # approximate limit of the tasks that hash a text
_BLOCK = 1 << 20  # bytes read at a time


class Piece(NamedTuple):
    """Bytes `begin` to `end` of a file, or to one byte after it: the line end that it lacks."""

    file: TextFile
    begin: int
    end: int


def leaves(files: Sequence[TextFile]) -> list[list[Piece]]:
    """The pieces of each leaf of a text."""
    found, pieces, size = list[list[Piece]](), list[Piece](), 0
    for file in files:
        begin, end = file.mark, file.size + file.lacks_line_end
        while begin < end:
            cut = min(end, begin + text_digest.LEAF - size)
            pieces.append(Piece(file, begin, cut))
            size += cut - begin
            begin = cut
            if size == text_digest.LEAF:
                found.append(pieces)
                pieces, size = [], 0
    return [*found, pieces] if pieces else found


def groups(leaves: list[list[Piece]]) -> list[list[list[Piece]]]:
    """Divide leaves among tasks."""
    length = max(-(-len(leaves) // MAX_TASKS), 1)
    return [leaves[first : first + length] for first in range(0, len(leaves), length)]


def hash_leaves(leaves: list[list[Piece]]) -> list[bytes]:
    """The task that computes the digests of leaves."""
    return [leaf_digest(block for piece in leaf for block in _read(piece)) for leaf in leaves]


def _read(piece: Piece) -> Iterator[bytes]:
    """The bytes of a piece, in blocks."""
    with read_by_worker(piece.file.path), open_bytes(piece.file.path) as file:
        file.seek(piece.begin)
        at, end = piece.begin, min(piece.end, piece.file.size)
        while at < end and (block := file.read(min(_BLOCK, end - at))):
            at += len(block)
            yield block
    if piece.end > piece.file.size:
        yield b"\n"


def hash_text(
    paths: Sequence[str], settings: TextSettings, given: DocumentSettings | None,
    inputs: Sequence[DocumentFile],
) -> str:  # fmt: skip
    """The task that computes the fingerprint of files of any kind. It reads all files in order.

    given   how documents are read from the files; None: the files are sentences
    inputs  the files of documents, with their formats and names
    """
    with read_by_worker(", ".join(paths)):
        if given is None:
            return Corpus(paths, settings.tokenizer, settings.encoding).digest()
        corpus = DocumentCorpus(paths, settings, given, inputs=inputs)
        corpus.digest()
        return corpus.text_fingerprint


class Fingerprint:
    """The fingerprint of a text, without names of documents, which workers compute.

    cluster  the connection to the workers
    files    the files of the text
    whole    the arguments of `hash_text`
    """

    def __init__(self, cluster: Cluster, files: Sequence[TextFile], *whole: Any):
        self._cluster, self._whole_arguments = cluster, whole
        self._parts: list[Any] | None = None
        if all(file.is_plain for file in files):
            self._parts = [cluster.submit(hash_leaves, group) for group in groups(leaves(files))]
        else:
            self._whole = self._submit_whole()

    def _submit_whole(self) -> Any:
        return self._cluster.submit(hash_text, *self._whole_arguments)

    def result(self, is_exact: bool) -> str:
        """Wait for the fingerprint.

        is_exact  whether the text is the bytes of its files, without any that are replaced or left
                  out
        """
        if self._parts is None:
            return str(self._cluster.result(self._whole))
        if not is_exact:
            return str(self._cluster.result(self._submit_whole()))
        return root_digest(chain.from_iterable(self._cluster.gather(self._parts)))
