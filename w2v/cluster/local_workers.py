"""Worker processes on this machine, which `--cluster local:N` starts."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from typing import Any

import dask
from distributed import LocalCluster as DaskLocalCluster

from w2v.errors import W2VError
from w2v.system.resources import processors
from w2v.system.signals import STOPS


class LocalCluster(DaskLocalCluster):
    """Worker processes on this machine.

    When workers join and leave while others start, a worker can leave that Dask's class does not
    know. Dask's class then raises a KeyError and does not see later changes of the workers, and
    closing the cluster raises the error again. This class ignores such a worker.
    """

    def _update_worker_status(self, op: str, msg: Any) -> None:
        if op != "remove" or msg in self.scheduler_info["workers"]:
            super()._update_worker_status(op, msg)


def start(workers: int, address: str) -> LocalCluster:
    """Start a scheduler and worker processes, which share the processors of this machine.

    workers  number of worker processes
    address  the address that the user has given, for messages
    Raises   W2VError if the workers cannot start: each of them first runs the program of this
             process again, as far as it is not below `if __name__ == "__main__"`
    """
    advice = (
        f"--cluster {address}: no worker process can start: run the program from a file, and train "
        'only below the line: if __name__ == "__main__":'
    )
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(f"w2v: {advice}")  # this process is to become a worker
    threads = max(1, processors() // workers)
    _start_resource_tracker()
    with dask.config.set({"distributed.worker.daemon": True}):
        try:
            return LocalCluster(
                n_workers=workers, threads_per_worker=threads, dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
        except RuntimeError as error:  # "Nanny failed to start", or the scheduler
            if "Scheduler" not in str(error):
                raise W2VError(advice) from None
            first: BaseException = error
            while first.__cause__:
                first = first.__cause__
            raise W2VError(
                f"--cluster {address}: no scheduler can start on this machine: check the "
                f"configuration of Dask ({first})"
            ) from None


def _start_resource_tracker() -> None:
    """Start Python's process that removes shared semaphores, and block stop signals in it.

    It ignores SIGINT and SIGTERM by itself. Other signals to the process group would end it, and
    the next such process would report semaphores that it does not know.
    """
    if os.name == "nt":
        return
    from multiprocessing import resource_tracker

    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # which a child inherits
    try:
        resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
