"""Phrases, compared with a plain loop over words for each pass; vocabularies from a file."""

import gzip
import json
import math

import numpy as np
import pytest
from helpers import PACKERS, compiled, the_rest_compiled

from w2v.models import models
from w2v.text import phrases
from w2v.text.corpus import Corpus
from w2v.text.phrase_candidates import Candidates
from w2v.text.phrases import Phrases


def candidates(line, connectors):
    """The possible phrases of a line, as lists of words with their positions."""
    found, start, inside = [], None, []
    for at, word in enumerate(line):
        if word in connectors:
            inside.append(word)
        else:
            if start is not None and len(inside) <= phrases.MOST_INSIDE:
                found.append((start, (line[start], *inside, word)))
            start, inside = at, []
    return found


def naive(lines, min_count, scoring, threshold, connectors=()):
    """One pass over lists of words, word by word."""
    words = [word for line in lines for word in line]
    groups = [group for line in lines for _, group in candidates(line, connectors)]
    total, n = len(words), {word: words.count(word) for word in words}
    chosen = {}
    for group in set(groups):
        a, b, both = group[0], group[-1], groups.count(group)
        if min(n[a], n[b], both) < min_count:
            continue
        if scoring == "default":
            score = (both - min_count) / n[a] / n[b] * total
        else:
            score = math.log(both * total / n[a] / n[b]) / -math.log(both / total)
        if score > threshold:
            chosen[group] = score
    joined = []
    for line in lines:
        out, at, begins = [], 0, dict(candidates(line, connectors))
        while at < len(line):
            group = begins.get(at)
            out.append("_".join(group) if group in chosen else line[at])
            at += len(group) if group in chosen else 1
        joined.append(out)
    return joined, chosen


@pytest.mark.parametrize("part", [1, 3, 1 << 20])
@pytest.mark.parametrize("connectors", [(), ("a", "c"), ("a", "b", "c", "d", "e")])
@pytest.mark.parametrize(("scoring", "threshold"), [("default", 0.9), ("npmi", 0.02)])
def test_phrases_are_those_of_a_loop(folder, monkeypatch, scoring, threshold, part, connectors):
    rng = np.random.default_rng(1)
    lines = [["abcde"[i] for i in rng.geometric(0.4, 9).clip(1, 5) - 1] for _ in range(40)]
    lines[3], lines[7] = ["a"] * 9, []
    lines += [["d", *["a"] * inside, "e", "a"] for inside in (3, 4, 5) for _ in range(5)]
    (folder / "text").write_text("".join(" ".join(line) + "\n" for line in lines))
    monkeypatch.setattr("w2v.text.phrases._PART", part)
    inside = {word.encode() for word in connectors}
    found = Phrases(3, scoring, threshold, "_", connectors=inside)
    found.read(Corpus(["text"]))
    seen = 0
    for _ in range(3):
        lines, chosen = naive(lines, 3, scoring, threshold, connectors)
        joined, seen = found.join(), seen + len(chosen)
        assert {each.name.decode() for each in joined} == {*map("_".join, chosen)}
        for each in joined:
            [score] = [s for pair, s in chosen.items() if "_".join(pair) == each.name.decode()]
            assert each.score == pytest.approx(score)
        text = b"".join(found.blocks()).decode()
        assert text == "".join(" ".join(line) + "\n" for line in lines)
        assert found.tokens == sum(map(len, lines))
    assert seen > 1 or len(connectors) == len("abcde")


