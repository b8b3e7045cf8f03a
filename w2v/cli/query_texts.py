"""The texts of queries: TEXT itself, or standard input as one text."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import click

from w2v.cli.command import claim_stdin
from w2v.cli.new_texts import NewTexts
from w2v.cli.options import GivenSettings
from w2v.cli.output import printable
from w2v.errors import NotFoundError

if TYPE_CHECKING:
    import numpy as np

    from w2v.runs.saved_model import SavedDocumentModel


def claim_text(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Claim standard input for each `-` among the texts: a callback of options."""
    for value in values:
        if value == "-":
            claim_stdin(ctx, param.opts[0])
    return values


def vector_of_text(model: SavedDocumentModel, text: str) -> np.ndarray:
    """Infer the vector of a text, float32 (D,); `-` stands for all of standard input.

    A text that is the name of a file is reported: probably its content is meant.

    Raises  NotFoundError where no word of the text is in the vocabulary, where a word is unknown
            and the model does not allow it, or where the vector is zero: subsampling may leave out
            all words of a short text
    """
    try:
        vector = _vector_of_stdin(model) if text == "-" else _vector_of(model, text)
    except NotFoundError as error:  # without the word, which is not one of a query
        advice = ": leave out --oov error" if error.name and text != "-" else ""
        raise NotFoundError(f"{error}{advice}") from None
    if not vector.any():
        name = "stdin" if text == "-" else repr(text[:60])
        raise NotFoundError(f"the vector of {name} is zero: it has no direction")
    return vector


def _vector_of(model: SavedDocumentModel, text: str) -> np.ndarray:
    if os.path.isfile(text):
        name = shlex.quote(text)
        click.echo(
            printable(
                f"--text {name}: this is the name of a file, but its letters are searched for: "
                f"--text - < {name} searches for the text in the file"
            ),
            err=True,
        )
    return model.vector(text)


def _vector_of_stdin(model: SavedDocumentModel) -> np.ndarray:
    from w2v.system.progress import ProgressLine

    texts = NewTexts(("-",), GivenSettings({"format": "files"}), 1, ProgressLine(sys.stderr, True))
    document, _ = texts.documents_in(model)
    if not document.sizes()[0]:
        raise NotFoundError("stdin: none of the words of the text is in the model's vocabulary")
    vector: np.ndarray = model.vectors(document)[0]
    return vector
