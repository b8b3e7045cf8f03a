"""Reads text files, compressed or not, archives and stdin, as one stream of blocks of tokens.

The text is read once, in blocks that end between two words, so that neither a line nor the whole
text needs to fit in memory. Blanks separate the tokens of a block. Each line is a sentence; the
token `</s>` also ends a sentence, as in word2vec.c.
"""

from __future__ import annotations

import codecs
import itertools
import os
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext

from w2v.errors import W2VError
from w2v.settings import Lowercase
from w2v.system import packing
from w2v.system.pipes import is_pipe, name_of, names_of
from w2v.system.read_ahead import Block, Blocks, ReadAhead
from w2v.system.remote_files import (
    files_below,
    is_address,
    is_folder,
    matches,
    open_bytes,
    status_of,
)
from w2v.system.text_file import encoding_by_mark
from w2v.text import nontext
from w2v.text.arrow_tables import ArrowTable, is_table
from w2v.text.sources import Source, sources_in
from w2v.text.text_blocks import as_blocks, gathered
from w2v.text.text_digest import TextDigest
from w2v.text.tokenizers import after_last_break, split

BLOCK = 1 << 20  # bytes read at a time
LONGEST = 1 << 24  # maximum bytes of text that cannot be cut; a file with more is refused


class Corpus:
    """One or several texts as one stream of tokens.

    paths      files, plain or compressed by gzip, bzip2, xz or zstd, tar archives of them, each of
               whose files is a text, and Parquet or Arrow files; `-` is stdin
    tokenizer  a key of `TOKENIZERS`
    encoding   any text encoding of Python; invalid bytes are replaced by U+FFFD
    lowercase  whether to convert the tokens to lower case
    normalize  the Unicode normalization of the text: none, NFC or NFKC
    threads    the number of threads that read and count the text
    Raises     W2VError for an unknown encoding, a directory, or stdin named twice; OSError for a
               file that does not exist

    source       the names of the texts, for messages
    size         the number of bytes of all files; None if it cannot be known, as for stdin
    bytes_read   number of bytes read so far; of a compressed file, its compressed bytes
    bad_bytes    number of invalid byte sequences that have been replaced so far
    first_bad    where the first of them is: the file, and about which byte
    left_out     number of members and records of archives that are no texts, by their kind
    null_rows    number of rows of Parquet or Arrow files without a text, which were left out
    fingerprint  see `TextDigest`; set when the text has been read

    unbuffered   may be set to True before the text is read, for a program that writes a text and
                 waits for an answer: each block ends with the last text that has been received. An
                 archive is not recognized then, because its beginning would have to be awaited
    """

    unbuffered = False
    _begin = 0  # the position in the file, in bytes, where reading begins

    def __init__(
        self,
        paths: Sequence[str],
        tokenizer: str = "space",
        encoding: str = "utf-8",
        lowercase: Lowercase = False,
        normalize: str = "none",
        threads: int = 1,
    ):
        try:
            "".encode(encoding)
        except (LookupError, ValueError):  # an unknown name, or a codec that is not for text
            raise W2VError(f"--encoding {encoding}: no such text encoding; try utf-8") from None
        if list(paths).count("-") > 1:
            raise W2VError("- (stdin) is named twice: it can be read only once")
        statuses = [status_of(path) for path in paths]  # OSError now, not after hours of reading
        for path, status in zip(paths, statuses, strict=True):
            if status.is_folder:
                raise W2VError(
                    f"{path} is a directory: read all its files with -r, or name them: "
                    f"{path.rstrip('/')}/*"
                )
        self.paths, self.threads = list(paths), threads
        self.source = names_of(paths)
        self._tokenizer, self._lowercase, self._normalize = tokenizer, lowercase, normalize
        # UTF-8 is read with a byte order mark or without one, so that both names mean the same.
        self.encoding = codecs.lookup(encoding).name.removesuffix("-sig")
        self._ahead: ReadAhead | None = None
        self.begin()
        sizes = [status.size for status in statuses]
        self.size = sum(filter(None, sizes)) if None not in sizes else None

    def begin(self) -> None:
        """Forget what has been read, before the text is read again."""
        self.bytes_read = self.bad_bytes = self.null_rows = 0
        self.first_bad = self.fingerprint = ""
        self.left_out: Counter[str] = Counter()

    def blocks(self) -> Iterator[bytes]:
        """Blocks of tokens as UTF-8, separated by ASCII whitespace; a line end ends a sentence.

        Raises W2VError for a file that is damaged or not text, OSError for one that can't be read
        """
        return map(self.tokens, self.texts())

    def texts(self, pool: Executor | None = None) -> Iterator[bytes]:
        """Blocks of text as UTF-8, before it is tokenized, see `tokens`. Raises as `blocks`.

        pool  the threads that compute the fingerprint; None: this one
        """
        digest = TextDigest(pool)
        with self.reading_ahead():
            for block in self._text():
                digest.update(block)
                yield block
        self.fingerprint = digest.hexdigest()

    def digest(self) -> str:
        """Compute the fingerprint: the whole text is read, but not tokenized."""
        for _ in self.texts():
            pass
        return self.fingerprint

    def _text(self) -> Iterator[bytes]:
        """The text as UTF-8, in blocks of whole words; a missing line end of a file is added."""
        return self._gathered(self._separate_texts())

    def _gathered(self, texts: Iterator[bytes]) -> Iterator[bytes]:
        """Small blocks joined to larger ones, which are read faster."""
        return texts if self.unbuffered else gathered(texts, BLOCK // 16)

    def _as_blocks(self, texts: Iterator[bytes]) -> Iterator[bytes]:
        """Texts in blocks of about `BLOCK` bytes, with a line for each text."""
        return as_blocks(texts, 0 if self.unbuffered else BLOCK)

    def _separate_texts(self) -> Iterator[bytes]:
        for path in self.paths:
            for source in self._sources(path):
                ends_line = True
                for block in self._cut(source):
                    ends_line = block.endswith(b"\n")
                    yield block
                if not ends_line:
                    yield b"\n"

    def _sources(self, path: str) -> Iterator[Source]:
        """The texts in a file: itself, the files in an archive, or the text column of a table."""
        if is_table(path):
            table = ArrowTable(path)
            lines = self._column(table, [table.text_column()])
            return iter([Source(table.place, "", lines, "utf-8")])
        if self.unbuffered:
            return iter([Source(name_of(path), "", self._raw(path))])
        return sources_in(self._raw(path), name_of(path), self.left_out)

    def tokens(self, block: bytes) -> bytes:
        """The tokens of a block of text, separated by ASCII whitespace. Threads may call this."""
        return split(block, self._tokenizer, self._lowercase, self._normalize)

    def _column(
        self, table: ArrowTable, columns: Sequence[str], one_line: bool = False
    ) -> Iterator[bytes]:
        """The texts in columns, as lines; rows without a text are left out and counted.

        one_line  whether each text is one line; else a text may have several
        """
        bytes_before = self.bytes_read
        for block, nulls in table.lines(columns, one_line):
            self.null_rows += nulls
            self.bytes_read = bytes_before + table.read
            yield block
        self.bytes_read = bytes_before + table.read

    def _cut(self, source: Source) -> Iterator[bytes]:
        """The text of one source as UTF-8, in blocks that end after a blank or with the file.

        Text without blanks is cut after punctuation, except with the tokenizer `space`.
        Raises W2VError if more than `LONGEST` bytes cannot be cut
        """
        rest = b""
        for block in self._decoded(source):
            cut = 1 + max(map(block.rfind, (b"\n", b" ", b"\t", b"\r", b"\v", b"\f")))
            if not cut and self._tokenizer != "space":
                cut = after_last_break(block)
            if cut:
                yield rest + block[:cut]
                rest = block[cut:]
            else:
                rest += block
                if len(rest) > LONGEST:
                    raise W2VError(
                        f"{source.place}: {LONGEST >> 20} MiB without a blank: not text, or text "
                        "such as Chinese, which needs --tokenizer chars or jieba"
                    )
        if rest:
            yield rest

    def _decoded(self, source: Source) -> Iterator[bytes]:
        """The text of one source as valid UTF-8; invalid bytes are replaced and counted.

        Raises W2VError for a file that is not text, or whose invalid bytes cannot be replaced
        """
        raw = source.blocks
        first = next(raw, b"")
        encoding = source.encoding or self._encoding_of(first)
        is_wide = encoding.startswith(("utf-16", "utf-32"))
        if self._begin == 0 and not is_wide and not source.is_page:  # a page is text in any case
            self._check_text(first[: nontext.HEAD], source.place)
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        position, at_start = self._begin, self._begin == 0
        for block in itertools.chain([first], raw, [b""]):
            if encoding == "utf-8" and block.isascii() and not decoder.getstate()[0]:
                clean = block  # ASCII is valid UTF-8 as it is
            else:
                state = decoder.getstate()  # first the bytes of a character that goes on in `block`
                try:
                    text = decoder.decode(block, final=not block)
                except UnicodeError as error:  # as from utf-16 without a byte order mark
                    raise W2VError(
                        f"{source.place}: cannot be read with --encoding {encoding} ({error}): "
                        "give the encoding of this text, such as utf-16-le"
                    ) from None
                if "\ufffd" in text:
                    own = _own_replacements(encoding, state, block)
                    begun = state[0] + block
                    raw_begin = position - len(state[0])
                    self._note_bad(text, begun, encoding, source.place, raw_begin, own)
                if at_start:
                    text = text.removeprefix("\ufeff")  # the byte order mark
                clean = text.encode("utf-8", "replace")
            at_start = at_start and not clean
            position += len(block)
            yield clean

    def _check_text(self, head: bytes, place: str) -> None:
        """W2VError if the first bytes of a file show that it is not text."""
        if meaning := nontext.looks_like(head, named=self.encoding != "utf-8"):
            raise W2VError(f"{place} is {meaning}")

    def _encoding_of(self, start: bytes) -> str:
        """The encoding of a file with these first bytes: a byte order mark overrides UTF-8."""
        by_mark = encoding_by_mark(start) if self.encoding == "utf-8" and self._begin == 0 else ""
        return by_mark or self.encoding

    def _note_bad(
        self, text: str, block: bytes, encoding: str, place: str, position: int, own: int
    ) -> None:
        """Count the invalid byte sequences of a block, and record the place of the first one.

        text      the decoded block, with U+FFFD for invalid bytes
        place     the name of the file
        position  the position in the file, in bytes, where the block begins
        own       number of U+FFFD that are in the text itself
        """
        bad = text.count("\ufffd") - own
        if bad and not self.bad_bytes:
            first = position + _first_invalid(text, block, encoding)
            self.first_bad = f"{place}, near byte {first}"
            if encoding != self.encoding:
                self.first_bad += f", read as {encoding} because of its byte order mark"
        self.bad_bytes += bad

    def _raw(self, path: str) -> Iterator[bytes]:
        """The decompressed bytes of one file, in blocks."""
        bytes_before = self.bytes_read
        ahead, waits = self._ahead, not self.unbuffered
        for block, position in ahead.blocks(path) if ahead else _unpacked(path, waits):
            if position < 0:
                self.bytes_read += len(block)
            else:
                self.bytes_read = bytes_before + position
            yield block

    @contextmanager
    def reading_ahead(self) -> Iterator[None]:
        """A block in which packed files and addresses are read by threads, ahead of their use.

        With one thread nothing is read ahead. One file alone is not either: a thread of its own
        for decompressing it took the same time, from 4 % less to 3 % more in four measurements.
        """
        if self.threads == 1 or len(self.paths) == 1 or self._ahead or self.unbuffered:
            yield
            return
        self._ahead = ReadAhead(self.paths, self.threads, _unpacked, _is_slow)
        try:
            yield
        finally:
            self._ahead.close()
            self._ahead = None


def _own_replacements(encoding: str, state: tuple[bytes, int], block: bytes) -> int:
    """The number of U+FFFD in a block of a text itself, which replace no invalid bytes.

    state  the state of the decoder before the block
    """
    decoder = codecs.getincrementaldecoder(encoding)("ignore")
    decoder.setstate(state)
    return decoder.decode(block, final=not block).count("\ufffd")


def _first_invalid(text: str, block: bytes, encoding: str) -> int:
    """The position in a block of its first invalid bytes; about that, unless it is UTF-8.

    text  the decoded block, with U+FFFD for invalid bytes
    """
    if encoding == "utf-8":
        try:
            block.decode()
        except UnicodeDecodeError as error:
            return error.start
    return len(text[: text.index("\ufffd")].encode(encoding, "replace"))


def files_named(paths: Iterable[str], recursive: bool, keep_folders: bool = False) -> list[str]:
    """The files that paths name: those that match the globs of addresses, and other paths.

    recursive     whether folders stand for all files in them, see `files_of`
    keep_folders  whether folders are returned as they are in any case, because the reader of the
                  paths names the files of a folder by their paths in it
    """
    found = [match for path in paths for match in matches(path)]
    if not recursive or keep_folders:
        return found
    return [file for path in found for file in files_of(path)]


def files_of(path: str) -> list[str]:
    """The files in a folder and its subfolders, sorted; a path that is no folder is returned.

    The folder may be at an address. Hidden files and folders are left out. Links to folders are
    followed. Each folder is read only once, so that loops of links end. Real folders are read
    before linked ones, so that a file has a path without links if possible.
    Raises W2VError for a folder without files, or for a broken link; OSError for a folder that
    cannot be read
    """
    if not is_folder(path):
        return [path]
    if is_address(path):
        return files_below(path)
    paths, linked_folders, folders_read = [], deque([path]), set()
    while linked_folders:
        for folder, folders, files in os.walk(linked_folders.popleft(), onerror=_raise):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in folders_read:
                folders.clear()
                continue
            folders_read.add((status.st_dev, status.st_ino))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            subfolders = [os.path.join(folder, name) for name in folders]
            linked_folders += filter(os.path.islink, subfolders)  # read after all real folders
            paths += [os.path.join(folder, name) for name in files if not name.startswith(".")]
    for file in paths:
        if not os.path.exists(file) and os.path.islink(file):
            raise W2VError(f"{file} is a broken link: remove it, or name the files to read")
    regular = sorted(filter(os.path.isfile, paths))
    if not regular:
        raise W2VError(f"{path}: no files in this folder")
    return regular


def _raise(error: OSError) -> None:
    """Raise an error of `os.walk`, which would leave out the folder."""
    raise error


def _unpacked(path: str, waits: bool = True) -> Blocks:
    """The decompressed bytes of one file, see `packing.blocks`. Threads may call this."""
    with nullcontext(sys.stdin.buffer) if path == "-" else open_bytes(path) as file:
        kind = packing.kind_of(packing.peek(file))
        for block in packing.blocks(file, kind, BLOCK, name_of(path), waits):
            yield Block(block, file.tell() if file.seekable() else -1)


def _is_slow(path: str) -> bool:
    """Whether a thread should read a file ahead of its use: a packed one, or one of an address."""
    if path == "-" or is_pipe(path) or is_table(path):
        return False
    if is_address(path):
        return True
    with open(path, "rb") as file:
        return packing.kind_of(packing.peek(file)) != ""
