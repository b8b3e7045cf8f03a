"""Plots: positions of points and names, colours, and the files that are written."""

import json
import re
import sys
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import hypothesis.strategies as st
import numpy as np
import pytest
from helpers import compiled
from hypothesis import given

from w2v.embeddings import formats, query
from w2v.embeddings.table import Table
from w2v.errors import NotFoundError, W2VError
from w2v.plots import chart, chart_data, fonts, groups, map, picture, projection
from w2v.plots.label_placement import place

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:.*(matplotlib|umap|sklearn)")


def blobs(count=3, each=40, dim=10, seed=0):
    """Vectors around a few directions, and the number of the direction of each."""
    rng = np.random.default_rng(seed)
    centres = 5 * rng.standard_normal((count, dim))
    of = np.repeat(np.arange(count), each)
    return (centres[of] + rng.standard_normal((of.size, dim))).astype(np.float32), of


# Projections


@pytest.mark.parametrize("transposed", [False, True])
def test_principal_components_are_those_of_the_singular_values(transposed):
    """Few vectors of many numbers are projected by another matrix than many of few numbers."""
    vectors = blobs()[0].astype(float)
    vectors = vectors.T if transposed else vectors
    points = projection.principal(vectors)
    u, s, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(points), np.abs(u[:, :2] * s[:2]), atol=1e-9)
    farthest = points[np.abs(points).argmax(axis=0), [0, 1]]
    assert (farthest > 0).all()


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (2, 1), (3, 2), (5, 1)])
def test_few_points_or_numbers_have_a_place_too(shape):
    points = projection.project(np.ones(shape, np.float32), "pca", 1, 1)
    assert points.shape == (shape[0], 2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize(
    "method", ["tsne", pytest.param("umap", marks=[compiled, pytest.mark.slow])]
)
def test_neighbours_stay_neighbours(method, monkeypatch):
    if method == "tsne":
        affinity = pytest.importorskip("openTSNE.affinity")
        # It imports pynndescent, which compiles for half a minute, and then does without.
        monkeypatch.setattr(affinity, "is_package_installed", lambda name: False)
    else:
        pytest.importorskip("umap")
    vectors, of = blobs()
    shares = []
    points = projection.project(vectors, method, 1, 1, shares.append)
    again = projection.project(vectors, method, 1, 1)
    np.testing.assert_array_equal(points, again)
    assert shares == sorted(shares)
    assert 0.9 <= shares[-1] <= 1
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (of[distances.argmin(axis=1)] == of).mean() > 0.95
    with pytest.raises(W2VError, match="4 vectors or more"):
        projection.project(vectors[:3], method, 1, 1)


def test_vectors_of_one_number_are_projected_by_tsne(monkeypatch):
    affinity = pytest.importorskip("openTSNE.affinity")
    monkeypatch.setattr(affinity, "is_package_installed", lambda name: False)
    vectors = np.array([[1], [1.5], [-1], [-2]], np.float32)
    points = projection.project(vectors, "tsne", 1, 1)
    assert (points.shape, np.isfinite(points).all()) == ((4, 2), True)


def test_umap_is_told_all_and_tells_how_far_it_is(monkeypatch):
    """A substitute replaces the package, which compiles for half a minute."""
    umap_settings, shares = {}, []

    class Umap:
        def __init__(self, **settings):
            umap_settings.update(settings)

        def fit_transform(self, units):
            for percent in (0, 40, 100):
                umap_settings["tqdm_kwds"]["file"].write(f"{percent}%")
                umap_settings["tqdm_kwds"]["file"].flush()
            return units[:, :2]

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Umap))
    vectors = 7 * blobs()[0]
    points = projection.project(vectors, "umap", 3, 2, shares.append)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(points, (vectors / lengths)[:, :2], atol=1e-6)
    assert points.dtype == np.float64
    assert shares == [0, 0, 0.4, 1]
    assert (umap_settings["metric"], umap_settings["random_state"], umap_settings["n_jobs"]) == (
        "cosine",
        3,
        1,
    )
    assert (umap_settings["n_neighbors"], umap_settings["init"]) == (15, "spectral")
    projection.project(vectors[:5], "umap", 3, 1)
    assert (umap_settings["n_neighbors"], umap_settings["init"]) == (4, "random")
    with pytest.raises(W2VError, match="4 vectors or more"):
        projection.project(vectors[:3], "umap", 3, 1)


