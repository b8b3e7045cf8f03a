"""Folders for model2vec and sentence-transformers."""

import json
import os
import shutil
import unicodedata

import numpy as np
import pytest

from w2v.embeddings import container, formats
from w2v.embeddings.hf_tokenizer import TextForm, pieces
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import atomic_folder
from w2v.text.tokenizers import split

FILES = [
    "config.json", "config_sentence_transformers.json", "model.safetensors", "modules.json",
    "tokenizer.json",
]  # fmt: skip
TEXTS = [
    "Don't stop, it's the Rock'n'Roll of '68! state-of-the-art",
    "Café café İstanbul ISTANBUL I\u0307zmir ΟΔΟΣ ΣΟΦΟΣ ΑΣ.Α _ʰΣ straße STRASSE",
    "日本語 のテスト test中文 ｶﾞ 😀 👍🏽 3.14 42 ²½ ﬁ Ａ",
    "new_york __init__ _x_ ___ bar—baz “quoted” it’s 'tis dogs' a''b",
    "हिन्दी தமிழ் soft\u00adhyphen zero\u200bwidth no\u00a0break </s> end\x1c\x85",
    "unheard of", "",
]  # fmt: skip
FORMS = [
    TextForm(tokenizer, bool(case), normalize, case == "turkish")
    for tokenizer in ("space", "words", "chars")
    for case in ("", "unicode", "turkish")
    for normalize in ("none", "NFC", "NFKC")
]


def tokens(text, form):
    case = "turkish" if form.lowercase_turkish else form.lowercase
    found = split(text.encode(), form.tokenizer, case, form.normalize)
    return [word.decode() for word in found.split()]  # at ASCII whitespace, as in a corpus


def write_model(path, form=None, extra=(), dtype=np.float32):
    """Write a model of the words of TEXTS but the last ones, with settings if there is a form."""
    words = [word.encode() for text in TEXTS[:-2] for word in tokens(text, form)] if form else []
    names = list(dict.fromkeys([*words, *extra]))
    matrix = np.random.default_rng(1).standard_normal((len(names), 8)).astype(dtype)
    table = Table.of(names, matrix)
    settings = {"settings": json.dumps(vars(form))} if form else {}
    tensors = container.table_tensors("words", table)
    container.write(path, tensors, {**container.file_metadata(), **settings})
    return table


def parsed(name):
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def test_the_folder_has_the_files_that_both_libraries_read(w2v, folder):
    table = write_model("m.safetensors", TextForm("words", True), [b"two words", b"[UNK]"])
    outcome = w2v("convert", "m.safetensors", "x.model2vec")
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        "x.model2vec: texts are split as by --tokenizer words --lowercase",
        f"x.model2vec: {len(table)} vectors of 8 numbers",
    ]
    assert sorted(os.listdir("x.model2vec")) == FILES
    assert sorted(os.listdir(".")) == ["m.safetensors", "x.model2vec"]
    tensors, _ = container.read("x.model2vec/model.safetensors")
    assert [*tensors] == ["embeddings"]
    with open("x.model2vec/model.safetensors", "rb") as file:
        assert int.from_bytes(file.read(8), "little") % 64 == 64 - 8  # the data begin at a multiple
    np.testing.assert_array_equal(tensors["embeddings"][:-1], table.matrix)
    assert not tensors["embeddings"][-1].any()
    model = parsed("x.model2vec/tokenizer.json")["model"]
    assert model["unk_token"] == "[UNK2]"  # because a word has the usual name
    assert model["vocab"] == {name: row for row, name in enumerate([*table.names, "[UNK2]"])}
    config = parsed("x.model2vec/config.json")
    assert (config["normalize"], config["max_length"]) == (False, None)
    assert [module["path"] for module in parsed("x.model2vec/modules.json")] == ["."]


@pytest.mark.parametrize(("dtype", "stored"), [("f16", np.float16), ("f32", np.float32)])
def test_the_types_of_numbers(w2v, folder, dtype, stored):
    table = write_model("m.safetensors", TextForm())
    assert w2v("convert", "m.safetensors", "i8.safetensors", "--dtype", "i8").code == 0
    assert w2v("convert", "m.safetensors", "x.model2vec", "--dtype", dtype).code == 0
    found = container.read("x.model2vec/model.safetensors")[0]["embeddings"]
    np.testing.assert_array_equal(found[:-1], table.matrix.astype(stored))
    assert w2v("convert", "i8.safetensors", "y.model2vec").code == 0
    found = container.read("y.model2vec/model.safetensors")[0]["embeddings"]
    np.testing.assert_array_equal(found[:-1], formats.load("i8.safetensors").matrix)
    assert w2v("convert", "m.safetensors", "x.model2vec", "--dtype", "i8").code == 2


