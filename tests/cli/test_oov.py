"""Out-of-vocabulary words on the command line: composed from n-grams, an error, or left out."""

import json

import fasttext_files as files
import numpy as np
import pytest

import w2v as library

WORDS = ["</s>", "the", "there", "their", "king", "Straße"]
RNG = np.random.default_rng(3)
INPUTS = RNG.normal(size=(len(WORDS) + 50, 4)).astype(np.float32)
VECTORS = np.array([files.vector(word, WORDS, INPUTS) for word in WORDS])


@pytest.fixture
def model(folder):
    """A fastText model, model.bin, and the same as a container, model.safetensors."""
    counts = list(range(len(WORDS), 0, -1))
    outputs = files.dense(RNG.normal(size=(len(WORDS), 4)))
    data = files.model(WORDS, counts, files.dense(INPUTS), outputs)
    (folder / "model.bin").write_bytes(data)
    library.load("model.bin").save("model.safetensors")
    return folder


BOTH = pytest.mark.parametrize("file", ["model.bin", "model.safetensors"])


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def composed(word):
    return files.vector(word, WORDS, INPUTS)


def said(word):
    return f"{word} is out-of-vocabulary: composed from {len(files.ngrams(word, 3, 6))} n-grams\n"


@BOTH
def test_unknown_words_are_composed_and_said(w2v, model, file):
    outcome = w2v("similar", "thein", "the", "-v", file, "-k", 1, "--json")
    first, second = map(json.loads, outcome.out.splitlines())
    best = int(np.argmax([cosine(row, composed("thein")) for row in VECTORS]))
    assert (first["query"], first["known"]) == ("thein", False)
    assert first["results"][0]["word"] == WORDS[best]
    assert first["results"][0]["score"] == pytest.approx(
        cosine(VECTORS[best], composed("thein")), abs=2e-6
    )
    assert "known" not in second
    assert outcome.err == said("thein")
    outcome = w2v("similarity", "thein", "king", "-v", file, "--json")
    expected = cosine(composed("thein"), VECTORS[4])
    assert json.loads(outcome.out) == {
        "a": "thein", "b": "king", "score": pytest.approx(expected, abs=2e-6), "known": False,
    }  # fmt: skip
    assert w2v("similarity", "thein", "king", "-v", file, "--tsv").out.count("\t") == 2
    outcome = w2v("vector", "thein", "-v", file, "--json")
    np.testing.assert_allclose(json.loads(outcome.out)["vector"], composed("thein"), atol=1e-6)
    outcome = w2v("odd", "thein", "the", "kings", "-v", file, "--json")
    assert json.loads(outcome.out)["known"] is False
    assert outcome.err == said("thein") + said("kings")
    outcome = w2v("analogy", "the", "thein", "king", "-v", file, "-k", 1)
    assert (outcome.code, outcome.err) == (0, said("thein"))


@BOTH
def test_unknown_words_can_be_errors_or_left_out(w2v, model, file):
    outcome = w2v("similar", "thein", "--oov", "error", "-v", file)
    assert outcome.code == 3
    assert outcome.err.startswith("w2v: no vector for 'thein' among 6; near: th")
    outcome = w2v("similar", "the", "+thein", "--oov", "skip", "-v", file, "-k", 1)
    assert (outcome.code, outcome.err) == (0, "left out: 1 word without a vector\n")


@BOTH
def test_a_word_without_an_ngram_is_an_error_with_the_reason(w2v, model, file):
    outcome = w2v("similar", "", "-v", file)
    assert outcome.code == 3
    assert "and it has no n-gram of 3 to 6 characters in the model" in outcome.err
    vectors = library.load(file)
    assert "thein" not in vectors
    with pytest.raises(KeyError, match="no n-gram"):
        vectors[""]
    np.testing.assert_allclose(
        vectors[["the", "thein"]], [VECTORS[1], composed("thein")], atol=1e-6
    )


@BOTH
def test_a_composed_letter_or_expression_is_not_taken_for_a_word(w2v, model, file):
    outcome = w2v("similar", "the", "-n", "5", "-v", file)
    assert (outcome.code, outcome.out, "-n is neither an option" in outcome.err) == (2, "", True)
    assert "did you mean the +king?" in w2v("similar", "the+king", "-v", file).err


