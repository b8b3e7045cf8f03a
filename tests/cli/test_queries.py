"""Queries in scripts: limits on the results, unknown words, files and pipes of queries."""

import gzip
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from helpers import compiled_only

import w2v as library
from w2v.embeddings import formats, lookup
from w2v.embeddings.search import Search
from w2v.embeddings.spelling import near_spellings
from w2v.embeddings.table import Table


def words(outcome):
    """The answers of --tsv, query by query."""
    found = {}
    for row in outcome.out.splitlines():
        query, _, word, *_ = row.split("\t")
        found.setdefault(query, []).append(word)
    return found


def answers(outcome):
    return [row.split("\t")[2] for row in outcome.out.splitlines()]


def test_who_may_answer(w2v, toy, folder):
    def asked(*options):
        return answers(w2v("similar", "king", "--tsv", "-k", 20, *options))

    everyone = asked()
    assert set(everyone) == set(toy.names) - {"king"}
    assert set(asked("--restrict", 4)) == {"queen", "man", "woman"}
    assert set(asked("--min-count", 18)) == {"queen", "man"}
    assert asked("--min-score", 0.3) == ["queen", "man"]
    assert asked("--include-query", "-k", 2) == ["king", "queen"]
    (folder / "some").write_text("queen\r\nbanana\nabsent\n\nking\n")
    assert asked("--only", "some") == ["queen", "banana"]
    assert asked("--exclude", "some") == [w for w in everyone if w not in {"queen", "banana"}]
    assert asked("--only", "some", "--exclude", "some", "--min-score", -1) == []


def test_listed_names_that_the_file_lacks_are_said(w2v, toy, folder):
    (folder / "some").write_text("queen\nbanana \nKing\n")
    wanted = "some: 2 names without a vector ('banana ', 'King')\n"
    for list_of_names in ("--only", "--exclude"):
        assert w2v("similar", "man", list_of_names, "some").err == wanted
        assert w2v("analogy", "man", "king", "woman", list_of_names, "some").err == wanted


@pytest.mark.parametrize("query", ["king +woman -man", "king -man", "+king +woman"])
def test_a_query_in_quotes_is_told_how_to_be_asked(w2v, toy, query):
    outcome = w2v("similar", query)
    assert outcome.code == 3
    name = query.removeprefix("+")
    assert outcome.err.endswith(f"; did you mean {name}?\n")
    assert w2v("similar", *name.split()).code == 0
    without = w2v("similar", f"{query} -nobody").err  # not all of its words are known
    assert without.endswith(f"; as one query of several words, without quotes: {name} -nobody\n")


def test_answers_that_nobody_may_give(w2v, toy):
    outcome = w2v("similar", "king", "--min-score", 2, "--json")
    assert (outcome.code, json.loads(outcome.out)) == (0, {"query": "king", "results": []})


def test_a_letter_after_a_minus_is_no_word_unless_it_is_known(w2v, toy):
    for command in ("similar", "vector"):
        outcome = w2v(command, "king", "-n", "5")
        assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        said = (
            "-n is neither an option nor a word to subtract, because 'n' is not in the vocabulary"
        )
        assert said in outcome.err
        assert ("-k sets the number of answers" in outcome.err) == (command == "similar")
    formats.save("letters.txt", Table.build(["king", "n", "x"], np.eye(3, dtype=np.float32)))
    assert w2v("similar", "king", "-n", "-v", "letters.txt").code == 0
    assert w2v("similar", "king", "-p", "-v", "letters.txt", "-v", "letters.txt").code == 2


def test_an_expression_without_blanks_is_recognised(w2v, toy):
    for term in ("king+woman-man", "king + woman - man", "king +woman -man"):
        for command in ("similar", "vector"):
            outcome = w2v(command, term)
            assert (outcome.code, outcome.err.count("\n")) == (3, 1)
            assert "; did you mean king +woman -man?" in outcome.err
    assert "did you mean" not in w2v("similar", "king-man").err
    assert "did you mean" not in w2v("similar", "king+absent").err


@pytest.mark.parametrize("command", ["similar", "similarity", "odd", "vector", "analogy"])
def test_a_vector_file_among_the_words_is_named_by_v(w2v, toy, folder, command):
    w2v("convert", "vectors.safetensors", "x.bin")
    terms = {"similar": ["king"], "vector": ["king"], "similarity": ["king"]}.get(
        command, ["king", "man"]
    )
    said = "w2v: x.bin is a file of vectors: name it with -v x.bin\n"
    outcome = w2v(command, *terms, "x.bin")
    assert (outcome.code, outcome.out, outcome.err) == (2, "", said)
    os.remove("vectors.safetensors")
    assert w2v(command, *terms, "x.bin").err == said
    assert w2v(command, *terms, *terms[:1], "-v", "x.bin").code == 0


def test_names_of_other_programs_have_a_hint(w2v, toy):
    for option, own in (("--topn", "-k N"), ("--model", "-v FILE"), ("--positive", "king +woman")):
        outcome = w2v("similar", "king", option, "5")
        assert (outcome.code, outcome.err) == (
            2, f"w2v: No such option {option!r}: in w2v it is {own}\n"
        )  # fmt: skip
    assert "in w2v it is" not in w2v("similarity", "king", "man", "--topn", "5").err
    assert "in w2v it is w2v similar WORD -v FILE" in w2v("nn", "model.bin").err


def test_min_count_needs_counts(w2v, toy):
    w2v("convert", "vectors.safetensors", "x.txt")
    outcome = w2v("similar", "king", "--min-count", 3, "-v", "x.txt")
    assert (outcome.code, outcome.err) == (
        2,
        "w2v: --min-count: the file has no word counts: try --restrict N, or add them with w2v "
        "convert FILE OUT.safetensors --counts COUNTS\n",
    )  # fmt: skip


def test_case_is_ignored_only_where_a_word_is_not_there_as_written(w2v, folder):
    (folder / "x.txt").write_text("4 2\napple 1 0\nAPPLE 0 1\nPear 1 1\nfig 0.1 1\n")
    ask = ("similar", "-v", "x.txt", "--tsv", "-k", 1, "--ignore-case")
    assert words(w2v(*ask, "apple", "APPLE", "Apple", "pear")) == {
        "apple": ["Pear"], "APPLE": ["fig"], "Apple": ["Pear"], "pear": ["fig"],
    }  # fmt: skip
    assert w2v("similar", "-v", "x.txt", "pear").code == 3


def test_ignoring_case_knows_the_dotted_and_the_dotless_i_of_turkish(w2v, folder):
    names = ["istanbul", "ısparta", "kıl", "kil", "i\u0307lk", "rest"]  # the fifth: lower of İLK
    rows = "\n".join(f"{name} {row} 1" for row, name in enumerate(names))
    (folder / "x.txt").write_text(f"6 2\n{rows}\n")
    ask = ("vector", "--tsv", "-v", "x.txt", "--ignore-case")
    asked = {"İSTANBUL": 0, "ISPARTA": 1, "KIL": 3, "KİL": 3, "kıl": 2, "İLK": 4, "ilk": 4}
    outcome = w2v(*ask, *asked)
    assert outcome.code == 0
    assert [float(line.split("\t")[1]) for line in outcome.out.splitlines()] == [*asked.values()]
    assert w2v("vector", "-v", "x.txt", "İSTANBUL").code == 3
    (folder / "pairs").write_text("İstanbul\tISPARTA\t1\nKIL\tRest\t2\nİlk\trest\t3\n")
    found = json.loads(w2v("evaluate", "similarity", "pairs", "-v", "x.txt", "--json").out)
    assert (found["found"], found["pairs"]) == (3, 3)