def test_an_empty_table_has_the_unknown_token(w2v, folder):
    write_model("m.safetensors")
    assert w2v("convert", "m.safetensors", "x.model2vec").code == 0
    assert container.read("x.model2vec/model.safetensors")[0]["embeddings"].shape == (1, 8)
    assert parsed("x.model2vec/tokenizer.json")["model"]["vocab"] == {"[UNK]": 0}


def test_a_list_of_words_keeps_the_tokenizer_and_other_files_have_none(w2v, folder):
    write_model("m.safetensors", TextForm("chars", False, "NFKC"))
    (folder / "list").write_text("test\n")
    outcome = w2v("convert", "m.safetensors", "x.model2vec", "--words", "list")
    assert "split as by --tokenizer chars --normalize NFKC\n" in outcome.err
    (folder / "v.txt").write_text("1 2\na 1.5 2.0\n")
    assert "split as by --tokenizer space\n" in w2v("convert", "v.txt", "y.model2vec").err
    write_model("j.safetensors", None)
    tensors, metadata = container.read("j.safetensors")
    container.write("j.safetensors", tensors, {**metadata, "settings": '{"tokenizer": "jieba"}'})
    assert "segment them by jieba first\n" in w2v("convert", "j.safetensors", "z.model2vec").err


def test_a_folder_is_replaced_only_if_it_has_these_files(w2v, folder):
    table = write_model("m.safetensors", TextForm())
    os.mkdir("x.model2vec")
    for limit in ("1", "2"):  # an empty folder, and one that was written before
        assert w2v("convert", "m.safetensors", "x.model2vec/", "--limit", limit).code == 0
        found = container.read("x.model2vec/model.safetensors")[0]["embeddings"]
        np.testing.assert_array_equal(found[:-1], table.matrix[: int(limit)])
    (folder / "x.model2vec/mine").write_text("x")
    before = (folder / "x.model2vec/tokenizer.json").read_bytes()
    (folder / "file.model2vec").write_text("x")
    for name, said in (
        ("x.model2vec", "x.model2vec is a folder with other files, such as mine: name a new fo"),
        ("file.model2vec", "file.model2vec is a file, and a folder is to be written: name a new"),
        ("no/x.model2vec", "no/x.model2vec: there is no folder "),
    ):
        outcome = w2v("convert", "m.safetensors", name)
        assert outcome.code == 2
        assert outcome.err.startswith(f"w2v: {said}"), outcome.err
        assert outcome.err.count("\n") == 1
    assert (folder / "x.model2vec/tokenizer.json").read_bytes() == before
    assert sorted(os.listdir(".")) == ["file.model2vec", "m.safetensors", "x.model2vec"]


def test_no_file_that_is_read_is_replaced(w2v, folder):
    write_model("m.safetensors", TextForm())
    os.mkdir("x.model2vec")
    shutil.move("m.safetensors", "x.model2vec/model.safetensors")
    before = (folder / "x.model2vec/model.safetensors").read_bytes()
    outcome = w2v("convert", "x.model2vec/model.safetensors", "x.model2vec")
    assert outcome.code == 2
    assert "model.safetensors is one of the files of IN: name another" in outcome.err
    assert (folder / "x.model2vec/model.safetensors").read_bytes() == before


@pytest.mark.parametrize("fails", ["fsync", "rename"])
def test_a_failure_leaves_the_old_folder_and_nothing_else(w2v, folder, monkeypatch, fails):
    write_model("m.safetensors", TextForm())
    assert w2v("convert", "m.safetensors", "x.model2vec").code == 0
    before = {name: (folder / "x.model2vec" / name).read_bytes() for name in FILES}
    real, calls = getattr(os, fails), []

    def failing(*args):
        calls.append(args)
        if len(calls) == 2:  # for a rename, that of the new folder after the old one was moved
            raise OSError(28, "No space left on device", str(args[0]))
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(atomic_folder.os, fails, failing)
        outcome = w2v("convert", "m.safetensors", "x.model2vec", "--limit", "1")
    assert outcome.code in (1, 2)
    assert "No space left on device" in outcome.err
    assert {name: (folder / "x.model2vec" / name).read_bytes() for name in FILES} == before
    assert sorted(os.listdir(".")) == ["m.safetensors", "x.model2vec"]


