"""w2v drift: planted changes are found, words without change have uniform p values."""

import json
from itertools import combinations, permutations

import numpy as np
import planted
import pytest
from helpers import compiled
from scipy import stats

import w2v as library
from w2v.alignment import drift, permutation_test
from w2v.alignment.common_words import CommonWords
from w2v.embeddings import container, formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError

DIM = 12
NAMES = [f"w{n}" for n in range(400)]
MOVED = ["w3", "w50", "w399"]


def runs(before=4, after=4, noise=0.6, moved=MOVED, seed=0):
    """Tables of runs before and after: the same true vectors, rotated, with noise; some move."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(len(NAMES), DIM))
    later = truth.copy()
    for name in moved:
        later[NAMES.index(name)] = rng.normal(size=DIM)
    tables = []
    for number in range(before + after):
        true = truth if number < before else later
        turn = np.linalg.qr(rng.normal(size=(DIM, DIM)))[0]
        order = rng.permutation(len(NAMES))
        matrix = ((true + noise * rng.normal(size=true.shape)) @ turn)[order].astype(np.float32)
        tables.append(Table.build([NAMES[at] for at in order], matrix, order + 1))
    return tables[:before], tables[before:]


def found(before, after, **options):
    words = drift.common_words([*before, *after], options.pop("min_count", None))
    return drift.drift(before, after, words, **options)


def permutation_p(distances, first, count):
    """p of one word by the definition: over all permutations of labels, with a list of pairs."""
    pairs = [*combinations(range(count), 2)]

    def statistic(labels):
        between = [d for d, (i, j) in zip(distances, pairs, strict=True) if labels[i] != labels[j]]
        within = [d for d, (i, j) in zip(distances, pairs, strict=True) if labels[i] == labels[j]]
        return np.mean(between) - np.mean(within)

    labels = [0] * first + [1] * (count - first)
    given = statistic(labels)
    everything = [statistic(each) for each in permutations(labels)]
    return np.mean([value >= given - 1e-9 for value in everything])


@pytest.mark.parametrize(("first", "second"), [(2, 2), (1, 3), (3, 2), (3, 3)])
def test_p_is_the_share_of_all_permutations(first, second):
    rng = np.random.default_rng(first + second)
    count = first + second
    distances = rng.integers(0, 4, size=(30, count * (count - 1) // 2)) / 3  # with ties
    groups = permutation_test.partitions(first, second)
    p = permutation_test.p_values(distances, groups)
    wanted = [permutation_p(each, first, count) for each in distances]
    np.testing.assert_allclose(p, wanted)
    assert p.min() >= 1 / len(groups)


def test_known_numbers():
    """Two groups far apart have the smallest p: one of ten divisions of 3 + 3 runs."""
    places = np.array([0, 1, 2, 10, 11, 12])
    i, j = np.array(permutation_test.pairs(6)).T
    distances = np.abs(places[i] - places[j])[None].astype(float)
    groups = permutation_test.partitions(3, 3)
    assert (groups.shape, groups[0].tolist()) == ((10, 6), [True] * 3 + [False] * 3)
    assert permutation_test.weights(groups)[:, 0] @ distances[0] == pytest.approx(10 - 4 / 3)
    assert permutation_test.p_values(distances, groups).tolist() == [0.1]
    places = np.array([0, 10, 1, 0, 10, 1])  # both groups are the same
    distances = np.abs(places[i] - places[j])[None].astype(float)
    assert permutation_test.p_values(distances, groups).tolist() == [1]


def test_the_numbers_of_divisions():
    for first, second, count in [(1, 1, 1), (1, 2, 3), (4, 4, 35), (5, 5, 126), (3, 5, 56)]:
        groups = permutation_test.partitions(first, second)
        assert len(groups) == permutation_test.number_of_partitions(first, second) == count
        assert len({tuple(row) for row in groups.tolist()}) == count
        assert (groups.sum(axis=1) == first).all()
    many = permutation_test.partitions(10, 10)
    assert many.shape == (10_000, 20)
    assert (many.sum(axis=1) == 10).all()
    assert many[0].tolist() == [True] * 10 + [False] * 10
    assert (many == permutation_test.partitions(10, 10)).all()


def test_q_is_that_of_scipy():
    p = np.random.default_rng(1).uniform(size=50) ** 2
    np.testing.assert_allclose(permutation_test.q_values(p), stats.false_discovery_control(p))
    assert permutation_test.q_values(np.empty(0)).size == 0


def test_planted_changes_are_found_and_their_numbers_are_those_of_the_definitions():
    before, after = runs()
    result = found(before, after)
    top = result.words
    assert {word.word for word in top[:3]} == {*MOVED}
    assert len(top) == 20
    assert [word.score for word in top] == sorted((w.score for w in top), reverse=True)
    assert top[2].score > 2 * top[3].score
    assert all(word.p == pytest.approx(1 / 35) for word in top[:3])
    assert (result.tested, result.divisions, result.is_drawn) == (400, 35, False)
    tables = [*before, *after]
    units = [t.units(np.array([t.find(n) for n in NAMES])).astype(float) for t in tables]
    row = NAMES.index(top[0].word)
    distances = {}
    for i, j in combinations(range(8), 2):
        left, _, right = np.linalg.svd(units[i].T @ units[j])
        distances[i, j] = 1 - units[i][row] @ (left @ right) @ units[j][row]
    between = np.mean([d for (i, j), d in distances.items() if i < 4 <= j])
    within = np.mean([d for (i, j), d in distances.items() if not i < 4 <= j])
    assert top[0].between == pytest.approx(between, abs=1e-6)
    assert top[0].within == pytest.approx(within, abs=1e-6)
    assert top[0].score == pytest.approx(between - within, abs=1e-6)
    for group, shown in ((units[:4], top[0].before), (units[4:], top[0].after)):
        cosines = np.mean([each @ each[row] for each in group], axis=0)
        cosines[row] = -1
        assert shown == [NAMES[at] for at in np.argsort(-cosines)[:5]]


@pytest.mark.parametrize(("before", "after"), [(4, 4), (3, 5)])
def test_words_that_did_not_change_have_uniform_p_values(before, after):
    """The share of p values up to each level is that level, over words and data sets."""
    p = []
    for seed in range(5):
        groups = runs(before, after, moved=[], seed=seed)
        p += [word.p for word in found(*groups, top=None).words]
    divisions = permutation_test.number_of_partitions(before, after)
    for level in (2 / divisions, 0.1, 0.2, 0.5, 0.8):
        exact = np.floor(level * divisions + 1e-9) / divisions
        error = 4 * np.sqrt(exact * (1 - exact) / len(p))
        assert np.mean(np.array(p) <= exact + 1e-9) == pytest.approx(exact, abs=error)


def test_moved_words_do_not_make_others_significant():
    groups = runs(5, 5, moved=NAMES[:20])
    words = found(*groups, top=None).words
    others = [word for word in words if word.word not in NAMES[:20]]
    assert np.mean([word.p <= 0.05 for word in others]) < 0.08
    assert {word.word for word in words[:20]} == {*NAMES[:20]}
    # of the words below a q of 0.2, most did change
    chosen = [word.word in NAMES[:20] for word in words if word.q <= 0.2]
    assert len(chosen) >= 20
    assert np.mean(chosen) > 0.7


def test_one_run_of_each_has_no_p():
    result = found(*runs(1, 1, noise=0.2))
    assert result.divisions == 1
    assert {word.word for word in result.words[:3]} == {*MOVED}
    for word in result.words:
        assert (word.within, word.p, word.q) == (None, None, None)
        assert word.score == word.between


def test_one_run_before_and_several_after():
    result = found(*runs(1, 4, noise=0.2))
    assert result.divisions == 5
    assert {word.word for word in result.words[:3]} == {*MOVED}
    assert result.words[0].p == pytest.approx(1 / 5)


def test_which_words_are_compared():
    before, after = runs(2, 2)
    after[0] = after[0].take(np.arange(300))
    kept = {*after[0].names}
    result = found(before, after, top=None)
    assert {word.word for word in result.words} == kept
    fewer = found(before, after, top=None, min_count=100)
    assert {word.word for word in fewer.words} == {n for n in kept if int(n[1:]) + 1 >= 100}
    words = drift.common_words([*before, *after])
    some = np.array([5, 9])
    chosen = drift.drift(before, after, words, None, some)
    assert chosen.tested == 2
    p = {word.word: word for word in result.words}
    for word in chosen.words:
        assert (word.score, word.p) == (p[word.word].score, p[word.word].p)
        assert word.q <= p[word.word].q


def test_what_cannot_be_compared_is_refused():
    def table(names, dim):
        return Table.build(names, np.ones((len(names), dim), np.float32))

    with pytest.raises(W2VError, match="have 2, 3 dimensions: give runs with the same --dim"):
        drift.common_words([table("ab", 2), table("ab", 3)])
    with pytest.raises(W2VError, match="share no words to compare"):
        drift.common_words([table("ab", 2), table("cd", 2)])
    with pytest.raises(W2VError, match="share one word to compare"):
        drift.common_words([table("ab", 2), table("bc", 2)])
    with pytest.raises(W2VError, match="a file has no word counts: leave out --min-count"):
        drift.common_words([table("ab", 2), table("ab", 2)], 3)
    counted = Table.build([*"abc"], np.eye(3, dtype=np.float32), np.array([9, 5, 2]))
    for least, left in ((6, "only one"), (10, "none")):
        with pytest.raises(W2VError) as raised:
            drift.common_words([counted, counted], least)
        assert str(raised.value) == (
            f"--min-count {least}: of 3 words that the files share, {left} occurs as often in "
            "each: lower --min-count"
        )
    assert len(drift.common_words([counted, counted], 5)) == 2
    two = [table("ab", 2)], [table("ab", 2)]
    assert [word.before for word in found(*two).words] == [["b"], ["a"]]


SWAPPED = {"oven": "goal", "goal": "oven", "piano": "snow", "snow": "piano"}


def corpora(folder, parts=4, sentences=1500):
    """Files of parts of two texts; in the second one, words have each other's contexts."""
    files = []
    for number in range(2 * parts):
        swap = SWAPPED if number >= parts else {}
        text = planted.sentences(sentences, seed=number)
        name = folder / f"part{number}.txt"
        name.write_text("".join(" ".join(swap.get(w, w) for w in row) + "\n" for row in text))
        files.append(str(name))
    return files[:parts], files[parts:]


