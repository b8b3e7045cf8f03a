"""Checkpoints: the files from which `w2v train --resume` continues an unfinished run.

A checkpoint is a container, like the file of a finished model. It holds the run's matrices and, as
metadata, its settings (`identity`) and its progress (`state`). A new checkpoint replaces the old
one only when it is complete, so that a crash while writing leaves the old one.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from w2v.embeddings import container
from w2v.errors import DivergedError, W2VError
from w2v.system import atomic_file

SUFFIX = ".checkpoint"
_SECONDS = {"s": 1, "m": 60, "h": 3600}  # in a unit of time
TEXT, WORDS = "the text's SHA-256", "the SHA-256 of the vocabulary"  # names in an identity
# Differences that the shapes of the matrices may not show. The rows of a matrix are those of words,
# and LDA pads them to a multiple of 16 numbers.
_UNSHOWN = ("--topics", WORDS)
_DETERMINISTIC, _THREADS = "--deterministic", "--threads"


def interval(option: str) -> float:
    """Seconds between two checkpoints.

    option   the value of --checkpoint-every: a number of minutes; a number and s, m or h, such as
             30s; or "epoch"
    Returns  infinity for "epoch" and for 0, which need no timer
    Raises   W2VError for any other value
    """
    try:
        unit = option[-1:] if option[-1:] in _SECONDS else ""
        number = math.inf if option == "epoch" else float(option.removesuffix(unit))
        seconds = number * _SECONDS[unit or "m"]
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise W2VError(
            f"--checkpoint-every {option}: expected a number of minutes, a time such as 30s or 2h, "
            "or epoch"
        )
    return seconds or math.inf


def path_for(output: str) -> str | None:
    """The path of a run's checkpoint; None where `output` is stdout or a device."""
    return None if output == "-" or atomic_file.is_device(output) else output + SUFFIX


@contextmanager
def advised(path: str | None) -> Iterator[None]:
    """A block in which the error of a training that diverges advises to use the checkpoint.

    path  the path of the checkpoint, which may not exist; None for a run without checkpoints
    """
    try:
        yield
    except DivergedError as error:
        if path is None or not os.path.exists(path):
            raise
        advice = "add --resume --force to continue from the earlier checkpoint"
        raise DivergedError(f"{error}; {advice}, {path}") from None


def write(
    path: str,
    matrices: Mapping[str, np.ndarray],
    identity: Mapping[str, Any],
    state: Mapping[str, Any],
) -> None:
    """Replace the last checkpoint by a new one.

    path      the path of the checkpoint
    matrices  the matrices of the run, by name
    identity  the identity of the run: everything that determines the result, see
              `Provenance.identity`
    state     the progress of the run, as JSON values
    Raises    OSError where the file cannot be written, such as on a full disk. The last checkpoint
              then stays
    """
    metadata = {**container.file_metadata(), "kind": "checkpoint"}
    metadata |= {"identity": json.dumps(identity), "state": json.dumps(state)}
    container.write(path, matrices, metadata, like=path.removesuffix(SUFFIX))


def read(
    path: str, identity: Mapping[str, Any], matrices: Mapping[str, np.ndarray], force: bool | None,
    cluster: bool = False,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:  # fmt: skip
    """Read the matrices and the state in a checkpoint.

    path      the path of the checkpoint
    identity  the identity of the run that is to be continued, see `write`
    matrices  the matrices of this run, by name
    force     whether to accept a checkpoint with another identity, if its matrices fit this run;
              None: no, and there is no --force, which the message then does not advise
    cluster   whether this run is one of --cluster
    Returns   (the matrices by name, the state as JSON values)
    Raises    W2VError where the file is damaged, or where its identity differs. The message lists
              the differences
    """
    tensors, metadata = container.read(path)
    if metadata.get("kind") != "checkpoint":
        raise W2VError(f"{path} is not a checkpoint: rename it, or choose another -o")
    if changed := container.damaged(tensors, metadata):
        raise damaged(path, f"the bytes of {', '.join(changed)} do not match their checksum")
    try:
        saved, state = json.loads(metadata["identity"]), json.loads(metadata["state"])
        changes = differences(saved, identity, cluster)
        fits = _fit(tensors, matrices, saved, identity)
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError):
        raise damaged(path, "the header at byte 8 cannot be read") from None
    if _lacks_only_determinism(saved, identity):
        raise W2VError(
            f"{path} is the checkpoint of a run with --deterministic, which --cluster includes: "
            "add --deterministic, or leave out --hogwild"
        )
    another = f"{path} is the checkpoint of another run: {'; '.join(changes)}"
    advice = "Repeat that run's options and text, or remove the file"
    if changes and not fits:
        even = ", not even with --force" if force is not None else ""
        raise W2VError(
            f"{another}. Its state does not fit this run, so that it cannot be continued{even}. "
            f"{advice}"
        )
    if changes and not force:
        forced = ", or add --force to continue anyway" if force is not None else ""
        raise W2VError(f"{another}. {advice}{forced}")
    if not fits:
        raise damaged(path, "its matrices do not fit its settings")
    return tensors, state


def damaged(path: str, fault: str) -> W2VError:
    """The error for a damaged checkpoint."""
    return W2VError(f"{path}: damaged: {fault}; remove the file to train from the beginning")


def _fit(
    tensors: Mapping[str, np.ndarray],
    matrices: Mapping[str, np.ndarray],
    saved: Mapping[str, Any],
    identity: Mapping[str, Any],
) -> bool:
    """Whether the matrices of a checkpoint can be those of a run.

    They must have the same shapes, and rows of the same words. LDA's `topics` has a number for each
    token of the text, so the text must be the same.
    """
    names = [*_UNSHOWN, TEXT] if "topics" in matrices else _UNSHOWN
    return all(saved.get(name) == identity.get(name) for name in names) and all(
        name in tensors and tensors[name].shape == matrix.shape for name, matrix in matrices.items()
    )


def _lacks_only_determinism(saved: Mapping[str, Any], identity: Mapping[str, Any]) -> bool:
    """Whether two runs differ in nothing but --deterministic, which the checkpoint has."""
    return _differing(saved, identity) == [_DETERMINISTIC] and bool(saved[_DETERMINISTIC])


def remove(path: str | None) -> None:
    """Remove the checkpoint of a complete run, and the temporary files of interrupted writes.

    path  the path of the checkpoint; None: do nothing
    """
    if path:
        with suppress(FileNotFoundError):
            os.unlink(path)
        atomic_file.remove_parts(os.path.realpath(path))


def differences(old: Mapping[str, Any], new: Mapping[str, Any], cluster: bool = False) -> list[str]:
    """The differences between two identities, such as `--dim was 100, is now 200`.

    cluster  whether the new run is one of --cluster, which may have set --deterministic. That of
             the old run is not known
    """
    may_be_set = cluster or not new.get(_DETERMINISTIC)
    return [
        f"{name} was {old.get(name)}, is now {new.get(name)}"
        f"{' (--cluster sets it)' if name == _DETERMINISTIC and may_be_set else ''}"
        for name in _differing(old, new)
    ]


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The names of the differing entries of two identities.

    A run with --deterministic has no number of threads in its identity, so the threads are left out
    if only one of the runs has it.
    """
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    return [name for name in names if name != _THREADS or _DETERMINISTIC not in names]