@compiled_only
def test_a_test_set_in_turkish_capitals_composes_words_in_small_letters(w2v, folder):
    (folder / "text").write_text("izmir istanbul kars ankara\n" * 20)
    more = ("--subwords", "3-4", "--dim", 4, "--epochs", 1, "--sample", 0)
    assert w2v("train", "text", *more).code == 0
    pairs = [("İzmirli", "kars"), ("İstanbullu", "izmir"), ("Karslı", "Ankara")]
    found = []
    for change in (str, lambda word: word.replace("İ", "i").lower()):
        lines = [f"{change(a)}\t{change(b)}\t{row}\n" for row, (a, b) in enumerate(pairs)]
        (folder / "pairs").write_text("".join(lines))
        found.append(json.loads(w2v("evaluate", "similarity", "pairs", "--json").out))
    assert found[0] == found[1]
    assert found[0]["found"] == 3


def test_words_that_are_not_there_can_be_left_out(w2v, toy):
    outcome = w2v(
        "similar", "-", "--oov", "skip", "--tsv", "-k", 1,
        stdin=b"king +absent\nnone of them\nqueen\n+absent -none\n",
    )  # fmt: skip
    assert outcome.code == 0
    assert words(outcome) == {"king +absent": ["queen"], "queen": ["king"]}
    assert outcome.err == "left out: 4 words without a vector; 4 queries not answered\n"
    assert w2v("similar", "king", "--oov", "skip").err == ""
    assert w2v("similar", "king", "+absent", "--oov", "skip").err == (
        "left out: 1 word without a vector\n"
    )


@pytest.mark.parametrize(
    ("call", "lines", "answered"),
    [
        (("similarity",), "KING queen\nking absent\n", "KING\tqueen\t0.600000\n"),
        (("odd",), "kitchen Vector none 1\nking queen none\n", "1\nkitchen\nVector\n"),
        (("vector",), "King\nabsent\nQUEEN -none\n", "King\t2.0\t1.0\t0.0\nQUEEN -none\t"),
    ],
)
def test_every_question_can_ignore_case_and_unknown_words(w2v, toy, call, lines, answered):
    outcome = w2v(*call, "-", "--tsv", "--ignore-case", "--oov", "skip", stdin=lines.encode())
    assert outcome.code == 0
    if call == ("odd",):
        outcome = outcome._replace(out="".join(sorted(w.split("\t")[0] + "\n" for w in
                                                outcome.out.splitlines())))  # fmt: skip
        answered = "".join(sorted(answered.splitlines(True)))
    assert outcome.out.startswith(answered)
    assert "without a vector" in outcome.err
    assert "not answered" in outcome.err
    assert w2v(*call, "-", stdin=lines.encode()).code == 3


def test_a_no_break_space_is_a_letter_in_lines_too(w2v, folder):
    (folder / "x.txt").write_text("4 2\nno\u00a0break 1 0\nx\u0085y 0 1\na 1 1\nb 0.1 1\n")
    words = "no\u00a0break\nx\u0085y\n".encode()
    outcome = w2v("similar", "-", "-v", "x.txt", "-k", 1, "--json", stdin=words)
    assert [json.loads(row)["query"] for row in outcome.out.splitlines()] == [
        "no\u00a0break",
        "x\u0085y",
    ]
    outcome = w2v("similarity", "-", "-v", "x.txt", stdin=words.replace(b"\n", b" ", 1))
    assert outcome.out == "0.0000  no\u00a0break x\\x85y\n"
    (folder / "set").write_text("no\u00a0break x\u0085y 1\na b 2\nb x\u0085y 3\n")
    assert (
        json.loads(w2v("evaluate", "similarity", "set", "-v", "x.txt", "--json").out)["found"] == 3
    )
    (folder / "set").write_text(": s\nno\u00a0break x\u0085y a b\n")
    outcome = w2v("evaluate", "analogies", "set", "-v", "x.txt", "--json")
    assert json.loads(outcome.out.splitlines()[0])["answerable"] == 1


def test_the_product_of_cosines(w2v, toy):
    """Levy and Goldberg 2014, equation 4, by hand."""
    outcome = w2v("analogy", "man", "king", "woman", "--method", "mul", "--json", "-k", 20)
    units = toy.matrix / np.linalg.norm(toy.matrix, axis=1)[:, None]
    man, king, woman = ((1 + units @ units[toy.find(w)]) / 2 for w in ("man", "king", "woman"))
    scores = king * woman / (man + 0.001)
    asked = {"man", "king", "woman"}
    wanted = sorted((-s, w) for s, w in zip(scores, toy.names, strict=True) if w not in asked)
    found = [(r["word"], r["score"]) for r in json.loads(outcome.out)["results"]]
    np.testing.assert_allclose([s for _, s in found], [-s for s, _ in wanted], atol=2e-6)
    assert found[0][0] == wanted[0][1] == "queen"


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (("similar", "-k", 2), b"king +woman -man"),
        (("analogy", "-k", 2), b"man king woman"),
        (("similarity",), b"king queen"),
        (("odd",), b"kitchen vector 1 banana"),
        (("vector",), b"king"),
    ],
)
def test_queries_come_from_arguments_stdin_and_files_alike(w2v, toy, folder, call, line):
    by_name = w2v(*call, *line.decode().split(), "--json").out
    assert w2v(*call, "-", "--json", stdin=line).out == by_name
    (folder / "asked").write_bytes(line + b"\n\n" + line + b"\r\n")
    assert w2v(*call, "--queries", "asked", "--json").out == by_name * 2
    assert w2v(*call, "--queries", "-", "--json", stdin=line + b"\n").out == by_name
    both = w2v(*call, *line.decode().split(), "--queries", "asked", "--json")
    assert both.out == by_name * 3


def test_several_questions_in_one_call(w2v, toy):
    outcome = w2v("analogy", "man", "king", "woman", "king", "man", "queen", "--tsv", "-k", 1)
    single = w2v("analogy", "king", "man", "queen", "--tsv", "-k", 1).out
    assert outcome.out == w2v("analogy", "man", "king", "woman", "--tsv", "-k", 1).out + single
    pairs = w2v("similarity", "king", "queen", "king", "king")
    assert pairs.out == "0.6000  king queen\n1.0000  king king\n"


@pytest.mark.parametrize(
    ("call", "line", "said"),
    [
        (("analogy",), b"king\n", "stdin: line 2: expected A B C, found 1 word"),
        (("similarity",), b"a b c\n", "stdin: line 2: expected A B, found 3 words"),
        (("odd",), b"king queen\n", "stdin: line 2: expected three words or more, found 2 words"),
    ],
)
def test_a_line_that_is_no_question_is_named(w2v, toy, call, line, said):
    outcome = w2v(*call, "-", stdin=b"\n" + line)
    assert (outcome.code, outcome.err) == (2, f"w2v: {said}\n")


@pytest.mark.parametrize("source", ["pipe", "file"])
@pytest.mark.parametrize(
    ("call", "good", "bad", "said"),
    [
        (("similar", "-k", 1), b"king", None, ""),
        (("analogy", "-k", 1), b"man king woman", b"man king", "expected A B C, found 2 words"),
        (("similarity",), b"king queen", b"king", "expected A B, found 1 word"),
        (("odd",), b"kitchen vector 1", b"1", "expected three words or more, found 1 word"),
        (("vector",), b"king", None, ""),
    ],
)
def test_the_lines_after_one_that_is_no_question_are_answered(
    w2v, toy, folder, source, call, good, bad, said
):
    def asked(*lines):
        (folder / "asked").write_bytes(b"\n".join(lines))
        if source == "pipe":
            return w2v(*call, "-", "--tsv", stdin=b"\n".join(lines))
        return w2v(*call, "--queries", "asked", "--tsv")

    wanted = asked(good, good)
    unknown = b" ".join([b"absent"] * len(good.split()))
    partly = asked(good, unknown, good)
    assert (wanted.code, partly.code, partly.out) == (0, 3, wanted.out)
    if bad is None:
        return
    where = "stdin" if source == "pipe" else "asked"
    outcome = asked(good, bad, b"", good)
    assert outcome == (2, wanted.out, f"w2v: {where}: line 2: {said}\n")
    both = asked(unknown, good, bad, good)
    assert (both.code, both.out) == (2, wanted.out)  # what is no question counts for more
    assert len(both.err.splitlines()) == 2


