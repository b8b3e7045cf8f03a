"""w2v similar with several files: means and deviations of cosines, and how many runs agree."""

import json

import numpy as np
import pytest

from w2v.alignment.run_neighbours import RunSearch
from w2v.embeddings import formats
from w2v.embeddings.table import Table

NAMES = [f"w{n}" for n in range(120)]


def runs(count=5, noise=0.8, seed=0):
    """Tables of the same words with noise, in spaces of other dimensions and in other orders."""
    rng = np.random.default_rng(seed)
    truth, tables = rng.normal(size=(len(NAMES), 6)), []
    for number in range(count):
        turn = np.linalg.qr(rng.normal(size=(6 + number, 6)))[0]
        order = rng.permutation(len(NAMES)) if number else np.arange(len(NAMES))
        noisy = (truth + noise * rng.normal(size=truth.shape)) @ turn.T
        matrix = (noisy * rng.uniform(1, 3, (len(NAMES), 1)))[order].astype(np.float32)
        tables.append(Table.build([NAMES[at] for at in order], matrix, np.arange(len(NAMES))))
    return tables


def all_cosines(tables):
    """The cosines of all pairs of NAMES in each run, float64 (R, N, N)."""
    found = []
    for table in tables:
        units = table.units(np.array([table.find(name) for name in NAMES])).astype(np.float64)
        found.append(units @ units.T)
    return np.array(found)


def expected(cosines, word, k, hidden=()):
    """Answers from the definitions: (name, mean, deviation, runs)."""
    cosines = cosines[:, word].copy()
    cosines[:, [word, *hidden]] = -np.inf
    with np.errstate(invalid="ignore"):
        means, deviations = cosines.mean(axis=0), cosines.std(axis=0, ddof=1)
    nearest = [set(np.argsort(-line)[:k].tolist()) for line in cosines]
    return [
        (NAMES[at], means[at], deviations[at], sum(at in each for each in nearest))
        for at in np.argsort(-means)[:k].tolist()
    ]


def assert_answers(found, wanted):
    assert [(a.name, a.runs) for a in found] == [(name, times) for name, _, _, times in wanted]
    np.testing.assert_allclose([a.score for a in found], [each[1] for each in wanted], atol=1e-6)
    np.testing.assert_allclose([a.deviation for a in found], [w[2] for w in wanted], atol=1e-6)


@pytest.mark.parametrize("small", [False, True])
def test_means_and_deviations_are_those_of_the_cosines(monkeypatch, small):
    if small:  # many blocks
        monkeypatch.setattr("w2v.alignment.run_neighbours._NUMBERS", 100)
        monkeypatch.setattr("w2v.alignment.run_neighbours._QUERIES", 7)
    tables = runs()
    cosines = all_cosines(tables)
    vectors = [t.units(np.array([t.find(name) for name in NAMES])) for t in tables]
    found = RunSearch(tables, 8).nearest(vectors, [[row] for row in range(len(NAMES))])
    marked = 0
    for word, answers in enumerate(found):
        assert_answers(answers, expected(cosines, word, 8))
        assert all(a.disagree == (a.runs <= 2) for a in answers)
        marked += sum(a.disagree for a in answers)
    assert 0 < marked < 960


def test_runs_that_agree_are_not_marked():
    tables = runs(3, noise=0)
    vectors = [t.units(np.array([t.find("w3")])) for t in tables]
    [answers] = RunSearch(tables, 5).nearest(vectors, [[3]])
    assert all(a.runs == 3 and not a.disagree for a in answers)
    np.testing.assert_allclose([a.deviation for a in answers], 0, atol=1e-6)


@pytest.fixture
def files(folder):
    tables = runs(3)
    tables[1] = tables[1].take(np.array([r for r, n in enumerate(tables[1].names) if n != "w7"]))
    for number, table in enumerate(tables):
        formats.save(f"{number}.safetensors", table)
    return [part for number in range(3) for part in ("-v", f"{number}.safetensors")], tables