def test_a_package_that_is_missing_is_named_with_its_extra(w2v, toy, monkeypatch):
    for module, extra, args in [
        ("openTSNE", "tsne", ("--method", "tsne")), ("umap", "umap", ("--method", "umap")),
        ("matplotlib", "plot", ("-o", "x.png")),
    ]:  # fmt: skip
        monkeypatch.setitem(sys.modules, module, None)
        outcome = w2v("plot", *args)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert f"pip install 'w2v[{extra}]'" in outcome.err
    assert w2v("plot", "-o", "x.html").code == 0


# Colours


def test_clusters_are_found_again_and_named_by_their_words():
    vectors, of = blobs()
    names = [f"{'abc'[each]}{n}" for n, each in enumerate(of)]
    found = groups.clusters(vectors, names, 3, 1)
    pairs = {(a, b) for a, b in zip(of.tolist(), found.of.tolist(), strict=True)}
    assert len(pairs) == 3
    for number, name in enumerate(found.names):
        [letter] = {word[0] for word in name.split()}
        assert {names[at][0] for at in np.flatnonzero(found.of == number)} == {letter}
    assert groups.clusters(vectors[:1], names[:1], 8, 1).names == []
    assert groups.clusters(np.ones((5, 2)), names[:5], 8, 1).names == []


def test_an_empty_cluster_is_left_out_without_a_warning():
    rng = np.random.default_rng(1054)
    count, dim = rng.integers(6, 16), rng.integers(2, 5)
    nearly = rng.normal(size=(3, dim))[rng.integers(0, 3, count)]
    vectors = nearly + rng.normal(size=(count, dim)) * 10.0 ** -rng.integers(3, 8)
    names = [f"n{number}" for number in range(count)]
    found = groups.clusters(vectors.astype("f4"), names, 8, 1)
    assert 1 < len(found.names) < 8
    assert np.bincount(found.of, minlength=len(found.names)).all()


def test_small_groups_become_one_which_is_grey():
    names = [f"n{i}" for i in range(200)]
    labels = {name: f"label {min(i // 5, 25)}" for i, name in enumerate(names)}
    found = groups.labels(names, labels)
    assert len(found.names) == groups.MAX_GROUPS
    assert found.names[-1] == groups.OTHER
    assert len(set(found.colours)) == groups.MAX_GROUPS
    assert found.colours[-1] == "#a5a5a5"
    sizes = np.bincount(found.of)[:-1]
    assert (np.diff(sizes) <= 0).all()
    with pytest.raises(W2VError, match="none of the names"):
        groups.labels(names, {"x": "y"})


def test_each_has_the_colour_of_its_topic_or_nearest_term():
    shares = np.array([[0.1, 0.9], [0.2, 0.8], [0.7, 0.3]])
    found = groups.topics(shares)
    assert [found.names[at] for at in found.of] == ["topic 1", "topic 1", "topic 0"]
    vectors, marked = (
        np.array([[1, 0], [0, 1], [2, 1], [1, 9]]),
        np.array([True, True, False, False]),
    )
    near = groups.terms(vectors, ["a", "b", "c", "d"], marked)
    assert [near.names[at] for at in near.of] == ["a", "b", "a", "b"]
    other = groups.terms(vectors, ["other", "b", "c", "d"], marked)  # a word, not the rest
    assert (other.names, other.colours) == (["other", "b"], near.colours)


# Names beside points


