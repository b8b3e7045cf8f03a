"""The connection to a Dask cluster: tasks, futures, data, and one-line errors for its failures."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Any, Self

import dask
import distributed
from distributed import Client
from distributed import LocalCluster as DaskLocalCluster
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from w2v.cluster.worker_tasks import WorkerState, itself
from w2v.errors import ConnectionLostError, W2VError
from w2v.system.resources import processors

PATIENCE = 30.0  # seconds to wait for the scheduler's answer, and for a first worker
POLL = 0.1  # seconds between two checks of a pending future
COUNTED = 1.0  # seconds for which a count of the workers is reused


class LocalCluster(DaskLocalCluster):
    """Worker processes on this machine.

    If a worker that it does not know leaves, Dask's own class raises a KeyError and stops watching
    its workers. This happens when workers come and go while others start. Closing the
    cluster then raises the same error again.
    """

    def _update_worker_status(self, op: str, msg: Any) -> None:
        if op != "remove" or msg in self.scheduler_info["workers"]:
            super()._update_worker_status(op, msg)


class Cluster:
    """A connection to a Dask cluster, or worker processes that are started for this run.

    address  the address of a scheduler, or local:N for N worker processes on this machine
    Raises   W2VError where no scheduler or worker answers, or a worker has another version of w2v

    `run` is an identifier of this run, unique on the cluster.
    """

    lost = (FutureCancelledError, CancelledError)  # raised when only a dead worker had the data

    def __init__(self, address: str):
        self.address, self.run = address, uuid.uuid4().hex[:12]
        self._local: LocalCluster | None = None
        self._workers, self._counted = 0, -COUNTED
        self._tidied = False  # whether the scheduler's memory manager ran before this run
        self._levels: dict[logging.Logger, int] = {}
        match = re.fullmatch(r"local:(\d+)", address)
        local = match is not None and 1 <= int(match[1]) <= 1024
        if not local and not re.fullmatch(r"(tcp|tls|ws|wss)://.+", address):
            raise W2VError(f"--cluster {address}: expected tcp://SCHEDULER:PORT or local:WORKERS")
        self._silence()
        try:
            self._client = self._start(int(match[1])) if match else self._connect(address)
        except BaseException:
            self._restore_levels()
            raise
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
            self._client.register_plugin(WorkerState(self.run, ours=self._local is not None))
            self._keep_copies()
        except TimeoutError:
            self.close()
            raise W2VError(
                f"--cluster {address}: no worker within {PATIENCE:.0f} s: start workers, or read "
                "their logs"
            ) from None
        except ModuleNotFoundError as error:
            self.close()
            raise W2VError(
                f"--cluster {address}: a worker lacks the module {error.name}: install "
                "w2v[cluster] on every worker"
            ) from None
        except BaseException:
            self.close()
            raise

    def _silence(self) -> None:
        """Suppress the log messages of Dask until `close`, so that an error is one line."""
        for name in [*logging.root.manager.loggerDict]:
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logger = logging.getLogger(name)
                self._levels[logger] = logger.level
                logger.setLevel(logging.CRITICAL)

    def _restore_levels(self) -> None:
        for logger, level in self._levels.items():
            logger.setLevel(level)

    def _start(self, workers: int) -> Client:
        threads = max(1, processors() // workers)
        with dask.config.set({"distributed.worker.daemon": True}):
            self._local = LocalCluster(
                n_workers=workers, threads_per_worker=threads, dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
        return Client(self._local)

    def _connect(self, address: str) -> Client:
        try:
            return Client(address, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise W2VError(
                f"--cluster {address}: no scheduler answers: check the address ({reason})"
            ) from None

    def _keep_copies(self) -> None:
        """Stop Dask's memory manager, so that each worker keeps the data that all workers need.

        Every two seconds the manager deletes copies of data that no task waits for at that moment,
        for example between two epochs of Gibbs sampling. With the manager running, 4 workers
        fetched 20 to 60 MB in each epoch, of which 3 MB were new.
        """
        self._tidied = self._client.amm.running()
        if self._tidied:
            self._client.amm.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove this run's state from the cluster; stop workers that were started for this run."""
        try:
            if self._local is None and self._client.status == "running":
                self._client.unregister_worker_plugin(f"w2v-{self.run}")
                if self._tidied:
                    self._client.amm.start()
        except Exception as error:  # the run is over: an error here loses nothing
            logging.getLogger(__name__).debug("%s", error)
        try:
            self._client.close(timeout=5)
            if self._local is not None:
                self._local.close(timeout=10)
        finally:
            self._restore_levels()

    def threads(self) -> int:
        """Number of tasks that the workers can run at the same time."""
        return sum(self._call(self._client.nthreads).values())

    def workers(self) -> int:
        """Number of workers, counted at most once a second."""
        if time.monotonic() > self._counted + COUNTED:
            self._workers = len(self._call(self._client.nthreads))
            self._counted = time.monotonic()
        return self._workers

    def spread(self, data: Any) -> Any:
        """Copy data to all workers, and return the future of the data."""
        return self._sent(lambda: self._client.scatter([data], broadcast=True, hash=False)[0])

    def keep(self, data: Any) -> Any:
        """Send small data as the argument of a task, and return the future of the data.

        The scheduler keeps the arguments of tasks, so the data survive the death of any worker.
        """
        return self.submit(itself, data)

    def place(self, data: Any, near: Any = None) -> Any:
        """Send data to one worker, and return the future of the data.

        near  a future, whose result the chosen worker already holds; None: choose any worker
        """

        def scatter() -> Any:
            holders = self._client.who_has([near]).get(near.key) if near is not None else None
            return self._client.scatter([data], workers=holders or None, hash=False)[0]

        return self._sent(scatter)

    def _sent(self, scatter: Callable[[], Any]) -> Any:
        """Call a function that sends data to workers; repeat the call if a worker has just died."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._client.wait_for_workers(1, timeout=PATIENCE)
                return scatter()
            except self.lost:
                raise
            except (OSError, TimeoutError, ValueError) as error:  # ValueError: the last worker left
                self._check()
                if time.monotonic() > until:
                    raise self._gone() from error
                time.sleep(POLL)

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        """Start a task, and return its future. Futures in its arguments become their results."""
        key = f"{function.__name__}-{self.run}-{uuid.uuid4().hex}"
        return self._client.submit(function, *args, key=key)

    def is_done(self, future: Any) -> bool:
        """Whether a future has a result or an error; wait at most POLL seconds for it."""
        if future.status == "pending":
            try:
                distributed.wait([future], timeout=POLL)
            except TimeoutError:
                self._check()
            except self.lost:
                return True
        return future.status != "pending"

    def follow(self, futures: Sequence[Any], on_share: Callable[[float], None]) -> None:
        """Wait for futures; call `on_share` with the share of them that is done, 0 to 1."""
        waiting = list(futures)
        while waiting:
            self.is_done(waiting[0])
            waiting = [future for future in waiting if future.status == "pending"]
            on_share(1 - len(waiting) / len(futures))

    def result(self, future: Any) -> Any:
        """The result of a future.

        Raises  `lost` if a worker died with data that the task needs; ConnectionLostError if the
                scheduler is gone, or several workers died in the task; the error of the task
        """
        if future.status == "error" and not isinstance(future.exception(), KilledWorker):
            raise future.exception()
        return self._call(future.result)

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        """The results of several futures. Raises the same errors as `result`."""
        return self._call(lambda: self._client.gather(list(futures)))

    def cancel(self, futures: Sequence[Any]) -> None:
        """Cancel tasks whose results are no longer needed."""
        if self._client.status == "running":
            self._client.cancel(list(futures))

    def _call(self, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except KilledWorker as error:
            raise ConnectionLostError(
                f"--cluster {self.address}: several workers died in the same task, the last one at "
                f"{error.last_worker.address}: read its log; it may have run out of memory"
            ) from None
        except self.lost:
            self._check()
            raise
        except (OSError, TimeoutError) as error:
            raise self._gone() from error

    def _check(self) -> None:
        """Raise ConnectionLostError if the scheduler cannot be reached for PATIENCE seconds."""
        until = time.monotonic() + PATIENCE
        while self._client.status != "running":
            if self._client.status == "closed" or time.monotonic() > until:
                raise self._gone()
            time.sleep(POLL)

    def _gone(self) -> ConnectionLostError:
        return ConnectionLostError(
            f"--cluster {self.address}: the connection to the scheduler is lost"
        )
