"""Outputs never replace inputs, in any command, by whatever path they are named."""

import json
import os
import sys
import zipfile

import click
import numpy as np
import planted
import pytest
from helpers import compiled_only

from w2v.cli import cli
from w2v.cli.command import NamedPath
from w2v.embeddings import container
from w2v.embeddings.formats import save
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system import atomic_file, output_files

# Each command that writes, with a good value for each of its files.
WRITES = {
    "train": {"--output": "x.safetensors", "--save-vocab": "v.txt", "--log-json": "log"},
    "vocab": {"--output": "v.txt", "--curve": "curve.txt"},
    "phrases": {"--output": "p.txt", "--list": "list.txt"},
    "dedup": {"--output": "d.txt", "--counts": "counts.txt", "--pairs": "pairs.txt"},
    "infer": {"--output": "y.txt"},
    "convert": {"OUT": "y.txt"},
    "combine": {"--output": "y.txt"},
    "align": {"--output": "y.txt"},
    "subwords": {"--output": "y.safetensors"},
    "topics": {
        "--output": "t.html", "--topic-keys": "keys.txt", "--doc-topics": "topics.txt",
        "--state": "s.gz",
        "--ldavis": "v.json", "--plot": "t.tsv",
    },
    "evaluate analogies": {"--plot": "t.tsv"},
    "plot": {"--output": "m.tsv"},
    "lag": {"--plot": "t.tsv"},
}  # fmt: skip
READS = {
    "train": {
        "CORPUS...": "text", "--files-from": "list", "--valid": "text2",
        "--read-vocab": "counts", "--init": "w.txt",
        "--update": "w.safetensors", "--stopwords": "stop",
        "--seeds": "seeds",
    },
    "vocab": {"CORPUS...": "text", "--files-from": "list"},
    "phrases": {
        "CORPUS...": "text", "--files-from": "list", "--connectors": "stop", "--read-list": "stop",
    },
    "dedup": {"CORPUS...": "text", "--files-from": "list"},
    "infer": {
        "MODEL": "lda.safetensors", "[CORPUS...]": "text", "--files-from": "list",
        "--names": "labels",
    },
    "convert": {
        "IN": "w.txt", "--only": "stop", "--words": "stop", "--retrain": "stop",
        "--weights": "stop", "--counts": "counts",
    },
    "combine": {"VECTORS...": "w.txt"},
    "align": {"TARGET": "w.txt", "SOURCE": "w.txt", "--dictionary": "stop"},
    "subwords": {"VECTORS": "w.txt"},
    "topics": {
        "MODEL": "lda.safetensors", "[CORPUS...]": "text2", "--files-from": "list",
        "--reference": "text",
        "--names": "labels",
    },
    "evaluate analogies": {"SET...": "set", "--vectors": "w.txt"},
    "plot": {"--vectors": "w.txt", "--labels": "labels"},
    "plot --loss": {"--loss": "log.txt"},
    "lag": {},
}  # fmt: skip
NEEDED = {
    "train": {"CORPUS...": "text"},
    "vocab": {"CORPUS...": "text"},
    "phrases": {"CORPUS...": "text"},
    "dedup": {"CORPUS...": "text"},
    "infer": {"MODEL": "lda.safetensors", "[CORPUS...]": "text"},
    "convert": {"IN": "w.txt", "OUT": "y.txt"},
    "combine": {"VECTORS...": "w.txt"},
    "align": {"TARGET": "w.safetensors", "SOURCE": "w.txt"},
    "subwords": {"VECTORS": "w.txt"},
    "topics": {"MODEL": "lda.safetensors", "[CORPUS...]": "text2", "--output": "t.html"},
    "evaluate analogies": {"SET...": "set", "--vectors": "w.txt"},
    "plot": {"--vectors": "w.txt"},
    "plot --loss": {"--loss": "log.txt", "--output": "m.tsv"},
    "lag": {},
}