def test_all_files_of_queries_and_of_names_count(w2v, toy, folder):
    (folder / "one").write_text("king\nqueen\n")
    (folder / "two").write_text("man\n")
    ask = ("similar", "--tsv", "-k", 20)
    outcome = w2v(*ask, "--queries", "one", "--queries", "-", "--queries", "two", stdin=b"1\n")
    assert list(words(outcome)) == ["king", "queen", "1", "man"]
    some = answers(w2v(*ask, "woman", "--only", "one", "--only", "two"))
    assert set(some) == {"king", "queen", "man"}
    rest = answers(w2v(*ask, "woman", "--exclude", "one", "--exclude", "two"))
    assert set(rest) == set(toy.names) - {"king", "queen", "man", "woman"}
    outcome = w2v("convert", "vectors.safetensors", "-", "--only", "one", "--only", "two")
    assert [row.split()[0] for row in outcome.out.splitlines()[1:]] == ["king", "queen", "man"]
    assert outcome.err.startswith("one, two: 0 names without a vector\n")


def test_several_texts_are_asked_for_one_after_the_other(w2v, folder):
    (folder / "docs").write_text("a b a b c\nc d c d a\ne f e f\n" * 5)
    call = ("--model", "lsa", "--topics", 2, "--min-count", 1, "--threads", 1)
    assert w2v("train", "docs", *call).code == 0
    single = [w2v("similar", "--text", text, "--tsv", "-k", 2) for text in ("a b", "e f")]
    both = w2v("similar", "--text", "a b", "--text", "e f", "--tsv", "-k", 2)
    assert both == (0, single[0].out + single[1].out, "")
    outcome = w2v("similar", "--text", "a b", "--text", "zz", "--text", "e f", "--tsv", "-k", 2)
    assert outcome == (3, both.out, "w2v: none of the words of 'zz' is in the model's vocabulary\n")
    outcome = w2v("similar", "--text", "zz", "--text", "e f", "--json", "--oov", "skip")
    lines = [*map(json.loads, outcome.out.splitlines())]
    assert [line["query"] for line in lines] == ["zz", "e f"]
    reason = "none of the words of 'zz' is in the model's vocabulary"
    assert (lines[0], outcome.code) == ({"query": "zz", "results": [], "error": reason}, 3)


