"""The page of topics and the shares by a field: their numbers, names, and hostile texts."""

import base64
import json
import re

import numpy as np
import pytest
from helpers import compiled_only, one_line
from topic_models import planted_lda, write_lda

from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.factorization.term_matrix import EncodedTerms
from w2v.runs.saved_model import SavedTopicModel
from w2v.topics.document_mixtures import DenseMixtures, InferredMixtures, JoinedMixtures
from w2v.topics.inference import TopicInference
from w2v.topics.relevance import Relevance
from w2v.topics.topic_distances import classical_scaling, topic_distances
from w2v.topics.topic_names import read_topic_names
from w2v.topics.topic_shares import shares_by_value
from w2v.topics.topic_words import TopicWords


def some_topics(words=40, topics=5, concentration=0.3):
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.full(words, concentration), topics).T.astype(np.float32)
    return TopicWords(weights, rng.dirichlet(np.full(topics, 2.0)), np.full(topics, 0.1))


@pytest.mark.parametrize("lambda_", [0, 0.35, 1])
def test_relevance_is_that_of_the_paper(lambda_):
    topics = some_topics()
    p = topics.weights.astype(np.float64)
    marginal = sum(size * column for size, column in zip(topics.sizes, p.T, strict=True))
    relevance = Relevance(topics)
    for topic in range(5):
        wanted = lambda_ * np.log(p[:, topic]) + (1 - lambda_) * np.log(p[:, topic] / marginal)
        found = relevance.of(topic, lambda_)
        usual = p[:, topic] > 1e-30
        np.testing.assert_allclose(found[usual], wanted[usual], rtol=1e-4, atol=1e-4)
        top = relevance.top_words(topic, [lambda_], 7)
        assert {*top} == {*np.argsort(-found)[:7]}
    both = relevance.top_words(0, [0, 1], 7)
    assert {*both} == {*relevance.top_words(0, [0], 7), *relevance.top_words(0, [1], 7)}


def test_distances_are_roots_of_jensen_shannon_divergences():
    weights = some_topics(words=30).weights.astype(np.float64)

    def entropy(p):
        p = p[p > 0]
        return -(p * np.log(p)).sum()

    found = topic_distances(weights.astype(np.float32))
    for a in range(5):
        for b in range(5):
            p, q = weights[:, a], weights[:, b]
            divergence = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
            assert found[a, b] ** 2 == pytest.approx(max(divergence, 0), abs=1e-6)
    apart = np.eye(3, dtype=np.float32)  # topics without a common word
    np.testing.assert_allclose(topic_distances(apart) ** 2, np.log(2) * (1 - np.eye(3)), atol=1e-6)


def test_many_topics_pool_their_improbable_words(monkeypatch):
    weights = some_topics(words=300, concentration=0.02).weights
    exact = topic_distances(weights)
    monkeypatch.setattr("w2v.topics.topic_distances._MAX_LOGARITHMS", 1)
    monkeypatch.setattr("w2v.topics.topic_distances._MIN_WORDS", 60)
    pooled = topic_distances(weights)
    assert (pooled <= exact + 1e-6).all()
    np.testing.assert_allclose(pooled, exact, atol=0.05)
    assert (pooled < exact - 1e-4).any()


def test_scaling_finds_planted_points_again():
    points = np.random.default_rng(3).standard_normal((9, 2))
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    found, variance = classical_scaling(distances)
    again = np.linalg.norm(found[:, None] - found, axis=2)
    np.testing.assert_allclose(again, distances, atol=1e-9)
    assert variance == pytest.approx(1)
    deep = np.random.default_rng(3).standard_normal((9, 6))
    _, variance = classical_scaling(np.linalg.norm(deep[:, None] - deep, axis=2))
    assert 0.3 < variance < 0.9


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_topics_have_places_too(count):
    distances = topic_distances(some_topics(topics=count).weights)
    points, variance = classical_scaling(distances)
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()
    assert variance == pytest.approx(1)


