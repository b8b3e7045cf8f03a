"""Input files of all commands: from a pipe, with a byte order mark, damaged, missing.

The table below names each of them as click does, and a test finds options that it lacks.
"""

import itertools
import os
import random
import shutil
import threading
from dataclasses import fields
from pathlib import Path

import click
import planted
import pytest
from helpers import COMPILED, PACKERS, compiled_only, mutate

from w2v.cli import cli, main
from w2v.cli.command import Command, InputFile, is_given_once
from w2v.models import models
from w2v.setting_fields import option_name

SMALL = ("--min-count", "1", "--threads", "1", "--quiet", "--epochs", "1", "--dim", "4")
TRAIN = ("train", *SMALL, "-o", "-")
TOPICS = ("--min-count", "1", "--threads", "1", "--quiet", "--topics", "2")
LSA = ("train", "docs", "--model", "lsa", *TOPICS, "-o", "-")
LDA = ("train", "docs", "--model", "lda", *TOPICS, "--epochs", "1", "-o", "-")
NBOW = ("train", "docs.tsv", "--model", "nbow", *SMALL, "-o", "-")
PAIR = ("king", "queen")
CLASSIFY = ("evaluate", "classify", "--by", "words", "--format", "tsv", "--columns", "label,text")
# A good call for each file, in which @ is the file itself. The files in TEXTS are lines of text.
TEXTS = {"text", "file-list", "docs", "docs.tsv", "labelled", "names", "twos", "triples", "judged",
         "quads", "counts", "weights", "of-labels", "seeds", "stop", "labels", "named", "rows",
         "log.json", "vectors.txt"}  # fmt: skip
