"""The connection to a Dask cluster.

It submits tasks and sends data to the workers, and returns futures. A future stands for a result or
for data on the workers. The failures of a cluster become errors of one line.
"""

from __future__ import annotations

import logging
import math
import re
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from typing import Any, Self

import distributed
from distributed import Client
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker
from distributed.versions import VersionMismatchWarning

from w2v.cluster import local_workers, versions
from w2v.cluster.worker_tasks import WorkerState, hold, itself
from w2v.errors import ConnectionLostError, W2VError

TIMEOUT = 30.0  # seconds to wait for the scheduler, and for the first worker
POLL_INTERVAL = 0.1  # seconds between two checks of a pending future
COUNT_LIFETIME = 1.0  # seconds for which the number of workers is reused


class Cluster:
    """A connection to the scheduler of a Dask cluster and to its workers.

    address  the address of a scheduler, or local:N to start N worker processes on this machine,
             which `close` stops
    report   prints a line about work that is lost, and that is done again
    Raises   ConnectionLostError if no scheduler or worker answers; W2VError if the address is none,
             or a worker has other versions

    `run` is an identifier of this run, unique on the cluster. `data_loss_errors` are the errors
    that Dask raises when data were only on workers that have died.
    """

    data_loss_errors = (FutureCancelledError, CancelledError)

    def __init__(self, address: str, report: Callable[[str], None] = lambda line: None):
        self.address, self.report, self.run = address, report, uuid.uuid4().hex[:12]
        self._local: local_workers.LocalCluster | None = None
        self._workers, self._counted_at = 0, -COUNT_LIFETIME
        self._checked: set[str] = set()  # addresses of the workers whose versions are checked
        self._scheduler = ""  # Dask's identifier of the scheduler that has this run's plugin
        self._manager_was_running = False  # whether Dask's memory manager ran before this run
        self._levels: dict[logging.Logger, int] = {}  # log levels of Dask before this run
        match = re.fullmatch(r"local:(\d+)", address)
        is_local = match is not None and 1 <= int(match[1]) <= 1024
        if not is_local and not re.fullmatch(r"(tcp|tls|ws|wss)://.+", address):
            raise W2VError(f"--cluster {address}: expected tcp://SCHEDULER:PORT or local:WORKERS")
        self._silence_logs()
        try:
            self._client = self._start(int(match[1])) if match else self._connect(address)
        except BaseException:
            self._restore_logs()
            raise
        try:
            self._client.wait_for_workers(1, timeout=TIMEOUT)
            self._join()
        except TimeoutError:
            self.close()
            raise ConnectionLostError(
                f"--cluster {address}: no worker within {TIMEOUT:.0f} s: start workers, or read "
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

    def _silence_logs(self) -> None:
        """Suppress the log messages of Dask until `close`, so that an error is one line."""
        for name in [*logging.root.manager.loggerDict]:
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logger = logging.getLogger(name)
                self._levels[logger] = logger.level
                logger.setLevel(logging.CRITICAL)
        # Dask's table of versions has several lines: see `_check_versions`.
        warnings.filterwarnings("ignore", category=VersionMismatchWarning)

    def _restore_logs(self) -> None:
        for logger, level in self._levels.items():
            logger.setLevel(level)

    def _start(self, workers: int) -> Client:
        """Start a scheduler and worker processes on this machine."""
        self._local = local_workers.start(workers, self.address)
        return Client(self._local)

    def _connect(self, address: str) -> Client:
        try:
            return Client(address, timeout=TIMEOUT)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            # A ValueError is of an address that cannot be one.
            raise (ConnectionLostError if isinstance(error, OSError) else W2VError)(
                f"--cluster {address}: no scheduler answers: check the address ({reason})"
            ) from None
        except (TypeError, RuntimeError) as error:  # tls:// without certificates, for example
            raise W2VError(
                f"--cluster {address}: Dask does not connect: check distributed.comm in the "
                f"configuration of Dask, which names certificates ({error})"
            ) from None

    def _join(self) -> None:
        """Prepare the scheduler for this run, unless it is prepared. A new scheduler never is."""
        scheduler = self._client.scheduler_info(n_workers=0)["id"]
        if scheduler != self._scheduler:
            self._check_versions(self._client.nthreads())
            self._client.register_plugin(WorkerState(self.run, is_local=self._local is not None))
            self._stop_memory_manager()
            self._scheduler = scheduler

    def _check_versions(self, workers: Iterable[str]) -> None:
        """Raise W2VError if workers have other versions than this process.

        workers  the addresses of all workers
        """
        if self._checked.issuperset(workers):
            return
        reports = self._call(lambda: self._client.get_versions(packages=["w2v", "numba"]))
        found = {
            address: versions.of_report(report["packages"])
            for address, report in reports["workers"].items()
        }
        if differences := versions.differences(versions.here(), found):
            raise W2VError(f"--cluster {self.address}: {differences}")
        self._checked |= found.keys()

    def _stop_memory_manager(self) -> None:
        """Stop Dask's memory manager, so that each worker keeps its copies of data for all workers.

        Every two seconds the manager deletes copies of data that no task waits for at that moment,
        for example between two epochs of Gibbs sampling. When the manager was running, 4 workers
        fetched 20 to 60 MB in each epoch, of which 3 MB were new.
        """
        self._manager_was_running = self._client.amm.running()
        if self._manager_was_running:
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
                if self._manager_was_running:
                    self._client.amm.start()
        except Exception as error:  # the run has ended: an error here loses nothing
            logging.getLogger(__name__).debug("%s", error)
        with ExitStack() as stack:  # if one of these fails, the others are done all the same
            stack.callback(self._restore_logs)
            if self._local is not None:
                stack.callback(self._local.close, timeout=10)
            self._client.close(timeout=5)

    def threads(self) -> int:
        """Number of tasks that the workers can run at the same time. Wait for the first worker."""
        return sum(self._send(self._threads_by_worker).values())

    def _threads_by_worker(self) -> dict[str, int]:
        """The number of threads of each worker, by its address. New workers are checked."""
        threads: dict[str, int] = self._call(self._client.nthreads)
        self._check_versions(threads)
        return threads

    def workers(self) -> int:
        """Number of workers, counted at most once a second."""
        if time.monotonic() > self._counted_at + COUNT_LIFETIME:
            self._workers = len(self._threads_by_worker())
            self._counted_at = time.monotonic()
        return self._workers

    def spread(self, data: Any) -> Any:
        """Copy data to all workers, and return the future of the data.

        Each worker that has the data sends them to two others at a time. Dask's own broadcast
        never ends if a worker dies during it.
        """
        future = self.place(data)
        holders = set(self._call(lambda: self._client.who_has([future])).get(future.key, ()))
        others = [worker for worker in self._threads_by_worker() if worker not in holders]
        begin, count = 0, 2
        while begin < len(others):
            copies = [
                self._client.submit(
                    hold, future, key=f"hold-{self.run}-{uuid.uuid4().hex}", workers=[worker],
                    allow_other_workers=True,  # if this worker dies, another one runs the task
                )
                for worker in others[begin : begin + count]
            ]  # fmt: skip
            for copy in copies:
                while not self.is_done(copy):
                    pass
            begin, count = begin + count, 3 * count
        return future

    def keep(self, data: Any) -> Any:
        """Send small data as the argument of a task, and return the future of the data.

        The scheduler keeps the arguments of tasks, so the data survive the death of any worker.
        """
        return self.submit(itself, data)

    def place(self, data: Any, companion: Any = None) -> Any:
        """Send data to one worker, and return the future of the data.

        companion  a future of data that the chosen worker should hold already; None: any worker
        """

        def scatter() -> Any:
            holders = None
            if companion is not None:
                holders = self._client.who_has([companion]).get(companion.key)
            return self._client.scatter([data], workers=holders or None, hash=False)[0]

        return self._send(scatter)

    def _send(self, function: Callable[[], Any]) -> Any:
        """Call a function that needs workers; repeat the call if a worker has just died."""
        deadline, has_failed, has_begun = time.monotonic() + TIMEOUT, False, False
        while True:
            try:
                self._check_connection()
                self._client.wait_for_workers(1, timeout=TIMEOUT)
                has_begun = True
                return function()
            except self.data_loss_errors:
                raise
            # Dask raises ValueError if no worker is left, and KeyError if the chosen one has died.
            except (OSError, TimeoutError, ValueError, KeyError) as error:
                if has_begun and not has_failed:  # the call may have sent data for minutes
                    deadline, has_failed = time.monotonic() + TIMEOUT, True
                if time.monotonic() > deadline:
                    raise ConnectionLostError(
                        f"--cluster {self.address}: no worker has answered for {TIMEOUT:.0f} s: "
                        "start workers, or read their logs"
                    ) from error
                time.sleep(POLL_INTERVAL)

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        """Start a task, and return its future. The task gets the results of futures in `args`."""
        key = f"{function.__name__}-{self.run}-{uuid.uuid4().hex}"
        return self._client.submit(function, *args, key=key)

    def is_done(self, future: Any) -> bool:
        """Whether a future has a result or an error, after a wait of at most POLL_INTERVAL."""
        if future.status == "pending":
            try:
                distributed.wait([future], timeout=POLL_INTERVAL)
            except TimeoutError:
                self._check_connection()
            except self.data_loss_errors:
                return True
        return future.status != "pending"

    def follow(self, futures: Sequence[Any], on_share: Callable[[float], None]) -> None:
        """Wait for futures; call `on_share` again and again with the share that is done, 0 to 1.

        If a task fails, return at once: the result of any task that needs it is its error.
        """
        waiting = list(futures)
        while waiting:
            self.is_done(waiting[0])
            if any(future.status == "error" for future in waiting):
                return
            waiting = [future for future in waiting if future.status == "pending"]
            on_share(1 - len(waiting) / len(futures))

    def result(self, future: Any) -> Any:
        """Return the result of a future.

        Raises  one of `data_loss_errors` if a worker died with data that the task needs;
                ConnectionLostError if the scheduler is gone, or several workers died in the task;
                the error that the task raised
        """
        if future.status == "error" and not isinstance(future.exception(), KilledWorker):
            raise future.exception()
        return self._call(future.result)

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        """Return the results of several futures. Raises the same errors as `result`."""
        return self._call(lambda: self._client.gather(list(futures)))

    def cancel(self, futures: Sequence[Any]) -> None:
        """Cancel tasks whose results are no longer needed."""
        if self._client.status == "running":
            self._client.cancel(list(futures))

    def _call(self, function: Callable[[], Any]) -> Any:
        """Return the result of a function of Dask, and raise its errors as errors of one line.

        If the connection breaks, wait for the scheduler, and call the function again.
        """
        deadline = math.inf
        while True:
            try:
                if self._client.status != "running":
                    self._check_connection()
                return function()
            except KilledWorker as error:
                raise ConnectionLostError(
                    f"--cluster {self.address}: several workers died in the same task, the last "
                    f"one at {error.last_worker.address}: read its log; it may have run out of "
                    "memory"
                ) from None
            except self.data_loss_errors:
                self._check_connection()
                raise
            except (OSError, TimeoutError) as error:
                self._check_connection()
                # From the first error on, because the call may have waited for minutes.
                deadline = min(deadline, time.monotonic() + TIMEOUT)
                if time.monotonic() > deadline:
                    raise self._connection_lost() from error
                time.sleep(POLL_INTERVAL)

    def _check_connection(self) -> None:
        """Return when the scheduler, which may have been restarted, is prepared for this run.

        Raises  ConnectionLostError if the scheduler cannot be reached within TIMEOUT seconds
        """
        deadline = time.monotonic() + TIMEOUT
        while True:
            with suppress(OSError):  # the connection broke again
                if self._client.status == "running":
                    self._join()
                    return
            if self._client.status == "closed" or time.monotonic() > deadline:
                raise self._connection_lost()
            time.sleep(POLL_INTERVAL)

    def workers_lost(self, times: int) -> ConnectionLostError:
        """The error that ends a run whose data were lost this many times in a row."""
        return ConnectionLostError(
            f"--cluster {self.address}: data were lost with workers {times} times in a row: read "
            "the workers' logs; they may have run out of memory"
        )

    def _connection_lost(self) -> ConnectionLostError:
        return ConnectionLostError(
            f"--cluster {self.address}: the connection to the scheduler is lost: start the "
            "scheduler and its workers again"
        )