@compiled_only
def test_a_pipe_that_stays_open_is_answered_as_it_comes(toy, folder):
    with subprocess.Popen(
        [sys.executable, "-m", "w2v", "similar", "-", "-k", "1", "--tsv"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        for word, near in [("king", "queen"), ("queen", "king"), ("1", "kitchen")]:
            process.stdin.write(word + "\n")
            assert process.stdout.readline().split("\t")[2] == near
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0


def test_answers_do_not_depend_on_what_is_asked_beside(w2v, toy):
    lines = b"king\nking +woman -man\nqueen -king\n" * 700
    rows = w2v("similar", "-", "--json", "-k", 3, stdin=lines).out.splitlines()
    assert len(rows) == 2100
    assert len(set(rows)) == 3
    assert rows[:3] == [
        w2v("similar", *line.split(), "--json", "-k", 3).out.rstrip("\n")
        for line in lines.decode().splitlines()[:3]
    ]


@pytest.mark.parametrize(
    "name", ["x.safetensors", "x.txt", "x.bin", "x.npy", "x.glove", "x.vec.gz", "x.txt.gz"]
)
def test_every_format_is_asked_alike(w2v, toy, name):
    assert w2v("convert", "vectors.safetensors", name).code == 0
    for call in [("similar", "king", "queen"), ("analogy", "man", "king", "woman"),
                 ("similarity", "king", "queen"), ("odd", "king", "queen", "1"),
                 ("vector", "king", "+queen")]:  # fmt: skip
        assert w2v(*call, "-v", name).out == w2v(*call).out


def test_nan_is_never_json(w2v, folder):
    (folder / "x.txt").write_text("4 2\na nan 0.1\nb 1 0\nc 0 0\nd inf 1\n")

    def strict(text):
        return [json.loads(row, parse_constant=pytest.fail) for row in text.splitlines()]

    [query] = strict(w2v("similar", "b", "-v", "x.txt", "--json").out)
    assert query["results"] == []
    assert strict(w2v("vector", "a", "d", "-v", "x.txt", "--json").out)[1]["vector"] == [None, 1]
    assert strict(w2v("info", "x.txt", "--json").out)


def test_vectors_without_a_direction_are_counted_named_and_left_out(w2v, folder):
    (folder / "x.txt").write_text("5 2\na nan 0.1\nb 1 0\nc 0 0\nd 1e39 1\ne 1 1\n")
    odd = "x.txt: 1 vector is zero ('c') and 2 vectors are not finite ('a', 'd')"
    left_out = "x.txt: 2 vectors are not finite ('a', 'd'): without a direction, so left out of "
    left_out += "answers by cosine similarity\n"
    no_direction = "it has no direction\n"
    for call, code, out, err in [
        (("similar", "b", "-v", "x.txt"), 0, " 0.7071  e\n", left_out),
        (("similar", "a", "b", "-v", "x.txt"), 3, "b:\n 0.7071  e\n",
         f"{left_out}w2v: the vector of 'a' contains NaN or infinity: {no_direction}"),
        (("similarity", "b", "c", "-v", "x.txt"), 3, "",
         f"{left_out}w2v: the vector of 'c' is zero: {no_direction}"),
        (("similarity", "b", "e", "-v", "x.txt"), 0, "0.7071\n", left_out),
        (("vector", "c", "--oov", "skip", "-v", "x.txt"), 0, "c 0.0 0.0\n", left_out),
        (("odd", "b", "e", "c", "d", "b", "--oov", "skip", "-v", "x.txt"), 0, "e\n",
         f"{left_out}left out: 2 words without a vector\n"),
        (("info", "x.txt", "--check"), 2, "",
         f"w2v: {odd}; w2v convert --check x.txt OUT removes vectors that are not finite\n"),
        (("convert", "--check", "x.txt", "-"), 0, "3 2\nb 1.0 0.0\nc 0.0 0.0\ne 1.0 1.0\n",
         "x.txt: 2 vectors are not finite ('a', 'd'): left out\n"
         "x.txt: 1 vector is zero ('c')\nstdout: 3 vectors of 2 numbers\n"),
        (("convert", "--normalize", "x.txt", "-"), 0,
         "5 2\na nan 0.1\nb 1.0 0.0\nc 0.0 0.0\nd inf 1.0\ne 0.70710677 0.70710677\n",
         f"{odd}\nstdout: 5 vectors of 2 numbers\n"),
        (("convert", "--center", "0", "x.txt", "-"), 0,
         "5 2\na nan 0.1\nb 0.0 -0.5\nc 0.0 0.0\nd inf 1.0\ne 0.0 0.5\n",
         f"{odd}\nstdout: 5 vectors of 2 numbers\n"),
    ]:  # fmt: skip
        outcome = w2v(*call)
        assert (outcome.code, outcome.out, outcome.err) == (code, out, err), call


@pytest.mark.parametrize("length", [255, 10_000])
def test_words_of_any_length(w2v, folder, length):
    long = "ä" * length
    (folder / "text").write_text(f"{long} b c\n" * 5)
    outcome = w2v("train", "text", "--dim", 2, "--quiet", "--min-count", 1, "--sample", 0)
    assert outcome.code == 0, outcome
    for name in ("x.txt", "x.bin", "x.npy", "x.tsv", "x.safetensors"):
        assert w2v("convert", "vectors.safetensors", name).code == 0
    for name in ("x.txt", "x.bin", "x.npy", "x.safetensors"):
        outcome = w2v("similar", long, "-v", name, "-k", 1, "--tsv")
        assert outcome.out.startswith(long + "\t1\t")
    assert w2v("similar", long + "x").code == 3


def test_a_path_of_four_thousand_bytes(w2v, toy, folder):
    deep = "/".join(["d" * 200] * 19)
    at = folder
    for part in deep.split("/"):
        at = at / part
        try:
            at.mkdir()
        except OSError:
            pytest.skip("no such long paths here")
    target = f"{deep}/x.bin"
    assert w2v("convert", "vectors.safetensors", target).code == 0
    assert w2v("similar", "king", "-v", target).out == w2v("similar", "king").out
    outcome = w2v("convert", "vectors.safetensors", "d" * 5000 + ".bin")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "File name too long" in outcome.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(w2v, toy, folder):
    (folder / "closed").mkdir(mode=0o500)
    outcome = w2v("convert", "vectors.safetensors", "closed/x.bin")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "closed" in outcome.err


# Phrases


COMMANDS = {
    "similar": "{}",
    "vector": "{}",
    "analogy": "the {} said",
    "similarity": "the {}",
    "odd": "the said {}",
}


def asked_for(w2v, command, term, *options):
    """The message on stderr if a term has no vector."""
    words = [term if word == "{}" else word for word in COMMANDS[command].split()]
    outcome = w2v(command, *words, *options)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (3, "", 1)
    return outcome.err.removeprefix("w2v: no vector for ").rstrip("\n")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("joined", ["prime_minister", "prime-minister", "primeminister"])
def test_a_phrase_that_is_one_word_is_named(w2v, folder, command, joined):
    (folder / "x.txt").write_text(f"4 2\nthe 1 0\nsaid 0 1\n{joined} 1 1\nminister 1 1\n")
    outcome = asked_for(w2v, command, "prime minister", "-v", "x.txt")
    assert outcome == f"'prime minister' among 4; as one word: {joined}"
    outcome = w2v("similar", "prime", "minister", "the", "-v", "x.txt")
    assert outcome.err == f"w2v: no vector for 'prime' among 4; as one word: {joined}\n"


@pytest.mark.parametrize(
    "call",
    [
        "similar the prime minister", "similar prime +minister", "vector prime minister",
        "similarity prime minister", "odd the prime minister", "analogy prime minister the",
        "analogy the prime minister",
    ],
)  # fmt: skip
def test_two_words_that_are_one_together_are_named(w2v, folder, call):
    (folder / "x.txt").write_text("3 2\nthe 1 0\nsaid 0 1\nprime_minister 1 1\n")
    outcome = w2v(*call.split(), "-v", "x.txt")
    assert outcome.code == 3
    assert "' among 3; as one word: prime_minister" in outcome.err


def test_a_phrase_of_known_words_names_what_the_command_can_do(w2v, folder):
    (folder / "text").write_text("the prime said a minister said\n" * 30)
    for name, model in (("w", "skipgram"), ("d", "pv-dbow")):
        args = ("--model", model, "--quiet", "--dim", 4, "--epochs", 1, "--threads", 1)
        args += ("--sample", 0)  # otherwise, the vector of the text is zero
        more = ("--word-vectors",) * (model == "pv-dbow")
        assert w2v("train", "text", "-o", f"{name}.safetensors", *args, *more).code == 0
    phrase = "prime minister"
    makes_one = "; w2v phrases, before training, joins phrases to single words"
    as_text = "; as a text: w2v similar --text 'prime minister'"
    for command in COMMANDS:
        added = "; as the sum of its words: prime +minister" * (command in ("similar", "vector"))
        advice = asked_for(w2v, command, phrase, "-v", "w.safetensors")
        assert advice == f"'prime minister' among 5{added or makes_one}"
        advice = asked_for(w2v, command, phrase, "-v", "d.safetensors")
        assert advice == f"'prime minister' among 5{added}{as_text} -v d.safetensors"
    # The advice works.
    assert w2v("similar", "prime", "+minister", "-v", "w.safetensors").code == 0
    assert w2v("vector", "prime", "+minister", "-v", "w.safetensors").code == 0
    assert w2v("similar", "--text", phrase, "-v", "d.safetensors").code == 0
    advice = asked_for(w2v, "similar", "no such words", "-v", "w.safetensors")
    assert advice == f"'no such words' among 5{makes_one}"
    assert asked_for(w2v, "similar", "zzz", "-v", "w.safetensors") == "'zzz' among 5"


# Vectors as queries


def test_vectors_of_a_file_are_answered_like_words(w2v, toy, folder):
    for words in ("king", "banana", "vector", "king +queen"):
        outcome = w2v("vector", *words.split())
        asked = w2v("similar", *words.split(), "--include-query", "--tsv")
        assert w2v("similar", "--vector", "-", "--tsv", stdin=outcome.out.encode()).out == asked.out
    (folder / "own.txt").write_text("2 1 0\n\nmine 0 1 0\r\n1 2 -1 0\n")
    outcome = w2v("similar", "--vector", "own.txt", "-k", 1)
    assert outcome.out == "1:\n 1.0000  king\nmine:\n 1.0000  man\n1:\n 1.0000  queen\n"
    [first, *_] = w2v("similar", "--vector", "own.txt", "-k", 1, "--json").out.splitlines()
    assert json.loads(first) == {
        "query": "1", "results": [{"word": "king", "score": 1.0, "count": 20}]
    }  # fmt: skip
    np.save("rows.npy", np.array([[2, 1, 0], [0, 1, 0]], np.float16))
    np.save("one.npy", np.array([2, 1, 0]))
    rows = w2v("similar", "--vector", "rows.npy", "-k", 1, "--exclude", "own.txt").out
    assert rows == "1:\n 1.0000  king\n2:\n 1.0000  man\n"
    one = (folder / "one.npy").read_bytes()
    assert w2v("similar", "--vector", "-", "-k", 1, stdin=one).out == "1:\n 1.0000  king\n"
    packed = gzip.compress((folder / "rows.npy").read_bytes())
    assert w2v("similar", "--vector", "-", "-k", 1, stdin=packed).out.startswith(
        "1:\n 1.0000  king"
    )
    packed = gzip.compress(b"\xef\xbb\xbf" + (folder / "own.txt").read_bytes())
    assert w2v("similar", "--vector", "-", "-k", 1, stdin=packed).out == outcome.out
    cut = w2v("similar", "--vector", "-", stdin=packed[:-9])
    assert (cut.code, cut.err.count("\n"), "cut short" in cut.err) == (2, 1, True)
    assert w2v("similar", "--vector", "-", stdin=b"").code == 0
    many = b"2 1 0\n" * 3000
    rows = w2v("similar", "--vector", "-", "-k", 1, "--tsv", stdin=many).out.splitlines()
    assert [row.split("\t")[0] for row in rows] == [str(number) for number in range(1, 3001)]
    assert len({row.partition("\t")[2] for row in rows}) == 1


def test_vectors_of_a_text_and_of_an_array_have_the_same_numbers(w2v, toy, folder):
    rows = np.array([[2, 1, 0], [0, 0, 0], [0, 1, 0], [np.nan, 1, 1], [1, 2, -1]])
    np.save("q.npy", rows)
    np.savetxt("q.txt", rows)
    found = [w2v("similar", "--vector", name, "--tsv", "-k", 1) for name in ("q.npy", "q.txt")]
    assert [row.split("\t")[0] for row in found[0].out.splitlines()] == ["1", "3", "5"]
    assert found[0].out == found[1].out
    assert [outcome.code for outcome in found] == [2, 2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n1 2\n", "line 2: expected 3 numbers, optionally after a name; found 2 fields"),
        (b"0.5 1 2 3\n", "line 1: expected 3 numbers, optionally after a name; found 4 fields"),
        (
            b"a b 2 3\n",
            "line 1: expected 3 numbers, optionally after a name; found 'b', which is no",
        ),
        (b"a 1_0 2 3\n", "found '1_0', which is no number"),
        (b"nan 1 2\n", "line 1: the vector has NaN or infinity"),
        (b"a 1 2 inf\n", "line 1: the vector has NaN or infinity"),
        (b"a 1 2 1e39\n", "or a number too large for float32"),
    ],
)
def test_lines_that_are_no_vectors_are_named(w2v, toy, folder, content, said):
    (folder / "own").write_bytes(content)
    for outcome in (
        w2v("similar", "--vector", "own"),
        w2v("similar", "--vector", "-", stdin=content),
    ):
        assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert said in outcome.err


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.ones((2, 4)), "an array of float64 (2, 4): expected rows of 3 numbers"),
        (np.ones((1, 1, 3)), "an array of float64 (1, 1, 3)"),
        (np.array([[1, np.nan, 3]]), "row 1 has NaN or infinity"),
        (np.array([["a", "b", "c"]]), "an array of <U1 (1, 3)"),
    ],
)
def test_arrays_that_are_no_vectors_are_named(w2v, toy, folder, array, said):
    np.save("own.npy", array)
    outcome = w2v("similar", "--vector", "own.npy")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert said in outcome.err
    (folder / "own.npy").write_bytes((folder / "own.npy").read_bytes()[:-5])
    assert w2v("similar", "--vector", "own.npy").code == 2


