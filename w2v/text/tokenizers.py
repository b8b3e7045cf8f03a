"""Tokenizers, which split a block of UTF-8 text into tokens separated by ASCII whitespace."""

from __future__ import annotations

import itertools
import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from w2v.embeddings.table import NORMALIZERS
from w2v.errors import W2VError

# Han and kana, which are written without spaces. Korean is written with spaces, and is split there.
_CJK = (
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_HAN = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Of ASCII, letters, digits, _, ' and line ends stay; all other characters become a blank.
_LETTERS = bytes(b if b >= 128 or chr(b).isalnum() or b in b"_'\n" else 32 for b in range(256))
_LOOSE = re.compile(rb"'(?:(?![\w\x80-\xff])|(?<![\w\x80-\xff]'))")  # apostrophes outside of words
_EMPTY = re.compile(rb"(?<!\S)[_']+(?!\S)")  # words without a letter or digit
# Format characters (general category Cf) that only control the layout: the soft hyphen, marks of
# direction, the word joiner, the byte order mark, tags. The zero-width space ends a word and is
# therefore not included.
_LAYOUT = "\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0001\U000e0020-\U000e007f"
_VARIATIONS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"


def _space(block: bytes) -> bytes:
    """Split at ASCII whitespace only; a no-break space is part of a token."""
    return block


def _words(block: bytes) -> bytes:
    """Split into runs of letters, digits and underscores, with single apostrophes inside a word.

    A word has at least one letter or digit. As in UAX #29, rule WB4, combining marks, joiners and
    variation selectors belong to the character before them. Format characters that only control the
    layout, such as a soft hyphen, do not end a word and are removed. ASCII text is split by a
    256-byte table. On English reviews, that takes a sixtieth of the time of the regular expression.
    """
    if b"</s>" in block:
        return _unicode_words(block)
    if not block.isascii():
        lines = block.split(b"\n")
        block = b"\n".join(line if line.isascii() else _mixed_words(line) for line in lines)
    block = _LOOSE.sub(b" ", block.translate(_LETTERS))
    return _EMPTY.sub(b" ", block) if b"_" in block else block


def _mixed_words(line: bytes) -> bytes:
    """Split the parts of a line that are not ASCII into words; keep the ASCII parts as they are."""
    return b" ".join(
        part if part.isascii() else (_short_words if len(part) < 64 else _unicode_words)(part)
        for part in line.split()
    )


def _unicode_words(text: bytes) -> bytes:
    """Split text in any script into words, by a regular expression."""
    return _matches(r"\w", "", text)


_short_words = lru_cache(1 << 14)(_unicode_words)  # for short parts of lines, which often recur


def _chars(block: bytes) -> bytes:
    """Split Han and kana into characters, each with its marks; other scripts as in `_words`."""
    return _matches(rf"(?![{_CJK}])\w", rf"(?=\w)[{_CJK}][{_joiners()}]*|", block)


def _matches(letter: str, alone: str, block: bytes) -> bytes:
    """The words, line ends and `</s>` tokens of a block, separated by spaces.

    letter  a regular expression for one letter of a word
    alone   a regular expression, ending in |, for tokens that are not words; or ""
    """
    part = f"{letter}(?:{letter}|[{_joiners()}])*"
    word = f"(?=[_'’{_joiners()}]*[^\\W_]){part}(?:['’]{part})*"
    text = re.sub(f"[{_LAYOUT}]+", "", block.decode())
    return " ".join(re.findall(f"{alone}{word}|\n|</s>", text)).encode()


def after_last_break(block: bytes) -> int:
    """The position after the last punctuation of a block, or 0; text can be cut there."""
    inner = rf"\w{_joiners()}{_LAYOUT}'’</>"  # the characters of words and of </s>
    last_part = re.search(rf"[^{inner}][{inner}]*\Z", block.decode())
    return len(block) - len(last_part[0][1:].encode()) if last_part else 0


@cache
def _joiners() -> str:
    r"""Characters that belong to the character before them, for the class of a regular expression.

    These are combining marks, variation selectors included (`\w` alone would split Hindi and Tamil
    words), the zero-width joiner and non-joiner (Sinhala spellings need the first, Persian ones the
    second), and the Mongolian vowel separator.
    """
    points = itertools.chain(range(0x300, 0x1F000), range(0xE0100, 0xE01F0))
    return "\u200c\u200d\u180e" + "".join(
        c for c in map(chr, points) if unicodedata.category(c)[0] == "M"
    )


def _jieba(block: bytes) -> bytes:
    """Split runs of Han into words by jieba's dictionary; other scripts as in `_chars`.

    Variation selectors are removed, because the dictionary has none.
    """
    cut = _segmenter().cut
    plain = re.sub(f"[{_VARIATIONS}]+", "", block.decode()).encode()
    alone = rf"(?=\w)[{_HAN}]+|(?=\w)[{_CJK}][{_joiners()}]*|"
    text = _matches(rf"(?![{_CJK}])\w", alone, plain)
    return re.sub(rf"[{_HAN}]+", lambda run: " ".join(cut(run[0])), text.decode()).encode()


@cache
def _segmenter() -> Any:
    """A segmenter of jieba, with the dictionary of its package.

    The dictionary is built anew, in about a second. jieba itself would cache it in the shared
    temporary folder, and would load by marshal any file that another user has put there.
    Raises W2VError if jieba is not installed
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # for jieba's invalid escapes and its use of pkg_resources
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


def split(block: bytes, tokenizer: str, lowercase: bool = False, normalize: str = "none") -> bytes:
    """Split a text into tokens, separated by ASCII whitespace.

    block      the text, as UTF-8
    tokenizer  a key of `TOKENIZERS`
    lowercase  whether to convert the tokens to lower case
    normalize  the Unicode normalization of the text before it is split: none, NFC or NFKC
    """
    tokens = TOKENIZERS[tokenizer](normalized(block, normalize))
    return fold(tokens) if lowercase else tokens


def normalized(text: bytes, form: str) -> bytes:
    """Convert a text, as UTF-8, to a Unicode normalization form: none, NFC or NFKC."""
    if form == "none" or text.isascii():
        return text
    return NORMALIZERS[form](text.decode()).encode()


def fold(block: bytes) -> bytes:
    """Convert tokens to lower case.

    The result for a token does not depend on its neighbours: the only rule that depends on the
    letters around a letter, that of the final sigma, does not reach beyond a blank.
    """
    return block.lower() if block.isascii() else block.decode().lower().encode()