READS = {
    "train": {
        "CORPUS": ("text", TRAIN, "@"),
        "--files-from": ("file-list", TRAIN, "--files-from", "@"),
        "--valid": ("docs", TRAIN, "text", "--valid", "@"),
        "--read-vocab": ("counts", TRAIN, "text", "--read-vocab", "@"),
        "--init": ("vectors.txt", TRAIN, "text", "--init", "@"),
        "--update": ("words.safetensors", "train", "text", "--quiet", "--threads", "1", "-o", "-",
                     "--update", "@"),
        "--stopwords": ("stop", LSA, "--stopwords", "@"),
        "--weights": ("weights", NBOW, "--weights", "@"),
        "--seeds": ("seeds", LDA, "--seeds", "@"),
    },
    "vocab": {
        "CORPUS": ("text", "vocab", "@"),
        "--files-from": ("file-list", "vocab", "--files-from", "@"),
    },
    "phrases": {
        "CORPUS": ("text", "phrases", "@"),
        "--files-from": ("file-list", "phrases", "--files-from", "@"),
        "--connectors": ("stop", "phrases", "text", "--connectors", "@"),
        "--read-list": ("names", "phrases", "text", "--read-list", "@"),
    },
    "dedup": {
        "CORPUS": ("text", "dedup", "@"),
        "--files-from": ("file-list", "dedup", "--files-from", "@"),
    },
    "similar": {
        "--vectors": ("vectors.txt", "similar", "king", "-v", "@"),
        "--queries": ("names", "similar", "--queries", "@"),
        "--only": ("names", "similar", "king", "--only", "@"),
        "--exclude": ("names", "similar", "king", "--exclude", "@"),
        "--vector": ("rows", "similar", "--vector", "@"),
        "--in": ("vectors.txt", "similar", "king", "--in", "@", "--csls"),
        "--quote": ("docs", "similar", "1", "--table", "documents", "-v", "lda.safetensors",
                    "--quote", "@"),
    },
    "analogy": {
        "--vectors": ("vectors.txt", "analogy", *PAIR, "man", "-v", "@"),
        "--queries": ("triples", "analogy", "--queries", "@"),
        "--only": ("names", "analogy", *PAIR, "man", "--only", "@"),
        "--exclude": ("names", "analogy", *PAIR, "man", "--exclude", "@"),
    },
    "similarity": {
        "--vectors": ("words.safetensors", "similarity", *PAIR, "-v", "@"),
        "--queries": ("twos", "similarity", "--queries", "@"),
    },
    "odd": {
        "--vectors": ("words.bin", "odd", *PAIR, "man", "-v", "@"),
        "--queries": ("triples", "odd", "--queries", "@"),
    },
    "vector": {
        "--vectors": ("words.txt.gz", "vector", "king", "-v", "@"),
        "--queries": ("names", "vector", "--queries", "@"),
    },
    "infer": {
        "MODEL": ("lda.safetensors", "infer", "@", "docs"),
        "CORPUS": ("docs", "infer", "lda.safetensors", "@"),
        "--files-from": ("file-list", "infer", "lda.safetensors", "--files-from", "@"),
        "--names": ("named", "infer", "lda.safetensors", "docs", "--top", "1", "--names", "@"),
    },
    "topics": {
        "MODEL": ("lda.safetensors", "topics", "@"),
        "CORPUS": ("docs", "topics", "lda.safetensors", "@", "-o", "/dev/stdout.html"),
        "--files-from": ("file-list", "topics", "lda.safetensors", "--files-from", "@",
                         "-o", "/dev/stdout.html"),
        "--names": ("named", "topics", "lda.safetensors", "--names", "@"),
        "--reference": ("docs", "topics", "lda.safetensors", "--reference", "@"),
    },
    "perplexity": {
        "MODEL": ("lm.safetensors", "perplexity", "@", "text"),
        "CORPUS": ("docs", "perplexity", "lda.safetensors", "@"),
        "--files-from": ("file-list", "perplexity", "lda.safetensors", "--files-from", "@"),
    },
    "predict": {
        "MODEL": ("net.safetensors", "predict", "@", "docs"),
        "CORPUS": ("docs.tsv", "predict", "net.safetensors", "@", "--format", "tsv"),
        "--files-from": ("file-list", "predict", "net.safetensors", "--files-from", "@"),
    },
    "explain": {"MODEL": ("nbow.safetensors", "explain", "@", "king queen")},
    "generate": {"MODEL": ("lm.safetensors", "generate", "@", "--words", "5")},
    "summary": {"MODEL": ("net.safetensors", "summary", "@")},
    "lag": {},
    "evaluate similarity": {
        "SET": ("judged", "evaluate", "similarity", "@", "-v", "vectors.txt", "-v", "words.bin"),
        "--vectors": ("words.safetensors", "evaluate", "similarity", "judged", "-v", "@",
                      "--combine", "sum"),
    },
    "evaluate analogies": {
        "SET": ("quads", "evaluate", "analogies", "@", "-v", "vectors.txt"),
        "--vectors": ("vectors.txt", "evaluate", "analogies", "quads", "-v", "@"),
    },
    "evaluate self-retrieval": {
        "MODEL": ("lda.safetensors", "evaluate", "self-retrieval", "@", "docs"),
        "CORPUS": ("docs", "evaluate", "self-retrieval", "lda.safetensors", "@"),
        "--files-from": ("file-list", "evaluate", "self-retrieval", "lda.safetensors",
                         "--files-from", "@"),
    },
    "evaluate classify": {
        "TRAIN": ("docs.tsv", CLASSIFY, "@", "docs.tsv"),
        "TEST": ("docs.tsv", CLASSIFY, "docs.tsv", "@"),
        "--vectors": ("vectors.txt", CLASSIFY, "docs.tsv", "docs.tsv", "-v", "@"),
    },
    "compare": {
        "FILE": ("vectors.txt", "compare", "@", "words.bin", "--pairs", "judged"),
        "--pairs": ("judged", "compare", "vectors.txt", "words.bin", "--pairs", "@"),
        "--questions": ("quads", "compare", "vectors.txt", "words.bin", "--questions", "@"),
    },
    "drift": {
        "BEFORE": ("vectors.txt", "drift", "@", "words.bin"),
        "--after": ("vectors.txt", "drift", "words.bin", "--after", "@", "vectors.safetensors"),
        "--only": ("names", "drift", "words.bin", "vectors.txt", "--only", "@"),
    },
    "plot": {
        "--vectors": ("lda.safetensors", "plot", "-v", "@", "-o", "/dev/stdout.tsv", "--quiet"),
        "--labels": ("labels", "plot", "--labels", "@", "-o", "/dev/stdout.tsv", "--quiet"),
        "--loss": ("log.json", "plot", "--loss", "@", "-o", "/dev/stdout.tsv", "--quiet"),
    },
    "convert": {
        "IN": ("words.safetensors", "convert", "@", "-", "--combine", "sum"),
        "--only": ("names", "convert", "vectors.safetensors", "-", "--only", "@"),
        "--counts": ("counts", "convert", "vectors.safetensors", "-", "--counts", "@"),
        "--words": ("names", "convert", "vectors.safetensors", "-", "--words", "@"),
        "--retrain": ("labelled", "convert", "nbow.safetensors", "/dev/stdout.safetensors",
                      "--threads", "1", "--prune", "9", "--retrain", "@"),
        "--weights": ("of-labels", "convert", "nbow.safetensors", "/dev/stdout.safetensors",
                      "--threads", "1", "--prune", "9", "--retrain", "labelled", "--weights", "@"),
    },
    "combine": {
        "VECTORS": ("vectors.txt", "combine", "@", "words.bin", "-o", "/dev/stdout.txt", "--quiet"),
    },
    "align": {
        "TARGET": ("vectors.txt", "align", "@", "words.bin", "-o", "/dev/stdout.txt", "--quiet"),
        "SOURCE": ("vectors.txt", "align", "words.bin", "@", "-o", "/dev/stdout.txt", "--quiet"),
        "--dictionary": ("twos", "align", "vectors.txt", "words.bin", "-o", "/dev/stdout.txt",
                         "--quiet", "--dictionary", "@"),
    },
    "info": {"FILE": ("words.safetensors", "info", "@", "--check")},
    "subwords": {
        "VECTORS": ("vectors.txt", "subwords", "@", "-o", "/dev/stdout.safetensors", "--quiet"),
    },
}  # fmt: skip
EACH = [(command, reads) for command, found in READS.items() for reads in found]
# Without compiled kernels one file of each command is enough, because each is opened alike.
FIRST_UNCOMPILED = [
    pytest.param(command, reads, marks=[compiled_only] * bool(number))
    for command, found in READS.items()
    for number, reads in enumerate(found)
]


