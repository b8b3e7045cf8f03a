"""Limits of control groups, by which containers are held: processors and memory, versions 1 and 2.

A group's limit holds for all groups in it, so that each limit on the way from the group of this
process to the root counts. Where the groups are is in /proc/self/cgroup and /proc/self/mountinfo:
proc(5), cgroups(7), and the kernel's admin-guide/cgroup-v2.rst and cgroup-v1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TypeVar

T = TypeVar("T")
_ROOT = Path("/")  # of the file system; another in tests
_ESCAPE = re.compile(r"\\([0-7]{3})")  # of blanks in mountinfo


def processors() -> int | None:
    """How many processors the quotas leave, rounded up, 1 or more; None where there is no quota."""
    shares = list(_read("cpu", _quota_of_2, _quota_of_1))
    return max(math.ceil(min(shares)), 1) if shares else None


def free_memory() -> int | None:
    """Bytes that can be allocated within the limits, perhaps less than 0; None without a limit."""
    return min(_read("memory", _free_of_2, _free_of_1), default=None)


def _quota_of_2(group: Path) -> float:
    quota, period = (group / "cpu.max").read_text().split()
    return int(quota) / int(period)


def _quota_of_1(group: Path) -> float:
    quota = int((group / "cpu.cfs_quota_us").read_text())
    if quota <= 0:  # -1: none
        raise ValueError
    return quota / int((group / "cpu.cfs_period_us").read_text())


def _free_of_2(group: Path) -> int:
    return _free(group, "memory.max", "memory.current", "inactive_file")


def _free_of_1(group: Path) -> int:
    return _free(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _free(group: Path, limit: str, usage: str, cached: str) -> int:
    """What a limit leaves; copies of files that are not in use give way to what is allocated."""
    free = int((group / limit).read_text()) - int((group / usage).read_text())
    with suppress(OSError):
        for line in (group / "memory.stat").read_text().splitlines():
            name, _, size = line.partition(" ")
            free += int(size) if name == cached else 0
    return free


def _read(controller: str, of_2: Callable[[Path], T], of_1: Callable[[Path], T]) -> Iterator[T]:
    """The limits on the way from the group of this process to the root.

    controller  cpu or memory
    of_2, of_1  read the limit of a group of version 2, of 1; OSError or ValueError: it has none
    """
    for version, group in _groups(controller):
        try:
            yield of_2(group) if version == 2 else of_1(group)  # noqa: PLR2004
        except (OSError, ValueError):
            continue


def _groups(controller: str) -> Iterator[tuple[int, Path]]:
    """The version and the folder of each group on that way."""
    try:
        own = (_ROOT / "proc/self/cgroup").read_text().splitlines()
        mounts = (_ROOT / "proc/self/mountinfo").read_text().splitlines()
    except (OSError, ValueError):  # a system without them
        return
    paths = {}
    for line in own:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            paths[2] = path
        elif controller in controllers.split(","):
            paths[1] = path
    for mount in mounts:
        place, _, system = mount.partition(" - ")
        kind, _, options = system.split(" ", 2)
        version = {"cgroup2": 2, "cgroup": 1}.get(kind)
        if version not in paths or (version == 1 and controller not in options.split(",")):
            continue
        root, folder = (_ESCAPE.sub(_unescaped, each) for each in place.split(" ")[3:5])
        for group in _path_from(PurePosixPath(root), PurePosixPath(paths[version])):
            yield version, _ROOT / folder.lstrip("/") / group


def _path_from(root: PurePosixPath, own: PurePosixPath) -> list[PurePosixPath]:
    """The groups from `own` to `root`, relative to that; itself where `own` is not below it.

    In a container the root of the mount can be the group of the container, or what /proc says can
    be a path outside of it.
    """
    if not own.is_relative_to(root) or ".." in own.parts:
        return [PurePosixPath(".")]
    inside = own.relative_to(root)
    return [inside, *inside.parents]


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 8))