def test_shares_by_value_are_means_weighted_by_tokens():
    rng = np.random.default_rng(4)
    mixtures = rng.dirichlet([1, 1, 1], 8)
    mixtures[7] = 0  # a document without tokens
    tokens = np.array([5, 1, 7, 2, 3, 4, 9, 0])
    values = ["1990", "1989", "1990", None, "1989", "2001", "2001", "1950"]
    found = shares_by_value("year", values, DenseMixtures(mixtures), tokens)
    assert found.values == ["1950", "1989", "1990", "2001"]
    assert found.positions.tolist() == [1950, 1989, 1990, 2001]
    assert found.documents.tolist() == [1, 2, 2, 2]
    assert found.tokens.tolist() == [0, 4, 12, 13]
    np.testing.assert_allclose(found.shares[1], (mixtures[1] + 3 * mixtures[4]) / 4)
    np.testing.assert_allclose(found.shares[1:].sum(axis=1), 1)
    assert found.shares[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("values", "ordered", "on_axis"),
    [
        (["10", "9", "-1.5"], ["-1.5", "9", "10"], True),
        (
            ["2020-02", "2019-12-31", "2020-01-01T10:00"],
            ["2019-12-31", "2020-01-01T10:00", "2020-02"],
            True,
        ),  # fmt: skip
        (["b", "10", "a"], ["10", "a", "b"], False),
        (["2020-13", "2020-01"], ["2020-01", "2020-13"], False),  # no month
        (["nan", "1"], ["1", "nan"], False),
        (["2020_1", "2019_12"], ["2019_12", "2020_1"], False),  # not 20,201 and 201,912
    ],
)
def test_numbers_and_dates_are_in_their_order(values, ordered, on_axis):
    shares = DenseMixtures(np.ones((len(values), 1)))
    found = shares_by_value("x", values, shares, np.ones(len(values), int))
    assert found.values == ordered
    assert (found.positions is not None) is on_axis
    if on_axis:
        assert (np.diff(found.positions) > 0).all()


def test_names_are_read_and_bad_rows_refused(folder):
    (folder / "names.tsv").write_text("2\tSpace  flight\n\n0\t<b>\r\n1\t \n")
    assert read_topic_names("names.tsv", 3) == ["<b>", "", "Space  flight"]
    for row, message in (
        ("x\ty", "expected the number of a topic, a tab, and a name without tabs, found"),
        ("1", "expected the number"),
        ("1\ta\tb", "expected the number"),
        ("-1\ta", "expected the number"),
        ("²\ta", "expected the number"),
        ("3\ta", "no topic 3: the model has the topics 0 to 2"),
        ("99999999999999999999999\ta", "no topic 9999"),
        ("0\ta", "topic 0 has a name in an earlier row"),
    ):
        (folder / "names.tsv").write_text(f"0\tfirst\n{row}\n")
        with pytest.raises(W2VError, match=re.escape(message)) as error:
            read_topic_names("names.tsv", 3)
        assert str(error.value).startswith("names.tsv: row 2: ")


def page_data(path):
    text = path.read_text("utf-8")
    [found] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert "<" not in found
    return json.loads(found), text


@pytest.mark.parametrize("earlier", [0, 70])
def test_words_of_the_model_that_was_updated_are_counted_apart(w2v, folder, earlier):
    counts = np.array([[2, 28 + earlier], [50, 0]])
    write_lda("x.safetensors", ["a", "b"], counts, ["d"], np.array([[0.5, 0.5]]), [80])
    assert w2v("topics", "x.safetensors", "-o", "x.html").code == 0
    data, _ = page_data(folder / "x.html")
    found = data["allTokens"], data["earlierTokens"], data["allDocuments"]
    assert found == (80 + earlier, earlier, 1)
    # The page also has the words of a document that the model was not trained on.
    (folder / "new.txt").write_text("a b a\n")
    assert w2v("topics", "x.safetensors", "new.txt", "-o", "x.html").code == 0
    data, _ = page_data(folder / "x.html")
    found = data["allTokens"], data["earlierTokens"], data["allDocuments"]
    assert found == (83 + max(earlier - 3, 0), max(earlier - 3, 0), 2)


def write_corpus(path, documents, **fields):
    """A corpus in JSON lines: the text of a document repeats its name."""
    with open(path, "w") as file:
        for number, name in enumerate(documents):
            row = {"id": name, "text": f"{name}\n\n  starts   here " + "and goes on " * 30}
            row |= {key: value(number) for key, value in fields.items()}
            file.write(json.dumps(row) + "\n")


