"""A `Job` whose rounds are trained on a cluster; its text is counted and encoded there too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from w2v.cluster import text_reader
from w2v.cluster.chunk_data import LocalText, RemoteText
from w2v.cluster.connection import Cluster
from w2v.cluster.model_replica import ModelSetup
from w2v.cluster.rounds import ClusterRounds
from w2v.runs.run import Job
from w2v.system.progress import Progress
from w2v.text.encoded_text import EncodedDocuments, EncodedText
from w2v.text.vocabulary import Vocabulary
from w2v.training.state import TrainingState


class ClusterJob(Job):
    """A run on a cluster, whose result is that of --deterministic on one machine.

    Words are read by the workers. Documents are read here, for each chunk takes a new choice of
    them, and sent out chunk by chunk.
    """

    def __init__(self, cluster: Cluster, *args: Any):
        super().__init__(*args)
        self._cluster, self.threads = cluster, cluster.threads()
        self._rounds: ClusterRounds | None = None

    def _read(
        self, on_block: Callable[[int], None], known: Mapping[str, int]
    ) -> tuple[Vocabulary, EncodedText]:
        if self.documents:
            return super()._read(on_block, known)

        def on_share(share: float) -> None:
            self.corpus.bytes_read = int(share * (self.corpus.size or 0))
            on_block(0)

        return text_reader.read(
            self._cluster, self.corpus, self.text_settings, on_share, known, self.how.read_vocab
        )

    def _run(
        self,
        on_progress: Callable[[Progress], None],
        seconds: float,
        state: TrainingState,
        before: int,
    ) -> None:
        if self._rounds is None:
            self._rounds = self._make_rounds()
        self._rounds.run(on_progress, seconds, state, before)

    def _make_rounds(self) -> ClusterRounds:
        text, plan = self.text, self.plan
        setup = ModelSetup(
            self._cluster.run, self.model.name, self.options, self.vocabulary.counts,
            self.trainer.frozen, len(text.names) if isinstance(text, EncodedDocuments) else 0,
            plan.longest, plan.most_pieces,
        )  # fmt: skip
        parcels = text if isinstance(text, RemoteText) else LocalText(text)
        return ClusterRounds(self._cluster, self.trainer, plan, setup, parcels)
