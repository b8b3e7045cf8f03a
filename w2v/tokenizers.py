"""From text to tokens: blocks of UTF-8 in, blocks of tokens that are parted by blanks out."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from w2v.errors import W2VError

# Han and kana, which are written without spaces. Korean has spaces and stays in words.
_CJK = (
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_HAN = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS = bytes(b if b >= 128 or chr(b).isalnum() or b in b"_'\n" else 32 for b in range(256))
_LOOSE = re.compile(rb"'(?:(?![\w\x80-\xff])|(?<![\w\x80-\xff]'))")  # apostrophes outside of words


def _space(block: bytes) -> bytes:
    """Split at ASCII whitespace and at nothing else: a no-break space is a letter."""
    return block


def _words(block: bytes) -> bytes:
    """Runs of letters, digits, marks and underscores, joined by single inner apostrophes.

    What is ASCII is cut by a table: English reviews in a sixtieth of the time that Unicode takes.
    """
    if b"</s>" in block:
        return _unicode_words(block)
    if not block.isascii():
        lines = block.split(b"\n")
        block = b"\n".join(line if line.isascii() else _cut_odd(line) for line in lines)
    return _LOOSE.sub(b" ", block.translate(_LETTERS))


def _cut_odd(line: bytes) -> bytes:
    """A line whose parts that are not ASCII are cut into words."""
    return b" ".join(
        part if part.isascii() else (_short if len(part) < 64 else _unicode_words)(part)
        for part in line.split()
    )


def _unicode_words(text: bytes) -> bytes:
    return _matches(rf"[\w{_marks()}]", "", text)


_short = lru_cache(1 << 14)(_unicode_words)


def _chars(block: bytes) -> bytes:
    """Each Han or kana character by itself; other scripts as in `_words`."""
    return _matches(rf"(?![{_CJK}])[\w{_marks()}]", rf"(?=\w)[{_CJK}]|", block)


def _matches(letter: str, alone: str, block: bytes) -> bytes:
    word = f"(?:{letter})+(?:['’](?:{letter})+)*"
    return " ".join(re.findall(f"{alone}{word}|\n|</s>", block.decode())).encode()


def after_last_break(block: bytes) -> int:
    """Where a text without blanks, such as Chinese, can be cut: after its last punctuation."""
    inner = rf"\w{_marks()}'’</>"  # of words and of </s>
    found = re.search(rf"[^{inner}][{inner}]*\Z", block.decode())
    return len(block) - len(found[0][1:].encode()) if found else 0


@cache
def _marks() -> str:
    r"""Every combining mark, for a character class: `\w` alone cuts Hindi and Tamil words apart."""
    return "".join(c for c in map(chr, range(0x300, 0x1E900)) if unicodedata.category(c)[0] == "M")


def _jieba(block: bytes) -> bytes:
    """Runs of Han cut into words by jieba's dictionary; all else as in `_chars`."""
    cut = _segmenter().cut
    text = _matches(rf"(?![{_CJK}])[\w{_marks()}]", rf"(?=\w)[{_HAN}]+|(?=\w)[{_CJK}]|", block)
    return re.sub(rf"[{_HAN}]+", lambda run: " ".join(cut(run[0])), text.decode()).encode()


@cache
def _segmenter() -> Any:
    """jieba with the dictionary that it ships; W2VError where it is not installed.

    Its own way would keep the dictionary in the folder that all users write temporary files to,
    and read what is there by marshal: we build it each time, in about a second.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its old escapes and its way to find resources
        try:
            import jieba
        except ImportError:
            raise W2VError(
                "--tokenizer jieba needs the package jieba: pip install 'w2v[zh]'"
            ) from None
        segmenter = jieba.Tokenizer()
        segmenter.FREQ, segmenter.total = segmenter.gen_pfdict(segmenter.get_dict_file())
        segmenter.initialized = True
    return segmenter


TOKENIZERS: dict[str, Callable[[bytes], bytes]] = {
    "space": _space,
    "words": _words,
    "chars": _chars,
    "jieba": _jieba,
}


def fold(block: bytes) -> bytes:
    """Lower case, by the letters of each token alone: blanks end what final sigma looks at."""
    return block.lower() if block.isascii() else block.decode().lower().encode()
