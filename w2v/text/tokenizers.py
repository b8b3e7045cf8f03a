"""Tokenizers, which split a block of UTF-8 text into tokens separated by ASCII whitespace."""

from __future__ import annotations

import itertools
import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from w2v.embeddings.table import NORMALIZERS
from w2v.settings import Lowercase, TextSettings
from w2v.system import optional_packages

# Han and kana, which are written without spaces. Korean is written with spaces, and is split there.
_CJK = (
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_HAN = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
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
    layout, such as a soft hyphen, do not end a word and are removed.
    """
    return _tokens(block, _classes(""))


def _chars(block: bytes) -> bytes:
    """Split Han and kana into characters, each with its marks; other scripts as in `_words`."""
    return _tokens(block, _classes(_CJK))


def _tokens(block: bytes, class_of: np.ndarray) -> bytes:
    """The words, line ends and `</s>` tokens of a block, separated by spaces.

    class_of  the class of each code point, see `word_boundaries`
    """
    from w2v.kernels.word_boundaries import classify, copy_tokens

    text = np.frombuffer(block, np.uint8)
    classes, starts = (np.empty(text.size + 1, kind) for kind in (np.uint8, np.int32))
    tokens = np.empty(2 * text.size, np.uint8)
    count = classify(text, class_of, classes, starts)
    return tokens[: copy_tokens(text, classes, starts, count, tokens)].tobytes()


@cache
def _classes(alone: str) -> np.ndarray:
    """The class of each code point, uint8 (2**21,), see `word_boundaries`.

    alone  the letters that stand alone, for the class of a regular expression; "": none
    """
    from w2v.kernels import word_boundaries as kinds

    points = np.r_[0:0xD800, 0xE000:0x110000]  # without surrogates, which no text has
    characters = points.astype("<u4").tobytes().decode("utf-32-le")

    def are(some: str) -> np.ndarray:
        """Whether each code point is in the class of a regular expression."""
        found = np.zeros(1 << 21, np.bool_)
        for run in re.finditer(f"[{some}]+", characters):
            found[points[run.start() : run.end()]] = True
        return found

    letter, single, apostrophe = are(r"\w"), are(alone or "\0"), are("'’")
    joiner = np.zeros_like(letter)
    joiner[list(map(ord, _joiners()))] = True  # as a regular expression it would take 2 s
    classes = (
        (kinds.LETTER, letter & ~single),
        (kinds.DIGIT_OR_LETTER, are(r"^\W_")),
        (kinds.JOINER, joiner),
        (kinds.ALONE, letter & single),
        (kinds.LAYOUT, are(_LAYOUT)),
        (kinds.APOSTROPHE, apostrophe),
        (kinds.LINE_END, are(r"\n")),
        (kinds.BEFORE_WORD, joiner | apostrophe | are("_")),
    )
    found = np.zeros(1 << 21, np.uint8)
    for kind, is_of_kind in classes:
        found[is_of_kind] |= kind
    return found


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
    text = re.sub(f"[{_LAYOUT}{_VARIATIONS}]+", "", block.decode())
    joiners, letter = _joiners(), rf"(?![{_CJK}])\w"
    part = f"{letter}(?:{letter}|[{joiners}])*"
    inside = f"(?:[_{joiners}]|['’](?={letter}))*"
    word = f"(?={inside}{letter}(?<!_)){part}(?:['’]{part})*"  # with a letter or digit
    alone = rf"(?=\w)[{_HAN}]+|(?=\w)[{_CJK}][{joiners}]*"
    tokens = " ".join(re.findall(f"{alone}|{word}|\n|</s>", text))
    return re.sub(rf"[{_HAN}]+", lambda run: " ".join(cut(run[0])), tokens).encode()


@cache
def _segmenter() -> Any:
    """A segmenter of jieba, with the dictionary of its package.

    The dictionary is built anew, in about a second. jieba itself would cache it in the shared
    temporary folder, and would load by marshal any file that another user has put there.
    Raises W2VError if jieba is not installed
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # for jieba's invalid escapes and its use of pkg_resources
        jieba = optional_packages.load("jieba", "zh", "--tokenizer jieba needs")
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


def split(
    block: bytes, tokenizer: str, lowercase: Lowercase = False, normalize: str = "none"
) -> bytes:
    """Split a text into tokens, separated by ASCII whitespace.

    block      the text, as UTF-8
    tokenizer  a key of `TOKENIZERS`
    lowercase  whether to convert the tokens to lower case, and by which rules
    normalize  the Unicode normalization of the text before it is split: none, NFC or NFKC
    """
    tokens = TOKENIZERS[tokenizer](normalized(block, normalize))
    if lowercase == "turkish":
        tokens = _turkish(tokens)
    return fold(tokens) if lowercase else tokens


def words_of(text: str, settings: TextSettings) -> list[str]:
    """The words of a text, tokenized as a training text.

    Lone surrogates, which are no UTF-8, are replaced, as invalid bytes of texts are.
    """
    encoded = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
    words = split(encoded, settings.tokenizer, settings.case, settings.normalize)
    return [word.decode() for word in words.split()]  # split as bytes: a no-break space is no blank


def normalized(text: bytes, form: str) -> bytes:
    """Convert a text, as UTF-8, to a Unicode normalization form: none, NFC or NFKC."""
    if form == "none" or text.isascii():
        return text
    return NORMALIZERS[form](text.decode()).encode()


def _turkish(block: bytes) -> bytes:
    """Convert the letters whose lower case is another one in Turkish and Azerbaijani: İ and I.

    İ may also be written as I and a combining dot above.
    """
    if b"I" not in block and "İ".encode() not in block:
        return block
    for letter, small in (("I\u0307", "i"), ("İ", "i"), ("I", "ı")):
        block = block.replace(letter.encode(), small.encode())
    return block


def fold(block: bytes) -> bytes:
    """Convert tokens to lower case.

    The result for a token does not depend on its neighbours: the only rule that depends on the
    letters around a letter, that of the final sigma, does not reach beyond a blank.
    """
    return block.lower() if block.isascii() else block.decode().lower().encode()
