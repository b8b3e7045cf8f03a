"""Writing tables as fastText's models, with the settings and output vectors of their source.

The suffix .bin is also that of word2vec's binary format, which has no n-grams. A table with
subwords is written as a fastText model by default, because only this format keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from w2v.embeddings import container
from w2v.embeddings.bucket_rows import NUMBERED, usual_buckets
from w2v.embeddings.fasttext_writer import ModelFacts, trained_settings, write_model
from w2v.embeddings.floret_subwords import refuse
from w2v.embeddings.formats import fasttext_model, safetensors
from w2v.embeddings.row_matrices import DenseMatrix
from w2v.embeddings.source import Source
from w2v.embeddings.table import Table
from w2v.embeddings.text_rows import refuse_names_with
from w2v.errors import W2VError
from w2v.system import atomic_file, packing


def check(path: str, table: Table) -> None:
    """Raise a W2VError for a path or for names with which the file could not be read."""
    if packing.plain_name(path) != path:
        raise W2VError(
            f"{path}: a fastText model cannot be mapped from a compressed file: leave out the last "
            "suffix"
        )
    refuse_names_with(b"\0\n", table)


def write(
    path: str, table: Table, facts: ModelFacts | None = None, buckets: int | None = None
) -> None:
    """Write a model file (.bin); a table without subwords becomes a model without n-grams.

    facts    the settings and output vectors, see `facts_of`; None: fastText's default settings, and
             output vectors of zeros
    buckets  number of buckets of the n-grams; None: as many as the model has, or fastText's default
             if fastText cannot have so many
    Raises   W2VError as in `check`, and if the n-grams cannot be distributed to these buckets
    """
    check(path, table)
    if table.subwords is not None:
        refuse(path, table.subwords)
    with atomic_file.replacing(path) as file:
        write_model(file, table, facts or ModelFacts.usual(table), buckets)


def change_when_written(
    table: Table, facts: ModelFacts | None = None, buckets: int | None = None
) -> str:
    """What a fastText file changes: vectors of unknown words, and the answers of a classifier.

    facts    as for `write`, and `buckets` too
    Returns  a message; empty if nothing changes
    """
    subwords = table.subwords or (facts.word_ngrams if facts else None)
    if subwords is None:
        return ""
    if subwords.ngram_count == subwords.buckets and buckets in (None, subwords.buckets):
        return ""
    count = buckets or usual_buckets(subwords)
    if subwords.buckets == count:
        labels = ", and probabilities of labels change" if facts and facts.is_classifier else ""
        return (
            "n-grams without a vector count as zeros in a .bin: vectors composed of them become "
            f"shorter, and keep their direction{labels}"
        )
    own = "numbered" if subwords.buckets == NUMBERED else f"in {subwords.buckets:,} buckets"
    smaller = "" if buckets else "; fewer --buckets make a smaller file"
    return (
        f"the n-grams, {own} in the model, are distributed to {count:,} buckets: the vectors of "
        f"the words stay as they are, those of unknown words are approximate{smaller}"
    )


def facts_of(path: str, table: Table) -> ModelFacts:
    """What a vector file says about its model besides the words and vectors of `table`."""
    with Source.open(path) as source:
        if fasttext_model.sniff(source):
            model = fasttext_model.read_model(source)
            return ModelFacts.of(model, fasttext_model.subwords_of(model))
        is_container = safetensors.sniff(source) is not None
    return _trained(table, *container.read(path)) if is_container else ModelFacts.usual(table)


def facts_of_run(table: Table, outputs: np.ndarray, metadata: Mapping[str, str]) -> ModelFacts:
    """The facts of a model at the end of its training.

    table     the V trained words
    outputs   float32 (V, D), the output vectors; others, such as those of PV-DM with concatenated
              windows, are left out, because fastText has no such models
    metadata  the metadata of the run, see `Provenance.metadata`
    """
    facts = _trained(table, {}, metadata)
    if outputs.shape != (len(table), table.dim):
        return facts
    return replace(facts, words=_lines(table.names), outputs=DenseMatrix(outputs))


def without_outputs(facts: ModelFacts) -> ModelFacts:
    """The facts of a model without its output vectors, because its input vectors have changed.

    Raises W2VError for a classifier, whose answers would be wrong without them
    """
    if facts.is_classifier:
        raise W2VError(
            "a classifier needs its vectors as they are: leave out --center, --dim and --whiten, "
            "or write only vectors with --format word2vec"
        )
    return replace(facts, words=b"", outputs=None)


def keeps_model(source: str, table: Table) -> bool:
    """Whether a .bin should be a fastText model: the table has subwords, or IN is a classifier.

    source  the file that the table was read from; "" if there is none
    """
    if table.subwords is not None or not source:
        return table.subwords is not None
    with Source.open(source) as opened:
        return bool(fasttext_model.sniff(opened) and fasttext_model.read_model(opened).labels)


def _trained(
    table: Table, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> ModelFacts:
    """The facts of a model that w2v has trained."""
    settings = container.nested(metadata, "settings")
    trained = trained_settings(table, settings, metadata.get("model", ""))
    tokens = container.nested(metadata, "corpus").get("tokens")
    outputs, order = tensors.get("output_vectors"), tensors.get("words.order")
    if outputs is None or order is None or outputs.shape != (len(order), table.dim):
        return ModelFacts(trained, tokens=tokens)
    names = container.read_table("", tensors, "words").names
    return ModelFacts(trained, _lines(names), tokens, outputs=DenseMatrix(outputs))


def _lines(names: Sequence[str]) -> bytes:
    """Names, each followed by a line end."""
    return "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
