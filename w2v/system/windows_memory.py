"""The memory of the machine and of this process on Windows, which has neither /proc nor getrusage.

Source: GlobalMemoryStatusEx and GetProcessMemoryInfo of the Windows API.
"""

from __future__ import annotations

import ctypes
from typing import Any

_SIZE = ctypes.c_size_t


class MachineMemory(ctypes.Structure):
    """The structure MEMORYSTATUSEX."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *[
            (name, ctypes.c_uint64)
            for name in (
                "total", "available", "total_page_file", "available_page_file", "total_virtual",
                "available_virtual", "available_extended_virtual",
            )
        ],
    ]  # fmt: skip


class ProcessMemory(ctypes.Structure):
    """The structure PROCESS_MEMORY_COUNTERS."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        *[
            (name, _SIZE)
            for name in (
                "peak", "resident", "peak_paged_pool", "paged_pool", "peak_other_pool",
                "other_pool", "page_file", "peak_page_file",
            )
        ],
    ]  # fmt: skip


def _kernel32() -> Any:
    """The library of both functions; None on other systems than Windows."""
    load = getattr(ctypes, "WinDLL", None)
    return load("kernel32") if load else None


def available() -> int | None:
    """Bytes of memory that can be allocated without paging; None if they cannot be known."""
    memory = MachineMemory()
    memory.length = ctypes.sizeof(memory)
    library = _kernel32()
    if library is None or not library.GlobalMemoryStatusEx(ctypes.byref(memory)):
        return None
    return int(memory.available)


def of_process() -> tuple[int, int]:
    """The resident memory of this process and its peak so far in bytes; 0 if not to be known."""
    memory = ProcessMemory()
    memory.length = ctypes.sizeof(memory)
    library = _kernel32()
    if library is None:
        return 0, 0
    library.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(library.GetCurrentProcess())
    if not library.K32GetProcessMemoryInfo(process, ctypes.byref(memory), memory.length):
        return 0, 0
    return int(memory.resident), int(memory.peak)