@compiled
def test_trained_runs_on_parts_of_two_corpora(folder):
    """Over four seeds, because the p-values of one comparison are not independent."""
    texts, others = corpora(folder), []
    for seed in range(1, 5):
        options = {"dim": 16, "epochs": 5, "sample": 0, "min_count": 1, "threads": 1, "seed": seed}
        groups = [[library.train(part, **options) for part in parts] for parts in texts]
        words = library.drift(*groups, top=None)
        assert {word.word for word in words[:4]} == {*SWAPPED}
        assert all(word.p == pytest.approx(1 / 35) for word in words[:4])
        others += [word.p for word in words[4:]]
    assert np.mean(np.array(others) <= 0.1 + 1e-9) < 0.2
    assert 0.4 < np.mean(np.array(others) <= 0.5) < 0.6
    [oven] = [word for word in words if word.word == "oven"]
    assert {*oven.before} <= {*planted.TOPICS["cooking"].split()}
    assert {*oven.after} <= {*planted.TOPICS["sport"].split(), "oven"}


@pytest.fixture
def files(folder):
    before, after = runs(2, 3)
    for number, table in enumerate(before):
        formats.save(f"a{number}.safetensors", table)
    for number, table in enumerate(after):
        formats.save(f"b{number}.safetensors", table.take(np.arange(390)))
    return ["a0.safetensors", "a1.safetensors"], [f"b{n}.safetensors" for n in range(3)]