def test_other_commands_name_convert(w2v, toy, folder):
    (folder / "text").write_text("a b\n")
    for command in (
        ("train", "text", "-o", "x.model2vec"),
        ("align", "vectors.safetensors", "vectors.safetensors", "-o", "x.model2vec"),
        ("combine", "vectors.safetensors", "vectors.safetensors", "-o", "x.model2vec"),
    ):
        outcome = w2v(*command)
        assert outcome.code == 2
        assert "x.model2vec: only w2v convert writes this folder" in outcome.err
    outcome = w2v("convert", "vectors.safetensors", "x.model2vec", "--table", "documents")
    assert outcome.code == 2
    assert "leave out --table" in outcome.err
    assert w2v("convert", "vectors.safetensors", "x.model2vec.gz").code == 2
    assert not (folder / "x.model2vec").exists()


def test_python_writes_it_too(folder):
    import w2v

    write_model("m.safetensors", TextForm("words"))
    w2v.load("m.safetensors").save("x.model2vec")
    assert sorted(os.listdir("x.model2vec")) == FILES
    assert parsed("x.model2vec/tokenizer.json")["pre_tokenizer"]["invert"]
    documents = Table.build(["d1"], np.ones((1, 2), np.float32))
    tensors = container.table_tensors("documents", documents)
    container.write("d.safetensors", tensors, container.file_metadata())
    with pytest.raises(W2VError, match="holds the vectors of words, and these are those of docum"):
        w2v.load("d.safetensors", table="documents").save("y.model2vec")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_hugging_faces_tokenizer_finds_the_words_that_w2v_finds(form):
    tokenizers = pytest.importorskip("tokenizers", reason="no tokenizers: pip install tokenizers")
    table = Table.build(["a"], np.ones((1, 2), np.float32))
    made = tokenizers.Tokenizer.from_str(b"".join(pieces(table, form)).decode())
    for text in TEXTS:
        changed = made.normalizer.normalize_str(text)
        found = [word for word, _ in made.pre_tokenizer.pre_tokenize_str(changed)]
        assert found == tokens(text, form), text


@pytest.mark.parametrize("library", ["model2vec", "sentence_transformers"])
@pytest.mark.parametrize("form", [TextForm(), TextForm("words", True)], ids=str)
def test_the_libraries_give_the_vectors_of_w2v(w2v, folder, library, form):
    reason = f"no {library}: pip install {library.replace('_', '-')}"
    module = pytest.importorskip(library, reason=reason)
    table = write_model("m.safetensors", form)
    assert w2v("convert", "m.safetensors", "x.model2vec").code == 0
    if library == "model2vec":
        model = module.StaticModel.from_pretrained("x.model2vec")
    else:
        model = module.SentenceTransformer("x.model2vec", device="cpu")
    words = [name for name in table.names if tokens(name, form) == [name]]
    assert len(words) > 20
    rows = [table.find(word) for word in words]
    np.testing.assert_array_equal(np.asarray(model.encode(words)), table.matrix[rows])
    for text, vector in zip(TEXTS, np.asarray(model.encode(TEXTS)), strict=True):
        rows = [table.find(word) for word in tokens(text, form)]
        known = [row for row in rows if row is not None]
        mean = table.matrix[known].mean(axis=0) if known else np.zeros(8)
        lengths = np.linalg.norm(vector) * np.linalg.norm(mean)
        assert lengths == 0 or vector @ mean / lengths == pytest.approx(1, abs=1e-6)
        assert np.any(vector) == bool(known)


def test_the_words_of_a_model_are_those_of_python_with_its_unicode():
    """The classes of the pattern are general categories, which str.isalnum and \\w consist of."""
    for point in range(0x30000):
        letter = chr(point)
        assert letter.isalnum() == (unicodedata.category(letter)[0] in "LN"), hex(point)


def test_names_are_written_in_parts(monkeypatch):
    monkeypatch.setattr("w2v.embeddings.hf_tokenizer._NAMES", 2)
    table = Table.build(["a", '"\\', "\x00\n", "é", "😀"], np.ones((5, 2), np.float32))
    made = json.loads(b"".join(pieces(table, TextForm())))
    assert [*made["model"]["vocab"]] == [*table.names, "[UNK]"]


def test_a_name_of_other_bytes_is_refused(folder):
    with pytest.raises(W2VError, match="row 1"):
        formats.save("x.model2vec", Table.of([b"\xff"], np.ones((1, 2), np.float32)))
