"""The files in formats of other programs that `w2v topics` writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from w2v.cli.command import OUTPUT
from w2v.cli.option_bundle import option_bundle
from w2v.cli.topic_page import check_probabilities

if TYPE_CHECKING:
    from w2v.runs.saved_model import SavedTopicModel
    from w2v.topics.topic_words import TopicWords


@dataclass(frozen=True)
class TopicExports:
    """The options that name files in formats of other programs."""

    topic_keys: str | None
    doc_topics: str | None
    state: str | None
    ldavis: str | None

    def outputs(self) -> dict[str, str | None]:
        """Return the files that are written, by option."""
        return {
            "--topic-keys": self.topic_keys, "--doc-topics": self.doc_topics,
            "--state": self.state, "--ldavis": self.ldavis,
        }  # fmt: skip

    def check(self, model: SavedTopicModel) -> None:
        """Raise W2VError if the model lacks what one of the files needs."""
        from w2v.topics.mallet import check_state

        if self.state:
            check_state(model.name, model.tensors)
        if self.ldavis:
            check_probabilities(model, "--ldavis")

    def write(self, model: SavedTopicModel, listing: TopicWords) -> None:
        """Write the files."""
        from w2v.topics import mallet
        from w2v.topics.ldavis import write_ldavis

        if self.topic_keys:
            mallet.write_topic_keys(self.topic_keys, listing, model.names)
        if self.doc_topics:
            names, mixtures, _ = model.document_topics()
            mallet.write_document_topics(self.doc_topics, names, mixtures)
        if self.state:
            documents = model.document_names()
            mallet.write_state(self.state, model.name, model.tensors, model.names, documents)
        if self.ldavis:
            tokens = int(model.tensors["words.counts"].sum())
            write_ldavis(self.ldavis, listing, model.names, tokens)


export_options = option_bundle(
    "exports",
    TopicExports,
    click.option(
        "--topic-keys", type=OUTPUT, metavar="FILE",
        help="Also write the topics in the format of MALLET's topic keys.",
    ),
    click.option(
        "--doc-topics", type=OUTPUT, metavar="FILE",
        help="Also write the topics of the training documents in the format of MALLET's doc "
        "topics.",
    ),
    click.option(
        "--state", type=OUTPUT, metavar="FILE",
        help="Also write the topic of each token in the format of MALLET's state. The model must "
        "have been trained with --keep-state.",
    ),
    click.option(
        "--ldavis", type=OUTPUT, metavar="FILE",
        help="Also write the topics of an LDA as the JSON that LDAvis and pyLDAvis show.",
    ),
)  # fmt: skip