def command_line(command, files):
    """A command with these files: arguments first, in their order, then options."""
    files = {**NEEDED[command], **files}
    if command == "train" and {"--stopwords", "--seeds"} & {*files}:
        files["--model"] = "lda"
    names = [name for name in files if not name.startswith("-")]
    order = [*NEEDED[command]]
    arguments = [files[name] for name in sorted(names, key=order.index)]
    options = [part for name in files if name.startswith("-") for part in (name, files[name])]
    return [*command.removesuffix(" --loss").split(), *arguments, *options]


def pairs():
    for command, inputs in READS.items():
        for writes in WRITES[command.removesuffix(" --loss")]:
            for reads in inputs:
                yield command, writes, reads


@pytest.fixture
def files(folder, monkeypatch):
    """Each input file of each command, with different bytes."""
    words = ["king", "queen", "man", "woman"]
    table = Table.build(words, np.eye(4, dtype=np.float32) + 1, np.array([9, 8, 7, 6]))
    save("w.txt", table)
    (folder / "text").write_text(planted.text(10))
    for name in ("text2", "stop", "counts", "set", "labels", "log.txt"):
        (folder / name).write_text(f"{name} 1\n")
    (folder / "seeds").write_text("royal\tking queen\n")
    (folder / "list").write_text("text\n")
    tensors = container.table_tensors("words", table) | {"output_vectors": table.matrix}
    for name, model in (("w.safetensors", "skipgram"), ("lda.safetensors", "lda")):
        container.write(name, tensors, {"format": "w2v", "model": model})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("command", "writes", "reads"), [*pairs()])
@pytest.mark.parametrize(
    "way",
    ["path", *(pytest.param(way, marks=compiled_only) for way in ("symbolic link", "hard link"))],
)
def test_no_output_replaces_an_input(w2v, files, folder, command, writes, reads, way):
    name = {**NEEDED[command], **READS[command]}[reads]
    given = WRITES[command.removesuffix(" --loss")][writes]
    suffix = os.path.splitext(given)[1]
    same = name if name.endswith(suffix) and way == "path" else f"same{suffix}"
    if same != name and way == "symbolic link":
        os.symlink(name, same)
    elif same != name:
        os.link(name, same)
    outcome = w2v(*command_line(command, {reads: name, writes: same}))
    assert outcome.code == 2, outcome
    option = "-o" if writes == "--output" else writes
    assert outcome.err.startswith(f"w2v: {option} {same} is "), outcome.err
    assert outcome.err.endswith(": name another file to write\n")
    assert {name: (folder / name).read_bytes() for name in files} == files


@pytest.mark.parametrize(
    ("command", "writes"), [(command, writes) for command in WRITES for writes in WRITES[command]]
)
def test_an_empty_path_is_refused_before_the_work(w2v, files, folder, command, writes):
    """As of a variable of a shell that is not set."""
    outcome = w2v(*command_line(command, {writes: ""}))
    assert outcome.code == 2, outcome
    said = "the path is empty: name a file", "the suffix (none) names", "that ends in"
    assert outcome.err.count("\n") == 1, outcome.err
    assert any(each in outcome.err for each in said), outcome.err
    assert {name: (folder / name).read_bytes() for name in files} == files


@pytest.mark.parametrize("command", ["vocab", "dedup", "phrases"])
def test_a_folder_that_is_not_there_is_no_file(w2v, files, folder, command):
    """A later output in the folder would then fail, because a file has its name."""
    for output in ("new/", "labels/"):
        outcome = w2v(command, "text", "-o", output)
        said = f"w2v: {output}: there is no such folder: leave out the / at the end, or create "
        assert (outcome.code, outcome.err) == (2, f"{said}the folder and name a file in it\n")
        with pytest.raises(W2VError, match="no such folder"), atomic_file.replacing(output):
            pass
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


@pytest.mark.parametrize(
    ("command", "first", "second"),
    [
        (command, first, second)
        for command, names in WRITES.items()
        for number, first in enumerate(names)
        for second in [*names][number + 1 :]
    ],
)
def test_no_output_replaces_another(w2v, files, command, first, second):
    path = WRITES[command][first]
    outcome = w2v(*command_line(command, {first: path, second: f"./{path}"}))
    if outcome.code == 2 and "expected a name that ends in" in outcome.err:
        path = WRITES[command][second]
        outcome = w2v(*command_line(command, {first: f"./{path}", second: path}))
    assert (outcome.code, "both write" in outcome.err) == (2, True), outcome
    assert not os.path.exists(path)