def test_connectors_are_inside_of_phrases_and_not_at_their_ends(w2v, folder):
    names = "the bank of america", "state of the art", "the united states of america"
    lines = [" ".join(f"{name} x{row}y{at}" for at, name in enumerate(names)) for row in range(20)]
    (folder / "text").write_text("\n".join(lines))
    call = ("phrases", "text", "--threshold", "1", "--passes", "2", "--list", "list")
    outcome = w2v(*call, "--connectors", "english")
    assert outcome.out.splitlines()[0] == (
        "the bank_of_america x0y0 state_of_the_art x0y1 the united_states_of_america x0y2"
    )
    assert (
        f"connectors: 2 of {len(phrases.ENGLISH_CONNECTORS.split())} occur in the text"
        in outcome.err
    )
    rows = [row.split("\t") for row in (folder / "list").read_text().splitlines()]
    [score] = [float(score) for name, _, score, _ in rows if name == "bank_of_america"]
    assert score == pytest.approx((20 - 5) / 20 / 40 * 320)
    (folder / "own").write_bytes(b"\xef\xbb\xbfOF\r\n\nand\n")
    outcome = w2v(*call, "--connectors", "own", "--lowercase")
    assert "connectors: 1 of 2 occur in the text" in outcome.err
    assert "bank_of_america" in outcome.out
    assert not [word for word in outcome.out.split() if word.startswith("of_")]
    assert not [word for word in outcome.out.split() if word.endswith("_of")]
    (folder / "own.gz").write_bytes(gzip.compress((folder / "own").read_bytes()))
    assert w2v(*call, "--connectors", "own.gz", "--lowercase").out == outcome.out
    (folder / "empty").write_text("\n")
    for name, said in (
        ("empty", "empty: expected 1 to 50,000 connectors, found 0"),
        ("none", "No such file"),
    ):
        outcome = w2v(*call, "--connectors", name)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert said in outcome.err


def test_gensim_finds_the_same_phrases_with_connectors(folder):
    gensim = pytest.importorskip("gensim.models.phrases")
    rng = np.random.default_rng(3)
    words = [*"abcdefgh", "of", "the"]
    lines = [[words[i] for i in rng.integers(0, len(words), 12)] for _ in range(60)]
    lines += [["bank", "of", "america"], ["state", "of", "the", "art"]] * 9
    (folder / "text").write_text("".join(" ".join(line) + "\n" for line in lines))
    theirs = gensim.Phrases(
        lines, min_count=3, threshold=0.2, scoring="npmi",
        connector_words=frozenset(["of", "the"]),
    )  # fmt: skip
    found = Phrases(3, "npmi", 0.2, "_", connectors={b"of", b"the"})
    found.read(Corpus(["text"]))
    ours = {each.name.decode(): pytest.approx(each.score) for each in found.join()}
    assert {"bank_of_america", "state_of_the_art"} <= ours.keys()
    assert theirs.find_phrases(lines) == ours
    text = b"".join(found.blocks()).decode().splitlines()
    assert [line.split() for line in text] == [theirs[line] for line in lines]


def test_new_york_in_two_passes(w2v, folder):
    (folder / "text").write_text("the new york times said\nwe read the new york times\n" * 20)
    call = ("phrases", "text", "-o", "out", "--threshold", "1", "--passes", "3", "--list", "list")
    outcome = w2v(*call)
    assert outcome.code == 0
    first = (folder / "out").read_text().splitlines()[0]
    assert "new_york" in (folder / "list").read_text()
    assert "_".join(first.split()) == "the_new_york_times_said"
    assert "pass 1: " in outcome.err
    assert w2v("phrases", "-", "--quiet", stdin=b"a b\n\nc").out == "a b\n\nc\n"
    assert w2v("phrases", "text", "--joiner", "").code == 2
    assert (
        w2v("phrases", "text", "--scoring", "npmi", "--quiet", "--threshold", 1).out
        == (folder / "text").read_text()
    )


@pytest.mark.parametrize("part", the_rest_compiled([1, 3, 1 << 20]))
@pytest.mark.parametrize("connectors", [(), ("a", "c")])
def test_a_list_of_phrases_joins_them_as_the_text_that_they_are_from(
    w2v, folder, monkeypatch, part, connectors
):
    monkeypatch.setattr("w2v.text.phrases._PART", part)
    rng = np.random.default_rng(3)
    lines = [" ".join(rng.choice([*"abcdefgh"], rng.integers(0, 30))) for _ in range(200)]
    (folder / "text").write_text("\n".join(lines) + "\n")
    (folder / "connectors").write_text(" ".join(connectors))
    options = ("--connectors", "connectors") if connectors else ()
    found = ("--threshold", 0.9, "--passes", 2, "--list", "list", "-o", "joined")
    assert w2v("phrases", "text", *options, *found).code == 0
    outcome = w2v("phrases", "text", *options, "--read-list", "list", "-o", "again")
    assert outcome.code == 0, outcome.err
    assert (folder / "again").read_text() == (folder / "joined").read_text()
    assert "\n0 of " in outcome.err


