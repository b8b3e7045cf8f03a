"""w2v align: planted rotations are found, with noise, few pairs and faults; CSLS is its formula."""

import json

import numpy as np
import pytest

import w2v as library
from w2v.alignment import aligned_vectors
from w2v.alignment.csls import CslsSearch, mean_cosines
from w2v.alignment.word_pairs import Dictionary, WordPairs
from w2v.embeddings import formats
from w2v.embeddings.search import Search
from w2v.embeddings.table import Table
from w2v.errors import W2VError

DIM = 20
COUNT = 400


def random_rotation(rng, dim=DIM):
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0]


def two(noise=0.0, count=COUNT, seed=0, names=("w{}", "w{}")):
    """A source and a target with the same words, in another order, and the rotation."""
    rng = np.random.default_rng(seed)
    truth, turn, order = rng.normal(size=(count, DIM)), random_rotation(rng), rng.permutation(count)
    moved = (truth + noise * rng.normal(size=truth.shape)) @ turn.T
    lengths = rng.uniform(0.5, 4, size=(count, 1))
    source = Table.build(
        [names[0].format(n) for n in order],
        (moved * lengths)[order].astype(np.float32),
        np.arange(count)[::-1],
    )
    target = Table.build([names[1].format(n) for n in range(count)], truth.astype(np.float32))
    return source, target, turn


def cosines_of_partners(aligned, target):
    rows = np.array([int(name[1:]) for name in aligned.names])
    return np.einsum("nd,nd->n", aligned.units(slice(None)), target.units(rows))


def test_a_planted_rotation_is_undone_and_lengths_stay():
    source, target, turn = two()
    found = aligned_vectors.align(source, target, WordPairs.common(source, target))
    expected = source.matrix.astype(np.float64) @ turn
    np.testing.assert_allclose(found.table.matrix, expected, atol=1e-4)
    assert found.table.names == source.names
    np.testing.assert_array_equal(found.table.counts, source.counts)
    assert found.cosine == pytest.approx(1, abs=1e-6)
    assert found.held_out.words == COUNT // 5
    assert found.held_out.among == COUNT
    assert (found.held_out.by_cosine, found.held_out.by_csls) == (1, 1)


def test_noise_lowers_what_is_measured_as_it_lowers_the_truth():
    """The held-out share is near the share with the planted rotation, which nobody fitted."""
    source, target, turn = two(noise=1.5)
    pairs = WordPairs.common(source, target)
    found = aligned_vectors.align(source, target, pairs)
    with_truth = aligned_vectors._measured(source, target, turn, pairs.rows)
    assert 0.2 < with_truth.by_cosine < 0.9
    assert found.held_out.by_cosine == pytest.approx(with_truth.by_cosine, abs=0.12)
    assert found.held_out.cosine == pytest.approx(with_truth.cosine, abs=0.05)
    assert found.cosine > found.held_out.cosine  # on the pairs of the fit


def test_random_pairs_are_seen_by_held_out_words_alone():
    source, target, _ = two(count=60)
    rng = np.random.default_rng(3)
    rows = np.stack([np.arange(60), rng.permutation(60)])
    found = aligned_vectors.align(source, target, WordPairs(rows, "dictionary pair", []))
    assert found.cosine > 0.4
    assert abs(found.held_out.cosine) < 0.2
    assert found.held_out.by_cosine <= 2 / 12


def test_a_refinement_finds_the_rotation_from_few_pairs():
    source, target, _ = two(noise=0.25)
    few = WordPairs.translated(source, target, [(f"w{n}", f"w{n}") for n in range(14)])
    alone = aligned_vectors.align(source, target, few)
    refined = aligned_vectors.align(source, target, few, refine=5)
    before, after = (cosines_of_partners(each.table, target).mean() for each in (alone, refined))
    full = aligned_vectors.align(source, target, WordPairs.common(source, target))
    assert before < 0.8
    assert after == pytest.approx(cosines_of_partners(full.table, target).mean(), abs=0.01)
    assert len(refined.refined) == 5
    assert refined.refined[-1] > 300
    # held-out words are found by a refinement that did not know them
    assert refined.held_out.by_csls >= alone.held_out.by_csls