def test_many_composed_words_are_counted(w2v, model):
    lines = "".join(f"word{number}\n" for number in range(14))
    outcome = w2v("similar", "-", "-v", "model.bin", "-k", 1, stdin=lines.encode())
    *named, last = outcome.err.splitlines()
    assert len(named) == 10
    assert last == "in all, 14 words composed from n-grams"


@BOTH
def test_the_parts_of_a_vector(w2v, model, file):
    outcome = w2v("vector", "the", "thé", "--parts", "-v", file, "--json")
    known, unknown = map(json.loads, outcome.out.splitlines())
    names = [part["part"] for part in known["parts"]]
    assert names == ["the", *files.ngrams("the", 3, 6)]
    assert [part["kind"] for part in known["parts"]][:2] == ["word", "n-gram"]
    row = INPUTS[len(WORDS) + files.bucket_of("<th", 50)]
    part = known["parts"][1]
    assert part["weight"] == pytest.approx(1 / len(names), abs=1e-6)
    assert part["norm"] == pytest.approx(np.linalg.norm(row), abs=1e-5)
    assert part["cosine"] == pytest.approx(cosine(row, VECTORS[1]), abs=1e-5)
    assert unknown["known"] is False
    assert [part["part"] for part in unknown["parts"]] == files.ngrams("thé", 3, 6)
    plain = w2v("vector", "the", "--parts", "-v", file).out.splitlines()
    assert plain[0].endswith("  the (the word's own row)")
    assert plain[1].endswith("  <th")
    rows = w2v("vector", "the", "--parts", "-v", file, "--tsv").out.splitlines()
    assert rows[1].split("\t")[:3] == ["the", "n-gram", "<th"]


def test_parts_need_subwords_and_single_words(w2v, model):
    w2v("convert", "model.bin", "x.vec")
    outcome = w2v("vector", "the", "--parts", "-v", "x.vec")
    assert (outcome.code, outcome.err) == (
        2, "w2v: x.vec has no subwords: leave out --parts, or use a model with n-grams, such as a "
        "fastText .bin\n",
    )  # fmt: skip
    outcome = w2v("vector", "the", "+king", "--parts", "-v", "model.bin")
    assert (outcome.code, outcome.err) == (
        2,
        "w2v: --parts needs single words, found 'the +king'\n",
    )
    call = ("vector", "-", "--parts", "-v", "model.bin", "--json")
    outcome = w2v(*call, stdin=b"the\nthe +king\nking\n")
    assert outcome.code == 2
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert [row["query"] for row in rows] == ["the", "the +king", "king"]
    assert rows[1]["parts"] is None


@BOTH
def test_test_sets_with_unknown_words(w2v, model, file):
    (model / "pairs.tsv").write_text("the\tthere\t9\nthe\tthein\t7\nking\tthe\t1\nking\tx\t2\n")
    call = ("evaluate", "similarity", "pairs.tsv", "-v", file)
    outcome = w2v(*call, "--json")
    composed_pairs = "pairs.tsv: 2 pairs with out-of-vocabulary words, composed from n-grams\n"
    assert (json.loads(outcome.out)["found"], outcome.err) == (4, composed_pairs)
    outcome = w2v(*call, "--json", "--oov", "skip")
    assert (json.loads(outcome.out)["found"], outcome.err) == (2, "")
    outcome = w2v(*call, "--oov", "error")
    assert (outcome.code, outcome.err) == (
        3, "w2v: pairs.tsv: 2 pairs with words that are unknown, or beyond --restrict: leave out "
        "--oov error\n",
    )  # fmt: skip
    (model / "questions.txt").write_text(": a\nthein the kings king\nthe king there kings\n")
    call = ("evaluate", "analogies", "questions.txt", "-v", file, "--json")
    outcome = w2v(*call)
    total = json.loads(outcome.out.splitlines()[-1])
    assert (total["answerable"], total["questions"]) == (1, 2)
    units = {word: files.vector(word, WORDS, INPUTS) for word in ["thein", "the", "kings"]}
    target = sum(
        sign * units[word] / np.linalg.norm(units[word])
        for word, sign in (("the", 1), ("thein", -1), ("kings", 1))
    )
    scores = [
        -2 if word == "the" else cosine(row, target)
        for word, row in zip(WORDS, VECTORS, strict=True)
    ]
    assert total["right"] == int(WORDS[int(np.argmax(scores))] == "king")
    assert outcome.err == (
        "questions.txt: 1 question with out-of-vocabulary words, composed from n-grams\n"
    )
    total = json.loads(w2v(*call, "--oov", "skip").out.splitlines()[-1])
    assert total["answerable"] == 0


