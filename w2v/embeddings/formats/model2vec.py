"""A folder that model2vec's StaticModel and sentence-transformers' StaticEmbedding load.

model.safetensors                  the array `embeddings` (N + 1, D): the vectors, then zeros
tokenizer.json                     the words, and how a text is split into them
config.json                        the settings of model2vec
modules.json                       the modules of sentence-transformers: one StaticEmbedding
config_sentence_transformers.json  its other settings

Both libraries give a text the mean of the vectors of its words. The last row is the vector of
unknown words. model2vec leaves these words out of the mean. StaticEmbedding includes them: zeros
make the mean shorter, and keep its direction.

This format is only written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import numpy as np

from w2v.embeddings import container, hf_tokenizer
from w2v.embeddings.hf_tokenizer import TextForm
from w2v.embeddings.row_blocks import row_blocks
from w2v.embeddings.source import Layout, Source
from w2v.embeddings.table import Table
from w2v.embeddings.utf8_names import refuse_other_bytes
from w2v.system import atomic_folder

SUFFIXES = (".model2vec",)
PACKED = False
FILES = (
    "model.safetensors", "tokenizer.json", "config.json", "modules.json",
    "config_sentence_transformers.json",
)  # fmt: skip
_DTYPES = {"float32": ("F32", "<f4"), "float16": ("F16", "<f2")}


def sniff(source: Source) -> Layout | None:
    """Accept no file: the format is a folder."""
    return None


def check(path: str, table: Table) -> None:
    """Raise a W2VError for a name that is not UTF-8, which JSON cannot hold."""
    refuse_other_bytes(table)


def write(path: str, table: Table) -> None:
    """Write the folder for texts whose words are separated by ASCII whitespace."""
    _write(path, table, TextForm())


def write_from(path: str, table: Table, source: str) -> None:
    """As `write`; texts are split as the model in the file `source` was trained."""
    _write(path, table, _form(source))


def note(table: Table, source: str) -> str:
    """What a user should know of the folder that `write_from` writes."""
    form = _form(source)
    if form.tokenizer == "jieba":
        return (
            "texts are split at blanks, because tokenizer.json cannot hold the dictionary of "
            "jieba: segment them by jieba first"
        )
    return f"texts are split as by {form}"


def _form(source: str) -> TextForm:
    """How the texts of the file `source` became words."""
    with Source.open(source) as opened:
        is_container = opened.head[7:9] == b"\0{"
    return TextForm.of(container.read(source)[1]) if is_container else TextForm()


def _write(path: str, table: Table, form: TextForm) -> None:
    check(path, table)
    module = {
        "idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding",
    }  # fmt: skip
    # Without a maximum, model2vec would cut a text after 512 words.
    config = {
        "model_type": "model2vec", "architectures": ["StaticModel"], "normalize": False,
        "max_length": None, "hidden_dim": table.dim,
        "embedding_dtype": table.stored(slice(0)).dtype.name,
    }  # fmt: skip
    settings: dict[str, object] = {
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    contents: dict[str, Iterator[bytes]] = {
        "model.safetensors": _model(table),
        "tokenizer.json": hf_tokenizer.pieces(table, form),
        "config.json": _json(config),
        "modules.json": _json([module]),
        "config_sentence_transformers.json": _json(settings),
    }
    with atomic_folder.replacing(path, FILES) as folder:
        for name in FILES:
            with open(os.path.join(folder, name), "wb") as file:
                for block in contents[name]:
                    file.write(block)


def _json(value: object) -> Iterator[bytes]:
    """The bytes of a small file of JSON."""
    yield json.dumps(value, indent=2).encode() + b"\n"


def _model(table: Table) -> Iterator[bytes]:
    """The bytes of model.safetensors, in blocks; the layout is explained in `container.py`."""
    name, dtype = _DTYPES[table.stored(slice(0)).dtype.name]
    shape = [len(table) + 1, table.dim]
    size = shape[0] * shape[1] * np.dtype(dtype).itemsize
    entry = {"dtype": name, "shape": shape, "data_offsets": [0, size]}
    text = json.dumps({"embeddings": entry}).encode()
    text += b" " * (-(8 + len(text)) % container.ALIGNMENT)
    yield len(text).to_bytes(8, "little") + text
    for rows in row_blocks(len(table), table.dim):
        yield table.stored(rows).astype(dtype).tobytes()
    yield np.zeros(table.dim, dtype).tobytes()
