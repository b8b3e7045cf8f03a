"""Tasks that workers run to train word and document vectors, and the state that workers keep."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from distributed import Worker, WorkerPlugin, get_worker

from w2v.cluster import versions
from w2v.cluster.model_replica import ChunkData, ModelBase, ModelSetup, Replica
from w2v.cluster.row_changes import Node
from w2v.errors import W2VError


class WorkerState(WorkerPlugin):
    """A plugin in each worker, which checks the versions and keeps objects between tasks.

    run       the identifier of the run
    is_local  whether the workers were started for this run. Stop signals do not reach such workers:
              terminals, batch systems and the program timeout send them to all processes of a
              group, but only the main process should handle them
    """

    def __init__(self, run: str, is_local: bool):
        self.name, self._wanted, self._is_local = f"w2v-{run}", versions.here(), is_local
        self._kept: dict[str, Any] = {}
        self._refusal = ""  # the reason why this worker takes no tasks; "" if it takes them

    def setup(self, worker: Worker) -> None:
        """Check the versions. Dask calls this in each worker, also in workers that join later.

        Dask ignores the error of a worker that joins later.
        """
        self._lock = threading.Lock()
        self._refusal = versions.differences(self._wanted, {worker.address: versions.here()})
        if self._refusal:
            raise W2VError(self._refusal)
        if self._is_local:
            _leave_process_group()

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return the object with this name. The first call for a name makes it with `make`.

        Raises  W2VError if this worker has other versions than the main process
        """
        if self._refusal:
            raise W2VError(self._refusal)
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make()
            return self._kept[name]


def _leave_process_group() -> None:
    """Move this worker to a process group of its own, which signals to the old group do not reach.

    Dask still ends the worker: by a message, or, if the main process has died, because a pipe to it
    is closed.
    """
    if os.name != "nt":
        if os.getpid() != os.getsid(0):  # a session leader has a group of its own already
            os.setsid()
    elif threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def worker_state(run: str) -> WorkerState:
    """The plugin of a run in this worker."""
    return cast(WorkerState, get_worker().plugins[f"w2v-{run}"])


def train(
    setup: ModelSetup,
    base: ModelBase,
    changes: Sequence[Node],
    chunks: Sequence[ChunkData],
    number: int,
    shard_count: int,
) -> Node:
    """The task that trains chunks, starting from the model `base` plus the changes `changes`.

    The result depends only on the arguments. See `Replica.train` for `chunks`, `number` and
    `shard_count`.
    """
    replica = worker_state(setup.run).kept("replica", lambda: Replica(setup))
    with replica.at(base, changes):
        return replica.train(chunks, number, shard_count)


def merge(
    setup: ModelSetup,
    base: ModelBase,
    changes: Sequence[Node],
    nodes: Sequence[Node],
    shard_count: int,
) -> Node:
    """The task that merges neighbouring nodes of the merge tree: see `row_changes.merge`.

    setup, base, changes  as in `train`
    """
    replica = worker_state(setup.run).kept("replica", lambda: Replica(setup))
    with replica.at(base, changes):
        return replica.merge(list(nodes), shard_count)


def itself(data: Any) -> Any:
    """The task that returns its argument. The scheduler keeps the argument: see `Cluster.keep`."""
    return data


def hold(data: Any) -> None:
    """The task that does nothing. The worker that runs it fetches and keeps its argument."""