def test_a_no_break_space_is_a_letter_of_phrases_and_of_a_list(w2v, folder):
    (folder / "text").write_text("it costs 10\u00a0000 euros\n" * 30, encoding="utf-8")
    found = w2v("phrases", "text", "--min-count", 5, "--threshold", 0, "--list", "list")
    assert "10\u00a0000" in found.out
    again = w2v("phrases", "text", "--read-list", "list")
    assert (again.code, again.out) == (0, found.out), again.err
    (folder / "mine").write_text(" it_costs \n\u00a0\n", encoding="utf-8")
    assert w2v("phrases", "text", "--read-list", "mine").code == 0


def test_phrases_of_a_list_are_joined_in_a_text_where_they_are_rare(w2v, folder):
    text = "new york times\nnew york\n" * 9 + "bank of america and can be\n" * 9
    (folder / "text").write_text(text)
    found = ("--threshold", 1, "--passes", 2, "--connectors", "english", "--list", "list")
    assert w2v("phrases", "text", *found).code == 0
    rows = (folder / "list").read_text().splitlines(keepends=True)
    (folder / "kept").write_text("".join(row for row in rows if "can_be" not in row))
    (folder / "new").write_text("the new york times of new york can be at bank of america\n")
    listed = ("--read-list", "kept", "--connectors", "english")
    outcome = w2v("phrases", "new", *listed, "--list", "there")
    assert outcome.out == "the new_york_times of new_york can be at bank_of_america\n"
    assert (folder / "there").read_text().split("\n")[-2].split("\t")[0] == "new_york_times"
    (folder / "own").write_text("can_be\nno_such\n")
    outcome = w2v("phrases", "new", "--read-list", "own")
    assert outcome.out == "the new york times of new york can_be at bank of america\n"
    assert "1 of 2 listed phrases joined nowhere" in outcome.err
    (folder / "empty").write_text("")
    assert w2v("phrases", "new", "--read-list", "empty").out == (folder / "new").read_text()


@pytest.mark.parametrize(
    "line", ["a b", "a_b\t1", "a_b\t1\tx\t1", "a_b\t1\t2\t0", "a_b\t1\t2\t1e9", "a_b\t1\tnan\t1"]
)
def test_a_list_that_is_none_is_one_line(w2v, folder, line):
    (folder / "text").write_text("a b c\n")
    (folder / "list").write_text(f"a_b\n{line}\n")
    outcome = w2v("phrases", "text", "--read-list", "list")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("w2v: list: line 2: expected a phrase")
    outcome = w2v("phrases", "text", "--read-list", "list", "--min-count", 2)
    assert "leave out --min-count" in outcome.err


def test_rare_pairs_are_forgotten_when_there_are_too_many(folder, monkeypatch):
    monkeypatch.setattr("w2v.text.phrases._PART", 50)
    rng = np.random.default_rng(2)
    words = [f"w{n}" for n in rng.integers(0, 40, 3000)]
    (folder / "text").write_text(" ".join(["new", "york", *words[:30]] * 20 + words))
    found = Phrases(5, "default", 10, "_", max_pairs=200)
    found.read(Corpus(["text"]))
    whole = Phrases(5, "default", 10, "_")
    whole.read(Corpus(["text"]))
    kept, all_pairs = (
        each._count(Candidates(each._counts >= 5, each._runs)) for each in (found, whole)
    )
    assert kept.keys.size + kept.pruned >= all_pairs.keys.size
    assert kept.keys.size <= 200 + 50
    assert b"new_york" in {each.name for each in found.join()}
    assert found.lost == kept.pruned > 0


def test_the_rarest_pairs_are_pruned(folder):
    (folder / "text").write_text("a b c\n" * 3 + "b a\nc b\nc a\n" + "a c\n" * 2)
    found = Phrases(1, "npmi", -9, "_", max_pairs=4)
    found.read(Corpus(["text"]))
    assert {(each.name, each.count) for each in found.join()} == {
        (b"a_b", 3), (b"b_c", 3), (b"a_c", 2)
    }  # fmt: skip
    assert found.lost == 3


def test_phrases_of_equal_counts_are_sorted_by_name_and_may_be_as_rare_as_min_count(folder):
    (folder / "text").write_text("z y\nb a\nq r s\nq\n" * 2)
    found = Phrases(2, "npmi", 0.1, "_")
    found.read(Corpus(["text"]))
    assert [each.name for each in found.join()] == [b"b_a", b"q_r", b"r_s", b"z_y"]


