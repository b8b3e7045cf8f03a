"""Mutants of files for the tests of readers: each is read, or refused in one line.

More mutants of each kind of file than in the suite: W2V_MUTANTS=100000.
"""

import json
import os
import random
import re
import tracemalloc

import numpy as np
from helpers import COMPILED, NUMBERS, mutate

from w2v.embeddings import container
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.settings import DocumentSettings, TextSettings
from w2v.text.documents import DocumentCorpus

MUTANTS = int(os.environ.get("W2V_MUTANTS", "250" if COMPILED else "40"))  # of each kind of file
MEMORY = 64 << 20  # bytes; the files have a few thousand
ANSWERS = re.compile("no vector for|the vector of|.* same name")  # about names, not about the file
PATH = "zq9"  # the path of a damaged file, which no error has unless it names the file
NAMES = ["the", "é", "日本", "a b", "\x1b[31mred\x07", "\udcff", "</s>", "\u202eabc", "king"]


def make_table():
    """Vectors of names that are unusual."""
    matrix = np.random.default_rng(0).standard_normal((len(NAMES), 5)).astype(np.float32)
    return Table.build(NAMES, matrix, np.arange(len(NAMES)))


def write_bytes(data):
    """A function that writes a file with these bytes."""

    def write(path):
        with open(path, "wb") as file:
            file.write(data)

    return write


def opened_documents(path, format, labels="extra", **options):
    """The documents of a file, of which several may have one id."""
    settings = DocumentSettings(format=format, merge_ids=True, **options)
    return DocumentCorpus([path], TextSettings(), settings, labels)


LEAVES = [*NUMBERS, None, True, False, "", "x", "hs", [], {}, ["x"], 0.5, 1e308, float("nan")]


def alter(data, rng):
    """A copy of a container that is intact, but has one to three wrong values or arrays."""
    write_bytes(data)("altered")
    tensors, metadata = container.read("altered")
    arrays = {name: np.array(array) for name, array in tensors.items()}
    texts = {name: text for name, text in metadata.items() if name != "checksums"}
    for _ in range(rng.randint(1, 3)):
        if not arrays or rng.random() < 0.4:
            name = rng.choice([*texts] or ["model"])
            texts[name] = json.dumps(alter_leaf(parsed(texts.get(name, "")), rng)).strip('"')
            continue
        name = rng.choice([*arrays])
        arrays[name] = alter_array(arrays[name], arrays[rng.choice([*arrays])], rng)
        if rng.random() < 0.1:
            del arrays[name]
    container.write("altered", arrays, texts)
    with open("altered", "rb") as file:
        return file.read()


def alter_json(data, rng):
    """A copy of lines of JSON, of which one to three have another value or lack one."""
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(lines))
        if lines[at]:
            lines[at] = json.dumps(alter_leaf(parsed(lines[at]), rng)).encode()
    return b"\n".join(lines)


def parsed(text):
    """The value of a text of JSON, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def alter_leaf(value, rng):
    """A copy of a value of JSON in which one part is another value, or missing."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice([*value])
        if rng.random() < 0.1:
            return {other: part for other, part in value.items() if other != name}
        return {**value, name: alter_leaf(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], alter_leaf(value[at], rng), *value[at + 1 :]]
    return rng.choice(LEAVES)


def alter_array(array, other, rng):
    """A copy of an array with another value, shape or type, or the array `other` in its place."""
    match rng.randrange(8):
        case 0:
            return array[:-1] if array.ndim else array
        case 1:
            return np.concatenate([array, array[-1:]]) if array.ndim else array
        case 2:
            return array.T.copy() if array.ndim > 1 else array[None]
        case 3:
            kind = rng.choice(["<f4", "<f8", "<i4", "<i8", "<u1", "<i2", "<u4", "<f2"])
            with np.errstate(all="ignore"):
                return array.astype(kind)
        case 4:
            return other
    changed = array.copy()
    if changed.size and changed.dtype.kind == "f":
        changed.flat[rng.randrange(changed.size)] = rng.choice([np.nan, np.inf, -1, 0, 3e38])
    elif changed.size:
        limits = np.iinfo(changed.dtype)
        value = rng.choice([limits.min, limits.max, -1, 0, 1, 7, 300])
        changed.flat[rng.randrange(changed.size)] = min(max(value, limits.min), limits.max)
    return changed


def meet_mutants(kind, make, read, path=PATH, least=0.0, change=mutate):
    """Read mutants of a file; all errors must be those of one line that names the file.

    kind   the kind of the file, from which its mutants follow
    make   a function that writes the file
    read   a function that reads it and uses what it has read
    path   the path of the file; its part before the first dot is in each error
    change a function that makes a mutant of the bytes of the file: `mutate`, or `alter`
    least  the share of mutants that must be read at least; 0: a tenth is refused at least
    """
    make(path)
    with open(path, "rb") as file:
        data = file.read()
    read(path)
    accepted = refused = 0
    messages = set()
    # It is never stopped between mutants: in Python 3.11, a thread of pyarrow that allocates memory
    # at that moment ends the process with a segmentation fault.
    tracemalloc.start()
    for seed in range(MUTANTS):
        mutant = change(data, random.Random(f"{kind} {seed}"))
        write_bytes(mutant)(path)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        try:
            read(path)
            accepted += 1
        except W2VError as error:
            refused += 1
            messages.add(str(error))
        except Exception as error:
            error.add_note(f"{kind}, mutant {seed}: {mutant[:2000]!r}")
            raise
        peak = tracemalloc.get_traced_memory()[1] - before
        assert peak < MEMORY, (kind, seed, peak)
    tracemalloc.stop()
    assert all("\n" not in message for message in messages)
    stem = path.partition(".")[0]
    assert [m for m in messages if stem not in m and not ANSWERS.match(m)] == []
    if least:
        assert accepted > least * MUTANTS
    elif MUTANTS >= 100:
        assert refused > MUTANTS / 10
        assert accepted or kind == "text.xz"  # which has a checksum of everything