@given(st.integers(0, 40), st.integers(0, 9))
def test_no_name_covers_another_or_leaves_the_picture(count, seed):
    rng = np.random.default_rng(seed)
    points, sizes = rng.uniform(0, 300, (count, 2)), rng.uniform(5, 60, (count, 2))
    corners = place(points, sizes, (0, 0, 300, 300), np.full(count, 3.0))
    there = np.isfinite(corners[:, 0])
    low, high = corners[there], corners[there] + sizes[there]
    assert (low >= 0).all()
    assert (high <= 300).all()
    apart = (low[:, None] >= high[None]) | (high[:, None] <= low[None])
    assert (apart.any(axis=2) | np.eye(len(low), dtype=bool)).all()
    if count:
        assert there[0] or (points[0] < sizes[0]).any() or (points[0] + sizes[0] > 300).any()


def test_names_keep_off_other_dots_where_they_can():
    points = np.array([[50.0, 50], [60, 50]])
    [corner, _] = place(points, np.array([[30.0, 10], [5, 5]]), (0, 0, 200, 200), np.full(2, 4.0))
    assert corner[0] + 30 <= 58 or corner[0] >= 62 or corner[1] >= 52 or corner[1] + 10 <= 48


# Which rows


def test_terms_with_their_neighbours_and_pairs_with_arrows(toy):
    choice = map.around(toy, ["king", "1"], 2)
    names = [toy.name(row) for row in choice.rows.tolist()]
    assert names[:2] == ["king", "1"]
    near = {n.name for t in ("king", "1") for n in query.similar(toy, query.parse_terms([t])[0], 2)}
    assert set(names[2:]) == near - {"king", "1"}
    assert choice.marked.tolist() == [True, True] + [False] * (len(names) - 2)
    choice = map.pairs(toy, ["man:woman", "king:queen", "man:king"])
    names = [toy.name(row) for row in choice.rows.tolist()]
    arrows = [(names[a], names[b]) for a, b in choice.arrows]
    assert arrows == [("man", "woman"), ("king", "queen"), ("man", "king")]
    kept = choice.only(np.array([name != "woman" for name in names]))
    names.remove("woman")
    assert [(names[a], names[b]) for a, b in kept.arrows] == arrows[1:]
    with pytest.raises(W2VError, match="'king' is not a pair"):
        map.pairs(toy, ["king"])
    with pytest.raises(NotFoundError, match="absent"):
        map.around(toy, ["absent"], 3)


def test_a_vector_without_a_direction_has_no_neighbours():
    matrix = np.array([[1, 0], [0, 0], [np.nan, 1], [1, 1], [0, 1]], np.float32)
    table = Table.build(["a", "zero", "nan", "b", "c"], matrix, None)
    assert map.around(table, ["zero", "a", "nan"], 1).rows.tolist() == [1, 0, 2, 3]
    assert map.around(table, ["zero", "nan"], 2).rows.tolist() == [1, 2]


# The command


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "html", "tsv"])
def test_the_same_bytes_for_the_same_vectors(w2v, toy, folder, kind):
    assert w2v("plot", "king", "-k", 3, "-o", f"a.{kind}").err == f"a.{kind}: 4 names\n"
    assert w2v("plot", "king", "-k", 3, "-o", f"b.{kind}", "--quiet").err == ""
    assert (folder / f"a.{kind}").read_bytes() == (folder / f"b.{kind}").read_bytes()


def test_the_numbers_behind_a_map(w2v, toy, folder):
    w2v("plot", "--pairs", "man:woman", "king:queen", "-o", "x.tsv")
    rows = [row.split("\t") for row in (folder / "x.tsv").read_text().splitlines()]
    assert rows[0] == ["name", "x", "y", "group", "count"]
    assert [(row[0], row[4]) for row in rows[1:]] == [
        ("man", "18"), ("woman", "17"), ("king", "20"), ("queen", "19"),
    ]  # fmt: skip


def test_names_are_written_into_the_picture(w2v, toy, folder):
    w2v("plot", "king", "kitchen", "-k", 2, "-o", "x.svg")
    ET.parse(folder / "x.svg")  # it is well-formed
    text = (folder / "x.svg").read_text()
    for name in ("king", "kitchen", "queen"):
        assert f"<!-- {name} -->" in text
    w2v("plot", "--no-names", "--color", "none", "-o", "y.svg")
    assert "<!-- king -->" not in (folder / "y.svg").read_text()