def test_every_parameter_that_names_a_file_is_tried(w2v):
    """A new parameter must be added to the table of outputs or to that of inputs."""
    from w2v.settings import RunSettings, TermSettings

    def walk(group, before=""):
        for name in group.list_commands(click.Context(group)):
            command = group.get_command(click.Context(group), name)
            if isinstance(command, click.Group):
                yield from walk(command, f"{before}{name} ")
            else:
                yield f"{before}{name}", command

    for name, command in walk(cli):
        params = [p for p in command.params if isinstance(p.type, click.Path)]
        assert all(isinstance(p.type, NamedPath) for p in params)  # which refuses an empty path
        found = {
            p.opts[-1] if p.opts[0].startswith("-") else (p.metavar or p.name.upper())
            for p in params
        }
        if name in WRITES:
            known = {*WRITES[name], *READS[name], *READS.get(f"{name} --loss", {})}
            missing = found - known
            assert not missing, f"{name}: {missing}"
        else:
            assert not {"--output", "--plot"} & found, name
    settings = {f"--{field.replace('_', '-')}" for field in RunSettings.__dataclass_fields__}
    of_files = {each for each in settings if each in {*WRITES["train"], *READS["train"]}}
    assert of_files == {
        "--log-json",
        "--read-vocab",
        "--save-vocab",
        "--valid",
        "--init",
        "--update",
    }
    assert "stopwords" in TermSettings.__dataclass_fields__


def test_what_a_format_writes_beside_its_file_counts_too(w2v, files, folder):
    (folder / "x.words").write_text("names")
    (folder / "x.metadata.tsv").write_text("names")
    for target, beside in (("x.npy", "x.words"), ("x.tsv", "x.metadata.tsv")):
        outcome = w2v("train", beside, "-o", target)
        assert f"the list of names {beside} is one of the texts" in outcome.err
        assert (folder / beside).read_text() == "names"


def test_the_checkpoint_counts_as_an_output(w2v, files, folder):
    outcome = w2v("train", "text", "-o", "x.txt", "--log-json", "x.txt.checkpoint")
    assert "the checkpoint and --log-json both write x.txt.checkpoint" in outcome.err
    os.rename("text", "x.txt.checkpoint")
    outcome = w2v("train", "x.txt.checkpoint", "-o", "x.txt")
    assert "the checkpoint x.txt.checkpoint is one of the texts" in outcome.err
    assert (folder / "x.txt.checkpoint").read_bytes() == files["text"]


def test_the_log_may_be_standard_output(w2v, files, folder):
    short = ("--dim", 4, "--epochs", 1, "--min-count", 1, "--sample", 0, "--threads", 1)
    call = ("train", "text", *short, "--log-json", "-")
    outcome = w2v(*call, "-o", "x.safetensors")
    assert outcome.code == 0, outcome.err
    events = [json.loads(line)["event"] for line in outcome.out.splitlines()]
    assert (events[0], events[-1]) == ("start", "end")
    assert not (folder / "-").exists()
    assert "-o and --log-json both write -: name two files" in w2v(*call, "-o", "-").err


def test_devices_may_be_given_twice(files):
    output_files.check(
        {"-o": os.devnull, "--curve": os.devnull}, {"one of the texts": [os.devnull]}
    )
    with pytest.raises(W2VError, match="-o and --curve both write -"):
        output_files.check({"-o": "-", "--curve": "-"}, {})


@compiled_only
def test_standard_streams_are_files_too(files, folder):
    import subprocess

    for redirected, said in (
        ("vocab - -o text < text", "-o text is one of the texts"),
        ("vocab text >> text", "-o - is one of the texts"),
    ):
        command = f"{sys.executable} -m w2v {redirected}"
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
        assert (folder / "text").read_bytes() == files["text"]


