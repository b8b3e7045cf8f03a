"""The page of LSA: its numbers against NumPy, what it leaves out, colours, and hostile texts."""

import base64
import json
import re

import numpy as np
import pytest
from test_topic_page import page_data, write_corpus
from topic_models import planted_lsa, write_lsa

from w2v.topics.biplot import extreme_rows, half_scaled, lengths, prominent_rows


def coordinates(data):
    """The words, (V, K), and the documents, (M, K), of a page in the biplot."""
    found = []
    for kind in ("words", "documents"):
        packed = data["coordinates"][kind]
        numbers = np.frombuffer(base64.b64decode(packed["values"]), "<i2")
        found.append(numbers.reshape(len(data["sizes"]), -1).T * np.array(packed["scales"]))
    return found


def names_on_map(data):
    return data["items"][: data["wordPoints"]], data["items"][data["wordPoints"] : data["points"]]


def page_of(w2v, folder, *args, code=0):
    done = w2v("topics", "lsa.safetensors", *args, "-o", "page.html")
    assert done.code == code, done.err
    return page_data(folder / "page.html")[0], done


def test_products_of_words_and_documents_are_the_weights(w2v, folder):
    words, documents, matrix = planted_lsa("lsa.safetensors", topics=24)
    data, _ = page_of(w2v, folder)
    on_map = names_on_map(data)
    assert {*on_map[0]} == {*words}
    assert {*on_map[1]} == {*documents} - {"empty"}  # it has no vector
    rows = [documents.index(name) for name in on_map[1]]
    columns = [words.index(name) for name in on_map[0]]
    word_rows, document_rows = coordinates(data)
    np.testing.assert_allclose(document_rows @ word_rows.T, matrix[rows][:, columns], atol=2e-3)
    # The two factors of NumPy's SVD, up to the signs of topics.
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    half = np.sqrt(values[:24])
    np.testing.assert_allclose(np.abs(word_rows), np.abs(right[:24].T * half)[columns], atol=1e-3)
    np.testing.assert_allclose(np.abs(document_rows), np.abs(left[:, :24] * half)[rows], atol=1e-3)
    np.testing.assert_allclose(data["sigma"], values[:24], rtol=1e-5)
    np.testing.assert_allclose(data["sizes"], values[:24] ** 2 / (matrix**2).sum(), rtol=1e-3)
    assert data["explains"] == pytest.approx(1, abs=1e-4)


def test_the_ends_are_those_of_the_listing(w2v, folder):
    _, documents, _ = planted_lsa("lsa.safetensors")
    (folder / "names.tsv").write_text("1\tSecond\n")
    data, done = page_of(w2v, folder, "--names", "names.tsv")
    assert data["names"] == ["", "Second", "", ""]
    assert done.err.splitlines() == [
        "the page has 24 of 25 documents: those with the longest vectors, and the ends of topics",
        "wrote page.html",
    ]
    plain = w2v("topics", "lsa.safetensors", "-n", 15).out
    listed = [row.split() for row in re.findall(r"[+-] (.*)", plain)]
    items, found = data["items"], []
    inferred = w2v("vector", "--table", "documents", "-v", "lsa.safetensors", *documents, "--json")
    vectors = [json.loads(row)["vector"] for row in inferred.out.splitlines()]
    for topic, ends in enumerate(data["ends"]):
        for numbers, weights in ends["words"]:
            found.append([items[number] for number in numbers])
            assert [*map(abs, weights)] == sorted(map(abs, weights), reverse=True)
        column = dict(zip(documents, [row[topic] for row in vectors], strict=True))
        (most, high), (least, low) = ends["documents"]
        assert high == pytest.approx([column[items[number]] for number in most], abs=1e-4)
        assert low == pytest.approx([column[items[number]] for number in least], abs=1e-4)
        wanted = sorted((value for value in column.values() if value > 0), reverse=True)[:8]
        assert high == pytest.approx(wanted, abs=1e-4)
        assert all(data["wordPoints"] <= number < data["documentsEnd"] for number in most + least)
    assert [end for end in found if end] == listed
    sizes = [float(row) for row in re.findall(r"([\d.]+)%", plain)]
    shares = np.array(data["sizes"]) / data["explains"]
    np.testing.assert_allclose(100 * shares, sizes, atol=0.006)


def test_rows_for_the_map_are_long_or_at_an_end():
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((400, 20)) * rng.random((400, 1))
    vectors[7] = 0
    values = np.linspace(9, 1, 20)
    found = lengths(vectors, values)
    scaled = vectors / np.sqrt(values)
    np.testing.assert_allclose(found, np.linalg.norm(scaled, axis=1))
    np.testing.assert_allclose(half_scaled(vectors, values), scaled)
    assert not half_scaled(vectors, np.zeros(20)).any()
    ends = extreme_rows(vectors, 5)
    for topic, (high, low) in enumerate(ends):
        assert high.tolist() == np.argsort(-vectors[:, topic])[:5].tolist()
        assert low.tolist() == np.argsort(vectors[:, topic])[:5].tolist()
    rows = prominent_rows(found, ends, 120)
    assert (rows.size, np.unique(rows).size) == (120, 120)
    assert (np.diff(found[rows]) <= 0).all()
    order = np.argsort(-found)
    assert {*order[:60]} <= {*rows}
    assert {end[0] for pair in ends for end in pair} <= {*rows}
    assert prominent_rows(found, ends, 1000).size == 399  # all but the row of zeros
    assert prominent_rows(np.zeros(3), [(np.array([0]), np.array([], int))], 9).size == 0


