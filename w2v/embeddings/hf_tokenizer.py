r"""Writes tokenizer.json, the file of Hugging Face's tokenizers, for the words of a table.

The file describes how a text is changed (normalizers), split into words (a pre-tokenizer), and
looked up (the model WordLevel). Its regular expressions are those of Oniguruma. They split as
`text.tokenizers` does, except that

- a class such as \p{L} knows the characters of another version of Unicode than Python does;
- the words of jieba, which come from a dictionary, are not found: a text must have blanks between
  its words.

There, the text is converted to lower case after it was split, here before. Only one rule depends on
the letters around a letter: a capital sigma at the end of a word becomes ς. A regular expression
applies it, because the normalizer Lowercase does not know it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from w2v.embeddings import container
from w2v.embeddings.table import Table

UNKNOWN = "[UNK]"
_NAMES = 4096  # names written at a time
# The classes of characters, without brackets, are those of `text.tokenizers`.
_CJK = (
    r"\x{3005}-\x{3007}\x{3041}-\x{30ff}\x{31f0}-\x{31ff}\x{3400}-\x{9fff}"
    r"\x{f900}-\x{faff}\x{ff66}-\x{ff9f}\x{20000}-\x{3ffff}"
)
_LAYOUT = (
    r"\x{ad}\x{61c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}"
    r"\x{e0001}\x{e0020}-\x{e007f}"
)
_JOINERS = r"\p{M}\x{200c}\x{200d}\x{180e}"
_DIGITS_AND_LETTERS = r"\p{L}\p{N}"
_APOSTROPHES = "'’"


@dataclass(frozen=True)
class TextForm:
    """How a text becomes words; the fields are those of `settings.TextSettings`."""

    tokenizer: str = "space"
    lowercase: bool = False
    normalize: str = "none"
    lowercase_turkish: bool = False

    @classmethod
    def of(cls, metadata: dict[str, str]) -> TextForm:
        """The settings of a model by the metadata of its file; the defaults for what is missing."""
        settings = container.nested(metadata, "settings")
        default = cls()
        tokenizer, normalize = settings.get("tokenizer"), settings.get("normalize")
        return cls(
            tokenizer if isinstance(tokenizer, str) else default.tokenizer,
            settings.get("lowercase") is True,
            normalize if normalize in ("NFC", "NFKC") else default.normalize,
            settings.get("lowercase_turkish") is True,
        )

    def __str__(self) -> str:
        """The form as options, for messages."""
        options = [f"--tokenizer {self.tokenizer}"]
        if self.lowercase_turkish:
            options.append("--lowercase-turkish")
        elif self.lowercase:
            options.append("--lowercase")
        options += [f"--normalize {self.normalize}"] if self.normalize != "none" else []
        return " ".join(options)


def pieces(table: Table, form: TextForm) -> Iterator[bytes]:
    """The bytes of tokenizer.json, in parts; the unknown token has the number N."""
    unknown = unknown_token(table)
    head: dict[str, object] = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": _normalizers(form)},
        "pre_tokenizer": _pre_tokenizer(form.tokenizer), "post_processor": None, "decoder": None,
    }  # fmt: skip
    yield _json(head)[:-1] + b',"model":{"type":"WordLevel","vocab":{'
    for begin in range(0, len(table), _NAMES):
        rows = range(begin, min(begin + _NAMES, len(table)))
        yield b"".join(b"%s:%d," % (_json(table.name(row)), row) for row in rows)
    yield b'%s:%d},"unk_token":%s}}' % (_json(unknown), len(table), _json(unknown))


def unknown_token(table: Table) -> str:
    """A name for unknown words that no word of the table has."""
    token, number = UNKNOWN, 1
    while (at := table.place(token.encode())) < len(table) and table.name(
        int(table.order[at])
    ) == token:
        number += 1
        token = f"[UNK{number}]"
    return token


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _normalizers(form: TextForm) -> list[dict[str, Any]]:
    """The changes of a text before it is split."""
    found: list[dict[str, Any]] = []
    if form.normalize != "none":
        found.append({"type": form.normalize})
    if form.tokenizer != "space":
        found.append(_replace(f"[{_LAYOUT}]+", ""))
    if form.lowercase_turkish:
        found += [_replace("I\\x{307}|İ", "i"), _replace("I", "ı")]
    if form.lowercase or form.lowercase_turkish:
        found.append(_replace(_final_sigma(form.tokenizer), "ς"))
        found.append({"type": "Lowercase"})
    return found


def _replace(pattern: str, content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


def _final_sigma(tokenizer: str) -> str:
    r"""A regular expression of a capital sigma at the end of a word (Unicode 3.13, Final_Sigma).

    A cased letter is before it and none after it, in the same word. Characters between them that
    are \p{Case_Ignorable} are passed over, even if they are cased too.
    """
    inside = r"\S" if tokenizer == "space" else rf"{_JOINERS}\p{{Lm}}{_APOSTROPHES}"
    ignored = rf"[\p{{Case_Ignorable}}&&[{inside}]]*"
    cased = r"[\p{Cased}&&[^\p{Case_Ignorable}]]"
    return f"(?<={cased}{ignored})Σ(?!{ignored}{cased})"


def _pre_tokenizer(tokenizer: str) -> dict[str, Any]:
    """The rule that splits a text: at ASCII whitespace, or into the matches of a pattern."""
    if tokenizer in ("words", "chars"):
        pattern, invert = _word_pattern(_CJK if tokenizer == "chars" else ""), True
    else:
        pattern, invert = r"[ \t\n\x0b\f\r]+", False
    return {
        "type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": invert,
    }  # fmt: skip


def _word_pattern(alone: str) -> str:
    """A regular expression of a word, as in `text.tokenizers`.

    alone  the letters that stand alone, as a class without brackets; "": none
    """
    letter, digit_or_letter = f"[{_DIGITS_AND_LETTERS}_]", f"[{_DIGITS_AND_LETTERS}]"
    if alone:
        letter, digit_or_letter = (f"(?![{alone}]){each}" for each in (letter, digit_or_letter))
    part = f"{letter}(?:{letter}|[{_JOINERS}])*"
    inside = f"(?:[_{_JOINERS}]|[{_APOSTROPHES}](?={letter}))*"
    word = f"(?={inside}{digit_or_letter}){part}(?:[{_APOSTROPHES}]{part})*"
    single = f"|(?=[{_DIGITS_AND_LETTERS}])[{alone}][{_JOINERS}]*" if alone else ""
    return f"</s>|{word}{single}"
