"""The largest topics of inferred documents, for `w2v infer --top`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from w2v.cli.command import INPUT, grouped
from w2v.cli.output import ResultPrinter, printable
from w2v.cli.topic_page import check_probabilities

if TYPE_CHECKING:
    import numpy as np

    from w2v.runs.saved_model import SavedDocumentModel

top_options = grouped(
    "Topics",
    click.option(
        "--top", type=click.IntRange(1), metavar="N",
        help="For lda: print the N largest topics of each document and their shares, instead of a "
        "vector. With --tsv, each line has a document, a topic, its share and its name, if any.",
    ),
    click.option(
        "--names", type=INPUT, metavar="FILE",
        help="With --top: read names of topics from this file, which has the number of a topic, a "
        "tab and a name on each line.  [default: the names in --seeds of the training]",
    ),
)  # fmt: skip


def open_shares(
    path: str, names: str | None, epochs: int | None, oov: str
) -> tuple[SavedDocumentModel, list[str]]:
    """Open a model whose vectors of documents are shares of topics, and read the topics' names.

    names        the file of names; None: the names that the model has
    epochs, oov  see `SavedDocumentModel`
    Raises       W2VError if it is another model, or the file of names is wrong
    """
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.topics.topic_names import names_of_topics

    model = SavedTopicModel(path, epochs, oov)
    listing = model.listing()
    check_probabilities(model, "--top")
    return model, names_of_topics(names, listing.sizes.size, listing.names)


def print_topics(
    results: ResultPrinter,
    documents: Sequence[str],
    shares: np.ndarray,
    names: Sequence[str],
    count: int,
) -> None:
    """Print the `count` largest topics of each document; topics of equal share by number.

    shares  float (M, K)  the row of a document without known words is zeros; it has no topics
    names   the name of each topic, "" for a topic without one
    """
    import numpy as np

    order = np.argsort(-shares, axis=1, kind="stable")[:, :count]
    for document, topics, row in zip(documents, order.tolist(), shares, strict=True):
        topics = topics if row.any() else []
        found: list[dict[str, Any]] = [
            {"topic": topic, "share": float(row[topic])} for topic in topics
        ]
        if any(names):
            found = [topic | {"name": names[topic["topic"]] or None} for topic in found]
        plain = [f"{topic:4} {names[topic]} {row[topic]:6.2%}" for topic in topics]
        results.print(
            {"document": document, "topics": found},
            printable("  ".join([document, *plain])),
            [[document, *topic.values()] for topic in found],
        )
