"""An unfinished run on disk: what `w2v train --resume` goes on from.

The same container as a finished file: the run's matrices, and as metadata its settings
(`identity`) and how far it has come (`state`). It is written whole or not at all, so that whatever
happens the last one is there.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from w2v.embeddings import container
from w2v.errors import W2VError
from w2v.system import atomic_file

SUFFIX = ".checkpoint"


def interval(given: str) -> float:
    """Seconds between checkpoints, from minutes or the word epoch: then, and for 0, infinity."""
    try:
        minutes = math.inf if given == "epoch" else float(given)
    except ValueError:
        minutes = math.nan
    if not minutes >= 0:
        raise W2VError(f"--checkpoint-every {given}: neither minutes nor the word epoch")
    return 60 * minutes or math.inf


def path_for(output: str) -> str | None:
    """Where the checkpoint of a run that writes `output` goes; None where that is no file."""
    return None if output == "-" or atomic_file.is_device(output) else output + SUFFIX


def write(
    path: str,
    matrices: Mapping[str, np.ndarray],
    identity: Mapping[str, Any],
    state: Mapping[str, Any],
) -> None:
    """Write a checkpoint in place of the last one; OSError where there is no room: that stays."""
    metadata = {**container.file_metadata(), "kind": "checkpoint"}
    metadata |= {"identity": json.dumps(identity), "state": json.dumps(state)}
    container.write(path, matrices, metadata, like=path.removesuffix(SUFFIX))


def read(
    path: str, identity: Mapping[str, Any], force: bool
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The matrices and the state in a checkpoint.

    identity  that of the run that wants to go on
    force     go on although something else differs than the corpus or a shape
    Raises    W2VError where the file is damaged or of another run: says what differs
    """
    tensors, metadata = container.read(path)
    if metadata.get("kind") != "checkpoint":
        raise W2VError(f"{path} is no checkpoint; move it away")
    if damaged := container.damaged(tensors, metadata):
        raise W2VError(f"{path}: damaged: the bytes of {', '.join(damaged)} fail their checksum")
    try:
        then, state = json.loads(metadata["identity"]), json.loads(metadata["state"])
        found = differences(then, identity)
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError):
        raise W2VError(f"{path}: the header at byte 8 is damaged; remove it") from None
    if found and not force:
        raise W2VError(
            f"{path} is of another run: {'; '.join(found)}. Run as then, or remove it, or --force"
        )
    return tensors, state


def restore(
    path: str, tensors: Mapping[str, np.ndarray], matrices: Mapping[str, np.ndarray]
) -> None:
    """Fill matrices with what a checkpoint has kept; W2VError where they have other shapes."""
    for name, matrix in matrices.items():
        if name not in tensors or tensors[name].shape != matrix.shape:
            raise W2VError(f"{path} is of another --model, vocabulary or --dim; remove it")
        matrix[:] = tensors[name]


def remove(path: str | None) -> None:
    """Remove the checkpoint of a run that is done."""
    if path:
        with suppress(FileNotFoundError):
            os.unlink(path)
        atomic_file.remove_parts(os.path.realpath(path))


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two identities, in words: `--dim was 100, is now 200`."""
    return [
        f"{name} was {old.get(name)}, is now {new.get(name)}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