@pytest.mark.parametrize("option", ["--queries", "--vector"])
def test_a_binary_file_is_no_batch_of_lines(w2v, option, folder):
    rows = np.random.default_rng(1).normal(size=(200, 20)).astype(np.float32)
    formats.save("v.bin", Table.build([f"w{n}" for n in range(200)], rows))
    assert w2v("convert", "v.bin", "vectors.safetensors").code == 0
    for name in ("v.bin", "vectors.safetensors"):
        asked = w2v("similar", option, name)
        assert (asked.code, asked.out, asked.err.count("\n")) == (2, "", 1)
        assert asked.err.startswith(f"w2v: {name} is ")
        assert "vectors, not text" in asked.err


@pytest.mark.parametrize("more", ["king", "--text=king", "--queries=own", "-", "--from=words"])
def test_a_call_asks_by_words_by_a_text_or_by_vectors(w2v, toy, folder, more):
    (folder / "own").write_text("1 2 3\n")
    outcome = w2v("similar", "--vector", "own", more, stdin=b"")
    said = "--from works only with TERMs" if "from" in more else "--text, --vector and TERMs cannot"
    assert outcome.code == 2
    assert said in outcome.err


NFC, NFD = "Việt", "Vie\u0323\u0302t"


@pytest.fixture
def normalized(w2v, folder):
    """x.safetensors, documents and words of a text in NFD, trained with --normalize NFC."""
    (folder / "text").write_text(f"{NFD} nam\nred army\n" * 9)
    args = ("--model", "pv-dbow", "--word-vectors", "--min-count", 1, "--sample", 0, "--dim", 4)
    outcome = w2v("train", "text", *args, "--normalize", "NFC", "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    (folder / "same").write_text(f"{NFC} nam\n")
    (folder / "other").write_text(f"{NFD} nam\n")


def test_queries_and_texts_are_normalized_as_the_model_was(w2v, normalized, folder):
    ask = ("similar", "-v", "x.safetensors", "--tsv", "-k", 1)
    assert w2v(*ask, NFC).out.split("\t")[1:] == w2v(*ask, NFD).out.split("\t")[1:]
    assert answers(w2v(*ask, "--ignore-case", NFD.upper())) == answers(w2v(*ask, NFC))
    (folder / "names").write_text(f"{NFD}\n")
    assert answers(w2v(*ask, "nam", "--only", "names")) == [NFC]
    assert (
        w2v(*ask, "--text", f"{NFD} nam").out.split("\t")[2:]
        == (w2v(*ask, "--text", f"{NFC} nam").out.split("\t")[2:])
    )
    outcome = [w2v("infer", "x.safetensors", name, "--json") for name in ("same", "other")]
    assert outcome[0].out == outcome[1].out
    assert "0 unknown" in outcome[1].err
    (folder / "pairs").write_text(f"{NFD} nam 3\nred army 2\nred nam 1\n")
    outcome = w2v("evaluate", "similarity", "pairs", "-v", "x.safetensors", "--json")
    assert json.loads(outcome.out.splitlines()[0])["found"] == 3
    args = ("--min-count", 1, "--sample", 0, "--normalize", "NFC", "-o", "s.safetensors")
    assert w2v("train", "text", *args).code == 0
    assert w2v("train", "text", "--update", "s.safetensors", "-o", "y.safetensors").code == 0
    assert "red" in formats.load("y.safetensors").names
    assert NFD not in formats.load("y.safetensors").names
    assert "normalize: NFC" in w2v("info", "y.safetensors").out


def test_lists_of_names_and_counts_and_labels_are_normalized_as_the_model_was(
    w2v, normalized, folder
):
    (folder / "names").write_text(f"nam\n{NFD}\nabsent\n")
    outcome = w2v("convert", "x.safetensors", "y.safetensors", "--only", "names")
    assert "names: 1 name without a vector" in outcome.err
    assert sorted(formats.load("y.safetensors").names) == sorted([NFC, "nam"])
    (folder / "counts").write_text(f"{NFD} 5\n{NFC} 2\nred 3\n")
    outcome = w2v("convert", "x.safetensors", "y.safetensors", "--counts", "counts")
    made = formats.load("y.safetensors")
    assert [made.counts[made.find(name)] for name in (NFC, "red", "nam")] == [7, 3, 0]
    (folder / "labels").write_text(f"{NFD}\tx\nred\ty\n")
    call = (
        "plot",
        "-v",
        "x.safetensors",
        "-o",
        "map.tsv",
        "--table",
        "words",
        "--labels",
        "labels",
    )
    assert w2v(*call, "--method", "pca").code == 0
    rows = [row.split("\t") for row in (folder / "map.tsv").read_text().splitlines()[1:]]
    assert {row[0]: row[3] for row in rows} == {
        NFC: "x",
        "red": "y",
        "nam": "other",
        "army": "other",
    }


def test_files_made_of_a_model_normalize_queries_as_it_does(w2v, normalized, folder):
    args = ("text", "--min-count", 1, "--sample", 0, "--dim", 4, "--normalize", "NFC", "--quiet")
    for seed in (1, 2):
        assert w2v("train", *args, "--seed", seed, "-o", f"{seed}.safetensors").code == 0
    both = ("1.safetensors", "2.safetensors", "-o", "made.safetensors")
    (folder / "names").write_text(f"{NFD}\nnam\n")
    for call in (
        ("convert", "1.safetensors", "made.safetensors"),
        ("convert", "1.safetensors", "made.safetensors", "--dtype", "i8", "--limit", 4),
        ("combine", *both), ("combine", *both, "--side-by-side"), ("align", *both),
        ("subwords", "1.safetensors", "-o", "made.safetensors"),
        ("convert", "1.safetensors", "made.safetensors", "--words", "names"),
        ("convert", "1.safetensors", "made.safetensors", "--blank", "_"),
    ):  # fmt: skip
        assert w2v(*call).code == 0
        assert w2v("vector", NFD, "-v", "made.safetensors").code == 0, call
    # The other settings of a text are those of the command line.
    (folder / "set.tsv").write_text(f"x\t{NFD}, nam,\ny\tred, army,\n" * 3)
    assert w2v("combine", *both).code == 0
    call = ("evaluate", "classify", "set.tsv", "set.tsv", "--by", "words", "--json")
    call += ("-v", "made.safetensors", "--tokenizer", "words")
    assert json.loads(w2v(*call).out)["accuracy"] == 1


def test_a_name_in_another_normalization_is_named(w2v, folder):
    (folder / "x.txt").write_text(f"3 2\n{NFD} 1 0\nViet 0 1\nb 1 1\n")
    outcome = w2v("similar", "-v", "x.txt", NFC)
    assert (outcome.code, outcome.out) == (3, "")
    assert f"near: {NFD} (in Unicode's NFD), Viet" in outcome.err
    (folder / "x.txt").write_text(f"2 2\n{NFC} 1 0\nb 1 1\n")
    assert f"near: {NFC} (in Unicode's NFC)" in w2v("similar", "-v", "x.txt", NFD).err
    (folder / "x.txt").write_text("2 2\nﬁn 1 0\nfin 1 1\n")
    assert "near: fin (in Unicode's NFKC)" in w2v("similar", "-v", "x.txt", "ｆｉｎ").err


@pytest.mark.parametrize("suffix", [".txt", ".npy"])
def test_vectors_that_are_zero_are_refused_and_the_others_answered(w2v, toy, folder, suffix):
    rows = [[0, 0, 0], [2, 1, 0], [0, -0.0, 0], [0, 1, 0]]
    if suffix == ".npy":
        np.save("own.npy", rows)
    else:
        lines = (f"{number} {a} {b} {c}\n" for number, (a, b, c) in enumerate(rows, 1))
        (folder / "own.txt").write_text("".join(lines))
    outcome = w2v("similar", "--vector", f"own{suffix}", "-k", 1)
    assert (outcome.code, outcome.out) == (2, "2:\n 1.0000  king\n4:\n 1.0000  man\n")
    place = "row {}" if suffix == ".npy" else "line {}: the vector"
    assert outcome.err.splitlines() == [
        f"w2v: own{suffix}: {place.format(row)} is zero: it has no direction" for row in (1, 3)
    ]


def test_a_sum_that_is_zero_has_no_answer(w2v, toy):
    outcome = w2v("similar", "--", "king", "-king")
    assert (outcome.code, outcome.out) == (3, "")
    assert outcome.err == "w2v: the vector of 'king -king' is zero: it has no direction\n"
    both = w2v("similar", "-", "-k", 1, stdin=b"king -king\nking\n")
    assert (both.code, both.out) == (3, w2v("similar", "-", "-k", 1, stdin=b"king\n").out)
    vectors = library.load("vectors.safetensors")
    with pytest.raises(library.NotFoundError, match="is zero"):
        vectors.similar("king", minus="king")
    for ask in (vectors.similar, lambda zero: vectors.similar_each(zero[None])):
        with pytest.raises(library.W2VError, match="the vector is zero"):
            ask(np.zeros(3))


@pytest.mark.parametrize("files", [["vectors.safetensors"], ["vectors.safetensors", "x.bin"]])
def test_a_query_without_an_answer_is_counted_where_all_its_words_are_known(w2v, toy, files):
    w2v("convert", "vectors.safetensors", "x.bin")
    runs = [part for file in files for part in ("-v", file)]
    outcome = w2v("similar", "king", "-king", "--oov", "skip", *runs)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "left out: 1 query not answered\n"


def test_the_name_of_an_argument_is_a_word_like_any_other(w2v, folder):
    names = ["words", "terms", "king", "rain", "car"]
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]], np.float32)
    formats.save("vectors.safetensors", Table.build(names, matrix, None))
    for call, query in (
        (("analogy", "car", "words", "king"), "words -car +king"),
        (("analogy", "car", "king", "terms"), "king -car +terms"),
        (("similar", "rain", "+terms"), "rain +terms"),
        (("vector", "king", "+words", "-terms"), "king +words -terms"),
    ):
        [found] = [json.loads(line) for line in w2v(*call, "--json").out.splitlines()]
        assert found["query"] == query
    for call in (("vector", "rain", "terms", "+king"), ("similar", "rain", "terms", "+king")):
        found = [json.loads(line)["query"] for line in w2v(*call, "--json").out.splitlines()]
        assert found == ["rain", "terms +king"]
    pair = json.loads(w2v("similarity", "car", "words", "--json").out)
    assert (pair["a"], pair["b"]) == ("car", "words")


