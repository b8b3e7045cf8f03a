"""The cache of compiled kernels on disk.

Numba does not notice a change in a function of another file that a kernel calls, nor a changed mode
such as bounds checks. The name of the cache directory is therefore a hash of all kernels, the Numba
version and every `NUMBA_*` mode that can change machine code. The index files in it are pickles,
and reading a pickle can run code. Therefore only the user must be able to write them: a directory
that another user has made, as is possible in a shared `$NUMBA_CACHE_DIR`, is not used. Only the
kernels of w2v use the directory: other Numba code of the program that imports w2v keeps its
settings.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import logging
import os
import pickle
import re
import shutil
import stat
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.runtime.nrt import rtsys

_LOG = logging.getLogger("w2v")
# Seconds after which an unused directory of another version is removed.
_UNUSED = 30 * 24 * 3600
_TEST_BYTES = 1 << 16  # bytes written to test whether the disk is full
_ADMINISTRATOR = 0  # the number of the user who may write everywhere
_CHECKSUM_BYTES = 4  # length of the checksum at the end of a file
_SETTING = threading.Lock()  # held while Numba's setting of the cache directory is ours
# Settings of Numba that change no machine code of ours, because no kernel uses Numba's threads. A
# job script that sets the number of threads must not compile all kernels again for each number.
_WITHOUT_EFFECT = {
    "NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER",
    "NUMBA_THREADING_LAYER_PRIORITY", "NUMBA_DISABLE_PERFORMANCE_WARNINGS", "NUMBA_COLOR_SCHEME",
}  # fmt: skip


def _fingerprint() -> str:
    """A hash of everything that determines the compiled form of a kernel."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    for name in sorted(os.environ):
        if name.startswith("NUMBA_") and name not in _WITHOUT_EFFECT:
            digest.update(f"{name}={os.environ[name]};".encode())
    return digest.hexdigest()[:16]


def _parent() -> Path:
    """The user's cache directory: `$NUMBA_CACHE_DIR`, `$XDG_CACHE_HOME/w2v` or `~/.cache/w2v`.

    It is absolute, so that it is still the same directory after a change of the current folder.
    """
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(named).absolute()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base).absolute() / "w2v"
    return Path("~/.cache/w2v").expanduser().absolute()


@cache
def directory() -> str:
    """The cache directory, which is created if it is missing.

    If it cannot be written, or others may have written its files, a temporary directory is used,
    and a warning is logged.
    """
    path = "~/.cache/w2v"
    try:
        chosen = _parent() / f"kernels-{_fingerprint()}"
        path = str(chosen)
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_mine(chosen):  # made by someone who knew the name, in a shared folder
            raise PermissionError(errno.EPERM, "it is not a folder of this user", path)
        with tempfile.TemporaryFile(dir=chosen) as file:
            file.write(bytes(_TEST_BYTES))
        os.utime(chosen)
        _remove_unused(chosen)
    except (OSError, RuntimeError) as error:  # read-only, full, or no home directory
        chosen = Path(tempfile.mkdtemp(prefix="w2v-kernels-"))
        atexit.register(_remove_own, chosen, os.getpid())
        _LOG.warning(
            "compiled kernels cannot be kept (%s: %s): set NUMBA_CACHE_DIR to a writable folder",
            getattr(error, "filename", None) or path,
            getattr(error, "strerror", None) or error,
        )
    return str(chosen)


def _is_mine(path: Path) -> bool:
    """Whether a path is a folder of this user, or of the administrator, and not a link."""
    status = path.lstat()
    # There is no `getuid` on Windows.
    owners = {_ADMINISTRATOR, os.getuid()} if hasattr(os, "getuid") else {status.st_uid}
    return stat.S_ISDIR(status.st_mode) and status.st_uid in owners


def _remove_own(folder: str | Path, process: int) -> None:
    """Remove a temporary folder, but only in the process that made it.

    process  the id of that process. A process that it forks, such as a worker of a web server,
             runs the same function at its end, while the folder is still needed
    """
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_unused(chosen: Path) -> None:
    """Remove directories of other versions that have not been used for `_UNUSED` seconds."""
    for other in chosen.parent.iterdir():
        if re.fullmatch(r"kernels-[0-9a-f]{16}", other.name) and other != chosen:
            with suppress(FileNotFoundError):  # Another process may have removed it just now.
                if _is_mine(other) and other.lstat().st_mtime < time.time() - _UNUSED:
                    shutil.rmtree(other, ignore_errors=True)


