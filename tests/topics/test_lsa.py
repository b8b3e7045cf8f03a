"""LSA: sparse products, singular values, terms and their weights, and the quality of vectors."""

import json

import naive
import numpy as np
import pytest
from helpers import COMPILED, as_dense, compiled, compiled_only
from scipy import sparse

from w2v.embeddings import container, formats
from w2v.errors import W2VError
from w2v.factorization import stopwords, svd, term_matrix
from w2v.kernels import sparse as kernels
from w2v.kernels.simd import aligned
from w2v.runs.saved_model import SavedDocumentModel
from w2v.settings import DocumentSettings, TermSettings, TextSettings
from w2v.system import resources
from w2v.text.encode import open_corpus, read
from w2v.text.encoded_text import EncodedDocuments, PackedIds
from w2v.text.vocabulary import Vocabulary

TEXT = "a a b\nc\n\na c c c d\nb b\n"
ROWS = 400 if COMPILED else 20


@pytest.fixture(scope="module", autouse=True)
def one_thread_of_blas():
    """As in training: with threads of its own, BLAS makes the threads that call it wait."""
    with resources.blas_threads(1):
        yield


def as_sparse(dense):
    found = sparse.csr_array(dense.astype(np.float32))
    columns = found.indices.astype(np.int32)
    return svd.Sparse(found.indptr.astype(np.int64), columns, found.data, dense.shape[1])


def random_matrix(rows=ROWS, columns=60, rank=None, seed=0):
    rng = np.random.default_rng(seed)
    dense = rng.standard_normal((rows, columns)) * (rng.random((rows, columns)) < 0.2)
    if rank:
        dense = rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns))
    return dense.astype(np.float32)


@pytest.mark.parametrize("parts", [1, 2])
def test_products_are_the_twins(parts):
    matrix = random_matrix()
    given = aligned((60, parts * svd.COLUMNS))
    given[:] = np.random.default_rng(1).standard_normal(given.shape)
    x, found = as_sparse(matrix), aligned((ROWS, parts * svd.COLUMNS))
    kernels.multiply_rows(*x[:3], given, found, 0, 9, parts)
    kernels.multiply_rows(*x[:3], given, found, 9, ROWS, parts)
    np.testing.assert_allclose(found, naive.multiply_rows(matrix, given), atol=2e-5)
    sums = aligned(given.shape)
    for part in range(parts):
        kernels.add_gram(*x[:3], given, sums, 0, 7, part)
        kernels.add_gram(*x[:3], given, sums, 7, ROWS, part)
    np.testing.assert_allclose(sums, naive.add_gram(matrix, given), rtol=1e-4, atol=2e-3)
    np.testing.assert_allclose(
        svd.product(x, given[:, :5], 3), naive.multiply_rows(matrix, given[:, :5]), atol=2e-5
    )


@compiled
@pytest.mark.parametrize("shape", [(900, 700), (600, 1200)])
def test_singular_values_and_vectors_are_numpys(shape):
    """The basis has fewer columns than the matrix, so that the method is not exact by itself."""
    rng = np.random.default_rng(2)
    left, right = (np.linalg.qr(rng.standard_normal((n, 300)))[0] for n in shape)
    values = 100 * 0.97 ** np.arange(300)
    dense = ((left * values) @ right.T).astype(np.float32)
    found = svd.truncated(svd.LocalProducts(as_sparse(dense), 2), 40, 4, 10, 1)
    np.testing.assert_allclose(found.values, values[:40], rtol=1e-4)
    np.testing.assert_allclose(
        np.abs((found.right * right[:, :40]).sum(axis=0)), np.ones(40), atol=2e-3
    )
    assert found.share == pytest.approx((values[:40] ** 2).sum() / (values**2).sum(), rel=1e-4)
    assert (found.right[np.abs(found.right).argmax(axis=0), np.arange(40)] > 0).all()
    product = svd.product(as_sparse(dense), found.right, 2)
    np.testing.assert_allclose(np.linalg.norm(product, axis=0), values[:40], rtol=1e-3)