def test_zero_vectors_are_named_only_if_they_are_asked_for(w2v, folder):
    (folder / "x.txt").write_text("3 2\nb 1 0\nc 0 0\ne 1 1\n")
    for call in (("similar", "b"), ("similarity", "b", "e"), ("vector", "b"),
                 ("odd", "b", "b", "e"), ("similar", "b", "--in", "x.txt"),
                 ("analogy", "b", "b", "b")):  # fmt: skip
        assert w2v(*call, "-v", "x.txt").err == "", call
    assert w2v("similar", "c", "-v", "x.txt").err == (
        "w2v: the vector of 'c' is zero: it has no direction\n"
    )
    assert "1 vector is zero ('c')" in w2v("convert", "--check", "x.txt", "y.txt").err
    assert "1 vector is zero ('c')" in w2v("info", "--check", "x.txt").err


@pytest.mark.parametrize("runs", [("x.txt",), ("x.txt", "x.txt")])
def test_queries_without_answers_are_counted_and_have_no_heading(w2v, toy, folder, runs):
    assert w2v("convert", "vectors.safetensors", "x.txt").code == 0
    files = [part for run in runs for part in ("-v", run)]
    for options, kept in ((("--min-score", 2), []), (("--min-score", 2, "--tsv"), []),
                          (("--min-score", -1, "-k", 1), ["king:", "queen:", "man:"])):  # fmt: skip
        outcome = w2v("similar", "king", "queen", "man", *files, *options)
        assert [line for line in outcome.out.splitlines() if line.endswith(":")] == kept
        assert outcome.err == (
            "" if kept else "left out: 3 queries for which no answer remains, as with a high "
            "--min-score\n"
        )  # fmt: skip
    assert (
        len(w2v("similar", "king", "man", *files, "--min-score", 2, "--json").out.split("\n")) == 3
    )


def test_many_unknown_names_are_counted(w2v, toy, folder, monkeypatch):
    """A search for similar spellings takes long, so that only the names reported have one."""
    searched = []
    near = lookup.near_spellings
    monkeypatch.setattr(lookup, "near_spellings", lambda *a: searched.append(a[1]) or near(*a))
    (folder / "ids").write_text("".join(f"kin{n}\n" for n in range(2000)) + "king\n")
    outcome = w2v("similar", "--queries", "ids", "--tsv", "-k", 1)
    assert (outcome.code, answers(outcome)) == (3, ["queen"])
    assert searched == [f"kin{n}" for n in range(10)]
    *reported, counted = outcome.err.splitlines()
    assert reported == [
        f"w2v: no vector for 'kin{n}' among {len(toy)}; near: king" for n in range(10)
    ]
    assert counted == "w2v: 1,990 more queries without an answer"
    outcome = w2v("vector", "--queries", "ids", "--tsv")
    assert outcome.err.endswith("\nw2v: 1,990 more queries without an answer\n")
    runs = w2v("similar", "--queries", "ids", *("-v", "vectors.safetensors") * 2)
    assert runs.err.endswith("\nw2v: 1,990 more queries without an answer\n")
    assert len(searched) == 30


def test_an_error_of_an_unknown_name_has_its_hint_once(toy):
    with pytest.raises(library.NotFoundError) as error:
        library.load("vectors.safetensors")["kin"]
    for _ in range(2):
        assert str(error.value).count("near: king") == 1
    copied = pickle.loads(pickle.dumps(error.value))
    assert (str(copied), copied.name) == (str(error.value), "kin")


def test_names_that_end_with_an_unknown_name_are_near(folder):
    names = ["mail/17.eml", "mail/170.eml", "x.tsv:17", "a/17/b.eml", "17b", "b/17.eml.gz"]
    table = Table.build(names, np.ones((6, 2), np.float32))
    assert near_spellings(table, "17") == ["mail/17.eml", "x.tsv:17", "b/17.eml.gz"]
    assert near_spellings(table, "170")[0] == "mail/170.eml"
    assert near_spellings(table, "b.eml")[0] == "a/17/b.eml"
    assert near_spellings(table, "17/b.eml")[0] == "a/17/b.eml"
    assert near_spellings(table, "") == []