def test_the_command(w2v, files):
    before, after = files
    tables = [[formats.load(name) for name in group] for group in files]
    wanted = found(*tables, top=4)
    result = w2v("drift", *before, "--after", *after, "-n", 4, "--json")
    assert result.code == 0
    shared = len(CommonWords.of([*tables[0], *tables[1]]))
    said = result.err.splitlines()
    assert said[0] == f"a0.safetensors: {400 - shared} names not in all files, so left out"
    assert said[-1] == (
        f"{shared} words of 2 runs before, 3 after: 10 divisions of the runs, so that no p is "
        "below 0.1"
    )
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["word"] for row in rows] == [word.word for word in wanted.words]
    assert rows[0] == {
        name: pytest.approx(value, abs=1e-6) if isinstance(value, float) else value
        for name, value in wanted.words[0]._asdict().items()
    }
    tsv = [line.split("\t") for line in
           w2v("drift", "-n", 4, *before, "--after", *after, "--tsv").out.splitlines()]  # fmt: skip
    assert [row[0] for row in tsv] == [row["word"] for row in rows]
    assert [len(row) for row in tsv] == [8] * 4
    assert tsv[0][7].split() == rows[0]["after"]
    every = [part for name in after for part in ("--after", name)]
    assert w2v("drift", *every, *before).code == 2  # all of them are after
    plain = w2v("drift", *before, *every, "-n", 1).out
    word = wanted.words[0]
    near = f"{' '.join(word.before)} -> {' '.join(word.after)}"
    assert plain == (f"{word.score:7.4f}  p {word.p:.4f}  q {word.q:.4f}  {word.word}: {near}\n")


def test_runs_of_the_same_text_are_warned_of(w2v, folder):
    before, after = runs(2, 2)
    for name, table, text in zip("abcd", [*before, *after], "xyzz", strict=True):
        metadata = {"format": "w2v", "corpus": json.dumps({"sha256": text})}
        container.write(f"{name}.safetensors", container.table_tensors("words", table), metadata)
    names = [f"{name}.safetensors" for name in "abcd"]
    result = w2v("drift", *names[:2], "--after", *names[2:], "-n", 1)
    assert (result.code, result.out.count("\n")) == (0, 1)
    assert result.err.splitlines()[-1] == (
        "c.safetensors and d.safetensors are of the same text: p is too small, because it takes "
        "the choice of texts for a change; train each run on another part"
    )
    result = w2v("drift", *names[:2], "--after", names[2], "-n", 1)
    assert "same text" not in result.err