@compiled
def test_the_same_for_any_number_of_threads_and_another_seed_is_as_good(monkeypatch):
    monkeypatch.setattr(svd, "_ROWS", 100)  # so that dense products have several blocks of rows
    dense = random_matrix(900, 800)
    one, three, other = (
        svd.truncated(svd.LocalProducts(as_sparse(dense), threads), 20, 3, 5, seed, threads=threads)
        for seed, threads in ((1, 1), (1, 3), (2, 2))
    )
    np.testing.assert_array_equal(one.right, three.right)
    assert (one.right != other.right).any()
    np.testing.assert_allclose(one.values, other.values, rtol=0.02)


@compiled
@pytest.mark.parametrize("model", ["lsa", "ppmi"])
def test_the_same_bytes_whatever_the_threads_of_blas(w2v, folder, model):
    """OpenBLAS computes other eigenvectors of 300 words on several threads."""
    if not [*resources._openblas()]:
        pytest.skip("the BLAS is not one that a wheel has brought")
    rows = np.random.default_rng(1).integers(0, 300, (200, 20)).tolist()
    (folder / "text").write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))
    seen = set()
    for threads in (1, 3):
        with resources.blas_threads(threads):
            out = f"{threads}.safetensors"
            done = w2v("train", "text", "--model", model, "--min-count", "1", "-o", out)
        assert done.code == 0, done.err
        seen.add((folder / out).read_bytes())
    assert len(seen) == 1


@pytest.mark.parametrize("rank", [1, 3, 60])
def test_fewer_directions_than_were_asked_for(rank):
    dense = random_matrix(rank=rank)
    found = svd.truncated(svd.LocalProducts(as_sparse(dense), 2), 60, 2, 10, 1)
    exact = np.linalg.svd(dense)[1][: min(rank, ROWS)]
    np.testing.assert_allclose(found.values, exact, atol=2e-3 * found.values[0])
    assert found.share == pytest.approx(1, abs=1e-4)


@compiled
def test_a_wide_matrix_of_few_directions_loses_no_others_to_rounding():
    dense = random_matrix(500, 1500, rank=5)
    found = svd.truncated(svd.LocalProducts(as_sparse(dense), 2), 30, 3, 10, 1)
    np.testing.assert_allclose(found.values[:5], np.linalg.svd(dense)[1][:5], rtol=1e-4)
    assert found.values.size == 5
    assert np.isfinite(found.right).all()


def test_a_new_document_has_no_numbers_of_directions_that_training_lacks(w2v, folder):
    """Repeated documents have a low rank; scikit-learn and gensim (#2501) meet this too."""
    (folder / "t.txt").write_text("cat dog cat dog bird\nstock bond money\ncat bird dog\n" * 6)
    args = ("--model", "lsa", "--topics", 50, "--min-count", 1, "-o")
    outcome = w2v("train", "t.txt", *args, "m.safetensors")
    assert "3 topics of 6 terms explain 100.00%" in outcome.err
    assert "; --topics 50 is too many: of 18 documents of 6 terms, only 3 " in outcome.err
    (folder / "new.txt").write_text("cat dog cat dog bird\ncat\nmoney\n")
    told = w2v("infer", "m.safetensors", "new.txt", "--tsv").out.splitlines()
    old = w2v("vector", "1", "--table", "documents", "-v", "m.safetensors").out.split()[1:]
    rows = [[float(number) for number in line.split("\t")[1:]] for line in told]
    np.testing.assert_allclose(rows[0], [float(number) for number in old], atol=1e-5)
    assert [len(row) for row in rows] == [3, 3, 3]


@pytest.fixture
def counted(folder):
    """(vocabulary, documents, counts) of TEXT."""
    (folder / "text").write_text(TEXT)
    settings = TextSettings(min_count=1)
    corpus = open_corpus(["text"], settings, DocumentSettings())
    vocabulary, text = read(corpus, settings, lambda tokens: None)
    return vocabulary, text, term_matrix.count_terms(text, len(vocabulary.names))


@pytest.mark.parametrize("block", [1, 2, 100])
def test_terms_are_counted(counted, monkeypatch, block):
    monkeypatch.setattr("w2v.factorization.term_matrix.ROWS", block)
    vocabulary, text, _ = counted
    counts = as_dense(term_matrix.count_terms(text, len(vocabulary.names)))
    assert vocabulary.names == ["c", "a", "b", "d"]
    wanted = [[0, 2, 1, 0], [1, 0, 0, 0], [0] * 4, [3, 1, 0, 1], [0, 0, 2, 0]]
    assert counts.tolist() == wanted
    some = term_matrix.keep_columns(term_matrix.count_terms(text, 4), np.array([0, 2]))
    assert as_dense(some).tolist() == [row[::2] for row in wanted]