@pytest.fixture
def mail(w2v, folder):
    """vectors.safetensors, the documents of a folder; and the file new.eml with two lines."""
    for number, text in enumerate(("a b a b c\nc a", "c d c d a\nd d", "e f e f\nf e")):
        (folder / "mail" / "box").mkdir(parents=True, exist_ok=True)
        (folder / "mail" / "box" / f"{number}.eml").write_text(text * 5)
    (folder / "new.eml").write_text("e f\nf e\n")
    call = ("--model", "lsa", "--topics", 2, "--min-count", 1, "--threads", 1)
    assert w2v("train", "mail", *call).code == 0
    return call


def test_a_text_that_is_the_name_of_a_file_is_said(w2v, mail, folder):
    (folder / "e").write_text("a b\n")  # a word of the vocabulary, which is searched for
    outcome = w2v("similar", "--text", "e", "--tsv", "-k", 1)
    assert (outcome.code, answers(outcome)) == (0, ["box/2.eml"])
    assert outcome.err == (
        "--text e: this is the name of a file, but its letters are searched for: --text - < e "
        "searches for the text in the file\n"
    )
    assert w2v("similar", "--text", "new.eml").code == 3


def test_stdin_is_one_text(w2v, mail, folder):
    text = (folder / "new.eml").read_bytes()
    outcome = w2v("similar", "--text", "-", "--tsv", stdin=text)
    assert (outcome.code, outcome.err) == (0, "")
    wanted = w2v("similar", "--text", text.decode(), "--tsv")
    assert [row.split("\t")[1:] for row in outcome.out.splitlines()] == [
        row.split("\t")[1:] for row in wanted.out.splitlines()
    ]
    outcome = w2v("similar", "--text", "-", "--text", "-", stdin=text)
    assert "standard input is named twice, by --text and --text" in outcome.err
    outcome = w2v("similar", "--text", "-", stdin=b"zz\n")
    assert outcome == (
        3, "", "w2v: stdin: none of the words of the text is in the model's vocabulary\n"
    )  # fmt: skip


def test_a_text_whose_vector_is_zero_has_no_answer(w2v, folder):
    """Subsampling leaves out all of its words, which are frequent."""
    (folder / "docs").write_text("".join(f"a a a a a {word}\n" for word in "bcdefghi" * 4))
    call = ("--model", "pv-dbow", "--dim", 4, "--epochs", 1, "--min-count", 1, "--sample", 1e-3)
    assert w2v("train", "docs", *call, "--threads", 1).code == 0
    said = "the vector of {} is zero: it has no direction"
    outcome = w2v("similar", "--text", "a", "--json")
    error = said.format("'a'")
    assert (outcome.code, outcome.err) == (3, f"w2v: {error}\n")
    assert json.loads(outcome.out) == {"query": "a", "results": [], "error": error}
    outcome = w2v("similar", "--text", "-", stdin=b"a\n")
    assert outcome == (3, "", f"w2v: {said.format('stdin')}\n")


def test_unknown_words_of_a_text_may_be_errors(w2v, mail):
    known = w2v("similar", "--text", "e f", "--tsv").out
    for oov in ("compose", "skip"):
        outcome = w2v("similar", "--text", "e f zz", "--oov", oov, "--tsv")
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == known.replace("e f\t", "e f zz\t")
    outcome = w2v("similar", "--text", "e f zz", "--oov", "error")
    assert outcome == (3, "", "w2v: unknown word 'zz': leave out --oov error\n")
    outcome = w2v("similar", "--text", "-", "--oov", "error", stdin=b"e f zz\n")
    assert outcome == (3, "", "w2v: stdin: unknown word 'zz': leave out --oov error\n")


def test_quotes_are_read_as_the_texts_of_the_searched_file(w2v, folder):
    (folder / "a.tsv").write_text("x\ta b a b c\ny\tc d c d a\n")
    (folder / "b.csv").write_text("a b a b c,x\nc d c d a,y\n")
    call = ("--model", "lsa", "--topics", 2, "--min-count", 1, "--threads", 1)
    assert w2v("train", "a.tsv", *call, "-o", "a.safetensors").code == 0
    read = ("--columns", "text,id", "--header", "no")
    assert w2v("train", "b.csv", *call, *read, "-o", "b.safetensors").code == 0
    outcome = w2v(
        "similar", "x", "--table", "documents", "-v", "a.safetensors", "--in", "b.safetensors",
        "--quote", "b.csv", "--tsv",
    )  # fmt: skip
    assert (outcome.code, outcome.err) == (0, "")
    rows = [row.split("\t") for row in outcome.out.splitlines()]
    assert {row[2]: row[-1] for row in rows} == {"x": "a b a b c", "y": "c d c d a"}


def test_new_documents_are_files_if_those_of_the_model_were(w2v, mail):
    outcome = w2v("infer", "vectors.safetensors", "new.eml", "--tsv")
    assert len(outcome.out.splitlines()) == 2
    assert (
        "new.eml: each line is a document; those of the model seem to be files, such as box/0.eml: "
        "--format files reads each file as one document\n"
    ) in outcome.err
    outcome = w2v("infer", "vectors.safetensors", "new.eml", "--tsv", "--format", "lines")
    assert "each line is a document" not in outcome.err
    assert w2v("train", "mail", *mail, "--format", "files").code == 0
    outcome = w2v("infer", "vectors.safetensors", "new.eml", "--tsv")
    assert len(outcome.out.splitlines()) == 1
    assert "each file is one document, as in training: --format lines reads lines\n" in outcome.err
    outcome = w2v("infer", "vectors.safetensors", "new.eml", "--tsv", "--format", "lines")
    assert len(outcome.out.splitlines()) == 2


def test_the_beginnings_of_documents_are_quoted(w2v, mail, folder):
    """In each format, for each kind of query, and read as in the training."""
    for call in (("box/0.eml", "--table", "documents"), ("--text", "e f"),
                 ("box/0.eml", "box/2.eml", "--table", "documents"), ("--text", "a", "--text", "c"),
                 ("--vector", "rows", "--table", "documents")):  # fmt: skip
        (folder / "rows").write_text("1 0\n0 1\n")
        plain, tsv, as_json = (
            w2v("similar", *call, "-k", 2, "--quote", "mail", *form)
            for form in ((), ("--tsv",), ("--json",))
        )
        assert (plain.code, tsv.err, as_json.code) == (0, "", 0), (plain, tsv)
        wanted = w2v("similar", *call, "-k", 2, "--tsv").out.splitlines()
        for row, expected in zip(tsv.out.splitlines(), wanted, strict=True):
            name, quote = row.split("\t")[2], row.split("\t")[-1]
            text = " ".join((folder / "mail" / name).read_text().split())
            assert row == f"{expected}\t{quote}"
            assert quote == text
            assert f"{name}  {quote}" in plain.out
        items = [item for line in as_json.out.splitlines() for item in json.loads(line)["results"]]
        assert [item["text"] for item in items] == [r.split("\t")[-1] for r in tsv.out.splitlines()]


def test_documents_without_a_text_are_counted(w2v, mail, folder):
    (folder / "mail" / "box" / "0.eml").unlink()
    call = ("similar", "box/2.eml", "box/1.eml", "--table", "documents", "--quote", "mail")
    outcome = w2v(*call, "--tsv")
    assert {row.split("\t")[2]: row.split("\t")[5] for row in outcome.out.splitlines()} == {
        "box/0.eml": "", "box/1.eml": "c d c d a d d" + "c d c d a d d" * 4,
        "box/2.eml": "e f e f f e" + "e f e f f e" * 4,
    }  # fmt: skip
    assert outcome.err == (
        "--quote: no text with the id of 1 document of the answers: name the training text as it "
        "was named for w2v train\n"
    )
    outcome = w2v(*call, "--json")
    texts = [a["text"] for line in outcome.out.splitlines() for a in json.loads(line)["results"]]
    assert None in texts
    for args, said in ((("box/2.eml",), "--quote prints texts of documents: add --table documents"),
                       (("e", "-v", "vectors.safetensors", "-v", "vectors.safetensors"),
                        "--quote works only with one -v FILE")):  # fmt: skip
        assert w2v("similar", *args, "--quote", "mail").err == f"w2v: {said}\n"