def csls_of_all(source, target, nearest=10):
    """CSLS of all pairs, from the formula: (N, M)."""
    x, y = source.units(slice(None)).astype(float), target.units(slice(None)).astype(float)
    cosines = x @ y.T
    r_target = np.sort(cosines, axis=1)[:, -nearest:].mean(axis=1)
    r_source = np.sort(cosines, axis=0)[-nearest:].mean(axis=0)
    return 2 * cosines - r_target[:, None] - r_source


@pytest.mark.parametrize("rows", [None, np.arange(0, 300, 2)])
def test_csls_is_its_formula(rows):
    source, target, turn = two(noise=1, count=300)
    source = source.with_matrix((source.matrix @ turn).astype(np.float32))
    part = target if rows is None else target.take(rows)
    wanted = csls_of_all(source, part)
    found = CslsSearch.between(Search(target, 5, rows), source)
    vectors = source.units(slice(None))[:, None]
    for line, answer in zip(wanted, found.nearest(vectors, [[]] * 300), strict=True):
        best = np.argsort(-line, kind="stable")[:5]
        expected = best if rows is None else rows[best]
        assert [row for row, _ in answer] == expected.tolist()
        np.testing.assert_allclose([score for _, score in answer], line[best], atol=1e-5)
    limited = CslsSearch.between(Search(target, 5, rows, min_score=0.0), source)
    for line, answer in zip(wanted, limited.nearest(vectors, [[]] * 300), strict=True):
        assert len(answer) == min(5, (line >= 0).sum())


def test_mean_cosines_do_not_depend_on_blocks(monkeypatch):
    source, target, _ = two(count=50)
    whole = mean_cosines(Search(target), source)
    monkeypatch.setattr("w2v.alignment.csls._QUERIES", 7)
    np.testing.assert_array_equal(mean_cosines(Search(target), source), whole)
    assert mean_cosines(Search(target.take(np.arange(0))), source).tolist() == [0] * 50


def test_csls_lowers_a_hub():
    """A word near to all words of the source is nearest by cosine, but not by CSLS."""
    count = 30
    names = [f"w{n}" for n in range(count)]
    each = np.eye(count + 1)  # the last direction is that of the hub
    source = Table.build(names, (0.6 * each[:-1] + 0.8 * each[-1]).astype(np.float32))
    target = Table.build([*names, "hub"], each.astype(np.float32))
    vectors, none = source.units(slice(None))[:, None], [[]] * count
    for search, wanted in (
        (Search(target, 1), [(count, 0.8)] * count),
        (
            CslsSearch.between(Search(target, 1), source),
            [(n, 2 * 0.6 - (0.8 + 0.6) / 10 - 0.6 / 10) for n in range(count)],
        ),
    ):
        answers = [answer[0] for answer in search.nearest(vectors, none)]
        assert [row for row, _ in answers] == [row for row, _ in wanted]
        np.testing.assert_allclose([s for _, s in answers], [s for _, s in wanted], atol=1e-6)


def test_pairs_and_what_is_left_out():
    source, target, _ = two(count=8)
    matrix = source.matrix.copy()
    matrix[source.find("w3")], matrix[source.find("w4")] = 0, np.nan
    source = source.with_matrix(matrix)
    common = WordPairs.common(source, target)
    assert [target.name(row) for row in common.rows[1]] == ["w0", "w1", "w2", "w5", "w6", "w7"]
    assert [source.name(row) for row in common.rows[0]] == ["w0", "w1", "w2", "w5", "w6", "w7"]
    assert str(common) == "6 common words; left out: 2 without a direction"
    pairs = WordPairs.translated(
        source,
        target,
        [("w0", "w1"), ("w0", "w2"), ("w0", "w1"), ("no", "w1"), ("w1", "no"), ("w3", "w1")],
    )
    assert [(source.name(a), target.name(b)) for a, b in pairs.rows.T] == [
        ("w0", "w1"), ("w0", "w2"),
    ]  # fmt: skip
    assert str(pairs) == (
        "2 dictionary pairs; left out: 1 repeated, 1 with an unknown first word, 1 with an unknown "
        "second word, 1 without a direction"
    )