@compiled
def test_a_count_beyond_what_float32_counts_by_ones():
    tokens = (1 << 24) + 8
    ids = np.zeros(tokens, np.int32)
    text = EncodedDocuments(PackedIds(ids), np.array([0, tokens]), np.zeros(1, np.int32), ["long"])
    assert term_matrix.count_terms(text, 1).values.tolist() == [tokens]


def test_merged_documents_are_counted_as_one(folder):
    (folder / "t.tsv").write_text("k\ta a\nl\tb\nk\ta b\n")
    settings = TextSettings(min_count=1)
    corpus = open_corpus(["t.tsv"], settings, DocumentSettings(merge_ids=True))
    vocabulary, text = read(corpus, settings, lambda tokens: None)
    assert as_dense(term_matrix.count_terms(text, 2)).tolist() == [[3, 1], [0, 1]]
    assert vocabulary.names == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({}, "cabd"), ({"min_df": 2}, "cab"), ({"max_df": 0.3}, "d"), ({"drop_top": 1}, "abd"),
        ({"stopwords": "stops"}, "cd"), ({"stopwords": "english"}, "cb"),
        ({"stopwords": "english,stops"}, "c"),
    ],
)  # fmt: skip
def test_terms_are_chosen(counted, folder, options, left):
    (folder / "stops").write_text("b x\na\n")
    vocabulary, _, counts = counted
    chosen = term_matrix.choose(vocabulary, counts, TermSettings(**options))
    assert "".join(vocabulary.names[i] for i in chosen) == left


def test_a_word_in_the_largest_share_of_documents_is_a_term():
    """Whatever its product with the number of documents is rounded to, such as 0.29 * 100."""
    dense, vocabulary = np.zeros((100, 1)), Vocabulary(["a"], np.array([1]), 1, 1)
    for number in range(1, 100):
        dense[number] = 1
        settings = TermSettings(max_df=float(f"0.{number:02}"))
        assert term_matrix.choose(vocabulary, as_sparse(dense), settings).tolist() == [0]


def test_no_term_left_names_the_options_that_leave_them_out(counted, folder):
    vocabulary, _, counts = counted
    no_term = "no term is left of 4 words in the vocabulary: "
    every = "lower --min-df, which leaves out 4 words"
    (folder / "all").write_text("a b c d e\n")
    given = "give fewer --stopwords, which leaves out 4 words"
    for options, advice in (
        ({"min_df": 9}, every),
        ({"stopwords": "all"}, given),
        ({"stopwords": "all", "min_df": 9}, f"{every}; {given}"),
        ({"max_df": 0.1}, "raise --max-df, which leaves out 4 words$"),
    ):
        with pytest.raises(W2VError, match=no_term + advice):
            term_matrix.choose(vocabulary, counts, TermSettings(**options))
    vocabulary = Vocabulary(["a", "b"], np.array([1, 1]), 2, 2)  # as of a list of words
    with pytest.raises(W2VError, match="vocabulary: give more documents: these lack 2 words$"):
        term_matrix.choose(vocabulary, as_sparse(np.zeros((3, 2))), TermSettings())


@pytest.mark.parametrize("block", [1, 100])
def test_weights_are_those_of_the_formulas(counted, monkeypatch, block):
    monkeypatch.setattr("w2v.factorization.term_matrix.ROWS", block)
    _, text, counts = counted
    dense = as_dense(counts).astype(np.float64)
    df, total = (dense > 0).sum(axis=0), dense.sum(axis=0)
    tfidf = np.log(6 / (1 + df)) + 1
    p = np.where(dense > 0, dense / total, 1)
    entropy = 1 + (p * np.log(p)).sum(axis=0) / np.log(5)
    for name, local, weights in (
        ("tfidf", dense, tfidf), ("log-entropy", np.log1p(dense), entropy),
        ("count", dense, np.ones(4)),
    ):  # fmt: skip
        found = term_matrix.global_weights(counts, name)
        np.testing.assert_allclose(found, weights, rtol=1e-6)
        wanted = local * weights
        if name != "count":
            lengths = np.linalg.norm(wanted, axis=1, keepdims=True)
            wanted = wanted / np.where(lengths, lengths, 1)
        weighed = term_matrix.weigh(term_matrix.count_terms(text, 4), found, name)
        np.testing.assert_allclose(as_dense(weighed), wanted, rtol=1e-6)


