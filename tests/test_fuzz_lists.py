"""Damaged lists, tables and logs: one line that says what is wrong, never a traceback.

These are the small files that options name; see `fuzzing`.
"""

import gzip
import importlib
import json
from dataclasses import asdict
from functools import partial

import numpy as np
import pytest
from fuzzing import PATH, alter_json, make_table, meet_mutants, opened_documents, write_bytes
from helpers import mutate

from w2v.alignment.word_pairs import Dictionary, WordPairs
from w2v.cli import plot, queries, raw_vectors, vector_file
from w2v.embeddings import formats
from w2v.factorization import stopwords
from w2v.plots import chart_data
from w2v.runs import sweep_record
from w2v.runs.sweep_figures import ModelFigures, summarise
from w2v.settings import TextSettings
from w2v.text.beginnings import beginnings
from w2v.text.file_lists import paths_in
from w2v.text.phrases import read_connectors
from w2v.text.vocabulary import word_counts
from w2v.text_classification.labels import read_weights
from w2v.topics import seeds
from w2v.topics.topic_names import read_topic_names

WORDS = ["the", "king", "queen", "\u00e9", "space", "orbit"]


def draw_losses(path):
    """Read the losses of a log, and draw them."""
    chart = chart_data.losses([path])
    for panel in chart.panels:
        for series in panel.series:
            np.array([np.nan if value is None else value for value in series.y], np.float64)
            np.array(series.x, np.int64)


def use_dictionary(path):
    """Read a dictionary, and find its words."""
    table, dictionary = make_table(), Dictionary.read(path)
    assert "\n" not in dictionary.complaint()
    WordPairs.translated(table, table, dictionary.pairs)


def place_seeds(path):
    """Read seeds, and find them in a vocabulary."""
    kept = np.array([0, 1, 3, 4, 5])
    found = seeds.read_seeds(path, 4)
    placed = seeds.place_seeds(found, 4, WORDS, kept, np.full(5, 9), TextSettings())
    assert not any("\n" in note for note in placed.notes)
    assert len(placed.names) == 4


def ask(path):
    """Read the queries in a file, whose wrong lines are reported."""
    refused = []
    parse = partial(queries.line_words, size=3, usage="A B C")
    batches = [*queries.batches([], [path], lambda line: [parse(line)], refused.append)]
    assert all(len(words) == 3 for batch in batches for words in batch)
    say(path, refused)


def ask_by_vectors(path):
    """Read query vectors, of which wrong ones are reported."""
    refused = []
    for batch in raw_vectors.read_vectors(path, 4, refused.append):
        for name, vector in batch:
            assert isinstance(name, str)
            assert vector.shape == (4,)
            assert np.isfinite(vector).all()
    say(path, refused)


def say(path, refused):
    """Raise the first of the errors that were reported; all of them name the file."""
    assert all("\n" not in str(error) and path in str(error) for error in refused)
    for error in refused[:1]:
        raise error


def array(path, opened=open):
    """Write an array of four dimensions."""
    with opened(path, "wb") as file:
        np.save(file, np.arange(1, 13, dtype=np.float32).reshape(3, 4))


def names_of_array(path):
    """Write the names of the array in another file."""
    array(f"{PATH}.npy")
    lines = b"the 9\nking 7\n\xc3\xa9 1\n" if path.endswith(".vocab") else b"the\nking\n\xc3\xa9\n"
    write_bytes(lines)(path)


def names_of_numbers(path):
    """Write the names of a file of the Embedding Projector."""
    write_bytes(b"1\t2\t3\n4\t5\t6\n7\t8\t9.5\n")(f"{PATH}.tsv")
    write_bytes(b"word\tcount\nthe\t3\nking\t2\n\xc3\xa9\t1\n")(path)


def numbers_with_names(path):
    """Write a file of the Embedding Projector, whose names are in another file."""
    names_of_numbers(f"{PATH}.metadata.tsv")
    write_bytes(b"1\t-2e-3\t3\n4\t5\t6\n7\t8\t9.5\n")(path)


def load(path):
    """Load the vectors beside a file of names, or in the file itself."""
    table = formats.load(path)
    assert len(table.names) == len(table) == len(table.matrix)


SWEEP = {"--topics": [2, 3], "corpus": "abc"}


def record(path):
    """Write the record of a sweep with one model."""
    words = [["the", "king"], ["space", "orbit"]]
    figures = ModelFigures(2, 1, 90.5, 0.25, None, 0.5, 1.0, None, words)
    write_bytes(json.dumps({"settings": SWEEP, "models": [asdict(figures)]}).encode())(path)


