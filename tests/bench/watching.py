"""Runs a command, and watches its memory and the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from contest import environment


class Watched(NamedTuple):
    """A finished command.

    seconds    from start to end
    anonymous  its peak anonymous memory in MB; memory-mapped files are not part of it
    disk       the most MB by which the file system of the temporary folder was fuller than before
    errors     its standard error
    """

    seconds: float
    anonymous: float
    disk: float
    errors: str


def watched(*args: object, until: Callable[[], bool] = lambda: False) -> Watched:
    """Run `w2v` with these arguments; exit if it fails.

    until  is asked five times a second whether to kill the command
    """
    with tempfile.TemporaryFile() as errors:
        program = Path(sys.executable).with_name("w2v")
        before, most, least, killed = _free(), 0, _free(), False
        began = time.monotonic()
        with subprocess.Popen(
            [program, *map(str, args)], env=environment(), stderr=errors
        ) as child:
            while child.poll() is None:
                try:
                    status = Path(f"/proc/{child.pid}/status").read_text()
                    most = max(most, int(status.partition("RssAnon:")[2].split()[0]))
                except (OSError, IndexError):  # the process is ending
                    pass
                least = min(least, _free())
                if killed := until():
                    child.kill()
                    child.wait()
                    break
                time.sleep(0.05)
        seconds = time.monotonic() - began
        errors.seek(0)
        said = errors.read().decode()
    if child.returncode and not killed:
        sys.exit(f"w2v {' '.join(map(str, args))} failed with {child.returncode}: {said[-500:]}")
    return Watched(seconds, most * 1.024 / 1000, (before - least) / 1e6, said)


def _free() -> int:
    """The free bytes of the file system of the temporary folder."""
    system = os.statvfs(tempfile.gettempdir())
    return system.f_bfree * system.f_frsize