def test_all_translations_of_a_word_are_held_out_together():
    rows = np.array([[0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9], np.arange(12)])
    held = WordPairs(rows, "dictionary pair", []).held_out()
    assert rows[0, held].tolist() == [0, 0, 5, 5]
    many = WordPairs(np.tile(np.arange(20_000), (2, 1)), "common word", [])
    assert many.held_out().sum() == 1500


@pytest.mark.parametrize(
    ("text", "pairs", "bad"),
    [
        ("chat cat\n\nchien\tdog\r\n  le   the \n", ["chat|cat", "chien|dog", "le|the"], []),
        ("pomme de terre\tpotato\n", ["pomme de terre|potato"], []),
        ("un\na b c\nx y\n\ty\n\t\n\t a b\n", ["x|y", "a|b"], [1, 2, 4]),
        ("a\tb\tc\na\t\n", [], [1, 2]),
        ("\ufeffa b", ["a|b"], []),
    ],
)
def test_lines_of_a_dictionary(folder, text, pairs, bad):
    (folder / "dict").write_text(text)
    found = Dictionary.read("dict")
    assert ["|".join(pair) for pair in found.pairs] == pairs
    assert found.bad_lines == bad


def test_what_cannot_be_aligned_is_refused():
    source, target, _ = two(count=6)
    short = Table.build(["w0"], np.ones((1, 3), np.float32))
    with pytest.raises(W2VError, match="20 and 3 dimensions: a rotation needs the same --dim"):
        aligned_vectors.align(short, target, WordPairs.common(short, target))
    other = Table.build(["x"], np.ones((1, DIM), np.float32))
    with pytest.raises(W2VError, match="no common word has vectors in both files: for another lan"):
        aligned_vectors.align(other, target, WordPairs.common(other, target))
    pairs = WordPairs.translated(source, target, [("x", "y")])
    with pytest.raises(W2VError, match=r"no dictionary pair .*1 with an unknown first word\): che"):
        aligned_vectors.align(source, target, pairs)


@pytest.fixture
def files(folder):
    """fr.bin and en.safetensors, whose vectors are turned, and a dictionary with faults."""
    source, target, _ = two(noise=0.1, names=("f{}", "e{}"))
    formats.save("fr.bin", source)
    formats.save("en.safetensors", target)
    lines = [f"f{n} e{n}" for n in range(100)]
    (folder / "fr-en.txt").write_text("\n".join([*lines, "f1", "f1 x y", "no e1", ""]))
    return folder


def test_the_command_and_translations(w2v, files, monkeypatch):
    call = ("align", "en.safetensors", "fr.bin", "-o", "fr.txt", "--dictionary", "fr-en.txt")
    result = w2v(*call)
    assert (result.code, result.out) == (0, "")
    said = result.err.splitlines()
    assert said[0] == (
        "fr-en.txt: 2 lines are not a word and its translation, so left out: lines 101, 102"
    )
    assert said[1].startswith(
        "100 dictionary pairs; left out: 1 with an unknown first word; mean cosine 0.99"
    )
    assert said[2].startswith("20 held-out words: mean cosine 0.99")
    assert said[2].endswith("; 100.0 % found by cosine, 100.0 % by CSLS, among 400 words")
    assert said[3:] == ["fr.txt: 400 vectors of 20 numbers"]
    ask = ("similar", "f123", "f321", "-v", "fr.txt", "--in", "en.safetensors", "--json", "-k", 2)
    source, target = formats.load("fr.txt"), formats.load("en.safetensors")
    wanted = csls_of_all(source, target)
    for options in ((), ("--csls",)):
        answers = [json.loads(line) for line in w2v(*ask, *options).out.splitlines()]
        assert [answer["results"][0]["word"] for answer in answers] == ["e123", "e321"]
    best = wanted[source.find("f123")].max()
    assert answers[0]["results"][0]["score"] == pytest.approx(best, abs=1e-4)
    few = w2v(*ask, "--csls", "--restrict", 50)
    assert all(
        int(json.loads(line)["results"][0]["word"][1:]) < 50 for line in few.out.splitlines()
    )
    assert few.err == ""
    monkeypatch.setattr("w2v.cli.similar._MANY_COSINES", 50 * 50 - 1)
    assert w2v(*ask, "--csls", "--restrict", 50).err == (
        "CSLS compares 50 with 50 words, which takes minutes; --restrict N takes only the N most "
        "frequent of both\n"
    )
    assert w2v(*call, "--quiet", "--refine", "2").err == ""


