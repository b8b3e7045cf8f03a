"""From text to tokens: blocks of UTF-8 in, blocks of tokens that are parted by blanks out."""

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

# Han and kana, which are written without spaces. Korean has spaces and stays in words.
_CJK = (
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_HAN = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS = bytes(b if b >= 128 or chr(b).isalnum() or b in b"_'\n" else 32 for b in range(256))
_LOOSE = re.compile(rb"'(?:(?![\w\x80-\xff])|(?<![\w\x80-\xff]'))")  # apostrophes outside of words
_EMPTY = re.compile(rb"(?<!\S)[_']+(?!\S)")  # words without a letter or digit
# Format characters (general category Cf) that only steer the layout: the soft hyphen, marks of
# direction, the word joiner, the byte order mark, tags. The zero-width space ends a word.
_LAYOUT = "\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0001\U000e0020-\U000e007f"
_VARIATIONS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"


def _space(block: bytes) -> bytes:
    """Split at ASCII whitespace and at nothing else: a no-break space is a letter."""
    return block


def _words(block: bytes) -> bytes:
    """Runs of letters, digits and underscores with what joins them, and single inner apostrophes.

    A word needs a letter or digit. As in UAX #29, rule WB4, combining marks, joiners and variation
    selectors belong to the character before them; what only steers the layout, such as a soft
    hyphen, joins too, and is left out of the word. What is ASCII is cut by a table: English reviews
    in a sixtieth of the time that Unicode takes.
    """
    if b"</s>" in block:
        return _unicode_words(block)
    if not block.isascii():
        lines = block.split(b"\n")
        block = b"\n".join(line if line.isascii() else _cut_odd(line) for line in lines)
    block = _LOOSE.sub(b" ", block.translate(_LETTERS))
    return _EMPTY.sub(b" ", block) if b"_" in block else block


def _cut_odd(line: bytes) -> bytes:
    """A line whose parts that are not ASCII are cut into words."""
    return b" ".join(
        part if part.isascii() else (_short if len(part) < 64 else _unicode_words)(part)
        for part in line.split()
    )


def _unicode_words(text: bytes) -> bytes:
    return _matches(r"\w", "", text)


_short = lru_cache(1 << 14)(_unicode_words)


def _chars(block: bytes) -> bytes:
    """Each Han or kana character by itself, with its marks; other scripts as in `_words`."""
    return _matches(rf"(?![{_CJK}])\w", rf"(?=\w)[{_CJK}][{_joiners()}]*|", block)


def _matches(letter: str, alone: str, block: bytes) -> bytes:
    """All words, line ends and </s>.

    letter  of words: a regular expression
    alone   what is a word besides, followed by |
    """
    part = f"{letter}(?:{letter}|[{_joiners()}])*"
    word = f"(?=[_'’{_joiners()}]*[^\\W_]){part}(?:['’]{part})*"
    text = re.sub(f"[{_LAYOUT}]+", "", block.decode())
    return " ".join(re.findall(f"{alone}{word}|\n|</s>", text)).encode()


def after_last_break(block: bytes) -> int:
    """Where a text without blanks, such as Chinese, can be cut: after its last punctuation."""
    inner = rf"\w{_joiners()}{_LAYOUT}'’</>"  # of words and of </s>
    found = re.search(rf"[^{inner}][{inner}]*\Z", block.decode())
    return len(block) - len(found[0][1:].encode()) if found else 0


@cache
def _joiners() -> str:
    r"""What belongs to the character before it, for a character class.

    Combining marks (`\w` alone cuts Hindi and Tamil words apart), variation selectors among them;
    the zero-width joiner and non-joiner, of which Sinhala and Persian spellings need one or the
    other; the Mongolian vowel separator.
    """
    points = itertools.chain(range(0x300, 0x1F000), range(0xE0100, 0xE01F0))
    return "\u200c\u200d\u180e" + "".join(
        c for c in map(chr, points) if unicodedata.category(c)[0] == "M"
    )


def _jieba(block: bytes) -> bytes:
    """Runs of Han cut into words by jieba's dictionary; all else as in `_chars`.

    Variation selectors are left out: the dictionary has none.
    """
    cut = _segmenter().cut
    plain = re.sub(f"[{_VARIATIONS}]+", "", block.decode()).encode()
    alone = rf"(?=\w)[{_HAN}]+|(?=\w)[{_CJK}][{_joiners()}]*|"
    text = _matches(rf"(?![{_CJK}])\w", alone, plain)
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


def split(block: bytes, tokenizer: str, lowercase: bool = False, normalize: str = "none") -> bytes:
    """The tokens of a text, parted by ASCII whitespace.

    tokenizer  a key of `TOKENIZERS`
    lowercase  fold them
    normalize  the Unicode normalization of the text before it is cut: none, NFC or NFKC
    """
    tokens = TOKENIZERS[tokenizer](normalized(block, normalize))
    return fold(tokens) if lowercase else tokens


def normalized(text: bytes, form: str) -> bytes:
    """A text in a Unicode normalization form: none, NFC, NFKC."""
    if form == "none" or text.isascii():
        return text
    return NORMALIZERS[form](text.decode()).encode()


def fold(block: bytes) -> bytes:
    """Lower case, by the letters of each token alone: blanks end what final sigma looks at."""
    return block.lower() if block.isascii() else block.decode().lower().encode()