def test_compare_and_plot_read_a_fasttext_model(w2v, folder):
    names = [f"word{number}" for number in range(14)]
    inputs = files.dense(RNG.normal(size=(len(names) + 50, 4)))
    data = files.model(names, [1] * len(names), inputs, files.dense(np.ones((len(names), 4))))
    (folder / "model.bin").write_bytes(data)
    library.load("model.bin").save("model.safetensors")
    (folder / "pairs.tsv").write_text("word1\tword2\t9\nword3\tword4\t7\nword1\tword9\t1\n")
    outcome = w2v("compare", "model.bin", "model.safetensors", "--pairs", "pairs.tsv", "--json")
    records = [json.loads(line) for line in outcome.out.splitlines()]
    assert records[0]["score"] == records[1]["score"]
    assert records[-1]["overlap"] == 1
    # Only pairs that are scored are counted: a file without n-grams lacks the second word here.
    library.load("model.bin").save("words.vec")
    (folder / "some.tsv").write_text("word1\tword2\t9\nword3\tword44\t7\nword1\tword9\t1\n")
    (folder / "quads").write_text("word1 word2 word3 word4\nword1 word22 word3 word4\n")
    sets = ("--pairs", "some.tsv", "--questions", "quads")
    said = w2v("compare", "model.bin", "model.safetensors", *sets).err
    assert said.count("1 pair with out-of-vocabulary") == 2
    assert said.count("1 question with out-of-vocabulary") == 2
    assert "composed" not in w2v("compare", "model.bin", "words.vec", *sets).err
    for kind, name in (("similarity", "some.tsv"), ("analogies", "quads")):
        call = ("evaluate", kind, name, "-v", "model.bin", "-v")
        assert "composed" in w2v(*call, "model.safetensors").err
        assert "composed" not in w2v(*call, "words.vec").err
    outcome = w2v("plot", "word1", "word3", "-v", "model.bin", "-o", "map.tsv", "-k", 1)
    assert outcome.code == 0


@BOTH
def test_documents_of_sif_have_unknown_words(w2v, model, file):
    """An unknown word has the weight 1, as its share of the training text is 0."""
    (model / "text").write_text("the king\nthein the\nking there\n")
    train = ("train", "text", "--model", "sif", "--init", file, "--components", 0, "--min-count", 1)
    outcome = w2v(*train, "-o", "sif.safetensors")
    assert outcome.code == 0, outcome.err
    assert (
        f"the n-grams of {file} are kept in the file for new documents; --oov skip leaves them out"
        in outcome.err
    )
    (model / "new").write_text("kings\nthe kings\nthein\n")

    def infer(*args):
        outcome = w2v("infer", "sif.safetensors", "new", *args, "--tsv")
        assert outcome.code == 0, outcome.err
        rows = [line.split("\t")[1:] for line in outcome.out.splitlines()]
        return np.array(rows, np.float64), outcome.err

    weights = {"the": 1e-3 / (1e-3 + 2 / 6), "thein": 1e-3 / (1e-3 + 1 / 6)}
    the, thein = weights["the"] * VECTORS[1], weights["thein"] * composed("thein")
    vectors, err = infer()
    wanted = [composed("kings"), (the + composed("kings")) / 2, thein]
    np.testing.assert_allclose(vectors, wanted, atol=1e-6)
    assert "3 documents; 1 unknown word composed from n-grams; 0 unknown tokens left out" in err
    vectors, err = infer("--oov", "skip")
    np.testing.assert_allclose(vectors, [np.zeros(4), the, thein], atol=1e-6)
    assert "3 documents; 2 unknown tokens left out" in err
    outcome = w2v("infer", "sif.safetensors", "new", "--oov", "error")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        3, "w2v: new: unknown word 'kings': leave out --oov error",
    )  # fmt: skip
    document = library.load("sif.safetensors", table="documents")
    np.testing.assert_allclose(document.infer("the kings"), wanted[1], atol=1e-6)
    np.testing.assert_allclose(document.infer(["kings", "the kings"]), wanted[:2], atol=1e-6)
    words = library.load("sif.safetensors", table="words")
    np.testing.assert_allclose(words["kings"], composed("kings"), atol=1e-6)
    assert w2v("info", "--check", "sif.safetensors").code == 0