def cached(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Store the compiled forms of a kernel in `directory`, for later processes.

    `numba.njit(cache=True)` does the same, but has one directory setting for all programs.
    """
    if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        kernel._cache = _Cache(kernel.py_func)  # type: ignore[attr-defined]
    return kernel


class _Cache(FunctionCache):
    """Numba's cache of one kernel; a kernel whose file is damaged is compiled again."""

    def __init__(self, function: Callable[..., Any]):
        # Without the lock, a thread that loads other kernels at the same time would take our
        # directory for the one before, or make its kernels in the directory of the program.
        with _SETTING:
            before = numba.config.CACHE_DIR  # type: ignore[attr-defined]
            numba.config.CACHE_DIR = directory()  # type: ignore[attr-defined]
            try:
                super().__init__(function)
            finally:
                numba.config.CACHE_DIR = before  # type: ignore[attr-defined]
        # Many versions of Numba compare the time of the source file. The name of the directory is
        # the hash of its content: an equal file that is installed again, as in a container whose
        # cache directory is a volume, must not be compiled again.
        stamp = "the name of the directory"
        self._cache_file = _ChecksummedFile(self.cache_path, self._impl.filename_base, stamp)

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled form for a signature; None if it is missing or damaged.

        Numba's own method first loads the implementations of all functions that kernels may call.
        Only the compiler needs them. Without them w2v predict starts in 0.7 times the time.
        """
        try:
            rtsys.initialize(context)
            with self._guard_against_spurious_io_errors():
                return self._load_overload(signature, context)
        except Exception:  # unpickling a damaged file can raise almost any exception
            self._drop()
            return None

    def save_overload(self, *compiled: Any) -> None:
        """Store the compiled form for a signature; warn if it cannot be written."""
        try:
            try:
                super().save_overload(*compiled)
            except OSError:
                raise
            except Exception:  # the index is damaged
                self._drop()
                super().save_overload(*compiled)
        except OSError as error:
            _warn_once(
                f"compiled kernels cannot be kept in {directory()}: {error.strerror}; "
                "set NUMBA_CACHE_DIR to a folder on another disk"
            )

    def _drop(self) -> None:
        """Delete the damaged files of this kernel, and warn."""
        for path in Path(self.cache_path).glob(f"{self._impl.filename_base}.*"):
            path.unlink(missing_ok=True)
        _warn_once(f"compiled kernels in {directory()} are damaged: they are compiled again")


class _ChecksummedFile(IndexDataCacheFile):
    """Files with a checksum at the end, so that damaged machine code is never run.

    Machine code is stored with its key, which has the types of the arguments. Two processes that
    compile a kernel for other types at the same time number their files alike, so that the index
    may be that of one process and the machine code that of the other.
    """

    def save(self, key: Any, data: Any) -> None:
        """Store machine code with its key."""
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        """The machine code with this key; None if there is none, or if it has another key."""
        found = super().load(key)
        return found[1] if found and found[0] == key else None

    def _dump(self, value: Any) -> bytes:
        data: bytes = super()._dump(value)
        return data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")

    def _load_index(self) -> Any:
        version = pickle.dumps(self._version, protocol=-1)  # This precedes the data of `_dump`.
        if os.path.exists(self._index_path):
            _check(self._index_path, version)
        return super()._load_index()

    def _load_data(self, name: str) -> Any:
        _check(self._data_path(name))
        return super()._load_data(name)


def _check(path: str, prefix: bytes = b"") -> None:
    """Raise ValueError if a file does not begin with `prefix` or fails its checksum."""
    data = Path(path).read_bytes()
    body, end = data[len(prefix) : -_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if not data.startswith(prefix) or zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") != end:
        raise ValueError(path)


@cache
def _warn_once(message: str) -> None:
    """Log a warning, unless the same warning was logged before."""
    _LOG.warning("%s", message)


def machine_code() -> dict[str, str]:
    """The processor and the versions on which machine code and the last digits of results depend.

    Returns  a description of each, by its name in messages
    """
    from llvmlite import binding

    features = zlib.crc32(binding.get_host_cpu_features().flatten().encode())
    return {
        "the processor": f"{binding.get_host_cpu_name()} ({features:08x})",
        "numba": numba.__version__,
        "numpy": np.__version__,
    }


def is_cold(*modules: str) -> bool:
    """Whether one of these kernel modules has no compiled form in the cache directory yet."""
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return False
    return any(next(Path(directory()).rglob(f"{name}.*.nbc"), None) is None for name in modules)
