"""Texts in any script are split into words as by a regular expression."""

import random
import unicodedata

import hypothesis.strategies as st
import naive
import numpy as np
import pytest
from helpers import COMPILED, compiled
from hypothesis import given

from w2v.kernels.word_boundaries import classify, copy_tokens
from w2v.text import tokenizers
from w2v.text.tokenizers import TOKENIZERS

PIECES = [
    *"aZ7_'’ \n\t-.é日かカ。ß\u00a0\u0301\u3099\u200d\u00ad\ufe0f\x00\r<>/",
    "</s>",
    "</",
    "é" * 70,
]
ALONE = {"words": "", "chars": tokenizers._CJK}
each = pytest.mark.parametrize("tokenizer", ALONE)


def tokens(block, tokenizer):
    return TOKENIZERS[tokenizer](block).decode().split(" ")


@each
@given(text=st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_pieces_of_text_are_split_as_by_the_twin(tokenizer, text):
    assert tokens(text.encode(), tokenizer) == (naive.copy_tokens(text, ALONE[tokenizer]) or [""])


@each
def test_each_character_of_unicode_is_treated_as_by_the_twin(tokenizer):
    # Of the code points that are private or not assigned, nine of ten, one of each 64 is enough.
    characters = [
        character
        for character in map(chr, [*range(0xD800), *range(0xE000, 0x110000)])
        if unicodedata.category(character) not in ("Cn", "Co") or ord(character) % 64 == 0
    ]
    random.Random(1).shuffle(characters)
    characters = characters[:: 1 if COMPILED else 500]  # uncompiled, all of them take minutes
    # Each character within a word, and in a random place.
    text = "".join(f"a{c}b " for c in characters) + "".join(characters)
    assert tokens(text.encode(), tokenizer) == (naive.copy_tokens(text, ALONE[tokenizer]) or [""])


def test_layout_characters_are_not_classified():
    text = "a\u00ad\u2060é日</s>\ufeff"
    block = np.frombuffer(text.encode(), np.uint8)
    classes, starts = np.zeros(block.size + 1, np.uint8), np.zeros(block.size + 1, np.int32)
    count = classify(block, tokenizers._classes(""), classes, starts)
    assert count == len(naive.classify(text))
    assert [chr(block[at]) for at in starts[:1]] == ["a"]
    assert starts[1] == len("a\u00ad\u2060".encode())


@each
@given(data=st.binary(max_size=60))
def test_bytes_that_are_not_utf8_are_survived(tokenizer, data):
    text = np.frombuffer(data, np.uint8)
    classes, starts = np.zeros(text.size + 1, np.uint8), np.zeros(text.size + 1, np.int32)
    found = np.zeros(2 * text.size, np.uint8)
    count = classify(text, tokenizers._classes(ALONE[tokenizer]), classes, starts)
    assert copy_tokens(text, classes, starts, count, found) <= found.size


@compiled
@each
def test_a_megabyte_of_underscores_takes_no_quadratic_time(tokenizer):
    assert tokens(b"_'" * (1 << 20) + b"\n", tokenizer) == ["\n"]
    assert len(tokens(b"_" * (1 << 20) + b"a", tokenizer)[0]) == (1 << 20) + 1


@each
@pytest.mark.parametrize(
    "text", ["_'a", "__'ア", "_''a", "__''a", "_'''a", "_''ア", "_中", "'_'", "_'"]
)
def test_each_token_has_a_letter_or_digit(tokenizer, text):
    found = tokens(text.encode(), tokenizer)
    assert found == (naive.copy_tokens(text, ALONE[tokenizer]) or [""])
    assert all(any(map(str.isalnum, token)) for token in found if token)


def test_every_mark_belongs_to_the_character_before_it():
    marks = {c for c in map(chr, range(0x110000)) if unicodedata.category(c)[0] == "M"}
    assert {*tokenizers._joiners()} == marks | {"\u200c", "\u200d", "\u180e"}


def test_a_text_is_cut_after_its_last_punctuation():
    cut = tokenizers.after_last_break
    assert [cut(text) for text in (b"a, b", b"a b.", b"a_b'c", "é\u3000x".encode())] == [3, 4, 0, 5]
    assert [cut(text) for text in (b"a </s> b", b"")] == [7, 0]


@pytest.mark.parametrize("tokenizer", ["space", "words", "chars"])
def test_tokens_are_folded_and_normalized(tokenizer):
    text = "E\u0301A \u00c9 \ufb01".encode()
    split = tokenizers.split
    assert split(text, tokenizer, True, "NFC").decode().split() == ["éa", "é", "\ufb01"]
    assert split(text, tokenizer, False, "NFKC").decode().split() == ["ÉA", "É", "fi"]
    assert split(text, tokenizer).decode().split() == ["E\u0301A", "\u00c9", "\ufb01"]