def test_connectors_are_normalized_as_the_text_is(folder):
    (folder / "own").write_text("e\u0301 OF\n")
    assert phrases.read_connectors("own", True, "NFC") == {"\u00e9".encode(), b"of"}
    assert phrases.read_connectors("own") == {"e\u0301".encode(), b"OF"}


TEXT_OUTPUTS = {
    "vocab -o": "vocab text -o {}",
    "vocab --curve": "vocab text --curve {}",
    "phrases -o": "phrases text --threshold 1 -o {}",
    "phrases --list": "phrases text --threshold 1 -o other --list {}",
    "dedup -o": "dedup text -o {}",
    "dedup --counts": "dedup text -o other --counts {}",
    "train --save-vocab": "train text --dim 4 --epochs 1 --threads 1 --save-vocab {}",
    "train --log-json": "train text --dim 4 --epochs 1 --threads 1 --log-json {}",
    "train -o": "train text --dim 4 --epochs 1 --threads 1 -o {}",
    "convert": "convert vectors.safetensors {}",
    "infer -o": "infer documents.safetensors text -o {}",
    "topics --topic-keys": "topics lda.safetensors --topic-keys {}",
    "topics --doc-topics": "topics lda.safetensors --doc-topics {}",
    "plot tsv": "plot -v vectors.safetensors -o {}",
    "plot html": "plot -v vectors.safetensors -o {}",
}
NAMES = {"train -o": "x.txt", "convert": "x.txt", "infer -o": "x.vec", "plot html": "x.html"}


@compiled
@pytest.mark.parametrize("option", TEXT_OUTPUTS)
def test_every_text_that_is_written_is_packed_by_its_suffix(w2v, folder, option):
    (folder / "text").write_text("the new york times said we read it\n" * 20)
    models = {"vectors": "skipgram", "documents": "pv-dbow", "lda": "lda"}
    for name, model in models.items():
        if f"{name}.safetensors" in TEXT_OUTPUTS[option]:
            more = ("--topics", 2) if model == "lda" else ("--dim", 4, "--epochs", 1)
            args = ("--model", model, "--threads", 1, "--quiet", *more)
            assert w2v("train", "text", "-o", f"{name}.safetensors", *args).code == 0
    plain = NAMES.get(option, "x.tsv" if "tsv" in option else "x")
    for name in (plain, f"{plain}.GZ"):
        done = w2v(*TEXT_OUTPUTS[option].format(name).split())
        assert done.code == 0, done.err
    content = (folder / plain).read_bytes()
    packed = (folder / f"{plain}.GZ").read_bytes()
    unpacked = gzip.decompress(packed)
    if option == "train --log-json":  # the log has times
        events = [
            [json.loads(line)["event"] for line in x.splitlines()] for x in (unpacked, content)
        ]
        assert events[0] == events[1]
    else:
        assert unpacked == content.replace(plain.encode(), f"{plain}.GZ".encode())


# Vocabularies from a file


def test_what_is_packed_is_read_again(w2v, folder):
    (folder / "text").write_text("a b c d e f g h\n" * 30)
    common = ("text", "--quiet", "--dim", 4, "--threads", 1, "--epochs", 1, "--sample", 0)
    for suffix in ("", ".gz", ".bz2", ".XZ", *[".zst"] * ("zstd" in PACKERS)):
        counts, log = f"counts{suffix}", f"log{suffix}"
        assert w2v("vocab", "text", "-o", counts, "--quiet").code == 0
        more = ("--read-vocab", counts, "--log-json", log, "-o", f"x{suffix[1:]}.safetensors")
        assert w2v("train", *common, *more).code == 0
        assert w2v("plot", "--loss", log, "-o", f"loss{suffix[1:]}.tsv", "--quiet").code == 0
    answers = {w2v("vector", *"abc", "-v", path).out for path in folder.glob("x*.safetensors")}
    assert len(answers) == 1
    tables = [path.read_text().split("\t", 4) for path in folder.glob("loss*.tsv")]
    assert len({row[-1] for row in tables}) == 1  # all but the name of the run


