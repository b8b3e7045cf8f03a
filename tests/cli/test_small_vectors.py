"""w2v convert --dtype i8, --dim and --whiten, and the commands that read small vectors."""

import json

import fasttext_files as files
import numpy as np
import pytest

import w2v as library
from w2v.embeddings import formats
from w2v.embeddings.int8_table import Int8Table

WORDS = ["</s>", "the", "there", "their", "king", "Straße", "queen", "castle"]
RNG = np.random.default_rng(3)
INPUTS = RNG.normal(size=(len(WORDS) + 50, 4)).astype(np.float32)


@pytest.fixture
def no_matrix(monkeypatch):
    """Converting all vectors of a table in int8 to float32 is an error."""

    def refuse(table):
        raise AssertionError("a table in int8 was converted as a whole")

    monkeypatch.setattr(Int8Table, "matrix", property(refuse))


@pytest.fixture
def model(folder):
    """A fastText model, model.bin."""
    outputs = files.dense(RNG.normal(size=(len(WORDS), 4)))
    counts = list(range(len(WORDS), 0, -1))
    (folder / "model.bin").write_bytes(files.model(WORDS, counts, files.dense(INPUTS), outputs))
    return folder


@pytest.fixture
def i8(w2v, toy, folder):
    """The vectors of `toy` in int8: i8.safetensors, and converted back: back.safetensors."""
    outcome = w2v("convert", "vectors.safetensors", "i8.safetensors", "--dtype", "i8")
    assert (outcome.code, outcome.err) == (0, "i8.safetensors: 10 vectors of 3 numbers\n")
    back = ("convert", "i8.safetensors", "back.safetensors", "--dtype", "f32")
    assert w2v(*back).code == 0
    return folder


