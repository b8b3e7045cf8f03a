"""The memory that a run needs, estimated before it allocates its matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from w2v.errors import W2VError
from w2v.kernels.cache import is_cold
from w2v.negative_sampling.subword_rows import numbering_bytes
from w2v.negative_sampling.trainer import WordTrainer
from w2v.runs.executors import Executor
from w2v.runs.request import Request
from w2v.settings import ModelSettings, SubwordSettings
from w2v.system import resources
from w2v.system.resources import readable
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.protocols import Trainer

_KERNEL_BYTES = 5_000_000  # loaded kernels, scratch arrays and the buffers of writing
# Compiling kernels, in the first training on a machine: measured are 20 MB for LDA, and 40 to 50 MB
# for skip-gram, with or without subwords, and PV-DM.
_COMPILING_BYTES = 50_000_000
# Bytes of a word or document without its vectors: three copies of its name, and its counts.
_NAME_BYTES = 150


class Needed(NamedTuple):
    """Estimates of the bytes that a run needs.

    additional  bytes beyond the memory that the process already uses
    total       bytes of the whole process
    compiling   the part of both that is needed only because kernels have to be compiled; else 0
    """

    additional: int
    total: int
    compiling: int = 0


def needed(executor: Executor, vocabulary: Vocabulary, text: EncodedText) -> Needed:
    """Estimate the memory of training and writing, once the text has been read."""
    names = len(vocabulary.names) + (len(text.names) if isinstance(text, EncodedDocuments) else 0)
    compiling = _COMPILING_BYTES if is_cold(*executor.trainer.kernels) else 0
    additional = executor.memory_bytes() + _KERNEL_BYTES + names * _NAME_BYTES + compiling
    return Needed(additional, _total(additional), compiling)


def _total(additional: int) -> int:
    """Bytes of the whole process, which needs so many more than it uses now."""
    return max(resources.peak_memory(), resources.used_memory() + additional)


def check_numbering(
    names: list[str], options: ModelSettings | SubwordSettings, max_memory: int | None,
    advice: str = "a higher --min-count, a --max-vocab, or fewer lengths in --subwords",
) -> None:  # fmt: skip
    """Raise W2VError where memory is too small even to number the n-grams of the words.

    It is called before they are numbered. How many vectors training needs is known only afterwards.

    names       the words of the vocabulary
    options     the settings of the model, with or without subwords
    max_memory  bytes that the whole process may use (--max-memory); None: no limit
    advice      what to try, for the message
    """
    if isinstance(options, SubwordSettings) and options.has_subwords:
        bytes_ = numbering_bytes(names, options)
        _check("numbering n-grams", Needed(bytes_, _total(bytes_)), max_memory, lambda _: advice)


def check(needed: Needed, max_memory: int | None, request: Request, executor: Executor) -> None:
    """Raise W2VError where a run needs more memory than is free or than --max-memory allows.

    max_memory  bytes that the whole process may use (--max-memory); None: no limit
    request     the options of the run, which determine what the message advises
    executor    the executor of the run, which has prepared the trainer
    """
    trainer = executor.trainer
    rows = trainer.ngram_row_count if isinstance(trainer, WordTrainer) else 0

    def advice(excess: int) -> str:
        """What to try if so many bytes are too many."""
        threads = 0 if request.run.cluster else _fewer_threads(trainer, executor.threads, excess)
        fewer = f"--threads {threads}, " if threads else ""
        return fewer + request.memory_advice(rows, excess)

    _check("training", needed, max_memory, advice)


def _fewer_threads(trainer: Trainer, threads: int, excess: int) -> int:
    """The most threads, below `threads`, that save `excess` bytes; 0: there are none."""
    now = trainer.memory_bytes(threads)
    saving = (n for n in range(threads - 1, 0, -1) if now - trainer.memory_bytes(n) >= excess)
    return next(saving, 0)


def _check(task: str, needed: Needed, max_memory: int | None, advice: Callable[[int], str]) -> None:
    """Raise W2VError where a task needs more memory than there is.

    advice  makes what to try from the number of bytes that are too many
    """
    once = f"; {readable(needed.compiling)} are to compile kernels, only once"
    once = once if needed.compiling else ""
    for bytes_, limit, message in (
        (needed.additional, resources.available_memory(), "more memory, but only {} are free"),
        (needed.total, max_memory, "of memory, but --max-memory is {}"),
    ):
        if limit is not None and bytes_ > limit:
            raise W2VError(
                f"{task} needs {readable(bytes_)} {message.format(readable(limit))}{once}: try "
                f"{advice(bytes_ - limit)}"
            )
