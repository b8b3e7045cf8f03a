"""Comparison of vector files: intervals, paired tests and shared neighbours, against SciPy."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from w2v.embeddings import formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.evaluation import analogies, compare

WORDS = [f"w{n}" for n in range(80)]


@pytest.fixture
def files(folder):
    """A set of pairs and three files: good, bad, and good with fewer words."""
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((len(WORDS), 8))
    for name, noise, count in [("good.txt", 0.2, 80), ("bad.txt", 3, 80), ("few.txt", 0.2, 60)]:
        matrix = truth + noise * rng.standard_normal(truth.shape)
        formats.save(name, Table.build(WORDS[:count], matrix[:count].astype(np.float32)))
    units = truth / np.linalg.norm(truth, axis=1)[:, None]
    pairs = [tuple(rng.choice(len(WORDS), 2, replace=False)) for _ in range(200)]
    lines = [f"{WORDS[a]}\t{WORDS[b]}\t{units[a] @ units[b]:.6f}\n" for a, b in pairs]
    (folder / "pairs.tsv").write_text("".join(lines))
    return folder


def load(*names):
    return [formats.load(name) for name in names]


def test_scores_of_pairs_are_spearmans_over_what_all_have(files):
    good, bad, few = load("good.txt", "bad.txt", "few.txt")
    found = compare.by_pairs([good, bad, few], "pairs.tsv", 300_000)
    lines = [line.split("\t") for line in (files / "pairs.tsv").read_text().splitlines()]
    common = [(a, b, float(s)) for a, b, s in lines if few.find(a) is not None
              and few.find(b) is not None]  # fmt: skip
    assert 50 < len(common) < 200
    for table, result in zip((good, bad, few), found, strict=True):
        rows = [[table.find(a), table.find(b)] for a, b, _ in common]
        units = table.matrix / table.norms[:, None]
        cosines = [units[a] @ units[b] for a, b in rows]
        wanted = stats.spearmanr(cosines, [s for *_, s in common]).statistic
        assert result.items == len(common)
        assert result.score == pytest.approx(wanted)
        low, high = result.interval
        assert low < result.score < high
    assert found[0].p is None
    assert found[1].p < 0.01 < 0.05 < found[2].p


def test_an_interval_has_the_truth_nineteen_times_of_twenty():
    """The interval of a share of right answers whose true value is known."""
    rng, inside = np.random.default_rng(4), 0
    for _ in range(100):
        right = rng.random(200) < 0.3
        [found] = compare._compared(
            "x", 1, lambda which, right=right: [right[which].mean()], 200, 200, None
        )
        inside += found.interval[0] <= 0.3 <= found.interval[1]
    assert 88 <= inside <= 100


def test_right_and_wrong_answers_are_tested_in_pairs(folder):
    rng = np.random.default_rng(1)
    a, offset = rng.standard_normal((30, 20)), rng.standard_normal(20) * 3
    words = [f"a{n}" for n in range(30)] + [f"b{n}" for n in range(30)]
    clean = np.concatenate([a, a + offset])
    for name, noise in [("x.txt", 0.1), ("y.txt", 1.2)]:
        matrix = clean + noise * rng.standard_normal(clean.shape)
        formats.save(name, Table.build(words, matrix.astype(np.float32)))
    lines = [f"a{m} b{m} a{n} b{n}\n" for m in range(30) for n in range(30) if m != n][:300]
    (folder / "questions").write_text(": offsets\n" + "".join(lines))
    x, y = load("x.txt", "y.txt")

    def answered(*tables):
        return [analogies.analogies(table, "questions") for table in tables]

    *_, (first, second) = compare.by_questions(answered(x, y), "questions")
    assert first.set == "questions, total"
    right = [each[0].outcomes > 0 for each in answered(x, y)]
    assert (first.score, second.score) == tuple(each.mean() for each in right)
    only, differ = int((right[0] & ~right[1]).sum()), int((right[0] != right[1]).sum())
    assert second.p == pytest.approx(stats.binomtest(only, differ).pvalue)
    same = compare.by_questions(answered(x, x), "questions")[-1]
    assert same[1].p == 1
    (folder / "questions").write_text(lines[0])  # a single question has an accuracy too
    *_, single = compare.by_questions(answered(x, x), "questions")
    assert single[0].score == float(answered(x)[0][0].outcomes[0])


def test_neighbours_that_files_share(files):
    good, few = load("good.txt", "few.txt")
    shares = compare.overlap([good, few], k=5)
    common = few.names

    def near(table, word):
        units = table.matrix / table.norms[:, None]
        cosines = {w: units[table.find(w)] @ units[table.find(word)] for w in common if w != word}
        return set(sorted(cosines, key=cosines.get)[-5:])

    wanted = np.mean([len(near(good, w) & near(few, w)) / 5 for w in common])
    np.testing.assert_allclose(shares, [[1, wanted], [wanted, 1]])
    with pytest.raises(W2VError, match="share only 0 words"):
        compare.overlap([good, Table.build(["else"], np.ones((1, 8), np.float32))])
    with pytest.raises(W2VError, match="share only 1 word:"):
        compare.overlap([good, Table.build([good.names[0]], np.ones((1, 8), np.float32))])


def test_the_command(w2v, files, monkeypatch):
    call = ("compare", "good.txt", "bad.txt", "--pairs", "pairs.tsv")
    plain = w2v(*call).out.splitlines()
    assert plain[0] == "pairs.tsv: 200 of 200 pairs"
    assert plain[1].endswith("good.txt")
    assert plain[3] == "overlap@10: common words among the ten nearest"
    rows = [json.loads(row) for row in w2v(*call, "--json").out.splitlines()]
    assert [row["file"] for row in rows] == ["good.txt", "bad.txt", "good.txt"]
    assert rows[0]["p"] is None
    assert 0 < rows[2]["overlap"] < 1
    assert len(w2v(*call, "--tsv").out.splitlines()) == 3
    (files / "similarity").mkdir()
    (files / "pairs.tsv").rename(files / "similarity" / "pairs.tsv")
    monkeypatch.setenv("W2V_DATA", str(files))
    assert "similarity/pairs.tsv: 200 of 200 pairs" in w2v("compare", "good.txt", "bad.txt").out
    assert w2v("evaluate", "similarity", "similarity/pairs.tsv", "-v", "good.txt", "-v",
               "bad.txt").code == 0  # fmt: skip


def test_what_each_file_covers_is_said(w2v, files):
    call = ("compare", "good.txt", "few.txt", "--pairs", "pairs.tsv")
    good, few, _ = (json.loads(row) for row in w2v(*call, "--json").out.splitlines())
    items = good["items"]
    assert (good["found"], good["total"], good["limits"]) == (200, 200, 0)
    assert (few["found"], few["total"], few["limits"]) == (items, 200, 200 - items)
    heading, first, second, *_ = w2v(*call).out.splitlines()
    assert heading == (
        f"pairs.tsv: {items} of 200 pairs; left out: {200 - items} only because of few.txt"
    )
    assert first.endswith("good.txt  (200 of 200 pairs)")
    assert second.endswith(f"few.txt  ({items} of 200 pairs)")
    tsv = [row.split("\t") for row in w2v(*call, "--tsv").out.splitlines()]
    assert [len(row) for row in tsv] == [10, 10, 3]
    assert tsv[1][7:] == [str(items), "200", str(200 - items)]


def test_a_table_for_a_report(w2v, files):
    (files / "other|set.tsv").write_text("w1\tw2\t1\nw3\tw4\t2\nw5\tw70\t3\n")
    sets = ("--pairs", "pairs.tsv", "--pairs", "other|set.tsv")
    lines = w2v("compare", "good.txt", "few.txt", *sets, "--markdown").out.splitlines()
    rows = [line.strip("| ").replace("\\|", "/").split(" | ") for line in lines]
    assert {len(row) for row in rows} == {4}
    assert rows[0][2:] == ["other/set.tsv (2 of 3)", "overlap@10 with good.txt"]
    assert [row[0] for row in rows[2:]] == ["good.txt", "few.txt"]
    assert rows[2][3] == "1.0000"
    score = json.loads(w2v("compare", "good.txt", "few.txt", *sets, "--json").out.split("\n")[0])
    assert rows[2][1].startswith(f"{score['score']:.4f} [{score['low']:.3f}, ")
    assert "use one of them" in w2v("compare", "good.txt", *sets, "--markdown", "--tsv").err


def test_runs_with_several_seeds_are_one_row(w2v, files):
    call = ("train", "text", "--dim", 4, "--min-count", 1, "--threads", 1, "--quiet")
    (files / "text").write_text("".join(f"w{n % 90} w{n * 7 % 90} w{n * n % 90}\n"
                                        for n in range(600)))  # fmt: skip
    for name, *more in (("a_1", 1), ("b", 1, "--window", 2), ("a_2", 2), ("a_3", 3)):
        assert w2v(*call, "-o", f"{name}.safetensors", "--seed", *more).code == 0
    assert w2v("convert", "a_3.safetensors", "c.txt").code == 0
    runs = [f"{name}.safetensors" for name in ("a_1", "b", "a_2", "a_3")]
    compare = ("compare", *runs, "c.txt", "--pairs", "pairs.tsv")
    rows = [json.loads(row) for row in w2v(*compare, "--json").out.splitlines()]
    scores = [row["score"] for row in rows[:5]]
    overlaps = [row["overlap"] for row in rows[5:9]]
    lines = w2v(*compare, "--markdown", "--over-seeds").out.splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines[2:]]
    assert [row[0] for row in cells] == ["a_1.safetensors (3 runs)", "b.safetensors", "c.txt"]
    own = [scores[0], scores[2], scores[3]]
    assert cells[0][1] == f"{np.mean(own):.4f} ± {np.std(own, ddof=1):.4f}"
    assert float(cells[0][2]) == pytest.approx((overlaps[1] + overlaps[2]) / 2, abs=1e-4)
    assert cells[1][1].startswith(f"{scores[1]:.4f} [")
    latex = w2v(*compare, "--latex", "--over-seeds").out.splitlines()
    assert (latex[0], latex[-1]) == (r"\begin{tabular}{lrr}", r"\end{tabular}")
    assert latex[4] == (
        r"a\_1.safetensors (3 runs) & "
        rf"{np.mean(own):.4f} $\pm$ {np.std(own, ddof=1):.4f} & {cells[0][2]} \\"
    )
    assert "use one of them" in w2v(*compare, "--latex", "--markdown").err
    assert "needs --markdown or --latex" in w2v(*compare, "--over-seeds").err


def test_all_files_are_recognised_before_one_is_read(w2v, files, monkeypatch):
    def read(*_, **__):
        raise AssertionError("a file is read before the others are recognised")

    monkeypatch.setattr("w2v.cli.compare.open_table", read)
    (files / "g.model").write_bytes(b"\x80\x04\x95 a pickle of gensim")
    outcome = w2v("compare", "good.txt", "g.model", "--pairs", "pairs.tsv")
    assert (outcome.code, "g.model is a Python pickle" in outcome.err) == (2, True)
    (files / "more.tsv").write_text("w1\tw2\t1\n")
    for option in ("--pairs", "--questions"):
        outcome = w2v("compare", "good.txt", option, "pairs.tsv", "more.tsv")
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert outcome.err.endswith(f"; if it is another set: {option} more.tsv\n")
    assert "another set" not in w2v("compare", "good.txt", "more.tsv").err


@pytest.mark.parametrize("option", ["--pairs", "--questions"])
def test_a_folder_is_no_set(w2v, files, option):
    (files / "sets").mkdir()
    outcome = w2v("compare", "good.txt", option, "sets")
    assert (outcome.code, outcome.err) == (2, "w2v: sets is a folder: name a file in it\n")


def test_a_set_without_common_words_has_no_score(w2v, files):
    (files / "none.tsv").write_text("x\ty\t1\nz\ty\t2\n")
    outcome = w2v("compare", "good.txt", "bad.txt", "--pairs", "none.tsv")
    assert outcome.out.splitlines()[:2] == [
        "none.tsv: 0 of 2 pairs",
        "      -  good.txt  (0 of 2 pairs)",
    ]
    rows = w2v("compare", "good.txt", "--pairs", "none.tsv", "--json").out
    assert json.loads(rows)["score"] is None


def test_a_score_that_is_not_defined_hides_no_other_one(files):
    """The cosines of vectors of one number are all 1 or -1."""
    numbers = np.ones((len(WORDS), 1), np.float32)
    formats.save("one.txt", Table.build(WORDS, numbers))
    whole = compare.by_pairs(load("good.txt", "bad.txt"), "pairs.tsv", 1000)
    names = [load("good.txt", "one.txt", "bad.txt"), load("one.txt", "good.txt")]
    found = [compare.by_pairs(tables, "pairs.tsv", 1000) for tables in names]
    assert [each.score is None for each in found[0]] == [False, True, False]
    assert [found[0][0], found[0][2]] == [
        replace(each, limits=found[0][row].limits) for each, row in zip(whole, (0, 2), strict=True)
    ]
    assert [(each.score, each.p) for each in found[1]] == [(None, None), (whole[0].score, None)]


def test_few_scored_items_are_said(w2v, files):
    """Of a set of which most words are unknown, a score says little."""
    known = (files / "pairs.tsv").read_text().splitlines()[:3]
    (files / "few.tsv").write_text("\n".join([*known, *["absent\tx\t1"] * 4]))
    (files / "half.tsv").write_text("\n".join([*known, *["absent\tx\t1"] * 3]))
    words = [word for line in known for word in line.split("\t")[:2]]
    (files / "few").write_text(f"{' '.join(words[:4])}\n" + "absent a b c\n" * 2)
    both = ("-v", "good.txt", "-v", "bad.txt")
    for call, message in [
        (("evaluate", "similarity", "few.tsv", "-v", "good.txt"), "3 of 7 pairs"),
        (("evaluate", "similarity", "few.tsv", *both), "3 of 7 pairs"),
        (("compare", "good.txt", "bad.txt", "--pairs", "few.tsv"), "3 of 7 pairs"),
        (("evaluate", "analogies", "few", "-v", "good.txt"), "1 of 3 questions"),
        (("evaluate", "analogies", "few", *both), "1 of 3 questions"),
        (("compare", "good.txt", "bad.txt", "--questions", "few"), "1 of 3 questions"),
        (("evaluate", "analogies", "few", "-v", "good.txt", "--count-oov"), ""),
        (("evaluate", "similarity", "half.tsv", "-v", "good.txt"), ""),
    ]:
        outcome = w2v(*call)
        assert outcome.code == 0
        assert outcome.err.count("\n") == bool(message)
        assert f"only {message} scored" in outcome.err or not message


def test_unknown_words_are_not_counted_where_files_are_compared(w2v, files):
    (files / "few").write_text("absent a b c\n")
    call = ("evaluate", "analogies", "few", "-v", "good.txt", "-v", "bad.txt", "--count-oov")
    outcome = w2v(*call, "--plot", "few.tsv")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "--count-oov works only with a single -v" in outcome.err
    assert not (files / "few.tsv").exists()


def test_without_sets_that_is_said(w2v, files, monkeypatch):
    monkeypatch.delenv("W2V_DATA", raising=False)
    outcome = w2v("compare", "good.txt")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "no test sets: name them with --pairs" in outcome.err
    outcome = w2v("compare", "good.txt", "bad.txt")
    assert (outcome.code, outcome.out.count("\n")) == (0, 2)
    assert "no test sets" in outcome.err
    (files / "empty").write_text("# nothing\n")
    assert "empty: no pairs in the file" in w2v("compare", "good.txt", "--pairs", "empty").err