def test_one_file_of_each(w2v, files):
    result = w2v("drift", "a0.safetensors", "b0.safetensors", "--tsv", "-n", 1)
    assert result.code == 0
    assert result.out.split("\t")[3:6] == ["", "", ""]
    assert "no p and q, because one run of each does not show the noise: give sev" in result.err
    same = w2v("drift", "a0.safetensors", "--after", "b0.safetensors", "--tsv", "-n", 1)
    assert same.out == result.out


def test_words_without_a_direction_are_said_to_be_left_out(w2v, folder):
    for number, (table,) in enumerate(runs(1, 1)):
        matrix = np.array(table.matrix)
        matrix[number] = 0
        formats.save(f"{number}.safetensors", table.with_matrix(matrix))
    said = w2v("drift", "0.safetensors", "1.safetensors").err
    reason = "2 names not in all files or without a direction"
    assert f"\n0.safetensors: {reason}, so left out\n1.safetensors: {reason}, so left out" in said
    said = w2v("drift", "0.safetensors", "1.safetensors", "--min-count", 1).err
    assert "names not in all files, without a direction or too rare, so left out" in said


def test_only_the_words_of_files(w2v, files, folder):
    (folder / "x").write_text("w50\nnone\n")
    (folder / "y").write_text("w3\n")
    before, after = files
    result = w2v("drift", *before, "--only", "x", "--only", "y", "--after", *after, "--json")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert {row["word"] for row in rows} <= {"w3", "w50"}
    assert rows
    assert "--only: 1 name not in all files, so left out: none\n" in result.err
    (folder / "y").write_text("".join(f"no{n}\n" for n in range(12)))
    said = w2v("drift", *before, "--only", "x", "--only", "y", "--after", *after).err
    assert f"so left out: none, {', '.join(f'no{n}' for n in range(9))}, ...\n" in said
    (folder / "x").write_text("none\n")
    wrong = w2v("drift", *before, "--only", "x", "--after", *after)
    assert wrong.code == 2
    assert wrong.err.endswith("w2v: --only: none of the words is in all files: give other words\n")
    (folder / "y").write_text("w3\n")
    rare = w2v("drift", *before, "--only", "y", "--after", *after, "--min-count", 398)
    assert rare.err.endswith("files, 398 times in each: give other words, or a lower --min-count\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "give two files, or several before and after: w2v drift A1 A2 --after B1 B2"),
        (("a0.safetensors",), "give two files"),
        (("a0.safetensors", "a1.safetensors", "b0.safetensors"), "give two files"),
        (("--after", "a0.safetensors", "b0.safetensors"), "give two files"),
        (("a0.safetensors", "./a0.safetensors"), "./a0.safetensors is given twice: each run"),
        (("a0.safetensors", "x.txt"), "12, 2 dimensions: give runs with the same --dim"),
        (("a0.safetensors", "none.txt"), "none.txt: No such file"),
        (("a0.safetensors", "b0.safetensors", "--after"), "--after needs a file"),
        (("a0.safetensors", "--after", "-n", "3", "b0.safetensors"), "--after needs a file"),
        (
            ("x.txt", "y.txt", "--min-count", "2"),
            "--min-count: x.txt has no word counts: add them with w2v",
        ),
    ],
)
def test_wrong_calls(w2v, files, folder, args, message):
    for name in "xy":
        (folder / f"{name}.txt").write_text("2 2\na 1 0\nb 0 1\n")
    result = w2v("drift", *args)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.splitlines()[-1].startswith("w2v: ")
    assert result.err.count("w2v: ") == 1 or "w2v drift A1" in result.err


def test_wrong_arguments_in_python():
    vectors = library.Vectors(["a", "b"], np.eye(2))
    with pytest.raises(W2VError, match="after: expected w2v.Vectors, found str"):
        library.drift(vectors, "ab")
    with pytest.raises(W2VError, match="before: expected w2v.Vectors of one run or several"):
        library.drift([], vectors)
    with pytest.raises(W2VError, match="only: none of the words is in all runs"):
        library.drift(vectors, vectors, only=["c"])
    with pytest.raises(W2VError, match="top: expected a whole number, 1 or more, found 0"):
        library.drift(vectors, vectors, top=0)
    assert library.drift(vectors, vectors)[0].score == pytest.approx(0, abs=1e-6)