def test_documents_of_words_that_every_document_has_are_zeros(w2v, folder):
    """With log-entropy, the weight of x is 0, not what rounding leaves of it."""
    for lines in ("x cat dog cat\nx sun moon\nx\nx dog tree\n", "x\nx cat dog\nx dog sun\n"):
        (folder / "text").write_text(lines)
        args = ("--model", "lsa", "--min-count", 1, "--topics", 2, "--weight", "log-entropy")
        outcome = w2v("train", "text", *args, "-o", "m.safetensors")
        assert outcome.code == 0, outcome.err
        tensors, _ = container.read("m.safetensors")
        only_x = lines.splitlines().index("x")
        assert tensors["documents.matrix"].any(axis=1).tolist() == [
            number != only_x for number in range(lines.count("\n"))
        ]
        names = formats.load("m.safetensors").names
        assert not tensors["words.matrix"][names.index("x")].any()
        (folder / "new").write_text("x\n")
        assert w2v("infer", "m.safetensors", "new", "--tsv").out == "1\t0.0\t0.0\n"


@pytest.mark.parametrize("documents", [3, 49, 1000])
def test_only_a_word_with_the_same_count_everywhere_has_the_weight_0(documents):
    dense = np.ones((documents, 5))
    dense[:, 1], dense[0, 2], dense[0, 3], dense[1:, 4] = 7, 0, 2, 0
    weights = term_matrix.global_weights(as_sparse(dense), "log-entropy")
    assert (weights > 0).tolist() == [False, False, True, True, True]
    assert weights[4] == pytest.approx(1)


def test_documents_that_do_not_differ_have_no_topics_with_log_entropy(w2v, folder):
    (folder / "text").write_text("a b b\nb a b\n")
    args = ("--model", "lsa", "--min-count", 1, "--weight", "log-entropy", "-o", "m.safetensors")
    outcome = w2v("train", "text", *args)
    assert (outcome.code, (folder / "m.safetensors").exists()) == (2, False)
    assert "w2v: with --weight log-entropy every term has the weight 0" in outcome.err
    (folder / "text").write_text("a b b\n")  # one document
    assert w2v("train", "text", *args).code == 0


