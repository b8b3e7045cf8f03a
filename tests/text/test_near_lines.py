"""Near lines: signatures and bands equal their twins, and the estimates are those of the theory."""

import random

import naive
import numpy as np
import pytest
from helpers import COMPILED

from w2v.kernels.minhash import link_lines
from w2v.settings import DocumentSettings
from w2v.text import deduplication, line_table, near_lines
from w2v.text.deduplication import Deduplication
from w2v.text.line_table import LineHasher
from w2v.text.near_lines import ENTRIES, NearLines, bands_for
from w2v.text.removed_rows import RemovedRows
from w2v.text.rows import Rows

EMPTY = 0xFFFFFFFF


def edited(words, draw, edits):
    """Words with some of them replaced by new ones."""
    words = list(words)
    for _ in range(edits):
        words[draw.randrange(len(words))] = f"new{draw.randrange(10**9)}"
    return words


def planted_lines(count, seed=1, size=60):
    """Random lines, each with three later copies that have 0 to 6 edits; and some short lines."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        words = [f"w{draw.randrange(500)}" for _ in range(draw.randrange(size // 2, size))]
        lines.append(words)
        lines += [edited(words, draw, draw.randrange(7)) for _ in range(3)]
        lines.append(words[:3])
    later = lines[1:]
    draw.shuffle(later)
    return [" ".join(words) for words in [lines[0], *later]]


def hashed(lines):
    return LineHasher().hashed("".join(f"{line}\n" for line in lines).encode(), len(lines))


def signatures_of(lines, size=5):
    near = NearLines(0.8, size, 1 << 40)
    return near, near.signatures(hashed(lines), np.arange(len(lines)))


def brute_force(lines, threshold=0.8, size=5):
    """The lines that stay if each one is compared with all lines kept before, exactly."""
    kept, sets = [], []
    for line in lines:
        its = naive.shingles(line.encode(), size)
        if line not in kept and all(naive.jaccard(its, other) < threshold for other in sets):
            kept.append(line)
            sets.append(its)
    return kept


def unique(lines, max_bytes=1 << 40, near=0.8, **options):
    """The lines that w2v dedup keeps, and the counts."""
    work = Deduplication(max_bytes, near=near, **options)
    with open("lines", "w") as file:
        file.write("\n".join(lines))
    found = b"".join(work.kept(Rows(["lines"], DocumentSettings()).batches()))
    assert work.counts.rows == sum((work.counts.kept, work.counts.near, work.counts.repeated))
    return found.decode().splitlines(), work


@pytest.mark.parametrize("size", [1, 2, 5])
def test_signatures_are_those_of_the_twin(size):
    lines = ["", "a", "a b", "a b c d e", "a a a a a a", "ä b c d é f g", *planted_lines(2)]
    near, found = signatures_of(lines, size)
    texts = [line.encode() for line in lines]
    factors, addends = near._factors.tolist(), near._addends.tolist()
    assert found.tolist() == naive.sign_lines(texts, size, factors, addends)
    empty = [not naive.shingles(text, size) for text in texts]
    assert (found == EMPTY).all(axis=1).tolist() == empty


def test_the_links_of_bands_lead_to_all_lines_that_agree():
    draw = np.random.default_rng(1)
    signatures = draw.integers(0, 3, (40, 8)).astype(np.uint32)
    bands, rows = 4, 2
    nexts, heads = np.zeros((40, bands), np.int32), np.zeros((bands, 16), np.int32)
    with np.errstate(over="ignore"):  # without compilation NumPy would warn
        link_lines(signatures, 0, 40, rows, nexts, heads)
    expected = naive.link_lines(signatures.tolist(), rows, bands)
    for line in range(40):
        for band in range(bands):
            found, at = [], nexts[line, band]
            while at:
                found.append(at - 1)
                at = nexts[at - 1, band]
            assert set(expected[line][band]) <= set(found)


@pytest.mark.parametrize("threshold", [0.8, 0.9, 1.0])
def test_bands_miss_no_pair_of_a_high_similarity(threshold):
    lines = planted_lines(40 if COMPILED else 3)
    near, signatures = signatures_of(lines)
    log = RemovedRows()
    near = NearLines(threshold, 5, 1 << 40, log)
    text = hashed(lines)
    log.add_rows(text.hashes, np.zeros(len(lines), bool))
    found = near.enter(text, np.arange(len(lines)), len(lines))
    needed = int(np.ceil(round(threshold * ENTRIES, 6)))
    assert found.tolist() == naive.enter_near(signatures.tolist(), needed)
    assert {1, 2} == set(found.tolist())
    removed, kept, similarity = log.pairs()
    assert removed.tolist() == np.flatnonzero(found == 2).tolist()
    assert set(found[kept].tolist()) == {1}
    agreeing = (signatures[removed] == signatures[kept]).sum(axis=1)
    assert similarity.tolist() == (agreeing / ENTRIES).tolist()
    assert agreeing.min() >= needed
    for row, first in zip(removed.tolist(), kept.tolist(), strict=True):  # the first near line
        earlier = signatures[:first][found[:first] == 1]
        assert (earlier == signatures[row]).sum(axis=1).max(initial=0) < needed


def test_bands_are_chosen_for_the_threshold():
    for threshold in np.linspace(0.5, 1, 51):
        needed = int(np.ceil(round(threshold * ENTRIES, 6)))
        bands, rows = bands_for(needed, threshold)
        assert bands * rows <= ENTRIES
        probability = 1 - (1 - threshold**rows) ** bands
        assert bands > ENTRIES - needed or probability >= 0.99
    assert bands_for(103, 0.8) == (26, 4)
    assert bands_for(64, 0.5) == (42, 3)


def test_the_error_of_the_estimate_is_that_of_independent_entries():
    """The estimate is a mean of 128 entries: its variance is J (1 - J) / 128, and no bias."""
    draw = random.Random(5)
    errors, variances = [], []
    for _ in range(400 if COMPILED else 5):
        words = [f"w{draw.randrange(10**6)}" for _ in range(draw.randrange(20, 80))]
        pair = [" ".join(words), " ".join(edited(words, draw, draw.randrange(1, 6)))]
        exact = naive.jaccard(*(naive.shingles(line.encode(), 5) for line in pair))
        first, second = signatures_of(pair)[1]
        errors.append(np.mean(first == second) - exact)
        variances.append(exact * (1 - exact) / ENTRIES)
    if COMPILED:
        assert 0.8 < np.mean(np.square(errors)) / np.mean(variances) < 1.25
        assert abs(np.mean(errors)) < 4 * np.sqrt(np.mean(variances) / len(errors))


def test_recall_and_precision_of_planted_pairs(folder):
    """Only pairs whose similarity is within the error of the estimate are decided otherwise."""
    draw = random.Random(9)
    found = {1: 0, 2: 0, 12: 0}
    count = 200 if COMPILED else 3
    for edits in found:
        for _ in range(count):
            words = [f"w{draw.randrange(10**6)}" for _ in range(100)]
            pair = [" ".join(words), " ".join(edited(words, draw, edits))]
            found[edits] += len(unique(pair)[0]) == 1
    assert found[1] == count  # the similarity is at least 91 / 101 = 0.90
    assert found[2] >= 0.5 * count  # at least 86 / 106 = 0.81
    assert found[12] == 0  # below 0.6, 5 standard deviations from 0.8
    lines = planted_lines(60 if COMPILED else 3)
    ours, theirs = set(unique(lines)[0]), set(brute_force(lines))
    assert len(ours ^ theirs) <= 0.1 * len(theirs)
    assert lines[0] in ours


def test_the_first_line_is_kept_and_chains_are_not_joined(folder):
    """b is near a, c is near b, but c is not near a: c is kept, other than by components."""
    words = [f"w{number}" for number in range(100)]
    a = " ".join(words)
    b = " ".join(["x", *words[1:99], "x"])
    c = " ".join(["x", *words[1:15], *(f"y{number}" for number in range(12)), *words[27:99], "x"])
    kept, work = unique([a, b, c, a, "a b", "a  b", "a c"])
    assert kept == [a, c, "a b", "a c"]
    assert len(unique(["", "a", "", "b"], shingle=1)[0]) == 4  # lines without words are kept
    assert (work.counts.near, work.counts.repeated) == (1, 2)


@pytest.mark.parametrize("first_lines", [8, 64])
def test_near_lines_do_not_depend_on_the_memory(folder, monkeypatch, first_lines):
    lines = planted_lines(60 if COMPILED else 4)
    expected, whole = unique(lines)
    assert (whole.pass_number, whole.counts.near > 0) == (1, True)
    monkeypatch.setattr(near_lines, "FIRST_LINES", first_lines)
    monkeypatch.setattr(near_lines, "_SIGNED", 7)
    monkeypatch.setattr(line_table, "FIRST_SLOTS", 64)
    monkeypatch.setattr(deduplication, "BLOCK", 1000)
    monkeypatch.setattr("w2v.text.corpus.BLOCK", 2000)
    for max_bytes in (0, 20_000):
        found, work = unique(lines, max_bytes)
        assert found == expected
        assert work.pass_number > 1 or not COMPILED


def test_the_command(w2v, folder):
    line = " ".join(map(str, range(50)))
    (folder / "text").write_text(f"{line}\n{line} x y z u\nshort line\nshort  line\nshort\n")
    done = w2v("dedup", "text", "--near", 0.8)
    assert done.out == f"{line}\nshort line\nshort\n"
    assert "5 lines: 3 kept; 1 repeated line, 1 near line removed" in done.err
    assert w2v("dedup", "text", "--near", 0.99).out.startswith(f"{line}\n{line} x y z u\n")
    assert w2v("dedup", "text", "--near", 0.8, "--shingle", 51).out.startswith(
        f"{line}\n{line} x y z u"
    )
    assert w2v("dedup", "text", "--near", 0.3).code == 2
    row = '{{"n": {}, "text": "{}"}}\n'
    (folder / "rows.jsonl").write_text(row.format(1, line) + row.format(2, f"{line} x y z u"))
    assert w2v("dedup", "rows.jsonl", "--near", 0.8).out == row.format(1, line)