def test_commands_answer_as_from_float32(w2v, i8, no_matrix):
    (i8 / "pairs").write_text("king\tqueen\t9\nking\tbanana\t1\nman\twoman\t2\n1\tvector\t8\n")
    (i8 / "questions").write_text(": all\nman king woman queen\n1 kitchen kitchen vector\n")
    (i8 / "docs.tsv").write_text("a\tking queen\nb\tkitchen 1\na\tqueen man\nb\tvector 1\n")
    commands = [
        ("similar", "king", "-k", 5),
        ("similar", "king", "+woman", "-man", "--method", "mul", "--json"),
        ("similar", "king", "--restrict", 4),
        ("analogy", "man", "king", "woman"),
        ("similarity", "king", "queen"),
        ("odd", "king", "queen", "1"),
        ("vector", "king", "banana"),
        ("evaluate", "similarity", "pairs"),
        ("evaluate", "analogies", "questions"),
        (
            "evaluate",
            "classify",
            "docs.tsv",
            "docs.tsv",
            "--by",
            "words",
            "--columns",
            "label,text",
        ),
    ]
    for command in commands:
        ours = w2v(*command, "-v", "i8.safetensors")
        theirs = w2v(*command, "-v", "back.safetensors")
        assert (ours.code, ours.err) == (0, theirs.err.replace("back.", "i8."))
        assert ours.out == theirs.out.replace("back.", "i8.")
    assert w2v("convert", "i8.safetensors", "i8.txt").code == 0
    assert w2v("convert", "i8.safetensors", "i8.bin").code == 0
    outcome = w2v("plot", "-v", "i8.safetensors", "-o", "x.html", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")


def test_bulk_queries_and_a_run_that_starts_from_them(w2v, small, folder, no_matrix):
    assert w2v("convert", "words.txt", "i8.safetensors", "--dtype", "i8").code == 0
    words = formats.load("i8.safetensors").names
    ours = w2v("similar", "-", "-v", "i8.safetensors", stdin="\n".join(words).encode())
    assert ours.code == 0
    (folder / "pairs").write_text(f"{words[0]}\t{words[1]}\t3\n{words[2]}\t{words[3]}\t4\n")
    outcome = w2v("compare", "words.txt", "i8.safetensors", "--pairs", "pairs", "--json")
    assert outcome.code == 0, outcome.err
    outcome = w2v(
        "train", "text", "-o", "x.txt", "--init", "i8.safetensors", "--dim", 3, "--min-count", 1,
        "--epochs", 1, "--freeze", "--quiet",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    trained, given = library.load("x.txt"), library.load("i8.safetensors")
    word = words[1]
    np.testing.assert_array_equal(trained[word], given[word])


def test_python_programs_get_float32(w2v, i8, toy):
    vectors, back = library.load("i8.safetensors"), library.load("back.safetensors")
    np.testing.assert_array_equal(vectors.matrix, back.matrix)
    assert vectors.matrix.dtype == np.float32
    assert np.shares_memory(vectors.matrix, vectors.matrix)  # decoded once
    np.testing.assert_array_equal(vectors[["king", "1"]], back[["king", "1"]])
    assert vectors.similar("king") == back.similar("king")
    assert vectors.similar_each(["king", "man"]) == back.similar_each(["king", "man"])
    vectors.save("copy.safetensors")
    assert (i8 / "copy.safetensors").read_bytes() == (i8 / "i8.safetensors").read_bytes()


def test_info_and_check(w2v, i8):
    facts = json.loads(w2v("info", "i8.safetensors", "--check", "--json").out)
    assert facts["tables"]["words"] == {"rows": 10, "dim": 3, "dtype": "int8"}
    assert (facts["tensors"]["words.scales"], facts["checked"]) == ([10], True)
    raw = bytearray((i8 / "i8.safetensors").read_bytes())
    raw[-1] ^= 1
    (i8 / "bad.safetensors").write_bytes(raw)
    outcome = w2v("info", "bad.safetensors", "--check")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "do not match their checksum" in outcome.err


def test_the_type_of_the_input_is_kept_where_the_output_has_it(w2v, i8):
    def dtype(*args):
        assert w2v("convert", *args).code == 0
        return formats.load(args[1]).dtype

    assert dtype("i8.safetensors", "x.safetensors", "--limit", 4) == np.int8
    assert dtype("i8.safetensors", "x.safetensors", "--normalize") == np.int8
    assert dtype("i8.safetensors", "x.npy") == np.float32
    assert dtype("i8.safetensors", "x.npy", "--dtype", "f16") == np.float16
    assert dtype("x.npy", "y.safetensors") == np.float16
    assert dtype("y.safetensors", "z.safetensors", "--dtype", "f32") == np.float32
    assert dtype("y.safetensors", "z.safetensors", "--dtype", "i8") == np.int8


def test_what_int8_cannot_hold_is_refused_in_one_line(w2v, toy, folder):
    (folder / "nan.txt").write_text("2 2\na 1 2\nb nan 1\n")
    for args, message in [
        (("nan.txt", "x.safetensors"), "row 2, 'b': the vector is not finite: add --check"),
        (("vectors.safetensors", "x.npy"), "--dtype i8 works only for .safetensors: leave out"),
        (("vectors.safetensors", "x.txt"), "--dtype i8 works only for .safetensors: leave out"),
    ]:
        outcome = w2v("convert", *args, "--dtype", "i8")
        assert (outcome.code, message in outcome.err) == (2, True), outcome.err
        assert not (folder / "x.safetensors").exists()
    outcome = w2v("convert", "nan.txt", "x.safetensors", "--dtype", "i8", "--check")
    assert (outcome.code, len(formats.load("x.safetensors"))) == (0, 1)


def test_documents_too(w2v, small, folder):
    """Documents of a model: in int8 and with fewer numbers."""
    args = ("--model", "pv-dbow", "--dim", 4, "--epochs", 1, "--min-count", 1, "--quiet")
    assert w2v("train", "text", "-o", "d.safetensors", *args).code == 0
    change = ("--table", "documents", "--dtype", "i8", "--dim", 2)
    assert w2v("convert", "d.safetensors", "small.safetensors", *change).code == 0
    table = formats.load("small.safetensors", "documents")
    assert (table.dim, table.dtype) == (2, np.int8)
    outcome = w2v("similar", table.name(0), "--table", "documents", "-v", "small.safetensors")
    assert outcome.code == 0
    outcome = w2v("convert", "d.safetensors", "x.txt", "--table", "documents", "--whiten")
    assert (outcome.code, "--whiten weights words by their counts" in outcome.err) == (2, True)


@pytest.mark.parametrize("only", [(), ("--limit", 5)])
def test_subwords_in_int8_compose_unknown_words(w2v, model, only):
    assert w2v("convert", "model.bin", "f32.safetensors", *only).code == 0
    outcome = w2v("convert", "model.bin", "i8.safetensors", "--dtype", "i8", *only)
    assert "left out" not in outcome.err
    tensors, _ = formats.contents("i8.safetensors")
    assert tensors["subwords.vectors"].dtype == np.int8
    assert tensors["subwords.scales"].shape == tensors["subwords.vectors"].shape[:1]
    assert w2v("info", "i8.safetensors", "--check").code == 0
    ours, theirs = library.load("i8.safetensors"), library.load("f32.safetensors")
    unknown = ["thein", "kings", "Straßen"]
    np.testing.assert_allclose(ours[unknown], theirs[unknown], atol=0.02)
    np.testing.assert_allclose(ours["king"], theirs["king"], atol=0.02)
    # Many unknown words are composed by a kernel.
    table = formats.load("i8.safetensors")
    composed = table.subwords.compose_unknown([word.encode() for word in unknown * 3])
    np.testing.assert_allclose(composed[:3], ours[unknown], atol=1e-6)
    # Back to float32 and to fewer words, the numbers stay.
    assert w2v("convert", "i8.safetensors", "back.safetensors", "--dtype", "f32").code == 0
    assert formats.contents("back.safetensors")[0]["subwords.vectors"].dtype == np.float32
    np.testing.assert_array_equal(library.load("back.safetensors")[unknown], ours[unknown])
    assert w2v("convert", "i8.safetensors", "less.safetensors", "--limit", 2).code == 0
    np.testing.assert_allclose(library.load("less.safetensors")[unknown], ours[unknown], atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"subwords.scales": None},
        {"subwords.scales": np.ones(3, np.float32)},
        {"subwords.scales": np.full(58, np.nan, np.float32)},
        {"subwords.vectors": np.ones((58, 4), np.float32)},
    ],
)
def test_damaged_subwords_in_int8(w2v, model, change):
    from w2v.embeddings import container

    w2v("convert", "model.bin", "i8.safetensors", "--dtype", "i8")
    tensors, metadata = container.read("i8.safetensors")
    kept = {name: array for name, array in (tensors | change).items() if array is not None}
    container.write("bad.safetensors", kept, metadata)
    outcome = w2v("similar", "king", "-v", "bad.safetensors")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "the subwords are damaged" in outcome.err


