"""Limits of control groups (cgroups), versions 1 and 2, which containers set: CPU and memory.

The limit of a group also limits all groups inside it. Therefore the limits of all groups, from the
group of this process up to the root group, apply to this process. The folders of the groups follow
from /proc/self/cgroup and /proc/self/mountinfo. Source: proc(5), cgroups(7), and the kernel's
admin-guide/cgroup-v2.rst and cgroup-v1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TypeVar

T = TypeVar("T")
_ROOT = Path("/")  # the root of the file system; tests replace it
_ESCAPE = re.compile(r"\\([0-7]{3})")  # an octal escape in mountinfo, for example of a blank


def processors() -> int | None:
    """The smallest CPU quota of all groups in processors, rounded up to 1 or more, or None."""
    shares = list(_read("cpu", _quota_of_2, _quota_of_1))
    return max(math.ceil(min(shares)), 1) if shares else None


def free_memory() -> int | None:
    """Bytes that can be allocated within the limits, or None without a limit.

    The number is negative if a limit is exceeded.
    """
    return min(_read("memory", _free_of_2, _free_of_1), default=None)


def _quota_of_2(group: Path) -> float:
    """The CPU quota of a group of version 2, in processors; ValueError without a quota."""
    quota, period = (group / "cpu.max").read_text().split()
    return int(quota) / int(period)


def _quota_of_1(group: Path) -> float:
    """The CPU quota of a group of version 1, in processors; ValueError without a quota."""
    quota = int((group / "cpu.cfs_quota_us").read_text())
    if quota <= 0:  # -1 means no quota
        raise ValueError
    return quota / int((group / "cpu.cfs_period_us").read_text())


def _free_of_2(group: Path) -> int:
    return _free(group, "memory.max", "memory.current", "inactive_file")


def _free_of_1(group: Path) -> int:
    return _free(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _free(group: Path, limit: str, usage: str, cached: str) -> int:
    """The memory limit of a group minus the memory in use, in bytes.

    Inactive file cache counts as free, because the kernel frees it when memory is needed.

    limit, usage  the names of the files in the folder of the group
    cached        the name of the size of the inactive file cache in the file memory.stat
    """
    free = int((group / limit).read_text()) - int((group / usage).read_text())
    with suppress(OSError):
        for line in (group / "memory.stat").read_text().splitlines():
            name, _, size = line.partition(" ")
            free += int(size) if name == cached else 0
    return free


def _read(controller: str, of_2: Callable[[Path], T], of_1: Callable[[Path], T]) -> Iterator[T]:
    """The limits of all groups from the group of this process up to the root group.

    controller  cpu or memory
    of_2, of_1  functions that read the limit in the folder of a group of version 2 or 1; they raise
                OSError or ValueError for a group without a limit
    """
    for version, group in _groups(controller):
        try:
            yield of_2(group) if version == 2 else of_1(group)  # noqa: PLR2004
        except (OSError, ValueError):
            continue


def _groups(controller: str) -> Iterator[tuple[int, Path]]:
    """The version and folder of each group, from the group of this process up to the root group."""
    try:
        process_groups = (_ROOT / "proc/self/cgroup").read_text().splitlines()
        mounts = (_ROOT / "proc/self/mountinfo").read_text().splitlines()
    except (OSError, ValueError):  # a system without cgroups
        return
    paths = {}
    for line in process_groups:
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
        root, folder = (_ESCAPE.sub(_unescaped, field) for field in place.split(" ")[3:5])
        for group in _path_from(PurePosixPath(root), PurePosixPath(paths[version])):
            yield version, _ROOT / folder.lstrip("/") / group


def _path_from(root: PurePosixPath, group: PurePosixPath) -> list[PurePosixPath]:
    """The groups from `group` up to `root`, relative to `root`; only `root` if `group` is outside.

    In a container, the root of the mount can be the group of the container itself. Then /proc can
    have a path of the group that is outside of the mount.
    """
    if not group.is_relative_to(root) or ".." in group.parts:
        return [PurePosixPath(".")]
    relative = group.relative_to(root)
    return [relative, *relative.parents]


def _unescaped(escape: re.Match[str]) -> str:
    """The character of an octal escape."""
    return chr(int(escape[1], 8))
