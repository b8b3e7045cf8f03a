"""Recipes of the standard corpora, on small archives of the same shape; and the table of models."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import docstrings
import fetch
import library
import pytest
import readme
import reviews
import table
import turkish
from helpers import compiled

ROOT = Path(__file__).parents[1]

TEXTS = {
    "aclImdb/README": "x",
    "aclImdb/imdb.vocab": "x",
    "aclImdb/train/urls_pos.txt": "x",
    "aclImdb/train/pos/10_9.txt": "fine\tfilm\u2028<br />",
    "aclImdb/train/pos/2_8.txt": "good",
    "aclImdb/train/neg/2_1.txt": "bad\n",
    "aclImdb/train/unsup/1_0.txt": "so so",
    "aclImdb/test/pos/0_10.txt": "naïve",
    "aclImdb/test/neg/0_2.txt": "dull",
}


def tar(path, texts, encoding="utf-8"):
    with tarfile.open(path, "w:gz") as packed:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            data = text.encode(encoding)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))


def known(monkeypatch, name, **changes):
    """The facts about a corpus, changed to fit a small archive."""
    changed = replace(fetch.CORPORA[name], **{"size": None, "checksum": None, **changes})
    monkeypatch.setitem(fetch.CORPORA, name, changed)


def read(path):
    return gzip.decompress(path.read_bytes()).decode()


def test_imdb(tmp_path, monkeypatch, capsys):
    known(monkeypatch, "imdb")
    tar(tmp_path / "aclImdb_v1.tar.gz", TEXTS)
    names = fetch.fetch("imdb", tmp_path)
    assert capsys.readouterr().err.endswith("aclImdb_v1.tar.gz: not verified\n")
    assert [read(tmp_path / name) for name in names] == [
        "neg\t2_1\tbad\npos\t2_8\tgood\npos\t10_9\tfine film <br />\n",
        "neg\t0_2\tdull\npos\t0_10\tnaïve\n",
        "so so\n",
    ]


def test_20_newsgroups(tmp_path, monkeypatch):
    known(monkeypatch, "20news")
    posts = {
        "20news-bydate-train/sci.space/2": "Subject: é\n\nmoon",
        "20news-bydate-test/sci.space/1": "sun",
    }
    tar(tmp_path / "20news-bydate.tar.gz", posts, "latin-1")
    rows = [json.loads(read(tmp_path / name)) for name in fetch.fetch("20news", tmp_path)]
    assert rows[0] == {"label": "sci.space", "id": "2", "text": "Subject: é\n\nmoon"}
    assert rows[1]["text"] == "sun"


def test_text8_is_checked_by_what_is_in_the_archive(tmp_path, monkeypatch, capsys):
    with zipfile.ZipFile(tmp_path / "text8.zip", "w") as packed:
        packed.writestr("text8", " anarchism originated")
    known(monkeypatch, "text8", checksum="md5:0ce3bfc5fbad43de8e6e2f04f0b69b42")
    with pytest.raises(SystemExit, match="is damaged or another version; remove it"):
        fetch.fetch("text8", tmp_path)
    assert not (tmp_path / "text8").exists()
    right = fetch.digest_of(iter([b" anarchism originated"]), "md5")
    known(monkeypatch, "text8", checksum=right)
    assert fetch.fetch("text8", tmp_path) == ["text8"]
    assert (tmp_path / "text8").read_text() == " anarchism originated"
    assert f"{right}, as mattmahoney.net" in capsys.readouterr().err
    known(monkeypatch, "text8", size=5)
    with pytest.raises(SystemExit, match="bytes instead of 5; remove it"):
        fetch.fetch("text8", tmp_path)


DUMP = """<page><title>Not this</title><text xml:space="preserve">#REDIRECT [[B]]</text>
<comment>nor this</comment><text xml:space="preserve">'''Café''' is [[drink|a drink]] &amp;ndash; 42
[[Image:cup.jpg|thumb|A [[cup]]]] {{cite}} &lt;b&gt;hot&lt;/b&gt; [http://x.org a page] [[de:K]]

== Uses == {| table |}</text>
<timestamp>2006</timestamp></page>
"""


def test_enwik9_becomes_words(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "enwik9.zip", "w") as packed:
        packed.writestr("enwik9", DUMP)
    known(monkeypatch, "enwik9")
    assert fetch.fetch("enwik9", tmp_path) == ["enwik9.txt"]
    assert (tmp_path / "enwik9.txt").read_text().splitlines() == [
        "caf is a drink four two",
        "a cup hot a page",
        "uses",
    ]


@pytest.mark.parametrize("name", fetch.CORPORA)
def test_without_a_network_there_is_one_line(tmp_path, monkeypatch, name):
    known(monkeypatch, name, url="http://127.0.0.1:9/some.zip")
    with pytest.raises(SystemExit) as stopped:
        fetch.fetch(name, tmp_path)
    line = str(stopped.value)
    assert line.startswith("fetch.py: http://127.0.0.1:9/some.zip cannot be downloaded (")
    assert f"save it as {tmp_path / 'some.zip'}" in line
    assert "\n" not in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", fetch.CORPORA)
def test_a_damaged_archive_is_one_line(tmp_path, monkeypatch, name):
    known(monkeypatch, name)
    (tmp_path / fetch.CORPORA[name].url.rpartition("/")[2]).write_bytes(b"\x1f\x8b\x08no archive")
    with pytest.raises(SystemExit, match="is damaged .*; remove it and try again"):
        fetch.fetch(name, tmp_path)


def test_what_is_fetched_is_whole(tmp_path):
    (tmp_path / "there").write_bytes(b"archive")
    fetch.download((tmp_path / "there").as_uri(), tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == b"archive"
    assert not (tmp_path / "here.part").exists()


def test_the_list_says_what_is_known():
    rows = [line.split("\t") for line in fetch.listing().splitlines()]
    assert [row[0] for row in rows] == ["text8", "enwik9", "imdb", "20news"]
    assert rows[3][2] == "not stated"
    assert all(row[1].startswith("http") and ":" in row[3] for row in rows)


def test_scores_become_a_table(tmp_path):
    (tmp_path / "cbow.pairs").write_text("x/ws353.tsv\t0.654\t9\t9\nx/rg65.tsv\t\t0\t9\n")
    (tmp_path / "cbow.analogies").write_text(
        "q\tcapitals\t0.5\t1\t2\t2\nq\tsemantic\t0.25\t1\t4\t4\nq\tsyntactic\t\t0\t0\t0\n"
        "q\ttotal\t0.25\t1\t4\t4\n"
    )
    assert table.table([str(tmp_path / "cbow")]) == (
        "| | ws353 | rg65 | semantic | syntactic | total | questions |\n"
        "|---|---|---|---|---|---|---|\n| cbow | 65.4 | - | 25.0 | - | 25.0 | 4 |\n"
    )


def make(folder, *more):
    """Run corpora/batch.mk."""
    program = f"{sys.executable} -m w2v"
    env = {name: value for name, value in os.environ.items() if name not in readme.OUTER_MAKE}
    call = ["make", "-s", "-f", "corpora/batch.mk", f"OUT={folder}", f"W2V={program}"]
    return subprocess.run(
        [*call, f"PYTHON={sys.executable}", *more],
        cwd=ROOT, capture_output=True, text=True, check=False, env=env,
    )  # fmt: skip


@compiled
@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_a_batch_job_is_silent_does_nothing_twice_and_fails_where_it_should(tmp_path):
    folder = tmp_path / "batch"
    first = make(folder)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    rows = (folder / "neighbours.tsv").read_text().splitlines()
    assert len(rows) == 50 * 5
    made = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = make(folder)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert made == {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    strict = make(folder, "check", "LEAST=1.1")
    assert strict.returncode == 2  # make's own, for a recipe that failed
    assert strict.stderr.startswith("analogy accuracy 1.0")
    wrong = make(tmp_path / "wrong", "check", "TEXT=/dev/null", "QUESTIONS=/dev/null")
    assert wrong.returncode == 2
    assert "w2v: /dev/null: no words in the text" in wrong.stderr
    assert "Error 2" in wrong.stderr
    assert not (tmp_path / "wrong" / "vectors.safetensors").exists()


@pytest.mark.parametrize(
    ("form", "built"),
    [
        ("evlerimde", ("ev", True, "my", "loc")),
        ("kitabı", ("kitap", False, "", "acc")),
        ("kitaplar", ("kitap", True)),
        ("kitapta", ("kitap", False, "", "loc")),
        ("okulda", ("okul", False, "", "loc")),
        ("sütün", ("süt", False, "", "gen")),
        ("kapıyı", ("kapı", False, "", "acc")),
        ("kapısını", ("kapı", False, "his", "acc")),
        ("annesinden", ("anne", False, "his", "abl")),
        ("çocuğumuza", ("çocuk", False, "our", "dat")),
        ("kliniğinizde", ("klinik", False, "your all", "loc")),
        ("ekmeğiyle", ("ekmek", False, "his", "ins")),
        ("gemiyle", ("gemi", False, "", "ins")),
        ("resmi", ("resim", False, "", "acc")),
        ("resimden", ("resim", False, "", "abl")),
        ("burnum", ("burun", False, "my")),
        ("ağza", ("ağız", False, "", "dat")),
        ("kalbime", ("kalp", False, "my", "dat")),
        ("kalplerin", ("kalp", True, "", "gen")),
        ("kalpten", ("kalp", False, "", "abl")),
    ],
)
def test_turkish_nouns(form, built):
    assert turkish.noun(*built) == form


@pytest.mark.parametrize(
    ("form", "built"),
    [
        ("okumadık", ("oku", "past", "we", True)),
        ("okuyacağım", ("oku", "future", "i")),
        ("açtın", ("aç", "past", "you")),
        ("açacaksınız", ("aç", "future", "you all")),
        ("gördüm", ("gör", "past", "i")),
        ("temizlemeyecekler", ("temizle", "future", "they", True)),
        ("gideceğiz", ("git", "future", "we")),
        ("gittiler", ("git", "past", "they")),
        ("gitmeyecek", ("git", "future", "he", True)),
        ("bahsedeceğim", ("bahset", "future", "i")),
        ("bıraktınız", ("bırak", "past", "you all")),
        ("konuşacak", ("konuş", "future")),
    ],
)
def test_turkish_verbs(form, built):
    assert turkish.verb(*built) == form


def test_turkish_letters():
    assert turkish.upper("ışık içinde") == "IŞIK İÇİNDE"
    writer = turkish.Writer(1)
    lines = [writer.sentence(number) for number in range(120)]
    assert [unicodedata.is_normalized("NFC", line) for line in lines[:11]] == [
        number % 10 != 0 for number in range(11)
    ]
    assert all(line.isupper() or line.endswith(".") for line in lines)
    again = turkish.Writer(1)
    assert lines == [again.sentence(number) for number in range(120)]


def test_turkish_forms_have_one_stem():
    forms = turkish.forms()
    assert len({form for form, _, _ in forms}) == len(forms) == 4368
    assert len({stem for _, stem, _ in forms}) == 60
    stems = {form: (stem, topic) for form, stem, topic in forms}
    for a, b, score in turkish.pairs():
        assert a != b
        assert score == sum(x == y for x, y in zip(stems[a], stems[b], strict=True))


def test_the_documentation_of_the_standard_library_has_no_tests_and_no_settings(tmp_path):
    for name in ("a.py", "test/b.py", "c/tests/d.py", "_sysconfigdata__x.py", "site-packages/e.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text('"""Doc."""')

    def found(*without):
        return [p.relative_to(tmp_path).as_posix() for p in docstrings.sources(tmp_path, *without)]

    assert found(docstrings.NOT_EVERYWHERE) == ["a.py"]
    assert found() == ["_sysconfigdata__x.py", "a.py", "c/tests/d.py", "test/b.py"]
    assert docstrings.folders(()) == docstrings.folders()[:1]


def test_reviews_have_quoted_commas_and_words_of_their_label(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["reviews.py", "--reviews", "20", "--seed", "3"])
    reviews.main()
    header, *rows = csv.reader(capsys.readouterr().out.splitlines())
    assert header == ["review_id", "stars", "review"]
    assert [tuple(row) for row in rows] == reviews.rows(20, 3)
    assert {label for _, label, _ in rows} == {"good", "bad"}
    for _, label, text in rows:
        assert "," in text
        words = set(re.findall(r"\w+", text))
        assert [name for name in reviews.OPINIONS if words & set(reviews.OPINIONS[name])] == [label]


def test_a_labelled_text_is_divided_by_paragraph_and_by_module(tmp_path, monkeypatch):
    """The modules of the test are unknown; a package is one module; short paragraphs are none."""
    monkeypatch.setattr(library, "PARTS", {"a": "m n o p", "b": "q gone"})
    monkeypatch.setattr(library, "SHORTEST", 2)
    for number, name in enumerate(("m.py", "n/x.py", "n/y.py", "o.py", "p.py", "q.py")):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(f'"""Text {number}\n\nshort\n\nthe same\n\nmore\n {number}"""')
    library.write(tmp_path, tmp_path / "in")

    def rows(name):
        return (tmp_path / f"{name}.tsv").read_text().splitlines()

    first = ["a\tText 0", "a\tthe same", "a\tmore 0", "a\tText 1", "a\tmore 1", "a\tText 2"]
    assert rows("by-module/train") == [*first, "a\tmore 2", "b\tText 5", "b\tmore 5"]
    assert rows("by-module/valid") == ["a\tText 3", "a\tmore 3"]
    assert rows("by-module/test") == ["a\tText 4", "a\tmore 4"]
    assert rows("by-paragraph/valid") == ["a\tmore 3"]
    assert rows("by-paragraph/test") == ["a\tText 4"]
    assert len(rows("by-paragraph/train")) == 11