def test_a_page_is_limited_and_says_so(w2v, folder, monkeypatch):
    words, _, _ = planted_lsa("lsa.safetensors", topics=8)
    monkeypatch.setattr("w2v.plots.biplot_page.MAX_TOPICS", 5)
    monkeypatch.setattr("w2v.plots.biplot_page._MAX_NUMBERS", 100)
    (folder / "names.tsv").write_text("7\tLast\n")
    data, done = page_of(w2v, folder, "--names", "names.tsv")
    assert (data["wordPoints"], data["points"]) == (10, 20)
    assert (len(data["sizes"]), data["allTopics"]) == (5, 8)
    assert data["names"][7] == "Last"  # the page keeps it for the file of names
    word_rows, document_rows = coordinates(data)
    assert word_rows.shape == document_rows.shape == (10, 5)
    # Words and documents that only a list has come after those on the map.
    at_ends = {
        number for ends in data["ends"] for number, _ in ends["documents"] for number in number
    }
    assert max(at_ends) == data["documentsEnd"] - 1 >= data["points"]
    assert len(data["items"]) - data["documentsEnd"] + data["wordPoints"] == len(words)
    assert data["documentsEnd"] - data["wordPoints"] == 24
    assert "the page has 5 of 8 topics, 24 of 25 documents: those with" in done.err


def test_beginnings_and_colours_of_documents(w2v, folder):
    _, documents, _ = planted_lsa("lsa.safetensors")
    write_corpus("corpus.jsonl", documents[:20], group=lambda number: f"group {number // 6}")
    data, done = page_of(w2v, folder, "corpus.jsonl", "--by", "group")
    assert "5 of 25 documents of the model not found in CORPUS" in done.err
    names = names_on_map(data)[1]
    for name, begin in zip(names, data["beginnings"], strict=True):
        known = name in documents[:20]
        assert begin.startswith(f"{name} starts here") if known else begin == ""
    assert data["by"] == "group"
    assert data["groups"] == ["group 0", "group 1", "group 2", "group 3", "other"]
    assert len({*data["colours"]}) == 5
    for name, group in zip(names, data["group"], strict=True):
        at = documents.index(name)
        assert data["groups"][group] == (f"group {at // 6}" if at < 20 else "other")
    data, _ = page_of(w2v, folder, "corpus.jsonl")
    assert (data["by"], data["groups"], data["group"]) == (None, [], [])
    done = w2v("topics", "lsa.safetensors", "corpus.jsonl", "--by", "x", "-o", "other.html")
    assert done.code == 2
    assert "--by 'x': no document of corpus.jsonl has a text or a number" in done.err
    assert not (folder / "other.html").exists()
    done = w2v("topics", "lsa.safetensors", "--documents", 3, "-o", "other.html")
    assert done.code == 2
    assert "are not probabilities: --documents needs" in done.err


@pytest.mark.parametrize("shape", [(2, 5), (1, 1), (3, 2)])
def test_small_models_have_a_page(w2v, folder, shape):
    matrix = np.random.default_rng(2).random(shape)
    rows, columns = (
        [f"{kind}{n}" for n in range(count)] for kind, count in zip("dw", shape, strict=True)
    )
    for topics in (1, 2):
        write_lsa("lsa.safetensors", columns, rows, matrix, topics)
        data, done = page_of(w2v, folder)
        assert done.err == "wrote page.html\n"
        assert data["points"] == sum(shape)
        assert len(data["sizes"]) == min(topics, *shape)
        word_rows, document_rows = coordinates(data)
        assert np.isfinite(word_rows).all()


def test_hostile_names_stay_names(w2v, folder):
    evil = "</script><script>alert(1)</script>"
    words = [evil, '"quote"', "$body", "a\x00b", "&lt;", "\u2028"]
    documents = [evil, "'\\", "${data}", "\x80"]
    write_lsa("lsa.safetensors", words, documents, np.random.default_rng(1).random((4, 6)), 3)
    with open("corpus.jsonl", "w") as file:
        for name in documents[:3]:
            file.write(json.dumps({"id": name, "text": f"{evil} \ud800 text", "w": evil}) + "\n")
    (folder / "names.tsv").write_text(f"0\t{evil}\n")
    data, _ = page_of(w2v, folder, "corpus.jsonl", "--by", "w", "--names", "names.tsv")
    text = (folder / "page.html").read_text("utf-8")
    assert text.count("</script>") == 2
    assert not re.search(r'(?:src|href)="(?!data:)', text)  # no outside resource
    assert data["groups"] == [evil, "other"]
    assert {*data["items"]} == {*words, *documents}
    assert sorted(data["beginnings"]) == ["", *[f"{evil} \ufffd text"] * 3]


def test_the_page_of_a_trained_model_is_the_same_each_time(w2v, folder):
    rows = [f"{word} {word}x {word}y a" for word in ("sun", "moon", "star") for _ in range(5)]
    (folder / "d.txt").write_text("\n".join([*rows, "", "\n"]))
    call = ("train", "d.txt", "--model", "lsa", "--topics", 3, "--min-count", 1, "--threads", 1)
    assert w2v(*call, "-o", "lsa.safetensors").code == 0
    pages = []
    for _ in range(2):
        data, _ = page_of(w2v, folder, "d.txt")
        pages.append((folder / "page.html").read_bytes())
    assert pages[0] == pages[1]
    assert all(begin in rows for begin in data["beginnings"])
    done = w2v("topics", "lsa.safetensors", "d.txt", "-o", "page.html.gz")
    assert done.code == 0
    assert (folder / "page.html.gz").read_bytes()[:2] == b"\x1f\x8b"
    done = w2v("topics", "lsa.safetensors", "-o", "page.htm")
    assert done.err == "w2v: page.htm: expected a name that ends in .html\n"
