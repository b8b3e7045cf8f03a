"""What runs in the workers of a cluster: the tasks, and what each worker keeps between them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from distributed import Worker, WorkerPlugin, get_worker

from w2v import __version__
from w2v.cluster import row_changes
from w2v.cluster.model_replica import ChunkData, ModelBase, ModelSetup, Replica
from w2v.cluster.row_changes import Node
from w2v.errors import W2VError


class WorkerState(WorkerPlugin):
    """Refuses workers with another version, and keeps what is costly to make; it comes to each.

    run
    ours  whether the workers were started for this run: Ctrl-C, which all processes of a terminal
          get, is then for the first of them alone
    """

    def __init__(self, run: str, ours: bool):
        self.name, self.version, self._ours = f"w2v-{run}", __version__, ours
        self._kept: dict[str, Any] = {}

    def setup(self, worker: Worker) -> None:
        """Called in each worker, also in those that join later."""
        if self.version != __version__:
            raise W2VError(
                f"the worker {worker.address} has w2v {__version__}, this is {self.version}: "
                "install the same on all"
            )
        self._lock = threading.Lock()
        if self._ours and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` has made at the first call."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make()
            return self._kept[name]


def worker_state(run: str) -> WorkerState:
    """That of a run in this worker."""
    return cast(WorkerState, get_worker().plugins[f"w2v-{run}"])


def train(
    setup: ModelSetup,
    base: ModelBase,
    later: Sequence[Node],
    chunks: Sequence[ChunkData],
    number: int,
    covers: int,
) -> Node:
    """Train some chunks from the model after the rounds `later`: depends on nothing else."""
    replica = worker_state(setup.run).kept("replica", lambda: Replica(setup))
    with replica.at(base, later):
        return replica.train(chunks, number, covers)


def merge(nodes: Sequence[Node], covers: int) -> Node:
    """Bring together what neighbouring shards have learnt."""
    return row_changes.merge(list(nodes), covers)


def itself(data: Any) -> Any:
    """What it is given."""
    return data
