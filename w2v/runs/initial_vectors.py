"""The vectors that a run starts from: another file's, instead of random ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.embeddings import container, formats
from w2v.embeddings.table import Table
from w2v.errors import W2VError
from w2v.system.pipes import name_of, sha256_of
from w2v.text.vocabulary import Vocabulary
from w2v.training.protocols import HasVectors

_SIDE = "output_vectors"  # what a model has besides its words' vectors


class InitialVectors:
    """Word vectors of a file; of a model of ours all that training goes on from.

    path      any vector file that can be read; for `update` one that `w2v train` wrote
    update    take over words, counts and both matrices; else only vectors, by name
    Raises    W2VError where the file is not such a one, OSError where it is not there

    `option` is how the command line calls it, `settings` those of the model.
    """

    def __init__(self, path: str, update: bool):
        self.path, self.name, self.update = path, name_of(path), update
        self.option = "--update" if update else "--init"
        self.model = ""
        self.settings: dict[str, Any] = {}
        self.left_out = ""
        self._outputs: np.ndarray | None = None
        self.table: Table
        if update:
            self._open_model()
        else:
            self.table = formats.load(path)
        self.dim = self.table.dim
        self.fingerprint = sha256_of(path)

    def _open_model(self) -> None:
        tensors, metadata = formats.contents(self.path)
        self.table = container.read_table(self.path, tensors, "words")
        self._outputs = tensors.get(_SIDE, np.empty(0))
        if self._outputs.shape != self.table.matrix.shape or not _is_vocabulary(self.table):
            raise W2VError(f"{self.name}: damaged: words, counts and vectors do not fit each other")
        if not (np.isfinite(self.table.norms).all() and np.isfinite(self._outputs).all()):
            raise W2VError(f"{self.name}: damaged: there are vectors that are not finite")
        self.model = metadata.get("model", "")
        self.settings = container.nested(metadata, "settings")

    def check(self, model: str, dim: int) -> None:
        """W2VError where a run of another model or dim wants to start from this."""
        if self.update and model != self.model:
            raise W2VError(f"{self.name} is a {self.model} model: --model {self.model}")
        if dim != self.dim:
            raise W2VError(
                f"{self.name} has vectors of {self.dim} numbers, --dim is {dim}: leave it out"
            )

    @property
    def counts(self) -> dict[str, int]:
        """The words of a model that is updated and how often it has seen each; else none."""
        if not self.update:
            return {}
        assert self.table.counts is not None
        return dict(zip(self.table.names, self.table.counts.tolist(), strict=True))

    def copy_into(self, trainer: HasVectors, names: list[str]) -> np.ndarray:
        """Copy the vectors of the words that both have: which rows, bool (V,).

        With --init a vector without a direction counts as none, see `norms.has_direction`: such
        words start as all do that the file lacks. `left_out` says how many there are, and which.
        """
        known = {name: row for row, name in enumerate(self.table.names)}
        rows = np.array([known.get(name, -1) for name in names])
        found = rows >= 0
        if not self.update:
            among = np.zeros(len(self.table), np.bool_)
            among[rows[found]] = True
            self.left_out = self.table.without_direction(among)
            found[found] = self.table.has_direction(rows[found])
        trainer.vectors("input_vectors")[found] = self.table.matrix[rows[found]]
        if self._outputs is not None:
            trainer.vectors(_SIDE)[found] = self._outputs[rows[found]]
        return found

    def nothing_shared(self) -> str:
        """What is wrong where it has no vector of any word of the text."""
        bad = f": {self.left_out}" if self.left_out else ""
        return f"{self.name} has no vector of the text's words{bad}"

    def vocabulary(self) -> Vocabulary:
        """The words of a model that is updated; how many lines its texts had is not known."""
        counts = self.table.counts
        assert counts is not None
        return Vocabulary(self.table.names, counts, len(self.table), int(counts.sum()))

    def copy_to(self, output: str) -> None:
        """Write it as it is, in the format that the suffix of `output` names."""
        write = formats.writer(output)
        if write:
            write(output, self.table)
        else:
            container.copy(self.path, output)

    def metadata(self) -> dict[str, Any]:
        """What the result says of it."""
        return {"option": self.option, "sha256": self.fingerprint}


def _is_vocabulary(table: Table) -> bool:
    """Whether the names can be words of a text, each once, with counts."""
    try:
        words = table.text.tobytes().decode()
    except UnicodeDecodeError:
        return False
    names = set(table.names)
    return (
        table.counts is not None
        and bool((table.counts > 0).all())
        and len(names) == len(table)
        and not names & {"", "</s>"}
        and not any(blank in words for blank in " \t\n\r\v\f")
    )