def test_the_page_has_the_numbers_of_the_model(w2v, folder):
    words, documents = planted_lda("lda.safetensors")
    write_corpus("corpus.jsonl", documents, year=lambda number: 1990 + number % 3)
    (folder / "names.tsv").write_text("1\tSecond\n")
    plain = w2v("topics", "lda.safetensors")
    done = w2v("topics", "lda.safetensors", "corpus.jsonl", "-o", "page.html", "--by", "year",
               "--names", "names.tsv")  # fmt: skip
    assert done.code == 0, done.err
    assert done.err.endswith(
        "wrote page.html, with the topics by year; without -o they are printed\n"
    )
    assert done.out.splitlines()[0] == plain.out.splitlines()[0]
    assert "Second: t1w0" in done.out
    data, text = page_data(folder / "page.html")
    assert not re.search(r'(?:src|href)="(?!data:)', text)  # no outside resource
    assert sum(data["sizes"]) == pytest.approx(1, abs=1e-5)
    assert data["names"] == ["", "Second", "", ""]
    saved = SavedTopicModel("lda.safetensors")
    counts = saved.tensors["words.counts"]
    assert data["words"] == [words[row] for row in np.argsort(-counts, kind="stable")]
    assert data["counts"] == sorted(counts.tolist(), reverse=True)
    relevance = Relevance(saved.listing())
    for topic, listed in enumerate(data["topics"]):
        rows = [words.index(data["words"][number]) for number in listed["words"]]
        log_p, log_lift = relevance.logarithms(topic)
        assert listed["logP"] == pytest.approx(log_p[rows], abs=1e-4)
        assert listed["logLift"] == pytest.approx(log_lift[rows], abs=1e-4)
        tokens = (counts * saved.tensors["words.matrix"][:, topic])[rows]
        assert listed["tokens"] == np.round(tokens).tolist()
        # The documents are those planted for the topic, the largest share first.
        ids = [data["ids"][number] for number in data["documents"][topic]]
        assert ids[:6] == [f"d{topic}-{number}" for number in range(5, -1, -1)]
        assert data["documentShares"][topic] == sorted(data["documentShares"][topic], reverse=True)
    assert data["beginnings"][0].startswith(f"{data['ids'][0]} starts here and goes on")
    assert {len(begin) for begin in data["beginnings"]} <= {158, 159, 160}
    by = data["by"]
    assert (by["values"], by["documents"]) == (["1990", "1991", "1992"], [8, 8, 8])
    shares = np.frombuffer(base64.b64decode(by["shares"]), "<u2").reshape(3, 4) / 65535
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-4)
    table = w2v("topics", "lda.safetensors", "corpus.jsonl", "--by", "year", "--json").out
    printed = [[each["share"] for each in json.loads(row)["topics"]] for row in table.splitlines()]
    np.testing.assert_allclose(shares, printed, atol=1e-5)


def unpacked(data):
    topics = "u1" if len(data["sizes"]) <= 256 else "<u2"
    packed = {
        name: np.frombuffer(base64.b64decode(data["topicsOfWords"][name]), kind)
        for name, kind in (("counts", "u1"), ("topics", topics), ("shares", "<u2"))
    }
    ends = np.cumsum(packed["counts"])
    for begin, end in zip(ends - packed["counts"], ends, strict=True):
        yield packed["topics"][begin:end], packed["shares"][begin:end] / 65535


@pytest.mark.parametrize("count", [12, 300])
def test_the_topics_of_each_word_are_its_largest(w2v, folder, count):
    planted_lda("lda.safetensors", topics=count, words_each=3, documents_each=1)
    assert w2v("topics", "lda.safetensors", "-o", "page.html").code == 0
    data, _ = page_data(folder / "page.html")
    assert data["by"] is None
    assert not any(data["beginnings"])
    saved = SavedTopicModel("lda.safetensors")
    row_of = {name: row for row, name in enumerate(saved.names)}
    for name, (topics, shares) in zip(data["words"], unpacked(data), strict=True):
        row = saved.tensors["words.matrix"][row_of[name]]
        wanted = [k for k in np.argsort(-row, kind="stable")[:8] if row[k] >= 0.01]
        assert topics.tolist() == wanted
        np.testing.assert_allclose(shares, row[wanted], atol=1e-5)