def read_record(path):
    """Read the record of a sweep."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_record, "NAME", path)
        found = sweep_record.SweepRecord(".", SWEEP).get(2, 1)
    if found:
        assert summarise([found, found]).topics == 2


def columns():
    """A table of documents as of a data frame."""
    pyarrow = pytest.importorskip("pyarrow", reason="no pyarrow: pip install 'w2v[arrow]'")
    texts = pyarrow.array(["the king", None, "\u00e9", ""] * 5)
    lists = pyarrow.array([["x", "y"], None, ["x"], []] * 5, pyarrow.list_(pyarrow.string()))
    kinds = pyarrow.array(["a", "b", "a", None] * 5).dictionary_encode()
    numbers = pyarrow.array(range(20), "int32")
    return pyarrow.table({"text": texts, "label": lists, "kind": kinds, "id": numbers})


def write_parquet(path):
    """Write a table of documents as Parquet."""
    table = columns()
    importlib.import_module("pyarrow.parquet").write_table(table, path, row_group_size=8)


def write_arrow(path, is_stream):
    """Write a table of documents as Arrow IPC: a file, or a stream."""
    table, ipc = columns(), importlib.import_module("pyarrow.ipc")
    make = ipc.new_stream if is_stream else ipc.new_file
    with open(path, "wb") as file, make(file, table.schema) as writer:
        writer.write_table(table, 8)


def read_documents(path, format, labels="if there", **options):
    """Read documents as a text, and their beginnings."""
    corpus = opened_documents(path, format, labels, **options)
    texts = b"".join(corpus.blocks()).count(b"\n")
    assert texts == len(corpus.rows)
    assert all(isinstance(name, str) for name in corpus.names)
    beginnings(opened_documents(path, format, labels, **options), {"1", "x"})


LOG = b"".join(
    b'{"event": "epoch", "epoch": %d, "loss": 1.5, "valid_loss": 2.25}\n{"event": "end"}\n' % n
    for n in (1, 2, 3, 1)
)
HEADED = b"text,id,label,year\n" + b"".join(b'"the, king",%d,x;y,1990\n' % n for n in range(20))
LABELLED = b"__label__x __label__y the king\n__label__\xc3\xa9 a\n" * 9
WET = b"".join(
    b"WARC/1.0\r\nWARC-Type: %b\r\nWARC-Target-URI: http://a.org/%d\r\n"
    b"Content-Length: 21\r\n\r\nthe king\nof the queen\r\n\r\n" % (kind, n)
    for n, kind in enumerate([b"warcinfo", b"conversion", b"response", b"conversion"])
)

# The function that writes each kind of file, the one that reads it, the path if it matters, and the
# share of mutants that are read at least, if nearly all are.
KINDS = {
    "names": (
        write_bytes(b"</s> 3\nthe 90\na b 7\nking\n"),
        lambda path: vector_file.read_names([path]), PATH, 0.9,
    ),
    "labels of names": (
        write_bytes(b"the\tx\nking\ty\na b\t\nqueen\tx\ty\n"), lambda path: [*plot._labels(path)]
    ),
    "log": (write_bytes(LOG), draw_losses),
    "dictionary": (
        write_bytes(b"the king\na b\tthe\nking\tking\n\nthree words here\n"), use_dictionary, PATH,
        0.9,
    ),
    "list of files": (write_bytes(b"%b\n./%b\r\n\nz*\n" % ((PATH.encode(),) * 2)), paths_in),
    "names of topics": (
        write_bytes(b"0\tspace\n3\ta name\n\n1\t\n"), lambda path: read_topic_names(path, 5)
    ),
    "seeds": (
        write_bytes(b"# seeds\nspace\tspace orbit:2 \xc3\xa9\npeople\tking:0.5 queen no\n"),
        place_seeds,
    ),
    "weights of labels": (write_bytes(b"x\t0.5\n\na b\t1e3\n\xc3\xa9\t0\n"), read_weights),
    "connectors": (
        write_bytes(b"of the\nAND \xc3\xa9\n"), lambda path: read_connectors(path, True, "NFKC")
    ),
    "stop words": (
        write_bytes("of the\ndon\u2019t e\u0301\n".encode()),
        lambda path: stopwords.find(path, WORDS),
    ),
    "counts of words": (
        write_bytes(b"the 90\nking\t40\na b 3\n\xff 7\n"),
        lambda path: word_counts(path, "surrogateescape"),
    ),
    "queries": (write_bytes(b"the king a\n \t\nking the \xff\n" * 3), ask),
    "query vectors": (write_bytes(b"1 2 3 4\nking 0.5 -1e-3 2 3\n5 1 1 1 1\n"), ask_by_vectors),
    "query array": (array, ask_by_vectors),
    "query array.gz": (partial(array, opened=gzip.open), ask_by_vectors),
    "names of an array": (names_of_array, lambda path: load(f"{PATH}.npy"), f"{PATH}.words"),
    "vocabulary of an array": (names_of_array, lambda path: load(f"{PATH}.npy"), f"{PATH}.vocab"),
    "numbers of the Projector": (numbers_with_names, load, f"{PATH}.tsv"),
    "names of the Projector": (
        names_of_numbers, lambda path: load(f"{PATH}.tsv"), f"{PATH}.metadata.tsv"
    ),
    "record of a sweep": (record, read_record),
    "documents.parquet": (write_parquet, partial(read_documents, format="parquet")),
    "documents.arrow": (
        partial(write_arrow, is_stream=False), partial(read_documents, format="arrow")
    ),
    "stream of Arrow": (
        partial(write_arrow, is_stream=True), partial(read_documents, format="arrow")
    ),
    "column of kinds": (
        write_parquet,
        partial(read_documents, format="parquet", label_field="kind",
                text_field="label,text", id_field="id"),
    ),
    "table with a header": (
        write_bytes(HEADED),
        partial(read_documents, format="csv", labels="several", header="yes", label_separator=";"),
    ),
    "labelled lines": (
        write_bytes(LABELLED), partial(read_documents, format="lines", labels="several")
    ),
    "labels of JSON": (
        write_bytes(b'{"text": "the", "body": null, "label": ["x", 7], "id": "a"}\n' * 20),
        partial(read_documents, format="jsonl", labels="several", text_field="text,body"),
    ),
    "pages as documents": (write_bytes(WET), partial(read_documents, format="wet")),
}  # fmt: skip


JSON = ("log", "record of a sweep", "labels of JSON")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, for what is infinite
@pytest.mark.parametrize(
    ("kind", "change"),
    [*((kind, mutate) for kind in KINDS), *((kind, alter_json) for kind in JSON)],
)
def test_a_damaged_list_is_read_or_refused_in_one_line(folder, kind, change):
    make, read, *rest = KINDS[kind]
    meet_mutants(kind, make, read, *rest, change=change)