def test_sif_may_leave_out_unknown_words(w2v, model):
    (model / "text").write_text("the king\nthein the\n")
    train = ("train", "text", "--model", "sif", "--init", "model.bin", "--min-count", 1)
    outcome = w2v(*train, "--oov", "skip", "-o", "sif.safetensors")
    assert "2 document vectors from 2 word vectors" in outcome.err
    assert "n-grams" not in outcome.err
    outcome = w2v("infer", "sif.safetensors", stdin=b"thein\n")
    assert "1 document; 1 unknown token left out" in outcome.err


def test_vectors_of_listed_words_are_written(w2v, model):
    (model / "list").write_text("thein\nthe\n\nthe\nx\n")
    outcome = w2v("convert", "model.bin", "-", "--words", "list")
    assert outcome.err == (
        "list: 2 out-of-vocabulary words composed from n-grams\nstdout: 3 vectors of 4 numbers\n"
    )
    header, *rows = outcome.out.splitlines()
    assert header == "3 4"
    assert [row.split()[0] for row in rows] == ["thein", "the", "x"]
    numbers = [[float(x) for x in row.split()[1:]] for row in rows]
    expected = [composed("thein"), VECTORS[1], composed("x")]
    np.testing.assert_allclose(numbers, expected, atol=1e-6)
    outcome = w2v("convert", "model.bin", "-")
    assert outcome.err.startswith("stdout: the subwords are left out: only .bin and .safe")
    outcome = w2v("convert", "model.bin", "x.vec")
    assert "x.vec: the subwords are left out: only .bin and .safetensors keep them\n" in outcome.err
    outcome = w2v("convert", "x.vec", "y.safetensors", "--words", "-", stdin=b"king\nb\na\nc\nd\n")
    assert "stdin: 4 words without a vector ('b', 'a', 'c', ...)\n" in outcome.err
    outcome = w2v("convert", "x.vec", "y.vec", "--words", "list", "--only", "list")
    assert outcome.code == 2


def test_a_container_keeps_the_subwords_of_all_or_some_words(w2v, model):
    (model / "list").write_text("their\nking\n")
    for options in [("--limit", 3), ("--only", "list"), ("--dtype", "f16")]:
        outcome = w2v("convert", "model.bin", "x.safetensors", *options)
        assert "left out" not in outcome.err
        some = library.load("x.safetensors")
        np.testing.assert_allclose(some["thein"], composed("thein"), atol=1e-6)
        for word in some:
            np.testing.assert_allclose(some[word], composed(word), atol=2e-3)
        w2v("convert", "x.safetensors", "y.safetensors", "--limit", 1)
        np.testing.assert_allclose(
            library.load("y.safetensors")["thein"], composed("thein"), atol=1e-6
        )
        parts = json.loads(w2v("vector", "king", "--parts", "-v", "x.safetensors", "--json").out)
        kinds = {part["kind"]: part for part in parts["parts"]}
        assert ("king" in some) == ("word" in kinds)
        if "word" in kinds:
            assert kinds["word"]["norm"] == pytest.approx(np.linalg.norm(INPUTS[4]), abs=1e-5)
    outcome = w2v("convert", "model.bin", "x.safetensors", "--normalize")
    assert "the subwords are left out, because they do not compose these vectors" in outcome.err
    assert w2v("vector", "thein", "-v", "x.safetensors").code == 3