def test_hostile_names_stay_names(w2v, folder):
    evil = "</script><script>alert(1)</script>"
    words = [evil, '"quote"', "$body", "a\x00b", "&lt;", "\u2028"]
    documents = [evil, "'\\", "${data}", "\x80"]
    rng = np.random.default_rng(1)
    write_lda("lda.safetensors", words, rng.integers(1, 50, (6, 2)), documents,
              rng.dirichlet([1, 1], 4), [5, 6, 7, 8])  # fmt: skip
    with open("corpus.jsonl", "w") as file:
        file.writelines(
            json.dumps({"id": name, "text": f"{evil} \ud800 text", "w": evil}) + "\n"
            for name in documents[:3]
        )
    (folder / "names.tsv").write_text(f"0\t{evil}\n")
    done = w2v("topics", "lda.safetensors", "corpus.jsonl", "-o", "page.html", "--by", "w",
               "--names", "names.tsv")  # fmt: skip
    assert done.code == 0, done.err
    data, text = page_data(folder / "page.html")
    assert text.count("</script>") == 2
    assert data["names"] == [evil, ""]
    assert data["by"]["values"] == [evil]
    assert {"a\x00b", evil, "$body"} <= {*data["words"]}
    assert {evil, "\x80", "${data}"} <= {*data["ids"]}


def test_documents_are_matched_by_their_ids(w2v, folder):
    _, documents = planted_lda("lda.safetensors", id_prefix="label")
    few = [*documents[:5], "new", "newer"]
    write_corpus("corpus.jsonl", few)
    rows = (folder / "corpus.jsonl").read_text()
    done = w2v("topics", "lda.safetensors", "corpus.jsonl", "-o", "page.html")
    assert done.code == 0  # read with the stored --id-prefix label: without labels, ids stay
    assert "inferring the topics of 2 documents that the model lacks" in done.err
    assert f"{len(documents) - 5} of {len(documents)} documents of the model not found" in done.err
    assert "CORPUS is not the training text" in done.err
    data, _ = page_data(folder / "page.html")
    assert {name for name, begin in zip(data["ids"], data["beginnings"], strict=True) if begin} == {
        *documents[:5]
    }
    done = w2v("topics", "lda.safetensors", "-", "--format", "jsonl", "-o", "page.html",
               stdin=rows.encode())  # fmt: skip
    assert done.code == 0, done.err
    assert "2 documents of CORPUS left out: the model was not trained on them" in done.err
    other = rows.replace('"id": "d', '"id": "e').encode()
    done = w2v("topics", "lda.safetensors", "-", "--format", "jsonl", "-o", "page.html",
               stdin=other)  # fmt: skip
    assert done.code == 2
    assert "none of its 7 documents has the id of a document in lda.safetensors" in done.err


def test_one_file_of_a_model_of_files_in_several_formats_is_read(w2v, folder):
    """The formats of the files of the training text are no formats of another number of files."""
    rows = [f"d{number}\tsun moon star {'sea' * (number % 2)}" for number in range(9)]
    (folder / "a.tsv").write_text("\n".join(rows))
    (folder / "b.txt").write_text("sun moon\n" * 9)
    call = ("a.tsv", "b.txt", "--format", "tsv,lines", "--id-prefix", "file", "--min-count", 1)
    call += ("--model", "lda", "--topics", 2, "--min-df", 1, "--epochs", 2, "-o", "x.safetensors")
    assert w2v("train", *call).code == 0
    for corpus, missing in ((("a.tsv", "b.txt"), 0), (("a.tsv",), 9), (("b.txt",), 9)):
        done = w2v("topics", "x.safetensors", *corpus, "-o", "x.html")
        assert done.code == 0, done.err
        assert ("not found in CORPUS" in done.err) == bool(missing)
        data, _ = page_data(folder / "x.html")
        assert data["allDocuments"] == 18