def test_few_pairs_are_said(w2v, files):
    (files / "few").write_text("f1 e1\nf2 e2\n")
    result = w2v("align", "en.safetensors", "fr.bin", "-o", "x.txt", "--dictionary", "few",
                 "--refine", "1")  # fmt: skip
    said = result.err.splitlines()
    assert result.code == 0
    assert said[1] == (
        "fewer pairs than the 20 dimensions do not determine the rotation: give more pairs"
    )
    assert said[2].startswith("refined with ")
    assert said[3] == "too few pairs to hold words out, so the fit is not measured"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("align", "en.safetensors", "fr.bin"), "name the output file: -o FILE"),
        (("align", "en.safetensors", "fr.bin", "-o", "fr.bin"), "is one of the files of SOURCE"),
        (("align", "en.safetensors", "fr.bin", "-o", "x.txt"), "no common word has vectors in bot"),
        (("align", "en.safetensors", "fr.bin", "-o", "x.txt", "--dictionary", "none"), "none: "),
        (("similar", "f1", "-v", "fr.bin", "--csls"), "--csls works only with --in FILE"),
        (("similar", "--text", "f1", "-v", "fr.bin", "--in", "en.safetensors"), "--in works only"),
        (("similar", "f1", "-v", "fr.bin", "--in", "small.txt", "--csls"),
         "vectors of 20 and of 2 numbers cannot be compared"),
    ],
)  # fmt: skip
def test_wrong_calls(w2v, files, args, message):
    (files / "small.txt").write_text("2 2\na 1 0\nb 0 1\n")
    before = (files / "fr.bin").read_bytes()
    result = w2v(*args)
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert (files / "fr.bin").read_bytes() == before
    assert not (files / "x.txt").exists()


def test_subwords_are_rotated_too(small, w2v):
    small_options = ("--dim", "6", "--epochs", "1", "--min-count", "1", "--quiet", "--threads", "1")
    w2v("train", "text", *small_options, "-o", "a.safetensors")
    w2v("train", "text", *small_options, "--subwords", "3-4", "-o", "b.safetensors")
    assert w2v("align", "a.safetensors", "b.safetensors", "-o", "c.safetensors").code == 0
    before, after = library.load("b.safetensors"), library.load("c.safetensors")
    words = [before.words[0], f"{before.words[0]}x", f"{before.words[1]}s"]
    assert not {*words[1:]} & {*before.words}
    a, b = before[words], after[words]
    np.testing.assert_allclose(a @ a.T, b @ b.T, atol=1e-5)
    assert (
        "subwords are left out" in w2v("align", "a.safetensors", "b.safetensors", "-o", "c.txt").err
    )


def test_from_python(caplog):
    source, target, turn = two(names=("f{}", "e{}"))
    given = library.Vectors(source.names, source.matrix)
    there = library.Vectors(target.names, target.matrix)
    pairs = [(f"f{n}", f"e{n}") for n in range(50)]
    with caplog.at_level("INFO", "w2v"):
        aligned = library.align(there, given, pairs)
    np.testing.assert_allclose(aligned.matrix, source.matrix @ turn, atol=1e-4)
    assert there.similar(aligned["f300"], k=1)[0].name == "e300"
    assert "50 dictionary pairs; mean cosine 1.000" in caplog.messages
    for wrong in (["f1"], [("f1",)], [("f1", 2)]):
        with pytest.raises(W2VError, match=r"dictionary\[0\]"):
            library.align(there, given, wrong)
    with pytest.raises(W2VError, match="source: expected w2v.Vectors, found str"):
        library.align(there, "x")
