"""The cluster as other modules see it: tasks go out; results come back, or one line says why."""

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

PATIENCE = 30.0  # seconds: for a scheduler to answer, for a first worker to come
POLL = 0.1  # seconds
COUNTED = 1.0  # seconds for which a count of workers will do


class LocalCluster(DaskLocalCluster):
    """Worker processes on this machine.

    Dask's own ends its watch of the workers by a KeyError when one leaves that it has not been told
    of, as happens when workers come and go while others start; closing it raises that error anew.
    """

    def _update_worker_status(self, op: str, msg: Any) -> None:
        if op != "remove" or msg in self.scheduler_info["workers"]:
            super()._update_worker_status(op, msg)


class Cluster:
    """A Dask cluster, and what of it is ours.

    address    the address of a scheduler, or local:N for N worker processes on this machine
    Raises  W2VError where there is none, or a worker has another version of w2v
    """

    lost = (FutureCancelledError, CancelledError)  # what only a dead worker has had

    def __init__(self, address: str):
        self.address, self.run = address, uuid.uuid4().hex[:12]
        self._local: LocalCluster | None = None
        self._workers, self._counted = 0, -COUNTED
        self._tidied = False  # whether the scheduler took copies away before we came
        self._levels: dict[logging.Logger, int] = {}
        found = re.fullmatch(r"local:(\d+)", address)
        local = found is not None and 1 <= int(found[1]) <= 1024
        if not local and not re.fullmatch(r"(tcp|tls|ws|wss)://.+", address):
            raise W2VError(f"--cluster {address}: expected tcp://SCHEDULER:PORT or local:WORKERS")
        self._silence()
        try:
            self._client = self._start(int(found[1])) if found else self._connect(address)
        except BaseException:
            self._restore_levels()
            raise
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
            self._client.register_plugin(WorkerState(self.run, ours=self._local is not None))
            self._keep_copies()
        except TimeoutError:
            self.close()
            raise W2VError(f"--cluster {address}: no worker after {PATIENCE:.0f} s") from None
        except ModuleNotFoundError as error:
            self.close()
            raise W2VError(
                f"--cluster {address}: a worker has no {error.name}: install w2v[cluster] there"
            ) from None
        except BaseException:
            self.close()
            raise

    def _silence(self) -> None:
        """Keep other packages' messages back until `close`: whoever runs w2v gets one line."""
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
            raise W2VError(f"--cluster {address}: no scheduler answers: {reason}") from None

    def _keep_copies(self) -> None:
        """Let each worker keep what all of them need.

        Every two seconds Dask takes the copies of what no task waits for at that moment, as between
        two sweeps: 4 workers fetched 20 to 60 MB a sweep again, of which 3 were new.
        """
        self._tidied = self._client.amm.running()
        if self._tidied:
            self._client.amm.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster as it was; one that was started here ends."""
        try:
            if self._local is None and self._client.status == "running":
                self._client.unregister_worker_plugin(f"w2v-{self.run}")
                if self._tidied:
                    self._client.amm.start()
        except Exception as error:  # nothing of ours is left to lose
            logging.getLogger(__name__).debug("%s", error)
        try:
            self._client.close(timeout=5)
            if self._local is not None:
                self._local.close(timeout=10)
        finally:
            self._restore_levels()

    def threads(self) -> int:
        """How many tasks the workers run at the same time."""
        return sum(self._call(self._client.nthreads).values())

    def workers(self) -> int:
        """How many workers there are, or were a moment ago."""
        if time.monotonic() > self._counted + COUNTED:
            self._workers = len(self._call(self._client.nthreads))
            self._counted = time.monotonic()
        return self._workers

    def spread(self, data: Any) -> Any:
        """A future of data that go to all workers."""
        return self._sent(lambda: self._client.scatter([data], broadcast=True, hash=False)[0])

    def keep(self, data: Any) -> Any:
        """A future of small data that the scheduler holds too: no worker's end can lose them."""
        return self.submit(itself, data)

    def place(self, data: Any, near: Any = None) -> Any:
        """A future of data that go to one worker: one that has what `near` is the future of."""

        def scatter() -> Any:
            there = self._client.who_has([near]).get(near.key) if near is not None else None
            return self._client.scatter([data], workers=there or None, hash=False)[0]

        return self._sent(scatter)

    def _sent(self, scatter: Callable[[], Any]) -> Any:
        """What a function returns that sends data to workers; anew where one of them just died."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._client.wait_for_workers(1, timeout=PATIENCE)
                return scatter()
            except self.lost:
                raise
            except (OSError, TimeoutError, ValueError) as error:  # ValueError: of the last worker
                self._check()
                if time.monotonic() > until:
                    raise self._gone() from error
                time.sleep(POLL)

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        """A future of what a task returns; futures among its arguments become their results."""
        key = f"{function.__name__}-{self.run}-{uuid.uuid4().hex}"
        return self._client.submit(function, *args, key=key)

    def is_done(self, future: Any) -> bool:
        """Whether a future's result is there, or why there will be none; waits a moment for it."""
        if future.status == "pending":
            try:
                distributed.wait([future], timeout=POLL)
            except TimeoutError:
                self._check()
            except self.lost:
                return True
        return future.status != "pending"

    def follow(self, futures: Sequence[Any], on_share: Callable[[float], None]) -> None:
        """Wait for some futures; `on_share` gets how many of them are done, 0 to 1."""
        waiting = list(futures)
        while waiting:
            self.is_done(waiting[0])
            waiting = [future for future in waiting if future.status == "pending"]
            on_share(1 - len(waiting) / len(futures))

    def result(self, future: Any) -> Any:
        """What a future has become.

        Raises  `lost` where the data that it needs went with a worker, ConnectionLostError where
                the scheduler is gone, and what the task has raised
        """
        if future.status == "error" and not isinstance(future.exception(), KilledWorker):
            raise future.exception()
        return self._call(future.result)

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        """What some futures have become."""
        return self._call(lambda: self._client.gather(list(futures)))

    def cancel(self, futures: Sequence[Any]) -> None:
        """Tell the workers that nobody wants these any more."""
        if self._client.status == "running":
            self._client.cancel(list(futures))

    def _call(self, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except KilledWorker as error:
            raise ConnectionLostError(
                f"--cluster {self.address}: workers died of the same task, the last one "
                f"{error.last_worker.address}: see its log; perhaps it has too little memory"
            ) from None
        except self.lost:
            self._check()
            raise
        except (OSError, TimeoutError) as error:
            raise self._gone() from error

    def _check(self) -> None:
        """ConnectionLostError where the scheduler has been gone for a while."""
        until = time.monotonic() + PATIENCE
        while self._client.status != "running":
            if self._client.status == "closed" or time.monotonic() > until:
                raise self._gone()
            time.sleep(POLL)

    def _gone(self) -> ConnectionLostError:
        return ConnectionLostError(f"--cluster {self.address}: the connection is lost")
