"""Where compiled kernels are kept.

Numba notices neither an edited helper in another file nor a changed mode such as bounds checks, so
the directory is named by a hash of all kernels, the Numba version and every `NUMBA_*` mode. Its
index files are pickles: the directory must be one that only this user can write, never a
predictable name in a shared folder.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import zlib
from pathlib import Path

import numba
import numpy as np


def _fingerprint() -> str:
    """Hash everything that changes what a kernel compiles to."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    for name in sorted(os.environ):
        if name.startswith("NUMBA_") and name != "NUMBA_CACHE_DIR":
            digest.update(f"{name}={os.environ[name]};".encode())
    return digest.hexdigest()[:16]


def _parent() -> Path:
    """The user's cache directory: `$NUMBA_CACHE_DIR`, `$XDG_CACHE_HOME/w2v` or `~/.cache/w2v`."""
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(named)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "w2v"
    return Path("~/.cache/w2v").expanduser()


def directory() -> str:
    """A directory that can be written, made if need be; a temporary one if there is no other."""
    try:
        chosen = _parent() / f"kernels-{_fingerprint()}"
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=chosen):
            return str(chosen)
    except (OSError, RuntimeError):  # read-only, full, or no home at all
        chosen = Path(tempfile.mkdtemp(prefix="w2v-kernels-"))
        atexit.register(shutil.rmtree, chosen, ignore_errors=True)
        return str(chosen)


def machine_code() -> dict[str, str]:
    """What decides which machine code a kernel becomes, and so the last digits of its results."""
    from llvmlite import binding

    features = zlib.crc32(binding.get_host_cpu_features().flatten().encode())
    return {
        "the processor": f"{binding.get_host_cpu_name()} ({features:08x})",
        "numba": numba.__version__,
        "numpy": np.__version__,
    }


def is_cold(*modules: str) -> bool:
    """Whether one of these modules of kernels has never been compiled into the directory."""
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return False
    kept_in = Path(numba.config.CACHE_DIR)  # type: ignore[attr-defined]
    return any(next(kept_in.rglob(f"{name}.*.nbc"), None) is None for name in modules)