def data_of(path):
    text = path.read_text()
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_holds_the_neighbours_that_similar_prints(w2v, toy, folder):
    assert w2v("plot", "--top", 4, "-k", 5, "-o", "x.html").code == 0
    data = data_of(folder / "x.html")
    assert data["names"] == toy.names[:4]
    every = data["names"] + data["others"]
    for at, name in enumerate(data["names"]):
        printed = [line.split() for line in w2v("similar", name, "-k", 5).out.splitlines()]
        page = zip(data["cosines"][at], data["near"][at], strict=True)
        assert [[f"{cosine:.4f}", every[each]] for cosine, each in page] == printed


def test_the_page_loads_nothing_and_names_cannot_break_it(w2v, folder):
    odd = ["</script><script>alert(1)</script>", "<b>", "&", "$x", "\u2028", "\udcff", "\x1b[31m"]
    matrix = np.random.default_rng(0).standard_normal((len(odd), 3)).astype(np.float32)
    formats.save("vectors.safetensors", Table.build(odd, matrix))
    assert w2v("plot", "-o", "x.html").code == 0
    data = data_of(folder / "x.html")
    assert data["names"] == [name.replace("\udcff", "?") for name in odd]
    page = (folder / "x.html").read_text()
    assert page.count("</script") == 2  # the data and the program
    tags = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="(?!data:,)|@import|url\(', tags)
    w2v("plot", "-o", "x.png")
    w2v("plot", "-o", "x.tsv")


def test_documents_from_all_over_and_colours_by_label(w2v, folder):
    rng = np.random.default_rng(0)
    names = [f"{'pos' if n < 50 else 'neg'}:{n}" for n in range(100)]
    table = Table.build(names, rng.standard_normal((100, 4)).astype(np.float32))
    formats.save("vectors.safetensors", table, "documents")
    call = ("plot", "--table", "documents", "--top", 10, "-o", "x.tsv")
    assert w2v(*call, "--color", "prefix").code == 0
    rows = [row.split("\t") for row in (folder / "x.tsv").read_text().splitlines()[1:]]
    assert [row[0] for row in rows] == names[::10]
    assert all(row[0].startswith(row[3]) for row in rows)
    (folder / "labels").write_text("".join(f"{name}\t{n % 2}\n" for n, name in enumerate(names)))
    w2v("plot", "--table", "documents", "-o", "x.tsv", "--labels", "labels")
    rows = [row.split("\t") for row in (folder / "x.tsv").read_text().splitlines()[1:]]
    assert all(int(row[0].partition(":")[2]) % 2 == int(row[3]) for row in rows)
    assert w2v("plot", "--table", "documents", "-o", "x.html").code == 0
    page = data_of(folder / "x.html")
    assert (page["named"], page["counted"]) == (False, "word")
    (folder / "labels").write_text("no tab\n")
    outcome = w2v("plot", "--table", "documents", "--labels", "labels")
    assert "labels: line 1: expected a name, a tab and a label" in outcome.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("-o", "x.gif"), 2, "expected a name that ends in .html, .png"),
        (("-o", "absent/x.png"), 2, "absent"),
        (("klingon",), 3, "klingon"),
        (("--color", "topics"), 2, "--color topics needs a model trained with --model lda"),
        (("--color", "prefix"), 2, "none of the names to draw has a colon"),
        (("king", "--color", "terms"), 2, "name at least two TERMs"),
        (("--color", "none", "--labels", "log"), 2, "--labels and --color cannot be combined"),
        (("--pairs",), 2, "--pairs needs TERMs"),
        (("--pairs", "king"), 2, "is not a pair"),
        (("--loss", "absent", "-o", "x.png"), 2, "absent"),
        (("--loss", "log"), 2, "name a picture"),
        (("--loss", "log", "-o", "x.tsv", "--top", 5), 2, "--top is for a map"),
        (("--loss", "log", "-o", "x.tsv", "-k", 5), 2, "-k is for a map"),
        (("--loss", "log", "-o", "x.tsv", "--labels", "absent"), 2, "--labels is for a map"),
        (("--loss", "log", "-o", "x.tsv", "-v", "absent"), 2, "-v is for a map"),
        (("--loss", "log", "-o", "x.png"), 2, "log: line 2"),
        (("--loss", "empty", "-o", "x.png"), 2, "empty: no epoch of this log is complete"),
        (("--loss", "-", "-o", "x.png"), 2, "stdin: no epoch of this log is complete"),
        (
            ("--loss", "log", "-o", "x.html"),
            2,
            "expected a name that ends in .png, .svg, .pdf, .tsv",
        ),
        (("-v", "empty.txt"), 2, "nothing to draw"),
    ],
)
def test_a_mistake_is_one_line(w2v, toy, folder, args, code, said):
    (folder / "log").write_text('{"event": "epoch", "epoch": 1}\nnonsense\n')
    (folder / "empty").write_text("")
    (folder / "empty.txt").write_text("0 3\n")
    outcome = w2v("plot", *args)
    assert (outcome.code, outcome.err.count("\n")) == (code, 1), outcome
    assert said in outcome.err