@pytest.mark.parametrize("weight", ["tfidf", "log-entropy", "count"])
def test_a_documents_row_is_what_inference_gives_it(w2v, folder, weight):
    """UΣ = XV: inference of a training document gives the row that it has in the model."""
    (folder / "text").write_text(TEXT * 5 + "d d a\n")
    args = ("--model", "lsa", "--min-count", "1", "--topics", "3", "--weight", weight)
    outcome = w2v("train", "text", *args, "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    assert "3 topics of 4 terms explain" in outcome.err
    tensors, metadata = container.read("x.safetensors")
    trained = SavedDocumentModel("x.safetensors")
    again = trained.vectors(
        trained.read(open_corpus(["text"], trained.text_settings, DocumentSettings()))[0]
    )
    np.testing.assert_allclose(again, tensors["documents.matrix"], atol=1e-5)
    values = tensors["singular_values"]
    np.testing.assert_allclose(np.linalg.norm(tensors["documents.matrix"], axis=0), values, 1e-4)
    np.testing.assert_allclose(np.linalg.norm(tensors["words.matrix"], axis=0), values, 1e-4)
    assert 0.5 < json.loads(metadata["found"])["explained"] <= 1


def test_more_topics_than_there_can_be(w2v, folder):
    (folder / "text").write_text(TEXT)
    args = ("--model", "lsa", "--min-count", "1", "--topics", "50")
    assert w2v("train", "text", *args, "-o", "x.safetensors").code == 0
    assert formats.load("x.safetensors", "documents").dim == 4
    assert w2v("similar", "a", "-v", "x.safetensors").code == 0


def test_a_stop_list_that_is_not_there_is_one_line(w2v, folder):
    (folder / "text").write_text(TEXT)
    (folder / "latin").write_bytes(b"\xff\n")
    args = ("train", "text", "--model", "lsa", "--min-count", "1", "--stopwords")
    assert w2v(*args, "nowhere").err.splitlines()[-1] == "w2v: nowhere: No such file or directory"
    assert "latin: line 1: not UTF-8 text" in w2v(*args, "latin").err


STOPS = "The\nDON'T cafe\u0301 absent\n"


@compiled_only
@pytest.mark.parametrize("model", ["lsa", "lda"])
@pytest.mark.parametrize(
    ("text", "options", "terms"),
    [
        ("the red don’t café\nThe sea DON’T red\n", ("--lowercase",), ["red", "sea"]),
        ("the red don't cafe\u0301\nsea the red\n", (), ["red", "sea"]),
        ("The red DON’T the café\nsea The red\n", (), ["red", "sea", "the"]),
    ],
)
def test_a_stop_list_matches_whatever_its_capitals_and_apostrophes(
    w2v, folder, model, text, options, terms
):
    (folder / "text").write_text(text)
    (folder / "stops").write_text(STOPS)
    args = ("--model", model, "--min-count", "1", "--topics", "2", *options)
    outcome = w2v("train", "text", *args, "--stopwords", "stops", "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    assert sorted(formats.load("x.safetensors").names) == terms
    assert "stop words: 3 of 4 are in the vocabulary\n" in outcome.err


@compiled_only
@pytest.mark.parametrize("model", ["lsa", "lda"])
@pytest.mark.parametrize(
    ("options", "word", "listed"),
    [
        (("--lowercase-turkish",), "IŞIK", "IŞIK"), (("--lowercase-turkish",), "ışık", "IŞIK"),
        (("--lowercase-turkish",), "İs", "İS"), (("--normalize", "NFKC"), "fin", "\ufb01n"),
        (("--normalize", "NFKC", "--lowercase"), "\ufb01n", "\ufb01N"),
    ],
)  # fmt: skip
def test_a_stop_list_is_put_into_the_form_of_the_text(w2v, folder, model, options, word, listed):
    """As seed words are."""
    (folder / "text").write_text(f"red sea {word}\nsea {word} red blue\n")
    (folder / "stops").write_text(f"{listed}\n")
    args = ("--model", model, "--min-count", "1", "--topics", "2", *options)
    outcome = w2v("train", "text", *args, "--stopwords", "stops", "-o", "x.safetensors")
    assert "stop words: 1 of 1 are in the vocabulary\n" in outcome.err
    assert sorted(formats.load("x.safetensors").names) == ["blue", "red", "sea"]
    _, metadata = container.read("x.safetensors")
    assert "sha256:" in json.loads(metadata["settings"])["stopwords"]


def test_nothing_to_start_from(w2v, folder):
    (folder / "text").write_text(TEXT)
    w2v("train", "text", "--min-count", "1", "-o", "v.safetensors")
    outcome = w2v("train", "text", "--model", "lsa", "--init", "v.safetensors")
    assert (outcome.code, "--model lsa has no word vectors" in outcome.err) == (2, True)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ("--topics", 10),
            "--topics 10 is too many: of 3 documents of 5 terms, only 3 singular values are above "
            "rounding error\n",
        ),
        (
            ("--topics", 10, "--max-vocab", 2),
            "--topics 10 is too many: of 3 documents of 2 terms, only 2 singular values are",
        ),
        (
            ("--topics", 10, "--max-vocab", 1),
            "; --topics 10 is too many: of 3 documents of 1 term, only 1 singular value is above",
        ),
        (("--topics", 2), None),
    ],
)
def test_fewer_topics_than_asked_for_are_remarked(w2v, folder, args, said):
    (folder / "text").write_text("a b c\nb c d\nc d e\n")
    common = ("--model", "lsa", "--min-count", 1, *args, "-o", "x.safetensors")
    outcome = w2v("train", "text", *common)
    assert outcome.code == 0, outcome.err
    assert said in outcome.err if said else "too many" not in outcome.err


def test_a_stop_list_has_capitals_if_the_vocabulary_has_any(folder):
    (folder / "stops").write_text("The of \ufb01\n")
    assert stopwords.find("stops", ["The", "the", "of", "fi"]).is_listed.tolist() == [1, 0, 1, 0]
    assert stopwords.find("stops", ["the", "of", "1", "\ufb01"]).is_listed.tolist() == [1, 1, 0, 1]