def test_a_vocabulary_that_was_counted_before_gives_the_same_model(w2v, folder):
    (folder / "text").write_text("a b c d e f g h\n" * 30 + "rare b c\n")
    common = ("text", "--quiet", "--dim", 4, "--threads", 1, "--min-count", 2)
    assert w2v("vocab", "text", "-o", "counts", "--curve", "curve").code == 0
    assert w2v("train", *common, "-o", "x.safetensors").code == 0
    assert w2v("train", *common, "--read-vocab", "counts", "-o", "y.safetensors").code == 0
    x, y = (w2v("vector", "a", "b", "-v", f"{name}.safetensors").out for name in "xy")
    assert x == y
    last = (folder / "curve").read_text().splitlines()[-1]
    assert last == "243\t9"
    facts = json.loads(w2v("info", "y.safetensors", "--json").out)
    assert len(facts["vocabulary"]["sha256"]) == 64


def test_listed_words_that_min_count_leaves_out_are_reported(w2v, folder):
    (folder / "text").write_text("a b c\n" * 30)
    (folder / "counts").write_text("</s> 30\na 30\nb 30\nc 4\n")
    more = ("--dim", 4, "--epochs", 1, "--sample", 0, "--threads", 1, "--read-vocab", "counts")
    said = "counts: 1 word left out by --min-count 5: --min-count 1 keeps all\n"
    assert said in w2v("train", "text", *more, "-o", "x.safetensors").err
    assert "left out" not in w2v("train", "text", *more, "--min-count", 1).err
    assert "left out" not in w2v("train", "text", *more, "--max-vocab", 2).err


def test_counts_of_another_text_are_taken(w2v, folder):
    (folder / "text").write_text("a b a c a strange\n" * 9)
    (folder / "counts").write_text("</s> 7\nb 500\na 900\nc 400\nz 300\n")
    args = ("text", "--dim", 4, "--min-count", 400, "--threads", 1, "--read-vocab", "counts")
    outcome = w2v("train", *args)
    assert "vocabulary: 3 of 4 words; 45 of 54 tokens kept" in outcome.err
    rows = json.loads(w2v("similar", "c", "--json").out)["results"]
    assert {row["word"]: row["count"] for row in rows} == {"a": 900, "b": 500}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a 5\nb\n", "line 2: expected a word, a blank and a count"),
        ("a 5\na 6\n", "line 2: the word 'a' occurs twice"),
        ("a -5\n", "line 1"),
        ("a 5\nnew york\t5\n", "line 2: 'new york' has a blank, which no word of a text has"),
        ("a  5\n", "line 1: 'a ' has a blank"),
        ("a 1\n", "none of 1 words occurs 5 times"),
        ("zzz 9\n", "text: none of its 2 words is in counts"),
    ],
)
def test_a_file_of_counts_that_is_none_is_one_line(w2v, folder, content, said):
    (folder / "text").write_text("a b\n")
    (folder / "counts").write_text(content)
    outcome = w2v("train", "text", "--quiet", "--read-vocab", "counts")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert said in outcome.err


@pytest.mark.parametrize("option", ["--read-vocab", "--valid"])
@pytest.mark.parametrize("model", [*models(), "lstm --task lm"])
def test_texts_that_share_no_word_are_one_line_for_every_model(w2v, folder, model, option):
    """The vocabulary or the held-out text is in another language, and nothing can be trained."""
    kind = models()[model.split()[0]]
    is_classifier = kind.predicts and "lm" not in model
    for name, lines in (("text", ["a b a", "a b b"]), ("odd", ["zwei Worte", "drei"])):
        marks = "__label__x ", "__label__y "
        rows = [mark * is_classifier + line for mark, line in zip(marks, lines, strict=True)]
        (folder / name).write_text("\n".join(rows) + "\n")
    (folder / "init.txt").write_text("a 1 2\nb 2 1\n")
    (folder / "counts").write_text("Wort 9\nWorte 5\n")
    start = ["--init", "init.txt"] if kind.name == "sif" else []
    wrong, words, where = "text", 6, "counts"
    if option == "--valid":
        if kind.method in ("closed form", "gibbs"):
            pytest.skip("has no held-out text")
        wrong, words, where = "odd", 3, "the vocabulary"
    args = ("--model", *model.split(), *start, "--min-count", 1, "--threads", 1)
    given = (option, "counts" if option == "--read-vocab" else "odd")
    outcome = w2v("train", "text", *args, *given, "-o", "x.safetensors")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2,
        f"w2v: {wrong}: none of its {words} words is in {where}: check that both have the same "
        "language, --tokenizer and --lowercase",
    )
    assert not (folder / "x.safetensors").exists()