def test_what_has_no_direction_is_left_out_and_counted(w2v, folder):
    (folder / "x.txt").write_text("4 2\na nan 0.1\nb 1 0\nc 0 0\nd 0 1\n")
    outcome = w2v("plot", "-v", "x.txt", "-o", "x.tsv")
    left_out, written = outcome.err.splitlines()
    assert "1 vector is zero ('c') and 1 vector is not finite ('a')" in left_out
    assert written == "x.tsv: 2 names"
    outcome = w2v("plot", "c", "-k", 0, "-v", "x.txt", "-o", "x.tsv")
    assert outcome.code == 2
    assert "none of the chosen vectors is finite and not zero" in outcome.err
    outcome = w2v("plot", "b", "-k", 0, "-v", "x.txt", "-o", "x.tsv")
    assert outcome.err.splitlines()[-1] == "x.tsv: 1 name"


# Charts


def write_log(path, runs):
    lines = [
        {"event": "epoch", "epoch": epoch, "loss": loss, "valid_loss": valid}
        for run in runs
        for epoch, loss, valid in run
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_losses_of_several_runs(w2v, folder):
    write_log(folder / "a", [[(1, 3.0, None), (2, 2.5, None)]])
    write_log(folder / "b", [[(1, 2.0, 2.2)], [(1, 2.1, 2.3), (2, None, 1.9)]])
    chart = chart_data.losses(["a", "b"])
    [lines] = chart.panels
    assert [(s.name, list(s.x), list(s.y), s.dashed) for s in lines.series] == [
        ("a", [1, 2], [3.0, 2.5], False),
        ("b #1", [1], [2.0], False),
        ("b #1, validation", [1], [2.2], True),
        ("b #2", [1, 2], [2.1, None], False),
        ("b #2, validation", [1, 2], [2.3, 1.9], True),
    ]
    assert w2v("plot", "--loss", "a", "--loss", "b", "-o", "x.png").err == "wrote x.png\n"
    w2v("plot", "--loss", "a", "-o", "x.tsv")
    assert (folder / "x.tsv").read_text().splitlines()[:2] == [
        "run\tepoch\tloss\tvalid_loss", "a\t1\t3.000000\t",
    ]  # fmt: skip


def test_a_log_of_a_run_can_be_drawn(w2v, folder):
    (folder / "text").write_text("a b c d\n" * 20)
    call = (
        "train",
        "text",
        "--dim",
        4,
        "--sample",
        0,
        "--threads",
        1,
        "--quiet",
        "--log-json",
        "log",
    )
    assert w2v(*call, "--epochs", 2).code == 0
    assert w2v("plot", "--loss", "log", "-o", "x.svg").code == 0


def test_answers_by_section_of_several_files(w2v, toy, folder):
    (folder / "questions").write_text(": royal\nman king woman queen\n: gram\nking man queen 1\n")
    w2v("convert", "vectors.safetensors", "x.bin")
    call = ("evaluate", "analogies", "questions", "-v", "vectors.safetensors")
    assert w2v(*call, "-v", "x.bin", "--plot", "x.png").code == 0
    assert w2v(*call, "-v", "x.bin", "--plot", "x.tsv").code == 0
    assert (folder / "x.tsv").read_text().splitlines() == [
        "file\tsection\taccuracy",
        "vectors.safetensors\troyal\t1.000000", "vectors.safetensors\tgram\t0.000000",
        "x.bin\troyal\t1.000000", "x.bin\tgram\t0.000000",
    ]  # fmt: skip
    outcome = w2v(*call[:2], "questions", "questions", "--plot", "x.png")
    assert outcome.err == "w2v: --plot needs a single SET\n"


def test_topics_near_each_other_have_the_same_words():
    weights = np.array([[0.5, 0.5, 0.0], [0.5, 0.4, 0.0], [0, 0.1, 0.3], [0, 0, 0.7]])
    sizes = np.array([0.2, 0.5, 0.3])
    chart = chart_data.topics([1, 2, 0], sizes, weights, ["b", "c", "a"])
    bars, circles = chart.panels
    assert list(bars.series[0].x) == ["1: b", "2: c", "0: a"]
    assert list(bars.series[0].y) == [0.5, 0.3, 0.2]
    points = dict(zip([name[0] for name in circles.names], circles.points, strict=True))
    near = np.linalg.norm(points["0"] - points["1"])
    assert near < np.linalg.norm(points["0"] - points["2"]) / 2
    roots = np.sqrt(weights / weights.sum(axis=0))
    hellinger = np.linalg.norm(roots[:, 0] - roots[:, 2])
    assert np.linalg.norm(points["0"] - points["2"]) == pytest.approx(hellinger, rel=0.05)
    assert chart.rows[1][:2] == [1, 0.5]


def test_topics_and_the_long_lag_are_drawn(w2v, folder):
    (folder / "d.tsv").write_text("".join(f"{n}\ta b c {'d e' if n % 2 else 'f g'}\n"
                                          for n in range(30)))  # fmt: skip
    call = ("train", "d.tsv", "--model", "lda", "--topics", 3, "--epochs", 4, "--quiet")
    assert w2v(*call, "--min-df", 1, "--max-df", 1).code == 0
    assert w2v("topics", "vectors.safetensors", "--plot", "x.png").err == "wrote x.png\n"
    outcome = w2v("lag", "--length", "2,3", "--steps", 3, "--seeds", 1, "--units", 4, "--quiet",
               "--plot", "x.tsv")  # fmt: skip
    assert outcome.code == 0
    rows = (folder / "x.tsv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 2 * 3 * 4


def test_letters_that_no_font_has_are_counted(w2v, folder, monkeypatch):
    monkeypatch.setattr("w2v.plots.fonts._installed", lambda: iter(()))
    formats.save("vectors.safetensors",
                 Table.build(["語", "a", "$x^2$"], np.eye(3, dtype=np.float32)))  # fmt: skip
    outcome = w2v("plot", "-o", "x.png")
    assert outcome.code == 0
    assert "1 letter missing in all installed fonts" in outcome.err


def test_fonts_are_those_that_have_the_letters(monkeypatch):
    have = {"one": "語a", "two Sans": "語", "three Sans": "語文", "four": "字"}
    own = fonts._letters
    monkeypatch.setattr("w2v.plots.fonts._installed", lambda: ((name, name) for name in have))
    monkeypatch.setattr(
        fonts, "_letters", lambda path: {ord(x) for x in have[path]} if path in have else own(path)
    )
    assert fonts.families(["abc", "é\u200d"]) == [fonts.DEFAULT_FONT]
    assert fonts.families(["語"]) == [fonts.DEFAULT_FONT, "two Sans"]
    assert fonts.families(["a語文字"]) == [fonts.DEFAULT_FONT, "three Sans", "four"]
    assert fonts.families(["\U0010fffd"]) == [fonts.DEFAULT_FONT]
    assert list(picture.Picture(texts=["語"])._families) == [fonts.DEFAULT_FONT, "two Sans"]


def test_long_names_are_cut_and_the_legend_stays_in_the_picture(w2v, toy, folder):
    names = [f"{letter * 200}{n}" for n, letter in enumerate("abcdefghijkl")]
    made, _ = picture.draw(
        map.Map(
            "t" * 300, "about", names, np.random.default_rng(0).standard_normal((12, 2)),
            np.full(12, True), None, groups.labels(names, {name: name for name in names}),
            np.zeros((0, 2), np.int64),
        ), np.full(12, True),
    )  # fmt: skip
    renderer = made.figure.canvas.get_renderer()
    boxes = [each.get_window_extent(renderer) for each in [
        *made.figure.legends, *made.axes[0].texts, made.figure._suptitle,
    ]]  # fmt: skip
    assert len(boxes) == 1 + 12 + 1
    for box in boxes:
        assert 0 <= box.x0 < box.x1 <= made.figure.bbox.width
        assert 0 <= box.y0 < box.y1 <= made.figure.bbox.height


def test_a_name_without_room_beside_stands_farther_off():
    points = np.full((4, 2), 50.0)
    sizes, radii = np.full((4, 2), (40.0, 12.0)), np.full(4, 3.0)
    room = (0, 0, 100, 100)
    beside = place(points[:1].repeat(12, 0), sizes[:1].repeat(12, 0), room, radii[:1].repeat(12))
    far = place(
        points[:1].repeat(12, 0), sizes[:1].repeat(12, 0), room, radii[:1].repeat(12),
        np.full(12, True),
    )  # fmt: skip
    assert np.isfinite(beside[:, 0]).sum() < np.isfinite(far[:, 0]).sum()


def test_a_value_that_is_missing_is_a_gap():
    lines = chart.Lines("t", "x", "y", [chart.Series("a", [1, 2, 3], [1.0, None, 3.0])], log=True)
    made = chart.Chart([lines]).draw()
    [line] = made.axes[0].lines
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False]


def test_a_series_whose_name_begins_with_an_underscore_is_in_the_legend():
    series = [chart.Series(name, ["x"], [0.0]) for name in ("_a", "b")]
    points = [chart.Series(name, [1, 2], [0.5, 0.6]) for name in ("_a", "b")]
    lines = chart.Lines("t", "x", "y", points, share=True)
    for axes in chart.Chart([chart.Bars("t", "x", series), lines]).draw().axes:
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["_a", "b"]
        assert axes.get_xlim()[0] >= 0
    low, high = axes.get_ylim()
    assert (low, high) == (0, pytest.approx(0.648))  # with space for the highest dot


def test_control_characters_are_escaped_in_charts():
    bars = chart.Bars("a\nb", "x", [chart.Series("", ["c\nd", "e\tf\x85"], [0.5, 0.6])])
    lines = chart.Lines("t", "g\nh", "y", [chart.Series("", [1], [2.0])], ticks=[(1, "i\nj")])
    made = chart.Chart([bars, lines]).draw()
    assert made.axes[0].get_title() == r"a\nb"
    assert [text.get_text() for text in made.axes[0].get_yticklabels()] == [r"c\nd", r"e\tf\x85"]
    assert made.axes[1].get_xlabel() == r"g\nh"
    assert [text.get_text() for text in made.axes[1].get_xticklabels()] == [r"i\nj"]


def test_a_logarithmic_x_axis_has_whole_numbers_at_its_marks():
    lines = chart.Lines("t", "x", "y", [chart.Series("a", [0.1, 1e7], [1.0, 2.0])], log_x=True)
    [axes] = chart.Chart([lines]).draw().axes
    assert axes.get_xscale() == "log"
    assert axes.get_yscale() == "linear"
    format = axes.xaxis.get_major_formatter()
    assert [format(value) for value in (0.1, 1e7)] == ["0.1", "10,000,000"]