def test_the_command(w2v, files):
    options, _ = files
    cosines = all_cosines(runs(3))
    said = "0.safetensors: 1 name not in all files, so no candidates\n"
    said += said.replace("0.", "2.")
    result = w2v("similar", "w4", *options, "-k", 4, "--json")
    assert (result.code, result.err) == (0, said)
    wanted = expected(cosines, 4, 4, [7])
    answer = json.loads(result.out)
    assert (answer["query"], answer["files"]) == ("w4", 3)
    assert [(a["word"], a["runs"]) for a in answer["results"]] == [(w[0], w[3]) for w in wanted]
    assert answer["results"][0]["count"] == int(wanted[0][0][1:])
    rows = [line.split("\t") for line in w2v("similar", "w4", *options, "--tsv").out.splitlines()]
    assert [row[:3] for row in rows[:2]] == [["w4", str(n + 1), wanted[n][0]] for n in range(2)]
    for row in rows:
        assert row[7] == ("?" if int(row[6]) <= 1 else "")
    plain = w2v("similar", "w4", *options, "-k", 1).out
    mark = "?" if wanted[0][3] <= 1 else " "
    mean, deviation = wanted[0][1:3]
    assert plain == f"{mean:7.4f} ± {deviation:.4f}  {wanted[0][3]}/3{mark} {wanted[0][0]}\n"


def test_queries_of_several_words_and_restrictions(w2v, files, folder):
    options, tables = files
    result = w2v("similar", "w4", "+w5", "-w6", "w1", *options, "-k", 3, "--restrict", 50, "--json")
    first, second = map(json.loads, result.out.splitlines())
    assert (first["query"], second["query"]) == ("w4 +w5 -w6", "w1")
    names = [each["word"] for each in first["results"]]
    assert all(int(name[1:]) < 50 for name in names)
    assert not {*names} & {"w4", "w5", "w6"}
    scores = []
    for table in tables:
        units = {n: table.units(np.array([table.find(n)]))[0] for n in ("w4", "w5", "w6", names[0])}
        query = units["w4"] + units["w5"] - units["w6"]
        scores.append(query @ units[names[0]] / np.linalg.norm(query))
    assert first["results"][0]["score"] == pytest.approx(np.mean(scores), abs=1e-5)
    ask = ("similar", "w1", *options, "--json")
    own = json.loads(w2v(*ask, "--include-query", "-k", 1).out)["results"][0]
    assert (own["word"], own["score"], own["runs"]) == ("w1", 1, 3)
    (folder / "only").write_text("w2\nw3\nw7\n")
    only = json.loads(w2v(*ask, "--only", "only").out)["results"]
    assert {each["word"] for each in only} == {"w2", "w3"}
    assert json.loads(w2v(*ask, "--min-score", 0.999).out)["results"] == []
    one = ("similar", "w1", "-v", "0.safetensors", "--only", "only", "--json")
    assert json.loads(w2v(*one).out)["results"]  # a single file has cosines of its own


def test_unknown_words_name_the_file(w2v, files):
    options, _ = files
    result = w2v("similar", "w7", "w8", *options, "-k", 1)
    assert result.code == 3
    assert "w2v: 1.safetensors: no vector for 'w7' among 119; near: " in result.err
    assert result.out.startswith("w8:\n")
    result = w2v("similar", "w7", "w8", "+w7", *options, "-k", 1, "--oov", "skip", "--tsv")
    assert (result.code, len(result.out.splitlines())) == (0, 1)
    assert result.err.splitlines()[-1] == (
        "left out: 1 word without a vector; 1 query not answered"
    )


@pytest.mark.parametrize(
    "options",
    [("--in", "0.safetensors"), ("--from", "documents"), ("--method", "mul")],
)
def test_what_needs_one_file_is_refused(w2v, files, options):
    result = w2v("similar", "w1", *files[0], *options)
    assert result.code == 2
    assert result.err == (
        "w2v: several -v FILE work only with TERMs and --method add, without --from and --in\n"
    )


def test_no_candidate_that_all_files_have(w2v, files, folder):
    (folder / "x.txt").write_text("2 2\nw1 1 0\nq 0 1\n")
    (folder / "only").write_text("w2\n")
    result = w2v("similar", "w1", "-v", "0.safetensors", "-v", "x.txt", "--only", "only", "--tsv")
    assert (result.code, result.out) == (0, "")
    assert "1 query for which no answer remains" in result.err


def test_too_few_words(w2v, files, folder):
    (folder / "x.txt").write_text("2 2\nw1 1 0\nq 0 1\n")
    result = w2v("similar", "w1", "-v", "0.safetensors", "-v", "x.txt")
    assert (result.code, result.out) == (0, "")
    (folder / "y.txt").write_text("1 2\nq 1 0\n")
    result = w2v("similar", "w1", "-v", "0.safetensors", "-v", "y.txt")
    assert result.code == 3
