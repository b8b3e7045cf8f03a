"""Writing the result of a run: a container with all tables, one table, or a copy of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from w2v.embeddings import container, fasttext_export, formats
from w2v.embeddings.table import Table
from w2v.runs.initial_vectors import InitialVectors
from w2v.runs.request import Request
from w2v.text.vocabulary import write_counts
from w2v.training.protocols import Trainer


def write(
    request: Request,
    trainer: Trainer,
    writer: Callable[[str, Table], None] | None,
    metadata: Mapping[str, str],
) -> None:
    """Write the trained tables to the output of a request, completely or not at all.

    request   the options and files of the run
    trainer   the trainer, after the training
    writer    the function that writes the format of the output; None: a container
    metadata  the metadata of a container; a fastText model takes its settings from them
    """
    tables, path, blank = trainer.tables(), request.output, request.run.blank
    if not writer:
        tensors = trainer.tensors()
        for name, table in tables.items():
            tensors |= container.table_tensors(name, table)
        container.write(path, tensors, metadata)
        return
    table = tables[request.model.table if request.model.table in tables else "words"]
    if blank is not None:
        table = table.without_blanks(blank)
    if table.subwords is not None and not formats.lost_subwords(path):
        facts = fasttext_export.facts_of_run(table, trainer.tensors()["output_vectors"], metadata)
        fasttext_export.write(path, table, facts)
    else:
        writer(path, table)


def copy(request: Request, initial: InitialVectors) -> str:
    """Write an unchanged copy of the model that was to be updated, and the file of --save-vocab.

    initial  the model
    Returns  a message about subwords that the output does not keep, see `InitialVectors.copy_to`
    """
    changed = initial.copy_to(request.output, request.run.blank)
    if request.run.save_vocab:
        write_counts(request.run.save_vocab, initial.vocabulary())
    return changed
