"""Text files, compressed or not, and stdin: one stream of blocks of tokens.

The text is read once, in blocks that end between two words, so that neither a line nor the text
needs to fit in memory. In a block tokens are parted by blanks. A line is a sentence; `</s>` in a
text ends one too, as it does to word2vec.c.
"""

from __future__ import annotations

import codecs
import hashlib
import itertools
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import IO

from w2v.errors import W2VError
from w2v.system import packing
from w2v.system.pipes import name_of
from w2v.system.remote_files import open_bytes, size_of
from w2v.system.text_file import encoding_by_mark
from w2v.text import nontext
from w2v.text.tokenizers import after_last_break, split

BLOCK = 1 << 20  # bytes read at a time
LONGEST = 1 << 24  # bytes without a blank that may pass for a word; more is not text


class Corpus:
    """One or several texts as one stream of tokens.

    paths      files, plain or packed by gzip, bzip2 or xz; `-` is stdin
    tokenizer  a key of `TOKENIZERS`
    encoding   any that Python knows; what is wrong in it becomes U+FFFD and is counted
    lowercase  fold upper case into lower case
    normalize  the Unicode normalization of the text: none, NFC or NFKC
    Raises     W2VError for what cannot be a text, OSError for a file that is not there

    While `blocks` is consumed these grow: `bytes_read` (of the files as stored), `bad_bytes`,
    `first_bad` (where that was), and at the end `fingerprint` (SHA-256 of the text as UTF-8).
    `source` names the texts in messages; `size` is what `bytes_read` will come to, or None where
    that cannot be known.
    """

    _begin = 0  # the byte of a file that reading begins with

    def __init__(
        self,
        paths: Sequence[str],
        tokenizer: str = "space",
        encoding: str = "utf-8",
        lowercase: bool = False,
        normalize: str = "none",
    ):
        try:
            "".encode(encoding)
        except (LookupError, ValueError):  # an unknown name, or one that is no text
            raise W2VError(f"--encoding {encoding}: no such encoding; try utf-8") from None
        if list(paths).count("-") > 1:
            raise W2VError("- (stdin) is named twice; it can be read only once")
        for path in paths:
            if path == "-":
                continue
            size_of(path)  # the last of many files should not be missed only when it is its turn
            if os.path.isdir(path):
                raise W2VError(
                    f"{path} is a directory; -r reads all files in it, or name some: {path}/*"
                )
        self.paths = list(paths)
        self.source = ", ".join(map(name_of, paths))
        self._tokenizer, self._lowercase, self._normalize = tokenizer, lowercase, normalize
        self.encoding = codecs.lookup(encoding).name
        self.bytes_read = self.bad_bytes = 0
        self.first_bad = self.fingerprint = ""
        sizes = [None if path == "-" else size_of(path) for path in paths]
        self.size = sum(filter(None, sizes)) if None not in sizes else None

    def blocks(self) -> Iterator[bytes]:
        """Blocks of tokens as UTF-8, parted by ASCII whitespace; a line end ends a sentence.

        Raises W2VError where a file is damaged or holds no text, OSError where it can't be read.
        """
        digest = hashlib.sha256()
        for block in self._text():
            digest.update(block)
            yield self._tokens(block)
        self.fingerprint = digest.hexdigest()

    def digest(self) -> str:
        """The fingerprint alone, by reading all of it."""
        digest = hashlib.sha256()
        for block in self._text():
            digest.update(block)
        return digest.hexdigest()

    def _text(self) -> Iterator[bytes]:
        """The text as UTF-8, in blocks that end after a blank; each file ends with a line end."""
        for path in self.paths:
            ends_line = True
            for block in self._cut(path):
                ends_line = block.endswith(b"\n")
                yield block
            if not ends_line:
                yield b"\n"

    def _tokens(self, block: bytes) -> bytes:
        return split(block, self._tokenizer, self._lowercase, self._normalize)

    def _cut(self, path: str) -> Iterator[bytes]:
        """The text of one file as UTF-8, in blocks that end after a blank."""
        rest = b""
        for block in self._decoded(path):
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
                        f"{name_of(path)}: {LONGEST >> 20} MiB without a blank; this is not text"
                    )
        if rest:
            yield rest

    def _decoded(self, path: str) -> Iterator[bytes]:
        """The bytes of one file as valid UTF-8; what was wrong in them is counted."""
        raw = self._raw(path)
        first = next(raw, b"")
        encoding = self._encoding_of(first)
        if self._begin == 0 and not encoding.startswith(("utf-16", "utf-32")):
            self._check_text(first[: nontext.HEAD], path)
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        position, at_start = self._begin, self._begin == 0
        for block in itertools.chain([first], raw, [b""]):
            if encoding == "utf-8" and block.isascii() and not decoder.getstate()[0]:
                clean = block  # need not be decoded
            else:
                text = decoder.decode(block, final=not block)
                self._note_bad(text, block, encoding, path, position)
                if at_start:
                    text = text.removeprefix("\ufeff")  # the mark, which is no letter
                clean = text.encode("utf-8", "replace")
            at_start = at_start and not clean
            position += len(block)
            yield clean

    def _check_text(self, head: bytes, path: str) -> None:
        """W2VError where a file that begins so is plainly not text."""
        if meaning := nontext.looks_like(head, named=self.encoding != "utf-8"):
            raise W2VError(f"{name_of(path)} is {meaning}")

    def _encoding_of(self, start: bytes) -> str:
        """That of a file which begins so: a mark of UTF-16 or UTF-32 is seen, if none was named."""
        found = encoding_by_mark(start) if self.encoding == "utf-8" and self._begin == 0 else ""
        return found or self.encoding

    def _note_bad(self, text: str, block: bytes, encoding: str, path: str, position: int) -> None:
        """Count what was replaced when a block, which begins at `position`, was decoded."""
        bad = text.count("\ufffd")
        if bad and encoding == "utf-8":
            bad = max(bad - block.count(b"\xef\xbf\xbd"), 0)  # those were in the text
        if bad and not self.bad_bytes:
            near = position + len(text[: text.index("\ufffd")].encode(encoding, "replace"))
            seen = "" if encoding == self.encoding else f", read as {encoding} by its mark"
            self.first_bad = f"{name_of(path)}, near byte {near}{seen}"
        self.bad_bytes += bad

    def _raw(self, path: str) -> Iterator[bytes]:
        """The unpacked bytes of one file, in blocks."""
        with nullcontext(sys.stdin.buffer) if path == "-" else open_bytes(path) as file:
            before = self.bytes_read
            for block in _unpack(file, name_of(path)):
                if file.seekable():
                    self.bytes_read = before + file.tell()
                else:
                    self.bytes_read += len(block)
                yield block