@compiled_only
def test_topics_of_documents_that_the_model_lacks_are_inferred(w2v, folder):
    names, documents = planted_lda("lda.safetensors")
    rng = np.random.default_rng(2)
    new = {f"new{n}": " ".join(rng.choice(names[2:], 9)) for n in range(5)} | {"none": "unknown"}
    new["typical"] = " ".join(names[2:14] * 20)
    years = {name: 1990 + number % 2 for number, name in enumerate(new)}
    with open("new.jsonl", "w") as file:
        for name, text in new.items():
            file.write(json.dumps({"id": name, "text": text, "year": years[name]}) + "\n")
    done = w2v("infer", "lda.safetensors", "new.jsonl", "--json")
    shares = {row["document"]: row["vector"] for row in map(json.loads, done.out.splitlines())}
    done = w2v("topics", "lda.safetensors", "new.jsonl", "--by", "year", "--json")
    assert done.code == 0, done.err
    assert f"{len(documents)} of {len(documents)} documents of the model not found" in done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["documents"] for row in rows] == [4, 3]
    for row in rows:
        mine = [name for name in new if str(years[name]) == row["value"] and name != "none"]
        lengths = np.array([len(new[name].split()) for name in mine])
        assert row["tokens"] == lengths.sum()
        wanted = lengths @ np.array([shares[name] for name in mine]) / lengths.sum()
        found = [topic["share"] for topic in row["topics"]]
        np.testing.assert_allclose(found, wanted, rtol=1e-4)
    # With documents of the model, both have their shares; the page quotes both.
    with open("new.jsonl", "a") as file:
        file.write(json.dumps({"id": documents[0], "text": "old", "year": 1990}) + "\n")
    done = w2v("topics", "lda.safetensors", "new.jsonl", "--by", "year", "-o", "page.html")
    assert done.code == 0, done.err
    data, _ = page_data(folder / "page.html")
    assert data["by"]["documents"] == [5, 3]
    assert data["beginnings"][data["ids"].index("typical")].startswith(names[2])
    assert "none" not in data["ids"]


@pytest.mark.parametrize("numbers", [slice(None), slice(3, 9), [8, 0, 5, 8], []])
def test_joined_shares_are_those_of_their_parts(numbers):
    rng = np.random.default_rng(6)
    phi = rng.dirichlet(np.ones(9), 4).T.astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(rng.integers(0, 7, 5))])
    tokens = EncodedTerms(rng.integers(0, 9, starts[-1]).astype(np.int32), starts)
    inference = TopicInference(phi, np.full(4, 0.1, np.float32))
    known = rng.dirichlet(np.ones(4), 6).astype(np.float32)
    joined = JoinedMixtures(DenseMixtures(known), InferredMixtures(tokens, inference, 2))
    whole = np.concatenate([known, inference.mixtures(tokens)])
    assert joined.shape == whole.shape
    np.testing.assert_array_equal(joined.rows(numbers), whole[numbers])


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_a_column_is_found_by_its_name_in_the_header(w2v, folder, kind):
    _, documents = planted_lda("lda.safetensors")
    tab = {"csv": ",", "tsv": "\t"}[kind]
    rows = [
        tab.join([name, f" {2000 + number % 2} " if number else "", "text here"])
        for number, name in enumerate(documents)
    ]
    (folder / f"table.{kind}").write_text("\n".join([tab.join(["id", "Year", "text"]), *rows]))
    done = w2v("topics", "lda.safetensors", f"table.{kind}", "--by", "year", "--tsv")
    assert done.code == 0, done.err
    assert [row.split("\t")[:2] for row in done.out.splitlines()] == [["2000", "11"],
                                                                     ["2001", "12"]]  # fmt: skip
    assert "1 document without a value of year (a text or a number) left out of" in done.err
    sums = [sum(map(float, row.split("\t")[3:])) for row in done.out.splitlines()]
    assert sums == pytest.approx([1, 1], abs=1e-5)
    plain = w2v("topics", "lda.safetensors", f"table.{kind}", "--by", "Year").out.splitlines()
    assert plain[0].split() == ["Year", "documents", "tokens", "largest", "topics"]
    assert plain[1].startswith("2000         11 ")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("x.jsonl",), "CORPUS is read for -o and --by"),
        (("--by", "year"), "--by needs the documents: add CORPUS"),
        (("-o", "page.htm"), "page.htm: expected a name that ends in .html"),
        (("docs.txt", "--by", "year"), "documents of --format lines have no fields"),
        (("t.tsv", "--by", "year"), "no column 'year'; the columns are id, text"),
        (("t.tsv", "--by", "x", "--columns", "id,text", "--header", "no"), "give --header yes"),
        (("x.jsonl", "--by", "list"), "--by 'list': no document of x.jsonl has a text or a number"),
        (("x.jsonl", "--by", "none"), "--by 'none': no document of x.jsonl has a text or a number"),
        (("--names", "bad"), "bad: row 1: expected the number of a topic"),
        (("--text-field", "x"), "work only with CORPUS or --reference"),
    ],
)
def test_mistakes_are_told_in_a_line(w2v, folder, args, message):
    _, documents = planted_lda("lda.safetensors")
    write_corpus("x.jsonl", documents, list=lambda number: [1, 2])
    (folder / "docs.txt").write_text("one\n")
    (folder / "t.tsv").write_text("id\ttext\nd0-1\tone\n")
    (folder / "bad").write_text("name\n")
    done = w2v("topics", "lda.safetensors", *args)
    assert (done.code, done.out) == (2, "")
    *warnings, error = done.err.splitlines()
    assert message in error
    assert all("is not the training text" in warning for warning in warnings)


