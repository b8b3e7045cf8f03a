"""The largest topics of inferred documents, for `w2v infer --top`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from w2v.cli.output import ResultPrinter, printable
from w2v.errors import W2VError

if TYPE_CHECKING:
    import numpy as np

    from w2v.runs.saved_model import SavedTopicModel

top_option = click.option(
    "--top", type=click.IntRange(1), metavar="N",
    help="For lda: print the N largest topics of each document and their shares, instead of a "
    "vector. With --tsv, each line has a document, a topic and a share.",
)  # fmt: skip


def open_shares(path: str, epochs: int | None, oov: str) -> SavedTopicModel:
    """Open a model whose vectors of documents are shares of topics; see `SavedDocumentModel`.

    Raises  W2VError if it is another model
    """
    from w2v.runs.saved_model import SavedTopicModel

    model = SavedTopicModel(path, epochs, oov)
    if model.listing().alpha is None:
        raise W2VError(
            f"{model.name} was trained with --model {model.model.name}, whose topics have no "
            "shares: --top needs a model of lda"
        )
    return model


def print_topics(
    results: ResultPrinter, names: Sequence[str], shares: np.ndarray, count: int
) -> None:
    """Print the `count` largest topics of each document; topics of equal share by number.

    shares  float (M, K)  the row of a document without known words is zeros; it has no topics
    """
    import numpy as np

    from w2v.system.progress import plural

    order = np.argsort(-shares, axis=1, kind="stable")[:, :count]
    empty = 0
    for name, topics, row in zip(names, order.tolist(), shares, strict=True):
        if not row.any():
            topics, empty = [], empty + 1
        found = [{"topic": topic, "share": float(row[topic])} for topic in topics]
        plain = "  ".join(f"{topic:4} {row[topic]:6.2%}" for topic in topics)
        results.print(
            {"document": name, "topics": found},
            f"{printable(name)}  {plain}",
            [[name, *topic.values()] for topic in found],
        )
    if empty:
        click.echo(f"w2v: {plural(empty, 'document')} without a known word: no topics", err=True)
