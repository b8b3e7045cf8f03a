"""Lines are squeezed, hashed and entered into a table as their twins do it."""

import naive
import numpy as np
import pytest

from w2v.kernels.line_hash import enter_lines, hash_lines, move_lines, squeeze_lines

KEY = np.arange(16, dtype=np.uint8).view(np.uint64)


@pytest.fixture(autouse=True)
def quiet_overflow():
    with np.errstate(over="ignore"):  # without compilation NumPy would warn
        yield


def squeezed(text):
    """The lines of a text: squeezed, as an array of words, with their places."""
    count = text.count(b"\n")
    array = np.zeros((len(text) + 7 * count + 7) // 8 * 8, np.uint8)
    starts, lengths = np.zeros(count + 1, np.int64), np.zeros(count, np.int64)
    squeeze_lines(np.frombuffer(text, np.uint8), array, starts, lengths)
    return array, starts, lengths


def hashes_of(text):
    array, starts, lengths = squeezed(text)
    hashes = np.zeros((lengths.size, 2), np.uint64)
    hash_lines(array.view(np.uint64), starts, lengths, KEY, hashes)
    return hashes


TEXTS = [
    b"",
    b"\n",
    b"a b\n a\t\tb \r\n\n  \n\x0bab\x0c\n",
    "ä  ö\n日本語\u00a0x \n".encode(),
    b"".join(b"x" * size + b" y\n" for size in range(300)),
    np.random.default_rng(1).integers(0, 40, 2000).astype(np.uint8).tobytes() + b"\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_lines_are_squeezed_and_hashed_as_their_twins(text):
    array, starts, lengths = squeezed(text)
    lines = [array[at : at + size].tobytes() for at, size in zip(starts[:-1], lengths, strict=True)]
    assert lines == naive.squeeze_lines(text)
    assert not (starts % 8).any()
    expected = naive.hash_lines(lines, KEY.tolist())
    assert [tuple(pair) for pair in hashes_of(text).tolist()] == expected


def test_known_hashes():
    """The first vectors of the reference implementation: no bytes, and a byte 0."""
    for data, known in (
        (b"", "a3817f04ba25a8e66df67214c7550293"),
        (b"\0", "da87c1d86b99af44347659119b22fc45"),
    ):
        halves = naive.sip_hash(data, KEY.tolist())
        assert b"".join(half.to_bytes(8, "little") for half in halves).hex() == known


def test_the_count_of_a_line_stays_at_the_largest_number():
    hashes, slots = hashes_of(b"a\na\na\n"), np.zeros((8, 2), np.uint64)
    counts, occurrences = np.zeros(8, np.uint32), np.zeros(3, np.uint32)
    enter_lines(hashes[:1], 0, slots, counts, 0, 4, False, occurrences)
    counts[counts > 0] = 2**32 - 2
    enter_lines(hashes, 0, slots, counts, 1, 4, False, occurrences)
    assert occurrences.tolist() == [2**32 - 1] * 3


@pytest.mark.parametrize("frozen", [False, True])
def test_the_table_counts_as_a_dictionary_does(frozen):
    draw = np.random.default_rng(3)
    text = b"".join(b"%d\n" % number for number in draw.zipf(1.5, 300)) + b"\n"
    hashes = hashes_of(text)
    hashes[::50] = 0
    hashes[1::9, 0] = 5  # many lines with the same first slot
    pairs = [tuple(pair) for pair in hashes.tolist()]
    slots, counts = np.zeros((64, 2), np.uint64), np.zeros(64, np.uint32)
    occurrences, seen = np.zeros(len(pairs), np.uint32), {}
    done, used = enter_lines(hashes, 0, slots, counts, 0, 40, False, occurrences)
    assert occurrences[:done].tolist() == naive.enter_lines(pairs, seen, 40, False)
    assert (used, done < len(pairs)) == (40, True)
    assert naive.move_lines(slots, counts) == seen
    larger, more = np.zeros((1024, 2), np.uint64), np.zeros(1024, np.uint32)
    move_lines(slots, counts, larger, more)
    assert naive.move_lines(larger, more) == seen
    done_before = done
    done, used = enter_lines(hashes, done, larger, more, used, 700, frozen, occurrences)
    assert done == len(pairs)
    expected = naive.enter_lines(pairs[done_before:], seen, 700, frozen)
    assert occurrences[done_before:].tolist() == expected
    assert naive.move_lines(larger, more) == seen
    assert used == len(seen)