@pytest.mark.parametrize(
    ("options", "exact"),
    [(("--center", 0), True), (("--center", 1), True), (("--dim", 4), True), (("--dim", 2), True),
     (("--whiten",), True), (("--whiten", "--dim", 2), True), (("--dim", 3, "--dtype", "i8"), 0)],
)  # fmt: skip
@pytest.mark.parametrize("only", [(), ("--limit", 7)])
def test_mapped_subwords_compose_mapped_vectors(w2v, model, options, exact, only):
    """The vector that n-grams compose for a known word is the mapped vector of the word."""
    outcome = w2v("convert", "model.bin", "x.safetensors", *options, *only)
    assert (outcome.code, "left out" in outcome.err) == (0, False)
    table = formats.load("x.safetensors")
    for row, word in enumerate(table.names):
        own = table.subwords.compose(word.encode(), row)
        np.testing.assert_allclose(own, table.row(row), atol=1e-5 if exact else 0.05)
    assert library.load("x.safetensors")["thein"].any()


def test_a_mapped_model_in_fasttexts_format(w2v, model):
    """Output vectors do not suit other input vectors: they are zeros."""
    for source in ("model.bin", "f32.safetensors"):
        w2v("convert", "model.bin", "f32.safetensors")
        assert w2v("convert", source, "x.bin", "--dim", 2).code == 0
        assert w2v("convert", source, "x.safetensors", "--dim", 2).code == 0
        ours, wanted = library.load("x.bin"), library.load("x.safetensors")
        words = [*WORDS, "thein", "kings"]
        np.testing.assert_allclose(ours[words], wanted[words], atol=1e-5)


def test_the_order_of_changes(w2v, toy, folder):
    """First rows, then center, dim or whiten, then unit vectors, then the type."""
    options = ("--limit", 6, "--center", 0, "--dim", 2, "--normalize", "--dtype", "i8")
    assert w2v("convert", "vectors.safetensors", "x.safetensors", *options).code == 0
    table = formats.load("x.safetensors")
    assert (len(table), table.dim, table.dtype) == (6, 2, np.int8)
    np.testing.assert_allclose(table.norms, 1, atol=0.01)


def test_whitening_of_a_file(w2v, toy, folder):
    assert w2v("convert", "vectors.safetensors", "x.safetensors", "--whiten").code == 0
    white = formats.load("x.safetensors")
    shares = white.counts / white.counts.sum()
    np.testing.assert_allclose(shares @ white.matrix, 0, atol=1e-5)
    np.testing.assert_allclose(
        (white.matrix * shares[:, None]).T @ white.matrix, np.eye(3), atol=1e-5
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--dim", 4), "--dim 4: the vectors have only 3 numbers: give 3 at most"),
        (("--whiten", "--center", 1), "--whiten subtracts a mean of its own: leave out --center"),
        (("--dim", 0), "0 is not in the range x>=1"),
    ],
)
def test_wrong_options(w2v, toy, folder, options, message):
    outcome = w2v("convert", "vectors.safetensors", "x.safetensors", *options)
    assert (outcome.code, message in outcome.err) == (2, True), outcome.err
    (folder / "x.txt").write_text("2 2\na 1 2\nb 3 1\n")
    outcome = w2v("convert", "x.txt", "y.txt", "--whiten")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "counts, which the file lacks" in outcome.err


def test_a_model_whose_vectors_were_exchanged_for_int8_is_refused(w2v, small, folder):
    from w2v.embeddings import container
    from w2v.embeddings.int8_table import quantized

    args = ("--model", "pv-dbow", "--dim", 4, "--epochs", 1, "--min-count", 1, "--quiet")
    assert w2v("train", "text", "-o", "d.safetensors", "--word-vectors", *args).code == 0
    tensors, metadata = container.read("d.safetensors")
    words = quantized(container.read_table("d.safetensors", tensors, "words"))
    changed = dict(tensors) | container.table_tensors("words", words)
    container.write("x.safetensors", changed, metadata)
    outcome = w2v("infer", "x.safetensors", "text")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "--model pv-dbow writes no vectors in int8" in outcome.err
