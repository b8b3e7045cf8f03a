"""A model or a vector file in the place of another file: every command says where it belongs."""

import os

import click
import pytest
from test_inputs import COMMANDS, label
from topic_models import planted_lda


def arguments_of(command):
    return [param for param in command.params if isinstance(param, click.Argument)]


WITH_MODEL = [name for name, each in COMMANDS.items()
              if [*map(label, arguments_of(each))][:1] == ["MODEL"]]  # fmt: skip
WITH_OTHERS = [name for name in WITH_MODEL if len(arguments_of(COMMANDS[name])) > 1]
WITH_VECTORS = [
    name for name, each in COMMANDS.items()
    if arguments_of(each) and any("--vectors" in param.opts for param in each.params)
]  # fmt: skip
NOT_MODELS = {
    "posts.jsonl": b'{"id": "a", "text": "sun moon"}\n', "posts.txt": b"sun moon stars\nbread\n",
    "posts.tsv": b"id\ttext\n1\tsun moon\n", "bom.json": b'\xef\xbb\xbf{"text": "a"}\n',
}  # fmt: skip


@pytest.fixture
def files(folder):
    for name, content in NOT_MODELS.items():
        (folder / name).write_bytes(content)
    planted_lda("lda.safetensors")
    return folder


def test_the_commands_with_a_model_are_known():
    assert {*WITH_OTHERS} == {
        "topics", "infer", "perplexity", "predict", "explain", "evaluate self-retrieval"
    }  # fmt: skip
    assert {*WITH_MODEL} - {*WITH_OTHERS} == {"generate", "summary"}
    assert {"evaluate similarity", "evaluate analogies", "evaluate classify"} <= {*WITH_VECTORS}


@pytest.mark.parametrize("name", WITH_OTHERS)
@pytest.mark.parametrize("other", [*NOT_MODELS, "nowhere"])
def test_the_model_comes_first(w2v, files, name, other):
    done = w2v(*name.split(), other, "lda.safetensors")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"w2v: {other} is not a model, but lda.safetensors is: the model comes first, as in "
        f"w2v {name} lda.safetensors {other}\n"
    )


def test_several_texts_and_options_keep_their_order(w2v, files):
    args = ("posts.txt", "posts.tsv", "lda.safetensors", "-o", "t.html", "--by", "year")
    done = w2v("topics", *args)
    assert done.code == 2
    assert done.err.endswith("as in w2v topics lda.safetensors posts.txt posts.tsv\n")
    assert not os.path.exists("t.html")


@pytest.mark.parametrize("name", WITH_MODEL)
@pytest.mark.parametrize("other", [*NOT_MODELS])
def test_a_text_is_no_model(w2v, files, name, other):
    args = ["posts.txt"] * (name in WITH_OTHERS)
    done = w2v(*name.split(), other, *args, *(["-o", "t.html"] if name == "topics" else []))
    assert (done.code, done.out) == (2, "")
    said = "is not a model: this needs one, which w2v train -o X.safetensors writes"
    assert done.err == f"w2v: {other} {said}\n"
    if name in WITH_OTHERS:  # a pipe is not opened a second time
        data = (files / other).read_bytes()
        done = w2v(*name.split(), "-", "lda.safetensors",
                   *(["-o", "t.html"] if name == "topics" else []), stdin=data)  # fmt: skip
        assert (done.code, done.err) == (2, f"w2v: stdin {said}\n")


@pytest.mark.parametrize("name", WITH_VECTORS)
def test_vectors_are_named_by_an_option(w2v, files, name):
    count = {"analogy": 2, "odd": 2}.get(name, 1)
    done = w2v(*name.split(), "lda.safetensors", *["posts.tsv"] * count)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1] == (
        "w2v: lda.safetensors is a file of vectors: name it with -v lda.safetensors"
    )


def test_other_errors_stay_as_they_are(w2v, files):
    done = w2v("infer", "lda.safetensors", "nowhere")
    assert (done.code, done.err) == (2, "w2v: nowhere: No such file or directory\n")
    done = w2v("infer", "nowhere", "posts.txt")
    assert (done.code, done.err) == (2, "w2v: nowhere: No such file or directory\n")
    done = w2v("infer", "lda.safetensors", "lda.safetensors")
    assert done.err.startswith("w2v: lda.safetensors is vectors, not text")
    done = w2v("similar", "lda.safetensors", "-v", "lda.safetensors")
    assert done.code == 3
    (files / "vectors.txt").write_text("sun 1 2\nmoon 3 4\n")
    done = w2v("infer", "vectors.txt", "lda.safetensors")
    assert "holds only vectors: this needs a model" in done.err
    done = w2v("similar", "sun", "-v", "posts.jsonl")
    assert "posts.jsonl is JSON: write its vectors as text" in done.err


@pytest.mark.parametrize(
    ("call", "advice"),
    [
        (("convert", "it's twice.txt", "x.txt"), "w2v convert --check 'it'\"'\"'s twice.txt' OUT"),
        (("info", "--check", "not a number.txt"), "w2v convert --check 'not a number.txt' OUT"),
        (("similar", "my v.txt", "-v", "my v.safetensors"), "name it with -v 'my v.txt'"),
        (("plot", "my v.safetensors", "-o", "x.html"), "name it with -v 'my v.safetensors'"),
        (("predict", "a text", "my v.safetensors"), "w2v predict 'my v.safetensors' 'a text'"),
        (
            ("train", "-train", "a text", "-save-vocab", "my words"),
            "w2v vocab 'a text' -o 'my words'",
        ),
        (
            ("align", "my v.txt", "my v.txt", "-o", "my v.model2vec"),
            "w2v convert FILE 'my v.model2vec'",
        ),
    ],
)
def test_a_path_in_advice_is_one_argument_of_a_shell(w2v, folder, call, advice):
    (folder / "my v.txt").write_text("2 2\na 1 2\nb 3 4\n")
    (folder / "a text").write_text("words\n")
    (folder / "it's twice.txt").write_text("2 2\na 1 2\na 3 4\n")
    (folder / "not a number.txt").write_text("2 2\na 1 2\nb nan 4\n")
    assert w2v("convert", "my v.txt", "my v.safetensors").code == 0
    outcome = w2v(*call)
    assert outcome.code == 2
    assert advice in outcome.err