def test_a_page_refuses_too_many_values(w2v, folder, monkeypatch):
    _, documents = planted_lda("lda.safetensors")
    write_corpus("x.jsonl", documents, number=lambda number: number)
    monkeypatch.setattr("w2v.cli.topic_corpus._MAX_VALUES", 5)
    done = w2v("topics", "lda.safetensors", "x.jsonl", "--by", "number", "-o", "page.html")
    assert done.code == 2
    assert "--by number has 24 values, and a page draws at most 5" in done.err
    assert not (folder / "page.html").exists()
    assert w2v("topics", "lda.safetensors", "x.jsonl", "--by", "number", "--tsv").code == 0


def test_lsa_has_no_shares_but_takes_names(w2v, folder):
    (folder / "d.jsonl").write_text('{"text": "a b c d", "year": 1}\n{"text": "a f g"}\n' * 3)
    call = ("train", "d.jsonl", "--model", "lsa", "--topics", 2, "--min-count", 1, "--threads", 1)
    assert w2v(*call, "-o", "lsa.safetensors").code == 0
    done = w2v("topics", "lsa.safetensors", "d.jsonl", "--by", "year")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "w2v: lsa.safetensors: the topics of --model lsa are not probabilities: --by without -o "
        "needs a model trained with --model lda\n"
    )
    (folder / "names").write_text("1\tOne\n")
    rows = w2v("topics", "lsa.safetensors", "--names", "names", "--json").out.splitlines()
    assert {json.loads(row)["topic"]: json.loads(row)["name"] for row in rows} == {
        0: None,
        1: "One",
    }
    assert w2v("topics", "lsa.safetensors", "--names", "names", "--plot", "t.tsv").code == 0
    assert sorted(row.split("\t")[-1] for row in (folder / "t.tsv").read_text().splitlines()) == [
        "", "One", "name"
    ]  # fmt: skip


def test_the_page_of_a_trained_model_is_the_same_each_time(w2v, folder):
    rows = [f"{word} {word}x {word}y a" for word in ("sun", "moon", "star") for _ in range(5)]
    (folder / "d.txt").write_text("\n".join([*rows, ""]))
    call = ("train", "d.txt", "--model", "lda", "--topics", 3, "--min-count", 1, "--threads", 1)
    assert w2v(*call, "--epochs", 5, "-o", "lda.safetensors").code == 0
    pages = []
    for _ in range(2):
        done = w2v("topics", "lda.safetensors", "d.txt", "-o", "page.html")
        assert (done.code, done.err) == (0, "wrote page.html\n")
        pages.append((folder / "page.html").read_bytes())
    assert pages[0] == pages[1]
    data, _ = page_data(folder / "page.html")
    assert all(begin in rows for begin in data["beginnings"])
    assert w2v("topics", "lda.safetensors", "d.txt", "-o", "page.html.gz").code == 0
    assert (folder / "page.html.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_the_field_of_files_is_their_folder(w2v, folder):
    _, documents = planted_lda("lda.safetensors")
    renamed = [f"{1990 + number % 3}/{name}.txt" for number, name in enumerate(documents[:-1])]
    planted = container.read("lda.safetensors")
    names = container.name_tensors(
        "documents", [*renamed, "last.txt"], planted[0]["words.counts"][: len(documents)]
    )
    for name in [*renamed, "last.txt"]:
        (folder / "news" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "news" / name).write_text("some\nlines\n")
    tensors = planted[0] | {key: names[key] for key in ("documents.names", "documents.offsets")}
    container.write("files.safetensors", tensors, planted[1])
    done = w2v("topics", "files.safetensors", "news", "--by", "folder", "--tsv")
    assert done.code == 0, done.err
    assert [row.split("\t")[:2] for row in done.out.splitlines()] == [
        ["1990", "8"], ["1991", "8"], ["1992", "7"]
    ]  # fmt: skip
    assert "1 document without a value of folder (a text or a number) left out" in done.err
    done = w2v("topics", "files.safetensors", "news", "--by", "year")
    assert one_line(done, 2, "only --by folder")
