"""One `w2v train`, from the text to the file, step by step."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from w2v import formats, machine, settings, store
from w2v.corpus import Corpus
from w2v.errors import W2VError
from w2v.kernels.cache import is_cold
from w2v.models import Model
from w2v.progress import Progress
from w2v.settings import TextSettings
from w2v.signals import Deferred
from w2v.training import Chunk, Plan, State, Trainer, run
from w2v.vocabulary import Text, Vocabulary, encode

_KERNEL_BYTES = 5_000_000  # loaded kernels, scratch and what writing takes
_NAME_BYTES = 150  # what a word costs besides its vectors: its name, three times, and its counts


class Job:
    """A run of `w2v train`: call `read`, `start`, `train` and `save` in this order.

    paths    texts; `-` is stdin
    output   the file to write; its suffix picks the format
    model    which model, with `options`, its settings
    text     how the text becomes words
    threads  how many train at once
    Raises   W2VError where a setting is out of range or the output cannot be written
    """

    def __init__(
        self,
        paths: Sequence[str],
        output: str,
        model: Model,
        options: Any,
        text: TextSettings,
        threads: int,
    ):
        settings.check(options)
        settings.check(text)
        self.model, self.options, self.text_settings = model, options, text
        self.output, self.threads = output, threads
        self._write = formats.writer(output)
        if any(
            os.path.exists(p) and os.path.realpath(p) == os.path.realpath(output) for p in paths
        ):
            raise W2VError(f"{output} is one of the texts; name another file to write")
        store.check_writable(output)
        self.corpus = Corpus(paths, text.tokenizer, text.encoding)
        self.vocabulary: Vocabulary
        self.text: Text
        self.trainer: Trainer
        self.plan: Plan

    def read(self, on_block: Callable[[int], None], on_compile: Callable[[], None]) -> None:
        """Read the text: sets `vocabulary`, `text`, `plan`.

        on_block    called with the number of tokens so far
        on_compile  called before kernels are compiled, which takes some seconds
        """
        how = self.text_settings
        if is_cold("tokens"):
            on_compile()
        self.vocabulary, self.text = encode(
            self.corpus, how.min_count, how.max_vocab, how.lowercase, on_block
        )
        self.plan = Plan(self.text, self.options.epochs, self.options.seed)

    def memory(self) -> int:
        """Bytes that the run will need at most, what it has used already included."""
        return max(machine.peak_memory(), machine.used_memory() + self._more_memory())

    def _more_memory(self) -> int:
        words = len(self.vocabulary.names)
        return self.options.matrix_bytes(words) + words * _NAME_BYTES + _KERNEL_BYTES

    def start(self, on_compile: Callable[[], None]) -> None:
        """Make the matrices and load the kernels: sets `trainer`.

        on_compile  called before kernels are compiled, which takes some seconds
        Raises      W2VError where memory does not suffice
        """
        free = machine.available_memory()
        needed = self._more_memory()
        if free is not None and needed > free:
            raise W2VError(
                f"training needs {machine.readable(needed)} more memory, "
                f"{machine.readable(free)} are free: try a higher --min-count, "
                f"a --max-vocab or a smaller --dim"
            )
        with Deferred():
            self.trainer = self.model.trainer(self.vocabulary, self.text, self.options)
            if is_cold(*self.trainer.kernels):
                on_compile()
            self.trainer.worker()(Chunk(0, 0, 0, 0, 0))

    def train(self, on_progress: Callable[[Progress], None], seconds: float | None = None) -> State:
        """Train to the end, or for some seconds. DivergedError where the loss is not finite."""
        limit = {} if seconds is None else {"seconds": seconds}
        return run(self.trainer, self.plan, self.threads, on_progress, **limit)

    def save(self, state: State) -> None:
        """Write the file, whole or not at all."""
        tables = self.trainer.tables()
        if self._write:
            self._write(self.output, tables["words"])
            return
        tensors = self.trainer.tensors()
        for name, table in tables.items():
            tensors |= store.table_tensors(name, table)
        store.write(self.output, tensors, self._metadata(state))

    def _metadata(self, state: State) -> dict[str, str]:
        """What the file says of itself: only what follows from text, settings, seed and version."""
        nested = {
            "settings": asdict(self.options) | asdict(self.text_settings),
            "corpus": {
                "sha256": self.corpus.fingerprint,
                "tokens": self.vocabulary.tokens,
                "types": self.vocabulary.types,
                "tokens_kept": self.text.size,
                "sentences": self.text.starts.size - 1,
            },
            "losses": [None if math.isnan(loss) else loss for loss in state.mean_losses()],
        }
        return {
            **formats.file_metadata(),
            "model": self.model.name,
            **{name: json.dumps(value, sort_keys=True) for name, value in nested.items()},
        }