@BOTH
def test_info_describes_subwords(w2v, model, file):
    facts = json.loads(w2v("info", file, "--check", "--json").out)
    assert facts["subwords"] == {"minn": 3, "maxn": 6, "buckets": 50, "ngrams": 50}
    assert facts["tables"]["words"] == {"rows": 6, "dim": 4, "dtype": "float32"}
    if file == "model.bin":
        assert (facts["model"], facts["loss"], facts["version"]) == ("skipgram", "ns", 12)
        assert facts["quantized"] is False
        assert facts["settings"]["ws"] == 5
        assert facts["tokens"] == 21


def test_infinite_ngrams_are_found(w2v, model):
    inputs = INPUTS.copy()
    inputs[len(WORDS) + 49] = np.nan
    outputs = files.dense(np.ones((len(WORDS), 4)))
    data = files.model(WORDS, [1] * len(WORDS), files.dense(inputs), outputs)
    (model / "bad.bin").write_bytes(data)
    outcome = w2v("info", "bad.bin", "--check")
    assert outcome.code == 2
    assert "not finite" in outcome.err


def test_training_starts_from_a_fasttext_model(w2v, model):
    (model / "text").write_text("the king there newer\n" * 30)
    call = ("train", "text", "--init", "model.bin", "--dim", 4, "--epochs", 1)
    call += ("--min-count", 1, "--sample", 0, "--freeze", "--quiet")
    outcome = w2v(*call, "-o", "x.safetensors")
    assert (outcome.code, outcome.err) == (0, "")
    trained = library.load("x.safetensors")
    np.testing.assert_allclose(trained["king"], composed("king"), atol=1e-6)


@BOTH
def test_comparisons_say_in_which_file_words_are_composed(w2v, model, file):
    (model / "pairs.tsv").write_text("the\tthein\t3\nthe\ttheir\t4\nking\tthere\t1\n")
    rows = "the 1 2 3 4\nking 4 3 2 1\nthein 1 1 2 2\ntheir 2 2 1 3\nthere 1 2 1 3\n"
    (model / "words.vec").write_text(f"5 4\n{rows}")
    said = f"pairs.tsv, {file}: 1 pair with out-of-vocabulary words, composed from n-grams\n"
    both = ("-v", file, "-v", "words.vec")
    assert w2v("evaluate", "similarity", "pairs.tsv", *both).err.startswith(said)
    skipped = w2v("evaluate", "similarity", "pairs.tsv", *both, "--oov", "skip")
    assert "out-of-vocabulary" not in skipped.err
    assert w2v("compare", file, "words.vec", "--pairs", "pairs.tsv").err.startswith(said)
    (model / "questions").write_text(": a\nthein the there their\n")
    said = f"questions, {file}: 1 question with out-of-vocabulary words, composed from n-grams\n"
    assert w2v("evaluate", "analogies", "questions", *both).err.startswith(said)
    assert w2v("compare", file, "words.vec", "--questions", "questions").err.startswith(said)


def test_parts_of_several_words_are_below_their_names(w2v, model):
    one = w2v("vector", "the", "--parts", "-v", "model.bin").out
    two = w2v("vector", "the", "king", "--parts", "-v", "model.bin").out
    assert two.startswith(f"the:\n{one}king:\n")
    assert w2v("vector", "-", "--parts", "-v", "model.bin", stdin=b"the\n").out == f"the:\n{one}"


def test_combined_vectors_have_no_subwords_and_that_is_said(w2v, model):
    for how in ((), ("--side-by-side",)):
        outcome = w2v("combine", "model.bin", "model.safetensors", "-o", "both.safetensors", *how)
        assert outcome.code == 0
        assert outcome.err.splitlines()[-2] == (
            "both.safetensors: the subwords are left out, because only the vectors of words are "
            "combined: w2v subwords fits n-grams to them"
        )
        assert w2v("similar", "kings", "-v", "both.safetensors").code == 3
    outcome = w2v("combine", "both.safetensors", "both.safetensors", "-o", "again.safetensors")
    assert "subwords" not in outcome.err