def files_of(path: str) -> list[str]:
    """The files in a folder and below, in order, without hidden ones; of another path, itself.

    Links to folders are followed, and each folder is read once: a loop ends, and what is linked
    inside of the folder counts by its own path. Raises W2VError where a folder has no files, or a
    link leads nowhere
    """
    if path == "-" or not os.path.isdir(path):
        return [path]
    found, linked, seen = [], deque([path]), set()
    while linked:
        for folder, folders, files in os.walk(linked.popleft()):
            place = os.stat(folder)
            if (place.st_dev, place.st_ino) in seen:
                folders.clear()
                continue
            seen.add((place.st_dev, place.st_ino))
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            inside = [os.path.join(folder, each) for each in folders]
            linked += filter(os.path.islink, inside)  # once all real folders have been seen
            found += [os.path.join(folder, each) for each in files if not each.startswith(".")]
    for each in found:
        if not os.path.exists(each) and os.path.islink(each):
            raise W2VError(f"{each} is a link that leads nowhere: remove it, or name the files")
    regular = sorted(filter(os.path.isfile, found))
    if not regular:
        raise W2VError(f"{path}: no files in this folder")
    return regular


def _unpack(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Read a file in blocks, unpacked if its first bytes say that it is packed."""
    stream = packing.unpacked(file, packing.kind_of(packing.peek(file)))
    try:
        while block := packing.read(stream, BLOCK):
            yield block
    except packing.DamagedError as error:
        raise W2VError(f"{name}: the packed data is damaged or cut short ({error})") from None