def test_two_files_are_quoted_for_vectors_of_any_file(w2v, mail, folder):
    assert w2v("infer", "vectors.safetensors", "mail", "-o", "x.safetensors").code == 0
    outcome = w2v("similar", "box/0.eml", "--table", "documents", "--quote", "mail", "--tsv",
                  "-v", "x.safetensors")  # fmt: skip
    assert outcome.err == ""
    assert all(row.split("\t")[-1] for row in outcome.out.splitlines())
    for number in range(3):
        (folder / f"{number}.tsv").write_text(f"id\ttext\nbox/{number}.eml\tnumber {number}\n")
    files = [part for n in range(3) for part in ("--quote", f"{n}.tsv")]
    outcome = w2v("similar", "box/0.eml", "--table", "documents", *files, "--tsv", "-k", 2)
    assert {tuple(row.split("\t")[2::3]) for row in outcome.out.splitlines()} == {
        ("box/1.eml", "number 1"), ("box/2.eml", "number 2"),
    }  # fmt: skip


def test_messages_that_name_what_is_wrong(w2v, folder):
    for arguments, said in (
        (("similar", "king", "-k", "1e3"), "'1e3' is not a valid integer."),
        (("similarity", "king"), "expected A B, or several such groups; found 1 word"),
        (("similar", "king", "-v", "https://a.invalid/b.vec"), "https://a.invalid/b.vec is an "),
        (("info", "s3://a/b.safetensors"), "is an address, from which only texts are read"),
    ):
        outcome = w2v(*arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert said in outcome.err
        assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("oov", ["compose", "error", "skip"])
@pytest.mark.parametrize(
    ("command", "lines", "empty"),
    [
        (("similar",), "king\nnosuch\nqueen", {"query": "nosuch", "results": []}),
        (("similar", "--verbatim"), "king\nno such\nqueen", {"query": "no such", "results": []}),
        (
            ("similar", "-v", "vectors.safetensors", "-v", "vectors.safetensors"),
            "king\nnosuch\nqueen",
            {"query": "nosuch", "files": 2, "results": []},
        ),
        (
            ("analogy",),
            "king man queen\nking nosuch queen\nman king queen",
            {"query": "king nosuch queen", "results": []},
        ),
        (
            ("similarity",),
            "king man\nking nosuch\nman king",
            {"a": "king", "b": "nosuch", "score": None},
        ),
        (
            ("odd",),
            "king man queen\nking nosuch queen\nman king queen",
            {
                "odd": None,
                "scores": [{"word": w, "score": None} for w in ("king", "nosuch", "queen")],
            },
        ),
        (("vector",), "king\nnosuch\nqueen", {"query": "nosuch", "vector": None}),
    ],
)
def test_each_query_of_a_pipe_has_a_line_of_json(w2v, toy, command, lines, empty, oov):
    if command[0] == "analogy" and oov == "skip":
        return  # the query of the other words is answered
    outcome = w2v(*command, "-", "--json", "--oov", oov, stdin=lines.encode())
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert len(rows) == 3, outcome.err
    error = rows[1].pop("error")
    assert "nosuch" in error or "no such" in error
    assert not any("error" in row for row in rows)
    if command[0] != "analogy":
        assert rows[1] == empty
    assert outcome.code == (0 if oov == "skip" else 3)
    assert len(w2v(*command, "-", "--tsv", "--oov", oov, stdin=lines.encode()).out.split("no")) == 1


@pytest.mark.parametrize(("command", "lines", "wrong"), [
    (("similar", "--vector"), "2 1 0\n1 2\n0 1 0", {"query": "2", "results": []}),
    (("analogy",), "king man woman\nking\nqueen man king", {"query": "king", "results": []}),
    (("similarity",), "king man\nking\nking queen",
     {"query": "king", "a": None, "b": None, "score": None}),
    (("odd",), "king man woman\nking\nking queen man",
     {"query": "king", "odd": None, "scores": []}),
])  # fmt: skip
def test_each_invalid_line_of_a_pipe_has_a_line_of_json(w2v, toy, command, lines, wrong):
    outcome = w2v(*command, "-", "--json", stdin=lines.encode())
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert (len(rows), outcome.code) == (3, 2), outcome.err
    error = rows[1].pop("error")
    assert error.startswith("stdin: line 2: ")
    assert outcome.err == f"w2v: {error}\n"
    assert rows[1] == wrong
    assert not any("error" in row for row in rows)


def test_refused_rows_of_an_array_have_lines_of_json(w2v, toy, folder):
    np.save("q.npy", np.array([[2, 1, 0], [0, 0, 0], [0, 1, 0]]))
    rows = w2v("similar", "--vector", "q.npy", "--json").out.splitlines()
    assert [json.loads(row)["query"] for row in rows] == ["1", "2", "3"]
    assert json.loads(rows[1])["error"] == "q.npy: row 2 is zero: it has no direction"


@pytest.mark.parametrize("options", [(), ("--only", "only"), ("--min-score", 0.7)])
def test_mutual_neighbours_are_those_of_a_loop(w2v, folder, options):
    rng = np.random.default_rng(5)
    names = [f"w{number}" for number in range(60)]
    matrix = (rng.normal(size=(60, 4)) + 0.5).astype(np.float32)
    formats.save("many.txt", Table.build(names, matrix))
    (folder / "only").write_text("\n".join(names[10:50]) + "\n")
    call = ("similar", "-v", "many.txt", "-k", 4, "--tsv", *options)

    def pairs(*more):
        rows = [row.split("\t") for row in w2v(*call, *more).out.splitlines()]
        return {(row[0], row[2]) for row in rows}

    near, mutual = pairs(*names), pairs(*names, "--mutual")
    searched = {name for _, name in near}
    both = {(a, b) for a, b in near if (b, a) in near}
    assert {pair for pair in mutual if pair[0] in searched} == both
    assert 0 < len(both) < len(near)
    assert pairs(*names[20:25], "--mutual") == {pair for pair in mutual if pair[0] in names[20:25]}
    for refused in (("--in", "many.txt"), ("--method", "mul"), ("-v", "many.txt")):
        assert "--mutual works only" in w2v(*call, "w1", "--mutual", *refused).err


@pytest.mark.parametrize("more", [("--tsv",), ("--json",), ("--min-score", 0.2)])
def test_the_answers_of_a_batch_are_computed_in_parts(w2v, toy, folder, monkeypatch, more):
    """Which bounds the memory for many answers. The hint about a phrase knows all words."""
    (folder / "words").write_text("king\nqueen\nprime\nminister\nman\n")
    rows = "".join(f"{word} {row} 1 0.5\n" for row, word in enumerate(["king", "prime_minister"]))
    (folder / "x.txt").write_text(f"4 3\n{rows}queen 3 1 2\nman 0 1 0\n")
    (folder / "vectors").write_text("a 1 2 3\nb 3 2 1\nc 0 1 0\n")
    asks = [
        ("similar", "king", "prime", "minister", "queen", "-k", 3, "-v", "x.txt", *more),
        ("similar", "-", "-k", 2, "-v", "x.txt", "--oov", "skip", *more),
        ("similar", "--vector", "vectors", "-k", 3, "-v", "x.txt", *more),
        ("analogy", "king", "man", "queen", "-k", 1, "-v", "x.txt", *more),
    ]
    words = (folder / "words").read_bytes()
    whole = [w2v(*ask, stdin=words) for ask in asks]
    sizes, search = [], Search.nearest

    def nearest(self, vectors, *args):
        sizes.append(len(vectors))
        return search(self, vectors, *args)

    monkeypatch.setattr(Search, "nearest", nearest)
    monkeypatch.setattr("w2v.cli.neighbours._ANSWERS", 4)
    for ask, outcome in zip(asks, whole, strict=True):
        again = w2v(*ask, stdin=words)
        assert (again.code, again.out, again.err) == (outcome.code, outcome.out, outcome.err)
    assert "prime_minister" in whole[0].err
    assert max(sizes) <= 2