def commands(group=cli, before=()):
    """All commands with their names."""
    for name in group.list_commands(None):
        command, path = group.get_command(None, name), (*before, name)
        if isinstance(command, click.Group):
            yield from commands(command, path)
        else:
            yield " ".join(path), command


def parameters(command):
    """All arguments and options of a command, of w2v train those of any model, by their names."""
    found = {}
    for model in models() if command.name == "train" else ("",):
        with click.Context(command) as context:
            context.meta["w2v.model"] = model
            for param in command.get_params(context):
                if param.expose_value or not getattr(param, "hidden", False):
                    found[label(param)] = param
    return found


def label(param):
    """The name of an option or an argument in the table."""
    if isinstance(param, click.Option):
        return next(name for name in param.opts if name.startswith("--") or len(param.opts) == 1)
    return (param.metavar or param.name.upper()).strip("[].")


def files_read(command):
    found = parameters(command).items()
    return {name: param for name, param in found if isinstance(param.type, InputFile)}


COMMANDS = dict(commands())


def test_the_table_has_every_file_that_is_read():
    for name, command in COMMANDS.items():
        assert isinstance(command, Command), name
        assert files_read(command).keys() == READS[name].keys(), name


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with every file of the table."""
    folder = tmp_path_factory.mktemp("inputs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        rows = planted.text(60 if COMPILED else 12).splitlines()
        words = sorted({word for row in rows for word in row.split()})[:40]
        rows = [f"king queen man woman {row}" for row in rows]
        contents = {
            "text": rows, "docs": rows[:20], "file-list": ["docs"],
            "docs.tsv": [f"{'ab'[n % 2]}\t{row}" for n, row in enumerate(rows[:20])],
            "labelled": [f"__label__{'ab'[n % 2]} {row}" for n, row in enumerate(rows[:20])],
            "names": ["king", "queen", words[0]], "stop": ["king", words[1]],
            "seeds": ["royal\tking queen", "people\tman woman:2"],
            "twos": ["king queen", "man woman"], "triples": ["king queen man"] * 2,
            "judged": ["king\tqueen\t9", "man\twoman\t5", "king\tman\t1", "queen\tman\t2"],
            "quads": [": some", "king queen man woman", "man woman king queen"],
            "weights": ["a\t2", "b\t1"], "of-labels": ["a\t2", "b\t1"],
            "named": ["0\tRoyalty", "1\tFood"],
            "labels": [f"{word}\tx" for word in words],
        }  # fmt: skip
        for name, lines in contents.items():
            (folder / name).write_text("\n".join([*lines, ""]))
        for call in (
            ("vocab", "text", "-o", "counts", "--quiet"),
            ("train", "text", *SMALL, "-o", "words.safetensors", "--log-json", "log.json"),
            ("train", "docs", "--model", "lda", *TOPICS, "-o", "lda.safetensors"),
            ("train", "docs.tsv", "--model", "mlp", *SMALL, "-o", "net.safetensors"),
            ("train", "docs.tsv", "--model", "nbow", *SMALL, "-o", "nbow.safetensors"),
            ("train", "text", "--model", "rnn", "--task", "lm", *SMALL, "-o", "lm.safetensors"),
            ("convert", "words.safetensors", "words.bin"),
            ("convert", "words.safetensors", "words.txt.gz"),
            ("convert", "words.safetensors", "vectors.txt"),
            ("convert", "words.safetensors", "vectors.safetensors"),
        ):
            with pytest.raises(SystemExit) as exit_:
                main(call)
            assert not exit_.value.code, call
        rows = (folder / "vectors.txt").read_text().splitlines()[1:4]
        (folder / "rows").write_text("\n".join([*rows, ""]))
    return folder


@pytest.fixture
def ask(w2v, folder, made, monkeypatch):
    """Call a command of the table with one of its files replaced: ask("info", "FILE", "x")."""
    monkeypatch.setattr("w2v.evaluation.compare._DRAWS", 20)
    for path in made.iterdir():
        shutil.copy(path, folder)

    def call(command, reads, given, stdin=b""):
        _, *args = READS[command][reads]
        flat = [part for each in args for part in ([each] if isinstance(each, str) else each)]
        written = [part for part in flat if part.startswith("/dev/stdout.")]
        names = {"@": str(given)} | {part: Path(part).name for part in written}
        outcome = w2v(*(names.get(part, part) for part in flat), stdin=stdin)
        for part in written if outcome.code == 0 else ():
            data = (folder / Path(part).name).read_bytes()
            outcome = outcome._replace(out=outcome.out + data.decode("latin-1"))
        return outcome

    return call


@pytest.mark.parametrize(("command", "reads"), FIRST_UNCOMPILED)
def test_a_pipe_is_read_as_the_file_is(ask, folder, command, reads):
    name = READS[command][reads][0]
    data = (folder / name).read_bytes()
    wanted = ask(command, reads, name)
    assert wanted.code == 0, wanted.err
    assert wanted.out
    reader, writer = os.pipe()

    def write():
        with open(writer, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    piped = ask(command, reads, f"/dev/fd/{reader}")
    thread.join()
    os.close(reader)
    assert piped.code == 0, piped.err
    assert piped.out == wanted.out.replace(name, f"/dev/fd/{reader}")
    stdin = ask(command, reads, "-", data)
    assert stdin.code == 0, stdin.err
    assert stdin.out == wanted.out.replace(name, "-")


@compiled_only
@pytest.mark.parametrize(
    ("command", "reads"), [each for each in EACH if READS[each[0]][each[1]][0] in TEXTS]
)
def test_a_byte_order_mark_is_no_letter(ask, folder, command, reads):
    name = READS[command][reads][0]
    wanted = ask(command, reads, name)
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    marked = ask(command, reads, name)
    assert (marked.code, marked.out) == (wanted.code, wanted.out), marked.err


@compiled_only
@pytest.mark.parametrize(
    ("number", "command", "reads"),
    [(n, *each) for n, each in enumerate(EACH) if READS[each[0]][each[1]][0] in TEXTS],
)
def test_a_packed_file_is_read_as_the_file_is(ask, folder, number, command, reads):
    """Each file by one of the compressions in turn, because each has the same reader."""
    name = READS[command][reads][0]
    wanted = ask(command, reads, name)
    pack = [*PACKERS.values()][number % len(PACKERS)]
    (folder / name).write_bytes(pack((folder / name).read_bytes()))
    packed = ask(command, reads, name)
    assert (packed.code, packed.out) == (wanted.code, wanted.out), packed.err


MUTANTS = int(os.environ.get("W2V_MUTANTS", "100")) // 100  # of each file
BAD = {
    "empty": b"",
    "not UTF-8": b"\xff king\n\xfe\xfe\tqueen\n",
    "lone surrogates": "\ud83d king\nqueen \udcff\n".encode("utf-8", "surrogatepass"),
    "zeros": bytes(4096),
    "blank lines": b"\n \n\t\n",
    "a number": b"7",
    "a long line": b"king " * 1000,
}


@compiled_only
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("command", "reads"), EACH)
def test_what_is_no_such_file_is_read_or_refused_in_one_line(ask, folder, command, reads):
    good, rng = (
        (folder / READS[command][reads][0]).read_bytes(),
        random.Random(f"{command} {reads}"),
    )
    mutants = {f"mutant {number}": mutate(good, rng) for number in range(MUTANTS)}
    for kind, data in {**BAD, **mutants}.items():
        (folder / "bad").write_bytes(data)
        outcome = ask(command, reads, "bad")
        assert outcome.code in (0, 2, 3), (kind, outcome)
        assert "Traceback" not in outcome.err, (kind, outcome.err)
        if outcome.code:
            assert outcome.err.splitlines()[-1].startswith("w2v: "), (kind, outcome.err)
    for given in ("nowhere", "folder"):
        (folder / "folder").mkdir(exist_ok=True)
        outcome = ask(command, reads, given)
        assert outcome.code in (0, 2), outcome
        assert outcome.code == 2 or given == "folder"
        assert outcome.code == 0 or (given in outcome.err and outcome.err.startswith("w2v: ")), (
            outcome.err
        )


@pytest.mark.parametrize(
    "args", [("vocab", ""), ("info", ""), ("convert", "", "x.txt"), ("train", "")]
)
def test_an_empty_path_is_named(w2v, folder, args):
    """As of a variable of a shell that is not set."""
    outcome = w2v(*args)
    said = ": the path is empty: name a file, or set the variable that has it\n"
    assert (outcome.code, outcome.err.endswith(said), outcome.err.count("\n")) == (2, True, 1)


@pytest.mark.parametrize("name", COMMANDS)
def test_standard_input_is_read_by_one(w2v, folder, name):
    known, files = parameters(COMMANDS[name]), files_read(COMMANDS[name])
    if "--stdin" in known:
        files["-"] = known["--stdin"]
    arguments = [param for param in known.values() if isinstance(param, click.Argument)]
    for a, b in itertools.combinations_with_replacement(files, 2):
        if a == b and not (files[a].multiple or files[a].nargs == -1):
            continue
        args = [part for given in (a, b) if given.startswith("--") for part in (given, "-")]
        args += ["-"] * (a, b).count("-")
        for param in arguments:
            claims = (a, b).count(label(param))
            args += ["-"] * claims or ["text"] * param.required
        if "--weights" in args and {"--stopwords", "--seeds"} & {*args}:
            continue  # no model has both
        if "--stopwords" in args or "--seeds" in args:
            args += ["--model", "lda"]
        if "--weights" in args and name == "train":
            args += ["--model", "nbow"]
        outcome = w2v(*name.split(), *args)
        assert outcome.code == 2, (a, b, outcome)
        assert outcome.err.startswith("w2v: standard input is named twice, by "), (
            a,
            b,
            outcome.err,
        )
        assert outcome.err.endswith(": name a file for one of them\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_drops_what_was_given_before(w2v, folder, name):
    """An option given twice takes both or fails; of numbers, choices and flags the last counts."""
    several = set()
    for option, param in parameters(COMMANDS[name]).items():
        if isinstance(param, click.Option) and param.multiple:
            several.add(option)
        if is_given_once(param):
            args = [option, "a", option, "b"]
            if name == "train" and option != "--model":
                owner = (m.name for m in models().values() if option in own_options(m))
                args += ["--model", next(owner, "skipgram")]
            outcome = w2v(*name.split(), *args)
            said = f"w2v: {param.opts[0]} is given twice: leave one out\n"
            assert (outcome.code, outcome.err) == (2, said)
    assert several == SEVERAL.get(name, set()), "a test must show that all of them count"


def own_options(model):
    return {option_name(field.name) for kind in model.settings_classes for field in fields(kind)}


SEVERAL = {
    "similar": {"--vectors", "--queries", "--only", "--exclude", "--text", "--vector", "--quote"},
    "analogy": {"--queries", "--only", "--exclude"},
    **dict.fromkeys(("similarity", "odd", "vector"), {"--queries"}),
    "topics": {"--reference"},
    "summary": {"--dense"},
    "evaluate similarity": {"--vectors"},
    "evaluate analogies": {"--vectors"},
    "compare": {"--pairs", "--questions"},
    "drift": {"--after", "--only"},
    "plot": {"--labels", "--loss"},
    "convert": {"--only"},
}


@compiled_only
@pytest.mark.parametrize(("command", "reads"), EACH)
def test_an_empty_path_is_refused_and_counts_not_as_left_out(ask, command, reads):
    refused = ask(command, reads, "")
    assert (refused.code, refused.out) == (2, "")
    assert "the path is empty" in refused.err
    assert len(refused.err.splitlines()) == 1
    assert reads in refused.err


def test_an_empty_setting_counts_not_as_left_out(w2v, folder):
    (folder / "lines").write_text("king queen\n" * 9)
    refused = w2v("train", "lines", *SMALL, "--cluster", "")
    assert refused.code == 2
    assert refused.err == "w2v: --cluster is empty: give a value, or leave the option out\n"