@compiled_only
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such paths")
@pytest.mark.parametrize("option", ["-o /dev/stdout", "-o /dev/fd/1", "-o link", "-o -"])
def test_what_a_shell_has_redirected_is_not_replaced(files, folder, option):
    import subprocess

    os.symlink("/dev/stdout", "link")
    vocab = f"{sys.executable} -m w2v vocab text {option}"
    command = f"{{ {vocab}; echo between; {vocab}; }} >> both"
    (folder / "both").write_text("before\n")
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, second = (folder / "both").read_text().removeprefix("before\n").split("between\n")
    assert first == second
    assert first.startswith("</s>")
    assert {*os.listdir(folder)} == {*files, "both", "link"}


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="Windows has no such paths")
def test_an_open_descriptor_is_written_where_it_stands(folder):
    with open("x", "wb") as file:
        path = f"/dev/fd/{file.fileno()}"
        output_files.check({"-o": path}, {}, {"--log-json": None})
        output_files.check({}, {}, {"--log-json": path})
        os.write(file.fileno(), b"a")
        with atomic_file.replacing(path) as copy:
            copy.write(b"b")
        with atomic_file.appending(path) as log:
            log.write(b"c")
        os.write(file.fileno(), b"d")
    assert (folder / "x").read_bytes() == b"abcd"
    with open("x", "rb") as file, pytest.raises(OSError, match="Bad file descriptor.*/dev/fd"):
        output_files.check({"-o": f"/dev/fd/{file.fileno()}"}, {})
    assert os.listdir(folder) == ["x"]


def test_an_address_of_a_local_file_is_an_input_too(w2v, folder):
    pytest.importorskip("fsspec")
    (folder / "text").write_text("a b\n" * 9)
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        archive.write("text")
    for address, output in (
        (f"file://{folder}/text", "text"),
        (f"file://{folder}/te*t", "text"),
        (f"simplecache::file://{folder}/text", "text"),
        (f"zip://text::file://{folder}/x.zip", "x.zip"),
    ):
        before = (folder / output).read_bytes()
        for command in ("vocab", "dedup"):
            outcome = w2v(command, address, "-o", output)
            assert outcome.code == 2
            assert f"-o {output} is " in outcome.err
            assert outcome.err.endswith(": name another file to write\n")
            assert (folder / output).read_bytes() == before


@pytest.mark.parametrize(
    ("command", "outputs"),
    [
        ("convert new.txt x.npy", ["x.npy", "x.words"]),
        ("convert new.txt x.tsv", ["x.tsv", "x.metadata.tsv"]),
        ("dedup text -o kept --counts counts --pairs pairs", ["kept", "counts", "pairs"]),
        ("phrases text --min-count 2 --threshold 0 -o joined --list list", ["joined", "list"]),
    ],
)
def test_of_several_outputs_either_all_are_replaced_or_none(w2v, folder, command, outputs):
    resource = pytest.importorskip("resource")
    words = [str(n) * 50 for n in range(10, 20)]
    (folder / "new.txt").write_text("\n".join(["10 1", *(word + " 1" for word in words)]) + "\n")
    (folder / "text").write_text(" ".join(words) + "\nyes no\nyes no\n")
    assert w2v(*command.split()).code == 0
    for name in outputs:
        (folder / name).write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        outcome = w2v(*command.split())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcome.code == 2
    assert "File too large" in outcome.err
    assert [(folder / name).read_text() for name in outputs] == ["old"] * len(outputs)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_log_in_a_named_pipe_is_opened_once(folder, monkeypatch):
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        log = atomic_file.AppendedFile("pipe")
        for line in (b"a\n", b"b\n"):
            with log.opened() as file:
                file.write(line)
            assert os.read(reader, 9) == line
            with pytest.raises(BlockingIOError):  # b"", the end, if the pipe were closed
                os.read(reader, 9)
        del log, file
        assert os.read(reader, 9) == b""
    finally:
        os.close(reader)
    monkeypatch.setattr(atomic_file, "appending", None)
    output_files.check({}, {}, {"--log-json": "pipe"})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_log_ends_with_the_reader_of_its_pipe(folder):
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    log = atomic_file.AppendedFile("pipe")
    with log.opened() as file:
        file.write(b"a\n")
    os.close(reader)
    with pytest.raises(BrokenPipeError), log.opened() as file:
        file.write(b"b\n")
